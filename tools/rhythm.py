"""Instructions about the time and length of notes: quantise, humanise, swing, articulate, retrograde, arpeggiate, strum.

No note leaves the bars in scope: what a change would carry over their end stays at the last place within.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ripieno.generators.base import Candidate
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Instruction, Run, Tool, Workbench, exact_notes
from ripieno.tools.scope import OPEN, Span, inside

Mask = npt.NDArray[np.bool_]
Ticks = npt.NDArray[np.int64]
LENGTHS = {"staccatissimo": 0.25, "staccato": 0.5, "portato": 0.75, "tenuto": 0.95}  # share of the time to the next onset
_LONGEST = 4.0  # quarter notes that legato holds a note at most
_LATE, _LOUD = 0.02, 12.0  # standard deviations of a fully humanised note: seconds, velocity


class Quantise(Instruction):
    """Moves the starts of notes towards a grid of `grid` quarter notes within each bar: 0.25 is sixteenths, 1/3 triplets.

    `strength` 1 sets them on it, 0.5 halves the distance.
    """

    kind: Literal["quantise"] = "quantise"
    grid: float = Field(default=0.25, gt=0.01, le=8)
    strength: float = Field(default=1.0, gt=0, le=1)


class Humanise(Instruction):
    """Moves starts and velocities of notes a little at random, as people play: `amount` 1 is loose (20 ms, 12 of velocity)."""

    kind: Literal["humanise"] = "humanise"
    amount: float = Field(default=0.4, gt=0, le=1)


class Swing(Instruction):
    """Plays pairs of eighths (or sixteenths) unevenly: the first takes `ratio` of the pair.

    0.5 is even, 0.667 triplets, 0.75 dotted; `was` is how they are played now. From 0.5 to a ratio and back restores notes on
    the grid exactly.
    """

    kind: Literal["swing"] = "swing"
    ratio: float = Field(default=2 / 3, ge=0.4, le=0.8)
    was: float = Field(default=0.5, ge=0.4, le=0.8)
    unit: Literal["eighth", "sixteenth"] = "eighth"


class Articulate(Instruction):
    """Sets how long notes are held: 'legato' up to the next start; 'tenuto', 'portato', 'staccato', 'staccatissimo' a share.

    Or multiplies their lengths by `factor`. Give one of the two.
    """

    kind: Literal["articulate"] = "articulate"
    style: Literal["legato", "tenuto", "portato", "staccato", "staccatissimo"] | None = None
    factor: float | None = Field(default=None, ge=0.05, le=8)

    @model_validator(mode="after")
    def _one(self) -> "Articulate":
        if (self.style is None) == (self.factor is None):
            raise ValueError("give either style or factor")
        return self


class Retrograde(Instruction):
    """Plays each stretch in scope backwards, track by track. Twice restores what ends within the stretch."""

    kind: Literal["retrograde"] = "retrograde"


class Arpeggiate(Instruction):
    """Breaks chords into single notes of `grid` quarter notes that go through the chord for as long as it is held."""

    kind: Literal["arpeggiate"] = "arpeggiate"
    pattern: Literal["up", "down", "up-down", "outside-in"] = "up"
    grid: float = Field(default=0.5, ge=0.0625, le=4)


class Strum(Instruction):
    """Spreads the notes of each chord over `milliseconds` from the lowest up, or down; they end together as before."""

    kind: Literal["strum"] = "strum"
    milliseconds: float = Field(default=40, gt=0, le=500)
    direction: Literal["up", "down"] = "down"


def _held_within(start: Ticks, old: Ticks, spans: tuple[Span, ...], step: int = 1) -> Ticks:
    """New starts, held within the spans in which the notes started before; `step` is the last place before a span's end."""
    result = start.copy()
    for first, end in spans:
        mask = (old >= first) & (old < end)
        result[mask] = np.clip(result[mask], first, end - step)
    return result


