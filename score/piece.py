"""The music itself: frozen values. A change makes a new value; what did not change is shared.

`Notes` is a numpy structured array (start, duration, pitch, velocity) in ticks, sorted by (start, pitch, duration,
velocity); there is never a Python object per note. `Track` and `Piece` know their content hash.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ripieno.score.chords import Chord
from ripieno.score.instruments import Instrument, Role, instrument
from ripieno.score.keys import Key
from ripieno.score.time import Timeline

NOTE_DTYPE = np.dtype([("start", "<i4"), ("duration", "<i4"), ("pitch", "u1"), ("velocity", "u1")])
# kind: 0 control change (number, value 0..127), 1 pitch bend (number 0, value -8192..8191),
# 2 channel pressure (0, value), 3 key pressure (pitch, value)
CONTROL_DTYPE = np.dtype([("tick", "<i4"), ("kind", "u1"), ("number", "u1"), ("value", "<i2")])
Notes = npt.NDArray[np.void]
Controls = npt.NDArray[np.void]


def make_notes(rows: Iterable[Sequence[int]] | Notes = ()) -> Notes:
    """A sorted, read-only array of notes from (start, duration, pitch, velocity) rows or from an unsorted array."""
    array = np.array(rows if isinstance(rows, np.ndarray) else [tuple(r) for r in rows], dtype=NOTE_DTYPE)
    array = array[np.lexsort((array["velocity"], array["duration"], array["pitch"], array["start"]))]
    array.setflags(write=False)
    return array


def make_controls(rows: Iterable[Sequence[int]] | Controls = ()) -> Controls:
    """A read-only array of controls in order of time from (tick, kind, number, value) rows."""
    if isinstance(rows, np.ndarray):
        array = rows.astype(CONTROL_DTYPE)
    else:
        array = np.array([tuple(r) for r in rows], dtype=CONTROL_DTYPE)
    array = array[np.argsort(array["tick"], kind="stable")]
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True)
class Mix:
    """A track's place in the mix, in MIDI units 0..127 (pan 64 is the middle)."""

    volume: int = 100
    pan: int = 64
    reverb: int = 40
    chorus: int = 0
    muted: bool = False


