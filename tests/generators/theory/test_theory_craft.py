"""The craft inside the engine: grammars, voicings, part writing, tunes, hands and breath, style files."""

import re
import tomllib
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory import voicing
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.generators.theory.form import plan_form
from ripieno.generators.theory.grammar import grammar_for
from ripieno.generators.theory.mend import _parallels, without_parallels
from ripieno.generators.theory.playable import with_breath, within_hands
from ripieno.generators.theory.scales import Moments, moment
from ripieno.generators.theory.style import builtin_styles, load_styles, parse_style
from ripieno.generators.theory.types import Part
from ripieno.generators.theory.voicing import candidates, guitar_shapes, lead_voices, tones
from ripieno.score.brief import Attribute, Brief, FormRequest, PartRequest, SectionRequest
from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.errors import BadFile
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import MODES, Key
from ripieno.score.piece import Notes, Piece, make_notes

ENGINE = TheoryEngine()
DOCS = Path(__file__).resolve().parents[3] / "docs" / "styles.md"
CHORDS = st.builds(Chord, st.sampled_from(("C", "F#", "Bb", "E", "Ab")), st.sampled_from(sorted(QUALITIES.values())))
HEAD = """\
[profile]
id = "x"
name = "X"
family = "folk"
tempo = [80, 100, 120]
ensemble = [{instrument = "flute", role = "lead"}]
"""


def piece_of(style: str, seed: int, bars: int, *parts: tuple[str, Role], **values: object) -> Piece:
    """A quantised piece in D."""
    wanted = tuple(PartRequest(instrument=i, role=r) for i, r in parts)
    usual: dict[str, object] = {"bars": bars, "tonic": "D", "quantised": True, "swing": 0.5, **values}
    brief = Brief(style=Attribute(value=style), parts=wanted, **{k: Attribute(value=v) for k, v in usual.items()})
    return ENGINE.generate(GenerationRequest(brief, seed)).piece


def lead(piece: Piece) -> Notes:
    return next(t for t in piece.tracks if t.role is Role.LEAD).notes


# -- harmony -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("name", ["common", "pop", "jazz"])
def test_every_mode_has_a_grammar_that_comes_home(name: str, mode: str) -> None:
    key = Key("F#", mode)
    grammar = grammar_for(name, key)
    rng = np.random.default_rng(3)
    for kind in ("half", "authentic", "final", "plagal", "deceptive", "open"):
        assert grammar.cadence(kind, rng, 3)
    assert grammar.chord(grammar.cadence("final", rng, 2)[-1]).root_pc == key.tonic_pc
    assert grammar.chord(grammar.states[int(np.argmax(grammar.start))]).root_pc == key.tonic_pc


@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from(["major", "minor"]))
def test_a_path_takes_only_steps_of_the_grammar(seed: int, slots: int, mode: str) -> None:
    grammar = grammar_for("common", Key("C", mode))
    home = grammar.states[0]
    path = grammar.path(None, slots, home, np.random.default_rng(seed))
    places = [grammar.states.index(s) for s in path]
    assert len(path) == slots
    assert all(grammar.weights[a, b] > 0 for a, b in pairwise(places))
    assert slots == 1 or grammar.weights[places[-1], 0] > 0


def test_the_scale_bends_to_a_foreign_chord() -> None:
    at = moment(Chord.parse("E7"), Key("A", "minor"))
    assert at.scale[8] and not at.scale[7]  # G sharp for G
    assert moment(Chord.parse("Am"), Key("A", "minor")).scale[7]


# -- voicings ------------------------------------------------------------------------------------------------------------


SPREADS = ("close", "open", "drop2", "any", "power", "shell")


@given(CHORDS, st.integers(1, 6), st.integers(36, 60), st.integers(12, 30), st.sampled_from(SPREADS))
def test_voicings_lie_in_the_register_and_in_the_chord(chord: Chord, count: int, low: int, width: int, spread: str) -> None:
    found = candidates(chord, count, low, low + width, spread, True)
    assert found
    for shape in found:
        assert list(shape) == sorted(set(shape)) and len(shape) <= count
        assert shape[0] >= low and shape[-1] <= low + width
        fifth = {(chord.root_pc + 7) % 12} if spread == "power" else set()
        assert {p % 12 for p in shape} <= set(chord.pitch_classes) | fifth


@given(st.lists(CHORDS, min_size=2, max_size=8), st.integers(0, 200))
@settings(max_examples=40)
def test_no_other_row_of_voicings_is_cheaper_than_the_led_one(chords: list[Chord], pick: int) -> None:
    rows = [list(candidates(c, 4, 48, 72, "close", False)) for c in chords]
    other = [row[(pick * (i + 1)) % len(row)] for i, row in enumerate(rows)]

    def price(line: list[tuple[int, ...]]) -> float:
        arrays = [np.array([v], dtype=np.float64) for v in line]
        moves = sum(float(voicing._between(a, b, strict=False)[0, 0]) for a, b in pairwise(arrays))
        return moves + sum(float(voicing._own(a, 60, None)[0]) for a in arrays)

    led = lead_voices(rows, 60)
    assert all(v in row for v, row in zip(led, rows, strict=True))
    assert price(led) <= price(other) + 1e-6


