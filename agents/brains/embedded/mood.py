"""Moods, and where they lie: valence (sad .. happy) and arousal (calm .. excited)."""

from dataclasses import dataclass, replace

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated, usage
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin, Signed

_LISTING = frozenset(["range", "variety", "spectrum"])


@dataclass(frozen=True, slots=True)
class Mood:
    """A row of the lexicon; `weak` colours, `bound` counts only beside a word such as 'conveys'."""

    name: str
    valence: float
    arousal: float
    weak: bool
    bound: bool = False


class MoodReader:
    """Finds moods."""

    def __init__(self) -> None:
        self.table: PhraseTable[Mood] = PhraseTable()
        for row in lexicon("moods")["mood"]:
            mood = Mood(row["name"], row["at"][0], row["at"][1], row.get("weak", False))
            for phrase in phrases(row["words"]):
                self.table.add(phrase, mood)
            for phrase in phrases(row.get("bound", "")):
                self.table.add(phrase, replace(mood, bound=True))

    def read(self, words: Words, taken: bytearray) -> Reading:
        """Moods, valence and arousal. `taken` marks words that said something of another attribute: they count little."""
        reading = Reading()
        found: list[tuple[Mood, float, int, int]] = []
        for hit in self.table.find(words):
            weight = self._weight(words, hit.value, hit.first, hit.last)
            if taken[hit.first]:
                weight *= 0.12
            if weight <= 0:
                if weight < 0:
                    reading.use(hit.first, hit.last)
                continue
            found.append((hit.value, weight, hit.first, hit.last))
            reading.use(hit.first, hit.last)
        self._decide(words, found, taken, reading)
        return reading

    @staticmethod
    def _weight(words: Words, mood: Mood, first: int, last: int) -> float:
        if negated(words, first, 4):
            return -1.0
        if hypothetical(words, first):
            return 0.02
        if usage(words, first):
            return 0.1
        low = words.low
        near = low[max(0, first - 5) : first] + low[last : last + 2]
        if any(w in _LISTING for w in low[max(0, first - 9) : first]):
            return 0.02
        if mood.bound and not any(w in word_set("mood", "binders") for w in low[max(0, first - 3) : first]):
            return 0.0
        weight = 0.2 if mood.weak else 1.0
        if any(w in word_set("mood", "binders") for w in near):
            weight *= 3.0
        return weight

    @staticmethod
    def _decide(words: Words, found: list[tuple[Mood, float, int, int]], taken: bytearray, reading: Reading) -> None:
        if not found:
            return
        strongest = max(f[1] for f in found)
        kept = [f for f in found if f[1] >= strongest * 0.35]
        total = sum(f[1] for f in kept)
        valence = sum(f[0].valence * f[1] for f in kept) / total
        arousal = sum(f[0].arousal * f[1] for f in kept) / total
        said = ", ".join(dict.fromkeys(words.written(f[2], f[3]) for f in kept))
        origin = Origin.STATED if strongest >= 0.5 else Origin.INFERRED
        sure = 1.0 if strongest >= 1.0 else 0.7 if origin is Origin.STATED else 0.4
        if strongest >= 0.1 and any(not taken[f[2]] for f in kept):
            names = tuple(dict.fromkeys(f[0].name for f in sorted(kept, key=lambda f: -f[1])))
            reading.values["moods"] = Attribute[tuple[str, ...]](value=names, words=said, origin=origin, confidence=sure)
        reading.values["valence"] = Attribute[Signed](value=round(valence, 3), words=said, origin=origin, confidence=sure)
        reading.values["arousal"] = Attribute[Signed](value=round(arousal, 3), words=said, origin=origin, confidence=sure)
        signs = {f[0].valence > 0 for f in kept if (f[0].valence >= 0.75 or f[0].valence <= -0.6) and f[1] >= 0.9}
        if len(signs) == 2:
            reading.notice("moods", f"The request asks for opposite moods ({said}); the piece lies between them.")
