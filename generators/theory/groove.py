"""The groove: what the rhythm section agrees on before anybody plays.

For each section a drum pattern is chosen by energy (sections with one label share it, so that returns sound like
returns), for each bar its variant, fill, crash or break. Kit, percussion, bass and comping read the same plan, which is
why their kicks, roots and accents meet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TypeVar

import numpy as np

from ripieno.generators.theory.grids import Stroke, bars_of, cell_ticks, fit, same_shape
from ripieno.generators.theory.phrase_figures import bar_figures
from ripieno.generators.theory.rhythm_style import STEADY, DrumPattern, Pattern, RhythmStyle, read_metre
from ripieno.generators.theory.types import Context, Part, SectionPlan
from ripieno.score.time import Metre

P = TypeVar("P", bound=Pattern)
BACKBEAT_LINES = ("snare", "snare_two", "clap", "rim")
KICK_LINES = ("kick", "soft_kick")
TOGETHER = 8.0  # how much more likely a pattern is whose figure the drums play
QUIET_KINDS = ("break", "bridge")
USUAL, ALTERNATES = 0.55, 4  # chance that a section's usual alternate is the one written first; alternates told apart


@dataclass(frozen=True, slots=True)
class BarGroove:
    """What happens rhythmically in one bar. Offsets are ticks from its bar line.

    Attributes:
        section: index of its section.
        energy: of the section, bent by the place in the phrase and by the request's density, 0..1.
        feel: 'normal', 'half' or 'double'.
        variant: which alternate of a line is played.
        figure: 0 where the section's usual figures are played, 1 where the other ones are.
        place: 'close' in the bar that ends a phrase with a figure of its own, 'approach' in the bar before, else ''.
        lines: the drum strokes by line, before a fill and before optional strokes are decided.
        kick, backbeat: where the kick and the backbeat fall; what bass and comping lock to.
        fill: the fill's strokes by line, and the offset at which it takes over; None without one.
        fill_start: see `fill`.
        crash: whether the bar begins with a crash.
        stop: whether the whole band strikes the downbeat and is silent after it (a break).
        last: whether it is the piece's last bar.
        phrase_end, section_end: whether it ends a phrase, a section.
    """

    section: int
    energy: float
    feel: str
    variant: int
    lines: Mapping[str, tuple[Stroke, ...]]
    kick: tuple[int, ...]
    backbeat: tuple[int, ...]
    fill: Mapping[str, tuple[Stroke, ...]] | None = None
    fill_start: int = 0
    crash: bool = False
    stop: bool = False
    last: bool = False
    phrase_end: bool = False
    section_end: bool = False
    figure: int = 0
    place: str = ""


@dataclass(frozen=True, slots=True)
class SectionGroove:
    """What holds for a section: its drum patterns (the usual and the other one), its feel, and its usual alternate."""

    patterns: tuple[DrumPattern, DrumPattern]
    feel: str
    energy: float
    usual: int


@dataclass(frozen=True)
class Groove:
    """The plan for all bars; `rhythm` is the style's tables with the house patterns filled in."""

    rhythm: RhythmStyle
    sections: tuple[SectionGroove, ...]
    bars: tuple[BarGroove, ...]


