"""Drums, percussion, bass and comping play together: laws that hold for every style, metre and seed."""

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.theory.bass import Harmony, write_bass
from ripieno.generators.theory.comping import comp_onsets
from ripieno.generators.theory.drums import write_drums
from ripieno.generators.theory.groove import groove_of
from ripieno.generators.theory.percussion import write_percussion
from ripieno.generators.theory.rhythm_style import HAND, KEYS
from ripieno.generators.theory.style import builtin_styles
from ripieno.generators.theory.types import Context
from ripieno.score.brief import Attribute
from ripieno.score.instruments import Role, instruments
from ripieno.score.piece import Notes
from tests.generators.theory.rhythm_band import SECTIONS, make_context, part

STYLES = sorted(builtin_styles())
LOCKED = ["rock", "pop", "funk", "soul", "metal", "trap", "hip_hop", "ballad"]  # their bass takes up the kick
FEET = {KEYS["kick"], KEYS["soft_kick"], KEYS["pedal_hat"]}
KICKS = (KEYS["kick"], KEYS["soft_kick"])
METRES = ["4/4", "3/4", "2/4", "6/8", "7/8", "5/4", "12/8", "9/8", "2/2", "5/8", "11/8", "7/8 3+2+2"]
BAND = (("drums", Role.DRUMS), ("congas", Role.PERCUSSION), ("electric_bass", Role.BASS), ("piano", Role.CHORDS))


def band(style: str, *, seed: int = 1, metre: str = "", half_bars: bool = False) -> tuple[Context, Notes, Notes, Notes]:
    context = make_context(style, seed=seed, metre=metre, half_bars=half_bars, players=BAND)
    drums, congas, bass, _ = context.parts
    return context, write_drums(drums, context), write_percussion(congas, context), write_bass(bass, context)


def in_bar(notes: Notes, context: Context, bar: int) -> Notes:
    start, end = context.form.timeline.bar_start(bar), context.form.timeline.bar_start(bar + 1)
    return notes[(notes["start"] >= start) & (notes["start"] < end)]


def check_sound(context: Context, drums: Notes, congas: Notes, bass: Notes) -> None:
    """What must hold of any band, in any style and metre."""
    end = context.form.timeline.bar_start(context.form.bars)
    for notes in (drums, congas, bass):
        assert (notes["start"] >= 0).all() and (notes["start"] < end).all()
        assert (notes["duration"] > 0).all() and (notes["velocity"] > 0).all() and (notes["velocity"] < 128).all()
    assert len(bass) and len(congas)
    assert set(congas["pitch"]) <= {62, 63, 64}
    low, high = context.parts[2].low, context.parts[2].high
    assert (bass["pitch"] >= low).all() and (bass["pitch"] <= high).all()
    assert (bass["start"][:-1] + bass["duration"][:-1] <= bass["start"][1:]).all(), "a bass plays one note at a time"
    for key in set(drums["pitch"]):
        one = drums[drums["pitch"] == key]
        assert (one["start"][:-1] + one["duration"][:-1] <= one["start"][1:]).all(), "strokes of a drum do not overlap"
    hands = drums[~np.isin(drums["pitch"], [*FEET, *HAND.values()])]
    most = 4 if groove_of(context).rhythm.drummer == "machine" else 2
    assert not len(hands) or max(Counter(hands["start"].tolist()).values()) <= most
    for index, plan in enumerate(context.form.sections):
        for bar in range(plan.section.first_bar, plan.section.end_bar):
            length = context.form.timeline.bar_ticks(bar)
            onsets = comp_onsets(context.parts[3], context, index, bar)
            assert all(o >= 0 and d > 0 and o + d <= length and 0 < a <= 1 for o, d, a in onsets)
            assert list(onsets) == sorted(onsets)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_plays_in_its_own_metres(style: str) -> None:
    for metre in builtin_styles()[style].profile.metres:
        check_sound(*band(style, metre=metre))


