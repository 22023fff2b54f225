"""What one player strikes at once must lie under the hands: two on a keyboard, one on the neck of a guitar.

A player with several layers (tune, chords, bass) is fitted as a whole, on the grid, before anything is performed: the tune
stays, chord notes in the middle give way first, a bass that is out of reach goes up an octave or is left out.
"""

from collections.abc import Sequence

import numpy as np

from ripieno.generators.theory.types import Part
from ripieno.score.checks.playability import guitar_shape, two_hands
from ripieno.score.instruments import Instrument, Role
from ripieno.score.piece import Notes, make_notes

_GIVES_WAY = (Role.CHORDS, Role.ARPEGGIO, Role.PAD, Role.RIFF)


def under_hands(layers: Sequence[Part], lines: Sequence[Notes]) -> list[Notes]:
    """The layers' notes with what no hand can reach taken out; layers of other instruments as they are."""
    row = layers[0].instrument
    keys = row.technique == "keys"
    if not keys and not (row.family == "guitar" and row.voices >= 6):
        return list(lines)
    joined = np.concatenate(list(lines))
    owner = np.repeat(np.arange(len(lines)), [len(n) for n in lines])
    if len(joined) < 2:
        return list(lines)
    order = np.lexsort((joined["pitch"], joined["start"]))
    joined, owner = joined[order].copy(), owner[order]
    keep = np.ones(len(joined), dtype=bool)
    firsts = np.flatnonzero(np.append(True, np.diff(joined["start"]) > 0))
    for first, end in zip(firsts.tolist(), [*firsts[1:].tolist(), len(joined)], strict=True):
        if end - first > 1:
            _fit(joined, owner, keep, range(first, end), layers, row)
    return [make_notes(joined[keep & (owner == i)]) for i in range(len(lines))]


def _reached(pitches: Sequence[int], row: Instrument) -> bool:
    chord = tuple(sorted(set(pitches)))
    return two_hands(chord) if row.technique == "keys" else guitar_shape(chord)


def _fit(notes: Notes, owner: np.ndarray, keep: np.ndarray, group: range, layers: Sequence[Part], row: Instrument) -> None:
    """Takes out, in place, notes of one moment until they can be struck."""
    held = list(group)
    while len(held) > 1 and not _reached([int(notes["pitch"][i]) for i in held], row):
        inner = [i for i in held if layers[owner[i]].role in _GIVES_WAY]
        if len(held) > 2 and inner:
            middle = (float(notes["pitch"][held[0]]) + float(notes["pitch"][held[-1]])) / 2
            victim = min(inner, key=lambda i: (abs(float(notes["pitch"][i]) - middle), i))
        else:
            victim = next((i for i in held if layers[owner[i]].role is not Role.LEAD), held[0])
            raised = int(notes["pitch"][victim]) + 12
            others = [int(notes["pitch"][i]) for i in held if i != victim]
            if raised < max(others) and _reached([raised, *others], row):
                notes["pitch"][victim] = raised
                return
        keep[victim] = False
        held.remove(victim)
