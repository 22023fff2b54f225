"""Can the players play it: range, notes at once, hands, breath, speed, limbs.

The limits are those of good players, not of virtuosi, and lie where published music by masters rarely goes
(`benchmarks/craft` shows how rarely).
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.bars import bar_runs
from ripieno.score.analysis.reading import GRID, Bools, Floats, Ints, Line, Reading
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.pitch import pitch_name

HAND_SPAN = 16  # semitones: a major tenth
FINGERS = 5
FRET_SPAN = 4  # frets that one hand covers besides open strings
GUITAR_STRINGS = (40, 45, 50, 55, 59, 64)  # standard tuning
FRETS = 22
BREATH_SECONDS = 18.0  # longest stretch that a player can be asked to sing or blow without a place to breathe
BREATH_NOTE = 0.45  # seconds: from the end of a note this long a breath can be taken
BREATH_REPEAT = 0.2  # seconds: before a note is struck again there is room, if it is not too short
REPEATS_PER_SECOND = 14.5  # fastest repetition of one note
MULTIPLE_STOPS = 4  # notes of a chord broken over the strings of a violin, viola or cello
MANY_HANDED = (24, 25, 26, 48)  # kits that a machine plays, or several players: electronic, TR-808, orchestral
HAND_DRUMS_FREE = (35, 36, 44)  # bass drums and pedal hi-hat are played with the feet


def check_range(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Notes that the instrument does not have; the stretches where most notes lie outside the comfortable range."""
    for line in reading.lines:
        player = line.track.instrument
        if player.technique == "synth":
            continue  # a synthesiser plays every note; its range is what sounds well
        outside = (line.pitch < player.low) | (line.pitch > player.high)
        for first, end in bar_runs(line.bar[outside], reading.bars, gap=1):
            here = outside & (line.bar >= first) & (line.bar < end)
            worst = line.pitch[here]
            extreme = int(worst.min()) if worst.min() < player.low else int(worst.max())
            yield Finding(
                "range.outside", "error", (line.track.id,), (first, end),
                f"{line.track.name} has {len(worst)} note{'s' if len(worst) > 1 else ''} outside the range of the "
                f"{player.name.lower()} in {bar_words((first, end))}, such as {pitch_name(extreme)}",
                f"keep it between {pitch_name(player.low)} and {pitch_name(player.high)}", float(len(worst)),
            )  # fmt: skip
        strained = (line.pitch < player.comfort_low - 2) | (line.pitch > player.comfort_high + 2)
        share = float((strained * (line.end - line.start)).sum() / (line.end - line.start).sum())
        if share > 0.5 and not outside.any() and len(line) >= 8:
            first, last = int(line.bar[strained].min()), int(line.bar[strained].max())
            yield Finding(
                "range.strained", "advice", (line.track.id,), (first, last + 1),
                f"{line.track.name} spends {share:.0%} of its time outside the comfortable range of the "
                f"{player.name.lower()}",
                f"write it mostly between {pitch_name(player.comfort_low)} and {pitch_name(player.comfort_high)}", share,
            )  # fmt: skip


