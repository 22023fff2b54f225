"""What a mentioned instrument is to do: its role, whom it answers or doubles, how and how high it plays.

The words stand in `lexicons/roles.toml`. Three places are heard: the adjectives before the name ('lead guitar'), the
nouns around it ('harp arpeggios', 'melody on the flute'), and what the rest of the sentence says that it does ('the
violin answers'), as far as the next instrument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ripieno.agents.brains.embedded.instrument_names import Mention
from ripieno.agents.brains.embedded.instrument_scope import Group
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.instruments import Role, instrument

_ARTICLES = frozenset(("a", "an", "the", "some", "its", "their", "his", "her"))
_SUSTAINED = frozenset(("strings", "choir", "synth pad", "organ", "brass", "winds", "reeds"))
_REACH = 16  # words after a name in which its verb is looked for
_SIGNS = frozenset(("(", ":", "=", "–", "—"))  # between a name and its role: 'violin (lead)', 'melody: oboe'
_ONE, _OTHER = frozenset(("one", "first")), frozenset(("other", "others", "second", "rest"))
_RELATIVE = frozenset(("which", "that", "who"))
# Roles that only some instruments can have; the others are theirs by nature.
_FOR_DRUMS = frozenset((Role.LEAD, Role.RIFF))
_NOT_FOR_BASS = frozenset((Role.CHORDS, Role.PAD, Role.COUNTERMELODY, Role.ARPEGGIO, Role.ANSWER))


@dataclass(slots=True)
class Doing:
    """What one mention is to do.

    `of` is the first word of another mention, whom it answers or doubles; `event` marks a solo in the course of the piece;
    `each` are the roles of several players of one name ('two guitars: one strums, the other leads'), in order.
    """

    role: Role | None = None
    of: int | None = None
    doubles: bool = False
    register: str | None = None
    articulation: str | None = None
    event: bool = False
    each: tuple[Role, ...] = ()


@dataclass(frozen=True)
class _Lexicon:
    nouns: PhraseTable[Role]
    verbs: PhraseTable[Role]
    before: dict[str, Role]
    joiners: PhraseTable[bool]
    between: PhraseTable[str]
    registers: PhraseTable[str]
    register_words: dict[str, str]
    articulations: dict[str, str]
    in_names: dict[str, str]
    playing: frozenset[str]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    data = lexicon("roles")

    def roles(part: str) -> list[tuple[str, Role]]:
        return [(phrase, Role(role)) for role, phrases in data[part].items() for phrase in phrases]

    def named(part: str) -> list[tuple[str, str]]:
        return [(phrase, name) for name, phrases in data[part].items() for phrase in phrases]

    return _Lexicon(
        nouns=PhraseTable(roles("nouns")),
        verbs=PhraseTable(roles("verbs")),
        before=dict(roles("before")),
        joiners=PhraseTable((p, True) for p in data["joiners"]["phrases"]),
        between=PhraseTable(named("between")),
        registers=PhraseTable(named("register_phrases")),
        register_words=dict(named("registers")),
        articulations=dict(named("articulations")),
        in_names=dict(named("articulations_in_names")),
        playing=frozenset(data["playing"]["words"]),
    )


def find_doings(words: Words, groups: Sequence[Group]) -> dict[int, Doing]:
    """What each mention does, by the mention's first word."""
    doings = {m.first: Doing(role=m.role) for g in groups for m in g.members}
    for number, group in enumerate(groups):
        floor = groups[number - 1].last if number else 0
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        _shared_out(words, group, ceiling, doings)
        _from_adjectives(words, group, ceiling, doings)
        _from_nouns_before(words, group, floor, doings)
        _trading(words, group, floor, ceiling, doings)
    for one, other in pairwise(groups):
        _between(words, one, other, doings)
    for number, group in enumerate(groups):
        ceiling = groups[number + 1].begin if number + 1 < len(groups) else len(words)
        if not doings[group.members[-1].first].each:
            _from_the_rest(words, group, ceiling, doings)
    return doings


def _give(member: Mention, doing: Doing, role: Role, *, own: bool = False) -> None:
    """Sets a role where none was heard before and the instrument can have it.

    `own` marks what was said of this instrument by itself, not of a list that it is in.
    """
    if doing.role is not None or not member.instrument:
        return
    row = instrument(member.instrument)
    if row.family == "drum kit" or row.key is not None or row.family == "effects":
        return
    if row.family == "percussion" and role not in _FOR_DRUMS:
        return
    if row.family == "bass" and (role in _NOT_FOR_BASS or (role is Role.LEAD and not own)):
        return
    doing.role = role


