"""The form: by name ('AABA', 'rondo'), as a list of sections ('intro 4 bars, verse 8, chorus 8'), or by mention."""

import re
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute, FormRequest, Origin, SectionRequest
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_BARS

_LETTERS = re.compile(r"(?<![\w#])([A-D](?:['’]?(?:\s?[-–]\s?|\s(?=[A-D]\b)|,\s?)?[A-D]['’]?){2,15})(?![\w#])")
_FORM_NOUNS = frozenset(["form", "structure", "sections", "section", "song", "layout", "scheme"])
_BARS = frozenset(["bar", "bars", "measure", "measures"])
_COUNTS = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4, "twice": 2, "double": 2, "x2": 2, "x3": 3, "x4": 4}


class FormReader:
    """Finds the form."""

    def __init__(self) -> None:
        data = lexicon("forms")
        self._named: PhraseTable[str] = PhraseTable((n, row["form"]) for row in data["form"] for n in phrases(row["names"]))
        self._words: PhraseTable[str] = PhraseTable((w, name) for name, names in data["words"].items() for w in phrases(names))

    def read(self, words: Words) -> Reading:
        """The form and its sections, where they are listed."""
        reading = Reading()
        sections, spans = self._sections(words)
        named = [h for h in self._named.find(words) if not negated(words, h.first, 4)]
        listed = any(s.bars for s in sections) or len(sections) >= 3
        letters = _lettered(words)
        if listed:
            names = [s.name for s in sections]
            name = named[0].value if named else "verse-chorus" if {"verse", "chorus"} <= set(names) else "sections"
            said = words.written(spans[0][0], spans[-1][1])
            reading.values["form"] = Attribute[FormRequest](value=FormRequest(name=name, sections=tuple(sections)), words=said)
            reading.spans += spans
            total = sum(s.bars or 0 for s in sections)
            if total > MAX_BARS:
                raise BadRequest(
                    f"A piece has 1 to {MAX_BARS} bars", value=f"{total} bars in all", cure="ask for shorter sections"
                )
            if total and all(s.bars for s in sections):
                reading.values["bars"] = Attribute[int](value=total, origin=Origin.INFERRED, words=said)
        elif letters is not None:
            text, first, last, labels = letters
            known = self._named.get(text) if text else None
            parts = tuple(SectionRequest(name=label, label=label) for label in labels)
            reading.values["form"] = Attribute[FormRequest](
                value=FormRequest(name=known or text, sections=parts), words=words.written(first, last)
            )
            reading.use(first, last)
        elif named:
            hit = named[0]
            extra = tuple(s for s in sections)
            name = hit.value
            reading.values["form"] = Attribute[FormRequest](
                value=FormRequest(name=name, sections=extra if len(extra) > 1 else ()), words=words.written(hit.first, hit.last)
            )
        elif sections:
            names = [s.name for s in sections]
            name = "verse-chorus" if "verse" in names or "chorus" in names else "sections"
            said = words.written(*spans[0])
            reading.values["form"] = Attribute[FormRequest](
                value=FormRequest(name=name, sections=tuple(sections)), words=said, origin=Origin.INFERRED, confidence=0.6
            )
            reading.spans += spans
        for hit in named:
            reading.use(hit.first, hit.last)
        rivals = sorted({h.value for h in named} - {named[0].value}) if named else []
        if rivals and not listed:
            reading.notice(
                "form", f"The request names the forms {named[0].value} and {', '.join(rivals)}; {named[0].value} was taken."
            )
        return reading

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._named, self._words)

    def _sections(self, words: Words) -> tuple[list[SectionRequest], list[tuple[int, int]]]:
        """Sections in the order said, with their bars where said; a section named twice in prose counts once."""
        found: list[tuple[str, int | None, int, int, int]] = []  # name, bars, first, last, times
        i = 0
        while i < len(words):
            hit = self._words.match(words, i) if not words.masked[i] else None
            if hit is None or self._other_sense(words, hit.first, hit.last, hit.value):
                i += 1
                continue
            bars, first, last, times = _section_bars(words, hit.first, hit.last)
            found.append((hit.value, bars, first, last, times))
            i = max(last, hit.last)
        enumerated = _enumerated(words, found)
        sections: list[SectionRequest] = []
        spans: list[tuple[int, int]] = []
        seen: set[str] = set()
        for k, (name, bars, first, last, times) in enumerate(found):
            if bars is None and k not in enumerated and (name in seen or enumerated):
                continue
            seen.add(name)
            for _ in range(times):
                sections.append(SectionRequest(name=name, bars=bars))
            spans.append((first, last))
        if not enumerated and not any(s.bars for s in sections):
            order = {"intro": 0, "head": 1, "theme": 1, "verse": 1, "pre-chorus": 2, "chorus": 3, "bridge": 5, "outro": 9}
            sections.sort(key=lambda s: order.get(s.name, 4))
        return sections, spans

    @staticmethod
    def _other_sense(words: Words, first: int, last: int, name: str) -> bool:
        """'ending' as a verb, 'opening' of a door, 'drop' of rain, 'theme' of love, 'chorus' as an effect."""
        word, after, before = words.low[first], words.at(last), words.at(first - 1)
        if negated(words, first, 3):
            return True
        if name in ("theme", "head", "drop", "episode", "breakdown") and word not in ("drop", "breakdown", "theme", "head"):
            return True
        if word in (
            "opening",
            "ending",
            "tag",
            "head",
            "theme",
            "hook",
            "drop",
            "interlude",
            "exposition",
            "development",
            "episode",
        ):
            has_bars = (
                number_at(words, last) is not None
                or words.at(first - 1) in _BARS
                or (words.at(first - 2) in _BARS)
                or words.at(last + 1) in _BARS
            )
            if word == "theme" and after in ("and", "with", "song", "music", "for", "of"):
                return True
            if word in ("ending",) and before in ("a", "an", "the", "and") and after in ("", "in", "with"):
                return True
            listed = words.clause[first] != words.clause[first - 1] if first else False
            return not (has_bars or (listed and after in ("", "and", "verse", "chorus")))
        if word == "chorus" and (
            after in ("effect", "pedal", "guitar")
            or (after == "of" and number_at(words, last + 1) is None)
            or (before in ("with", "a") and after == "and")
        ):
            return True
        return word == "refrain" and after == "from"


