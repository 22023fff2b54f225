"""Writes MusicXML 4.0 from the notation, element by element.

The writer is ours (docs/adr/0002-musicxml-writer.md says why); music21 reads it in the tests.
"""

import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from ripieno.score.formats.abbreviations import short_name
from ripieno.score.formats.grid import UNITS
from ripieno.score.formats.harmony_xml import add_harmony
from ripieno.score.formats.midi_write import DRUM_CHANNEL, allocate
from ripieno.score.formats.notation import notate
from ripieno.score.formats.paper import Event, Head, Measure, Notated, Part, TempoMark
from ripieno.score.formats.percussion import drum
from ripieno.score.keys import Key
from ripieno.score.piece import Piece
from ripieno.score.time import Metre

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
_CLEFS = {"treble": ("G", 2), "bass": ("F", 4), "alto": ("C", 3), "tenor": ("C", 4), "percussion": ("percussion", 0)}
_SIGNS = {"#": "sharp", "b": "flat", "=": "natural", "##": "double-sharp", "bb": "flat-flat"}
_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
_FORTE = 90.0  # velocity that MusicXML calls 100 percent


@dataclass(frozen=True, slots=True)
class _Mark:
    """Something above or below the staff at a unit of the bar, written just before the note there."""

    unit: int
    element: ET.Element


def write_musicxml(piece: Piece) -> bytes:
    """The piece as a MusicXML 4.0 partwise score, UTF-8: a part for each track, with its MIDI program and mix.

    Chord symbols, section names (rehearsal marks) and tempo marks stand above the first part that is no drum part.
    Playing back gives the notes as written (straight and quantised), at the piece's tempos and velocities.
    """
    score = notate(piece)
    root = ET.Element("score-partwise", version="4.0")
    ET.SubElement(ET.SubElement(root, "work"), "work-title").text = _clean(piece.title)
    identification = ET.SubElement(root, "identification")
    ET.SubElement(ET.SubElement(identification, "encoding"), "software").text = "Ripieno"
    _part_list(root, score)
    bearer = next((i for i, part in enumerate(score.parts) if not part.is_drum), 0)
    for i, part in enumerate(score.parts):
        _part(root, f"P{i + 1}", part, score, bears_marks=i == bearer)
    if not score.parts:
        _empty_part(root, score)
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{body}\n'.encode()


