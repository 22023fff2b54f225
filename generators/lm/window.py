"""A window of a sheet as a sequence of tokens, and back.

A sequence is head, plan, tracks, blocks:

    BOS STYLE MODE TEMPO
    BAR_k [METRE] [SECTION] PHRASE ENERGY CHORD [CHORD]                         for each bar: the plan comes before the notes
    TRACK_i GROUP ROLE DENSITY REGISTER POLYPHONY VELOCITY                      for each track
    CONTEXT_k (TRACK_i cell)*        |  FILL_k CHORD [CHORD] (TRACK_i cell)*    blocks
    EOS
    cell: (POSITION ([VELOCITY] PITCH DURATION | [VELOCITY] DRUM)+)*

The notes of a bar in a track are a cell. Given cells stand in CONTEXT blocks, wanted ones in FILL blocks, and context comes
early: before a bar is filled, everything given up to the next bar has been said, and up to where the tracks that are wanted
there play again (an idea of the Anticipatory Music Transformer, Thickstun et al., 2023, with bars in place of seconds). METRE
and SECTION stand where they change, VELOCITY where it leaves the one before in its cell, which begins with the track's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ripieno.generators.lm.sheet import DRUM_LENGTH, ROW_DTYPE, Ints, Part, Rows, Sheet, moved_chord
from ripieno.generators.lm.vocabulary import (
    BAR,
    BOS,
    CHORD,
    CONTEXT,
    DENSITY,
    DRUM,
    DRUM_LOW,
    DURATION,
    DURATIONS,
    ENERGY,
    EOS,
    FILL,
    GROUP,
    METRE,
    MODE,
    PHRASE,
    PITCH,
    POLYPHONY,
    POSITION,
    REGISTER,
    ROLE,
    SECTION,
    SLOTS,
    STYLE,
    TEMPO,
    TRACK,
    VELOCITY,
    density_class,
    duration_index,
    kind_of,
    register_class,
    tempo_class,
)

Cell = tuple[int, int]  # bar within the window, track within the window
NO_ROWS: Rows = np.zeros(0, dtype=ROW_DTYPE)


@dataclass(frozen=True, slots=True)
class Head:
    """What a track is told to be: values of the ranges of the same names, `level` of VELOCITY; 0 is 'any', if there is one."""

    group: int
    role: int
    drum: bool
    density: int = 0
    register: int = 0
    polyphony: int = 0
    level: int = 10


@dataclass(frozen=True, slots=True)
class BarPlan:
    """What a bar is told to be: values of the ranges of the same names; chords of each half in the home key."""

    metre: int
    section: int = 0
    phrase: int = 0
    energy: int = 0
    chords: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Window:
    """Some bars of some tracks, with the cells that are wanted.

    Attributes:
        style, minor, tempo: values of STYLE, MODE and TEMPO.
        plan: one entry a bar, at most `BARS`.
        heads: one a track, at most `TRACKS`.
        cells: rows by cell, in the home key, bars counted in the window; an absent cell is empty.
        wanted: cells that are filled; the others are given.
    """

    style: int
    minor: int
    tempo: int
    plan: tuple[BarPlan, ...]
    heads: tuple[Head, ...]
    cells: Mapping[Cell, Rows] = field(default_factory=dict)
    wanted: frozenset[Cell] = frozenset()


@dataclass(frozen=True, slots=True)
class Block:
    """A bar's cells of some tracks, given or wanted."""

    fill: bool
    bar: int
    tracks: tuple[int, ...]


def layout(window: Window) -> list[Block]:
    """The blocks of a window in order. See the module's docstring."""
    bars, tracks = len(window.plan), range(len(window.heads))
    given = [tuple(t for t in tracks if (b, t) not in window.wanted) for b in range(bars)]
    out: list[Block] = []
    said = 0
    for bar in range(bars):
        wanted = tuple(t for t in tracks if (bar, t) in window.wanted)
        upto = bar + 1
        if wanted:
            again = (b for b in range(bar + 1, bars) if all((b, t) not in window.wanted for t in wanted))
            upto = max(min(bar + 2, bars), next(again, bar) + 1)
        for b in range(said, upto):
            sounding = tuple(t for t in given[b] if len(window.cells.get((b, t), NO_ROWS)))
            if sounding:
                out.append(Block(False, b, sounding))
        said = max(said, upto)
        if wanted:
            out.append(Block(True, bar, wanted))
    return out


