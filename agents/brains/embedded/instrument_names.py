"""Finds the words of a request that name instruments, players, families of instruments and ensembles.

All names stand in one phrase table: those of the instrument table, and the reader's own in `lexicons/instruments.toml`
and `lexicons/ensembles.toml`. What a mention is wanted for (to play, ruled out, only compared with) is decided in
`instrument_scope`.
"""

from dataclasses import dataclass
from functools import lru_cache

from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, singular
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.instruments import Role, instrument, instruments

_NUMBERED = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3}
_NUMERALS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_MOST = 12  # players of one kind that are believed


@dataclass(frozen=True, slots=True)
class Player:
    """A member of a named ensemble."""

    instrument: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Name:
    """What a phrase stands for.

    Attributes:
        phrase: its canonical wording ('guitar' for a guitarist).
        instrument: id in the table; '' for an ensemble, or where the phrase names no instrument at all.
        excludes: ids and family names that are out when the phrase is excluded.
        weak: whether it means an instrument only in company.
        plain: whether it is a general word ('guitar', 'strings') that a style may make more precise.
        players: the members, for an ensemble.
        joinable: whether others may join the ensemble unasked.
        counted: the instrument that is meant where a number stands before it ('four horns').
    """

    phrase: str
    instrument: str = ""
    excludes: tuple[str, ...] = ()
    weak: bool = False
    plain: bool = False
    players: tuple[Player, ...] = ()
    joinable: bool = False
    counted: str = ""

    @property
    def base(self) -> str:
        """The noun that names it, singular: 'guitar' for 'acoustic guitars'."""
        return singular(self.phrase.replace("-", " ").split()[-1])

    @property
    def general(self) -> bool:
        """Whether it names a kind ('ethnic instruments') that a list of examples may follow."""
        return self.base == "instrument"


@dataclass(slots=True)
class Mention:
    """One place where an instrument or ensemble is named.

    Attributes:
        name: what the phrase stands for; `instrument` is the id after the adjectives were heard ('muted trumpet').
        first, last: the words of the name (last exclusive); `begin`: the first adjective before it.
        adjectives: the words before the name, in order.
        count: how many were asked for, 0 if nothing was said; `number`: which of them ('second violin'), likewise.
        massed: whether so many of them are an ensemble of their own ('tuba quartet', 'mandolin orchestra').
        role: the role that is part of the name itself ('the bass line is played by a tuba').
        nearest: whether nothing is known by these words and `instrument` only comes closest.
    """

    name: Name
    instrument: str
    first: int
    last: int
    begin: int
    adjectives: tuple[str, ...] = ()
    count: int = 0
    number: int = 0
    massed: bool = False
    role: Role | None = None
    nearest: bool = False


@lru_cache(maxsize=1)
def name_table() -> PhraseTable[Name]:
    """All names. Where two sources know a phrase: false friends win, then families, ensembles, players, the table."""
    own = lexicon("instruments")
    weak = frozenset(own["weak"]["words"])
    table: PhraseTable[Name] = PhraseTable((phrase, Name(phrase)) for phrase in own["false_friends"]["phrases"])
    families: dict[str, Name] = {}
    for phrase, row in own["families"].items():
        excludes = (*row.get("families", ()), *row.get("ids", ()))
        families[phrase] = Name(phrase, row["pick"], excludes, weak=phrase in weak, plain=True, counted=row.get("counted", ""))
        table.add(phrase, families[phrase])
    for phrase, row in lexicon("ensembles").items():
        players = tuple(_player(text) for text in row["players"])
        members = tuple(dict.fromkeys(p.instrument for p in players))
        name = Name(phrase, "", members, players=players, joinable=bool(row.get("open", False)))
        for wording in (phrase, *row.get("also", ())):
            table.add(wording, name)
    for phrase, means in own["players"].items():
        table.add(phrase, families.get(means) or Name(means, means, (means,)))
    for item in instruments().values():
        for wording in item.names:
            family = families.get(singular(wording))
            if family is None or family.instrument != item.id:
                table.add(wording, Name(wording, item.id, (item.id,), weak=wording in weak))
    return table


def _player(text: str) -> Player:
    id_, _, role = text.partition(":")
    return Player(id_, Role(role) if role else None)


@lru_cache(maxsize=1)
def _stops() -> frozenset[str]:
    """Words that cannot describe an instrument: the phrase of a name begins after them."""
    stops = {word for line in lexicon("instruments")["grammar"]["stops"] for word in line.split()}
    return frozenset(stops | {word for word in lexicon("exclusions")["before"] if word.isalpha()})


def _sizes() -> dict[str, int]:
    sizes: dict[str, int] = lexicon("roles")["ensembles"]["sizes"]
    return sizes


def variants_of(words: Words, mention: Mention) -> dict[str, str]:
    """What adjectives make of this name: adjective -> id."""
    table: dict[str, dict[str, str]] = lexicon("instruments")["variants"]
    for k in range(mention.last - 1, mention.first - 1, -1):
        found = table.get(words.low[k]) or table.get(singular(words.low[k]))
        if found:
            return found
    return table.get(mention.name.base, {})


