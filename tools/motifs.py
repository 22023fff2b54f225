"""Where the opening idea of the tune comes back, and how it is changed."""

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.reading import GRID, read
from ripieno.score.analysis.skyline import melody
from ripieno.score.piece import Piece
from ripieno.score.pitch import pitch_name

_IDEA_BARS = 2
_MIN_NOTES = 3
_MOST_WRONG = 0.25  # share of intervals that may differ in a 'varied' return

Ints = npt.NDArray[np.int64]


def _tune(piece: Piece) -> tuple[Ints, Ints]:
    """Starts and pitches of the tune. Starts are ticks of the grid on which a listener would write it, however it is played."""
    tune = melody(read(piece))
    return tune.start * (piece.timeline.ppq // GRID), tune.pitch


def _bar_of_idea(piece: Piece, start: Ints) -> int | None:
    for bar in range(piece.bars):
        a, b = piece.timeline.bar_start(bar), piece.timeline.bar_start(min(piece.bars, bar + _IDEA_BARS))
        if ((start >= a) & (start < b)).sum() >= _MIN_NOTES:
            return bar
    return None


def _figure(piece: Piece, start: Ints, pitch: Ints, bar: int, scale: int = 1) -> tuple[Ints, Ints]:
    a = piece.timeline.bar_start(bar)
    length = piece.timeline.bar_start(min(piece.bars, bar + _IDEA_BARS)) - piece.timeline.bar_start(bar)
    inside = (start >= a) & (start < a + length * scale)
    return (start[inside] - a), pitch[inside]


def opening_idea(piece: Piece) -> str:
    """The notes of the opening idea, such as 'E5 F5 E5 D5'; '' where there is no tune."""
    start, pitch = _tune(piece)
    bar = _bar_of_idea(piece, start)
    if bar is None:
        return ""
    key = piece.key_at(bar)
    return " ".join(pitch_name(int(p), key.spell(int(p) % 12)) for p in _figure(piece, start, pitch, bar)[1])


def motif_table(piece: Piece) -> list[tuple[int, str]]:
    """(bar, how) of each return: 'exactly', 'a fourth higher'-like shifts, 'upside down', 'twice as slow', 'varied', ..."""
    start, pitch = _tune(piece)
    home = _bar_of_idea(piece, start)
    if home is None:
        return []
    places, idea = _figure(piece, start, pitch, home)
    found, bar = [], home + 1
    while bar < piece.bars:
        how = _relation(piece, start, pitch, bar, places, idea)
        if how:
            found.append((bar, how))
            bar += _IDEA_BARS
        else:
            bar += 1
    return found


def _relation(piece: Piece, start: Ints, pitch: Ints, bar: int, places: Ints, idea: Ints) -> str:
    here, notes = _figure(piece, start, pitch, bar)
    if len(notes) == len(idea):
        rhythm = bool((here == places).all())
        shift = notes - idea
        if (shift == shift[0]).all():
            moved = "exactly" if shift[0] == 0 else f"{abs(int(shift[0]))} semitones {'higher' if shift[0] > 0 else 'lower'}"
            return moved if rhythm else f"{moved}, in another rhythm"
        if rhythm and (np.sign(np.diff(notes)) == np.sign(np.diff(idea))).all():
            return "in sequence, with the same contour"
        if rhythm and (np.sign(np.diff(notes)) == -np.sign(np.diff(idea))).all() and np.diff(idea).any():
            return "upside down"
        if rhythm and np.mean(np.diff(notes) != np.diff(idea)) <= _MOST_WRONG:
            return "varied"
    slow, long_notes = _figure(piece, start, pitch, bar, 2)
    if len(long_notes) == len(idea) and (slow == 2 * places).all() and len(set((long_notes - idea).tolist())) == 1:
        return "twice as slow"
    return ""
