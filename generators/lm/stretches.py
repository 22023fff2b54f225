"""Long pieces in windows: which bars and tracks the model sees while it fills which cells.

Wanted bars are filled a few at a time. Each window holds bars before (filled ones are by then given) and after, and of the
other tracks those that tell most; it is made smaller until what it says and what is to come fit the context.
"""

from dataclasses import dataclass

import numpy as np

from ripieno.generators.lm.sheet import Sheet
from ripieno.generators.lm.vocabulary import ROLES
from ripieno.generators.lm.window import NO_ROWS, Cell, Window, cell_tokens, encode, take
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role

MOST_TRACKS = 8  # as in training
TOGETHER = 5  # tracks written together
_LEAST = 24  # tokens of a wanted cell that room is made for
BEFORE, FILLED, AFTER = 4, 8, 2  # bars
# Which given tracks are kept longest when there is no room for all.
_TELLING = (Role.LEAD, Role.BASS, Role.CHORDS, Role.DRUMS, Role.ARPEGGIO, Role.PAD, Role.RIFF, Role.COUNTERMELODY, Role.ANSWER,
            Role.PERCUSSION, Role.DRONE)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stretch:
    """One window to fill: bars of the sheet from `first`, the parts it holds in order, and the window itself."""

    first: int
    parts: tuple[int, ...]
    window: Window


def next_run(wanted: frozenset[Cell], done: int) -> tuple[int, int] | None:
    """The first run of bars (first, end) with wanted cells from bar `done` on, at most `FILLED` long; None for none."""
    bars = {b for b, _ in wanted if b >= done}
    if not bars:
        return None
    first = end = min(bars)
    while end in bars and end - first < FILLED:
        end += 1
    return first, end


def stretch_at(
    sheet: Sheet, wanted: frozenset[Cell], first: int, end: int, context: int, expected: dict[int, int]
) -> tuple[Stretch, int]:
    """The window that fills wanted cells (bar and part of the sheet) from bar `first`, and the bar that it fills up to.

    Args:
        sheet: the piece, with what was filled before in it.
        context: the model's context in tokens.
        expected: tokens that a wanted cell of each part will probably take.

    Raises:
        BadRequest: not even one bar of one track fits.
    """
    before, after = BEFORE, AFTER
    mine = sorted({p for b, p in wanted if first <= b < end})
    others = [p for p in by_telling(sheet) if p not in mine][: max(0, MOST_TRACKS - len(mine))]
    while True:
        left, right = max(0, first - before), min(sheet.bars, end + after)
        parts = tuple(sorted([*mine, *others]))
        place = {p: t for t, p in enumerate(parts)}
        cells = frozenset((b - left, place[p]) for b, p in wanted if first <= b < right and p in place)
        window = take(sheet, left, right, parts, cells, home=first)
        later = frozenset(c for c in cells if c[0] + left >= end)  # not yet its turn, and nothing is known of it
        window = _without(window, later)
        if _size(window, parts, expected) <= context:
            return Stretch(left, parts, window), end
        if after > 1:
            after -= 1
        elif before > 1:
            before -= 1
        elif end - first > 1:
            end = first + (end - first) // 2
        elif others:
            others = others[:-1]
        elif after:
            after = 0
        elif any(expected[p] > _LEAST for p in mine):  # cells are then cut short where the room ends
            expected = {p: min(n, max(_LEAST, n // 2)) for p, n in expected.items()}
        elif before:
            before = 0
        else:
            raise BadRequest("A bar of the tracks to write fits the model's context", value=f"bar {first + 1}",
                             cause=f"{len(mine)} tracks at once", cure="write fewer tracks, or let the theory engine do it")


def in_turns(sheet: Sheet, wanted: frozenset[Cell]) -> list[frozenset[Cell]]:
    """Wishes for many tracks as wishes for a few at a time, the most telling tracks first."""
    parts = [p for p in by_telling(sheet) if any(q == p for _, q in wanted)]
    groups = [parts[i : i + TOGETHER] for i in range(0, len(parts), TOGETHER)]
    return [frozenset(c for c in wanted if c[1] in group) for group in groups]


def by_telling(sheet: Sheet) -> list[int]:
    """Parts, those that tell most first."""
    rank = {ROLES.index(role): i for i, role in enumerate(_TELLING)}
    return sorted(range(len(sheet.parts)), key=lambda p: (rank[sheet.parts[p].role], p))


def _without(window: Window, cells: frozenset[Cell]) -> Window:
    """The window without wishes for some cells: they are empty, and given as such."""
    kept = {c: rows for c, rows in window.cells.items() if c not in cells}
    return Window(window.style, window.minor, window.tempo, window.plan, window.heads, kept, window.wanted - cells)


def _size(window: Window, parts: tuple[int, ...], expected: dict[int, int]) -> int:
    """Tokens of the window as it stands without its wanted cells, and those that they will probably take."""
    given = {c: rows for c, rows in window.cells.items() if c not in window.wanted}
    said = len(encode(Window(window.style, window.minor, window.tempo, window.plan, window.heads, given, window.wanted)))
    return said + sum(expected[parts[t]] for _, t in window.wanted)


def expected_tokens(sheet: Sheet, most: int = 120) -> dict[int, int]:
    """Tokens that a cell of each part takes in nine of ten bars in which it plays."""
    out = {}
    for index in range(len(sheet.parts)):
        whole = take(sheet, 0, sheet.bars, (index,))
        sizes = [len(cell_tokens(rows, whole.heads[0])) for rows in whole.cells.values() if rows is not NO_ROWS]
        out[index] = min(most, int(np.percentile(sizes, 90)) + 8) if sizes else 40
    return out
