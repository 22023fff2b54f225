"""Sections as they are listed: 'intro 4 bars, verse 8, chorus 8', '8-bar intro then two 16-bar verses', 'with a bridge'."""

from dataclasses import dataclass, replace
from typing import Literal

from ripieno.agents.brains.embedded.found import negated
from ripieno.agents.brains.embedded.lexicon import singular, word_set
from ripieno.agents.brains.embedded.places import section_names
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_BARS

BAR_WORDS = frozenset(("bar", "bars", "measure", "measures"))
_TIMES = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4, "twice": 2, "x2": 2, "x3": 3, "x4": 4}
_REPEATED = ("x2", "x3", "x4", "twice")
_USUAL_PLACE = {"intro": 0, "head": 1, "theme": 1, "verse": 1, "pre-chorus": 2, "chorus": 3, "bridge": 5, "outro": 9}
_SMALLEST_BARE = 4  # bars that a bare number after a section may mean; below it, it counts verses ('verse 2')


@dataclass(frozen=True, slots=True)
class Listed:
    """A section said: what the piece calls it, its bars if said, how often, in the words `first` to `last` (exclusive).

    `size` is 'short' or 'long' where that is said and no number.
    """

    name: str
    bars: int | None
    first: int
    last: int
    times: int = 1
    size: Literal["", "short", "long"] = ""


def read_sections(words: Words) -> list[Listed]:
    """Sections in the order in which they sound, as far as the request tells; one named twice in prose counts once.

    Raises:
        BadRequest: a section without bars ('intro 0 bars').
    """
    found: list[Listed] = []
    i = 0
    while i < len(words):
        hit = section_names().match(words, i) if not words.masked[i] else None
        if hit is None and found and _lone_solo(words, i, found[-1].last):
            found.append(_with_bars(words, "solo", i, i + 1))
            i = max(found[-1].last, i + 1)
            continue
        if hit is None or negated(words, hit.first, 3) or _other_sense(words, hit.first, hit.last):
            i += 1
            continue
        found.append(_with_bars(words, hit.value, hit.first, hit.last))
        i = max(found[-1].last, hit.last)
    enumerated = _enumerated(words, found)
    kept: list[Listed] = []
    for k, section in enumerate(found):
        mentioned_again = any(section.name == other.name for other in kept)
        if section.bars is not None or k in enumerated or not (mentioned_again or enumerated):
            kept.append(section)
    if not enumerated and not any(s.bars for s in kept):
        kept.sort(key=lambda s: _USUAL_PLACE.get(s.name, 4))
    return _bars_each(words, kept)


def _lone_solo(words: Words, i: int, after: int) -> bool:
    """Whether 'solo' stands for itself in a list of sections: '..., chorus, solo, chorus'; not in 'solo piano'."""
    if words.low[i] != "solo" or words.masked[i] or i - after > 1 or words.sentence[i] != words.sentence[i - 1]:
        return False
    ends = i + 1 >= len(words) or words.clause[i + 1] != words.clause[i]
    return ends or section_names().match(words, i + 1) is not None


def _other_sense(words: Words, first: int, last: int) -> bool:
    """'The ending is sad', 'a rain drop', 'the theme of love', 'build a house', 'a chorus pedal' name no section."""
    word, before = words.low[first], words.at(first - 1)
    after = words.at(last) if last < len(words) and words.clause[last] == words.clause[first] else ""
    if word == "chorus":
        effect = after in ("effect", "pedal", "guitar")
        crowd = after == "of" and number_at(words, last + 1) is None
        return effect or crowd or (before in ("with", "a") and after == "and")
    if word == "a" and words.at(last - 1) == "solo":  # 'a solo piano piece', 'a solo for flute'
        return after not in ("", "and", "in", "after", "before", "over", "at")
    if singular(word) not in word_set("sections", "doubtful"):
        return False
    with_bars = (
        _bars_after(words, first, last)[0] is not None
        or before in BAR_WORDS
        or words.at(first - 2) in BAR_WORDS
        or words.at(last + 1) in BAR_WORDS
    )
    if singular(word) in word_set("sections", "asked_for"):  # 'with a long build'
        reach = range(max(0, first - 3), first)
        opens = ("with", "include", "including", "has", "and")
        k = next((k for k in reach if words.low[k] in opens and words.sentence[k] == words.sentence[first]), first)
        small = ("a", "an", "the", "two", "and")
        if k < first and all(w in small or _size(w) or w in word_set("sections", "huge") for w in words.low[k + 1 : first]):
            return False
    opens_clause = first > 0 and words.clause[first] != words.clause[first - 1]
    return not (with_bars or (opens_clause and after in ("", "and", "verse", "chorus", "drop")))


