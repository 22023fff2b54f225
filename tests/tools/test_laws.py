"""Laws of the exact instructions over any piece: nothing outside changes, inverse pairs restore, disjoint edits commute."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.formats.midi import read_midi, write_midi
from ripieno.score.piece import Piece
from ripieno.tools import registry
from ripieno.tools.base import Instruction, Tool, Toolbox, Workbench
from ripieno.tools.registry import FAMILIES, TOOLS, execute, family, parse_instruction
from ripieno.tools.scope import Scope
from tests.score.pieces import pieces, waltz
from tests.tools.examples import NOTES, every_example, instructions

BENCH = Workbench(Toolbox({}), seed=3)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
bands = pieces().filter(lambda p: len(p.tracks) > 1)


def do(piece: Piece, **data: object) -> Piece:
    """The piece after one instruction given as data."""
    return execute(parse_instruction(data), piece, BENCH).piece


def done(piece: Piece, instruction: Instruction) -> Piece:
    """The piece after an instruction, if it fits."""
    try:
        return execute(instruction, piece, BENCH).piece
    except Retryable:
        assume(False)
        raise


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_every_instruction_keeps_to_its_scope_and_gives_a_sound_piece(data: st.DataObject) -> None:
    """`execute` proves the scope; what comes out is a piece that can be written, read and hashed."""
    piece = data.draw(bands)
    instruction = data.draw(instructions(piece))
    after = done(piece, instruction)
    assert after.bars >= 1 and (not after.sections or sum(s.bars for s in after.sections) == after.bars)
    assert [s.first_bar for s in after.sections] == list(np.cumsum([0, *(s.bars for s in after.sections)]))[
        : len(after.sections)
    ]
    assert all(a.end <= b.start for a, b in zip(after.chords, after.chords[1:], strict=False))
    assert after.keys[0].bar == 0 and all(a.bar < b.bar for a, b in zip(after.keys, after.keys[1:], strict=False))
    for track in after.tracks:
        assert (track.notes["start"] >= 0).all() and (track.notes["duration"] > 0).all()
    assert len({t.id for t in after.tracks}) == len(after.tracks)
    assert execute(instruction, piece, BENCH).piece.hash == after.hash, "same instruction, same seed, same bytes"
    write_midi(after)


@quick
@given(bands, st.integers(-12, 12))
def test_up_and_down_again(piece: Piece, semitones: int) -> None:
    up = done(piece, parse_instruction({"kind": "transpose", "semitones": semitones}))
    assert do(up, kind="transpose", semitones=-semitones).hash == piece.hash


@quick
@given(bands, st.integers(-5, 5))
def test_diatonic_steps_up_and_down_again(piece: Piece, steps: int) -> None:
    """Exact in scales of seven notes, where every chromatic note has a letter of its own."""
    assume(all(len(k.key.intervals) == 7 for k in piece.keys))
    up = done(piece, parse_instruction({"kind": "transpose", "steps": steps}))
    scale_only = all(
        piece.key_at(piece.timeline.bar_at(int(n["start"]))).degree(int(n["pitch"]) % 12) is not None
        for t in piece.tracks
        if not t.is_drum
        for n in t.notes
    )
    if scale_only:
        assert do(up, kind="transpose", steps=-steps).hash == piece.hash


@quick
@given(bands)
def test_mute_and_unmute_rename_and_back_solo_and_all(piece: Piece) -> None:
    track = piece.tracks[0]
    scope = {"tracks": [track.id]}
    muted = do(piece, kind="set_mix", scope=scope, muted=True)
    assert do(muted, kind="set_mix", scope=scope, muted=track.mix.muted).hash == piece.hash
    if track.name:
        renamed = do(piece, kind="rename_track", scope=scope, name="Another")
        assert do(renamed, kind="rename_track", scope=scope, name=track.name).hash == piece.hash
    heard = replace(piece, tracks=tuple(replace(t, mix=replace(t.mix, muted=False)) for t in piece.tracks))
    assert do(do(heard, kind="solo", scope=scope), kind="solo", on=False).hash == heard.hash


@quick
@given(bands)
def test_duplicate_and_remove_split_and_merge(piece: Piece) -> None:
    track = piece.tracks[0]
    two = do(piece, kind="duplicate_track", scope={"tracks": [track.id]}, name="copy")
    (new,) = {t.id for t in two.tracks} - {t.id for t in piece.tracks}
    assert do(two, kind="remove_track", scope={"tracks": [new]}).hash == piece.hash
    assume(not track.is_drum)
    split = done(piece, parse_instruction({"kind": "split_track", "scope": {"tracks": [track.id]}, "at": "C4"}))
    (high,) = {t.id for t in split.tracks} - {t.id for t in piece.tracks}
    merged = do(split, kind="merge_tracks", scope={"tracks": [track.id, high]})
    assert merged.track(track.id).notes.tobytes() == track.notes.tobytes()


@quick
@given(bands, st.data())
def test_inserted_bars_cut_again_copies_cut_again_moves_moved_back(piece: Piece, data: st.DataObject) -> None:
    """Bars that come and go leave the piece as it was."""
    at, bars = data.draw(st.integers(0, piece.bars)), data.draw(st.integers(1, 3))
    more = do(piece, kind="insert_bars", at=at, bars=bars)
    assert more.bars == piece.bars + bars
    assert same_music(do(more, kind="cut", scope={"bars": (at, at + bars)}), piece)
    first = data.draw(st.integers(0, piece.bars - 1))
    end = data.draw(st.integers(first + 1, piece.bars))
    copied = do(piece, kind="copy_bars", scope={"bars": (first, end)}, to=at)
    assert same_music(do(copied, kind="cut", scope={"bars": (at, at + end - first)}), piece)
    again = do(piece, kind="repeat_section", scope={"bars": (first, end)})
    assert same_music(do(again, kind="cut", scope={"bars": (end, 2 * end - first)}), piece)


def same_music(a: Piece, b: Piece) -> bool:
    """Equal in all that sounds before the final bar line: notes, tempo, metre, key, chords."""

    def heard(p: Piece) -> object:
        notes = [t.notes[t.notes["start"] < p.ticks].tobytes() for t in p.tracks]
        tempos = [(t.tick, t.bpm) for t in p.timeline.tempos if t.tick < p.ticks]
        tempos = [t for i, t in enumerate(tempos) if i == 0 or t[1] != tempos[i - 1][1]]
        chords: list[tuple[int, int, object]] = []
        for c in p.chords:
            joined = chords and chords[-1][1:] == (c.start, c.chord)
            first = chords.pop()[0] if joined else c.start
            if c.start < p.ticks:
                chords.append((first, min(c.end, p.ticks), c.chord))
        bars = [(p.timeline.metre_at(bar), p.key_at(bar)) for bar in range(p.bars)]
        return (notes, tempos, bars, chords, [t.id for t in p.tracks])

    return heard(a) == heard(b)


@quick
@given(pieces(grid=4).filter(lambda p: len(p.tracks) > 1))
def test_stretched_and_pressed_together_again(piece: Piece) -> None:
    assume(len(piece.timeline.metres) == 1)
    twice = do(piece, kind="augment", factor=2)
    assert twice.bars == 2 * piece.bars
    back = do(twice, kind="augment", factor=0.5)
    assert back.bars == piece.bars
    for old, new in zip(piece.tracks, back.tracks, strict=True):
        inner = old.notes["start"] + old.notes["duration"] <= piece.ticks
        assert set(map(tuple, old.notes[inner].tolist())) <= set(map(tuple, new.notes.tolist()))


@quick
@given(bands)
def test_backwards_twice_restores_what_ends_within(piece: Piece) -> None:
    twice = do(do(piece, kind="retrograde"), kind="retrograde")
    for old, new in zip(piece.tracks, twice.tracks, strict=True):
        if (old.notes["start"] + old.notes["duration"] <= piece.ticks).all():
            assert new.notes.tobytes() == old.notes.tobytes()


@quick
@given(bands, st.integers(20, 100))
def test_upside_down_twice(piece: Piece, axis: int) -> None:
    turned = done(piece, parse_instruction({"kind": "invert", "axis": axis, "diatonic": False}))
    assert do(turned, kind="invert", axis=axis, diatonic=False).hash == piece.hash


@quick
@given(pieces(grid=240))
def test_swung_and_straightened(piece: Piece) -> None:
    assume(piece.tracks and all(m.metre.denominator in (2, 4) for m in piece.timeline.metres))
    swung = do(piece, kind="swing", ratio=2 / 3)
    assert do(swung, kind="swing", ratio=0.5, was=2 / 3).hash == piece.hash


@quick
@given(bands, st.data())
def test_edits_of_different_tracks_commute(piece: Piece, data: st.DataObject) -> None:
    a, b = (piece.tracks[0].id, piece.tracks[1].id)
    one = parse_instruction({**data.draw(st.sampled_from(NOTES)), "scope": {"tracks": [a]}})
    two = parse_instruction({**data.draw(st.sampled_from(NOTES)), "scope": {"tracks": [b]}})
    assert done(done(piece, one), two).hash == done(done(piece, two), one).hash


@quick
@given(bands.filter(lambda p: p.bars > 1), st.data())
def test_edits_of_different_bars_commute(piece: Piece, data: st.DataObject) -> None:
    """But for those that look at what sounds around the bars: the next onset, other voices."""
    blind = ("transpose", "silence", "scale_velocities", "compress_velocities", "retrograde", "swing", "quantise", "thin_out")
    rows = [d for d in NOTES if d["kind"] in blind]
    cut = data.draw(st.integers(1, piece.bars - 1))
    one = parse_instruction({**data.draw(st.sampled_from(rows)), "scope": {"bars": (0, cut)}})
    two = parse_instruction({**data.draw(st.sampled_from(rows)), "scope": {"bars": (cut, piece.bars)}})
    assert done(done(piece, one), two).hash == done(done(piece, two), one).hash


@quick
@given(bands.filter(lambda p: p.bars > 1), st.data())
def test_a_stretch_moved_and_moved_back(piece: Piece, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, piece.bars - 1))
    moved = do(piece, kind="move_section", scope={"bars": (first, piece.bars)}, to=0)
    back = do(moved, kind="move_section", scope={"bars": (0, piece.bars - first)}, to=piece.bars)
    assert same_music(back, piece)


@quick
@given(bands, st.integers(-7, 7), st.floats(0.3, 1.5))
def test_pitch_and_loudness_commute(piece: Piece, semitones: int, factor: float) -> None:
    up = parse_instruction({"kind": "transpose", "semitones": semitones})
    soft = parse_instruction({"kind": "scale_velocities", "factor": factor})
    assert done(done(piece, up), soft).hash == done(done(piece, soft), up).hash


@quick
@given(bands, st.sampled_from(["Eb", "A", "F#"]))
def test_to_another_key_and_back(piece: Piece, tonic: str) -> None:
    assume(len(piece.keys) == 1)
    there = done(piece, parse_instruction({"kind": "change_key", "key": tonic}))
    assert there.key.tonic == tonic and there.key.mode == piece.key.mode
    back = do(there, kind="change_key", key=piece.key.tonic)
    assert back.key == piece.key
    for old, new in zip(piece.tracks, back.tracks, strict=True):
        apart = (new.notes["pitch"].astype(int) - old.notes["pitch"]) % 12
        assert not apart.any() and (new.notes["start"] == old.notes["start"]).all()


@quick
@given(bands, st.data())
def test_what_is_kept_is_not_changed_and_the_refusal_says_so(piece: Piece, data: st.DataObject) -> None:
    lock = Scope(tracks=(piece.tracks[0].id,))
    bench = replace(BENCH, locks=(lock,))
    instruction = data.draw(instructions(piece))
    try:
        after = execute(instruction, piece, bench).piece
    except Retryable:
        return
    assert after.track(piece.tracks[0].id).hash == piece.tracks[0].hash


def test_a_tool_that_oversteps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deliberately faulty tool for each law of the proof."""
    from ripieno.tools.base import exact
    from ripieno.tools.proof import OutOfScope
    from ripieno.tools.structure import Cut
    from ripieno.tools.tracks import SetMix

    piece = waltz()
    first, second = piece.tracks[0], piece.tracks[1]
    louder = second.notes.copy()
    louder["velocity"][0] += 1

    def other_track(instruction: Instruction, p: Piece) -> Piece:
        return p.with_track(second.with_notes(louder))

    monkeypatch.setitem(registry.TOOLS, "set_mix", Tool(SetMix, exact(other_track)))
    with pytest.raises(OutOfScope, match=second.name):
        do(piece, kind="set_mix", scope={"tracks": [first.id]}, volume=3)
    cut = registry.TOOLS["cut"].run
    assert cut is not None

    def and_louder(instruction: Instruction, p: Piece) -> Piece:
        after = cut(instruction, p, BENCH).piece
        notes = after.tracks[1].notes.copy()
        notes["velocity"][-1] += 1
        return after.with_track(after.tracks[1].with_notes(notes))

    monkeypatch.setitem(registry.TOOLS, "cut", Tool(Cut, exact(and_louder)))
    with pytest.raises(OutOfScope, match="notes"):
        do(piece, kind="cut", scope={"bars": (0, 2)})


