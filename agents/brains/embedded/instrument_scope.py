"""What a mention of an instrument is for: to play, ruled out, an example only, compared with, an alternative.

Mentions that a sentence lists together ('no drums, bass or synths') share their fate. The wordings that rule out, and
those that close an ensemble, stand in `lexicons/exclusions.toml`.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from ripieno.agents.brains.embedded.instrument_names import Mention
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.instruments import instruments

_JOINS = frozenset(("and", "or", "nor", "plus", "well", "along", "together"))
_LIST_GAPS = frozenset(("", ",", "/", "&", "+", "-"))
_QUOTES = " '’‘\"“”"
_ARTICLES = frozenset(("a", "an", "the", "some", "its", "their"))
_BACK, _AHEAD = 10, 14  # words heard before and after a list


@dataclass(slots=True)
class Group:
    """Mentions listed together, with what the list is for.

    Attributes:
        fate: 'wanted', 'excluded', 'example' (of an illustration) or 'simile' (compared with).
        others: names that were offered as alternatives to a member, and lost.
        closing: whether nobody else may play.
        section: the section that the list is limited to; `enters`: the one that it comes in with; `rests`: the one that it
            is silent in.
        spans: words beside the names that were used, as (first, last exclusive).
    """

    members: list[Mention]
    fate: str = "wanted"
    others: list[Mention] = field(default_factory=list)
    closing: bool = False
    section: str = ""
    enters: str = ""
    rests: str = ""
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """First word of the list."""
        return self.members[0].begin

    @property
    def last(self) -> int:
        """The word after the list."""
        return self.members[-1].last


@dataclass(frozen=True)
class _Patterns:
    before: re.Pattern[str]
    after: re.Pattern[str]
    taken_out: re.Pattern[str]
    away: re.Pattern[str]
    simile: re.Pattern[str]
    image: re.Pattern[str]
    topic: re.Pattern[str]
    only: re.Pattern[str]
    other_than: re.Pattern[str]
    alone: re.Pattern[str]
    nobody: re.Pattern[str]
    first_only: frozenset[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    data = lexicon("exclusions")

    def one_of(name: str) -> str:
        return "|".join(data[name])

    between = rf"(?: (?:{one_of('between')}|(?!only)\w+ly))*$"
    return _Patterns(
        before=re.compile(rf"(?:^| )(?:{one_of('before')}){between}"),
        after=re.compile(rf"^(?:\w+ly )?(?:{one_of('after')})"),
        taken_out=re.compile(rf"(?:^| )(?:{one_of('takes')})(?: (?:the|any|all|those|these|my|our))*$"),
        away=re.compile(rf"^(?:{one_of('away')})\b"),
        simile=re.compile(rf"(?:^| )(?:{one_of('simile')})(?: (?:a|an|the|some|that|those|of))*$"),
        image=re.compile(rf"\b(?:{one_of('image')})\b"),
        topic=re.compile(rf"(?:^| )(?:{one_of('topic')})(?: (?:a|an|the|my|his|her|two|some))*$"),
        only=re.compile(rf"(?:^| )(?:{one_of('only')})(?: (?:a|an|the|for|on|by|with|of|one|two|my))*$"),
        other_than=re.compile(rf"(?:^| )(?:{one_of('other_than')})(?: (?:a|an|the|for|on|by|one|two))*$"),
        alone=re.compile(rf"^(?:{one_of('alone')})$"),
        nobody=re.compile(one_of("nobody_else")),
        first_only=frozenset(data["first_only"]),
    )


@lru_cache(maxsize=1)
def _links() -> frozenset[str]:
    return frozenset(lexicon("exclusions")["links"])


@lru_cache(maxsize=1)
def _clause_verbs() -> frozenset[str]:
    """Words that make what stands before them the subject of a clause."""
    verbs = {v for phrases in lexicon("roles")["verbs"].values() for v in phrases if v.isalpha() and not v.endswith("ing")}
    return frozenset(verbs | set(lexicon("exclusions")["clause_verbs"]))


def group_mentions(words: Words, mentions: list[Mention]) -> list[Group]:
    """Puts mentions that are listed together into groups, in order."""
    groups: list[Group] = []
    for mention in mentions:
        if groups and not _complete(words, groups[-1], mention) and _listed(words, groups[-1].members[-1], mention):
            groups[-1].members.append(mention)
        else:
            groups.append(Group([mention]))
    return groups


def _complete(words: Words, group: Group, other: Mention) -> bool:
    """Whether a conjunction has already led in the last name of the list: 'neither drums nor bass, the harp ...'."""
    if len(group.members) < 2:
        return False
    one, last = group.members[-2:]
    return bool(_JOINS & set(words.low[one.last : last.begin])) and not _JOINS & set(words.low[last.last : other.begin])


def _listed(words: Words, one: Mention, other: Mention) -> bool:
    if words.sentence[one.first] != words.sentence[other.first]:
        return False
    between = words.low[one.last : other.begin]
    gaps = [gap.strip(_QUOTES) for gap in words.gap[one.last : other.begin + 1]]
    if any(gap not in _LIST_GAPS for gap in gaps) or any(word not in _links() for word in between):
        return False
    if "with" in between and not {"along", "together"} & set(between):
        return False
    parallel = bool(_JOINS & set(between)) and words.at(one.begin - 1) == "the"
    if "," in gaps and "the" in between and words.at(other.last) in _clause_verbs() and not parallel:
        return False  # 'the horn, the strings accompany': a clause of its own
    return bool(_JOINS & set(between)) or any(gap in (",", "/", "+") for gap in gaps)


def judge(words: Words, groups: list[Group]) -> list[Group]:
    """Decides each group's fate. A list that is ruled out only in part is split."""
    judged: list[Group] = []
    for number, group in enumerate(groups):
        floor = groups[number - 1].last if number else 0
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        judged.extend(_judge_one(words, group, floor, ceiling))
    return judged


