"""Chords: one value for a chord symbol, its reading and writing, and its Roman numeral within a key."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ripieno.score.errors import BadRequest
from ripieno.score.keys import Key
from ripieno.score.pitch import accidental_value, fifths_of, name_at_fifths, normal_name, pitch_class

# Quality as written after the root -> intervals above the root in semitones. The first spelling of a set is its normal form.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "5": (0, 7),
    "sus4": (0, 5, 7), "sus2": (0, 2, 7), "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "m(maj7)": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9), "m7b5": (0, 3, 6, 10), "aug7": (0, 4, 8, 10), "maj7#5": (0, 4, 8, 11),
    "7sus4": (0, 5, 7, 10), "7sus2": (0, 2, 7, 10), "add9": (0, 4, 7, 14), "m(add9)": (0, 3, 7, 14),
    "add11": (0, 4, 7, 17), "6/9": (0, 4, 7, 9, 14), "m6/9": (0, 3, 7, 9, 14),
    "9": (0, 4, 7, 10, 14), "maj9": (0, 4, 7, 11, 14), "m9": (0, 3, 7, 10, 14), "m(maj9)": (0, 3, 7, 11, 14),
    "9sus4": (0, 5, 7, 10, 14), "11": (0, 7, 10, 14, 17), "m11": (0, 3, 7, 10, 14, 17),
    "maj11": (0, 4, 7, 11, 14, 17), "13": (0, 4, 7, 10, 14, 21), "m13": (0, 3, 7, 10, 14, 21),
    "maj13": (0, 4, 7, 11, 14, 21), "13sus4": (0, 5, 7, 10, 14, 21), "7b9": (0, 4, 7, 10, 13),
    "7#9": (0, 4, 7, 10, 15), "7b5": (0, 4, 6, 10), "7#5": (0, 4, 8, 10), "7#11": (0, 4, 7, 10, 18),
    "maj7#11": (0, 4, 7, 11, 18), "7b13": (0, 4, 7, 10, 20), "7b5b9": (0, 4, 6, 10, 13),
    "7b5#9": (0, 4, 6, 10, 15), "7#5b9": (0, 4, 8, 10, 13), "7#5#9": (0, 4, 8, 10, 15),
    "7alt": (0, 4, 10, 13, 15, 20), "maj7b5": (0, 4, 6, 11), "m7#5": (0, 3, 8, 10),
}  # fmt: skip
_BASE = re.compile(
    r"^(?P<triad>maj|major|ma|M|Δ|△|min|minor|mi|m|-|dim|diminished|°|o|ø|hdim|aug|augmented|\+)?"
    r"(?P<number>6/9|69|13|11|9|7|6|5|2|4)?(?P<rest>.*)$"
)
_TOKEN = re.compile(
    r"\(?(?P<word>maj7|maj9|M7|add|sus|no|omit|alt|b|#|♭|♯|-|\+)?(?P<number>13|11|10|9|7|6|5|4|3|2)?\)?,?"
)
_ROOT = re.compile(r"^([A-G])([#♯b♭]{0,2})(.*)$")
_NUMBER = {2: 14, 4: 17, 5: 7, 6: 9, 7: 10, 9: 14, 11: 17, 13: 21, 10: 16, 3: 4}
_ROMAN = re.compile(
    r"^(?P<acc>[b#♭♯]{0,2})(?P<num>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?P<quality>[^/]*?6/9|[^/]*)(?:/(?P<of>.+))?$"
)
_DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII")
_INVERSIONS = {"6": 1, "63": 1, "64": 2, "65": 1, "43": 2, "42": 3, "2": 3}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: spelled root, intervals above it in semitones (ascending, 0 first), spelled bass (None: the root)."""

    root: str
    intervals: tuple[int, ...] = (0, 4, 7)
    bass: str | None = None

    @classmethod
    def parse(cls, symbol: str) -> "Chord":
        """Reads a chord symbol such as 'F#m7b5', 'Bbmaj9', 'C/E', 'G7(b9,#11)' or 'Dsus4'.

        Raises:
            BadRequest: `symbol` is no chord symbol.
        """
        return _parse(symbol.strip())

    @property
    def root_pc(self) -> int:
        """Pitch class of the root."""
        return pitch_class(self.root)

    @property
    def bass_pc(self) -> int:
        """Pitch class that sounds lowest."""
        return pitch_class(self.bass) if self.bass else self.root_pc

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Distinct pitch classes, root first; the bass of a slash chord is included."""
        pcs = dict.fromkeys((self.root_pc + i) % 12 for i in self.intervals)
        pcs.setdefault(self.bass_pc)
        return tuple(pcs)

    @property
    def quality(self) -> str:
        """Normal spelling of the quality, such as 'm7'."""
        return _quality_name(self.intervals)

    @property
    def symbol(self) -> str:
        """Normal spelling of the whole symbol; `Chord.parse(chord.symbol) == chord`."""
        return self.root + self.quality + (f"/{self.bass}" if self.bass else "")

    @property
    def is_minor(self) -> bool:
        """Whether the third is minor."""
        return 3 in self.intervals and 4 not in self.intervals

    @property
    def is_dominant(self) -> bool:
        """Whether it has a major third and a minor seventh."""
        return 4 in self.intervals and 10 in self.intervals

    def __str__(self) -> str:
        return self.symbol

    def transposed(self, semitones: int, key: Key | None = None) -> "Chord":
        """The chord `semitones` higher, spelled for `key` (of the result) where given."""

        def move(name: str) -> str:
            pc = (pitch_class(name) + semitones) % 12
            if key is not None:
                return key.spell(pc)
            places = [p for p in range(-6, 7) if (p * 7) % 12 == pc]
            return name_at_fifths(min(places, key=lambda p: abs(p - fifths_of(name) % 7)))

        return Chord(move(self.root), self.intervals, move(self.bass) if self.bass else None)

    def roman(self, key: Key) -> str:
        """Roman numeral in `key`, case showing the third: 'ii7', 'V7', 'bVII', 'viio', 'IV/A' for slash basses."""
        interval = (self.root_pc - key.tonic_pc) % 12
        major = (0, 2, 4, 5, 7, 9, 11)
        scale = key.intervals if len(key.intervals) == 7 else ((0, 2, 3, 5, 7, 8, 10) if key.is_minor else major)
        if interval in scale:
            numeral = _DEGREES[scale.index(interval)]
        elif (interval + 1) % 12 in scale and not (interval == 6 and 6 in self.intervals):
            numeral = "b" + _DEGREES[scale.index((interval + 1) % 12)]
        else:
            numeral = "#" + _DEGREES[scale.index((interval - 1) % 12)]
        quality = self.quality
        if 3 in self.intervals and 4 not in self.intervals:
            numeral = numeral.replace(numeral.lstrip("b#"), numeral.lstrip("b#").lower())
            quality = quality.removeprefix("m") if not quality.startswith("maj") else quality
            quality = {"dim": "o", "dim7": "o7", "7b5": "ø7"}.get(quality, quality)
        elif quality.startswith("aug"):
            quality = "+" + quality[3:]
        return numeral + quality + (f"/{self.bass}" if self.bass else "")


@lru_cache(maxsize=4096)
def _parse(symbol: str) -> Chord:
    match = _ROOT.match(symbol)
    if not match:
        raise _no_chord(symbol)
    root, rest = normal_name(match[1] + match[2]), match[3].strip()
    bass = None
    slash = re.match(r"^(.*)/([A-G][#♯b♭]{0,2})$", rest)
    if slash:
        rest, bass = slash[1], normal_name(slash[2])
        bass = None if bass == root else bass
    return Chord(root, _intervals(rest, symbol), bass)


def _no_chord(symbol: str) -> BadRequest:
    return BadRequest(
        "A chord symbol is a root from A to G and a quality that musicians write",
        value=symbol,
        cure="write it like Am, F#m7b5, Bbmaj9, G7#9, Dsus4 or C/E",
    )


def _intervals(text: str, symbol: str) -> tuple[int, ...]:
    """Intervals that the part of a symbol after the root means."""
    if text in QUALITIES:
        return QUALITIES[text]
    text = text.replace(" ", "").replace("♭", "b").replace("♯", "#")
    match = _BASE.match(text)
    assert match is not None  # every group is optional
    triad, number, rest = match["triad"] or "", match["number"] or "", match["rest"]
    minor = triad in ("min", "minor", "mi", "m", "-")
    major = triad in ("maj", "major", "ma", "M", "Δ", "△")
    tones: dict[int, int] = {1: 0, 3: 3 if minor else 4, 5: 7}  # member -> semitones
    if triad in ("dim", "diminished", "°", "o"):
        tones.update({3: 3, 5: 6})
    elif triad in ("ø", "hdim"):
        tones.update({3: 3, 5: 6, 7: 10})
    elif triad in ("aug", "augmented", "+"):
        tones[5] = 8
    seventh = 11 if major else 9 if triad in ("dim", "diminished", "°", "o") else 10
    if number in ("69", "6/9"):
        tones.update({6: 9, 9: 14})
    elif number == "5":
        tones.pop(3)
    elif number == "2":
        tones.update({9: 14})
    elif number == "4":
        tones.update({11: 17})
    elif number == "6":
        tones[6] = 9
    elif number:
        tones[7] = seventh
        for member in (9, 11, 13):
            if int(number) >= member:
                tones[member] = _NUMBER[member]
        if number == "13":
            tones.pop(11)
        if number == "11" and not minor and not major:
            tones.pop(3)
    elif triad in ("Δ", "△"):
        tones[7] = 11
    _apply_rest(tones, rest, symbol)
    return tuple(sorted(set(tones.values())))


def _apply_rest(tones: dict[int, int], rest: str, symbol: str) -> None:
    """Adds alterations, suspensions, additions and omissions to the chord's members."""
    place = 0
    while place < len(rest):
        match = _TOKEN.match(rest, place)
        if not match or match.end() == place:
            raise _no_chord(symbol)
        word, number = match["word"] or "", int(match["number"]) if match["number"] else None
        place = match.end()
        if word in ("maj7", "M7"):
            tones[7] = 11
        elif word == "maj9":
            tones.update({7: 11, 9: 14})
        elif word == "sus":
            tones.pop(3, None)
            tones[2 if number == 2 else 4] = 2 if number == 2 else 5
        elif word in ("no", "omit") and number in (3, 5):
            tones.pop(number, None)
        elif word == "alt":
            tones.pop(5, None)
            tones.update({7: 10, 9: 13, 10: 15, 13: 20})
        elif word == "add" and number in (2, 4, 6, 9, 11, 13):
            tones[{2: 9, 4: 11}.get(number, number)] = _NUMBER[number]
        elif word in ("b", "#", "-", "+") and number in (5, 9, 11, 13):
            shift = -1 if word in ("b", "-") else 1
            member = 10 if number == 9 and 9 in tones and tones[9] in (13, 15) else number
            tones[member] = _NUMBER[number] + shift
        elif not word and number in (7, 9, 11, 13):
            tones[number] = _NUMBER[number]
        elif word or number is not None or match[0].strip("(),"):
            raise _no_chord(symbol)


