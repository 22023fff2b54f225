"""The two ends of a reading: words that nobody knows are placed near known ones before, and what nobody used is listed after."""

from collections.abc import Iterable
from functools import lru_cache

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import lexicon, singular
from ripieno.agents.brains.embedded.nearness import Nearness
from ripieno.agents.brains.embedded.words import Words

_MOST = 400  # words of one text that are looked at: beyond it, it is no request
_KEY_WORDS = (
    "tempo bars measures seconds minutes octaves metre meter signature major minor sharp flat pentatonic dorian phrygian lydian "
    "mixolydian locrian aeolian harmonic melodic chords progression"
).split()


@lru_cache(maxsize=1)
def small_words() -> frozenset[str]:
    """Words of grammar and of asking: neither placed nor listed."""
    plain = lexicon("plain")
    return frozenset((plain["function"] + plain["request"]).split())


def nearness_to(vocabulary: Iterable[str], moods: Iterable[str]) -> Nearness:
    """Nearness to the words of the reader's tables; `moods` may be found by their stems too."""
    common = frozenset(lexicon("common")["words"].split()) | small_words()
    return Nearness({*vocabulary, *_KEY_WORDS}, moods, common)


def place_unknown(words: Words, nearness: Nearness) -> None:
    """Puts known words in the place of misspelt and derived ones; names (a capital within a sentence) are left alone."""
    looked = 0
    for i, word in enumerate(words.low):
        if words.masked[i] or looked >= _MOST:
            continue
        raw = words.raw[i]
        name = raw[0].isupper() and not raw.isupper() and i > 0 and words.sentence[i - 1] == words.sentence[i]
        if name or not word.isalpha():
            continue
        placing = nearness.place(singular(word))
        looked += 1
        if placing is not None:
            words.low[i] = placing.known
            words.placed[i] = placing.confidence


def read_leftover(words: Words, used: bytearray) -> Reading:
    """Stretches of content words that changed nothing, as `unused`."""
    small = small_words()
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
