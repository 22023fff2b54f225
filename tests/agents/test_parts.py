"""Reading instruments: free requests of many kinds, and the laws that hold for every text."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.agents.brains.embedded.instrument_spelling import correction
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.nearness import distance
from ripieno.agents.brains.embedded.parts import read_parts, suited
from ripieno.score.brief import PartRequest
from ripieno.score.instruments import Role, instrument, instruments

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "data" / "parts_cases.toml").read_text(encoding="utf-8"))[
    "case"
]
FIELDS = {
    "role": "role",
    "of": "of",
    "register": "register_name",
    "articulation": "articulation",
    "section": "section",
    "enters": "enters",
    "rests": "rests",
}

KIT_PIECES = {"kick", "snare", "hi_hat", "toms", "cymbal", "ride_cymbal"}  # two of them make a kit


def shown(part: PartRequest, fields: list[str]) -> str:
    """A part in the notation of the cases, with the fields that a case names."""
    out = [part.instrument]
    for word in fields:
        key = word.split(":")[0]
        if key in FIELDS:
            value = getattr(part, FIELDS[key]) or "-"
            out.append(f"{key}:{value.replace(' ', '_')}")
        elif getattr(part, key):
            out.append(key)
    return " ".join(out)


@pytest.mark.parametrize("case", CASES, ids=[c["text"][:60] for c in CASES])
def test_requests_are_read_as_a_musician_means_them(case: dict[str, Any]) -> None:
    reading = read_parts(case["text"])
    expected = [text.split() for text in case["parts"]]
    assert [p.instrument for p in reading.parts] == [words[0] for words in expected]
    assert [shown(p, w[1:]) for p, w in zip(reading.parts, expected, strict=True)] == [" ".join(w) for w in expected]
    out = case.get("out", [])
    excluded = set(reading.excluded)
    struck = bool(excluded & {"percussion", "drum kit"})
    ruled_out = {i for i, r in instruments().items() if excluded & {i, r.family} or (r.is_drum and struck)}
    assert set(out) <= ruled_out
    assert bool(out) == bool(reading.excluded) == bool(reading.without)
    assert reading.closed == case.get("closed", False)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 145
    assert len({c["text"] for c in CASES}) == len(CASES)


def plain_names() -> list[tuple[str, str]]:
    """Every name of the table that means its instrument wherever it stands."""
    own = lexicon("instruments")
    others = {*own["weak"]["words"], *own["false_friends"]["phrases"], *own["families"], *lexicon("ensembles")}
    others |= {wording for row in lexicon("ensembles").values() for wording in row.get("also", ())}
    return [(name, i) for i, row in instruments().items() for name in row.names if name not in others]


def test_every_name_of_the_table_is_read_as_its_instrument() -> None:
    names = plain_names()
    wrong = [(n, i, [p.instrument for p in read_parts(f"Featuring {n}.").parts]) for n, i in names]
    assert [row for row in wrong if row[2] != [row[1]]] == []
    assert len(names) > 1500


def test_every_name_of_the_table_can_be_ruled_out() -> None:
    kept = []
    for name, id_ in plain_names():
        reading = read_parts(f"A calm piece, without {name}.")
        row = instrument(id_)
        if reading.parts or not {row.id, row.family} & set(reading.excluded):
            kept.append((name, reading.parts, reading.excluded))
    assert kept == []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([n for n, i in plain_names() if i not in KIT_PIECES]), min_size=2, max_size=5, unique=True),
    st.data(),
)
def test_a_list_is_wanted_or_ruled_out_as_a_whole(names: list[str], data: st.DataObject) -> None:
    listed = ", ".join(names[:-1]) + data.draw(st.sampled_from([" and ", " or "])) + names[-1]
    ruled_out = read_parts(f"Calm music, devoid of {listed}.")
    assert ruled_out.parts == () and not ruled_out.closed
    wanted = read_parts(f"It features {listed.replace(' or ', ' and ')}.")
    assert wanted.excluded == ()
    assert {p.instrument for p in wanted.parts} <= {read_parts(f"Featuring {n}.").parts[0].instrument for n in names}


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                "piano",
                "no",
                "or",
                ",",
                "lead",
                "on",
                "the",
                "violin",
                "two",
                "-free",
                "strings",
                "answers",
                "in the chorus",
                "only",
                "whether",
                ".",
            ]
        )
    ).map(" ".join)
)
def test_any_text_is_read_the_same_way_every_time(text: str) -> None:
    reading = read_parts(text)
    assert reading == read_parts(text)
    assert all(0 <= a < b <= len(text) for a, b in reading.spans)
    assert all(p.instrument in instruments() for p in reading.parts)
    assert reading.parts or not reading.closed


WORDINGS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "data" / "parts_wordings.toml").read_text(encoding="utf-8")
)
EVERYDAY = {
    "grand piano": "piano", "keyboard": "keyboard", "percussion": "percussion", "organ": "church_organ",
    "guitar": "steel_guitar", "bass": "electric_bass", "violin": "violin", "viola": "viola", "cello": "cello",
    "harp": "harp", "strings": "strings", "voice": "voice", "trumpet": "trumpet", "trombone": "trombone", "tuba": "tuba",
    "horn": "french_horn", "brass": "brass", "saxophone": "alto_sax", "oboe": "oboe", "bassoon": "bassoon",
    "clarinet": "clarinet", "piccolo": "piccolo", "flute": "flute", "pipe": "pan_flute", "synthesizer": "synth",
    "ethnic instruments": "world_ensemble", "sound effects": "sound_effects", "drum": "drums", "hurdy-gurdy": "hurdy_gurdy",
    "electric piano": "electric_piano", "12-string guitar": "twelve_string_guitar", "pan flute": "pan_flute",
}  # fmt: skip


def listed(names: list[str], join: str) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + join + names[-1]


@pytest.mark.parametrize("wording", WORDINGS["wanted"])
@settings(max_examples=12, deadline=None)
@given(names=st.lists(st.sampled_from(list(EVERYDAY)), min_size=1, max_size=3, unique_by=EVERYDAY.__getitem__))
def test_every_way_to_want_instruments(wording: str, names: list[str]) -> None:
    text = wording.replace("{x}", listed(names, " and "))
    reading = read_parts(text[0].upper() + text[1:])
    assert {p.instrument for p in reading.parts} == {EVERYDAY[n] for n in names}
    assert reading.excluded == ()


@pytest.mark.parametrize("wording", WORDINGS["ruled_out"])
@settings(max_examples=12, deadline=None)
@given(
    names=st.lists(st.sampled_from(list(EVERYDAY)), min_size=1, max_size=3, unique_by=EVERYDAY.__getitem__),
    join=st.sampled_from([" and ", " or "]),
)
def test_every_way_to_rule_instruments_out(wording: str, names: list[str], join: str) -> None:
    text = wording.replace("{x}", listed(names, join))
    reading = read_parts(text[0].upper() + text[1:])
    assert reading.parts == ()
    rows = [instrument(EVERYDAY[n]) for n in names]
    assert all({row.id, row.family} & set(reading.excluded) for row in rows)


def test_a_style_makes_general_words_precise() -> None:
    jazz = ["tenor_sax", "piano", "upright_bass", "jazz_kit"]
    parts = read_parts("sax, piano, bass and drums").parts
    assert [p.instrument for p in suited(parts, jazz)] == ["tenor_sax", "piano", "upright_bass", "jazz_kit"]
    exact = read_parts("alto sax, fretless bass, brushes").parts
    assert suited(exact, jazz) == exact


@pytest.mark.parametrize(
    ("word", "name"),
    [("saxaphone", "saxophone"), ("vilion", "violin"), ("guittar", "guitar"), ("basoon", "bassoon"),
     ("timpany", "timpani"), ("syntheziser", "synthesiser"), ("harpsicord", "harpsichord")],
)  # fmt: skip
def test_misspelt_names_are_put_right(word: str, name: str) -> None:
    assert correction(word) == name


@pytest.mark.parametrize("word", ["hello", "violet", "cellar", "symbols", "organic", "piano", "flutes", "arpeggiated"])
def test_real_words_are_left_alone(word: str) -> None:
    assert correction(word) is None


words_of_letters = st.text(alphabet="abcde", max_size=6)


@given(words_of_letters, words_of_letters)
def test_distance_is_symmetric_and_zero_only_for_equals(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_swapped_neighbours_are_one_edit() -> None:
    assert distance("paino", "piano") == 1


def test_what_was_replaced_is_said() -> None:
    reading = read_parts("a tune for saxaphone, cello or viola")
    assert any("saxaphone" in n.message for n in reading.notices)
    assert any("viola" in n.message for n in reading.notices)
    assert reading.parts[0].nearest and reading.parts[0].role is not Role.DRUMS
