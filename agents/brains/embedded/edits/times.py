"""Places in time as people name them, taken out of a clause: sections, bars, halves, beats, seconds."""

import re
from dataclasses import dataclass
from typing import Any

from ripieno.memory.table import AttributeTable
from ripieno.score.time import Metre

_NUMBERS = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
        ]
    )
}
_NUMBERS |= {"twenty": 20, "twenty-four": 24, "thirty-two": 32, "a couple of": 2, "couple": 2, "few": 4, "a few": 4}
ORDINALS = {
    w: i + 1
    for i, w in enumerate(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"])
}
ORDINALS |= {f"{n}{s}": n for n in range(1, 65) for s in ("st", "nd", "rd", "th")} | {"last": -1, "final": -1, "repeated": -1, "returning": -1, "1st": 1}
_N = r"(?:\d+|" + "|".join(sorted((re.escape(w) for w in _NUMBERS), key=len, reverse=True)) + r")"
_ORD = r"(?:" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + r")"
_BAR = r"(?:bars?|measures?|b\.)"
_IN = r"(?:in|on|at|for|during|over|of|throughout|through|within|from|across|to|under|into)?\s*(?:all (?:of )?)?(?:the\s+)?(?:whole |entire |full |complete )?"


@dataclass(frozen=True)
class TimeFound:
    """The rest of the clause, and the fields of a scope that were named in it."""

    rest: str
    scope: dict[str, Any]


def number(word: str) -> int | None:
    """A whole number in digits or words."""
    plain = word.strip().lower()
    return int(plain) if plain.isdecimal() else _NUMBERS.get(plain)


def section_pattern(table: AttributeTable) -> str:
    """The names of the piece's sections and what else people call them, as one pattern; '' without sections."""
    names = {s.name.lower() for s in table.sections} | {s.name.lower().rstrip(" 0123456789") for s in table.sections}
    labels = {f"{s.label.lower()}(?:[- ]section| part)" for s in table.sections if s.label}
    also = set()
    for name in names:
        also |= _ALSO.get(name, set())
    if {"a", "b"} <= names and "bridge" not in names:
        also |= {"bridge", "middle eight"}
    words = sorted((w for w in names | also if len(w) > 1), key=len, reverse=True)
    letters = {f"(?:section |part ){w}" for w in names if len(w) == 1} | {
        f"{w}(?:[- ]sections?| parts?)" for w in names if len(w) == 1
    }
    lone = {rf"{w}(?=$|[\s,.]*(?:section|part))" for w in names if len(w) == 1}
    return "|".join([*(re.escape(w) for w in words), *sorted(letters | labels), *sorted(lone)])


_ALSO: dict[str, set[str]] = {
    "intro": {"introduction", "opening", "start", "beginning"}, "outro": {"ending", "coda", "end", "outtro"},
    "chorus": {"hook", "refrain"}, "bridge": {"middle eight", "middle 8", "b section"}, "prechorus": {"pre-chorus", "pre chorus"},
    "pre-chorus": {"prechorus", "pre chorus"}, "drop": {"the drop"}, "head": {"theme"}, "coda": {"ending", "outro", "end"},
}  # fmt: skip
_CANON = {other: name for name, others in _ALSO.items() for other in others}


def find_time(clause: str, table: AttributeTable) -> TimeFound:
    """Takes the places out of a clause. Places that the piece cannot have stay: they are told by whoever resolves them."""
    for pattern, make in _rules(table):
        match = re.search(pattern, clause)
        if match:
            scope = make(match, table)
            if scope is not None:
                rest = " ".join((clause[: match.start()] + " " + clause[match.end() :]).split())
                more = find_time(rest, table) if not set(scope) & {"bars", "seconds"} else TimeFound(rest, {})
                merged = {**more.scope, **scope} if not (set(more.scope) & set(scope)) else scope
                return TimeFound(more.rest if merged is not scope else rest, merged)
    return TimeFound(clause, {})


def _rules(table: AttributeTable):  # type: ignore[no-untyped-def]
    sections = section_pattern(table) or r"(?!x)x"
    half = rf"(?P<half>first|second|last|1st|2nd|opening|closing|latter) (?P<what>half|third|quarter)(?: of (?:the |each |every )?(?:(?P<nth>{_ORD}) )?(?P<sec>{sections})s?)?"
    return (
        (r"\b(?:at|in|on|from) the very (?P<v>end|start|beginning)\b", lambda m, t: {"last_bars": 1} if m["v"] == "end" else {"first_bars": 1}),
        (r"\b(?:in|during|for|of|over)?\s*the middle(?: (?:part|section|bit))?\b(?! (?:of the (?:mix|stereo)|eight|8|c\b|voice))", _middle),
        (rf"\b(?:from|between|in|on|for|over|at)?\s*{_BAR}\s*(?P<a>{_N})\s*(?:-|–|to|through|until|till|and|thru)\s*(?:{_BAR}\s*)?(?P<b>{_N})\b", _bars),
        (rf"\b(?:from|starting (?:at|from|in)|after|since)\s+{_BAR}\s*(?P<a>{_N})(?: on(?:wards?)?| to the end| until the end)?\b", _from_bar),
        (rf"\b(?:until|till|up to|before)\s+{_BAR}\s*(?P<b>{_N})\b", _until_bar),
        (rf"\b(?:in|on|at|for|of|during|from)?\s*{_BAR}\s*(?P<a>{_N})\b(?!\s*(?:bars|measures))", _bar),
        (rf"\b(?:in|on|at|of)\s+the\s+(?P<a>{_ORD})\s+(?:bar|measure)\b(?! of)", _nth_bar),
        (rf"\bevery (?:(?P<o>other)|(?P<n>{_ORD}|{_N}))\s+{_BAR}(?: (?:of|in) (?:the |each |every )?(?P<sec>{sections})s?)?", _every),
        (rf"\b{_IN}(?P<side>first|last|final|opening|closing)\s+(?P<n>{_N})?\s*{_BAR}(?: (?:of|in) (?:the |each |every )?(?:(?P<nth>{_ORD}) )?(?P<sec>{sections})s?)?\b", _edge),
        (rf"\b{_IN}{half}", _half),
        (rf"\b(?:from )?(?:the )?(?:(?P<n1>{_ORD}) )?(?P<s1>{sections})\s+(?:to|until|till|through)\s+the\s+(?P<s2>end)\b", _from_section),
        (rf"\bfrom (?:the )?(?:(?P<n1>{_ORD}) )?(?P<s1>{sections}) on(?:wards?)?\b", _from_section),
        (rf"\b(?:everywhere |all )?(?:except|but|apart from|besides) (?:in |for |from )?the (?P<sec>{sections})s?\b(?! section)", _except),
        (rf"\bwhen (?:the )?(?P<again>[a-h]|{sections})(?: section)? (?:comes (?:back|again|around again)|returns|repeats)\b", _return),
        (rf"\b{_IN}(?P<sec>{sections})s?(?:,| and| &) (?:the )?(?P<sec2>{sections})s?\b(?! section)", _both),
        (rf"\b{_IN}(?P<nth>{_ORD})\s+(?P<sec>{sections})\b", _section),
        (rf"\b(?:in|on|at|for|during|throughout|over|of|through|within|into|across)\s+(?:the|each|every|all(?: the)?|both|its)?\s*(?:whole |entire |full )?(?P<sec>{sections})(?P<pl>e?s)?(?:\s*(?P<num>\d)\b(?!\s*(?:times|x\b|bars)))?\b(?:\s+sections?)?", _section),
        (r"\b(?:from|between|at|around)\s+(?P<m1>\d{1,2}):(?P<s1>\d\d)(?:\s*(?:-|–|to|and|until)\s*(?P<m2>\d{1,2}):(?P<s2>\d\d)| on(?:wards?)?| to the end)?", _clock),
        (r"\b(?:from|between)\s+(?P<a>\d+)\s*(?:s|sec|seconds)?\s*(?:-|–|to|and|until)\s*(?P<b>\d+)\s*(?:s|secs?|seconds)\b", _seconds),
        (rf"\b(?:on|at|of)\s+(?:the\s+)?(?:beats?\s+)?(?P<o1>{_ORD}|\d)(?:\s*(?:and|&|,)\s*(?P<o2>{_ORD}|\d))?\s+beats?\b(?: of (?:every|each|the|all) (?:bar|measure)s?)?", _beats),
        (rf"\b(?:the\s+)?(?P<o1>{_ORD})\s+beats?\s+(?:of|in) (?:every|each|the|all) (?:bar|measure)s?\b", _beats),
        (r"\b(?:on\s+|at\s+)?(?:every\s+|the\s+)?beats?\s+(?P<o1>\d)(?:\s*(?:and|&|,)\s*(?P<o2>\d))?\b(?: of (?:every|each|the|all) (?:bar|measure)s?)?", _beats),
        (r"\bon (?P<o1>\d) (?:and|&) (?P<o2>\d)\b", _beats),
        (r"\bon (?:every |the )?(?:down ?beats?|the one)\b", lambda m, t: {"beats": (1,)}),
        (r"\bon (?:the )?back ?beats?\b", lambda m, t: {"beats": (2, 4)}),
        (rf"\b(?:the|that|this)\s+(?P<sec>{sections})(?P<pl>s)?(?:\s*(?P<num>\d)\b(?!\s*(?:times|x\b|bars)))?\b(?! (?:track|part|line))", _section),
        (
            rf"(?<!\ba)(?<!\ban)(?<!\bnew)(?<!bar)(?<!another)(?<!\bmore)(?<!\bless)(?<!\bto)\s(?P<sec>{sections})(?P<pl>s)?$",
            lambda m, t: None if re.search(r"\b(?:add|write|insert|compose|create|rename|called)\b", m.string) else _section(m, t),
        ),
        (r"\b(?:at|towards?|near) the (?P<e>end|start|beginning)\b|\b(?:for|into) the (?P<f>ending)\b", _near),
        (r"(?<!\bto )(?<!\btil )(?<!until )\bthe (?:very )?(?P<e>end|ending|start|beginning|opening)\b(?! of)", _near),
        (rf"^(?P<sec>{sections})(?P<pl>s)?(?:\s*(?P<num>\d)\b(?!\s*(?:times|x\b|bars)))?\b(?=:| )", _section),
    )  # fmt: skip


def _bars(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    a, b = number(m["a"]), number(m["b"])
    return None if a is None or b is None else {"bars": (min(a, b) - 1, max(a, b))}


def _from_bar(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    a = number(m["a"])
    if a is None:
        return None
    first = a if m[0].startswith("after") else a - 1
    return {"bars": (first, max(first + 1, table.bars))}


def _until_bar(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    b = number(m["b"])
    inclusive = not m[0].startswith("before")
    return None if b is None else {"bars": (0, b if inclusive else max(1, b - 1))}


def _bar(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    a = number(m["a"])
    return None if a is None else {"bars": (a - 1, a)}


def _nth_bar(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    a = ORDINALS[m["a"]]
    return {"bars": (a - 1, a)} if a > 0 else {"last_bars": 1}


def _every(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    n = 2 if m["o"] else (ORDINALS.get(m["n"]) or number(m["n"]))
    if not n or n < 1:
        return None
    scope: dict[str, Any] = {"every": n, "offset": n - 1}
    return scope | _named(m["sec"], None, table)


def _edge(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    n = number(m["n"]) if m["n"] else 1
    if not n:
        return None
    scope = {"first_bars" if m["side"] in ("first", "opening") else "last_bars": n}
    return scope | _named(m["sec"], m["nth"], table)


def _half(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    size = {"half": 2, "third": 3, "quarter": 4}[m["what"]]
    place = {"first": 0, "1st": 0, "opening": 0, "second": 1, "2nd": 1}.get(m["half"], size - 1)
    return {"part": (place / size, (place + 1) / size)} | _named(m["sec"], m["nth"], table)


def _from_section(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    rows = [s for s in table.sections if names_section(s.name, m["s1"])]
    if not rows:
        return None
    nth = ORDINALS.get(m["n1"] or "first", 1)
    row = rows[min(nth, len(rows)) - 1 if nth > 0 else -1]
    return {"bars": (row.first_bar - 1, table.bars)}


def _except(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    names = tuple(dict.fromkeys(s.name for s in table.sections if not names_section(s.name, m["sec"])))
    return {"sections": names} if names else None


def _section(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    groups = m.groupdict()
    nth = groups.get("nth") or (
        groups.get("num") and f"{groups['num']}th".replace("1th", "1st").replace("2th", "2nd").replace("3th", "3rd")
    )
    return _named(m["sec"], nth, table) or None


def _middle(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    inner = [s for s in table.sections[1:-1] if s.label not in (table.sections[0].label, table.sections[-1].label)]
    contrast = next((s for s in inner if s.name.lower() in ("b", "bridge", "middle", "trio")), None)
    return {"sections": (contrast.name,)} if contrast else {"part": (1 / 3, 2 / 3)}


def _return(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    return _named(m["again"], "last", table) or None


def _both(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    one, two = _named(m["sec"], None, table), _named(m["sec2"], None, table)
    return {"sections": tuple(dict.fromkeys((*one["sections"], *two["sections"])))} if one and two else None


def _named(said: str | None, nth: str | None, table: AttributeTable) -> dict[str, Any]:
    if not said:
        return {}
    label = re.match(r"^(?:section |part )?(\w)(?:[- ]sections?| parts?)?$", said)
    if label and any(s.label.lower() == label[1] for s in table.sections):
        scope: dict[str, Any] = {"sections": (label[1].upper(),)}
    else:
        names = tuple(dict.fromkeys(s.name for s in table.sections if names_section(s.name, said)))
        if not names:
            return {}
        bases = tuple(dict.fromkeys(n.rstrip(" 0123456789") or n for n in names))
        exact = tuple(n for n in names if n.lower() == said)
        scope = {"sections": exact or bases}
    if nth and nth in ORDINALS:
        scope["nth"] = ORDINALS[nth]
    return scope


def names_section(name: str, said: str) -> bool:
    """Whether a section of this name is what people call so."""
    plain = name.lower()
    if said in ("bridge", "middle eight", "middle 8") and plain == "b":
        return True  # the bridge of AABA
    base = plain.rstrip(" 0123456789")
    return said in (plain, base) or said in _ALSO.get(base, set()) or _CANON.get(said) == base


# What happens at a moment; anything else that is said "at 0:45" goes on from there.
_MOMENT = re.compile(r"\b(?:accents?|hits?|crash(?:es)?|stabs?|fills?|swells?|crescendo|cymbals?|stops?|breaks?|pauses?|notes?|chords?|what|which|who|happen\w*)\b")


def _clock(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    a = 60 * int(m["m1"]) + int(m["s1"])
    b = 60 * int(m["m2"]) + int(m["s2"]) if m["m2"] else table.seconds
    if not m["m2"] and m[0].startswith(("at", "around")) and _MOMENT.search(m.string):
        b = a + 1.0
    return {"seconds": (float(a), float(max(b, a + 0.5)))}


def _seconds(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    return {"seconds": (float(m["a"]), float(m["b"]))}


def _beats(m: re.Match[str], table: AttributeTable) -> dict[str, Any] | None:
    def beat(word: str | None) -> int | None:
        if not word:
            return None
        if word.isdecimal():
            return int(word)
        nth = ORDINALS[word]
        above, _, below = table.metres[0].metre.partition("/")
        return nth if nth > 0 else len(Metre(int(above), int(below)).grouping)

    found = tuple(b for b in (beat(m["o1"]), beat(m.groupdict().get("o2"))) if b)
    return {"beats": found} if found else None


def _near(m: re.Match[str], table: AttributeTable) -> dict[str, Any]:
    bars = max(1, min(4, table.bars // 4))
    return {"first_bars": bars} if m["e"] in ("start", "beginning", "opening") else {"last_bars": bars}
