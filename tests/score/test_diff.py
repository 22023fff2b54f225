"""The musical difference, in words that a musician would use."""

import pytest
from hypothesis import given, settings

from ripieno.score.diff import compare_pieces
from ripieno.score.piece import Piece
from ripieno.tools.base import Toolbox, Workbench
from ripieno.tools.registry import execute, parse_instruction
from tests.score.pieces import pieces, waltz

BENCH = Workbench(Toolbox({}), seed=1)


def lines(**data: object) -> tuple[str, ...]:
    """The difference that one instruction makes to the waltz."""
    return compare_pieces(waltz(), execute(parse_instruction(data), waltz(), BENCH).piece).lines


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"kind": "set_mix", "scope": {"tracks": ["brushes"]}, "muted": True}, ("Brushes muted",)),
        ({"kind": "remove_track", "scope": {"tracks": ["cello"]}}, ("Cello removed",)),
        (
            {"kind": "transpose", "octaves": 1, "scope": {"tracks": ["flute"], "bars": (0, 2)}},
            ("Flute bars 1 to 2: an octave higher",),
        ),
        ({"kind": "transpose", "semitones": -3, "scope": {"tracks": ["flute"]}}, ("Flute: a minor third lower",)),
        ({"kind": "change_tempo", "bpm": 120, "scope": {"bars": (0, 4)}}, ("bars 1 to 4: tempo 120 (it was 138)",)),
        ({"kind": "scale_velocities", "factor": 0.5, "scope": {"tracks": ["cello"]}}, ("Cello: softer by 32",)),
        ({"kind": "articulate", "style": "staccato", "scope": {"tracks": ["cello"]}}, ("Cello: held shorter",)),
        ({"kind": "rename_track", "name": "Solo", "scope": {"tracks": ["cello"]}}, ("Solo: called so instead of Cello",)),
        (
            {"kind": "set_note", "bar": 0, "nth": 1, "pitch": "G", "scope": {"tracks": ["flute"]}},
            ("Flute bar 1: rhythm kept, 1 note a semitone higher",),
        ),
        (
            {"kind": "set_mix", "scope": {"tracks": ["flute", "cello"]}, "volume": 90},
            ("Flute, Cello: volume 90 instead of 100",),
        ),
    ],
)
def test_simple_changes(data: dict[str, object], expected: tuple[str, ...]) -> None:
    assert lines(**data) == expected


def test_bars_that_go_and_come_do_not_make_the_rest_look_new() -> None:
    cut = lines(kind="cut", scope={"bars": (2, 4)})
    assert "bars 3 to 4 cut" in cut and not any("written anew" in line for line in cut)
    twice = lines(kind="repeat_section", scope={"bars": (0, 4)})
    assert any(line.startswith("bars") and "put in (a copy of bars 1 to 4)" in line for line in twice)
    assert not any("written anew" in line for line in twice)


def test_a_mode_change_keeps_the_rhythm() -> None:
    said = lines(kind="change_mode", mode="major")
    assert "key B major instead of B minor" in said
    assert any("rhythm kept" in line for line in said)


@settings(max_examples=40, deadline=None)
@given(pieces(), pieces())
def test_any_two_pieces_compare_and_equal_ones_do_not_differ(a: Piece, b: Piece) -> None:
    assert compare_pieces(a, a).lines == ()
    assert compare_pieces(a, b).lines or a.hash == b.hash or a.tracks == b.tracks
