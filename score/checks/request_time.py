"""Requested versus delivered: tempo, metre, length."""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Brief, Origin, TempoChange
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.piece import Section

TEMPO_TOLERANCE = 0.5  # quarter notes a minute
DURATION_TOLERANCE = 0.1  # share of the duration asked for, or one bar
# Bounds of the classes in quarter notes a minute; a tempo on a bound belongs to both.
TEMPO_CLASSES = {"slow": (0.0, 76.0), "moderate": (76.0, 120.0), "fast": (120.0, 1000.0)}


def main_tempo(reading: Reading) -> float:
    """The tempo that holds for the longest stretch of the piece, in quarter notes a minute."""
    tempos = reading.piece.timeline.tempos
    ends = [*(t.tick for t in tempos[1:]), max(reading.piece.ticks, tempos[-1].tick)]
    lengths: dict[float, int] = {}
    for tempo, end in zip(tempos, ends, strict=True):
        lengths[tempo.bpm] = lengths.get(tempo.bpm, 0) + min(end, reading.piece.ticks) - min(tempo.tick, reading.piece.ticks)
    return max(lengths, key=lambda bpm: (lengths[bpm], -bpm))


def measure_tempo(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Tempo, range of tempi, class of tempo: the first tempo, or the one that holds longest."""
    timeline = reading.piece.timeline
    first, main = timeline.tempos[0].bpm, main_tempo(reading)
    words = f"{main:g} quarter notes a minute"
    if brief.tempo is not None:
        wanted = brief.tempo.value
        ok = min(abs(first - wanted), abs(main - wanted)) <= TEMPO_TOLERANCE
        shown = wanted if not ok else min((first, main), key=lambda bpm: abs(bpm - wanted))
        words = f"{shown if ok else main:g} quarter notes a minute"
        yield Delivered("tempo", f"{wanted:g} quarter notes a minute", words, brief.tempo.origin, ok, shown if ok else main)
    if brief.tempo_range is not None:
        low, high = brief.tempo_range.value
        yield Delivered(
            "tempo_range", f"{low:g} to {high:g} quarter notes a minute", words, brief.tempo_range.origin,
            low - TEMPO_TOLERANCE <= main <= high + TEMPO_TOLERANCE, main,
        )  # fmt: skip
    if brief.tempo_class is not None:
        low, high = TEMPO_CLASSES.get(brief.tempo_class.value, (0.0, 1000.0))
        yield Delivered("tempo_class", brief.tempo_class.value, words, brief.tempo_class.origin, low <= main <= high, main)


def measure_tempo_changes(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Tempi that were asked for in a place: in sections of a name, at the end, or all over."""
    timeline = reading.piece.timeline
    base = brief.tempo.value if brief.tempo is not None else main_tempo(reading)
    for change in brief.tempo_changes:
        target = change.bpm if change.bpm is not None else base * (change.factor or 1.0)
        places = _places(reading, change)
        where = change.section or "the piece"
        wanted = f"{'towards ' if change.gradual else ''}{target:g} quarter notes a minute in {where}"
        if not places:
            yield Delivered(
                "tempo_changes", wanted, f"there is no {where}", Origin.STATED, False, None, "no section has that name"
            )
            continue
        heard = []
        for first, end in places:
            begin, last = timeline.bar_start(first), max(timeline.bar_start(first), timeline.bar_start(end) - 1)
            if change.gradual:
                before = timeline.tempo_at(begin)
                heard.append(timeline.tempo_at(last))
                ok = (heard[-1] < before) if target < base else (heard[-1] > before)
            else:
                heard.append(timeline.tempo_at(begin))
                ok = abs(heard[-1] - target) <= max(TEMPO_TOLERANCE, 0.02 * target)
            if not ok:
                break
        yield Delivered("tempo_changes", wanted, f"{heard[-1]:g} quarter notes a minute there", Origin.STATED, ok, heard[-1])


def _places(reading: Reading, change: TempoChange) -> list[tuple[int, int]]:
    if change.section in ("", "all"):
        return [(0, reading.bars)]
    if change.section == "end":
        return [(max(0, reading.bars - 2), reading.bars)]
    return [(s.first_bar, s.end_bar) for s in sections_named(reading, change.section)]


def sections_named(reading: Reading, name: str) -> list[Section]:
    """Sections of that name or label, or of several joined by ','; 'verse' finds 'Verse 2'."""
    wanted = {part.lower().strip() for part in name.split(",")}
    return [
        s for s in reading.piece.sections
        if wanted & {s.name.lower(), s.label.lower(), s.name.lower().rstrip(" 0123456789")}
    ]  # fmt: skip


def measure_metre(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """The metre that most bars have."""
    if brief.metre is None:
        return
    counts: dict[str, int] = {}
    changes = reading.piece.timeline.metres
    for change, end in zip(changes, [*(m.bar for m in changes[1:]), reading.bars], strict=True):
        counts[str(change.metre)] = counts.get(str(change.metre), 0) + max(0, end - change.bar)
    metre = max(counts, key=lambda m: counts[m])
    yield Delivered("metre", brief.metre.value, metre, brief.metre.origin, metre == brief.metre.value)


def measure_length(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Bars and seconds; bars count only when something sounds in the last of them."""
    starts = [int(line.end.max()) for line in reading.all_lines]
    sounding = int(reading.bar_of(np.array([max(starts) - 1]))[0]) + 1 if starts else 0
    bars = reading.bars
    reason = f"the music stops after bar {sounding}" if sounding < bars - 1 else ""
    if brief.bars is not None:
        ok = bars == brief.bars.value and not reason
        yield Delivered("bars", str(brief.bars.value), str(bars), brief.bars.origin, ok, float(bars), reason)
    if brief.bars_range is not None:
        fewest, most = brief.bars_range.value
        ok = fewest <= bars <= most and not reason
        yield Delivered("bars_range", f"{fewest} to {most}", str(bars), brief.bars_range.origin, ok, float(bars), reason)
    seconds = reading.piece.seconds
    one = seconds / max(1, bars)
    if brief.duration is not None:
        wanted = brief.duration.value
        ok = abs(seconds - wanted) <= max(DURATION_TOLERANCE * wanted, one)
        yield Delivered("duration", f"{wanted:g} seconds", f"{seconds:.1f} seconds", brief.duration.origin, ok, seconds)
    if brief.duration_range is not None:
        low, high = brief.duration_range.value
        ok = low - one <= seconds <= high + one
        yield Delivered(
            "duration_range", f"{low:g} to {high:g} seconds", f"{seconds:.1f} seconds", brief.duration_range.origin, ok, seconds
        )


MEASURES: tuple[Measure, ...] = (measure_tempo, measure_tempo_changes, measure_metre, measure_length)
