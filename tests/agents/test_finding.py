"""Words that describe a piece find it by what they say and by what they mean."""

import pytest

from ripieno.agents.finding import LEAST, Shelf, coverage, described, remembered_brief
from ripieno.memory.recall import Item
from ripieno.score.brief import Attribute, Brief, PartRequest
from ripieno.tools.toolbox import profiles

PROFILES = profiles()


def item(id_: str, request: str, style: str, *players: str, valence: float = 0.0, tonic: str = "C", tempo: float = 100) -> Item:
    parts = tuple(PartRequest(instrument=p) for p in players)
    brief = Brief(style=Attribute(value=style), parts=parts, valence=Attribute(value=valence), tonic=Attribute(value=tonic),
                  mode=Attribute(value="major"), tempo=Attribute(value=tempo), metre=Attribute(value="4/4"))  # fmt: skip
    text = f"{request} {style} {' '.join(players)} C major"
    data = {"request": request, "brief": brief.model_dump_json(exclude_defaults=True), "created": f"2026-01-0{len(id_)}"}
    return Item(id_, "piece", text, None, data)


SHELF = Shelf.of(
    [
        item("w", "a wistful waltz", "waltz", "piano", "cello", valence=-0.5, tempo=90),
        item("ww", "a happy waltz", "waltz", "accordion", valence=0.6, tempo=150),
        item("r", "reggae in G", "reggae", "drawbar_organ", "electric_bass", tonic="G"),
        item("t", "dark techno at 132", "techno", "synth_lead", valence=-0.3, tempo=132),
    ]
)


@pytest.mark.parametrize(
    ("words", "id_"),
    [("the sad waltz", "w"), ("my cheerful waltz", "ww"), ("the thing with the cello", "w"), ("the Jamaican one", "r"),
     ("wistfully", "w"), ("the waltzes with an accordion", "ww"), ("a gloomy club track", "t"), ("the one in G major", "r")],
)  # fmt: skip
def test_words_find_the_piece(words: str, id_: str) -> None:
    hits = described(words, SHELF, PROFILES, 4)
    assert hits and hits[0].item.id == id_, [(h.item.id, h.score, h.why) for h in hits]
    assert all(LEAST <= h.score <= 1 for h in hits) and [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_words_about_something_else_find_nothing() -> None:
    for words in ("", "the one", "gondola", "?!", "the old thing"):
        assert described(words, SHELF, PROFILES, 4) == ()


def test_among_equals_the_later_comes_first_and_the_limit_holds() -> None:
    first, second = described("a waltz", SHELF, PROFILES, 2)
    assert {first.item.id, second.item.id} == {"w", "ww"} and first.item.id == "ww"
    assert len(described("a waltz", SHELF, PROFILES, 1)) == 1


def test_coverage_is_a_share() -> None:
    waltz = SHELF.items[0]
    assert coverage("waltz cello", waltz) == 1 and coverage("waltz trombone", waltz) == 0.5 and coverage("the one", waltz) == 1


def test_what_another_version_wrote_is_no_trouble() -> None:
    assert remembered_brief('{"no such field": 1}') == Brief() and remembered_brief("nonsense") == Brief()
    gone = Brief(parts=(PartRequest(instrument="piano"), PartRequest(instrument="no_such_thing")))
    assert [p.instrument for p in remembered_brief(gone.model_dump_json()).parts] == ["piano"]
