"""Copies are found in every key and tempo; strangers are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.score.analysis.copies import RUN, SURE, TuneIndex, build_index, longest_copy, tune_codes, winnow
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.skyline import Tune, melody
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes
from tests.score.makers import notes, piece, shifted, track


def tune_of(content: Notes) -> Tune:
    return melody(Reading(piece(track("flute", Role.LEAD, "piano", content), bars=64)))


def random_tune(seed: int, count: int = 60) -> Notes:
    rng = np.random.default_rng(seed)
    lengths = rng.choice([0.5, 1.0, 1.5, 2.0], count)
    pitch = 60 + np.clip(np.cumsum(rng.integers(-5, 6, count)), -20, 30)
    starts = np.concatenate(([0.0], np.cumsum(lengths)[:-1])) * 480
    return (
        notes("r:1")[:0]
        if count == 0
        else np.array(
            [(int(s), int(d * 480), int(p), 80) for s, d, p in zip(starts, lengths, pitch, strict=True)],
            dtype=notes("C4:1").dtype,
        )
    )


def joined(first: Notes, second: Notes) -> Notes:
    end = int((first["start"] + first["duration"]).max())
    moved = second.copy()
    moved["start"] += end - int(second["start"][0])
    return np.concatenate([first, moved])


INDEX = build_index(tune_of(random_tune(seed)) for seed in range(40))


def test_a_tune_of_the_collection_is_found_whole() -> None:
    found, _ = longest_copy(tune_of(random_tune(7)), INDEX)
    assert found >= 45
    assert INDEX.tunes == 40


@settings(max_examples=10, deadline=None)
@given(st.integers(-12, 12), st.integers(0, 39))
def test_in_any_key(up: int, seed: int) -> None:
    plain = longest_copy(tune_of(random_tune(seed)), INDEX)
    assert longest_copy(tune_of(shifted(random_tune(seed), up)), INDEX) == plain


def test_in_any_tempo() -> None:
    slow = random_tune(3)
    slow["start"] *= 2
    slow["duration"] *= 2
    assert longest_copy(tune_of(slow), INDEX) == longest_copy(tune_of(random_tune(3)), INDEX)


@pytest.mark.parametrize("seed", range(100, 112))
def test_strangers_share_nothing(seed: int) -> None:
    assert longest_copy(tune_of(random_tune(seed)), INDEX) == (0, 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 20), st.integers(0, 39))
def test_a_quotation_of_sure_length_is_always_found(skip: int, seed: int) -> None:
    quoted = random_tune(seed)[skip : skip + SURE + 3]
    hidden = joined(joined(random_tune(500 + seed, 30), quoted), random_tune(900 + seed, 30))
    plain = tune_codes(tune_of(quoted))[1]
    found, place = longest_copy(tune_of(hidden), INDEX)
    if not plain.any():
        assert found >= RUN + 2
        assert 30 - RUN <= place <= 30 + len(quoted)


def test_scales_are_no_tunes() -> None:
    scale = notes("C4:1 D4:1 E4:1 F4:1 G4:1 A4:1 B4:1 C5:1 " * 4)
    assert longest_copy(tune_of(scale), build_index([tune_of(scale)])) == (0, 0)


def test_an_index_survives_writing() -> None:
    again = TuneIndex.decoded(INDEX.encoded(), INDEX.tunes)
    assert (again.codes == INDEX.codes).all()


def test_winnowing_keeps_one_of_every_window() -> None:
    codes = np.random.default_rng(0).integers(0, 2**32, 200).astype(np.uint32)
    kept = winnow(codes)
    assert (np.diff(kept) <= 8).all() and len(kept) < 70
    assert len(winnow(codes[:3])) == 3
