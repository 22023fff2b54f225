"""Lines beside the tune: countermelody, answers in its rests, riffs, doublings, harmony in thirds and sixths, divided chords.

Each knows the lines written before it (`Context.lines`) and keeps out of their way.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.accompaniment import Row, tidy
from ripieno.generators.theory.comping import comp_onsets
from ripieno.generators.theory.line import STEP, Wish, best_line
from ripieno.generators.theory.mend import without_parallels
from ripieno.generators.theory.motif import Figure, invent
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.types import Context, Part, SectionPlan
from ripieno.generators.theory.voicing import Voicing, candidates, lead_voices
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ


def leading(context: Context, but: str) -> Notes:
    """The tune's notes: those of all lead parts written so far."""
    return lines_of(context, but, (Role.LEAD,))


def lines_of(context: Context, but: str, roles: tuple[Role, ...]) -> Notes:
    """All notes written so far for parts of some roles."""
    rows = [context.lines[p.id] for p in context.parts if p.role in roles and p.id != but and p.id in context.lines]
    return make_notes(np.concatenate(rows)) if rows else make_notes()


def write_counter(part: Part, context: Context) -> Notes:
    """A second melody: slow where the tune moves, moving where it rests; consonant on the beats, contrary where it can."""
    tune = leading(context, part.id)
    others = lines_of(context, part.id, (Role.LEAD, Role.COUNTERMELODY))
    bass = lines_of(context, part.id, (Role.BASS,))
    moments = Moments(context.chords, context.form)
    timeline = context.form.timeline
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        onsets = _counter_onsets(part, context, plan, tune)
        wishes = []
        rng = context.rng("counter", part.track or part.id, plan.section.label)
        level = (part.low + part.high) / 2 * STEP
        pace, phase = 0.5 + 0.5 * rng.random(), 6.3 * rng.random()
        for k, (start, length) in enumerate(onsets):
            costs = _consonant(moments, start, length, others)
            under = int(np.searchsorted(bass["start"], start, side="right")) - 1
            if under >= 0:  # an octave with the bass adds nothing, and two in a row are parallels
                costs[int(bass["pitch"][under]) % 12] += 0.9
            at = moments.at(start)
            wave = 2.6 * np.sin(k * pace + phase) + 1.2 * np.sin(k * 2.1)
            ground = int(bass["pitch"][under]) % 12 if under >= 0 else at.chord.bass_pc
            height = level + wave - 0.35 * _tune_motion(tune, start)
            wishes.append(Wish(height, 0.9, costs, at.colour, k == 0, 0.25, ground))
        noise = rng.random((len(wishes), part.high - part.low + 1)) * 0.3
        pitches = best_line(wishes, part.low, part.high, 0.15, 0.0, noise, context.style.harmony.strict)
        for (start, length), pitch in zip(onsets, pitches, strict=True):
            if rows and rows[-1][2] == pitch and sum(rows[-1][:2]) == start and length + rows[-1][1] <= 4 * PPQ:
                rows[-1] = (rows[-1][0], rows[-1][1] + length, pitch, 74)  # held rather than struck again
            else:
                rows.append((start, length, pitch, 74))
    line = make_notes(tidy(rows, timeline.bar_start(context.form.bars)))
    if context.style.harmony.strict >= 1:
        for other in (bass, tune):
            line = without_parallels(part, line, other, moments)
    return line


