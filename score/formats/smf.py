"""The Standard MIDI File itself: chunks, variable-length numbers, running status. Knows nothing of music.

Our own reader and writer, not a library's, because a file from outside must be read under limits, a damaged
one as far as it goes, and the port of every event must be kept; and because both stay within a few
milliseconds for a song.
The format: MIDI 1.0, "Standard MIDI Files" (RP-001), and RIFF MIDI (RP-029) as a wrapper.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from ripieno.score.errors import BadFile
from ripieno.score.formats.limits import Limits

TEXT, COPYRIGHT, TRACK_NAME, LYRIC, MARKER, CUE = 0x01, 0x02, 0x03, 0x05, 0x06, 0x07
SYSEX, SYSEX_END = 0xF0, 0xF7
PORT, END_OF_TRACK, TEMPO, METRE, KEY = 0x21, 0x2F, 0x51, 0x58, 0x59
NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
_LONGEST_NUMBER = 4  # bytes of a variable-length number


@dataclass
class Chunk:
    """One track as read.

    Attributes:
        events: (tick, status, first data byte, second data byte) of channel messages; the second is 0 where
            unused.
        metas: (tick, type, data) of meta events, and of messages to a device with type `SYSEX`, whose data end
            with 0xF7; end of track is not among them.
        end: tick of the end of the track.
    """

    events: list[tuple[int, int, int, int]] = field(default_factory=list)
    metas: list[tuple[int, int, bytes]] = field(default_factory=list)
    end: int = 0


@dataclass
class MidiFile:
    """A file as read. `division` is ticks a quarter note, or negative for time in frames (SMPTE)."""

    format: int
    division: int
    chunks: list[Chunk]
    remarks: list[str] = field(default_factory=list)


def varlen(value: int) -> bytes:
    """A number as 1 to 4 bytes of 7 bits, the highest first."""
    if value < 0x80:
        return bytes((value,))
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def meta(type_: int, data: bytes) -> bytes:
    """A meta event without its delta time."""
    return bytes((0xFF, type_)) + varlen(len(data)) + data


def sysex(data: bytes) -> bytes:
    """A message to a device without its delta time; `data` end with 0xF7."""
    return bytes((SYSEX,)) + varlen(len(data)) + data


def track_chunk(events: Iterable[tuple[int, bytes]], end: int) -> bytes:
    """A track chunk from (tick, message) in order of time; it ends at `end`, or with the last event."""
    out = bytearray()
    now = 0
    for tick, message in events:
        delta = tick - now
        out += bytes((delta,)) if delta < 0x80 else varlen(delta)
        out += message
        now = tick
    out += varlen(max(0, end - now)) + meta(END_OF_TRACK, b"")
    return b"MTrk" + struct.pack(">I", len(out)) + bytes(out)


def file_bytes(division: int, chunks: list[bytes]) -> bytes:
    """A format 1 file from track chunks."""
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(chunks), division) + b"".join(chunks)


def parse_file(data: bytes, limits: Limits) -> MidiFile:
    """Reads a file of format 0, 1 or 2, bare or inside RIFF; a damaged track up to the damage, with a remark.

    Raises:
        BadFile: it is no MIDI file, nothing in it can be read, or it exceeds the limits.
    """
    limits.check("size", len(data))
    data = _unwrap_riff(data)
    start = data.find(b"MThd", 0, 1024)  # some archives put a header of their own in front
    if start < 0 or len(data) < start + 14:
        raise BadFile("A MIDI file starts with the header MThd", value=data[:16],
                      cause="the file is of another kind, or empty",
                      cure="export it again as a Standard MIDI File")
    size, format_, _, division = struct.unpack(">IHHh", data[start + 4 : start + 14])
    if format_ > 2 or division == 0:
        raise BadFile("A MIDI file has format 0, 1 or 2 and a time division",
                      value=f"format {format_}, {division}", cause="the header is damaged",
                      cure="export the file again")
    file = MidiFile(format_, division, [])
    place = start + 8 + max(size, 6)
    budget = limits.events
    while place + 8 <= len(data):
        kind, length = data[place : place + 4], struct.unpack(">I", data[place + 4 : place + 8])[0]
        place += 8
        if kind == b"MTrk":
            limits.check("tracks", len(file.chunks) + 1)
            if place + length > len(data):
                file.remarks.append(f"track {len(file.chunks) + 1} is cut off by the end of the file")
            chunk, damage = _parse_track(data[place : place + length], budget, limits)
            budget -= len(chunk.events) + len(chunk.metas)
            file.chunks.append(chunk)
            if damage:
                file.remarks.append(f"track {len(file.chunks)} is damaged after tick {chunk.end}: {damage}")
        place += length
    if not file.chunks:
        raise BadFile("A MIDI file holds at least one track", value=f"{len(data)} bytes",
                      cause="the file is cut off after its header", cure="export or download it again")
    return file


def _unwrap_riff(data: bytes) -> bytes:
    """The MIDI file inside a RIFF container (.rmi), or the data as they are."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    place = 12
    while place + 8 <= len(data):
        size = struct.unpack("<I", data[place + 4 : place + 8])[0]
        if data[place : place + 4] == b"data":
            return data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    raise BadFile("A RIFF MIDI file has a chunk named data", value=f"{len(data)} bytes",
                  cause="the file is cut off", cure="export it as a plain .mid file")


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length number and the place after it."""
    value = 0
    for i in range(_LONGEST_NUMBER):
        byte = data[place + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + i + 1
    raise ValueError("a number of more than four bytes")


def _parse_track(data: bytes, budget: int, limits: Limits) -> tuple[Chunk, str]:
    """The track, and what is wrong with it ('' where nothing is)."""
    chunk = Chunk()
    events, metas = chunk.events, chunk.metas
    place, tick, status, size = 0, 0, 0, len(data)
    try:
        while place < size:
            delta = data[place]
            if delta < 0x80:
                place += 1
            else:
                delta, place = _number(data, place)
            tick += delta
            byte = data[place]
            if byte >= 0x80:
                place += 1
                if byte < 0xF0:
                    status = byte
            if byte < 0xF0:
                if not status:
                    raise ValueError("a data byte before any status")
                first = data[place]
                if 0xC0 <= status < 0xE0:
                    second = 0
                    place += 1
                else:
                    second = data[place + 1]
                    place += 2
                if (first | second) & 0x80:
                    raise ValueError("a status byte where data should be")
                events.append((tick, status, first, second))
            elif byte == 0xFF:
                type_ = data[place]
                length, place = _number(data, place + 1)
                if place + length > size:
                    raise ValueError("a meta event longer than the track")
                if type_ == END_OF_TRACK:
                    chunk.end = tick
                    return chunk, ""
                metas.append((tick, type_, data[place : place + length]))
                place += length
            elif byte in (SYSEX, SYSEX_END):
                length, place = _number(data, place)
                if place + length > size:
                    raise ValueError("a message to a device longer than the track")
                if byte == SYSEX and data[place + length - 1 : place + length] == b"\xf7":  # whole; parts of one are left out
                    metas.append((tick, SYSEX, data[place : place + length]))
                place += length
                status = 0
            else:
                raise ValueError(f"a system message ({byte:#x}) that files cannot hold")
            chunk.end = tick
            if len(events) + len(metas) > budget:
                limits.check("events", limits.events + 1)
    except IndexError:
        return chunk, "it ends inside an event"
    except ValueError as error:
        return chunk, str(error)
    return chunk, ""
