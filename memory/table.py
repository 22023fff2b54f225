"""The global attribute table: what is, derived from the piece, beside what is wanted.

Everything but `intent` is computed from the notes and the frame of the piece; nothing is copied from the request. Units:
tempo in quarter notes a minute, lengths in bars and seconds, pitches as MIDI numbers, bars counted from 1 (people read it).
"""

import numpy as np
import numpy.typing as npt

from ripieno.score.brief import Brief, Frozen
from ripieno.score.piece import Piece, Track


class TempoRow(Frozen):
    """A tempo from a bar (and tick) on."""

    bar: int
    tick: int
    bpm: float


class MetreRow(Frozen):
    """A metre from a bar on."""

    bar: int
    metre: str


class KeyRow(Frozen):
    """A key from a bar on; `fit` is the share of sounding time (0..1) that lies in its scale until the next key."""

    bar: int
    key: str
    mode: str
    fit: float


class SectionRow(Frozen):
    """A section: its bars, its energy as written, and how loud and how dense it came out."""

    name: str
    label: str
    first_bar: int
    last_bar: int
    energy: float
    mean_velocity: float
    notes_per_bar: float


class ChordRow(Frozen):
    """A chord symbol at a bar and beat (in quarter notes from 1)."""

    bar: int
    beat: float
    chord: str


class TrackRow(Frozen):
    """A track as its notes are. `low` and `high` are None for a track without notes; for kits they are kit keys."""

    id: str
    name: str
    role: str
    instrument: str
    program: int
    percussion: bool
    notes: int
    low: int | None
    high: int | None
    most_voices: int
    bars_playing: int
    mean_velocity: float
    volume: int
    pan: int
    muted: bool
    hash: str


class AttributeTable(Frozen):
    """The table. `piece` is the hash of the piece that it describes, so that it can be checked against it."""

    piece: str
    title: str
    bars: int
    seconds: float
    tempos: tuple[TempoRow, ...]
    metres: tuple[MetreRow, ...]
    keys: tuple[KeyRow, ...]
    sections: tuple[SectionRow, ...]
    chords: tuple[ChordRow, ...]
    tracks: tuple[TrackRow, ...]
    notes: int
    low: int | None
    high: int | None
    style: str | None
    intent: Brief


def derive_table(piece: Piece, intent: Brief) -> AttributeTable:
    """The table of a piece. Pure: the same piece and intent give the same table."""
    pitched = [t for t in piece.tracks if not t.is_drum and len(t.notes)]
    pitches = np.concatenate([t.notes["pitch"] for t in pitched]) if pitched else np.zeros(0, np.uint8)
    timeline = piece.timeline
    return AttributeTable(
        piece=piece.hash,
        title=piece.title,
        bars=piece.bars,
        seconds=round(piece.seconds, 3),
        tempos=tuple(TempoRow(bar=timeline.bar_at(t.tick) + 1, tick=t.tick, bpm=t.bpm) for t in timeline.tempos),
        metres=tuple(MetreRow(bar=m.bar + 1, metre=str(m.metre)) for m in timeline.metres),
        keys=_key_rows(piece, pitched),
        sections=_section_rows(piece),
        chords=tuple(
            ChordRow(bar=bar + 1, beat=round(1 + offset / timeline.ppq, 3), chord=span.chord.symbol)
            for span in piece.chords
            for bar, offset in [timeline.position(span.start)]
        ),
        tracks=_track_rows(piece),
        notes=sum(len(t.notes) for t in piece.tracks),
        low=int(pitches.min()) if len(pitches) else None,
        high=int(pitches.max()) if len(pitches) else None,
        style=intent.style.value if intent.style else None,
        intent=intent,
    )


def _key_rows(piece: Piece, pitched: list[Track]) -> tuple[KeyRow, ...]:
    rows = []
    ends = [*(k.bar for k in piece.keys[1:]), piece.bars]
    for change, end in zip(piece.keys, ends, strict=True):
        first, last = piece.timeline.bar_start(change.bar), piece.timeline.bar_start(end)
        weight = np.zeros(12)
        for track in pitched:
            notes = track.notes[(track.notes["start"] >= first) & (track.notes["start"] < last)]
            weight += np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)
        total = weight.sum()
        fit = float(weight[list(change.key.scale)].sum() / total) if total else 0.0
        rows.append(KeyRow(bar=change.bar + 1, key=change.key.tonic, mode=change.key.mode, fit=round(fit, 4)))
    return tuple(rows)


def _section_rows(piece: Piece) -> tuple[SectionRow, ...]:
    starts = [t.notes["start"] for t in piece.tracks]
    start = np.concatenate(starts) if starts else np.zeros(0, np.int32)
    velocity = np.concatenate([t.notes["velocity"] for t in piece.tracks]) if starts else np.zeros(0, np.uint8)
    rows = []
    for section in piece.sections:
        inside = (start >= piece.timeline.bar_start(section.first_bar)) & (
            start < piece.timeline.bar_start(section.end_bar)
        )
        count = int(inside.sum())
        rows.append(
            SectionRow(
                name=section.name, label=section.label, first_bar=section.first_bar + 1, last_bar=section.end_bar,
                energy=section.energy, notes_per_bar=round(count / section.bars, 3),
                mean_velocity=round(float(velocity[inside].mean()), 2) if count else 0.0,
            )
        )  # fmt: skip
    return tuple(rows)


def _track_rows(piece: Piece) -> tuple[TrackRow, ...]:
    timeline = piece.timeline
    metres = np.array([(m.bar, timeline.bar_start(m.bar), m.metre.bar_ticks(timeline.ppq)) for m in timeline.metres])
    return tuple(_track_row(track, metres) for track in piece.tracks)


def _track_row(track: Track, metres: npt.NDArray[np.int64]) -> TrackRow:
    """`metres` has a row for each: its first bar, the tick of that bar, ticks of a bar."""
    notes = track.notes
    bar, tick, length = metres[np.searchsorted(metres[:, 1], notes["start"], side="right") - 1].T
    bars = np.unique(bar + (notes["start"] - tick) // length)
    return TrackRow(
        id=track.id, name=track.name, role=str(track.role), instrument=track.instrument.name,
        program=track.midi_program, percussion=track.is_drum, notes=len(notes),
        low=int(notes["pitch"].min()) if len(notes) else None,
        high=int(notes["pitch"].max()) if len(notes) else None,
        most_voices=_most_voices(track), bars_playing=len(bars),
        mean_velocity=round(float(notes["velocity"].mean()), 2) if len(notes) else 0.0,
        volume=track.mix.volume, pan=track.mix.pan, muted=track.mix.muted, hash=track.hash,
    )  # fmt: skip


def _most_voices(track: Track) -> int:
    """The largest number of notes that sound at once."""
    starts, ends = track.notes["start"], track.notes["start"] + track.notes["duration"]
    if not len(starts):
        return 0
    ticks = np.concatenate([ends, starts])  # at equal ticks ends come first
    steps = np.concatenate([-np.ones(len(ends), int), np.ones(len(starts), int)])
    return int(np.cumsum(steps[np.argsort(ticks, kind="stable")]).max())
