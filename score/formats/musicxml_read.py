"""Reads MusicXML (.musicxml, .xml, .mxl) as a piece, through music21.

As printed: repeats are not unfolded. A file is unpacked and checked here, under limits, before music21 sees its text;
entities are refused, so nothing outside the file is ever opened.
"""

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

from ripieno.score.chords import Chord
from ripieno.score.errors import BadFile, RipienoError, shorten
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.formats.metres import metre_of
from ripieno.score.formats.parts import guess_role, instrument_for, unique_id
from ripieno.score.formats.percussion import drum
from ripieno.score.keys import MODE_NAMES, Key
from ripieno.score.piece import ChordSpan, KeyChange, Piece, Section, Track, make_notes
from ripieno.score.pitch import name_at_fifths
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, PPQ, Metre, MetreChange, Tempo, Timeline

_GRACE = PPQ // 8  # a grace note sounds this long, just before its note
_UNPITCHED = re.compile(r"<midi-unpitched>\s*(\d{1,3})\s*</midi-unpitched>")
_VELOCITY = 80  # where the score says nothing
_DRUM_CHANNEL = "10"  # as MusicXML counts
Row = tuple[int, int, int, int]


@dataclass
class _Player:
    """What the staves of one part hold together."""

    name: str
    program: int
    is_drum: bool = False
    rows: list[Row] = field(default_factory=list)


