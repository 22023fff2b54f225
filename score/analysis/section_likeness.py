"""How alike two sections are to a listener: their tune as degrees of the key, its rhythm, and the harmony, bar by bar.

A return in another key, in the other mode or with ornaments is still a return, so pitches are degrees of the section's own
key, read on the beats. Knows nothing of names and labels.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.reading import GRID, Ints, Line, Reading
from ripieno.score.analysis.skyline import Tune, skyline
from ripieno.score.keys import Key
from ripieno.score.piece import Section

TUNE, RHYTHM, HARMONY = 0.5, 0.25, 0.25  # what each counts for
SAME_DEGREE, SAME_ONSETS = 0.2, 0.5  # what two unrelated tunes of one style have in common by chance, about
_FEW = 2  # beats on which both sound, below which tunes are not compared
_STEP = GRID // 4


@dataclass(frozen=True, eq=False)
class SectionSketch:
    """What a listener keeps of a section.

    Attributes:
        degrees: degree of the key that the tune sounds on each beat, -1 where it rests; shape (bars, most beats).
        onsets: which semiquavers of each bar the tune strikes; shape (bars, semiquavers).
        roots: degree of the chord root at each half of a bar, -1 for none; shape (bars, 2).
    """

    degrees: Ints
    onsets: Ints
    roots: Ints


@lru_cache(maxsize=16)
def section_sketches(reading: Reading) -> tuple[SectionSketch, ...]:
    """A sketch of each of the piece's sections."""
    _, roots = chord_grid(reading)
    return tuple(_sketch(reading, section, roots) for section in reading.piece.sections)


def likeness(a: SectionSketch, b: SectionSketch) -> float:
    """0..1: how much of the shorter section is the other again, from its beginning."""
    bars = min(len(a.degrees), len(b.degrees))
    if not bars:
        return 0.0
    width = min(a.degrees.shape[1], b.degrees.shape[1])
    one, two = a.degrees[:bars, :width], b.degrees[:bars, :width]
    both = (one >= 0) & (two >= 0)
    harmony = harmony_likeness(a, b)
    if int(both.sum()) < _FEW * bars // 2:
        return harmony
    tune = _beyond_chance(float((one == two)[both].mean()), SAME_DEGREE) * min(1.0, 2 * float(both.mean()))
    width = min(a.onsets.shape[1], b.onsets.shape[1])
    struck, again = a.onsets[:bars, :width] > 0, b.onsets[:bars, :width] > 0
    alike = 2 * (struck & again).sum(axis=1) / np.maximum(1, struck.sum(axis=1) + again.sum(axis=1))
    return TUNE * tune + RHYTHM * _beyond_chance(float(alike.mean()), SAME_ONSETS) + HARMONY * harmony


def _beyond_chance(share: float, chance: float) -> float:
    return max(0.0, (share - chance) / (1.0 - chance))


def harmony_likeness(a: SectionSketch, b: SectionSketch) -> float:
    """0..1: the share of half bars of the shorter section on the same degree."""
    bars = min(len(a.roots), len(b.roots))
    return float(((a.roots[:bars] == b.roots[:bars]) & (a.roots[:bars] >= 0)).mean()) if bars else 0.0


def _sketch(reading: Reading, section: Section, roots: Ints) -> SectionSketch:
    key = reading.piece.key_at(section.first_bar)
    table = _degrees(key)
    first, end = section.first_bar, min(section.end_bar, reading.bars)
    begins = reading.bar_slots[first:end]
    bars = end - first
    longest = int(np.diff(reading.bar_slots[first:end + 1]).max()) if bars > 0 else GRID
    beats = max(1, longest // GRID)
    degrees = np.full((max(0, bars), beats), -1, dtype=np.int64)
    onsets = np.zeros((max(0, bars), max(1, longest // _STEP)), dtype=np.int64)
    tune = _tune(reading, first, end)
    if tune is not None and bars > 0:
        inside = (tune.bar >= first) & (tune.bar < end)
        places = np.minimum((tune.start[inside] - reading.bar_slots[tune.bar[inside]]) // _STEP, onsets.shape[1] - 1)
        onsets[tune.bar[inside] - first, places] = 1
        slots = begins[:, None] + np.arange(beats)[None, :] * GRID
        at = np.searchsorted(tune.start, slots, side="right") - 1
        sounding = (at >= 0) & (tune.end[np.maximum(at, 0)] > slots)
        degrees = np.where(sounding, table[tune.pitch[np.maximum(at, 0)] % 12], -1)
    halves = begins[:, None] + np.arange(2)[None, :] * (longest // 2)
    found = roots[np.minimum(halves, reading.slots - 1)] if bars > 0 else np.zeros((0, 2), dtype=np.int64)
    return SectionSketch(degrees, onsets, np.where(found >= 0, table[found % 12], -1))


def _tune(reading: Reading, first: int, end: int) -> Tune | None:
    """Who has the tune in a stretch: the lead, where it plays in half of the bars, else the highest part that does."""

    def plays(line: Line) -> bool:
        return 2 * len(np.unique(line.bar[(line.bar >= first) & (line.bar < end)])) >= end - first

    if reading.lead is not None and plays(reading.lead):
        return skyline(reading.lead)
    lines = [line for line in reading.lines if plays(line)]
    if not lines:
        return None
    return skyline(max(lines, key=lambda x: float(x.pitch[(x.bar >= first) & (x.bar < end)].mean())))


@lru_cache(maxsize=256)
def _degrees(key: Key) -> Ints:
    """The degree of each pitch class in a key, the nearest below for tones outside it; sevens for every scale of seven."""
    scale = [(pc - key.tonic_pc) % 12 for pc in key.scale]
    table = [max((i for i, s in enumerate(sorted(scale)) if s <= x), default=0) for x in range(12)]
    return np.array([table[(pc - key.tonic_pc) % 12] for pc in range(12)], dtype=np.int64)
