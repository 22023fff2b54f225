"""Literal returns: strains and consequents come again note for note in all parts, and only where the harmony is the same."""

import numpy as np
import pytest

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.generators.theory.style import Style, builtin_styles
from ripieno.score.analysis.features import extract
from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Attribute, Brief, FormRequest, SectionRequest
from ripieno.score.piece import Piece, Track


def with_form(style: str, **values: float) -> Style:
    """A style with other habits of form."""
    row = builtin_styles()[style]
    return row.model_copy(update={"form": row.form.model_copy(update=values)})


def composed(style: Style, seed: int, letters: str = "AABB") -> Piece:
    """32 bars, exactly on the grid."""
    form = FormRequest(name="", sections=tuple(SectionRequest(name=c, bars=8, label=c) for c in letters))
    brief = Brief(style=Attribute(value=style.id), bars=Attribute(value=8 * len(letters)), form=Attribute(value=form),
                  quantised=Attribute(value=True), swing=Attribute(value=0.5))  # fmt: skip
    return TheoryEngine({style.id: style}).generate(GenerationRequest(brief, seed)).piece


def bar(piece: Piece, track: Track, number: int) -> list[tuple[int, int]]:
    """Places and pitches that begin in a bar."""
    start, end = piece.timeline.bar_start(number), piece.timeline.bar_start(number + 1)
    inside = track.notes[(track.notes["start"] >= start) & (track.notes["start"] < end)]
    return sorted(zip((inside["start"] - start).tolist(), inside["pitch"].tolist(), strict=True))


def chords(piece: Piece, number: int) -> list[tuple[int, object]]:
    """Chords that sound in a bar, with their places."""
    start, end = piece.timeline.bar_start(number), piece.timeline.bar_start(number + 1)
    return [(max(0, c.start - start), c.chord) for c in piece.chords if c.start < end and c.end > start]


@pytest.mark.parametrize("style", ["reel", "polka", "minuet", "march"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_strain_comes_again_in_all_parts(style: str, seed: int) -> None:
    piece = composed(with_form(style, literal=1.0), seed)
    there = [[t for t in piece.tracks if any(bar(piece, t, b) for b in range(a, a + 8))] for a in (0, 8, 16, 24)]
    both = {8: [t for t in there[0] if t in there[1]], 24: [t for t in there[2] if t in there[3]]}  # others join in
    same = [all(bar(piece, t, b) == bar(piece, t, b - 8) for t in both[a]) for a in (8, 24) for b in range(a, a + 6)]
    equal_harmony = [chords(piece, b) == chords(piece, b - 8) for b in (*range(8, 14), *range(24, 30))]
    assert sum(equal_harmony) >= 6
    assert sum(same) >= 0.75 * sum(equal_harmony), (same, equal_harmony)


def test_nothing_is_pasted_where_the_style_varies() -> None:
    free = [composed(with_form("minuet", literal=0.0, period=0.0), seed) for seed in range(3)]
    kept = [composed(with_form("minuet", literal=1.0, period=1.0), seed) for seed in range(3)]
    before, after = ([extract(Reading(p)).scalars["exact_repeats"] for p in row] for row in (free, kept))
    assert np.mean(before) < 0.15 < 0.3 < np.mean(after)


def test_a_consequent_opens_like_its_antecedent() -> None:
    piece = composed(with_form("polka", literal=0.0, period=1.0), 4)
    tracks = [t for t in piece.tracks if len(t.notes)]
    opens = [all(bar(piece, t, b) == bar(piece, t, b - 4) for t in tracks) for b in (4, 5, 20, 21)]
    assert sum(opens) >= 3, opens
    assert any(bar(piece, t, 7) != bar(piece, t, 3) for t in tracks), "and closes otherwise"