def _section_bars(words: Words, first: int, last: int) -> tuple[int | None, int, int, int]:
    """Bars said with the section at words `first` to `last`: 'intro 4 bars', '8-bar intro', 'verse (16)'."""
    bars: int | None = None
    start, end, times = first, last, 1
    # after: 'verse 8', 'verse (8 bars)', 'verse: 8 bars', 'verse of 16 bars', 'verse x2'
    k = last
    if words.at(k) in ("of", "is", "for", "lasting", "section") and k + 1 < len(words):
        k += 1
    number = number_at(words, k) if k < len(words) and words.sentence[k] == words.sentence[first] else None
    if number is not None and _near(words, last, k):
        unit = words.at(number[1]) in _BARS
        follows = words.at(number[1])
        plain = (
            number[1] >= len(words)
            or words.clause[number[1]] != words.clause[number[1] - 1]
            or follows in ("and", "then", "in", "with", "at")
        )
        if follows not in _BARS and words.gap[number[1]] == "-" if number[1] < len(words) else False:
            plain = False
        if unit and _belongs_to_next(words, number[1] + 1):
            unit = plain = False
        if (unit or plain) and number[0] == int(number[0]) and 0 < number[0] <= MAX_BARS and (unit or number[0] > 3):
            bars, end = int(number[0]), number[1] + (1 if unit else 0)
        elif plain and 1 <= number[0] <= 3:
            end = number[1]  # 'verse 1, verse 2'
    if bars is None and words.at(first - 1) in _BARS:  # '8-bar intro', '8 bars of intro'
        number_first = _number_ending(words, first - 1)
        if number_first is not None:
            bars, start = int(number_first[0]), number_first[1]
    if bars is None and words.at(first - 1) in ("of", "for") and words.at(first - 2) in _BARS:
        number_first = _number_ending(words, first - 2)
        if number_first is not None:
            bars, start = int(number_first[0]), number_first[1]
    before = words.at(start - 1)
    if before in _COUNTS and (bars is not None or words.low[last - 1].endswith("s")) and start > 0:
        times, start = _COUNTS[before], start - 1
    elif words.at(end) in ("x2", "x3", "x4", "twice") and words.joined(end):
        times, end = _COUNTS[words.at(end)], end + 1
    if bars is not None and bars <= 0:
        raise BadRequest("A section has at least one bar", value=words.written(start, end), cure="ask for 4 or 8 bars")
    return bars, start, end, times


def _near(words: Words, last: int, k: int) -> bool:
    gap = words.gap[last] if last < len(words) else "."
    return (k < len(words) and gap in ("", ":", "(", "-", "–", "—", "=", "[")) or (k > last and gap == "")


def _belongs_to_next(words: Words, i: int) -> bool:
    """Whether '8 bar' at this place counts for the noun that follows: 'then an 8 bar verse'."""
    return (
        i < len(words)
        and words.at(i) in ("verse", "verses", "chorus", "choruses", "intro", "outro", "bridge")
        and words.joined(i)
    )


def _number_ending(words: Words, i: int) -> tuple[float, int] | None:
    for k in (i - 1, i - 2):
        number = number_at(words, k) if k >= 0 else None
        if number is not None and number[1] == i:
            return number[0], k
    return None


def _enumerated(words: Words, found: list[tuple[str, int | None, int, int, int]]) -> set[int]:
    """Indices of sections that stand in a list: neighbours with nothing but signs and small words between."""
    listed: set[int] = set()
    small = {
        "then",
        "and",
        "a",
        "an",
        "the",
        "to",
        "into",
        "another",
        "by",
        "followed",
        "second",
        "first",
        "final",
        "last",
        "with",
        "back",
        "again",
        "finally",
        "next",
        "section",
        "short",
        "long",
        "big",
        "one",
        "two",
    }
    run: list[int] = []
    for k in range(len(found)):
        if run:
            previous = found[run[-1]]
            between = words.low[previous[3] : found[k][2]]
            if len(between) <= 3 and all(w in small for w in between):
                run.append(k)
                continue
            if len(run) >= 3 or (len(run) == 2 and all(found[r][1] for r in run)):
                listed.update(run)
        run = [k]
    if len(run) >= 3 or (len(run) == 2 and all(found[r][1] for r in run)):
        listed.update(run)
    return listed


def _lettered(words: Words) -> tuple[str, int, int, list[str]] | None:
    """'AABA', 'A-B-A-C-A': the letters, the words, and the labels."""
    for match in _LETTERS.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        if first >= last or words.masked[first]:
            continue
        labels = [c for c in match[1] if c in "ABCD"]
        solid = match[1].isalpha()
        near = words.low[max(0, first - 3) : first] + words.low[last : last + 2]
        if labels[0] != "A" or "B" not in labels:
            continue
        if len(labels) >= 3 and ((solid and len(labels) >= 3) or any(w in _FORM_NOUNS for w in near)):
            return "".join(labels), first, last, labels
    return None
