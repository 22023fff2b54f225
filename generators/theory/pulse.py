"""Where players stand against the beat, in milliseconds: a drummer's sway, and how each drum stands beside the pulse.

The figures come from drummers who played to a click (`data/groove.json`): the pulse of a take sways around the click from
bar to bar, and each stroke falls beside that pulse. The band goes with the drummer, so only the drums' own part of it is
heard as feel; a machine has none.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.rhythm_style import KIT
from ripieno.generators.theory.touch import FAMILY, learnt, swaying
from ripieno.generators.theory.types import Context
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes

Float = npt.NDArray[np.float64]
KNOTS = 2  # places in a bar at which the pulse is set; between them it moves evenly
WIDEST = 2.0  # spreads beyond which a stroke would be a slip
_LINES = {key: FAMILY.get(name, name) for name, key in KIT.items()}


def sway(context: Context, ticks: Float) -> Float:
    """How late the band's pulse is at each tick, in ms; 0 without a drummer.

    At bar lines it is never early, so that what opens a bar stays in its bar.
    """
    key = "sway"
    if key not in context.notes:
        context.notes[key] = _knots(context)
    knots = context.notes[key]
    assert isinstance(knots, tuple)
    where, late = knots
    return np.asarray(np.interp(ticks, where, late)) if len(where) else np.zeros(len(ticks))


def _knots(context: Context) -> tuple[Float, Float]:
    """Ticks and ms of the points that the pulse goes through: a first-order walk as the drummer's bars are related."""
    sd, kept = swaying(context.style.rhythm.drummer)
    if not sd or not any(p.role is Role.DRUMS for p in context.parts):
        return np.zeros(0), np.zeros(0)
    timeline, bars = context.form.timeline, context.form.bars
    count = KNOTS * bars + 1
    steps = context.rng("sway").normal(0.0, sd, count)
    bond = kept ** (1 / KNOTS)
    late = np.empty(count)
    late[0] = 0.0
    for i in range(1, count):
        late[i] = bond * late[i - 1] + np.sqrt(1 - bond**2) * steps[i]
    lines = np.array([timeline.bar_start(b) for b in range(bars + 1)], dtype=np.float64)
    where = np.interp(np.arange(count) / KNOTS, np.arange(bars + 1), lines)
    late = np.clip(late, -WIDEST * sd, WIDEST * sd)
    late[::KNOTS] = np.maximum(late[::KNOTS], 0.0)
    return where, late


def beside(notes: Notes, context: Context, rng: np.random.Generator) -> Float:
    """How late each stroke of a kit is against the pulse, in ms: its drum's habit and unevenness; all 0 for a machine."""
    table: dict[str, Any] = learnt().get(context.style.rhythm.drummer, {})
    draws = np.clip(rng.normal(0.0, 1.0, len(notes)), -WIDEST, WIDEST)
    if not table:
        return np.zeros(len(notes))
    late, spread = np.zeros(128), np.zeros(128)
    usual = table.get("hihat") or next(iter(table.values()))
    for key, name in _LINES.items():
        row = table.get(name, usual)
        late[key], spread[key] = row["late_ms"], row["late_sd"]
    return np.asarray(late[notes["pitch"]] + spread[notes["pitch"]] * draws)
