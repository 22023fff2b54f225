"""Voices set to a tune that is there: thirds, sixths and octaves beside it, four-part writing under it."""

from dataclasses import replace

import numpy as np

from ripieno.generators.theory import part_writing
from ripieno.generators.theory.scales import Moment, Moments
from ripieno.generators.theory.strokes import GRID, weight_at
from ripieno.generators.theory.types import Context, Part
from ripieno.score.instruments import Instrument, Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ, Timeline

SOFTER = 0.86  # a second voice stands a little behind the tune
_STEPS = {"thirds": 2, "sixths": 5}
_SIZES = {"thirds": (3, 4), "sixths": (9, 8)}  # semitones
# Registers of the voices under a chorale tune, bass first.
_VOICES = ((Role.BASS, 40, 60), (Role.CHORDS, 48, 67), (Role.CHORDS, 55, 74))


def beside(
    tune: Notes, interval: str, *, above: bool, moments: Moments, timeline: Timeline, player: Instrument
) -> Notes:
    """The tune in parallel 'thirds', 'sixths' or 'octaves', note for note.

    Thirds and sixths run in the scale that the chord asks for; a note that lasts moves a step on to a chord tone where the
    plain interval is none. What the player cannot reach goes an octave nearer.
    """
    out = tune.copy()
    sign = 1 if above else -1
    for i, note in enumerate(tune.tolist()):
        start, length, pitch, velocity = note
        if interval == "octaves":
            goal = pitch + 12 * sign
        else:
            at = moments.at(start + GRID // 2)
            goal = _plain(pitch, sign, interval, at)
            bar, offset = timeline.position(start + GRID // 2)
            weight = weight_at(timeline.metre_at(bar), offset // GRID * GRID)
            lasts = length >= 1.5 * PPQ or (weight >= 0.75 and length >= 0.9 * PPQ)
            if lasts and not at.colour[goal % 12]:
                further = _scale_steps(pitch, sign * (_STEPS[interval] + 1), at)
                nearer = _scale_steps(pitch, sign * (_STEPS[interval] - 1), at)
                near = (nearer, further) if interval == "sixths" else (further, nearer)  # a fifth rather than a seventh
                goal = next((g for g in near if at.colour[g % 12] and g % 12 != pitch % 12
                             and abs(g - pitch) > 2), goal)  # fmt: skip
        out["pitch"][i] = _reachable(goal, pitch, player, octave=interval == "octaves")
        out["velocity"][i] = max(1, round(velocity * SOFTER))
    return make_notes(out)


def _plain(pitch: int, sign: int, interval: str, at: Moment) -> int:
    """The third or sixth beside a pitch; by size where a foreign chord leaves gaps in the scale, by its steps elsewhere."""
    if len(at.key.scale) == 7 and int(at.scale.sum()) < 7:
        for size in _SIZES[interval]:
            if at.scale[(pitch + sign * size) % 12]:
                return pitch + sign * size
    return _scale_steps(pitch, sign * _STEPS[interval], at)


def _scale_steps(pitch: int, steps: int, at: Moment) -> int:
    """So many notes of the moment's scale up or down from a pitch."""
    goal, left = pitch, abs(steps)
    sign = 1 if steps > 0 else -1
    while left:
        goal += sign
        left -= bool(at.scale[goal % 12])
    return goal


def _reachable(goal: int, tune: int, player: Instrument, *, octave: bool) -> int:
    while goal > player.high:
        goal -= 12
    while goal < player.low:
        goal += 12
    if goal > player.high or (octave and goal == tune):
        return min(max(goal, player.low), player.high)
    return goal


def chorale(
    tune: Notes, lead: Part, players: tuple[Instrument, ...], context: Context
) -> tuple[Notes, ...]:
    """Three voices under the tune in four-part writing, bass first, one for each of three players (or thrice the same)."""
    top = max(48, int(np.percentile(tune["pitch"], 25)))
    drop = max(0, -(-(74 - top - 5) // 12) * 12) if top < 64 else 0  # a low tune pushes the voices down by octaves
    parts = []
    for i, ((role, low, high), player) in enumerate(zip(_VOICES, players, strict=True)):
        a, b = max(player.low, low - drop), min(player.high, high - drop)
        if b - a < 9:
            a, b = max(player.low, min(a, player.high - 12)), min(player.high, max(b, player.low + 12))
        parts.append(Part(f"voice {i}", player.name, role, player, a, b, track=f"voice {i}"))
    whole = replace(context, parts=(lead, *parts), lines={lead.id: tune}, notes={})
    made = part_writing.write_lower(parts, whole)
    loud = max(1, round(float(np.mean(tune["velocity"])) * SOFTER))
    out = []
    for part in parts:
        line = made[part.id].copy()
        line["velocity"] = loud
        out.append(make_notes(line))
    return tuple(out)
