"""Instructions about the form: bars and sections that are repeated, cut, copied, moved, inserted, split, renamed; length.

Notes belong to the bar that they start in and go with it, at their full length. Bars that are not named keep all they hold.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece, Section
from ripieno.score.time import MAX_BARS, MAX_TEMPO, MIN_TEMPO, Tempo
from ripieno.tools.base import FRAME, NOTHING, Instruction, Kept, Tool, exact
from ripieno.tools.scope import Span
from ripieno.tools.splice import Stretch, kept_by, splice


class _Moving(Instruction):
    """Base of the instructions that are a new order of bars. They act on all tracks."""

    frame: ClassVar[frozenset[str]] = FRAME
    moves_bars: ClassVar[bool] = True

    @model_validator(mode="after")
    def _all_tracks(self) -> "_Moving":
        if self.scope.tracks or self.scope.but_tracks or self.scope.drums or self.scope.beats:
            raise ValueError("bars are moved for all tracks: name only a time")
        return self

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """The order of bars afterwards."""
        raise TypeError(f"{type(self).__name__} gives no order of bars")

    def kept(self, piece: Piece) -> tuple[Kept, ...]:
        """See `Instruction.kept`."""
        return kept_by(self.stretches(piece))

    def bars_after(self, piece: Piece) -> int:
        """See `Instruction.bars_after`."""
        return sum(s.bars for s in self.stretches(piece))


class RepeatSection(_Moving):
    """Plays the bars in scope `times` more times right after themselves; sections of the copies keep name and label."""

    kind: Literal["repeat_section"] = "repeat_section"
    times: int = Field(default=1, ge=1, le=64)

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        order, at = [], 0
        for first, end in self.scope.spans(piece):
            order += [Stretch(at, end), *([Stretch(first, end)] * self.times)]
            at = end
        return (*order, Stretch(at, piece.bars))


class Cut(_Moving):
    """Takes the bars in scope out of the piece, for all tracks; what follows moves up. A piece keeps at least one bar."""

    kind: Literal["cut"] = "cut"

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        order, at = [], 0
        for first, end in self.scope.spans(piece):
            order.append(Stretch(at, max(at, first)))
            at = max(at, end)
        order.append(Stretch(at, piece.bars))
        if not any(s.bars for s in order):
            raise Retryable("A piece keeps at least one bar", value=f"all {piece.bars} bars", cure="cut less")
        return tuple(order)


class CopyBars(_Moving):
    """Copies the bars in scope, for all tracks, in front of bar `to` (from 0; the number of bars: to the end)."""

    kind: Literal["copy_bars"] = "copy_bars"
    to: int = Field(ge=0, le=MAX_BARS)

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        to = _line(self.to, piece)
        copies = [Stretch(first, end) for first, end in self.scope.spans(piece)]
        return (Stretch(0, to), *copies, Stretch(to, piece.bars))


class MoveSection(_Moving):
    """Moves the bars in scope, for all tracks, in front of what is bar `to` before the move (from 0)."""

    kind: Literal["move_section"] = "move_section"
    to: int = Field(ge=0, le=MAX_BARS)

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        to, spans = _line(self.to, piece), self.scope.spans(piece)
        if any(first < to < end for first, end in spans):
            raise Retryable(
                "Bars are moved out of themselves", value=f"in front of bar {to + 1}", cure="name a bar outside what is moved"
            )
        moved = [Stretch(first, end) for first, end in spans]
        rest = Cut(scope=self.scope).stretches(piece) if sum(e - f for f, e in spans) < piece.bars else ()
        return (*_before(rest, to), *moved, *_from(rest, to))


class InsertBars(_Moving):
    """Inserts `bars` empty bars in front of bar `at` (from 0), in the metre and key that hold there, as a section `name`."""

    kind: Literal["insert_bars"] = "insert_bars"
    at: int = Field(ge=0, le=MAX_BARS)
    bars: int = Field(ge=1, le=512)
    name: str = Field(default="", max_length=80)

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        at = _line(self.at, piece)
        near = min(at, piece.bars - 1)
        key, metre = piece.key_at(near), piece.timeline.metre_at(near)
        if not self.name and piece.sections:  # without a name the bars belong to the section that they stand in
            inside = next((s for s in piece.sections if s.first_bar < at < s.end_bar), None)
            host = inside or next((s for s in piece.sections if s.end_bar == at), piece.sections[0])
            rows: tuple[Section, ...] | None = (replace(host, first_bar=0, bars=self.bars),)
        else:
            rows = (Section(self.name, 0, self.bars),) if self.name else None
        return (Stretch(0, at), Stretch(None, self.bars, rows, metre, key), Stretch(at, piece.bars))


class LoopTo(_Moving):
    """Repeats the bars in scope, or drops bars from the end of them, until the piece has `bars` bars or lasts `seconds`.

    With seconds the nearest whole number of bars is taken.
    """

    kind: Literal["loop_to"] = "loop_to"
    bars: int | None = Field(default=None, ge=1, le=MAX_BARS)
    seconds: float | None = Field(default=None, gt=0, le=7200)

    @model_validator(mode="after")
    def _one_goal(self) -> "LoopTo":
        if (self.bars is None) == (self.seconds is None):
            raise ValueError("give either bars or seconds")
        return self

    def stretches(self, piece: Piece) -> tuple[Stretch, ...]:
        """See `_Moving.stretches`."""
        spans = self.scope.spans(piece)
        if len(spans) != 1:
            raise Retryable("One stretch is looped", value=len(spans), cure="name one section or one run of bars")
        first, end = spans[0]
        goal = self.bars or max(1, round(self.seconds / (piece.seconds / piece.bars)))  # type: ignore[operator]
        rest = piece.bars - (end - first)
        if goal <= rest:
            raise Retryable(
                f"Outside what is looped the piece already has {rest} bars",
                value=goal,
                cure="loop to more bars, or cut some first",
            )
        room = goal - rest
        whole, more = divmod(room, end - first)
        loops = [Stretch(first, end)] * whole + ([Stretch(first, first + more)] if more else [])
        return (Stretch(0, first), *loops, Stretch(end, piece.bars))


class SplitSection(Instruction):
    """Splits the section that holds bar `at` (from 0) in two there; the second part is called `name`, else like the first."""

    kind: Literal["split_section"] = "split_section"
    at: int = Field(ge=1, le=MAX_BARS)
    name: str = Field(default="", max_length=80)
    frame: ClassVar[frozenset[str]] = frozenset({"sections", "names"})
    music: ClassVar[frozenset[str]] = NOTHING

    def reach(self, piece: Piece) -> tuple[Span, ...]:
        """See `Instruction.reach`: the section that is split."""
        rows = piece.sections or (Section("Piece", 0, piece.bars),)
        return tuple((s.first_bar, s.end_bar) for s in rows if s.first_bar < self.at < s.end_bar)


class RenameSection(Instruction):
    """Gives the sections in scope another name; their label, bars and music stay."""

    kind: Literal["rename_section"] = "rename_section"
    name: str = Field(min_length=1, max_length=80)
    frame: ClassVar[frozenset[str]] = frozenset({"names"})
    music: ClassVar[frozenset[str]] = NOTHING

    def meant(self, piece: Piece) -> tuple[Section, ...]:
        """The sections that get the name: those named, else those that begin in the bars in scope.

        Raises:
            Retryable: there is none.
        """
        if self.scope.sections:
            return self.scope.sections_meant(piece)
        spans = self.scope.spans(piece)
        found = tuple(s for s in piece.sections if any(a <= s.first_bar < b for a, b in spans))
        if not found:
            raise Retryable("A section is one that the piece has", value=self.scope, cure="name a section")
        return found

    def reach(self, piece: Piece) -> tuple[Span, ...]:
        """See `Instruction.reach`."""
        return tuple((s.first_bar, s.end_bar) for s in self.meant(piece))


class RenamePiece(Instruction):
    """Gives the piece another title; its music stays."""

    kind: Literal["rename_piece"] = "rename_piece"
    title: str = Field(min_length=1, max_length=120)
    frame: ClassVar[frozenset[str]] = frozenset({"title"})
    music: ClassVar[frozenset[str]] = NOTHING


class FitDuration(Instruction):
    """Changes all tempos by one factor so that the piece lasts `seconds`; notes keep their bars and beats."""

    kind: Literal["fit_duration"] = "fit_duration"
    seconds: float = Field(gt=0, le=7200)
    frame: ClassVar[frozenset[str]] = frozenset({"tempos"})
    music: ClassVar[frozenset[str]] = NOTHING


def _line(bar: int, piece: Piece) -> int:
    if bar > piece.bars:
        raise Retryable(
            f"The piece has {piece.bars} bars", value=f"in front of bar {bar + 1}", cure=f"name a bar up to {piece.bars + 1}"
        )
    return bar


def _before(stretches: Sequence[Stretch], bar: int) -> list[Stretch]:
    return [Stretch(s.first, min(s.end, bar)) for s in stretches if s.first is not None and s.first < bar]


def _from(stretches: Sequence[Stretch], bar: int) -> list[Stretch]:
    return [Stretch(max(s.first, bar), s.end) for s in stretches if s.first is not None and s.end > bar]


def _reorder(instruction: _Moving, piece: Piece) -> Piece:
    return splice(piece, instruction.stretches(piece))


def _split(instruction: SplitSection, piece: Piece) -> Piece:
    rows: list[Section] = []
    for section in piece.sections or (Section("Piece", 0, piece.bars),):
        if section.first_bar < instruction.at < section.end_bar:
            left = instruction.at - section.first_bar
            rows.append(replace(section, bars=left))
            name = instruction.name or section.name
            rows.append(replace(section, name=name, first_bar=instruction.at, bars=section.bars - left))
        else:
            rows.append(section)
    if len(rows) == max(1, len(piece.sections)):
        raise Retryable(
            "A section is split inside",
            value=f"bar {instruction.at + 1}",
            cause="a section begins there already, or the piece is shorter",
            cure="name a bar within one",
        )
    return replace(piece, sections=tuple(rows))


def _rename(instruction: RenameSection, piece: Piece) -> Piece:
    meant = instruction.meant(piece)
    rows = tuple(replace(s, name=instruction.name) if s in meant else s for s in piece.sections)
    return replace(piece, sections=rows)


def _retitle(instruction: RenamePiece, piece: Piece) -> Piece:
    return replace(piece, title=instruction.title)


def _fit(instruction: FitDuration, piece: Piece) -> Piece:
    factor = piece.seconds / instruction.seconds
    bpms = [t.bpm * factor for t in piece.timeline.tempos]
    if not MIN_TEMPO <= min(bpms) <= max(bpms) <= MAX_TEMPO:
        bars = ceil(piece.bars / factor)
        raise Retryable(
            f"Tempos lie between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute",
            value=f"{min(bpms):.0f} to {max(bpms):.0f} for {instruction.seconds:g} seconds",
            cause=f"the piece lasts {piece.seconds:.0f} seconds",
            cure=f"loop or cut it to about {bars} bars instead",
        )
    tempos = tuple(Tempo(t.tick, bpm) for t, bpm in zip(piece.timeline.tempos, bpms, strict=True))
    return replace(piece, timeline=replace(piece.timeline, tempos=tempos))


TOOLS: tuple[Tool, ...] = (
    *(Tool(model, exact(_reorder)) for model in (RepeatSection, Cut, CopyBars, MoveSection, InsertBars, LoopTo)),
    Tool(SplitSection, exact(_split)),
    Tool(RenameSection, exact(_rename)),
    Tool(RenamePiece, exact(_retitle)),
    Tool(FitDuration, exact(_fit)),
)