@lru_cache(maxsize=1)
def house_patterns() -> dict[str, RhythmStyle]:
    """Patterns for styles that have none of a kind, by feel (`data/house_rhythm.toml`)."""
    import tomllib

    path = resources.files("ripieno.generators.theory").joinpath("data/house_rhythm.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {feel: RhythmStyle.model_validate({**table, "feel": feel}) for feel, table in tables.items()}


def complete(rhythm: RhythmStyle) -> RhythmStyle:
    """The tables with each empty list taken from the house patterns of the same feel, and figures for closes where none are."""
    house = house_patterns()[rhythm.feel]
    filled: dict[str, tuple[Pattern, ...]] = {}
    for table in ("drums", "fill", "bass", "comp"):
        own = getattr(rhythm, table)
        lacking = [p for p in getattr(house, table)
                   if (not own and not p.place) or (rhythm.closes and p.place and not any(q.place for q in own))]  # fmt: skip
        if lacking:
            filled[table] = own + tuple(
                p.model_copy(update={"metre": p.metre or house.metre, "cell": p.cell or house.cell}) for p in lacking
            )
    return rhythm.model_copy(update=filled) if filled else rhythm


def groove_of(context: Context) -> Groove:
    """The plan that the engine stored, made where it is not there yet."""
    groove = context.notes.get("groove")
    if not isinstance(groove, Groove):
        groove = plan_groove(context)
        context.notes["groove"] = groove
    return groove


def at_home(
    patterns: Iterable[P], energy: float, kind: str, metre: Metre | None = None, rhythm: RhythmStyle | None = None,
    place: str = "",
) -> list[P]:  # fmt: skip
    """The patterns meant for a section of this energy and kind; the nearest in energy where none is.

    Patterns written for the metre come before those that must be fitted to it. `place`: as in `Pattern`.
    """
    fitting = [p for p in patterns if p.place == place and (not p.sections or kind in p.sections)]
    if metre is not None and rhythm is not None:
        own = [p for p in fitting if same_shape(rhythm.metre_of(p), metre)]
        fitting = own or [p for p in fitting if same_shape(rhythm.metre_of(p), read_metre(rhythm.metre))] or fitting
    kept = [p for p in fitting if kind in p.sections and p.energy[0] <= energy <= p.energy[1]]
    if kept:
        return kept
    here = [p for p in fitting if p.energy[0] <= energy <= p.energy[1]]
    if here or not fitting:
        return here
    distance = [max(p.energy[0] - energy, energy - p.energy[1]) for p in fitting]
    return [p for p, d in zip(fitting, distance, strict=True) if d == min(distance)]


def choose(patterns: Sequence[P], rng: np.random.Generator, figure: str = "") -> P:
    """One of them, by weight; those of the figure asked for weigh more."""
    weights = np.array([p.weight * (TOGETHER if figure and figure == (p.figure or p.name) else 1.0) for p in patterns])
    return patterns[int(rng.choice(len(patterns), p=weights / weights.sum()))]


def section_key(plan: SectionPlan) -> str:
    """What sections must share to share their groove: the label, and the band's energy in steps of a fifth."""
    return f"{plan.section.label or plan.kind}:{plan.kind}:{round(plan.section.energy * 5)}"


def line_bar(
    texts: tuple[str, ...], variant: int, index: int, cell: str, source: Metre, target: Metre, *, steady: bool, ppq: int
) -> tuple[Stroke, ...]:
    """Bar `index` of a line (it repeats), in the alternate asked for, fitted to the target metre."""
    text = texts[variant % len(texts)]
    count = max(1, bars_of(text, cell, source))
    per_bar = len(text) // count
    start = (index % count) * per_bar
    return fit(text[start : start + per_bar], cell, source, target, steady=steady, ppq=ppq)


def plan_groove(context: Context) -> Groove:
    """Decides the rhythm of every bar: patterns, variants, fills, crashes, breaks, feel. Deterministic in the seed."""
    rhythm = complete(context.style.rhythm)
    sections: list[SectionGroove] = []
    bars: list[BarGroove] = []
    for index, plan in enumerate(context.form.sections):
        chosen = _section_groove(context, rhythm, plan)
        sections.append(chosen)
        following = context.form.sections[index + 1] if index + 1 < len(context.form.sections) else None
        bars.extend(_plan_bars(context, rhythm, chosen, index, plan, following))
    return Groove(rhythm, tuple(sections), tuple(bars))


def _section_groove(context: Context, rhythm: RhythmStyle, plan: SectionPlan) -> SectionGroove:
    rng = context.rng("groove", section_key(plan))
    energy = _asked_energy(context, plan.section.energy)
    metre = context.form.timeline.metre_at(plan.section.first_bar)
    able = at_home(rhythm.drums, energy, plan.kind, metre, rhythm)
    pattern = choose(able, rng)
    draw = float(rng.random())
    feel = "normal"
    if plan.kind in QUIET_KINDS and energy <= 0.55 and draw < rhythm.half_time:
        feel = "half"
    elif energy >= 0.85 and draw < rhythm.double_time:
        feel = "double"
    usual = int(rng.integers(1, ALTERNATES)) if rng.random() > USUAL else 0
    return SectionGroove((pattern, _other(able, pattern, rng)), feel, energy, usual)


def _other(able: Sequence[P], first: P, rng: np.random.Generator, figure: str = "") -> P:
    """Another pattern that is as much at home as the first; the first itself where there is none."""
    rest = [p for p in able if p is not first]
    return choose(rest, rng, figure) if rest else first


def _asked_energy(context: Context, energy: float) -> float:
    """A section's energy, moved by the density or rhythmic intensity that the request asks for."""
    brief, shift = context.brief, 0.0
    if brief.rhythm_intensity is not None:
        shift += 0.25 * (brief.rhythm_intensity.value - 1)
    if brief.density is not None:
        shift += 0.4 * (brief.density.value - 0.5)
    return float(np.clip(energy + shift, 0.0, 1.0))


def _plan_bars(
    context: Context, rhythm: RhythmStyle, chosen: SectionGroove, index: int, plan: SectionPlan,
    following: SectionPlan | None,
) -> list[BarGroove]:  # fmt: skip
    section, timeline = plan.section, context.form.timeline
    ends = {p.first_bar + p.bars - 1 for p in plan.phrases}
    rng = context.rng("groove bars", section_key(plan), plan.occurrence)
    rise = following is not None and following.section.energy > section.energy + 0.05
    figures = bar_figures(plan, rhythm.change, rhythm.closes, lambda idea: context.rng("figures", section_key(plan), idea))
    out = []
    for bar in range(section.first_bar, section.end_bar):
        metre, place = timeline.metre_at(bar), bar - section.first_bar
        section_end = bar == section.end_bar - 1
        phrase_end = bar in ends or section_end
        last = bar == context.form.bars - 1
        draws = rng.random(4)
        variant = chosen.usual + _variant(rhythm.variation, place, phrase_end, float(draws[0]), float(draws[1]))
        pattern = chosen.patterns[figures[place].figure]
        lines = pattern_bar(rhythm, pattern, place, variant, metre, chosen.feel, timeline.ppq)
        energy = _bent(chosen.energy, plan, bar, rise)
        rolls = rhythm.risers and plan.kind == "build"  # the roll is fill and break in one
        stop = bool(section_end and rise and not last and not rolls and draws[2] < rhythm.breaks)
        fill, fill_start = None, 0
        wanted = (0.35 + 0.65 * rhythm.fills if section_end else 0.55 * rhythm.fills * energy) if phrase_end else 0.0
        if rhythm.fills and draws[3] < wanted and not (stop or last or rolls):
            size = energy + (0.25 if rise else 0.0) - (0.0 if section_end else 0.35)
            fill, fill_start = _fill(rhythm, float(np.clip(size, 0, 1)), plan.kind, metre, timeline.ppq, rng)
        opening = place == 0 and (index > 0 or energy > 0.8) and energy >= rhythm.crash
        middle = place > 0 and place % 8 == 0 and energy >= max(0.75, rhythm.crash)
        kick = _offsets(lines, KICK_LINES)
        out.append(BarGroove(
            index, energy, chosen.feel, variant, lines,
            kick=tuple(k for k in kick if fill is None or k < fill_start),
            backbeat=_offsets(lines, BACKBEAT_LINES), fill=fill, fill_start=fill_start, crash=bool(opening or middle),
            stop=stop, last=last, phrase_end=phrase_end, section_end=section_end,
            figure=figures[place].figure, place=figures[place].place,
        ))  # fmt: skip
    return out


def _variant(variation: float, place: int, phrase_end: bool, draw: float, which: float) -> int:
    """Mostly the usual alternate (0); another in every second bar, and above all towards the end of a phrase."""
    if not variation:
        return 0
    chance = variation + (0.4 if phrase_end else 0.15 if place % 4 == 3 else 0.0)
    if place % 2 == 0 and not phrase_end:
        chance = 0.5 * variation**2
    return 1 + int(which * 3) if draw < chance else 0


def _bent(energy: float, plan: SectionPlan, bar: int, rise: bool) -> float:
    """Energy over a section: it opens a little below, grows to the end, most of all before something higher."""
    share = (bar - plan.section.first_bar) / max(1, plan.section.bars - 1)
    slope = 0.3 if plan.kind == "build" else 0.12 if rise else 0.06
    return float(np.clip(energy + slope * (share - 0.5), 0.0, 1.0))


def pattern_bar(
    rhythm: RhythmStyle, pattern: DrumPattern, place: int, variant: int, metre: Metre, feel: str, ppq: int
) -> dict[str, tuple[Stroke, ...]]:
    """All lines of a drum pattern for one bar of a section, fitted to the metre and in the feel asked for.

    Half time stretches kick and backbeat over two bars while the time-keeping lines go on; double time plays two bars of
    kick and backbeat in one.
    """
    source, cell = rhythm.metre_of(pattern), rhythm.cell_of(pattern)
    out = {}
    for name, texts in pattern.lines.items():
        steady = name in STEADY

        def bar(i: int, texts: tuple[str, ...] = texts, steady: bool = steady) -> tuple[Stroke, ...]:
            return line_bar(texts, variant, i, cell, source, metre, steady=steady, ppq=ppq)

        if feel == "normal" or steady:
            out[name] = bar(place)
            continue
        length = metre.bar_ticks(ppq)
        if feel == "half":
            shift = length if place % 2 else 0
            doubled = [s._replace(offset=2 * s.offset - shift) for s in bar(place // 2)]
            out[name] = tuple(s for s in doubled if 0 <= s.offset < length)
        else:
            grid = ppq // 4
            both = [(i, s) for i in (0, 1) for s in bar(2 * place + i)]
            halved = {(s.offset // 2 + i * length // 2) // grid * grid: s for i, s in reversed(both)}
            out[name] = tuple(s._replace(offset=o, length=grid) for o, s in sorted(halved.items()))
    return {name: strokes for name, strokes in out.items() if strokes}


def _offsets(lines: Mapping[str, tuple[Stroke, ...]], names: tuple[str, ...]) -> tuple[int, ...]:
    """Where the sure strokes of some lines fall (ghost and optional notes do not count)."""
    return tuple(sorted({s.offset for name in names for s in lines.get(name, ()) if s.symbol in "Xx"}))


def _fill(
    rhythm: RhythmStyle, size: float, kind: str, metre: Metre, ppq: int, rng: np.random.Generator
) -> tuple[Mapping[str, tuple[Stroke, ...]] | None, int]:
    """A fill of about the size asked for, set against the end of the bar; with the offset at which it starts."""
    fitting = at_home(rhythm.fill, size, kind)
    if not fitting:
        return None, 0
    chosen = choose(fitting, rng)
    cell = rhythm.cell_of(chosen)
    step = cell_ticks(cell, ppq)
    ternary = metre.compound and step * 3 != ppq and step * 6 != ppq
    stretch = 1.5 if ternary else 1.0
    longest = max(len(t) for texts in chosen.lines.values() for t in texts)
    start = max(0, metre.bar_ticks(ppq) - round(longest * step * stretch))
    out: dict[str, tuple[Stroke, ...]] = {}
    for name, texts in chosen.lines.items():
        text = texts[int(rng.integers(len(texts)))].rjust(longest, ".")
        first = metre.bar_ticks(ppq) - round(longest * step * stretch)
        strokes = []
        for i, symbol in enumerate(text):
            offset = first + round(i * step * stretch)
            if ternary:  # onto the nearest sixth of the dotted beat
                offset = round(offset / (ppq // 4)) * (ppq // 4)
            if symbol != "." and offset >= 0:
                strokes.append(Stroke(offset, step, symbol, False))
        if strokes:
            out[name] = tuple({s.offset: s for s in strokes}.values())
    return out, start


def matches(players: tuple[str, ...], part: Part) -> int:
    """How specifically a pattern's list of players means a part: 4 instrument, 3 family, 2 technique or role, 1 all, 0 no."""
    if not players:
        return 1
    if part.instrument.id in players:
        return 4
    if part.instrument.family in players:
        return 3
    return 2 if part.instrument.technique in players or part.role.value in players else 0


def suited(
    patterns: Sequence[P], players: Sequence[tuple[str, ...]], part: Part, context: Context, section: int,
    figure: int = 0, place: str = "",
) -> P | None:  # fmt: skip
    """The pattern that a part plays in a section: meant for the player as specifically as may be, and at home there.

    A general pattern that is at home in the energy is better than a specific one that is not. Sections that share their
    groove share the choice.

    Args:
        figure: 0 the usual pattern, 1 another one, where there is one as fitting.
        place: as in `Pattern`.

    Returns:
        None where a place other than '' has no pattern for the player at this energy.
    """
    groove, plan = groove_of(context), context.form.sections[section]
    energy = float(np.clip(groove.sections[section].energy + 0.5 * (part.density - 0.5), 0.0, 1.0))
    metre = context.form.timeline.metre_at(plan.section.first_bar)
    scores = [matches(p, part) if q.place == place else 0 for q, p in zip(patterns, players, strict=True)]
    rng = context.rng("pattern", section_key(plan), part.id, place)
    drums = groove.sections[section].patterns
    names = [d.figure or d.name for d in drums]
    able: list[P] = []
    for level in sorted({s for s in scores if s}, reverse=True):
        meant = [p for p, s in zip(patterns, scores, strict=True) if s == level]
        able = [p for p in at_home(meant, energy, plan.kind, metre, groove.rhythm, place)
                if p.energy[0] <= energy <= p.energy[1]]  # fmt: skip
        if able:
            break
    if not able and place:
        return None
    if not able:
        meant = [p for p, s in zip(patterns, scores, strict=True) if s and s == max(scores)]
        able = at_home(meant, energy, plan.kind, metre, groove.rhythm) or [p for p in patterns if not p.place]
    first = choose(able, rng, names[0])
    return _other(able, first, rng, names[1]) if figure else first
