"""The two ends of a reading: unknown words are placed near known ones before it, what nobody used is listed after it."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ripieno.agents.brains.embedded import levels
from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.instrument_spelling import correction
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, word_set
from ripieno.agents.brains.embedded.nearness import Nearness
from ripieno.agents.brains.embedded.words import Words

_MOST = 400  # words of one text that are looked at: beyond it, it is no request


@lru_cache(maxsize=1)
def small_words() -> frozenset[str]:
    """Words of grammar and of asking: neither placed nor listed."""
    plain = lexicon("plain")
    return frozenset((plain["function"] + plain["request"]).split())


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Everyday words that are nothing musical, though some are spelled like it."""
    return frozenset(lexicon("common")["words"].split()) | small_words()


def nearness_to(tables: Iterable[PhraseTable[Any]], moods: PhraseTable[Any], known: PhraseTable[Any]) -> Nearness:
    """Nearness to the words that mean something by themselves in `tables`; `moods` are found by their stems too.

    The words of `known` stay as they are.
    """
    found = tuple(tables)
    level_words = (*levels.tables().tempo.words(), *levels.tables().rhythm.words())
    return Nearness(
        vocabulary=(*word_set("leftover", "key_words"), *(word for table in found for word, _ in table.singles())),
        roots=(word for word, _ in moods.singles()),
        known=(*level_words, *known.words(), *(word for table in found for word in table.words())),
        common=common_words(),
    )


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
        placing = nearness.place(word) if correction(word) is None else None  # a misspelt instrument is put right elsewhere
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
