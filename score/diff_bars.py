"""Which bars of two pieces are the same music: what was cut, put in, copied, moved, drawn out or pressed together.

Each track is looked at in its own way (by its notes, by its rhythm, or not at all where little of it is left), so that a part
that fell silent or was transposed does not make all bars look new.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction

import numpy as np

from ripieno.score.piece import NOTE_DTYPE, Notes, Piece, Track

_KEPT = 0.4  # share of a track's sounding bars that must be found again for it to tell which bars are which
_FOUND_BY_MOVING = 0.1  # share of all bars that must stand elsewhere before bars are thought to have moved
_RATIOS = {Fraction(n) for n in (2, 3, 4)} | {Fraction(1, n) for n in (2, 3, 4)}
Span = tuple[int, int]


@dataclass
class Matching:
    """What became of the bars.

    Attributes:
        pairs: (old bar, new bar) to be compared, in order of the new bars.
        cut: spans of old bars that are gone.
        put_in: (span of new bars, old bars that they copy or None).
        moved: (span of old bars, span of new bars).
        stretched: (span of old bars, span of new bars, factor): the same notes, all places and lengths times the factor.
    """

    pairs: list[tuple[int, int]] = field(default_factory=list)
    cut: list[Span] = field(default_factory=list)
    put_in: list[tuple[Span, Span | None]] = field(default_factory=list)
    moved: list[tuple[Span, Span]] = field(default_factory=list)
    stretched: list[tuple[Span, Span, Fraction]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether every bar stands where it stood."""
        return not (self.cut or self.put_in or self.moved or self.stretched)


def match_bars(before: Piece, after: Piece) -> Matching:
    """The bars of `after` found in `before`."""
    whole = Matching(stretched=[((0, before.bars), (0, after.bars), r) for r in _stretch(before, after, (0, before.bars),
                                                                                     (0, after.bars))])  # fmt: skip
    if whole.stretched:
        return whole
    identity = Matching(pairs=[(bar, bar) for bar in range(min(before.bars, after.bars))])
    if before.bars == after.bars and not _elsewhere(before, after):
        return identity
    old, new = _signatures(before, after)
    found = Matching()
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        shared = min(b - a, d - c)
        ratio = _stretch(before, after, (a, b), (c, d)) if kind == "replace" and b - a != d - c else []
        if ratio:
            found.stretched.append(((a, b), (c, d), ratio[0]))
            continue
        if kind == "replace" and _is_move(old, new, (a, b), (c, d)):
            shared = 0
        found.pairs += [(a + i, c + i) for i in range(shared)]
        if b - a > shared:
            found.cut.append((a + shared, b))
        if d - c > shared:
            span = (c + shared, d)
            found.put_in.append((span, _copied(new[span[0] : span[1]], old)))
    _pair_moves(found, old, new)
    found.pairs.sort(key=lambda p: p[1])
    if before.bars == after.bars and sum(old[a] == new[b] for a, b in found.pairs) <= sum(map(bytes.__eq__, old, new)):
        return identity
    return found


def bars_of(track: Track, piece: Piece) -> list[Notes]:
    """The notes of each bar, with starts counted from the bar line; what starts after the last bar goes with it."""
    lines = np.array([piece.timeline.bar_start(bar) for bar in range(piece.bars)], np.int64)
    cuts = np.searchsorted(track.notes["start"], lines[1:])
    rows = []
    for bar, notes in enumerate(np.split(track.notes, cuts)):
        moved = notes.copy()
        moved["start"] -= lines[bar]
        rows.append(moved)
    return rows


def _common(before: Piece, after: Piece) -> list[tuple[Track, Track]]:
    now = {t.id: t for t in after.tracks}
    return [(t, now[t.id]) for t in before.tracks if t.id in now]


def _by_notes(notes: Notes) -> bytes:
    return notes.tobytes()


def _by_rhythm(notes: Notes) -> bytes:
    return notes["start"].tobytes() if len(notes) else b""


