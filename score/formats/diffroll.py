"""Two piano rolls one above the other, the music before and after an edit, what changed in colour.

What stayed is grey, also where bars before it came or went; what moved with its bars to another place is violet. Before: what
is gone is red. After: what is new is green, what only sounds louder, softer, longer or shorter is blue. Bars that changed are
marked along the top of the lower roll.
"""

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ripieno.score.diff_bars import match_bars
from ripieno.score.piece import Notes, Piece

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KEPT, _GONE, _NEW, _TOUCHED, _MOVED = "#b9bfc9", "#cc3311", "#118844", "#3366bb", "#8a5cb8"
_INK, _GRID, _MARK = "#222222", "#d9dde3", "#f3e3a1"
_DPI, _INCHES_A_BAR, _MIN_INCHES, _MAX_INCHES = 110, 0.42, 11.0, 42.0
Floats = npt.NDArray[np.float64]
Place = tuple[int, int, int]  # matched bar, ticks into it, pitch
_DRUM_ROOM = 3  # rows between the pitches and the drums


def draw_difference(before: Piece, after: Piece) -> bytes:
    """A PNG of both pieces on one scale of bars and pitches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    bars = max(before.bars, after.bars)
    width = min(_MAX_INCHES, max(_MIN_INCHES, _INCHES_A_BAR * bars + 1.6))
    low, high, drums = _rows(before, after)
    figure = Figure(figsize=(width, 2 * max(2.4, 0.055 * (high - low)) + 1.2), dpi=_DPI, facecolor="#ffffff")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1)
    olds, news = _tracks(before), _tracks(after)
    matching = match_bars(before, after)
    changed: set[int] = {bar for _, new in matching.moved for bar in range(*new)}
    forth, here = dict(matching.pairs), {b: b for _, b in matching.pairs}
    for axes, piece, mine, bars_here, others, other, bars_there, fresh in (
        (upper, before, olds, forth, news, after, here, _GONE), (lower, after, news, here, olds, before, forth, _NEW),
    ):  # fmt: skip
        _frame(axes, piece, bars, low, high)
        shifted = {bar for old, new in matching.moved for bar in range(*(old if piece is before else new))}
        layers: dict[str, list[tuple[Notes, Floats]]] = {_KEPT: [], _MOVED: [], _TOUCHED: [], fresh: []}
        for id_, (notes, is_drum) in mine.items():
            there = _known(others[id_][0], other, bars_there) if id_ in others else {}
            kind = _kinds(notes, _placed(notes, piece, bars_here), there)
            rows = np.array([drums[int(p)] for p in notes["pitch"]], float) if is_drum else notes["pitch"].astype(float)
            moved = np.array([piece.timeline.bar_at(int(t)) in shifted for t in notes["start"]], bool)
            for colour, chosen in ((_KEPT, (kind == 0) & ~moved), (_MOVED, (kind == 0) & moved), (_TOUCHED, kind == 1),
                                   (fresh, kind == 2)):  # fmt: skip
                layers[colour].append((notes[chosen], rows[chosen]))
            touched = {piece.timeline.bar_at(int(t)) for t in notes["start"][kind > 0]}
            changed |= touched if piece is after else {forth[bar] for bar in touched if bar in forth}
        for depth, (colour, layer) in enumerate(layers.items()):  # what changed lies over what was kept, in any track
            for notes, rows in layer:
                _draw(axes, notes, rows, colour, 2 + depth)
    for bar in sorted(b for b in changed if b < after.bars):
        lower.axvspan(after.timeline.bar_start(bar), after.timeline.bar_start(bar + 1), ymin=0.97, color=_MARK, lw=0)
    upper.set_title(f"{before.title}: before", fontsize=10, color=_INK, loc="left")
    lower.set_title("after", fontsize=10, color=_INK, loc="left")
    handles = [Patch(color=c, label=t) for c, t in ((_KEPT, "kept"), (_GONE, "gone"), (_NEW, "new"),
                                                   (_TOUCHED, "louder, softer, longer or shorter"),
                                                   (_MOVED, "moved with its bars"))]  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=5, frameon=False, fontsize=8.5)
    figure.subplots_adjust(left=0.8 / width, right=1 - 0.2 / width, bottom=0.12, top=0.95, hspace=0.28)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _tracks(piece: Piece) -> dict[str, tuple[Notes, bool]]:
    """The notes that are heard, by track; muted tracks hold none."""
    return {t.id: (t.notes if not t.mix.muted else t.notes[:0], t.is_drum) for t in piece.tracks}


def _rows(before: Piece, after: Piece) -> tuple[int, int, dict[int, int]]:
    """Lowest and highest row, and the row of each key of a kit, below the pitches."""
    tracks = [*before.tracks, *after.tracks]
    pitches = [int(p) for t in tracks if not t.is_drum for p in np.unique(t.notes["pitch"])] or [60, 72]
    keys = sorted({int(p) for t in tracks if t.is_drum for p in np.unique(t.notes["pitch"])})
    base = min(pitches) - _DRUM_ROOM - len(keys)
    return (base if keys else min(pitches) - 1), max(pitches) + 1, {key: base + i for i, key in enumerate(keys)}


def _placed(notes: Notes, piece: Piece, bars: dict[int, int]) -> list[Place | None]:
    """Where each note stands once its bar is matched: (matched bar, ticks into it, pitch); None in bars of one piece alone."""
    found: list[Place | None] = []
    for start, _, pitch, _ in notes.tolist():
        bar = min(piece.timeline.bar_at(start), piece.bars - 1)
        place = bars.get(bar)
        found.append(None if place is None else (place, start - piece.timeline.bar_start(bar), pitch))
    return found


def _known(notes: Notes, piece: Piece, bars: dict[int, int]) -> dict[Place, tuple[int, int]]:
    """Length and velocity of the notes by place."""
    rows = zip(_placed(notes, piece, bars), notes.tolist(), strict=True)
    return {place: (row[1], row[3]) for place, row in rows if place is not None}


def _kinds(
    notes: Notes, places: list[Place | None], there: dict[Place, tuple[int, int]]
) -> npt.NDArray[np.int64]:
    """0: the same there; 1: there with another length or velocity; 2: not there."""
    found = []
    for place, (_, duration, _, velocity) in zip(places, notes.tolist(), strict=True):
        same = there.get(place) if place is not None else None
        found.append(2 if same is None else int(same != (duration, velocity)))
    return np.array(found, np.int64)


def _frame(axes: "Axes", piece: Piece, bars: int, low: int, high: int) -> None:
    line = piece.timeline.bar_start
    step = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128, 256) if bars / s <= 40 or s == 256)
    for bar in range(0, bars + 1, step):
        axes.axvline(line(bar), color=_GRID, lw=0.5, zorder=0)
    for section in piece.sections:
        axes.axvline(line(section.first_bar), color="#8a93a3", lw=0.9, zorder=0.5)
        axes.text(line(section.first_bar), high + 0.5, f" {section.name}", fontsize=7.5, color=_INK, va="bottom", clip_on=True)
    axes.set_xlim(0, line(bars))
    axes.set_ylim(low - 1, high + 4)
    axes.set_xticks([line(b) for b in range(0, bars, step)])
    axes.set_xticklabels([str(b + 1) for b in range(0, bars, step)], fontsize=8)
    octaves = [p for p in range(max(low, 0), high + 1) if p % 12 == 0]
    axes.set_yticks(octaves)
    axes.set_yticklabels([f"C{p // 12 - 1}" for p in octaves], fontsize=8)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(_GRID)


def _draw(axes: "Axes", notes: Notes, rows: Floats, colour: str, layer: int) -> None:
    from matplotlib.collections import PolyCollection

    left = notes["start"].astype(float)
    right = left + np.maximum(notes["duration"].astype(float), 40.0)
    bottom, top = rows - 0.43, rows + 0.43
    corners = np.stack(
        [np.stack([left, bottom], 1), np.stack([left, top], 1), np.stack([right, top], 1), np.stack([right, bottom], 1)], 1
    )
    axes.add_collection(PolyCollection(list(corners), facecolors=colour, edgecolors=colour, linewidths=0.3, zorder=layer))
