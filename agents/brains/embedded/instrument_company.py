"""Whether a request names everybody who plays: 'for flute and harp', 'solo cello', 'a duet between bass and drums'."""

from collections.abc import Collection, Sequence

from ripieno.agents.brains.embedded.instrument_names import Mention
from ripieno.agents.brains.embedded.instrument_scope import Group
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.words import Words

_ARTICLES = ("a", "an", "the")
# Words that keep what stands before 'for' from being a work ('use soft colours for the harp').
_NO_WORK = frozenset(
    ("with", "of", "in", "on", "the", "use", "and", "or", "to", "add", "write", "make", "is", "are", "except", "save")
)
_PLACING = frozenset(("in", "after", "before", "over", "at", "during", "between", "on"))


def names_all_players(words: Words, groups: Sequence[Group], instruments: Collection[str]) -> bool:
    """Whether the wording of a list says that it is complete. `instruments` are all that were asked for."""
    wanted = [g for g in groups if g.fate == "wanted" and not g.section]
    return any(
        (len(instruments) == 1 and _alone(words, group))
        or _listed_in_full(words, group)
        or _whole_work(words, group)
        or _sized(words, group)
        for group in wanted
    )


def _before(words: Words, group: Group) -> int:
    """The word before a list and its article."""
    k = group.begin - 1
    while words.at(k) in _ARTICLES:
        k -= 1
    return k


def _alone(words: Words, group: Group) -> bool:
    """'solo cello', 'an unaccompanied violin'; not 'featuring a solo cello', 'a guitar solo in the bridge'."""
    data, member = lexicon("roles")["ensembles"], group.members[-1]
    alone = bool(set(data["alone"]) & set(member.adjectives)) or words.at(member.last) == "solo"
    return alone and words.at(_before(words, group)) not in data["featuring"] and not _is_event(words, member)


def _is_event(words: Words, member: Mention) -> bool:
    """Whether 'a guitar solo' happens in the course of a piece."""
    placed = words.at(member.begin - 1) in _ARTICLES or words.at(member.last + 1) in _PLACING
    return words.at(member.last) == "solo" and placed


def _listed_in_full(words: Words, group: Group) -> bool:
    """'Instrumentation: oboe, harp', 'the instruments are ...'."""
    k, listing = _before(words, group), lexicon("roles")["ensembles"]["listing"]
    return words.at(k) in listing or (words.at(k) in ("is", "are") and words.at(k - 1) in listing)


def _whole_work(words: Words, group: Group) -> bool:
    """'a slow air for fiddle and whistle', '..., for harpsichord.'"""
    k = _before(words, group)
    if words.at(k) != "for":
        return False
    if k == 0 or words.at(k - 1) in lexicon("roles")["works"]["words"]:
        return True
    ends = group.last >= len(words) or words.clause[group.last] != words.clause[group.last - 1]
    if words.clause[k] != words.clause[k - 1] and ends:
        return True
    if words.at(k - 1) in lexicon("roles")["ensembles"]["within"]:
        return False
    for i in range(k - 1, max(-1, k - 6), -1):
        if words.clause[i] != words.clause[k] or words.low[i] in _NO_WORK:
            return False
        if words.low[i] in ("a", "an", "another", "my", "our") or (i == 0 and k > 1):
            return True
    return False


def _sized(words: Words, group: Group) -> bool:
    """'a trio of piano, bass and drums', 'kora and balafon duet'."""
    sizes: dict[str, int] = lexicon("roles")["ensembles"]["sizes"]
    near = words.low[max(0, group.begin - 5) : group.begin] + words.low[group.last : group.last + 1]
    size = next((sizes[w] for w in near if w in sizes), 0)
    return size > 0 and len(group.members) >= max(2, size - 1)
