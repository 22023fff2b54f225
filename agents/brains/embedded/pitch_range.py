"""How far the pitches reach: 'within 3 octaves', 'between C3 and G5'."""

import re

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute
from ripieno.score.errors import BadRequest
from ripieno.score.pitch import midi_number

MAX_OCTAVES = 10
_SHIFTS = ("up", "down", "higher", "lower", "above", "below", "apart")  # 'two octaves higher' is no range
_PITCHES = re.compile(r"(?<![\w#])([A-G][#b♯♭]?-?\d)\s*(?:-|–|—|to|and|up to|through|~)\s*([A-G][#b♯♭]?-?\d)(?![\w/])")


def read_range(words: Words) -> Reading:
    """A range in octaves, or between two pitches.

    Raises:
        BadRequest: no octaves at all, or more than MIDI holds.
    """
    reading = Reading()
    for i, word in enumerate(words.low):
        span = _octaves(words, i) if word in ("octave", "octaves") and not words.masked[i] else None
        if span is None:
            continue
        count, first = span
        said = words.written(first, i + 1)
        if not 1 <= count <= MAX_OCTAVES:
            raise BadRequest(f"A pitch range has 1 to {MAX_OCTAVES} octaves", value=said, cure="ask for 1 to 7 octaves")
        reading.values.setdefault("pitch_range_octaves", Attribute[int](value=round(count), words=said))
        reading.use(first, i + 1)
    for match in _PITCHES.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        near = words.low[max(0, first - 5) : first] + words.low[last : last + 2]
        if words.masked[first] or not any(w in word_set("pitch_range", "context") for w in near):
            continue
        try:
            low, high = sorted((midi_number(match[1]), midi_number(match[2])))
        except ValueError:  # beyond MIDI: no pitch, so nothing is claimed
            continue
        reading.values.setdefault("pitch_range", Attribute[tuple[int, int]](value=(low, high), words=match[0]))
        reading.use(first, last)
    return reading


def _octaves(words: Words, i: int) -> tuple[float, int] | None:
    """The number of octaves that ends before word `i` and where it starts; None for 'an octave higher'."""
    for first in (i - 1, i - 2):
        number = number_at(words, first) if first >= 0 else None
        if number is not None and number[1] == i:
            break
    else:
        alone = words.at(i - 1) == "single" or (words.at(i - 1) == "an" and words.at(i - 2) in ("within", "of", "only"))
        number, first = ((1.0, i), i - 1) if alone else (None, i)
    if number is None or words.at(first - 1) in _SHIFTS or words.at(i + 1) in _SHIFTS:
        return None
    return number[0], first
