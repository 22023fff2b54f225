"""Which words qualify which noun: 'a slow, dreamy tempo', 'the beat of this song is extremely strong'.

One scan serves tempo and rhythm: each noun of the two families gathers the level words before it ('a very gentle beat') and,
over a copula, after it ('the rhythm in this song is gentle'). Words gathered by a nearer noun are not gathered twice.
"""

from dataclasses import dataclass
from functools import lru_cache

from ripieno.agents.brains.embedded.found import hypothetical, negated
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.words import Words


@dataclass(frozen=True, slots=True)
class Level:
    """A level found: the family ('tempo' or 'rhythm'), the class, the noun and its place, and the words used."""

    family: str
    kind: str  # tempo: slow, moderate, fast, slow_like, ...; rhythm: serene, moderate, intense
    noun: str
    anchor: int
    first: int
    last: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Tables:
    tempo: PhraseTable[str]
    rhythm: PhraseTable[str]
    tempo_nouns: frozenset[str]
    tempo_verbs: frozenset[str]
    rhythm_nouns: frozenset[str]


@lru_cache(maxsize=1)
def tables() -> _Tables:
    """The level words by family."""
    data = lexicon("levels")
    tempo, rhythm = data["tempo"], data["rhythm"]
    kinds = ("slow", "moderate", "fast", "slow_like", "moderate_like", "fast_like")
    return _Tables(
        PhraseTable(((w, k) for k in kinds for w in phrases(tempo[k])), plurals=False),
        PhraseTable(((w, k) for k in ("serene", "moderate", "intense") for w in phrases(rhythm[k])), plurals=False),
        frozenset(phrases(tempo["nouns"])),
        frozenset(phrases(tempo["verbs"])),
        frozenset(phrases(rhythm["nouns"])),
    )


def read_levels(words: Words) -> list[Level]:
    """All levels said of tempo and rhythm nouns, from left to right."""
    t = tables()
    found: list[Level] = []
    taken = bytearray(len(words))
    anchors = [
        (i, "tempo" if w in t.tempo_nouns else "rhythm")
        for i, w in enumerate(words.low)
        if (w in t.tempo_nouns or w in t.rhythm_nouns) and not words.masked[i]
    ]
    for i, family in anchors:
        table = t.tempo if family == "tempo" else t.rhythm
        found += _before(words, i, family, table, taken)
    for k, (i, family) in enumerate(anchors):
        table = t.tempo if family == "tempo" else t.rhythm
        end = anchors[k + 1][0] if k + 1 < len(anchors) else len(words)
        if words.at(i - 1) == "in" and i >= 2 and not taken[i - 2]:  # 'moderate in rhythm'
            hit = table.match(words, i - 2)
            level = _level(words, hit, i, family, 1.0) if hit is not None and hit.last == i - 1 else None
            if level is not None:
                found.append(level)
                taken[i - 2] = 1
        found += _after(words, i, end, family, table, taken)
    return sorted(found, key=lambda level: level.first)


def _level(words: Words, hit: Hit[str], i: int, family: str, weight: float) -> Level | None:
    if negated(words, hit.first, 4) and not hit.value.startswith("moderate"):
        return None
    if hypothetical(words, i):
        weight *= 0.1
    return Level(family, hit.value, words.low[i], i, min(hit.first, i), max(hit.last, i + 1), weight)


def _before(words: Words, i: int, family: str, table: PhraseTable[str], taken: bytearray) -> list[Level]:
    """Level words in the adjectives before the noun at `i`."""
    start = i
    steps = 0
    while start > 0 and steps < 9 and words.sentence[start - 1] == words.sentence[i]:
        word = words.low[start - 1]
        if taken[start - 1] or (word in word_set("levels", "stops") and words.at(start - 2) != "neither"):
            break
        if words.gap[start] not in ("", "-", ",", "'"):
            break
        if word in tables().tempo_nouns or word in tables().rhythm_nouns:
            break
        start -= 1
        steps += 1
    found = []
    before = words.at(start - 1)
    lead = words.at(start - 2)
    weight = 1.0
    if before == "at" or lead == "at":  # 'played at a rapid pace' says more than 'its rapid pace'
        weight = 1.2
    elif before == "the":
        weight = 0.9
    for hit in table.find(words, start, i):
        level = _level(words, hit, i, family, weight)
        if level is not None and (_only_qualifies(words, hit.last, i, table)):
            found.append(level)
            for k in range(hit.first, hit.last):
                taken[k] = 1
    return found


def _only_qualifies(words: Words, first: int, last: int, table: PhraseTable[str]) -> bool:
    """Whether between the level word and the noun stand only further qualifiers (at most two unknown ones)."""
    strange = 0
    for k in range(first, last):
        word = words.low[k]
        if word not in word_set("levels", "adverbs") and table.match(words, k) is None:
            strange += 1
        if word in word_set("levels", "copulas") and word not in word_set("levels", "adverbs"):
            return False
    return strange <= 2


def _after(words: Words, i: int, end: int, family: str, table: PhraseTable[str], taken: bytearray) -> list[Level]:
    """Level words after the noun at `i`, over a copula: 'tempo of this song is very slow', 'set the tempo fast'."""
    start = _predicate(words, i, end, table)
    if start is None:
        return []
    last = start
    while last < min(end, start + 14) and words.sentence[last] == words.sentence[i]:
        word = words.low[last]
        qualifies = word in word_set("levels", "adverbs") or table.match(words, last) is not None
        if words.clause[last] != words.clause[start] and not qualifies:
            break
        if last > start + 1 and word in word_set("levels", "predicate_ends"):
            break
        last += 1
    found = []
    for hit in table.find(words, start, last):
        noun_follows = hit.last < len(words) and words.low[hit.last] in tables().tempo_nouns | tables().rhythm_nouns
        level = None if noun_follows or any(taken[hit.first : hit.last]) else _level(words, hit, i, family, 0.9)
        if level is not None:
            found.append(level)
            taken[hit.first : hit.last] = b"\1" * (hit.last - hit.first)
    return found


def _predicate(words: Words, i: int, end: int, table: PhraseTable[str]) -> int | None:
    """Where what is said of the noun at `i` begins: at a copula, a colon, or right behind the noun ('set the tempo fast')."""
    for k in range(i + 1, min(end, i + 8)):
        if words.sentence[k] != words.sentence[i]:
            return None
        word = words.low[k]
        if word in word_set("levels", "copulas") or words.gap[k] == ":" or (words.gap[k] == "," and word == "neither"):
            return k
        if k == i + 1 and words.gap[k] == "" and table.match(words, k) is not None:
            return k
        leaves = words.clause[k] != words.clause[i] and word not in word_set("levels", "within") and word != "but"
        if leaves or word in ("with", "and", "while", "as", "using", "featuring", "creating", "or"):
            return None
    return None
