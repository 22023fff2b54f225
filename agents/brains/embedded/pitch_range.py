"""How far the pitches reach: 'within 3 octaves', 'between C3 and G5'."""

import re

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute
from ripieno.score.errors import BadRequest
from ripieno.score.pitch import midi_number

_PITCHES = re.compile(r"(?<![\w#])([A-G][#b♯♭]?-?\d)\s*(?:-|–|—|to|and|up to|through|~)\s*([A-G][#b♯♭]?-?\d)(?![\w/])")


def read_range(words: Words) -> Reading:
    """A range in octaves, or between two pitches.

    Raises:
        BadRequest: no octaves at all, or more than MIDI holds.
    """
    reading = Reading()
    for i, word in enumerate(words.low):
        if word not in ("octave", "octaves") or words.masked[i]:
            continue
        for k in (i - 1, i - 2):
            number = number_at(words, k) if k >= 0 else None
            if number is None or number[1] != i:
                if (
                    words.at(i - 1) in ("one", "single", "an")
                    and word == "octave"
                    and words.at(i - 2) in ("within", "of", "only", "a")
                ):
                    number = (1.0, i)
                else:
                    continue
            if words.at(k - 1) in ("up", "down", "higher", "lower", "an") or words.at(i + 1) in (
                "higher",
                "lower",
                "up",
                "down",
                "above",
                "below",
                "apart",
            ):
                break
            count = round(number[0])
            if not 1 <= count <= 10 or number[0] < 0:
                raise BadRequest(
                    "A pitch range has 1 to 10 octaves", value=words.written(k, i + 1), cure="ask for 1 to 7 octaves"
                )
            reading.values.setdefault("pitch_range_octaves", Attribute[int](value=count, words=words.written(k, i + 1)))
            reading.use(k, i + 1)
            break
    for match in _PITCHES.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        if words.masked[first]:
            continue
        near = words.low[max(0, first - 5) : first] + words.low[last : last + 2]
        if not any(w in word_set("pitch_range", "context") for w in near):
            continue
        try:
            low, high = midi_number(match[1]), midi_number(match[2])
        except ValueError:
            continue
        if low > high:
            low, high = high, low
        reading.values.setdefault("pitch_range", Attribute[tuple[int, int]](value=(low, high), words=match[0]))
        reading.use(first, last)
    return reading
