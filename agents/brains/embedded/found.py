"""What a family of attributes hands back, and the questions of grammar that all families ask."""

from dataclasses import dataclass, field
from typing import Any

from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Notice

_HYPOTHETICAL = frozenset(("whether",))


@dataclass
class Reading:
    """Fields of the brief by name, the words that were used (first, last exclusive), and notices."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def use(self, first: int, last: int) -> None:
        """Marks words as used."""
        self.spans.append((first, last))

    def notice(self, about: str, message: str) -> None:
        """Adds a notice."""
        self.notices.append(Notice(about=about, message=message))


def negated(words: Words, i: int, reach: int = 7) -> bool:
    """Whether what stands at word `i` is denied: 'not sad', 'breaks free from the pop genre', 'without a waltz'."""
    seen = 0
    k = i - 1
    while k >= 0 and seen < reach and words.sentence[k] == words.sentence[i]:
        word = words.low[k]
        if word in word_set("found", "walls") or (
            words.clause[k] != words.clause[i] and word not in word_set("found", "negators")
        ):
            return False
        if word in word_set("found", "negators"):
            follows = words.at(k + 1)
            if word == "not" and follows in ("only", "just", "merely", "simply"):
                return False
            if word == "no" and follows in ("doubt", "less"):
                return False
            return not (word in ("free", "away") and follows != "from") and not (word == "less" and k + 1 < i)
        if word in ("rather", "instead") and words.at(k + 1) in ("than", "of"):
            return True
        seen += 1
        k -= 1
    return False


def hypothetical(words: Words, i: int) -> bool:
    """Whether word `i` stands in a sentence that only weighs possibilities ('Whether it is a sad ballad or ...')."""
    k = i
    while k >= 0 and words.sentence[k] == words.sentence[i]:
        if words.low[k] in _HYPOTHETICAL:
            return True
        k -= 1
    return False


def usage(words: Words, i: int) -> bool:
    """Whether word `i` stands in a sentence on what the music may serve for ('it could be used in a film')."""
    k = i
    while k >= 0 and words.sentence[k] == words.sentence[i]:
        if words.low[k] == "suitable" or (words.low[k] in ("fit", "fits") and k < i):
            return True
        if words.low[k] in ("can", "could", "may", "might") and words.at(k - 1) not in ("you", "we", "i"):
            return any(w in ("used", "playing", "played", "sampled", "heard") for w in words.low[k + 1 : k + 4])
        k -= 1
    return False
