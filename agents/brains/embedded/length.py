"""How long: bars ('13 ~ 16 bars', 'about 15 bars'), seconds and minutes ('2:30', 'a minute and a half')."""

import re
from collections.abc import Sequence

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_BARS

_BARS = frozenset("bar bars measure measures".split())
_SECONDS = frozenset("second seconds sec secs s".split())
_MINUTES = frozenset("minute minutes min mins".split())
_RANGE = frozenset("to and or through til till until".split())
_RANGE_SIGNS = frozenset(("-", "–", "—", "~", "‑", "to", "－", "〜"))
_UPTO = frozenset(("under", "below", "maximum", "max", "most", "exceeding", "exceed", "within"))
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])")
_NOT_WHOLE = frozenset("every each first last final per next after than".split())
MAX_SECONDS = 3600.0


def read_length(words: Words, sections: Sequence[tuple[int, int]] = ()) -> Reading:
    """Bars, a range of bars, seconds or a range of seconds; `sections` are words that tell the lengths of sections.

    Raises:
        BadRequest: no bars at all, more than `MAX_BARS`, or no time at all, or more than an hour.
    """
    reading = Reading()
    bars: list[tuple[float, float, int, int, bool]] = []  # low, high, first, last, about
    seconds: list[tuple[float, float, int, int, bool]] = []
    inside = {i for first, last in sections for i in range(first, last)}
    for i, word in enumerate(words.low):
        if words.masked[i] or i in inside:
            continue
        if word in _BARS:
            span = _numbers_before(words, i)
            if span and not _aside(words, span[2], i):
                bars.append((span[0], span[1], span[2], i + 1, span[3]))
            elif span is None:
                labelled = _labelled(words, i)
                if labelled is not None:
                    bars.append(labelled)
        elif word in _SECONDS or word in _MINUTES:
            span = _numbers_before(words, i)
            if span and (len(word) > 1 or words.start[i] == words.end[i - 1]):
                unit = 60.0 if word in _MINUTES else 1.0
                low, high, last = span[0] * unit, span[1] * unit, i + 1
                low, high, last = _and_more(words, low, high, last, unit)
                seconds.append((low, high, span[2], last, span[3]))
        elif len(word) > 1 and word[0].isdigit() and word[-1] == "s" and word[:-1].isdigit() and len(word) <= 4:
            if words.at(i - 1) in ("for", "about", "around", "of", "roughly") and int(word[:-1]) < 600 and word[-2] != "0":
                seconds.append((float(word[:-1]), float(word[:-1]), i, i + 1, False))
            elif word in ("30s", "60s", "45s", "90s") and words.at(i + 1) in ("long", "loop", "cue", "clip", "jingle"):
                seconds.append((float(word[:-1]), float(word[:-1]), i, i + 1, False))
    seconds = _merge(seconds)
    for match in _CLOCK.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        if not words.masked[first] and words.at(last) not in ("am", "pm", "a.m"):
            total = int(match[1]) * 60.0 + int(match[2])
            seconds.append((total, total, first, last, False))
    _take_bars(words, bars, reading)
    _take_seconds(words, seconds, reading)
    _take_vague(words, reading)
    return reading


def _numbers_before(words: Words, i: int) -> tuple[float, float, int, bool] | None:
    """(low, high, first word, whether 'about') of the number or range that ends before word `i`."""
    if i == 0 or words.sentence[i - 1] != words.sentence[i]:
        return None
    if words.low[i] in _MINUTES and words.at(i - 1) == "half":
        return 0.5, 0.5, i - 1, False
    if words.low[i] in _MINUTES and words.at(i - 1) == "a" and words.at(i - 2) == "half":
        return 0.5, 0.5, i - 2, False
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
    about = words.at(first - 1) in ("about", "around", "approximately", "roughly", "circa", "some", "nearly", "almost", "approx", "ca")
    if about:
        first -= 1
    return low, high, first, about


def _labelled(words: Words, i: int) -> tuple[float, float, int, int, bool] | None:
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
    return low, high, i, last, False


def _aside(words: Words, first: int, i: int) -> bool:
    """Whether '8 bars' says something else than the length of the piece: 'every 8 bars', 'an 8-bar intro', 'bar 4'."""
    if words.at(first - 1) in _NOT_WHOLE or words.at(first - 2) in _NOT_WHOLE:
        return True
    after = words.at(i + 1) if i + 1 < len(words) and words.clause[i + 1] == words.clause[i] else ""
    if words.gap[i] == "-" and after in (
            "intro", "introduction", "outro", "verse", "verses", "chorus", "choruses", "bridge", "solo", "phrase", "phrases",
            "section", "sections", "coda", "break", "fill", "ending", "interlude", "pre", "buildup", "drop", "breakdown", "form",
            "pattern", "motif", "riff", "sentence", "sentences", "period", "turnaround", "tag", "head"):
        return True
    return after == "each" or (after == "per") or (after in ("form", "blues") and words.gap[i] == "-")


