"""Chord progressions: symbols or Roman numerals in a row, or a name; for the whole piece or for a section."""

import re
from dataclasses import dataclass
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.places import place_after, section_names
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin, ProgressionRequest
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import BadRequest
from ripieno.score.keys import Key

_SYMBOL = re.compile(
    r"(?<![\w#♯♭'’.])[A-H](?:[#♯♭]|b(?![a-z]{2}))?(?:(?:maj|Maj|min|mi|ma|m|M|dim|aug|sus|add|alt|no|omit|b|#|♯|♭|Δ|△|°|ø|\+|o(?=7|\b))|"
    r"\((?:[#b♯♭]?\d{1,2},?|add\d{1,2}|maj7){1,3}\)|\d{1,2}|6/9)*(?:/[A-G][#♯b♭]?)?(?![\w#♯♭'’])"
)
_ROMAN = re.compile(
    r"(?<![\w'’.])[b#♭♯]?(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?:maj|dim|sus|add|°|ø|o(?![a-z])|\+|\d{1,2})*"
    r"(?:/[b#]?(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i))?(?![\w'’])"
)
_NUMBERS = re.compile(r"(?<![\w./:-])[1-7](?:\s?[-–]\s?[1-7]){2,7}(?![\w/:-])")
_LINK = re.compile(
    r"^\s*(?:-|–|—|‑|->|→|=>|>|\||,|/|·|•|\.\.\.|;)\s*\|?\s*$"
    r"|^\s*(?:,\s*)?(?:and|to|then|and then|resolving to|going to)\s+$|^\s+$"
)
_STRANGER = re.compile(r"^\s*[-–—|>→,]\s*([A-Z][\w#♯♭/()+°]{1,9})\s*[-–—|>→,]\s*$")
_STRONG = re.compile(r"[-–—‑>→|·•]")
_SECTION = re.compile(
    r"([A-Za-z][A-Za-z -]{0,14}?)\s*(?:\(\s*\d+\s*bars?\s*\))?\s*[:=]\s*\|?\s*$"
    r"|\b(?:in|for) the ([a-z-]+)[,:]?\s*(?:use|play|with|chords?|progression)?\s*:?\s*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Run:
    symbols: tuple[str, ...]
    start: int
    end: int
    strong: bool  # joined by dashes, bars or arrows


class ProgressionReader:
    """Finds chord progressions."""

    def __init__(self) -> None:
        self._named: PhraseTable[dict[str, object]] = PhraseTable(
            (name, row) for row in lexicon("progressions")["progression"] for name in phrases(row["names"])
        )

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._named,)

    def read(self, words: Words) -> tuple[Reading, list[tuple[int, int]]]:
        """All progressions, and the words of those that are spelled out: nobody else should read them."""
        reading = Reading()
        asked: list[ProgressionRequest] = []
        said: list[str] = []
        text = words.text
        for roman, pattern in ((False, _SYMBOL), (True, _ROMAN)):
            for run in _runs(text, pattern):
                first, last = words.covering(run.start, run.end)
                if first >= last or words.masked[first] or not self._is_progression(words, run, first, last, roman):
                    continue
                if any(first < b and a < last for a, b in reading.spans):
                    continue
                chords = self._valid(run, roman, reading)
                if len(chords) < 1:
                    continue
                section = self._section_before(text, run.start)
                each = _bars_each(words, last)
                asked.append(ProgressionRequest(chords=tuple(chords), roman=roman, section=section, bars_each=each))
                said.append(text[run.start : run.end].strip())
                reading.use(first, last)
        if not asked:
            self._numbered(words, asked, said, reading)
        spelled = list(reading.spans)
        self._by_name(words, asked, said, reading)
        if asked:
            reading.values["progressions"] = Attribute[tuple[ProgressionRequest, ...]](
                value=tuple(asked), origin=Origin.STATED, words="; ".join(said)
            )
        return reading, spelled

    def _is_progression(self, words: Words, run: _Run, first: int, last: int, roman: bool) -> bool:
        near = words.low[max(0, first - 6) : first] + words.low[last : last + 3]
        context = any(w in word_set("progression", "context") for w in near)
        other = (
            any(
                w in word_set("progression", "other") for w in words.low[max(0, first - 3) : first] + words.low[last : last + 2]
            )
            and not context
        )
        count = len(run.symbols)
        letters = all(len(s) == 1 for s in run.symbols)
        abc = letters and not roman and set(run.symbols) <= set("ABCD") and run.symbols[0] == "A" and not context
        if abc and (count < 4 or set(run.symbols) <= set("AB") or other or not run.strong):
            return False
        if other:
            return False
        if count == 1:
            return False
        if roman and all(s in ("I", "i", "V", "v") for s in run.symbols) and not (run.strong or context):
            return False
        if count == 2:
            return context or (run.strong and any(len(s) > 1 for s in run.symbols))
        if run.strong or context:
            return True
        return any(len(s) > 1 for s in run.symbols) and count >= 3

    def _valid(self, run: _Run, roman: bool, reading: Reading) -> list[str]:
        chords: list[str] = []
        for symbol in run.symbols:
            plain = "B" + symbol[1:] if symbol[0] == "H" and not roman else symbol
            try:
                if roman:
                    parse_roman(plain, Key("C"))
                else:
                    Chord.parse(plain)
            except BadRequest:
                reading.notice(
                    "progressions", f"'{symbol}' is no chord that Ripieno can read; it was left out of the progression."
                )
                continue
            if plain != symbol:
                reading.notice("progressions", f"'{symbol}' was read with the German H, as {plain}.")
            chords.append(plain)
        return chords

    def _section_before(self, text: str, start: int) -> str:
        """The section that a progression is for: 'verse: Am F C G', 'in the chorus use F-G-Am'."""
        match = _SECTION.search(text[max(0, start - 48) : start])
        if not match:
            return ""
        label = Words((match[1] or match[2] or "").strip())
        for i in range(len(label)):
            hit = section_names().match(label, i)
            if hit is not None:
                return hit.value
        return ""

    def _numbered(self, words: Words, asked: list[ProgressionRequest], said: list[str], reading: Reading) -> None:
        """Nashville numbers: 'a 1-5-6-4 progression'."""
        for match in _NUMBERS.finditer(words.text):
            first, last = words.covering(match.start(), match.end())
            near = words.low[max(0, first - 5) : first] + words.low[last : last + 2]
            if words.masked[first] or not any(w in word_set("progression", "context") for w in near):
                continue
            numerals = ("I", "ii", "iii", "IV", "V", "vi", "viio")
            chords = tuple(numerals[int(c) - 1] for c in match[0] if c.isdigit())
            asked.append(ProgressionRequest(chords=chords, roman=True, section=self._section_before(words.text, match.start())))
            said.append(match[0])
            reading.use(first, last)

    def _by_name(self, words: Words, asked: list[ProgressionRequest], said: list[str], reading: Reading) -> None:
        for hit in self._named.find(words):
            if any(hit.first < b and a < hit.last for a, b in reading.spans) or negated(words, hit.first, 4):
                continue
            row = hit.value
            roman = row["roman"]
            assert isinstance(roman, list)
            each = row.get("bars_each")
            asked.append(
                ProgressionRequest(
                    chords=tuple(str(c) for c in roman),
                    roman=True,
                    name=str(row["name"]),
                    bars_each=float(str(each)) if each is not None else None,
                    section=place_after(words, hit.last),
                )
            )
            said.append(words.written(hit.first, hit.last))
            reading.use(hit.first, hit.last)


