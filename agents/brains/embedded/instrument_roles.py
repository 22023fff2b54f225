"""What a mentioned instrument is to do: its role, whom it answers or doubles, how and how high it plays.

The words stand in `lexicons/roles.toml`. Three places are heard: the adjectives before the name ('lead guitar'), the
nouns around it ('harp arpeggios', 'melody on the flute'), and what the rest of the sentence says it does ('the violin
answers'), as far as the next instrument.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_names import Mention
from ripieno.agents.brains.embedded.instrument_scope import Group
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.instruments import Role, instrument

_ARTICLES = frozenset(
    (
        "a",
        "an",
        "the",
        "some",
        "its",
        "their",
        "his",
        "her",
        "solo",
        "single",
        "soft",
        "warm",
        "quiet",
        "gentle",
    )
)
_SUSTAINED = frozenset(("strings", "choir", "synth pad", "organ", "brass", "winds", "reeds"))
_RHYTHMIC = frozenset(("drum kit", "percussion", "effects"))
_PREPOSITIONS = frozenset(["in", "during", "for", "at", "on", "throughout", "from", "only", "into", "with", "by", "through"])
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "last": -1, "final": -1}


@dataclass(slots=True)
class Doing:
    """What one mention is to do. `of` is the index of another mention."""

    role: Role | None = None
    of: int | None = None
    doubles: bool = False
    register: str | None = None
    articulation: str | None = None


@dataclass(frozen=True)
class _Lexicon:
    nouns: PhraseTable[Role]
    verbs: PhraseTable[Role]
    before: dict[str, Role]
    joiners: PhraseTable[bool]
    under: PhraseTable[str]
    sections: PhraseTable[str]
    registers: PhraseTable[str]
    articulations: PhraseTable[str]
    register_words: dict[str, str]


@lru_cache(maxsize=1)
def _roles() -> _Lexicon:
    data = lexicon("roles")

    def table(part: str) -> list[tuple[str, Role]]:
        return [(phrase, Role(role)) for role, phrases in data[part].items() for phrase in phrases]

    between = [(p, kind) for kind in ("under", "above", "doubling") for p in data[kind]["phrases"]]
    between += [(p, "trading") for p in data["trading"]["phrases"]] + [
        (p, "answers") for p in data["trading"]["answers"]
    ]
    return _Lexicon(
        nouns=PhraseTable(table("nouns")),
        verbs=PhraseTable(table("verbs")),
        before=dict(table("before")),
        joiners=PhraseTable((p, True) for p in (*data["joiners"]["phrases"], *data["joiners"]["words"])),
        under=PhraseTable(between),
        sections=PhraseTable((p, name) for name, phrases in data["sections"].items() for p in phrases),
        registers=PhraseTable(
            (p, name) for name, phrases in data["register_phrases"].items() for p in phrases
        ),
        articulations=PhraseTable(
            (p, name) for name, phrases in data["articulations"].items() for p in phrases
        ),
        register_words={p: name for name, phrases in data["registers"].items() for p in phrases},
    )


def find_doings(words: Words, groups: list[Group]) -> dict[int, Doing]:
    """What each mention does, by `id` of the mention's first word."""
    doings: dict[int, Doing] = {m.first: Doing() for g in groups for m in g.members}
    for number, group in enumerate(groups):
        floor = groups[number - 1].last if number else 0
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        _before(words, group, floor, doings)
        _after(words, group, ceiling, doings)
        for member in group.members:
            _manner(words, member, doings[member.first])
        if number + 1 < len(groups):
            _between(words, group, groups[number + 1], doings)
        _trading(words, group, floor, ceiling, doings)
    return doings


def _give(member: Mention, doing: Doing, role: Role) -> None:
    """Sets a role where none was heard before and the instrument can have it."""
    if doing.role is not None or not member.instrument:
        return
    row = instrument(member.instrument)
    if row.family in _RHYTHMIC and role not in (
        Role.LEAD,
        Role.DRUMS,
        Role.PERCUSSION,
        Role.RIFF,
        Role.ANSWER,
    ):
        return
    if row.family == "drum kit" or (row.key is not None):
        return
    if row.family == "bass" and role in (Role.CHORDS, Role.PAD, Role.COUNTERMELODY, Role.ARPEGGIO):
        return
    doing.role = role


def _before(words: Words, group: Group, floor: int, doings: dict[int, Doing]) -> None:
    lex = _roles()
    for member in group.members:
        for word in reversed(member.adjectives):
            role = lex.before.get(word)
            if role is not None:
                _give(member, doings[member.first], role)
        if member.last < len(words) and words.joined(member.last):
            noun = lex.nouns.match(words, member.last)
            if noun is not None:
                _give(member, doings[member.first], noun.value)
    k = group.begin
    while k > floor and words.low[k - 1] in _ARTICLES:
        k -= 1
    for start in range(max(floor, k - 4), k):
        joint = lex.joiners.match(words, start)
        if joint is None or joint.last != k:
            continue
        for place in range(start - 1, max(floor, start - 5) - 1, -1):
            noun = lex.nouns.match(words, place)
            if noun is not None and noun.last <= start and words.sentence[place] == words.sentence[start]:
                for member in group.members:
                    _give(member, doings[member.first], noun.value)
                return


