"""Puts a piece together anew from stretches of its bars: the one way in which bars are cut, copied, moved and added.

A new piece is a list of stretches, each a run of old bars or of empty ones. Notes and controls go with the bar that they start
in and keep their length; metres, tempos, keys, chords and sections go with their bars. Where two stretches meet that were not
neighbours, tempo, metre and key are set, and controllers that stood elsewhere are put to where they stood in the old piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ripieno.score.errors import Retryable
from ripieno.score.keys import Key
from ripieno.score.piece import (
    ChordSpan,
    Controls,
    KeyChange,
    Notes,
    Piece,
    Section,
    Text,
    Track,
    make_controls,
    make_texts,
)
from ripieno.score.time import MAX_BARS, Metre, MetreChange, Tempo, Timeline
from ripieno.tools.base import Kept
from ripieno.tools.scope import OPEN

_RESTING = {0: 0, 1: 0, 2: 0, 3: 0}  # by kind of control: where it stands before anything was sent
_VOLUME = {7: 100, 10: 64, 11: 127, 8: 64}  # controllers that do not rest at 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Old bars from `first` before `end`; or, with `first` None, `end` empty bars in `metre` and `key` (None: as before them).

    `sections`: None keeps the old ones; else what stands here instead.
    """

    first: int | None
    end: int
    sections: tuple[Section, ...] | None = None
    metre: Metre | None = None
    key: Key | None = None

    @property
    def bars(self) -> int:
        """How many bars it has."""
        return self.end if self.first is None else self.end - self.first


class _Placed(NamedTuple):
    """A stretch in the new piece: its first bar, its first tick, and the tick where it stood before."""

    stretch: Stretch
    bar: int
    tick: int
    old_tick: int
    ticks: int


def kept_by(stretches: Sequence[Stretch]) -> tuple[Kept, ...]:
    """Where the old bars of a list of stretches stand afterwards."""
    found, at = [], 0
    for stretch in stretches:
        if stretch.first is not None and stretch.bars:
            found.append(Kept(stretch.first, stretch.end, at))
        at += stretch.bars
    return tuple(found)


def splice(piece: Piece, stretches: Sequence[Stretch]) -> Piece:
    """The piece made of these stretches, in their order.

    Raises:
        Retryable: nothing would be left, or more bars than a piece can have.
    """
    stretches = [s for s in stretches if s.bars]
    bars = sum(s.bars for s in stretches)
    if not 1 <= bars <= MAX_BARS:
        raise Retryable(f"A piece has 1 to {MAX_BARS} bars", value=bars, cure="leave at least one bar, or add fewer")
    metres = _metres(piece, stretches)
    bare = Timeline(piece.timeline.ppq, (Tempo(0, 120.0),), metres)
    placed: list[_Placed] = []
    bar = 0
    for stretch in stretches:
        tick = bare.bar_start(bar)
        old = 0 if stretch.first is None else piece.timeline.bar_start(stretch.first)
        placed.append(_Placed(stretch, bar, tick, old, bare.bar_start(bar + stretch.bars) - tick))
        bar += stretch.bars
    timeline = replace(bare, tempos=_tempos(piece, placed))
    return replace(
        piece,
        timeline=timeline,
        bars=bars,
        keys=_keys(piece, placed),
        sections=_sections(piece, placed),
        chords=_chords(piece, placed),
        tracks=tuple(_track(t, piece, placed) for t in piece.tracks),
        texts=_texts(piece, placed),
    )


def _metres(piece: Piece, stretches: Sequence[Stretch]) -> tuple[MetreChange, ...]:
    changes: list[MetreChange] = []
    bar = 0
    for stretch in stretches:
        before = changes[-1].metre if changes else piece.timeline.metre_at(0)
        if stretch.first is None:
            rows = [(0, stretch.metre or before)]
        else:
            rows = [(0, piece.timeline.metre_at(stretch.first))]
            rows += [(m.bar - stretch.first, m.metre) for m in piece.timeline.metres if stretch.first < m.bar < stretch.end]
        for at, metre in rows:
            if not changes or changes[-1].metre != metre:
                changes.append(MetreChange(bar + at, metre))
        bar += stretch.bars
    return tuple(changes)


def _tempos(piece: Piece, placed: Sequence[_Placed]) -> tuple[Tempo, ...]:
    changes: list[Tempo] = []
    for i, p in enumerate(placed):
        if p.stretch.first is None:
            if not changes:
                changes.append(Tempo(0, piece.timeline.tempo_at(0)))
            continue
        end = p.old_tick + p.ticks if i + 1 < len(placed) else OPEN
        rows = [(0, piece.timeline.tempo_at(p.old_tick))]
        rows += [(t.tick - p.old_tick, t.bpm) for t in piece.timeline.tempos if p.old_tick < t.tick < end]
        for at, bpm in rows:
            if not changes or changes[-1].bpm != bpm:
                changes.append(Tempo(p.tick + at, bpm))
    return tuple(changes)


def _keys(piece: Piece, placed: Sequence[_Placed]) -> tuple[KeyChange, ...]:
    changes: list[KeyChange] = []
    for p in placed:
        if p.stretch.first is None:
            rows = [(0, p.stretch.key or (changes[-1].key if changes else piece.key))]
        else:
            first, end = p.stretch.first, p.stretch.end
            rows = [(0, piece.key_at(first)), *((k.bar - first, k.key) for k in piece.keys if first < k.bar < end)]
        for at, key in rows:
            if not changes or changes[-1].key != key:
                changes.append(KeyChange(p.bar + at, key))
    return tuple(changes)


