"""The display grid: where performed notes stand on paper.

Unit: 1/24 of a quarter note, so that thirty-second notes (3) and sixteenth triplets (4) are whole. Performed music is
snapped cell by cell (a cell is a beat, or a quarter of a longer one) to the coarsest grid that explains its onsets:
sixteenths, eighth triplets, thirty-seconds or sixteenth triplets. A swung pair of eighths is written straight, as
musicians do.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.score.formats.graces import take_graces
from ripieno.score.piece import Notes
from ripieno.score.time import Metre, Timeline

UNITS = 24  # in a quarter note
SIXTEENTH = 6
_GRIDS = ((6, 0.0), (8, 1.0), (3, 4.0), (4, 3.0))  # (step in units, cost of each onset for the harder reading)
_COLLAPSE = 20.0  # cost of two onsets that fall together
_APART = 2.5  # onsets closer than this (a strummed chord) may fall together
_SWUNG = (13.0, 17.4)  # where the second of two swung eighths lies
_OFFBEAT = 16.0  # its usual place: two thirds of the beat


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on paper: its first unit, its metre, its beats as (start, length) in units from the piece's start."""

    start: int
    length: int
    metre: Metre
    beats: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """The unit after the last."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch that is snapped as one; `triplet` tells whether three may stand in the time of two."""

    start: int
    length: int
    triplet: bool


def lay_out(timeline: Timeline, bars: int) -> tuple[Bar, ...]:
    """All bars in units."""
    out = []
    start = 0
    for bar in range(bars):
        metre = timeline.metre_at(bar)
        length = metre.bar_ticks(UNITS)
        beats = tuple((start + s, n) for s, n in metre.beats(UNITS))
        out.append(Bar(start, length, metre, beats))
        start += length
    return tuple(out)


def cells_of(bars: tuple[Bar, ...]) -> tuple[Cell, ...]:
    """The cells of all bars: beats, those longer than a quarter in simple metres cut into quarters."""
    cells = []
    for bar in bars:
        even = all(length % UNITS == 0 for _, length in bar.beats)
        for start, length in bar.beats:
            step = UNITS if even else length
            cells += [Cell(s, step, even) for s in range(start, start + length, step)]
    return tuple(cells)


def to_units(ticks: npt.NDArray[np.int64], timeline: Timeline, bars: tuple[Bar, ...]) -> npt.NDArray[np.float64]:
    """Units, with fractions, of ticks; exact at every bar line."""
    lines = np.array([timeline.bar_start(i) for i in range(len(bars))], dtype=np.int64)
    index = np.clip(np.searchsorted(lines, ticks, side="right") - 1, 0, None)
    starts = np.array([bar.start for bar in bars], dtype=np.int64)
    return starts[index] + (ticks - lines[index]) * (UNITS / timeline.ppq)


@dataclass(frozen=True)
class Snapped:
    """Notes on the grid, arrays of one length, and the cells that are read as triplets.

    Attributes:
        start, end: units, whole; `end` is the performed end snapped, at least one grid step after `start`.
        real_start, real_end: units, as performed.
        pitch, velocity: as in the notes.
        grace: the pitch of the grace note before each, -1 for none.
        triplets: first units of the cells that stand on a triplet grid.
    """

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    real_start: npt.NDArray[np.float64]
    real_end: npt.NDArray[np.float64]
    pitch: npt.NDArray[np.int64]
    velocity: npt.NDArray[np.int64]
    grace: npt.NDArray[np.int64]
    triplets: frozenset[int]


def snap(
    notes: Notes, timeline: Timeline, bars: tuple[Bar, ...], cells: tuple[Cell, ...], *, graces: bool = True
) -> Snapped:
    """Puts a track's notes on the display grid; what lies behind the last bar line is cut off.

    `graces`: whether very short notes before long ones are grace notes.
    """
    last = bars[-1].end
    grace = np.full(len(notes), -1, dtype=np.int64)
    if graces:
        notes, grace = take_graces(notes, timeline.ppq / UNITS)
    real_start = to_units(notes["start"].astype(np.int64), timeline, bars)
    keep = real_start < last
    notes, real_start, grace = notes[keep], real_start[keep], grace[keep]
    real_end = to_units(notes["start"].astype(np.int64) + notes["duration"], timeline, bars)
    real_end = np.minimum(real_end, last)
    edges = np.array([c.start for c in cells] + [last], dtype=np.int64)
    home = np.clip(np.searchsorted(edges, real_start, side="right") - 1, 0, len(cells) - 1)
    grids = np.full(len(cells), SIXTEENTH, dtype=np.int64)
    swung = np.zeros(len(cells), dtype=bool)
    for index in np.unique(home):
        cell = cells[index]
        first, behind = np.searchsorted(real_start, (edges[index], edges[index + 1]), side="left")
        grids[index], swung[index] = _choose(sorted(set((real_start[first:behind] - cell.start).tolist())), cell)
    lengths = np.diff(edges)
    start = _on_grid(real_start, home, edges, grids, swung, lengths)
    goal = np.clip(np.searchsorted(edges, real_end, side="left") - 1, 0, len(cells) - 1)
    end = _on_grid(real_end, goal, edges, grids, swung, lengths)
    start = np.minimum(start, last - grids[-1])  # what snaps to the final bar line stays before it, on the last grid
    step = grids[np.clip(np.searchsorted(edges, start, side="right") - 1, 0, len(cells) - 1)]
    end = np.minimum(np.maximum(end, start + step), last)
    triplets = frozenset(int(cells[i].start) for i in np.flatnonzero((grids == 8) | (grids == 4)))
    return Snapped(
        start, end, real_start, real_end, notes["pitch"].astype(np.int64), notes["velocity"].astype(np.int64), grace, triplets
    )


def _choose(onsets: list[float], cell: Cell) -> tuple[int, bool]:
    """(grid step, whether the cell is a swung pair) for ascending onsets relative to the cell."""
    if cell.triplet and any(_SWUNG[0] <= x <= _SWUNG[1] for x in onsets) and not any(3 <= x < _SWUNG[0] for x in onsets):
        return SIXTEENTH, True
    best, least = SIXTEENTH, float("inf")
    for step, each in _GRIDS:
        if least <= each * len(onsets):
            continue  # no better even if every onset stood exactly on this grid
        if step in (8, 4) and not cell.triplet:
            continue
        places = [round(x / step) * step for x in onsets]
        cost = sum((p - x) ** 2 for p, x in zip(places, onsets, strict=True)) + each * len(onsets)
        cost += _COLLAPSE * sum(
            places[i] == places[i + 1] and onsets[i + 1] - onsets[i] > _APART for i in range(len(onsets) - 1)
        )
        if cost < least - 1e-9:
            best, least = step, cost
    return best, False


def _on_grid(
    values: npt.NDArray[np.float64],
    home: npt.NDArray[np.int64],
    edges: npt.NDArray[np.int64],
    grids: npt.NDArray[np.int64],
    swung: npt.NDArray[np.bool_],
    lengths: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Values snapped to the grids of their cells, swung beats evened out first; half steps go up."""
    inside = values - edges[home]
    step = grids[home]
    half = UNITS / 2
    late = half + (inside - _OFFBEAT) * half / (UNITS - _OFFBEAT)
    inside = np.where(swung[home], np.where(inside < _OFFBEAT, inside * half / _OFFBEAT, late), inside)
    places = np.floor(inside / step + 0.5).astype(np.int64) * step
    snapped: npt.NDArray[np.int64] = edges[home] + np.minimum(places, lengths[home])
    return snapped
