"""Writes the tune: ideas stated, developed and brought home, phrase by phrase; pitches by `line.best_line`.

Sections of one label share their ideas; each return is varied in a place or two. A phrase a' opens as a does and closes
otherwise (antecedent and consequent). One phrase of a section carries the climax.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ripieno.generators.theory.line import STEP, Wish, best_line
from ripieno.generators.theory.motif import Figure, cadence, fragmented, invent, varied
from ripieno.generators.theory.scales import Moment, Moments
from ripieno.generators.theory.style import Melody
from ripieno.generators.theory.types import Context, Part, Phrase, SectionPlan
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ, Metre

TAGS = 509
_TEMPLATES: dict[int, tuple[str, ...]] = {
    1: ("c",), 2: ("mc",), 3: ("msc", "mnc"), 4: ("msfc", "mnmc", "mmsc", "mnsc", "misc", "msnc", "mvfc"),
    5: ("msnfc", "mnmsc"), 6: ("mnmsfc", "msnmfc"), 7: ("mnmsnfc",), 8: ("mnmsmnfc", "mnsimnfc", "msnvmsfc"),
}  # fmt: skip


@dataclass(slots=True)
class _Sketch:
    """A note before it has a pitch."""

    start: int
    length: int
    step: float
    phrase: int
    pin: str = ""  # cadence that fixes it
    fresh: bool = False
    tag: int = 0  # which of the idea's notes it is: the same tag leans to the same pitches


def write_melody(part: Part, context: Context) -> Notes:
    """The tune over all sections that the part plays in."""
    rows: list[tuple[int, int, int, int]] = []
    moments = Moments(context.chords, context.form)
    pool: dict[str, tuple[Figure, ...]] = {}
    for index, plan in enumerate(context.form.sections):
        if part.plays(index):
            rows.extend(_section(part, context, moments, index, plan, pool))
    end = context.form.timeline.bar_start(context.form.bars)
    return make_notes(_clean(rows, end))


def _section(
    part: Part, context: Context, moments: Moments, index: int, plan: SectionPlan, pool: dict[str, tuple[Figure, ...]]
) -> list[tuple[int, int, int, int]]:
    habits = context.style.melody
    label = plan.section.label
    density = habits.density * (0.5 + part.density) * (0.8 + 0.4 * plan.section.energy) * _character(context, plan)
    usual = context.style.profile.tempo[1]
    density *= float(np.clip((usual / context.form.timeline.tempo_at(0)) ** 0.4, 0.7, 1.4))  # slow music has time for more
    rng = context.rng("tune", part.track or part.id, label)
    sketches: list[_Sketch] = []
    for number, phrase in enumerate(plan.phrases):
        figures = _phrase(part, context, plan, phrase, density, pool)
        _lay(sketches, figures, phrase, number, context, rng.random() < habits.pickup)
    if not sketches:
        return []
    wishes = _wishes(sketches, part, context, moments, plan)
    width = part.high - part.low + 1
    leanings = context.rng("line", part.track or part.id, label).random((TAGS, width)) * 0.6
    leanings = np.roll(leanings, _moved(context, plan), axis=1)  # the same pitches of another key
    noise = leanings[[s.tag % TAGS for s in sketches]]
    if plan.occurrence:  # a return is the same tune in another light
        other = context.rng("return", part.track or part.id, label, plan.occurrence)
        head = _head(plan, context)
        free = np.array([s.start >= head for s in sketches])
        far = 1.6 * habits.vary * (0.25 if plan.way else 1.0)  # a variation has its own way of being another
        noise = noise + other.random((len(wishes), width)) * far * free[:, None]
    strict = context.style.harmony.strict
    pitches = best_line(wishes, part.low, part.high, habits.leap, habits.repeat, noise, strict)
    return _played(sketches, pitches, context, plan, moments, part)


def _moved(context: Context, plan: SectionPlan) -> int:
    """Semitones, -5 to 6, from the key in which a label was first heard to the key of this section."""
    first = next(p for p in context.form.sections if p.section.label == plan.section.label)
    by = (plan.key.tonic_pc - first.key.tonic_pc) % 12
    return by if by <= 6 else by - 12


def _head(plan: SectionPlan, context: Context) -> int:
    """The tick up to which a return is as it was, so that it is known at once: two bars, or one of a short phrase."""
    return context.form.timeline.bar_start(plan.section.first_bar + (2 if plan.phrases[0].bars >= 4 else 1))


def _character(context: Context, plan: SectionPlan) -> float:
    """How busy a label is against the others: contrast between sections."""
    if plan.kind in ("intro", "outro", "break"):
        return 0.65
    if plan.kind == "solo":
        return 1.3
    contrast = context.style.form.contrast
    draw = context.rng("character", plan.section.label).random()
    return float(1.0 + contrast * (draw - 0.5) * (0.5 if plan.section.label == "A" else 1.0))


def _idea(
    name: str, part: Part, context: Context, metre: Metre, density: float, pool: dict[str, tuple[Figure, ...]], kind: str
) -> tuple[Figure, ...]:
    """The figures of an idea: new, or (for a later section) now and then grown out of an earlier one."""
    if name in pool:
        return pool[name]
    habits = context.style.melody
    rng = context.rng("idea", part.track or part.id, name)
    fresh = invent(metre, habits, density, habits.motif_bars, rng)
    own = pool.get(f"{name.split('.')[0]}.a")
    if own and rng.random() < habits.unity:  # the section's first rhythm goes on under a new contour
        fresh = tuple(replace(f.following(new), tag=new.tag) for f, new in zip(own, fresh, strict=True))
        pool[name] = fresh
        return fresh
    older = [v for k, v in pool.items() if k.split(".")[0] != name.split(".")[0]]
    if older and rng.random() < (0.8 if kind == "bridge" else 0.35):  # a new rhythm carries the old contour, upside down
        fresh = tuple(f.following(old.inverted()) for f, old in zip(fresh, older[0], strict=False))
    pool[name] = fresh
    return fresh


def _phrase(
    part: Part, context: Context, plan: SectionPlan, phrase: Phrase, density: float, pool: dict[str, tuple[Figure, ...]]
) -> list[Figure]:
    """A bar of figure for each bar of a phrase."""
    metre = context.form.timeline.metre_at(phrase.first_bar)
    label, _, rest = phrase.idea.partition(".")
    letter, primes = rest.rstrip("'"), rest.count("'")
    idea = _idea(f"{label}.{letter}", part, context, metre, density, pool, plan.kind)
    second = _idea(f"{label}.{letter}*", part, context, metre, density, pool, plan.kind)
    rng = context.rng("phrase", part.track or part.id, label, letter, phrase.bars)
    habits = context.style.melody
    figures: list[Figure] = []
    if habits.motif_bars == 2 and phrase.bars >= 4:
        units = _template(phrase.bars // 2, rng)
        for unit in units:
            figures.extend(_unit(unit, idea, second, metre, rng))
        while len(figures) < phrase.bars:
            figures.insert(-2, idea[-1].shifted(1.0))
        figures[-1] = cadence(metre, idea[0], phrase.cadence == "final", habits.rest, rng)
    else:
        for unit in _template(phrase.bars, rng):
            figures.extend(_unit(unit, idea[:1], second[:1], metre, rng))
        figures[-1] = cadence(metre, idea[0], phrase.cadence == "final", habits.rest, rng)
    if primes or plan.occurrence:
        change = context.rng("vary", part.track or part.id, label, letter, primes, plan.occurrence)
        for _ in range(min(3, primes + plan.occurrence)):
            if len(figures) > 2 and change.random() < habits.vary:
                k = int(change.integers(1, len(figures) - 1))
                figures[k] = varied(figures[k], metre, change)
    return figures


def _template(bars: int, rng: np.random.Generator) -> str:
    if bars in _TEMPLATES:
        options = _TEMPLATES[bars]
        return options[int(rng.integers(len(options)))]
    return "mnms" * ((bars - 1) // 4) + "nfs"[: (bars - 1) % 4] + "c"


def _unit(
    letter: str, idea: Sequence[Figure], second: Sequence[Figure], metre: Metre, rng: np.random.Generator
) -> list[Figure]:
    """The figures that a letter of a template stands for."""
    shift = float(rng.choice([-2, -1, -1, 1, 1, 2]))
    if letter == "s":
        return [f.shifted(shift) for f in idea]
    if letter == "i":
        return [f.inverted() for f in idea]
    if letter == "n":
        return [f.shifted(float(rng.choice([-1, 0, 1]))) for f in second]
    if letter == "f":
        return [fragmented(idea[0], metre, shift), *idea[1:]]
    if letter == "v":
        return [varied(idea[0], metre, rng), *idea[1:]]
    return list(idea)


def _lay(
    sketches: list[_Sketch], figures: Sequence[Figure], phrase: Phrase, number: int, context: Context, pickup: bool
) -> None:
    """Puts a phrase's figures on the time line, with an upbeat where there is room before it."""
    timeline = context.form.timeline
    fresh = True
    begin = timeline.bar_start(phrase.first_bar)
    if pickup and phrase.first_bar > 0 and figures and figures[0].onsets and figures[0].onsets[0] == 0:
        beat = timeline.metre_at(phrase.first_bar - 1).beats(PPQ)[-1][1]
        unit = beat // 3 if beat % 3 == 0 and beat > PPQ else beat // 2
        count = 2 if beat >= PPQ else 1
        sounding = sketches[-1].start + sketches[-1].length if sketches else 0
        if sketches and sketches[-1].start < begin - count * unit and sounding > begin - count * unit:
            sketches[-1].length = max(unit, begin - (count + 1) * unit - sketches[-1].start)  # and a breath before it
        if not sketches or sketches[-1].start + sketches[-1].length <= begin - count * unit:
            for k in range(count):
                step = figures[0].steps[0] - (count - k)
                sketches.append(_Sketch(begin - (count - k) * unit, unit, step, number, fresh=k == 0))
            fresh = False
    for offset, figure in enumerate(figures):
        start = timeline.bar_start(phrase.first_bar + offset)
        for k, (onset, length, step) in enumerate(zip(figure.onsets, figure.lengths, figure.steps, strict=True)):
            goal = figure.pin and k == len(figure.onsets) - 1
            name = figure.tag + 31 * k
            sketches.append(_Sketch(start + onset, length, step, number, phrase.cadence if goal else "", fresh, name))
            fresh = False


