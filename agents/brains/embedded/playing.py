"""How it is played and how the notes lie: dynamics, articulation, swing, exactness, texture, density, register."""

from typing import Any, TypeVar

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.places import place_after
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, DynamicsShape, Origin, Unit

_T = TypeVar("_T")


class PlayingReader:
    """Finds dynamics, articulation, swing, exactness, texture, density and register."""

    def __init__(self) -> None:
        dynamics, playing = lexicon("dynamics"), lexicon("playing")
        self._levels: PhraseTable[str] = PhraseTable(dynamics["levels"].items())
        self._shapes: PhraseTable[str] = PhraseTable(dynamics["shapes"].items())
        self._articulation = _table(playing["articulation"])
        self._swing: PhraseTable[float] = PhraseTable((k, float(v)) for k, v in playing["swing"].items())
        self._quantised: PhraseTable[bool] = PhraseTable(
            (w, kind == "yes") for kind, names in playing["quantised"].items() for w in phrases(names)
        )
        self._texture = _table(playing["texture"])
        self._density: PhraseTable[float] = PhraseTable((k, float(v)) for k, v in playing["density"].items())
        self._register = _table(playing["register"])

    def read(self, words: Words, taken: bytearray) -> Reading:
        """All of it; `taken` marks words that already mean something else (a rhythm, a tempo)."""
        reading = Reading()
        self._dynamics(words, taken, reading)
        self._swinging(words, reading)
        for hit in self._live(words, self._quantised):
            reading.values.setdefault("quantised", Attribute[bool](value=hit.value, words=words.written(hit.first, hit.last)))
            reading.use(hit.first, hit.last)
        for field, table in (
            ("articulation", self._articulation),
            ("texture", self._texture),
            ("register_name", self._register),
        ):
            for text in self._live(words, table):
                if any(taken[text.first : text.last]) and field == "articulation":
                    continue
                reading.values.setdefault(field, Attribute[str](value=text.value, words=words.written(text.first, text.last)))
                reading.use(text.first, text.last)
        for level in self._live(words, self._density):
            word = words.low[level.first]
            if word in ("simple", "complex", "intricate", "minimal", "bare") and not any(
                w in word_set("playing", "simple_nouns") for w in words.low[level.last : level.last + 3]
            ):
                continue
            weak = word in ("simple", "complex", "spacious", "airy", "intricate", "elaborate")
            reading.values.setdefault(
                "density",
                Attribute[Unit](
                    value=level.value,
                    words=words.written(level.first, level.last),
                    origin=Origin.INFERRED if weak else Origin.STATED,
                    confidence=0.6 if weak else 1.0,
                ),
            )
            reading.use(level.first, level.last)
        return reading

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (
            self._levels,
            self._shapes,
            self._articulation,
            self._swing,
            self._quantised,
            self._texture,
            self._density,
            self._register,
        )

    def _live(self, words: Words, table: PhraseTable[_T]) -> list[Hit[_T]]:
        return [h for h in table.find(words) if not negated(words, h.first, 3) and not hypothetical(words, h.first)]

    def _dynamics(self, words: Words, taken: bytearray, reading: Reading) -> None:
        shapes: list[DynamicsShape] = []
        for hit in self._shapes.find(words):
            phrase = words.low[hit.first : hit.last]
            spoken_for = any(taken[hit.first : hit.last])
            if spoken_for or negated(words, hit.first, 3) or self._not_loudness(words, hit, phrase):
                continue
            shape = DynamicsShape(shape=hit.value, section=place_after(words, hit.last))
            if shape not in shapes:
                shapes.append(shape)
            reading.use(hit.first, hit.last)
        if shapes:
            reading.values["dynamics_shape"] = tuple(shapes)
        inside = {i for a, b in reading.spans for i in range(a, b)}
        levels: list[Hit[str]] = []
        for hit in self._levels.find(words):
            if hit.first in inside or any(taken[hit.first : hit.last]) or negated(words, hit.first, 3):
                continue
            word = words.low[hit.last - 1]
            if (
                word in ("soft", "quiet")
                and words.at(hit.last) not in word_set("playing", "sound_nouns")
                and words.at(hit.last)
                and words.joined(hit.last)
            ):
                continue
            if word in ("p", "f") or (word == "forte" and words.at(hit.first - 1) in ("piano", "my", "your")):
                continue
            levels.append(hit)
            reading.use(hit.first, hit.last)
        if levels:
            said = words.written(levels[0].first, levels[0].last)
            reading.values["dynamics"] = Attribute[str](value=levels[0].value, words=said)
            quiet, loud = {"pp", "p"}, {"f", "ff"}
            values = {h.value for h in levels}
            if values & quiet and values & loud and not shapes:
                reading.notice("dynamics", f"Both soft and loud are asked for; {said}, named first, is the basis.")

    @staticmethod
    def _not_loudness(words: Words, hit: Hit[str], phrase: list[str]) -> bool:
        """'build a beat', 'a dim room', 'building' as a house."""
        after = words.at(hit.last)
        if phrase == ["dim"]:
            return after != "" and words.joined(hit.last)
        if phrase == ["build"]:
            return not (
                after in ("to", "toward", "towards", "gradually", "slowly", "in", "up", "from", "over", "with", "")
                or words.at(hit.first - 1) in ("slow", "gradual", "steady", "should", "then", "a", "and", "big", "to")
            )
        if phrase in (["building"], ["swell"], ["builds"]):
            return words.at(hit.first - 1) in ("the", "a", "an", "old") and phrase == ["building"]
        return False

    def _swinging(self, words: Words, reading: Reading) -> None:
        for hit in self._swing.find(words):
            low = words.low[hit.first : hit.last]
            if negated(words, hit.first, 3) and low[0] not in ("no", "not", "without"):
                reading.values.setdefault("swing", Attribute[float](value=0.5, words=words.written(hit.first, hit.last)))
            else:
                reading.values.setdefault("swing", Attribute[float](value=hit.value, words=words.written(hit.first, hit.last)))
            reading.use(hit.first, hit.last)
        for i, word in enumerate(words.low):  # 'straight, not swung', '60% swing'
            if word == "swing" and words.at(i - 1)[:2].isdigit() and "%" in words.gap[i]:
                share = float(words.low[i - 1]) / 100.0
                if 0.5 <= share <= 0.75:
                    reading.values["swing"] = Attribute[float](value=share, words=words.written(i - 1, i + 1))
                    reading.use(i - 1, i + 1)


def _table(groups: dict[str, str]) -> PhraseTable[str]:
    return PhraseTable((w, name) for name, names in groups.items() for w in phrases(names))
