"""Four-part writing: the lower voices led together under the tune, as a chorale is taught.

For every beat and chord change the alto, tenor and bass (or whoever plays them) are chosen at once under the given soprano:
complete chords, roots or thirds in the bass, no doubled leading note, at most an octave between upper neighbours, no
crossing, no parallel fifths, octaves and unisons between any two voices, little motion. The path through all places is
found by dynamic programming. Rules after Aldwell & Schachter, *Harmony and Voice Leading*, chapters 5 to 8.
"""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.accompaniment import Row, tidy
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.types import Context, Part
from ripieno.score.chords import Chord
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ

Ints = npt.NDArray[np.int64]
MOST = 3  # players that are led at once under the tune; further ones double or fill by themselves
MAX_STATES = 160  # chords of the lower voices kept at one place, nearest to the middle of their registers


def write_lower(parts: Sequence[Part], context: Context) -> dict[str, Notes]:
    """Notes for each part under the tune (one voice each), in order of register; the bass may be among them."""
    order = sorted(parts, key=lambda p: (p.role is not Role.BASS, p.low + p.high, p.id))
    moments = Moments(context.chords, context.form)
    upper = _outer(context, Role.LEAD)
    lower = _outer(context, Role.BASS)
    rows: dict[str, list[Row]] = {p.id: [] for p in order}
    last = context.form.sections[-1].section.end_bar
    for playing, first, stop in _stretches(order, context):
        places = _places(context, first, stop, upper)
        states, fixed = [], []
        for i, (start, _) in enumerate(places):
            top, bottom = _sounding(upper, start), _sounding(lower, start)
            final = stop == last and i == len(places) - 1
            states.append(_states(playing, moments, start, top, bottom, final=final))
            fixed.append((bottom, top))
        for part, pitches in zip(playing, _led(states, fixed).T, strict=True):
            rows[part.id].extend(_tied(places, pitches.tolist(), context))
    end = context.form.timeline.bar_start(context.form.bars)
    return {p.id: make_notes(tidy(rows[p.id], end)) for p in order}


def _stretches(order: Sequence[Part], context: Context) -> list[tuple[list[Part], int, int]]:
    """(who plays, first bar, end bar) of stretches with the same players: they are led on from section to section."""
    out: list[tuple[list[Part], int, int]] = []
    for index, plan in enumerate(context.form.sections):
        playing = [p for p in order if p.plays(index)]
        if out and out[-1][0] == playing:
            out[-1] = (playing, out[-1][1], plan.section.end_bar)
        else:
            out.append((playing, plan.section.first_bar, plan.section.end_bar))
    return [row for row in out if row[0]]


def _outer(context: Context, role: Role) -> Notes:
    lines = [context.lines[p.id] for p in context.parts if p.role is role and p.id in context.lines]
    return lines[0] if lines else make_notes()


def _places(context: Context, first: int, end: int, upper: Notes) -> list[tuple[int, int]]:
    """(start, length) of every chord of the texture: beats on which the tune or the harmony moves."""
    timeline = context.form.timeline
    changes = {c.start for c in context.chords} | set(upper["start"].tolist())
    starts = []
    for bar in range(first, end):
        begin = timeline.bar_start(bar)
        beats = {begin + s for s, _ in timeline.metre_at(bar).beats(PPQ)}
        inside = {c for c in changes if begin <= c < begin + timeline.bar_ticks(bar)}
        starts.extend(sorted({begin} | (beats & inside) | {c.start for c in context.chords if c.start in inside}))
    ends = [*starts[1:], timeline.bar_start(end)]
    return [(a, b - a) for a, b in zip(starts, ends, strict=True)]


def _sounding(line: Notes, tick: int) -> int:
    """The pitch that sounds in a line at a tick, or 0."""
    i = int(np.searchsorted(line["start"], tick, side="right")) - 1
    return int(line["pitch"][i]) if i >= 0 and int(line["start"][i] + line["duration"][i]) > tick else 0