def _and_more(words: Words, low: float, high: float, last: int, unit: float) -> tuple[float, float, int]:
    """Adds 'and a half', 'and 30 seconds' to what stands before word `last`."""
    if words.at(last) == "and" and words.at(last + 1) == "a" and words.at(last + 2) == "half":
        return low + unit / 2, high + unit / 2, last + 3
    return low, high, last


def _merge(found: list[tuple[float, float, int, int, bool]]) -> list[tuple[float, float, int, int, bool]]:
    """Joins '2 minutes' and '30 seconds' that follow each other."""
    merged: list[tuple[float, float, int, int, bool]] = []
    for item in found:
        if merged and item[2] - merged[-1][3] in (0, 1) and item[0] < 60 <= merged[-1][0] and item[2] >= merged[-1][3]:
            before = merged.pop()
            merged.append((before[0] + item[0], before[1] + item[1], before[2], item[3], before[4]))
        else:
            merged.append(item)
    return merged


def _take_bars(words: Words, bars: list[tuple[float, float, int, int, bool]], reading: Reading) -> None:
    for low, high, first, last, _ in bars:
        if high <= 0 or low < 0:
            raise BadRequest(f"A piece has 1 to {MAX_BARS} bars", value=words.text[max(0, words.start[first] - 1) : words.end[last - 1]],
                             cause="the number of bars is not positive", cure="ask for a number of bars such as 16 or 32")
        if high > MAX_BARS:
            raise BadRequest(f"A piece has 1 to {MAX_BARS} bars", value=words.written(first, last),
                             cause="more bars than one piece can hold", cure="ask for fewer bars, or for several pieces")
    if not bars:
        return
    low, high, first, last, about = bars[0]
    said = words.written(first, last)
    if low != high:
        reading.values["bars_range"] = Attribute[tuple[int, int]](value=(round(low), round(high)), words=said)
        reading.values["bars"] = Attribute[int](value=_good_length(round(low), round(high)), words=said)
    else:
        reading.values["bars"] = Attribute[int](value=max(1, round(high)), words=said, confidence=0.9 if about else 1.0)
    for _, _, a, b, _ in bars:
        reading.use(a, b)
    others = sorted({round(b[1]) for b in bars[1:]} - {round(high)})
    if others:
        reading.notice("bars", f"The request names several lengths in bars; {said} was taken, not {', '.join(map(str, others))}.")


def _good_length(low: int, high: int) -> int:
    """The length in a range that makes whole phrases: the largest multiple of 8, else of 4, else of 2, else the top."""
    for unit in (16, 8, 4, 2):
        top = high // unit * unit
        if top >= low and top > 0:
            return top
    return high


def _take_seconds(words: Words, seconds: list[tuple[float, float, int, int, bool]], reading: Reading) -> None:
    if not seconds:
        return
    low, high, first, last, about = seconds[0]
    said = words.written(first, last)
    if high <= 0:
        raise BadRequest("A piece lasts longer than no time", value=said, cure="ask for a length such as 90 seconds")
    if high > MAX_SECONDS:
        raise BadRequest("A piece lasts up to an hour", value=said, cause="longer than one piece can be",
                         cure="ask for a shorter piece, or for several")
    upto = words.at(first - 1) in _UPTO
    if low != high:
        reading.values["duration_range"] = Attribute[tuple[float, float]](value=(low, high), words=said)
    reading.values["duration"] = Attribute[float](
        value=(low + high) / 2 if not upto else high, words=said, confidence=0.9 if about else 1.0)
    for _, _, a, b, _ in seconds:
        reading.use(a, b)


def _take_vague(words: Words, reading: Reading) -> None:
    """'a short piece', 'a long track': a length is inferred where none is stated."""
    if reading.values:
        return
    kinds = {"short": 16, "brief": 16, "tiny": 8, "miniature": 12, "jingle": 8, "long": 64, "lengthy": 64, "extended": 64}
    nouns = frozenset("piece song track tune composition loop intro theme melody jingle waltz ballad study etude prelude cue".split())
    for i, word in enumerate(words.low):
        if word in kinds and not words.masked[i] and any(w in nouns for w in words.low[i : i + 4]):
            reading.values["bars"] = Attribute[int](value=kinds[word], words=words.raw[i], origin=Origin.INFERRED, confidence=0.5)
            reading.use(i, i + 1)
            return