def _lead_in(words: Words, group: Group, floor: int) -> str:
    first = group.begin
    start = max(floor, first - _BACK)
    while words.sentence[start] != words.sentence[first]:
        start += 1
    return " ".join(words.low[start:first])


def _judge_one(words: Words, group: Group, floor: int, ceiling: int) -> list[Group]:
    patterns = _patterns()
    lead_in = _lead_in(words, group, floor)
    whole = _lead_in(words, group, 0)
    end = stop = group.last
    while stop < min(ceiling, end + _AHEAD) and words.sentence[stop] == words.sentence[group.begin]:
        stop += 1
    tail = " ".join(words.low[end:stop])
    if patterns.other_than.search(whole):
        group.closing = not _limited(whole)
        return [group]
    found = patterns.before.search(lead_in)
    if found and words.at(end) in lexicon("exclusions")["events"] and words.joined(end):
        group.fate = "example"  # 'no guitar solos' denies the solos
        return [group]
    if found:
        group.spans.append((group.begin - len(found[0].split()), group.begin))
        return _split_excluded(words, group, len(found[0].split()))
    if end < len(words) and words.gap[end] == "?" and words.low[end] in lexicon("exclusions")["no"]:
        group.fate = "excluded"
        return [group]
    denied = patterns.after.match(tail)
    if denied and not (tail.startswith(("free", "less")) and words.gap[end] not in ("-", "‑", "‐")):
        group.fate = "excluded"
        group.spans.append((end, end + len(denied[0].split())))
        return [group]
    if patterns.taken_out.search(lead_in) and patterns.away.match(tail):
        group.fate = "excluded"
        return [group]
    if patterns.topic.search(lead_in) or _is_example(words, group.begin):
        group.fate = "example"
    elif patterns.simile.search(lead_in) or (_is_effect(group) and patterns.image.search(lead_in)):
        group.fate = "simile"
    group.members, group.others = _first_choice(words, group.members)
    clause_end = next((k for k in range(end, stop) if words.clause[k] != words.clause[end - 1]), stop)
    group.closing = bool(patterns.only.search(lead_in)) or bool(patterns.alone.match(" ".join(words.low[end:clause_end])))
    return [group]


def _is_effect(group: Group) -> bool:
    row = instruments().get(group.members[0].instrument)
    return row is not None and row.family == "effects"


def _first_choice(words: Words, members: list[Mention]) -> tuple[list[Mention], list[Mention]]:
    """'cello or viola' leaves the cello, 'oboe, cello or viola' the oboe; 'harp and cello or viola' harp and cello."""
    joins = [set(words.low[a.last : b.begin]) for a, b in pairwise(members)]
    if not any("or" in join for join in joins):
        return members, []
    if not any({"and", "plus"} & join for join in joins):
        return members[:1], members[1:]
    kept = [m for m, join in zip(members, [set(), *joins], strict=True) if "or" not in join]
    return kept, [m for m in members if m not in kept]


def _limited(whole: str) -> bool:
    """Whether 'no X other than' speaks of one family only ('no percussion except a shaker')."""
    return not any(word in whole for word in ("instrument", "nothing", "nobody", "none"))


def _split_excluded(words: Words, group: Group, length: int) -> list[Group]:
    """'calm, no drums, piano and cello' rules out the drums only; 'there are no drums, pianos and cellos' all three.

    `length` is the number of words that rule out: one alone, in the midst of a row of wishes, reaches to the next comma.
    """
    group.fate = "excluded"
    members = group.members
    joins = [words.low[a.last : b.begin] for a, b in pairwise(members)]
    denial = group.begin - length
    among_wishes = words.clause[denial] != words.clause[denial - 1] and words.sentence[denial] == words.sentence[denial - 1]
    single = words.low[denial] in _patterns().first_only
    if not single or any({"or", "nor"} & set(j) for j in joins):
        return [group]
    alone = not any(_JOINS & set(j) for j in joins)  # 'no vocals, guitars up front'
    cuts = [
        i + 1 for i, j in enumerate(joins)
        if ("and" not in j and length == 1 and (alone or (denial > 0 and among_wishes))) or ("and" in j and _ARTICLES & set(j))
    ]  # fmt: skip
    if not cuts:
        return [group]
    rest = Group(members[cuts[0] :])
    group.members = members[: cuts[0]]
    return [group, rest]


def _is_example(words: Words, first: int) -> bool:
    """Whether the sentence only illustrates: 'Whether it is the beat of the drums or ...', 'From the ... each ...'."""
    sentence = words.sentence[first]
    start = end = first
    while start > 0 and words.sentence[start - 1] == sentence:
        start -= 1
    while end < len(words) and words.sentence[end] == sentence:
        end += 1
    low = words.low[start:end]
    if "whether" in low:
        return True
    return low[0] == "from" and "to" in low and bool({"each", "every", "all"} & set(low))


def nobody_else(words: Words) -> bool:
    """Whether the request says that nobody else plays ('no other instruments')."""
    return bool(_patterns().nobody.search(" ".join(words.low)))
