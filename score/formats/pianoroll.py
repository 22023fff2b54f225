"""The piano roll as a PNG: time to the right, pitch upwards, a colour for each track, sections and chords along the top."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ripieno.score.formats.percussion import drum
from ripieno.score.piece import Piece, Track
from ripieno.score.pitch import pitch_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stay apart for most eyes (after P. Tol's "bright" and "muted" schemes, 2021), used in turn.
COLOURS = (
    "#4477AA", "#EE6677", "#228833", "#AA7700", "#66CCEE", "#AA3377", "#882255", "#44AA99", "#332288", "#999933",
    "#DDAA33", "#117733", "#EE8866", "#777777", "#6A51A3", "#BBCC33", "#8C510A", "#FF6FB5", "#00A6A6", "#BB5566",
)  # fmt: skip
_INK, _PAPER, _GRID = "#222222", "#ffffff", "#d9dde3"
_BAND = ("#eef1f6", "#e0e6ef")  # sections in turn
_DPI = 110
_MIN_INCHES, _MAX_INCHES = 11.0, 42.0
_INCHES_A_BAR = 0.42
_TITLE, _HEAD, _LEGEND_ROW = 0.45, 0.6, 0.22  # inches: the title; sections and chords; a row of the legend
_SIGN_INCHES = 0.075  # room that a letter of a chord symbol needs
_BLACK = "#f4f6f9"  # rows of the black keys


def draw_piano_roll(piece: Piece) -> bytes:
    """A PNG of the piece. Velocity shows as opacity; drums stand in a lane of their own with the names of the drums."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pitched = [t for t in piece.tracks if not t.is_drum and len(t.notes)]
    drums = [t for t in piece.tracks if t.is_drum and len(t.notes)]
    keys = sorted({int(p) for t in drums for p in np.unique(t.notes["pitch"])})
    low, high = _range(pitched)
    width = min(_MAX_INCHES, max(_MIN_INCHES, _INCHES_A_BAR * piece.bars + 1.6))
    upper = max(2.6, 0.075 * (high - low + 1)) if pitched else 0.4
    lower = 0.17 * len(keys) if keys else 0.0
    rows = -(-len(piece.tracks) // max(3, int(width / 2.6)))
    foot = 0.45 + _LEGEND_ROW * rows  # bar numbers and the legend
    height = _TITLE + _HEAD + upper + lower + foot
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        3 if keys else 2, 1, height_ratios=[_HEAD, upper, lower] if keys else [_HEAD, upper], hspace=0.03,
        left=1.0 / width, right=1.0 - 0.3 / width, bottom=foot / height, top=1.0 - _TITLE / height,
    )  # fmt: skip
    head = figure.add_subplot(grid[0])
    roll = figure.add_subplot(grid[1], sharex=head)
    _heading(head, piece, width)
    colours = {t.id: COLOURS[i % len(COLOURS)] for i, t in enumerate(piece.tracks)}
    for track in pitched:
        _bars(roll, track, track.notes["pitch"].astype(float), colours[track.id], 0.86)
    roll.set_ylim(low - 1, high + 1)
    for pitch in range(low - 1, high + 2):
        if "#" in pitch_name(pitch):
            roll.axhspan(pitch - 0.5, pitch + 0.5, color=_BLACK, lw=0, zorder=-1)
    roll.set_yticks([p for p in range(low, high + 1) if p % 12 == 0])
    roll.set_yticklabels([pitch_name(p) for p in range(low, high + 1) if p % 12 == 0], fontsize=8)
    lanes = [roll]
    if keys:
        lane = figure.add_subplot(grid[2], sharex=head)
        place = {key: i for i, key in enumerate(keys)}
        for track in drums:
            _bars(lane, track, np.array([place[int(p)] for p in track.notes["pitch"]], float), colours[track.id], 0.7)
        lane.set_ylim(-0.8, len(keys) - 0.2)
        lane.set_yticks(range(len(keys)))
        lane.set_yticklabels([drum(k).name for k in keys], fontsize=7)
        lanes.append(lane)
    for axes in lanes:
        _frame(axes, piece, last=axes is lanes[-1])
    _legend(figure, piece.tracks, colours, width)
    out = io.BytesIO()
    figure.savefig(out, format="png", bbox_inches="tight", pad_inches=0.15, metadata={"Software": None})
    return out.getvalue()