def read_musicxml(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Piece:
    """The piece in a MusicXML file at 480 ticks a quarter, plain or compressed.

    Bars shorter than their metre (a pickup) get a metre of their own length. Chord symbols become chords that last to
    the next symbol, rehearsal marks sections, dynamics velocities; staves of one player become one track. The instrument
    is the table's first with the part's MIDI program, the role a guess.

    Raises:
        BadFile: it is no MusicXML, is damaged, or exceeds the limits.
    """
    text = _xml_text(data, limits)
    import music21

    known = music21.midi.percussion.PercussionMapper().reverseInstrumentMapping

    def playable(match: re.Match[str]) -> str:
        """music21 refuses a file for a drum that it has no class for; such drums are read by their place on the staff."""
        return match[0] if int(match[1]) - 1 in known else ""

    try:
        score = music21.converter.parseData(_UNPITCHED.sub(playable, text), format="musicxml")
    except Exception as error:  # music21 lets errors of any kind through on damaged files
        raise _unreadable(str(error)) from error
    if not isinstance(score, music21.stream.Score) or not score.parts:
        raise _unreadable("no parts")
    parts = list(score.parts)
    limits.check("tracks", len(parts))
    first = list(parts[0].getElementsByClass(music21.stream.Measure))
    if not first:
        raise _unreadable("no bars")
    limits.check("bars", len(first))
    metres, starts = _bars([list(p.getElementsByClass(music21.stream.Measure)) for p in parts])
    timeline = Timeline(PPQ, _tempos(parts[0], starts), metres)
    limits.check("seconds", timeline.seconds(starts[-1]))
    tracks = _tracks(parts, _programs(text), starts, limits)
    return Piece(
        title=_title(score), timeline=timeline, bars=len(first), keys=_keys(first),
        sections=_sections(first), chords=_chords(parts, starts), tracks=tracks,
    )  # fmt: skip


def _unreadable(why: str) -> BadFile:
    return BadFile("A score is a MusicXML file, plain or compressed", value=why, cause="the file is damaged or of another kind",
                   cure="export it again as MusicXML from a notation program")  # fmt: skip


def _xml_text(data: bytes, limits: Limits) -> str:
    """The score's XML as text, out of its archive if need be, checked."""
    limits.check("size", len(data))
    if data[:2] == b"PK":
        data = _unzip(data, limits)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    if "<!ENTITY" in text:
        raise _unreadable("it declares entities")
    if not re.search(r"<score-(partwise|timewise)\b", text):
        raise _unreadable(shorten(text, 40) or "empty")
    return text


def _unzip(data: bytes, limits: Limits) -> bytes:
    """The score inside a compressed file: the one that the container names, else the first."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and not n.startswith("META-INF")]
            wanted = names[0] if names else ""
            if "META-INF/container.xml" in archive.namelist():
                # searched and not parsed: containers with broken attributes are common, their scores are sound
                container = _member(archive, "META-INF/container.xml", limits).decode(errors="replace")
                paths = re.findall(r'full-path\s*=\s*"([^"]*)"', container)
                wanted = next((p for p in paths if p in archive.namelist()), wanted)
            if not wanted:
                raise _unreadable("an archive without a score")
            return _member(archive, wanted, limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _unreadable(str(error)) from error


def _member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """A file of the archive, never more of it than the limit, whatever its header says."""
    with archive.open(name) as file:
        content = file.read(limits.size + 1)
    limits.check("size", len(content))
    return content


def _title(score: Any) -> str:
    metadata = score.metadata
    title = (metadata.title or metadata.movementName) if metadata is not None else None
    return shorten(str(title), 200) if title else "Untitled"


def _ticks(quarters: Any) -> int:
    ticks: int = round(quarters * PPQ)
    return ticks


def _bars(parts: list[list[Any]]) -> tuple[tuple[MetreChange, ...], list[int]]:
    """The metre map, and the tick of every bar line, the last one included."""
    changes: list[MetreChange] = []
    starts = [0]
    nominal = Metre()
    for i, measure in enumerate(parts[0]):
        if measure.timeSignature is not None:
            nominal = _metre(measure.timeSignature, nominal)
        length = nominal.bar_ticks(PPQ)
        filled = max(_ticks(p[i].highestTime) for p in parts if i < len(p))
        short = metre_of(filled) if filled and filled != length else None
        metre = short or nominal
        if not changes or changes[-1].metre != metre:
            changes.append(MetreChange(i, metre))
        starts.append(starts[-1] + metre.bar_ticks(PPQ))
    return tuple(changes), starts


def _metre(signature: Any, before: Metre) -> Metre:
    try:
        return Metre(int(signature.numerator), int(signature.denominator))
    except (RipienoError, TypeError, ValueError):
        return before


def _measures(part: Any) -> Iterable[tuple[int, Any]]:
    return enumerate(part.getElementsByClass("Measure"))


def _tempos(part: Any, starts: list[int]) -> tuple[Tempo, ...]:
    found = {0: 120.0}
    for i, measure in _measures(part):
        for mark in measure.recurse().getElementsByClass("MetronomeMark"):
            bpm = mark.getQuarterBPM()
            if bpm and i < len(starts) - 1:
                tick = starts[i] + _ticks(mark.getOffsetInHierarchy(measure))
                found[tick] = min(MAX_TEMPO, max(MIN_TEMPO, float(bpm)))
    return tuple(Tempo(tick, bpm) for tick, bpm in sorted(found.items()))


def _keys(measures: list[Any]) -> tuple[KeyChange, ...]:
    found: dict[int, Key] = {0: Key("C")}
    for i, measure in enumerate(measures):
        signature = measure.keySignature
        if signature is None or signature.sharps is None or not -7 <= signature.sharps <= 7:
            continue
        mode, tonic = getattr(signature, "mode", None), getattr(signature, "tonic", None)
        if tonic is not None and mode in MODE_NAMES:
            found[i] = Key(tonic.name.replace("-", "b"), MODE_NAMES[mode])
        else:
            found[i] = Key(name_at_fifths(signature.sharps))
    return tuple(KeyChange(bar, key) for bar, key in sorted(found.items()))


def _sections(measures: list[Any]) -> tuple[Section, ...]:
    """Sections from rehearsal mark to rehearsal mark; music before the first is called 'Start'."""
    found: dict[int, str] = {}
    for i, measure in enumerate(measures):
        for mark in measure.getElementsByClass("RehearsalMark"):
            found.setdefault(i, shorten(str(mark.content), 60))
    if not found:
        return ()
    found.setdefault(0, "Start")
    bars = sorted(found)
    return tuple(
        Section(found[bar], bar, end - bar) for bar, end in zip(bars, [*bars[1:], len(measures)], strict=True)
    )


def _chords(parts: list[Any], starts: list[int]) -> tuple[ChordSpan, ...]:
    """The symbols of the first part that has any, each up to the next; 'no chord' ends one."""
    for part in parts:
        found: dict[int, Chord | None] = {}
        for i, measure in _measures(part):
            for symbol in measure.recurse().getElementsByClass("Harmony"):
                if i < len(starts) - 1:
                    found[starts[i] + _ticks(symbol.getOffsetInHierarchy(measure))] = _chord(symbol)
        if found:
            ticks = [t for t in sorted(found) if t < starts[-1]]
            ends = [*ticks[1:], starts[-1]]
            pairs = [(a, b, found[a]) for a, b in zip(ticks, ends, strict=True)]
            return tuple(ChordSpan(a, b, chord) for a, b, chord in pairs if chord is not None)
    return ()


def _chord(symbol: Any) -> Chord | None:
    """The chord of a symbol: its text where Ripieno reads it, else its notes."""
    if "NoChord" in symbol.classes or "ChordSymbol" not in symbol.classes or symbol.root() is None:
        return None
    root = symbol.root().name.replace("-", "b")
    low = symbol.bass()
    bass = low.name.replace("-", "b") if low is not None and low.name != symbol.root().name else None
    text = symbol.chordKindStr or ""
    try:
        chord = Chord.parse(root + text) if text else None
    except RipienoError:
        chord = None
    if chord is None:
        pcs = sorted({(p.pitchClass - symbol.root().pitchClass) % 12 for p in symbol.pitches})
        chord = Chord(root, tuple(pcs) or (0,))
    return Chord(chord.root, chord.intervals, bass)


def _programs(text: str) -> list[tuple[int, bool] | None]:
    """For each player in order: MIDI program 0..127, and whether it is on the percussion channel; None if unsaid."""
    found: list[tuple[int, bool] | None] = []
    for part in ET.fromstring(text).iter("score-part"):
        program, channel = (part.findtext(f"midi-instrument/midi-{tag}", "") for tag in ("program", "channel"))
        said = program.strip().isdecimal()
        found.append((min(127, max(0, int(program) - 1)), channel.strip() == _DRUM_CHANNEL) if said else None)
    return found


def _tracks(
    parts: list[Any], programs: list[tuple[int, bool] | None], starts: list[int], limits: Limits
) -> tuple[Track, ...]:
    players: list[_Player] = []
    count = 0
    for part in parts:
        if not re.search(r"-Staff([2-9]|\d\d)$", str(part.id)):  # music21 makes a part of each staff of a player
            instrument = part.getInstrument(returnDefault=True)
            said = programs[len(players)] if len(players) < len(programs) else None
            guess = (min(127, max(0, int(instrument.midiProgram or 0))), False)
            name = shorten(str(part.partName or instrument.instrumentName or ""), 60)
            players.append(_Player(name, *(said or guess)))
        player = players[-1]
        rows, unpitched = _rows(part, starts)
        player.rows += rows
        player.is_drum = player.is_drum or unpitched
        count += len(rows)
        limits.check("notes", count)
    taken: set[str] = set()
    tracks = []
    for player in players:
        row = instrument_for(player.program, is_drum=player.is_drum)
        notes = make_notes(player.rows)
        own = None if row.program == player.program else player.program
        name = player.name or row.name
        role = guess_role(row, notes, name)
        tracks.append(Track(unique_id(row.id, taken), name, role, row.id, notes, program=own))
    return tuple(tracks)


def _rows(part: Any, starts: list[int]) -> tuple[list[Row], bool]:
    """The notes of a staff, ties joined, and whether any of them has no pitch."""
    rows: list[Row] = []
    held: dict[int, int] = {}  # pitch -> index of the row that a tie may continue
    velocity = _VELOCITY
    unpitched = False
    for i, measure in _measures(part):
        if i >= len(starts) - 1:
            break
        marks = {_ticks(d.getOffsetInHierarchy(measure)): d for d in measure.recurse().getElementsByClass("Dynamic")}
        for element in measure.recurse().notes:
            if "Harmony" in element.classes:
                continue
            offset = _ticks(element.getOffsetInHierarchy(measure))
            for tick in [t for t in marks if t <= offset]:
                velocity = min(127, max(1, round(marks.pop(tick).volumeScalar * 127)))
            length = _ticks(element.quarterLength)
            for note in element.notes if hasattr(element, "notes") else (element,):
                pitch = note.pitch.midi if hasattr(note, "pitch") else _drum_key(note)
                unpitched = unpitched or not hasattr(note, "pitch")
                start = starts[i] + offset
                if not 0 <= pitch <= 127:
                    continue
                tie = note.tie.type if note.tie is not None else element.tie.type if element.tie is not None else ""
                index = held.pop(pitch, None)
                if tie in ("stop", "continue") and index is not None and sum(rows[index][:2]) == start:
                    old = rows[index]
                    rows[index] = (old[0], old[1] + length, old[2], old[3])
                else:
                    own = note.volume.velocity or element.volume.velocity or velocity
                    grace = length == 0
                    begin = max(0, start - _GRACE) if grace else start
                    rows.append((begin, length or _GRACE, pitch, min(127, max(1, int(own)))))
                    index = len(rows) - 1
                if tie in ("start", "continue"):
                    held[pitch] = index
    return rows, unpitched


def _drum_key(note: Any) -> int:
    """The percussion key of an unpitched note: what its instrument says, else by its place on the staff."""
    stored = getattr(note, "storedInstrument", None)
    key = getattr(stored, "percMapPitch", None)
    if key is not None:
        return int(key)
    return _by_place().get((note.displayName, note.notehead), _by_place().get((note.displayName, "normal"), 38))


@lru_cache(maxsize=1)
def _by_place() -> dict[tuple[str, str], int]:
    places: dict[tuple[str, str], int] = {}
    for key in (36, 38, 42, 46, 49, 51, *range(27, 88)):  # the usual drum of a place first
        places.setdefault((drum(key).line, drum(key).head), key)
    return places