def _with_bars(words: Words, name: str, first: int, last: int) -> Listed:
    """The section at words `first` to `last` with the bars said before or after it."""
    bars, end = _bars_after(words, first, last)
    start, times = first, 1
    if bars is None:
        for unit in (first - 1, first - 2):  # '8-bar intro', '8 bars of intro'
            bridged = unit == first - 1 or words.at(first - 1) in ("of", "for")
            number = _number_ending(words, unit) if words.at(unit) in BAR_WORDS and bridged else None
            if number is not None:
                bars, start = int(number[0]), number[1]
                break
    several = bars is not None or words.low[last - 1].endswith("s")
    if start > 0 and words.at(start - 1) in _TIMES and several:
        times, start = _TIMES[words.at(start - 1)], start - 1
    elif words.at(end) in _REPEATED and words.joined(end):
        times, end = _TIMES[words.at(end)], end + 1
    if bars is not None and not 0 < bars <= MAX_BARS:
        raise BadRequest(f"A section has 1 to {MAX_BARS} bars", value=words.written(start, end), cure="ask for 4, 8 or 16 bars")
    size = _size(words.at(start - 1)) if bars is None and start > 0 and words.clause[start - 1] == words.clause[start] else ""
    return Listed(name, bars, start - bool(size), end, times, size)


def _size(word: str) -> Literal["", "short", "long"]:
    """Whether a word calls a section long or short."""
    return "long" if word in word_set("sections", "long") else "short" if word in word_set("sections", "short") else ""


def _bars_after(words: Words, first: int, last: int) -> tuple[int | None, int]:
    """Bars said after a section ('verse 8', 'verse (8 bars)', 'verse of 16 bars') and the word after them."""
    k = last + 1 if words.at(last) in ("of", "is", "for", "lasting", "section") else last
    if k >= len(words) or words.sentence[k] != words.sentence[first]:
        return None, last
    if words.gap[last] not in ("", ":", "(", "-", "–", "—", "=", "["):
        return None, last
    number = number_at(words, k)
    if number is None or number[0] != int(number[0]):
        return None, last
    count, after = int(number[0]), number[1]
    if words.at(after) in BAR_WORDS:
        owner = after + 1 < len(words) and words.joined(after + 1) and section_names().match(words, after + 1)
        return (None, last) if owner else (count, after + 1)  # 'then the chorus 8 bar outro': the bars are the outro's
    ends = after >= len(words) or words.clause[after] != words.clause[after - 1]
    if not ends and (words.gap[after] == "-" or words.at(after) not in ("and", "then", "in", "with", "at")):
        return None, last
    return (count, after) if count >= _SMALLEST_BARE or count == 0 else (None, after)


def _number_ending(words: Words, i: int) -> tuple[float, int] | None:
    """The number that ends before word `i`, and where it starts."""
    for k in (i - 1, i - 2):
        number = number_at(words, k) if k >= 0 else None
        if number is not None and number[1] == i:
            return number[0], k
    return None


def _bars_each(words: Words, listed: list[Listed]) -> list[Listed]:
    """'verse, chorus, 8 bars each': the bars go to all sections that have none."""
    if not listed or all(s.bars for s in listed):
        return listed
    for i, word in enumerate(words.low):
        number = _number_ending(words, i) if word in BAR_WORDS and words.at(i + 1) in ("each", "apiece") else None
        if number is not None and 0 < number[0] <= MAX_BARS:
            bars = int(number[0])
            told = [s if s.bars else replace(s, bars=bars) for s in listed]
            return [*told[:-1], replace(told[-1], last=max(told[-1].last, i + 2))]
    return listed


def _enumerated(words: Words, found: list[Listed]) -> set[int]:
    """Indices of sections that stand in a list: neighbours with nothing but signs and small words between."""
    listed: set[int] = set()
    run: list[int] = []
    for k, section in enumerate(found):
        between = words.low[found[run[-1]].last : section.first] if run else []
        if not (run and len(between) <= 3 and all(w in word_set("sections", "between") for w in between)):
            listed.update(_if_list(found, run))
            run = []
        run.append(k)
    return listed | _if_list(found, run)


def _if_list(found: list[Listed], run: list[int]) -> set[int]:
    """Three in a row make a list; two do where both have bars."""
    return set(run) if len(run) >= 3 or (len(run) == 2 and all(found[k].bars for k in run)) else set()