@given(st.sampled_from(STYLES), st.sampled_from(METRES), st.integers(0, 10_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_style_plays_in_any_metre(style: str, metre: str, seed: int, half_bars: bool) -> None:
    check_sound(*band(style, metre=metre, seed=seed, half_bars=half_bars))


@pytest.mark.parametrize("style", STYLES)
def test_the_ensemble_of_a_style_has_parts_to_play(style: str) -> None:
    context = make_context(style)
    for player in context.parts:
        if player.role in (Role.DRUMS, Role.PERCUSSION):
            notes = (write_drums if player.role == Role.DRUMS else write_percussion)(player, context)
            assert len(notes) > context.form.bars / 4
            row = player.instrument
            assert (notes["pitch"] >= row.low).all() and (notes["pitch"] <= row.high).all()


@pytest.mark.parametrize("style", STYLES)
def test_same_seed_same_notes_and_other_seeds_differ(style: str) -> None:
    first, again = band(style, seed=4), band(style, seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(first[1:], again[1:], strict=True))
    bodies = {tuple(n.tobytes() for n in band(style, seed=s)[1:]) for s in range(3)}
    assert len(bodies) == 3


def test_seeds_choose_other_figures_not_only_other_velocities() -> None:
    for style in ("rock", "swing", "funk", "house", "salsa", "pop"):
        bands = [band(style, seed=s) for s in range(8)]
        drums, bass = [b[1] for b in bands], [b[3] for b in bands]
        assert len({d[["start", "pitch"]].tobytes() for d in drums}) >= 6
        assert len({b[["start", "pitch"]].tobytes() for b in bass}) >= 6


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("half_bars", [False, True])
def test_the_bass_gives_the_root_near_every_change_of_chord(style: str, half_bars: bool) -> None:
    rooted = total = 0
    for seed in range(2):
        context = make_context(style, seed=seed, half_bars=half_bars, players=BAND)
        bass = write_bass(context.parts[2], context)
        harmony = Harmony.of(context)
        for start, chord in zip(harmony.starts, harmony.chords, strict=True):
            if groove_of(context).bars[context.form.timeline.bar_at(start)].stop:
                continue
            sounding = bass[(bass["start"] <= start + 480) & (bass["start"] + bass["duration"] > start - 240)]
            total += 1
            rooted += any(int(p) % 12 == chord.bass_pc for p in sounding["pitch"])
    assert rooted / total >= 0.9, f"{rooted} of {total}"


@pytest.mark.parametrize("style", LOCKED)
def test_bass_and_kick_meet(style: str) -> None:
    """At least 60 % of the kicks between the sections' ends have a bass note with them."""
    met = kicks = 0
    for seed in range(4):
        context, drums, _, bass = band(style, seed=seed)
        body = drums[np.isin(drums["pitch"], KICKS) & (drums["velocity"] > 60)]
        bars = [b for b, g in enumerate(groove_of(context).bars) if not g.fill and not g.stop and not g.last]
        starts = np.concatenate([in_bar(body, context, b)["start"] for b in bars])
        kicks += len(starts)
        met += int(np.isin(starts, bass["start"]).sum())
    assert met / kicks >= 0.6, f"{met} of {kicks}"


def test_comping_and_bass_take_the_figure_of_the_drums() -> None:
    agree = 0
    for seed in range(10):
        context = make_context("tango", seed=seed, players=BAND)
        if groove_of(context).sections[2].patterns[0].name == "three-three-two":
            agree += {o // 240 for o, _, _ in comp_onsets(context.parts[3], context, 2, 13)} >= {0, 3, 6}
    assert agree >= 3


@pytest.mark.parametrize("style", ["rock", "pop", "swing", "funk", "metal", "samba", "march"])
def test_phrases_end_in_fills_and_sections_begin_with_a_crash(style: str) -> None:
    fills: Counter[bool] = Counter()
    places: Counter[int] = Counter()
    crashes = 0
    for seed in range(12):
        groove = groove_of(make_context(style, seed=seed))
        for bar, here in enumerate(groove.bars):
            if here.fill is not None:
                fills[here.phrase_end] += 1
            places[bar] += here.fill is not None or here.stop
        crashes += groove.bars[12].crash
    assert fills[True] > 12 and not fills[False], "fills come at the ends of phrases only"
    assert places[11] > places[7], "more surely before a new section than within one"
    assert crashes >= 11 if groove.rhythm.crash <= 0.8 else True


def test_fills_silence_the_hats_and_end_in_time() -> None:
    context, drums, _, _ = band("rock", seed=3)
    groove = groove_of(context)
    bar = next(b for b, g in enumerate(groove.bars) if g.fill)
    inside = in_bar(drums, context, bar)
    late = inside[inside["start"] >= context.form.timeline.bar_start(bar) + groove.bars[bar].fill_start]
    assert len(late) and not np.isin(late["pitch"], [KEYS["hihat"], KEYS["ride"]]).any()


def test_returns_share_their_groove_and_vary_in_detail() -> None:
    same = varied = 0
    for seed in range(8):
        context, drums, _, _ = band("funk", seed=seed)
        groove = groove_of(context)
        assert groove.sections[1].patterns == groove.sections[3].patterns
        shift = context.form.timeline.bar_start(20) - context.form.timeline.bar_start(4)
        for offset in range(8):
            first, second = in_bar(drums, context, 4 + offset), in_bar(drums, context, 20 + offset)
            equal = np.array_equal(first["start"] + shift, second["start"])
            same, varied = same + equal, varied + (not equal)
    assert same > 8 and varied > 8


def test_no_bar_is_pasted_through_a_section() -> None:
    for style in ("rock", "funk", "swing", "pop", "salsa", "drum_and_bass"):
        kinds = []
        for seed in range(6):
            context, drums, _, _ = band(style, seed=seed)
            bars = [in_bar(drums, context, b) for b in range(4, 12)]
            kinds.append(len({(b["start"] - context.form.timeline.bar_start(4 + i)).tobytes() + b["pitch"].tobytes()
                              for i, b in enumerate(bars)}))  # fmt: skip
        assert np.mean(kinds) >= 2.5, f"{style}: {kinds} different bars of 8"


def test_the_last_bar_ends_together() -> None:
    context, drums, congas, bass = band("rock")
    last = context.form.bars - 1
    start = context.form.timeline.bar_start(last)
    for notes in (drums, congas, bass):
        assert set(in_bar(notes, context, last)["start"]) == {start}
    assert comp_onsets(context.parts[3], context, len(SECTIONS) - 1, last)[0][0] == 0


def test_more_energy_and_density_mean_more_strokes() -> None:
    for style in ("rock", "pop", "funk", "techno", "cinematic"):
        quiet = loud = 0
        for seed in range(4):
            context, drums, _, _ = band(style, seed=seed)
            quiet += sum(len(in_bar(drums, context, b)) for b in range(4, 12))
            loud += sum(len(in_bar(drums, context, b)) for b in range(12, 20))
        assert loud > quiet * 0.95
    context, _, _, _ = band("pop", seed=2)
    asked = replace(context, brief=context.brief.model_copy(update={"density": Attribute(value=1.0)}), notes={})
    assert groove_of(asked).sections[1].energy > groove_of(context).sections[1].energy


def test_ghost_notes_are_soft_and_keep_clear_of_the_backbeat() -> None:
    counts = []
    for style in ("rock", "soul", "hip_hop"):
        context, drums, _, _ = band(style, seed=2)
        snare = drums[drums["pitch"] == KEYS["snare"]]
        ghosts = snare[snare["velocity"] < 60]
        counts.append(len(ghosts))
        loud = set(snare["start"][snare["velocity"] >= 60].tolist())
        assert not loud & set(ghosts["start"].tolist())
        assert context.style.rhythm.ghosts > 0
    assert sum(counts) > 30
    assert band("house", seed=2)[0].style.rhythm.ghosts == 0


def test_builds_roll_up_to_a_silence_before_the_drop() -> None:
    sections = (("break", 4, 0.3, "A"), ("build", 4, 0.6, "B"), ("drop", 8, 1.0, "C"))
    context = make_context("house", sections=sections)
    notes = write_drums(part("electronic_kit", Role.DRUMS), context)
    snares = [int((in_bar(notes, context, b)["pitch"] == KEYS["snare"]).sum()) for b in range(4, 8)]
    assert snares[0] < snares[2] < snares[3] + 4, "the last bar stops a beat early"
    drop = context.form.timeline.bar_start(8)
    assert not ((notes["start"] >= drop - 480) & (notes["start"] < drop)).any()
    assert KEYS["crash"] in in_bar(notes, context, 8)["pitch"]


def test_every_percussion_instrument_plays_on_its_keys_in_every_feel() -> None:
    rows = [i for i in instruments().values() if Role.PERCUSSION in i.roles and i.family != "drum kit"]
    for style, metre in (("swing", "4/4"), ("jig", "6/8"), ("salsa", "4/4"), ("march", "2/4"), ("rock", "7/8")):
        context = make_context(style, metre=metre)
        for row in rows:
            notes = write_percussion(part(row.id, Role.PERCUSSION), context)
            assert len(notes), f"{row.id} in {style}"
            assert (notes["pitch"] >= row.low).all() and (notes["pitch"] <= row.high).all(), f"{row.id} in {style}"


@pytest.mark.parametrize("id_", sorted(i.id for i in instruments().values() if Role.BASS in i.roles))
def test_any_bass_instrument_stays_in_its_register(id_: str) -> None:
    for style in ("swing", "metal", "salsa"):
        player = part(id_, Role.BASS)
        notes = write_bass(player, make_context(style))
        assert len(notes)
        low, high = min(player.low, player.instrument.low), player.instrument.high
        assert (notes["pitch"] >= low).all() and (notes["pitch"] <= high).all()


def test_walking_moves_mostly_by_step_and_does_not_repeat() -> None:
    steps: list[int] = []
    for seed in range(4):
        _, _, _, bass = band("bebop", seed=seed)
        moves = np.abs(np.diff(bass["pitch"].astype(int)))
        steps.extend(moves[np.diff(bass["start"]) == 480].tolist())
    sizes = np.array(steps)
    assert (sizes == 0).mean() < 0.12 and (sizes <= 2).mean() > 0.45 and (sizes > 7).mean() < 0.1


def test_the_groove_is_quick() -> None:
    sections = tuple(("verse" if i % 2 else "chorus", 8, 0.5 + 0.3 * (i % 2), "AB"[i % 2]) for i in range(16))
    times = []
    for seed in (1, 2):
        context = make_context("funk", seed=seed, sections=sections, players=BAND)
        begin = time.process_time()
        write_drums(context.parts[0], context)
        write_bass(context.parts[2], context)
        times.append(time.process_time() - begin)
    assert min(times) < 1.0, "128 bars of bass and drums in less than a second of one core"
