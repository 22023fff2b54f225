"""The grid on which everything is analysed: what it says of a piece is what a plain loop over the notes finds."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.score.analysis.bars import bar_codes, bar_runs, runs
from ripieno.score.analysis.reading import GRID, Reading, snap, spread, weight_table
from ripieno.score.analysis.skyline import melody, skyline
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from ripieno.score.time import PPQ, Metre
from tests.score.makers import notes, piece, track
from tests.score.pieces import pieces

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(pieces())
def test_bars_and_weights_agree_with_the_timeline(any_piece: Piece) -> None:
    reading = Reading(any_piece)
    scale = GRID / any_piece.timeline.ppq
    expected = [round(any_piece.timeline.bar_start(b) * scale) for b in range(any_piece.bars + 1)]
    assert np.abs(reading.bar_slots - np.array(expected)).max() <= 1
    assert (np.diff(reading.bar_slots) > 0).all()
    assert len(reading.slot_weight) == reading.slots
    assert (reading.slot_weight[reading.bar_slots[:-1]] == 1.0).all()
    assert set(reading.bar_slots[:-1].tolist()) <= set(reading.beats.tolist())


@quick
@given(pieces())
def test_sounding_pitches_agree_with_a_loop_over_the_notes(any_piece: Piece) -> None:
    reading = Reading(any_piece)
    for row, line in enumerate(reading.lines):
        for slot in {0, reading.slots // 3, reading.slots - 1}:
            sounding = [p for s, e, p in zip(line.start, line.end, line.pitch, strict=True) if s <= slot < e]
            assert reading.top[row, slot] == max(sounding, default=-1)
            assert reading.bottom[row, slot] == min(sounding, default=-1)
    total = sum(int(np.clip(np.minimum(x.end, reading.slots) - x.start, 0, None).sum()) for x in reading.lines)
    assert reading.pitch_classes.sum() == pytest.approx(total)


def test_weights_of_common_metres() -> None:
    assert weight_table(Metre(4, 4))[[0, 12, 24, 36]].tolist() == [1.0, 0.5, 0.75, 0.5]
    assert weight_table(Metre(6, 8))[[0, 6, 18]].tolist() == [1.0, 0.25, 0.75]


def test_written_attacks_are_rounded_and_played_ones_find_their_place() -> None:
    written = np.array([0.0, 3.0, 4.0, 8.0, 12.0])
    assert snap(written).tolist() == [0, 3, 4, 8, 12]
    played = np.array([0.7, 3.2, 5.6, 8.9, 12.6, 23.3])
    assert snap(played).tolist() == [0, 3, 6, 9, 12, 24]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=20))
def test_spread_names_each_slot_of_each_note(rows: list[tuple[int, int]]) -> None:
    start = np.array([s for s, _ in rows], dtype=np.int64)
    end = np.array([s + d for s, d in rows], dtype=np.int64)
    index, place = spread(start, end, 45)
    pairs = [(i, t) for i, (s, d) in enumerate(rows) for t in range(s, min(s + d, 45))]
    assert list(zip(index.tolist(), place.tolist(), strict=True)) == pairs


def test_the_tune_is_the_upper_edge_without_what_lies_below_a_held_note() -> None:
    held = notes("C5:4 B4+G4:2 A4:2")
    filler = notes("r:1 E4:1 F4:1 E4:1")
    both = np.concatenate([held, filler])
    reading = Reading(piece(track("piano", Role.LEAD, "piano", both), bars=2))
    assert melody(reading).pitch.tolist() == [72, 71, 69]
    assert skyline(reading.lines[0], lowest=True).pitch.tolist()[-2:] == [67, 69]


def test_the_left_hand_does_not_enter_the_tune_where_the_right_one_rests() -> None:
    right = notes("C5:1 D5:1 E5:1 r:1", times=4)
    left = notes("r:3 C3+G3:1", times=4)
    reading = Reading(piece(track("piano", Role.LEAD, "piano", np.concatenate([right, left])), bars=4))
    assert melody(reading).pitch.tolist() == [72, 74, 76] * 4


def test_the_lead_is_named_or_the_top_line() -> None:
    low = track("cello", Role.COUNTERMELODY, "cello", notes("C3:4", times=4))
    high = track("violin", Role.LEAD, "violin", notes("E5:4", times=4))
    assert Reading(piece(low, high, bars=4)).lead is not None
    chords = track("piano", Role.CHORDS, "piano", notes("C4+E4:4", times=4))
    bass = track("bass", Role.BASS, "upright_bass", notes("C2:4", times=4))
    lead = Reading(piece(bass, chords, bars=4)).lead
    assert lead is not None and lead.track.id == "piano"


def test_bar_codes_know_same_rhythm_transposed_and_different() -> None:
    text = "C4:1 D4:1 E4:1 F4:1 C4:1 D4:1 E4:1 F4:1 D4:1 E4:1 F#4:1 G4:1 C4:2 D4:2"
    reading = Reading(piece(track("flute", Role.LEAD, "flute", notes(text)), bars=4))
    codes = bar_codes(reading, reading.lines[0])
    assert codes.exact[0] == codes.exact[1] != codes.exact[2]
    assert codes.shape[0] == codes.shape[2]
    assert codes.rhythm[0] == codes.rhythm[2] != codes.rhythm[3]


def test_runs_of_bars() -> None:
    mask = np.array([True, True, False, True, False, False])
    assert runs(mask) == [(0, 2), (3, 4)]
    assert bar_runs(np.array([0, 1, 3]), 6) == [(0, 2), (3, 4)]
    assert bar_runs(np.array([0, 1, 3]), 6, gap=1) == [(0, 4)]


def test_seconds_follow_the_tempo() -> None:
    reading = Reading(piece(track("flute", Role.LEAD, "flute", notes("C5:4")), bars=1, bpm=60.0))
    assert reading.seconds(np.array([0, GRID, 4 * GRID])).tolist() == [0.0, 1.0, 4.0]
    assert reading.piece.timeline.ppq == PPQ