def find_mentions(words: Words) -> list[Mention]:
    """All names from left to right, false friends left out, weak ones included (`instrument_context` sorts them)."""
    doing = frozenset(lexicon("instruments")["grammar"]["doing"])
    massed = frozenset(lexicon("instruments")["grammar"]["massed"])
    mentions: list[Mention] = []
    for hit in name_table().find(words):
        name, floor = hit.value, mentions[-1].last if mentions else 0
        if not name.instrument and not name.players:
            continue
        adjacent = bool(mentions) and hit.first == floor and words.joined(hit.first)
        if adjacent and (words.low[hit.first] in doing or _class_noun(mentions[-1], name)):
            continue  # 'piano leads': what it does; 'shakuhachi flute': what kind of thing it is
        if adjacent and mentions[-1].name.weak and name.instrument:
            floor = mentions.pop().first  # 'lead guitar': the weak word only describes
        if adjacent and mentions and mentions[-1].name.instrument and words.low[hit.first : hit.last][-1] in massed:
            mentions[-1].count, mentions[-1].last, mentions[-1].massed = 4, hit.last, True
            continue
        if _manner_only(words, name, hit.first, mentions):
            continue  # 'the strings play pizzicato'
        last = hit.last
        if name.players and floor and words.low[floor : hit.first] in (["and"], ["or"]):
            name, last = _listed_duo(words, name, hit.first, last)  # 'kora and balafon duet'
        mention = Mention(name, name.instrument, hit.first, last, hit.first)
        if name.instrument and not _lends_noun(words, mention, mentions):
            mentions.extend(_sharing_noun(words, mention, floor))
        _describe(words, mention, mentions[-1].last if mentions else 0)
        mentions.append(mention)
    return mentions


def _manner_only(words: Words, name: Name, first: int, mentions: list[Mention]) -> bool:
    """Whether 'pizzicato' says how the strings before it play."""
    if name.phrase not in ("pizzicato", "pizz") or not mentions or words.clause[mentions[-1].first] != words.clause[first]:
        return False
    player = mentions[-1]
    plays = set(lexicon("instruments")["grammar"]["plays"]) & set(words.low[player.last : first])
    if plays and player.instrument == "strings":
        player.instrument = name.instrument
    return bool(plays)


def _listed_duo(words: Words, name: Name, first: int, last: int) -> tuple[Name, int]:
    """The single instrument in '(cello and) piano duo', where the list and not the ensemble is meant."""
    single = name_table().get(" ".join(words.low[first : last - 1]))
    sizes = lexicon("roles")["ensembles"]["sizes"]
    return (single, last - 1) if single is not None and words.low[last - 1] in sizes else (name, last)


def _class_noun(before: Mention, name: Name) -> bool:
    """Whether a general word only says what kind of thing the exact name before it is ('conga drums')."""
    if not name.plain or not before.instrument or before.name.plain:
        return False
    one, other = instrument(before.instrument), instrument(name.instrument)
    return one.family == other.family or one.technique == other.technique or (one.is_drum and other.is_drum)


def _describe(words: Words, mention: Mention, floor: int) -> None:
    """Walks back over what describes the name; picks the variant, the count and where the phrase begins."""
    variants = variants_of(words, mention) if mention.name.instrument else {}
    exact = not mention.name.plain and mention.last - mention.first > 1
    stops, k = _stops(), mention.first - 1
    seen: list[str] = []
    while k >= floor and len(seen) < 5 and words.sentence[k] == words.sentence[mention.first]:
        word = words.low[k]
        figure = word[0].isdigit() and (not word.isdigit() or int(word) > _MOST)
        if word in stops or figure or (words.clause[k] != words.clause[k + 1] and word not in variants):
            break
        seen.insert(0, word)
        k -= 1
    mention.begin, mention.adjectives = k + 1, tuple(seen)
    mention.number = next((_NUMBERED[w] for w in seen if w in _NUMBERED), 0)
    if words.joined(mention.last) and words.at(mention.last) in _NUMERALS:
        mention.number = _NUMERALS[words.at(mention.last)]
        mention.last += 1
    number = number_at(words, k + 1) if seen else None
    follows = bool(floor) and words.low[floor : k + 1] in (["and"], ["or"])  # 'kora and balafon duet'
    if number is not None and number[0] in range(1, _MOST + 1):
        mention.count = int(number[0])
    elif mention.name.instrument and words.joined(mention.last) and words.at(mention.last) in _sizes() and not follows:
        mention.count, mention.massed = _sizes()[words.at(mention.last)], True
        mention.last += 1
    elif words.at(k) == "and" and words.at(k - 1) in _NUMBERED and mention.number:
        mention.begin, mention.count, mention.number = k - 1, 2, 0  # 'first and second violins'
    elif words.at(k) == "of" and words.at(k - 1) in ("pair", "couple", "duo"):
        mention.count = 2
    if mention.count and mention.name.counted:
        mention.instrument = mention.name.counted
    if not exact:
        mention.instrument = next((id_ for w, id_ in variants.items() if w in seen), mention.instrument)


def _sharing_noun(words: Words, mention: Mention, floor: int) -> list[Mention]:
    """The first of 'electric and acoustic guitars', which shares the noun of the second."""
    variants = variants_of(words, mention)
    k = mention.first - 1
    while k > floor and words.low[k] not in ("and", "or") and (words.low[k] in variants or words.low[k] == "the"):
        k -= 1
    if k <= floor or words.low[k] not in ("and", "or"):
        return []
    id_ = variants.get(words.low[k - 1], mention.instrument)
    if id_ == mention.instrument:
        return []
    shared = Mention(Name(mention.name.phrase, id_, (id_,)), id_, k - 1, k, k - 1)
    _describe(words, shared, floor)
    return [shared]


def _lends_noun(words: Words, mention: Mention, before: list[Mention]) -> bool:
    """Puts right 'alto and tenor sax', where the first word alone is the name of something else (a voice)."""
    if not before or words.low[before[-1].last : mention.first] not in (["and"], ["or"]):
        return False
    first = before[-1]
    variant = variants_of(words, mention).get(words.low[first.last - 1])
    if variant is None or not first.name.weak:
        return False
    first.name, first.instrument = Name(mention.name.phrase, variant, (variant,)), variant
    return True
