"""When chordal instruments strike: the style's comping rhythms, chosen by player and energy, in step with the groove."""

import numpy as np

from ripieno.generators.theory.grids import HOLD, Stroke
from ripieno.generators.theory.groove import groove_of, line_bar, suited
from ripieno.generators.theory.rhythm_style import CompPattern
from ripieno.generators.theory.types import Context, Part

Onset = tuple[int, int, float]
ACCENTS = {"X": 1.0, "x": 0.7, "?": 0.6, "o": 0.35}


def comp_pattern(part: Part, context: Context, section_index: int, figure: int = 0, place: str = "") -> CompPattern | None:
    """The comping rhythm of a part in a section; sections that share a groove share it. Chosen once per context.

    `figure`, `place` and what is returned as in `groove.suited`.
    """
    name = f"comping:{part.id}:{section_index}:{part.density}:{figure}:{place}"
    if name not in context.notes:
        patterns = groove_of(context).rhythm.comp
        context.notes[name] = suited(patterns, [p.players for p in patterns], part, context, section_index, figure, place)
    found = context.notes[name]
    return found if isinstance(found, CompPattern) else None


def comp_onsets(part: Part, context: Context, section_index: int, bar: int) -> tuple[Onset, ...]:
    """(ticks into the bar, ticks it sounds, accent 0..1) of each chord that the part strikes in a bar.

    A chord that is held over the bar line is struck again by the next bar's onset at 0 only if its pattern says so; where
    the harmony changes under a held chord the caller strikes or moves it.
    """
    groove = groove_of(context)
    plan, here = context.form.sections[section_index], groove.bars[bar]
    timeline = context.form.timeline
    metre, ppq = timeline.metre_at(bar), timeline.ppq
    if here.last:
        return ((0, metre.bar_ticks(ppq), 0.9),)
    if here.stop:
        return ((0, ppq // 2, 1.0),)
    own = comp_pattern(part, context, section_index, here.figure, here.place) if here.place else None
    pattern = own or comp_pattern(part, context, section_index, here.figure)
    assert pattern is not None  # only places of their own may have none
    place = bar - plan.section.first_bar
    strokes = line_bar(
        pattern.line, here.variant, place, groove.rhythm.cell_of(pattern), groove.rhythm.metre_of(pattern), metre,
        steady=True, ppq=ppq,
    )  # fmt: skip
    rng = context.rng("comp", part.id, bar) if any(s.symbol == "?" for s in strokes) else None
    return tuple(_onsets(strokes, pattern.gate, here.energy, rng))


def _onsets(strokes: tuple[Stroke, ...], gate: float, energy: float, rng: np.random.Generator | None) -> list[Onset]:
    """Decides optional strokes; a bar that begins with a hold begins with a soft stroke unless it has others."""
    out: list[Onset] = []
    for stroke in strokes:
        symbol = stroke.symbol
        if symbol == "?" and rng is not None and rng.random() > 0.2 + 0.5 * energy:
            continue
        if symbol == HOLD:
            if len(strokes) > 1:
                continue  # the chord before sounds on; its caller holds it to this bar's first stroke
            symbol = "o"
        out.append((stroke.offset, max(1, round(stroke.length * gate)), ACCENTS[symbol]))
    return out