@pytest.mark.parametrize("symbol", ["C", "F#m", "Bb7", "Ebmaj7", "Am7", "Dsus4", "E7", "G/B", "C#m7b5"])
def test_guitar_shapes_can_be_gripped(symbol: str) -> None:
    chord = Chord.parse(symbol)
    strings = (40, 45, 50, 55, 59, 64)
    for shape in guitar_shapes(chord, 40, 76):
        assert shape[0] % 12 == chord.bass_pc and len(shape) <= 6
        grips = [
            [p - s for p, s in zip(shape, chosen, strict=True)]
            for chosen in combinations(strings, len(shape))
            if all(0 <= p - s <= 12 for p, s in zip(shape, chosen, strict=True))
        ]
        held = [[f for f in grip if f] for grip in grips]
        assert any(not h or max(h) - min(h) <= 3 for h in held), shape


def test_third_and_seventh_come_before_the_fifth() -> None:
    assert set(tones(Chord.parse("G7"), 2, rooted=False)) == {11, 5}


# -- part writing --------------------------------------------------------------------------------------------------------


SATB = (("soprano", Role.LEAD), ("alto", Role.COUNTERMELODY), ("tenor", Role.COUNTERMELODY), ("bass_voice", Role.BASS))


def sounding(notes: Notes, tick: int) -> int:
    i = int(np.searchsorted(notes["start"], tick, side="right")) - 1
    return int(notes["pitch"][i]) if i >= 0 else 0


@pytest.mark.parametrize("seed", range(4))
def test_a_chorale_neither_crosses_nor_moves_in_parallels(seed: int) -> None:
    piece = piece_of("chorale", seed, 16, *SATB)
    voices = [t.notes for t in piece.tracks]
    ticks = np.unique(np.concatenate([v["start"] for v in voices]))
    ticks = ticks[ticks % piece.timeline.ppq == 0]
    chords = np.array([[sounding(v, int(t)) for v in voices] for t in ticks])
    crossings = (np.diff(chords, axis=1) > 0).sum()
    assert crossings <= 1
    faults = 0
    for a, b in combinations(range(4), 2):
        gap = (chords[:, a] - chords[:, b]) % 12
        moved = (np.diff(chords[:, a]) != 0) & (np.sign(np.diff(chords[:, a])) == np.sign(np.diff(chords[:, b])))
        faults += int((moved & (gap[1:] == gap[:-1]) & np.isin(gap[1:], (0, 7))).sum())
    assert faults <= 1  # of six pairs over some sixty chords


def test_parallels_are_mended() -> None:
    piece = piece_of("minuet", 1, 16, ("violin", Role.LEAD), ("cello", Role.BASS))
    assert len(lead(piece))
    form = plan_form(builtin_styles()["minuet"], Brief(bars=Attribute(value=2)), np.random.default_rng(1))
    row = instrument("violin")
    part = Part("v", "v", Role.LEAD, row, 55, 90)
    upper = make_notes([(0, 480, 72, 80), (480, 480, 74, 80), (960, 480, 76, 80)])
    lower = make_notes([(0, 480, 48, 80), (480, 480, 50, 80), (960, 480, 43, 80)])
    spans = [c for c in piece.chords if c.start < 3000]
    assert len(_parallels(upper, lower)) == 1
    assert len(_parallels(without_parallels(part, upper, lower, Moments(spans, form)), lower)) == 0


# -- tunes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["waltz", "pop", "swing", "reel", "string_quartet", "ballad", "tango", "nocturne"])
def test_tunes_are_singable_and_belong_to_their_chords(style: str) -> None:
    strong = members = leaps = wide = turned = 0
    for seed in range(4):
        piece = piece_of(style, seed, 16)
        tune = lead(piece)
        # in a two-handed part the tune is the upper line
        tops = tune[[i for i in range(len(tune)) if i + 1 == len(tune) or tune["start"][i + 1] != tune["start"][i]]]
        tops = tops[tops["pitch"] >= 57]
        steps = np.diff(tops["pitch"].astype(int))
        wide += int((np.abs(steps) > 14).sum())
        for k in np.flatnonzero(np.abs(steps[:-1]) > 5):
            leaps += 1
            turned += int(np.sign(steps[k + 1]) != np.sign(steps[k]) or steps[k + 1] == 0)
        for note in tops:
            if note["start"] % piece.timeline.bar_ticks(0) == 0 and note["duration"] >= 240:
                span = next(c for c in piece.chords if c.start <= note["start"] < c.end)
                strong += 1
                members += int(note["pitch"]) % 12 in span.chord.pitch_classes
    assert members / max(1, strong) >= 0.75
    assert wide <= 2
    assert leaps == 0 or turned / leaps >= 0.5


