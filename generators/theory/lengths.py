"""Fits a form to a number of bars: which of its sections there are, and how long each is.

Lengths are whole phrases where they can be, sections of one label are equally long, and what was stated is kept. Knows
nothing of keys or energy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from ripieno.generators.theory.forms import KEPT, FormData, Row
from ripieno.score.errors import BadRequest

_LONGER = (1, 2, 4)  # how many times their usual length sections grow to where a form grows by longer sections
# Prices, where a doubling costs ln 2: a section that leaves, by how dear it is; one more section; all of them twice as long;
# a form of one theme whose length the theme does not divide.
_LEAVES, _COMES, _DOUBLED, _BROKEN = 0.06, 0.04, 0.05, 0.5
MANY = 3.5  # times that a form comes round from which on its sections are twice as long
OPTIONAL = 1  # sections this dear come and leave as the length asks for it
_MOST = 120  # sections
_ROOM = 1.5  # how far introductions, bridges and the like grow beyond their usual length


NO_ROW = Row(name="")


@dataclass(frozen=True, slots=True)
class Slot:
    """A section before its length is settled: stated bars (or None), weight (its usual bars), how dear it is, its row."""

    name: str
    kind: str
    label: str
    stated: int | None
    weight: int
    dear: int = KEPT
    row: Row = NO_ROW


def grown(data: FormData, bars: int) -> tuple[Row, ...]:
    """The sections of a form that grows by blocks, chosen for a length: near their usual lengths, few rather than many."""
    levels = sorted({r.dear for r in data.sections if OPTIONAL < r.dear < KEPT})
    best: tuple[float, tuple[Row, ...]] | None = None
    for longer, blocks, dropped, slim in product(_LONGER, range(len(data.grow) + 1), range(len(levels) + 1), (False, True)):
        gone = {*levels[:dropped], *((OPTIONAL,) if slim else ())}
        rows = [_longer(r, longer) for r in _with_blocks(data, blocks) if r.dear not in gone]
        price = _COMES * max(0, len(rows) - len(data.sections)) + _LEAVES * sum(r.dear for r in data.sections if r.dear in gone)
        price += abs(math.log(bars / sum(r.bars for r in rows))) + _DOUBLED * math.log2(longer) + _BROKEN * _breaks(rows, bars)
        if best is None or price < best[0] - 1e-9:
            best = price, tuple(rows)
    assert best is not None
    return best[1]


def _breaks(rows: Sequence[Row], bars: int) -> bool:
    """Whether a theme that all sections share would not keep its length: what is left over is no coda."""
    main = [r for r in rows if r.dear > OPTIONAL]
    if len(main) < 2 or len({r.label or r.name for r in main}) > 1:
        return False
    left = bars - sum(r.bars for r in main)
    return left != 0 if len(main) == len(rows) else not 4 <= left <= main[0].bars


def _longer(row: Row, times: int) -> Row:
    return row.model_copy(update={"bars": max(row.bars, min(row.bars * times, row.most or row.bars * times))})


def _with_blocks(data: FormData, count: int) -> list[Row]:
    """The base form with its first `count` blocks, each before the section that it names, in their own order."""
    rows: list[Row] = []
    for i in range(len(data.sections) + 1):
        for block in data.grow[:count]:
            if block.at == i:
                rows.extend(block.sections)
        rows.extend(data.sections[i:i + 1])
    return rows


def broadened(slots: Sequence[Slot], bars: int) -> list[Slot]:
    """Sections twice as long where a cycle would otherwise come round many times."""
    if bars < MANY * sum(s.weight for s in slots):
        return list(slots)
    return [replace(s, weight=2 * s.weight) for s in slots]


def fit(slots: Sequence[Slot], cycle: tuple[int, int] | None, bars: int) -> list[Slot]:
    """Repeats the cycle where bars are many, drops the least dear sections where they are few."""
    slots = list(slots)
    usual = sum(s.weight for s in slots)
    if cycle is not None:
        first, end = cycle
        block = slots[first:end]
        size = sum(s.weight for s in block)
        copies = 0
        while size and bars >= usual + size * 0.75 and len(slots) < _MOST:
            copies += 1
            again = [_fresh(s, copies) for s in block] if copies % 2 == 0 else block
            slots = [*slots[:end], *again, *slots[end:]]
            end += len(block)
            usual += size
    while len(slots) > 1 and bars < 0.9 * sum(s.weight for s in slots):
        dear = min(s.dear for s in slots)
        if dear >= KEPT:
            if bars >= 4 * len(slots):
                break
            last = max(i for i, s in enumerate(slots) if s.dear == dear)
            slots = [*slots[:last], *slots[last + 1 :]]
        else:
            slots = [s for s in slots if s.dear > dear]
    return slots


def _fresh(slot: Slot, copies: int) -> Slot:
    """A section of the same kind with material of its own, so that long pieces go somewhere."""
    return replace(slot, label=f"{slot.label}{copies // 2 + 1}")


def allocate(slots: Sequence[Slot], bars: int, chorus: int = 0) -> list[int]:
    """Lengths that add up to `bars`: stated ones kept where they can be, the others in wholes of 4 or 2 bars.

    Raises:
        BadRequest: there are more sections than bars.
    """
    stated = sum(s.stated or 0 for s in slots)
    free = [i for i, s in enumerate(slots) if s.stated is None]
    if (not free and stated != bars) or (free and bars - stated < len(free)):
        free, stated, lengths = list(range(len(slots))), 0, [0] * len(slots)
        if bars < len(slots):
            raise BadRequest("Every section has at least one bar", value=f"{len(slots)} sections in {bars} bars",
                             cure="ask for more bars or fewer sections")
    else:
        lengths = [s.stated or 0 for s in slots]
    rest = bars - stated
    if not free:
        return lengths
    unit = next(u for u in (chorus, 4, 2, 1) if u and rest // u >= len(free))
    units = rest // unit
    got = _by_label([slots[i] for i in free], units, unit)
    for i, n in zip(free, got, strict=True):
        lengths[i] = n * unit
    lengths[free[-1]] += rest - sum(got) * unit
    return lengths


def _by_label(slots: Sequence[Slot], units: int, unit: int) -> list[int]:
    """Units for each slot, equal for slots of one label, near the usual lengths, adding up to `units` or a little less.

    Least total deviation (absolute log ratio to the usual length) by dynamic programming over labels.
    """
    labels = list(dict.fromkeys(s.label for s in slots))
    total_weight = sum(s.stated or s.weight for s in slots)
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for label in labels:
        own = [s for s in slots if s.label == label]
        usual = sum(s.stated or s.weight for s in own) / len(own) / unit
        fair = usual * units * unit / total_weight
        step: dict[int, tuple[float, tuple[int, ...]]] = {}
        main = own[0].kind in ("verse", "chorus", "theme", "drop")
        for size in range(1, max(2, math.ceil(2.5 * fair)) + 1):
            far = abs(math.log(size / fair))
            price = len(own) * (far * (1.6 if main else 0.6) + far * far)
            price += 0.3 * (size * unit % 4 != 0) + (0.45 if main else 0.0) * (size * unit % 8 == 4 and units * unit >= 24)
            price += 0.0 if main else 0.5 * max(0.0, size * unit - max(8.0, _ROOM * max(s.weight for s in own)))
            for used, (cost, sizes) in best.items():
                total = used + len(own) * size
                if total <= units and cost + price < step.get(total, (math.inf, ()))[0]:
                    step[total] = (cost + price, (*sizes, size))
        best = step
    if not best:  # too tight for equals: one each, the rest to the last
        return [1] * len(slots)
    _, sizes = best[min(best, key=lambda used: best[used][0] + 2.5 * (units - used))]
    size_of = dict(zip(labels, sizes, strict=True))
    return [size_of[s.label] for s in slots]