def _chords(piece: Piece, placed: Sequence[_Placed]) -> tuple[ChordSpan, ...]:
    found: list[ChordSpan] = []
    for p in placed:
        if p.stretch.first is None:
            continue
        first, end, shift = p.old_tick, p.old_tick + p.ticks, p.tick - p.old_tick
        for span in piece.chords:
            a, b = max(span.start, first), min(span.end, end)
            if a < b:
                moved = ChordSpan(a + shift, b + shift, span.chord)
                whole = found and found[-1].end == moved.start and a > span.start
                if whole and found[-1].chord == moved.chord:  # a chord that was cut at a seam and goes on after it
                    moved = replace(moved, start=found.pop().start)
                found.append(moved)
    return tuple(found)


def _texts(piece: Piece, placed: Sequence[_Placed]) -> tuple[Text, ...]:
    """Words and messages go with the bar that they stand in; what is set at the very start stays there."""
    opening = [t for t in piece.texts if t.tick == 0 and t.kind in ("sysex", "copyright", "text")]
    found = list(opening)
    for i, p in enumerate(placed if piece.texts else ()):
        if p.stretch.first is not None:
            last = i + 1 == len(placed) and p.stretch.end == piece.bars
            end = OPEN if last else p.old_tick + p.ticks
            inner = [t for t in piece.texts if p.old_tick <= t.tick < end and t not in opening]
            found += [replace(t, tick=t.tick + p.tick - p.old_tick) for t in inner]
    return make_texts(found)


def _sections(piece: Piece, placed: Sequence[_Placed]) -> tuple[Section, ...]:
    if not piece.sections and all(p.stretch.sections is None for p in placed):
        return ()
    found: list[Section] = []
    previous: int | None = None  # the old bar that would follow on from what stands last
    for p in placed:
        rows = p.stretch.sections if p.stretch.sections is not None else _old_sections(piece, p.stretch)
        at = p.bar
        for i, section in enumerate(rows):
            joins = i == 0 and p.stretch.sections is None and previous is not None and p.stretch.first == previous
            if joins and found and _same(found[-1], section) and not any(s.first_bar == previous for s in piece.sections):
                found[-1] = replace(found[-1], bars=found[-1].bars + section.bars)
            else:
                found.append(replace(section, first_bar=at))
            at += section.bars
        previous = None if p.stretch.first is None else p.stretch.end
    return tuple(found)


def _old_sections(piece: Piece, stretch: Stretch) -> tuple[Section, ...]:
    if stretch.first is None:
        return (Section("Inserted", 0, stretch.end),)
    first, end = stretch.first, stretch.end
    rows = []
    for s in piece.sections or (Section("Piece", 0, piece.bars),):
        a, b = max(first, s.first_bar), min(end, s.end_bar)
        if a < b:
            rows.append(replace(s, first_bar=a, bars=b - a))
    return tuple(rows)


def _same(a: Section, b: Section) -> bool:
    return (a.name, a.label, a.energy) == (b.name, b.label, b.energy)


def _track(track: Track, piece: Piece, placed: Sequence[_Placed]) -> Track:
    notes: list[Notes] = []
    controls: list[Controls] = []
    state: dict[tuple[int, int], int] = {}
    for i, p in enumerate(placed):
        if p.stretch.first is None:
            continue
        last = i + 1 == len(placed) and p.stretch.end == piece.bars
        span = (p.old_tick, OPEN if last else p.old_tick + p.ticks)
        notes.append(_moved(track.notes, "start", span, p.tick - p.old_tick))
        rows = _moved(track.controls, "tick", span, p.tick - p.old_tick)
        seam = _restored(track.controls, p.old_tick, p.tick, state, rows)
        for row in (*seam, *rows.tolist()):
            state[(row[1], row[2])] = row[3]
        controls += [make_controls(seam), rows]
    joined = track.with_notes(np.concatenate(notes) if notes else track.notes[:0])
    return replace(joined, controls=make_controls(np.concatenate(controls)) if controls else track.controls[:0])


def _moved(rows: Notes | Controls, field: str, span: tuple[int, int], shift: int) -> Notes | Controls:
    found = rows[(rows[field] >= span[0]) & (rows[field] < span[1])].copy()
    found[field] += shift
    return found


def resting(kind: int, number: int) -> int:
    """Where a control stands before anything was sent; see `score.piece.CONTROL_DTYPE` for kinds and numbers."""
    return _VOLUME.get(number, 0) if kind == 0 else _RESTING[kind]


def standing(controls: Controls, tick: int) -> dict[tuple[int, int], int]:
    """What each control (kind, number) that does not rest stands at when a tick has passed."""
    found = {(kind, number): value for at, kind, number, value in controls.tolist() if at <= tick}
    return {place: value for place, value in found.items() if value != resting(*place)}


def _restored(
    old: Controls, old_tick: int, tick: int, state: dict[tuple[int, int], int], rows: Controls
) -> list[tuple[int, int, int, int]]:
    """Controls that put what stands otherwise back to where it stood when the stretch began in the old piece."""
    stood: dict[tuple[int, int], int] = {}
    for row in old[old["tick"] < old_tick].tolist():
        stood[(row[1], row[2])] = row[3]
    at_once = {(row[1], row[2]) for row in rows[rows["tick"] == tick].tolist()}
    found = []
    for place in sorted(stood.keys() | state.keys()):
        rest = resting(*place)
        want = stood.get(place, rest)
        if state.get(place, rest) != want and place not in at_once:
            found.append((tick, *place, want))
    return found
