"""One voice in ABC, bar by bar: strictly read, with every fault told by its bar.

A writer gives a list of bars, nothing else: key, metre, unit and tempo are ours. Each voice is read as a tune of its own, so
that a fault in one never hides another's.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ripieno.score.errors import BadFile
from ripieno.score.formats.abc_read import BadNotation, read_abc
from ripieno.score.instruments import Instrument
from ripieno.score.keys import Key
from ripieno.score.piece import Notes, make_notes
from ripieno.score.pitch import name_at_fifths, pitch_name
from ripieno.score.time import Metre

# What may stand in a bar: notes, rests, lengths, octaves, accidentals, ties, slurs, chords, tuplets, broken rhythm, graces,
# staccato. No bar lines, fields, comments, words or directives: those are not a writer's.
BAR = r"[A-Ga-gz0-9/,'^_=\[\]()<>{} .\-]{1,300}"
_BAR = re.compile(BAR)
_FAULTS = 10  # that are told at once
UNIT = "1/8"
BarAt = Callable[[int], int]  # a bar, from 0, from a tick


@dataclass(frozen=True, slots=True)
class Frame:
    """What all voices share."""

    key: Key
    metre: Metre
    bars: int

    @property
    def signature(self) -> str:
        """The key as the major key of its signature: 'D' for B minor."""
        return name_at_fifths(self.key.signature)


class BadVoice(ValueError):
    """A voice with faults, one a line."""


def read_voice(bars: Sequence[str], player: Instrument, frame: Frame) -> Notes:
    """The notes of a voice, in ticks, velocities as written (80 where nothing is).

    Raises:
        BadVoice: there are faults: bars of wrong length or number, what is no ABC, notes that the player does not have.
    """
    faults: list[str] = []
    if len(bars) != frame.bars:
        faults.append(f"the voice has {len(bars)} bars and must have {frame.bars}: give one text for each bar")
    for n, bar in enumerate(bars, 1):
        rest = _BAR.sub("", bar, count=1) if _BAR.match(bar) else bar
        if rest:
            faults.append(f"bar {n}: {rest[:20]!r} has no place in a bar")
        elif not bar.strip():
            faults.append(f"bar {n}: is empty; write z with its length")
    if faults:
        raise BadVoice("\n".join(faults[:_FAULTS]))
    try:
        piece = read_abc(_tune(bars, player, frame))
    except BadNotation as error:
        raise BadVoice("\n".join(f"bar {f.bar}: {f.words} {f.text}".rstrip() for f in error.faults[:_FAULTS])) from None
    except BadFile as error:
        raise BadVoice(error.message) from None
    odd = next((m.bar for m in piece.timeline.metres if m.metre != frame.metre), None)
    if piece.bars != frame.bars or odd is not None:
        raise BadVoice(f"bar {(odd or 0) + 1}: is not as long as {frame.metre} says; no upbeats here, fill up with rests")
    notes = piece.tracks[0].notes if piece.tracks else make_notes()
    faults = [*_out_of_range(notes, player, piece.timeline.bar_at), *_too_many(notes, player, piece.timeline.bar_at)]
    if faults:
        raise BadVoice("\n".join(faults[:_FAULTS]))
    return notes


def _tune(bars: Sequence[str], player: Instrument, frame: Frame) -> str:
    head = ["X:1", "T:a voice", f"M:{frame.metre}", f"L:{UNIT}", "Q:1/4=120"]
    # The keys of a kit are written without a signature.
    head += ["K:C", "%%MIDI channel 10"] if player.is_drum else [f"K:{frame.signature}", f"%%MIDI program {player.program}"]
    return "\n".join([*head, *(f"{bar} |" for bar in bars)]) + "\n"


def _out_of_range(notes: Notes, player: Instrument, bar_at: BarAt) -> list[str]:
    if player.is_drum:
        return []
    wrong = notes[(notes["pitch"] < player.low) | (notes["pitch"] > player.high)]
    span = f"{pitch_name(player.low)} to {pitch_name(player.high)}"
    return [
        f"bar {bar_at(int(n['start'])) + 1}: {pitch_name(int(n['pitch']))} is not on the {player.name} ({span})" for n in wrong
    ]


def _too_many(notes: Notes, player: Instrument, bar_at: BarAt) -> list[str]:
    """Where more sounds at once than the player has voices. A kit's limit is its drummer's, which the critic knows."""
    if player.is_drum:
        return []
    faults = []
    for tick in np.unique(notes["start"]):
        sounding = int(((notes["start"] <= tick) & (notes["start"] + notes["duration"] > tick)).sum())
        if sounding > max(1, player.voices):
            faults.append(f"bar {bar_at(int(tick)) + 1}: {sounding} notes at once; the {player.name} has {player.voices}")
    return faults


def without_overlaps(notes: Notes, end: int) -> Notes:
    """The notes before `end`, each ending where its pitch is struck again."""
    rows = []
    for pitch in np.unique(notes["pitch"]):
        own = [tuple(map(int, n)) for n in notes[notes["pitch"] == pitch]]
        starts = [n[0] for n in own] + [end]
        rows += [
            (s, min(d, after - s), p, v) for (s, d, p, v), (_, after) in zip(own, pairwise(starts), strict=True) if after > s
        ]
    return make_notes([row for row in rows if row[0] < end and row[1] > 0])
