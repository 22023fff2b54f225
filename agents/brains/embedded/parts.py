"""Reads which instruments a request wants, which it rules out, and what each is to do.

    words ─► mentions ─► lists that share a fate ─► roles, sections ─► parts, excluded, closed

It knows instruments only: what a style usually brings along is the Expert's business.
"""

from dataclasses import dataclass

from ripieno.agents.brains.embedded.instrument_names import Mention, Name, find_mentions
from ripieno.agents.brains.embedded.instrument_roles import Doing, find_doings, find_sections
from ripieno.agents.brains.embedded.instrument_scope import Group, group_mentions, judge
from ripieno.agents.brains.embedded.lexicon import lexicon, singular
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Notice, PartRequest
from ripieno.score.instruments import Role, instrument, instruments

_DEFINING = frozenset(("of", "consisting", "comprising", "comprised", "between", "made"))
_ONE_PLAYER = frozenset(("solo", "unaccompanied", "lone", "sole", "single"))
_GENERIC_ENSEMBLES = {"duo": 2, "duet": 2, "trio": 3, "quartet": 4, "quintet": 5, "sextet": 6}


@dataclass(frozen=True)
class PartsReading:
    """What a request says about instruments.

    Attributes:
        parts: the parts wanted, the lead first where one was named, else in order of mention.
        excluded: instrument ids and family names that must not sound.
        closed: whether nobody else may join.
        spans: stretches of the text that were used, as (first, last exclusive) characters.
        notices: choices made that the person should know.
    """

    parts: tuple[PartRequest, ...] = ()
    excluded: tuple[str, ...] = ()
    closed: bool = False
    spans: tuple[tuple[int, int], ...] = ()
    notices: tuple[Notice, ...] = ()


def read_parts(text: str | Words) -> PartsReading:
    """Reads the instruments of a request in English (a text, or its words with some of them masked)."""
    words = text if isinstance(text, Words) else Words(text)
    groups = [g for g in group_mentions(words, find_mentions(words)) if _accept(words, g)]
    groups = judge(words, groups)
    find_sections(words, groups)
    wanted = [g for g in groups if g.fate == "wanted"]
    return _Assembly(words, groups, find_doings(words, wanted)).reading()


def _accept(words: Words, group: Group) -> bool:
    """Drops weak words ('lead', 'rain') that stand in no company of instruments."""
    if any(not m.name.weak for m in group.members):
        return True
    cues = lexicon("roles")["weak_cues"]
    near = words.low[max(0, group.begin - 2) : group.begin]
    return any(w in cues["before"] for w in near) or words.at(group.last) in cues["after"]