def _signatures(before: Piece, after: Piece) -> tuple[list[bytes], list[bytes]]:
    """What stands in each bar, as far as it helps to know the bar again."""
    olds: list[list[bytes]] = []
    news: list[list[bytes]] = []
    for was, now in _common(before, after):
        rows = bars_of(was, before), bars_of(now, after)
        for look in (_by_notes, _by_rhythm):
            a, b = [look(r) for r in rows[0]], [look(r) for r in rows[1]]
            ours, theirs = Counter(x for x in a if x), Counter(x for x in b if x)
            if (ours & theirs).total() >= _KEPT * max(1, min(ours.total(), theirs.total())) and ours and theirs:
                olds.append(a)
                news.append(b)
                break
    return _joined(olds, before.bars), _joined(news, after.bars)


def _joined(rows: list[list[bytes]], bars: int) -> list[bytes]:
    return [b"|".join(row[bar] for row in rows) for bar in range(bars)]


def _elsewhere(before: Piece, after: Piece) -> bool:
    """Whether pieces of one length hold the same bars in another order: more of them elsewhere than in their place."""
    old, new = _signatures(before, after)
    sounding = [i for i, x in enumerate(new) if x.strip(b"|")]
    here = sum(old[i] == new[i] for i in sounding)
    anywhere = (Counter(old[i] for i in range(len(old)) if old[i].strip(b"|")) & Counter(new[i] for i in sounding)).total()
    return anywhere - here > max(1, _FOUND_BY_MOVING * len(new))


def _is_move(old: Sequence[bytes], new: Sequence[bytes], a: Span, c: Span) -> bool:
    """Whether what stands in a changed stretch came from elsewhere: then its bars are not the old ones, changed."""
    fresh = [x for x in new[c[0] : c[1]] if x.strip(b"|")]
    known = set(old) - set(old[a[0] : a[1]])
    return bool(fresh) and sum(x in known for x in fresh) > len(fresh) / 2


def _copied(bars: Sequence[bytes], old: Sequence[bytes]) -> Span | None:
    if not any(b.strip(b"|") for b in bars):
        return None
    return next(((i, i + len(bars)) for i in range(len(old) - len(bars) + 1) if old[i : i + len(bars)] == bars), None)


def _pair_moves(found: Matching, old: Sequence[bytes], new: Sequence[bytes]) -> None:
    """Turns a cut and a copy of the same bars into a move."""
    for span, source in list(found.put_in):
        for cut in list(found.cut):
            if source is not None and cut[0] <= source[0] and source[1] <= cut[1]:
                found.put_in.remove((span, source))
                found.cut.remove(cut)
                found.cut += [(a, b) for a, b in ((cut[0], source[0]), (source[1], cut[1])) if a < b]
                found.moved.append((source, span))
                found.pairs += [(source[0] + i, span[0] + i) for i in range(span[1] - span[0])]
                break
            if source is None and cut[1] - cut[0] == span[1] - span[0] and old[cut[0] : cut[1]] == new[span[0] : span[1]]:
                found.put_in.remove((span, source))
                found.cut.remove(cut)
                found.moved.append((cut, span))
                found.pairs += [(cut[0] + i, span[0] + i) for i in range(span[1] - span[0])]
                break


def _stretch(before: Piece, after: Piece, a: Span, c: Span) -> list[Fraction]:
    """The factor by which bars `c` of the new piece are bars `a` of the old, drawn out; empty where they are not."""
    ratio = Fraction(c[1] - c[0], max(1, a[1] - a[0]))
    if ratio not in _RATIOS:
        return []
    alike = 0
    for was, now in _common(before, after):
        x, y = window(was, before, a), window(now, after, c)
        if len(x) or len(y):
            alike += 1 if stretched(x, y, ratio) else -1
    return [ratio] if alike > 0 else []


def stretched(old: Notes, new: Notes, ratio: Fraction) -> bool:
    """Whether notes are the old ones with all places times `ratio`."""
    return (
        len(old) == len(new)
        and np.array_equal(old["pitch"], new["pitch"])
        and bool(np.allclose(old["start"] * float(ratio), new["start"], atol=1))
    )


def window(track: Track, piece: Piece, span: Span) -> Notes:
    """A track's notes in some bars, counted from their start, by start and pitch."""
    first = piece.timeline.bar_start(span[0])
    end = piece.timeline.bar_start(span[1]) if span[1] < piece.bars else np.iinfo(np.int32).max
    rows = track.notes[(track.notes["start"] >= first) & (track.notes["start"] < end)].copy()
    rows["start"] -= first
    return np.sort(rows, order=["start", "pitch"]) if len(rows) else np.zeros(0, NOTE_DTYPE)