def _timed(move: Callable[[Instruction, Piece, Track, Ticks], Ticks], *, step: int = 1) -> Run:
    """A tool from a function that gives new starts; ends stay where they were, by length."""

    def change(instruction: Instruction, piece: Piece, track: Track, mask: Mask) -> Notes:
        notes = track.notes.copy()
        old = notes["start"][mask].astype(np.int64)
        notes["start"][mask] = _held_within(
            move(instruction, piece, track, old), old, instruction.scope.tick_spans(piece), step
        )
        return notes

    return exact_notes(change, drums=True)


def _quantised(instruction: Instruction, piece: Piece, track: Track, start: Ticks) -> Ticks:
    assert isinstance(instruction, Quantise)
    line = _bar_starts(piece, start)
    grid = instruction.grid * piece.timeline.ppq
    on_grid = np.rint((start - line) / grid) * grid
    spans = instruction.scope.tick_spans(piece)
    for first, end in spans:  # what would round onto the end of the scope goes to the last place before it
        over = (start >= first) & (start < end) & (line + on_grid >= end)
        on_grid[over] -= grid
    goal = line + np.maximum(0, on_grid)
    return np.rint(start + instruction.strength * (goal - start)).astype(np.int64)


def _bar_starts(piece: Piece, start: Ticks) -> Ticks:
    lines = np.array([piece.timeline.bar_start(bar) for bar in range(piece.bars + 1)], np.int64)
    return lines[np.clip(np.searchsorted(lines, start, side="right") - 1, 0, len(lines) - 1)]


def warped(ticks: Ticks, unit: int, was: float, ratio: float) -> Ticks:
    """Places within pairs of `unit` ticks moved from one swing ratio to another, linearly between the pair's three posts."""
    pair = 2 * unit
    base, within = ticks // pair * pair, ticks % pair
    middle, goal = was * pair, ratio * pair
    early = within * (goal / middle)
    late = goal + (within - middle) * ((pair - goal) / (pair - middle))
    return base + np.rint(np.where(within < middle - 0.5, early, late)).astype(np.int64)


def _swing(instruction: Swing, piece: Piece, track: Track, mask: Mask) -> Notes:
    notes = track.notes.copy()
    old = notes["start"][mask].astype(np.int64)
    line = _bar_starts(piece, old)
    unit = piece.timeline.ppq // (2 if instruction.unit == "eighth" else 4)
    start = line + warped(old - line, unit, instruction.was, instruction.ratio)
    start = _held_within(start, old, instruction.scope.tick_spans(piece))
    end = line + warped(old - line + notes["duration"][mask], unit, instruction.was, instruction.ratio)
    notes["start"][mask], notes["duration"][mask] = start, np.maximum(1, end - start)
    return notes


