"""The inventive instructions: they keep to their scope, are decided by the seed, and do what they promise, measurably."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.style import builtin_styles
from ripieno.score.analysis.reading import read
from ripieno.score.brief import Attribute, Brief
from ripieno.score.checks.registry import run_checks
from ripieno.score.chords import Chord
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, Piece, Track, make_controls
from ripieno.score.time import PPQ, Timeline
from ripieno.tools.base import Workbench
from ripieno.tools.ground import at_house_ticks, top_line
from ripieno.tools.registry import execute, parse_instruction
from ripieno.tools.toolbox import build_toolbox
from tests.tools.parts_of import outside

TOOLBOX = build_toolbox()
STYLES = ("pop", "bossa_nova", "string_quartet", "waltz")


def brief_of(style: str) -> Brief:
    """A brief of sixteen bars in D minor."""
    return Brief(
        style=Attribute(value=style), tonic=Attribute(value="D"), mode=Attribute(value="minor"), bars=Attribute(value=16)
    )


@lru_cache(maxsize=8)
def composed(style: str) -> Piece:
    """A piece of a style."""
    return TOOLBOX.generators["theory"].generate(GenerationRequest(brief_of(style), 7)).piece


@lru_cache(maxsize=1)
def imported() -> Piece:
    """A piece as it comes from elsewhere: no chords, no sections, 96 ticks to the quarter note, no brief."""
    piece = composed("pop")
    tracks = []
    for track in piece.tracks:
        notes, controls = track.notes.copy(), track.controls.copy()
        notes["start"], notes["duration"] = notes["start"] // 5, np.maximum(1, notes["duration"] // 5)
        controls["tick"] //= 5
        tracks.append(replace(track.with_notes(notes), controls=make_controls(controls)))
    timeline = Timeline(96, piece.timeline.tempos, piece.timeline.metres)
    return replace(piece, timeline=timeline, sections=(), chords=(), tracks=tuple(tracks))


PIECES = (*STYLES, "imported")


def get(name: str) -> tuple[Piece, Brief | None]:
    """A piece by name, with its brief."""
    return (imported(), None) if name == "imported" else (composed(name), brief_of(name))


def do(name: str, seed: int = 3, piece: Piece | None = None, **data: Any) -> Piece:
    """The piece after one instruction given as data."""
    own, brief = get(name)
    return execute(parse_instruction(data), piece or own, Workbench(TOOLBOX, seed, brief=brief)).piece


def lead_of(piece: Piece) -> Track:
    """The track with the tune."""
    line = read(piece).lead
    assert line is not None
    return line.track


def attacks(notes: Notes) -> set[tuple[int, int]]:
    """(start, pitch) of all notes."""
    return set(zip(notes["start"].tolist(), notes["pitch"].tolist(), strict=True))


INSIDE: list[dict[str, Any]] = [
    {"kind": "regenerate"}, {"kind": "regenerate", "keep_rhythm": True}, {"kind": "infill"}, {"kind": "vary", "strength": 0.4},
    {"kind": "vary", "strength": 0.9}, {"kind": "simplify", "amount": 0.7}, {"kind": "make_busier", "amount": 0.6},
]  # fmt: skip
ADDING: list[dict[str, Any]] = [
    {"kind": "add_track", "part": {"instrument": "cello"}},
    {"kind": "add_track", "part": {"instrument": "hammond_organ", "role": "pad"}},
    {"kind": "countermelody"}, {"kind": "harmonise", "instrument": "clarinet"},
    {"kind": "harmonise", "interval": "chorale", "instrument": "strings"},
]  # fmt: skip
GROWING: list[dict[str, Any]] = [
    {"kind": "extend", "bars": 4}, {"kind": "add_section", "section": "intro", "at": "start"},
    {"kind": "add_section", "section": "bridge", "bars": 4, "key": "F# minor"},
    {"kind": "add_section", "section": "outro", "energy": 0.2}, {"kind": "add_section", "section": "breakdown", "at": "start"},
]  # fmt: skip
ANEW: list[dict[str, Any]] = [
    {"kind": "reharmonise"}, {"kind": "reharmonise", "chords": ["Dm", "Gm7", "A7", "Bb"]}, {"kind": "restyle", "style": "tango"}
]


def words(data: dict[str, Any]) -> str:
    """An instruction as the name of a test."""
    return "-".join(str(v) for v in data.values())


def cases(rows: list[dict[str, Any]]) -> list[Any]:
    """Each instruction on two of the pieces, in turn, so that all pieces meet all families."""
    names = [(PIECES[k % len(PIECES)], row) for i, row in enumerate(rows) for k in (i, i + 2)]
    return [pytest.param(name, row, id=f"{name}-{words(row)}") for name, row in names]


@pytest.mark.parametrize(("name", "data"), cases(INSIDE))
def test_outside_the_scope_nothing_changes(name: str, data: dict[str, Any]) -> None:
    before, _ = get(name)
    track = lead_of(before)
    after = do(name, **data, scope={"tracks": [track.id], "bars": (4, 8)})
    line = before.timeline.bar_start
    assert [t.id for t in after.tracks] == [t.id for t in before.tracks]
    for old, new in zip(before.tracks, after.tracks, strict=True):
        if old.id == track.id:
            assert outside(new, ((line(4), line(8)),)).hash == outside(old, ((line(4), line(8)),)).hash
        else:
            assert new.hash == old.hash
    assert (after.chords, after.sections, after.keys, after.timeline) == (
        before.chords, before.sections, before.keys, before.timeline,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "data"), cases(ADDING))
def test_new_parts_leave_the_others_alone(name: str, data: dict[str, Any]) -> None:
    before, _ = get(name)
    after = do(name, **data, scope={"bars": (4, 12)})
    assert len(after.tracks) > len(before.tracks)
    assert [t.hash for t in after.tracks[: len(before.tracks)]] == [t.hash for t in before.tracks]
    line = before.timeline.bar_start
    for new in after.tracks[len(before.tracks) :]:
        assert len(new.notes) and line(4) <= new.notes["start"].min() and new.notes["start"].max() < line(12)
    assert len({t.id for t in after.tracks}) == len({t.name for t in after.tracks}) == len(after.tracks)


@pytest.mark.parametrize(("name", "data"), cases(GROWING))
def test_bars_that_were_there_move_unchanged(name: str, data: dict[str, Any]) -> None:
    before, _ = get(name)
    after = do(name, **data)
    grown = after.bars - before.bars
    at = grown if data.get("at") == "start" else 0
    assert grown > 0
    shift, end = after.timeline.bar_start(at), before.ticks
    for track in before.tracks:
        now = after.track(track.id).notes
        here = now[(now["start"] >= shift) & (now["start"] < shift + end)].copy()
        here["start"] -= shift
        old = track.notes[track.notes["start"] < end]
        assert np.array_equal(here, old), track.name
    assert any(len(after.track(t.id).notes) > len(t.notes) for t in before.tracks)
    if before.chords:
        moved = [(c.start - shift, c.chord) for c in after.chords if shift <= c.start < shift + end]
        assert moved == [(c.start, c.chord) for c in before.chords]


@pytest.mark.parametrize("data", [*INSIDE, *ADDING, *GROWING, *ANEW, {"kind": "add_fill"}], ids=words)
def test_the_seed_decides(data: dict[str, Any]) -> None:
    first = [do("pop", seed, **data).hash for seed in (1, 2, 3)]
    assert do("pop", 1, **data).hash == first[0], "same seed, same bytes"
    fixed = data["kind"] in ("harmonise", "simplify") or "chords" in data  # one best result
    assert fixed or len(set(first)) > 1, "another seed, another result"


@pytest.mark.parametrize(("name", "data"), cases([*INSIDE, *ADDING, *GROWING, *ANEW]))
def test_players_can_play_it(name: str, data: dict[str, Any]) -> None:
    before, _ = get(name)
    rules = ("range.outside", "playability.voices", "playability.hands", "playability.limbs")
    known = {(f.rule, f.tracks) for f in run_checks(before)}
    data = {**data, "scope": {"bars": (2, 6)}} if data["kind"] == "infill" else data
    found = [f for f in run_checks(do(name, **data)) if f.rule in rules and (f.rule, f.tracks) not in known]
    assert not found, [f.message for f in found]


@pytest.mark.parametrize("name", PIECES)
def test_variation_grows_with_its_strength(name: str) -> None:
    before, _ = get(name)
    tune = lead_of(before)
    scope = {"tracks": [tune.id]}
    old = attacks(tune.notes)
    lost = []
    for strength in (0.0, 0.2, 0.45, 0.75, 1.0):
        after = do(name, kind="vary", strength=strength, scope=scope)
        new = attacks(after.track(tune.id).notes)
        lost.append(1 - len(old & new) / len(old | new))
        if strength == 0.45:
            kept = len(old & new) / len(old)
            assert kept >= 0.5, "the skeleton stays"
    assert lost[0] == 0.0 and lost == sorted(lost) and lost[1] > 0.02 and lost[-1] > 0.75, lost


@pytest.mark.parametrize("name", PIECES)
def test_busier_has_more_and_simpler_has_fewer(name: str) -> None:
    before, _ = get(name)
    for kind, sign in (("make_busier", 1), ("simplify", -1)):
        counts = [sum(len(t.notes) for t in before.tracks)]
        for amount in (0.2, 0.6, 1.0):
            after = do(name, kind=kind, amount=amount)
            counts.append(sum(len(t.notes) for t in after.tracks))
            for old, new in zip(before.tracks, after.tracks, strict=True):
                if kind == "make_busier":
                    assert attacks(old.notes) <= attacks(new.notes), "what was there stays"
        assert counts == sorted(counts, reverse=sign < 0) and len(set(counts)) == 4, counts
        pitched = [sum(len(t.notes) for t in p.tracks if not t.is_drum) for p in (before, after)]  # a shaker may be full
        assert pitched[1] > 1.3 * pitched[0] if sign > 0 else pitched[1] < 0.85 * pitched[0], pitched
    lead = lead_of(before)
    simple = do(name, kind="simplify", amount=1.0).track(lead.id)
    bars = {before.timeline.bar_at(int(t)) for t in lead.notes["start"]}
    assert {before.timeline.bar_at(int(t)) for t in simple.notes["start"]} >= bars - {min(bars)}


@pytest.mark.parametrize(("interval", "sizes"), [("thirds", {3, 4}), ("sixths", {8, 9}), ("octaves", {0})])
@pytest.mark.parametrize("name", ["pop", "waltz", "imported"])
def test_intervals_are_what_they_are_called(name: str, interval: str, sizes: set[int]) -> None:
    before, _ = get(name)
    player = "viola" if interval != "octaves" else "piano"
    after = do(name, kind="harmonise", interval=interval, instrument=player)
    tune, voice = top_line(lead_of(before)), after.tracks[-1].notes
    assert tune["start"].tolist() == voice["start"].tolist()
    gaps = (tune["pitch"].astype(int) - voice["pitch"]) % 12
    # what lasts is bent to the chord: a fourth or a fifth in place of the third, now and then
    assert np.mean(np.isin(gaps, list(sizes))) >= (0.6 if interval != "octaves" else 1.0)
    if before.chords and interval != "octaves":
        starts = [c.start for c in before.chords]
        for tick, pitch in zip(voice["start"].tolist(), voice["pitch"].tolist(), strict=True):
            chord = before.chords[max(0, int(np.searchsorted(starts, tick + 60, side="right")) - 1)].chord
            assert before.key.degree(pitch % 12) is not None or pitch % 12 in chord.pitch_classes


def test_a_chorale_has_three_voices_under_the_tune() -> None:
    before, _ = get("string_quartet")
    after = do("string_quartet", kind="harmonise", interval="chorale", instrument="church_organ")
    organ, tune = after.tracks[-1], lead_of(before)
    ends = organ.notes["start"].astype(np.int64) + organ.notes["duration"]
    voices = []
    for tick in tune.notes["start"][::4].tolist():
        sounding = organ.notes["pitch"][(organ.notes["start"] <= tick + 10) & (ends > tick + 10)]
        voices.append(len(sounding))
    assert np.median(voices) == 3
    assert np.median(organ.notes["pitch"]) < np.median(tune.notes["pitch"])


@pytest.mark.parametrize("name", PIECES)
def test_other_chords_under_the_same_tune(name: str) -> None:
    before, _ = get(name)
    symbols = ["Dm", "Gm7", "A7", "Bb"]
    after = do(name, kind="reharmonise", chords=symbols)
    assert [c.chord for c in after.chords][:8] == [Chord.parse(s) for s in symbols] * 2
    assert after.track(lead_of(before).id).hash == lead_of(before).hash
    invented = do(name, kind="reharmonise")
    assert [c.chord for c in invented.chords] != [c.chord for c in before.chords]
    for track in before.tracks:
        if track.is_drum or track.role is Role.LEAD:
            assert after.track(track.id).hash == invented.track(track.id).hash == track.hash
    basses = [t for t in before.tracks if t.role is Role.BASS]
    ppq = before.timeline.ppq
    for bass in basses:
        notes = after.track(bass.id).notes
        assert notes["start"].tolist() == bass.notes["start"].tolist(), "its rhythm stays"
        right = []
        for span in after.chords:
            here = notes[np.abs(notes["start"] - span.start) < ppq // 8]
            right += [int(here["pitch"][0]) % 12 in span.chord.pitch_classes] if len(here) else []
        assert np.mean(right) > 0.85


def test_in_a_choir_that_all_lead_the_top_voice_is_the_tune() -> None:
    before, _ = get("string_quartet")
    choir = replace(before, chords=(), tracks=tuple(replace(t, role=Role.LEAD) for t in before.tracks))
    after = do("string_quartet", piece=choir, kind="reharmonise")
    changed = [t.name for t, old in zip(after.tracks, choir.tracks, strict=True) if t.hash != old.hash]
    top = max(choir.tracks, key=lambda t: float(t.notes["pitch"].mean()))
    assert top.name not in changed and len(changed) >= 2


@pytest.mark.parametrize(("name", "style"), [("pop", "bossa_nova"), ("waltz", "swing"), ("bossa_nova", "waltz"),
                                             ("imported", "jig"), ("string_quartet", "reggae")])  # fmt: skip
def test_the_same_tune_in_another_style(name: str, style: str) -> None:
    before, _ = get(name)
    after = do(name, kind="restyle", style=style)
    profile = builtin_styles()[style].profile
    tune, now = top_line(lead_of(before)), top_line(lead_of(after))
    assert len(tune) == len(now)
    moves, new_moves = np.diff(tune["pitch"].astype(int)), np.diff(now["pitch"].astype(int))
    assert np.mean(moves == new_moves) > 0.95, "note for note; an octave where the player has no more"
    assert str(after.timeline.metre_at(0)) in profile.metres
    assert profile.tempo[0] <= after.timeline.tempo_at(0) <= profile.tempo[2]
    assert {t.instrument_id for t in after.tracks} == {p.instrument for p in profile.ensemble}
    assert len(after.chords) >= 4 and after.timeline.ppq == PPQ


def test_a_fill_ends_the_bar_and_no_more() -> None:
    before, _ = get("pop")
    kit = next(t for t in before.tracks if t.role is Role.DRUMS)
    after = do("pop", kind="add_fill", beats=2, scope={"bars": (6, 7)}).track(kit.id)
    a, b = before.timeline.bar_start(6) + 2 * PPQ - 30, before.timeline.bar_start(7)
    assert outside(after, ((a, b),)).hash == outside(kit, ((a, b),)).hash
    assert after.hash != kit.hash
    with pytest.raises(Retryable, match="drum kit"):
        do("string_quartet", kind="add_fill")


def test_a_countermelody_has_a_register_and_consonances_of_its_own() -> None:
    for name in STYLES:
        before, _ = get(name)
        tune, line = top_line(lead_of(before)), do(name, kind="countermelody").tracks[-1].notes
        assert abs(np.median(tune["pitch"].astype(int)) - np.median(line["pitch"].astype(int))) >= 5
        ends = tune["start"].astype(np.int64) + tune["duration"]
        together = []
        for note in line:
            over = tune["pitch"][(tune["start"] <= note["start"] + 40) & (ends > note["start"] + 40)]
            together += [(int(over[0]) - int(note["pitch"])) % 12 not in (1, 2, 6, 10, 11)] if len(over) else []
        assert np.mean(together) > 0.75, name


def test_a_part_that_doubles_follows_its_partner() -> None:
    before, _ = get("pop")
    tune = lead_of(before)
    after = do("pop", kind="add_track", part={"instrument": "violin", "of": tune.id, "doubles": True})
    gaps = np.isin(after.tracks[-1].notes["pitch"] % 12, tune.notes["pitch"] % 12)
    assert gaps.all() and len(after.tracks[-1].notes) == len(top_line(tune))


def test_infill_writes_in_empty_bars_only() -> None:
    before, _ = get("waltz")
    tune = lead_of(before)
    line = before.timeline.bar_start
    hole = tune.notes[(tune.notes["start"] < line(5)) | (tune.notes["start"] >= line(7))]
    holed = before.with_track(tune.with_notes(hole))
    after = do("waltz", piece=holed, kind="infill", scope={"tracks": [tune.id], "bars": (4, 8)}).track(tune.id)
    assert attacks(hole) <= attacks(after.notes)
    fresh = attacks(after.notes) - attacks(hole)
    assert fresh and all(line(5) <= start < line(7) for start, _ in fresh)
    with pytest.raises(Retryable, match="empty"):
        do("pop", kind="infill", scope={"tracks": ["drums"]})


def test_keeping_the_rhythm_changes_pitches_alone() -> None:
    before, _ = get("bossa_nova")
    after = do("bossa_nova", kind="regenerate", keep_rhythm=True)
    for old, new in zip(before.tracks, after.tracks, strict=True):
        assert old.notes["start"].tolist() == new.notes["start"].tolist()
        assert old.notes["duration"].tolist() == new.notes["duration"].tolist()
    assert after.track("flute").hash != before.track("flute").hash


def test_a_section_that_comes_again_is_the_same_music() -> None:
    before, _ = get("pop")
    section = before.sections[-1]
    after = do("pop", kind="add_section", section=section.name, at="start", bars=section.bars)
    assert after.sections[0].name == section.name and after.sections[0].label == section.label
    bass = next(t for t in before.tracks if t.role is Role.BASS)
    a, b = before.timeline.bar_start(section.first_bar), before.timeline.bar_start(section.end_bar)
    old = {(s - a, p) for s, p in attacks(bass.notes) if a <= s < b}
    new = {(s, p) for s, p in attacks(after.track(bass.id).notes) if s < b - a}
    assert old == new


def test_what_does_not_fit_is_refused_with_a_cure() -> None:
    for data, word in (
        ({"kind": "restyle", "style": "gregorian grindcore"}, "style"),
        ({"kind": "add_section", "section": "bridge", "at": "after Rondo"}, "form of this piece"),
        ({"kind": "add_section", "section": "bridge", "key": "H flat"}, "key"),
        ({"kind": "reharmonise", "chords": ["Dm", "Qx"]}, "chord"),
        ({"kind": "countermelody", "of": "drums"}, "tune"),
        ({"kind": "extend", "scope": {"bars": (0, 2)}}, "whole"),
    ):
        with pytest.raises(Retryable, match=word):
            do("pop", **data)


def test_the_house_ticks_keep_every_note() -> None:
    piece = imported()
    house = at_house_ticks(piece)
    assert house.timeline.ppq == PPQ and house.bars == piece.bars
    for old, new in zip(piece.tracks, house.tracks, strict=True):
        assert (old.notes["start"] * 5 == new.notes["start"]).all() and (old.notes["pitch"] == new.notes["pitch"]).all()
