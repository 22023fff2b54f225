"""Voicings: which notes of a chord sound where, led smoothly from chord to chord.

All voicings that the hands or desks could play are candidates; dynamic programming takes the row of them that moves least,
keeps a register, stays clear at the bottom and (where the style minds) avoids parallel fifths and octaves.
"""

from collections.abc import Container, Sequence
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from ripieno.score.checks.playability import guitar_shape
from ripieno.score.chords import Chord

Voicing = tuple[int, ...]
GUITAR = (40, 45, 50, 55, 59, 64)  # E2 A2 D3 G3 B3 E4


def lead_voices(
    candidates: Sequence[Sequence[Voicing]], centre: float, *, strict: bool = False, top: Sequence[float] | None = None
) -> list[Voicing]:
    """The smoothest row of voicings, one of each candidate list.

    `centre` is the wished mean pitch; `strict` forbids parallel perfect intervals where there is another way; `top`, one
    per chord, is a height the voicing should stay under (a melody above it).
    """
    if not candidates:
        return []
    arrays = [np.array(c, dtype=np.float64) for c in candidates]
    total = _own(arrays[0], centre, None if top is None else top[0])
    back: list[npt.NDArray[np.int64]] = []
    for k in range(1, len(arrays)):
        a, b = arrays[k - 1], arrays[k]
        cost = total[:, None] + _between(a, b, strict=strict)
        pointer = cost.argmin(axis=0)
        total = cost[pointer, np.arange(len(b))] + _own(b, centre, None if top is None else top[k])
        back.append(pointer)
    state = int(total.argmin())
    row = [state]
    for pointer in reversed(back):
        state = int(pointer[state])
        row.append(state)
    return [candidates[k][i] for k, i in enumerate(reversed(row))]


def _own(voicings: npt.NDArray[np.float64], centre: float, top: float | None) -> npt.NDArray[np.float64]:
    """Cost of voicings in themselves: away from the register, thick at the bottom, above the melody."""
    cost = 0.25 * np.abs(voicings.mean(axis=1) - centre)
    if voicings.shape[1] > 1:
        gaps = np.diff(voicings, axis=1)
        low = voicings[:, :-1] < 52
        cost = cost + (low & (gaps < 5)).sum(axis=1) * 2.0 + (gaps > 12).sum(axis=1) * 1.5 + (gaps == 1).sum(axis=1) * 1.2
    if top is not None:
        cost = cost + 0.8 * np.maximum(0.0, voicings[:, -1] - top)
    return np.asarray(cost)


def _between(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], *, strict: bool) -> npt.NDArray[np.float64]:
    """Cost of going from each voicing of `a` to each of `b`."""
    if a.shape[1] != b.shape[1]:  # a guitar's shapes differ in size: hand position and top voice count
        mean = np.abs(a.mean(axis=1)[:, None] - b.mean(axis=1)[None, :])
        return np.asarray(1.2 * mean + 0.5 * np.abs(a[:, -1][:, None] - b[:, -1][None, :]))
    move = b[None, :, :] - a[:, None, :]
    cost = np.abs(move).sum(axis=2) + 0.4 * np.abs(move[:, :, -1]) + 0.5 * np.maximum(0, np.abs(move) - 4).sum(axis=2)
    if strict and a.shape[1] > 1:
        n = a.shape[1]
        for i in range(n):
            for j in range(i + 1, n):
                before = (a[:, j] - a[:, i]) % 12
                after = (b[:, j] - b[:, i]) % 12
                same = (before[:, None] == after[None, :]) & np.isin(before, (0, 7))[:, None]
                moved = (move[:, :, i] != 0) & (np.sign(move[:, :, i]) == np.sign(move[:, :, j]))
                cost = cost + 25.0 * (same & moved)
    return np.asarray(cost)


def tones(chord: Chord, count: int, *, rooted: bool) -> tuple[int, ...]:
    """The pitch classes that `count` voices should sound, most needed first: third and seventh, colour, fifth, root.

    `rooted` puts the root first (nobody else plays it).
    """
    root = chord.root_pc
    by = {i % 12 for i in chord.intervals}
    third = _first((4, 3), by) or _first((5, 2), by)
    seventh = _first((10, 11), by) or _first((9,), set(chord.intervals))
    fifth = _first((7, 6, 8), by)
    colour = [i % 12 for i in chord.intervals if i > 12] + [i for i in (9, 2, 5) if i in by]
    altered = [i for i in fifth if i != 7]
    order = [*third, *seventh, *altered, *colour, *fifth, 0]
    if rooted or len(chord.intervals) <= 3:
        order = [0, *third, *seventh, *altered, *fifth, *colour]
    chosen = list(dict.fromkeys(order))[: max(1, count)]
    return tuple((root + i) % 12 for i in chosen)


