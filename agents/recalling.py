"""A new piece like an earlier one: finds the piece that the words mean, and takes from it what the words leave open.

What is taken is inferred, never stated: what the request says itself wins, and so does every option. The notes are not taken:
the judge of novelty sees to it that the new piece is no copy.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ripieno.agents.choices import revised
from ripieno.agents.dates import WHEN, told, window
from ripieno.agents.finding import Shelf, coverage, described, remembered_brief
from ripieno.agents.judges.novelty import echoes
from ripieno.agents.references import Change, Reference, find_reference, may_refer
from ripieno.agents.state import TurnRequest
from ripieno.agents.understanding import Understanding
from ripieno.memory.embedding import stems
from ripieno.memory.library import made_at, piece_of
from ripieno.memory.recall import Hit, Item
from ripieno.memory.store import Store
from ripieno.memory.user import FAULTS, UserMemory
from ripieno.score.brief import Attribute, Brief, Notice, Origin, PartRequest
from ripieno.score.checks.request_players import is_excluded
from ripieno.score.instruments import instrument
from ripieno.score.keys import Key
from ripieno.score.piece import Piece
from ripieno.score.styles import StyleProfile

_NEAR = 2  # pieces of other projects that each candidate is held against: those made most like it
_MEANT = 0.42  # how well words must fit a piece for it to be the one that is meant
_AS_WELL = 0.9  # a share of the best from which a piece fits about as well
_TOLD = 4  # pieces that are named where the one that is meant is not known
_LEVELS = ("pp", "p", "mp", "mf", "f", "ff")
# What is taken of an earlier piece, and what in a request speaks for each (any of these stated or inferred: nothing is taken).
_TAKEN: dict[str, tuple[str, ...]] = {
    "genres": ("style", "genres"), "style": ("style",), "moods": ("moods",), "valence": ("valence", "moods"),
    "arousal": ("arousal", "moods"), "tonic": ("tonic", "progressions"), "mode": ("mode", "tonic", "progressions"),
    "tempo": ("tempo", "tempo_range", "tempo_class", "style"), "metre": ("metre", "style"), "swing": ("swing", "style"),
    "bars": ("bars", "bars_range", "duration", "duration_range", "form"), "texture": ("texture",),
    "form": ("form", "bars", "bars_range", "duration", "style"), "excluded": ("excluded", "parts"),
    "dynamics": ("dynamics", "dynamics_shape"), "density": ("density", "rhythm_intensity", "style"),
    "rhythm_intensity": ("density", "rhythm_intensity", "style"), "articulation": ("articulation",),
    "register_name": ("register_name", "pitch_range"),
}  # fmt: skip


@dataclass(frozen=True)
class Recalled:
    """The piece that was meant, when it was made in words, and others that would fit."""

    item: Item
    made: str
    others: tuple[Item, ...] = ()

    @property
    def title(self) -> str:
        """Its title."""
        return self.item.data["title"]


def recall_piece(
    text: str, user: UserMemory, profiles: Mapping[str, StyleProfile]
) -> tuple[Reference, Recalled | None, tuple[str, ...]] | None:
    """What a request for a new piece points at: the words, the piece (None: there is no such), and what should be said.

    None where it points at nothing. Raises one of `FAULTS` where the memory cannot be read.
    """
    if not may_refer(text):
        return None
    library = user.library
    said = library.follow()
    pieces = library.pieces()
    reference = find_reference(text, [name for item in pieces for name in _names(item)])
    if reference is None:
        return None
    fitting, now = list(pieces), user.now()
    if reference.when and (time := window(reference.when, now)) is not None:
        fitting = [item for item in fitting if time.holds(*made_at(item))]
    if reference.name:
        fitting = [i for i in fitting if reference.name in _names(i)]
    if reference.kind:
        if (longer := reference.longer) is not None:
            best = _best(longer.kind, fitting, profiles)
            reference = longer if best and coverage(reference.tail, best[0]) >= 0.5 else reference
        fitting = _best(reference.kind, fitting, profiles)
    elif not reference.name and not reference.order:
        fitting = _best(reference.rest, fitting, profiles) or fitting
    if not fitting:
        return reference, None, (*said, _unknown(reference, pieces, user))
    if reference.order:
        fitting.sort(key=lambda i: (made_at(i)[0], i.id), reverse=reference.order == "last")
    found = Recalled(fitting[0], told(made_at(fitting[0])[0], now), tuple(fitting[1:]))
    return reference, found, said


def search(
    text: str, music: Piece | None, user: UserMemory, limit: int, profiles: Mapping[str, StyleProfile]
) -> tuple[Hit, ...]:  # fmt: skip
    """The pieces that fit words, a time in the words, and music; without any of these the latest."""
    time = re.search(rf"\b(?:(?:from|of|made|written)\s+)?({WHEN})\b", text, re.IGNORECASE)
    stretch = window(time[1], user.now()) if time else None
    words = text if time is None or stretch is None else f"{text[: time.start()]} {text[time.end() :]}"
    among = [i for i in user.library.pieces() if stretch is None or stretch.holds(*made_at(i))]
    if not stems(words) and music is None:
        return tuple(Hit(item, 0.0, "") for item in among[:limit])
    if music is not None:
        return user.library.find(words, music, limit=limit, among=among)
    return described(words, Shelf.of(among), profiles, limit)


def _names(item: Item) -> tuple[str, ...]:
    folder = Path(item.data["project"]).name
    return tuple(dict.fromkeys((item.data["title"], folder, folder.replace("-", " "))))


def _best(words: str, items: list[Item], profiles: Mapping[str, StyleProfile]) -> list[Item]:
    """The pieces that the words describe best: those that fit about as well as the best of them."""
    if not stems(words):
        return items
    hits = described(words, Shelf.of(items), profiles, len(items))
    return [hit.item for hit in hits if hit.score >= max(_MEANT, hits[0].score * _AS_WELL)]


def _unknown(reference: Reference, pieces: Sequence[Item], user: UserMemory) -> str:
    what = f"I know no piece that “{reference.words}” could be, so nothing was taken from one."
    if not pieces:
        return f"{what} I remember no pieces yet."
    rows = (f"“{i.data['title']}” ({told(made_at(i)[1], user.now())})" for i in pieces[:_TOLD])
    more = f" and {len(pieces) - _TOLD} more; `ripieno memory find` searches them" if len(pieces) > _TOLD else ""
    return f"{what} What I remember: {', '.join(rows)}{more}."


def echoes_elsewhere(
    candidates: Sequence[Piece], request: TurnRequest, store: Store, user: UserMemory
) -> tuple[Piece, ...]:  # fmt: skip
    """Pieces of other projects that a candidate nearly copies; none where they cannot be looked up.

    The same request with the same seed gives the same music again: it is judged beside what there was when it was first made.
    """
    try:
        library = user.library
        library.follow()
        here = str(store.database.file.parent.resolve()) if store.database.file else ""
        pieces = [i for i in library.pieces() if i.data["project"] != here]
        same = [i.data["begun"] for i in pieces if (i.data["request"], i.data["seed"]) == (request.text, str(request.seed))]
        if same:
            pieces = [i for i in pieces if i.data["begun"] < min(same)]
        if not pieces:
            return ()
        near: dict[str, Item] = {}
        for piece in candidates:
            near |= {hit.item.data["piece"]: hit.item for hit in library.find(music=piece, limit=_NEAR, among=pieces)}
        return echoes(candidates, [piece_of(item) for item in near.values()])
    except FAULTS:
        return ()  # whoever asks for an earlier piece by name is told; a vote goes on without


def conceive_like(
    text: str, user: UserMemory, read: Callable[[str], Understanding], profiles: Mapping[str, StyleProfile]
) -> Understanding:  # fmt: skip
    """What a request for a new piece means, beside what is remembered; `read` reads words without looking back.

    A memory that cannot be read is said, and the words are read without it.
    """
    try:
        found = recall_piece(text, user, profiles)
    except FAULTS as error:
        trouble = f"Your earlier pieces could not be looked up: {getattr(error, 'message', error)}"
        return _noted(read(text), (Notice(about="memory", message=trouble),))
    if found is None:
        return read(text)
    reference, recalled, said = found
    notices = tuple(Notice(about="recall", message=each) for each in said)
    if recalled is None:
        return _noted(read(text), notices)
    understood = read(reference.rest or "a piece")
    assert understood.brief is not None
    before = understood.brief.model_copy(update={"notices": tuple(n for n in understood.brief.notices if n.about != "request")})
    if reference.rest:
        before = understood.brief
    brief, taken = like(before, recalled, reference.changes, profiles)
    others = f" “{recalled.others[0].data['title']}” would fit, too." if recalled.others else ""
    folder = Path(recalled.item.data["project"]).name
    source = f"“{reference.words}” is “{recalled.title}” ({folder}, made {recalled.made})"
    message = f"{source}. Taken from it: {', '.join(taken)}.{others}"
    brief = revised(brief, {"text": text})
    return _noted(understood.model_copy(update={"brief": brief}), (Notice(about="recall", message=message), *notices))


def _noted(understood: Understanding, notices: tuple[Notice, ...]) -> Understanding:
    if understood.brief is None or not notices:
        return understood
    brief = understood.brief
    return understood.model_copy(update={"brief": brief.model_copy(update={"notices": (*brief.notices, *notices)})})


def like(
    brief: Brief, recalled: Recalled, changes: Sequence[Change], profiles: Mapping[str, StyleProfile]
) -> tuple[Brief, list[str]]:  # fmt: skip
    """The brief with what it leaves open taken from the earlier piece, changed as the words say; and what was taken."""
    old = remembered_brief(recalled.item.data["brief"])
    if old.style is not None and old.style.value not in profiles:
        old = old.model_copy(update={"style": None})  # a style of the user's own that is gone
    words = f"as in “{recalled.title}”"
    other_style = brief.style is not None and (old.style is None or brief.style.value != old.style.value)
    update: dict[str, object] = {}
    for name, rivals in _TAKEN.items():
        value = getattr(old, name)
        mine = [rival for rival in rivals if (rival != "style" or other_style) and getattr(brief, rival)]
        if value is not None and getattr(brief, name) is None and not mine:
            update[name] = Attribute(value=value.value, origin=Origin.INFERRED, words=words, confidence=0.9)
    parts = _players(brief, old, words, other_style)
    if parts != brief.parts:
        update |= {"parts": parts, "ensemble_closed": True}
    update |= _changed(brief, update, changes, recalled.title)
    shown = [n for n in ("style", "tempo", "metre", "tonic", "mode", "bars", "moods") if n in update]
    told_as = {"tonic": "key", "moods": "mood"}
    taken = [told_as.get(n, n) for n in shown] + (["players"] if "parts" in update else [])
    return revised(brief, update), taken or ["nothing, you said it all"]


def _players(brief: Brief, old: Brief, words: str, other_style: bool) -> tuple[PartRequest, ...]:
    """The earlier players beside those that were asked for now, without those that are not wanted."""
    if brief.ensemble_closed or (other_style and not brief.parts) or not old.parts:
        return brief.parts
    unwanted = frozenset(brief.excluded.value) if brief.excluded else frozenset()
    named = {part.instrument for part in brief.parts}
    if other_style:
        return brief.parts
    taken = tuple(
        part.model_copy(update={"origin": Origin.INFERRED, "asked": words, "section": "", "enters": "", "rests": "",
                                "confidence": 0.9, "nearest": False})
        for part in old.parts
        if part.instrument not in named and not is_excluded(instrument(part.instrument), unwanted)
    )  # fmt: skip
    return (*taken, *brief.parts)


def _changed(brief: Brief, update: Mapping[str, object], changes: Sequence[Change], title: str) -> dict[str, object]:
    """The changes, applied to what was taken; what the request states of the same thing stands."""

    def now(name: str) -> object:
        there = update.get(name, getattr(brief, name))
        return there.value if isinstance(there, Attribute) else None

    def free(name: str) -> bool:
        there = getattr(brief, name)
        return there is None or there.origin is not Origin.STATED

    made: dict[str, object] = {}
    for change in changes:
        why = {"origin": Origin.INFERRED, "words": f"{change.words} than “{title}”", "confidence": 0.9}
        for name, by in change.effects.items():
            earlier = made.get(name)
            value = earlier.value if isinstance(earlier, Attribute) else now(name)
            if not free(name):
                continue
            new: object
            if name in ("tempo", "bars"):
                if not isinstance(value, int | float):
                    continue
                new = float(round(value * by)) if name == "tempo" else max(1, round(value * by / 4) * 4 or round(value * by))
            elif name == "dynamics":
                level = _LEVELS.index(value) if value in _LEVELS else 3
                new = _LEVELS[max(0, min(len(_LEVELS) - 1, level + round(by)))]
            else:
                start = value if isinstance(value, int | float) else 0.5 if name == "density" else 0.0
                new = round(max(0.0 if name == "density" else -1.0, min(1.0, start + by)), 3)
            made[name] = Attribute(value=new, **why)
        mode, wanted = now("mode"), change.mode
        if wanted and free("mode") and isinstance(mode, str) and Key("C", mode).is_minor != (wanted == "minor"):
            made["mode"] = Attribute(value=change.mode, **why)
        if "valence" in change.effects and free("moods"):
            made["moods"] = None  # the earlier mood's own words no longer hold
        if "bars" in change.effects:
            made["form"] = None
    return made
