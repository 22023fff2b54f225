"""Questions of theory: answered by the card that speaks of them, by none where none does, and beside the facts of the piece."""

from collections.abc import Iterator

import pytest

from ripieno.agents.knowledge import BUDGET, asks_theory, passage, striking
from ripieno.app.project import Project, Turn
from ripieno.app.studio import Studio
from ripieno.prompts.cards import cards
from ripieno.score.errors import RipienoError


@pytest.mark.parametrize(
    ("question", "card", "words"),
    [
        ("what is a deceptive cadence?", "cadences", "leads V to vi"),
        ("explain modal mixture", "modal-mixture", "borrow"),
        ("what's a secondary dominant?", "secondary-dominants", "dominant of a chord other than the tonic"),
        ("how do I write a good walking bass?", "swing-and-jazz-drums", "walks in quarters"),
        ("what is the clave?", "latin-rhythms", "three strokes"),
        ("what is dorian", "modes", "minor with a major sixth"),
        ("why are parallel fifths bad?", "voice-leading", "parallel"),
        ("what are extended chords", "extended-chords", "ninth"),
    ],
)
def test_the_card_that_speaks_of_it_is_found(question: str, card: str, words: str) -> None:
    found = passage(question)
    assert asks_theory(question) and found is not None and found.card == card and words in found.text
    whole = next(c for c in cards() if c.id == card)
    assert found.text in " ".join(whole.text.split()), "a passage is the card's own words"


@pytest.mark.parametrize("question", ["what is a turtle?", "why is the bass doing that?", "explain the chords", "", "what?"])
def test_where_no_card_speaks_of_it_none_is_read(question: str) -> None:
    assert passage(question) is None


def test_every_card_is_found_by_its_own_title_and_topics_within_the_budget() -> None:
    for card in cards():
        for words in (card.title, card.topics[0]):
            found = passage(f"what is {words}?")
            assert found is None or len(found.text.split()) <= max(BUDGET, *(len(s.split()) for s in card.text.split(".")))
    assert sum(passage(card.title) is not None and passage(card.title).card == card.id for card in cards()) >= 26  # type: ignore[union-attr]


def test_the_rarest_device_is_worth_a_word() -> None:
    assert striking("Cadences: half cadence in bar 4; deceptive cadence in bar 8") == "deceptive cadence"
    assert not striking("I IV V")
    for about in ("is borrowed from C minor", "a secondary dominant", "plagal cadence", "authentic cadence"):
        assert passage(striking(about)) is not None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with Studio().open(tmp_path_factory.mktemp("song"), new=True) as opened:
        opened.say("a pop song in G, vocals, piano, bass and drums, 16 bars", candidates=1)
        yield opened


def said(project: Project, words: str) -> str:
    turn = project.say(words, candidates=1)
    assert isinstance(turn, Turn) and turn.report.intent == "ask" and turn.version.number == 1
    return turn.reply


def test_answers_hold_the_piece_and_the_card(project: Project) -> None:
    why = said(project, "why these chords?")
    assert "In G major" in why and passage(striking(why)).text in why  # type: ignore[union-attr]
    assert "leads V to vi" in said(project, "what is a deceptive cadence?")
    assert "borrow" in said(project, "explain modal mixture")
    assert said(project, "what key is it in?").count(".") <= 2, "a fact is a fact"
    with pytest.raises(RipienoError, match="A question is about"):
        project.say("what is a turtle?")
