"""MusicXML read: what each element means, repeats, compressed and damaged files; music21 agrees where it reads the same."""

import io
import re
import zipfile

import music21
import pytest

from ripieno.score.errors import BadFile
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.musicxml_read import load_musicxml, read_musicxml
from ripieno.score.piece import Piece, Text
from ripieno.score.pitch import pitch_name
from ripieno.score.time import Metre, MetreChange, Tempo
from tests.score.pieces import waltz
from tests.score.test_formats_abc_read import told


def note(name: str, quarters: float = 1, more: str = "", before: str = "") -> str:
    """A note such as 'F#4' in a file of four divisions a quarter; `before` stands in front of the pitch, `more` behind it."""
    step, sign, octave = re.fullmatch(r"([A-G])([#b]?)(\d)", name).groups()  # type: ignore[union-attr]
    alter = f"<alter>{ {'#': 1, 'b': -1, '': 0}[sign] }</alter>"
    length = f"<duration>{int(quarters * 4)}</duration>" if "<grace" not in before else ""
    return f"<note>{before}<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>{length}{more}</note>"


def score(*bars: str, head: str = "", part: str = "") -> bytes:
    """One part of these bars, in 4/4."""
    first = "<attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    measures = "".join(f"<measure number='{i}'>{first * (i == 1)}{bar}</measure>" for i, bar in enumerate(bars, 1))
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><score-partwise>{head}"
        f"<part-list><score-part id='P1'>{part}</score-part></part-list><part id='P1'>{measures}</part></score-partwise>"
    ).encode()


def notes(*bars: str) -> str:
    """The notes of one part, told as in the tests of ABC."""
    return told(read_musicxml(score(*bars)).tracks[0])


def test_notes_chords_voices_ties_and_graces() -> None:
    tie, end = '<tie type="start"/>', '<tie type="stop"/>'
    assert notes(note("C4", 2) + note("F#4", 2)) == "C4:2 F#4:2"
    assert notes(note("C4", 4) + note("E4", 4, before="<chord/>")) == "C4:4 E4:4@0"
    back = "<backup><duration>16</duration></backup>"
    assert notes(note("C4", 4) + back + note("E4", 2, "<voice>2</voice>")) == "C4:4 E4:2@0"
    assert notes(note("C4", 4, tie), note("C4", 4, end)) == "C4:8"
    assert notes("<forward><duration>8</duration></forward>" + note("C4", 2)) == "C4:2@2"
    assert notes(note("D4", before="<grace/>") + note("C4", 4), note("E4", 4)) == "C4:4 D4:1/8@0 E4:4@4"
    assert notes(note("D4", 4, before="<cue/>"), note("E4", 4)) == "E4:4@4"


def test_a_transposing_instrument_sounds_as_it_does() -> None:
    move = "<chromatic>-2</chromatic><octave-change>-1</octave-change>"
    assert notes(f"<attributes><transpose>{move}</transpose></attributes>" + note("C5", 4)) == "A#3:4"


def test_frame_words_chords_and_dynamics() -> None:
    words = "<lyric number='1'><syllabic>begin</syllabic><text>Glo</text></lyric><lyric number='2'><text>Pax</text></lyric>"
    data = score(
        "<attributes><key><fifths>-1</fifths><mode>minor</mode></key></attributes>"
        "<direction><direction-type><rehearsal>A</rehearsal><metronome><beat-unit>half</beat-unit><per-minute>60</per-minute>"
        "</metronome></direction-type></direction><direction><direction-type><dynamics><f/></dynamics></direction-type></direction>"
        "<harmony><root><root-step>D</root-step></root><kind text='m7'>minor-seventh</kind></harmony>" + note("D4", 4, words),
        "<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>dominant</kind><bass><bass-step>D</bass-step>"
        "</bass><degree><degree-value>9</degree-value><degree-alter>-1</degree-alter><degree-type>add</degree-type></degree>"
        "</harmony>" + note("F4", 4),
        head="<work><work-title>A song</work-title></work>",
        part="<part-name>Violin</part-name>",
    )  # fmt: skip
    piece = read_musicxml(data)
    assert (piece.title, str(piece.key), piece.timeline.tempos) == ("A song", "D minor", (Tempo(0, 120.0),))
    assert [(s.name, s.bars) for s in piece.sections] == [("A", 2)]
    assert [c.chord.symbol for c in piece.chords] == ["Dm7", "Bb7b9/D"]
    assert piece.tracks[0].instrument_id == "violin" and piece.tracks[0].notes["velocity"].tolist() == [96, 96]
    assert piece.texts == (Text(0, "lyric", "Glo-", "violin"),)


