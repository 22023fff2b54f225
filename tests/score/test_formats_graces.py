"""Grace notes are found in a performance and stand in every format; parts have the short names that players know."""

import music21
import pytest

from ripieno.score.formats.abbreviations import short_name
from ripieno.score.formats.abc import write_abc
from ripieno.score.formats.graces import take_graces
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.notation import notate
from ripieno.score.formats.paper import Event
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Track, make_notes
from ripieno.score.time import Timeline

Q = 480
ON = [(0, 60, 74, 60), (60, Q - 60, 72, 80)]  # D before C, on the beat
BEFORE = [(0, Q - 60, 76, 80), (Q - 60, 60, 74, 60), (Q, Q, 72, 80)]
RUN = [(i * 60, 60, 72 + i, 80) for i in range(7)] + [(7 * 60, Q, 79, 80)]


def piece(rows: list[tuple[int, int, int, int]]) -> Piece:
    track = Track("t", "Flute", Role.LEAD, "flute", make_notes(rows))
    return Piece("Graces", Timeline(), 1, (KeyChange(0, Key("F", "minor")),), tracks=(track,))


def first_bar(rows: list[tuple[int, int, int, int]]) -> tuple[Event, ...]:
    return notate(piece(rows)).parts[0].staves[0].bars[0][0]


def test_a_grace_note_on_the_beat_gives_its_time_back() -> None:
    kept, graces = take_graces(make_notes(ON), Q / 24)
    assert kept.tolist() == [(0, Q, 72, 80)] and graces.tolist() == [74]
    event = first_bar(ON)[0]
    assert (event.value, [h.pitch for h in event.graces], event.graces[0].sign) == ("quarter", [74], "=")


def test_a_grace_note_before_the_beat_leaves_its_note_alone() -> None:
    first, second = first_bar(BEFORE)[:2]
    assert (first.value, first.graces) == ("quarter", ())
    assert (second.value, second.start, [h.name for h in second.graces]) == ("quarter", 24, ["D"])


@pytest.mark.parametrize(
    "rows",
    [RUN, [(0, 60, 84, 60), (60, Q - 60, 72, 80)], [(0, 120, 74, 60), (240, Q, 72, 80)], [(0, 60, 74, 80)]],
    ids=["run", "leap", "rhythm", "alone"],
)
def test_what_is_no_grace_note(rows: list[tuple[int, int, int, int]]) -> None:
    assert (take_graces(make_notes(rows), Q / 24)[1] == -1).all()


def test_readers_find_them() -> None:
    score = music21.converter.parseData(write_musicxml(piece(ON)).decode(), format="musicxml")
    note, main = score.recurse().notes
    assert note.duration.isGrace and (note.pitch.midi, main.pitch.midi, main.quarterLength) == (74, 72, 1.0)
    assert "{/=d}c2" in write_abc(piece(ON))


@pytest.mark.parametrize(
    ("name", "short"),
    [("Violin 2", "Vln. 2"), ("Tenor saxophone", "T. Sax."), ("Electric guitar (clean)", "Gtr."), ("Choir (aahs)", "Ch."),
     ("Lute", "Lute"), ("Grand piano", "Pno."), ("Theremin", "Ther."), ("", ""), ("2", " 2".strip())],
)  # fmt: skip
def test_short_names(name: str, short: str) -> None:
    assert short_name(name).strip() == short
