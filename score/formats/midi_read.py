"""Reads a Standard MIDI File as a piece. See `read_midi`."""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import lcm

from ripieno.score.errors import RipienoError
from ripieno.score.formats import smf
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.formats.midi_conductor import read_conductor
from ripieno.score.formats.midi_marks import decode, read_mark
from ripieno.score.formats.midi_texts import read_texts
from ripieno.score.formats.midi_write import BANK, CHORUS, DRUM_CHANNEL, PAN, REVERB, VOLUME
from ripieno.score.formats.parts import guess_role, instrument_for, unique_id
from ripieno.score.formats.reading import Reading
from ripieno.score.instruments import Role, instrument
from ripieno.score.piece import Mix, Piece, Track, make_controls, make_notes
from ripieno.score.time import PPQ

_LEVELS = (VOLUME, PAN, REVERB, CHORUS)
_DEFAULT_LEVELS = (100, 64, 40, 0)  # General MIDI's power-up state
_LARGEST_PPQ = 0x7FFF
Row = tuple[int, int, int, int]
Place = tuple[int, int]  # port, channel
Sound = tuple[int, int, int]  # program, and the bank (controllers 0 and 32) from which it was called
_PROGRAM = -1


@dataclass
class _Part:
    """What one chunk plays on one channel."""

    place: Place
    name: str
    mark: dict[str, object]
    notes: list[Row] = field(default_factory=list)
    controls: list[Row] = field(default_factory=list)
    changes: list[tuple[int, int, int]] = field(default_factory=list)  # (tick, bank controller or `_PROGRAM`, value)