def encode(window: Window) -> list[int]:
    """The tokens of a window."""
    out = opening(window)
    for block in layout(window):
        out += block_opening(window, block)
        for track in block.tracks:
            out.append(TRACK.first + track)
            out += cell_tokens(window.cells.get((block.bar, track), NO_ROWS), window.heads[track])
    out.append(EOS.first)
    return out


def opening(window: Window) -> list[int]:
    """Head, plan and tracks."""
    out = [BOS.first, STYLE.first + window.style, MODE.first + window.minor, TEMPO.first + window.tempo]
    before: BarPlan | None = None
    for k, bar in enumerate(window.plan):
        out.append(BAR.first + k)
        if before is None or bar.metre != before.metre:
            out.append(METRE.first + bar.metre)
        if before is None or bar.section != before.section:
            out.append(SECTION.first + bar.section)
        out += [PHRASE.first + bar.phrase, ENERGY.first + bar.energy, *_chord_tokens(bar)]
        before = bar
    for k, head in enumerate(window.heads):
        out += [
            TRACK.first + k, GROUP.first + head.group, ROLE.first + head.role, DENSITY.first + head.density,
            REGISTER.first + head.register, POLYPHONY.first + head.polyphony, VELOCITY.first + head.level,
        ]  # fmt: skip
    return out


def block_opening(window: Window, block: Block) -> list[int]:
    """What stands before a block's cells."""
    if not block.fill:
        return [CONTEXT.first + block.bar]
    return [FILL.first + block.bar, *_chord_tokens(window.plan[block.bar])]


def _chord_tokens(bar: BarPlan) -> list[int]:
    first, second = bar.chords
    return [CHORD.first + first] if first == second else [CHORD.first + first, CHORD.first + second]


def cell_tokens(rows: Rows, head: Head) -> list[int]:
    """The tokens of a cell."""
    out: list[int] = []
    place, level = -1, head.level
    for _, where, pitch, duration, loud in rows.tolist():
        if where != place:
            out.append(POSITION.first + where)
            place = where
        if loud != level:
            out.append(VELOCITY.first + loud)
            level = loud
        if head.drum:
            out.append(DRUM.first + pitch - DRUM_LOW)
        else:
            out += (PITCH.first + pitch, DURATION.first + duration_index(duration))
    return out


def decode(tokens: Iterable[int]) -> Window:
    """The window that a legal sequence means (`grammar.Grammar` says what is legal); EOS may be missing."""
    style = minor = tempo = 0
    plan: list[BarPlan] = []
    heads: list[Head] = []
    found: dict[Cell, list[tuple[int, int, int, int, int]]] = {}
    wanted: set[Cell] = set()
    values: dict[str, int] = {}
    block: tuple[bool, int] | None = None
    cell: Cell = (0, 0)
    place = level = 0
    for token in tokens:
        kind = kind_of(token)
        value = token - kind.first
        if kind is STYLE:
            style = value
        elif kind is MODE:
            minor = value
        elif kind is TEMPO:
            tempo = value
        elif kind is BAR:
            values = {"metre": values.get("metre", 0), "section": values.get("section", 0)}
            plan.append(BarPlan(0))
        elif kind in (METRE, SECTION, PHRASE, ENERGY):
            values[kind.name.lower()] = value
        elif kind is CHORD and block is None:
            chords = (values["chord"], value) if "chord" in values else (value, value)
            values["chord"] = value
            plan[-1] = BarPlan(values["metre"], values["section"], values["phrase"], values["energy"], chords)
        elif kind in (CONTEXT, FILL):
            block = (kind is FILL, value)
        elif kind is TRACK and block is not None:
            cell, level = (block[1], value), heads[value].level
            found[cell] = []
            if block[0]:
                wanted.add(cell)
        elif block is None and kind in (GROUP, ROLE, DENSITY, REGISTER, POLYPHONY):
            values[kind.name.lower()] = value
        elif block is None and kind is VELOCITY:
            named = {n: values[n] for n in ("group", "role", "density", "register", "polyphony")}
            heads.append(Head(**named, drum=named["group"] == GROUP.size - 1, level=value))
        elif kind is POSITION:
            place = value
        elif kind is VELOCITY:
            level = value
        elif kind is DRUM:
            found[cell].append((cell[0], place, value + DRUM_LOW, DRUM_LENGTH, level))
        elif kind is PITCH:
            pitch = value
        elif kind is DURATION:
            found[cell].append((cell[0], place, pitch, DURATIONS[value], level))
    cells = {c: np.array(rows, dtype=ROW_DTYPE) for c, rows in found.items() if rows}
    return Window(style, minor, tempo, tuple(plan), tuple(heads), cells, frozenset(wanted))


