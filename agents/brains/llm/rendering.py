"""What a model is shown: the instructions and the tables that never change, and the project's state as a few lines.

What people or files named (tracks, sections, earlier words) stands between ⟦ and ⟧, on one line, so that the prompts can say
that nothing in there is an instruction.
"""

import json
import types
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from ripieno.agents.brains.llm.answers import OPEN
from ripieno.agents.understanding import PastTurn, TurnContext
from ripieno.agents.wording import instruction_words
from ripieno.memory.table import AttributeTable
from ripieno.prompts.library import render
from ripieno.score.brief import Brief, PartRequest
from ripieno.score.instruments import instruments
from ripieno.score.keys import MODES
from ripieno.score.pitch import pitch_name
from ripieno.score.styles import StyleProfile
from ripieno.tools.registry import FAMILIES
from ripieno.tools.scope import Scope

_MOST_ROWS = 40  # of sections, tracks and versions that are shown
_HIDDEN = frozenset({"kind", "scope", "brief"})


def data(text: str, limit: int = 80) -> str:
    """Text from outside as data: on one line, cut to `limit` characters, without the marks that fence it."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).replace("⟦", "[").replace("⟧", "]").split())
    return f"⟦{flat if len(flat) <= limit else flat[: limit - 1] + '…'}⟧"


# --- what never changes: the beginning of every prompt -----------------------------------------------------------------------


@lru_cache(maxsize=1)
def instruction_list() -> str:
    """Every instruction with its fields and what it means, family by family, from the models themselves."""
    lines: list[str] = []
    for name, modules in FAMILIES.items():
        lines.append(f"[{name}]")
        for tool in (tool for module in modules for tool in module.TOOLS if tool.kind in OPEN):
            fields = {n: f for n, f in tool.model.model_fields.items() if n not in _HIDDEN}
            written = ", ".join(f"{n}: {_type(f.annotation)}" + ("" if f.is_required() else "?") for n, f in fields.items())
            meaning = " ".join((tool.model.__doc__ or "").split())
            lines.append(f"- {tool.kind}({written}): {meaning}")
    return "\n".join(lines)


@lru_cache(maxsize=1)
def scope_meaning() -> str:
    """What a scope is."""
    return " ".join((Scope.__doc__ or "").split())


@lru_cache(maxsize=1)
def part_meaning() -> str:
    """What a part is."""
    return " ".join((PartRequest.__doc__ or "").split())


@lru_cache(maxsize=1)
def instrument_list() -> str:
    """Ids of all instruments with the range in which they sound well, by family."""
    families: dict[str, list[str]] = {}
    for row in instruments().values():
        span = "" if row.is_drum else f" {pitch_name(row.comfort_low)}-{pitch_name(row.comfort_high)}"
        families.setdefault(row.family, []).append(row.id + span)
    return "\n".join(f"{family}: {', '.join(rows)}" for family, rows in families.items())


def style_list(profiles: Mapping[str, StyleProfile]) -> str:
    """The styles with their usual tempo, metre and mode."""
    return "\n".join(f"{p.id}: {p.tempo[0]:g}-{p.tempo[2]:g}, {p.metres[0]}, {p.modes[0]}" for p in profiles.values())


@lru_cache(maxsize=4)
def _ground(styles: str) -> str:
    return render(
        "ground", instructions=instruction_list(), scope=scope_meaning(), part=part_meaning(), instruments=instrument_list(),
        styles=styles, modes=", ".join(MODES),
    )  # fmt: skip


def ground(profiles: Mapping[str, StyleProfile]) -> str:
    """The part of the prompt that is the same in every turn of a session, so that servers can keep it."""
    return _ground(style_list(profiles))


def _type(kind: Any) -> str:
    """A field's type in few characters."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(args[0])
    if origin in (Union, types.UnionType):
        return " | ".join(_type(a) for a in args if a is not type(None))
    if origin is Literal:
        return " | ".join(json.dumps(a) for a in args)
    if origin is tuple:
        return f"[{_type(args[0])}]"
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return " | ".join(json.dumps(str(member)) for member in kind)
        if issubclass(kind, BaseModel):
            return kind.__name__
        return {str: "text", int: "int", float: "number", bool: "bool"}.get(kind, kind.__name__)
    return str(kind)


# --- the state of a project --------------------------------------------------------------------------------------------------


def table_lines(table: AttributeTable) -> str:
    """The attribute table in a few lines: the frame, the form, the tracks."""
    keys = ", ".join(f"{k.key} {k.mode}" + (f" from bar {k.bar}" if k.bar > 1 else "") for k in table.keys[:8])
    tempos = ", ".join(f"{t.bpm:g}" + (f" from bar {t.bar}" if t.bar > 1 else "") for t in table.tempos[:6])
    metres = ", ".join(f"{m.metre}" + (f" from bar {m.bar}" if m.bar > 1 else "") for m in table.metres[:6])
    sections = "; ".join(_section(s.name, s.first_bar, s.last_bar, s.energy) for s in table.sections[:_MOST_ROWS])
    more = " and further changes" if len(table.tempos) > 6 else ""
    lines = [
        f"Title {data(table.title)}, style {table.style or 'unknown'}, {table.bars} bars, {table.seconds:.0f} s.",
        f"Key {keys}. Metre {metres}. Tempo {tempos}{more}.",
        f"Sections: {sections or 'none'}.",
        "Tracks:",
    ]  # fmt: skip
    for t in table.tracks[:_MOST_ROWS]:
        span = (
            f", {pitch_name(t.low)} to {pitch_name(t.high)}"
            if t.low is not None and t.high is not None and not t.percussion
            else ""
        )
        muted = ", muted" if t.muted else ""
        lines.append(f"- {data(t.name)}: {t.instrument}, {t.role}, {t.notes} notes in {t.bars_playing} bars{span}{muted}")
    return "\n".join(lines)


def _section(name: str, first: int, last: int, energy: float) -> str:
    return f"{data(name)} bars {first}-{last} energy {energy:.2g}"


def context_lines(context: TurnContext) -> str:
    """What was said and done before, the versions, the locks, what this person likes."""
    lines = [line for turn in context.dialogue for line in _past(turn)]
    if context.versions:
        shown = "; ".join(f"{v.number} {data(v.summary or v.text, 60)}" for v in context.versions[-8:])
        lines.append(f"Versions: {shown}. Branch {data(context.branch)} of {', '.join(map(data, context.branches))}.")
    lines.append(f"Turns that can be undone: {context.can_undo}; redone: {context.can_redo}.")
    if context.locks:
        lines.append("Locked: " + "; ".join(json.dumps(lock.model_dump(exclude_defaults=True)) for lock in context.locks))
    if context.preferences:
        lines.append("Known taste: " + "; ".join(data(p) for p in context.preferences[:8]))
    return "\n".join(lines)


def _past(turn: PastTurn) -> Iterable[str]:
    yield f"Earlier the person said {data(turn.text, 300)}."
    if turn.asks:
        yield "Then was done: " + "; ".join(data(instruction_words(a.instruction), 160) for a in turn.asks[:8]) + "."


def brief_lines(brief: Brief) -> str:
    """A brief as compact JSON, without what is not set."""
    return json.dumps(brief.model_dump(mode="json", exclude_defaults=True, exclude={"text", "notices"}), ensure_ascii=False)
