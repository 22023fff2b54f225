"""Which words of a request point at an earlier piece, and what is left of it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.agents.references import find_reference

NAMES = ("campfire", "Wistful waltz in B minor", "wistful-waltz-in-b-minor")
WORDS = ("something", "like", "my", "the", "last", "piece", "waltz", "from", "week", "but", "darker", "a bit", ",", "in")


@pytest.mark.parametrize(
    ("text", "kind", "when", "order", "name", "rest", "changes"),
    [
        ("like the waltz from last week, but darker", "waltz", "last week", "", "", "", "darker"),
        ("something like campfire", "", "", "", "campfire", "", ""),
        ("write a companion to “campfire” for strings", "", "", "", "campfire", "for strings", ""),
        ("make something like Wistful waltz in B minor but in 4/4", "", "", "", NAMES[1], "in 4/4", ""),
        ("another waltz like the one from yesterday, a bit longer", "", "yesterday", "", "", "another waltz", "longer"),
        ("in the style of my last piece", "", "", "last", "", "", ""),
        ("like my first song", "", "", "first", "", "", ""),
        ("like yesterday's bossa, but faster and with drums", "bossa", "yesterday", "", "", "and with drums", "faster"),
        ("a song similar to that sad piano piece we made on Monday, only much slower", "sad piano", "Monday", "", "", "",
         "slower"),
        ("something like the lo-fi track I made three days ago but busier and happier, 16 bars", "lo-fi", "three days ago", "",
         "", "16 bars", "busier happier"),
        ("like what we made yesterday", "", "yesterday", "", "", "", ""),
        ("in the mood of that techno thing from before, but calmer", "techno", "", "", "", "", "calmer"),
        ("a waltz like my old polka", "polka", "", "", "", "a waltz", ""),
    ],
)  # fmt: skip
def test_references_are_found(text: str, kind: str, when: str, order: str, name: str, rest: str, changes: str) -> None:
    found = find_reference(text, NAMES)
    assert found is not None
    assert (found.kind, found.when, found.order, found.name, found.rest) == (kind, when, order, name, rest)
    assert " ".join(c.words for c in found.changes) == changes and found.words in text


@pytest.mark.parametrize(
    "text",
    ["something like Satie", "a piece like the sea", "like the Beatles", "inspired by my childhood", "like a music box",
     "a jazz waltz in the vein of Bill Evans",
     "a song that sounds like rain", "campfire songs for guitar", "a campfire", "",
     "a wistful waltz in B minor, piano and cello, 32 bars", "like campfires in the night"],
)  # fmt: skip
def test_what_is_no_earlier_piece_is_left_alone(text: str) -> None:
    assert find_reference(text, NAMES) is None


def test_degrees_scale_the_change() -> None:
    def tempo(words: str) -> float:
        found = find_reference(f"like campfire but {words}", NAMES)
        assert found is not None and len(found.changes) == 1
        return found.changes[0].effects["tempo"]

    assert 1 < tempo("a bit faster") < tempo("faster") < tempo("much faster") and tempo("slower") < tempo("slightly slower") < 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_words_are_read_without_failing(text: str) -> None:
    found = find_reference(text, NAMES)
    assert found is None or (found.words and found.words in text)


def test_long_texts_take_no_time() -> None:
    """A regular expression that runs away would take minutes; a generous bound, not a benchmark."""
    for hostile in ("something like my " * 1100, "a piece " * 2500, "the " * 5000, "like the " + "word " * 4000):
        before = time.process_time()
        find_reference(hostile, NAMES)
        assert time.process_time() - before < 5