def _after(words: Words, group: Group, ceiling: int, doings: dict[int, Doing]) -> None:
    lex = _roles()
    end = group.last
    stop = end
    while stop < min(ceiling, end + 16) and words.sentence[stop] == words.sentence[group.begin]:
        stop += 1
    if stop == ceiling:  # a role that is handed to the next name is not this one's
        stop = _without_handover(words, end, stop)
    hits = lex.verbs.find(words, end, stop)
    if hits:
        for member in group.members:
            _give(member, doings[member.first], hits[0].value)


def _without_handover(words: Words, first: int, last: int) -> int:
    lex = _roles()
    k = last
    while k > first and words.low[k - 1] in _ARTICLES:
        k -= 1
    for start in range(max(first, k - 4), k):
        joint = lex.joiners.match(words, start)
        if joint is not None and joint.last == k:
            for place in range(start - 1, max(first, start - 4) - 1, -1):
                noun = lex.nouns.match(words, place)
                if noun is not None and noun.last <= start:
                    while place > first and words.low[place - 1] not in (
                        "and",
                        "with",
                        "a",
                        "an",
                        "the",
                        "while",
                    ):
                        place -= 1
                    before = words.at(place - 1)
                    return place - 1 if before in ("and", "with", "a", "an", "the", "while") else last
    return last


def _manner(words: Words, member: Mention, doing: Doing) -> None:
    lex = _roles()
    for word in member.adjectives:
        doing.register = doing.register or lex.register_words.get(word)
        doing.articulation = doing.articulation or lex.articulations.get(word)
    own = [lex.articulations.get(w) for w in words.low[member.first : member.last]]
    doing.articulation = doing.articulation or next(
        (a for a in own if a in ("pizzicato", "tremolo", "muted")), None
    )
    for place in range(member.last, min(len(words), member.last + 5)):
        if words.clause[place] != words.clause[member.first]:
            break
        hit = lex.registers.match(words, place)
        if hit is not None:
            doing.register = hit.value
            break


def _between(words: Words, one: Group, other: Group, doings: dict[int, Doing]) -> None:
    if words.sentence[one.begin] != words.sentence[other.begin]:
        return
    for hit in _roles().under.find(words, one.last, other.begin):
        close = all(w in _ARTICLES for w in words.low[hit.last : other.begin])
        if not close:
            continue
        head, tail = one.members[-1], other.members[0]
        if hit.value == "under":
            _give(head, doings[head.first], Role.LEAD)
            _back(other.members, doings)
        elif hit.value == "above":
            _back(one.members, doings)
            _give(tail, doings[tail.first], Role.LEAD)
        elif hit.value == "doubling":
            passive = words.low[hit.last - 1] in ("by", "with") and words.low[hit.first] in (
                "doubled",
                "shadowed",
                "is",
            )
            double, model = (tail, head) if passive else (head, tail)
            doings[double.first].doubles, doings[double.first].of = True, model.first
        elif hit.value == "answers":
            passive = words.low[hit.last - 1] == "by"
            reply, call = (tail, head) if passive else (head, tail)
            doings[reply.first].role, doings[reply.first].of = Role.ANSWER, call.first
            _give(call, doings[call.first], Role.LEAD)


def _back(members: Iterable[Mention], doings: dict[int, Doing]) -> None:
    for member in members:
        if member.instrument:
            pad = instrument(member.instrument).family in _SUSTAINED
            _give(member, doings[member.first], Role.PAD if pad else Role.CHORDS)


def _trading(words: Words, group: Group, floor: int, ceiling: int, doings: dict[int, Doing]) -> None:
    if len(group.members) < 2:
        return
    after = _roles().under.find(words, group.last, min(ceiling, group.last + 5))
    before = _roles().under.find(words, max(floor, group.begin - 5), group.begin)
    near = [h for h in after if words.sentence[h.first] == words.sentence[group.begin]]
    near += [h for h in before if "between" in words.low[h.last : group.begin]]
    if not any(h.value == "trading" for h in near):
        return
    first = group.members[0]
    doings[first.first].role = Role.LEAD
    for member in group.members[1:]:
        doings[member.first].role, doings[member.first].of = Role.ANSWER, first.first


def find_sections(words: Words, groups: list[Group]) -> None:
    """Limits groups to the section that their sentence names with them ('strings in the chorus')."""
    table = _roles().sections
    hits = table.find(words)
    for number, group in enumerate(groups):
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        floor = groups[number - 1].last if number else 0
        sentence = words.sentence[group.begin]
        for hit in hits:
            if words.sentence[hit.first] != sentence:
                continue
            k = hit.first - 1
            ordinal = _ORDINALS.get(words.at(k))
            if ordinal is not None:
                k -= 1
            if words.at(k) in ("the", "a", "an", "each", "every"):
                k -= 1
            preposition = words.at(k)
            behind = group.last <= hit.first < min(ceiling, group.last + 14) and preposition in _PREPOSITIONS
            opening = (
                floor <= hit.first and hit.last <= group.begin and group.begin - hit.last <= 6
                and (preposition in ("in", "during", "for", "at", "on") or words.at(hit.last) in ("with", "features", "adds", "has", "brings"))
            )  # fmt: skip
            if behind or opening:
                group.section = f"{hit.value} {ordinal}" if ordinal and ordinal > 0 else hit.value
                group.spans.append((k if preposition in _PREPOSITIONS else hit.first, hit.last))
                break