def _first(order: Sequence[int], there: Container[int]) -> list[int]:
    """The first interval of an order that is there, as a list of one or none."""
    return [i for i in order if i in there][:1]


@lru_cache(maxsize=8192)
def candidates(chord: Chord, count: int, low: int, high: int, spread: str, rooted: bool) -> tuple[Voicing, ...]:
    """Voicings of `count` notes within low..high inclusive.

    `spread`: 'close' within the octave, 'open' every other note an octave up, 'drop2', 'any' all of these, 'power' root and
    fifth, 'shell' third and seventh. At least one is always returned; notes are doubled or left out as the register asks.
    """
    if spread == "power":
        return _power(chord, low, high, count)
    wanted = min(2, count) if spread == "shell" and len(chord.intervals) > 3 else count
    pcs = tones(chord, wanted, rooted=rooted and spread != "shell")
    ring = sorted(pcs)
    found: set[Voicing] = set()
    for start in range(low - 12, high + 1):
        if start % 12 not in ring:
            continue
        close = [start]
        place = ring.index(start % 12)
        while len(close) < wanted:
            place += 1
            close.append(close[-1] + ((ring[place % len(ring)] - close[-1] - 1) % 12) + 1)
        shapes = [tuple(close)]
        if spread in ("open", "any") and wanted >= 3:
            opened = tuple(sorted(p + 12 if i % 2 else p for i, p in enumerate(close)))
            shapes = [*shapes, opened] if spread == "any" else [opened]
        if spread in ("drop2", "any") and wanted >= 4:
            shapes.append(tuple(sorted([*close[:-2], close[-2] - 12, close[-1]])))
        found.update(s for s in shapes if s[0] >= low and s[-1] <= high and len(set(s)) == len(s))
    if found:
        return tuple(sorted(found))
    if wanted > 1:
        return candidates(chord, wanted - 1, low, high, "close", rooted)
    nearest = [p for p in range(low, high + 1) if p % 12 in chord.pitch_classes]
    return tuple((p,) for p in nearest) or ((low,),)


def _power(chord: Chord, low: int, high: int, count: int) -> tuple[Voicing, ...]:
    fifth = next((i for i in chord.intervals if i % 12 in (6, 7, 8)), 7) % 12
    shapes = []
    for root in range(low, high + 1):
        if root % 12 == chord.root_pc:
            shape = [p for p in (root, root + fifth, root + 12) if p <= high][: max(1, count)]
            shapes.append(tuple(shape))
    longest = max((len(s) for s in shapes), default=0)
    return tuple(s for s in shapes if len(s) == longest) or ((low + (chord.root_pc - low) % 12,),)


@lru_cache(maxsize=1024)
def guitar_shapes(chord: Chord, low: int, high: int) -> tuple[Voicing, ...]:
    """Shapes that one hand can grip on six strings in standard tuning, up to the tenth fret.

    Sounding strings lie side by side, the root (or the slash bass) is lowest, four fingers reach four frets, an index finger
    may lie flat across. Where no shape fits the register, the grips of fewer strings that do.
    """
    wanted = {(chord.root_pc + i) % 12 for i in chord.intervals}
    needed = set(tones(chord, 3, rooted=True))
    found: set[Voicing] = set()
    for lowest in range(3):
        for base in range(8):
            options = []
            for string in GUITAR[lowest:]:
                frets = [0] if string % 12 in wanted else []
                frets += [f for f in range(max(1, base), base + 4) if (string + f) % 12 in wanted]
                options.append([(string + f, f) for f in frets])
            options[0] = [o for o in options[0] if o[0] % 12 == chord.bass_pc]
            if not options[0]:
                continue
            options = [o for o in options if o]  # strings without a chord tone in reach are damped
            if len(options) < 4:
                continue
            for grip in product(*options):
                frets = [f for _, f in grip if f]
                fingers = len(frets) - (frets.count(min(frets)) - 1 if frets and 0 not in [f for _, f in grip] else 0)
                shape = tuple(p for p, _ in grip)
                if fingers <= 4 and needed <= {p % 12 for p in shape} and low <= shape[0] and shape[-1] <= high \
                        and all(b > a for a, b in pairwise(shape)):
                    found.add(shape)
    if not found:
        return small_grips(chord, 4, low, high)
    sizes = [len(s) for s in found]
    size = max(set(sizes), key=lambda n: (sizes.count(n), n))
    return tuple(sorted(s for s in found if len(s) == size))


@lru_cache(maxsize=4096)
def small_grips(chord: Chord, count: int, low: int, high: int) -> tuple[Voicing, ...]:
    """Grips of at most `count` strings anywhere on a guitar's neck, third and seventh first: what a jazz guitarist comps."""
    for size in range(count, 0, -1):
        found = tuple(v for v in candidates(chord, size, low, high, "any", False) if guitar_shape(v))
        if found:
            return found
    return candidates(chord, 1, low, high, "close", False)
