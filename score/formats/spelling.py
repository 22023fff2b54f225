"""How a sounding pitch is spelled: as in the chord that sounds, else as in the key, chromatic steps by direction."""

from functools import lru_cache

from ripieno.score.chords import Chord
from ripieno.score.keys import Key
from ripieno.score.pitch import STEP_PC, STEPS, pitch_class

# letters above the root of each interval; where a set has two readings `_letters` decides
_LETTERS = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4, 8: 4, 9: 5, 10: 6, 11: 6, 13: 1, 14: 1, 15: 1, 16: 2,
            17: 3, 18: 3, 20: 5, 21: 5}  # fmt: skip


def _named(letter: str, pc: int) -> str | None:
    """The pitch class on a letter with at most one sign; None where it needs more."""
    shift = (pc - STEP_PC[letter] + 6) % 12 - 6
    return letter + {-1: "b", 0: "", 1: "#"}[shift] if abs(shift) <= 1 else None


@lru_cache(maxsize=4096)
def chord_spelling(chord: Chord) -> dict[int, str]:
    """Pitch class -> name for the members of a chord, in thirds above the root; double accidentals are left out."""
    names: dict[int, str] = {}
    root = STEPS.index(chord.root[0])
    for interval in chord.intervals:
        letters = _LETTERS.get(interval, 0)
        if interval == 9 and 6 in chord.intervals and 10 not in chord.intervals:
            letters = 6  # a diminished seventh
        elif interval == 6 and 7 in chord.intervals:
            letters = 3  # a raised fourth
        elif interval == 3 and 4 in chord.intervals:
            letters = 1  # a raised ninth
        elif interval == 8 and 7 in chord.intervals:
            letters = 5  # a lowered sixth
        pc = (chord.root_pc + interval) % 12
        name = _named(STEPS[(root + letters) % 7], pc)
        if name is not None:
            names[pc] = name
    if chord.bass:
        names[pitch_class(chord.bass)] = chord.bass
    return names


def spell(pitch: int, key: Key, chord: Chord | None, following: int | None = None) -> str:
    """Name of a pitch's class in `key` over `chord`; `following` is the next pitch of its line.

    Chord members are spelled as in the chord, scale tones as in the key. Any other tone that moves on by a semitone is
    a neighbour of where it goes: raised below it, lowered above it.
    """
    pc = pitch % 12
    if chord is not None:
        name = chord_spelling(chord).get(pc)
        if name is not None:
            return name
    if following is not None and abs(following - pitch) == 1 and key.degree(pc) is None:
        target = spell(following, key, chord)
        step = -1 if following > pitch else 1
        name = _named(STEPS[(STEPS.index(target[0]) + step) % 7], pc)
        if name is not None:
            return name
    return key.spell(pc)
