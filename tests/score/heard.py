"""What a player hears of a MIDI file, and sees on its display, as mido reads it: the measure of what a round trip loses.

Nothing of ours is used here. Notes are compared with all that shapes their sound: the program and bank of their channel, where
its controllers, bend and pressure stand when they begin, and how these move while they sound. Which channel or track carries
them is not heard. Times are fractions of a quarter note.
"""

import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import mido

_POWER_UP = {("cc", 7): 100, ("cc", 10): 64, ("cc", 11): 127, ("cc", 91): 40}  # General MIDI; everything else rests at 0
_DRUMS = 9
KINDS = ("notes", "programs", "controllers", "bend", "pressure", "key pressure", "tempo", "metre", "key", "markers", "lyrics",
         "texts", "sysex")  # fmt: skip
_META = {"marker": "markers", "lyrics": "lyrics", "text": "texts", "cue_marker": "texts", "copyright": "texts"}
Bag = Counter[tuple[Any, ...]]


@dataclass
class _Channel:
    """Where everything on a channel stands."""

    state: dict[tuple[Any, ...], Any] = field(default_factory=lambda: dict(_POWER_UP))
    bank: tuple[int, int] = (0, 0)
    program: tuple[int, int, int] = (0, 0, 0)  # bank as it stood at the program change
    parameter: tuple[int, int] | None = None
    moves: list[tuple[Fraction, tuple[Any, ...], Any]] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)  # (note, program, moves before it, state at its start)

    def set(self, at: Fraction, place: tuple[Any, ...], value: Any) -> None:
        """A controller moves; what does not change is no move."""
        if self.state.get(place, 0) != value:
            self.state[place] = value
            self.moves.append((at, place, value))


def heard(data: bytes) -> dict[str, Bag]:
    """For each of `KINDS` everything of it, as a multiset."""
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    found: dict[str, Bag] = {kind: Counter() for kind in KINDS}
    channels: dict[tuple[int, int], _Channel] = defaultdict(_Channel)
    for at, port, message, end in _in_time(file):
        if message.type == "sysex":
            found["sysex"][at, tuple(message.data)] += 1
        elif message.is_meta:
            _meta(found, at, message)
        else:
            _channel(channels[port, message.channel], at, message, end)
    for channel in channels.values():
        _sound(found, channel)
    for kind, usual in (("tempo", (500_000,)), ("metre", (4, 4)), ("key", ("C",))):
        found[kind] = _changes(found[kind], usual)
    return found


def _in_time(file: mido.MidiFile) -> list[tuple[Fraction, int, Any, Fraction | None]]:
    """(time, port, message, end) of everything, note-ons with the end of their note and note-offs left out.

    At one time everything is set before notes begin: what comes at once is heard at once.
    """
    rows: list[tuple[Fraction, int, Any, Fraction | None]] = []
    for track in file.tracks:
        tick, port = 0, 0
        waiting: dict[tuple[int, int], list[int]] = defaultdict(list)
        for message in track:
            tick += message.time
            at = Fraction(tick, file.ticks_per_beat)
            if message.type == "midi_port":
                port = message.port
            if message.type in ("note_on", "note_off"):
                place = message.channel, message.note
                if message.type == "note_on" and message.velocity:
                    waiting[place].append(len(rows))
                    rows.append((at, port, message, None))
                elif waiting[place]:
                    first = waiting[place].pop(0)
                    rows[first] = (*rows[first][:3], at)
            else:
                rows.append((at, port, message, None))
    return sorted(rows, key=lambda r: (r[0], r[2].type == "note_on"))


def _meta(found: dict[str, Bag], at: Fraction, message: Any) -> None:
    if message.type == "set_tempo":
        found["tempo"][at, message.tempo] += 1
    elif message.type == "time_signature":
        found["metre"][at, message.numerator, message.denominator] += 1
    elif message.type == "key_signature":
        found["key"][at, message.key] += 1
    elif message.type in _META:
        raw = message.text.encode("latin-1").replace(b"\0", b"")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        if text.strip() and not text.startswith(("ripieno: ", "chord: ")):  # what our files say beside what MIDI can say
            found[_META[message.type]][at, text] += 1


def _channel(channel: _Channel, at: Fraction, m: Any, end: Fraction | None) -> None:
    if m.type == "note_on":
        if end is not None:
            note = (at, end, m.note, m.velocity, m.channel == _DRUMS)
            channel.notes.append((note, channel.program, len(channel.moves), dict(channel.state)))
    elif m.type == "program_change":
        channel.program = (*channel.bank, m.program)
    elif m.type == "pitchwheel":
        channel.set(at, ("bend",), m.pitch)
    elif m.type == "aftertouch":
        channel.set(at, ("pressure",), m.value)
    elif m.type == "polytouch":
        channel.set(at, ("key pressure", m.note), m.value)
    elif m.type == "control_change":
        _control(channel, at, m.control, m.value)


def _control(channel: _Channel, at: Fraction, number: int, value: int) -> None:
    if number == 0:
        channel.bank = (value, channel.bank[1])
    elif number == 32:
        channel.bank = (channel.bank[0], value)
    elif number in (100, 101):
        old = channel.parameter or (127, 127)
        channel.parameter = (value, old[1]) if number == 101 else (old[0], value)
    elif number in (6, 38):
        channel.set(at, ("cc", number, channel.parameter), value)
    elif number == 121:  # reset all controllers
        for place in [p for p in channel.state if p not in (("cc", 7), ("cc", 10), ("cc", 91))]:
            channel.set(at, place, _POWER_UP.get(place, 0))
    else:
        channel.set(at, ("cc", number), value)


def _sound(found: dict[str, Bag], channel: _Channel) -> None:
    """The notes of a channel with what shaped them."""
    for note, program, moves, state in channel.notes:
        _, end, pitch, *_ = note
        found["notes"][note] += 1
        found["programs"][(*note, program)] += 1
        shapes: dict[str, list[Any]] = {kind: [] for kind in ("controllers", "bend", "pressure", "key pressure")}
        for place, value in sorted(state.items(), key=str):
            if value != _POWER_UP.get(place, 0) and (place[0] != "key pressure" or place[1] == pitch):
                shapes[_kind(place)].append((place, value))
        for at, place, value in channel.moves[moves:]:
            if at >= end:
                break
            if place[0] != "key pressure" or place[1] == pitch:
                shapes[_kind(place)].append((at, place, value))
        for kind, shape in shapes.items():
            if shape:
                found[kind][(*note, tuple(shape))] += 1


def _kind(place: tuple[Any, ...]) -> str:
    return "controllers" if place[0] == "cc" else str(place[0])


def _changes(bag: Bag, usual: tuple[Any, ...]) -> Bag:
    """Of the settings in time only those that change something; of several at one time the last. `usual` holds at first."""
    latest: dict[Fraction, tuple[Any, ...]] = {}
    for at, *value in bag:
        latest[at] = tuple(value)
    out: Bag = Counter()
    before = usual
    for at in sorted(latest):
        if latest[at] != before:
            out[(at, *latest[at])] += 1
        before = latest[at]
    return out


def lost(before: dict[str, Bag], after: dict[str, Bag]) -> dict[str, tuple[int, int, int]]:
    """For each kind that differs: how much there was, how much of it is missing, how much is new."""
    return {
        kind: (before[kind].total(), (before[kind] - after[kind]).total(), (after[kind] - before[kind]).total())
        for kind in KINDS if before[kind] != after[kind]
    }  # fmt: skip
