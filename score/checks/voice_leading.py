"""How the voices move against each other: parallels, crossings, leaps, the leading note.

Parallel fifths and octaves are faults only between voices that are meant to be independent: the lead, a countermelody
and the bass of a piece without drums, each a line of single notes. Doubling is no fault: voices that move in octaves for
three notes and more are one voice in two places.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.bars import bar_runs, runs
from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.reading import GRID, Bools, Line, Reading
from ripieno.score.analysis.skyline import Tune, melody, skyline
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role

INDEPENDENT = (Role.LEAD, Role.COUNTERMELODY, Role.BASS)
OCTAVE = 12
FOURTH = 5
MANY = 5  # lines
AROUND = 5  # shared attacks before and after that tell whether one voice doubles the other
Pitches = npt.NDArray[np.int16]


def independent_lines(reading: Reading) -> tuple[Line, ...]:
    """The lines that counterpoint binds; none where drums play, since then the idiom is another."""
    if reading.drums:
        return ()
    return tuple(line for line in reading.with_role(*INDEPENDENT) if line.monophonic and len(line) > 3)


def check_parallels(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Parallel octaves and fifths at consecutive attacks that two independent voices share."""
    lines = independent_lines(reading)
    if len(lines) > MANY:  # an orchestra doubles its voices: only its outer ones are sure to be two
        lines = tuple(line for line in lines if line.track.role is not Role.COUNTERMELODY)
    for upper, lower in combinations(lines, 2):
        a, b = skyline(upper), skyline(lower, lowest=lower.track.role is Role.BASS)
        common, at_a, at_b = np.intersect1d(a.start, b.start, assume_unique=True, return_indices=True)
        if len(common) < 2:
            continue
        linked = (np.diff(at_a) == 1) & (np.diff(at_b) == 1)
        linked &= (a.end[at_a[:-1]] >= common[1:] - 2) & (b.end[at_b[:-1]] >= common[1:] - 2)
        gap = np.abs(a.pitch[at_a] - b.pitch[at_b]) % OCTAVE
        step_a, step_b = np.diff(a.pitch[at_a]), np.diff(b.pitch[at_b])
        moving = linked & (step_a != 0) & (np.sign(step_a) == np.sign(step_b))
        moving &= np.minimum(np.abs(step_a), np.abs(step_b)) < FOURTH  # both leaping: the hammered chords of a close
        bars = reading.bar_of(common)
        for interval, name in ((0, "octaves"), (7, "fifths")):
            parallel = moving & (gap[:-1] == interval) & (gap[1:] == interval) & ~_doubled(gap == interval)[:-1]
            for first, end in runs(parallel):
                if end - first >= 2:
                    continue  # three notes in parallel are meant
                place = (int(bars[first]), int(bars[first + 1]) + 1)
                yield Finding(
                    f"voice.parallel_{name}", "warning", (upper.track.id, lower.track.id), place,
                    f"{upper.track.name} and {lower.track.name} move in parallel {name} in {bar_words(place)}",
                    "move one of them the other way or hold it", None,
                )  # fmt: skip


def _doubled(perfect: Bools) -> Bools:
    """For each shared attack, whether at least half of those around it stand at the interval: a doubling."""
    total = np.concatenate(([0], perfect.cumsum()))
    place = np.arange(len(perfect))
    first, end = np.maximum(place - AROUND, 0), np.minimum(place + AROUND + 1, len(perfect))
    return np.asarray(2 * (total[end] - total[first]) >= end - first, dtype=np.bool_)


