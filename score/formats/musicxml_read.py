"""Reads MusicXML 4 and earlier (.musicxml, .xml, .mxl) as a piece. See `load_musicxml`."""

from xml.etree import ElementTree as ET

from ripieno.score.errors import shorten
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.formats.musicxml_open import open_score, unreadable
from ripieno.score.formats.musicxml_part import PartReader, number_of
from ripieno.score.formats.printed import Bar, Performance, Player
from ripieno.score.formats.reading import Reading
from ripieno.score.piece import Mix, Piece

_DRUM_CHANNEL = "10"  # as MusicXML counts


def read_musicxml(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Piece:
    """The piece in a MusicXML file; see `load_musicxml`, which also says what was mended."""
    return load_musicxml(data, limits=limits).piece


def load_musicxml(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Reads MusicXML, by parts or by bars, plain or compressed, at 480 ticks a quarter.

    Repeats, endings and jumps are written out. Bars shorter or longer than their metre (a pickup) get a metre of their own
    length. Transposing instruments sound as they do. Chord symbols last to the next symbol, rehearsal marks begin sections,
    dynamics become velocities, words to sing become texts. All staves of a part are one track; the instrument is the table's
    first with the part's MIDI program, or that of its name, the role a guess. What is damaged is passed over; where the file
    breaks off, what stands before is read and a remark says so.

    Raises:
        BadFile: it is no MusicXML, holds no notes, or exceeds the limits.
    """
    remarks: list[str] = []
    root = open_score(data, limits, remarks)
    heads = {part.get("id", ""): part for part in root.iterfind("part-list/score-part")}
    parts = root.findall("part")
    limits.check("tracks", len(parts))
    players = [_player(part, heads.get(part.get("id", "")), limits) for part in parts]
    players = [p for p in players if p.lines[0]]
    if not players:
        raise unreadable("no bars")
    performance = Performance(_title(root), players, limits)
    if performance.unfolded:
        remarks.append(performance.unfolded)
    return Reading(performance.piece(), tuple(remarks), _unsaid(root))


def _unsaid(root: ET.Element) -> frozenset[str]:
    keys = list(root.iter("key"))
    missing = {"key"} if not keys else set() if any(k.findtext("mode") for k in keys) else {"mode"}
    return frozenset(missing | {"roles"})


def _title(root: ET.Element) -> str:
    title = root.findtext("work/work-title") or root.findtext("movement-title")
    if not (title or "").strip():
        credits = [c for c in root.findall("credit") if c.findtext("credit-type", "title") == "title" and c.get("page") == "1"]
        title = next((c.findtext("credit-words") for c in credits), None)
    return shorten(title or "", 200) or "Untitled"


def _player(part: ET.Element, head: ET.Element | None, limits: Limits) -> Player:
    reader = PartReader()
    player = Player("", [])
    if head is not None:
        player.name = shorten(head.findtext("part-name", "").strip(), 60)
        for row in head.findall("midi-instrument"):
            key = row.findtext("midi-unpitched", "").strip()
            if key.isdecimal() and 1 <= int(key[:4]) <= 128:
                reader.drums[row.get("id", "")] = int(key) - 1
        first = head.find("midi-instrument")
        if first is not None:
            program = first.findtext("midi-program", "").strip()
            player.program = min(127, max(0, int(program[:4]) - 1)) if program.isdecimal() else None
            player.is_drum = first.findtext("midi-channel", "").strip() == _DRUM_CHANNEL
            player.mix = _mix(first)
    line: list[Bar] = []
    for number, measure in enumerate(part.findall("measure"), 1):
        limits.check("bars", number)
        line.append(reader.read(measure))
    player.is_drum = player.is_drum or reader.unpitched
    player.lines = [line]
    return player


def _mix(row: ET.Element) -> Mix:
    """Volume in per cent of MIDI's 127, pan in degrees from -90 to 90."""
    volume = round(number_of(row.findtext("volume"), Mix().volume / 1.27) * 1.27)
    pan = round(64 + number_of(row.findtext("pan"), 0) * 63 / 90)
    return Mix(min(127, max(0, volume)), min(127, max(0, pan)))
