"""A mind that says anything that fits the schema: what a random model under constrained decoding says, but faster.

So that its answers get past the checks now and then, it quotes the request, and names tracks, sections, instruments and styles
that are there, nine times in ten.
"""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from ripieno.score.instruments import instruments

Schema = dict[str, Any]
_NAMES = re.compile(r"⟦([^⟧]*)⟧")
_BAR = ("C2D2E2F2", "c4G4", "[CEG]8", "z8", "A,2z2", "^F,,2D,,2", "(3CDEF6", "C>D", "B16", "'", "x y")


class RandomMind:
    """Answers by chance; the same seed gives the same conversation where calls come one at a time."""

    def __init__(self, seed: int, styles: list[str]) -> None:
        self._random, self._styles = random.Random(seed), styles

    def __call__(self, request: dict[str, Any]) -> str:
        """The answer to a call."""
        if "response_format" not in request:
            return "".join(self._random.choices("abc .⟦⟧\n*", k=self._random.randrange(1, 60))) + "x"
        schema = request["response_format"]["json_schema"]["schema"]
        user = request["messages"][1]["content"]
        said = user.partition("The request:\n⟦")[2].partition("⟧")[0] or "x"
        names = [n for n in _NAMES.findall(user) if n] or ["x"]
        special: dict[str, Callable[[], Any]] = {
            "words": lambda: said,
            "tracks": lambda: self._some(names),
            "but_tracks": list,
            "sections": lambda: self._some(names) if self._chance(0.2) else [],
            "instrument": lambda: self._random.choice(list(instruments())),
            "style": lambda: self._random.choice(self._styles),
            "tonic": lambda: self._random.choice(["C", "F#", "Bb", "E"]),
            "key": lambda: self._random.choice(["Eb", "F# minor", "A dorian"]),
            "mode": lambda: self._random.choice(["major", "minor", "dorian", "blues"]),
            "metre": lambda: self._random.choice(["3/4", "7/8", "4/4"]),
        }
        return json.dumps(self._value(schema, schema.get("$defs", {}), special, "", 0))

    def _value(self, schema: Schema, defs: Schema, special: dict[str, Callable[[], Any]], name: str, depth: int) -> Any:
        draw = self._random
        if "$ref" in schema:
            return self._value(defs[schema["$ref"].rpartition("/")[2]], defs, special, name, depth)
        if "anyOf" in schema:
            return self._value(draw.choice(schema["anyOf"]), defs, special, name, depth)
        if "enum" in schema:
            return draw.choice(schema["enum"])
        kind = schema.get("type")
        if name in special and kind in ("string", "array") and self._chance(0.9):
            return special[name]()
        match kind:
            case "object":
                needed = set(schema.get("required", ()))
                properties = schema.get("properties", {})
                share = 0.15 if len(properties) > 6 else 0.4
                return {
                    key: self._value(value, defs, special, key if key != "value" else name, depth + 1)
                    for key, value in properties.items()
                    if key in needed or key == "words" or self._chance(share)
                }
            case "array":
                low, high = schema.get("minItems", 0), schema.get("maxItems", 4)
                count = draw.randint(low, max(low, min(high, 3 if depth < 4 else 1)))
                return [
                    self._value(schema.get("items", {"type": "string"}), defs, special, name, depth + 1) for _ in range(count)
                ]
            case "integer":
                return draw.randint(int(schema.get("minimum", -3)), int(schema.get("maximum", 40)))
            case "number":
                floor = float(schema.get("minimum") or schema.get("exclusiveMinimum") or -1)
                ceiling = float(schema.get("maximum") or 9)
                return round(draw.uniform(floor + 0.01, ceiling), 3)
            case "boolean":
                return self._chance(0.5)
            case "null":
                return None
            case _:
                return (
                    draw.choice(_BAR) if "pattern" in schema else draw.choice(["", "chorus", "C", "Am7", "end", "2", "x" * 30])
                )

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _some(self, names: list[str]) -> list[str]:
        return [self._random.choice(names)] if self._chance(0.7) else []
