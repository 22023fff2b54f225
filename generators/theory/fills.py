"""A fill of the style for any bar of a kit that is there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.grids import Stroke
from ripieno.generators.theory.groove import plan_groove
from ripieno.generators.theory.rhythm_style import KEYS, KIT
from ripieno.generators.theory.types import Context
from ripieno.score.piece import Notes, Section, make_notes
from ripieno.score.time import PPQ

_LOUD = {"X": 114, "x": 98, "o": 56, "?": 84}
_FEET = (KIT["pedal_hat"],)
_KICKS = (KIT["kick"], KIT["soft_kick"])


def filled(notes: Notes, bars: Sequence[int], beats: float | None, context: Context) -> Notes:
    """The kit's notes with a fill at the end of each of the bars; pedals go on under it.

    `beats` is the length wished, in quarter notes; the style's nearest fill is taken and cut to it.
    """
    timeline = context.form.timeline
    plans = _planned(bars, context)
    out = notes
    for bar in bars:
        fill, begin = plans[bar]
        length = timeline.bar_ticks(bar)
        if beats is not None:
            begin = max(0, length - round(beats * PPQ))
        line, end = timeline.bar_start(bar), timeline.bar_start(bar + 1)
        start = line + begin
        rows = [row for name, strokes in fill.items() for row in _rows(KEYS[name], strokes, line, start, end)]
        if not rows:
            rows = _roll(start, end)
        own_kick = any(r[2] in _KICKS for r in rows)
        under = np.isin(out["pitch"], _FEET if own_kick else (*_FEET, *_KICKS))
        gone = (out["start"] >= start - PPQ // 16) & (out["start"] < end - PPQ // 16) & ~under
        level = float(np.median(out["velocity"])) / 84.0 if len(out) else 1.0
        loud = [(a, n, p, int(np.clip(v * level, 30, 127))) for a, n, p, v in rows]
        out = make_notes(np.concatenate([out[~gone], make_notes(loud)]))
    return out


def _planned(bars: Sequence[int], context: Context) -> dict[int, tuple[Mapping[str, tuple[Stroke, ...]], int]]:
    """The style's fill for each bar and the tick in the bar where it begins: the groove of a form whose sections end there."""
    ends = set(bars)
    plans = []
    for plan in context.form.sections:
        first = plan.section.first_bar
        cuts = sorted({b + 1 for b in ends if first <= b < plan.section.end_bar} | {plan.section.end_bar})
        for cut in cuts:
            section = Section(plan.section.name, first, cut - first, plan.section.energy, f"{plan.section.label}@{first}")
            phrase = replace(plan.phrases[-1], first_bar=first, bars=cut - first)
            plans.append(replace(plan, section=section, phrases=(phrase,), occurrence=0))
            first = cut
    last = plans[-1].section.end_bar
    if last - 1 in ends:  # the last bar of a piece has an ending, not a fill: let it not be the last
        more = Section("after", last, 1, 0.6, "after")
        plans.append(replace(plans[-1], section=more, phrases=(replace(plans[-1].phrases[-1], first_bar=last, bars=1),)))
        last += 1
    eager = context.style.rhythm.model_copy(update={"fills": 1.0})
    style = context.style.model_copy(update={"rhythm": eager})
    groove = plan_groove(replace(context, style=style, form=replace(context.form, sections=tuple(plans), bars=last), notes={}))
    length = context.form.timeline.bar_ticks
    return {b: (groove.bars[b].fill or {}, groove.bars[b].fill_start if groove.bars[b].fill else length(b) // 2) for b in bars}


def _rows(key: int, strokes: Sequence[Stroke], bar: int, start: int, end: int) -> list[tuple[int, int, int, int]]:
    rows = []
    for stroke in strokes:
        count = int(stroke.symbol) if stroke.symbol.isdigit() else 1
        for k in range(count):
            tick = bar + stroke.offset + round(k * stroke.length / count)
            if start <= tick < end:
                velocity = _LOUD.get(stroke.symbol, 80) - (8 if k % 2 else 0)
                rows.append((tick, max(1, min(PPQ // 8, stroke.length // count)), key, velocity))
    return rows


def _roll(start: int, end: int) -> list[tuple[int, int, int, int]]:
    """Down the toms in semiquavers, where the style has no fill of its own."""
    toms = (KIT["snare"], KIT["tom_high"], KIT["tom_mid"], KIT["tom_floor"])
    ticks = list(range(start, end, PPQ // 4))
    return [(t, PPQ // 8, toms[i * len(toms) // len(ticks)], 84 + 24 * i // len(ticks)) for i, t in enumerate(ticks)]