def _clean(text: str) -> str:
    """Text without characters that XML cannot hold."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")


def _text(parent: ET.Element, tag: str, text: object) -> ET.Element:
    child = ET.SubElement(parent, tag)
    child.text = str(text)
    return child


def _part_list(root: ET.Element, score: Notated) -> None:
    listed = ET.SubElement(root, "part-list")
    slots = allocate(tuple(part.track for part in score.parts))
    number = 0
    for family, members in groupby(enumerate(score.parts), key=lambda m: m[1].track.instrument.family):
        group = list(members)
        bracket = len(group) > 1 and family in ("strings", "brass", "reeds", "winds", "choir")
        if bracket:
            start = ET.SubElement(listed, "part-group", type="start", number="1")
            _text(start, "group-symbol", "bracket")
            _text(start, "group-barline", "yes")
        for number, part in group:
            _score_part(listed, f"P{number + 1}", part, slots[number].channel)
        if bracket:
            ET.SubElement(listed, "part-group", type="stop", number="1")
    if not score.parts:
        _text(ET.SubElement(listed, "score-part", id="P1"), "part-name", "")


def _score_part(listed: ET.Element, id_: str, part: Part, channel: int) -> None:
    element = ET.SubElement(listed, "score-part", id=id_)
    _text(element, "part-name", _clean(part.name))
    _text(element, "part-abbreviation", _clean(short_name(part.name)))
    track = part.track
    keys = _drum_keys(part) if part.is_drum else ()
    for key in keys or (None,):
        instrument = ET.SubElement(element, "score-instrument", id=_instrument_id(id_, key))
        _text(instrument, "instrument-name", track.instrument.name if key is None else drum(key).name)
    for key in keys or (None,):
        midi = ET.SubElement(element, "midi-instrument", id=_instrument_id(id_, key))
        _text(midi, "midi-channel", (DRUM_CHANNEL if part.is_drum else channel) + 1)
        _text(midi, "midi-program", track.midi_program + 1)
        if key is not None:
            _text(midi, "midi-unpitched", key + 1)
        _text(midi, "volume", 0 if track.mix.muted else round(track.mix.volume / 1.27, 2))
        _text(midi, "pan", round((track.mix.pan - 64) * 90 / 63 if track.mix.pan > 0 else -90))


def _drum_keys(part: Part) -> tuple[int, ...]:
    return tuple(sorted({int(p) for p in part.track.notes["pitch"]}))


def _instrument_id(part_id: str, key: int | None) -> str:
    return f"{part_id}-I{1 if key is None else key}"


def _part(root: ET.Element, id_: str, part: Part, score: Notated, *, bears_marks: bool) -> None:
    element = ET.SubElement(root, "part", id=id_)
    dynamics: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for index, unit, mark in part.dynamics:
        dynamics[index].append((unit, mark))
    metre = Metre()
    several = part.is_drum and len(_drum_keys(part)) > 1
    for i, measure in enumerate(score.measures):
        metre = measure.metre or metre
        bar = ET.SubElement(element, "measure", number=str(measure.number))
        _attributes(bar, measure, part, first=i == 0)
        marks = [_Mark(unit, _dynamic(mark)) for unit, mark in dynamics[i]]
        if bears_marks:
            marks += _shared_marks(measure, metre)
        marks.sort(key=lambda m: m.unit)
        _voices(bar, part, i, marks, id_ if several else "")
        last = i + 1 == len(score.measures)
        if last or score.measures[i + 1].section:
            line = ET.SubElement(bar, "barline", location="right")
            _text(line, "bar-style", "light-heavy" if last else "light-light")


def _empty_part(root: ET.Element, score: Notated) -> None:
    """A piece without tracks still has its bars."""
    element = ET.SubElement(root, "part", id="P1")
    for i, measure in enumerate(score.measures):
        bar = ET.SubElement(element, "measure", number=str(measure.number))
        _attributes(bar, measure, None, first=i == 0)
        _note(bar, Event(0, measure.bar.length, "measure"), 1, 0, False, "")


def _attributes(bar: ET.Element, measure: Measure, part: Part | None, *, first: bool) -> None:
    if not (first or measure.metre or measure.key):
        return
    attributes = ET.SubElement(bar, "attributes")
    if first:
        _text(attributes, "divisions", UNITS)
    if measure.key:
        _key(attributes, measure.key, shown=not (part and part.is_drum))
    if measure.metre:
        time = ET.SubElement(attributes, "time")
        _text(time, "beats", measure.metre.numerator)
        _text(time, "beat-type", measure.metre.denominator)
    if first and part:
        if len(part.staves) > 1:
            _text(attributes, "staves", len(part.staves))
        for number, staff in enumerate(part.staves, 1):
            clef = ET.SubElement(attributes, "clef")
            if len(part.staves) > 1:
                clef.set("number", str(number))
            sign, line = _CLEFS[staff.clef]
            _text(clef, "sign", sign)
            if line:
                _text(clef, "line", line)
            if staff.clef_octaves:
                _text(clef, "clef-octave-change", staff.clef_octaves)


def _key(attributes: ET.Element, key: Key, *, shown: bool) -> None:
    element = ET.SubElement(attributes, "key")
    if not shown:
        element.set("print-object", "no")
    _text(element, "fifths", key.signature)
    if key.mode in _MODES:
        _text(element, "mode", key.mode)
    elif key.signature == Key(key.tonic, "minor" if key.is_minor else "major").signature:
        _text(element, "mode", "minor" if key.is_minor else "major")


def _direction(placement: str) -> tuple[ET.Element, ET.Element]:
    direction = ET.Element("direction", placement=placement)
    return direction, ET.SubElement(direction, "direction-type")


def _dynamic(mark: str) -> ET.Element:
    direction, kind = _direction("below")
    ET.SubElement(ET.SubElement(kind, "dynamics"), mark)
    return direction


def _shared_marks(measure: Measure, metre: Metre) -> list[_Mark]:
    """Section name, tempos and chord symbols of a bar."""
    marks = []
    for tempo in measure.tempos:
        marks.append(_Mark(tempo.unit, _tempo(tempo, metre)))
    if measure.section:
        direction, kind = _direction("above")
        _text(kind, "rehearsal", _clean(measure.section))
        marks.append(_Mark(0, direction))
    for unit, chord in measure.chords:
        holder = ET.Element("holder")
        add_harmony(holder, chord)
        marks.append(_Mark(unit, holder[0]))
    return marks


def _tempo(tempo: TempoMark, metre: Metre) -> ET.Element:
    direction, kind = _direction("above")
    if tempo.words:
        _text(kind, "words", tempo.words).set("font-style", "italic")
    elif tempo.shown:
        metronome = ET.SubElement(kind, "metronome", parentheses="no")
        dotted = metre.compound
        _text(metronome, "beat-unit", "quarter")
        if dotted:
            ET.SubElement(metronome, "beat-unit-dot")
        _text(metronome, "per-minute", round(tempo.bpm / 1.5 if dotted else tempo.bpm))
    else:
        _text(kind, "words", "")
    ET.SubElement(direction, "sound", tempo=f"{round(tempo.bpm, 4):g}")
    return direction


def _voices(bar: ET.Element, part: Part, index: int, marks: list[_Mark], drums: str) -> None:
    """All voices of all staves of a bar; the marks go with the first voice."""
    first = True
    for number, staff in enumerate(part.staves):
        for layer, voice in enumerate(staff.bars[index]):
            if not first:
                _text(ET.SubElement(bar, "backup"), "duration", sum(e.length for e in part.staves[0].bars[index][0]))
            pending = marks if first else []
            for event in voice:
                while pending and pending[0].unit < event.start + event.length:
                    mark = pending.pop(0)
                    if mark.unit > event.start:
                        _offset(mark, event.start)
                    bar.append(mark.element)
                if event.hidden:
                    _text(ET.SubElement(bar, "forward"), "duration", event.length)
                else:
                    staff_number = number + 1 if len(part.staves) > 1 else 0
                    _note(bar, event, 4 * number + layer + 1, staff_number, part.is_drum, drums)
            for mark in pending:
                bar.append(mark.element)
            first = False


def _offset(mark: _Mark, start: int) -> None:
    """Says how far behind the start of the note it stands; the place of <offset> differs by element."""
    offset = ET.Element("offset")
    offset.text = str(mark.unit - start)
    children = [child.tag for child in mark.element]
    mark.element.insert(children.index("sound") if "sound" in children else len(children), offset)


def _note(bar: ET.Element, event: Event, voice: int, staff: int, percussion: bool, drums: str) -> None:
    """A rest, a note, or a chord as several notes, after its grace notes."""
    for place, grace in enumerate(event.graces):
        _grace(bar, grace, voice, staff, chord=place > 0)
    heads: tuple[Head | None, ...] = event.heads or (None,)
    for place, head in enumerate(heads):
        note = ET.SubElement(bar, "note")
        if event.velocity:
            note.set("dynamics", f"{event.velocity / _FORTE * 100:.2f}")
        if place:
            ET.SubElement(note, "chord")
        _pitch(note, event, head, percussion)
        _text(note, "duration", event.length)
        if head and head.tie_in:
            ET.SubElement(note, "tie", type="stop")
        if head and head.tie_out:
            ET.SubElement(note, "tie", type="start")
        if head and drums:
            ET.SubElement(note, "instrument", id=_instrument_id(drums, head.pitch))
        _text(note, "voice", voice)
        if event.value != "measure":
            _text(note, "type", event.value)
        for _ in range(event.dots):
            ET.SubElement(note, "dot")
        if head and head.sign:
            _text(note, "accidental", _SIGNS[head.sign])
        if event.triplet:
            modification = ET.SubElement(note, "time-modification")
            _text(modification, "actual-notes", 3)
            _text(modification, "normal-notes", 2)
        if head and percussion:
            _text(note, "stem", "up")
            shape = drum(head.pitch).head
            if shape != "normal":
                _text(note, "notehead", shape)
        if staff:
            _text(note, "staff", staff)
        if not place:
            for level, beam in enumerate(event.beams, 1):
                _text(note, "beam", beam).set("number", str(level))
        _notations(note, event, head, first=not place)
        if event.word is not None and not place:
            lyric = ET.SubElement(note, "lyric", number="1")
            _text(lyric, "syllabic", event.word.kind)
            _text(lyric, "text", event.word.text)


def _grace(bar: ET.Element, head: Head, voice: int, staff: int, *, chord: bool) -> None:
    note = ET.SubElement(bar, "note")
    ET.SubElement(note, "grace", slash="yes")
    if chord:
        ET.SubElement(note, "chord")
    _spelled_pitch(note, head)
    _text(note, "voice", voice)
    _text(note, "type", "eighth")
    if head.sign:
        _text(note, "accidental", _SIGNS[head.sign])
    if staff:
        _text(note, "staff", staff)


def _pitch(note: ET.Element, event: Event, head: Head | None, percussion: bool) -> None:
    if head is None:
        rest = ET.SubElement(note, "rest")
        if event.value == "measure":
            rest.set("measure", "yes")
    elif percussion:
        unpitched = ET.SubElement(note, "unpitched")
        _text(unpitched, "display-step", drum(head.pitch).step)
        _text(unpitched, "display-octave", drum(head.pitch).octave)
    else:
        _spelled_pitch(note, head)


def _spelled_pitch(note: ET.Element, head: Head) -> None:
    pitch = ET.SubElement(note, "pitch")
    _text(pitch, "step", head.name[0])
    if head.alter:
        _text(pitch, "alter", head.alter)
    _text(pitch, "octave", head.octave)


def _notations(note: ET.Element, event: Event, head: Head | None, *, first: bool) -> None:
    tie_in, tie_out = (head.tie_in, head.tie_out) if head else (False, False)
    bracket = event.bracket if first else ""
    staccato = event.staccato and first
    if not (tie_in or tie_out or bracket or staccato):
        return
    notations = ET.SubElement(note, "notations")
    if tie_in:
        ET.SubElement(notations, "tied", type="stop")
    if tie_out:
        ET.SubElement(notations, "tied", type="start")
    for type_ in {"start": ("start",), "stop": ("stop",), "both": ("start", "stop")}.get(bracket, ()):
        ET.SubElement(notations, "tuplet", type=type_)
    if staccato:
        ET.SubElement(ET.SubElement(notations, "articulations"), "staccato")