def _wishes(
    sketches: Sequence[_Sketch], part: Part, context: Context, moments: Moments, plan: SectionPlan
) -> list[Wish]:
    habits = context.style.melody
    timeline = context.form.timeline
    middle = _home_level(part, context, plan)
    scale = min(1.0, habits.span / 14)  # a wide span is for the phrases: a step of the idea stays a step
    rise = 1.0 + 2.0 * context.style.form.contrast
    count = len(plan.phrases)
    peak = min(count - 1, round(0.65 * (count - 1)))
    wishes = []
    for sketch in sketches:
        at = moments.at(sketch.start)
        bar, offset = timeline.position(sketch.start)
        weight = timeline.metre_at(bar).weight(offset, timeline.ppq)
        strength = min(1.0, 0.75 * weight + 0.25 * min(1.5, sketch.length / PPQ))
        lift = rise if sketch.phrase == peak and count > 1 else 0.0 if sketch.phrase < peak else -0.5
        costs = _standing(at, habits, strength, sketch.length)
        hold = 0.22
        level = middle + lift + sketch.step * scale
        if sketch.pin:
            costs = _goal(at, sketch.pin, costs)
            level = middle + lift - 1.0
            hold = 0.3
        chord = at.chord
        leading = (at.key.tonic_pc + 11) % 12
        rises = leading if chord.root_pc != at.key.tonic_pc and leading in chord.pitch_classes else -1
        wishes.append(Wish(level, strength, costs, at.colour, sketch.fresh, hold, chord.bass_pc, rises))
    return wishes


