"""Sections from the notes: phrases of equal length, labelled by what they share.

Self-similarity of phrases (J. Foote, "Visualizing music and audio using self-similarity", 1999), deviations: units are
phrases of eight or four bars instead of frames, and a phrase takes the label of the most similar one before it.
"""

import numpy as np
import numpy.typing as npt

from ripieno.score.piece import Piece, Section

_ALIKE = 0.8  # likeness from which two phrases share a label
_SLOTS = 16  # places of a bar that are told apart
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def find_sections(piece: Piece) -> tuple[Section, ...]:
    """Sections of whole phrases; phrases alike share a label, neighbours alike are one section of up to sixteen bars."""
    unit = 8 if piece.bars >= 24 else 4 if piece.bars >= 8 else piece.bars
    vectors = [_phrase(piece, first, min(first + unit, piece.bars)) for first in range(0, piece.bars, unit)]
    labels: list[int] = []
    for i, vector in enumerate(vectors):
        likeness = [(float(vector @ other), labels[k]) for k, other in enumerate(vectors[:i])]
        best = max(likeness, default=(0.0, -1))
        labels.append(best[1] if best[0] >= _ALIKE else max(labels, default=-1) + 1)
    sections: list[Section] = []
    for i, label in enumerate(labels):
        first, bars = i * unit, min(unit, piece.bars - i * unit)
        letter = _LETTERS[label % 26]
        if sections and sections[-1].label == letter and sections[-1].bars + bars <= 16:
            sections[-1] = Section(letter, sections[-1].first_bar, sections[-1].bars + bars, 0.5, letter)
        else:
            sections.append(Section(letter, first, bars, 0.5, letter))
    return _with_energy(piece, sections)


def _phrase(piece: Piece, first: int, end: int) -> npt.NDArray[np.float64]:
    """What a phrase sounds like: pitch classes and attacks by bar and place, as a unit vector (bars beyond four folded)."""
    rows = np.zeros((8, 12 + _SLOTS))
    line = piece.timeline
    for track in piece.tracks:
        for bar in range(first, end):
            a, b = line.bar_start(bar), line.bar_start(bar + 1)
            i, j = np.searchsorted(track.notes["start"], [a, b])
            notes = track.notes[i:j]
            if not len(notes):
                continue
            row = (bar - first) % 8
            place = ((notes["start"] - a) * _SLOTS // (b - a)).astype(int)
            np.add.at(rows[row], 12 + place, 1.0)
            if not track.is_drum:
                np.add.at(rows[row], notes["pitch"] % 12, 1.5)
    vector = np.sqrt(rows).ravel()
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _with_energy(piece: Piece, sections: list[Section]) -> tuple[Section, ...]:
    loud = []
    for s in sections:
        a, b = piece.timeline.bar_start(s.first_bar), piece.timeline.bar_start(s.end_bar)
        weight = sum(float(t.notes["velocity"][slice(*np.searchsorted(t.notes["start"], [a, b]))].sum()) for t in piece.tracks)
        loud.append(weight / s.bars)
    top = max(loud, default=0.0) or 1.0
    return tuple(
        Section(s.name, s.first_bar, s.bars, round(0.2 + 0.7 * weight / top, 2), s.label)
        for s, weight in zip(sections, loud, strict=True)
    )
