"""Finds the words of a request that name instruments, players, families of instruments and ensembles.

All names stand in one phrase table: those of the instrument table, and the reader's own in `lexicons/instruments.toml`
and `lexicons/ensembles.toml`. What a mention is wanted for (played, ruled out, only compared with) is decided elsewhere.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, singular
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.instruments import Role, instruments

FUNCTION_WORDS = frozenset(
    ["a", "an", "the", "and", "or", "nor", "but", "with", "without", "of", "in", "on", "by", "for", "from", "to", "at", "as", "is", "are", "be", "was", "were", "been", "being", "will", "would", "should", "shall", "must", "can", "could", "may", "might", "do", "does", "did", "has", "have", "having", "had", "that", "which", "who", "this", "these", "those", "its", "it", "their", "his", "her", "our", "your", "my", "i", "we", "you", "they", "he", "she", "use", "uses", "used", "using", "utilize", "utilizes", "utilise", "add", "adds", "adding", "added", "feature", "features", "featuring", "featured", "include", "includes", "including", "included", "incorporate", "incorporates", "incorporating", "play", "plays", "played", "playing", "than", "then", "so", "if", "when", "while", "where", "there", "over", "under", "above", "below", "into", "onto", "through", "via", "plus", "not", "no", "any", "some", "all", "every", "each", "only", "just", "instead", "like", "such", "give", "gives", "want", "wants", "need", "needs", "make", "makes", "write", "compose", "create", "let", "put", "sounds", "sound", "between", "among", "against", "along", "together", "alongside", "provide", "provides", "providing", "bring", "brings", "has", "having", "contain", "contains", "containing", "consisting", "behind", "beneath", "during", "until", "before", "after", "around", "about", "sing", "sings", "perform", "performs", "performed", "hear", "involve", "involves", "employ", "employs"]
)

_ROLE_WORDS = frozenset(
    ["lead", "leads", "pad", "pads", "stab", "stabs", "arp", "arps", "pluck", "plucks", "bassline", "basslines", "pulse", "hook"]
)


@dataclass(frozen=True, slots=True)
class Player:
    """A member of a named ensemble."""

    instrument: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Name:
    """What a phrase stands for.

    Attributes:
        instrument: id in the table; '' for an ensemble, or where the phrase names no instrument at all.
        excludes: ids and family names that are out when the phrase is excluded.
        weak: whether it means an instrument only in company.
        plain: whether it is a general word ('guitar', 'strings') that a style may make more precise.
        players: the members, for an ensemble.
        open_ensemble: whether others may join the ensemble unasked.
    """

    instrument: str
    excludes: tuple[str, ...] = ()
    weak: bool = False
    plain: bool = False
    players: tuple[Player, ...] = ()
    open_ensemble: bool = False


@dataclass(slots=True)
class Mention:
    """One place where an instrument or ensemble is named.

    Attributes:
        name: what the phrase stands for; `instrument` is the id after adjectives were heard ('muted' trumpet).
        first, last: the words of the name (last exclusive); `begin`: the first adjective before it.
        adjectives: words before the name, nearest last.
        count: how many were asked for, 0 if nothing was said.
        nearest: whether the words are unknown or misspelt and this is the closest.
        unknown: the words as understood, for the notice.
    """

    name: Name
    instrument: str
    first: int
    last: int
    begin: int
    adjectives: tuple[str, ...] = ()
    count: int = 0
    nearest: bool = False
    unknown: str = ""
    spans: list[tuple[int, int]] = field(default_factory=list)


@lru_cache(maxsize=1)
def name_table() -> PhraseTable[Name]:
    """All names. Where two sources know a phrase, false friends win, then families, ensembles, players, the table."""
    own = lexicon("instruments")
    weak = frozenset(own["weak"]["words"])
    table: PhraseTable[Name] = PhraseTable((phrase, Name("")) for phrase in own["false_friends"]["phrases"])
    for phrase, row in own["families"].items():
        excludes = (*row.get("families", ()), *row.get("ids", ()))
        table.add(phrase, Name(row["pick"], excludes, weak=phrase in weak, plain=True))
    for phrase, row in lexicon("ensembles").items():
        players = tuple(_player(text) for text in row["players"])
        name = Name("", tuple(dict.fromkeys(p.instrument for p in players)), players=players,
                    open_ensemble=bool(row.get("open", False)))  # fmt: skip
        for wording in (phrase, *row.get("also", ())):
            table.add(wording, name)
    for phrase, id_ in own["players"].items():
        table.add(phrase, Name(id_, (id_,)))
    for row in instruments().values():
        name, weak_name = Name(row.id, (row.id,)), Name(row.id, (row.id,), weak=True)
        for wording in row.names:
            family = own["families"].get(singular(wording))
            if family is None or family["pick"] != row.id:
                table.add(wording, weak_name if wording in weak else name)
    return table


def _player(text: str) -> Player:
    id_, _, role = text.partition(":")
    return Player(id_, Role(role) if role else None)


@lru_cache(maxsize=1)
def _variants() -> dict[str, dict[str, str]]:
    """Base word -> adjective -> id."""
    rows: dict[str, dict[str, str]] = lexicon("instruments")["variants"]
    return rows


def find_mentions(words: Words) -> list[Mention]:
    """All mentions from left to right, false friends left out, weak ones included."""
    mentions: list[Mention] = []
    for hit in name_table().find(words):
        floor = mentions[-1].last if mentions else 0
        if not hit.value.instrument and not hit.value.players:
            continue
        if (
            mentions
            and hit.first == floor
            and words.joined(hit.first)
            and words.low[hit.first] in _ROLE_WORDS
        ):
            continue  # 'piano leads', 'tuba bass line': what the instrument does
        mention = Mention(hit.value, hit.value.instrument, hit.first, hit.last, hit.first)
        if not hit.value.players:
            mentions.extend(_coordinated(words, mention, floor))
        _adjectives(words, mention, floor)
        mentions.append(mention)
    return mentions


def _adjectives(words: Words, mention: Mention, floor: int) -> None:
    """Walks back over what describes the name; picks the variant, the count and where the phrase begins."""
    k = mention.first - 1
    seen: list[str] = []
    while k >= floor and len(seen) < 4 and words.sentence[k] == words.sentence[mention.first]:
        comma = words.clause[k] != words.clause[k + 1]
        word = words.low[k]
        if word in FUNCTION_WORDS or words.masked[k] or (comma and not _describes(mention, word)):
            break
        seen.insert(0, word)
        k -= 1
    if seen:
        number = number_at(words, k + 1)
        if number is not None and number[0] in range(1, 13):
            mention.count = int(number[0])
    elif words.at(k) in ("of",) and words.at(k - 1) in ("pair", "couple", "duo"):
        mention.count = 2
    mention.begin = k + 1
    mention.adjectives = tuple(seen)
    variants = _variants().get(words.low[mention.last - 1]) or _variants().get(
        singular(words.low[mention.last - 1]), {}
    )
    if mention.last - mention.first == 1 or mention.name.plain:
        for word in reversed(seen):
            if word in variants:
                mention.instrument = variants[word]
                break


def _describes(mention: Mention, word: str) -> bool:
    return any(word in _variants().get(base, {}) for base in (mention.instrument, "guitar", "bass"))


def _coordinated(words: Words, mention: Mention, floor: int) -> list[Mention]:
    """The first of 'electric and acoustic guitars': an adjective that shares the noun of the next name."""
    noun = words.low[mention.last - 1]
    variants = _variants().get(noun) or _variants().get(singular(noun), {})
    k = mention.first - 1
    while (k > floor and words.low[k] in ("the", "a", "an")) or (k > floor and words.low[k] in variants):
        k -= 1
    if k <= floor - 1 or words.at(k) not in ("and", "or") or words.at(k - 1) not in variants or k - 1 < floor:
        return []
    id_ = variants[words.low[k - 1]]
    if id_ == mention.instrument:
        return []
    return [Mention(Name(id_, (id_,)), id_, k - 1, k, k - 1)]
