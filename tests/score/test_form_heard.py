"""Forms are heard, not called: each named form on music that is in it and on music that only has its names."""

from dataclasses import replace

import pytest

from ripieno.score.analysis.reading import read
from ripieno.score.analysis.section_likeness import likeness, section_sketches
from ripieno.score.brief import Attribute, Brief, FormRequest, Origin, SectionRequest
from ripieno.score.checks.compliance import check_compliance
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece
from ripieno.score.section_kinds import section_kind
from tests.score.makers import notes, piece, track

# Four bars each: tune, and a chord a bar.
IDEAS = {
    "A": ("C5:1 E5:1 G5:2 F5:1 E5:1 D5:2 E5:1 C5:1 D5:1 B4:1 C5:4", "C F G C"),
    "A'": ("C5:.5 D5:.5 E5:1 G5:2 F5:1 E5:1 D5:1 C5:1 E5:1 C5:1 D5:1 B4:1 C5:4", "C F G C"),
    "B": ("B4:.5 D5:.5 G5:1 F#5:.5 E5:.5 D5:1 A5:3 G5:1 F#5:.5 A5:.5 F#5:1 D5:2 G5:4", "G D D G"),
    "C": ("A4:3 B4:.5 C5:.5 E5:3 r:1 D5:.5 C5:.5 B4:1 G#4:2 A4:4", "Am F E Am"),
    "D": ("Bb4:.5 G4:.5 D5:3 E5:.5 C5:.5 Bb4:1 G4:2 r:.5 A4:.5 D5:1 A4:2 G4:1 Bb4:3", "Gm C Dm C"),
    "minor A": ("C5:1 Eb5:1 G5:2 F5:1 Eb5:1 D5:2 Eb5:1 C5:1 D5:1 B4:1 C5:4", "Cm Fm G Cm"),
    "low B": ("E4:.5 G4:.5 C5:1 B4:.5 A4:.5 G4:1 D5:3 C5:1 B4:.5 D5:.5 B4:1 G4:2 C5:4", "C G G C"),
}
KEYS = {"B": "G major", "C": "A minor", "D": "F major", "minor A": "C minor"}


def made(*plan: tuple[str, str, str]) -> Piece:
    """A piece of (name, label, idea) sections of four bars."""
    rows = [r for i, (_, _, idea) in enumerate(plan) for r in notes(IDEAS[idea][0], start=16.0 * i).tolist()]
    sections = [(name, 4, label) for name, label, _ in plan]
    symbols = " ".join(IDEAS[idea][1] for _, _, idea in plan)
    out = piece(track("flute", Role.LEAD, "flute", notes("r:1")).with_notes(rows), bars=4 * len(plan), chords=symbols,
                sections=sections)  # fmt: skip
    keys = [KeyChange(4 * i, Key(*KEYS.get(idea, "C major").split())) for i, (_, _, idea) in enumerate(plan)]
    return replace(out, keys=tuple(keys))


def themed(*ideas: str, names: tuple[str, ...] = ()) -> Piece:
    """Sections called as their label, which is the idea's letter."""
    return made(*((names[i] if names else x[-1], x.rstrip("'")[-1], x) for i, x in enumerate(ideas)))


def asked(name: str = "", *holds: SectionRequest) -> Brief:
    return Brief(form=Attribute(value=FormRequest(name=name, holds=holds)))


VARIATIONS = (("Theme", "A"), ("Variation 1", "A'"), ("Variation 2", "minor A"))


def sonata(recapitulated: str) -> Piece:
    """A small sonata; its second theme comes back as the idea of that name."""
    return made(("First theme", "A", "A"), ("Second theme", "B", "B"), ("Development", "D", "D"), ("First theme", "A", "A'"),
                ("Second theme", "B", recapitulated), ("Coda", "coda", "A"))  # fmt: skip


