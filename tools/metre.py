"""Instructions that lay bars anew: another metre, augmentation and diminution. They act on all tracks."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.piece import ChordSpan, Piece, Section, Track, make_controls, make_texts
from ripieno.score.time import Metre, Tempo, Timeline
from ripieno.tools.base import FRAME, Instruction, Kept, Tool, exact
from ripieno.tools.scope import OPEN, inside
from ripieno.tools.splice import Stretch, splice

_FACTORS = (Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(2), Fraction(3), Fraction(4))
Ticks = npt.NDArray[np.int64]
Move = Callable[[Ticks], Ticks]


class _Relaid(Instruction):
    frame: ClassVar[frozenset[str]] = FRAME
    moves_bars: ClassVar[bool] = True
    fills_bars: ClassVar[bool] = True

    @model_validator(mode="after")
    def _all_tracks(self) -> "_Relaid":
        if self.scope.tracks or self.scope.but_tracks or self.scope.drums or self.scope.beats:
            raise ValueError("all tracks share their bars: name only a time")
        return self

    def region(self, piece: Piece) -> tuple[int, int]:
        """The one run of bars meant."""
        spans = self.scope.spans(piece)
        if len(spans) != 1:
            raise Retryable("One run of bars is laid anew", value=len(spans), cure="name one section or one run of bars")
        return spans[0]

    def new_bars(self, piece: Piece) -> int:
        """How many bars the region has afterwards."""
        first, end = self.region(piece)
        return end - first

    def bars_after(self, piece: Piece) -> int:
        """See `Instruction.bars_after`."""
        first, end = self.region(piece)
        return piece.bars - (end - first) + self.new_bars(piece)

    def kept(self, piece: Piece) -> tuple[Kept, ...]:
        """See `Instruction.kept`: the bars before and after the region."""
        first, end = self.region(piece)
        found = (Kept(0, first, 0), Kept(end, piece.bars, first + self.new_bars(piece)))
        return tuple(k for k in found if k.end > k.first)


class ChangeMetre(_Relaid):
    """Gives the bars in scope another metre, such as '3/4'.

    `rule` 'fit' keeps bar for bar: beats stay beats from the bar line on; where the new bar has fewer, the old ones left over
    are pressed into its last beat, where it has more, the last old beat is held over them; metres whose beats divide each
    other (4/4 and 12/8, 4/4 and 2/4) scale evenly. `rule` 'rebar' keeps every note in time and only draws the bar lines anew.
    """

    kind: Literal["change_metre"] = "change_metre"
    metre: str = Field(pattern=r"^\d{1,2}/\d{1,2}$")
    rule: Literal["fit", "rebar"] = "fit"

    @field_validator("metre")
    @classmethod
    def _a_metre(cls, text: str) -> str:
        try:
            read_metre(text)
        except BadRequest as error:
            raise ValueError(error.message) from error
        return text

    def new_bars(self, piece: Piece) -> int:
        """See `_Relaid`: with 'rebar' as many as the time needs."""
        first, end = self.region(piece)
        if self.rule == "fit":
            return end - first
        ticks = piece.timeline.bar_start(end) - piece.timeline.bar_start(first)
        return -(-ticks // read_metre(self.metre).bar_ticks(piece.timeline.ppq))


class Augment(_Relaid):
    """Stretches the bars in scope in time: all places and lengths times `factor` (2, 3, 4; 1/2, 1/3, 1/4 diminish).

    Each bar becomes `factor` bars of its metre; the number of bars must allow a diminution. Tempo stays.
    """

    kind: Literal["augment"] = "augment"
    factor: float = Field(default=2.0, gt=0, le=4)

    @field_validator("factor")
    @classmethod
    def _whole(cls, factor: float) -> float:
        if not any(abs(factor - float(f)) < 0.01 for f in _FACTORS):
            raise ValueError("factor is 2, 3, 4, 1/2, 1/3 or 1/4")
        return factor

    @property
    def ratio(self) -> Fraction:
        """The factor as the fraction that is meant."""
        return min(_FACTORS, key=lambda f: abs(float(f) - self.factor))

    def new_bars(self, piece: Piece) -> int:
        """See `_Relaid`."""
        first, end = self.region(piece)
        bars = (end - first) * self.ratio
        changes = any(first < m.bar < end for m in piece.timeline.metres)
        if bars.denominator != 1 or (changes and self.ratio < 1):
            raise Retryable(
                f"Bars are pressed together {self.ratio.denominator} to one, of one metre",
                value=f"{end - first} bars",
                cure="name a number of bars that divides so, without a change of metre",
            )
        return int(bars)


def read_metre(text: str) -> Metre:
    """A metre from '6/8'.

    Raises:
        BadRequest: it is none.
    """
    above, _, below = text.partition("/")
    return Metre(int(above), int(below))


def _change_metre(instruction: ChangeMetre, piece: Piece) -> Piece:
    metre, (first, end) = read_metre(instruction.metre), instruction.region(piece)
    bars = instruction.new_bars(piece)
    old = piece.timeline
    ppq, a, b = old.ppq, old.bar_start(first), old.bar_start(end)
    if instruction.rule == "rebar":
        return _relaid(piece, (first, end), [(metre, bars)], lambda ticks: ticks)
    posts, goals = [0], [0]  # where each beat of the old bars stands, before and after, counted from the region's start
    for bar in range(first, end):
        start, new_start = old.bar_start(bar) - a, (bar - first) * metre.bar_ticks(ppq)
        for x, y in _beats(old.metre_at(bar), metre, ppq):
            posts.append(start + x)
            goals.append(new_start + y)
    posts.append(b - a)
    goals.append(bars * metre.bar_ticks(ppq))

    def moved(ticks: Ticks) -> Ticks:
        return np.asarray(np.rint(np.interp(ticks, posts, goals)), np.int64)

    return _relaid(piece, (first, end), [(metre, bars)], moved)


def _beats(old: Metre, new: Metre, ppq: int) -> list[tuple[int, int]]:
    """Posts of a bar: the start of each old beat and where it goes in the new bar."""
    here, there = [s for s, _ in old.beats(ppq)], [s for s, _ in new.beats(ppq)]
    if len(here) % len(there) == 0 or len(there) % len(here) == 0:
        scale = new.bar_ticks(ppq) / old.bar_ticks(ppq)
        return [(s, round(s * scale)) for s in here]
    if len(there) > len(here):
        return list(zip(here, there, strict=False))
    last = len(there) - 1
    room = new.bar_ticks(ppq) - there[last]
    left = len(here) - last
    return [(s, there[i] if i < last else there[last] + room * (i - last) // left) for i, s in enumerate(here)]


def _augment(instruction: Augment, piece: Piece) -> Piece:
    first, end = instruction.region(piece)
    ratio = instruction.ratio
    instruction.new_bars(piece)  # refuses what does not divide
    runs: list[tuple[Metre, int]] = []
    for bar in range(first, end):
        metre = piece.timeline.metre_at(bar)
        if runs and runs[-1][0] == metre:
            runs[-1] = (metre, runs[-1][1] + 1)
        else:
            runs.append((metre, 1))
    scaled = [(metre, int(count * ratio)) for metre, count in runs]

    def moved(ticks: Ticks) -> Ticks:
        return np.asarray(np.rint(ticks * float(ratio)), np.int64)

    return _relaid(piece, (first, end), scaled, moved)


def _relaid(piece: Piece, region: tuple[int, int], runs: list[tuple[Metre, int]], moved: Move) -> Piece:
    """The piece with a region whose bars are replaced by runs of (metre, bars); `moved` gives the new ticks, from its start."""
    first, end = region
    a, b = piece.timeline.bar_start(first), piece.timeline.bar_start(end)
    bars = sum(n for _, n in runs)
    key = piece.key_at(first)
    later = () if piece.sections else None
    sections = [_scaled_sections(piece, region, bars), *([later] * (len(runs) - 1))]
    empty = [Stretch(None, n, rows, m, key) for (m, n), rows in zip(runs, sections, strict=True)]
    frame = splice(piece, [Stretch(0, first), *empty, Stretch(end, piece.bars)])
    timeline = frame.timeline
    shift = timeline.bar_start(first)
    final = end == piece.bars

    def place(ticks: Ticks) -> Ticks:
        return shift + moved(np.asarray(ticks, np.int64) - a)

    spans = [(a, OPEN if final else b)]
    tracks = tuple(_relay(new, old, spans, place, b) for new, old in zip(frame.tracks, piece.tracks, strict=True))
    chords = [
        ChordSpan(int(place(np.array(max(c.start, a)))), int(place(np.array(min(c.end, b)))), c.chord)
        for c in piece.chords
        if c.start < b and c.end > a
    ]
    outside = [c for c in frame.chords if c.end <= shift or c.start >= timeline.bar_start(first + bars)]
    keys = [k for k in piece.keys if first < k.bar < end]
    rows = {k.bar: k for k in frame.keys}
    for change in keys:
        tick = int(place(np.array(piece.timeline.bar_start(change.bar))))
        bar = min(first + bars - 1, timeline.bar_at(tick))
        rows[bar] = replace(change, bar=bar)
    tempos = {t.tick: t for t in timeline.tempos}
    for tempo in piece.timeline.tempos:
        if a <= tempo.tick < b:
            tick = int(place(np.array(tempo.tick)))
            tempos[tick] = Tempo(tick, tempo.bpm)
    return replace(
        frame,
        timeline=Timeline(timeline.ppq, tuple(tempos[t] for t in sorted(tempos)), timeline.metres),
        keys=tuple(rows[bar] for bar in sorted(rows)),
        chords=tuple(sorted([*outside, *(c for c in chords if c.start < c.end)], key=lambda c: c.start)),
        tracks=tracks,
        texts=make_texts([
            *frame.texts,
            *(replace(t, tick=int(place(np.array(min(t.tick, b))))) for t in piece.texts if a <= t.tick < spans[0][1] and (
                t.tick or t not in frame.texts)),
        ]),
    )


def _scaled_sections(piece: Piece, region: tuple[int, int], bars: int) -> tuple[Section, ...] | None:
    """The sections of a region, spread over its new number of bars."""
    if not piece.sections:
        return None
    first, end = region
    inner = [s for s in piece.sections if s.first_bar < end and s.end_bar > first]
    edges = [0]
    for section in inner:
        edges.append(round((min(end, section.end_bar) - first) * bars / (end - first)))
    rows = zip(inner, edges, edges[1:], strict=False)
    return tuple(replace(s, first_bar=x, bars=y - x) for s, x, y in rows if y > x)


def _relay(new: Track, old: Track, spans: list[tuple[int, int]], place: Move, border: int) -> Track:
    """A track of the new frame with the region's notes and controls in their new places."""
    mask = inside(old.notes["start"], spans)
    notes = old.notes[mask].copy()
    tail = np.maximum(0, notes["start"] + notes["duration"] - border)  # what sounds beyond the region keeps its length there
    end = place(np.minimum(notes["start"] + notes["duration"], border)) + tail
    over = np.maximum(0, notes["start"].astype(np.int64) - border)
    start = place(np.minimum(notes["start"], border)) + over
    notes["start"], notes["duration"] = start, np.maximum(1, end - start)
    rows = old.controls[inside(old.controls["tick"], spans)].copy()
    past = np.maximum(0, rows["tick"].astype(np.int64) - border)
    rows["tick"] = place(np.minimum(rows["tick"], border)) + past
    joined = new.with_notes(np.concatenate([new.notes, notes]))
    return replace(joined, controls=make_controls(np.concatenate([new.controls, rows])))


TOOLS: tuple[Tool, ...] = (Tool(ChangeMetre, exact(_change_metre)), Tool(Augment, exact(_augment)))
