"""The parts together: a lead that is heard, no mud below, a bass that stands with the drums, dynamics that live."""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.bars import bar_runs
from ripieno.score.analysis.reading import GRID, HARMONIC, Ints, Reading
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role

MASKED = 0.6  # share of the lead's time in a section
MUD_CEILING = 45  # A2: below it close intervals growl
MUD_INTERVAL = 4  # semitones
BASS_DRUMS = (35, 36)
SUNG = (Role.LEAD, Role.COUNTERMELODY, Role.PAD)  # roles that sing; ghost notes belong to bass and comping
ADRIFT = 0.65  # share of a part's attacks
FIGURED = 0.6  # share of the beats with one and the same figure that makes it a figure


def stretches(reading: Reading) -> list[tuple[str, int, int]]:
    """(name, first bar, end bar): the sections, or windows of 16 bars where a piece has none."""
    if reading.piece.sections:
        return [(s.name.lower(), s.first_bar, min(s.end_bar, reading.bars)) for s in reading.piece.sections]
    return [(bar_words((b, min(b + 16, reading.bars))), b, min(b + 16, reading.bars)) for b in range(0, reading.bars, 16)]


def check_masking(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """An accompaniment that plays in the lead's own register, as loud or louder, for most of a section."""
    lead = reading.lead
    if lead is None or lead.track.role is not Role.LEAD or len(reading.lines) < 2:
        return
    row = reading.line_index(lead)
    tune = reading.top[row].astype(np.int64)
    volume = float(np.mean(lead.velocity))
    for other in reading.with_role(*HARMONIC):
        if float(np.mean(other.velocity)) < volume - 6:
            continue
        at = reading.line_index(other)
        high, low = reading.top[at].astype(np.int64), reading.bottom[at].astype(np.int64)
        both = (tune >= 0) & (high >= 0)
        doubled = ((high - tune) % 12 == 0) | ((low - tune) % 12 == 0)
        over = both & ~doubled & (high > tune + 2) & (low < tune + 12)
        for name, first, end in stretches(reading):
            begin, finish = int(reading.bar_slots[first]), int(reading.bar_slots[end])
            together = int(both[begin:finish].sum())
            if together < 8 * GRID:
                continue
            share = float(over[begin:finish].sum()) / together
            if share > MASKED:
                yield Finding(
                    "register.masked_lead", "warning", (other.track.id, lead.track.id), (first, end),
                    f"{other.track.name} covers the tune of {lead.track.name} for {share:.0%} of the {name}: same register, "
                    "as loud",
                    "play the accompaniment lower or softer", share,
                )  # fmt: skip


def check_mud(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Close intervals deep in the bass, held, for a quarter of the bars and more."""
    if not reading.slots:
        return
    muddy = np.zeros(reading.slots, dtype=np.bool_)
    bass = reading.bass.astype(np.int64)
    for row, line in enumerate(reading.lines):
        if line.track.instrument.family == "percussion":
            continue
        low = reading.bottom[row].astype(np.int64)
        high = reading.top[row].astype(np.int64)
        for edge in (low, high):
            gap = edge - bass
            muddy |= (edge >= 0) & (gap >= 1) & (gap <= MUD_INTERVAL) & (edge < MUD_CEILING)
    per_bar = np.bincount(reading.bar_of(np.flatnonzero(muddy)), minlength=reading.bars)
    bad = per_bar >= np.diff(reading.bar_slots) / 2
    share = float(bad.mean()) if reading.bars else 0.0
    if share > 0.25 and bad.sum() >= 4:
        bars = np.flatnonzero(bad)
        yield Finding(
            "register.mud", "advice", (), (int(bars[0]), int(bars[-1]) + 1),
            f"close intervals low in the bass make {share:.0%} of the bars muddy",
            "open the lowest two notes to a fifth or an octave", share,
        )  # fmt: skip


def _hits(start: Ints, targets: Ints, tolerance: int = 1) -> int:
    """How many of `start` lie within `tolerance` slots of one of `targets` (ascending)."""
    if not len(targets):
        return 0
    right = np.minimum(np.searchsorted(targets, start), len(targets) - 1)
    left = np.maximum(right - 1, 0)
    near = np.minimum(np.abs(targets[right] - start), np.abs(targets[left] - start))
    return int(np.count_nonzero(near <= tolerance))


def _steady(reading: Reading, starts: Ints, first: int, end: int) -> bool:
    """Whether attacks fall on nearly every beat: a walking bass, a bass drum on all fours. The other then plays between.

    Only bars with attacks count: the bass drum leaves the last bars of a build, and is steady all the same.
    """
    if not len(starts):
        return False
    played = np.unique(reading.bar_of(starts))
    inside = (reading.beat_bar >= first) & (reading.beat_bar < end) & np.isin(reading.beat_bar, played)
    beats = reading.beats[inside]
    return bool(len(beats)) and _hits(beats, starts) >= 0.8 * len(beats)


def _figured(reading: Reading, starts: Ints) -> bool:
    """Whether the same places are struck in most of the beats that have any: a figure that goes with the beat."""
    beat = np.searchsorted(reading.beats, starts, side="right") - 1
    places = np.minimum(starts - reading.beats[np.maximum(beat, 0)], 31)
    _, where = np.unique(beat, return_inverse=True)
    figures = np.zeros(int(where.max()) + 1, dtype=np.int64)
    np.bitwise_or.at(figures, where, np.int64(1) << places.astype(np.int64))
    return float(np.unique(figures, return_counts=True)[1].max()) >= FIGURED * len(figures)


def _kicks(reading: Reading) -> Ints:
    """The strokes of the bass drum of all kits, in order."""
    struck = [d.start[np.isin(d.pitch, BASS_DRUMS)] for d in reading.drums if d.track.instrument.family == "drum kit"]
    return np.unique(np.concatenate(struck)) if struck else np.zeros(0, dtype=np.int64)


def check_bass_drums(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A bass that plays between the drums' attacks, and never with the bass drum, through a section."""
    kit = [line for line in reading.drums if line.track.instrument.family == "drum kit"]
    basses = reading.with_role(Role.BASS)
    if not kit or not basses:
        return
    struck = np.unique(np.concatenate([line.start for line in kit]))
    kicks = _kicks(reading)
    for bass in basses:
        for name, first, end in stretches(reading):
            begin, finish = reading.bar_slots[first], reading.bar_slots[end]
            notes = bass.start[bass.onsets]
            notes = notes[(notes >= begin) & (notes < finish)]
            drums = struck[(struck >= begin) & (struck < finish)]
            kick = kicks[(kicks >= begin) & (kicks < finish)]
            if len(notes) < 8 or len(drums) < len(notes) / 2:
                continue
            with_drums = _hits(notes, drums) / len(notes)
            if with_drums < 0.5 and _steady(reading, kick, first, end) and _figured(reading, notes):
                continue  # it rolls between the strokes of a bass drum on all fours
            if with_drums < 0.5:
                yield Finding(
                    "groove.bass_off_drums", "warning", (bass.track.id, kit[0].track.id), (first, end),
                    f"only {with_drums:.0%} of the notes of {bass.track.name} fall together with the drums in the {name}",
                    "lock the bass to the drums' grid", with_drums,
                )  # fmt: skip
            elif (
                len(kick) >= 8
                and not _steady(reading, kick, first, end)
                and not _steady(reading, notes, first, end)
                and max(_hits(kick, notes) / len(kick), _hits(notes, kick) / len(notes)) < 0.2
            ):
                shared = _hits(kick, notes) / len(kick)
                yield Finding(
                    "groove.bass_without_kick", "advice", (bass.track.id, kit[0].track.id), (first, end),
                    f"{bass.track.name} and the bass drum hardly ever meet in the {name}",
                    "let the bass stand with the bass drum on the main beats", shared,
                )  # fmt: skip


def check_adrift(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A part that plays beside the metre through a section: neither on beats nor on their halves, nor with anybody else."""
    kicks = _kicks(reading)
    for line in reading.with_role(Role.LEAD, Role.COUNTERMELODY, Role.BASS):
        at = line.onsets
        if len(at) < 16:
            continue
        beside = line.weight[at] < 0.25
        others = [other.start[other.onsets] for other in reading.all_lines if other is not line]
        joined = np.unique(np.concatenate(others)) if others else np.zeros(0, dtype=np.int64)
        for name, first, end in stretches(reading):
            inside = (line.bar[at] >= first) & (line.bar[at] < end)
            count = int(inside.sum())
            if count < 16 or float(beside[inside].mean()) < ADRIFT:
                continue
            if len(joined) and _hits(line.start[at][inside & beside], joined, tolerance=0) > 0.5 * count:
                continue  # the others play there too: it is the metre's own subdivision
            if _steady(reading, kicks, first, end) and _figured(reading, line.start[at][inside]):
                continue  # one figure in every beat, as a bass that rolls between the strokes of the bass drum
            share = float(beside[inside].mean())
            yield Finding(
                "groove.adrift",
                "warning",
                (line.track.id,),
                (first, end),
                f"{share:.0%} of the notes of {line.track.name} in the {name} fall beside the beats and their halves, and "
                "nobody plays with it",
                "move it onto the beats, or let others join its rhythm",
                share,
            )


def check_dynamics(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """One loudness from beginning to end, in every part."""
    notes = [line for line in reading.all_lines if len(line) >= 8]
    if not notes or reading.bars < 8:
        return
    spread = max(float(np.std(line.velocity)) for line in notes)
    if spread < 2.0:
        yield Finding(
            "dynamics.flat", "advice", tuple(line.track.id for line in notes), (0, reading.bars),
            "every note is equally loud from beginning to end",
            "shape the phrases, and let the sections differ in strength", spread,
        )  # fmt: skip


def check_jolts(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Bars in which a part's loudness changes by half the whole range between neighbouring notes, again and again."""
    for line in reading.with_role(*SUNG):
        if len(line.onsets) < 16:
            continue
        loud = line.velocity[line.onsets]
        jolt = np.abs(np.diff(loud)) > 60
        bars = line.bar[line.onsets[1:]][jolt]
        counts = np.bincount(bars, minlength=reading.bars)
        for first, end in bar_runs(np.flatnonzero(counts >= 4), reading.bars):
            yield Finding(
                "dynamics.jolts", "advice", (line.track.id,), (first, end),
                f"the loudness of {line.track.name} jumps about in {bar_words((first, end))}",
                "smooth the accents", float(counts[first:end].max()),
            )  # fmt: skip


CHECKS = (check_masking, check_mud, check_bass_drums, check_adrift, check_dynamics, check_jolts)