def _runs(text: str, pattern: re.Pattern[str]) -> list[_Run]:
    """Symbols that follow each other with nothing but signs of enumeration between."""
    runs: list[_Run] = []
    symbols: list[str] = []
    start = end = 0
    strong = False
    for match in pattern.finditer(text):
        between = text[end : match.start()]
        if symbols and len(between) < 12 and _LINK.match(between):
            if between.isspace() and "\n" in between and len(symbols) >= 8:
                strong = strong or False
            symbols.append(match[0])
            strong = strong or bool(_STRONG.search(between))
            end = match.end()
            continue
        stranger = _STRANGER.match(between) if symbols and len(between) < 20 else None
        if stranger is not None:  # 'Am - Hx9 - G': the run goes on over what is no chord
            symbols += [stranger[1], match[0]]
            strong, end = True, match.end()
            continue
        if symbols:
            runs.append(_Run(tuple(symbols), start, end, strong))
        symbols, start, end, strong = [match[0]], match.start(), match.end(), False
    if symbols:
        runs.append(_Run(tuple(symbols), start, end, strong))
    return runs


def _bars_each(words: Words, last: int) -> float | None:
    """'two bars each', 'one chord per bar' after the progression."""
    near = words.low[last : last + 9]
    text = " ".join(near)
    for phrase, value in (
        ("one bar each", 1.0),
        ("a bar each", 1.0),
        ("1 bar each", 1.0),
        ("two bars each", 2.0),
        ("2 bars each", 2.0),
        ("four bars each", 4.0),
        ("4 bars each", 4.0),
        ("one chord per bar", 1.0),
        ("a chord per bar", 1.0),
        ("one per bar", 1.0),
        ("half a bar each", 0.5),
        ("two chords per bar", 0.5),
        ("two per bar", 0.5),
        ("2 per bar", 0.5),
        ("per bar", 1.0),
        ("each bar", 1.0),
    ):
        if phrase in text:
            return value
    return None
