"""The weights that come with Ripieno: whole, small, with their terms, and they know music from noise."""

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from ripieno.generators.base import GenerationRequest
from ripieno.generators.lm.data.sources import TRAINING
from ripieno.generators.lm.decoder import shipped
from ripieno.generators.lm.fill import likelihood
from ripieno.generators.lm.generator import MusicModel
from ripieno.generators.lm.sheet import sheet_of
from ripieno.generators.lm.window import take
from ripieno.generators.theory.engine import TheoryEngine
from tests.generators.conformance import assert_polyphony, check_compose, check_regenerate

from .test_generator import CASES

FOLDER = Path(str(resources.files("ripieno.generators.lm").joinpath("weights")))


def test_they_are_small_and_carry_their_terms() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 15 * 2**20
    text = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(f"## {s.folder}" in text for s in TRAINING.values())
    card = (FOLDER / "CARD.md").read_text(encoding="utf-8").lower()
    assert all(word in card for word in ("bad at", "nats a token", "copies"))


@pytest.mark.parametrize("name", CASES)
def test_they_find_music_likelier_than_its_notes_in_disorder(name: str) -> None:
    piece = TheoryEngine().generate(GenerationRequest(CASES[name], 3)).piece
    sheet, _ = sheet_of(piece)
    window = take(sheet, 0, 4, range(min(3, len(sheet.parts))))
    wanted = frozenset(window.cells)
    rng, mixed = np.random.default_rng(0), dict(window.cells)
    for cell, rows in window.cells.items():
        other = rows.copy()
        if not window.heads[cell[1]].drum:
            other["pitch"] = np.clip(other["pitch"] + rng.integers(-6, 7, len(rows)), 0, 127)
        mixed[cell] = other[np.lexsort((other["pitch"], other["place"]))]
        _, once = np.unique(mixed[cell][["place", "pitch"]], return_index=True)
        mixed[cell] = mixed[cell][np.sort(once)]
    music, _ = likelihood(shipped(), replace(window, wanted=wanted))
    noise, _ = likelihood(shipped(), replace(window, wanted=wanted, cells=mixed))
    assert music < noise


def test_the_contract_holds_with_them() -> None:
    model = MusicModel(TheoryEngine(), shipped())
    asked = CASES["waltz"].model_copy(update={"bars": CASES["rock"].bars})
    piece = check_compose(model, GenerationRequest(asked, 2)).piece
    assert_polyphony(piece)
    assert_polyphony(check_regenerate(model, GenerationRequest(asked, 4, bars=(2, 6), tracks=(piece.tracks[0].id,)), piece))
