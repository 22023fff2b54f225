"""Literal returns: where the genre repeats its strains and opens a consequent like its antecedent, all players do so together.

A return is planned once for the piece, as bars that repeat earlier bars, so that nobody varies alone. Where the harmony is
not the same, the bar is written anew.
"""

from collections.abc import Mapping
from itertools import groupby

import numpy as np

from ripieno.generators.theory.types import Context, Part, Phrase, SectionPlan
from ripieno.score.piece import Notes, make_notes

_FREE = frozenset({"variation", "solo"})  # kinds whose point is to be different
_CLOSE = 2  # bars of a cadence that a return writes anew where it closes otherwise

Signature = tuple[object, ...]


def plan_returns(context: Context) -> Mapping[int, int]:
    """Bars that repeat earlier bars note for note: bar -> earlier bar.

    `form.literal` of the style says how often a section comes back as it was, `form.period` how often a phrase a' opens with
    the first half of its phrase a.
    """
    form, habits = context.form, context.style.form
    bars = _signatures(context)
    found: dict[int, int] = {}
    first_of: dict[str, SectionPlan] = {}
    for plan in form.sections:
        label = plan.section.label
        first = first_of.setdefault(label, plan)
        if plan.kind in _FREE or plan.way:
            continue
        if first is not plan and first.section.bars == plan.section.bars and first.key == plan.key \
                and context.rng("literal", label, plan.occurrence).random() < habits.literal:
            kept = plan.section.bars - (_CLOSE if plan.phrases[-1].cadence != first.phrases[-1].cadence else 0)
            _match(found, plan.section.first_bar, first.section.first_bar, kept, bars)
        if context.rng("period", label).random() < habits.period:
            for phrase, before in _consequents(plan.phrases):
                _match(found, phrase.first_bar, before.first_bar, phrase.bars // 2, bars)
    return found


def returned(part: Part, line: Notes, context: Context, plan: Mapping[int, int]) -> Notes:
    """The line with the planned bars replaced by those that they repeat, in sections where the part plays both."""
    timeline, form = context.form.timeline, context.form
    here = [(bar, source) for bar, source in sorted(plan.items())
            if part.plays(form.section_at(bar)) and part.plays(form.section_at(source))]  # fmt: skip
    out = line
    for _, run in groupby(enumerate(here), key=lambda row: (row[1][0] - row[0], row[1][1] - row[0])):
        stretch = [row for _, row in run]
        (first, source), count = stretch[0], len(stretch)
        start, stop = timeline.bar_start(first), timeline.bar_start(first + count)
        begin, end = timeline.bar_start(source), timeline.bar_start(source + count)
        again = out[(out["start"] >= begin) & (out["start"] < end)].copy()
        again["start"] += start - begin
        again["duration"] = np.minimum(again["duration"], stop - again["start"])
        rest = out[(out["start"] < start) | (out["start"] >= stop)].copy()
        early = rest["start"] < start
        rest["duration"][early] = np.minimum(rest["duration"][early], start - rest["start"][early])
        out = make_notes(np.concatenate([rest, again]))
    return out


def _match(found: dict[int, int], target: int, source: int, count: int, bars: list[Signature]) -> None:
    for k in range(count):
        if bars[target + k] == bars[source + k]:
            found.setdefault(target + k, source + k)


def _consequents(phrases: tuple[Phrase, ...]) -> list[tuple[Phrase, Phrase]]:
    """(phrase, the phrase whose idea it takes up) for phrases of one length."""
    first: dict[str, Phrase] = {}
    out = []
    for phrase in phrases:
        before = first.setdefault(phrase.idea.rstrip("'"), phrase)
        if before is not phrase and before.bars == phrase.bars:
            out.append((phrase, before))
    return out


def _signatures(context: Context) -> list[Signature]:
    """What must be the same of two bars that sound the same: key, metre, chords with their places."""
    form, timeline = context.form, context.form.timeline
    spans = context.chords
    out: list[Signature] = []
    i = 0
    for bar in range(form.bars):
        start, end = timeline.bar_start(bar), timeline.bar_start(bar + 1)
        while i + 1 < len(spans) and spans[i].end <= start:
            i += 1
        inside, k = [], i
        while k < len(spans) and spans[k].start < end:
            inside.append((max(0, spans[k].start - start), spans[k].chord))
            k += 1
        out.append((form.sections[form.section_at(bar)].key, end - start, tuple(inside)))
    return out
