"""Harmonic grammars: which chord may follow which in a mode, and how phrases close. Data in `data/grammars.toml`.

A mode without a table of its own gets one from its scale: a chord on each degree, the tonic as home, the chords that hold
the most tones outside the tonic chord as its opposite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.style import data_table
from ripieno.score.chords import QUALITIES, Chord, parse_roman
from ripieno.score.keys import Key

Cadences = Mapping[str, tuple[tuple[str, ...], ...]]
_AS_MINOR = ("harmonic minor", "melodic minor", "minor pentatonic", "blues")
_AS_MAJOR = ("major pentatonic", "major blues", "chromatic")
_TRIADS = ("", "m", "sus4", "sus2", "5", "dim", "aug")


@dataclass(frozen=True)
class Grammar:
    """Chords as states (numerals), a matrix of transition weights, weights of opening chords, and cadences by kind."""

    key: Key
    states: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    start: npt.NDArray[np.float64]
    cadences: Cadences
    chords: Mapping[str, Chord]

    def chord(self, numeral: str) -> Chord:
        """The chord that a numeral of this grammar, or any numeral, means in its key."""
        return self.chords.get(numeral) or parse_roman(numeral, self.key)

    def cadence(self, kind: str, rng: np.random.Generator, room: int) -> tuple[str, ...]:
        """A cadence of a kind with at most `room` chords."""
        if kind not in self.cadences:
            kind = "half" if kind in ("turnaround", "open", "deceptive") else "authentic"
        options = [c for c in self.cadences[kind] if len(c) <= room] or [self.cadences[kind][0][-max(1, room):]]
        return options[int(rng.integers(len(options)))]

    def path(self, first: str | None, slots: int, then: str | None, rng: np.random.Generator) -> list[str]:
        """A random row of `slots` chords that starts with `first` (None: an opening chord) and may be followed by `then`.

        Drawn exactly from the grammar's Markov chain conditioned on both ends (backward messages, forward draws).
        """
        if slots <= 0:
            return []
        n = len(self.states)
        message = np.ones((slots + 1, n))
        if then is not None:
            end = self._index(then)
            if end is not None:
                message[slots - 1] = self.weights[:, end] + 1e-3
                message[slots - 1, end] = 1e-4
        for i in range(slots - 2, -1, -1):
            message[i] = self.weights @ message[i + 1]
            message[i] /= max(message[i].max(), 1e-12)
        out: list[int] = []
        for i in range(slots):
            if i == 0:
                begin = None if first is None else self._index(first)
                p = self.start.copy() if begin is None else np.eye(n)[begin]
            else:
                p = self.weights[out[-1]].copy()
                if i >= 2:
                    p[out[-2]] *= 0.45  # going straight back is dull
            p = p * message[i] if (p * message[i]).sum() > 0 else p + 1e-6
            out.append(int(rng.choice(n, p=p / p.sum())))
        return [self.states[i] for i in out]

    def _index(self, numeral: str) -> int | None:
        if numeral in self.states:
            return self.states.index(numeral)
        root = self.chord(numeral).root_pc
        for i, state in enumerate(self.states):
            if self.chord(state).root_pc == root:
                return i
        return None


def numeral_key(key: Key) -> Key:
    """The key in which numerals are read: scales that belong to major or minor borrow their degrees."""
    if key.mode in _AS_MINOR:
        return Key(key.tonic, "minor")
    if key.mode in _AS_MAJOR:
        return Key(key.tonic, "major")
    return key


@lru_cache(maxsize=128)
def grammar_for(name: str, key: Key) -> Grammar:
    """The grammar of a name in a key; modes that the named grammar lacks are looked up in 'modal', then derived."""
    tables = data_table("grammars")
    base = numeral_key(key)
    row = tables["modal"].get(key.mode) or tables.get(name, {}).get(base.mode) or tables["modal"].get(base.mode)
    if row is None:
        return _derived(key)
    states = tuple(row["next"])
    weights = np.zeros((len(states), len(states)))
    for i, state in enumerate(states):
        for target, weight in row["next"][state].items():
            weights[i, states.index(target)] = weight
    weights /= weights.sum(axis=1, keepdims=True)
    start = np.array([float(row["start"].get(s, 0.0)) for s in states])
    kinds = ("half", "authentic", "final", "plagal", "deceptive", "open", "turnaround")
    cadences = {k: tuple(tuple(c) for c in row[k]) for k in kinds if k in row}
    return Grammar(base, states, weights, start / start.sum(), cadences, {s: parse_roman(s, base) for s in states})


def _derived(key: Key) -> Grammar:
    """A grammar from the scale alone."""
    scale = key.scale
    chords: dict[str, Chord] = {}
    for degree, root in enumerate(scale):
        chord = _stacked(root, scale, key)
        if chord is not None:
            chords[str(degree)] = chord
    home = chords.setdefault("0", Chord(key.spell(scale[0]), (0, 7)))
    states = tuple(chords)
    tones = {s: set(chords[s].pitch_classes) for s in states}
    away = np.array([len(tones[s] - set(home.pitch_classes)) for s in states], dtype=float)
    weights = np.zeros((len(states), len(states)))
    for i, a in enumerate(states):
        for j, b in enumerate(states):
            step = (chords[b].root_pc - chords[a].root_pc) % 12
            weights[i, j] = 0.0 if i == j else {5: 3.0, 7: 2.0, 1: 2.0, 11: 2.0, 2: 1.5, 10: 1.5}.get(step, 1.0)
            if states[j] == "0":
                weights[i, j] *= 2.0
    weights = weights + (1e-6 if len(states) == 1 else 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    start = np.array([1.0 if s == "0" else 0.0 for s in states])
    far = [states[i] for i in np.argsort(-away, kind="stable") if states[i] != "0"][:3] or ["0"]
    cadences = {"half": tuple((s,) for s in far), "authentic": tuple((s, "0") for s in far),
                "final": tuple((s, "0") for s in far[:2])}  # fmt: skip
    return Grammar(key, states, weights, start, cadences, chords)


def _stacked(root: int, scale: Sequence[int], key: Key) -> Chord | None:
    """The plainest chord on a root that lies within a scale, or None."""
    for quality in _TRIADS:
        if all((root + i) % 12 in scale for i in QUALITIES[quality]):
            return Chord(key.spell(root), QUALITIES[quality])
    return None
