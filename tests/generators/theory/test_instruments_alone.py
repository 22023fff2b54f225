"""Every instrument of the table gets a part that its player can play: alone, and beside another that it was never meant for."""

from functools import cache

import pytest

from ripieno.agents.defaults import complete
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.score.brief import Attribute, Brief, PartRequest
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import instrument, instruments
from ripieno.score.piece import Piece

IDS = sorted(instruments())
STRICT = ("range.outside", "playability.", "silence.track")  # nobody asks for what cannot be played, or plays nothing


@cache
def engine() -> TheoryEngine:
    return TheoryEngine()


def piece_for(names: tuple[str, ...], turn: int) -> tuple[Piece, Brief]:
    """Eight bars for these players, in a style that has nothing to do with them: one after the other of all styles."""
    profiles = {id_: s.profile for id_, s in engine().styles.items()}
    style = sorted(profiles)[turn % len(profiles)]
    parts = tuple(PartRequest(instrument=n) for n in names)
    brief = complete(Brief(text=style, style=Attribute(value=style), bars=Attribute(value=8), parts=parts), profiles, turn)
    return engine().generate(GenerationRequest(brief, turn)).piece, brief


def troubles(piece: Piece, brief: Brief) -> list[str]:
    return [f"{f.rule}: {f.message}" for f in run_checks(piece, brief) if f.rule.startswith(STRICT)]


@pytest.mark.parametrize("start", range(0, len(IDS), 20))
def test_every_instrument_plays_alone(start: int) -> None:
    for turn, name in enumerate(IDS[start : start + 20], start):
        piece, brief = piece_for((name,), 7 * turn)
        assert not troubles(piece, brief), (name, piece.title, troubles(piece, brief))
        assert all(len(t.notes) for t in piece.tracks), name


@pytest.mark.parametrize("start", range(0, len(IDS), 20))
def test_every_instrument_plays_beside_a_stranger(start: int) -> None:
    for turn, name in enumerate(IDS[start : start + 20], start):
        other = IDS[(turn * 37 + 11) % len(IDS)]
        if other == name or (instrument(name).is_drum and instrument(other).is_drum):
            continue
        piece, brief = piece_for((name, other), 5 * turn)
        assert not troubles(piece, brief), (name, other, piece.title, troubles(piece, brief))


def test_a_tuba_and_a_music_box_share_tune_and_ground() -> None:
    piece, brief = piece_for(("music_box", "tuba"), 3)
    box, tuba = piece.track("music_box").notes, piece.track("tuba").notes
    assert not troubles(piece, brief)
    assert float(box["pitch"].mean()) > float(tuba["pitch"].mean()) + 12
