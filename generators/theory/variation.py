"""Variation of what is there: a tune ornamented over its own skeleton, then bar by bar exchanged for another setting.

All changes that could be made are put in order once, by the seed; the strength takes a share of that order. So a stronger
variation holds all that a weaker one of the same seed changed.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.density import busier
from ripieno.generators.theory.line import STEP, Wish, best_line
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.strokes import GRID, TOGETHER, Struck, shares, strokes, ternary
from ripieno.generators.theory.voicing import candidates, small_grips
from ripieno.score.instruments import Instrument, Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ, Timeline

Bools = npt.NDArray[np.bool_]
TURN = 0.5  # the strength up to which a tune keeps its contour
_GOAL = 3 * PPQ // 2  # ticks: a note as long as this is where a phrase goes, and stays plain
_MOST_ADDED = 0.3  # share of the gaps that ornaments fill at that strength


def varied(
    notes: Notes, inside: Bools, other: Notes, bars: Sequence[int], strength: float, moments: Moments, timeline: Timeline,
    role: Role, player: Instrument, rng: np.random.Generator,
) -> Notes:  # fmt: skip
    """The notes inside varied; `other` is another setting of the same bars, `bars` those that lie in scope."""
    if strength <= 0:
        return notes
    line = role in (Role.LEAD, Role.ANSWER, Role.COUNTERMELODY) and not player.is_drum
    order = rng.permutation(np.array(bars))
    start = TURN if line else 0.0
    share = max(0.0, (strength - start) / (1.0 - start))
    changed = set(order[: shares(share, len(order))].tolist()) if share > 0 else set()
    base = notes
    if line:
        amount = min(1.0, strength / TURN)
        base = _leaning(notes, inside & (notes["duration"] < _GOAL), amount, moments, timeline, player, rng)
        if not ternary(notes):  # swung quavers are uneven as they are
            base = _dotted(base, inside, amount, timeline, rng)
        light = inside & (base["duration"] < _GOAL)
        base = busier(base, light, amount * _MOST_ADDED, moments, timeline, role, player, rng)
    return _exchanged(base, other, changed, timeline, single=player.voices == 1 and not player.is_drum)


def _leaning(
    notes: Notes, inside: Bools, amount: float, moments: Moments, timeline: Timeline, player: Instrument,
    rng: np.random.Generator,
) -> Notes:  # fmt: skip
    """Weak notes moved to another tone of the scale that keeps the direction of the line on both sides."""
    out = notes.copy()
    groups = strokes(notes, timeline)
    order = rng.permutation(len(groups)).tolist()
    todo: list[tuple[Struck, int]] = []
    for k in order:
        s = groups[k]
        if s.end - s.first != 1 or not inside[s.first] or s.weight >= 0.75 or not 0 < k < len(groups) - 1:
            continue
        before, after = int(out["pitch"][s.first - 1]), int(out["pitch"][min(s.end, len(out) - 1)])
        p = int(notes["pitch"][s.first])
        at = moments.at(s.tick + GRID // 2)
        fine = at.scale if s.weight < 0.5 else at.plain
        choices = [
            q for q in range(max(player.low, p - 4), min(player.high, p + 4) + 1)
            if q != p and fine[q % 12]
            and (np.sign(q - before), np.sign(after - q)) == (np.sign(p - before), np.sign(after - p))
        ]  # fmt: skip
        if choices:
            todo.append((s, choices[int(rng.integers(len(choices)))]))
    touched: set[int] = set()
    for s, pitch in todo[: shares(0.5 * amount, len(todo))]:
        if touched & {s.first - 1, s.first + 1}:  # its neighbours were judged as they stood
            continue
        touched.add(s.first)
        out["pitch"][s.first] = pitch
    return make_notes(out)


def _dotted(notes: Notes, inside: Bools, amount: float, timeline: Timeline, rng: np.random.Generator) -> Notes:
    """Here and there of two even notes the first becomes longer, or shorter, and the second gives way."""
    out = notes.copy()
    groups = strokes(notes, timeline)
    pairs = []
    for a, b, c in zip(groups, groups[1:], groups[2:], strict=False):
        first, second = b.tick - a.tick, c.tick - b.tick
        if (a.weight >= 0.5 and b.end - b.first == 1 and inside[b.first] and a.end - a.first == 1
                and abs(first - second) <= GRID // 3 and PPQ // 2 - 20 <= first <= PPQ + 20):  # fmt: skip
            pairs.append((a, b, first))
    order = rng.permutation(len(pairs)).tolist()
    lean = rng.random(len(pairs)) < 0.7
    moved: set[int] = set()
    for k in order[: shares(0.4 * amount, len(pairs))]:
        a, b, first = pairs[k]
        if {a.first, b.first, b.end} & moved:
            continue
        moved |= {a.first, b.first}
        shift = first // 2 if lean[k] else -(first // 2)
        i, j = a.first, b.first
        end = int(out["start"][j]) + int(out["duration"][j])
        out["start"][j] += shift
        out["duration"][j] = max(GRID // 2, end - int(out["start"][j]))
        out["duration"][i] = max(GRID // 2, int(out["duration"][i]) + shift)
    return make_notes(out)


def _exchanged(notes: Notes, other: Notes, bars: set[int], timeline: Timeline, *, single: bool) -> Notes:
    """The notes with some bars taken from another setting."""
    if not bars:
        return notes
    gone = np.zeros(len(notes), bool)
    fresh = np.zeros(len(other), bool)
    for bar in bars:
        a, b = timeline.bar_start(bar), timeline.bar_start(bar + 1)
        gone |= (notes["start"] >= a) & (notes["start"] < b)
        fresh |= (other["start"] >= a) & (other["start"] < b)
    out = make_notes(np.concatenate([notes[~gone], other[fresh]])).copy()
    if single and len(out) > 1:  # what sounds over a seam ends where the other setting begins; of two downbeats one stays
        out = out[np.append(True, np.diff(out["start"]) > TOGETHER)]
        room = np.diff(out["start"])
        out["duration"][:-1] = np.where(room > 0, np.minimum(out["duration"][:-1], room), out["duration"][:-1])
    return make_notes(out)


def repitched(
    notes: Notes, inside: Bools, moments: Moments, timeline: Timeline, player: Instrument, rng: np.random.Generator
) -> Notes:
    """New pitches for the single notes inside, every onset and length kept: a line led anew through the same chords."""
    groups = [s for s in strokes(notes, timeline) if inside[s.first:s.end].all()]
    if not groups:
        return notes
    out = notes.copy()
    pitches = notes["pitch"][inside].astype(int)
    middle, low, high = float(np.median(pitches)), int(pitches.min()), int(pitches.max())
    low, high = max(player.low, min(low, int(middle) - 6)), min(player.high, max(high, int(middle) + 6))
    pace, phase = 0.25 + 0.4 * float(rng.random()), 6.3 * float(rng.random())
    wishes: list[Wish] = []
    for k, s in enumerate(groups):
        at = moments.at(s.tick + GRID // 2)
        length = int(notes["duration"][s.first:s.end].max()) / PPQ
        strength = min(1.0, 0.75 * s.weight + 0.25 * min(1.5, length))
        costs = np.full(12, 12.0)
        costs[at.scale] = 0.25 + 1.9 * strength
        costs[at.avoid] += 1.2 * strength
        costs[at.colour] = 0.4 * strength
        costs[at.plain] = 0.0
        level = middle * STEP + 3.0 * np.sin(k * pace + phase)
        fresh = k > 0 and s.tick - groups[k - 1].tick > 4 * PPQ
        wishes.append(Wish(level, strength, costs, at.colour, fresh, 0.3, at.chord.bass_pc))
    noise = rng.random((len(wishes), high - low + 1)) * 1.2
    for s, top in zip(groups, best_line(wishes, low, high, 0.4, 0.3, noise), strict=True):
        old = notes["pitch"][s.first:s.end].astype(int)
        if len(old) == 1:
            out["pitch"][s.first] = top
            continue
        at = moments.at(s.tick + GRID // 2)  # a chord: as many of its tones, under the new top
        bottom, count = max(player.low, top - 24), len(old)
        shapes = small_grips(at.chord, count, bottom, top) if player.family == "guitar" else candidates(
            at.chord, count, bottom, top, "any", False)  # fmt: skip
        fitting = [v for v in shapes if len(v) == count]
        if fitting:
            out["pitch"][s.first:s.end] = np.array(max(fitting, key=lambda v: (v[-1], -v[0])))[np.argsort(np.argsort(old))]
    return make_notes(out)
