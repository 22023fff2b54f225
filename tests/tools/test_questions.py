"""Questions about a piece are answered from its data; each answer is checked against the notes themselves."""

from dataclasses import replace

import numpy as np
import pytest

from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece, make_notes
from ripieno.tools.ask import Answer, Subject, answer_about
from ripieno.tools.motifs import motif_table
from ripieno.tools.registry import parse_instruction
from tests.score.pieces import waltz

PIECE = waltz()


def ask(question: str, piece: Piece = PIECE) -> Answer:
    """The answer to a question in words."""
    return answer_about(parse_instruction({"kind": "answer", "question": question}), Subject(piece))


def test_places_and_parts_in_the_words_are_meant() -> None:
    flute = PIECE.track("flute").notes
    assert ask("What is the highest note of the flute?").data["pitch"] == int(flute["pitch"].max())
    line = PIECE.timeline.bar_start
    inside = flute[(flute["start"] >= line(2)) & (flute["start"] < line(4))]
    assert ask("what's the lowest note of the flute in bars 3 to 4?").data["pitch"] == int(inside["pitch"].min())
    assert ask("How many notes does the flute have in the theme?").data["notes"] == {
        "Flute": int((flute["start"] < line(4)).sum())
    }
    assert ask("which chords are in bar 2?").data["chords"] == PIECE.chords[1].chord.symbol
    assert ask("how many bars is the theme?").data["bars"] == 4
    assert ask("how many bars does it have?").data["bars"] == PIECE.bars


def test_facts_are_those_of_the_notes() -> None:
    assert ask("what key is it in?").data["key"] == str(PIECE.key)
    assert ask("what is the time signature?").data["metre"] == "3/4"
    assert ask("how fast is it?").data["bpm"] == PIECE.timeline.tempo_at(0)
    assert ask("what is the second chord?").data["chord"] == PIECE.chords[1].chord.symbol
    assert ask("how many different chords are there?").data["chords"] == len(PIECE.chords)
    assert ask("who plays the melody?").data["track"] == "flute"
    assert set(ask("what instruments are there?").data["players"]) == {t.name for t in PIECE.tracks if len(t.notes)}
    starts = np.concatenate([t.notes["start"] for t in PIECE.tracks])
    counts = np.bincount([PIECE.timeline.bar_at(int(s)) for s in starts], minlength=PIECE.bars)
    assert ask("which bar has the most notes?").data["notes"] == counts.max()
    longest = max(int(t.notes["duration"].max()) for t in PIECE.tracks if len(t.notes) and not t.is_drum)
    assert ask("what is the longest note?").data["quarters"] == round(longest / PIECE.timeline.ppq, 3)
    enters = ask("when do the drums come in?").data["bars"]
    kit = PIECE.track("drums")
    assert enters == {kit.name: PIECE.timeline.bar_at(int(kit.notes["start"][0])) + 1}


def test_a_note_outside_the_scale_is_found_where_it_is() -> None:
    flute = PIECE.track("flute")
    clean = ask("is there a melody note outside the scale?").data["outside"]
    notes = flute.notes.copy()
    notes["pitch"][4] = next(p for p in range(72, 84) if PIECE.key.degree(p % 12) is None)
    changed = PIECE.with_track(flute.with_notes(make_notes(notes)))
    found = ask("is there a melody note outside the scale?", changed).data["outside"]
    bar = PIECE.timeline.bar_at(int(notes["start"][4])) + 1
    assert [r[1] for r in found if r not in clean] == [bar]


@pytest.mark.parametrize(
    "question", ["why is the sky blue?", "what key is the bridge in?", "what is the highest note of the violin?", "hello"]
)
def test_what_cannot_be_answered_is_said_with_what_can(question: str) -> None:
    with pytest.raises(Retryable) as refused:
        ask(question)
    assert refused.value.cure


def test_ideas_come_back_however_they_are_played() -> None:
    """The table of motifs hears through the small delays of a performance."""
    flute = PIECE.track("flute")
    first = flute.notes[flute.notes["start"] < PIECE.timeline.bar_start(4)]
    again = first.copy()
    again["start"] += PIECE.timeline.bar_start(4)
    higher = again.copy()
    higher["pitch"] += 2
    rng = np.random.default_rng(1)
    rows = []
    for part, name in ((again, "exactly"), (higher, "2 semitones higher")):
        joined = make_notes(np.concatenate([first, part])).copy()
        joined["start"] = np.maximum(0, joined["start"] + rng.integers(-8, 9, len(joined)))
        piece = replace(PIECE, tracks=(flute.with_notes(make_notes(joined)),))
        rows.append((4, name) in motif_table(piece))
    assert all(rows)


def test_explanations_and_analyses_are_plain_data() -> None:
    import json

    for data in (
        {"kind": "describe"}, {"kind": "explain"}, {"kind": "analyse"}, {"kind": "analyse", "what": "motifs"},
        {"kind": "describe", "scope": {"bars": (0, 2)}},
    ):  # fmt: skip
        answer = answer_about(parse_instruction(data), Subject(PIECE))
        assert answer.text and json.loads(json.dumps(answer.data)) is not None
