"""Forms: every length has a plan that is the form, returns come back, keys go and come home, what was asked for is there."""

import re
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.generators.theory.form import plan_form
from ripieno.generators.theory.forms import form_named, forms, ways
from ripieno.generators.theory.reading import form_of
from ripieno.generators.theory.section_keys import key_on
from ripieno.generators.theory.style import builtin_styles
from ripieno.generators.theory.types import Form, random_stream
from ripieno.score.brief import Attribute, Brief, FormRequest, PartRequest, SectionRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.section_kinds import section_kind

STYLES = builtin_styles()
LENGTHS = st.integers(24, 512)
MODES = st.sampled_from(("major", "minor"))


def brief(style: str, bars: int, mode: str = "major", **form: object) -> Brief:
    """A brief with a form: name, holds, sections."""
    wanted = FormRequest.model_validate({"name": "", **form})
    return Brief(style=Attribute(value=style), tonic=Attribute(value="D"), mode=Attribute(value=mode),
                 bars=Attribute(value=bars), form=Attribute(value=wanted))  # fmt: skip


def plan(style: str, bars: int, mode: str = "major", seed: int = 1, **form: object) -> Form:
    made = plan_form(STYLES[style], brief(style, bars, mode, **form), random_stream(seed, "form"))
    assert sum(p.section.bars for p in made.sections) == bars
    assert all(a.section.end_bar == b.section.first_bar for a, b in pairwise(made.sections))
    return made


def test_every_form_that_can_be_named_is_known() -> None:
    named = {row["form"] for row in lexicon("forms")["form"]}
    for style in STYLES.values():
        named |= {*style.form.names, style.profile.form}
    for name in named:
        assert form_named(name).sections


def test_forms_that_a_language_model_is_told_of_are_known() -> None:
    text = resources.files("ripieno.prompts").joinpath("templates/conceive.md").read_text(encoding="utf-8")
    line = next(x for x in text.splitlines() if x.startswith("- Form:"))
    names = line.partition("one of: ")[2].partition(";")[0].split(", ")
    assert len(names) > 8 and all(form_named(n).sections for n in names)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(BadRequest, match="sections"):
        plan("pop", 32, name="sections")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(forms())), st.integers(8, 512), st.sampled_from(("pop", "house", "string_quartet")))
def test_every_form_has_a_plan_at_every_length(name: str, bars: int, style: str) -> None:
    made = plan(style, bars, name=name)
    stems: dict[str, list[int]] = {}
    for p in made.sections:
        number = re.search(r"\d+$", p.section.name)
        if number:
            stems.setdefault(p.section.name.rstrip(" 0123456789"), []).append(int(number[0]))
    for numbers in stems.values():
        assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=25, deadline=None)
@given(LENGTHS, MODES)
def test_a_rondo_comes_back_to_its_refrain(bars: int, mode: str) -> None:
    made = plan("string_quartet", bars, mode, name="rondo").sections
    body = [p for p in made if p.kind != "outro"]
    home = body[0].key
    assert [p.section.label == "A" for p in body] == [i % 2 == 0 for i in range(len(body))] and len(body) % 2
    assert len({p.section.bars for p in body[::2][:-1]}) == 1
    assert all(p.key == home for p in body[::2])
    assert all(b.section.label != a.section.label for a, b in pairwise(body[1::2]))
    assert any(p.key != home for p in body[1::2])
    assert all(abs(p.section.energy - body[0].section.energy) > 0.08 or p.key != home for p in body[1::2])
    if bars >= 32:
        assert {"A", "B", "C"} <= {p.section.label for p in body}


@settings(max_examples=25, deadline=None)
@given(LENGTHS, MODES)
def test_variations_keep_the_length_of_the_theme_and_have_a_way_each(bars: int, mode: str) -> None:
    made = plan("string_quartet", bars, mode, name="theme and variations").sections
    body = [p for p in made if p.section.label == "A"]
    assert {p.section.bars for p in body[:-1]} == {body[0].section.bars}
    assert body[-1].section.bars == body[0].section.bars or made[-1] is body[-1]
    used = [p.way for p in body[1:]]
    assert all(used) and len(set(used)) == len(used)
    if bars >= 32:
        assert any(ways()[w].parallel for w in used) and any(p.key.is_minor != body[0].key.is_minor for p in body)
        assert used[-1] == "finale"