def _home_level(part: Part, context: Context, plan: SectionPlan) -> float:
    """The level, in scale steps, that a section's tune moves about: higher with energy, other for other labels."""
    room = (part.high - part.low) * STEP
    contrast = context.style.form.contrast
    draw = context.rng("level", part.track or part.id, plan.section.label).random() - 0.5
    energy = plan.section.energy
    if plan.kind == "theme" or plan.way:  # a refrain comes back at its own height; choruses rise
        energy = next(p for p in context.form.sections if p.section.label == plan.section.label).section.energy
    shift = 2.5 * (energy - 0.5) + 2.0 * contrast * draw + _moved(context, plan) * STEP
    return float((part.low + part.high) / 2 * STEP + np.clip(shift, -room / 4, room / 4))


def _standing(at: Moment, habits: Melody, strength: float, length: int) -> np.ndarray:
    """Cost of each pitch class for a note of this strength and length."""
    long = min(2.0, length / PPQ)
    costs = np.full(12, 14.0)
    costs[at.scale] = 0.25 + 2.5 * strength**2 * min(1.0, 0.6 + 0.4 * long)
    costs[at.avoid] += 1.2 * strength + 0.5 * max(0.0, long - 0.5)
    costs[at.colour] = 0.5 * strength
    costs[at.plain] = 0.0
    if habits.pentatonic:
        costs = costs + np.where(at.pentatonic | at.plain, 0.0, 0.9 * habits.pentatonic)
    if habits.blue:
        blue = at.blue & ~at.plain
        costs[blue] = np.minimum(costs[blue], 1.4 - habits.blue + 0.8 * strength)
    return costs