def read_midi(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Piece:
    """The piece in a MIDI file; see `load_midi`, which also says what was mended."""
    return load_midi(data, limits=limits).piece


def load_midi(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Reads MIDI of format 0, 1 or 2, bare or in RIFF, with any division.

    The ppq is the file's own (a multiple of it where a metre's pulse would not be whole ticks; 480 where time
    is counted in frames). Each channel of each chunk becomes a track, one for each sound (program and bank) that it
    uses; banks are called at its start. Words to sing, texts and messages to devices become the piece's texts.
    Channel controls reach every track on their channel. Note-offs end the oldest note of their pitch. Volume,
    pan, reverb and chorus at tick 0 become the track's mix. In a file that Ripieno did not write, the
    instrument is the table's first with the program and the role a guess; key C major stands where no
    signature does; sections come from markers. Format 2 is read as its patterns one after the other.

    Raises:
        BadFile: it is no MIDI file, holds nothing readable, or exceeds the limits.
    """
    file = smf.parse_file(data, limits)
    remarks = list(file.remarks)
    ppq = _settle_division(file)
    if file.format == 2:
        _chain(file.chunks)
    conductor = read_conductor(file.chunks, ppq, framed=file.division < 0, remarks=remarks)
    tracks, owners = _tracks(file.chunks, limits)
    metas = [(*meta, owner) for chunk, owner in zip(file.chunks, owners, strict=True) for meta in chunk.metas]
    texts = read_texts(sorted(metas, key=lambda m: m[0]), conductor.timeline, remarks)
    piece = conductor.piece(tracks, texts, limits)
    return Reading(piece, tuple(remarks), _unsaid(file.chunks, own=conductor.marked_bars is not None))


def _unsaid(chunks: list[smf.Chunk], *, own: bool) -> frozenset[str]:
    """What the file does not say. A signature in major is what programs write that know of no mode."""
    types = {type_ for chunk in chunks for _, type_, _ in chunk.metas}
    minor = any(type_ == smf.KEY and data[1:2] == b"\x01" for chunk in chunks for _, type_, data in chunk.metas)
    missing = {"key"} if smf.KEY not in types else set() if minor or own else {"mode"}
    return frozenset(missing | ({"metre"} if smf.METRE not in types else set()) | (set() if own else {"roles"}))


def _settle_division(file: smf.MidiFile) -> int:
    """Brings all ticks to a ppq in which every metre's pulse is whole; returns it."""
    if file.division < 0:  # frames: -frames a second in the high byte, ticks a frame in the low one
        frames = -(file.division >> 8)
        rate = (30000 / 1001 if frames == 29 else frames) * max(1, file.division & 0xFF)
        _rescale(file.chunks, PPQ * 2 / rate)  # at 120 a minute a second is two quarters
        return PPQ
    metres = [d for c in file.chunks for _, type_, d in c.metas if type_ == smf.METRE and len(d) >= 2]
    powers = [d[1] for d in metres if d[1] <= 5]
    whole = lcm(file.division * 4, 2 ** max(powers, default=0)) // 4
    if whole > _LARGEST_PPQ:
        _rescale(file.chunks, PPQ / file.division)
        return PPQ
    if whole != file.division:
        _rescale(file.chunks, whole // file.division)
    return whole


def _rescale(chunks: Iterable[smf.Chunk], factor: float) -> None:
    for chunk in chunks:
        chunk.events = [(round(t * factor), *rest) for t, *rest in chunk.events]  # type: ignore[misc]
        chunk.metas = [(round(t * factor), type_, data) for t, type_, data in chunk.metas]
        chunk.end = round(chunk.end * factor)


def _chain(chunks: Iterable[smf.Chunk]) -> None:
    """Moves each chunk to the end of the one before it."""
    start = 0
    for chunk in chunks:
        chunk.events = [(t + start, *rest) for t, *rest in chunk.events]  # type: ignore[misc]
        chunk.metas = [(t + start, type_, data) for t, type_, data in chunk.metas]
        chunk.end += start
        start = chunk.end


def _tracks(chunks: list[smf.Chunk], limits: Limits) -> tuple[tuple[Track, ...], list[str]]:
    """All tracks, in the order of the file, and for each chunk the id of its track, '' where it has none or several."""
    parts = [_parts(chunk) for chunk in chunks]
    limits.check("notes", sum(len(part.notes) for row in parts for part in row))
    common: dict[Place, list[Row]] = defaultdict(list)  # controls of a channel from whichever chunk
    changes: dict[Place, list[tuple[int, int, int]]] = defaultdict(list)
    for part in (part for row in parts for part in row):
        if not part.mark:
            common[part.place] += part.controls
        changes[part.place] += part.changes
    sounds = {place: _sounds(rows) for place, rows in changes.items()}
    tracks: list[Track] = []
    owners: list[str] = []
    taken: set[str] = set()
    for row in parts:
        first = len(tracks)
        for part in row:
            track = _own_track(part, taken) if part.mark else None
            if track is not None:
                tracks.append(track)
                continue
            for sound, rows in _by_sound(part.notes, sounds[part.place]).items():
                controls = common[part.place] if not part.mark else part.controls
                tracks.append(_foreign_track(part, sound, rows, controls, taken))
        owners.append(tracks[first].id if len(tracks) == first + 1 else "")
    return tuple(tracks), owners


def _sounds(changes: list[tuple[int, int, int]]) -> tuple[list[int], list[Sound]]:
    """(ticks, sounds) of a channel: what it plays with from each tick on."""
    ticks, found, bank = [-1], [(0, 0, 0)], (0, 0)
    for tick, number, value in sorted(changes, key=lambda c: c[0]):
        if number == _PROGRAM:
            ticks.append(tick)
            found.append((value, *bank))
        else:
            bank = (value, bank[1]) if number == BANK[0] else (bank[0], value)
    return ticks, found


def _by_sound(rows: list[Row], sounds: tuple[list[int], list[Sound]]) -> dict[Sound, list[Row]]:
    found: dict[Sound, list[Row]] = defaultdict(list)
    for row in rows:
        found[sounds[1][bisect_right(sounds[0], row[0]) - 1]].append(row)
    return found


def _parts(chunk: smf.Chunk) -> list[_Part]:
    """The chunk's channels, in order of their first event; an empty track that Ripieno wrote is one part."""
    port, name = 0, ""
    own: dict[str, object] = {}
    for _, type_, data in chunk.metas:
        if type_ == smf.PORT and data and not port:
            port = data[0]
        elif type_ == smf.TRACK_NAME and not name:
            name = decode(data)
        elif type_ == smf.TEXT and not own:
            value = read_mark(decode(data)).get("track")
            own = value if isinstance(value, dict) else {}
    parts: dict[int, _Part] = {}
    open_notes: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
    for tick, status, first, second in chunk.events:
        channel, kind = status & 0x0F, status & 0xF0
        part = parts.get(channel)
        if part is None:
            part = parts[channel] = _Part((port, channel), name, own)
        if kind == smf.NOTE_ON and second:
            open_notes[channel, first].append((tick, second))
        elif kind in (smf.NOTE_ON, smf.NOTE_OFF):
            waiting = open_notes[channel, first]
            if waiting:
                start, velocity = waiting.popleft()
                part.notes.append((start, max(1, tick - start), first, velocity))
        elif kind == smf.PROGRAM:
            part.changes.append((tick, _PROGRAM, first))
        elif kind == smf.CONTROL:
            if first in BANK:
                part.changes.append((tick, first, second))
            part.controls.append((tick, 0, first, second))
        elif kind == smf.BEND:
            part.controls.append((tick, 1, 0, (first | second << 7) - 8192))
        elif kind == smf.PRESSURE:
            part.controls.append((tick, 2, 0, first))
        else:
            part.controls.append((tick, 3, first, second))
    for (channel, pitch), waiting in open_notes.items():  # notes that nothing ended last until the chunk does
        for start, velocity in waiting:
            parts[channel].notes.append((start, max(1, chunk.end - start), pitch, velocity))
    if own and not parts:
        parts[0] = _Part((port, -1), name, own)
    return list(parts.values())


def _split_levels(controls: list[Row]) -> tuple[list[int | None], list[Row]]:
    """The first volume, pan, reverb and chorus of tick 0 (None: there is none), and the other controls."""
    levels: list[int | None] = [None] * len(_LEVELS)
    rest = []
    for row in controls:
        tick, kind, number, value = row
        if tick == 0 and kind == 0 and number in _LEVELS and levels[_LEVELS.index(number)] is None:
            levels[_LEVELS.index(number)] = value
        else:
            rest.append(row)
    return levels, rest


def _mix(levels: list[int], *, muted: bool) -> Mix:
    volume, pan, reverb, chorus = levels
    return Mix(volume, pan, reverb, chorus, muted)


def _own_track(part: _Part, taken: set[str]) -> Track | None:
    """The track that a mark describes; None where the mark is damaged or contradicts the events."""
    mark = part.mark
    id_, role, instrument_id, own_program = (mark.get(k) for k in ("id", "role", "instrument", "program"))
    marked, muted, shares = mark.get("mix"), mark.get("muted"), mark.get("shares")
    programs = [value for _, number, value in part.changes if number == _PROGRAM]
    if len(set(programs)) > 1 or not isinstance(id_, str) or not id_ or id_ in taken:
        return None
    try:
        row, role = instrument(str(instrument_id)), Role(str(role))
    except (RipienoError, ValueError):
        return None
    if not (own_program is None or (isinstance(own_program, int) and 0 <= own_program <= 127)):
        return None
    if not (isinstance(marked, list) and len(marked) == len(_LEVELS)
            and all(isinstance(v, int) and 0 <= v <= 127 for v in marked)):  # fmt: skip
        return None
    levels, controls = list(marked), part.controls
    if not shares:
        program = row.program if own_program is None else own_program
        kit = part.place[1] == DRUM_CHANNEL
        if programs[:1] != [program] or (row.is_drum != kit and not (row.is_drum and muted)):
            return None
        read, controls = _split_levels(part.controls)
        levels = [old if new is None else new for old, new in zip(marked, read, strict=True)]
        if muted:
            muted = levels[0] == 0
            levels[0] = marked[0] if muted else levels[0]
    taken.add(id_)
    notes = make_notes(part.notes)
    mix = _mix(levels, muted=bool(muted))
    return Track(id_, part.name, role, row.id, notes, make_controls(controls), mix, own_program)


def _foreign_track(
    part: _Part, sound: Sound, rows: list[Row], controls: list[Row], taken: set[str]
) -> Track:
    program, *bank = sound
    row = instrument_for(program, is_drum=part.place[1] == DRUM_CHANNEL)
    levels, rest = _split_levels(sorted(controls, key=lambda r: r[0]))
    if any(row[1] == 0 and row[2] in BANK for row in rest):  # a track has one sound, called from its bank at the start
        rest = [row for row in rest if row[1] != 0 or row[2] not in BANK]
        rest = [(0, 0, number, value) for number, value in zip(BANK, bank, strict=True)] + rest
    values = [old if new is None else new for old, new in zip(_DEFAULT_LEVELS, levels, strict=True)]
    notes = make_notes(rows)
    own = None if row.program == program else program
    role = guess_role(row, notes, part.name)
    id_, name, mix = unique_id(row.id, taken), part.name or row.name, _mix(values, muted=False)
    return Track(id_, name, role, row.id, notes, make_controls(rest), mix, own)
