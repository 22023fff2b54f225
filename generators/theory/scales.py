"""Which pitch classes fit at a moment: the chord's own, and the scale of the key bent to the chord."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.types import Form
from ripieno.score.chords import Chord
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan

Mask = npt.NDArray[np.bool_]
_PENTATONIC = {False: (0, 2, 4, 7, 9), True: (0, 3, 5, 7, 10)}


@dataclass(frozen=True)
class Moment:
    """What holds at one moment. Masks have 12 entries, by pitch class.

    `plain` marks the chord tones up to the seventh; `colour` all chord tones; `scale` what may pass; `avoid` scale tones a
    semitone above a chord tone, which clash when they last; `pentatonic`, `blue` the notes of those names in the key.
    """

    chord: Chord
    key: Key
    plain: Mask
    colour: Mask
    scale: Mask
    avoid: Mask
    pentatonic: Mask
    blue: Mask


def _mask(pcs: Sequence[int]) -> Mask:
    mask = np.zeros(12, dtype=bool)
    mask[[pc % 12 for pc in pcs]] = True
    mask.setflags(write=False)
    return mask


@lru_cache(maxsize=4096)
def moment(chord: Chord, key: Key) -> Moment:
    """The masks of a chord within a key.

    The scale is the key's, with each scale tone that rubs against a foreign chord tone (a semitone beside it and no chord
    tone itself) replaced by that chord tone: E major in A minor turns G into G sharp. Five-note scales keep their gaps;
    the chromatic mode passes through the major scale.
    """
    root, tones = chord.root_pc, chord.pitch_classes
    scale = set(key.scale if key.mode != "chromatic" else Key(key.tonic, "major").scale)
    for pc in tones:
        if pc not in scale:
            scale -= {x for x in ((pc + 1) % 12, (pc - 1) % 12) if x not in tones}
            scale.add(pc)
    plain = [(root + i) % 12 for i in chord.intervals if i < 12]
    if chord.bass is not None:
        plain.append(chord.bass_pc)
    avoid = [pc for pc in scale if pc not in tones and (pc - 1) % 12 in plain]
    tonic = key.tonic_pc
    blue = [(tonic + i) % 12 for i in (3, 6, 10)]
    return Moment(
        chord, key, _mask(plain), _mask(list(tones)), _mask(sorted(scale)), _mask(avoid),
        _mask([(tonic + i) % 12 for i in _PENTATONIC[key.is_minor]]), _mask(blue),
    )  # fmt: skip


class Moments:
    """Looks up the moment of a tick."""

    def __init__(self, chords: Sequence[ChordSpan], form: Form) -> None:
        self.chords, self.form = chords, form
        self.starts = [c.start for c in chords]
        self.borders = [form.timeline.bar_start(p.section.first_bar) for p in form.sections]

    def key_at(self, tick: int) -> Key:
        """The key of the section that a tick lies in."""
        return self.form.sections[max(0, bisect_right(self.borders, tick) - 1)].key

    def span_at(self, tick: int) -> ChordSpan:
        """The chord that sounds at a tick, or the last before it."""
        return self.chords[max(0, bisect_right(self.starts, tick) - 1)]

    def at(self, tick: int) -> Moment:
        """Masks at a tick."""
        return moment(self.span_at(tick).chord, self.key_at(tick))
