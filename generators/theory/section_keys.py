"""The keys of the sections: home, where a form says to go, related keys for contrasting labels, a lift of the last chorus.

Knows nothing of chords.
"""

import re
from collections.abc import Sequence

import numpy as np

from ripieno.generators.theory.forms import ways
from ripieno.generators.theory.lengths import Slot
from ripieno.generators.theory.style import Style
from ripieno.score.keys import Key

SHORTEST = 24  # bars of a piece that leaves its key
_DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII")
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def section_keys(
    style: Style, key: Key, slots: Sequence[Slot], bars: int, rng: np.random.Generator, *, stays: bool
) -> list[Key]:
    """A key for each section; the first and the last are at home. `stays`: chords were given, so nothing moves."""
    if stays or bars < SHORTEST:
        return [_turned(key, slot, stays) for slot in slots]
    away = _drawn(style, key, slots, rng)
    keys = [key_on(key, s.row.key[key.is_minor]) if s.row.key else away.get(s.label, key) for s in slots]
    keys = [_turned(k, slot, False) for k, slot in zip(keys, slots, strict=True)]
    keys[-1] = keys[0] = key
    return _lifted(keys, slots, bars, style.harmony.lift, rng)


def key_on(home: Key, degree: str) -> Key:
    """The key on a degree of the home key: 'V' in C major is G major, 'vi' A minor. Modes other than major and minor stay."""
    match = re.fullmatch(r"([b#]?)([IV]+|[iv]+)", degree)
    assert match is not None
    scale = _MINOR if home.is_minor else _MAJOR
    by = scale[_DEGREES.index(match[2].upper())] + {"b": -1, "#": 1, "": 0}[match[1]]
    moved = home.transposed(by % 12) if by % 12 else home
    minor = match[2].islower()
    if home.mode not in ("major", "minor") or minor == home.is_minor:
        return moved
    return moved.parallel()


def _turned(key: Key, slot: Slot, stays: bool) -> Key:
    """A variation that turns to the other mode does so."""
    turns = bool(slot.row.way) and ways()[slot.row.way].parallel and not stays and key.mode in ("major", "minor")
    return key.parallel() if turns else key


def _drawn(style: Style, key: Key, slots: Sequence[Slot], rng: np.random.Generator) -> dict[str, Key]:
    """Keys of contrasting labels that go to a related key, as readily as the style does.

    What is new in a later round of a long piece (A2, B2) goes together, and more often than not.
    """
    away: dict[str, Key] = {}
    rounds: dict[str, Key] = {}
    first = slots[0].label if slots[0].kind != "intro" else (slots[1].label if len(slots) > 1 else slots[0].label)
    for label in dict.fromkeys(s.label for s in slots):
        kind = next(s.kind for s in slots if s.label == label)
        number = re.sub(r"\D", "", label)
        if key.mode not in ("major", "minor") or label == first or not (kind in ("bridge", "theme") or number):
            continue
        if number:
            near = [k for k in (key.relative(), key.transposed(5), key.transposed(7)) if k not in list(rounds.values())[-1:]]
            away[label] = rounds.get(number) or near[int(rng.integers(len(near)))]
            rounds[number] = away[label]
        elif rng.random() < style.harmony.modulation:
            options = [key.relative(), key.transposed(5)] if key.is_minor else [
                key.transposed(7), key.transposed(5), key.relative(), key.parallel()]
            away[label] = options[int(rng.integers(len(options)))]
    return away


def _lifted(keys: list[Key], slots: Sequence[Slot], bars: int, chance: float, rng: np.random.Generator) -> list[Key]:
    """The last chorus, and what follows, a semitone or tone higher, now and then."""
    choruses = [i for i, s in enumerate(slots) if s.kind == "chorus"]
    if len(choruses) >= 3 and bars >= 32 and rng.random() < chance:
        up = keys[0].transposed(int(rng.choice([1, 2])))
        for i in range(choruses[-1], len(slots)):
            keys[i] = up
    return keys