def _humanise(instruction: Humanise, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None
    rng, timeline = np.random.default_rng(bench.seed), piece.timeline

    def change(track: Track, mask: Mask, spans: tuple[Span, ...]) -> Notes:
        notes = track.notes.copy()
        old = notes["start"][mask].astype(np.int64)
        onsets, member = np.unique(old, return_inverse=True)  # what is struck together stays nearly together
        late = np.clip(rng.normal(0, _LATE * instruction.amount, len(onsets)), -2.5 * _LATE, 2.5 * _LATE)
        rate = np.array([timeline.tempo_at(int(t)) for t in onsets]) * timeline.ppq / 60.0
        start = old + np.rint(late * rate).astype(np.int64)[member]
        notes["start"][mask] = _held_within(np.maximum(0, start), old, spans)
        loud = notes["velocity"][mask] + rng.normal(0, _LOUD * instruction.amount, len(old))
        notes["velocity"][mask] = np.clip(np.rint(loud), 1, 127)
        return notes

    spans = instruction.scope.tick_spans(piece)
    for id_ in instruction.scope.track_ids(piece):
        track = piece.track(id_)
        mask = instruction.scope.note_mask(piece, track)
        if mask.any():
            piece = piece.with_track(track.with_notes(change(track, mask, spans)))
    return Candidate(piece, "exact", bench.seed)


def _articulate(instruction: Articulate, piece: Piece, track: Track, mask: Mask) -> Notes:
    notes = track.notes.copy()
    if instruction.factor is not None:
        length = notes["duration"][mask] * instruction.factor
    else:
        onsets = np.unique(notes["start"])
        later = np.searchsorted(onsets, notes["start"][mask], side="right")
        nexts = np.append(onsets, piece.ticks)[np.minimum(later, len(onsets))]
        gap = np.where(nexts > notes["start"][mask], nexts - notes["start"][mask], notes["duration"][mask])
        gap = np.minimum(gap, int(_LONGEST * piece.timeline.ppq))
        length = gap * LENGTHS.get(instruction.style or "", 1.0)
    notes["duration"][mask] = np.maximum(1, np.rint(length))
    return notes


def _retrograde(instruction: Retrograde, piece: Piece, track: Track, mask: Mask) -> Notes:
    notes = track.notes.copy()
    for first, end in instruction.scope.tick_spans(piece):
        last = piece.ticks if end == OPEN else end
        turned = mask & inside(track.notes["start"], [(first, last)])
        back = first + last - (track.notes["start"][turned] + track.notes["duration"][turned])
        notes["start"][turned] = np.maximum(first, back)
    return notes


def _chords(notes: Notes, mask: Mask) -> list[npt.NDArray[np.intp]]:
    """Indices of the notes in scope that start together, two or more, lowest first."""
    found = []
    for start in np.unique(notes["start"][mask]):
        members = np.flatnonzero(mask & (notes["start"] == start))
        if len(members) > 1:
            found.append(members[np.argsort(notes["pitch"][members], kind="stable")])
    return found


def _arpeggiate(instruction: Arpeggiate, piece: Piece, track: Track, mask: Mask) -> Notes:
    notes, step = track.notes, max(1, round(instruction.grid * piece.timeline.ppq))
    gone = np.zeros(len(notes), bool)
    fresh: list[tuple[int, int, int, int]] = []
    spans = instruction.scope.tick_spans(piece)
    for members in _chords(notes, mask):
        order = _order(members.tolist(), instruction.pattern)
        start = int(notes["start"][members[0]])
        border = next(end for first, end in spans if first <= start < end)
        end = min(start + int(notes["duration"][members].max()), border)
        gone[members] = True
        for i, at in enumerate(range(start, max(start + 1, end), step)):
            note = notes[order[i % len(order)]]
            fresh.append((at, max(1, min(step, end - at)), int(note["pitch"]), int(note["velocity"])))
    return np.concatenate([notes[~gone], np.array(fresh, notes.dtype)]) if fresh else notes


def _order(members: list[int], pattern: str) -> list[int]:
    if pattern == "down":
        return members[::-1]
    if pattern == "up-down":
        return members + members[-2:0:-1]
    if pattern == "outside-in":
        return [members[i // 2] if i % 2 == 0 else members[-1 - i // 2] for i in range(len(members))]
    return members


def _strum(instruction: Strum, piece: Piece, track: Track, mask: Mask) -> Notes:
    notes = track.notes.copy()
    for members in _chords(track.notes, mask):
        start = int(notes["start"][members[0]])
        ticks = instruction.milliseconds / 1000 * piece.timeline.tempo_at(start) * piece.timeline.ppq / 60.0
        order = members if instruction.direction == "down" else members[::-1]  # a down-stroke sounds the low strings first
        border = next(end for first, end in instruction.scope.tick_spans(piece) if first <= start < end)
        for i, index in enumerate(order):
            late = min(round(ticks * i / (len(order) - 1)), int(notes["duration"][index]) - 1, border - 1 - start)
            notes["start"][index] += late
            notes["duration"][index] -= late
    return notes


TOOLS: tuple[Tool, ...] = (
    Tool(Quantise, _timed(_quantised)),
    Tool(Humanise, _humanise),
    Tool(Swing, exact_notes(_swing, drums=True)),
    Tool(Articulate, exact_notes(_articulate)),
    Tool(Retrograde, exact_notes(_retrograde, drums=True)),
    Tool(Arpeggiate, exact_notes(_arpeggiate)),
    Tool(Strum, exact_notes(_strum)),
)