def _states(
    parts: Sequence[Part], moments: Moments, tick: int, top: int, bottom: int, *, final: bool
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Possible pitches of the parts at a place, shape (states, parts), with their costs."""
    at = moments.at(tick)
    pcs = list(at.chord.pitch_classes)[:4]
    third = next(((at.chord.root_pc + i) % 12 for i in (4, 3, 5, 2) if i in at.chord.intervals), pcs[0])
    leading = (at.key.tonic_pc + 11) % 12
    ceiling = top or 127
    options = []
    grounds = _grounds(at.chord, final=final)
    for part in parts:
        if part.role is Role.BASS:
            options.append([p for p in range(part.low, part.high + 1) if p % 12 in grounds] or [part.low])
            continue
        fits = [p for p in range(part.low, part.high + 1) if p % 12 in pcs and bottom < p <= max(ceiling, part.low)]
        options.append(fits or [p for p in range(part.low, part.high + 1) if p % 12 in pcs] or [(part.low + part.high) // 2])
    rows, costs = [], []
    for state in product(*options):
        cost = sum(0.12 * abs(p - (q.low + q.high) / 2) for p, q in zip(state, parts, strict=True))
        if parts[0].role is Role.BASS:
            cost += grounds.get(state[0] % 12, 0.0)
        voices = [v for v in (bottom, *state, top) if v]
        cost += sum(8.0 for a, b in pairwise(state) if b <= a)
        upper = [*state, top] if top else list(state)
        above = upper[1:] if parts[0].role is Role.BASS else upper
        cost += sum(2.5 for a, b in pairwise(above) if b - a > 12)
        sounding = [v % 12 for v in voices]
        cost += 3.0 * (third not in sounding) + sum(0.8 for pc in pcs if pc not in sounding)
        cost += 4.0 * (sounding.count(leading) > 1) + 0.8 * (sounding.count(third) > 1)
        rows.append(state)
        costs.append(cost)
    array, price = np.array(rows, dtype=np.int64), np.array(costs)
    if len(price) > MAX_STATES:
        keep = np.sort(np.argsort(price, kind="stable")[:MAX_STATES])
        array, price = array[keep], price[keep]
    return array, price


def _grounds(chord: Chord, *, final: bool) -> dict[int, float]:
    """Pitch classes that may lie in the bass, with their cost: the root, the third, in passing the fifth."""
    if chord.bass is not None or final:
        return {chord.bass_pc: 0.0}
    by = {0: 0.0, 3: 1.1, 4: 1.1, 7: 4.5}
    return {(chord.root_pc + i) % 12: by[i] for i in chord.intervals if i in by}


def _led(states: Sequence[tuple[Ints, npt.NDArray[np.float64]]], fixed: Sequence[tuple[int, int]]) -> Ints:
    """The best path: pitches of shape (places, parts)."""
    total = states[0][1]
    back: list[Ints] = []
    for k in range(1, len(states)):
        (a, _), (b, own) = states[k - 1], states[k]
        cost = total[:, None] + _motion(a, b, fixed[k - 1], fixed[k])
        pointer = cost.argmin(axis=0)
        total = cost[pointer, np.arange(len(b))] + own
        back.append(pointer)
    state = int(total.argmin())
    path = [state]
    for pointer in reversed(back):
        state = int(pointer[state])
        path.append(state)
    return np.array([states[k][0][i] for k, i in enumerate(reversed(path))])


def _motion(a: Ints, b: Ints, before: tuple[int, int], after: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Cost of going from each state to each: distance, leaps, parallels among all voices."""
    move = b[None, :, :] - a[:, None, :]
    size = np.abs(move)
    cost = 0.35 * size.sum(axis=2) + 1.5 * (size > 5).sum(axis=2) + 4.0 * (size > 8).sum(axis=2)

    def with_outer(inner: Ints, outer: tuple[int, int]) -> Ints:
        return np.hstack([np.full((len(inner), 1), outer[0]), inner, np.full((len(inner), 1), outer[1])])

    va, vb = with_outer(a, before), with_outer(b, after)
    for i in range(va.shape[1]):
        for j in range(i + 1, va.shape[1]):
            outer = [k for k in (i, j) if k in (0, va.shape[1] - 1)]
            if any((before[0 if k == 0 else 1] == 0 or after[0 if k == 0 else 1] == 0) for k in outer):
                continue
            was, now = (va[:, j] - va[:, i]) % 12, (vb[:, j] - vb[:, i]) % 12
            step_i, step_j = vb[None, :, i] - va[:, None, i], vb[None, :, j] - va[:, None, j]
            perfect = np.isin(was, (0, 7))[:, None] & (was[:, None] == now[None, :])
            cost = cost + 14.0 * (perfect & (step_i != 0) & (step_j != 0))
    return np.asarray(cost, dtype=np.float64)


def _tied(places: Sequence[tuple[int, int]], pitches: Sequence[int], context: Context) -> list[Row]:
    """Repeated pitches within a bar are held."""
    timeline = context.form.timeline
    out: list[Row] = []
    for (start, length), pitch in zip(places, pitches, strict=True):
        same = out and out[-1][2] == pitch and out[-1][0] + out[-1][1] == start
        if same and timeline.bar_at(out[-1][0]) == timeline.bar_at(start):
            out[-1] = (out[-1][0], out[-1][1] + length, pitch, out[-1][3])
        else:
            out.append((start, length, pitch, 76))
    return out
