"""Notes against the harmony: clashes between parts, dissonances of the tune that nothing resolves, notes out of the key.

A dissonance is music when it is prepared (the note was there before), passes (it is left by step), is part of the chord,
or anticipates the next one. What is left is a wrong note.
"""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.bars import bar_runs
from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.key_finding import scale_share
from ripieno.score.analysis.reading import GRID, Bools, Ints, Line, Reading
from ripieno.score.analysis.skyline import Tune, melody
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words, list_words

STEP = 2  # semitones
UNPITCHED = ("effects", "percussion")  # families whose pitch is colour
PLAYED, HINTED = 0.4, 0.15  # least share of sounding time on the written chord, of several lines and of one alone


def next_interval(line: Line) -> Ints:
    """Semitones from each note to the nearest other pitch at the next onset of its line; 99 where none follows soon."""
    onset_of = np.repeat(np.arange(len(line.onsets)), line.chord_sizes)
    out = np.full(len(line), 99, dtype=np.int64)
    following = onset_of + 1
    has = following < len(line.onsets)
    at = line.onsets[np.minimum(following, len(line.onsets) - 1)]
    size = line.chord_sizes[np.minimum(following, len(line.onsets) - 1)]
    for k in range(int(size.max()) if len(size) else 0):
        valid = has & (k < size)
        candidate = line.pitch[np.minimum(at + k, len(line) - 1)]
        gap = np.abs(candidate - line.pitch)
        out = np.where(valid & (gap > 0), np.minimum(out, gap), out)
    far = line.start[at] - line.end > GRID
    return np.where(far, 99, out)