def _shared_out(words: Words, group: Group, ceiling: int, doings: dict[int, Doing]) -> None:
    """'two guitars: one strums, the other leads': each player of a name does something of its own."""
    member = group.members[-1]
    if member.count < 2 or group.last >= len(words):
        return
    end = group.last
    while end < min(ceiling, group.last + _REACH) and words.sentence[end] == words.sentence[group.last]:
        end += 1
    said = words.low[group.last : end]
    one = next((i for i, w in enumerate(said[:4]) if w in _ONE), None)
    other = next((i for i, w in enumerate(said) if one is not None and i > one and w in _OTHER), None)
    if one is None or other is None:
        return
    lex = _lexicon()
    roles = []
    for first, last in ((one + 1, other), (other + 1, len(said))):
        hits = [h for t in (lex.verbs, lex.nouns) for h in t.find(words, group.last + first, group.last + last)]
        hits = sorted((h for h in hits if h.last <= group.last + last), key=lambda h: (h.first, -h.last))
        if not hits:
            return
        roles.append(hits[0].value)
        group.spans.append((group.last + first - 1, hits[0].last))
    doings[member.first].each = (roles[0], *([roles[1]] * (member.count - 1)))


def _from_adjectives(words: Words, group: Group, ceiling: int, doings: dict[int, Doing]) -> None:
    """'lead guitar', 'harp arpeggios', 'high strings', 'staccato bassoon'."""
    lex = _lexicon()
    ends = [*(m.begin for m in group.members[1:]), ceiling]
    for member, end in zip(group.members, ends, strict=True):
        doing = doings[member.first]
        for word in reversed(member.adjectives):
            if word in lex.before:
                _give(member, doing, lex.before[word], own=True)
        if member.last - member.first > 1:  # 'lead guitar', 'brass stabs' are names themselves
            for word in words.low[member.first : member.last]:
                if word in lex.before:
                    _give(member, doing, lex.before[word], own=True)
            closing = lex.nouns.match(words, member.last - 1)
            if closing is not None and closing.last == member.last:
                _give(member, doing, closing.value, own=True)
        if words.joined(member.last) or (member.last < len(words) and words.gap[member.last] in _SIGNS):
            noun = lex.nouns.match(words, member.last)
            if noun is not None and words.at(noun.last) not in ("the", "in", "out"):
                _give(member, doing, noun.value, own=True)
                doing.event = words.at(member.last) in ("solo", "solos")
        for word in member.adjectives:
            doing.register = doing.register or lex.register_words.get(word)
            doing.articulation = doing.articulation or lex.articulations.get(word)
        for word in words.low[member.first : member.last]:
            doing.articulation = doing.articulation or lex.in_names.get(word)
        for place in range(member.last, min(end, member.last + 6)):
            if words.clause[place] != words.clause[member.last - 1]:
                break
            if words.low[place] in lex.playing:
                doing.articulation = doing.articulation or lex.articulations[words.low[place]]
            hit = lex.registers.match(words, place)
            if hit is not None:
                doing.register = hit.value


def _handed_over(words: Words, floor: int, begin: int) -> Hit[Role] | None:
    """The role noun that is handed to the name at `begin`: 'melody on the', 'chords played by a'."""
    lex = _lexicon()
    k = begin
    while k > floor and words.low[k - 1] in _ARTICLES:
        k -= 1
    if k == begin < len(words) and words.gap[k] in _SIGNS:
        for place in range(max(floor, k - 3), k):
            noun = lex.nouns.match(words, place)
            heads = place == 0 or words.clause[place] != words.clause[place - 1]
            if noun is not None and noun.last == k and heads:
                return noun
    for start in range(max(floor, k - 5), k):
        joint = lex.joiners.match(words, start)
        if joint is None or joint.last != k or words.sentence[start] != words.sentence[k - 1]:
            continue
        for place in range(max(floor, start - 3), start):
            noun = lex.nouns.match(words, place)
            if noun is not None and noun.last == start and words.clause[place] == words.clause[start]:
                return noun
    return None


def _from_nouns_before(words: Words, group: Group, floor: int, doings: dict[int, Doing]) -> None:
    noun = _handed_over(words, floor, group.begin)
    if noun is not None:
        for member in group.members:
            _give(member, doings[member.first], noun.value, own=True)
        return
    start = max(floor, group.begin - 6)
    lead_in = " ".join(
        w for k, w in enumerate(words.low[start : group.begin], start) if words.sentence[k] == words.sentence[group.begin]
    )
    if any(phrase in lead_in for phrase in lexicon("roles")["above"]["phrases"]):
        _give(group.members[0], doings[group.members[0].first], Role.LEAD, own=True)


