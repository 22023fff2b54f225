"""Sections that a request asks for beside the form's own: kept where the form has them, put in where it has not."""

from collections.abc import Sequence
from dataclasses import replace

from ripieno.generators.theory.forms import ASKED
from ripieno.generators.theory.lengths import Slot
from ripieno.generators.theory.style import data_table
from ripieno.score.brief import SectionRequest
from ripieno.score.section_kinds import section_kind

_LONG, _SHORT = 2.0, 0.5
_LARGEST = 0.3  # share of the piece that a section called long may take


def with_held(slots: Sequence[Slot], holds: Sequence[SectionRequest], bars: int) -> list[Slot]:
    """The slots with each section of `holds` among them, in the place where it usually stands."""
    out = list(slots)
    taken: set[int] = set()
    for wanted in holds:
        kind = section_kind(wanted.name)
        there = [i for i, s in enumerate(out) if i not in taken and _same(s, wanted.name, kind)]
        if there:
            at = there[0]
            slot = replace(out[at], dear=ASKED)
        else:
            at = _place(out, kind)
            usual = int(data_table("sections")[kind]["bars"])
            slot = Slot(wanted.name, kind, _label(out, kind), None, usual, ASKED)
            out.insert(at, slot)
            taken = {i + (i >= at) for i in taken}
        factor = {"long": _LONG, "short": _SHORT, "": 1.0}[wanted.size]
        weight = max(2, round(slot.weight * factor))
        if wanted.size == "long":
            weight = max(slot.weight, min(weight, round(_LARGEST * bars)))
            slot = replace(slot, row=slot.row.model_copy(update={"most": 0}))
        out[at] = replace(slot, stated=wanted.bars, weight=weight)
        if wanted.size:  # sections of one label are equally long
            out = [replace(s, weight=weight) if s.label == slot.label else s for s in out]
        taken.add(at)
    return out


def _same(slot: Slot, name: str, kind: str) -> bool:
    own = slot.name.lower().rstrip(" 0123456789")
    return own == name.lower().rstrip(" 0123456789") or (kind != "theme" and slot.kind == kind)


def _label(slots: Sequence[Slot], kind: str) -> str:
    if kind in ("intro", "outro"):
        return kind
    used = {s.label for s in slots}
    return next(c for c in "BCDEFGHJKLMNOPQRSTUVWXYZA" if c not in used)


def _place(slots: Sequence[Slot], kind: str) -> int:
    """Where a section of a kind goes: contrasts before the last return, preparations before what they prepare."""
    end = len(slots) - (slots[-1].kind == "outro")
    begin = int(slots[0].kind == "intro")
    if kind == "intro":
        return 0
    if kind == "outro":
        return len(slots)
    if kind == "verse":
        return begin
    if kind in ("chorus", "drop"):
        return end
    goals = [i for i, s in enumerate(slots) if s.kind in ("chorus", "drop")]
    if kind in ("prechorus", "build") and goals:
        return goals[0]
    return goals[-1] if len(goals) > 1 else max(begin + 1, end - 1)
