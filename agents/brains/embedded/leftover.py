"""What nobody used: misspelt and derived words are placed near known ones, the rest is listed."""

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.mood import MoodReader
from ripieno.agents.brains.embedded.style import StyleReader
from ripieno.agents.brains.embedded.tempo import TempoReader
from ripieno.agents.brains.embedded.words import Words


def read_leftover(words: Words, used: bytearray, mood: MoodReader, style: StyleReader, tempo: TempoReader) -> Reading:
    """Stretches of content words that changed nothing, as `unused`."""
    del mood, style, tempo
    plain = lexicon("plain")
    small = frozenset((plain["function"] + plain["request"]).split())
    reading = Reading()
    runs: list[str] = []
    first = last = -1
    for i, word in enumerate(words.low):
        free = not used[i] and word not in small and not (len(word) == 1 and word.isalpha())
        if first >= 0 and (used[i] or words.clause[i] != words.clause[last]):
            runs.append(words.written(first, last + 1))
            first = -1
        if free:
            first, last = (i if first < 0 else first), i
    if first >= 0:
        runs.append(words.written(first, last + 1))
    reading.values["unused"] = tuple(dict.fromkeys(runs))
    return reading
