"""Ideas: short rhythms with a contour, and what can be done with them.

A figure is a bar of melody before it has pitches: onsets and lengths in ticks from its bar line, heights in scale steps
above a phrase's own level. Phrases are built of figures by statement, sequence, inversion, fragmentation, contrast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from ripieno.generators.theory.style import Melody
from ripieno.score.time import PPQ, Metre


@dataclass(frozen=True, slots=True)
class Figure:
    """A bar of an idea. `steps` are heights in scale steps; `pin` marks a goal note whose pitch the cadence fixes.

    `tag` names the idea it was made from, so that it finds the same pitches when it comes again over the same chord.
    """

    onsets: tuple[int, ...]
    lengths: tuple[int, ...]
    steps: tuple[float, ...]
    pin: bool = False
    tag: int = 0

    @property
    def notes(self) -> tuple[tuple[int, int, float], ...]:
        """(onset, length, step) of each note."""
        return tuple(zip(self.onsets, self.lengths, self.steps, strict=True))

    @property
    def rhythm(self) -> tuple[tuple[int, int], ...]:
        """Onsets with lengths."""
        return tuple(zip(self.onsets, self.lengths, strict=True))

    def shifted(self, by: float) -> "Figure":
        """The figure at another height: a sequence."""
        return replace(self, steps=tuple(s + by for s in self.steps))

    def following(self, other: "Figure") -> "Figure":
        """This rhythm with the contour of another figure, stretched or shortened to it."""
        if not self.steps or not other.steps:
            return self
        places = np.linspace(0, len(other.steps) - 1, len(self.steps)).round().astype(int)
        return replace(self, steps=tuple(other.steps[i] for i in places))

    def inverted(self) -> "Figure":
        """The figure upside down about its first note."""
        return replace(self, steps=tuple(2 * self.steps[0] - s for s in self.steps)) if self.steps else self


@lru_cache(maxsize=512)
def _cells(texts: tuple[str, ...], per_beat: int) -> tuple[tuple[str, int, float, float], ...]:
    """(cell, beats, weight, onsets per beat) of cells that fill whole beats."""
    out = []
    for text in texts:
        body, _, times = text.partition("*")
        if len(body) % per_beat == 0:
            beats = len(body) // per_beat
            out.append((body, beats, float(times or 1), body.count("x") / beats))
    return tuple(out)


def rhythm(metre: Metre, habits: Melody, density: float, rng: np.random.Generator) -> tuple[tuple[int, int], ...]:
    """Onsets and lengths of a bar, of the style's cells; `density` is the wished number of onsets per beat."""
    beats = metre.beats(PPQ)
    groups = metre.grouping
    marks: list[tuple[int, int, str]] = []
    i = 0
    while i < len(beats):
        ternary = groups[i] == 3
        run = 1
        while i + run < len(beats) and (groups[i + run] == 3) == ternary and groups[i + run] == groups[i]:
            run += 1
        cells = [c for c in _cells(habits.cells_compound if ternary else habits.cells, 3 if ternary else 4) if c[1] <= run]
        cells = cells or [("x" + "-" * (2 if ternary else 3), 1, 1.0, 1.0)]
        weights = np.array([w * np.exp(-1.6 * np.log((o + 0.15) / (density + 0.15)) ** 2) for _, _, w, o in cells])
        body, count, _, _ = cells[int(rng.choice(len(cells), p=weights / weights.sum()))]
        start = beats[i][0]
        total = sum(length for _, length in beats[i:i + count])
        for k, mark in enumerate(body):
            a, b = start + k * total // len(body), start + (k + 1) * total // len(body)
            marks.append((a, b - a, mark))
        i += count
    out: list[list[int]] = []
    sounding = False
    for start, length, mark in marks:
        if mark == "x":
            out.append([start, length])
            sounding = True
        elif mark == "-" and sounding and out:
            out[-1][1] += length
        else:
            sounding = False
    if not out:
        out = [[0, beats[0][1]]]
    early = {start: length // 3 if g == 3 else length // 2 for (start, length), g in zip(beats, groups, strict=True)}
    return _syncopated(out, early, habits.syncopation, rng)


def _syncopated(
    notes: list[list[int]], early: Mapping[int, int], chance: float, rng: np.random.Generator
) -> tuple[tuple[int, int], ...]:
    """Some on-beat notes come early, by as much as `early` says for the beat, where the note before leaves room."""
    for before, note in pairwise(notes):
        by = early.get(note[0], 0)
        if by and rng.random() < chance and note[0] - by > before[0]:
            note[0], note[1] = note[0] - by, note[1] + by
            before[1] = min(before[1], note[0] - before[0])
    return tuple((a, b) for a, b in notes)


def contour(count: int, leap: float, repeat: float, rng: np.random.Generator) -> tuple[float, ...]:
    """Heights for `count` notes: a gesture (arch, rise, fall, bowl, wave) walked mostly by step."""
    gesture = ("arch", "rise", "fall", "bowl", "wave")[int(rng.choice(5, p=[0.32, 0.24, 0.24, 0.13, 0.07]))]
    heights = [0.0]
    for k in range(1, count):
        place = k / max(1, count - 1)
        trend = {"arch": 1.0 if place <= 0.55 else -1.0, "rise": 1.0, "fall": -1.0,
                 "bowl": -1.0 if place <= 0.55 else 1.0, "wave": 1.0 if k % 2 else -1.0}[gesture]  # fmt: skip
        up = trend if rng.random() < 0.88 else -trend
        size = int(rng.choice([0, 1, 2, 3, 4, 5], p=_sizes(leap, repeat)))
        if size >= 3 and k >= 2 and abs(heights[-1] - heights[-2]) >= 2:
            size = 1  # one leap at a time
        heights.append(heights[-1] + up * size)
    return tuple(heights)


@lru_cache(maxsize=64)
def _sizes(leap: float, repeat: float) -> tuple[float, ...]:
    raw = np.array([0.02 + 0.4 * repeat, 0.74 - 0.48 * leap, 0.10 + 0.14 * leap, 0.05 + 0.16 * leap, 0.01 + 0.12 * leap,
                    0.06 * leap])  # fmt: skip
    return tuple(raw / raw.sum())


def invent(metre: Metre, habits: Melody, density: float, bars: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """A new idea of one or two bars: the first bar carries it, the second answers."""
    figures: list[Figure] = []
    level = 0.0
    for bar in range(bars):
        notes = rhythm(metre, habits, density * (1.0 if bar == 0 else 0.85), rng)
        late = bar == 0 and rng.random() < 0.6  # most ideas begin on the downbeat
        for _ in range(2):  # one note is no idea, and two bars alike are dull: try again
            dull = len(notes) == 1 and density > 0.5 if bar == 0 else notes == figures[0].rhythm
            dull = dull or (late and notes[0][0] > 0)
            if dull:
                notes = rhythm(metre, habits, density * (1.5 if bar == 0 else 1.0), rng)
        steps = contour(len(notes), habits.leap, habits.repeat, rng)
        rows = [(a, b, level + s) for (a, b), s in zip(notes, steps, strict=True)]
        figures.append(_figure(rows, int(rng.integers(1, 1 << 20))))
        level += steps[-1] + float(rng.choice([-1, 0, 1]))
        level = float(np.clip(level, -3, 4))
    return tuple(figures)


def fragmented(figure: Figure, metre: Metre, shift: float) -> Figure:
    """The first half of a figure twice, the second time `shift` steps away."""
    half = _half(metre)
    head = [(a, min(b, half - a), s) for a, b, s in zip(figure.onsets, figure.lengths, figure.steps, strict=True) if a < half]
    if not head or metre.bar_ticks(PPQ) - half > half:
        return figure.shifted(shift)
    notes = [*head, *[(a + half, b, s + shift) for a, b, s in head if a + half < metre.bar_ticks(PPQ)]]
    end = metre.bar_ticks(PPQ)
    return _figure([(a, min(b, end - a), s) for a, b, s in notes], figure.tag)


def _half(metre: Metre) -> int:
    """The beat nearest to the middle of a bar, from above."""
    starts = [s for s, _ in metre.beats(PPQ)]
    return starts[-(-len(starts) // 2)] if len(starts) > 1 else metre.bar_ticks(PPQ)


def varied(figure: Figure, metre: Metre, rng: np.random.Generator) -> Figure:
    """One small change: a long note is divided by a neighbour, or two notes are joined, or the end turns elsewhere."""
    if not figure.onsets:
        return figure
    notes = [list(n) for n in zip(figure.onsets, figure.lengths, figure.steps, strict=True)]
    beat = metre.beats(PPQ)[0][1]
    longest = max(range(len(notes)), key=lambda k: notes[k][1])
    draw = rng.random()
    if notes[longest][1] >= beat and draw < 0.6:
        onset, length, step = notes[longest]
        cut = length // 2 if length % 3 or length < 3 * PPQ // 2 else 2 * length // 3
        cut = max(PPQ // 4, round(cut / (PPQ // 4)) * (PPQ // 4))
        notes[longest][1] = cut
        notes.insert(longest + 1, [onset + cut, length - cut, step + float(rng.choice([-1, 1]))])
    elif len(notes) > 2 and draw < 0.75:
        k = int(rng.integers(1, len(notes)))
        notes[k - 1][1] = notes[k][0] + notes[k][1] - notes[k - 1][0]
        del notes[k]
    else:
        for k in range(len(notes) // 2, len(notes)):
            notes[k][2] += float(rng.choice([-2, -1, 1, 2]))
            break
    rows = [n for n in notes if n[1] > 0]
    return replace(_figure([(int(a), int(b), s) for a, b, s in rows], figure.tag), pin=figure.pin)


def _figure(notes: Sequence[tuple[int, int, float]], tag: int) -> Figure:
    """A figure from (onset, length, step) rows."""
    onsets, lengths, steps = (tuple(a for a, _, _ in notes), tuple(b for _, b, _ in notes), tuple(s for _, _, s in notes))
    return Figure(onsets, lengths, steps, tag=tag)


def cadence(metre: Metre, head: Figure, final: bool, rest: float, rng: np.random.Generator) -> Figure:
    """The bar in which a phrase ends: a goal note, perhaps led into by the idea's own beginning; then a breath."""
    length = metre.bar_ticks(PPQ)
    beats = metre.beats(PPQ)
    if final:
        return Figure((0,), (length,), (0.0,), pin=True)
    half = _half(metre)
    breath = max(beats[-1][1] // 2, round(rest * length * 0.6 / (PPQ // 2)) * (PPQ // 2))
    if rng.random() < 0.45 + 2.5 * max(0.0, 0.3 - rest) and len(beats) >= 2 and half < length:
        lead = [(a, min(b, half - a), s) for a, b, s in zip(head.onsets, head.lengths, head.steps, strict=True) if a < half][:3]
        if lead and lead[0][0] == 0:
            goal = lead[-1][2] - 1.0
            sound = max(beats[-1][1], length - half - breath)
            notes = [*lead, (half, min(sound, length - half), goal)]
            return replace(_figure(notes, head.tag), pin=True)
    second = beats[1][0] if len(beats) >= 3 else 0
    if second and rng.random() < 0.35:  # the goal is leant on from above or below
        lean = float(rng.choice([1.0, 1.0, -1.0]))
        return replace(_figure([(0, second, lean), (second, max(beats[0][1], length - second - breath), 0.0)], 0), pin=True)
    return Figure((0,), (max(beats[0][1], length - breath),), (0.0,), pin=True)
