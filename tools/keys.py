"""Instructions about key and mode. They act on all tracks: a piece has one key at a time."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ripieno.score.errors import Retryable
from ripieno.score.keys import MODE_NAMES, Key
from ripieno.score.modes import chords_in_mode, healed, notes_in_mode, parted
from ripieno.score.piece import KeyChange, Piece, Track
from ripieno.tools.base import Instruction, Tool, exact
from ripieno.tools.scope import OPEN, inside


class _OfAll(Instruction):
    frame: ClassVar[frozenset[str]] = frozenset({"keys", "chords"})

    @model_validator(mode="after")
    def _all_tracks(self) -> "_OfAll":
        if self.scope.tracks or self.scope.but_tracks or self.scope.drums or self.scope.beats:
            raise ValueError("all tracks share one key: name only a time; `transpose` moves single tracks")
        return self


class ChangeKey(_OfAll):
    """Transposes the bars in scope to another key, the shorter way up or down: notes, chords and the key itself.

    `key` is a tonic ('Eb'), or a tonic and a mode ('F minor'); with another mode the tune is kept degree for degree as in
    `change_mode`. Keys that follow within the scope move by the same interval. Percussion stays.
    """

    kind: Literal["change_key"] = "change_key"
    key: str = Field(min_length=1, max_length=40)

    @field_validator("key")
    @classmethod
    def _a_key(cls, text: str) -> str:
        tonic, _, mode = text.strip().partition(" ")
        return str(Key(tonic, mode or "major")) if mode else Key(tonic).tonic


class ChangeMode(_OfAll):
    """Takes the bars in scope into another mode on the same tonic and keeps the tune: every scale degree stays that degree.

    Raised leading notes are treated as musicians do: towards minor they stay raised in dominant chords and where they rise to
    the tonic; towards major they are the seventh degree. Other chromatic notes keep their inflection. Chords and key follow.
    """

    kind: Literal["change_mode"] = "change_mode"
    mode: str = Field(min_length=1, max_length=40)

    @field_validator("mode")
    @classmethod
    def _a_mode(cls, text: str) -> str:
        if text.lower().strip() not in MODE_NAMES:
            raise ValueError("a mode is one of " + ", ".join(dict.fromkeys(MODE_NAMES.values())))
        return MODE_NAMES[text.lower().strip()]


def _change_key(instruction: ChangeKey, piece: Piece) -> Piece:
    tonic, _, mode = instruction.key.partition(" ")
    for first, end in instruction.scope.spans(piece):
        semitones = (Key(tonic).tonic_pc - piece.key_at(first).tonic_pc + 6) % 12 - 6
        piece = _transposed(piece, first, end, semitones, tonic)
        if mode:
            piece = _in_mode(piece, first, end, mode)
    return piece


def _change_mode(instruction: ChangeMode, piece: Piece) -> Piece:
    for first, end in instruction.scope.spans(piece):
        piece = _in_mode(piece, first, end, instruction.mode)
    return piece


def _transposed(piece: Piece, first: int, end: int, semitones: int, tonic: str) -> Piece:
    """Bars moved by an interval; the first key gets the tonic as it was spelled."""
    a, b = _ticks(piece, first, end)

    def new(key: Key, at: int) -> Key:
        return Key(tonic, key.mode) if at == first else key.transposed(semitones)

    keys = _with_keys(piece, first, end, [KeyChange(at, new(key, at)) for at, _, key in _stretches(piece, first, end)])
    there = replace(piece, keys=keys)
    moved_chords = (
        replace(c, chord=c.chord.transposed(semitones, there.key_at(piece.timeline.bar_at(c.start)))) if a <= c.start < b else c
        for c in parted(piece.chords, a, b)
    )

    def moved(track: Track) -> Track:
        if track.is_drum:
            return track
        notes = track.notes.copy()
        mask = inside(notes["start"], [(a, b)])
        pitch = notes["pitch"].astype(int) + semitones * mask
        if len(pitch) and not 0 <= pitch.min() <= pitch.max() <= 127:
            raise Retryable(
                "Transposed notes stay within MIDI's 0 to 127",
                value=f"{semitones:+d} semitones",
                cause=f"{track.name} would reach {pitch.min()} to {pitch.max()}",
                cure="move that track by an octave first",
            )
        notes["pitch"] = pitch
        return track.with_notes(notes)

    return replace(there, chords=healed(moved_chords, a, b), tracks=tuple(moved(t) for t in piece.tracks))


def _in_mode(piece: Piece, first: int, end: int, mode: str) -> Piece:
    found = []
    for at, until, old in _stretches(piece, first, end):
        new = Key(old.tonic, mode)
        found.append(KeyChange(at, new))
        a, b = _ticks(piece, at, until)
        tracks = []
        for track in piece.tracks:
            mask = inside(track.notes["start"], [(a, b)])
            if track.is_drum or not mask.any():
                tracks.append(track)
                continue
            notes = track.notes.copy()
            notes[mask] = notes_in_mode(track.notes[mask], piece.chords, old, new)
            tracks.append(track.with_notes(notes))
        piece = replace(piece, tracks=tuple(tracks), chords=chords_in_mode(piece.chords, a, b, old, new))
    return replace(piece, keys=_with_keys(piece, first, end, found))


def _stretches(piece: Piece, first: int, end: int) -> list[tuple[int, int, Key]]:
    """The bars from first to end by key: (first bar, bar after the last, key)."""
    starts = [first, *(k.bar for k in piece.keys if first < k.bar < end)]
    return [(a, b, piece.key_at(a)) for a, b in zip(starts, [*starts[1:], end], strict=True)]


def _with_keys(piece: Piece, first: int, end: int, new: list[KeyChange]) -> tuple[KeyChange, ...]:
    """The key map with other keys between two bars; after them the old key returns."""
    rows = [k for k in piece.keys if k.bar < first] + new
    if end < piece.bars:
        rows += [KeyChange(end, piece.key_at(end)), *(k for k in piece.keys if k.bar > end)]
    return tuple(row for i, row in enumerate(rows) if i == 0 or rows[i - 1].key != row.key)


def _ticks(piece: Piece, first: int, end: int) -> tuple[int, int]:
    return piece.timeline.bar_start(first), piece.timeline.bar_start(end) if end < piece.bars else OPEN


TOOLS: tuple[Tool, ...] = (Tool(ChangeKey, exact(_change_key)), Tool(ChangeMode, exact(_change_mode)))