def _range(tracks: Sequence[Track]) -> tuple[int, int]:
    if not tracks:
        return 60, 72
    low = min(int(t.notes["pitch"].min()) for t in tracks)
    high = max(int(t.notes["pitch"].max()) for t in tracks)
    middle = (low + high) // 2
    return min(low, middle - 12), max(high, middle + 12)


def _bars(axes: "Axes", track: Track, rows: "np.ndarray[Any, np.dtype[np.float64]]", colour: str, height: float) -> None:
    """The notes of a track as one collection of rectangles."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    notes = track.notes
    start = notes["start"].astype(float)
    length = notes["duration"].astype(float)
    if track.is_drum:
        length = np.minimum(length, 90.0)
    left, right, bottom, top = start, start + length, rows - height / 2, rows + height / 2
    corners = np.stack([np.stack([left, bottom], 1), np.stack([left, top], 1), np.stack([right, top], 1),
                        np.stack([right, bottom], 1)], 1)  # fmt: skip
    colours = np.tile(to_rgba(colour), (len(notes), 1))
    colours[:, 3] = 0.35 + 0.6 * notes["velocity"] / 127.0
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors=colour, linewidths=0.35))


def _heading(axes: "Axes", piece: Piece, width: float) -> None:
    """Title, bands of the sections, chord symbols as densely as they can be read."""
    line = piece.timeline.bar_start
    axes.set_xlim(0, piece.ticks)
    axes.set_ylim(0, 2)
    axes.axis("off")
    metre, bpm = piece.timeline.metre_at(0), piece.timeline.tempo_at(0)
    axes.set_title(f"{piece.title}    {piece.key}, {metre}, {bpm:g} to the minute, {piece.bars} bars", fontsize=11,
                   color=_INK, loc="left", pad=8)  # fmt: skip
    for i, section in enumerate(piece.sections):
        first, end = line(section.first_bar), line(section.end_bar)
        axes.axvspan(first, end, ymin=0.52, ymax=0.98, color=_BAND[i % 2], lw=0)
        axes.text(first + (end - first) / 2, 1.5, section.name, ha="center", va="center", fontsize=9, color=_INK, clip_on=True)
    ticks_an_inch = piece.ticks / max(width - 1.6, 1.0)
    place = 0.0
    shown = ""
    for span in piece.chords:
        text = _signed(span.chord.symbol)
        if text == shown or span.start < place:
            continue
        axes.text(span.start, 0.45, text, fontsize=7.5, va="center", color=_INK, clip_on=True)
        shown = text
        place = span.start + (len(text) + 1.5) * _SIGN_INCHES * ticks_an_inch


def _signed(symbol: str) -> str:
    """A chord symbol with real sharps and flats."""
    return re.sub(r"b(?=\d)", "♭", re.sub(r"(?<=[A-G])b", "♭", symbol.replace("#", "♯")))


def _frame(axes: "Axes", piece: Piece, *, last: bool) -> None:
    """Bar lines, section borders, bar numbers under the lowest lane."""
    line = piece.timeline.bar_start
    step = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096) if piece.bars / s <= 40)
    for bar in range(0, piece.bars + 1, max(1, step // 4)):
        axes.axvline(line(bar), color=_GRID, lw=0.5, zorder=0)
    for section in piece.sections:
        axes.axvline(line(section.first_bar), color="#8a93a3", lw=0.9, zorder=0.5)
    axes.set_xlim(0, piece.ticks)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelbottom=last)
    axes.set_xticks([line(b) for b in range(0, piece.bars, step)])
    axes.set_xticklabels([str(b + 1) for b in range(0, piece.bars, step)], fontsize=8)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    for label in axes.get_yticks():
        axes.axhline(label, color=_GRID, lw=0.4, zorder=0)


def _legend(figure: Any, tracks: Sequence[Track], colours: dict[str, str], width: float) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colours[t.id], label=f"{t.name} ({t.role})") for t in tracks]
    columns = max(1, min(len(handles), int(width / 2.6)))
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=columns, frameon=False, fontsize=8.5)
