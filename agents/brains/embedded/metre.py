"""The metre: '7/8', 'common time', 'in three', 'seven-eight', 'an unusual time signature'."""

import re
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin
from ripieno.score.errors import BadRequest

_FRACTION = re.compile(r"(?<![\w/.#+-])(\d{1,4})\s?/\s?(\d{1,4})(?![\w/])")
_DENOMINATORS = (1, 2, 4, 8, 16, 32)
_UNUSUAL_METRE = "7/8"  # what is taken where an unusual metre is asked for without saying which


class MetreReader:
    """Finds the metre."""

    def __init__(self) -> None:
        data = lexicon("metres")
        self._stated: PhraseTable[str] = PhraseTable(data["stated"].items())

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._stated,)

    def read(self, words: Words) -> Reading:
        """The metre with its origin; a notice where several are named.

        Raises:
            BadRequest: a time signature that cannot be, such as 13/0.
        """
        reading = Reading()
        found: list[tuple[str, int, int, Origin, float]] = []
        for match in _FRACTION.finditer(words.text):
            first, last = words.covering(match.start(), match.end())
            if words.masked[first]:
                continue
            top, bottom = int(match[1]), int(match[2])
            context = _in_context(words, first, last)
            if words.at(last) in word_set("metre", "not_metre") or (top == 1 and not context):
                continue
            if bottom == 0 or top == 0 or ((bottom not in _DENOMINATORS or top > 32) and context):
                raise BadRequest(
                    "A metre has 1 to 32 pulses of 1, 2, 4, 8, 16 or 32",
                    value=match[0],
                    cause="the lower number is the kind of note that is counted, the upper one how many make a bar",
                    cure="write it like 3/4, 6/8 or 7/8",
                )
            if bottom not in _DENOMINATORS or top > 32:
                continue
            found.append((f"{top}/{bottom}", first, last, Origin.STATED, 1.0 if context else 0.95))
        for hit in self._stated.find(words):
            ends = hit.last >= len(words) or words.clause[hit.last] != words.clause[hit.first]
            if words.low[hit.first] == "in" and not ends and words.at(hit.last) not in word_set("metre", "after_count"):
                continue  # 'in three movements', 'in 3/8'
            if words.gap[hit.last : hit.last + 1] == ["/"]:
                continue
            found.append((hit.value, hit.first, hit.last, Origin.STATED, 0.9))
        found += [(_UNUSUAL_METRE, a, b, Origin.INFERRED, 0.5) for a, b in _unusual(words)]
        live = [f for f in found if not hypothetical(words, f[1]) and (f[3] is Origin.INFERRED or not negated(words, f[1], 4))]
        for _, first, last, _, _ in found:
            end = last + 1 if words.at(last) in ("time", "metre", "meter") else last
            reading.use(first, end)
        live.sort(key=lambda f: (f[3] is Origin.INFERRED, f[1]))
        if live:
            value, first, last, origin, sure = live[0]
            end = last + 1 if words.at(last) in ("time", "metre", "meter") and words.joined(last) else last
            reading.values["metre"] = Attribute[str](
                value=value, origin=origin, words=words.written(first, end), confidence=sure
            )
            others = sorted({f[0] for f in live if f[3] is Origin.STATED} - {value})
            if others and origin is Origin.STATED:
                reading.notice(
                    "metre",
                    f"The request names the metres {value} and {', '.join(others)}; {value}, named first, "
                    "was taken for the whole piece.",
                )
            if origin is Origin.INFERRED:
                reading.notice("metre", f"An unusual metre was asked for without saying which; {value} was chosen.")
        return reading


def _unusual(words: Words) -> list[tuple[int, int]]:
    """Where a metre is called odd: 'odd metre', 'the time signature is not commonly used', 'out of the norm'."""
    found = []
    for i, word in enumerate(words.low):
        if words.masked[i] or not (
            word in ("metre", "meter", "metres", "meters")
            or (word in ("signature", "signatures") and words.at(i - 1) == "time")
            or (word == "time" and words.at(i - 1) in ("odd", "irregular", "asymmetric"))
        ):
            continue
        low = max(0, i - 9)
        high = min(len(words), i + 10)
        for k in range(low, high):
            if words.sentence[k] != words.sentence[i]:
                continue
            near = words.low[k]
            denied = near in word_set("metre", "usual") and any(
                w in ("not", "non", "isn't", "no", "never") for w in words.low[max(low, k - 3) : k]
            )
            beyond = near == "norm" and any(w in ("out", "from", "outside", "off") for w in words.low[max(0, k - 3) : k])
            close = abs(k - i) <= 4 or near not in ("unique", "exotic", "strange", "weird", "rare", "peculiar", "quirky")
            if (near in word_set("metre", "unusual") and close) or denied or beyond:
                found.append((min(k, i), max(k, i) + 1))
                break
    return found


def _in_context(words: Words, first: int, last: int) -> bool:
    near = words.low[max(0, first - 4) : first] + words.low[last : last + 3]
    return any(w in word_set("metre", "context") for w in near)
