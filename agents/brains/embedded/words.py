"""A request cut into words once: every family of attributes looks things up in the same list.

Words are kept with their place in the text, so that whatever is found can be shown as it was written. The module knows
nothing of music; `&` counts as "and", accents are folded for look-up only.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from copy import copy

_WORD = re.compile(r"\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?:\.\d+)?[^\W\d_]*|[^\W\d_]+(?:['’&][^\W_]+|[#♯♭]+[^\W_]*|\d+[^\W_]*)*|&")
_SENTENCE = frozenset(".!?;\n…")
_CLAUSE = frozenset(',:()[]–—"“”•*/|')
_GLUE = ("", "-", "‐", "‑")  # what may stand between the words of one phrase, beside blanks


def folded(word: str) -> str:
    """`word` for look-up: lower case, plain apostrophe, no accents."""
    low = word.lower().replace("’", "'")
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


def phrase_words(phrase: str) -> tuple[str, ...]:
    """The words of a lexicon's phrase, as `Words` has them in `low`."""
    return tuple("and" if w == "&" else w for w in _WORD.findall(folded(phrase)))


class Words:
    """The words of a text.

    Attributes:
        text: the whole text.
        raw, low: each word as written, and folded for look-up.
        start, end: where each word lies in the text, in characters.
        gap: what stands before each word, without blanks ('-', ', ', '.').
        sentence, clause: running numbers; a clause ends at a comma, colon, bracket, dash or the end of a sentence.
        masked: words that are nobody's business any more (a title, a chord progression).
        placed: words that were put beside a known one (see nearness.py), with the confidence; `low` holds the known word.
    """

    __slots__ = ("clause", "end", "gap", "low", "masked", "placed", "raw", "sentence", "start", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.raw: list[str] = []
        self.low: list[str] = []
        self.start: list[int] = []
        self.end: list[int] = []
        self.gap: list[str] = []
        self.sentence: list[int] = []
        self.clause: list[int] = []
        sentence = clause = before = 0
        for match in _WORD.finditer(text):
            between = text[before : match.start()]
            if not between.isspace() and between:
                signs = set(between)
                if signs & _SENTENCE:
                    sentence += 1
                    clause += 1
                elif signs & _CLAUSE:
                    clause += 1
            elif "\n" in between:
                sentence += 1
                clause += 1
            before = match.end()
            self.gap.append(between.strip())
            self.raw.append(match[0])
            self.low.append("and" if match[0] == "&" else folded(match[0]))
            self.start.append(match.start())
            self.end.append(match.end())
            self.sentence.append(sentence)
            self.clause.append(clause)
        self.masked = bytearray(len(self.raw))
        self.placed: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self.raw)

    def at(self, i: int) -> str:
        """The folded word at `i`, or '' outside the text."""
        return self.low[i] if 0 <= i < len(self.low) else ""

    def written(self, first: int, last: int) -> str:
        """The text of words `first` to `last` (exclusive) as written."""
        return self.text[self.start[first] : self.end[last - 1]] if first < last else ""

    def joined(self, i: int) -> bool:
        """Whether word `i` follows the one before it as in one phrase: only blanks or a hyphen between."""
        return 0 < i < len(self.raw) and self.gap[i] in _GLUE

    def clause_bounds(self, i: int) -> tuple[int, int]:
        """First and last (exclusive) word of the clause of word `i`."""
        first = last = i
        while first > 0 and self.clause[first - 1] == self.clause[i]:
            first -= 1
        while last < len(self.raw) and self.clause[last] == self.clause[i]:
            last += 1
        return first, last

    def covering(self, start: int, end: int) -> tuple[int, int]:
        """The words that a stretch of characters touches, as (first, last exclusive)."""
        first = _bisect(self.end, start)
        last = first
        while last < len(self.raw) and self.start[last] < end:
            last += 1
        return first, last

    def with_low(self, changes: Mapping[int, str]) -> "Words":
        """A copy in which some words are looked up as other words (put right)."""
        other = copy(self)
        other.low = [changes.get(i, word) for i, word in enumerate(self.low)]
        return other

    def unmasked(self) -> "Words":
        """A copy in which every word is in play."""
        other = copy(self)
        other.masked = bytearray(len(self.raw))
        return other

    def mask(self, spans: Iterable[tuple[int, int]]) -> None:
        """Takes words out of play for every family that reads later."""
        for first, last in spans:
            for i in range(first, last):
                self.masked[i] = 1


def _bisect(ends: list[int], start: int) -> int:
    """Index of the first word that ends after character `start`."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if ends[middle] <= start:
            low = middle + 1
        else:
            high = middle
    return low


_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "dozen": 12,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


def number_at(words: Words, i: int) -> tuple[float, int] | None:
    """A number that starts at word `i`, in digits or spelled out, and the word after it; None where there is none."""
    word = words.at(i)
    if not word:
        return None
    if word[0].isdigit():
        digits = word.replace(",", "")
        if not digits.replace(".", "", 1).isascii() or not digits.replace(".", "", 1).isdigit() or len(digits) > 12:
            return None
        return float(digits), i + 1
    if word in _TENS:
        ones = _ONES.get(words.at(i + 1), 99)
        if 0 < ones < 10 and words.joined(i + 1):
            return float(_TENS[word] + ones), i + 2
        return float(_TENS[word]), i + 1
    if word in _ONES:
        if words.at(i + 1) == "hundred":
            return _hundreds(words, _ONES[word], i + 2)
        return float(_ONES[word]), i + 1
    if word == "a" and words.at(i + 1) == "hundred":
        return _hundreds(words, 1, i + 2)
    if word == "a" and words.at(i + 1) == "dozen":
        return 12.0, i + 2
    return None


def _hundreds(words: Words, count: int, i: int) -> tuple[float, int]:
    follow = i + 1 if words.at(i) == "and" else i
    rest = number_at(words, follow) if not words.at(follow)[:1].isdigit() and words.at(follow) != "a" else None
    if rest is not None and rest[0] < 100:
        return count * 100 + rest[0], rest[1]
    return float(count * 100), i
