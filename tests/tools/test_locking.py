"""What is kept stays, what is not may change, and a lock goes on meaning what it meant."""

from dataclasses import replace

import pytest

from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools.base import Toolbox, Workbench
from ripieno.tools.locking import meet, pinned, prove_locks
from ripieno.tools.registry import execute, parse_instruction
from ripieno.tools.scope import Scope
from tests.score.pieces import waltz

BENCH = Workbench(Toolbox({}), seed=1)
ANSWER = Scope(sections=("Answer",))
SNARE = Scope(tracks=("drums",), drums=("snare",))


def do(lock: Scope, data: dict[str, object]) -> Piece:
    """The waltz after an instruction, with something locked."""
    return execute(parse_instruction(data), waltz(), replace(BENCH, locks=(lock,))).piece


REFUSED: list[tuple[Scope, dict[str, object]]] = [
    (ANSWER, {"kind": "change_tempo", "bpm": 60}),
    (ANSWER, {"kind": "change_key", "key": "Eb"}),
    (ANSWER, {"kind": "rename_section", "name": "Z", "scope": {"sections": ["Answer"]}}),
    (ANSWER, {"kind": "split_section", "at": 6}),
    (ANSWER, {"kind": "set_mix", "muted": True, "scope": {"tracks": ["flute"]}}),
    (ANSWER, {"kind": "change_instrument", "instrument": "oboe", "scope": {"tracks": ["flute"]}}),
    (ANSWER, {"kind": "transpose", "semitones": 1}),
    (ANSWER, {"kind": "duplicate_track", "scope": {"tracks": ["flute"]}}),
    (ANSWER, {"kind": "cut", "scope": {"bars": (5, 6)}}),
    (ANSWER, {"kind": "insert_bars", "at": 6, "bars": 2}),
    (Scope(), {"kind": "change_tempo", "bpm": 60}),
    (Scope(), {"kind": "rename_track", "name": "X", "scope": {"tracks": ["flute"]}}),
    (SNARE, {"kind": "scale_velocities", "factor": 0.5, "scope": {"tracks": ["drums"], "drums": ["snare"]}}),
    (SNARE, {"kind": "scale_velocities", "factor": 0.5}),
    (SNARE, {"kind": "remove_track", "scope": {"tracks": ["drums"]}}),
    (Scope(tracks=("flute",)), {"kind": "rename_track", "name": "X", "scope": {"tracks": ["flute"]}}),
    (Scope(tracks=("flute",), bars=(0, 2)), {"kind": "transpose", "semitones": 1, "scope": {"bars": (1, 4)}}),
]
ALLOWED: list[tuple[Scope, dict[str, object]]] = [
    (ANSWER, {"kind": "transpose", "semitones": 1, "scope": {"sections": ["Theme"]}}),
    (ANSWER, {"kind": "change_tempo", "bpm": 60, "scope": {"sections": ["Theme"]}}),
    (ANSWER, {"kind": "rename_track", "name": "X", "scope": {"tracks": ["flute"]}}),
    (ANSWER, {"kind": "cut", "scope": {"bars": (0, 1)}}),
    (ANSWER, {"kind": "insert_bars", "at": 0, "bars": 2}),
    (ANSWER, {"kind": "repeat_section", "scope": {"sections": ["Answer"]}}),
    (SNARE, {"kind": "scale_velocities", "factor": 0.5, "scope": {"tracks": ["drums"], "drums": ["kick"]}}),
    (SNARE, {"kind": "change_tempo", "bpm": 60}),
    (Scope(tracks=("flute",)), {"kind": "change_tempo", "bpm": 60}),
    (Scope(tracks=("flute",), bars=(0, 2)), {"kind": "transpose", "semitones": 1, "scope": {"bars": (2, 4)}}),
    (Scope(tracks=("tuba",)), {"kind": "transpose", "semitones": 1}),
]


@pytest.mark.parametrize(("lock", "data"), REFUSED)
def test_what_would_change_it_is_refused_and_says_so(lock: Scope, data: dict[str, object]) -> None:
    with pytest.raises(Retryable, match="locked"):
        do(lock, data)


@pytest.mark.parametrize(("lock", "data"), ALLOWED)
def test_what_leaves_it_alone_is_done(lock: Scope, data: dict[str, object]) -> None:
    assert do(lock, data).hash != waltz().hash


def test_a_new_track_stays_out_of_locked_bars() -> None:
    before = waltz()
    new = replace(before.track("cello"), id="cello_2")
    instruction = parse_instruction({"kind": "add_track", "part": {"instrument": "cello"}})
    with pytest.raises(Retryable, match="Answer"):
        prove_locks(before, replace(before, tracks=(*before.tracks, new)), instruction, [ANSWER])
    short = new.with_notes(new.notes[new.notes["start"] < before.timeline.bar_start(4)])
    prove_locks(before, replace(before, tracks=(*before.tracks, short)), instruction, [ANSWER])


def test_a_pinned_lock_means_what_it_meant() -> None:
    piece = waltz()
    assert pinned(Scope(but_tracks=("drums",)), piece).tracks == ("flute", "piano", "cello")
    family = pinned(Scope(tracks=("strings",)), piece)
    assert family.tracks == ("cello",)
    assert pinned(Scope(seconds=(0.0, 2.0)), piece).bars == (0, 2)
    with pytest.raises(Retryable):
        pinned(Scope(tracks=("tuba",)), piece)


def test_what_meets_a_lock() -> None:
    piece = waltz()
    assert meet(Scope(tracks=("drums",)), SNARE, piece)
    assert not meet(Scope(tracks=("drums",), drums=("kick",)), SNARE, piece)
    assert not meet(Scope(tracks=("flute",)), SNARE, piece)
    assert meet(Scope(bars=(3, 5)), ANSWER, piece) and not meet(Scope(bars=(0, 4)), ANSWER, piece)
    assert not meet(Scope(), Scope(tracks=("tuba",)), piece)
