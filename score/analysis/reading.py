"""A piece laid out on a grid, once, for everything that looks at its notes.

The grid has `GRID` slots to a quarter note: fine enough for semiquavers and triplets, coarse enough that swing,
strumming and the small delays of a performance fall on the slot that a listener would write down. All checks, features
and judges read the same `Reading`, so no array is computed twice. It knows nothing of what was asked for.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.score.instruments import Role
from ripieno.score.piece import Piece, Track
from ripieno.score.time import PPQ, Metre

GRID = 12  # slots in a quarter note
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PLAYED = 0.2  # share of attacks beside the grid from which on a part counts as played
_PLACES = np.array([0, 3, 4, 6, 8, 9, 12])
_PULL = np.array([0.6, 0.0, 0.0, 0.4, 0.0, 0.0, 0.6])

# Roles that carry a tune of their own, most prominent first.
MELODIC = (Role.LEAD, Role.ANSWER, Role.COUNTERMELODY)
HARMONIC = (Role.CHORDS, Role.ARPEGGIO, Role.PAD)


@dataclass(frozen=True, eq=False)
class Line:
    """The notes of one track on the grid, sorted by (start, pitch). All arrays have shape (notes,).

    Attributes:
        start, end: first slot and the slot after the last; a note is at least one slot long.
        pitch, velocity: MIDI numbers.
        tick, tick_end: the exact times, in ticks.
        bar: the bar that the start lies in.
        weight: metrical weight of the start, 0..1 (see `Metre.weight`).
    """

    track: Track
    start: Ints
    end: Ints
    pitch: Ints
    velocity: Ints
    tick: Ints
    tick_end: Ints
    bar: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def onsets(self) -> Ints:
        """Index of the first note of each distinct start, ascending."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.concatenate(([True], np.diff(self.start) > 0)))

    @cached_property
    def chord_sizes(self) -> Ints:
        """How many notes begin together at each onset; same length as `onsets`."""
        return np.diff(np.append(self.onsets, len(self)))

    @cached_property
    def monophonic(self) -> bool:
        """Whether at most one note in ten begins together with another or lies under a longer one."""
        if len(self) < 2:
            return True
        together = len(self) - len(self.onsets)
        overlap = int(np.count_nonzero(np.minimum(self.end[:-1] - self.start[1:], self.end[1:] - self.start[1:]) > 2))
        return max(together, overlap) <= 0.1 * len(self)


