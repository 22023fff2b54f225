"""Busier parts where the notes inside are of a kind that the rest of the part is not."""

import numpy as np

from ripieno.generators.theory.density import busier
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.types import Form
from ripieno.score.instruments import Role, instrument
from ripieno.score.piece import make_notes
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline

KICK, SNARE, HIHAT = 36, 38, 42


def test_a_kit_whose_cymbals_rest_where_it_gets_busier() -> None:
    """The hi-hat keeps time in bars 1 and 2 and rests in 3 and 4, which are to become busier."""
    bar = 4 * PPQ
    rows = [(b * bar + i * PPQ // 2, PPQ // 4, HIHAT, 70) for b in (0, 1) for i in range(8)]
    rows += [(b * bar + beat * PPQ, PPQ // 4, KICK if beat % 2 == 0 else SNARE, 90) for b in range(5) for beat in range(4)]
    notes = make_notes(rows)
    inside = (notes["start"] >= 2 * bar) & (notes["start"] < 4 * bar)
    timeline = Timeline(PPQ, (Tempo(0, 100.0),), (MetreChange(0, Metre(4, 4)),))
    moments = Moments((), Form(timeline, 5, ()))
    out = busier(notes, inside, 1.0, moments, timeline, Role.DRUMS, instrument("drums"), np.random.default_rng(1))
    new = out[(out["start"] >= 2 * bar) & (out["start"] < 4 * bar)]
    assert len(new) > inside.sum() and (new["velocity"] > 0).all()
    assert (new["pitch"] == HIHAT).any(), "the time keeper comes in where it rested"
    outside = out[(out["start"] < 2 * bar) | (out["start"] >= 4 * bar)]
    assert np.array_equal(outside, notes[~inside])
