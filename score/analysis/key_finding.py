"""Key and mode from the notes alone.

Method: correlation of the pitch-class profile with key profiles (C. Krumhansl, *Cognitive Foundations of Musical Pitch*,
1990), with the profiles that D. Temperley drew from the Kostka-Payne corpus (*Music and Probability*, 2007, p. 85). For
the other modes a profile is built from the major or minor one of the same third: the weight of each altered degree moves
to its altered place. Deviation from the source: sounding time counts, and the bass note of the last chord and the first
bass note add weight to their pitch class, because endings and openings tell the tonic where the scale alone is ambiguous.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.reading import Floats, Reading
from ripieno.score.keys import MODES, Key, simplest_tonic

MAJOR = np.array([0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400])
MINOR = np.array([0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330])
COMMON_MODES = ("major", "minor")
FINAL_WEIGHT = 0.12  # share of all sounding time that the final bass note counts in addition
FIRST_WEIGHT = 0.06


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """A key with the correlation -1..1 of its profile with the notes."""

    key: Key
    score: float


@lru_cache(maxsize=64)
def mode_profile(mode: str) -> tuple[float, ...]:
    """Expected weight of each pitch class above the tonic in a mode."""
    if mode == "major":
        return tuple(MAJOR.tolist())
    if mode == "minor":
        return tuple(MINOR.tolist())
    intervals = MODES[mode][0]
    minor = 3 in intervals and 4 not in intervals
    base = MINOR if minor else MAJOR
    members = sorted((float(base[i]) for i in intervals), reverse=True)
    out = np.full(12, 0.06)
    for i in intervals:
        out[i] = max(float(base[i]), members[len(members) // 2] * 0.7)  # a scale tone is never rarer than a foreign one
    return tuple(out.tolist())


def rank_keys(profile: Floats, modes: tuple[str, ...] = COMMON_MODES) -> tuple[KeyGuess, ...]:
    """All keys in `modes`, most likely first.

    Args:
        profile: weight of each pitch class, shape (12,), any unit.
        modes: names in `MODES`.
    """
    if profile.sum() <= 0:
        return ()
    centred = profile - profile.mean()
    norm = float(np.sqrt((centred**2).sum())) or 1.0
    guesses = []
    for mode in modes:
        shape = np.array(mode_profile(mode))
        shape -= shape.mean()
        size = float(np.sqrt((shape**2).sum()))
        for tonic in range(12):
            score = float((np.roll(shape, tonic) * centred).sum()) / (norm * size)
            guesses.append(KeyGuess(Key(simplest_tonic(tonic, mode), mode), score))
    return tuple(sorted(guesses, key=lambda g: -g.score))


def key_profile(reading: Reading) -> Floats:
    """Pitch-class weights of a piece with the first and the last bass note emphasised; shape (12,), sums to about 1."""
    total = reading.pitch_classes.sum(axis=0)
    if total.sum() <= 0:
        return np.zeros(12)
    profile = total / total.sum()
    sounding = np.flatnonzero(reading.bass >= 0)
    if len(sounding):
        profile[int(reading.bass[sounding[-1]]) % 12] += FINAL_WEIGHT
        profile[int(reading.bass[sounding[0]]) % 12] += FIRST_WEIGHT
    return np.asarray(profile)


def find_keys(reading: Reading, modes: tuple[str, ...] = COMMON_MODES) -> tuple[KeyGuess, ...]:
    """Keys of a whole piece, most likely first; empty where nothing pitched sounds."""
    return rank_keys(key_profile(reading), modes)


def find_key(reading: Reading, modes: tuple[str, ...] = COMMON_MODES) -> Key:
    """The most likely key; C major where nothing pitched sounds."""
    guesses = find_keys(reading, modes)
    return guesses[0].key if guesses else Key("C")


def scale_share(profile: Floats, key: Key) -> float:
    """Share 0..1 of sounding time that lies in the key's scale; in minor keys the raised sixth and seventh count as in."""
    total = float(profile.sum())
    if total <= 0:
        return 1.0
    scale = set(key.scale)
    if key.mode == "minor":
        scale |= {(key.tonic_pc + 9) % 12, (key.tonic_pc + 11) % 12}
    return float(profile[sorted(scale)].sum()) / total
