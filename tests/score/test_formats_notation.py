"""What stands on paper, for any piece: full bars, true note values, ties, spelling; and MusicXML read back."""

import io
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.score.chords import Chord
from ripieno.score.errors import BadFile
from ripieno.score.formats.abc import write_abc
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.musicxml_read import read_musicxml
from ripieno.score.formats.notation import notate
from ripieno.score.formats.paper import Event, Notated
from ripieno.score.formats.spelling import spell
from ripieno.score.formats.values import VALUES
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Notes, Piece, Track, make_notes
from ripieno.score.time import Metre, MetreChange, Tempo, Timeline
from tests.score.pieces import pieces, waltz

any_piece = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Q = 480


def one(rows: list[tuple[int, int, int, int]] | Notes, *, instrument: str = "flute", metre: Metre | None = None,
        bars: int = 2, key: str = "C", role: Role = Role.LEAD) -> Piece:  # fmt: skip
    """A piece of one track."""
    timeline = Timeline(Q, (Tempo(0, 100.0),), (MetreChange(0, metre or Metre()),))
    tracks = (Track("t", "Part", role, instrument, make_notes(rows)),)
    return Piece("One", timeline, bars, (KeyChange(0, Key(key)),), tracks=tracks)


def written(piece: Piece, staff: int = 0, voice: int = 0) -> list[str]:
    """Each bar as text: 'C5 quarter. ~' is a dotted quarter tied on, 'r' a rest, '3' a triplet."""
    return [" | ".join(word(e) for e in bar[voice]) for bar in notate(piece).parts[0].staves[staff].bars]


def word(event: Event) -> str:
    heads = "/".join(f"{h.name}{h.octave}" for h in event.heads) or "r"
    return f"{heads} {event.value}" + "." * event.dots + "3" * event.triplet + "~" * any(h.tie_out for h in event.heads)


def check(paper: Notated) -> None:
    """Every voice fills its bar with values that last what they say; what is tied over goes on."""
    for part in paper.parts:
        for staff in part.staves:
            assert len(staff.bars) == len(paper.measures)
            for measure, voices in zip(paper.measures, staff.bars, strict=True):
                assert 1 <= len(voices) <= 2
                for voice in voices:
                    place = 0
                    for event in voice:
                        assert event.start == place
                        place += event.length
                        if event.value != "measure":
                            length = event.length * 3 // 2 if event.triplet else event.length
                            assert VALUES[length] == (event.value, event.dots)
                    assert place == measure.bar.length
                    for a, b in pairwise(voice):
                        out = [(h.pitch, h.name) for h in a.heads if h.tie_out]
                        assert out == [(h.pitch, h.name) for h in b.heads if h.tie_in]


@any_piece
@given(pieces(max_bars=6, max_tracks=3))
def test_every_bar_is_full_and_every_file_is_well_formed(piece: Piece) -> None:
    check(notate(piece))
    root = ET.fromstring(write_musicxml(piece))
    assert len(root.findall("part/measure")) == piece.bars * max(1, len(piece.tracks))
    assert write_musicxml(piece) == write_musicxml(piece)
    assert write_abc(piece).startswith("X:1\n")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces(max_bars=3, max_tracks=2, grid=240))
def test_music21_reads_any_musicxml_back(piece: Piece) -> None:
    again = read_musicxml(write_musicxml(piece))
    assert again.bars == piece.bars
    assert [m.metre.bar_ticks() for m in again.timeline.metres] == [m.metre.bar_ticks() for m in _told(piece)]
    for bar in range(piece.bars):
        assert again.key_at(bar).signature == piece.key_at(bar).signature


def _told(piece: Piece) -> list[MetreChange]:
    """The metre changes that a reader of the file can see."""
    changes: list[MetreChange] = []
    for change in piece.timeline.metres:
        metre = replace(change.metre, groups=())
        if change.bar < piece.bars and (not changes or changes[-1].metre != metre):
            changes.append(MetreChange(change.bar, metre))
    return changes


