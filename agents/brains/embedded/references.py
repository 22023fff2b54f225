"""People, bands, films and games that a request leans on: 'in the vein of Satie', 'like Kavinsky', 'Mario-like'."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.words import Words

_LIKE = re.compile(
    r"\b(?:in the (?:style|vein|spirit|manner|fashion|tradition) of|in the footsteps of|à la|a la|"
    r"reminiscent of|inspired by|sounds? like|something like|similar to|like something by|as if (?:written )?by|"
    r"homage to|tribute to|influenced by|think)\s+"
    r"((?:[A-ZÀ-Þ][\w.'’&/-]*)(?:\s+(?:[A-ZÀ-Þ][\w.'’&/-]*|and|of|the|de|von|van|da)){0,5})"
)
_TRAILING = re.compile(r"\s+(?:and|of|the|de|von|van|da)$")
_SUFFIXES = ("style", "like", "esque", "inspired", "vibe", "vibes", "meets")


@dataclass(frozen=True, slots=True)
class Reference:
    """A line of lexicons/references.toml; `bare` where the name alone suffices."""

    name: str
    styles: tuple[str, ...]
    genre: str
    tempo: str
    mood: str
    bare: bool


class ReferenceReader:
    """Finds references."""

    def __init__(self) -> None:
        self.table: PhraseTable[Reference] = PhraseTable()
        for line in lexicon("references")["rows"].strip().split("\n"):
            name, nearest, genre, tempo, mood, others = (part.strip() for part in line.split("|"))
            reference = Reference(name.rstrip("*"), tuple(phrases(nearest)), genre, tempo, mood, not name.endswith("*"))
            for known in (reference.name, *phrases(others)):
                self.table.add(known, reference)

    def read(self, words: Words, other: Iterable[PhraseTable[object]]) -> tuple[Reading, list[Reference]]:
        """The names referred to, known or not, and those that are known; what `other` tables know is no unknown name."""
        reading = Reading()
        found: list[Reference] = []
        names: list[str] = []
        for hit in self.table.find(words):
            if not self._meant(words, hit.value, hit.first, hit.last):
                continue
            found.append(hit.value)
            names.append(hit.value.name)
            reading.use(hit.first, hit.last)
        tables = tuple(other)
        for match in _LIKE.finditer(words.text):
            name = _TRAILING.sub("", match[1]).rstrip(".")
            first, last = words.covering(match.start(1), match.start(1) + len(name))
            if first >= len(words) or words.masked[first] or any(first < b and a < last for a, b in reading.spans):
                continue
            if any(table.match(words, first) is not None for table in tables):
                continue
            names.append(name)
            reading.use(first, last)
            reading.notice("references", f"'{name}' is not known here; nothing was taken from it.")
        if names:
            reading.values["references"] = tuple(dict.fromkeys(names))
        return reading, list(dict.fromkeys(found))

    @staticmethod
    def _meant(words: Words, reference: Reference, first: int, last: int) -> bool:
        """Whether a name is one: a capital, a word such as 'like' beside it, or more than one word."""
        if negated(words, first, 5):
            return False
        near = words.low[max(0, first - 4) : first]
        if any(w in word_set("style", "mimic") for w in near) or words.at(last) in _SUFFIXES:
            return True
        raw = words.raw[first]
        return reference.bare and (raw[0].isupper() or raw[0].isdigit() or last - first >= 2)
