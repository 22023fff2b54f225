"""Limits lists of instruments to the sections that are named with them: 'strings in the chorus', 'in the bridge, a cello'."""

from collections.abc import Sequence
from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_scope import Group
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon
from ripieno.agents.brains.embedded.words import Words

_AFTER = frozenset(("in", "during", "for", "at", "on", "throughout", "from", "into", "by", "only", "through"))
_BEFORE = frozenset(("in", "during", "for", "at", "on"))
_JOINING = frozenset(("with", "features", "adds", "has", "brings", "gets", "of"))
_ARTICLES = frozenset(("the", "a", "an", "each", "every", "its"))
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "last": 0, "final": 0}
_FAR, _NEAR = 14, 4  # words between a list and a section behind it, before it


@lru_cache(maxsize=1)
def _table() -> PhraseTable[str]:
    rows: dict[str, list[str]] = lexicon("roles")["sections"]
    return PhraseTable((phrase, name) for name, phrases in rows.items() for phrase in phrases)


def limit_to_sections(words: Words, groups: Sequence[Group]) -> None:
    """Sets `section` of each group that is named with a section, such as 'chorus' or 'verse 2'."""
    hits = _table().find(words)
    if not hits:
        return
    claimed: set[int] = set()
    for number, group in enumerate(groups):
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        for hit in hits:
            preposition = _start(words, hit)
            if (
                group.last <= preposition + 1 <= hit.first < min(ceiling, group.last + _FAR)
                and words.sentence[hit.first] == words.sentence[group.begin]
                and (words.at(preposition) in _AFTER or words.low[preposition - 1 : preposition + 1] == ["out", "of"])
            ):
                _limit(words, group, hit)
                claimed.add(hit.first)
                break
    for number, group in enumerate(groups):
        floor = groups[number - 1].last if number else 0
        for hit in hits:
            if hit.first in claimed or group.section or words.sentence[hit.first] != words.sentence[group.begin]:
                continue
            led = (
                words.at(_start(words, hit)) in _BEFORE
                or words.at(hit.last) in _JOINING
                or ":" in words.gap[hit.last : hit.last + 1]
            )
            if led and floor <= hit.first and hit.last <= group.begin <= hit.last + _NEAR:
                _limit(words, group, hit)
                claimed.add(hit.first)


def _start(words: Words, hit: Hit[str]) -> int:
    """The word before the section's article and number: its preposition, if it has one."""
    k = hit.first - 1
    while words.at(k) in _ORDINALS or words.at(k) in _ARTICLES:
        k -= 1
    return k


def _limit(words: Words, group: Group, hit: Hit[str]) -> None:
    ordinal = _ORDINALS.get(words.at(hit.first - 1), 0)
    group.section = f"{hit.value} {ordinal}" if ordinal else hit.value
    group.spans.append((max(0, _start(words, hit)), hit.last))
