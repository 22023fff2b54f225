"""Reads back the canonical bytes of tracks and pieces (`Track.encoded`, `Piece.encoded`). No pickle: JSON and plain arrays."""

import json
from collections.abc import Callable

import numpy as np

from ripieno.score.chords import Chord
from ripieno.score.errors import BadFile
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import (
    CONTROL_DTYPE,
    NOTE_DTYPE,
    ChordSpan,
    KeyChange,
    Mix,
    Piece,
    Section,
    Text,
    Track,
    make_controls,
    make_notes,
)
from ripieno.score.time import Metre, MetreChange, Tempo, Timeline


def decode_track(data: bytes) -> Track:
    """The track of `Track.encoded`.

    Raises:
        BadFile: the bytes are damaged.
    """
    try:
        line, _, rest = data.partition(b"\n")
        head = json.loads(line)
        split = head["notes"] * NOTE_DTYPE.itemsize
        if len(rest) != split + head["controls"] * CONTROL_DTYPE.itemsize:
            raise ValueError(f"{len(rest)} bytes of music do not fit the heading")
        volume, pan, reverb, chorus, muted = head["mix"]
        return Track(
            id=head["id"], name=head["name"], role=Role(head["role"]), instrument_id=head["instrument"],
            notes=make_notes(np.frombuffer(rest[:split], NOTE_DTYPE)),
            controls=make_controls(np.frombuffer(rest[split:], CONTROL_DTYPE)),
            mix=Mix(volume, pan, reverb, chorus, muted), program=head["program"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged("track", error) from error


def decode_piece(data: bytes, track: Callable[[str], Track]) -> Piece:
    """The piece of `Piece.encoded`; `track` finds a track by its hash.

    Raises:
        BadFile: the bytes are damaged.
    """
    try:
        head = json.loads(data)
        timeline = Timeline(
            head["ppq"],
            tuple(Tempo(tick, bpm) for tick, bpm in head["tempos"]),
            tuple(MetreChange(bar, Metre(n, d, tuple(groups))) for bar, n, d, groups in head["metres"]),
        )
        return Piece(
            title=head["title"], timeline=timeline, bars=head["bars"],
            keys=tuple(KeyChange(bar, Key(tonic, mode)) for bar, tonic, mode in head["keys"]),
            sections=tuple(Section(*row) for row in head["sections"]),
            chords=tuple(ChordSpan(a, b, Chord(root, tuple(i), bass)) for a, b, root, i, bass in head["chords"]),
            tracks=tuple(track(h) for h in head["tracks"]),
            texts=tuple(Text(*row) for row in head.get("texts", ())),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged("piece", error) from error


def _damaged(what: str, error: Exception) -> BadFile:
    return BadFile(
        f"The stored bytes of a {what} can be read back",
        value=error,
        cause="the store was damaged on disk",
        cure="restore the file from a copy",
    )
