"""A small form with chords for the rhythm section's tests: no other part of the engine is needed."""

from ripieno.generators.theory.rhythm_style import read_metre
from ripieno.generators.theory.style import Style, builtin_styles
from ripieno.generators.theory.types import Context, Form, Part, Phrase, SectionPlan
from ripieno.score.brief import Brief
from ripieno.score.chords import Chord
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Section
from ripieno.score.time import MetreChange, Tempo, Timeline

SECTIONS = (
    ("intro", 4, 0.3, ""), ("verse", 8, 0.5, "A"), ("chorus", 8, 0.85, "B"), ("verse", 8, 0.5, "A"), ("break", 4, 0.3, "C"),
)  # fmt: skip


def part(instrument_id: str, role: Role, *, number: int = 0) -> Part:
    """A part in the lower two octaves of an instrument's comfortable range (bass), or in all of it."""
    table = instrument(instrument_id)
    high = min(table.comfort_high, table.comfort_low + 24) if role == Role.BASS else table.comfort_high
    return Part(f"{instrument_id}-{number}", table.name, role, table, table.comfort_low, high)


def make_context(
    style: str | Style, *, seed: int = 1, metre: str = "", chords: str = "C Am F G",
    sections: tuple[tuple[str, int, float, str], ...] = SECTIONS,
    players: tuple[tuple[str, Role], ...] = (), half_bars: bool = False,
) -> Context:  # fmt: skip
    """A context for a style: `make_context("rock", seed=3, metre="7/8")`; `half_bars` changes chords twice a bar."""
    used = builtin_styles()[style] if isinstance(style, str) else style
    timeline = Timeline(480, (Tempo(0, used.profile.tempo[1]),), (MetreChange(0, read_metre(metre or used.profile.metres[0])),))
    plans: list[SectionPlan] = []
    bar = 0
    for name, bars, energy, label in sections:
        before = sum(p.section.label == label for p in plans)
        phrases = tuple(Phrase(bar + i, min(4, bars - i), "half", "a") for i in range(0, bars, 4))
        plans.append(SectionPlan(Section(name, bar, bars, energy, label), name, Key("C"), phrases, before))
        bar += bars
    ends = [timeline.bar_start(b + 1) for b in range(bar)]
    if half_bars:
        ends = [t for b in range(bar) for t in (timeline.bar_start(b) + timeline.bar_ticks(b) // 2, timeline.bar_start(b + 1))]
    wheel = [Chord.parse(c) for c in chords.split()]
    starts = [0, *ends[:-1]]
    spans = tuple(ChordSpan(a, b, wheel[i % len(wheel)]) for i, (a, b) in enumerate(zip(starts, ends, strict=True)))
    asked = players or tuple((p.instrument, p.role) for p in used.profile.ensemble)
    parts = tuple(part(id_, role, number=i) for i, (id_, role) in enumerate(asked))
    return Context(used, Brief(), Form(timeline, bar, tuple(plans)), parts, spans, seed)