@pytest.mark.parametrize("bars", [32, 36, 48, 64, 96, 100, 128, 200, 256, 512])
def test_usual_lengths_break_no_variation(bars: int) -> None:
    made = plan("string_quartet", bars, name="theme and variations").sections
    sizes = {p.section.bars for p in made if p.section.label == "A"}
    assert len(sizes) == 1 and sizes <= {8, 16, 32}, sizes


@pytest.mark.parametrize(("mode", "away"), [("major", "A major"), ("minor", "F major")])
@pytest.mark.parametrize("bars", [64, 100, 200, 512])
def test_a_sonata_brings_its_second_theme_home(bars: int, mode: str, away: str) -> None:
    made = plan("string_quartet", bars, mode, name="sonata").sections
    names = [p.section.name.rstrip(" 0123456789") for p in made]
    first = [i for i, n in enumerate(names) if n == "First theme"]
    second = [i for i, n in enumerate(names) if n == "Second theme"]
    dev = [i for i, n in enumerate(names) if n == "Development"]
    assert first[0] < second[0] < dev[0] and dev[-1] < first[-1] < second[-1]
    assert {str(made[i].key) for i in second[:-1]} == {away} and made[second[-1]].key == made[0].key
    assert len({made[i].key for i in dev}) == len(dev) > 1
    assert all("A." in ph.idea or "B." in ph.idea for i in dev for ph in made[i].phrases)
    before = made[first[-1] - 1]
    assert before.chords and before.key == made[0].key


@settings(max_examples=20, deadline=None)
@given(st.integers(40, 512), st.sampled_from(("through-composed", "film cue")), st.sampled_from(("major", "minor", "dorian")))
def test_a_cue_goes_somewhere_and_comes_home(bars: int, name: str, mode: str) -> None:
    made = plan("cinematic", bars, mode, name=name).sections
    energies = [p.section.energy for p in made]
    peak = energies.index(max(energies))
    assert max(energies) - min(energies) > 0.5 and peak >= len(made) // 2 and energies[-1] < 0.5
    assert len({p.key for p in made}) >= 3 and made[0].key == made[-1].key
    assert sum(any(ph.idea.startswith("A.") for ph in p.phrases) for p in made) >= 3, "the motif is carried"


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(STYLES)), st.integers(32, 128), st.lists(st.sampled_from(
    ("intro", "outro", "bridge", "solo", "interlude", "breakdown", "buildup", "drop")), min_size=1, max_size=3, unique=True),
    st.integers(0, 50))
@example("modal_jazz", 32, ["intro", "outro", "bridge"], 7)
def test_what_is_asked_for_is_in_the_form(style: str, bars: int, wanted: list[str], seed: int) -> None:
    made = plan(style, bars, seed=seed, holds=tuple(SectionRequest(name=n) for n in wanted)).sections
    kinds = [p.kind for p in made]
    for name in wanted:
        assert section_kind(name) in kinds, (name, [p.section.name for p in made])
    if "intro" in wanted:
        assert kinds[0] == "intro"
    if "outro" in wanted:
        assert kinds[-1] == "outro"
    assert len(set(kinds) - {section_kind(n) for n in wanted}) >= 1, "the rest is the style's own form"


def test_a_long_section_is_longer_and_stated_bars_are_kept() -> None:
    plain = plan("house", 128, seed=3, holds=(SectionRequest(name="build"),))
    long = plan("house", 128, seed=3, holds=(SectionRequest(name="build", size="long"),))
    first = [sum(p.section.bars for p in f.sections if p.kind == "build") for f in (plain, long)]
    assert first[0] < first[1]
    stated = plan("pop", 64, holds=(SectionRequest(name="intro", bars=6),)).sections
    assert stated[0].kind == "intro" and stated[0].section.bars == 6
    kinds = [p.kind for p in long.sections]
    drop = kinds.index("drop")
    assert kinds.index("intro") < kinds.index("build") < drop < kinds.index("break", drop) < kinds.index("drop", drop + 1)
    assert kinds[-1] == "outro"


def test_players_come_and_go_block_by_block() -> None:
    wanted = brief("house", 512, "minor", name="build and drop")
    piece = TheoryEngine().generate(GenerationRequest(wanted, 2)).piece

    def players(first: int, end: int) -> int:
        a, b = piece.timeline.bar_start(first), piece.timeline.bar_start(end)
        return sum(bool(((t.notes["start"] >= a + 240) & (t.notes["start"] < b - 960)).any()) for t in piece.tracks)

    for stem, sign in (("Intro", 1), ("Outro", -1)):
        blocks = [s for s in piece.sections if s.name.startswith(stem)]
        counts = [players(s.first_bar, s.end_bar) for s in blocks]
        assert len(blocks) >= 3 and all(8 <= s.bars <= 16 for s in blocks)
        assert counts == sorted(counts, reverse=sign < 0) and len(set(counts)) >= 3, counts
    assert max(s.bars for s in piece.sections) <= 48


