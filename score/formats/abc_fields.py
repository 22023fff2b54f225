"""The fields of an ABC file: key, metre, unit length, tempo, voice. Each reader raises ValueError with what is wrong."""

import re
from dataclasses import dataclass, field
from fractions import Fraction

from ripieno.score.keys import MODES, Key
from ripieno.score.pitch import STEPS, fifths_of, name_at_fifths
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Metre

_MODES = {
    "": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor", "dor": "dorian",
    "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian", "loc": "locrian",
}  # fmt: skip
_KEY = re.compile(r"([A-G])([#b♯♭]?)\s*([A-Za-z]*)")
_SIGN = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
_OPTION = re.compile(r'([A-Za-z_-]+)=("[^"]*"|\S+)')
_LENGTH = re.compile(r"(\d+)\s*/\s*(\d+)$")
SHIFT = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_LARGEST = 4096


@dataclass(frozen=True)
class KeyField:
    """A key, the sign of each letter that has one (in semitones), and what the field says of clef and transposition.

    `named`: whether the field names a key at all, and not a clef alone.
    """

    key: Key
    signs: dict[str, int]
    options: dict[str, str] = field(default_factory=dict)
    named: bool = True


def options_of(text: str) -> dict[str, str]:
    """The `name=value` pairs of a field; a clef named without `clef=` counts as one."""
    found = {name.lower(): value.strip('"') for name, value in _OPTION.findall(text)}
    bare = re.search(r"(?:^|\s)((?:treble|alto|tenor|bass|perc)[1-5]?(?:[+-]8)?)(?=\s|$)", _OPTION.sub(" ", text))
    if bare:
        found.setdefault("clef", bare[1])
    return found


def semitones(options: dict[str, str]) -> int:
    """How much higher than written a voice sounds, by `transpose`, `octave` and the figure 8 at its clef."""
    total = 0
    for name, unit in (("transpose", 1), ("octave", 12)):
        value = options.get(name, "0")
        if not re.fullmatch(r"[+-]?\d{1,2}", value):
            raise ValueError(f"{name}={value} is no number")
        total += unit * int(value)
    clef = options.get("clef", "")
    return total + (12 if clef.endswith("+8") else -12 if clef.endswith("-8") else 0)


def read_key(text: str) -> KeyField:
    """`K:` as in 'Bb', 'F#m', 'A Mix', 'D dor clef=bass', 'Am ^g', 'none', 'HP'."""
    options = options_of(text)
    plain = _OPTION.sub(" ", text).strip()
    if not plain or re.match(r"(treble|bass|alto|tenor|perc)", plain):
        return KeyField(Key("C"), {}, options, named=False)
    if plain.lower().startswith("none"):
        return KeyField(Key("C"), {}, options)
    if plain[:2] in ("HP", "Hp"):  # the Highland pipes
        return KeyField(Key("D"), {"F": 1, "C": 1} if plain[:2] == "Hp" else {}, options)
    match = _KEY.match(plain)
    if not match:
        raise ValueError(f"{text!r} is no key")
    tonic, word, rest = match[1] + match[2].replace("♯", "#").replace("♭", "b"), match[3].lower(), plain[match.end() :]
    explicit = word == "exp" or " exp" in rest
    if word == "exp" or (word and word in ("treble", "bass", "alto", "tenor", "perc")):
        word = ""
    mode = _MODES.get(word if word == "m" else word[:3])
    if mode is None:
        raise ValueError(f"{word!r} is no mode; ABC knows major, m, dor, phr, lyd, mix, loc")
    place = fifths_of(tonic) + MODES[mode][1]
    if not -7 <= place <= 7:
        raise ValueError(f"{tonic} {mode} would have {abs(place)} sharps or flats")
    signs = {} if explicit else signature(place)
    for sign, letter in _SIGN.findall(rest):
        signs[letter.upper()] = SHIFT[sign]
    return KeyField(_named(tonic, mode, signs), signs, options)


def signature(place: int) -> dict[str, int]:
    """The signs of a key signature of so many sharps (or flats, below 0)."""
    names = (name_at_fifths(p) for p in range(place - 1, place + 6))
    return {name[0]: name.count("#") - name.count("b") for name in names if len(name) > 1}


def _named(tonic: str, mode: str, signs: dict[str, int]) -> Key:
    """The mode on `tonic` whose scale is written with these signs; the plain one where none is."""
    if signs != signature(fifths_of(tonic) + MODES[mode][1]):
        pcs = sorted((pc + signs.get(s, 0)) % 12 for s, pc in zip(STEPS, (0, 2, 4, 5, 7, 9, 11), strict=True))
        for name in MODES:
            key = Key(tonic, name)
            if sorted(key.scale) == pcs:
                return key
    return Key(tonic, mode)


def read_metre(text: str) -> Metre | None:
    """`M:` as in '4/4', 'C', 'C|', '6/8', '2+2+3/8'; None where it is free ('none')."""
    plain = text.strip().replace("(", "").replace(")", "").replace(" ", "")
    if plain in ("", "none"):
        return None
    if plain in ("C", "c"):
        return Metre(4, 4)
    if plain in ("C|", "c|"):
        return Metre(2, 2)
    match = re.fullmatch(r"(\d{1,2}(?:\+\d{1,2})*)/(\d{1,3})", plain)
    if not match:
        raise ValueError(f"{text!r} is no metre")
    groups = tuple(map(int, match[1].split("+")))
    if not 1 <= sum(groups) <= 32 or int(match[2]) not in (1, 2, 4, 8, 16, 32) or 0 in groups:
        raise ValueError(f"a metre of {text.strip()} is none that Ripieno knows")
    return Metre(sum(groups), int(match[2]), groups if len(groups) > 1 else ())


def read_unit(text: str) -> Fraction:
    """`L:` in whole notes, such as '1/8'."""
    match = _LENGTH.match(text.strip())
    if text.strip() == "1":
        return Fraction(1)
    if not match or not 0 < int(match[1]) <= _LARGEST or not 0 < int(match[2]) <= _LARGEST:
        raise ValueError(f"{text!r} is no length of a note such as 1/8")
    return Fraction(int(match[1]), int(match[2]))


def default_unit(metre: Metre | None) -> Fraction:
    """The unit length where no `L:` says one: a sixteenth for bars shorter than three quarters, else an eighth."""
    short = metre is not None and Fraction(metre.numerator, metre.denominator) < Fraction(3, 4)
    return Fraction(1, 16) if short else Fraction(1, 8)


def read_tempo(text: str, unit: Fraction) -> float | None:
    """`Q:` in quarter notes a minute, as in '1/4=120', '"Allegro" 3/8=80', '1/8 1/8=40', '120'; None for words alone."""
    plain = re.sub(r'"[^"]*"', "", text).strip()
    if not plain:
        return None
    left, _, right = plain.rpartition("=")
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", right.strip()):
        raise ValueError(f"{text!r} is no tempo such as 1/4=120")
    lengths = [unit if part.upper().startswith("C") else read_unit(part) for part in left.split()] or [unit]
    bpm = float(right) * float(sum(lengths)) * 4
    if not MIN_TEMPO <= bpm <= MAX_TEMPO:
        raise ValueError(f"a tempo of {bpm:g} quarters a minute lies outside {MIN_TEMPO:g} to {MAX_TEMPO:g}")
    return bpm