@pytest.mark.parametrize(
    ("marks", "bars"),
    [
        ((("F", ""), ("", "B")), "ABAB"),
        ((("", ""), ("", "B"), ("", "")), "ABABC"),
        ((("F", ""), ("1", "B"), ("2", ""), ("", "")), "ABACD"),
        ((("", "B"), ("F", "B"), ("", "")), "AABBC"),
        ((("", ""), ("", "capo")), "ABAB"),
        ((("", "fine"), ("", "capo")), "ABA"),
        ((("", ""), ("segno", ""), ("", "segno")), "ABCBC"),
        ((("", "to"), ("", "capo"), ("coda", "")), "ABAC"),
    ],
)
def test_repeats_and_jumps_are_written_out(marks: tuple[tuple[str, str], ...], bars: str) -> None:
    left = {
        "": "", "F": '<barline location="left"><repeat direction="forward"/></barline>',
        "1": '<barline location="left"><ending number="1" type="start"/></barline>',
        "2": '<barline location="left"><ending number="2" type="start"/></barline>',
        "segno": '<direction><direction-type><segno/></direction-type></direction>',
        "coda": '<direction><direction-type><coda/></direction-type></direction>',
    }  # fmt: skip
    right = {
        "": "", "B": '<barline><repeat direction="backward"/></barline>', "fine": '<sound fine="yes"/>',
        "capo": '<sound dacapo="yes"/>', "segno": '<sound dalsegno="s"/>', "to": '<sound tocoda="c"/>',
    }  # fmt: skip
    rows = []
    for i, (before, after) in enumerate(marks):
        stop = f'<barline><ending number="{before}" type="stop"/></barline>' if before in ("1", "2") else ""
        rows.append(left[before] + note("ABCD"[i] + "4", 4) + stop + right[after])
    reading = load_musicxml(score(*rows))
    assert "".join(pitch_name(n["pitch"])[0] for n in reading.piece.tracks[0].notes) == bars
    assert any("written out" in r for r in reading.remarks)


def test_a_pickup_gets_a_metre_of_its_own() -> None:
    piece = read_musicxml(score(note("C4"), note("D4", 4)))
    assert piece.timeline.metres == (MetreChange(0, Metre(1, 4)), MetreChange(1, Metre(4, 4)))


def test_a_score_written_bar_by_bar() -> None:
    plain = score(note("C4", 4), note("D4", 4)).decode()
    bars = "".join(
        m.replace(">", "><part id='P1'>", 1).replace("</measure>", "</part></measure>")
        for m in re.findall(r"<measure.*?</measure>", plain)
    )
    wise = re.sub(r"<part id.*</part>", bars, plain).replace("partwise", "timewise")
    assert read_musicxml(wise.encode()) == read_musicxml(plain.encode())


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    whole = write_musicxml(waltz())
    for size in range(len(whole) // 3, len(whole) - 20, 1999):
        reading = load_musicxml(whole[:size])
        assert "damaged" in reading.remarks[0]
        assert 1 <= len(reading.piece.tracks) <= 4 and reading.piece.bars <= 8


def test_bombs_and_entities_are_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b"<score-partwise>" + b" " * (1 << 22))
    with pytest.raises(BadFile, match="at most"):
        read_musicxml(bomb.getvalue(), limits=Limits(size=1 << 20))
    laughs = b'<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
    with pytest.raises(BadFile, match="entities"):
        read_musicxml(laughs)
    with pytest.raises(BadFile, match="at most"):
        read_musicxml(b"<score-partwise>" + b"<a/>" * 3000, limits=Limits(events=1000))


def test_music21_finds_the_same_notes() -> None:
    data = write_musicxml(waltz())
    other = music21.converter.parseData(data.decode(), format="musicxml")
    theirs = sorted(
        (round(float(e.getOffsetInHierarchy(other)) * 480), p.midi)
        for e in other.recurse().notes if not isinstance(e, music21.harmony.ChordSymbol)
        and (e.tie is None or e.tie.type == "start") for p in e.pitches
    )  # fmt: skip
    piece: Piece = read_musicxml(data)
    ours = sorted((int(n["start"]), int(n["pitch"])) for t in piece.tracks if not t.is_drum for n in t.notes)
    assert ours == theirs
