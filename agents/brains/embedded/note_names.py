"""Names of notes and keys as people write them: 'F#', 'Bb', 'E-flat', 'F sharp', 'F#m', 'fis-moll'."""

import re

from ripieno.agents.brains.embedded.words import Words

_SHORT_MINOR = re.compile(r"^([A-G][#♯b♭]?)m(?:in)?$")
_SIGNS = {"sharp": "#", "flat": "b", "sharps": "#", "flats": "b"}
_PLAIN_SIGNS = {"#": "#", "♯": "#", "##": "##", "b": "b", "♭": "b"}
_GERMAN = {
    "c": "C", "cis": "C#", "des": "Db", "d": "D", "dis": "D#", "es": "Eb", "e": "E", "f": "F", "fis": "F#", "ges": "Gb",
    "g": "G", "gis": "G#", "as": "Ab", "a": "A", "b": "Bb", "h": "B",
}  # fmt: skip
_GERMAN_MODES = {"dur": "major", "moll": "minor"}


def tonic_at(words: Words, i: int) -> tuple[str, int] | None:
    """A note name at word `i`, spelled with plain signs, and the word after it."""
    raw = words.raw[i]
    letter, rest = raw[0].upper(), raw[1:].lower()
    if letter not in "ABCDEFG" or raw[0] not in "ABCDEFGabcdefg":
        return None
    if not rest:
        sign = _SIGNS.get(words.at(i + 1)) if words.joined(i + 1) else None
        return (letter + sign, i + 2) if sign else (letter, i + 1)
    sign = _PLAIN_SIGNS.get(rest) or _SIGNS.get(rest)
    return (letter + sign, i + 1) if sign else None


def german_key(words: Words, i: int) -> tuple[str, str, int] | None:
    """'h-Moll', 'Es-Dur' at word `i`: tonic, mode, and the word after it."""
    mode = _GERMAN_MODES.get(words.at(i + 1))
    tonic = _GERMAN.get(words.low[i])
    return (tonic, mode, i + 2) if mode and tonic and words.joined(i + 1) else None


def short_minor(words: Words, i: int) -> tuple[str, int] | None:
    """'Gm', 'F#m' as a key: after 'in' or 'key', alone in its clause, or before 'at 120 bpm'; the word after it."""
    match = _SHORT_MINOR.match(words.raw[i])
    if match is None:
        return None
    first, last = words.clause_bounds(i)
    after = words.at(i + 1)
    if words.at(i - 1) in ("in", "key", "of") or last - first == 1 or (i == first and after in ("at", "key", "scale")):
        return match[1].replace("♯", "#").replace("♭", "b"), i + 1 + (after == "key")
    return None


def lone_tonic(words: Words, i: int, after: int) -> bool:
    """Whether a note name is all of its clause ('flute; Allegretto; D; 80 bars') and no member of a list of letters."""
    if words.clause_bounds(i) != (i, after) or not words.raw[i][0].isupper() or len(words) == after - i:
        return False
    beside = [words.raw[k] for k in (i - 1, after) if 0 <= k < len(words)]
    return not any(len(word) == 1 and word.isupper() for word in beside)
