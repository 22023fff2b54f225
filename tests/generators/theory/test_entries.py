"""Parts that a request lets enter later, rest for a section, or play in some sections only."""

import numpy as np
import pytest

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.score.analysis.reading import read
from ripieno.score.brief import Attribute, Brief, FormRequest, PartRequest, SectionRequest
from ripieno.score.checks.request_players import measure_parts
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece

SECTIONS = ("intro", "verse", "chorus", "verse", "chorus", "outro")
FORM = FormRequest(name="song", sections=tuple(SectionRequest(name=n, bars=8) for n in SECTIONS))


def song(drums: PartRequest) -> tuple[Brief, Piece]:
    players = (PartRequest(instrument="piano"), PartRequest(instrument="electric_bass"), drums)
    brief = Brief(style=Attribute[str](value="pop"), form=Attribute[FormRequest](value=FORM), parts=players)
    return brief, TheoryEngine().generate(GenerationRequest(brief, 3)).piece


def sections_played(piece: Piece, instrument_id: str) -> list[bool]:
    starts = next(t for t in piece.tracks if t.instrument_id == instrument_id).notes["start"]
    edges = [(piece.timeline.bar_start(s.first_bar), piece.timeline.bar_start(s.end_bar)) for s in piece.sections]
    return [bool(np.any((starts >= first) & (starts < end))) for first, end in edges]


@pytest.mark.parametrize(
    ("asked", "never"),
    [({"enters": "chorus"}, (0, 1)), ({"rests": "verse"}, (1, 3)), ({"rests": "intro, outro"}, (0, 5)),
     ({"section": "chorus, outro"}, (0, 1, 3)), ({"enters": "verse", "rests": "outro"}, (0, 5))],
)  # fmt: skip
def test_a_part_plays_where_it_was_asked_to(asked: dict[str, str], never: tuple[int, ...]) -> None:
    brief, piece = song(PartRequest(instrument="drums", asked="drums", **asked))
    played = sections_played(piece, "drums")
    assert [i for i, plays in enumerate(played) if plays and i in never] == []
    assert any(played)
    delivered = next(d for d in measure_parts(read(piece), brief) if d.attribute == "parts: drums")
    assert delivered.ok, delivered


@pytest.mark.parametrize("asked", [{"enters": "outro"}, {"rests": "chorus"}])
def test_the_report_says_where_a_part_plays_against_the_request(asked: dict[str, str]) -> None:
    _, piece = song(PartRequest(instrument="drums"))
    brief, _ = song(PartRequest(instrument="drums", asked="drums", **asked))
    delivered = next(d for d in measure_parts(read(piece), brief) if d.attribute == "parts: drums")
    assert not delivered.ok


@pytest.mark.parametrize("style", ["salsa", "swing", "bluegrass", "blues", "rock", "klezmer"])
def test_solos_go_round_and_the_leader_opens_and_closes(style: str) -> None:
    engine, passed = TheoryEngine(), 0
    profile = engine.styles[style].profile
    players = tuple(PartRequest(instrument=p.instrument, role=p.role) for p in profile.ensemble)
    for seed in range(4):
        brief = Brief(style=Attribute[str](value=style), bars=Attribute[int](value=64), parts=players)
        piece = engine.generate(GenerationRequest(brief, seed)).piece
        leader = next(t for t in piece.tracks if t.role is Role.LEAD)
        assert len(leader.notes), (style, seed)
        played = sections_played(piece, leader.instrument_id)
        passed += not all(played[played.index(True) : len(played) - played[::-1].index(True)])
    assert passed, "nobody else ever has the tune"
