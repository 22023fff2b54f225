"""Lexicons: TOML files of phrases, and the table that finds phrases in a list of words.

Look-up is by the first word and then by the longest phrase that follows, so that finding costs time in proportion to the
length of the text, whatever the size of the table.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Generic, TypeVar

from ripieno.agents.brains.embedded.words import Words, phrase_words

T = TypeVar("T")


@lru_cache(maxsize=32)
def lexicon(name: str) -> dict[str, Any]:
    """The lexicon file `lexicons/NAME.toml`, read once."""
    place = resources.files("ripieno.agents.brains.embedded").joinpath(f"lexicons/{name}.toml")
    return tomllib.loads(place.read_text(encoding="utf-8"))


@lru_cache(maxsize=128)
def word_set(table: str, name: str) -> frozenset[str]:
    """A set of small words from `lexicons/grammar.toml`."""
    return frozenset(lexicon("grammar")[table][name].split())


def phrases(listed: str) -> list[str]:
    """The phrases of a list as the lexicons write it: one string, commas between (quicker to parse than an array)."""
    return [p for part in listed.replace("\n", " ").split(",") if (p := part.strip())]


def singular(word: str) -> str:
    """`word` without a plural ending ('waltzes' -> 'waltz', "bach's" -> 'bach', 'marches' -> 'march', 'blues' stays)."""
    if word.endswith("'s"):
        return word[:-2]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "blues")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "zes", "xes", "sses")):
        return word[:-2]
    return word[:-1]


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A phrase found: its value, and the words `first` to `last` (exclusive) where it stands."""

    value: T
    first: int
    last: int


class PhraseTable(Generic[T]):
    """Phrases and what they mean.

    Args:
        entries: phrases with their values.
        plurals: whether the last word is found in the plural too.
    """

    def __init__(self, entries: Iterable[tuple[str, T]] = (), *, plurals: bool = True) -> None:
        self._plurals = plurals
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, value in entries:
            self.add(phrase, value)

    def add(self, phrase: str, value: T) -> None:
        """Adds a phrase; an earlier one of the same words stays."""
        parts = phrase_words(phrase)
        if not parts:
            return
        rows = self._by_first.setdefault(parts[0], [])
        rest = parts[1:]
        place = len(rows)  # the longest come first
        for k, (other, _) in enumerate(rows):
            if other == rest:
                return
            if len(other) < len(rest):
                place = min(place, k)
        rows.insert(place, (rest, value))

    def get(self, phrase: str) -> T | None:
        """The value of exactly this phrase."""
        parts = phrase_words(phrase)
        for rest, value in self._by_first.get(parts[0], ()) if parts else ():
            if rest == parts[1:]:
                return value
        return None

    def singles(self) -> Iterator[tuple[str, T]]:
        """All phrases of one word."""
        for word, rows in self._by_first.items():
            for rest, value in rows:
                if not rest:
                    yield word, value

    def words(self) -> Iterator[str]:
        """Every word of every phrase."""
        for word, rows in self._by_first.items():
            yield word
            for rest, _ in rows:
                yield from rest

    def match(self, words: Words, i: int) -> Hit[T] | None:
        """The longest phrase that starts at word `i`, the last word in singular or plural."""
        if words.masked[i]:
            return None
        word = words.low[i]
        for rest, value in self._by_first.get(word, ()):
            last = i + 1 + len(rest)
            if last <= len(words) and self._follows(words, i + 1, rest):
                return Hit(value, i, last)
        if self._plurals and (one := singular(word)) != word:
            for rest, value in self._by_first.get(one, ()):
                if not rest:
                    return Hit(value, i, i + 1)
        return None

    def find(self, words: Words, first: int = 0, last: int | None = None) -> list[Hit[T]]:
        """All phrases from left to right, longest first, none overlapping another or a masked word."""
        hits = []
        i, end = first, len(words) if last is None else last
        while i < end:
            hit = self.match(words, i) if not words.masked[i] else None
            if hit is None:
                i += 1
            else:
                hits.append(hit)
                i = hit.last
        return hits

    def _follows(self, words: Words, i: int, rest: tuple[str, ...]) -> bool:
        for k, part in enumerate(rest):
            word = words.low[i + k]
            if words.masked[i + k] or not words.joined(i + k):
                return False
            if word != part and not (self._plurals and k + 1 == len(rest) and singular(word) == part):
                return False
        return True