def _from_the_rest(words: Words, group: Group, ceiling: int, doings: dict[int, Doing]) -> None:
    """'the accordion leads', 'strings hold long chords'; stops at the next name and what is handed to it."""
    lex, end = _lexicon(), group.last
    if end >= len(words) or words.sentence[end] != words.sentence[end - 1]:
        return
    parted = words.clause[end] != words.clause[end - 1]
    if parted and words.low[end] not in _RELATIVE and not words.low[end].endswith("ing"):
        return
    stop = end
    while stop < min(ceiling, end + _REACH) and words.sentence[stop] == words.sentence[end - 1]:
        stop += 1
    if stop == ceiling < len(words):
        noun = _handed_over(words, end, stop)
        stop = noun.first if noun is not None else stop
    for hit in lex.verbs.find(words, end, stop):
        if hit.last > stop:
            break
        for member in group.members[-1:] if _of_last_only(words, group, hit) else group.members:
            doing = doings[member.first]
            doing.event = doing.event or (doing.role is None and words.low[hit.first] in ("solo", "solos"))
            _give(member, doing, hit.value, own=len(group.members) == 1)
        return


def _of_last_only(words: Words, group: Group, hit: Hit[Role]) -> bool:
    """Whether what follows a list concerns its last member: 'flute and harp arpeggios', '... and a clarinet answering'."""
    if len(group.members) < 2:
        return False
    links = words.low[group.members[-2].last : group.members[-1].begin]
    if "and" not in links and "or" not in links:
        return True  # 'tuba, clarinet on top'
    compound = _lexicon().nouns.match(words, hit.first) is not None
    if hit.first != group.last:
        return False
    participle = words.low[hit.first].endswith("ing") and words.at(group.members[-1].begin - 1) in ("a", "an", "the")
    return compound or participle


def _between(words: Words, one: Group, other: Group, doings: dict[int, Doing]) -> None:
    """What the words between two lists make of them: 'over', 'doubled by', 'answers'."""
    if words.sentence[one.begin] != words.sentence[other.begin]:
        return
    head, tail = one.members[-1], other.members[0]
    for hit in _lexicon().between.find(words, one.last, other.begin):
        if any(w not in _ARTICLES for w in words.low[hit.last : other.begin]):
            continue
        unpitched = head.instrument and instrument(head.instrument).family in ("effects", "drum kit", "percussion")
        if hit.value == "over" and unpitched:
            continue  # 'rain over a felt piano'
        if hit.value == "over":
            for member in one.members:
                _give(member, doings[member.first], Role.LEAD)
            _back(other, doings)
        elif hit.value == "under":
            _back(one, doings)
            for member in other.members:
                _give(member, doings[member.first], Role.LEAD)
        elif hit.value in ("doubles", "doubled by"):
            double, model = (head, tail) if hit.value == "doubles" else (tail, head)
            doings[double.first].doubles, doings[double.first].of = True, model.first
        else:
            reply, call = (head, tail) if hit.value == "answers" else (tail, head)
            doings[reply.first].role, doings[reply.first].of = Role.ANSWER, call.first
            _give(call, doings[call.first], Role.LEAD)


def _back(group: Group, doings: dict[int, Doing]) -> None:
    for member in group.members:
        if member.instrument:
            pad = instrument(member.instrument).family in _SUSTAINED
            _give(member, doings[member.first], Role.PAD if pad else Role.CHORDS)


def _trading(words: Words, group: Group, floor: int, ceiling: int, doings: dict[int, Doing]) -> None:
    """'the trumpet and the sax trade phrases', 'a dialogue between flute and oboe'."""
    if len(group.members) < 2:
        return
    data = lexicon("roles")["trading"]
    after = words.low[group.last : min(ceiling, group.last + 3)]
    before = words.low[max(floor, group.begin - 5) : group.begin]
    traded = bool(set(data["verbs"]) & set(after)) and words.joined(group.last)
    shared = "between" in before and bool(set(data["nouns"]) & set(before))
    following = " ".join(words.low[group.last : min(ceiling, group.last + 5)])
    if any(phrase in following for phrase in data["unison"]):
        for member in group.members[1:]:
            doings[member.first].of, doings[member.first].doubles = group.members[0].first, True
    elif traded or shared:
        first = group.members[0]
        doings[first.first].role = Role.LEAD
        for member in group.members[1:]:
            doings[member.first].role, doings[member.first].of = Role.ANSWER, first.first
