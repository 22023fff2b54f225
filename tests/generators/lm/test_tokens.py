"""The vocabulary, the grammar and the way from pieces to tokens and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.lm import vocabulary as v
from ripieno.generators.lm.grammar import Grammar
from ripieno.generators.lm.window import Window, decode, encode, layout
from ripieno.score.errors import BadRequest

from .makers import same, windows


def test_ranges_lie_side_by_side_and_every_token_has_one_name() -> None:
    assert [r.first for r in v.RANGES[1:]] == [r.end for r in v.RANGES[:-1]] and v.RANGES[-1].end == v.SIZE
    names = [v.name_of(t) for t in range(v.SIZE)]
    assert len(set(names)) == v.SIZE
    assert sorted(p for _, programs in v.GROUPS for p in programs) == list(range(128))
    with pytest.raises(IndexError):
        v.kind_of(v.SIZE)


@given(st.integers(1, 400))
def test_a_length_is_written_as_the_nearest(slots: int) -> None:
    chosen = v.DURATIONS[v.duration_index(slots)]
    assert abs(chosen - slots) == min(abs(d - slots) for d in v.DURATIONS)


@settings(max_examples=60, deadline=None)
@given(windows())
def test_tokens_hold_a_window_exactly_and_follow_the_grammar(window: Window) -> None:
    tokens = encode(window)
    assert same(decode(tokens), window)
    grammar = Grammar()
    for token in tokens:
        grammar.push(token)
    assert grammar.ended and not grammar.allowed().any()


@settings(max_examples=60, deadline=None)
@given(windows())
def test_context_comes_before_what_it_helps_to_fill(window: Window) -> None:
    blocks = layout(window)
    filled = [(b.bar, t) for b in blocks if b.fill for t in b.tracks]
    assert sorted(filled) == filled == sorted(window.wanted)
    for i, block in enumerate(blocks):
        if block.fill:
            said = {(b.bar, t) for b in blocks[:i] for t in b.tracks}
            near = {c for c in window.cells if c[0] <= block.bar + 1 and c not in window.wanted}
            assert near <= said


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_sampled_under_the_grammar_decodes(seed: int) -> None:
    rng, grammar = np.random.default_rng(seed), Grammar()
    tokens: list[int] = []
    while not grammar.ended:
        allowed = np.flatnonzero(grammar.allowed())
        assert len(allowed)
        if len(tokens) > 300 and allowed[0] <= v.EOS.first <= allowed[-1] and v.EOS.first in allowed:
            token = v.EOS.first
        else:
            token = int(rng.choice(allowed))
        grammar.push(token)
        tokens.append(token)
        assert len(tokens) < 5000
    window = decode(tokens)
    assert len(window.heads) >= 1 and len(window.plan) >= 1
    for (bar, track), rows in window.cells.items():
        top, bottom = v.METRES[window.plan[bar].metre]
        assert (rows["place"] < top * 96 // bottom).all() and (rows["bar"] == bar).all()
        assert len(np.unique(rows[["place", "pitch"]])) == len(rows)
        assert (rows["duration"] > 0).all() and track < len(window.heads)


def test_an_illegal_token_is_refused_with_its_name() -> None:
    grammar = Grammar()
    with pytest.raises(BadRequest, match="PITCH_60"):
        grammar.push(v.PITCH.first + 60)
