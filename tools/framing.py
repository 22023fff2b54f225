"""What a piece's frame says over a stretch of bars, told from the stretch's first bar on.

Two stretches are the same music in the frame where all their parts are equal, wherever they stand: the tempo at every tick, the
metre and the key of every bar, where sections begin, what they are called, the chord at every tick.
"""

from collections.abc import Callable, Iterable, Iterator

from ripieno.score.piece import Piece, Section
from ripieno.tools.scope import OPEN, Span

Told = tuple[object, ...]


def frame_over(piece: Piece, span: Span, part: str, *, to_the_end: bool = False) -> Told:
    """One part of the frame (a name of `base.FRAME` but for bars) over the bars of `span`.

    `to_the_end`: the stretch also holds what comes after its last bar line.
    """
    return _PARTS[part](piece, span, to_the_end)


def rest_of(bars: int, spans: Iterable[Span]) -> Iterator[Span]:
    """The stretches of a piece of so many bars that lie in none of the spans."""
    at = 0
    for first, end in sorted(spans):
        if at < first:
            yield at, first
        at = max(at, end)
    if at < bars:
        yield at, bars


def _ticks(piece: Piece, span: Span, to_the_end: bool) -> Span:
    return piece.timeline.bar_start(span[0]), OPEN if to_the_end else piece.timeline.bar_start(span[1])


def _tempos(piece: Piece, span: Span, to_the_end: bool) -> Told:
    first, end = _ticks(piece, span, to_the_end)
    rows = [(0, piece.timeline.tempo_at(first))]
    rows += [(t.tick - first, t.bpm) for t in piece.timeline.tempos if first < t.tick < end]
    return tuple(row for i, row in enumerate(rows) if i == 0 or rows[i - 1][1] != row[1])


def _metres(piece: Piece, span: Span, to_the_end: bool) -> Told:
    return tuple(piece.timeline.metre_at(bar) for bar in range(*span))


def _keys(piece: Piece, span: Span, to_the_end: bool) -> Told:
    return tuple(piece.key_at(bar) for bar in range(*span))


def _chords(piece: Piece, span: Span, to_the_end: bool) -> Told:
    first, end = _ticks(piece, span, to_the_end)
    rows: list[tuple[int, int, object]] = []
    for c in piece.chords:
        a, b = max(c.start, first), min(c.end, end)
        if a < b:
            rows.append((a - first, b - first, c.chord))
    return tuple(rows)


def _section_rows(piece: Piece, span: Span) -> Iterator[tuple[int, Section]]:
    """(first bar within the span, section); a piece that is not divided is one section."""
    for s in piece.sections or (Section("Piece", 0, piece.bars),):
        if s.first_bar < span[1] and s.end_bar > span[0]:
            yield max(0, s.first_bar - span[0]), s


def _sections(piece: Piece, span: Span, to_the_end: bool) -> Told:
    return tuple((at, s.energy, s.label) for at, s in _section_rows(piece, span))


def _names(piece: Piece, span: Span, to_the_end: bool) -> Told:
    names: list[str] = []
    for bar in range(*span):
        names.append(next((s.name for s in piece.sections if s.first_bar <= bar < s.end_bar), "Piece"))
    return tuple(names)


_PARTS: dict[str, Callable[[Piece, Span, bool], Told]] = {
    "tempos": _tempos,
    "metres": _metres,
    "keys": _keys,
    "chords": _chords,
    "sections": _sections,
    "names": _names,
}
