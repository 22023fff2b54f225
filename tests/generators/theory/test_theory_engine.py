"""The theory engine: obeys a brief in every style, rewrites only what it is asked to, and composes at any length."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine, style_profiles
from ripieno.score.brief import (
    Attribute,
    Brief,
    DynamicsShape,
    FormRequest,
    PartRequest,
    ProgressionRequest,
    SectionRequest,
    TempoChange,
)
from ripieno.score.chords import Chord
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instruments
from ripieno.score.keys import MODES
from ripieno.score.piece import Piece
from tests.generators.conformance import assert_polyphony, assert_sound, check_add, check_compose, check_regenerate

ENGINE = TheoryEngine()
STYLES = sorted(p.id for p in style_profiles())
METRES = ("4/4", "3/4", "2/4", "6/8", "5/4", "7/8", "12/8", "9/8", "5/8", "2/2", "3/8", "11/8", "6/4")
PITCHED = sorted(id_ for id_, row in instruments().items() if not row.is_drum)
PARTS = ("bars", "tonic", "mode", "metre", "tempo", "style", "form", "progressions", "density", "swing", "quantised",
         "pitch_range", "pitch_range_octaves", "dynamics", "excluded", "texture", "register_name")  # fmt: skip


def brief(**values: object) -> Brief:
    """A brief with these values, all as stated."""
    return Brief(**{k: Attribute(value=v) if k in PARTS else v for k, v in values.items()})


def composed(seed: int = 1, **values: object) -> Piece:
    return ENGINE.generate(GenerationRequest(brief(**values), seed)).piece


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Any brief that can be composed."""
    values: dict[str, object] = {"style": draw(st.sampled_from(STYLES)), "bars": draw(st.integers(1, 40))}
    optional = {
        "tonic": st.sampled_from(("C", "F#", "Bb", "Db", "B", "E")), "mode": st.sampled_from(sorted(MODES)),
        "metre": st.sampled_from(METRES), "tempo": st.floats(40, 220).map(lambda x: round(x, 2)),
        "density": st.floats(0, 1), "swing": st.floats(0.5, 0.72), "quantised": st.booleans(),
        "form": st.sampled_from(("AABA", "rondo", "verse-chorus", "sonata", "theme and variations", "12-bar blues"))
        .map(lambda n: FormRequest(name=n)),
        "parts": st.lists(st.sampled_from(sorted(instruments())), min_size=1, max_size=7)
        .map(lambda ids: tuple(PartRequest(instrument=i) for i in ids)),
    }  # fmt: skip
    for name, values_ in optional.items():
        if draw(st.booleans()):
            values[name] = draw(values_)
    if "mode" in values:
        values.setdefault("tonic", "A")
    return brief(**values)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(briefs(), st.integers(0, 2**32))
def test_any_brief_is_obeyed(asked: Brief, seed: int) -> None:
    check_compose(ENGINE, GenerationRequest(asked, seed))


@pytest.mark.parametrize("style", STYLES)
def test_every_style_composes_a_whole_piece(style: str) -> None:
    piece = composed(3, style=style)
    assert_sound(piece)
    assert_polyphony(piece)
    assert all(len(t.notes) for t in piece.tracks if t.role is not Role.ANSWER)
    final = piece.chords[-1].chord
    assert final.root_pc == piece.keys[-1].key.tonic_pc
    last_bar = piece.timeline.bar_start(piece.bars - 1)
    assert any(((t.notes["start"] >= last_bar)).any() for t in piece.tracks if not t.is_drum)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(briefs(), st.integers(0, 1000), st.data())
def test_regeneration_leaves_the_rest_identical(asked: Brief, seed: int, data: st.DataObject) -> None:
    piece = ENGINE.generate(GenerationRequest(asked, seed)).piece
    tracks = tuple(t.id for t in piece.tracks if data.draw(st.booleans()))
    first = data.draw(st.integers(0, piece.bars - 1))
    end = data.draw(st.integers(first + 1, piece.bars))
    check_regenerate(ENGINE, GenerationRequest(asked, seed + 1, None, tracks, (first, end)), piece)


