"""Which hand of a keyboard or a harp takes which note.

A beam search over the onsets: at each, the sorted notes are parted into a lower and an upper group, and what is held
on goes on counting for the hand that holds it. Costs are in arbitrary units, measured against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ripieno.score.formats.grid import UNITS, Snapped

_BEAM = 6  # ways that are followed at once
_SPAN, _LIMIT = 12, 16  # semitones that a hand reaches with ease (an octave), and at most (a tenth)
_FINGERS = 5
_RIGHT_HOME, _LEFT_HOME = 59, 62  # MIDI numbers: ledger lines begin below and above
_LEDGER = 0.15  # for each semitone beyond
_STRETCH, _IMPOSSIBLE = 1.0, 4.0  # for each semitone beyond `_SPAN`, beyond `_LIMIT`
_CROSSED = 2.0  # hands that reach over each other
_APART = 1.5  # a chord of up to three notes in close position, torn apart
_UNEVEN = 0.4  # for each note by which one hand has more than the other, the first excepted
_JUMP = 0.05  # for each semitone that a hand moves; half as much again where it has less than a beat
_SWAP = 0.5  # a single note that does not go on in the hand that played last
_GAP = 0.05  # gained for each semitone between the hands, up to an octave


@dataclass(frozen=True, slots=True)
class _Hand:
    """What a hand holds, as (end, pitch), and where it was: the centre of its last notes and their onset."""

    held: tuple[tuple[int, int], ...] = ()
    centre: float | None = None
    onset: int = 0


@dataclass(slots=True)
class _Way:
    """One way to play everything up to an onset; `taken` is how many notes went to the left there."""

    cost: float
    left: _Hand
    right: _Hand
    taken: int
    before: "_Way | None"


@dataclass(frozen=True, slots=True)
class _Parting:
    """The notes of an onset in two hands, as (end, pitch), with the means of their pitches and what it costs by itself."""

    low: tuple[tuple[int, int], ...]
    high: tuple[tuple[int, int], ...]
    low_centre: float | None
    high_centre: float | None
    cost: float


def split_hands(notes: Snapped) -> npt.NDArray[np.bool_]:
    """Which notes the left hand takes, as a mask over the notes."""
    ways = [_Way(0.0, _Hand(), _Hand(), 0, None)]
    groups = list(_onsets(notes))
    for onset, _, ends, pitches in groups:
        partings = list(_partings(ends, pitches))
        ways = _best(w for way in ways for w in _go_on(way, onset, partings))
    mask = np.zeros(len(notes.start), dtype=bool)
    way: _Way | None = ways[0]
    for _, places, _, _ in reversed(groups):
        assert way is not None  # there is one step for each onset
        mask[places[: way.taken]] = True
        way = way.before
    return mask


def _onsets(notes: Snapped) -> Iterator[tuple[int, npt.NDArray[np.int64], list[int], list[int]]]:
    """(onset, indices of its notes from low to high, their ends, their pitches), in order of time."""
    order = np.lexsort((notes.pitch, notes.start))
    starts = notes.start[order]
    cuts = np.flatnonzero(np.diff(starts)) + 1
    for places in np.split(order, cuts):
        if len(places):
            yield int(notes.start[places[0]]), places, notes.end[places].tolist(), notes.pitch[places].tolist()


def _best(ways: Iterator[_Way]) -> list[_Way]:
    """The cheapest ways; of those that leave the hands alike, one."""
    kept: dict[tuple[_Hand, _Hand], _Way] = {}
    for way in sorted(ways, key=lambda w: w.cost):
        kept.setdefault((way.left, way.right), way)
        if len(kept) == _BEAM:
            break
    return list(kept.values())


def _partings(ends: list[int], pitches: list[int]) -> Iterator[_Parting]:
    """All partings of one onset into a lower and an upper group."""
    notes = tuple(zip(ends, pitches, strict=True))
    for taken in range(len(pitches) + 1):
        low, high = pitches[:taken], pitches[taken:]
        cost = _LEDGER * (sum(max(0, p - _LEFT_HOME) for p in low) + sum(max(0, _RIGHT_HOME - p) for p in high))
        yield _Parting(
            notes[:taken], notes[taken:], sum(low) / len(low) if low else None, sum(high) / len(high) if high else None,
            cost + _tear(low, high),
        )  # fmt: skip


def _go_on(way: _Way, onset: int, partings: list[_Parting]) -> Iterator[_Way]:
    """The way with each parting of the notes of one more onset."""
    left_held = tuple(n for n in way.left.held if n[0] > onset)
    right_held = tuple(n for n in way.right.held if n[0] > onset)
    for parting in partings:
        left = _after(way.left, left_held, parting.low, parting.low_centre, onset)
        right = _after(way.right, right_held, parting.high, parting.high_centre, onset)
        cost = way.cost + parting.cost + _between(left, right) + _swap(way, parting)
        cost += _reach(left) + _reach(right) + _jump(way.left, left) + _jump(way.right, right)
        yield _Way(cost, left, right, len(parting.low), way)


def _after(
    hand: _Hand, held: tuple[tuple[int, int], ...], new: tuple[tuple[int, int], ...], centre: float | None, onset: int
) -> _Hand:
    """The hand when it has played the new notes, or stays where it was without any."""
    if centre is None:
        return _Hand(held, hand.centre, hand.onset)
    return _Hand(held + new, centre, onset)


def _reach(hand: _Hand) -> float:
    if len(hand.held) < 2:
        return 0.0
    pitches = {p for _, p in hand.held}
    span = max(pitches) - min(pitches)
    if span <= _SPAN and len(pitches) <= _FINGERS:
        return 0.0
    cost = _STRETCH * max(0, span - _SPAN) + _IMPOSSIBLE * max(0, span - _LIMIT)
    return cost + _IMPOSSIBLE * max(0, len(pitches) - _FINGERS)


def _jump(before: _Hand, after: _Hand) -> float:
    if before.centre is None or after.centre is None or before.centre == after.centre:
        return 0.0
    hurry = 1.5 if after.onset - before.onset < UNITS else 1.0
    return _JUMP * hurry * abs(after.centre - before.centre)


def _swap(way: _Way, parting: _Parting) -> float:
    """A figure of single notes runs on in one hand as long as it can."""
    if len(parting.low) + len(parting.high) > 1 or way.left.onset == way.right.onset:
        return 0.0
    return _SWAP if bool(parting.low) != (way.left.onset > way.right.onset) else 0.0


def _between(left: _Hand, right: _Hand) -> float:
    """What crossed hands cost, or what a gap between them gains."""
    if not left.held or not right.held:
        return 0.0
    gap = min(p for _, p in right.held) - max(p for _, p in left.held)
    return _CROSSED - 0.1 * gap if gap <= 0 else -_GAP * min(gap, 12)


def _tear(low: list[int], high: list[int]) -> float:
    """What speaks against this parting of one chord: close chords stay together, full ones lie evenly in both hands."""
    both = low + high
    if low and high and len(both) <= 3 and all(b - a <= 5 for a, b in pairwise(both)):
        return _APART
    return _UNEVEN * max(0, abs(len(high) - len(low)) - 1)