def test_ways_of_varying_are_heard() -> None:
    """What each is called is what the tune does."""
    wanted = brief("nocturne", 256, name="theme and variations").model_copy(
        update={"parts": (PartRequest(instrument="violin", role=Role.LEAD), PartRequest(instrument="piano", role=Role.CHORDS))}
    )
    form = plan_form(STYLES["nocturne"], wanted, random_stream(5, "form"))
    piece = TheoryEngine().generate(GenerationRequest(wanted, 5)).piece
    tune = piece.track("violin").notes
    rows = {}
    for p in form.sections:
        a, b = (piece.timeline.bar_start(x) for x in (p.section.first_bar, p.section.end_bar))
        mine = tune[(tune["start"] >= a) & (tune["start"] < b - 960)]
        key = piece.key_at(p.section.first_bar)
        means = float(mine["pitch"].mean()), float(mine["duration"].mean())
        rows[p.way or p.section.name] = (len(mine) / p.section.bars, *means, piece.timeline.tempo_at(a), key)
    theme = rows["Theme"]
    assert rows["running"][0] > 1.3 * theme[0] and rows["finale"][3] > 1.1 * theme[3] > 1.3 * rows["adagio"][3]
    assert rows["scherzando"][2] < 0.7 * theme[2] and abs(rows["high"][1] - theme[1]) > 6
    assert rows["minore"][4] == theme[4].parallel()


def test_a_variation_that_is_written_anew_keeps_its_way() -> None:
    parts = (PartRequest(instrument="flute", role=Role.LEAD), PartRequest(instrument="piano", role=Role.CHORDS))
    wanted = brief("nocturne", 64, name="theme and variations").model_copy(update={"parts": parts})
    piece = TheoryEngine().generate(GenerationRequest(wanted, 3)).piece
    read_back = form_of(piece, STYLES["nocturne"], wanted)
    plans = plan_form(STYLES["nocturne"], wanted, random_stream(3, "form")).sections
    assert [p.way for p in read_back.sections] == [p.way for p in plans]
    first = next(p.section for p in read_back.sections if p.way == "running")
    anew = TheoryEngine().generate(GenerationRequest(wanted, 9, piece, ("flute",), (first.first_bar, first.end_bar))).piece
    counts = []
    for made, section in ((piece, piece.sections[0]), (anew, first)):
        tune, a, b = made.track("flute").notes, *(made.timeline.bar_start(x) for x in (section.first_bar, section.end_bar))
        counts.append(int(((tune["start"] >= a) & (tune["start"] < b)).sum()))
    assert counts[1] > 1.25 * counts[0]


@pytest.mark.parametrize(("player", "doubled"), [("flute", False), ("piano", True)])
def test_nobody_doubles_a_tune_alone_with_one_voice(player: str, doubled: bool) -> None:
    parts = (PartRequest(instrument=player, role=Role.LEAD),)
    wanted = brief("nocturne", 96, name="theme and variations").model_copy(update={"parts": parts, "ensemble_closed": True})
    made = plan_form(STYLES["nocturne"], wanted, random_stream(1, "form")).sections
    used = [p.way for p in made if p.way]
    assert len(set(used)) == len(used) and any(ways()[w].only_doubles for w in used) is doubled
    trail = TheoryEngine().generate(GenerationRequest(wanted, 1)).trail[0]
    assert ("the tune in thirds" in trail) is doubled and trail.count("(") == len(made)


@pytest.mark.parametrize(("home", "degree", "key"), [
    ("D major", "V", "A major"), ("D major", "vi", "B minor"), ("D major", "bVI", "Bb major"), ("D major", "i", "D minor"),
    ("D minor", "III", "F major"), ("D minor", "v", "A minor"), ("D minor", "VII", "C major"), ("D dorian", "IV", "G dorian"),
])  # fmt: skip
def test_keys_on_degrees(home: str, degree: str, key: str) -> None:
    tonic, mode = home.split()
    assert key_on(Key(tonic, mode), degree) == Key(*key.split())
