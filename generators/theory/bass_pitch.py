"""Pitches of a bass line: the cheapest path through what each note may be (Viterbi over the register).

Costs weigh what a note is in the chord against how the line moves: roots on changes, chord notes on strong beats, steps
rather than leaps, approach by a semitone, a step or the dominant, no stray repeats while walking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ripieno.score.chords import Chord

Floats = npt.NDArray[np.float64]
WANDER = 0.22  # how far, in shares of the register, a walking line swings up and down
WANDER_NOTES = 12.0  # and over how many notes: about three bars
NEVER = 60.0  # cost of what should not happen; finite, so that a path always exists
# cost of moving by so many semitones, in any direction
_STEPS = np.array([0.0, 0.05, 0.0, 0.3, 0.4, 0.45, 1.6, 0.7, 1.6, 1.7, 1.9, 3.2, 1.2, 5.0])


@dataclass(frozen=True, slots=True)
class Target:
    """One note to be pitched: its place (ticks), its function in the figure, the chord it sounds in and the next chord.

    `weight` is its metrical weight, `kick` whether the kick strikes with it, `riff` the interval above the root if it is a
    riff's note 'm', `gate` how much of its length it sounds.
    """

    tick: int
    length: int
    symbol: str
    chord: Chord
    following: Chord
    weight: float
    kick: bool
    riff: int = 0
    gate: float = 1.0


def pitches(
    targets: Sequence[Target], low: int, high: int, previous: int | None, scale: tuple[int, ...],
    rng: np.random.Generator, *, diatonic: bool = False,
) -> list[int]:  # fmt: skip
    """MIDI pitches, one for each target, all within low..high inclusive.

    Args:
        previous: the pitch before the first target, None at a beginning.
        scale: pitch classes of the key.
        diatonic: whether approaches keep to the key and to the chord that sounds, as in classical and folk music.
    """
    span = np.arange(low, high + 1)
    pcs = span % 12
    phase, pace = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.3) * 2 * np.pi / WANDER_NOTES
    cost = np.zeros((len(targets), len(span)))
    back = np.zeros((len(targets), len(span)), dtype=np.intp)
    steps = np.abs(span[:, None] - span[None, :])  # [from, to]
    smooth = _STEPS[np.minimum(steps, 13)] + 0.15 * np.maximum(steps - 12, 0)
    rise = span[None, :] - span[:, None]
    after_octave = np.abs(rise + 12)
    table = {
        "smooth": smooth,
        "octave": _octave(rise),
        "back": _STEPS[np.minimum(after_octave, 13)] + 0.15 * np.maximum(after_octave - 12, 0),
        "below": smooth + 4.0 * (rise >= 0),
        "walk": smooth + 3.0 * (rise == 0),
    }
    for i, target in enumerate(targets):
        goal = target.following if target.symbol == "n" or i + 1 == len(targets) else targets[i + 1].chord
        own = _prices(target.symbol, target.chord, goal.bass_pc, target.riff, target.weight >= 0.7, scale, diatonic)[pcs]
        free = target.symbol in "wcpa"
        home = low + (high - low) * (0.36 + WANDER * np.sin(phase + pace * i) * free)
        away = np.abs(span - home)
        own = own + (0.05 * away if free else 0.02 * away + 0.0035 * np.maximum(span - home, 0) ** 2)
        if free:
            own = own + rng.normal(0.0, 0.3, len(span))
        if i == 0:
            cost[0] = own if previous is None else own + _STEPS[np.minimum(np.abs(span - previous), 13)]
            continue
        before = targets[i - 1]
        total = cost[i - 1][:, None] + table[_motion(before, target)]
        if before.symbol == "a" and target.symbol in "Rn":
            total = total + _arrival(rise)
        back[i] = np.argmin(total, axis=0)
        cost[i] = total[back[i], np.arange(len(span))] + own
    path = [int(np.argmin(cost[-1]))]
    for i in range(len(targets) - 1, 0, -1):
        path.append(int(back[i][path[-1]]))
    return [int(span[p]) for p in reversed(path)]


def _motion(before: Target, target: Target) -> str:
    if target.symbol == "8":
        return "octave"
    if before.symbol == "8" and target.symbol in "R5n":  # the octave was an excursion: the line goes on below
        return "back"
    if target.symbol == "l":
        return "below"
    if target.symbol in "wpa" and before.symbol in "wpaR":
        return "walk"
    return "smooth"


def _octave(rise: npt.NDArray[np.int_]) -> Floats:
    """Costs of a jump up to the octave: exactly twelve is meant, less is tolerated."""
    return np.where(rise == 12, 0.0, np.where((rise > 0) & (rise < 12), 1.0, 5.0))


def _arrival(rise: npt.NDArray[np.int_]) -> Floats:
    """From an approach note to its goal: a semitone, a step, or the fall of a fifth."""
    size = np.abs(rise)
    return np.where(size == 1, 0.0, np.where(size == 2, 0.25, np.where((rise == -7) | (rise == 5), 0.5, 3.0)))


@lru_cache(maxsize=4096)
def _prices(symbol: str, chord: Chord, goal: int, riff: int, strong: bool, scale: tuple[int, ...],
            diatonic: bool) -> Floats:  # fmt: skip
    """What each pitch class costs for a function; `goal` is the pitch class that an early or approaching note leads to."""
    root = chord.root_pc
    single = {
        "R": chord.bass_pc, "8": chord.bass_pc, "n": goal, "5": root + fifth(chord), "l": root + fifth(chord),
        "3": root + third(chord), "7": root + seventh(chord, scale), "m": root + _fitted(riff, chord),
    }  # fmt: skip
    if symbol in single:
        prices = {single[symbol] % 12: 0.0}
    elif symbol == "g":
        prices = {pc: 0.1 * i for i, pc in enumerate(chord.pitch_classes)}
    elif symbol == "a":
        prices = approaches(goal, scale)
        if diatonic:
            members = chord.pitch_classes
            prices = {
                pc: price + 1.5 * (pc not in scale and pc not in members)
                + 1.0 * (pc not in members and any((pc - m) % 12 in (1, 11) for m in members))
                for pc, price in prices.items()
            }
    else:
        prices = _free(symbol, chord, strong, scale)
    by_pc = np.full(12, NEVER)
    by_pc[list(prices)] = list(prices.values())
    by_pc.setflags(write=False)
    return by_pc


def _free(symbol: str, chord: Chord, strong: bool, scale: tuple[int, ...]) -> dict[int, float]:
    """Walking, chord and scale notes: chord notes where the metre is strong, scale notes on the way."""
    members = chord.pitch_classes[:4]
    prices: dict[int, float] = {}
    if symbol != "c":
        for pc in scale:
            rubs = any((pc - m) % 12 in (1, 11) for m in members)
            prices[pc] = (2.0 if rubs else 1.3) if strong else (0.8 if rubs else 0.35)
        if symbol == "p":
            return {**dict.fromkeys(members, 0.5), **{pc: 0.0 for pc in prices if pc not in members}}
    for i, pc in enumerate(members):
        prices[pc] = (0.5, 0.15, 0.1, 0.45)[i] if not strong else (0.3, 0.0, 0.0, 0.35)[i]
    return prices


def approaches(goal: int, scale: tuple[int, ...]) -> dict[int, float]:
    """Notes that lead to a pitch class: a semitone below or above, a scale step, its dominant."""
    prices = {(goal - 1) % 12: 0.15, (goal + 1) % 12: 0.35, (goal + 7) % 12: 0.5}
    for step in (-2, 2):
        if (goal + step) % 12 in scale:
            prices[(goal + step) % 12] = 0.1
    return prices


def third(chord: Chord) -> int:
    """Semitones from the root to the third, or to what replaces it."""
    return next((i % 12 for i in (4, 3, 5, 2, 14, 16) if i in chord.intervals), 7)


def fifth(chord: Chord) -> int:
    """Semitones from the root to the fifth, altered as the chord has it."""
    return next((i for i in (7, 6, 8) if i in chord.intervals), 7)


def seventh(chord: Chord, scale: tuple[int, ...]) -> int:
    """Semitones to the seventh or sixth: the chord's own, else the sixth or seventh that the key has."""
    own = next((i for i in (10, 11, 9) if i in chord.intervals), None)
    if own is not None:
        return own
    order = (10, 9, 8) if chord.is_minor else (9, 10, 11)
    return next((i for i in order if (chord.root_pc + i) % 12 in scale), 9)


def _fitted(interval: int, chord: Chord) -> int:
    """A riff's interval in this chord: thirds follow its third, fifths its fifth."""
    if interval % 12 in (3, 4) and third(chord) in (3, 4):
        return third(chord)
    return fifth(chord) if interval % 12 == 7 else interval % 12