def check_clashes(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A minor second or ninth between two parts, held for a beat from a strong beat, that the chord does not explain."""
    lines = tuple(line for line in reading.lines if line.track.instrument.family not in UNPITCHED)
    if len(lines) < 2 or not len(reading.beats):
        return
    edges = np.append(reading.beats, reading.slots)
    strong = reading.beat_weight >= 0.75
    members, roots = chord_grid(reading)
    rows: list[Ints] = []
    for number, line in enumerate(lines):
        first = np.searchsorted(reading.beats, line.start, side="left")
        # Beats that the note covers whole; the beat in which it begins counts when it begins on it.
        last = np.searchsorted(edges, line.end + 1, side="right") - 1
        count = np.clip(last - first, 0, None)
        index = np.repeat(np.arange(len(line)), count)
        beat = np.repeat(first, count) + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
        keep = strong[beat]
        index, beat = index[keep], beat[keep]
        resolves = (next_interval(line) <= STEP)[index]
        struck = line.start[index] == reading.beats[beat]
        rows.append(np.stack([beat, line.pitch[index], np.full(len(index), number), resolves, struck], axis=1))
    table = np.concatenate(rows)
    if not len(table):
        return
    place = reading.beats[table[:, 0]]
    foreign = ~members[place, table[:, 1] % 12] & (roots[place] >= 0)
    wrong = table[foreign & (table[:, 3] == 0) & (table[:, 4] == 1)]
    if not len(wrong):
        return
    by_beat: dict[int, list[tuple[int, int]]] = {}
    wanted = set(wrong[:, 0].tolist())
    for beat_number, pitch, number, _, _ in table.tolist():
        if beat_number in wanted:
            by_beat.setdefault(beat_number, []).append((pitch, number))
    seen: set[tuple[int, int, int]] = set()
    for beat_number, pitch, number, _, _ in wrong.tolist():
        for other_pitch, other in by_beat[beat_number]:
            if other != number and abs(pitch - other_pitch) in (1, 13):
                bar = int(reading.beat_bar[beat_number])
                key = (bar, min(number, other), max(number, other))
                if key in seen:
                    continue
                seen.add(key)
                a, b = lines[number].track, lines[other].track
                kind = "second" if abs(pitch - other_pitch) == 1 else "ninth"
                yield Finding(
                    "clash.semitone", "warning", (a.id, b.id), (bar, bar + 1),
                    f"{a.name} and {b.name} rub in a minor {kind} on a strong beat of bar {bar + 1}, and the chord does "
                    "not explain it",
                    f"move {a.name} to a note of the chord", None,
                )  # fmt: skip


def harsh_notes(reading: Reading, tune: Tune) -> Bools:
    """Notes of a tune on a beat that lie a semitone above a chord tone, unprepared, unresolved and no anticipation."""
    members, roots = chord_grid(reading)
    last = max(0, reading.slots - 1)
    at = np.clip(tune.start, 0, last)
    pc = tune.pitch % 12
    length = tune.end - tune.start
    foreign = ~members[at, pc] & (roots[at] >= 0)
    rubs = members[at, (pc - 1) % 12]
    soon = np.clip(tune.end, 0, last)
    anticipates = members[soon, pc] & (soon - at <= 2 * GRID)
    size = np.abs(tune.intervals)
    moves = np.flatnonzero(size > 0)  # a repeated note resolves where it moves on at last
    following = np.searchsorted(moves, np.arange(len(tune)))
    step = np.append(size, 99)[np.append(moves, len(size))[following]]
    step[:-1][tune.gaps > GRID] = 99
    prepared = np.concatenate(([False], (tune.intervals == 0) & ~(foreign & rubs)[:-1]))
    heavy = (tune.weight >= 0.5) & (length >= GRID // 2)
    return np.asarray(heavy & foreign & rubs & ~anticipates & (step > STEP) & ~prepared, dtype=np.bool_)


def check_dissonance(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Dissonances of the tune on a beat that are left by leap or stay hanging."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or not len(tune) or not reading.slots:
        return
    harsh = harsh_notes(reading, tune)
    for first, end in bar_runs(tune.bar[harsh], reading.bars):
        count = int(np.count_nonzero(harsh & (tune.bar >= first) & (tune.bar < end)))
        yield Finding(
            "melody.dissonance", "warning", (lead.track.id,), (first, end),
            f"{lead.track.name} leaves a sharp dissonance unresolved on a beat in {bar_words((first, end))}",
            "resolve it by step, or use a note of the chord", float(count),
        )  # fmt: skip


def check_key(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Four bars and more of the tune of which a third and more lies neither in the key nor in the chord."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or len(tune) < 8 or not reading.slots:
        return
    members, _ = chord_grid(reading)
    length = (tune.end - tune.start).astype(np.float64)
    in_chord = members[np.clip(tune.start, 0, reading.slots - 1), tune.pitch % 12]
    stray = ~in_chord & ~scale_table(reading)[tune.bar, tune.pitch % 12]
    total = np.bincount(tune.bar, length, minlength=reading.bars)
    outside = np.bincount(tune.bar, length * stray, minlength=reading.bars)
    width = 4
    kernel = np.ones(width)
    if reading.bars < width:
        return
    share = np.convolve(outside, kernel, "valid") / np.maximum(np.convolve(total, kernel, "valid"), 1.0)
    starts = np.flatnonzero((share > 1 / 3) & (np.convolve(total, kernel, "valid") >= width * GRID))
    covered = np.unique((starts[:, None] + np.arange(width)).ravel())
    for first, end in bar_runs(covered, reading.bars):
        worst = float(share[first : max(first + 1, end - width + 1)].max())
        yield Finding(
            "melody.off_key", "warning", (lead.track.id,), (first, end),
            f"{lead.track.name} wanders out of the key in {bar_words((first, end))}: {worst:.0%} of it belongs neither "
            "to the key nor to the chord",
            "bring it back to the scale, or let the harmony follow it", worst,
        )  # fmt: skip


def scale_table(reading: Reading) -> Bools:
    """Which pitch classes belong to the key of each bar, raised sixth and seventh of minor keys included; (bars, 12)."""
    table = np.zeros((reading.bars, 12), dtype=np.bool_)
    for change in reading.piece.keys:  # later changes overwrite what follows them
        allowed = np.zeros(12, dtype=np.bool_)
        allowed[list(change.key.scale)] = True
        if change.key.is_minor:
            allowed[[(change.key.tonic_pc + 9) % 12, (change.key.tonic_pc + 11) % 12]] = True
        table[change.bar :] = allowed
    return table


def check_chords_played(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Written chords that the notes contradict: spans in which the parts hardly sound the chord named there."""
    if not reading.piece.chords or not reading.lines:
        return
    members, roots = chord_grid(reading)
    inside = (reading.pitch_classes * members).sum(axis=1)
    total = reading.pitch_classes.sum(axis=1)
    labelled = roots >= 0
    bars = reading.bar_of(np.arange(reading.slots))
    good = np.bincount(bars, inside * labelled, minlength=reading.bars)
    whole = np.bincount(bars, total * labelled, minlength=reading.bars)
    several = (reading.pitch_classes > 0).sum(axis=1) > 1
    alone = np.bincount(bars, several, minlength=reading.bars) < GRID / 2  # one line suggests a chord, it does not play it
    bad = np.flatnonzero((whole > GRID) & (good < np.where(alone, HINTED, PLAYED) * whole))
    for first, end in bar_runs(bad, reading.bars):
        names = list_words(dict.fromkeys(
            s.chord.symbol for s in reading.piece.chords
            if s.start < reading.piece.timeline.bar_start(end) and s.end > reading.piece.timeline.bar_start(first)
        ))  # fmt: skip
        share = float(good[first:end].sum() / whole[first:end].sum())
        yield Finding(
            "harmony.chord_not_played", "error", (), (first, end),
            f"the notes of {bar_words((first, end))} do not play the chord that is written there ({names}): only "
            f"{share:.0%} of them belong to it",
            "rewrite the parts over the chord", share,
        )  # fmt: skip


def check_tonality(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A key that the notes of the whole piece do not confirm."""
    profile = reading.pitch_classes.sum(axis=0)
    if len(reading.piece.keys) > 1 or profile.sum() < 32 * GRID:
        return
    share = scale_share(profile, reading.piece.key)
    if share < 0.6 and reading.piece.key.mode != "chromatic":
        yield Finding(
            "harmony.key_not_heard", "warning", (), (0, reading.bars),
            f"the piece is said to be in {reading.piece.key}, but only {share:.0%} of its notes lie in that scale",
            "name the key that is heard, or write in the one that is named", share,
        )  # fmt: skip


CHECKS = (check_clashes, check_dissonance, check_key, check_chords_played, check_tonality)
