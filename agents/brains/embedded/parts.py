"""Reads which instruments a request wants, which it rules out, and what each is to do.

    words ─► spelling ─► mentions ─► lists that share a fate ─► sections, roles ─► parts, excluded, closed

It knows instruments only: what a style usually brings along is the Expert's business (see `suited`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ripieno.agents.brains.embedded.instrument_company import names_all_players
from ripieno.agents.brains.embedded.instrument_context import in_context
from ripieno.agents.brains.embedded.instrument_names import Mention, Name, find_mentions, name_table
from ripieno.agents.brains.embedded.instrument_roles import Doing, find_doings
from ripieno.agents.brains.embedded.instrument_scope import Group, group_mentions, judge, nobody_else
from ripieno.agents.brains.embedded.instrument_sections import place_in_form
from ripieno.agents.brains.embedded.instrument_spelling import corrected, find_unknown
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Notice, Origin, PartRequest
from ripieno.score.instruments import Instrument, Role, instrument, instruments

_EXACT, _ENSEMBLE, _PLAIN, _NEAREST, _COMPARED = 1.0, 0.9, 0.8, 0.6, 0.5  # how sure of the instrument
_MOST = 8  # parts of one instrument
_KIT_PIECES = frozenset(("kick", "snare", "hi_hat", "toms", "cymbal", "ride_cymbal"))
_SECTIONS = frozenset(("strings", "brass", "wind_section", "sax_section", "percussion"))  # many players as one part


@dataclass(frozen=True)
class PartsReading:
    """What a request says about instruments.

    Attributes:
        parts: the parts wanted, the lead first where one was named, else in order of mention. A `confidence` of 0.8
            marks a general word ('guitar', 'bass'), which `suited` may make more precise.
        excluded: instrument ids and family names that must not sound; a part that was asked for by its own name plays
            even though its family is excluded ('no percussion except a shaker').
        without: the words that ruled them out ('drums', 'synths').
        closed: whether nobody else may join.
        spans: stretches of the text that were used, as (first, last exclusive) characters.
        notices: choices made that the person should know.
    """

    parts: tuple[PartRequest, ...] = ()
    excluded: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    closed: bool = False
    spans: tuple[tuple[int, int], ...] = ()
    notices: tuple[Notice, ...] = ()


def read_parts(text: str | Words) -> PartsReading:
    """Reads the instruments of a request in English (a text, or its words with some of them masked)."""
    given = text if isinstance(text, Words) else Words(text)
    words, replaced = corrected(given.unmasked())
    mentions = find_unknown(words, in_context(words, find_mentions(words)))
    # A masked word may describe ('electronic drums', where a genre took the first word), but not be the noun itself.
    mentions = [m for m in mentions if not given.masked[m.last - 1]]
    for mention in mentions:
        if any(i in replaced for i in range(mention.first, mention.last)):
            mention.nearest = True
    groups = [g for g in group_mentions(words, mentions) if _accepted(words, g)]
    groups = judge(words, groups)
    place_in_form(words, groups)
    wanted = [g for g in groups if g.fate == "wanted"]
    return _Assembly(words, groups, find_doings(words, wanted)).reading()


def suited(parts: Iterable[PartRequest], usual: Iterable[str]) -> tuple[PartRequest, ...]:
    """`parts` with general words made precise by the instruments that a style usually has.

    'bass' becomes the upright bass where the style plays one; what was asked for exactly stays as it is.
    """
    parts, usual = tuple(parts), tuple(usual)
    settled = frozenset(lexicon("instruments")["grammar"]["settled"])
    taken = {p.instrument for p in parts}
    out: list[PartRequest] = []
    for part in parts:
        name = name_table().get(part.asked.split()[-1]) if part.confidence == _PLAIN and part.asked else None
        if name is not None and name.base in settled and name.instrument == part.instrument not in usual:
            chosen = next((u for u in usual if u not in taken and _settles(u, name)), part.instrument)
            taken.add(chosen)
            part = part.model_copy(update={"instrument": chosen})
        out.append(part)
    return tuple(out)


def _settles(id_: str, name: Name) -> bool:
    """Whether an instrument is one of those that a general word may mean."""
    row = instrument(id_)
    kin = row.id in name.excludes and row.family == instrument(name.instrument).family
    return kin or row.family in name.excludes


def _belongs(row: Instrument, kinds: Iterable[str]) -> bool:
    return row.id in kinds or row.family in kinds


def _accepted(words: Words, group: Group) -> bool:
    """Whether a list holds more than weak words ('lead', 'rain'), or stands where an instrument is named."""
    if any(not m.name.weak for m in group.members):
        return True
    data = lexicon("roles")
    after = words.at(group.last)
    does = after in data["weak_cues"]["after"] or any(after in nouns for nouns in data["nouns"].values())
    near = [*words.low[max(0, group.begin - 2) : group.begin], *group.members[0].adjectives]
    return (does and words.joined(group.last)) or any(w in data["weak_cues"]["before"] for w in near)


@dataclass(slots=True, eq=False)
class _Draft:
    """A part while the request is read. `group` is the number of the list that named it first."""

    part: PartRequest
    name: Name
    group: int
    copies: int = 1
    number: int = 0  # which of several of its kind
    told: bool = False  # whether the request says what a member of a named ensemble does
    each: tuple[Role, ...] = ()  # roles of several players of one name, where each was given its own

    def copy(self, k: int) -> PartRequest:
        """The k-th player's part."""
        return self.part.model_copy(update={"role": self.each[k]}) if k < len(self.each) else self.part