def _goal(at: Moment, kind: str, costs: np.ndarray) -> np.ndarray:
    """Which tones may close a phrase."""
    tonic = at.key.tonic_pc
    third = (at.chord.root_pc + (3 if at.chord.is_minor else 4)) % 12
    out = np.where(at.plain, costs + 0.8, costs + 8.0)
    if kind in ("authentic", "final"):
        if at.plain[tonic]:
            out += 3.0 if kind == "final" else 0.6
            out[tonic] = 0.0
            if kind == "authentic":
                out[third] = min(out[third], 0.9)
        return out
    leading = (tonic + 11) % 12
    for pc in ((at.chord.root_pc + 7) % 12, third, at.chord.root_pc):
        if at.plain[pc] and pc != tonic:
            out[pc] = 0.2 if pc != leading else 0.8
    return out


def _played(
    sketches: Sequence[_Sketch], pitches: Sequence[int], context: Context, plan: SectionPlan, moments: Moments, part: Part
) -> list[tuple[int, int, int, int]]:
    """Notes with velocities by metre; lengths as the style articulates; chromatic and grace notes by its shares."""
    habits = context.style.melody
    timeline = context.form.timeline
    rng = context.rng("ornament", part.track or part.id, plan.section.label, plan.occurrence)
    rows: list[tuple[int, int, int, int]] = []
    for k, (sketch, pitch) in enumerate(zip(sketches, pitches, strict=True)):
        bar, offset = timeline.position(sketch.start)
        weight = timeline.metre_at(bar).weight(offset, timeline.ppq)
        velocity = 80 + (4 if weight >= 0.75 else 0)
        following = pitches[k + 1] if k + 1 < len(pitches) else None
        gap = sketches[k + 1].start - sketch.start if k + 1 < len(sketches) else sketch.length
        length = min(sketch.length, gap)
        if following is not None and not sketch.pin and 0 < length <= PPQ // 2 and weight < 0.5 and k > 0 \
                and rng.random() < habits.chromatic and abs(following - pitch) <= 4 and not sketches[k + 1].fresh:
            below = following - 1 if pitch <= following else following + 1
            pitch = below if part.low <= below <= part.high and below != pitches[k - 1] else pitch
        if length >= PPQ and not sketch.fresh and not sketch.pin and rng.random() < habits.ornament * 0.6:
            at = moments.at(sketch.start)
            above = next((pitch + i for i in (1, 2, 3) if at.scale[(pitch + i) % 12]), pitch + 2)
            grace = PPQ // 4  # a semiquaver on the beat: what players make of it, and clear to write down
            if above <= part.high:
                rows.append((sketch.start, grace, above, velocity - 14))
                rows.append((sketch.start + grace, length - grace, pitch, velocity))
                continue
        rows.append((sketch.start, max(PPQ // 8, round(length * habits.legato) if not sketch.pin else length), pitch, velocity))
    return rows


def _clean(rows: list[tuple[int, int, int, int]], end: int) -> list[tuple[int, int, int, int]]:
    """One note at a time, inside the piece."""
    out: list[tuple[int, int, int, int]] = []
    for start, length, pitch, velocity in sorted(rows):
        if not 0 <= start < end:
            continue
        if out and out[-1][0] + out[-1][1] > start:
            if out[-1][0] == start:
                out.pop()
            else:
                out[-1] = (out[-1][0], start - out[-1][0], *out[-1][2:])
        out.append((start, min(length, end - start), pitch, velocity))
    return out


