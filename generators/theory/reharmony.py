"""Other chords under a tune, and parts led over to other chords in their own figures.

Invention is a best path over bars: how well a chord carries the tune, how roots move, how far it goes from the key, how it
differs from what was there. Knows nothing of tracks; the caller says which notes are the tune.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.scales import Moment, Moments, moment
from ripieno.generators.theory.strokes import GRID, Struck, strokes, weight_at
from ripieno.generators.theory.voicing import candidates, small_grips
from ripieno.score.chords import QUALITIES, Chord, parse_roman
from ripieno.score.instruments import Instrument, Role
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Notes, make_notes
from ripieno.score.time import PPQ, Timeline

Bools = npt.NDArray[np.bool_]
# Numerals to choose from, with how spicy each is: 0 belongs to the key, 1 is far away.
_MAJOR: tuple[tuple[str, float], ...] = (
    ("I", 0.0), ("ii", 0.0), ("iii", 0.05), ("IV", 0.0), ("V", 0.0), ("vi", 0.0), ("viio", 0.35), ("V7/ii", 0.35),
    ("V7/IV", 0.35), ("V7/V", 0.3), ("V7/vi", 0.3), ("iv", 0.45), ("bVII", 0.45), ("bVI", 0.6), ("bIII", 0.65), ("iio", 0.6),
    ("bII7", 0.8), ("V7/iii", 0.5),
)  # fmt: skip
_MINOR: tuple[tuple[str, float], ...] = (
    ("i", 0.0), ("iio", 0.3), ("III", 0.0), ("iv", 0.0), ("v", 0.15), ("V", 0.0), ("VI", 0.0), ("VII", 0.0), ("viio7", 0.3),
    ("V7/iv", 0.35), ("V7/III", 0.3), ("V7/VI", 0.45), ("IV", 0.4), ("bII", 0.6), ("V7/V", 0.45), ("I", 0.8),
)  # fmt: skip
_SAME, _NEAR_HOME = 0.9, 0.7  # price of the chord that was there; gain of the tonic where a stretch opens or closes


@dataclass(frozen=True, slots=True)
class Option:
    """A chord that may stand in a key, and how far from the key it is, 0..1."""

    chord: Chord
    spice: float


@lru_cache(maxsize=256)
def options(key: Key, spice: float, sevenths: bool) -> tuple[Option, ...]:
    """Chords of a key up to a spice; with `sevenths` as four-note chords where that is usual."""
    base = Key(key.tonic, "minor" if key.is_minor else "major")
    found: dict[tuple[int, tuple[int, ...]], Option] = {}
    for numeral, far in _MINOR if key.is_minor else _MAJOR:
        if far > max(0.2, spice):
            continue
        chord = parse_roman(numeral, base)
        if sevenths:
            chord = with_seventh(chord, base)
        found.setdefault((chord.root_pc, chord.intervals), Option(chord, far))
    return tuple(found.values())


def with_seventh(chord: Chord, key: Key) -> Chord:
    """A triad with the seventh that it has in the key; on the dominant always the minor one."""
    if len(chord.intervals) != 3 or chord.quality not in ("", "m", "dim"):
        return chord
    degree = (chord.root_pc - key.tonic_pc) % 12
    if chord.quality == "dim":
        quality = "m7b5"
    elif chord.is_minor:
        quality = "m7"
    else:
        quality = "7" if degree == 7 or (chord.root_pc + 11) % 12 not in key.scale else "maj7"
    return Chord(chord.root, QUALITIES[quality])


def invented(
    slots: Sequence[tuple[int, int]], tune: Notes, old: Moments, timeline: Timeline, spice: float, sevenths: bool,
    rng: np.random.Generator, *, closes: bool,
) -> tuple[ChordSpan, ...]:  # fmt: skip
    """New chords for stretches (first tick, end), that carry the tune; `closes`: the last of them must be home."""
    rows: list[tuple[Option, ...]] = []
    costs: list[npt.NDArray[np.float64]] = []
    for i, (a, b) in enumerate(slots):
        key = old.key_at(a)
        row = options(key, spice, sevenths)
        here = np.array([_carries(o.chord, key, tune, a, b, timeline) for o in row])
        was = old.span_at(a).chord
        for k, o in enumerate(row):
            here[k] += 1.3 * (1.0 - spice) * o.spice
            here[k] += _SAME * (o.chord.root_pc == was.root_pc and o.chord.is_minor == was.is_minor)
            home = o.chord.root_pc == key.tonic_pc and o.spice == 0.0
            here[k] -= _NEAR_HOME * (home and i in (0, len(slots) - 1))
            here[k] += 6.0 * (closes and i == len(slots) - 1 and not home)
        rows.append(row)
        costs.append(here + rng.random(len(row)) * (0.4 + 0.4 * spice))
    chosen = _best(rows, costs, [old.key_at(a) for a, _ in slots])
    return tuple(ChordSpan(a, b, c) for (a, b), c in zip(slots, chosen, strict=True))


def _carries(chord: Chord, key: Key, tune: Notes, a: int, b: int, timeline: Timeline) -> float:
    """How badly a chord carries the notes of the tune that sound from a to b: 0 all of them are in it, above 1 it clashes."""
    first = int(np.searchsorted(tune["start"], a - GRID // 2))
    last = int(np.searchsorted(tune["start"], b - GRID // 2))
    at = moment(chord, key)
    total, cost = 0.0, 0.0
    for note in tune[first:last].tolist():
        bar, offset = timeline.position(note[0] + GRID // 2)
        weight = (0.3 + weight_at(timeline.metre_at(bar), offset // GRID * GRID)) * min(2.0, note[1] / PPQ)
        pc = note[2] % 12
        clash = ((pc - 1) % 12 in chord.pitch_classes and not at.colour[pc]) or not at.scale[pc]
        price = 0.0 if at.plain[pc] else 0.15 if at.colour[pc] else 2.4 if clash else 0.8
        total, cost = total + weight, cost + weight * price
    return 3.0 * cost / total if total else 0.0


def _best(
    rows: Sequence[tuple[Option, ...]], costs: Sequence[npt.NDArray[np.float64]], keys: Sequence[Key]
) -> list[Chord]:
    if not rows:
        return []
    total, back = costs[0], []
    for i in range(1, len(rows)):
        step = np.array([[_motion(x.chord, y.chord, keys[i]) for y in rows[i]] for x in rows[i - 1]])
        cube = total[:, None] + step
        back.append(cube.argmin(axis=0))
        total = cube.min(axis=0) + costs[i]
    state = int(total.argmin())
    path = [state]
    for pointer in reversed(back):
        state = int(pointer[state])
        path.append(state)
    return [row[k].chord for row, k in zip(rows, reversed(path), strict=True)]


@lru_cache(maxsize=16384)
def _motion(x: Chord, y: Chord, key: Key) -> float:
    """Price of going from one chord to the next: fifths down are home, dominants want to resolve, standing still is dull."""
    move = (y.root_pc - x.root_pc) % 12
    price = {0: 0.8, 5: -0.45, 7: 0.05, 2: 0.0, 10: 0.1, 9: 0.0, 8: 0.05, 3: 0.2, 4: 0.25, 1: 0.25, 11: 0.15, 6: 0.6}[move]
    if x.is_dominant or 6 in x.intervals:
        price += 0.0 if move in (5, 1, 11) or (move == 2 and x.root_pc == (key.tonic_pc + 7) % 12) else 1.1
    return price


# -- parts that follow ---------------------------------------------------------------------------------------------------


def refitted(
    notes: Notes, inside: Bools, old: Moments, new: Moments, timeline: Timeline, role: Role, player: Instrument
) -> Notes:
    """The notes led from the old chords to the new ones, onset for onset; where the chord is the same they stay.

    A bass keeps its roots, fifths and approaches; chords are voiced as near as they can be; lines keep their contour.
    """
    out = notes.copy()
    groups = strokes(notes, timeline)
    line: list[Struck] = []
    for s in groups:
        if not inside[s.first:s.end].all():
            continue
        tick = s.tick + GRID // 2
        was, now = old.at(tick), new.at(tick)
        if was.chord == now.chord and was.key == now.key:
            continue
        if s.end - s.first > 1:
            out["pitch"][s.first:s.end] = _revoiced(notes["pitch"][s.first:s.end], was, now, player)
        else:
            line.append(s)
    _line(out, notes, line, old, new, role, player)
    return make_notes(_without_doubles(out))


def _without_doubles(notes: Notes) -> Notes:
    """Of notes that begin together on one pitch the first."""
    places = notes["start"].astype(np.int64) * 128 + notes["pitch"]
    _, first = np.unique(places, return_index=True)
    return notes[np.sort(first)]


def _revoiced(
    pitches: npt.NDArray[np.uint8], was: Moment, now: Moment, player: Instrument
) -> npt.NDArray[np.uint8]:
    """As many notes of the new chord, nearest to the old voicing, with the root below where the old one had it there."""
    order = np.argsort(pitches, kind="stable")
    old = pitches[order].astype(np.int64)
    count, low, high = len(old), max(player.low, int(old.min()) - 5), min(player.high, int(old.max()) + 5)
    rooted = int(old[0]) % 12 == was.chord.bass_pc
    power = {int(p - old[0]) % 12 for p in old} <= {0, 7}
    if player.family == "guitar" and not power and count <= 6:
        shapes = small_grips(now.chord, count, low, high)
    else:
        shapes = candidates(now.chord, count, low, high, "power" if power else "any", rooted)
    fitting = [v for v in shapes if len(v) == count] or _free(now, old, player)
    if rooted:
        fitting = [v for v in fitting if v[0] % 12 == now.chord.bass_pc] or fitting
    best = min(fitting, key=lambda v: (int(np.abs(np.array(v) - old).sum()), v))
    out = pitches.copy()
    out[order] = best
    return out


def _free(now: Moment, old: npt.NDArray[np.int64], player: Instrument) -> list[tuple[int, ...]]:
    """For each note the nearest tone of the new chord that is not taken: what no close voicing gives."""
    taken: list[int] = []
    for p in old.tolist():
        allowed = [q for q in range(player.low, player.high + 1) if now.colour[q % 12] and q not in taken]
        taken.append(min(allowed or [p], key=lambda q: (abs(q - p), q)))
    return [tuple(sorted(taken))]


def _line(
    out: Notes, notes: Notes, line: Sequence[Struck], old: Moments, new: Moments, role: Role, player: Instrument
) -> None:
    """Single notes: chord tones first, each to its counterpart; then what leads to the next note, as near to it as before."""
    loose: list[Struck] = []
    for s in line:
        tick, p = s.tick + GRID // 2, int(notes["pitch"][s.first])
        was, now = old.at(tick), new.at(tick)
        pc = p % 12
        if role is Role.BASS and pc == was.chord.bass_pc:
            goal = [now.chord.bass_pc]
        elif was.plain[pc]:
            goal = [_counterpart(pc, was, now)]
        else:
            loose.append(s)
            continue
        out["pitch"][s.first] = _nearest(p, goal, player)
    for s in reversed(loose):
        p = int(notes["pitch"][s.first])
        now = new.at(s.tick + GRID // 2)
        following = s.first + 1
        if following < len(notes) and abs(int(notes["pitch"][following]) - p) <= 2 and p != int(notes["pitch"][following]):
            wish = int(out["pitch"][following]) + p - int(notes["pitch"][following])
            leads = now.scale[wish % 12] or (role is Role.BASS and abs(p - int(notes["pitch"][following])) == 1)
            out["pitch"][s.first] = wish if leads and player.low <= wish <= player.high else _nearest(
                wish, np.flatnonzero(now.scale).tolist(), player)
        else:
            out["pitch"][s.first] = _nearest(p, np.flatnonzero(now.scale).tolist(), player)


def _counterpart(pc: int, was: Moment, now: Moment) -> int:
    """The tone of the new chord that does what this one did in the old: root, third, fifth or seventh."""
    kinds = ((0,), (3, 4, 5, 2), (6, 7, 8), (9, 10, 11))
    interval = (pc - was.chord.root_pc) % 12
    kind = next((k for k in kinds if interval in k), (0,))
    own = {i % 12 for i in now.chord.intervals}
    found = next((i for i in kind if i in own), None)
    if found is None:  # a triad has no seventh: its root again
        found = 0
    return (now.chord.root_pc + found) % 12


def _nearest(pitch: int, pcs: Sequence[int], player: Instrument) -> int:
    allowed = [p for p in range(player.low, player.high + 1) if p % 12 in pcs]
    return min(allowed, key=lambda p: (abs(p - pitch), p)) if allowed else pitch