class _Assembly:
    """Builds the reading from judged groups."""

    def __init__(self, words: Words, groups: list[Group], doings: dict[int, Doing]) -> None:
        self.words, self.groups, self.doings = words, groups, doings
        self.parts: list[PartRequest] = []
        self.bases: list[tuple[str, int]] = []  # base word and group number of each part
        self.by_mention: dict[int, int] = {}
        self.notices: list[Notice] = []
        self.closed = False

    def reading(self) -> PartsReading:
        wanted = [(n, g) for n, g in enumerate(self.groups) if g.fate == "wanted"]
        for number, group in wanted:
            self._add_group(number, group)
        if not self.parts:
            for number, group in enumerate(self.groups):
                if group.fate == "simile":
                    self._add_group(number, group)
        self._relations()
        excluded = self._excluded()
        parts = self._ordered()
        self.closed = self.closed or self._closed(parts)
        return PartsReading(
            tuple(parts), excluded, self.closed and bool(parts), self._spans(), tuple(self.notices)
        )

    def _add_group(self, number: int, group: Group) -> None:
        members = group.members
        if group.choice:
            names = " or ".join(self._asked(m) for m in members)
            self.notices.append(Notice(about="parts", message=f"“{names}”: took the first of them"))
            members = members[:1]
        for place, member in enumerate(members):
            if member.name.players:
                self._add_ensemble(number, group, place, member)
            else:
                self._add_one(number, group, member)
        self.closed = self.closed or group.closing

    def _asked(self, member: Mention) -> str:
        return self.words.written(member.begin, member.last)

    def _add_one(self, number: int, group: Group, member: Mention) -> None:
        doing = self.doings.get(member.first, Doing())
        part = PartRequest(
            instrument=member.instrument, asked=self._asked(member), role=doing.role, register_name=doing.register,
            articulation=doing.articulation, nearest=member.nearest, section=group.section,
            confidence=0.8 if member.name.plain or member.nearest else 1.0,
        )  # fmt: skip
        base = singular(self.words.low[member.last - 1])
        known = self._same(part, base, member.name, number)
        if known is not None:
            self.by_mention[member.first] = known
            self.parts[known] = _merged(self.parts[known], part)
            return
        self.by_mention[member.first] = len(self.parts)
        for _ in range(max(1, min(member.count, 8))):
            self.parts.append(part)
            self.bases.append((base, number))

    def _same(self, part: PartRequest, base: str, name: Name, number: int) -> int | None:
        """The index of a part that was mentioned before and is meant again."""
        for i, (known, (known_base, group)) in enumerate(zip(self.parts, self.bases, strict=True)):
            if known.instrument == part.instrument and (group != number or base == known_base):
                return i
            if group == number:
                continue
            row, new = instrument(known.instrument), instrument(part.instrument)
            if (
                name.plain
                and name.instrument == part.instrument
                and (known.instrument in name.excludes or row.family in name.excludes)
                and (base == known_base or new.family in ("bass", "drum kit", "choir"))
            ):
                return i
            if known_base == base and row.family == new.family and known.confidence < 1.0:
                return i
        return None

    def _add_ensemble(self, number: int, group: Group, place: int, member: Mention) -> None:
        players = member.name.players
        follower = group.members[place + 1] if place + 1 < len(group.members) else None
        after = self.groups[number + 1] if number + 1 < len(self.groups) else None
        if follower is None and after is not None and after.fate == "wanted":
            bridge = self.words.low[member.last : after.begin]
            same = self.words.sentence[member.first] == self.words.sentence[after.begin]
            listed = sum(1 for m in after.members if not m.name.players)
            if (
                same
                and len(bridge) <= 5
                and (
                    _DEFINING & set(bridge)
                    or ":" in self.words.gap[after.begin]
                    or listed >= max(2, len(players) - 1)
                )
            ):
                self.closed = self.closed or not member.name.open_ensemble
                return
        for player in players:
            self.parts.append(PartRequest(instrument=player.instrument, asked=self._asked(member), role=player.role,
                                          section=group.section, confidence=0.9))  # fmt: skip
            self.bases.append((player.instrument, number))
        self.closed = self.closed or not member.name.open_ensemble

    def _relations(self) -> None:
        for first, doing in self.doings.items():
            index = self.by_mention.get(first)
            if index is None or doing.of is None or doing.of not in self.by_mention:
                continue
            model = self.parts[self.by_mention[doing.of]]
            self.parts[index] = self.parts[index].model_copy(
                update={"of": model.instrument, "doubles": doing.doubles}
            )

    def _excluded(self) -> tuple[str, ...]:
        out: dict[str, None] = {}
        wanted = {p.instrument for p in self.parts if p.confidence != 0.9}
        for group in self.groups:
            if group.fate != "excluded" or group.section:
                continue
            for member in group.members:
                for item in member.name.excludes or (member.instrument,):
                    out[item] = None
                if (
                    member.instrument not in member.name.excludes
                    and not member.name.plain
                    and member.instrument
                ):
                    out[member.instrument] = None
        table = instruments()
        families = {row.family for row in table.values()}
        for item in list(out):
            if item in families and any(table[w].family == item for w in wanted):
                del out[item]
                out.update((row.id, None) for row in table.values() if row.family == item)
        for w in wanted:
            out.pop(w, None)
        keep = [
            i
            for i, p in enumerate(self.parts)
            if p.instrument not in out and table[p.instrument].family not in out
        ]
        self.parts = [self.parts[i] for i in keep]
        return tuple(out)

    def _ordered(self) -> list[PartRequest]:
        return sorted(self.parts, key=lambda p: p.role is not Role.LEAD)

    def _closed(self, parts: list[PartRequest]) -> bool:
        words, works = self.words, frozenset(lexicon("roles")["works"]["words"])
        wanted = [g for g in self.groups if g.fate == "wanted"]
        kinds = {p.instrument for p in parts}
        for group in wanted:
            k = group.begin - 1
            if words.at(k) in ("a", "an", "the"):
                k -= 1
            member = group.members[-1]
            if len(kinds) == 1 and (_ONE_PLAYER & set(member.adjectives) or words.at(member.last) == "solo"):
                if words.at(k) not in ("feature", "featuring", "features", "include", "including"):
                    return True
            if (
                words.at(k) == "for"
                and words.at(k - 1) in works
                and words.sentence[k] == words.sentence[group.begin]
            ):
                return True
            near = words.low[max(0, group.begin - 4) : group.begin] + words.low[group.last : group.last + 1]
            size = next((_GENERIC_ENSEMBLES[w] for w in near if w in _GENERIC_ENSEMBLES), 0)
            if size and len(group.members) >= max(2, size - 1):
                return True
        return False

    def _spans(self) -> tuple[tuple[int, int], ...]:
        words = self.words
        out = []
        for group in self.groups:
            for member in group.members:
                out.append((words.start[member.begin], words.end[member.last - 1]))
            out += [(words.start[a], words.end[b - 1]) for a, b in group.spans if a < b <= len(words)]
        return tuple(sorted(set(out)))


def _merged(known: PartRequest, new: PartRequest) -> PartRequest:
    """`known` with what a second mention adds; a more exact instrument wins over a general word."""
    changes: dict[str, object] = {}
    for name in ("role", "register_name", "articulation", "of"):
        if getattr(known, name) is None and getattr(new, name) is not None:
            changes[name] = getattr(new, name)
    if known.section and not new.section:
        changes["section"] = ""
    if known.confidence < 1.0 <= new.confidence and not known.nearest:
        changes |= {"instrument": new.instrument, "asked": new.asked, "confidence": 1.0}
    return known.model_copy(update=changes) if changes else known