@dataclass(frozen=True, eq=False)
class Reading:
    """A piece on the grid. `lines` follow the order of the tracks that have notes; drums are kept apart in `drums`."""

    piece: Piece

    @cached_property
    def bar_slots(self) -> Ints:
        """First slot of each bar and, last, the slot of the final bar line; shape (bars + 1,)."""
        timeline = self.piece.timeline
        ends = [m.bar for m in timeline.metres[1:]] + [max(self.piece.bars, timeline.metres[-1].bar)]
        ticks: list[Ints] = []
        for change, end in zip(timeline.metres, ends, strict=True):
            count = max(0, min(end, self.piece.bars) - change.bar)
            first = timeline.bar_start(change.bar)
            ticks.append(first + np.arange(count, dtype=np.int64) * change.metre.bar_ticks(timeline.ppq))
        joined = np.append(np.concatenate(ticks), self.piece.ticks)
        return np.rint(joined * (GRID / timeline.ppq)).astype(np.int64)

    @property
    def bars(self) -> int:
        """Number of bars."""
        return self.piece.bars

    @property
    def slots(self) -> int:
        """Number of slots up to the final bar line."""
        return int(self.bar_slots[-1])

    @cached_property
    def slot_weight(self) -> Floats:
        """Metrical weight 0..1 of every slot; shape (slots,)."""
        weights = np.zeros(self.slots)
        for first, end, metre in self._metres:
            table = weight_table(metre)
            starts = self.bar_slots[first:end]
            if not len(starts):
                continue
            length = int(self.bar_slots[end] - starts[-1]) if end == first + 1 else int(starts[1] - starts[0])
            table = table[:length]
            place = starts[:, None] + np.arange(len(table))
            keep = place < self.slots
            weights[place[keep]] = np.broadcast_to(table, place.shape)[keep]
        return weights

    @cached_property
    def _metres(self) -> tuple[tuple[int, int, Metre], ...]:
        changes = self.piece.timeline.metres
        ends = [m.bar for m in changes[1:]] + [self.bars]
        rows = zip(changes, ends, strict=True)
        return tuple((c.bar, min(e, self.bars), c.metre) for c, e in rows if c.bar < self.bars)

    @cached_property
    def beats(self) -> Ints:
        """First slot of every beat (dotted in compound metres), ascending; shape (beats,)."""
        found: list[Ints] = []
        for first, end, metre in self._metres:
            starts = self.bar_slots[first:end]
            inside = np.array([s * GRID // PPQ for s, _ in metre.beats(PPQ)], dtype=np.int64)
            found.append((starts[:, None] + inside).ravel())
        joined = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        return joined[joined < self.slots]

    @cached_property
    def beat_bar(self) -> Ints:
        """The bar of every beat."""
        return self.bar_of(self.beats)

    @cached_property
    def beat_weight(self) -> Floats:
        """Metrical weight of every beat."""
        return self.slot_weight[self.beats]

    def bar_of(self, slots: Ints) -> Ints:
        """The bar that each slot lies in, clipped to the piece."""
        return np.clip(np.searchsorted(self.bar_slots, slots, side="right") - 1, 0, max(0, self.bars - 1))

    def seconds(self, slots: Ints | npt.NDArray[np.floating[Any]]) -> Floats:
        """Seconds from the start to each slot."""
        timeline = self.piece.timeline
        ticks = np.asarray(slots, dtype=np.float64) * (timeline.ppq / GRID)
        starts = np.array([t.tick for t in timeline.tempos], dtype=np.float64)
        bpm = np.array([t.bpm for t in timeline.tempos])
        begins = np.array([timeline.seconds(t.tick) for t in timeline.tempos])
        i = np.clip(np.searchsorted(starts, ticks, side="right") - 1, 0, None)
        return np.asarray(begins[i] + (ticks - starts[i]) * 60.0 / (bpm[i] * timeline.ppq), dtype=np.float64)

    @cached_property
    def all_lines(self) -> tuple[Line, ...]:
        """Every track that has notes, drums included."""
        return tuple(self._line(track) for track in self.piece.tracks if len(track.notes))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The pitched tracks that have notes."""
        return tuple(line for line in self.all_lines if not line.track.is_drum)

    @cached_property
    def drums(self) -> tuple[Line, ...]:
        """The percussion tracks that have notes."""
        return tuple(line for line in self.all_lines if line.track.is_drum)

    def with_role(self, *roles: Role) -> tuple[Line, ...]:
        """The pitched lines with one of these roles."""
        return tuple(line for line in self.lines if line.track.role in roles)

    def _line(self, track: Track) -> Line:
        notes = track.notes
        scale = GRID / self.piece.timeline.ppq
        tick = notes["start"].astype(np.int64)
        tick_end = tick + notes["duration"].astype(np.int64)
        start = snap(tick * scale)
        end = np.maximum(np.rint(tick_end * scale).astype(np.int64), start + 1)
        pitch = notes["pitch"].astype(np.int64)
        order = np.lexsort((pitch, start))
        start, end, pitch = start[order], end[order], pitch[order]
        inside = np.clip(start, 0, max(0, self.slots - 1))
        weight = self.slot_weight[inside] if self.slots else np.zeros(len(start))
        velocity = notes["velocity"].astype(np.int64)[order]
        return Line(track, start, end, pitch, velocity, tick[order], tick_end[order], self.bar_of(start), weight)

    @cached_property
    def top(self) -> npt.NDArray[np.int16]:
        """Highest pitch that each pitched line sounds in each slot, -1 for silence; shape (lines, slots)."""
        return self._extreme(highest=True)

    @cached_property
    def bottom(self) -> npt.NDArray[np.int16]:
        """Lowest pitch that each pitched line sounds in each slot, -1 for silence; shape (lines, slots)."""
        return self._extreme(highest=False)

    def _extreme(self, highest: bool) -> npt.NDArray[np.int16]:
        out = np.full((len(self.lines), self.slots), -1, dtype=np.int16)
        for row, line in zip(out, self.lines, strict=True):
            order = np.argsort(line.pitch if highest else -line.pitch, kind="stable")
            index, place = spread(line.start[order], line.end[order], self.slots)
            row[place] = line.pitch[order][index]  # the last write wins
        return out

    @cached_property
    def bass(self) -> npt.NDArray[np.int16]:
        """Lowest sounding pitch of all pitched lines in each slot, -1 for silence; shape (slots,)."""
        if not self.lines:
            return np.full(self.slots, -1, dtype=np.int16)
        masked = np.where(self.bottom < 0, np.int16(999), self.bottom)
        low = masked.min(axis=0)
        return np.where(low == 999, np.int16(-1), low)

    @cached_property
    def pitch_classes(self) -> Floats:
        """How many lines' notes sound each pitch class in each slot; shape (slots, 12)."""
        steps = np.zeros((self.slots + 1) * 12)
        for line in self.lines:
            pc = line.pitch % 12
            begin, finish = np.clip(line.start, 0, self.slots), np.clip(line.end, 0, self.slots)
            steps += np.bincount(begin * 12 + pc, minlength=len(steps))
            steps -= np.bincount(finish * 12 + pc, minlength=len(steps))
        return np.asarray(steps.reshape(-1, 12).cumsum(axis=0)[:-1], dtype=np.float64)

    @cached_property
    def bar_pitch_classes(self) -> Floats:
        """Sounding time of each pitch class in each bar, in quarter notes; shape (bars, 12)."""
        return self.profile(self.bar_slots)

    def profile(self, edges: Ints) -> Floats:
        """Sounding time of each pitch class between consecutive `edges` (slots), in quarters; shape (edges - 1, 12)."""
        total = np.concatenate((np.zeros((1, 12)), self.pitch_classes.cumsum(axis=0)))
        return np.asarray(np.diff(total[np.clip(edges, 0, self.slots)], axis=0) / GRID, dtype=np.float64)

    @cached_property
    def lead(self) -> Line | None:
        """The line that carries the tune: the track in the lead (the longest-sounding of several), else the top line."""
        for role in MELODIC:
            lines = self.with_role(role)
            if lines:
                return max(lines, key=lambda line: int((line.end - line.start).sum()))
        candidates = [line for line in self.lines if line.track.role not in (Role.BASS, Role.DRONE)] or self.lines
        return max(candidates, key=lambda line: float(line.pitch.mean()), default=None)

    def line_index(self, line: Line) -> int:
        """Row of a pitched line in `top` and `bottom`."""
        return next(i for i, other in enumerate(self.lines) if other is line)


def snap(place: npt.NDArray[np.floating[Any]]) -> Ints:
    """Slots of attacks given in slots and fractions.

    Attacks on the grid of a score (64ths, triplets of semiquavers) are rounded. Where a fifth of them and more lie beside
    it, the part is played, not written, and each goes to the place within its quarter note that a listener would write:
    a semiquaver or a triplet quaver, the beat and its half drawing attacks from further away.
    """
    inside = place % GRID
    beside = (np.abs(inside - np.rint(inside)) > 1e-6) & (np.abs(inside * 4 / 3 - np.rint(inside * 4 / 3)) > 1e-6)
    if not len(place) or float(np.mean(beside)) < PLAYED:
        rounded: Ints = np.rint(place).astype(np.int64)
        return rounded
    nearest = np.argmin(np.abs(inside[:, None] - _PLACES) - _PULL, axis=1)
    found: Floats = np.asarray(place - inside + _PLACES[nearest], dtype=np.float64)
    return np.rint(found).astype(np.int64)


def spread(start: Ints, end: Ints, slots: int) -> tuple[Ints, Ints]:
    """All (note index, slot) pairs that notes cover, in order of the notes, clipped to 0..slots."""
    start, end = np.clip(start, 0, slots), np.clip(end, 0, slots)
    lengths = end - start
    index = np.repeat(np.arange(len(start)), lengths)
    offset = np.arange(len(index)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return index, start[index] + offset


@lru_cache(maxsize=256)
def weight_table(metre: Metre) -> Floats:
    """Metrical weight of each slot of a bar."""
    ticks = PPQ // GRID
    return np.array([metre.weight(i * ticks, PPQ) for i in range(max(1, metre.bar_ticks(PPQ) // ticks))])


@lru_cache(maxsize=64)
def read(piece: Piece) -> Reading:
    """The reading of a piece; kept for the last pieces that were looked at, by their content."""
    return Reading(piece)