def test_phrases_end_with_a_goal_and_a_breath() -> None:
    piece = piece_of("ballad", 2, 16, ("voice", Role.LEAD), ("piano", Role.CHORDS),
                     form=FormRequest(name="", sections=tuple(SectionRequest(name=n, bars=8) for n in "AB")))  # fmt: skip
    tune, line = lead(piece), piece.timeline
    for bar in (3, 7, 11):
        inside = tune[(tune["start"] >= line.bar_start(bar)) & (tune["start"] < line.bar_start(bar + 1))]
        sung = int(np.minimum(inside["start"] + inside["duration"], line.bar_start(bar + 1)).max()) - line.bar_start(bar)
        gaps = np.diff(inside["start"]) > inside["duration"][:-1] + 60
        assert sung < line.bar_ticks(bar) or gaps.any() or len(inside) <= 2
    assert int(tune["pitch"][-1]) % 12 == piece.key.tonic_pc


@pytest.mark.parametrize(("style", "exact"), [("waltz", False), ("jig", True)])
def test_returns_bring_the_material_back(style: str, exact: bool) -> None:
    form = FormRequest(name="", sections=tuple(SectionRequest(name=n, bars=8, label=n) for n in "ABA"))
    piece = piece_of(style, 3, 24, ("violin", Role.LEAD), ("nylon_guitar", Role.CHORDS), form=form)
    tune, line = lead(piece), piece.timeline

    def rhythm(bar: int) -> tuple[int, ...]:
        start = line.bar_start(bar)
        inside = (tune["start"] >= start) & (tune["start"] < line.bar_start(bar + 1))
        return tuple((tune["start"][inside] - start).tolist())

    same = sum(rhythm(b) == rhythm(b + 16) for b in range(8))
    other = sum(rhythm(b) == rhythm(b + 8) for b in range(8))
    assert same >= 5 and (exact or same > other)
    inside = [(tune["start"] >= line.bar_start(a)) & (tune["start"] < line.bar_start(a + 8)) for a in (0, 16)]
    first, again = (tune["pitch"][i] for i in inside)
    assert exact or len(first) != len(again) or (first != again).any()  # varied, not pasted


# -- hands and breath ----------------------------------------------------------------------------------------------------

ROWS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 2000), st.integers(50, 80), st.integers(1, 127)), max_size=60)


@given(ROWS, st.sampled_from(["flute", "violin", "marimba", "nylon_guitar"]))
def test_nobody_holds_more_notes_than_hands(rows: list[tuple[int, int, int, int]], name: str) -> None:
    row = instrument(name)
    out = within_hands(make_notes({(s, p): (s, n, p, v) for s, n, p, v in rows}.values()), row)
    ends = out["start"] + np.maximum(1, out["duration"] - 60)
    for tick in out["start"]:
        assert int(((out["start"] <= tick) & (ends > tick)).sum()) <= max(1, row.voices)
    assert (out["duration"] > 0).all()


def test_winds_breathe_in_a_long_line() -> None:
    line = make_notes([(i * 960, 960, 70, 80) for i in range(40)])
    out = with_breath(line, instrument("flute"), 60 / (100 * 480))
    gaps = out["start"][1:] - (out["start"] + out["duration"])[:-1]
    assert (gaps >= 60).sum() >= 4 and (with_breath(line, instrument("violin"), 0.001)["duration"] == 960).all()


# -- style files ---------------------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_composes(tmp_path: Path) -> None:
    text = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert text is not None
    (tmp_path / "beguine.toml").write_text(text[1], encoding="utf-8")
    styles = load_styles(tmp_path)
    brief = Brief(style=Attribute(value="beguine"), bars=Attribute(value=16))
    piece = TheoryEngine({**builtin_styles(), **styles}).generate(GenerationRequest(brief, 1)).piece
    assert [t.instrument_id for t in piece.tracks] == ["clarinet", "nylon_guitar", "upright_bass", "congas"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[harmony]\nrate = 99\n", "harmony.rate"),
        ("[harmony]\ngramar = 'pop'\n", "gramar: no such key"),
        ("[[harmony.progressions]]\nchords = 'I | H | V'\n", "'H' is no Roman numeral"),
        ("[melody]\ncells = ['x-o-']\n", "a cell is written with x, - and ."),
        ("[form]\nending = 'never'\n", "form.ending"),
        ("[performance]\nloudness = 'loud'\n", "performance.loudness"),
        ("[melody]\ndensity = ", "TOML"),
    ],
)
def test_mistakes_in_a_style_file_are_explained(text: str, says: str) -> None:
    with pytest.raises(BadFile) as caught:
        parse_style(HEAD + text, "x.toml")
    assert says in caught.value.message and "x.toml" in caught.value.message and caught.value.cure


def test_a_style_says_only_what_sets_it_apart() -> None:
    style = parse_style(HEAD, "x.toml")
    assert style.melody.vary == tomllib.loads(
        (Path(__file__).resolve().parents[3] / "generators/theory/data/families.toml").read_text(encoding="utf-8")
    )["folk"]["melody"]["vary"]  # fmt: skip


def test_all_styles_name_their_sources() -> None:
    assert len(builtin_styles()) >= 50
    for style in builtin_styles().values():
        assert style.sources and style.profile.ensemble
