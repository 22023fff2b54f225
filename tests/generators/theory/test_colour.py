"""Colour of harmony, variants of a chorus, approaches of a bass, shares of steps, line-ups: what a style's figures promise."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.agents.defaults import complete
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.bass_pitch import Target, pitches
from ripieno.generators.theory.chromatic import coloured
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.generators.theory.style import Harmony, Style, builtin_styles
from ripieno.score.analysis.features import extract
from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Attribute, Brief, PartRequest
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import BadFile
from ripieno.score.keys import Key
from ripieno.score.piece import Piece

STYLES = builtin_styles()
PROFILES = {id_: s.profile for id_, s in STYLES.items()}
MAJOR, MINOR = Key("D", "major"), Key("G", "minor")
ROWS = st.lists(st.sampled_from(("I", "ii", "IV", "V", "vi", "V7", "ii6")), min_size=2, max_size=8)


def habits(**values: float) -> Harmony:
    """Harmony without any colour but what is named."""
    return Harmony(secondary=0.0, mixture=0.0).model_copy(update=values)


def phrase(numerals: list[str], key: Key) -> list[list[Chord]]:
    """A chord a bar."""
    return [[parse_roman(n, key)] for n in numerals]


@given(ROWS, st.integers(0, 99))
def test_without_shares_harmony_stays_plain(numerals: list[str], seed: int) -> None:
    bars = phrase(numerals, MAJOR)
    assert coloured(bars, MAJOR, MAJOR.tonic_pc, habits(), np.random.default_rng(seed)) == bars


@given(ROWS, st.integers(0, 99))
def test_applied_chords_lead_to_the_chord_that_follows(numerals: list[str], seed: int) -> None:
    bars = phrase(numerals, MAJOR)
    out = coloured(bars, MAJOR, MAJOR.tonic_pc, habits(secondary=1.0, diminished=0.5), np.random.default_rng(seed))
    assert [row[0] for row in out] == [row[0] for row in bars], "what was there stays"
    for row, after in pairwise(out):
        for added in row[1:]:
            target = after[0].root_pc
            assert (added.root_pc - target) % 12 in (7, 11), "its dominant, or its leading-note chord"
            assert (target + 11) % 12 in added.pitch_classes, "with the leading note of the goal"


@given(st.integers(0, 200), st.sampled_from(["iv", "iio6", "VI"]))
def test_predominants_of_minor_are_those_of_the_books(seed: int, numeral: str) -> None:
    bars = phrase(["i", numeral, "V7", "i"], MINOR)
    out = coloured(bars, MINOR, MINOR.tonic_pc, habits(predominant=1.0), np.random.default_rng(seed))
    chord = out[1][0]
    assert chord in (Chord.parse("Ab/C"), Chord.parse("Eb7"), Chord.parse("Eb7b5"))
    assert [out[0], *out[2:]] == [bars[0], *bars[2:]]


@given(st.integers(0, 500), st.sampled_from("aw"), st.sampled_from(["G", "C", "D7", "Am", "Em"]))
@settings(max_examples=60)
def test_approaches_keep_to_the_key_where_the_style_does(seed: int, symbol: str, goal: str) -> None:
    chord, then, scale = Chord.parse("D7"), Chord.parse(goal), Key("G", "major").scale
    targets = [Target(0, 480, "R", chord, then, 1.0, False), Target(480, 480, symbol, chord, then, 0.5, False),
               Target(960, 480, "R", then, then, 1.0, False)]  # fmt: skip
    line = pitches(targets, 36, 55, None, scale, np.random.default_rng(seed), diatonic=True)
    assert line[1] % 12 in {*scale, *chord.pitch_classes}
    assert line[2] % 12 == then.bass_pc


def composed(style: Style, seed: int) -> Piece:
    """What a person gets who names the style alone."""
    brief = complete(Brief(style=Attribute(value=style.id)), PROFILES, seed)
    return TheoryEngine({style.id: style}).generate(GenerationRequest(brief, seed)).piece


def test_choruses_of_a_blues_differ_and_all_are_blues() -> None:
    forms, changes = set(), set()
    for seed in range(8):
        piece = composed(STYLES["blues"], seed)
        forms.add(tuple((s.label, s.bars) for s in piece.sections))
        for s in piece.sections:
            start, end = (piece.timeline.bar_start(b) for b in (s.first_bar, s.end_bar))
            home = piece.key_at(s.first_bar).tonic_pc
            roots = tuple((c.chord.root_pc - home) % 12 for c in piece.chords if start <= c.start < end)
            changes.add((s.bars, roots))
            assert roots[0] == 0 and {5, 7} <= {*roots} | {8, 2}, "from home by the subdominant and the dominant"
    assert len(forms) >= 3 and len({bars for bars, _ in changes}) >= 2
    assert len(changes) >= 8


@pytest.mark.parametrize("style", ["bebop", "modal_jazz"])
def test_jazz_has_more_than_one_form(style: str) -> None:
    assert len({tuple((s.label, s.bars) for s in composed(STYLES[style], seed).sections) for seed in range(8)}) >= 3


def test_tunes_obey_their_readiness_for_steps_leaps_and_repeats() -> None:
    def mean(feature: str, **values: float) -> float:
        row = STYLES["polka"]
        style = row.model_copy(update={"melody": row.melody.model_copy(update=values)})
        return float(np.mean([extract(Reading(composed(style, seed))).scalars[feature] for seed in range(4)]))

    assert mean("step_share", leap=0.0, repeat=0.0) > mean("step_share", leap=0.9, repeat=0.0) + 0.1
    assert mean("leap_share", leap=0.9, repeat=0.0) > mean("leap_share", leap=0.0, repeat=0.0) + 0.05
    assert mean("repeat_share", leap=0.3, repeat=0.7) > mean("repeat_share", leap=0.3, repeat=0.0) + 0.08


def test_dances_step_turn_and_return_as_real_ones_do() -> None:
    """Medians of eight seeds between the quartiles of real music (`benchmarks/real_music/results.json`)."""
    for style, bounds in {
        "waltz": {"step_share": (0.45, 0.74), "harmonic_rhythm": (0.81, 1.93)},
        "minuet": {"exact_repeats": (0.02, 0.21), "step_share": (0.44, 0.65)},
        "polka": {"exact_repeats": (0.28, 0.45), "leap_share": (0.15, 0.25)},
    }.items():
        rows = [extract(Reading(composed(STYLES[style], 1000 + seed)), own_chords=False).scalars for seed in range(8)]
        for feature, (low, high) in bounds.items():
            assert low <= float(np.median([r[feature] for r in rows])) <= high, (style, feature)


# -- line-ups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["waltz", "blues", "reel", "pop"])
def test_who_names_nobody_gets_one_of_the_line_ups(style: str) -> None:
    profile = PROFILES[style]
    known = {frozenset(p.instrument for p in row) for row in profile.ensembles()}
    got = [frozenset(p.instrument for p in complete(Brief(style=Attribute(value=style)), PROFILES, s).parts) for s in range(24)]
    assert set(got) <= known and len(set(got)) >= 3
    named = Brief(style=Attribute(value=style), parts=(PartRequest(instrument="oboe"), PartRequest(instrument="harp")))
    assert {complete(named, PROFILES, s).parts for s in range(6)} == {complete(named, PROFILES, 0).parts}


def test_a_line_up_is_read_from_a_line_or_refused() -> None:
    from ripieno.generators.theory.style import parse_style

    head = ('[profile]\nid = "x"\nname = "X"\nfamily = "folk"\ntempo = [80, 100, 120]\n'
            'ensemble = [{instrument = "flute", role = "lead"}]\n')  # fmt: skip
    style = parse_style(head + 'line_ups = ["oboe lead, harp arpeggio"]\n', "x.toml")
    assert [(p.instrument, p.role.value) for p in style.profile.line_ups[0]] == [("oboe", "lead"), ("harp", "arpeggio")]
    with pytest.raises(BadFile, match="flute lead"):
        parse_style(head + 'line_ups = ["oboe loud"]\n', "x.toml")