def test_regeneration_really_writes_something_else() -> None:
    asked = brief(style="swing", bars=16)
    piece = ENGINE.generate(GenerationRequest(asked, 5)).piece
    lead = next(t.id for t in piece.tracks if t.role is Role.LEAD)
    made = check_regenerate(ENGINE, GenerationRequest(asked, 6, None, (lead,), (4, 12)), piece)
    assert made.track(lead).hash != piece.track(lead).hash


@pytest.mark.parametrize("instrument", ["flute", "cello", "piano", "drums", "congas", "electric_bass", "harp", "choir"])
def test_a_part_joins_a_piece(instrument: str) -> None:
    asked = brief(style="waltz", bars=16, parts=(PartRequest(instrument="violin"), PartRequest(instrument="nylon_guitar")))
    piece = ENGINE.generate(GenerationRequest(asked, 2)).piece
    more = asked.model_copy(update={"parts": (*asked.parts, PartRequest(instrument=instrument))})
    check_add(ENGINE, GenerationRequest(more, 7), piece)


def test_given_chords_are_used_exactly() -> None:
    row = ProgressionRequest(chords=("Am7", "D9", "Gmaj7", "C#m7b5"))
    piece = composed(style="swing", bars=10, progressions=(row,))
    names = [c.chord for c in piece.chords]
    expected = [Chord.parse(c) for c in row.chords]
    assert names == [expected[i % 4] for i in range(10)]
    assert all(c.end - c.start == piece.timeline.bar_ticks(0) for c in piece.chords)


def test_given_chords_of_a_section_stay_in_it() -> None:
    form = FormRequest(name="", sections=(SectionRequest(name="Verse", bars=8), SectionRequest(name="Chorus", bars=4)))
    rows = (ProgressionRequest(chords=("I", "vi"), roman=True, bars_each=2, section="verse"),
            ProgressionRequest(chords=("F", "G"), bars_each=0.5, section="chorus"))  # fmt: skip
    piece = composed(style="pop", form=form, tonic="D", mode="major", progressions=rows)
    assert piece.bars == 12
    verse = [c.chord.symbol for c in piece.chords if c.start < piece.timeline.bar_start(8)]
    chorus = [c.chord.symbol for c in piece.chords if c.start >= piece.timeline.bar_start(8)]
    assert verse == ["D", "Bm", "D", "Bm"] and chorus == ["F", "G"] * 4


def test_sections_asked_for_are_there_in_order() -> None:
    wanted = (("Intro", 4), ("Verse", 8), ("Chorus", 7), ("Bridge", 3), ("Outro", 2))
    form = FormRequest(name="", sections=tuple(SectionRequest(name=n, bars=b) for n, b in wanted))
    piece = composed(style="rock", form=form)
    assert [(s.name, s.bars) for s in piece.sections] == list(wanted)


def test_tempo_changes_happen_where_they_should() -> None:
    form = FormRequest(name="", sections=tuple(SectionRequest(name=n, bars=8) for n in ("Verse", "Chorus", "Verse")))
    changes = (TempoChange(section="chorus", factor=2.0), TempoChange(section="end", factor=0.7, gradual=True))
    piece = composed(style="pop", form=form, tempo=90.0, tempo_changes=changes)
    line = piece.timeline
    assert [line.tempo_at(line.bar_start(b)) for b in (0, 7, 8, 15, 16)] == [90, 90, 180, 180, 90]
    assert line.tempo_at(piece.ticks - 1) == pytest.approx(63)


def test_nobody_excluded_plays_and_pitch_range_holds() -> None:
    piece = composed(style="rock", excluded=("drums", "electric_bass"), pitch_range=(48, 72), bars=16)
    assert not any(t.instrument_id in ("drums", "electric_bass") for t in piece.tracks)
    for track in piece.tracks:
        if not track.is_drum and track.role is not Role.BASS:
            assert track.notes["pitch"].min() >= 48 and track.notes["pitch"].max() <= 72, track.id