def check_voices(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """More notes at once than the instrument sounds. The overlaps of a legato are no second voice."""
    for line in reading.lines:
        limit = line.track.instrument.voices
        if line.track.instrument.technique == "bowed" and limit == 2:
            limit = MULTIPLE_STOPS
        if len(line) <= limit:
            continue
        overlap = reading.piece.timeline.ppq // 6
        begin = np.sort(line.tick)
        finish = np.sort(np.maximum(line.tick_end - overlap, line.tick + 1))
        sounding = np.searchsorted(begin, line.tick, side="right") - np.searchsorted(finish, line.tick, side="right")
        crowded = sounding > limit
        for first, last in bar_runs(line.bar[crowded], reading.bars):
            here = (line.bar >= first) & (line.bar < last)
            most = int(sounding[here].max())
            yield Finding(
                "playability.voices",
                "warning",
                (line.track.id,),
                (first, last),
                f"{line.track.name} is asked for {most} notes at once in {bar_words((first, last))}; one "
                f"{line.track.instrument.name.lower()} sounds at most {limit}",
                "leave out notes or give them to another part",
                float(most),
            )


def check_hands(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Chords on a keyboard that two hands cannot reach, and guitar chords that no shape on the neck gives."""
    for line in reading.lines:
        player = line.track.instrument
        if player.technique == "keys" and player.voices > 1:
            bad = _two_hands_fail(line)
            advice = "close the chord up, or roll it"
            what = "a chord wider than two hands reach"
        elif player.family == "guitar" and player.voices >= 6:
            bad = np.zeros(len(line.onsets), dtype=np.bool_)
            for i in np.flatnonzero(line.chord_sizes > 1).tolist():
                at = int(line.onsets[i])
                chord = tuple(line.pitch[at : at + int(line.chord_sizes[i])].tolist())
                bad[i] = not guitar_shape(chord)
            advice = "use a shape within four frets, one note to a string"
            what = "a chord that no hand can hold on the neck"
        else:
            continue
        bars = line.bar[line.onsets[bad]]
        for first, end in bar_runs(bars, reading.bars):
            count = int(np.count_nonzero((bars >= first) & (bars < end)))
            yield Finding(
                "playability.hands", "warning", (line.track.id,), (first, end),
                f"{line.track.name} has {what} in {bar_words((first, end))}", advice, float(count),
            )  # fmt: skip


def _two_hands_fail(line: Line) -> Bools:
    """For each onset, whether the notes struck together lie beyond two hands: greedy from below, which is optimal."""
    lowest = np.repeat(line.pitch[line.onsets], line.chord_sizes)
    beyond = line.pitch > lowest + HAND_SPAN
    right_low = np.minimum.reduceat(np.where(beyond, line.pitch, 999), line.onsets)
    highest = line.pitch[line.onsets + line.chord_sizes - 1]
    fingers = np.add.reduceat(np.ones(len(line), dtype=np.int64), line.onsets)
    too_wide = (right_low != 999) & (highest - right_low > HAND_SPAN)
    return np.asarray(too_wide | (fingers > 2 * FINGERS), dtype=np.bool_)


def two_hands(pitches: tuple[int, ...]) -> bool:
    """Whether two hands can strike these pitches (ascending) together: five fingers each, a tenth wide."""
    beyond = [p for p in pitches if p > pitches[0] + HAND_SPAN]
    return len(pitches) <= 2 * FINGERS and (not beyond or pitches[-1] - beyond[0] <= HAND_SPAN)


@lru_cache(maxsize=4096)
def guitar_shape(pitches: tuple[int, ...]) -> bool:
    """Whether these pitches (ascending) can be held together on a guitar in standard tuning.

    One note to a string, fretted notes within `FRET_SPAN` frets. A chord below the open low string, as drop tunings
    have, is tried a tone, or two, higher.
    """
    unique = tuple(sorted(set(pitches)))
    if len(unique) > len(GUITAR_STRINGS):
        return False
    if unique and unique[0] < GUITAR_STRINGS[0]:
        unique = tuple(p + GUITAR_STRINGS[0] - unique[0] for p in unique)
    return _fits(unique, 0, None, None)


def _fits(pitches: tuple[int, ...], string: int, low: int | None, high: int | None) -> bool:
    if not pitches:
        return True
    if len(pitches) > len(GUITAR_STRINGS) - string:
        return False
    fret = pitches[0] - GUITAR_STRINGS[string]
    if 0 <= fret <= FRETS:
        if fret == 0:
            if _fits(pitches[1:], string + 1, low, high):
                return True
        else:
            new_low, new_high = min(fret, low or fret), max(fret, high or fret)
            if new_high - new_low <= FRET_SPAN and _fits(pitches[1:], string + 1, new_low, new_high):
                return True
    return _fits(pitches, string + 1, low, high)


def _seconds(reading: Reading, ticks: Ints) -> Floats:
    return reading.seconds(ticks * (GRID / reading.piece.timeline.ppq))


def check_breath(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Winds, brass and voices without a rest or a longer note to steal a breath from."""
    for line in reading.lines:
        if not line.track.instrument.breath or len(line) < 2 or not line.monophonic:
            continue
        start, end = _seconds(reading, line.tick), _seconds(reading, line.tick_end)
        end = np.maximum.accumulate(end)
        pause = np.append(start[1:] - end[:-1], 1e9)
        again = np.append(line.pitch[1:] == line.pitch[:-1], False)
        breathing = (pause > 0.12) | (end - start >= BREATH_NOTE) | (again & (end - start >= BREATH_REPEAT))
        stops = np.flatnonzero(breathing)
        begins = np.concatenate(([0], stops[:-1] + 1))
        stretch = end[stops] - start[begins]
        for i in np.flatnonzero(stretch > BREATH_SECONDS).tolist():
            first, last = int(line.bar[begins[i]]), int(line.bar[stops[i]])
            yield Finding(
                "playability.breath", "warning", (line.track.id,), (first, last + 1),
                f"{line.track.name} has no place to breathe for {stretch[i]:.0f} seconds in "
                f"{bar_words((first, last + 1))}",
                "put a rest or a longer note at the end of a phrase", float(stretch[i]),
            )  # fmt: skip


def check_speed(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """One note repeated faster than fingers, tongue or bow can, four times or more."""
    for line in reading.lines:
        if line.track.instrument.technique == "synth" or len(line) < 5:
            continue
        at = line.onsets
        seconds = _seconds(reading, line.tick[at])
        same = line.pitch[at[1:]] == line.pitch[at[:-1]]
        quick = same & (np.diff(seconds) < 1.0 / REPEATS_PER_SECOND)
        sustained = quick[:-2] & quick[1:-1] & quick[2:]
        bars = line.bar[at[:-3][sustained]]
        for first, end in bar_runs(bars, reading.bars):
            yield Finding(
                "playability.speed", "warning", (line.track.id,), (first, end),
                f"{line.track.name} repeats a note too fast to play in {bar_words((first, end))}",
                "halve the repetitions", None,
            )  # fmt: skip


def check_limbs(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A drummer has two hands: no more than two drums or cymbals struck together besides the pedals."""
    for line in reading.drums:
        if line.track.instrument.family != "drum kit" or line.track.midi_program in MANY_HANDED or not len(line):
            continue
        by_hand = ~np.isin(line.pitch, HAND_DRUMS_FREE)
        struck = np.unique(line.start[by_hand].astype(np.int64) * 128 + line.pitch[by_hand])  # a drag is one hand's
        places, hands = np.unique(struck // 128, return_counts=True)
        bars = reading.bar_of(places[hands > 2])
        if not len(bars):
            continue
        for first, end in bar_runs(bars, reading.bars, gap=1):
            yield Finding(
                "playability.limbs", "warning", (line.track.id,), (first, end),
                f"{line.track.name} would need a third hand in {bar_words((first, end))}",
                "keep two of the drums or cymbals struck together", float(hands.max()),
            )  # fmt: skip


CHECKS = (check_range, check_voices, check_hands, check_breath, check_speed, check_limbs)
