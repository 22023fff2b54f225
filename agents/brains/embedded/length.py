"""How long: bars ('13 ~ 16 bars', 'about 15 bars'), seconds and minutes ('2:30', 'a minute and a half')."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_BARS

_BARS = frozenset(["bar", "bars", "measure", "measures"])
_SECONDS = frozenset(["second", "seconds", "sec", "secs", "s"])
_MINUTES = frozenset(["minute", "minutes", "min", "mins"])
_RANGE = frozenset(["to", "and", "or", "through", "til", "till", "until"])
_RANGE_SIGNS = frozenset(("-", "–", "—", "~", "‑", "to", "－", "〜"))
_VAGUE = {"short": 16, "brief": 16, "tiny": 8, "miniature": 12, "long": 64, "lengthy": 64, "extended": 64}  # bars
_LONGEST_CHORUS = 16  # bars; a longer form, such as the 32-bar form, is a whole piece
_CLIPPED = re.compile(r"^\d{2,3}s$")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])")
MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Length:
    """A length or range found: from `low` to `high`, in the words `first` to `last` (exclusive)."""

    low: float
    high: float
    first: int
    last: int
    about: bool = False


def read_length(words: Words, sections: Sequence[tuple[int, int]] = ()) -> Reading:
    """Bars, a range of bars, seconds or a range of seconds; `sections` are words that tell the lengths of sections.

    Raises:
        BadRequest: no bars at all, more than `MAX_BARS`, or no time at all, or more than an hour.
    """
    reading = Reading()
    bars: list[_Length] = []
    seconds: list[_Length] = []
    inside = {i for first, last in sections for i in range(first, last)}
    for i, word in enumerate(words.low):
        if words.masked[i] or i in inside:
            continue
        if word in _BARS:
            found = _numbers_before(words, i) or _labelled(words, i)
            if found is not None and not _aside(words, found.first, i):
                bars.append(found)
        elif word in _SECONDS or word in _MINUTES:
            found = _numbers_before(words, i)
            if found is not None and (len(word) > 1 or words.start[i] == words.end[i - 1]):
                seconds.append(_in_seconds(words, found, 60.0 if word in _MINUTES else 1.0))
        elif _CLIPPED.match(word) and _clipped_seconds(words, i):
            seconds.append(_Length(float(word[:-1]), float(word[:-1]), i, i + 1))
    seconds = _merge(seconds)
    for match in _CLOCK.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        if not words.masked[first] and words.at(last) not in ("am", "pm", "a.m"):
            total = int(match[1]) * 60.0 + int(match[2])
            seconds.append(_Length(total, total, first, last))
    _take_bars(words, bars, reading)
    _take_seconds(words, seconds, reading)
    _take_vague(words, reading)
    return reading


def _clipped_seconds(words: Words, i: int) -> bool:
    """Whether '45s' is a length, not a decade."""
    if words.at(i - 1) in ("for", "about", "around", "of", "roughly"):
        return words.low[i][-2] != "0"
    return words.at(i + 1) in ("long", "loop", "cue", "clip", "jingle")


def _numbers_before(words: Words, i: int) -> _Length | None:
    """The number or range that ends before word `i`, which is its unit."""
    if i == 0 or words.sentence[i - 1] != words.sentence[i]:
        return None
    if words.low[i] in _MINUTES and words.at(i - 1) == "half":
        return _Length(0.5, 0.5, i - 1, i + 1)
    if words.low[i] in _MINUTES and words.at(i - 1) == "a" and words.at(i - 2) == "half":
        return _Length(0.5, 0.5, i - 2, i + 1)
    if words.at(i - 1) in ("a", "one") and words.low[i] in _MINUTES:
        start, high = i - 1, 1.0
    else:
        start = -1
        high = 0.0
        for k in (i - 1, i - 2, i - 3, i - 4, i - 5):
            if k < 0 or words.sentence[k] != words.sentence[i]:
                break
            number = number_at(words, k)
            if number and number[1] == i:
                start, high = k, number[0]
        if start < 0:
            return None
    sign = words.text[max(0, words.start[start] - 3) : words.start[start]].rstrip()
    if sign.endswith(("-", "−")) and (start == 0 or not words.low[start - 1][-1:].isdigit()) and sign[-2:-1] in ("", " ", ":"):
        high = -high
    low = high
    first = start
    if start > 0 and high >= 0:
        between = words.gap[start]
        k = start - 1
        if between in _RANGE_SIGNS or (words.low[k] in _RANGE and not between):
            if words.low[k] in _RANGE:
                k -= 1
            if k >= 0 and words.low[k] in _BARS | _SECONDS | _MINUTES:
                k -= 1
            earlier = number_at(words, k) if k >= 0 else None
            if earlier is not None and earlier[0] < high:
                low, first = earlier[0], k
    before = words.at(first - 1)
    if before in ("between", "from") and first != start:
        first -= 1
    about = words.at(first - 1) in word_set("length", "about")
    if about:
        first -= 1
    return _Length(low, high, first, i + 1, about)


def _labelled(words: Words, i: int) -> _Length | None:
    """'bars: 32', 'number of bars is 16', 'a number of bars, about 13 to 16'."""
    k = i + 1
    counted = words.at(i - 1) == "of" and words.at(i - 2) == "number"
    labelled = k < len(words) and (words.gap[k][:1] in (":", "=") or words.at(k) == "count")
    if not counted and not labelled:
        return None
    while words.at(k) in ("is", "should", "be", "about", "approximately", "around", "count", "roughly"):
        k += 1
    number = number_at(words, k) if k < len(words) and words.sentence[k] == words.sentence[i] else None
    if number is None:
        return None
    low = high = number[0]
    last = number[1]
    if last < len(words) and (words.gap[last] in _RANGE_SIGNS or words.low[last] in _RANGE):
        upper = number_at(words, last + (words.low[last] in _RANGE))
        if upper is not None and upper[0] > low:
            high, last = upper
    return _Length(low, high, i, last)


def _aside(words: Words, first: int, i: int) -> bool:
    """Whether '8 bars' says something else than the length of the piece: 'every 8 bars', 'an 8-bar intro', '12-bar blues'."""
    if words.at(first - 1) in word_set("length", "not_whole") or words.at(first - 2) in word_set("length", "not_whole"):
        return True
    after = words.at(i + 1) if i + 1 < len(words) and words.clause[i + 1] == words.clause[i] else ""
    if words.gap[i] == "-" and after in word_set("length", "parts"):
        return True
    number = number_at(words, first)
    return after in ("each", "per", "blues") or (after == "form" and number is not None and number[0] <= _LONGEST_CHORUS)


def _in_seconds(words: Words, found: _Length, unit: float) -> _Length:
    """`found` in seconds, with the half of 'a minute and a half'."""
    more = 0.0
    last = found.last
    if words.low[last : last + 3] == ["and", "a", "half"]:
        more, last = unit / 2, last + 3
    return _Length(found.low * unit + more, found.high * unit + more, found.first, last, found.about)


def _merge(found: list[_Length]) -> list[_Length]:
    """Joins '2 minutes' and '30 seconds' that follow each other."""
    merged: list[_Length] = []
    for item in found:
        if merged and item.first - merged[-1].last in (0, 1) and item.low < 60 <= merged[-1].low:
            before = merged.pop()
            item = _Length(before.low + item.low, before.high + item.high, before.first, item.last, before.about)
        merged.append(item)
    return merged


def _take_bars(words: Words, bars: list[_Length], reading: Reading) -> None:
    for found in bars:
        if found.low <= 0:
            raise BadRequest(
                f"A piece has 1 to {MAX_BARS} bars",
                value=words.text[max(0, words.start[found.first] - 1) : words.end[found.last - 1]],
                cause="the number of bars is not positive",
                cure="ask for a number of bars such as 16 or 32",
            )
        if found.high > MAX_BARS:
            raise BadRequest(
                f"A piece has 1 to {MAX_BARS} bars",
                value=words.written(found.first, found.last),
                cause="more bars than one piece can hold",
                cure="ask for fewer bars, or for several pieces",
            )
        reading.use(found.first, found.last)
    if not bars:
        return
    main = bars[0]
    said = words.written(main.first, main.last)
    low, high = max(1, round(main.low)), max(1, round(main.high))
    if low != high:
        reading.values["bars_range"] = Attribute[tuple[int, int]](value=(low, high), words=said)
    reading.values["bars"] = Attribute[int](
        value=_good_length(low, high) if low != high else high, words=said, confidence=0.9 if main.about else 1.0
    )
    others = sorted({round(b.high) for b in bars[1:]} - {high})
    if others:
        reading.notice(
            "bars", f"The request names several lengths in bars; {said} was taken, not {', '.join(map(str, others))}."
        )


def _good_length(low: int, high: int) -> int:
    """The length in a range that makes whole phrases: the largest multiple of 8, else of 4, else of 2, else the top."""
    for unit in (16, 8, 4, 2):
        top = high // unit * unit
        if top >= low and top > 0:
            return top
    return high


def _take_seconds(words: Words, seconds: list[_Length], reading: Reading) -> None:
    if not seconds:
        return
    main = seconds[0]
    said = words.written(main.first, main.last)
    if main.low < 0 or main.high <= 0:
        raise BadRequest("A piece lasts longer than no time", value=said, cure="ask for a length such as 90 seconds")
    if main.high > MAX_SECONDS:
        raise BadRequest(
            "A piece lasts up to an hour",
            value=said,
            cause="longer than one piece can be",
            cure="ask for a shorter piece, or for several",
        )
    if main.low != main.high:
        reading.values["duration_range"] = Attribute[tuple[float, float]](value=(main.low, main.high), words=said)
    reading.values["duration"] = Attribute[float](
        value=(main.low + main.high) / 2, words=said, confidence=0.9 if main.about else 1.0
    )
    for found in seconds:
        reading.use(found.first, found.last)


def _take_vague(words: Words, reading: Reading) -> None:
    """'a short piece', 'a long track': a length is inferred where none is stated."""
    if reading.values:
        return
    for i, word in enumerate(words.low):
        near = words.low[i : i + 4]
        alone = words.clause_bounds(i) == (i, i + 1)
        if word in _VAGUE and not words.masked[i] and (alone or any(w in word_set("length", "pieces") for w in near)):
            reading.values["bars"] = Attribute[int](
                value=_VAGUE[word], words=words.raw[i], origin=Origin.INFERRED, confidence=0.5
            )
            reading.use(i, i + 1)
            return