@pytest.mark.parametrize("style", ["chorale", "swing", "house"])
def test_twenty_four_players_are_written_in_good_time(style: str) -> None:
    names = [i for i in PITCHED if instruments()[i].voices == 1][:24]
    before = time.process_time()
    piece = composed(style=style, bars=16, parts=tuple(PartRequest(instrument=i) for i in names))
    assert time.process_time() - before < 6
    assert_sound(piece)
    assert len(piece.tracks) == 24


def test_quantised_music_lies_on_the_grid() -> None:
    piece = composed(style="pop", bars=16, quantised=True, swing=0.5)
    for track in piece.tracks:
        assert (track.notes["start"] % (piece.timeline.ppq // 8) == 0).all(), track.id


def test_swing_delays_the_second_eighth() -> None:
    straight, swung = (composed(style="swing", bars=8, quantised=True, swing=s) for s in (0.5, 2 / 3))
    lead = next(t.id for t in straight.tracks if t.role is Role.LEAD)
    a, b = straight.track(lead).notes["start"] % 480, swung.track(lead).notes["start"] % 480
    assert set(np.unique(b)) >= {320} and 240 not in b and 240 in a


def test_dynamics_rise_in_a_crescendo() -> None:
    piece = composed(style="waltz", bars=16, dynamics_shape=(DynamicsShape(shape="crescendo"),))
    half = piece.timeline.bar_start(8)
    for track in piece.tracks:
        late, early = (track.notes["velocity"][m] for m in (track.notes["start"] >= half, track.notes["start"] < half))
        assert not len(late) or not len(early) or late.mean() > early.mean(), track.id


def test_twenty_seeds_are_twenty_pieces() -> None:
    tunes, chords = set(), set()
    for seed in range(20):
        piece = composed(seed, style="pop", bars=16, quantised=True)
        lead = next(t for t in piece.tracks if t.role is Role.LEAD)
        tunes.add((np.diff(lead.notes["pitch"].astype(int))[:12].tobytes(), np.diff(lead.notes["start"])[:12].tobytes()))
        chords.add(tuple(c.chord.symbol for c in piece.chords))
    assert len(tunes) == 20 and len(chords) >= 12


def test_the_same_seed_in_another_style_is_another_piece() -> None:
    assert composed(4, style="pop", bars=8).encoded != composed(4, style="rock", bars=8).encoded


@pytest.mark.parametrize("style", ["house", "pop"])
def test_five_hundred_and_twelve_bars(style: str) -> None:
    before = time.process_time()
    piece = composed(style=style, bars=512)
    assert time.process_time() - before < 12
    assert_sound(piece)
    assert piece.bars == 512 and max(s.bars for s in piece.sections) <= 64


@pytest.mark.parametrize(
    "values",
    [{"metre": "waltz"}, {"metre": "0/4"}, {"tempo": 5.0}, {"bars": 5000}, {"style": "nothing"},
     {"parts": tuple(PartRequest(instrument="flute") for _ in range(25))},
     {"bars": 2, "form": FormRequest(name="", sections=tuple(SectionRequest(name=n) for n in "ABCD"))}],
)  # fmt: skip
def test_what_cannot_be_composed_is_explained(values: dict[str, object]) -> None:
    with pytest.raises(BadRequest) as caught:
        ENGINE.generate(GenerationRequest(brief(**{"style": "pop", **values}), 1))
    assert caught.value.rule and caught.value.value is not None


def test_unknown_tracks_and_bars_are_refused() -> None:
    asked = brief(style="pop", bars=8)
    piece = ENGINE.generate(GenerationRequest(asked, 1)).piece
    with pytest.raises(BadRequest, match="kazoo"):
        ENGINE.generate(GenerationRequest(asked, 1, piece, ("kazoo",)))
    with pytest.raises(BadRequest, match="9"):
        ENGINE.generate(GenerationRequest(asked, 1, piece, (), (8, 9)))
