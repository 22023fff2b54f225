"""Hands on a keyboard: what two hands can play is written so that they can."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.score.formats.grid import UNITS, Snapped
from ripieno.score.formats.hands import split_hands


def snapped(chords: list[list[int]], step: int = UNITS) -> Snapped:
    """Chords (MIDI numbers) one after another, `step` units each."""
    rows = [(i * step, p) for i, chord in enumerate(chords) for p in sorted(set(chord))]
    start, pitch = (np.array([r[k] for r in rows], dtype=np.int64) for k in (0, 1))
    end = start + step
    return Snapped(start, end, start.astype(float), end.astype(float), pitch, np.full(len(rows), 80),
                   np.full(len(rows), -1), frozenset())  # fmt: skip


def hands(chords: list[list[int]], step: int = UNITS) -> list[tuple[list[int], list[int]]]:
    """(left, right) of each chord."""
    notes = snapped(chords, step)
    left = split_hands(notes)
    return [
        tuple(notes.pitch[(notes.start == i * step) & mask].tolist() for mask in (left, ~left))
        for i in range(len(chords))
    ]


def test_a_full_voicing_lies_evenly_in_both_hands() -> None:
    assert hands([[50, 55, 58, 63]] * 4) == [([50, 55], [58, 63])] * 4


def test_stride_stays_on_the_left_under_a_tune() -> None:
    stride = [[38, 74], [50, 54, 57, 76], [45, 78], [49, 52, 57, 76]]
    assert [right for _, right in hands(stride * 4)] == [[74], [76], [78], [76]] * 4


def test_a_figure_of_single_notes_stays_in_one_hand() -> None:
    low = [[p] for p in (43, 50, 55, 59, 55, 50)] * 3
    assert all(not right for _, right in hands(low, UNITS // 2))
    high = [[p] for p in (72, 76, 79, 84, 79, 76)] * 3
    assert all(not left for left, _ in hands(high, UNITS // 2))


def test_no_notes() -> None:
    assert split_hands(snapped([])).tolist() == []


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(28, 60), st.integers(1, 30), st.sets(st.integers(0, 12), max_size=4),
                          st.sets(st.integers(0, 12), max_size=4)), min_size=1, max_size=6))  # fmt: skip
def test_no_hand_spans_more_than_a_tenth_where_two_can_share(shapes: list[tuple[int, int, set[int], set[int]]]) -> None:
    """Chords built as two handfuls of an octave at most are parted into two that reach."""
    chords = [[low + p for p in a | {0}] + [low + 12 + gap + p for p in b | {0}] for low, gap, a, b in shapes]
    for left, right in hands(chords, 4 * UNITS):
        assert not left or not right or max(left) < min(right)
        for hand in (left, right):
            assert len(hand) <= 5 and (not hand or max(hand) - min(hand) <= 16)
