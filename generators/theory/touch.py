"""How loud a stroke is: the mix level of its drum, bent by how real drummers touch it (`data/groove.json`).

The data come from electronic pads whose loudness differs from drum to drum, so only ratios within one drum are taken
from them: ghost to normal stroke, the lean of each sixteenth of the bar, and the spread.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from ripieno.generators.theory.grids import Stroke
from ripieno.score.time import Metre

# Velocity of a normal stroke in a balanced kit at full energy; what is not named takes the last.
MIX: dict[str, int] = {
    "kick": 98, "soft_kick": 84, "snare": 98, "snare_two": 98, "rim": 84, "clap": 92, "hihat": 76, "pedal_hat": 64,
    "open_hat": 84, "ride": 80, "ride_two": 80, "ride_bell": 86, "crash": 102, "crash_two": 100, "splash": 92, "china": 98,
    "tom_floor": 98, "tom_low": 96, "tom_mid": 96, "tom_high": 96, "": 82,
}  # fmt: skip
GHOST_SHARE, ACCENT_SHARE = 0.45, 1.18  # where the data say nothing
SOFTEST = 0.33  # share of a normal stroke below which a ghost note is lost in a mix
UNEVEN, WIDEST = 0.45, 9.0  # how much of the spread that pads show a listener should hear; velocities
FAMILY = {"snare_two": "snare", "clap": "snare", "ride_two": "ride", "soft_kick": "kick", "tom_floor": "tom",
           "tom_low": "tom", "tom_mid": "tom", "tom_high": "tom"}  # fmt: skip


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    text = resources.files("ripieno.generators.theory").joinpath("data/groove.json").read_text(encoding="utf-8")
    tables: dict[str, Any] = json.loads(text)
    return tables


def learnt() -> dict[str, dict[str, Any]]:
    """Statistics by style and drum; what each figure is says `scripts/learn_groove.py`."""
    styles: dict[str, dict[str, Any]] = _tables()["styles"]
    return styles


def swaying(drummer: str) -> tuple[float, float]:
    """Spread of a drummer's bars around the click in ms, and how much of it is kept from bar to bar; 0, 0 if unknown."""
    row = _tables()["sway"].get(drummer)
    return (float(row["sd"]), max(0.0, float(row["kept"]))) if row else (0.0, 0.0)


def drummers() -> tuple[str, ...]:
    """Whose playing was learnt: the values of a style's `drummer` beside 'machine'."""
    return tuple(learnt())


def ghost_chances(drummer: str) -> tuple[float, ...]:
    """How many ghost notes the drummer plays on the snare at each sixteenth of a 4/4 bar, on average; all 0 if unknown."""
    row = learnt().get(drummer, {}).get("snare")
    return tuple(row["ghosts"]) if row else (0.0,) * 16


class Touch:
    """Velocities of one drummer. `drummer` is a style of the data, or 'machine' for strokes all alike.

    Hand percussion is touched as a hi-hat is: accents lean on the same places.
    """

    def __init__(self, drummer: str, metre: Metre, ppq: int) -> None:
        self._table: Mapping[str, Any] = learnt().get(drummer, {})
        self._machine = drummer == "machine"
        self._bar = metre.bar_ticks(ppq)
        self._metre, self._ppq = metre, ppq
        self._weights: dict[int, float] = {}
        self._cell = ppq // 4 if self._bar == 4 * ppq else 0  # the data's bars are 4/4

    def velocity(self, line: str, stroke: Stroke, energy: float, rng: np.random.Generator) -> int:
        """Velocity 1..127 of a stroke at this energy of the section."""
        row = self._table.get(FAMILY.get(line, line)) or self._table.get("hihat")
        share = 1.0
        if stroke.symbol == "o":
            share = GHOST_SHARE
            if row and row["levels"][1]:
                share = min(max(row["levels"][0] / row["levels"][1], SOFTEST), 0.6)
        elif stroke.symbol == "X":
            share = ACCENT_SHARE
        elif stroke.symbol == "?":
            share = 0.82
        level = MIX.get(line, MIX[""]) * share * (0.72 + 0.34 * energy)
        if self._machine:
            return _clip(level)
        if stroke.symbol != "X":
            level += self._lean(row, stroke) * share
        spread = 3.5 if row is None else min(float(row["velocity_sd"]) * UNEVEN, WIDEST)
        return _clip(level + float(rng.normal(0.0, spread)))

    def _lean(self, row: Mapping[str, Any] | None, stroke: Stroke) -> float:
        """What the place in the bar adds: learnt in 4/4, by metrical weight elsewhere."""
        if row is not None and self._cell and stroke.offset % self._cell == 0:
            return 0.7 * min(max(float(row["lean"][stroke.offset // self._cell % 16]), -14.0), 10.0)
        weight = self._weights.get(stroke.offset)
        if weight is None:
            weight = self._weights[stroke.offset] = self._metre.weight(stroke.offset, self._ppq)
        return 8.0 * (weight - 0.5)


@lru_cache(maxsize=128)
def touch(drummer: str, metre: Metre, ppq: int) -> Touch:
    """The touch of a drummer in a metre, made once."""
    return Touch(drummer, metre, ppq)


def _clip(level: float) -> int:
    return max(1, min(127, round(level)))
