"""Whether the piece ends: home chord, resting tune, time for the last note. Whether anything is silent that should sound."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ripieno.score.analysis.bars import runs
from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.reading import GRID, Reading
from ripieno.score.analysis.skyline import melody
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding, bar_words
from ripieno.score.instruments import Role
from ripieno.score.pitch import pitch_name

OCTAVE = 12
HELD, PAUSE = 2, GRID // 2  # a note so many times as long as usual, or a rest of so many slots after it, ends a phrase
UNCLOSED = 20  # bars
SILENCE_SECONDS = 3.0  # a general pause longer than this sounds like a mistake, or an end


def check_final_chord(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """The last harmony is not the tonic, or does not stand on it."""
    sounding = np.flatnonzero(reading.bass >= 0)
    if not len(sounding) or reading.bars < 2:
        return
    attacks = [int(line.start[-1]) for line in reading.lines if len(line)]
    last = min(int(sounding[-1]), max(attacks))  # as it is struck: who lets go first is no matter
    key = reading.piece.key_at(reading.bars - 1)
    home = key.tonic_pc
    _, roots = chord_grid(reading)
    bar = int(reading.bar_of(np.array([last]))[0])
    bass = int(reading.bass[last]) % 12
    root = int(roots[last])
    heard = {int(pc) for pc in np.flatnonzero(reading.pitch_classes[last] > 0)}
    if bass == home or root == home or (home in heard and len(heard) <= 2):
        return
    yield Finding(
        "cadence.final_chord", "warning", (), (bar, bar + 1),
        f"the piece ends on {key.spell(root if root >= 0 else bass)} and not at home in {key}",
        f"close on the {key.spell(home)} chord", None,
    )  # fmt: skip


def check_final_tune(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """A tune that ends outside the tonic chord, when it plays to the end."""
    lead = reading.lead
    tune = melody(reading)
    if lead is None or lead.track.role is not Role.LEAD or len(tune) < 8 or tune.bar[-1] < reading.bars - 2:
        return
    key = reading.piece.key_at(reading.bars - 1)
    members, _ = chord_grid(reading)
    place = min(int(tune.start[-1]), reading.slots - 1)
    degree = (int(tune.pitch[-1]) - key.tonic_pc) % 12
    if degree not in (0, 3, 4, 7) and not members[place, int(tune.pitch[-1]) % 12]:
        bar = int(tune.bar[-1])
        yield Finding(
            "cadence.final_note", "warning", (lead.track.id,), (bar, bar + 1),
            f"the tune of {lead.track.name} stops on {pitch_name(int(tune.pitch[-1]))}, outside the last chord",
            f"end it on {key.spell(key.tonic_pc)}, or on a note of its chord", None,
        )  # fmt: skip


def check_abrupt(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """An end in full motion: the last attack comes on a weak place, is short, and nothing has slowed down before it."""
    if reading.bars < 4 or not reading.lines:
        return
    starts = np.concatenate([line.start for line in reading.lines])
    ends = np.concatenate([line.end for line in reading.lines])
    last = int(starts.max())
    if last >= reading.slots:
        return
    rest = int(ends[starts >= last - 1].max()) - last
    longest = int(ends.max()) - last
    if reading.slot_weight[last] < 0.5 and max(rest, longest) < GRID // 2 + 1:
        bar = int(reading.bar_of(np.array([last]))[0])
        yield Finding(
            "cadence.abrupt", "warning", (), (bar, bar + 1),
            f"the music breaks off in {bar_words((bar, bar + 1))} on a short note off the beat",
            "let the last chord fall on a beat and sound", longest / GRID,
        )  # fmt: skip


def check_cadences(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Twenty bars of tune and more in which no phrase comes to rest on a note of the chord: nothing is ever closed.

    A note rests that is twice as long as the tune's usual one, or that is followed by silence. Which degree the chord is
    does not matter: long pieces leave their key.
    """
    lead = reading.lead
    tune = melody(reading)
    if lead is None or lead.track.role is not Role.LEAD or len(tune) < 16:
        return
    members, _ = chord_grid(reading)
    at_home = members[np.clip(tune.start, 0, reading.slots - 1), tune.pitch % OCTAVE]
    lengths = tune.end - tune.start
    rest = (lengths >= HELD * np.median(lengths)) | np.append(tune.gaps >= PAUSE, True)
    closed = np.unique(tune.bar[rest & at_home])
    played = np.unique(tune.bar)
    edges = [-1, *closed.tolist(), reading.bars]
    for before, after in pairwise(edges):
        first, end = before + 1, after
        if end - first < UNCLOSED or np.count_nonzero((played >= first) & (played < end)) < 0.75 * (end - first):
            continue
        yield Finding(
            "cadence.missing", "advice", (lead.track.id,), (first, end),
            f"the tune of {lead.track.name} comes to no close in {bar_words((first, end))}",
            "end a phrase on a longer note of the chord", float(end - first),
        )  # fmt: skip


def check_overrun(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Notes that begin after the final bar line, or sound more than a bar beyond it."""
    final = reading.piece.ticks
    if not reading.bars:
        return
    bar = reading.bars - 1
    allowed = final + reading.piece.timeline.bar_ticks(bar)
    for line in reading.all_lines:
        late = (line.tick >= final) | (line.tick_end > allowed)
        if late.any():
            yield Finding(
                "form.overrun",
                "error",
                (line.track.id,),
                (bar, bar + 1),
                f"{line.track.name} plays on after the final bar line",
                "end it with the last bar",
                float(np.count_nonzero(late)),
            )


def check_silence(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """Bars in which nobody plays, and tracks that never do."""
    for track in reading.piece.tracks:
        if not len(track.notes):
            yield Finding(
                "silence.track", "error", (track.id,), (0, reading.bars),
                f"{track.name} never plays", "write its part, or take the track out", None,
            )  # fmt: skip
    if not reading.slots:
        return
    sounding = np.zeros(reading.slots + 1, dtype=np.int64)
    for line in reading.all_lines:
        sounding += np.bincount(np.clip(line.start, 0, reading.slots), minlength=reading.slots + 1)
        sounding -= np.bincount(np.clip(line.end, 0, reading.slots), minlength=reading.slots + 1)
    silent = sounding.cumsum()[:-1] <= 0
    for first, end in runs(silent):
        bar, stop = (int(b) for b in reading.bar_of(np.array([first, max(first, end - 1)])))
        begin, finish = reading.seconds(np.array([first, end]))
        if finish - begin < SILENCE_SECONDS or end - first < reading.bar_slots[bar + 1] - reading.bar_slots[bar]:
            continue
        yield Finding(
            "silence.bars", "error" if end == reading.slots and stop - bar >= 2 else "warning", (), (bar, stop + 1),
            f"nobody plays in {bar_words((bar, stop + 1))}", "fill the gap, or take the bars out", float(finish - begin),
        )  # fmt: skip


CHECKS = (check_final_chord, check_final_tune, check_abrupt, check_cadences, check_overrun, check_silence)