@lru_cache(maxsize=1024)
def _quality_name(intervals: tuple[int, ...]) -> str:
    for name, known in QUALITIES.items():
        if known == intervals:
            return name
    best = max(
        (q for q in QUALITIES if set(QUALITIES[q]) <= set(intervals)),
        key=lambda q: (len(QUALITIES[q]), -len(q)),
        default="",
    )
    names = {
        1: "b9",
        2: "9",
        3: "#9",
        5: "11",
        6: "#11",
        8: "b13",
        9: "13",
        10: "7",
        11: "maj7",
        13: "b9",
        14: "9",
        15: "#9",
        16: "10",
        17: "11",
        18: "#11",
        20: "b13",
        21: "13",
    }
    extra = [i for i in intervals if i not in QUALITIES[best]]
    altered = "".join(names[i] if names[i][0] in "b#" else f"(add{names[i]})" for i in extra if i in names)
    return best + altered


def parse_roman(numeral: str, key: Key) -> Chord:
    """Reads a Roman numeral in `key`: 'ii7', 'V7/V', 'bVII', 'viio7', 'IVmaj7', 'V65', 'iv'.

    Degrees are those of the key's own scale where it has seven notes (so VI in minor is the lowered sixth); an accidental
    counts from the major scale's degree in major-like keys and from the key's own scale otherwise.

    Raises:
        BadRequest: `numeral` is no Roman numeral.
    """
    match = _ROMAN.match(numeral.strip().replace("°", "o"))
    if not match:
        raise BadRequest(
            "A Roman numeral is I to VII with accidentals and a quality",
            value=numeral,
            cure="write it like ii7, V7/V, bVII or viio7",
        )
    if match["of"]:
        target = parse_roman(match["of"], key)
        return parse_roman(numeral.split("/")[0], Key(target.root, "minor" if target.is_minor else "major"))
    number = _DEGREES.index(match["num"].upper())
    major = (0, 2, 4, 5, 7, 9, 11)
    scale = key.intervals if len(key.intervals) == 7 else ((0, 2, 3, 5, 7, 8, 10) if key.is_minor else major)
    shift = accidental_value(match["acc"])
    own = scale[number]
    if shift and major[number] + shift == own:
        shift = 0  # bVI and bVII in minor, bVII in mixolydian, bII in phrygian name the scale's own degrees
    lower = match["num"].islower()
    quality = match["quality"]
    if key.is_minor and number == 6 and lower and ("o" in quality or "ø" in quality) and not shift:
        own = 11  # the leading-note chord
    root = key.spell((key.tonic_pc + own + shift) % 12)
    quality = {"ø": "m7b5", "ø7": "m7b5", "+": "aug"}.get(quality, quality)
    if quality.startswith("o"):  # viio, viio7, viio6
        quality = "dim" + quality[1:]
    inversion = 0
    figure = quality.removeprefix("dim")
    if figure in _INVERSIONS and not (figure in ("6", "2") and quality.startswith("add")):
        inversion = _INVERSIONS[figure]
        seventh = figure in ("65", "43", "42", "2")
        quality = ("dim" if quality.startswith("dim") else "") + ("7" if seventh else "")
    if lower and not quality.startswith(("dim", "m7b5")):
        quality = "m" + (f"({quality})" if quality.startswith("maj") else quality)
    chord = Chord.parse(root + quality)
    if inversion:
        member = chord.intervals[min(inversion, len(chord.intervals) - 1)]
        chord = Chord(chord.root, chord.intervals, key.spell((chord.root_pc + member) % 12))
    return chord