def test_values_follow_the_metre() -> None:
    syncopated = [(0, Q // 2, 72, 80), (Q // 2, Q, 74, 80), (3 * Q // 2, Q, 76, 80), (5 * Q // 2, 3 * Q // 2, 77, 80)]
    assert written(one(syncopated))[0] == "C5 eighth | D5 quarter | E5 eighth~ | E5 eighth | F5 eighth~ | F5 quarter"
    assert written(one([(0, 7 * Q, 72, 80)])) == ["C5 whole~", "C5 half. | r quarter"]
    assert written(one([(0, 5 * Q, 72, 80)], metre=Metre(5, 4)))[0] == "C5 half.~ | C5 half"
    seven = one([(0, 7 * Q // 2, 72, 80)], metre=Metre(7, 8, (2, 2, 3)))
    assert written(seven)[0] == "C5 half~ | C5 quarter."
    assert written(one([(0, 6 * Q, 72, 80)], metre=Metre(12, 8)))[0] == "C5 whole."


def test_triplets_swing_and_human_timing() -> None:
    third = Q // 3
    assert written(one([(i * third, third, 72 + i, 80) for i in range(3)]))[0].startswith(
        "C5 eighth3 | C#5 eighth3 | D5 eighth3"
    )
    swung = [(b * Q + late, Q // 3, 72, 80) for b in range(4) for late in (0, 2 * third)]
    assert written(one(swung))[0] == " | ".join(["C5 eighth"] * 8)
    human = [(max(0, i * Q // 2 + (-1) ** i * 18), Q // 2 - 30, 72, 80) for i in range(8)]
    assert written(one(human))[0] == " | ".join(["C5 eighth"] * 8)


def test_ticks_of_length_one_and_notes_over_the_end() -> None:
    assert written(one([(0, 1, 72, 80)], bars=1))[0] == "C5 eighth | r eighth | r quarter | r half"
    assert written(one([(3 * Q, 9 * Q, 72, 80)], bars=1))[0] == "r half | r quarter | C5 quarter"
    assert written(one([(9 * Q, Q, 72, 80)], bars=1)) == ["r measure"]


def test_spelling_follows_chord_key_and_direction() -> None:
    b_minor = Key("B", "minor")
    assert spell(70, b_minor, None) == "A#"
    assert spell(61, Key("Ab"), None) == "Db"
    assert spell(66, Key("C"), Chord.parse("D7")) == "F#"
    assert spell(66, Key("C"), Chord.parse("Ebm")) == "Gb"
    assert [spell(61, Key("C"), None, to) for to in (62, 60)] == ["C#", "Db"]


def test_accidentals_hold_to_the_bar_line() -> None:
    rows = [(i * Q, Q, p, 80) for i, p in enumerate((66, 66, 65, 65, 69, 65, 67, 66))]
    signs = [h.sign for bar in notate(one(rows, key="G")).parts[0].staves[0].bars for e in bar[0] for h in e.heads]
    assert signs == ["", "", "=", "", "", "=", "", "#"]


def test_two_voices_only_where_notes_overlap() -> None:
    held = [(0, 4 * Q, 55, 80), *((i * Q, Q, 72 + i, 80) for i in range(4))]
    bars = notate(one(held, instrument="flute")).parts[0].staves[0].bars
    assert len(bars[0]) == 1, "a flute plays one note at a time"
    both = notate(one([(0, 4 * Q, 64, 80), *held[1:]], instrument="nylon_guitar")).parts[0].staves[0].bars
    assert [word(e) for e in both[0][1]] == ["E4 whole"]
    assert len(both[1]) == 1


def test_held_notes_are_tied_inside_chords_that_change() -> None:
    """C and G are held while E moves to F: one voice, and only what goes on is tied."""
    rows = [(0, 4 * Q, 60, 80), (0, 4 * Q, 67, 80), (0, 2 * Q, 64, 80), (2 * Q, 2 * Q, 65, 80)]
    (first, second), = (bar for bar in notate(one(rows, instrument="synth_pad", bars=1)).parts[0].staves[0].bars[0])
    assert [(h.name, h.tie_out) for h in first.heads] == [("C", True), ("E", False), ("G", True)]
    assert [(h.name, h.tie_in) for h in second.heads] == [("C", True), ("F", False), ("G", True)]
    guitar = notate(one(rows, instrument="nylon_guitar", bars=1)).parts[0].staves[0].bars[0]
    assert not any(h.tie_out for voice in guitar for e in voice for h in e.heads)


def test_hands_part_where_the_gap_is() -> None:
    rows = [(b * Q, Q, p, 80) for b in range(8) for p in (41, 48, 53, 65, 69, 72)]
    right, left = (written(one(rows, instrument="piano"), staff)[0] for staff in (0, 1))
    assert right.startswith("F4/A4/C5 quarter") and left.startswith("F2/C3/F3 quarter")


def test_guitars_and_basses_stand_in_octave_clefs() -> None:
    def clef(instrument: str, pitch: int) -> tuple[str, int]:
        staff = notate(one([(0, Q, pitch, 80)], instrument=instrument)).parts[0].staves[0]
        return staff.clef, staff.clef_octaves

    assert clef("nylon_guitar", 60) == ("treble", -1)
    assert clef("electric_bass", 36) == ("bass", -1)
    assert clef("viola", 60) == ("alto", 0)
    assert clef("cello", 48) == ("bass", 0)


def test_the_waltz_comes_back_from_musicxml() -> None:
    piece = waltz()
    again = read_musicxml(write_musicxml(piece))
    assert (again.title, again.bars, again.keys, again.chords) == (piece.title, piece.bars, piece.keys, piece.chords)
    assert again.timeline == piece.timeline
    assert [(s.name, s.first_bar, s.bars) for s in again.sections] == [("Theme", 0, 4), ("Answer", 4, 4)]
    assert [t.midi_program for t in again.tracks] == [t.midi_program for t in piece.tracks]
    assert [t.is_drum for t in again.tracks] == [False, False, False, True]
    for old, new in zip(piece.tracks, again.tracks, strict=True):
        assert new.notes[["start", "pitch"]].tolist() == old.notes[["start", "pitch"]].tolist()
    assert again.tracks[0].notes.tolist() == piece.tracks[0].notes.tolist()


def test_compressed_musicxml_is_read_under_limits() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", '<container><rootfile full-path="w.xml"/></container>')
        archive.writestr("a.xml", "<other/>")
        archive.writestr("w.xml", write_musicxml(waltz()))
    assert read_musicxml(file.getvalue()).bars == 8
    with pytest.raises(BadFile, match="at most"):
        read_musicxml(file.getvalue(), limits=Limits(size=len(file.getvalue()) + 10))
    for limits in (Limits(tracks=2), Limits(bars=3), Limits(notes=20), Limits(seconds=3)):
        with pytest.raises(BadFile, match="at most"):
            read_musicxml(write_musicxml(waltz()), limits=limits)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04 no archive", b"<html/>", b"<score-partwise", b"<score-partwise/>",
     b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><score-partwise>&a;</score-partwise>'],
    ids=["empty", "archive", "html", "cut off", "no parts", "entity"],
)  # fmt: skip
def test_what_is_no_score_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        read_musicxml(data)


def test_twenty_four_tracks() -> None:
    many = replace(waltz(), tracks=tuple(replace(waltz().tracks[i % 4], id=f"t{i}") for i in range(24)))
    check(notate(many))
    root = ET.fromstring(write_musicxml(many))
    assert len(root.findall("part")) == 24
