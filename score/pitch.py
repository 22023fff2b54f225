"""Pitch names and numbers. MIDI numbers: 60 is C4 (middle C); pitch classes: 0 is C."""

import re

STEPS = "CDEFGAB"
STEP_PC = dict(zip(STEPS, (0, 2, 4, 5, 7, 9, 11), strict=True))
# Line of fifths, F=-1, C=0, G=1 ...: a spelled pitch class is one integer on it.
STEP_FIFTHS = dict(zip("FCGDAEB", range(-1, 6), strict=True))
_SPELLED = re.compile(r"^([A-Ga-g])([#b♯♭x]*)$")
_PITCH = re.compile(r"^([A-Ga-g])([#b♯♭x]*)(-?\d+)$")


def accidental_value(signs: str) -> int:
    """Semitones that a run of accidentals adds: '#' and '♯' 1, 'b' and '♭' -1, 'x' 2."""
    return sum({"#": 1, "♯": 1, "b": -1, "♭": -1, "x": 2}[s] for s in signs)


def normal_name(name: str) -> str:
    """A pitch-class name with plain signs, such as 'Bb' or 'F##'.

    Raises:
        ValueError: `name` is no pitch-class name.
    """
    match = _SPELLED.match(name.strip())
    if not match:
        raise ValueError(f"not a pitch name: {name!r}")
    value = accidental_value(match[2])
    return match[1].upper() + ("#" * value if value > 0 else "b" * -value)


def pitch_class(name: str) -> int:
    """Pitch class 0..11 of a spelled name such as 'F#' or 'Bb'."""
    name = normal_name(name)
    return (STEP_PC[name[0]] + accidental_value(name[1:])) % 12


def fifths_of(name: str) -> int:
    """Place of a spelled pitch class on the line of fifths (C = 0, G = 1, F = -1)."""
    name = normal_name(name)
    return STEP_FIFTHS[name[0]] + 7 * accidental_value(name[1:])


def name_at_fifths(place: int) -> str:
    """Spelled pitch class at a place on the line of fifths."""
    step = "FCGDAEB"[(place + 1) % 7]
    value = (place + 1) // 7
    return step + ("#" * value if value > 0 else "b" * -value)


def midi_number(name: str) -> int:
    """MIDI number of a pitch such as 'F#4'.

    Raises:
        ValueError: `name` is no pitch name, or lies outside 0..127.
    """
    match = _PITCH.match(name.strip())
    if not match:
        raise ValueError(f"not a pitch: {name!r}")
    number = 12 * (int(match[3]) + 1) + STEP_PC[match[1].upper()] + accidental_value(match[2])
    if not 0 <= number <= 127:
        raise ValueError(f"pitch outside MIDI: {name!r} ({number})")
    return number


def pitch_name(number: int, spelled: str | None = None) -> str:
    """Name with octave, such as 'F#4'; `spelled` picks the spelling of the pitch class (default: sharps)."""
    name = spelled or ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")[number % 12]
    octave = (number - accidental_value(name[1:])) // 12 - 1
    return f"{name}{octave}"
