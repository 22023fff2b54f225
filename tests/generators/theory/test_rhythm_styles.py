"""The style files: every one loads, names players that exist, and a mistake in one is explained."""

import re
from pathlib import Path

import pytest

from ripieno.generators.theory.bass import write_bass
from ripieno.generators.theory.comping import comp_onsets
from ripieno.generators.theory.groove import house_patterns
from ripieno.generators.theory.percussion import KIN, house_percussion, keys_of, write_percussion
from ripieno.generators.theory.rhythm_style import KEYS, RhythmStyle
from ripieno.generators.theory.style import builtin_styles, parse_style
from ripieno.generators.theory.touch import drummers
from ripieno.score.errors import BadFile
from ripieno.score.instruments import Role, instruments
from tests.generators.theory.rhythm_band import make_context

STYLES = sorted(builtin_styles())
MINIMAL = """
sources = ["a teacher"]
[profile]
id = "mine"
name = "Mine"
family = "popular"
tempo = [80, 100, 120]
ensemble = [{ instrument = "piano", role = "chords" }]
"""


def test_there_are_styles_enough_and_their_names_do_not_clash() -> None:
    assert len(STYLES) >= 50
    names = [n for s in builtin_styles().values() for n in {s.id, *s.profile.aliases}]
    clashes = {n for n in names if names.count(n) > 1}
    assert not clashes


@pytest.mark.parametrize("id_", STYLES)
def test_a_style_is_complete(id_: str) -> None:
    style = builtin_styles()[id_]
    profile, rhythm = style.profile, style.rhythm
    assert style.sources and profile.aliases
    low, usual, high = profile.tempo
    assert 30 <= low <= usual <= high <= 320
    assert 4 <= len(profile.ensemble) <= 6
    assert all(p.instrument in instruments() for p in profile.ensemble)
    assert any(p.role == Role.LEAD for p in profile.ensemble) and any(p.role == Role.BASS for p in profile.ensemble)
    assert len(set(profile.ensembles())) == len(profile.line_ups) + 1 >= 3, "no line-up twice"
    for row in profile.line_ups:
        assert all(p.instrument in instruments() for p in row) and any(p.role == Role.LEAD for p in row)
        for p in row:
            assert p.role in (Role.DRUMS, Role.PERCUSSION) or not instruments()[p.instrument].is_drum, p
    assert rhythm.bass and rhythm.comp
    assert rhythm.drummer in {*drummers(), "machine"}
    kits = [instruments()[p.instrument] for p in profile.ensemble if p.role == Role.DRUMS]
    assert not kits or len(rhythm.drums) >= 2
    for pattern in (*rhythm.drums, *rhythm.fill):
        assert all(35 <= KEYS[name] <= 81 for name in pattern.lines), "a kit plays keys 35 to 81"
    for fill in rhythm.fill:
        assert len({len(text) for texts in fill.lines.values() for text in texts}) == 1, f"lines of {fill.name} differ"


def test_percussion_keeps_to_the_keys_of_its_instrument() -> None:
    for player, rows in house_percussion().items():
        row = instruments().get(player)
        for _, pattern in rows:
            RhythmStyle(percussion=(pattern,))
            if row is not None and row.is_drum and row.id != "percussion":
                assert all(row.low <= key <= row.high for key in keys_of(pattern)), player
    for style in builtin_styles().values():
        for pattern in style.rhythm.percussion:
            assert pattern.player in instruments()


def test_every_percussion_instrument_has_figures_of_its_own() -> None:
    drums = [i for i in instruments().values() if i.key is not None]
    assert {d.id for d in drums if KIN.get(d.id, d.id) not in house_percussion()} == set()


def test_house_patterns_cover_every_feel() -> None:
    for feel, tables in house_patterns().items():
        assert tables.drums and tables.fill and tables.bass and tables.comp, feel
    assert set(house_patterns()) == {"straight", "swing", "ternary", "latin", "march", "free"}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[[rhythm.drums]]\nsnare = "....x...y......."', ["drums", "snare", "cell 9", "'y'", "use"]),
        ('[[rhythm.drums]]\nsnare = "....x..."', ["snare", "8 cells", "16", "multiple"]),
        ('[[rhythm.drums]]\nsnore = "....x...x......."', ["snore", "names no drum", "snare"]),
        ('[[rhythm.bass]]\nline = "R---Q---R---5---"', ["bass", "'Q'", "use"]),
        ('[[rhythm.comp]]\ncell = "9"\nline = "x---x---x---x---"', ["cell", "'9'", "8t"]),
        ('[[rhythm.comp]]\nenergy = [0.8, 0.2]\nline = "x---x---x---x---"', ["energy", "0.8", "swap"]),
        ('[[rhythm.comp]]\nmetre = "4:4"\nline = "x---x---x---x---"', ["metre", "4:4", "3/4"]),
        ('[rhythm]\nfeel = "groovy"', ["rhythm.feel", "groovy"]),
        ('[rhythm]\ncrunch = 1', ["rhythm.crunch", "no such key"]),
        ('[[rhythm.drums]]\nname = "empty"', ["at least one line"]),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(table: str, words: list[str]) -> None:
    with pytest.raises(BadFile) as caught:
        parse_style(MINIMAL + table, "mine.toml")
    for word in ("mine.toml", "docs/styles.md", *words):
        assert word in caught.value.message, caught.value.message


def test_the_examples_of_the_documentation_work() -> None:
    page = (Path(__file__).parents[3] / "docs" / "styles.md").read_text(encoding="utf-8")
    whole, rhythm = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    first = parse_style(whole, "beguine.toml")
    assert first.rhythm.comp
    style = parse_style(whole[: whole.index("[rhythm]")] + rhythm, "beguine.toml")
    context = make_context(style, metre="7/8")
    congas, bass = context.parts[3], context.parts[2]
    assert len(write_percussion(congas, context)) > 40 and len(write_bass(bass, context)) > 40


def test_a_minimal_style_plays_with_house_patterns() -> None:
    style = parse_style(MINIMAL, "mine.toml")
    context = make_context(style)
    assert all(comp_onsets(context.parts[0], context, 1, bar) for bar in range(4, 12))
