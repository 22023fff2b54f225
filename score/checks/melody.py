"""The shape of the tune: range, movement, climax, rests."""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.bars import bar_runs
from ripieno.score.analysis.reading import GRID, Bools, Reading
from ripieno.score.analysis.skyline import Tune, melody
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role
from ripieno.score.pitch import pitch_name

WINDOW = 16  # bars over which the shape of a tune is judged
NARROW = 4  # semitones that a tune must span over a window
WIDE = 36  # semitones that no tune of one voice spans; keyboards, harps and guitars run further
WIDE_CHORDAL = 60
LEAPY = 0.6  # share of intervals beyond a major third
ONE_NOTE = 0.6  # share of the notes on one pitch
NO_REST_SECONDS = 45.0  # a tune without a breath for this long tires the listener as well as the player


def check_shape(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A tune that hardly moves, hangs on one note, leaps about, or covers more than a voice or instrument can hold together."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or len(tune) < 16 or lead.track.role is not Role.LEAD:
        return
    track = lead.track
    for first in range(0, reading.bars, WINDOW):
        end = min(reading.bars, first + WINDOW)
        inside = slice(int(np.searchsorted(tune.bar, first)), int(np.searchsorted(tune.bar, end)))
        pitch = tune.pitch[inside]
        if len(pitch) < 16:
            continue
        place = (first, end)
        steps = np.abs(np.diff(pitch))
        moves = steps[steps > 0]
        span = int(pitch.max() - pitch.min())
        if span < NARROW:
            yield Finding(
                "melody.static", "warning", (track.id,), place,
                f"the tune of {track.name} moves within {span} semitones in {bar_words(place)}",
                "give it a rise and a fall", float(span),
            )  # fmt: skip
        elif np.bincount(pitch).max() > ONE_NOTE * len(pitch):
            most = int(np.bincount(pitch).argmax())
            yield Finding(
                "melody.one_note", "advice", (track.id,), place,
                f"most notes of {track.name} in {bar_words(place)} are {pitch_name(most)}",
                "let the tune leave that note", float(np.mean(pitch == most)),
            )  # fmt: skip
        if span > (WIDE_CHORDAL if track.instrument.voices >= 4 else WIDE):
            yield Finding(
                "melody.wide", "warning", (track.id,), place,
                f"the tune of {track.name} spans {span} semitones in {bar_words(place)}",
                "keep a tune within two octaves", float(span),
            )  # fmt: skip
        if len(moves) >= 12 and float(np.mean(moves > 4)) > LEAPY:
            yield Finding(
                "melody.leapy", "advice", (track.id,), place,
                f"{np.mean(moves > 4):.0%} of the tune's moves in {bar_words(place)} are leaps",
                "join the leaps by steps", float(np.mean(moves > 4)),
            )  # fmt: skip


def check_climax(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A tune whose highest note comes so often that no place is its peak."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or lead.track.role is not Role.LEAD or len(tune) < 32 or reading.bars < 8:
        return
    top = tune.pitch == tune.pitch.max()
    bars = len(np.unique(tune.bar[top]))
    sung = len(np.unique(tune.bar))
    if bars > max(3, 0.5 * sung):
        yield Finding(
            "melody.no_climax", "advice", (lead.track.id,), (0, reading.bars),
            f"the highest note of {lead.track.name}, {pitch_name(int(tune.pitch.max()))}, comes in {bars} of its {sung} bars, "
            "so no place is the peak",
            "keep the highest note for one or two places", bars / sung,
        )  # fmt: skip


def check_rests(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A tune that never pauses: no rest and no long note, where a phrase could end."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or lead.track.role is not Role.LEAD or len(tune) < 32:
        return
    start, end = reading.seconds(tune.start), reading.seconds(tune.end)
    typical = float(np.median(np.diff(tune.start)))
    pause = np.append(tune.gaps, 10**6) >= GRID // 4
    pause |= (tune.end - tune.start) >= max(1.9 * typical, GRID)
    stops = np.flatnonzero(pause)
    begins = np.concatenate(([0], stops[:-1] + 1))
    length = end[stops] - start[begins]
    bars = tune.bar[stops] - tune.bar[begins]
    bad = (length > NO_REST_SECONDS) & (bars >= 12)
    for i in np.flatnonzero(bad).tolist():
        place = (int(tune.bar[begins[i]]), int(tune.bar[stops[i]]) + 1)
        yield Finding(
            "melody.no_rest", "advice", (lead.track.id,), place,
            f"the tune of {lead.track.name} runs on without a rest or a long note in {bar_words(place)}",
            "end its phrases, and let them breathe", float(length[i]),
        )  # fmt: skip


def check_isolated(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A single note two octaves and more away from both its neighbours: a slip of register."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or len(tune) < 3:
        return
    for first, end in bar_runs(tune.bar[1:-1][_stray(tune)], reading.bars):
        yield Finding(
            "melody.stray_note", "warning", (lead.track.id,), (first, end),
            f"a note of {lead.track.name} in {bar_words((first, end))} stands two octaves away from its neighbours",
            "bring it into the register of the line", None,
        )  # fmt: skip


def _stray(tune: Tune) -> Bools:
    steps = tune.intervals
    far = np.abs(steps) >= 24
    return np.asarray(far[:-1] & far[1:] & (np.sign(steps[:-1]) != np.sign(steps[1:])), dtype=np.bool_)


CHECKS = (check_shape, check_climax, check_rests, check_isolated)
