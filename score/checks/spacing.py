"""Room between the parts, and what a harp's pedals allow."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.bars import bar_runs
from ripieno.score.analysis.reading import GRID, Reading
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.checks.texture import stretches

CHOIRS = ("voice", "choir")  # families whose voices are heard as one chord; quartets send the first violin far away
OCTAVE = 12
APART = 0.6  # share of the time in which a choir's upper voices lie too far from each other
CROWD = 5  # players within one octave
CROWDED = 0.6  # share of the time
LEAST = 8 * GRID  # slots of music that say something about a section
HARPS = ("harp",)
PEDAL_SECONDS = 0.5  # from one setting of the pedals to the next
STRINGS = (0, 2, 4, 5, 7, 9, 11)  # pitch classes of the seven strings, each a semitone lower or higher by its pedal


def check_spacing(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Neighbouring upper voices of a choir that stand more than an octave apart for most of a section."""
    rows = [i for i, x in enumerate(reading.lines) if x.monophonic and x.track.instrument.family in CHOIRS]
    if len(rows) < 3:
        return
    tops = np.sort(np.where(reading.top[rows] < 0, 999, reading.top[rows]).astype(np.int64), axis=0)
    full = tops[-1] < 999
    wide = full & (np.diff(tops[1:], axis=0) > OCTAVE).any(axis=0)
    for name, first, end in stretches(reading):
        inside = slice(int(reading.bar_slots[first]), int(reading.bar_slots[end]))
        together = int(full[inside].sum())
        share = float(wide[inside].sum()) / together if together >= LEAST else 0.0
        if share > APART:
            yield Finding(
                "voice.spacing", "advice", tuple(reading.lines[i].track.id for i in rows), (first, end),
                f"neighbouring upper voices lie more than an octave apart for {share:.0%} of the {name}",
                "close them up; only the bass may stand far below", share,
            )  # fmt: skip


def check_crowding(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Five players and more within one octave for most of a section, each with notes of its own."""
    if len(reading.lines) < CROWD:
        return
    here = reading.top >= 0
    count = here.sum(axis=0)
    high = reading.top.max(axis=0).astype(np.int64)
    low = np.where(here, reading.bottom, 999).min(axis=0).astype(np.int64)
    ordered = np.sort(np.where(here, reading.top, -1), axis=0)
    different = (np.diff(ordered, axis=0) > 0).sum(axis=0)  # unisons are doublings, and sound as one
    crowd = (count >= CROWD) & (high - low <= OCTAVE) & (different >= CROWD - 1)
    for name, first, end in stretches(reading):
        inside = slice(int(reading.bar_slots[first]), int(reading.bar_slots[end]))
        sounding = int((count[inside] > 0).sum())
        share = float(crowd[inside].sum()) / sounding if sounding >= LEAST else 0.0
        if share > CROWDED:
            yield Finding(
                "register.crowded", "advice", (), (first, end),
                f"{CROWD} parts and more crowd into one octave for {share:.0%} of the {name}",
                "spread them: bass low, pads in the middle, one line on top", share,
            )  # fmt: skip


def check_pedals(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Chromatic notes that no setting of a harp's seven pedals gives, with no time to change them."""
    for line in reading.lines:
        if line.track.instrument_id not in HARPS or not len(line):
            continue
        times = reading.seconds(line.start)
        until = np.searchsorted(times, times + PEDAL_SECONDS, side="left")
        classes = (np.int64(1) << (line.pitch.astype(np.int64) % 12)).tolist()
        bad = np.zeros(len(line), dtype=np.bool_)
        for i in line.onsets.tolist():
            wanted = 0
            for bit in classes[i : int(until[i])]:
                wanted |= bit
            bad[i] = not pedals_give(wanted)
        for first, end in bar_runs(line.bar[bad], reading.bars, gap=1):
            yield Finding(
                "playability.pedals", "warning", (line.track.id,), (first, end),
                f"{line.track.name} has chromatic notes in {bar_words((first, end))} that no setting of the pedals gives",
                "keep to seven notes at a time, or leave time to change pedals", None,
            )  # fmt: skip


@lru_cache(maxsize=4096)
def pedals_give(classes: int) -> bool:
    """Whether seven strings, each flat, natural or sharp, can sound all pitch classes of a set (bit i: pitch class i)."""
    wanted = [pc for pc in range(12) if classes >> pc & 1]
    return len(wanted) <= len(STRINGS) and _strung(tuple(wanted), frozenset())


def _strung(wanted: tuple[int, ...], taken: frozenset[int]) -> bool:
    if not wanted:
        return True
    free = [s for s in STRINGS if s not in taken and (wanted[0] - s) % 12 in (0, 1, 11)]
    return any(_strung(wanted[1:], taken | {s}) for s in free)


CHECKS = (check_spacing, check_crowding, check_pedals)
