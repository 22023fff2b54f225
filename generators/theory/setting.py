"""The tune of a variation set anew: in running notes, in another octave, doubled at an interval, detached (`data/ways.toml`).

The theme's own notes stay where they were under all of it; the other mode is a matter of keys and chords.
"""

import numpy as np

from ripieno.generators.theory.forms import Way, ways
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.second_voice import beside
from ripieno.generators.theory.types import Context, Part
from ripieno.score.instruments import Instrument
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ

_DETACHED = PPQ // 8  # ticks that a detached note sounds at least


def set_anew(part: Part, tune: Notes, context: Context) -> Notes:
    """The tune of a leading part with each variation's section set in its way; the rest as it is."""
    timeline = context.form.timeline
    moments = Moments(context.chords, context.form)
    out: list[Notes] = []
    kept = np.ones(len(tune), bool)
    for plan in context.form.sections:
        way = ways()[plan.way] if plan.way else None
        if way is None or not (way.running or way.octave or way.beside or way.sounding < 1):
            continue
        first, end = timeline.bar_start(plan.section.first_bar), timeline.bar_start(plan.section.end_bar)
        inside = (tune["start"] >= first) & (tune["start"] < end)
        if not inside.any():
            continue
        kept &= ~inside
        line = make_notes(tune[inside])
        if way.running:
            rests = {timeline.bar_start(p.first_bar + p.bars - 1) for p in plan.phrases}
            line = _running(line, rests, moments, part.instrument)
        line = _moved(line, way, part.instrument)
        out.append(line)
        if way.beside and part.instrument.voices >= 2:
            voice = beside(line, way.beside, above=False, moments=moments, timeline=timeline, player=part.instrument)
            out.append(voice[voice["pitch"] != line["pitch"]])
    return make_notes(np.concatenate([tune[kept], *out])) if out else tune


def _moved(line: Notes, way: Way, player: Instrument) -> Notes:
    """The line an octave away, up or down as the way says or else as the player can reach it, and as long as the way says."""
    line = line.copy()
    for octave in (way.octave, -way.octave) if way.octave else ():
        pitches = line["pitch"].astype(int) + 12 * octave
        if player.low <= pitches.min() and pitches.max() <= player.high:
            line["pitch"] = pitches
            break
    if way.sounding < 1:
        shorter = np.maximum(_DETACHED, np.round(line["duration"] * way.sounding)).astype(np.int64)
        line["duration"] = np.minimum(line["duration"], shorter)
    return make_notes(line)


def _running(line: Notes, rests: set[int], moments: Moments, player: Instrument) -> Notes:
    """The line in even short notes that walk and turn in the scale from each of its notes to the next; `rests` are starts of
    bars that stay plain, where phrases end.
    """
    timeline = moments.form.timeline
    rows: list[tuple[int, int, int, int]] = []
    notes = line.tolist()
    for i, (start, length, pitch, velocity) in enumerate(notes):
        bar = timeline.bar_at(start)
        beat, group = timeline.metre_at(bar).beats(PPQ)[0][1], timeline.metre_at(bar).grouping[0]
        unit = beat // 3 if group == 3 else beat // 2
        following = notes[i + 1] if i + 1 < len(notes) else (start + length, 0, pitch, velocity)
        until = min(following[0], start + max(length, unit) + beat // 2)
        count = (until - start + unit // 4) // unit
        if timeline.bar_start(bar) in rests or count < 2:
            rows.append((start, length, pitch, velocity))
            continue
        before = pitch
        rows.append((start, unit, pitch, velocity))
        for k in range(1, count):
            tick = start + k * unit
            at = moments.at(tick)
            wish = pitch + (following[2] - pitch) * k / count
            strong = (tick - timeline.bar_start(bar)) % beat == 0
            near = [p for p in range(max(player.low, before - 4), min(player.high, before + 4) + 1)
                    if p != before and (at.plain if strong else at.scale)[p % 12]]  # fmt: skip
            prices = [abs(p - wish) + 0.2 * abs(p - before) for p in near]
            before = near[int(np.argmin(prices))] if near else before
            rows.append((tick, unit, before, max(1, velocity - (2 if strong else 8))))
    return make_notes(rows)