def _counter_onsets(part: Part, context: Context, plan: SectionPlan, tune: Notes) -> list[tuple[int, int]]:
    """A slow pulse that quickens where the tune holds or rests."""
    timeline = context.form.timeline
    starts = tune["start"]
    out: list[tuple[int, int]] = []
    for bar in range(plan.section.first_bar, plan.section.end_bar):
        begin, length = timeline.bar_start(bar), timeline.bar_ticks(bar)
        beats = timeline.metre_at(bar).beats(PPQ)
        busy = int(((starts >= begin) & (starts < begin + length)).sum())
        if busy <= 1 and len(beats) >= 2 and part.density > 0.25:
            out.extend((begin + s, n) for s, n in beats)
        elif len(beats) >= 4 or (len(beats) >= 2 and part.density > 0.6):
            half = beats[-(-len(beats) // 2)][0]
            out.extend([(begin, half), (begin + half, length - half)])
        else:
            out.append((begin, length))
    if out and plan is context.form.sections[-1]:
        begin = timeline.bar_start(context.form.bars - 1)
        out = [o for o in out if o[0] < begin] + [(begin, timeline.bar_ticks(context.form.bars - 1))]
    return out


def _consonant(moments: Moments, start: int, length: int, tune: Notes) -> np.ndarray:
    """Cost of each pitch class at a moment against the chord and the tune that sounds over it."""
    at = moments.at(start)
    costs = np.full(12, 12.0)
    costs[at.scale] = 3.0
    costs[at.colour] = 0.4
    costs[at.plain] = 0.0
    over = tune[(tune["start"] < start + length) & (tune["start"] + tune["duration"] > start)]
    for note in over[:6]:
        pc = int(note["pitch"]) % 12
        weight = 1.0 if note["start"] <= start else 0.8 / len(over)
        for interval, price in ((1, 3.0), (11, 3.0), (2, 1.0), (10, 0.6), (0, 1.0), (6, 0.5)):
            costs[(pc + interval) % 12] += price * weight
    return costs


def _tune_motion(tune: Notes, tick: int) -> float:
    """How far the tune has just moved, in scale steps."""
    i = int(np.searchsorted(tune["start"], tick, side="right"))
    if i < 2:
        return 0.0
    return float(np.clip((int(tune["pitch"][i - 1]) - int(tune["pitch"][i - 2])) * STEP, -4, 4))


def write_answer(part: Part, context: Context) -> Notes:
    """Replies in the tune's rests: its own idea turned round, ending before the tune comes back."""
    tune = leading(context, part.id)
    timeline = context.form.timeline
    moments = Moments(context.chords, context.form)
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        figure = _reply(part, context, plan)
        first, stop = timeline.bar_start(plan.section.first_bar), timeline.bar_start(plan.section.end_bar)
        wishes, places = [], []
        level = (part.low + part.high) / 2 * STEP
        for a, b in _gaps(tune, first, stop, context, plan):
            inside = [n for n in figure.notes if a + n[0] - figure.onsets[0] < b - PPQ // 4]
            if len(inside) < 2:
                continue  # one note is no reply
            for k, (onset, length, step) in enumerate(inside):
                start = a + onset - figure.onsets[0]
                at = moments.at(start)
                costs = np.full(12, 12.0)
                costs[at.scale], costs[at.plain] = 1.0, 0.0
                wishes.append(Wish(level + step, 0.6, costs, at.plain, k == 0))
                places.append((start, min(length, b - start)))
        noise = context.rng("answer", part.track or part.id, index).random((len(wishes), part.high - part.low + 1)) * 0.3
        pitches = best_line(wishes, part.low, part.high, 0.3, 0.3, noise)
        rows.extend((s, n, p, 72) for (s, n), p in zip(places, pitches, strict=True))
    if not rows:  # a tune without rests: accompany it instead
        return write_counter(part, context)
    return make_notes(tidy(rows, timeline.bar_start(context.form.bars)))


def _reply(part: Part, context: Context, plan: SectionPlan) -> Figure:
    metre = context.form.timeline.metre_at(plan.section.first_bar)
    rng = context.rng("reply", part.track or part.id, plan.section.label)
    density = max(1.0, context.style.melody.density * (0.7 + part.density))
    two_beats = 2 * metre.beats(PPQ)[0][1]
    for _ in range(6):  # short enough to say something in two beats
        figure = invent(metre, context.style.melody, density, 1, rng)[0]
        if sum(onset - figure.onsets[0] < two_beats for onset in figure.onsets) >= 2:
            break
    return figure


def _gaps(tune: Notes, first: int, stop: int, context: Context, plan: SectionPlan) -> list[tuple[int, int]]:
    """Stretches in which the tune is silent or only holds, a beat and more; without a tune the second halves of phrases."""
    timeline = context.form.timeline
    metre = timeline.metre_at(plan.section.first_bar)
    beat = metre.beats(PPQ)[0][1]
    inside = tune[(tune["start"] < stop) & (tune["start"] + tune["duration"] > first)]
    found: list[tuple[int, int]] = []
    edge = first
    for note in inside:
        begin = int(note["start"])
        if begin - edge >= beat:
            found.append((-(-edge // beat) * beat if edge % beat else edge, begin))
        held = begin + min(int(note["duration"]), beat)
        edge = max(edge, held)
    if stop - edge >= beat:
        found.append((edge, stop))
    if not len(inside):
        halves = [(p.first_bar + p.bars // 2, p.first_bar + p.bars) for p in plan.phrases]
        found = [(timeline.bar_start(a), timeline.bar_start(b)) for a, b in halves]
    if plan is context.form.sections[-1]:
        end = timeline.bar_start(context.form.bars - 1)
        found = [(a, min(b, end)) for a, b in found if a < end]
    return [(a, b) for a, b in found if b - a >= beat]


def write_riff(part: Part, context: Context) -> Notes:
    """A figure that comes again in every bar (or two), moved with the harmony."""
    timeline = context.form.timeline
    moments = Moments(context.chords, context.form)
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        metre = timeline.metre_at(plan.section.first_bar)
        rng = context.rng("riff", part.track or part.id, plan.section.label)
        habits = context.style.melody.model_copy(update={"cells": context.style.melody.riff})
        figures = invent(metre, habits, max(1.6, habits.density * 1.2) * (0.6 + part.density), 2, rng)
        pattern = (figures[0], figures[0], figures[0], figures[1])
        wishes, places = [], []
        level = (part.low + part.high) / 2 * STEP
        for bar in range(plan.section.first_bar, plan.section.end_bar):
            figure = pattern[(bar - plan.section.first_bar) % 4]
            last = bar == context.form.bars - 1
            root = moments.at(timeline.bar_start(bar)).chord.root_pc
            shift = (((root - plan.key.tonic_pc + 6) % 12) - 6) * STEP
            for k, (onset, length, step) in enumerate(zip(figure.onsets, figure.lengths, figure.steps, strict=True)):
                start = timeline.bar_start(bar) + onset
                if last and k:
                    break
                at = moments.at(start)
                strong = metre.weight(onset, PPQ) + min(1.0, length / (2 * PPQ))
                costs = np.full(12, 12.0)
                costs[at.scale] = 1.0 + 1.5 * strong
                costs[at.pentatonic & at.scale] = 0.5 + strong
                costs[at.plain] = 0.0
                wishes.append(Wish(level + step + shift, 0.5, costs, at.plain | at.pentatonic, k == 0, 0.5))
                places.append((start, timeline.bar_ticks(bar) if last else length))
        noise = np.zeros((len(wishes), part.high - part.low + 1))
        pitches = best_line(wishes, part.low, part.high, 0.6, 0.8, noise)
        rows.extend((s, n, p, 76) for (s, n), p in zip(places, pitches, strict=True))
    return make_notes(tidy(rows, timeline.bar_start(context.form.bars)))


def write_doubling(part: Part, context: Context) -> Notes:
    """The line of another part, in the octave that suits this one."""
    source = context.lines.get(part.of or "")
    if source is None or not len(source):
        return make_notes()
    keep = np.zeros(len(source), dtype=bool)
    for index, plan in enumerate(context.form.sections):
        if part.plays(index):
            first = context.form.timeline.bar_start(plan.section.first_bar)
            keep |= (source["start"] >= first) & (source["start"] < context.form.timeline.bar_start(plan.section.end_bar))
    notes = source[keep].copy()
    if part.instrument.voices < 2:  # a single voice takes the top
        order = np.lexsort((-notes["pitch"].astype(int), notes["start"]))
        notes = notes[order]
        notes = notes[np.concatenate(([True], np.diff(notes["start"]) > 0))] if len(notes) else notes
    if not len(notes):
        return make_notes()
    shifts = [12 * k for k in range(-4, 5)]
    pitches = notes["pitch"].astype(int)
    best = min(shifts, key=lambda s: (int(((pitches + s < part.low) | (pitches + s > part.high)).sum()), abs(s)))
    moved = pitches + best
    moved = np.where(moved < part.low, moved + 12 * -(-(part.low - moved) // 12), moved)
    moved = np.where(moved > part.high, moved - 12 * -(-(moved - part.high) // 12), moved)
    notes["pitch"] = np.clip(moved, part.low, part.high)
    return make_notes(tidy([tuple(map(int, n)) for n in notes], context.form.timeline.bar_start(context.form.bars)))  # type: ignore[misc]


def write_second_lead(part: Part, context: Context, first: Part) -> Notes:
    """A second voice for the tune where both lead: thirds or sixths below it, on chord tones where they last."""
    source = context.lines.get(first.id)
    if source is None or not len(source):
        return make_notes()
    moments = Moments(context.chords, context.form)
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        a, b = (context.form.timeline.bar_start(x) for x in (plan.section.first_bar, plan.section.end_bar))
        here = source[(source["start"] >= a) & (source["start"] < b)]
        wishes = []
        for note in here:
            at = moments.at(int(note["start"]))
            costs = np.full(12, 12.0)
            costs[at.scale], costs[at.plain] = 0.7, 0.0
            for interval in (0, 1, 2, 10, 11, 6):
                costs[(int(note["pitch"]) - interval) % 12] += 3.0
            shift = 2 if int(note["pitch"]) - 4 >= part.low else -5
            wishes.append(Wish(int(note["pitch"]) * STEP - shift, 0.6, costs, at.scale, False, 0.9))
        pitches = best_line(wishes, part.low, part.high, 0.4, 0.8, np.zeros((len(wishes), part.high - part.low + 1)))
        for note, pitch in zip(here, pitches, strict=True):
            rows.append((int(note["start"]), int(note["duration"]), pitch, max(1, int(note["velocity"]) - 8)))
    return make_notes(tidy(rows, context.form.timeline.bar_start(context.form.bars)))


def write_divided(parts: Sequence[Part], context: Context) -> dict[str, Notes]:
    """Chords shared out among players of one note each: highest part on top, held or in the rhythm of the style."""
    order = sorted(parts, key=lambda p: (p.low + p.high, p.id))
    shapes: list[list[Voicing]] = []
    for span in context.chords:
        low, high = min(p.low for p in order), max(p.high for p in order)
        options = [v for v in candidates(span.chord, len(order), low, high, "any", True) if len(v) == len(order)]
        fitting = [v for v in options if all(p.low <= n <= p.high for p, n in zip(order, v, strict=True))]
        shapes.append(fitting or [_clamped(span.chord.pitch_classes, order)])
    centre = float(np.mean([(p.low + p.high) / 2 for p in order]))
    row = lead_voices(shapes, centre, strict=True)
    return {p.id: _one_voice(p, context, [v[i] for v in row]) for i, p in enumerate(order)}


def _clamped(pcs: Sequence[int], order: Sequence[Part]) -> Voicing:
    """Some chord tone for each, where no voicing suits all ranges."""
    out = []
    for i, part in enumerate(order):
        middle = (part.low + part.high) // 2
        fitting = [n for n in range(part.low, part.high + 1) if n % 12 in pcs] or [middle]
        out.append(min(fitting, key=lambda n: (abs(n - middle) + (3 if n % 12 != pcs[i % len(pcs)] else 0))))
    return tuple(out)


def _one_voice(part: Part, context: Context, pitches: Sequence[int]) -> Notes:
    timeline = context.form.timeline
    rows: list[Row] = []
    starts = np.array([s.start for s in context.chords])
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        first, stop = timeline.bar_start(plan.section.first_bar), timeline.bar_start(plan.section.end_bar)
        longest = 4 * timeline.bar_ticks(plan.section.first_bar)
        if part.role is Role.CHORDS:
            for bar in range(plan.section.first_bar, plan.section.end_bar):
                for offset, length, accent in comp_onsets(replace(part, id=part.pattern or part.id), context, index, bar):
                    tick = timeline.bar_start(bar) + offset
                    place = max(0, int(np.searchsorted(starts, tick, side="right")) - 1)
                    rows.append((tick, length, pitches[place], int(54 + 28 * accent)))
            continue
        for span, pitch in zip(context.chords, pitches, strict=True):
            if span.end > first and span.start < stop:
                a, b = max(first, span.start), min(stop, span.end)
                since = rows[-1][0] if rows and rows[-1][2] == pitch and sum(rows[-1][:2]) == a else -1
                if since >= first and b - since <= longest:
                    rows[-1] = (since, b - since, pitch, 64)
                else:
                    rows.append((a, b - a, pitch, 64))
    single: list[Row] = []
    for note in sorted(rows):  # one voice: what comes next cuts what sounds
        if single and single[-1][0] + single[-1][1] > note[0]:
            single[-1] = (single[-1][0], note[0] - single[-1][0], *single[-1][2:])
        single.append(note)
    return make_notes(tidy(single, timeline.bar_start(context.form.bars)))
