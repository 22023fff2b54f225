"""Form that is heard: sections that differ, returns that return, bars that are not pasted on and on."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.bars import bar_codes, runs
from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role
from ripieno.score.piece import Section

PASTED_RUN = 8  # the same bar of the whole ensemble so many times on end
HOPELESS = 24  # so many times, and it is no piece
PASTED_TUNE = 0.5  # share of a tune's bars that one bar makes up


def _grids(reading: Reading) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Codes (lines, bars), exact and of rhythm; chord roots above the tonic in each quarter of a bar (bars, 4)."""
    codes = [bar_codes(reading, line) for line in reading.all_lines]
    exact = np.stack([c.exact for c in codes])
    rhythm = np.stack([c.rhythm for c in codes])
    _, roots = chord_grid(reading)
    begin, length = reading.bar_slots[:-1], np.diff(reading.bar_slots)
    places = begin[:, None] + (length[:, None] * np.arange(4)[None, :]) // 4
    tonic = np.array([reading.piece.key_at(b).tonic_pc for b in range(reading.bars)], dtype=np.int64)
    found = roots[np.minimum(places, reading.slots - 1)]
    return exact, rhythm, np.where(found >= 0, (found - tonic[:, None]) % 12, -1)


def check_form(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Neighbouring sections with different labels that hold the same bars; sections of one label that share nothing."""
    sections = [s for s in reading.piece.sections if s.label and 0 <= s.first_bar < s.end_bar <= reading.bars]
    if len(sections) < 2 or not reading.all_lines:
        return
    exact, rhythm, roots = _grids(reading)
    for a, b in pairwise(sections):
        bars = min(a.bars, b.bars)
        if a.label == b.label or bars < 4:
            continue
        one, two = exact[:, a.first_bar : a.first_bar + bars], exact[:, b.first_bar : b.first_bar + bars]
        playing = (one != 0) | (two != 0)
        same = float((one == two)[playing].mean()) if playing.any() else 1.0
        if same > 0.9:
            yield Finding(
                "form.no_contrast", "warning", (), (b.first_bar, b.end_bar),
                f"the {b.name.lower()} ({bar_words((b.first_bar, b.end_bar))}) is the same as the {a.name.lower()} before it",
                "change its tune, harmony, texture or energy", same,
            )  # fmt: skip
    seen: dict[str, Section] = {}
    for section in sections:
        first = seen.setdefault(section.label, section)
        bars = min(first.bars, section.bars)
        if first is section or bars < 4:
            continue
        here = slice(first.first_bar, first.first_bar + bars)
        there = slice(section.first_bar, section.first_bar + bars)
        both = (rhythm[:, here] != 0) & (rhythm[:, there] != 0)
        same_rhythm = float((rhythm[:, here] == rhythm[:, there])[both].mean()) if both.any() else 0.0
        same_harmony = float((roots[here] == roots[there]).mean())
        if same_rhythm < 0.15 and same_harmony < 0.5:
            yield Finding(
                "form.no_return", "warning", (), (section.first_bar, section.end_bar),
                f"the {section.name.lower()} in {bar_words((section.first_bar, section.end_bar))} is called {section.label} "
                f"like the {first.name.lower()} in {bar_words((first.first_bar, first.end_bar))}, but brings nothing back",
                "take up its tune or its harmony again", max(same_rhythm, same_harmony),
            )  # fmt: skip


def check_repetition(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """One bar of the whole ensemble pasted on and on; a tune that is one bar over and over."""
    if reading.bars < 8 or not reading.all_lines:
        return
    codes = [bar_codes(reading, line).exact for line in reading.all_lines]
    exact = np.stack(codes)
    same = (exact[:, 1:] == exact[:, :-1]).all(axis=0) & (exact[:, 1:] != 0).any(axis=0)
    for first, end in runs(same):
        for begin in range(first, end + 1 - PASTED_RUN, PASTED_RUN):  # the longer, the worse: one finding for each stretch
            place = (begin, min(begin + 2 * PASTED_RUN, end + 1))
            yield Finding(
                "repetition.pasted", "error" if end - first >= HOPELESS else "warning", (), place,
                f"{bar_words(place)} are one bar played over and over without a change, {end - first + 1} times in all",
                "vary the tune, add a fill, let a part enter or rest", float(end - first + 1),
            )  # fmt: skip
    for line, code in zip(reading.all_lines, codes, strict=True):
        if line.track.role is not Role.LEAD:
            continue
        played = code[code != 0]
        if len(played) < 12:
            continue
        most = int(np.unique(played, return_counts=True)[1].max())
        if most > PASTED_TUNE * len(played):
            yield Finding(
                "repetition.tune", "warning", (line.track.id,), (0, reading.bars),
                f"{most} of the {len(played)} bars of {line.track.name} are the same bar",
                "develop the motif: move it, turn it, shorten it", most / len(played),
            )  # fmt: skip


CHECKS = (check_form, check_repetition)
