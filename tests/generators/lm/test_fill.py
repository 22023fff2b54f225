"""Filling: whatever the model thinks, what comes out is legal, playable, and leaves what was given alone."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ripieno.generators.lm import vocabulary as v
from ripieno.generators.lm.fill import bar_starts, fill, fill_places, likelihood
from ripieno.generators.lm.grammar import Grammar
from ripieno.generators.lm.playing import Ability
from ripieno.generators.lm.sampling import Sampling, choose
from ripieno.generators.lm.window import NO_ROWS, BarPlan, Head, Window, encode
from ripieno.score.errors import BadRequest

from .makers import same, windows
from .models import tiny

DARING = Sampling(temperature=1.5, top_p=1.0, min_p=0.0)
ABLE = {0: Ability(), 1: Ability(48, 72, 1), 2: Ability(40, 90, 2), 3: Ability(36, 84, 4, (36, 38, 42), 1.0, 2.0)}


@settings(max_examples=25, deadline=None)
@given(windows(), st.integers(0, 2**31), st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_filled_windows_are_legal_playable_and_keep_what_was_given(window: Window, seed: int, kinds: list[int]) -> None:
    assume(window.wanted)
    abilities = [ABLE[k] for k in kinds[: len(window.heads)]]
    first, second = fill(tiny(), window, abilities, (seed, seed + 1), DARING)
    assert same(fill(tiny(), window, abilities, (seed,), DARING)[0].window, first.window)
    for made in (first, second):
        grammar = Grammar()
        for token in encode(made.window):
            grammar.push(token)
        assert (made.window.plan, made.window.heads, made.window.wanted) == (window.plan, window.heads, window.wanted)
        for cell in {(b, t) for b in range(len(window.plan)) for t in range(len(window.heads))} - window.wanted:
            before, after = window.cells.get(cell, NO_ROWS), made.window.cells.get(cell, NO_ROWS)
            assert len(before) == len(after) and (before == after).all()
        for track, ability in enumerate(abilities):
            assert_playable(made.window, track, ability)


def assert_playable(window: Window, track: int, ability: Ability) -> None:
    for bar in (b for b, t in window.wanted if t == track):
        rows, (top, bottom) = window.cells.get((bar, track), NO_ROWS), v.METRES[window.plan[bar].metre]
        onsets, quarters = len(np.unique(rows["place"])), top * 4 / bottom
        assert onsets <= max(1, ability.most * quarters)
        if window.heads[track].drum:  # others may have to wait for a note to end
            assert onsets >= min(1, ability.least)
    head, starts = window.heads[track], bar_starts(window)
    limit = min(ability.voices, head.polyphony) if 0 < head.polyphony < 6 else ability.voices
    cells = [(starts[b], (b, t) in window.wanted, rows) for (b, t), rows in window.cells.items() if t == track]
    notes = sorted((at + place, at + place + length, pitch, fresh) for at, fresh, rows in cells
                   for _, place, pitch, length, _ in rows.tolist())  # fmt: skip
    for start, end, pitch, fresh in notes:
        if not fresh:
            continue
        if head.drum:
            assert not ability.keys or pitch in ability.keys
            continue
        assert ability.low <= pitch <= ability.high and end <= starts[-1]
        sounding = [n for n in notes if n[0] <= start < n[1]]
        assert sum(n[2] == pitch for n in sounding) == 1
        again = [n for n in notes if n[2] == pitch and start < n[0] < end]
        assert not again
        given_along = sum(not n[3] for n in sounding)
        assert sum(n[1] > start for n in sounding) <= max(limit, given_along + 1)


def test_a_window_without_wishes_or_without_room_is_refused() -> None:
    bare = Window(0, 0, 0, (BarPlan(6),), (Head(0, 0, False),))
    with pytest.raises(BadRequest, match="cells to fill"):
        fill(tiny(), bare, [Ability()], (1,), DARING)
    every = frozenset((b, t) for b in range(16) for t in range(16))
    full = Window(0, 0, 0, (BarPlan(6),) * 16, (Head(0, 0, False),) * 16, {}, every)
    with pytest.raises(BadRequest, match="768"):
        fill(tiny(), full, [Ability()] * 16, (1,), DARING)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 2), st.floats(0.01, 1), st.floats(0, 1))
def test_the_choice_is_allowed_and_takes_one_number(seed: int, temperature: float, top_p: float, min_p: float) -> None:
    rng = np.random.default_rng(seed)
    scores, mask = rng.standard_normal(50).astype(np.float32) * 4, rng.random(50) < 0.3
    mask[int(rng.integers(50))] = True
    one, other = np.random.default_rng(seed), np.random.default_rng(seed)
    token = choose(scores, mask, Sampling(temperature, top_p, min_p), one)
    assert mask[token]
    other.random()
    assert one.random() == other.random()
    if temperature == 0 or min_p == 1:
        assert scores[token] == scores[mask].max()


def test_chances_are_those_of_the_scores() -> None:
    rng = np.random.default_rng(3)
    scores = np.log(np.array([0.5, 0.3, 0.15, 0.05], dtype=np.float32))
    free = Sampling(1.0, 1.0, 0.0)
    drawn = [choose(scores, np.array([True, True, False, True]), free, rng) for _ in range(4000)]
    share = np.bincount(drawn, minlength=4) / 4000
    assert np.abs(share - np.array([0.5, 0.3, 0, 0.05]) / 0.85).max() < 0.03
    narrow = [choose(scores, np.ones(4, dtype=bool), Sampling(1.0, 0.7, 0.0), rng) for _ in range(300)]
    assert set(narrow) == {0, 1}


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_p": 0}, {"min_p": 1.5}, {"same_bars": -1}])
def test_impossible_sampling_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadRequest, match="What to do"):
        Sampling(**wrong)  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None)
@given(windows())
def test_likelihood_counts_the_wanted_part_alone(window: Window) -> None:
    assume(window.wanted)
    tokens = encode(window)
    inside = fill_places(tokens)
    names = [v.kind_of(t) for t, w in zip(tokens, inside, strict=True) if w]
    assert sum(k is v.FILL for k in names) == len({b for b, _ in window.wanted})
    nats, notes = likelihood(tiny(), window)
    assert nats > 0 and notes == sum(len(window.cells.get(c, NO_ROWS)) for c in window.wanted)
