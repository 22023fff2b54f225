"""The tempo: beats per minute, ranges, and terms (for slow, moderate and fast see pace.py)."""

import re
from dataclasses import dataclass
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.levels import Level
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon
from ripieno.agents.brains.embedded.pace import read_pace, tempo_class
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO

_NUMBER = r"(-?\d{1,9}(?:[.,]\d{1,3})?)"
_UNIT = r"(?:bpm|b\.p\.m\.?|(?:beats?\s+)?(?:per|a|to the|/)\s*minute|beats/min)"
_RANGE_WORD = r"\s*(?:-|–|—|~|to|and|or)\s*"
_BPM = re.compile(rf"(?:(?<![\w.])(?P<low>\d{{1,4}}){_RANGE_WORD})?(?<![\w.]){_NUMBER}\s*-?\s*{_UNIT}(?![^\W\d_])", re.I)
_UNIT_FIRST = re.compile(
    r"(?:\b(?:bpm|tempo|mm|metronome)|[♩𝅘𝅥])\s*(?:marking|mark|range)?\s*"
    r"(?:of|at|is|=|:|to|around|about|between|from|should be|will be|approximately|roughly|≈|~)*\s*"
    r"(?:(?:around|about|between|from|approximately|roughly|~|=|of)\s+)?"
    rf"(?:(?P<low>\d{{2,4}}){_RANGE_WORD})?{_NUMBER}(?![\d:]|\s*(?:bars?|measures?|sec|min|/\s*\d))",
    re.I,
)
_AT = re.compile(r"\b(?:at|around|@)\s*(?:about\s+)?(\d{2,3})(?=\s*(?:$|[.,;!?)]|and\b|with\b|in\b|for\b))(?!\.\d)", re.I)
_ABOUT = re.compile(r"(?:about|around|roughly|approximately|circa|ca\.?|~|≈)\s*$", re.I)


@dataclass(frozen=True, slots=True)
class _Number:
    """A tempo in numbers: `bpm`, or a range from `low` to it, in the words `first` to `last` (exclusive)."""

    low: float | None
    bpm: float
    first: int
    last: int


def _number(digits: str | None) -> float | None:
    """'1,000' is a thousand, '92,5' is 92.5."""
    if not digits:
        return None
    whole, comma, rest = digits.partition(",")
    return float(whole + rest) if comma and len(rest) == 3 else float(digits.replace(",", "."))


class TempoReader:
    """Finds the tempo and its class."""

    def __init__(self) -> None:
        data = lexicon("tempo")
        self._terms: PhraseTable[tuple[str, tuple[float, float, float]]] = PhraseTable(
            (name, (name, (row[0], row[1], row[2]))) for name, row in data["terms"].items()
        )

    def read(self, words: Words, levels: list[Level], changes: Reading) -> Reading:
        """Tempo attributes; `levels` come from `read_levels`, `changes` from `TempoChangeReader`.

        Raises:
            BadRequest: a tempo outside 10 to 400.
        """
        reading = Reading()
        used = {i for first, last in changes.spans for i in range(first, last)}
        self._numbers(words, changes, reading)
        self._named(words, reading)
        read_pace(words, levels, used, reading)
        return reading

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._terms,)

    def _numbers(self, words: Words, changes: Reading, reading: Reading) -> None:
        found: list[_Number] = []
        for pattern in (_BPM, _UNIT_FIRST):
            for match in pattern.finditer(words.text):
                first, last = words.covering(match.start(), match.end())
                if first >= len(words) or words.masked[first] or any(f.first < last and first < f.last for f in found):
                    continue
                found.append(_Number(_number(match["low"]), _number(match[match.lastindex or 1]) or 0.0, first, last))
        if not found:
            for match in _AT.finditer(words.text):
                if 40 <= float(match[1]) <= 240:
                    first, last = words.covering(match.start(1), match.end(1))
                    if not words.masked[first]:
                        found.append(_Number(None, float(match[1]), first, last))
        found.sort(key=lambda f: f.first)
        for number in found:
            for bpm in (number.bpm, number.low):
                if bpm is not None and not MIN_TEMPO <= bpm <= MAX_TEMPO:
                    raise BadRequest(
                        f"A tempo lies between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute",
                        value=words.written(number.first, number.last) if bpm > 0 else f"{bpm:g}",
                        cause="a slip of the keyboard" if bpm > MAX_TEMPO else "a tempo that slow is no pulse",
                        cure="give a tempo in that range, such as 96",
                    )
            reading.use(number.first, number.last)
        if not found:
            return
        main = found[0]
        said = words.written(main.first, main.last)
        value = main.bpm
        gradual = [c for c in changes.values.get("tempo_changes", ()) if c.gradual]
        if main.low is not None and gradual and words.at(main.first - 1) == "from":  # 'accelerating from 80 to 160 bpm'
            ramp = gradual[0].model_copy(update={"bpm": main.bpm, "factor": None})
            reading.values["tempo_changes"] = tuple(ramp if c is gradual[0] else c for c in changes.values["tempo_changes"])
            value = main.low
        elif main.low is not None and main.low < main.bpm:
            reading.values["tempo_range"] = Attribute[tuple[float, float]](value=(main.low, main.bpm), words=said)
            value = (main.low + main.bpm) / 2
        about = bool(_ABOUT.search(words.text[max(0, words.start[main.first] - 16) : words.start[main.first]]))
        reading.values["tempo"] = Attribute[float](value=value, words=said, confidence=0.9 if about else 1.0)
        others = sorted({f.bpm for f in found[1:]} - {main.bpm})
        if others:
            reading.notice(
                "tempo",
                f"The request names several tempos; {main.bpm:g} was taken as the main one, not "
                f"{', '.join(f'{o:g}' for o in others)}.",
            )

    def _named(self, words: Words, reading: Reading) -> None:
        hits = [h for h in self._terms.find(words) if not negated(words, h.first, 3) and not self._other_sense(words, h)]
        for hit in hits:
            reading.use(hit.first, hit.last)
        if not hits:
            return
        low, usual, high = hits[0].value[1]
        said = words.written(hits[0].first, hits[0].last)
        number = reading.values.get("tempo")
        if number is None:
            reading.values["tempo"] = Attribute[float](value=usual, origin=Origin.INFERRED, words=said, confidence=0.9)
            reading.values["tempo_range"] = Attribute[tuple[float, float]](
                value=(low, high), origin=Origin.INFERRED, words=said, confidence=0.9
            )
            reading.values["tempo_class"] = Attribute[str](value=tempo_class(usual), words=said)
        elif not low * 0.85 <= number.value <= high * 1.15:
            reading.notice("tempo", f"{said} and {number.words} do not agree; the number was taken.")
        rivals = [h for h in hits[1:] if tempo_class(h.value[1][1]) != tempo_class(usual)]
        if rivals:
            reading.notice(
                "tempo",
                f"The request names {said} and {words.written(rivals[0].first, rivals[0].last)}; "
                f"{said}, named first, was taken.",
            )

    @staticmethod
    def _other_sense(words: Words, hit: Hit[tuple[str, tuple[float, float, float]]]) -> bool:
        """'grave' and 'animato' are words of other things too."""
        name = hit.value[0]
        if name in ("grave", "lent", "vivo", "sostenuto"):
            return not (
                words.raw[hit.first][0].isupper() or words.at(hit.last) in ("tempo",) or words.at(hit.first - 1) == "tempo"
            )
        return False