def check_crossing(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """The bass above the tune; a second line that lies above the tune for most of a section."""
    lead = reading.lead
    if lead is None:
        return
    tune = reading.top[reading.line_index(lead)]
    for line in reading.with_role(Role.BASS):
        if line is lead:
            continue
        low = reading.bottom[reading.line_index(line)]
        crossed = (low >= 0) & (tune >= 0) & (low > tune)
        places = [(first, end) for first, end in runs(crossed) if end - first >= GRID]
        bars = reading.bar_of(np.array([first for first, _ in places], dtype=np.int64))
        for first, end in bar_runs(bars, reading.bars, gap=1):
            yield Finding(
                "voice.bass_above_tune", "warning", (line.track.id, lead.track.id), (first, end),
                f"{line.track.name} rises above {lead.track.name} in {bar_words((first, end))}",
                "take the bass an octave lower", None,
            )  # fmt: skip
    for line in reading.with_role(Role.COUNTERMELODY):
        if line is lead:
            continue
        other = reading.bottom[reading.line_index(line)]
        both = (other >= 0) & (tune >= 0)
        for section in reading.piece.sections:
            begin, finish = reading.bar_slots[section.first_bar], reading.bar_slots[min(section.end_bar, reading.bars)]
            together = int(both[begin:finish].sum())
            above = int((both & (other > tune))[begin:finish].sum())
            if together >= 4 * GRID and above > 0.75 * together and not _same_pitch_classes(other, tune, begin, finish):
                yield Finding(
                    "voice.crossing", "advice", (line.track.id, lead.track.id), (section.first_bar, section.end_bar),
                    f"{line.track.name} lies above the tune of {lead.track.name} for {above / together:.0%} of the "
                    f"{section.name.lower()}",
                    "put the second line below the tune, or give it the tune", above / together,
                )  # fmt: skip


def _same_pitch_classes(a: Pitches, b: Pitches, begin: int, finish: int) -> bool:
    both = (a[begin:finish] >= 0) & (b[begin:finish] >= 0)
    return bool(np.mean((a[begin:finish][both] - b[begin:finish][both]) % 12 == 0) > 0.8)


def check_leaps(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Leaps of the tune beyond an octave that nothing balances: no step back, no turn, no rest, not along a chord."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or len(tune) < 4:
        return
    bad = unbalanced_leaps(reading, tune)
    for first, end in bar_runs(tune.bar[:-2][bad], reading.bars):
        yield Finding(
            "voice.leap", "warning", (lead.track.id,), (first, end),
            f"{lead.track.name} leaps more than an octave and goes on the same way in {bar_words((first, end))}",
            "after a great leap turn back by step", None,
        )  # fmt: skip


def unbalanced_leaps(reading: Reading, tune: Tune) -> Bools:
    """For each note but the last two: whether a leap beyond an octave starts there that goes on in its direction."""
    steps = tune.intervals
    joined = tune.gaps < GRID // 2
    leap = (np.abs(steps[:-1]) > OCTAVE) & joined[:-1] & joined[1:]
    onward = (np.sign(steps[1:]) == np.sign(steps[:-1])) & (np.abs(steps[1:]) > 2)
    members, _ = chord_grid(reading)
    place = np.clip(tune.start, 0, max(0, reading.slots - 1))
    in_chord = members[place, tune.pitch % 12]
    broken_chord = in_chord[:-2] & in_chord[1:-1] & in_chord[2:]
    return np.asarray(leap & onward & ~broken_chord, dtype=np.bool_)


def check_leading_note(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """At a close on the tonic the tune's leading note must rise to it (or fall by step within the line)."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or len(tune) < 2 or reading.drums:
        return
    _, roots = chord_grid(reading)
    tonic = np.array([reading.piece.key_at(b).tonic_pc for b in range(reading.bars)], dtype=np.int64)
    if not len(tonic):
        return
    here, there = np.clip(tune.start[:-1], 0, reading.slots - 1), np.clip(tune.start[1:], 0, reading.slots - 1)
    home = tonic[tune.bar[:-1]]
    closes = (roots[here] == (home + 7) % 12) & (roots[there] == home) & (tune.gaps == 0)
    leading = closes & (tune.pitch[:-1] % 12 == (home + 11) % 12) & (tune.weight[1:] >= 0.75)
    astray = leading & (np.abs(tune.intervals) > 4)
    for first, end in bar_runs(tune.bar[:-1][astray], reading.bars):
        yield Finding(
            "voice.leading_note", "advice", (lead.track.id,), (first, end),
            f"the leading note of {lead.track.name} jumps away instead of rising to the tonic in {bar_words((first, end))}",
            "let it rise a semitone", None,
        )  # fmt: skip


CHECKS = (check_parallels, check_crossing, check_leaps, check_leading_note)
