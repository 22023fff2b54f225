"""ABC read: what each sign means, faults by voice and bar, and that everything we write is read back without one."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.score.errors import BadFile
from ripieno.score.formats.abc import BadNotation, load_abc, read_abc, write_abc
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.musicxml_read import read_musicxml
from ripieno.score.keys import Key
from ripieno.score.piece import Piece, Text, Track
from ripieno.score.pitch import pitch_name
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo
from tests.score.pieces import pieces, waltz

HEAD = "X:1\nT:Test\nM:4/4\nL:1/4\nK:"


def tune(music: str, key: str = "C", metre: str = "4/4") -> Piece:
    """The piece of one voice in quarters."""
    return read_abc(HEAD.replace("4/4", metre) + f"{key}\n{music}\n")


def told(track: Track) -> str:
    """Notes as 'C4:1': name and length in quarters, with '@' and the start where it does not follow on."""
    words, end = [], 0
    for start, duration, pitch, _ in track.notes.tolist():
        at = "" if start == end else f"@{Fraction(start, PPQ)}"
        words.append(f"{pitch_name(pitch)}:{Fraction(duration, PPQ)}{at}")
        end = start + duration
    return " ".join(words)


@pytest.mark.parametrize(
    ("music", "key", "expected"),
    [
        ("C c c' C, | z2 B2 |]", "C", "C4:1 C5:1 C6:1 C3:1 B4:2@6"),
        ("F C ^C =F | C4 |]", "D", "F#4:1 C#4:1 C#4:1 F4:1 C#4:4"),
        ("^F F f F | F4 |]", "C", "F#4:1 F#4:1 F5:1 F#4:1 F4:4"),
        ("C D/ E/ F// G// A/ z/4 c3/4 |]", "C", "C4:1 D4:1/2 E4:1/2 F4:1/4 G4:1/4 A4:1/2 C5:3/4@13/4"),
        ("A>B c<d | A>>B z2 |]", "C", "A4:3/2 B4:1/2 C5:1/2 D5:3/2 A4:7/4 B4:1/4"),
        ("(3CDE F G | (5:4:5C/D/E/F/G/ z2 |]", "C",
         "C4:2/3 D4:2/3 E4:2/3 F4:1 G4:1 C4:2/5 D4:2/5 E4:2/5 F4:2/5 G4:2/5"),
        ("C2- C2- | C4 |]", "C", "C4:8"),
        ("C2.- C2 | .(D2 E2) |]", "C", "C4:4 D4:2 E4:2"),
        ("^F4- | F2 F2 |]", "C", "F#4:6 F4:2"),
        ("E2 [CEG]2- | [CEG]4 |]", "C", "E4:2 C4:6 E4:6@2 G4:6@2"),
        ("C4 & E2 G2 | z4 |]", "C", "C4:4 E4:2@0 G4:2"),
        ("{g}A4 | !f!.B2 z2 |]", "C", "A4:4 G5:1/8@0 B4:1@4"),
        ("[K:A]C4 | [M:3/4] F3 | F3 |]", "C", "C#4:4 F#4:3 F#4:3"),
        ("K:C transpose=-2\nC4 |]", "C", "A#3:4"),
        ("Z2 | C4 |]", "C", "C4:4@8"),
        ("B,4 |]", "A Phr", "A#3:4"),
        ("C4 % a comment\n| D4 |]", "C", "C4:4 D4:4"),
    ],
)  # fmt: skip
def test_what_signs_mean(music: str, key: str, expected: str) -> None:
    assert told(tune(music, key).tracks[0]) == expected


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        ("|: A4 | B4 :| c4 |]", "ABABC"),
        ("A4 | B4 :| c4 :| d4 |]", "ABABCCD"),
        ("|: A4 |1 B4 :|2 c4 || d4 |]", "ABACD"),
        ("|: A4 |[1 B4 :|[2 c4 :: d4 :|", "ABACDD"),
        ("|: A4 |1,3 B4 :|2 c4 :| d4 |]", "ABACABD"),
        ("|:: A4 ::|", "AAA"),
        ("A4 !fine! | B4 !D.C.! |]", "ABA"),
        ("A4 | !segno! B4 !dacoda! | c4 !D.S.! | !coda! d4 |]", "ABCBD"),
    ],
)
def test_repeats_are_written_out(music: str, bars: str) -> None:
    piece = tune(music)
    assert "".join(pitch_name(n["pitch"])[0] for n in piece.tracks[0].notes) == bars
    assert piece.bars == len(bars)


def test_parts_are_played_in_the_order_of_the_header() -> None:
    piece = read_abc("X:1\nT:T\nP:A2(BA)2\nL:1/4\nM:4/4\nK:C\nP:A\nA4 |\nP:B\nB4 |\n")
    assert "".join(pitch_name(n["pitch"])[0] for n in piece.tracks[0].notes) == "AABABA"
    assert [(s.name, s.first_bar, s.bars) for s in piece.sections][:3] == [("A", 0, 1), ("A", 1, 1), ("B", 2, 1)]


def test_upbeats_get_a_metre_of_their_own_and_tempo_metre_key_and_chords_are_found() -> None:
    head = "X:1\nT:A song\nM:3/4\nL:1/8\nQ:3/8=60\nK:Gm\n"
    piece = read_abc(head + 'D2 | "Gm"G4 A2 | "D7/F#"[Q:1/4=60]^F6 |[M:4/4][K:Bb] "Bb"B8 |]\n')
    assert piece.title == "A song"
    assert piece.timeline.metres == (MetreChange(0, Metre(1, 4)), MetreChange(1, Metre(3, 4)), MetreChange(3, Metre(4, 4)))
    assert piece.timeline.tempos == (Tempo(0, 90.0), Tempo(4 * PPQ, 60.0))
    assert [(k.bar, str(k.key)) for k in piece.keys] == [(0, "G minor"), (3, "Bb major")]
    assert [(c.chord.symbol, c.start // PPQ) for c in piece.chords] == [("Gm", 1), ("D7/F#", 4), ("Bb", 7)]


def test_voices_are_tracks_and_braces_join_them() -> None:
    text = (
        "X:1\nT:T\n%%score V {P1 | P2} D\nM:2/4\nL:1/4\n"
        "V:V name=\"Violin\"\nV:P1 name=\"Piano\"\nV:P2 clef=bass\nV:D clef=perc\n"
        "K:C\n[V:V] c d |\n[V:P1] [EG]2 |\nV:P2\nC,2 |\nV:D\n%%MIDI channel 10\n^F,,C,, |\n"
    )
    violin, piano, kit = read_abc(text).tracks
    assert [t.instrument_id for t in (violin, piano)] == ["violin", "piano"] and kit.is_drum
    assert told(piano) == "C3:2 E4:2@0 G4:2@0"
    assert kit.notes["pitch"].tolist() == [42, 36]


@pytest.mark.parametrize(
    ("music", "voice", "bar", "words"),
    [
        ("A4 | B3 | c4 |]", "1", 2, "3 quarters instead of 4"),
        ("A4 | B3 c2 | c4 |]", "1", 2, "5 quarters instead of 4"),
        ("A4 | (3AB | c4 |]", "1", 2, "tuplet lacks 1"),
        ("A4- | B4 |]", "1", 2, "tie leads to no note"),
        ("A4 | [CE | c4 |]", "1", 2, "chord that is not closed"),
        ('A4 | "Hm7"c4 |]', "1", 2, "no chord symbol"),
        ("A4 | ?c4 |]", "1", 2, "no meaning"),
        ("A4 | [M:9/0]c4 |]", "1", 2, "metre"),
        ("V:1\nA4 | B4 |\nV:2\nA4 |", "2", 1, "the voice has 1 bars, another has 2"),
        ("V:1\nA4 | B4 |\nV:2\nA4 | B2 |", "2", 2, "2 quarters instead of 4"),
    ],
)
def test_faults_name_voice_and_bar(music: str, voice: str, bar: int, words: str) -> None:
    text = f"{HEAD}C\n{music}\n"
    with pytest.raises(BadNotation) as caught:
        read_abc(text)
    assert [(f.voice, f.bar) for f in caught.value.faults if words in f.words] == [(voice, bar)], caught.value.message
    reading = load_abc(text)
    assert any(words in remark for remark in reading.remarks) and len(reading.piece.tracks[0].notes)


def test_a_missing_bar_line_is_set_and_said() -> None:
    reading = load_abc(f"{HEAD}C\nA4 B4 | c4 |]\n")
    assert (reading.piece.bars, reading.piece.timeline.metres) == (3, (MetreChange(0, Metre()),))
    assert "bar 1: the bar lasts 8 quarters" in reading.remarks[0]


@pytest.mark.parametrize("text", ["", "hello", "X:1\nT:no key\nCDEF|", "X:1\nK:C\n", "X:1\nK:C\nz4|"])
def test_what_holds_no_music_is_refused(text: str) -> None:
    with pytest.raises(BadFile):
        load_abc(text)


def test_repeats_cannot_fill_the_memory() -> None:
    with pytest.raises(BadFile, match="at most 100 bars"):
        load_abc(HEAD + "C\n" + "|:::::::::: A4 ::::::::::|" * 50, limits=Limits(bars=100))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces(grid=120, max_bars=5, max_tracks=3))
def test_what_we_write_is_read_without_a_fault(piece: Piece) -> None:
    if any(len(t.notes) for t in piece.tracks):
        again = read_abc(write_abc(piece))
        assert again.bars == piece.bars and len(again.tracks) == len(piece.tracks)
        lines = [[p.timeline.bar_start(bar) for bar in range(p.bars + 1)] for p in (again, piece)]
        assert lines[0] == lines[1]
        assert all(len(t.notes) for t in again.tracks if t.id in {x.id for x in piece.tracks if len(x.notes)})


def test_a_piece_on_the_grid_comes_back_note_for_note() -> None:
    again = read_abc(write_abc(waltz()))
    assert [t.notes[["start", "pitch"]].tolist() for t in again.tracks] == [
        t.notes[["start", "pitch"]].tolist() for t in waltz().tracks
    ]
    assert again.chords == waltz().chords and again.key == Key("B", "minor")
    assert again.timeline == waltz().timeline


def test_words_are_sung_at_their_notes_and_verses_follow_the_repeats() -> None:
    piece = tune("|: A B2 c | d4 :|\nw: Glo- ri-_a * in~the\nw: Pax ho- mi- ni- bus\n")
    assert [(t.tick // PPQ, t.data) for t in piece.texts] == [
        (0, "Glo-"), (1, "ri-"), (4, "a"), (8, "Pax"), (9, "ho-"), (11, "mi-"), (12, "ni-"),
    ]  # fmt: skip


@pytest.mark.parametrize("again", ["abc", "musicxml"])
def test_words_come_back_from_notation(again: str) -> None:
    flute = waltz().tracks[0].notes["start"].tolist()
    sung = ("Al-", "le-", "lu-", "ia,", "A men")
    words = tuple(Text(tick, "lyric", word, "flute") for tick, word in zip(flute, sung, strict=False))
    piece = replace(waltz(), texts=words)
    read = read_abc(write_abc(piece)) if again == "abc" else read_musicxml(write_musicxml(piece))
    assert [(t.tick, t.data, t.track) for t in read.texts] == [(t.tick, t.data, t.track) for t in words]