def test_every_instruction_says_what_it_means_and_reads_back() -> None:
    shown = {str(d["kind"]) for d in every_example()}
    exact = {
        k for k, t in TOOLS.items() if t.run and not t.generative and family(k) in ("structure", "notes", "tempo", "tracks")
    }
    assert exact == shown, "every exact instruction has an example, so that the laws are tried on it"
    for tool in TOOLS.values():
        assert tool.model.__doc__ and len(tool.model.__doc__) > 30
    for data in every_example():
        instruction = parse_instruction(data)
        assert parse_instruction(instruction.model_dump(mode="json")) == instruction
    assert set(FAMILIES) == {"make", "structure", "notes", "tempo", "tracks", "ask", "turn"}


def test_impossible_values_are_refused_with_the_range() -> None:
    for data in (
        {"kind": "change_tempo", "bpm": -50},
        {"kind": "transpose"},
        {"kind": "transpose", "semitones": 2, "octaves": 1},
        {"kind": "set_mix"},
        {"kind": "change_metre", "metre": "4/5"},
        {"kind": "change_instrument", "instrument": "kazoo choir of doom"},
        {"kind": "change_mode", "mode": "grumpy"},
    ):
        with pytest.raises((ValueError, BadRequest)):
            parse_instruction(data)
    with pytest.raises(Retryable, match="1 and 8"):
        do(waltz(), kind="cut", scope={"bars": (3, 99)})
    with pytest.raises(Retryable, match="Theme, Answer"):
        do(waltz(), kind="cut", scope={"sections": ["bridge"]})
    with pytest.raises(Retryable, match="Flute"):
        do(waltz(), kind="set_mix", scope={"tracks": ["tuba"]}, volume=3)


def test_the_file_of_an_edited_piece_reads_back() -> None:
    piece = do(waltz(), kind="repeat_section", scope={"sections": ["Theme"]})
    again = read_midi(write_midi(piece))
    assert again.bars == 12 and [len(t.notes) for t in again.tracks] == [len(t.notes) for t in piece.tracks]