def head_of(part: Part, rows: Rows, slots: Ints, shift: int) -> Head:
    """What a part is in some bars, measured: onsets a quarter note where it plays, mean pitch in the home key, voices.

    `rows` lie in bars whose lengths are `slots`, counted from the first of them.
    """
    if not len(rows):
        return Head(part.group, part.role, part.drum)
    playing = np.unique(rows["bar"])
    quarters = float(slots[playing].sum()) / SLOTS
    onsets = len(np.unique(rows["bar"].astype(np.int64) * 1024 + rows["place"]))
    levels = np.bincount(rows["level"])
    density, level = density_class(onsets / quarters), int(levels.argmax())
    if part.drum:
        return Head(part.group, part.role, True, density, 0, 0, level)
    mean = float(rows["pitch"].mean()) - shift
    return Head(part.group, part.role, False, density, register_class(mean), min(voices(rows, slots), 6), level)


def voices(rows: Rows, slots: Ints) -> int:
    """The most notes that sound at once; a slur of a 32nd note does not count."""
    starts = np.concatenate(([0], np.cumsum(slots)))[rows["bar"]] + rows["place"]
    ends = np.sort(starts + np.maximum(1, rows["duration"].astype(np.int64) - SLOTS // 8))
    starts = np.sort(starts)
    sounding = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, side="right")
    return int(sounding.max())


def bar_plan(sheet: Sheet, bar: int, shift: int) -> BarPlan:
    """What a bar of a sheet is, in the home key of a window."""
    a, b = (moved_chord(int(c), -shift) for c in sheet.chords[bar])
    return BarPlan(int(sheet.metre[bar]), int(sheet.section[bar]), int(sheet.phrase[bar]), int(sheet.energy[bar]), (a, b))


def take(
    sheet: Sheet, first: int, end: int, parts: Iterable[int], wanted: frozenset[Cell] = frozenset(), home: int | None = None
) -> Window:
    """A window of a sheet: bars from `first` up to `end`, some of its parts, cells counted in the window.

    `home` is the bar whose key is the home key (default: the first).
    """
    home = first if home is None else home
    shift = int(sheet.shift[home])
    heads, cells = [], {}
    for track, index in enumerate(parts):
        part = sheet.parts[index]
        i, j = np.searchsorted(part.rows["bar"], [first, end])
        rows = part.rows[i:j].copy()
        rows["bar"] -= first
        heads.append(head_of(part, rows, sheet.slots[first:end], shift))
        if not part.drum:
            rows["pitch"] = _in_midi(rows["pitch"].astype(np.int64) - shift)
        edges = np.searchsorted(rows["bar"], np.arange(end - first + 1))
        cells.update({(b, track): rows[edges[b] : edges[b + 1]] for b in range(end - first) if edges[b + 1] > edges[b]})
    plan = tuple(bar_plan(sheet, b, shift) for b in range(first, end))
    return Window(sheet.style, int(sheet.minor[home]), tempo_class(sheet.tempo), plan, tuple(heads), cells, wanted)


def _in_midi(pitch: Ints) -> Ints:
    """Pitches an octave back where the move to the home key left MIDI's range."""
    return np.where(pitch < 0, pitch + 12, np.where(pitch > 127, pitch - 12, pitch))
