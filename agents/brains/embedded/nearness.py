"""Words that no lexicon has are placed near one that is there: by stem, by spelling, by the letters they share.

'mournfully' is put beside 'mournful' (stem), 'melancholly' beside 'melancholy' (spelling), 'dreamlikeness' beside 'dreamlike'
(letters). Each placing carries a confidence; what is read through it is inferred, never stated. Nothing here knows meanings: a
synonym spelled differently stays unplaced and is reported as unused.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ripieno.agents.brains.embedded.lexicon import singular

_SUFFIXES = (
    "fulness", "lessness", "iveness", "ousness", "ication", "ations", "ation", "ingly", "fully", "ously", "ively", "edly",
    "ness", "ment", "ity", "ful", "ing", "ies", "ers", "est", "ish", "ily", "ly", "ed", "es", "er", "al", "ic", "y", "e", "s",
)  # fmt: skip
_SHARED = 0.7  # least likeness of letters
_STEM, _SPELLING, _FAR_SPELLING, _LETTERS = 0.9, 0.75, 0.6, 0.5  # confidences


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a word was placed: beside a known word, how surely, and by what."""

    known: str
    confidence: float
    by: str  # 'stem', 'spelling' or 'letters'


class SpellingIndex:
    """Finds the words within a few edits of another, comparing sets of letters before letters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_length: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for word in sorted(words):
            self._by_length[len(word)].append((_letters(word), word))

    def within(self, word: str, limit: int) -> Iterator[tuple[int, str]]:
        """All words at most `limit` edits away, with the number of edits."""
        letters = _letters(word)
        for length in range(len(word) - limit, len(word) + limit + 1):
            for others, other in self._by_length.get(length, ()):
                if (letters ^ others).bit_count() <= 2 * limit:
                    edits = distance(word, other, limit)
                    if edits <= limit:
                        yield edits, other


class Nearness:
    """Finds the nearest of a set of known words.

    Args:
        vocabulary: words to be near to in spelling, folded.
        roots: those of them that may be found by their stem (adjectives, whose nouns and adverbs mean the same).
        known: further words that stay as they are.
        common: everyday words that are never placed, nor what is derived from them (see lexicons/common.toml).
    """

    def __init__(self, vocabulary: Iterable[str], roots: Iterable[str], known: Iterable[str], common: frozenset[str]) -> None:
        targets = frozenset(w for w in vocabulary if len(w) >= 4 and w.isalpha())
        self._familiar_words = targets.union(known, common)
        self._common = common
        self._roots = frozenset(roots)
        self._stems: dict[str, str] = {}
        for word in sorted(self._roots, key=lambda w: (len(w), w)):
            if len(word) >= 4 and word.isalpha():
                self._stems.setdefault(stem(word), word)
        self._by_letter: dict[str, list[tuple[int, int, str]]] = defaultdict(list)  # first letter -> letters, length, word
        for word in sorted(targets):
            self._by_letter[word[0]].append((_letters(word), len(word), word))
        self._seen: dict[str, Placing | None] = {}

    def place(self, word: str) -> Placing | None:
        """The place of a folded word; None where it is known already, common, too short, or near nothing."""
        if len(word) < 4 or not word.isalpha() or self._familiar(word) or self._familiar(singular(word)):
            return None
        if word not in self._seen:
            if len(self._seen) > 4096:
                self._seen.clear()
            self._seen[word] = self._search(word)
        return self._seen[word]

    def _familiar(self, word: str) -> bool:
        return word in self._familiar_words

    def _search(self, word: str) -> Placing | None:
        root = stem(word)
        if len(root) >= 4 and root not in self._common:
            same = self._stems.get(root) or self._stems.get(root + "e")
            if same is not None:
                return Placing(same, _STEM, "stem")
        if root in self._common or any(
            word.removesuffix(s) in self._common or word.removesuffix(s) + "e" in self._common
            for s in ("s", "es", "ed", "d", "ing", "ly", "er", "r", "y", "al", "ive", "ion", "ation", "able")
        ):
            return None
        letters = _letters(word)
        best: tuple[tuple[float, bool, int], Placing] | None = None
        for first in dict.fromkeys((word[0], word[1])):
            for other_letters, length, other in self._by_letter.get(first, ()):
                if abs(length - len(word)) > 4 or (letters ^ other_letters).bit_count() > 5:
                    continue
                placing = _judge(word, other, other in self._roots)
                if placing is None:
                    continue
                rank = (placing.confidence, letters == other_letters and length == len(word), -abs(length - len(word)))
                if best is None or rank > best[0]:
                    best = rank, placing
        return best[1] if best is not None else None


def _judge(word: str, other: str, root: bool) -> Placing | None:
    """How near an unknown word is to a known one, where it is near enough.

    Slips of the pen keep the consonants, swap two neighbours, or drop or double a letter of a long word; other changes make
    another English word as often as not ('engaged' is no 'enraged') and do not count.
    """
    if word[0] == other[0] or word[:2] == other[1::-1]:
        errors = distance(word, other, 2)
        bones = _consonants(word) == _consonants(other)
        swapped = len(word) == len(other) and sorted(word) == sorted(other)
        if errors == 1 and (
            _doubled(word, other) or (len(word) >= 5 and (bones or swapped)) or (len(word) >= 7 and len(word) != len(other))
        ):
            return Placing(other, _SPELLING, "spelling")
        if errors == 2 and len(word) >= 8 and bones:
            return Placing(other, _FAR_SPELLING, "spelling")
    if root and len(other) >= 7 and word[:5] == other[:5]:
        mine, theirs = _grams(word), _grams(other)
        if 2.0 * (mine & theirs).total() / (mine.total() + theirs.total()) >= _SHARED:
            return Placing(other, _LETTERS, "letters")
    return None


def _consonants(word: str) -> str:
    """The word's consonants, doubled ones once."""
    kept = [c for c in word if c not in "aeiouyh"]
    return "".join(c for i, c in enumerate(kept) if i == 0 or c != kept[i - 1])


def _letters(word: str) -> int:
    """The set of letters of a word as bits, for a quick comparison."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def stem(word: str) -> str:
    """`word` without its endings, at least four letters long ('joyfulness' -> 'joyf..' is not cut below the root)."""
    changed = True
    while changed:
        changed = False
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 4:
                word = word[: -len(suffix)]
                changed = True
                break
    if len(word) > 4 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") else word


def _grams(word: str) -> Counter[str]:
    marked = f"^{word}$"
    return Counter(marked[i : i + 3] for i in range(len(marked) - 2))


def _doubled(a: str, b: str) -> bool:
    """Whether two words differ only in a doubled letter."""
    short, long = sorted((a, b), key=len)
    return len(long) == len(short) + 1 and any(
        long[i] == long[i - 1] and long[:i] + long[i + 1 :] == short for i in range(1, len(long))
    )


def distance(a: str, b: str, limit: int = 64) -> int:
    """Damerau-Levenshtein distance (insertions, deletions, changes, swaps of neighbours), or `limit` + 1 where it is more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        two_before, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
