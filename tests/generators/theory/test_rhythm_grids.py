"""Pattern grids: reading, and fitting to any metre."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripieno.generators.theory.grids import bars_of, fit, read, units
from ripieno.generators.theory.rhythm_style import read_metre
from ripieno.score.time import Metre

ROCK_SNARE, ROCK_KICK, ROCK_HAT = "..X...X.", "X...x...", "xxxxxxxx"
METRES = [
    "2/4",
    "3/4",
    "4/4",
    "5/4",
    "6/4",
    "7/4",
    "2/2",
    "3/2",
    "3/8",
    "5/8",
    "6/8",
    "7/8",
    "9/8",
    "11/8",
    "12/8",
    "7/8 3+2+2",
    "8/8 3+3+2",
    "15/16",
]
metres = st.one_of(
    st.sampled_from(METRES).map(read_metre),
    st.builds(Metre, st.integers(1, 13), st.sampled_from([2, 4, 8, 16])),
)


def beats_in_eighths(cells: str, metre: str, *, steady: bool = False) -> list[float]:
    return [s.offset / 240 for s in fit(cells, "8", Metre(4, 4), read_metre(metre), steady=steady)]


def test_a_line_is_read_cell_by_cell() -> None:
    strokes = read("--X.o-x.", "8")
    assert [(s.offset, s.length, s.symbol, s.tied) for s in strokes] == [
        (0, 480, "-", True), (480, 240, "X", False), (960, 480, "o", True), (1440, 240, "x", False)]  # fmt: skip


@pytest.mark.parametrize(
    ("metre", "snare", "kick"),
    [
        ("4/4", [2, 6], [0, 4]),
        ("2/2", [2, 6], [0, 4]),
        ("3/4", [4], [0]),
        ("5/4", [4, 8], [0, 6]),
        ("7/8", [2, 6], [0, 4]),
        ("7/8 3+2+2", [3], [0, 5]),
        ("5/8", [3], [0]),
        ("6/8", [3], [0]),
        ("9/8", [6], [0]),
        ("12/8", [3, 9], [0, 6]),
        ("6/4", [4, 10], [0, 6]),
    ],
)
def test_backbeats_end_groups_and_kicks_begin_them(metre: str, snare: list[float], kick: list[float]) -> None:
    assert beats_in_eighths(ROCK_SNARE, metre) == snare
    assert beats_in_eighths(ROCK_KICK, metre) == kick


@pytest.mark.parametrize("metre", ["3/4", "5/4", "7/8", "6/8", "9/8", "12/8", "7/8 3+2+2", "5/8"])
def test_time_keeping_goes_on_through_every_eighth(metre: str) -> None:
    count = read_metre(metre).bar_ticks() // 240
    assert beats_in_eighths(ROCK_HAT, metre, steady=True) == list(range(count))


def test_off_beats_shuffle_into_dotted_beats() -> None:
    assert beats_in_eighths(".x.x.x.x", "12/8") == [2, 5, 8, 11]


def test_a_waltz_becomes_oom_pah_in_four() -> None:
    assert [s.offset // 480 for s in fit("x.....", "8", Metre(3, 4), Metre(4, 4))] == [0, 2]
    assert [s.offset // 480 for s in fit("....x.", "8", Metre(3, 4), Metre(4, 4))] == [1, 3]


@given(metres, st.text("Xxo.-", min_size=8, max_size=8), st.booleans())
def test_fitted_strokes_lie_in_the_bar_in_order_without_overlap(metre: Metre, cells: str, steady: bool) -> None:
    strokes = fit(cells, "8", Metre(4, 4), metre, steady=steady)
    for a, b in pairwise(strokes):
        assert a.offset + a.length <= b.offset
    assert all(s.offset >= 0 and s.length > 0 and s.offset + s.length <= metre.bar_ticks() for s in strokes)
    assert any(s.offset == 0 for s in strokes) == (cells[0] != ".")


@given(metres)
def test_units_cover_the_bar(metre: Metre) -> None:
    found = units(metre)
    assert found[0].start == 0 and found[0].role == "down"
    assert [u.start + u.length for u in found] == [*(u.start for u in found[1:]), metre.bar_ticks()]
    assert sum(u.role == "down" for u in found) == 1


def test_bars_are_counted_only_when_whole() -> None:
    assert bars_of("x... x... x... x...", "16", Metre(4, 4)) == 1
    assert bars_of("x . . | x . .", "4", Metre(3, 4)) == 2
    assert bars_of("x . . .", "8t", Metre(4, 4)) == 0
