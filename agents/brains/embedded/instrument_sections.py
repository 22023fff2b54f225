"""Where in the form lists of instruments play, enter or rest: 'strings in the chorus', 'no drums until the second verse'."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_scope import Group
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon
from ripieno.agents.brains.embedded.words import Words

_LATER = frozenset(("until", "till", "before"))  # 'no drums until the chorus'
_AFTER = frozenset(("in", "during", "for", "at", "on", "throughout", "from", "into", "by", "only", "through")) | _LATER
_BEFORE = frozenset(("in", "during", "for", "at", "on"))
_JOINING = frozenset(("with", "features", "adds", "has", "brings", "gets"))
_ARTICLES = frozenset(("the", "a", "an", "each", "every", "its"))
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "last": 0, "final": 0}
_LINKS = _ARTICLES | {"and", "or", "in"} | frozenset(_ORDINALS)  # between sections named together
_FAR, _NEAR = 14, 4  # words between a list and a section behind it, before it


@lru_cache(maxsize=1)
def _table() -> PhraseTable[str]:
    rows: dict[str, list[str]] = lexicon("roles")["sections"]
    return PhraseTable((phrase, name) for name, phrases in rows.items() for phrase in phrases)


def place_in_form(words: Words, groups: Sequence[Group]) -> None:
    """Sets `section`, `enters` and `rests` of each list that is named with a section, such as 'chorus' or 'verse 2'."""
    hits = _table().find(words)
    starts = [hit.first for hit in hits]
    claimed: set[int] = set()
    for number, group in enumerate(groups if hits else ()):
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        near = hits[bisect_left(starts, group.last) : bisect_left(starts, group.last + _FAR)]
        behind = next((hit for hit in near if _stands_behind(words, group, hit, ceiling)), None)
        if behind is not None:
            row = _row(words, near[near.index(behind) :])
            _place(words, group, row)
            claimed |= {hit.first for hit in row}
    for number, group in enumerate(groups if hits else ()):
        floor = groups[number - 1].last if number else 0
        for hit in hits[bisect_left(starts, floor) : bisect_left(starts, group.begin)]:
            placed = group.section or group.enters or group.rests
            if not placed and hit.first not in claimed and _stands_before(words, group, hit, floor):
                _place(words, group, [hit])
                claimed.add(hit.first)


def _stands_behind(words: Words, group: Group, hit: Hit[str], ceiling: int) -> bool:
    """'strings in the chorus', 'keep the choir out of the verses'."""
    place = _start(words, hit)
    named = words.at(place) in _AFTER or words.low[place - 1 : place + 1] == ["out", "of"]
    near = group.last <= place + 1 <= hit.first < min(ceiling, group.last + _FAR)
    return near and named and words.sentence[hit.first] == words.sentence[group.begin]


def _stands_before(words: Words, group: Group, hit: Hit[str], floor: int) -> bool:
    """'in the bridge, a cello', 'the chorus adds brass', 'intro: harp'."""
    led = (
        words.at(_start(words, hit)) in _BEFORE
        or words.at(hit.last) in _JOINING
        or any(":" in gap for gap in words.gap[hit.last : hit.last + 1])
    )
    near = floor <= hit.first and hit.last <= group.begin <= hit.last + _NEAR
    return led and near and words.sentence[hit.first] == words.sentence[group.begin]


def _row(words: Words, hits: Sequence[Hit[str]]) -> list[Hit[str]]:
    """The sections named together with the first: 'in the chorus and the bridge'."""
    row = [hits[0]]
    for hit in hits[1:]:
        between = words.low[row[-1].last : hit.first]
        if len(between) > 4 or not set(between) <= _LINKS:
            break
        row.append(hit)
    return row


def _start(words: Words, hit: Hit[str]) -> int:
    """The word before the section's article and number: its preposition, if it has one."""
    k = hit.first - 1
    while words.at(k) in _ORDINALS or words.at(k) in _ARTICLES:
        k -= 1
    return k


def _place(words: Words, group: Group, row: Sequence[Hit[str]]) -> None:
    hit = row[0]
    start = _start(words, hit)
    name = ", ".join(_name(words, h) for h in row)
    if words.at(start) in _LATER:
        if group.fate == "wanted":
            return  # 'strings until the chorus': when a part ends cannot be said
        group.fate, group.enters = "wanted", name
    elif group.fate == "excluded":
        group.fate, group.rests = "wanted", name
    elif words.at(start) == "from" or _enters(words, group, start):
        group.enters = name
    else:
        group.section = name
    group.spans.append((max(0, start), row[-1].last))


def _enters(words: Words, group: Group, start: int) -> bool:
    """Whether the words after the list say that it comes in there, to stay."""
    verbs = frozenset(lexicon("roles")["entering"]["verbs"])
    return bool(verbs & set(words.low[group.last : start if start > group.last else group.last + 2]))


def _name(words: Words, hit: Hit[str]) -> str:
    ordinal = _ORDINALS.get(words.at(hit.first - 1), 0)
    return f"{hit.value} {ordinal}" if ordinal else hit.value
