"""Colour on plain chords: applied dominants and diminished sevenths, the Neapolitan, augmented sixths, loans, extensions.

Bars of a phrase come in with their plain chords and go out coloured by the style's shares. Chords that a style's own scheme
writes with a bass note stay as they are. After Piston, *Harmony*, chapters 17 and 23 to 26; for jazz Levine.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ripieno.generators.theory.style import Harmony
from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.keys import Key

Bars = list[list[Chord]]


def coloured(bars: Sequence[Sequence[Chord]], key: Key, home: int, habits: Harmony, rng: np.random.Generator) -> Bars:
    """The chords of a phrase by bar, coloured. `home` is the root of the tonic chord, a pitch class."""
    plain = [list(row) for row in bars]
    flat = [(b, i) for b, row in enumerate(plain) for i in range(len(row))]
    out = [list(row) for row in plain]
    for place, ((b, i), (nb, ni)) in enumerate(pairwise(flat)):
        now, target = plain[b][i], plain[nb][ni]
        if now == target or now.bass or target.bass:
            if place and not target.bass and rng.random() < habits.predominant:
                out[b][i] = _predominant(now, target, key, rng) or now
            continue
        fifth = (now.root_pc - target.root_pc) % 12 == 7
        stable = 6 not in target.intervals and 8 not in target.intervals
        degree = (target.root_pc - key.tonic_pc) % 12
        applied = nb > b and degree not in (0, 11) and stable and target.root_pc in key.scale
        special = _predominant(now, target, key, rng) if place and rng.random() < habits.predominant else None
        if special is not None:
            out[b][i] = special
        elif applied and len(plain[b]) == 1 and not fifth and rng.random() < habits.secondary:
            out[b].append(_leading_to(target, key, habits, rng))
        elif applied and i > 0 and now.root_pc != home and rng.random() < 0.6 * habits.secondary:
            out[b][i] = _leading_to(target, key, habits, rng)
        elif nb > b and degree in (2, 4, 5, 7, 9) and len(out[b]) == 1 and stable \
                and (target.root_pc - now.root_pc) % 12 == 2 and rng.random() < habits.diminished:
            out[b].append(Chord(key.spell(now.root_pc + 1), QUALITIES["dim7"]))  # between two chords a tone apart
        elif now.is_dominant and fifth and rng.random() < habits.substitution:
            out[b][i] = Chord(key.spell(target.root_pc + 1), QUALITIES["7"])
        elif key.mode == "major" and rng.random() < habits.mixture:
            out[b][i] = _borrowed(now, key)
    if habits.colour in ("sevenths", "extended"):
        return [[_extended(c, key, habits.colour, rng) for c in row] for row in out]
    if habits.colour == "triads" and habits.seventh:
        return [[_extended(c, key, "sevenths", rng) if c.root_pc != home and rng.random() < habits.seventh else c
                 for c in row] for row in out]  # fmt: skip
    return out


def _leading_to(target: Chord, key: Key, habits: Harmony, rng: np.random.Generator) -> Chord:
    """The dominant seventh of a chord, or its leading-note diminished seventh."""
    if rng.random() < habits.diminished:
        return Chord(key.spell(target.root_pc + 11), QUALITIES["dim7"])
    return Chord(key.spell(target.root_pc + 7), QUALITIES["7"])


def _predominant(now: Chord, target: Chord, key: Key, rng: np.random.Generator) -> Chord | None:
    """A Neapolitan sixth or an augmented sixth for a subdominant before the dominant; None where it does not fit."""
    degree = (now.root_pc - key.tonic_pc) % 12
    dominant = (target.root_pc - key.tonic_pc) % 12 == 7 and 4 in target.intervals
    if not dominant or degree not in ((2, 5, 8) if key.is_minor else (2, 5)):
        return None
    if key.is_minor and degree != 8 and rng.random() < 0.45:
        return Chord(key.spell(key.tonic_pc + 1), QUALITIES[""], key.spell(key.tonic_pc + 5))
    # spelt as it sounds, a seventh chord on the lowered sixth: French (with the second degree) or German
    return Chord(key.spell(key.tonic_pc + 8), QUALITIES["7b5" if rng.random() < 0.5 else "7"])


def _borrowed(chord: Chord, key: Key) -> Chord:
    """The chord as the parallel minor has it, where that is usual: iv, iiø, bVI, bVII."""
    degree = (chord.root_pc - key.tonic_pc) % 12
    if degree == 5 and 4 in chord.intervals:
        return Chord(chord.root, QUALITIES["m6"] if len(chord.intervals) > 3 else QUALITIES["m"])
    if degree == 2 and 3 in chord.intervals:
        return Chord(chord.root, QUALITIES["m7b5"])
    if degree == 9 and 3 in chord.intervals:
        return Chord(key.spell(key.tonic_pc + 8), QUALITIES["maj7"] if len(chord.intervals) > 3 else QUALITIES[""])
    return chord


def _extended(chord: Chord, key: Key, colour: str, rng: np.random.Generator) -> Chord:
    """A chord with the seventh or ninth that belongs to it in the key."""
    if chord.bass is not None or chord.quality not in ("", "m", "7", "m7", "maj7", "6"):
        return chord
    degree = (chord.root_pc - key.tonic_pc) % 12
    dominant = chord.quality == "7" or (chord.quality == "" and degree == 7)
    draw = rng.random()
    major_seventh = (chord.root_pc + 11) % 12 in key.scale
    if colour == "sevenths":
        if draw > 0.8 or len(chord.intervals) > 3:
            return chord
        wanted = "7" if dominant else "m7" if chord.is_minor else "maj7" if major_seventh else chord.quality
    elif dominant:
        wanted = ("9", "13", "7", "7b9")[int(draw * 4)] if degree == 7 and not key.is_minor else "9" if draw < 0.4 else "7"
        wanted = "7b9" if degree == 7 and key.is_minor and draw < 0.6 else wanted
    elif chord.is_minor:
        wanted = "m9" if draw < 0.5 and degree in (2, 9, 0, 5) else "m7"
    elif major_seventh or chord.quality == "maj7":
        wanted = ("maj9", "maj7", "6/9")[int(draw * 3)] if degree in (0, 5) else "maj7"
    else:  # a minor seventh would turn it into a dominant, as on lydian II or on VII of minor
        wanted = "add9" if draw < 0.5 else chord.quality
    return Chord(chord.root, QUALITIES[wanted])
