"""Pitches as scale degrees: a step of the scale, counted through the octaves, and what the pitch lies above or below it."""

from collections.abc import Iterable
from typing import NamedTuple

from ripieno.score.keys import Key

_LETTERS = "CDEFGAB"


class Degree(NamedTuple):
    """A pitch within a key: `step` counts scale notes upwards from the tonic of octave 0, `alter` is in semitones."""

    step: int
    alter: int

    def within(self, size: int) -> int:
        """The degree within the octave, from 0, of a scale of `size` notes."""
        return self.step % size


def degree_of(pitch: int, key: Key) -> Degree:
    """The degree of a MIDI pitch. Chromatic notes belong to the degree whose letter they are spelled with in the key.

    In scales without seven notes they belong to the scale note below.
    """
    octave, interval = divmod(pitch - key.tonic_pc, 12)
    size, scale = len(key.intervals), key.intervals
    if interval in scale:
        return Degree(octave * size + scale.index(interval), 0)
    if size == 7:
        index = (_LETTERS.index(key.spell(pitch % 12)[0]) - _LETTERS.index(key.tonic[0])) % 7
        alter = (interval - scale[index] + 6) % 12 - 6
        octave += (interval - scale[index] - alter) // 12
        return Degree(octave * size + index, alter)
    below = max(i for i, s in enumerate(scale) if s < interval)
    return Degree(octave * size + below, interval - scale[below])


def pitch_of(degree: Degree, key: Key) -> int:
    """The MIDI pitch of a degree; may lie outside 0..127."""
    octave, index = divmod(degree.step, len(key.intervals))
    return key.tonic_pc + 12 * octave + key.intervals[index] + degree.alter


def stepped(pitch: int, steps: int, key: Key) -> int:
    """The pitch `steps` scale notes away, with the same inflection."""
    degree = degree_of(pitch, key)
    return pitch_of(Degree(degree.step + steps, degree.alter), key)


def nearest_in(pitch: int, pitch_classes: Iterable[int]) -> int:
    """The pitch nearest to `pitch` that has one of the pitch classes; of two the lower."""
    allowed = {pc % 12 for pc in pitch_classes}
    return next(p for d in range(12) for p in (pitch - d, pitch + d) if p % 12 in allowed)
