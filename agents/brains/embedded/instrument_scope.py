"""What a mention of an instrument is for: to be played, ruled out, an example only, an alternative, one section only.

Mentions that a sentence lists together ('no drums, bass or synths') share their fate. The wordings that rule out stand
in `lexicons/exclusions.toml`.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_names import Mention
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.words import Words

_LINKS = frozenset(
    ["and", "or", "nor", "plus", "as", "well", "along", "together", "with", "also", "any", "the", "a", "an", "some", "either", "of", "both"]
)
_JOINS = frozenset(["and", "or", "nor", "plus"])
_LIST_GAPS = frozenset(("", ",", "/", "&", "+", "-"))
_ARTICLES = frozenset(("a", "an", "the", "some", "any", "its", "their", "either", "both"))


@dataclass(slots=True)
class Group:
    """Mentions listed together, with what the list is for.

    Attributes:
        fate: 'wanted', 'excluded', 'example' (illustration), 'simile' (compared with).
        choice: whether the members are alternatives.
        section: the section that the group is limited to.
    """

    members: list[Mention]
    fate: str = "wanted"
    choice: bool = False
    closing: bool = False
    section: str = ""
    absent_from: str = ""
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """First word of the list."""
        return self.members[0].begin

    @property
    def last(self) -> int:
        """The word after the list."""
        return self.members[-1].last


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = lexicon("exclusions")
    between = "|".join(data["between"])
    before = rf"(?:^| )(?:{'|'.join(data['before'])})(?: (?:{between}|(?!only)\w+ly))*$"
    after = rf"^(?:(?:notably|conspicuously|intentionally|deliberately|completely|entirely) )?(?:{'|'.join(data['after'])})"
    return re.compile(before), re.compile(after)


def group_mentions(words: Words, mentions: list[Mention]) -> list[Group]:
    """Puts mentions that are listed together into groups, in order."""
    groups: list[Group] = []
    for mention in mentions:
        if groups and _listed(words, groups[-1].members[-1], mention):
            groups[-1].members.append(mention)
        else:
            groups.append(Group([mention]))
    return groups


def _listed(words: Words, one: Mention, other: Mention) -> bool:
    if words.sentence[one.first] != words.sentence[other.first]:
        return False
    between = words.low[one.last : other.begin]
    gaps = words.gap[one.last : other.begin + 1]
    if any(gap not in _LIST_GAPS for gap in gaps) or any(word not in _LINKS for word in between):
        return False
    phrase = " ".join(between)
    if "with" in between and not any(p in phrase for p in ("along with", "together with")):
        return False
    return (
        bool(_JOINS & set(between))
        or "," in gaps
        or "/" in gaps
        or "+" in gaps
        or "as well as" in phrase
        or "with" in between
    )


def judge(words: Words, groups: list[Group]) -> list[Group]:
    """Decides each group's fate. A list that is ruled out only in part is split."""
    judged: list[Group] = []
    for number, group in enumerate(groups):
        floor = groups[number - 1].last if number else 0
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        judged.extend(_judge_one(words, group, floor, ceiling))
    _nothing_but(words, judged)
    return judged


def _judge_one(words: Words, group: Group, floor: int, ceiling: int) -> list[Group]:
    before, after = _patterns()
    first = group.begin
    start = max(floor, first - 10)
    while words.sentence[start] != words.sentence[first]:
        start += 1
    lead_in = " ".join(words.low[start:first])
    found = before.search(lead_in)
    if found and not _CLOSERS.search(lead_in):
        group.spans.append((first - len(lead_in[found.start() :].split()), first))
        return _split_excluded(words, group, found[0].split()[0])
    end = group.last
    stop = end
    while stop < min(ceiling, end + 14) and words.sentence[stop] == words.sentence[first]:
        stop += 1
    tail = " ".join(words.low[end:stop])
    denied = after.match(tail)
    if denied and not (tail.startswith(("free", "less")) and words.gap[end] not in ("-", "‑", "‐")):
        group.fate = "excluded"
        group.spans.append((end, end + len(denied[0].split())))
        return [group]
    if _is_example(words, first):
        group.fate = "example"
    elif _is_simile(lead_in):
        group.fate = "simile"
    group.choice = any(
        "or" in words.low[a.last : b.begin] for a, b in zip(group.members, group.members[1:], strict=False)
    )
    return [group]


def _split_excluded(words: Words, group: Group, word: str) -> list[Group]:
    """'no drums, piano and cello' rules out the drums only; 'no drums, bass or piano' all three."""
    group.fate = "excluded"
    members = group.members
    if len(members) == 1:
        return [group]
    joins = [words.low[a.last : b.begin] for a, b in zip(members, members[1:], strict=False)]
    closed_by_or = any("or" in j or "nor" in j for j in joins)
    cut = len(members)
    if (
        word in ("no", "not", "minus", "sans", "never", "instead", "rather", "replace", "replacing", "swap")
        and not closed_by_or
    ):
        commas = [i for i, j in enumerate(joins) if "and" not in j]
        if commas:
            cut = commas[0] + 1
    for i, j in enumerate(joins):
        if word in ("no", "instead") and "and" in j and _ARTICLES & set(j) and not closed_by_or:
            cut = min(cut, i + 1)
    if cut == len(members):
        return [group]
    rest = Group(members[cut:])
    group.members = members[:cut]
    return [group, rest]


def _is_example(words: Words, first: int) -> bool:
    """Whether the sentence only illustrates: 'Whether it is the beat of the drums or ...', 'From the ... each ...'."""
    sentence = words.sentence[first]
    low = [w for w, s in zip(words.low, words.sentence, strict=True) if s == sentence]
    if "whether" in low:
        return True
    return low[:1] == ["from"] and "to" in low and bool({"each", "every", "all"} & set(low))


_SIMILE = re.compile(
    r"(?:^| )(?:(?<!instruments )(?<!instrument )(?<!elements )(?<!would )(?<!i'd )(?<!sounds )like|reminiscent of|resembl\w+|imitat\w+|mimic\w*|similar to"
    r"|sounds? like)(?: (?:a|an|the|some|that|those|of))*$"
)


def _is_simile(lead_in: str) -> bool:
    return bool(_SIMILE.search(lead_in))


_CLOSERS = re.compile(
    r"(?:nothing but|nothing other than|none but|no (?:\w+ ){0,3}(?:other than|except(?: for)?|but|besides)|only|just|exclusively|solely)(?: (?:a|an|the|for|on|by|with|of|one|two))*$"
)
_CLOSED_AFTER = re.compile(
    r"^(?:only|alone|exclusively|and nothing else|and nobody else|nothing else|solely|by itself|by themselves|unaccompanied|no other instruments?|as the (?:sole|only) instruments?)\b"
)


def _nothing_but(words: Words, groups: list[Group]) -> None:
    for group in groups:
        first, last = group.begin, group.last
        start = max(0, first - 8)
        while words.sentence[start] != words.sentence[first]:
            start += 1
        lead_in = " ".join(words.low[start:first])
        stop = last
        while stop < min(len(words), last + 6) and words.sentence[stop] == words.sentence[first]:
            stop += 1
        if _CLOSERS.search(lead_in):
            group.closing = group.fate == "wanted"
        elif group.fate == "wanted" and _CLOSED_AFTER.match(" ".join(words.low[last:stop])):
            group.closing = True