@dataclass(frozen=True)
class Track:
    """One part. `id` is stable across edits; `name` is what people call it. `program` overrides the instrument's own."""

    id: str
    name: str
    role: Role
    instrument_id: str
    notes: Notes = field(default_factory=make_notes, repr=False)
    controls: Controls = field(default_factory=make_controls, repr=False)
    mix: Mix = Mix()
    program: int | None = None

    @property
    def instrument(self) -> Instrument:
        """The row of the instrument table."""
        return instrument(self.instrument_id)

    @property
    def midi_program(self) -> int:
        """General MIDI program 0..127 on export."""
        return self.instrument.program if self.program is None else self.program

    @property
    def is_drum(self) -> bool:
        """Whether it goes to the percussion channel."""
        return self.instrument.is_drum

    @property
    def encoded(self) -> bytes:
        """Canonical bytes: a JSON line, then the notes, then the controls. `score.codec` reads them back."""
        mix = self.mix
        head = {
            "id": self.id, "name": self.name, "role": str(self.role), "instrument": self.instrument_id,
            "program": self.program, "mix": [mix.volume, mix.pan, mix.reverb, mix.chorus, mix.muted],
            "notes": len(self.notes), "controls": len(self.controls),
        }  # fmt: skip
        line = json.dumps(head, ensure_ascii=False, sort_keys=True) + "\n"
        return line.encode() + self.notes.tobytes() + self.controls.tobytes()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `encoded`, as hex: the track's address in the store."""
        return hashlib.sha256(self.encoded).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Track) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def with_notes(self, notes: Iterable[Sequence[int]] | Notes) -> "Track":
        """The same track with other notes."""
        return replace(self, notes=make_notes(notes))


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of bars with a name that people use; sections of one `label` share material ('A', 'B')."""

    name: str
    first_bar: int
    bars: int
    energy: float = 0.5
    label: str = ""

    @property
    def end_bar(self) -> int:
        """The bar after the last."""
        return self.first_bar + self.bars


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from tick `start` up to tick `end`."""

    start: int
    end: int
    chord: Chord


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key from a bar on."""

    bar: int
    key: Key


@dataclass(frozen=True, slots=True)
class Text:
    """Words, or bytes for a device, at a tick: what goes with the music and is no note.

    Attributes:
        tick: when; the first bar starts at 0.
        kind: 'lyric' (a syllable to sing), 'marker' (a place inside a bar, or one of several at its start), 'cue', 'text',
            'copyright', or 'sysex' (a message to a device).
        data: the words; of a message to a device the bytes in hexadecimal.
        track: id of the track that it belongs to; '' for the piece's own, and for tracks that are gone.
    """

    tick: int
    kind: str
    data: str
    track: str = ""


def make_texts(texts: Iterable[Text]) -> tuple[Text, ...]:
    """Texts in their order: by tick, then track; those of one tick and track stay as they come."""
    return tuple(sorted(texts, key=lambda t: (t.tick, t.track)))


@dataclass(frozen=True)
class Piece:
    """A whole piece. `sections` cover all bars in order; `chords` ascend without overlap and may leave gaps.

    `texts` are ordered by `make_texts`.
    """

    title: str
    timeline: Timeline
    bars: int
    keys: tuple[KeyChange, ...]
    sections: tuple[Section, ...] = ()
    chords: tuple[ChordSpan, ...] = ()
    tracks: tuple[Track, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def ticks(self) -> int:
        """Tick of the final bar line."""
        return self.timeline.bar_start(self.bars)

    @property
    def seconds(self) -> float:
        """Length up to the final bar line."""
        return self.timeline.seconds(self.ticks)

    @property
    def key(self) -> Key:
        """The main key: that of the first bar."""
        return self.keys[0].key

    def key_at(self, bar: int) -> Key:
        """The key in force in a bar."""
        current = self.keys[0].key
        for change in self.keys:
            if change.bar <= bar:
                current = change.key
        return current

    def track(self, id_: str) -> Track:
        """The track with this id.

        Raises:
            KeyError: there is none.
        """
        for track in self.tracks:
            if track.id == id_:
                return track
        raise KeyError(id_)

    def with_track(self, track: Track) -> "Piece":
        """The piece with a track replaced (same id) or added at the end."""
        if any(t.id == track.id for t in self.tracks):
            return replace(self, tracks=tuple(track if t.id == track.id else t for t in self.tracks))
        return replace(self, tracks=(*self.tracks, track))

    @property
    def encoded(self) -> bytes:
        """Canonical JSON of everything but the tracks, which it names by hash. `score.codec` reads it back."""
        head: dict[str, object] = {
            "title": self.title, "bars": self.bars, "ppq": self.timeline.ppq,
            "tempos": [[t.tick, t.bpm] for t in self.timeline.tempos],
            "metres": [[m.bar, m.metre.numerator, m.metre.denominator, m.metre.groups] for m in self.timeline.metres],
            "keys": [[k.bar, k.key.tonic, k.key.mode] for k in self.keys],
            "sections": [[s.name, s.first_bar, s.bars, s.energy, s.label] for s in self.sections],
            "chords": [[c.start, c.end, c.chord.root, c.chord.intervals, c.chord.bass] for c in self.chords],
            "tracks": [t.hash for t in self.tracks],
        }  # fmt: skip
        if self.texts:  # few pieces have any; without them the address is that of a time before there were texts
            head["texts"] = [[t.tick, t.kind, t.data, t.track] for t in self.texts]
        return json.dumps(head, ensure_ascii=False, sort_keys=True).encode()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `encoded`, as hex: the piece's address in the store."""
        return hashlib.sha256(self.encoded).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piece) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)
