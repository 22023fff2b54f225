"""The music model as a generator: the contract of all generators, whatever the weights; windows over long pieces."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.generators.base import GenerationRequest
from ripieno.generators.lm.generator import MusicModel
from ripieno.generators.lm.sampling import Sampling
from ripieno.generators.lm.sheet import home_shift, sheet_of, ticks_of
from ripieno.generators.lm.stretches import expected_tokens, next_run, stretch_at
from ripieno.generators.lm.styles import _NEAREST, learnt_style
from ripieno.generators.lm.vocabulary import STYLES
from ripieno.generators.lm.window import decode, encode, layout, take
from ripieno.generators.theory.engine import TheoryEngine, style_profiles
from ripieno.score.brief import Attribute, Brief, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.keys import Key
from ripieno.score.piece import Piece
from ripieno.score.time import Metre, MetreChange, Timeline
from tests.generators.conformance import assert_polyphony, check_add, check_compose, check_regenerate

from .models import tiny

ENGINE = TheoryEngine()
MODEL = MusicModel(ENGINE, tiny(), Sampling(1.2, 1.0, 0.0, same_bars=2))


def brief(**values: object) -> Brief:
    """A brief with these values, all as stated."""
    return Brief(**{k: v if k == "parts" else Attribute(value=v) for k, v in values.items()})


CASES: Mapping[str, Brief] = {
    "waltz": brief(style="waltz", bars=12, tonic="B", mode="minor"),
    "rock": brief(style="rock", bars=10, tempo=132.0),
    "quartet": brief(style="string_quartet", bars=9, metre="6/8", tonic="Eb", mode="major"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_new_piece_keeps_to_its_brief(name: str) -> None:
    made = check_compose(MODEL, GenerationRequest(CASES[name], 5))
    assert_polyphony(made.piece)
    frame = ENGINE.generate(GenerationRequest(CASES[name], 5)).piece
    assert (made.piece.chords, made.piece.sections, made.piece.keys) == (frame.chords, frame.sections, frame.keys)
    assert any(a.hash != b.hash for a, b in zip(made.piece.tracks, frame.tracks, strict=True))
    last = frame.timeline.bar_start(frame.bars - 1)
    for a, b in zip(made.piece.tracks, frame.tracks, strict=True):
        assert np.isin(b.notes[b.notes["start"] >= last], a.notes).all()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CASES)), st.integers(0, 2**31), st.data())
def test_only_what_is_asked_for_is_written_anew(name: str, seed: int, data: st.DataObject) -> None:
    piece = played(ENGINE.generate(GenerationRequest(CASES[name], 3)).piece, seed)
    first = data.draw(st.integers(0, piece.bars - 1))
    bars = (first, data.draw(st.integers(first + 1, piece.bars)))
    tracks = tuple(data.draw(st.lists(st.sampled_from([t.id for t in piece.tracks]), max_size=2, unique=True)))
    assert_polyphony(check_regenerate(MODEL, GenerationRequest(CASES[name], seed, tracks=tracks, bars=bars), piece))


def played(piece: Piece, seed: int) -> Piece:
    """The piece a little off the grid, as people play."""
    rng = np.random.default_rng(seed)
    tracks = []
    for track in piece.tracks:
        notes = track.notes.copy()
        room = np.minimum(12, notes["duration"] - 1)
        shift = np.minimum(rng.integers(0, 13, len(notes)), room)
        notes["start"] += shift
        notes["duration"] -= shift
        tracks.append(track.with_notes(notes))
    return replace(piece, tracks=tuple(tracks))


def test_a_part_is_added() -> None:
    asked = CASES["waltz"]
    piece = ENGINE.generate(GenerationRequest(asked, 3)).piece
    parts = tuple(PartRequest(instrument=t.instrument_id) for t in piece.tracks)
    more = asked.model_copy(update={"parts": (*parts, PartRequest(instrument="cello"), PartRequest(instrument="flute"))})
    assert_polyphony(check_add(MODEL, GenerationRequest(more, 4), piece))


def test_long_pieces_are_windowed_without_gaps_or_overlaps() -> None:
    piece = ENGINE.generate(GenerationRequest(brief(style="rock", bars=60), 3)).piece
    sheet, _ = sheet_of(piece)
    wanted = frozenset((b, p) for p in range(len(piece.tracks)) for b in range(60) if (b, p) != (7, 0) and not 30 <= b < 33)
    expected, done, seen = expected_tokens(sheet), 0, []
    while (run := next_run(wanted, done)) is not None:
        stretch, done = stretch_at(sheet, wanted, *run, 768, expected)
        assert run[0] < done <= run[1] and stretch.first <= run[0] and len(stretch.window.plan) <= 16
        seen += [(b + stretch.first, stretch.parts[t]) for b, t in stretch.window.wanted]
        left = [b for b in layout(stretch.window) if not b.fill and b.bar + stretch.first < run[0]]
        assert run[0] == 0 or left  # the seam: what was filled before is said before
        assert len(encode(replace(stretch.window, cells={}))) <= 768
    assert sorted(seen) == sorted(wanted)


def test_more_than_fits_the_context_is_refused() -> None:
    piece = ENGINE.generate(GenerationRequest(CASES["rock"], 3)).piece
    sheet, _ = sheet_of(piece)
    with pytest.raises(BadRequest, match="context"):
        stretch_at(sheet, frozenset({(0, 0)}), 0, 1, 40, expected_tokens(sheet))


def test_impossible_requests_are_refused_and_change_nothing() -> None:
    piece = ENGINE.generate(GenerationRequest(CASES["rock"], 3)).piece
    with pytest.raises(BadRequest, match="inside the piece"):
        MODEL.generate(GenerationRequest(CASES["rock"], 1, piece, bars=(4, 99)))
    odd = replace(piece, timeline=Timeline(metres=(MetreChange(0, Metre(13, 8)),)), bars=4, sections=(), chords=())
    with pytest.raises(BadRequest, match="metres that it learnt"):
        MODEL.generate(GenerationRequest(CASES["rock"], 1, odd, tracks=(piece.tracks[0].id,), bars=(0, 2)))
    relieved = MusicModel(ENGINE, tiny(), relief=True).generate(
        GenerationRequest(CASES["rock"], 1, odd, tracks=(piece.tracks[0].id,), bars=(0, 2)))  # fmt: skip
    assert "left to the theory engine: The music model writes in metres" in relieved.trail[0]


@pytest.mark.parametrize("style", sorted(p.id for p in style_profiles())[::6])
def test_the_grid_holds_what_lies_on_it(style: str) -> None:
    """A piece that lies on the grid comes back note for note, through tokens, in its own key."""
    piece = ENGINE.generate(GenerationRequest(brief(style=style, bars=8), 2)).piece
    sheet, _ = sheet_of(piece, learnt_style(style))
    rows = [ticks_of(p.rows, piece.timeline, p.drum, piece.ticks) for p in sheet.parts]
    on_grid = replace(piece, tracks=tuple(t.with_notes(r) for t, r in zip(piece.tracks, rows, strict=True)))
    again, loss = sheet_of(on_grid, learnt_style(style))
    assert (loss.moved, loss.dropped) == (0, 0)
    for a, b in zip(sheet.parts, again.parts, strict=True):
        assert (a.rows[["bar", "place", "pitch", "level"]] == b.rows[["bar", "place", "pitch", "level"]]).all()
    window = take(again, 0, 8, range(len(again.parts)))
    back = decode(encode(window))
    shift, _ = home_shift(piece.key)
    assert int(again.shift[0]) == shift
    assert all((back.cells[c] == rows).all() for c, rows in window.cells.items()) and back.cells.keys() == window.cells.keys()


def test_the_home_key_is_the_nearest_way() -> None:
    assert home_shift(Key("C")) == (0, False) and home_shift(Key("A", "minor")) == (0, True)
    assert home_shift(Key("F#"))[0] == -6 and home_shift(Key("F"))[0] == 5 and home_shift(Key("E", "minor"))[0] == -5


def test_every_style_is_one_that_the_model_knows() -> None:
    assert set(_NEAREST.values()) <= set(STYLES) and set(_NEAREST) <= {p.id for p in style_profiles()}
    assert learnt_style("techno") == learnt_style(None) == "any"
