"""What one player can hold: no more notes at once than the instrument sounds, and breath for those who need it."""

import numpy as np

from ripieno.score.checks.spacing import HARPS, PEDAL_SECONDS, pedals_give
from ripieno.score.instruments import Instrument
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ

SLUR = PPQ // 8  # notes may overlap by this much in passing


def within_hands(notes: Notes, row: Instrument) -> Notes:
    """The notes with no more than `row.voices` at once: what sounds gives way to what begins, outer notes stay."""
    most = max(1, row.voices)
    if most == 1 and not row.is_drum and len(notes) > 1:
        return _single(notes)
    if row.is_drum or len(notes) <= most or _thickest(notes) <= most:
        return notes
    out = notes.copy()
    keep = np.ones(len(out), dtype=bool)
    starts = out["start"].tolist()
    ends = (out["start"] + out["duration"]).tolist()
    sounding: list[int] = []
    first = 0
    while first < len(starts):
        last = first
        while last < len(starts) and starts[last] == starts[first]:
            last += 1
        tick, group = starts[first], list(range(first, last))
        sounding = [i for i in sounding if ends[i] - SLUR > tick]
        if len(group) > most:  # the lowest, and the highest of the others
            chosen = [group[0], *group[len(group) - most + 1:]] if most > 1 else group[-1:]
            keep[[i for i in group if i not in chosen]] = False
            group = chosen
        excess = len(sounding) + len(group) - most
        if excess > 0:
            oldest = sorted(sounding, key=lambda i: (starts[i], ends[i]))[:excess]
            for i in oldest:
                ends[i] = max(starts[i] + 1, tick)
            sounding = [i for i in sounding if i not in oldest]
        sounding.extend(group)
        first = last
    out["duration"] = np.array(ends) - out["start"]
    return make_notes(out[keep])


def _single(notes: Notes) -> Notes:
    """One note at a time: of notes struck together the highest, each up to the next."""
    out = notes[np.append(np.diff(notes["start"]) > 0, True)].copy()
    room = np.append(np.diff(out["start"]), np.iinfo(np.int32).max)
    out["duration"] = np.minimum(out["duration"], room)
    return make_notes(out)


def _thickest(notes: Notes) -> int:
    """The most notes that sound at once."""
    ends = np.sort(np.maximum(notes["start"] + 1, notes["start"] + notes["duration"] - SLUR))
    over = np.searchsorted(ends, notes["start"], side="right")
    return int((np.searchsorted(notes["start"], notes["start"], side="right") - over).max())


def with_pedals(notes: Notes, row: Instrument, seconds_per_tick: float) -> Notes:
    """A harp's notes without those that no setting of its seven pedals gives beside the ones just played.

    The note before sounds on where one is left out of a line.
    """
    if row.id not in HARPS or len(notes) < 2:
        return notes
    window = round(1.1 * PEDAL_SECONDS / seconds_per_tick)
    out = notes.copy()
    keep = np.ones(len(out), dtype=bool)
    recent: list[tuple[int, int]] = []  # (start, bit of the pitch class)
    last = -1
    for i, (start, pitch) in enumerate(zip(out["start"].tolist(), out["pitch"].tolist(), strict=True)):
        recent = [(s, b) for s, b in recent if start - s < window]
        wanted = 1 << pitch % 12
        for _, bit in recent:
            wanted |= bit
        if pedals_give(wanted):
            recent.append((start, 1 << pitch % 12))
            last = i
            continue
        keep[i] = False
        if last >= 0 and out["start"][last] < start <= out["start"][last] + out["duration"][last] + SLUR:
            out["duration"][last] = start + out["duration"][i] - out["start"][last]
    return within_hands(make_notes(out[keep]), row)


def with_breath(notes: Notes, row: Instrument, seconds_per_tick: float) -> Notes:
    """Places to breathe for winds, brass and singers: after about six seconds of unbroken sound the next long note is cut.

    Notes that follow each other within a 16th count as unbroken.
    """
    if not row.breath or row.voices > 1 or len(notes) < 2:
        return notes
    out = notes.copy()
    starts, durations = out["start"].astype(np.int64), out["duration"].astype(np.int64)
    limit, gasp = 6.0 / seconds_per_tick, max(PPQ // 8, round(0.25 / seconds_per_tick))
    since = starts[0]
    for i in range(len(out) - 1):
        if starts[i + 1] - (starts[i] + durations[i]) >= PPQ // 4:
            since = starts[i + 1]
        elif starts[i + 1] - since > limit and durations[i] >= 2 * gasp:
            durations[i] = max(PPQ // 8, starts[i + 1] - starts[i] - gasp)
            since = starts[i + 1]
    out["duration"] = durations
    return make_notes(out)
