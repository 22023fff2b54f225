"""Instructions in plain words, for previews, reports and logs."""

from ripieno.agents.plan import Step
from ripieno.score.brief import Frozen
from ripieno.tools.base import Instruction
from ripieno.tools.scope import Scope


def step_words(step: Step) -> str:
    """One line: what is done, where, and the words that asked for it."""
    words = f" (“{step.why}”)" if step.why else ""
    return instruction_words(step.instruction) + words


def instruction_words(instruction: Instruction) -> str:
    """Such as 'transpose by 12 semitones: violin, bars 9 to 16'."""
    given = {
        name: getattr(instruction, name)
        for name in type(instruction).model_fields
        if name not in ("kind", "scope", "brief") and getattr(instruction, name) != type(instruction).model_fields[name].default
    }
    what = instruction.kind.replace("_", " ")
    details = ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in given.items() if value is not None)
    return f"{what}{' ' + details if details else ''}{_where(instruction.scope)}"


def _where(scope: Scope) -> str:
    given = scope.model_dump(exclude_defaults=True)
    places = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in given.items() if name != "bars"]
    if scope.bars is not None:
        first, end = scope.bars
        places.append(f"bar {end}" if end == first + 1 else f"bars {first + 1} to {end}")
    return ": " + ", ".join(places) if places else ""


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(_plain(v) for v in value)
    if isinstance(value, Frozen):
        return ", ".join(_plain(v) for _, v in value if v not in (None, "", (), False))
    return str(value)
