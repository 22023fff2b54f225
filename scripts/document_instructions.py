"""Writes docs/instructions.md from the models: what each atomic instruction means, and its fields.

python -P scripts/document_instructions.py
"""

import inspect
from pathlib import Path
from typing import Any

from ripieno.tools.registry import FAMILIES, TOOLS
from ripieno.tools.scope import Scope

PAGE = Path(__file__).resolve().parents[1] / "docs" / "instructions.md"
INTRODUCTION = """# Atomic instructions

Made from the models by `scripts/document_instructions.py`; edit the docstrings, not this page. A plan, the command line and
Python all use these, with the same fields. Bars count from 0 in the fields, and from 1 wherever people read them.

## The scope

"""


def page() -> str:
    """The page as it should be."""
    parts = [INTRODUCTION, _text(Scope), "\n"]
    for name, modules in FAMILIES.items():
        parts.append(f"\n## {name.capitalize()}\n")
        for tool in (t for m in modules for t in m.TOOLS):
            how = (
                "inventive: several candidates"
                if tool.generative
                else "exact"
                if tool.run
                else "carried out by Memory or the Expert"
            )
            parts.append(f"\n### {tool.kind}\n\n*{how}*\n\n{_text(tool.model)}\n{_fields(tool.model)}")
    return "".join(parts).rstrip() + "\n"


def _text(model: type[Any]) -> str:
    return inspect.cleandoc(model.__doc__ or "")


def _fields(model: type[Any]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if name in ("kind", "scope"):
            continue
        schema = model.model_json_schema().get("properties", {}).get(name, {})
        limits = ", ".join(
            f"{sign} {schema[key]}"
            for key, sign in (
                ("minimum", "at least"),
                ("exclusiveMinimum", "above"),
                ("maximum", "at most"),
                ("enum", "one of"),
            )
            if key in schema
        )
        needed = "needed" if field.is_required() else f"default {field.default!r}"
        rows.append(f"- `{name}`: {needed}" + (f"; {limits}" if limits else ""))
    return "\n" + "\n".join(rows) + "\n" if rows else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(TOOLS)} instructions")
