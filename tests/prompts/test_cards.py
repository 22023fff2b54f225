"""The knowledge cards: form, size, and that each is found by its own topics."""

import pytest

from ripieno.memory.embedding import text_vector
from ripieno.prompts.cards import Card, cards


@pytest.mark.parametrize("card", cards(), ids=lambda c: c.id)
def test_a_card_is_short_and_says_what_it_is_about(card: Card) -> None:
    assert 60 <= len(card.text.split()) <= 200
    assert card.title and 5 <= len(card.topics) <= 16 and len(set(card.topics)) == len(card.topics)
    assert card.text.endswith(".") and "{{" not in card.text


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(cards()) >= 25
    assert len({c.title for c in cards()}) == len(cards()) == len({c.text for c in cards()})


@pytest.mark.parametrize(
    "words, card",
    [
        ("how do I end a phrase with a cadence", "cadences"),
        ("secondary dominants and applied chords", "secondary-dominants"),
        ("what is a borrowed chord from the parallel minor", "modal-mixture"),
        ("parallel fifths in four part voice leading", "voice-leading"),
        ("a dorian or lydian mode", "modes"),
        ("twelve bar blues with a turnaround", "blues"),
        ("drum groove with ghost notes on the snare", "drum-grooves"),
        ("bossa nova and clave", "latin-rhythms"),
        ("walking bass line", "bass-lines"),
        ("key change before the last chorus, modulation", "modulation"),
    ],
)
def test_cards_are_found_by_words(words: str, card: str) -> None:
    asked = text_vector(words)[0]
    likest = sorted(cards(), key=lambda c: -float(asked @ text_vector(c.words)[0]))[:3]
    assert card in [c.id for c in likest]