class _Assembly:
    """Builds the reading from judged lists."""

    def __init__(self, words: Words, groups: list[Group], doings: dict[int, Doing]) -> None:
        self._words, self._groups, self._doings = words, groups, doings
        self._drafts: list[_Draft] = []
        self._by_mention: dict[int, _Draft] = {}
        self._notices: list[Notice] = []
        self._without: list[str] = []
        self._closing: set[int] = set()  # lists that are said to be complete
        self._closed = nobody_else(words)

    def reading(self) -> PartsReading:
        """The whole."""
        for number, group in enumerate(self._groups):
            if group.fate == "wanted":
                self._add(number, group)
        if not self._drafts:
            for number, group in enumerate(self._groups):
                if group.fate == "simile":
                    self._add(number, group)
        self._gather_kit()
        self._relate()
        self._give_way()
        excluded = self._excluded()
        parts = [d.copy(k) for d in self._drafts for k in range(d.copies)]
        parts.sort(key=lambda p: p.role is not Role.LEAD)
        self._closed = self._closed or bool(self._closing and {d.group for d in self._drafts} <= self._closing)
        closed = bool(parts) and (self._closed or names_all_players(self._words, self._groups, {p.instrument for p in parts}))
        return PartsReading(tuple(parts), excluded, tuple(self._without), closed, self._spans(), tuple(self._notices))

    def _notice(self, message: str) -> None:
        self._notices.append(Notice(about="parts", message=message))

    def _asked(self, mention: Mention) -> str:
        return self._words.written(mention.begin, mention.last)

    def _add(self, number: int, group: Group) -> None:
        if group.others:
            taken, left = (", ".join(self._asked(m) for m in ms) for ms in (group.members, group.others))
            self._notice(f"“{taken}” was taken, not “{left}”: say so if it should be the other way round.")
        for place, member in enumerate(group.members):
            if member.name.players:
                self._add_ensemble(number, group, place, member)
            else:
                self._add_instrument(number, group, member)
        if (group.closing and not group.section) or any(m.massed for m in group.members):
            self._closing.add(number)

    def _add_instrument(self, number: int, group: Group, member: Mention) -> None:
        doing = self._doings.get(member.first, Doing())
        sure = _PLAIN if member.name.plain and member.instrument == member.name.instrument else _EXACT
        sure = _NEAREST if member.nearest else _COMPARED if group.fate == "simile" else sure
        part = PartRequest(
            instrument=member.instrument, asked=self._asked(member), role=doing.role, register_name=doing.register,
            articulation=doing.articulation, nearest=member.nearest, section=group.section, enters=group.enters,
            rests=group.rests, confidence=sure,
            origin=Origin.INFERRED if group.fate == "simile" else Origin.STATED,
        )  # fmt: skip
        known = self._same(part, member, number)
        alone = instrument(part.instrument).is_drum or part.instrument in _SECTIONS
        copies = 1 if alone else max(1, min(member.count, _MOST))
        if known is not None:
            if known.part.role is not None and doing.event:
                part = part.model_copy(update={"role": None})  # a solo on the way leaves a player its part
            known.part = _merged(known.part, part)
            known.told = known.told or (part.role is not None and part.role is known.part.role)
            known.copies = max(known.copies, copies) if not known.name.players else 1
            self._by_mention[member.first] = known
            return
        if member.nearest:
            self._notice(f"“{part.asked}” is read as {instrument(part.instrument).name}, the nearest that can be played.")
        draft = _Draft(part, member.name, number, copies, member.number, each=doing.each if part.role is None else ())
        self._drafts.append(draft)
        self._by_mention[member.first] = draft

    def _same(self, part: PartRequest, member: Mention, number: int) -> _Draft | None:
        """The part that was named before and is meant again."""
        new = instrument(part.instrument)
        for draft in self._drafts:
            old, ensemble = instrument(draft.part.instrument), bool(draft.name.players)
            if draft.number and member.number and draft.number != member.number:
                continue
            if old.id == new.id:
                return draft
            if draft.group == number and not ensemble:
                continue
            if member.name.plain and part.confidence < _EXACT and _belongs(old, member.name.excludes):
                if ensemble or draft.name.base == member.name.base or (new.family in ("bass", "drum kit") or new.id == "voice"):
                    return draft
            elif (
                draft.part.confidence == _PLAIN
                and _belongs(new, draft.name.excludes)
                and (draft.name.base == member.name.base or new.family == "drum kit")
            ):
                return draft
        return None

    def _add_ensemble(self, number: int, group: Group, place: int, member: Mention) -> None:
        members = {p.instrument for p in member.name.players}
        there = [{p.instrument for p in d.name.players} for d in self._drafts if d.name.players]
        if any(2 * len(members & others) >= min(len(members), len(others)) for others in there):
            return  # the same people again ('the symphonic orchestra', 'concerto for violin and orchestra')
        open_ = member.name.joinable or group.section
        players = member.name.players
        if self._listed_after(number, group, place, member):
            self._closed = self._closed or not open_
            return
        if _attributive(self._words, member):
            if self._others(number, member):
                return
            open_ = True
        named = {d.part.instrument: d for d in self._drafts if not d.name.players}
        for player in players:
            known = named.get(player.instrument)
            if known is not None and sum(p.instrument == player.instrument for p in players) == 1:
                continue  # a French horn that was named before the orchestra
            part = PartRequest(instrument=player.instrument, asked=self._asked(member), role=player.role,
                               section=group.section, confidence=_ENSEMBLE)  # fmt: skip
            self._drafts.append(_Draft(part, member.name, number))
        self._closed = self._closed or not open_

    def _listed_after(self, number: int, group: Group, place: int, member: Mention) -> bool:
        """Whether the players are named one by one: 'a trio of piano, bass and drums', 'piano trio: violin, ...'."""
        after = self._groups[number + 1] if number + 1 < len(self._groups) else None
        if place + 1 < len(group.members) or after is None or after.fate != "wanted":
            return False
        words = self._words
        bridge = words.low[member.last : after.begin]
        listed = sum(1 for m in after.members if not m.name.players)
        near = words.sentence[member.first] == words.sentence[after.begin] or ":" in words.gap[after.begin]
        defining = frozenset(lexicon("roles")["ensembles"]["defining"])
        introducing = frozenset(lexicon("roles")["ensembles"]["introducing"])
        if not near or len(bridge) > 12:
            return False
        if defining & set(bridge[:3]) or ":" in words.gap[member.last]:
            return listed >= 2
        return listed >= max(2, len(member.name.players) - 1) and bool(introducing & set(bridge))

    def _others(self, number: int, ensemble: Mention) -> bool:
        """Whether the request names instruments outside of a list."""
        named = [m for i, g in enumerate(self._groups) if i != number and g.fate == "wanted" for m in g.members]
        sings = any(instrument(i).family == "choir" for i in ensemble.name.excludes)
        return any(not m.name.players and not (sings and m.instrument == "voice") for m in named)

    def _relate(self) -> None:
        for first, doing in self._doings.items():
            draft, model = self._by_mention.get(first), self._by_mention.get(doing.of or -1)
            if doing.of == 0:
                model = self._by_mention.get(0)
            if draft is not None and model is not None and draft is not model:
                change = {"of": model.part.instrument, "doubles": doing.doubles}
                draft.part = draft.part.model_copy(update=change)

    def _gather_kit(self) -> None:
        """Pieces of the kit are played by the drummer: one part for 'kick, snare and hi-hats', none beside the drums."""
        pieces = [d for d in self._drafts if d.part.instrument in _KIT_PIECES and not d.name.players]
        kit = next((d for d in self._drafts if instrument(d.part.instrument).family == "drum kit"), None)
        if not pieces or (kit is None and len(pieces) < 2):
            return
        if kit is None:
            kit = pieces.pop(0)
            asked = ", ".join([kit.part.asked, *(d.part.asked for d in pieces)])
            kit.part = kit.part.model_copy(update={"instrument": "drums", "asked": asked, "confidence": _PLAIN})
        self._drafts = [d for d in self._drafts if d not in pieces]
        self._by_mention = {first: kit if d in pieces else d for first, d in self._by_mention.items()}

    def _give_way(self) -> None:
        """Lets the leads of a named ensemble make room for whoever was said to lead, and for the soloist of a concerto."""
        own = [d for d in self._drafts if not d.name.players]
        if any(d.name.phrase == "concerto" for d in self._drafts) and own and own[0].part.role is None:
            own[0].part = own[0].part.model_copy(update={"role": Role.LEAD})
        leads = [d for d in self._drafts if d.part.role is Role.LEAD and not d.part.section]
        if all(d.name.players and not d.told for d in leads):
            return
        for draft in self._drafts:
            if draft.name.players and draft.part.role is Role.LEAD and not draft.told:
                sustained = draft.part.instrument in ("strings", "brass", "choir")
                role = Role.PAD if sustained else Role.COUNTERMELODY
                draft.part = draft.part.model_copy(update={"role": role})

    def _excluded(self) -> tuple[str, ...]:
        """What is ruled out; takes it out of named ensembles. What was asked for by its own name stands."""
        table = instruments()
        out: dict[str, None] = dict.fromkeys(self._less_words())
        for group in self._groups:
            if group.fate == "excluded":
                for member in group.members:
                    varied = member.instrument and member.instrument != member.name.instrument
                    out.update(dict.fromkeys((member.instrument,) if varied else member.name.excludes))
                    self._without.append(self._asked(member))
        for draft in self._drafts:
            if draft.part.instrument in out and not draft.name.players:
                del out[draft.part.instrument]
                self._notice(f"“{draft.part.asked}” is both wanted and ruled out; it plays.")
        self._drafts = [d for d in self._drafts if not d.name.players or not _belongs(table[d.part.instrument], out)]
        return tuple(out)

    def _less_words(self) -> list[str]:
        """What 'drumless' and the like rule out."""
        known: dict[str, str] = lexicon("exclusions")["less"]
        found = [known[w] for w in self._words.low if w in known]
        self._without += found
        names = [name_table().get(word) for word in found]
        return [item for name in names if name is not None for item in name.excludes]

    def _spans(self) -> tuple[tuple[int, int], ...]:
        words, spans = self._words, set()
        for group in self._groups:
            spans |= {(m.begin, m.last) for m in group.members} | {s for s in group.spans if s[0] < s[1]}
        spans |= {(i, i + 1) for i, w in enumerate(words.low) if w in lexicon("exclusions")["less"]}
        return tuple(sorted((words.start[a], words.end[min(b, len(words)) - 1]) for a, b in spans))


def _attributive(words: Words, member: Mention) -> bool:
    """Whether an ensemble's name only describes the music: 'a big band swing piece'."""
    return words.joined(member.last) and words.at(member.last) in frozenset(lexicon("roles")["ensembles"]["of_music"])


def _merged(known: PartRequest, new: PartRequest) -> PartRequest:
    """`known` with what a second mention adds; an exact name wins over a general word."""
    changes: dict[str, object] = {
        field: getattr(new, field)
        for field in ("role", "register_name", "articulation")
        if getattr(new, field) is not None and (getattr(known, field) is None or known.confidence == _ENSEMBLE)
    }
    placed = new.section or new.enters
    if (known.section or known.enters) and not placed and not new.rests:
        changes |= {"section": "", "enters": ""}  # named again without a place: it plays everywhere
    if new.rests:
        changes["rests"] = new.rests
    if known.confidence in (_PLAIN, _ENSEMBLE) and new.confidence == _EXACT:
        changes |= {"instrument": new.instrument, "asked": new.asked, "confidence": _EXACT}
    return known.model_copy(update=changes) if changes else known
