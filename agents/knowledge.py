"""What the knowledge cards say to a question: a few sentences of the one card that speaks of it, within a budget of words.

A card speaks of a question where it shares words that few cards have (inverse document frequency, K. Spärck Jones, 1972);
its topics count double. Where nothing rare is shared there is no answer: a card about something else is worse than none.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import log

from ripieno.memory.embedding import stems
from ripieno.prompts.cards import Card, cards

BUDGET = 60  # words of a passage
_RARE = 1.2  # inverse document frequency from which a word tells a subject: at most about a third of the cards have it
_ENOUGH = 3.0  # what a card must reach, and it must hold this share of what the question asks
_SHARE = 0.5
_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-ZÀ-Þ])")
_THEORY = re.compile(
    r"\b(?:what(?:'s|’s| is| are| does| do)|explain|define|meaning of|tell me about"
    r"|how (?:do|does|should|can) (?:i|you|one|we|a|an)|why (?:do|does|would|is|are))\b",
    re.IGNORECASE,
)
_ASKING = frozenset(
    stems(
        "what is are does do mean means explain define meaning tell about how should can could would you one why there here "
        "it this that piece song good best bad wrong right write use used call called work works sound sounds "
        "doing when where which"
    )
)


@dataclass(frozen=True)
class Passage:
    """Sentences of a card: at most `BUDGET` words."""

    card: str
    title: str
    text: str


# What is worth a word where somebody asks why the chords are as they are, by the words of `tools/functions`; rarest first.
_STRIKING = (
    ("deceptive cadence", "deceptive cadence"), ("is borrowed", "borrowed chords from the parallel minor, modal mixture"),
    ("plagal cadence", "plagal cadence"), ("secondary dominant", "secondary dominant"), ("half cadence", "half cadence"),
    ("authentic cadence", "authentic cadence"),
)  # fmt: skip


def striking(explained: str) -> str:
    """The most uncommon device that an explanation of chords names, as a question for the cards; '' where it names none."""
    return next((about for said, about in _STRIKING if said in explained), "")


def asks_theory(text: str) -> bool:
    """Whether words ask what something is or how it is done."""
    return _THEORY.search(text) is not None


def passage(question: str, budget: int = BUDGET) -> Passage | None:
    """What the cards say to a question; None where none speaks of it."""
    weights = _weights()
    wanted = {stem for stem in stems(question) if stem not in _ASKING}
    if not any(weights.get(stem, 0.0) >= _RARE for stem in wanted):
        return None
    whole = sum(weights.get(stem, _UNKNOWN) for stem in wanted)
    best = max(_shelf(), key=lambda row: (row.score(wanted, weights), row.card.id))
    held = sum(weights[stem] for stem in wanted if stem in best.words)
    if best.score(wanted, weights) < _ENOUGH or held < _SHARE * whole:
        return None
    return Passage(best.card.id, best.card.title, _cut(best.card, wanted, weights, budget))


@dataclass(frozen=True)
class _Row:
    card: Card
    words: frozenset[str]
    topics: frozenset[str]

    def score(self, wanted: set[str], weights: dict[str, float]) -> float:
        return sum(weights[s] * (2 if s in self.topics else 1) for s in wanted if s in self.words)


_UNKNOWN = log(30)  # the weight of a word that no card has


@lru_cache(maxsize=1)
def _shelf() -> tuple[_Row, ...]:
    return tuple(
        _Row(card, frozenset(stems(card.words)), frozenset(stems(" ".join((card.title, *card.topics))))) for card in cards()
    )


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    rows = _shelf()
    return {stem: log(len(rows) / sum(stem in row.words for row in rows)) for row in rows for stem in row.words}


def _cut(card: Card, wanted: set[str], weights: dict[str, float], budget: int) -> str:
    """The sentence that speaks most of what is wanted, and those after and before it as far as the budget goes."""
    sentences = _SENTENCE.split(" ".join(card.text.split()))
    said = [sum(weights.get(stem, 0.0) for stem in wanted & set(stems(s))) for s in sentences]
    first = last = max(range(len(sentences)), key=lambda i: (said[i], -i))
    size = len(sentences[first].split())
    while True:
        after = len(sentences[last + 1].split()) if last + 1 < len(sentences) else budget
        before = len(sentences[first - 1].split()) if first else budget
        if first and said[first - 1] > 0 and size + before <= budget:
            first, size = first - 1, size + before
        elif size + after <= budget:
            last, size = last + 1, size + after
        else:
            return " ".join(sentences[first : last + 1])