# what is the matter -> (what was asked for, music that is not so, words of the reason, music that is so)
CASES: dict[str, tuple[Brief, Piece, str, Piece]] = {
    "a rondo without its refrain": (
        asked("rondo"), made(("A", "A", "A"), ("B", "B", "B"), ("A", "A", "D"), ("C", "C", "C"), ("A", "A", "A")),
        "bars 9 to 12", themed("A", "B", "A'", "C", "A"),
    ),
    "a rondo that stops": (asked("rondo"), themed("A", "B", "A"), "2 times", themed("A", "B", "A", "C", "A")),
    "couplets that are the refrain": (
        asked("rondo"), made(("A", "A", "A"), ("B", "B", "A"), ("A", "A", "A"), ("C", "C", "C"), ("A", "A", "A")),
        "between", themed("A", "B", "A", "C", "A"),
    ),
    "letters in another order": (asked("AABA"), themed("A", "B", "A", "B"), "ABAB", themed("A", "A'", "B", "A")),
    "letters that are not heard": (
        asked("AABA"), made(("A", "A", "A"), ("A", "A", "D"), ("B", "B", "B"), ("A", "A", "A")), "section A",
        themed("A", "A", "B", "A"),
    ),
    "a variation of nothing": (
        asked("theme and variations"), made(("Theme", "A", "A"), ("Variation 1", "A", "A'"), ("Variation 2", "A", "D")),
        "Variation 2", made(*((n, "A", i) for n, i in VARIATIONS)),
    ),
    "a second theme that stays away": (asked("sonata"), sonata("B"), "home", sonata("low B")),
    "a song without a chorus": (
        asked("verse-chorus"), made(("Verse", "A", "A"), ("Verse", "A", "A'")), "chorus",
        made(("Verse", "A", "A"), ("Chorus", "B", "B")),
    ),
    "no intro": (
        asked("", SectionRequest(name="intro")), themed("A", "B", "A"), "no intro",
        made(("Intro", "intro", "A"), ("A", "A", "A"), ("B", "B", "B")),
    ),
    "an intro inside": (
        asked("", SectionRequest(name="intro")), made(("A", "A", "A"), ("Intro", "intro", "B")), "open",
        made(("Introduction", "intro", "A"), ("A", "A", "A")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_form_that_is_only_called_so_is_found(name: str) -> None:
    wanted, broken, word, mended = CASES[name]
    row = next(r for r in check_compliance(broken, wanted) if r.attribute == "form")
    assert not row.ok and word in row.reason, row
    assert any(f.rule == "request.form" and f.severity == "error" for f in run_checks(broken, wanted))
    row = next(r for r in check_compliance(mended, wanted) if r.attribute == "form")
    assert row.ok and not row.reason, row
    assert not any(f.rule == "request.form" for f in run_checks(mended, wanted))


def test_bars_of_a_section_that_must_be_there() -> None:
    content = made(("Intro", "intro", "A"), ("A", "A", "A"))
    for bars, ok in ((4, True), (8, False)):
        wanted = asked("", SectionRequest(name="intro", bars=bars))
        row = next(r for r in check_compliance(content, wanted) if r.attribute == "form")
        assert row.ok is ok and ("instead of 8" in row.reason) is not ok


def test_what_nobody_asked_for_is_not_held_against_a_piece() -> None:
    wanted = Brief(form=Attribute(value=FormRequest(name="rondo"), origin=Origin.DEFAULT))
    assert not [r for r in check_compliance(themed("A", "B"), wanted) if r.attribute == "form"]
    assert not [r for r in check_compliance(themed("A", "B"), asked("call and response")) if r.attribute == "form"]


def test_a_section_that_brings_nothing_back_is_found() -> None:
    broken = made(("A", "A", "A"), ("B", "B", "B"), ("A", "A", "D"))
    assert any(f.rule == "form.no_return" and f.bars == (8, 12) for f in run_checks(broken))
    for idea in ("A", "A'", "minor A"):
        assert not any(f.rule == "form.no_return" for f in run_checks(made(("A", "A", "A"), ("B", "B", "B"), ("A", "A", idea))))


def test_likeness_knows_a_tune_in_another_key_mode_and_dress() -> None:
    content = made(*((x, x, x) for x in ("A", "A'", "minor A", "B", "low B", "C", "D")))
    found = dict(zip(("A", "A'", "minor A", "B", "low B", "C", "D"), section_sketches(read(content)), strict=True))
    alike = [likeness(found["A"], found[x]) for x in ("A", "A'", "minor A")] + [likeness(found["B"], found["low B"])]
    apart = [likeness(found["A"], found[x]) for x in ("B", "C", "D")]
    assert alike[0] == 1.0 and min(alike) > 0.7 > 0.45 > max(apart), (alike, apart)


@pytest.mark.parametrize(("name", "kind"), [
    ("Verse 2", "verse"), ("coda", "outro"), ("Closing theme", "theme"), ("Long build", "build"), ("Pre-chorus", "prechorus"),
    ("Breakdown", "break"), ("Development 1", "bridge"), ("Rebuilding", "theme"), ("B", "theme"),
])  # fmt: skip
def test_kinds_of_section(name: str, kind: str) -> None:
    assert section_kind(name) == kind
