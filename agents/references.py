"""Finds in a request the words that point at an earlier piece of the person's, and those that say what is to be different.

"something like the waltz from last week, but darker": a reference (a waltz, last week) and a comparative (darker); what is left
is read by the brain. Only words that can mean nothing else are taken for a reference: a time ("from last week"), an owner ("my
last piece"), or the name of a piece that is there. "Like Satie" is none.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ripieno.agents.dates import WHEN

_LEAD = (
    r"\b(?:like|similar to|in the (?:style|vein|manner|spirit|mood) of|based on|along the lines of|modelled on|reminiscent of"
    r"|a (?:sequel|companion|follow-up|counterpart|sister piece) to|inspired by|à la|another)\s+"
)
# Words before these that say nothing by themselves: "make me something a lot like ..."
_FILLER = re.compile(
    r"(?:^|\s)(?:something|anything|an?|new|piece|song|tune|track|one|another|music|it|make|me|us|compose|write|sounds?|sounding"
    r"|much|just|lot|rather|more|exactly|very|quite|should|be|that|please)$",
    re.IGNORECASE,
)
_MADE = (
    r"(?:(?:that|which)\s+)?(?:we|i|you)(?:'ve| have| had)?\s+(?:just\s+)?(?:made|wrote|written|did|done|composed|created|had)"
)
_KIND = r"(?P<kind>(?:[\w'’♭♯#/-]+\s+){0,6}?[\w'’♭♯#/-]+)"
_OWNER = r"(?:the|that|my|our|your)"
_LAST = r"(?:very\s+)?(?P<last>last|latest|previous|most recent|newest|first)"
_END = r"(?=$|\s*[,.;:!?()]|\s+(?:but|only|except|just|with|without|though|and|in|at|for|as|this)\b)"
_FORMS = tuple(
    re.compile(_LEAD + form, re.IGNORECASE)
    for form in (
        rf"{_OWNER}\s+{_KIND}\s+(?:(?:from|of|on|{_MADE}(?:\s+(?:on|in))?)\s+)?(?P<when>{WHEN})\b",
        rf"(?P<when>yesterday|today|last (?:week|month|night|weekend|year)|this (?:morning|week))['’]s\s+{_KIND}{_END}",
        rf"what\s+{_MADE}(?:\s+(?P<when>{WHEN}))?\b",
        rf"{_OWNER}\s+{_LAST}\s+{_KIND}{_END}",
        rf"{_OWNER}\s+{_KIND}\s+(?:{_MADE}(?:\s+(?:before|earlier|together))?|from before)\b",
        rf"(?:my|our|your)\s+(?:own\s+|old\s+)?{_KIND}{_END}",
    )
)
_MORE = re.compile(r"\s+(?:in|with|for|at|without|and)\s[^,.;:!?()]*?(?=$|\s*[,.;:!?()]|\s+(?:but|only|except|just|though)\b)")
_PLAIN = re.compile(r"^(?:piece|song|tune|track|one|thing|music|composition|work|stuff|two|version)s?$", re.IGNORECASE)
_NEVER = re.compile(r"^(?:favou?rite|head|mind|heart|childhood|life|mother|father|dreams?|soul|band|taste)\b", re.IGNORECASE)
_TAIL = re.compile(r"^[\s,;:.-]*(?:but|only|just|except|though)\b[\s,]*", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """What is to be different: the words, and what they do, as in `data/comparatives.toml` at their degree."""

    words: str
    effects: dict[str, float] = field(default_factory=dict)
    mode: str | None = None


@dataclass(frozen=True)
class Reference:
    """Words that point at an earlier piece.

    Attributes:
        words: the stretch of the request.
        kind: what sort of piece it is called ('sad waltz'); '' where that is not said.
        when: the time in words; '' where none is said.
        order: 'last' or 'first', where pieces are counted.
        name: the name of a piece that is there.
        rest: the request without these words and without the changes.
        changes: what is to be different.
        tail: words after these that may belong to them: "my waltz with the flute" may be a waltz that has a flute, or is to get
            one. `longer` is the reference with them.
    """

    words: str
    rest: str
    kind: str = ""
    when: str = ""
    order: str = ""
    name: str = ""
    changes: tuple[Change, ...] = ()
    tail: str = ""
    longer: "Reference | None" = None


def may_refer(text: str) -> bool:
    """Whether it is worth looking for references: the words that lead up to one are there."""
    return re.search(_LEAD, text, re.IGNORECASE) is not None


def find_reference(text: str, names: Sequence[str]) -> Reference | None:
    """The reference in a request, if there is one; `names` are those of the pieces that are there."""
    named = _named(text, names)
    if named is not None:
        return named
    for form in _FORMS:
        match = form.search(text)
        if match is None:
            continue
        groups = match.groupdict()
        kind, when = (groups.get("kind") or "").strip(), groups.get("when") or ""
        if _NEVER.match(kind):
            continue
        kind = " ".join(w for w in kind.split() if not _PLAIN.match(w))
        order = "first" if (groups.get("last") or "").lower() == "first" else "last" if groups.get("last") else ""
        first = _lead_end(match)
        rest, changes = _split(text[: match.start()], text[match.end() :])
        found = Reference(text[first : match.end()].strip(), rest, kind, when.strip(), order, changes=changes)
        tail = _MORE.match(text, match.end()) if kind and not when else None
        if tail is None:
            return found
        rest, changes = _split(text[: match.start()], text[tail.end() :])
        longer = replace(
            found, words=text[first : tail.end()].strip(), kind=f"{kind} {tail[0].strip()}", rest=rest, changes=changes
        )
        return replace(found, tail=tail[0].strip(), longer=longer)
    return None


def _lead_end(match: re.Match[str]) -> int:
    lead = re.match(_LEAD, match[0], re.IGNORECASE)
    return match.start() + (lead.end() if lead else 0)


def _named(text: str, names: Sequence[str]) -> Reference | None:
    """A reference by name: the longest name that follows the words for likeness, or stands in quotation marks after them."""
    for lead in re.finditer(_LEAD, text, re.IGNORECASE):
        after = text[lead.end() :]
        for name in sorted({n for n in names if len(n) > 2}, key=lambda n: (-len(n), n)):
            words = r"[\s-]+".join(re.escape(w) for w in re.split(r"[\s-]+", name))
            match = re.match(rf"(?:(?:my|our|the|that)\s+)?[\"“'‘]?{words}[\"”'’]?{_END}", after, re.IGNORECASE)
            if match is not None:
                rest, changes = _split(text[: lead.start()], after[match.end() :])
                return Reference(match[0].strip(" \"“”'‘’"), rest, name=name, changes=changes)
    return None


def _split(before: str, after: str) -> tuple[str, tuple[Change, ...]]:
    """What is left of a request around a reference, and the changes in it."""
    before = before.strip()
    while filler := _FILLER.search(before[-20:]):
        before = before[: len(before) - len(before[-20:]) + filler.start()].rstrip()
    rest = f"{before} {_TAIL.sub('', after).strip()}".strip(" ,;:-")
    changes: list[Change] = []
    pattern, rows, degrees = _comparatives()

    def take(match: re.Match[str]) -> str:
        row, share = rows[match["what"].lower()], degrees.get((match["degree"] or "").strip().lower(), 1.0)
        effects = {}
        for name, value in row.items():
            if isinstance(value, float | int):
                effects[name] = value**share if name in ("tempo", "bars") else value * share
        changes.append(Change(match["what"], effects, row.get("mode")))
        return ""

    rest = pattern.sub(take, rest)
    rest = re.sub(r"\b(?:but|and|only|just|make it|a bit|overall)\s*(?=$|[,.;]|\b(?:but|and)\b)", "", rest, flags=re.IGNORECASE)
    return re.sub(r"\s*([,.;])(?:\s*[,.;])+|\s+", lambda m: m[1] + " " if m[1] else " ", rest).strip(" ,;:-"), tuple(changes)


@lru_cache(maxsize=1)
def _comparatives() -> tuple[re.Pattern[str], dict[str, dict[str, Any]], dict[str, float]]:
    data = tomllib.loads((files("ripieno.agents") / "data" / "comparatives.toml").read_text(encoding="utf-8"))
    rows = {word: row for row in data["rows"] for word in row["words"]}
    what = "|".join(re.escape(w) for w in sorted(rows, key=len, reverse=True))
    degree = "|".join(re.escape(w) for w in sorted(data["degrees"], key=len, reverse=True))
    pattern = re.compile(rf"(?:\b(?:and|make it)\s+)?(?:\b(?P<degree>{degree})\s+)?\b(?P<what>{what})\b", re.IGNORECASE)
    return pattern, rows, data["degrees"]
