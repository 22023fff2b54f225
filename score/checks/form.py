"""Form that is heard: sections that differ, returns that return, bars that are not pasted on and on."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ripieno.score.analysis.bars import bar_codes, runs
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.section_likeness import harmony_likeness, likeness, section_sketches
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role
from ripieno.score.piece import Section
from ripieno.score.section_kinds import section_kind

PASTED_RUN = 8  # the same bar of the whole ensemble so many times on end
HOPELESS = 24  # so many times, and it is no piece
RETURNED = 0.28  # likeness below which a section of the same label is another one
SAME_CHORDS = 0.8  # share of half bars with the same chord from which on the harmony comes back whatever the tune does
PASTED_TUNE = 0.5  # share of a tune's bars that one bar makes up


def check_form(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Neighbouring sections with different labels that hold the same bars; sections of one label that share nothing."""
    sections = [s for s in reading.piece.sections if s.label and 0 <= s.first_bar < s.end_bar <= reading.bars]
    if len(sections) < 2 or not reading.all_lines:
        return
    exact = np.stack([bar_codes(reading, line).exact for line in reading.all_lines])
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
    yield from _returns(reading, sections)


def _returns(reading: Reading, sections: list[Section]) -> Iterator[Finding]:
    """Sections of one label of which the later brings back neither the tune nor the harmony of the first."""
    sketches = dict(zip(reading.piece.sections, section_sketches(reading), strict=True))
    seen: dict[str, Section] = {}
    for section in sections:
        first = seen.setdefault(section.label, section)
        if first is section or min(first.bars, section.bars) < 4 or section_kind(section.name) in ("intro", "outro"):
            continue
        same = likeness(sketches[first], sketches[section])
        harmony = harmony_likeness(sketches[first], sketches[section])
        if same < RETURNED and harmony < SAME_CHORDS:
            yield Finding(
                "form.no_return", "warning", (), (section.first_bar, section.end_bar),
                f"the {section.name.lower()} in {bar_words((section.first_bar, section.end_bar))} is called {section.label} "
                f"like the {first.name.lower()} in {bar_words((first.first_bar, first.end_bar))}, but brings nothing back",
                "take up its tune or its harmony again", same,
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
