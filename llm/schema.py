"""JSON schemas as servers like them: short, and in words that the common decoders know."""

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_DROPPED = frozenset({"title", "default", "description", "discriminator", "examples"})


@lru_cache(maxsize=64)
def schema_of(answer: type[BaseModel]) -> str:
    """The schema of an answer as canonical JSON, without prose (that stands in the prompt) and without `oneOf`.

    Kept: making one from many models takes a tenth of a second.
    """
    return json.dumps(lean(answer.model_json_schema()), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def lean(schema: Any, *, names: bool = False) -> Any:
    """A schema without titles, descriptions and defaults; `names`: its keys are names of fields, all of which stay."""
    if isinstance(schema, list):
        return [lean(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if names:
            out[key] = lean(value)
        elif key in ("properties", "$defs"):
            out[key] = lean(value, names=True)
        elif key == "prefixItems":
            # Decoders differ in how they read tuples; an array with bounds says nearly as much to all of them.
            out["items"] = _one_of([lean(v) for v in value])
        elif key == "const":
            out["enum"] = [value]
        elif key not in _DROPPED:
            out["anyOf" if key == "oneOf" else key] = lean(value) if key not in ("enum", "required") else value
    return out


def _one_of(items: list[Any]) -> Any:
    unique = [item for i, item in enumerate(items) if item not in items[:i]]
    return unique[0] if len(unique) == 1 else {"anyOf": unique}
