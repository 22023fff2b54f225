"""Misspelt and unknown instruments: the nearest known one, always marked as such.

Spelling: a word that is no common English word and lies within one edit (two, from seven letters on) of a name is taken
for it (Damerau-Levenshtein distance).
Unknown: a word that a request says somebody plays on, and compounds such as '...horn', take the nearest by their ending.
"""

from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_names import Mention, Name, name_table
from ripieno.agents.brains.embedded.lexicon import lexicon, singular
from ripieno.agents.brains.embedded.nearness import SpellingIndex
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.instruments import instruments

_SHORTEST = 5  # letters of a word that is looked at
_LEAST, _LONG = 6, 7  # letters of a name that is corrected to by itself; from here on two edits are
_VERY_LONG = 9  # letters of a word that may have two too many


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """All names of one word that are worth correcting to."""
    return frozenset(
        word for word, name in name_table().singles()
        if len(word) >= _LEAST and word.isalpha() and not name.weak and (name.instrument or name.players)
    ) | frozenset(lexicon("spelling")["also"])  # fmt: skip


@lru_cache(maxsize=1)
def _index() -> SpellingIndex:
    return SpellingIndex(_names())


@lru_cache(maxsize=1)
def _real_words() -> frozenset[str]:
    """English words that lie near a name and are none, and what the reader knows as something else."""
    listed = {word for line in lexicon("spelling")["real_words"] for word in line.split()}
    roles = lexicon("roles")
    known = {w for part in ("before", "articulations", "registers") for ws in roles[part].values() for w in ws}
    adjectives = {w for row in lexicon("instruments")["variants"].values() for w in row}
    return frozenset(listed | known | adjectives | _words_of_names())


def _likely(word: str, name: str, edits: int) -> bool:
    """Whether `edits` between a word and a name are a slip: two are in long words, where letters are missing or shuffled."""
    if edits < 2 or sorted(word) == sorted(name):
        return True
    return len(name) >= _LONG and (len(word) >= _VERY_LONG or len(name) > len(word))


def _words_of_names() -> set[str]:
    """Words that stand in names of several words ('brass quintet')."""
    ensembles, own = lexicon("ensembles"), lexicon("instruments")
    phrases = [*ensembles, *own["families"], *own["players"], *own["false_friends"]["phrases"]]
    phrases += [wording for row in ensembles.values() for wording in row.get("also", ())]
    phrases += [name for row in instruments().values() for name in row.names]
    return {word for phrase in phrases for word in Words(phrase).low}


@lru_cache(maxsize=4096)
def correction(word: str) -> str | None:
    """The name that a misspelt word means, or None."""
    if len(word) < _SHORTEST or not word.isalpha() or word in _real_words():
        return None
    if name_table().get(word) is not None or name_table().get(singular(word)) is not None:
        return None
    best = min(
        ((edits, abs(len(name) - len(word)), name) for edits, name in _index().within(word, 2) if _likely(word, name, edits)),
        default=None,
    )
    if best is None:
        return correction(singular(word)) if singular(word) != word else None
    edits, _, name = best
    shuffled = edits == 2 and sorted(name) == sorted(word)  # 'vilion'
    if edits > (2 if len(word) >= _LONG or shuffled else 1) or (name[0] != word[0] and edits > 1):
        return None
    return name


def corrected(words: Words) -> tuple[Words, dict[int, str]]:
    """`words` with misspelt names put right for look-up, and the names put in, by place."""
    found: dict[int, str] = {}
    for i, word in enumerate(words.low):
        if len(word) < _SHORTEST:
            continue
        name = correction(word)
        if name is not None:
            found[i] = name
    if not found:
        return words, found
    return words.with_low(found), found


def find_unknown(words: Words, mentions: list[Mention]) -> list[Mention]:
    """`mentions` with instruments that nobody listed: compounds by their ending, and what somebody 'plays on'."""
    data = lexicon("spelling")
    endings: dict[str, str] = data["endings"]
    no_instruments = frozenset(data["places"])
    covered = {i for m in mentions for i in range(m.first, m.last)}
    found: list[Mention] = []
    for i, word in enumerate(words.low):
        if i in covered or len(word) < _SHORTEST or not word.isalpha() or word in _real_words():
            continue
        ending = next((e for e in endings if word.endswith(e) and len(word) > len(e) + 2), None)
        if ending is not None:
            found.append(_unknown(endings[ending], i))
        elif _played_on(words, i) and word not in no_instruments:
            found.append(_unknown(data["anything"], i))
    return sorted((*mentions, *found), key=lambda m: m.first) if found else mentions


def _unknown(id_: str, i: int) -> Mention:
    return Mention(Name(id_, id_, (id_,)), id_, i, i + 1, i, nearest=True)


def _played_on(words: Words, i: int) -> bool:
    """Whether the request says 'played on a ...' right before word `i`, and nothing follows that it describes."""
    last = i + 1 >= len(words) or not words.joined(i + 1) or words.at(i + 1) in ("and", "or", "with", "while", "in", "over")
    return (
        last
        and words.at(i - 1) in ("a", "an", "the")
        and words.at(i - 2) in ("on", "by")
        and words.at(i - 3) in ("played", "performed")
    )
