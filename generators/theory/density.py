"""Fewer notes or more: what goes first when a part is simplified, and what fills its gaps when it is made busier.

Both order all that could go or come once, by a seed, and take a share of that order: more is always more of the same.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.rhythm_style import KIT
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.strokes import GRID, Struck, room_until, shares, strokes, ternary, weight_at
from ripieno.score.instruments import Instrument, Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ, Timeline

QUICKEST = 0.13  # seconds between two notes that an added one may leave
REST = 0.75  # a rest of so many beats is a breath and stays one
GHOST = 34  # velocity of an added soft snare stroke
_CYMBALS = (KIT["hihat"], KIT["ride"], KIT["open_hat"], KIT["ride_bell"])
_SLOW_ROLES = (Role.PAD, Role.DRONE)
Row = tuple[int, int, int, int]
Bools = npt.NDArray[np.bool_]


# -- fewer ---------------------------------------------------------------------------------------------------------------


def simplified(
    notes: Notes, inside: Bools, amount: float, moments: Moments, timeline: Timeline, *, drums: bool
) -> Notes:
    """The notes without a share of the weakest inside: ornaments and off-beat notes first, foreign tones before chord tones.

    The first stroke of each bar stays, and what stays holds on over what went where it was legato. From half an amount on,
    pitched notes beside the half-beats move onto them where there is room.
    """
    groups = [s for s in strokes(notes, timeline) if inside[s.first:s.end].all()]
    opening: set[int] = set()
    loose: list[tuple[float, int, int]] = []  # worth, first note, end
    if drums:
        for s in groups:
            first = s.bar not in opening
            opening.add(s.bar)
            for i in range(s.first, s.end):
                soft = int(notes["velocity"][i]) < 55
                if not first and (s.weight < 0.5 or soft):
                    loose.append((s.weight + int(notes["velocity"][i]) / 254, i, i + 1))
    else:
        spaces = room_until(groups, groups[-1].tick + PPQ if groups else 0)
        for s, room in zip(groups, spaces, strict=True):
            first = s.bar not in opening
            opening.add(s.bar)
            at = moments.at(s.tick)
            foreign = not at.colour[notes["pitch"][s.first:s.end] % 12].all()
            if not first and (s.weight < 0.5 or room < PPQ // 2 or (foreign and s.weight < 0.75)):
                loose.append((s.weight + min(1.0, room / PPQ) / 2 + (0.0 if foreign else 0.3), s.first, s.end))
    loose.sort()
    gone = np.zeros(len(notes), bool)
    for _, a, b in loose[: shares(amount, len(loose))]:
        gone[a:b] = True
    out = notes[~gone].copy()
    if drums:
        return make_notes(out)
    _hold_on(out, notes, gone, timeline)
    if amount >= 0.5:
        _evened(out, inside[~gone], timeline)
    return make_notes(out)


def _hold_on(out: Notes, old: Notes, gone: Bools, timeline: Timeline) -> None:
    """Notes that were joined to one that went are held up to where that ended, within the bar."""
    starts = old["start"].astype(np.int64)
    ends = starts + old["duration"]
    kept = np.flatnonzero(~gone)
    nexts = np.append(starts[kept][1:], ends.max() if len(ends) else 0)
    for row, i in enumerate(kept.tolist()):
        limit = int(ends[i])
        j = i + 1
        while j < len(old) and (gone[j] or starts[j] - starts[i] <= PPQ // 12):
            if gone[j] and starts[j] <= limit + PPQ // 8:
                limit = max(limit, int(ends[j]))
            j += 1
        if limit > ends[i]:
            later = nexts[row:][nexts[row:] > starts[i] + PPQ // 12]
            stop = min(limit, int(later[0]) if len(later) else limit, timeline.bar_start(timeline.bar_at(int(starts[i])) + 1))
            out["duration"][row] = max(int(out["duration"][row]), stop - int(starts[i]))


def _evened(out: Notes, inside: Bools, timeline: Timeline) -> None:
    """Onsets that lie a semiquaver beside a half-beat go onto it, with their ends where they were, if nothing is there."""
    for s in strokes(out, timeline):
        if not inside[s.first:s.end].all() or s.weight >= 0.25 or s.place % (PPQ // 2) != GRID:
            continue
        goal = timeline.bar_start(s.bar) + s.place - GRID
        before = out["start"][: s.first]
        if len(before) and int(before.max()) >= goal - GRID:
            continue
        shift = s.tick - goal
        if shift <= 0:
            continue
        out["start"][s.first:s.end] -= shift
        out["duration"][s.first:s.end] += shift
        before_ends = before + out["duration"][: s.first]
        over = np.flatnonzero(before_ends > goal)
        out["duration"][over] = np.maximum(1, goal - before[over])


# -- more ----------------------------------------------------------------------------------------------------------------


def busier(
    notes: Notes, inside: Bools, amount: float, moments: Moments, timeline: Timeline, role: Role, player: Instrument,
    rng: np.random.Generator,
) -> Notes:  # fmt: skip
    """The notes with a share of the gaps inside filled, the widest and the metrically strongest places first.

    Lines get passing and neighbour notes of the scale, chords are struck again, kits get cymbals and soft snare strokes.
    Whatever was there stays in its place; a note may end earlier to make room.
    """
    if player.is_drum:
        before_end = notes["start"] < timeline.bar_start(moments.form.bars - 1)  # the ending stays an ending
        return _more_strokes(notes, inside & before_end, amount, timeline, player, rng)
    three = ternary(notes)
    unit = _unit(timeline, role, three)
    groups = strokes(notes, timeline)
    last_bar = moments.form.bars - 1
    rows: list[tuple[float, int, list[Row]]] = []
    ends = (notes["start"].astype(np.int64) + notes["duration"]).tolist()
    for i, s in enumerate(groups):
        after = groups[i + 1] if i + 1 < len(groups) else None
        if not inside[s.first:s.end].all() or (after is None and s.bar >= last_bar):  # the final stroke is the last word
            continue
        sounding = max(ends[s.first:s.end])
        following = after.tick if after else sounding
        beat = timeline.metre_at(timeline.bar_at(s.tick)).beats(timeline.ppq)[0][1]
        stop = following if following - sounding <= REST * beat else sounding
        stop = min(stop, s.tick + 4 * PPQ)
        places = _places(s.tick, stop, unit, timeline)
        pitches = _between(notes, s, after, len(places), moments, places, role, player, rng)
        for depth, tick, chord in zip(_depths(len(places)), places, pitches, strict=True):
            weight = _weight(tick, moments)
            velocity = int(np.clip(np.mean(notes["velocity"][s.first:s.end]) * (0.78 + 0.12 * weight), 1, 127))
            between = three and PPQ // 5 < tick % PPQ < PPQ // 2  # the middle of a triplet: swing leaves it out
            rank = depth + between - 0.5 * weight - 0.3 * (stop - s.tick) / (4 * PPQ) + 0.25 * float(rng.random())
            rows.append((rank, tick, [(tick, 1, p, velocity) for p in chord]))
    rows = [r for r in rows if r[2]]
    rows.sort(key=lambda r: r[:2])
    count = shares(amount, len(rows))
    if amount < 1.0:  # held lines have room for very many notes: up to then no part grows beyond three times itself
        count = min(count, max(1, round(2 * amount * sum(bool(inside[s.first]) for s in groups))))
    chosen = sorted(rows[:count], key=lambda r: r[1])
    return _merged(notes, chosen, unit, player)


def _unit(timeline: Timeline, role: Role, three: bool) -> int:
    """The shortest step that added notes leave: a semiquaver or, where the tempo is quick, longer; pads move in beats."""
    if role in _SLOW_ROLES:
        return PPQ
    bpm = max(t.bpm for t in timeline.tempos)
    steps = (PPQ // 3, PPQ) if three else (PPQ // 4, PPQ // 2, PPQ)
    return next((u for u in steps if u / PPQ * 60.0 / bpm >= QUICKEST), PPQ)


def _places(tick: int, stop: int, unit: int, timeline: Timeline) -> list[int]:
    """Even places between a stroke and the next, at least a unit apart from both."""
    room = stop - tick
    count = int((room + unit // 8) // unit) - 1
    return [tick + round(k * room / (count + 1)) for k in range(1, count + 1)] if count > 0 else []


def _depths(count: int) -> list[float]:
    """How late each of `count` places comes when a gap is halved again and again: the middle first."""
    out = [0.0] * count

    def halve(first: int, end: int, depth: float) -> None:
        if first >= end:
            return
        middle = (first + end) // 2
        out[middle] = depth
        halve(first, middle, depth + 1)
        halve(middle + 1, end, depth + 1)

    halve(0, count, 0.0)
    return out


def _between(
    notes: Notes, s: Struck, after: Struck | None, count: int, moments: Moments, places: Sequence[int], role: Role,
    player: Instrument, rng: np.random.Generator,
) -> list[list[int]]:  # fmt: skip
    """What sounds at each added place: chords struck again, lines led from their note to the next."""
    here = sorted(int(p) for p in notes["pitch"][s.first:s.end])
    if len(here) > 1 or role in _SLOW_ROLES:
        upper = here if role in _SLOW_ROLES or len(here) < 3 else here[1:]
        return [upper if rng.random() < 0.6 else here for _ in places]
    start = here[0]
    goal = int(notes["pitch"][after.end - 1]) if after is not None else start
    low, high = player.low, player.high
    side = 1 if rng.random() < 0.5 else -1
    out: list[list[int]] = []
    before = start
    for k, tick in enumerate(places):
        at = moments.at(tick)
        share = (k + 1) / (count + 1)
        wish = start + (goal - start) * share
        if abs(goal - start) < 3:  # out to a neighbour and back
            wish = start + side * (1.5 if k % 2 == 0 else 0.0) + (0.0 if k % 2 == 0 else (goal - start) * share)
        if role is Role.BASS and k < count - 1:
            allowed = [p for p in range(max(low, start - 12), min(high, start + 12) + 1) if at.plain[p % 12]]
            wish = start + (12 if k % 2 else 7) * side if k else start
        else:
            fine = at.plain if _weight(tick, moments) >= 0.5 else at.scale
            near = range(max(low, round(wish) - 5), min(high, round(wish) + 5) + 1)
            allowed = [p for p in near if fine[p % 12]]
        allowed = [p for p in allowed if p != before] or allowed or [start]
        pitch = min(allowed, key=lambda p: (abs(p - wish) + (0.0 if at.plain[p % 12] else 0.4), p))
        out.append([pitch])
        before = pitch
    return out


def _weight(tick: int, moments: Moments) -> float:
    """Metrical weight of the semiquaver nearest to a tick."""
    timeline = moments.form.timeline
    bar, offset = timeline.position(tick + GRID // 2)
    return weight_at(timeline.metre_at(bar), offset // GRID * GRID)


def _merged(notes: Notes, chosen: Sequence[tuple[float, int, list[Row]]], unit: int, player: Instrument) -> Notes:
    """Old and new notes together: each sounds until the next stroke where it reached that far, or would be in its way."""
    if not chosen:
        return notes
    ticks = np.array(sorted({t for _, t, _ in chosen} | set(notes["start"].tolist())))
    out = notes.copy()
    new = {t: {r[2] for r in rows} for _, t, rows in chosen}
    new_ticks = np.array(sorted(new))
    for i in range(len(out)):
        start = int(out["start"][i])
        k = int(np.searchsorted(new_ticks, start, side="right"))
        if k < len(new_ticks) and start + int(out["duration"][i]) > new_ticks[k]:
            same = int(out["pitch"][i]) in new[int(new_ticks[k])]
            if player.voices < 8 or same or not player.decays:
                out["duration"][i] = max(1, int(new_ticks[k]) - start)
    rows: list[Row] = []
    for _, tick, group in chosen:
        k = int(np.searchsorted(ticks, tick, side="right"))
        length = (int(ticks[k]) if k < len(ticks) else tick + unit) - tick
        rows.extend((tick, max(1, round(0.92 * min(length, 2 * unit if unit < PPQ else length))), p, v) for _, _, p, v in group)
    return make_notes(np.concatenate([out, make_notes(rows)]))


def _more_strokes(
    notes: Notes, inside: Bools, amount: float, timeline: Timeline, player: Instrument, rng: np.random.Generator
) -> Notes:
    """More of what keeps time between its strokes, and on a kit soft snare strokes beside it, never a third hand."""
    if not inside.any():
        return notes
    pitch = notes["pitch"]
    kit = player.family == "drum kit"
    keys, counts = np.unique(pitch[inside], return_counts=True)
    steady = [int(k) for k in keys if not kit or int(k) in _CYMBALS] or ([KIT["hihat"]] if kit else [int(k) for k in keys])
    rank = dict(zip(keys.tolist(), counts.tolist(), strict=True))
    time_keeper = max(steady, key=lambda k: rank.get(k, 0))
    unit = _unit(timeline, Role.DRUMS, ternary(notes))
    taken = {(int(n["start"]) + GRID // 2) // GRID for n in notes}
    first_bars = sorted({timeline.bar_at(int(t)) for t in notes["start"][inside]})
    rows: list[tuple[float, Row]] = []
    kept = notes["velocity"][inside & (pitch == time_keeper)]  # none where it plays elsewhere but rests in these bars
    loud = float(np.median(kept)) if len(kept) else 60.0
    for bar in first_bars:
        begin = timeline.bar_start(bar)
        metre = timeline.metre_at(bar)
        playing = inside & (notes["start"] >= begin - GRID // 2) & (notes["start"] < begin + timeline.bar_ticks(bar))
        if not playing.any():
            continue
        for place in range(0, timeline.bar_ticks(bar), unit):
            if (begin + place) // GRID in taken:
                continue
            weight = weight_at(metre, place)
            soft = kit and weight < 0.25 and rng.random() < 0.35
            key = KIT["snare"] if soft else time_keeper
            velocity = GHOST + int(rng.integers(-5, 6)) if soft else int(loud * (0.7 + 0.25 * weight))
            row = (begin + place, GRID // 2, key, int(np.clip(velocity, 1, 127)))
            rows.append((1.0 - weight + 0.5 * float(rng.random()), row))
    rows.sort()
    chosen = [r for _, r in rows[: shares(amount, len(rows))]]
    return make_notes(np.concatenate([notes, make_notes(chosen)])) if chosen else notes
