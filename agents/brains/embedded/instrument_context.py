"""Sorts the names that were found by what stands around them: some are not meant, some stand for others.

'instruments such as the oud' means the oud, 'saxophones (alto, tenor)' two saxophones, 'the bass line is played by a
tuba' a tuba with the role of the bass, and 'a fugue in four voices' nobody.
"""

from ripieno.agents.brains.embedded.instrument_names import Mention, Name, variants_of
from ripieno.agents.brains.embedded.lexicon import lexicon, singular
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.instruments import Role, instrument, instruments

_BETWEEN_KINDS = frozenset(("one", "another", "the", "other", "a", "an", "and", "or", "two"))
_INTRODUCING = frozenset(("like", "such", "including", "e", "namely"))


def in_context(words: Words, mentions: list[Mention]) -> list[Mention]:
    """The mentions that are meant, in order, with the roles that their surroundings hand them."""
    singers = _as_saxophones(_without_voices(words, mentions))
    players = _handed_lines(words, singers)
    return _without_class_words(words, _spelled_out(words, players))


def _without_voices(words: Words, mentions: list[Mention]) -> list[Mention]:
    """Drops 'four voices' where it means parts of the texture: singers are meant only 'for four voices' and no other."""
    counted = [
        m for m in mentions
        if words.low[m.first : m.last] in (["voice"], ["voices"])
        and words.joined(m.first) and number_at(words, m.first - 1) is not None
    ]  # fmt: skip
    if len(counted) == len(mentions):
        counted = [m for m in counted if words.at(m.begin - 1) != "for"]
    return [m for m in mentions if m not in counted]


def _as_saxophones(mentions: list[Mention]) -> list[Mention]:
    """Takes 'trumpet, tenor, piano and bass' for saxophones where nobody else sings."""
    kinds: dict[str, str] = lexicon("instruments")["grammar"]["voices_as_sax"]
    families = {instrument(m.instrument).family for m in mentions if m.instrument and m.name.phrase not in kinds}
    if families and "choir" not in families:
        for mention in mentions:
            mention.instrument = kinds.get(mention.name.phrase, mention.instrument)
    return mentions


def _handed_lines(words: Words, mentions: list[Mention]) -> list[Mention]:
    """Gives 'the bass line is played by a tuba' and 'the synth plays the bass part' to whoever plays it."""
    lines: dict[str, str] = lexicon("instruments")["grammar"]["lines"]
    kept: list[Mention] = []
    for i, mention in enumerate(mentions):
        phrase = " ".join(words.low[mention.first : mention.last])
        player, role = None, lines.get(phrase) or lines.get(singular(phrase))
        if role is not None:
            after = mentions[i + 1] if i + 1 < len(mentions) else None
            player = _line_player(words, mention, kept[-1] if kept else None, after)
        if player is None or role is None:
            kept.append(mention)
        else:
            player.role = Role(role)
    return kept


def _line_player(words: Words, line: Mention, before: Mention | None, after: Mention | None) -> Mention | None:
    """Who plays a bass line that is named as a thing of its own."""
    grammar = lexicon("instruments")["grammar"]
    if after is not None and after.name.instrument and words.sentence[after.first] == words.sentence[line.first]:
        between = words.low[line.last : after.begin]
        if not between and words.gap[after.begin] in (":", "=") and after.name.base != line.name.base:
            return after  # 'bass: tuba'
        if len(between) <= 6 and set(between) <= set(grammar["played_by"]) and {"on", "by"} & set(between):
            return after
    if before is not None and before.last == line.first and words.gap[line.first] in ("(", "–", "—"):
        return before  # 'cello (bass)'
    if before is None or not before.name.instrument or words.clause[before.first] != words.clause[line.first]:
        return None
    plays = set(grammar["plays"]) & set(words.low[before.last : line.begin])
    return before if plays and not instrument(before.instrument).is_drum else None


def _spelled_out(words: Words, mentions: list[Mention]) -> list[Mention]:
    """Puts the kinds for the word in 'saxophones (alto, tenor, baritone)' and 'guitars: one acoustic, one electric'."""
    out: list[Mention] = []
    reach = 0
    for mention in mentions:
        if mention.first < reach:
            continue
        kinds = _kinds_after(words, mention) if mention.name.plain and mention.name.instrument else []
        if len(kinds) >= 2:
            reach = kinds[-1].last
        out += kinds if len(kinds) >= 2 else [mention]
    return out


def _kinds_after(words: Words, mention: Mention) -> list[Mention]:
    variants, kinds = variants_of(words, mention), list[Mention]()
    k = mention.last
    if k >= len(words) or words.gap[k] not in (":", "(", ",", "-", "–", "—"):
        return kinds
    while k < len(words) and (words.low[k] in variants or words.low[k] in _BETWEEN_KINDS) and "." not in words.gap[k]:
        if words.low[k] in variants:
            id_ = variants[words.low[k]]
            kinds.append(Mention(Name(mention.name.phrase, id_, (id_,)), id_, k, k + 1, k))
        k += 1
    return kinds


def _without_class_words(words: Words, mentions: list[Mention]) -> list[Mention]:
    """Drops words for a kind that only announce or explain names.

    'instruments such as the oud', 'brass: two trumpets and a horn', 'the koto, a stringed instrument'.
    """
    kept: list[Mention] = []
    for i, mention in enumerate(mentions):
        after = mentions[i + 1] if i + 1 < len(mentions) else None
        announced = after is not None and _announces(words, mention, after)
        if not announced and not (mention.name.general and kept and _explains(words, kept[-1], mention)):
            kept.append(mention)
    return kept


def _announces(words: Words, kind: Mention, member: Mention) -> bool:
    """Whether a word for a kind is followed by names of that kind, after a colon, a bracket or 'such as'."""
    if member.name.weak or (not kind.name.general and not (kind.name.plain and _is_kind(kind, member))):
        return False
    gaps = "".join(words.gap[kind.last : member.begin + 1])
    near = words.sentence[kind.first] == words.sentence[member.first] and member.begin - kind.last <= 6
    return near and (":" in gaps or "(" in gaps[:1] or words.at(kind.last) in _INTRODUCING)


def _is_kind(kind: Mention, member: Mention) -> bool:
    row = instruments().get(member.instrument)
    if row is None or member.instrument == kind.instrument:
        return False
    drums = row.is_drum and kind.instrument in ("percussion", "drums")
    return drums or row.id in kind.name.excludes or row.family in kind.name.excludes


def _explains(words: Words, name: Mention, kind: Mention) -> bool:
    """Whether a word for a kind stands beside a name: 'the koto, a stringed instrument'."""
    between = words.low[name.last : kind.begin]
    return (
        bool(between)
        and words.sentence[name.first] == words.sentence[kind.first]
        and words.clause[name.first] != words.clause[kind.first]
        and set(between) <= {"a", "an", "the", "which", "is", "that"}
    )
