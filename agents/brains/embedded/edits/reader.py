"""Reads what a person says about a piece that is there: asks for it, questions about it, or one question back."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from ripieno.agents.brains.embedded.edits.actions import compiled_actions
from ripieno.agents.brains.embedded.edits.clause import Clause, Data, read_clause
from ripieno.agents.brains.embedded.edits.clauses import clauses, cleaned
from ripieno.agents.brains.embedded.edits.limits import (
    check_resolved,
    is_question,
    left_alone,
    no_such_track,
    without_negation,
)
from ripieno.agents.brains.embedded.edits.pitching import Doubt
from ripieno.agents.brains.embedded.edits.references import last_asks, refer, same_elsewhere, turned_round
from ripieno.agents.brains.embedded.lexicon import lexicon
from ripieno.agents.understanding import Ask, Option, Question, TurnContext, Understanding
from ripieno.score.brief import Notice
from ripieno.score.errors import BadRequest
from ripieno.tools.registry import parse_instruction

_NEW = re.compile(
    r"^(?:compose|write|create|generate|make|do|give|i want|i need|i'd like|let's (?:do|make|write|start))(?: me| us)?(?: (?:a|an|another|some|something))*(?: \w+)*? ?"
    r"(?:new|different|completely new|brand new)? ?(?:piece|song|composition|tune|waltz|march|ballad|reel|jig|nocturne|minuet|etude|sonata|symphony|quartet|soundtrack|score|jingle|loop|anthem|lullaby|blues|bossa|samba|tango|polka|rag|hymn|chorale)\b"
)
_FRESH = re.compile(
    r"\b(?:new (?:piece|song|tune|composition|project)|from scratch|something completely different|start (?:over|again) with)\b"
)
_PART = re.compile(
    r"\b(?:section|bridge|intro|outro|verse|chorus|part|track|line|melody|version|bars?|solo|longer|shorter|faster|slower|louder|softer|minor|major|into|it|this|that)\b"
)
_ORDINALS = {
    "1": 0,
    "one": 0,
    "first": 0,
    "former": 0,
    "2": 1,
    "two": 1,
    "second": 1,
    "latter": 1,
    "3": 2,
    "three": 2,
    "third": 2,
    "last": -1,
}
# Kinds of one concern: a complaint in one is answered by a wish in another.
_REMEDIES = (
    frozenset({"set_mix", "scale_velocities"}),
    frozenset({"thin_out", "simplify", "make_busier"}),
    frozenset({"vary", "regenerate"}),
    frozenset({"change_tempo", "fit_duration"}),
    frozenset({"change_mode", "change_tempo", "scale_velocities", "change_key"}),
)
_BARE = re.compile(r"^(?:(?:a bit|much|even|slightly) )*(?:louder|softer|quieter|higher|lower|busier|simpler)$")
_COMPLAINT = re.compile(r"\b(?:too|boring|bland|repetitive|overpower\w*|drown\w*|can'?t hear|cannot hear|barely hear|buried|lost in|not \w+ enough|hurts?)\b")
_CONSTRAINT = re.compile(
    r"^keep (?:the |its )?(?:same )?(?:tune|melody|rhythm|chords|harmony|rest|everything else|others?)(?: (?:the same|the way it is))?$"
)
# 'Create an eighties synthwave track': a piece, if a style is named and no player.
_STYLED = re.compile(
    r"^(?:create|compose|make|write|generate|produce)(?: me| us)? an? ((?!.*\b(?:drums?|bass|melody|lead|pad|synth|vocal|midi|backing|guitar|piano|new)\b).+?) (?:track|beat|song|piece|tune|loop)$"
)
_ELSE = re.compile(r"\b(?:the rest|the others?|everything else|everyone else|all else)\b")
_ONCE = frozenset({"regenerate", "vary", "extend"})
CAN = (
    "add, remove, mute or rename tracks, change instruments, volume, pan and reverb; make parts louder, busier, simpler, higher; "
    "change tempo, key, mode, metre; add, cut, repeat or move sections; reharmonise, vary, rewrite; swing, quantise; undo, branch, "
    "lock; describe, analyse, explain"
)


class EditReader:
    """Reads turns on a piece. `style_of` gives the id of a style that words name, or None."""

    def __init__(self, style_of: Callable[[str], str | None]) -> None:
        self._style_of = style_of

    def is_new_piece(self, text: str) -> bool:
        """Whether the words ask for a piece of its own, not for a change."""
        low = cleaned(text)
        if re.match(r"^make (?:the|this|it)\b", low):
            return False
        if _FRESH.search(low):
            return True
        styled = _STYLED.match(low)
        if styled and not _PART.search(styled[1]) and self._style_of(styled[1]) is not None:
            return True
        match = _NEW.match(low)
        return match is not None and not _PART.search(match[0])

    def read(self, text: str, context: TurnContext) -> Understanding:
        """What a turn asks for.

        Raises:
            BadRequest: nothing in it can be done; the cure says what can.
        """
        if context.asked is not None:
            answered = _answered(text, context.asked[1])
            if answered is not None:
                return answered
        reading = _Reading(text, context, self._style_of)
        for clause in clauses(text):
            reading.take(clause)
        return reading.result(text)


class _Reading:
    """A turn being read clause by clause: what was found so far, and what pronouns point at."""

    def __init__(self, text: str, context: TurnContext, style_of: Callable[[str], str | None]) -> None:
        self._text = text
        self.context = context
        self._style_of = style_of
        self.asks: list[Ask] = []
        self.notices: list[Notice] = []
        self.unused: list[str] = []
        self.question: Question | None = None
        self.problem: BadRequest | None = None
        last = last_asks(context)
        self._tracks: tuple[str, ...] = _known(last[-1].instruction.scope.tracks, context) if last else ()
        self._time: Data = _time_of(last[-1]) if last else {}
        self._place: Data = {}  # a place said by itself: it holds for what follows

    def take(self, text: str) -> None:
        """Reads one clause."""
        pointed = refer(text, self.context) if not self.asks else None
        if pointed is not None:
            self._add(pointed, text)
            return
        swapped = turned_round(text, self.context) if not self.asks else None
        if swapped is not None:  # 'no, right': the last wish with its other word
            undone, words = swapped
            self._add(undone, text)
            text = words
        if self.asks and _CONSTRAINT.match(text):
            return  # 'but keep the tune': what was asked for leaves it alone
        text, refusal = without_negation(text)
        if refusal is not None:
            self.unused.append(text)
            self.problem = self.problem or refusal
            return
        clause = read_clause(text, self.context, self._tracks, self._time)
        if self.asks and not clause.found.tracks and not clause.found.everything and _BARE.match(clause.rest):
            clause = replace(clause, carried=self._tracks)  # 'guitar softer in verse 1, louder in verse 2'
        if self._place and not clause.time:
            clause = Clause(
                clause.text, clause.rest, clause.found, self._place, clause.degree, clause.context, clause.carried, {}
            )
        if clause.found.everything and not clause.found.but and self._tracks and _ELSE.search(text):
            clause.found.but = self._tracks
        try:
            made = self._mood(clause)
            if made is None:
                made = self._action(clause)
        except Doubt as doubt:
            self.question = self.question or doubt.question
            return
        if made is None:
            if clause.found.tracks:
                self._tracks, self._time = clause.found.tracks, clause.time  # spoken of, whatever was wanted of it
            if clause.time and not clause.rest.strip(" ,.:"):
                self._place = clause.time
            elif not self._again(clause):
                self.unused.append(text)
                self._missing(clause)
            return
        if clause.found.doubtful and not is_question(text) and self.question is None and self._which(clause, made):
            return
        self._add(made, text)
        added = [m["part"]["instrument"] for m in made if m["kind"] == "add_track" and "part" in m]
        if added:
            self._tracks = tuple(dict.fromkeys(added))  # 'add a flute and make it louder': the one that will be there
        elif clause.tracks or clause.time:
            self._tracks = clause.tracks  # 'transpose bars 5 to 8 and make them louder': the bars, on every track
        if clause.time or clause.found.tracks:
            self._time = clause.time

    def _action(self, clause: Clause) -> list[Data] | None:
        asks_only = is_question(clause.text)
        for pattern, action in compiled_actions():
            if asks_only and not action.__module__.endswith("asking"):
                continue  # a question changes nothing
            asked = action.__module__.endswith("asking") or action.__name__ in _BY_TEXT
            if pattern.search(clause.rest) or (asked and pattern.search(clause.text)):
                made = action(clause)
                if made is not None:
                    rows = [row for row in (self._styled(m) for m in made) if row is not None]
                    if rows:
                        check_resolved(clause, rows)
                        return rows
        return None

    def _styled(self, data: Data) -> Data | None:
        if data["kind"] != "restyle":
            return data
        style = self._style_of(str(data["style"]))
        return {**data, "style": style} if style else None

    def _mood(self, clause: Clause) -> list[Data] | None:
        if clause.found.drums or "beats" in clause.time or is_question(clause.text):
            return None  # of single strokes only their loudness is meant
        for pattern, row in _moods():
            if pattern.search(clause.rest):
                made = [m for m in (_mood_ask(dict(ask), clause) for ask in row["asks"]) if m is not None]
                if made:
                    check_resolved(clause, made)
                    where = " in the bars you named" if clause.time else ""
                    self.notices.append(Notice(about="mood", message=f"I took “{clause.text}” to mean: {row['says']}{where}"))
                    return made
        return None

    def _again(self, clause: Clause) -> bool:
        """A clause of tracks or a place alone after a wish means the same wish there: 'mute the piano, and the strings'; so do
        'the same for the bass' and 'less on the drums'."""
        rows = same_elsewhere(clause.text, tuple(self.asks[-1:]), self.context)
        if rows is not None:
            self._add(rows, clause.text)
            return True
        if not self.asks or not clause.found.tracks or re.sub(r"<t>|,|and|too|as well|also|\s", "", clause.rest):
            return False
        previous = self.asks[-1].instruction.model_dump(exclude_defaults=True)
        scope = {**previous.get("scope", {}), "tracks": clause.found.tracks}
        self._add([{**previous, "kind": self.asks[-1].instruction.kind, "scope": scope}], clause.text)
        return True

    def _which(self, clause: Clause, made: list[Data]) -> bool:
        """Asks which of several tracks is meant, where one word names several."""
        assert clause.found.doubtful is not None
        word, ids = clause.found.doubtful
        rows = [t for t in clause.table.tracks if t.id in ids]
        options = []
        for row in rows:
            asks = tuple(_ask(_on(m, ids, row.id), clause.text) for m in made)
            options.append(Option(label=row.name, asks=asks))
        both = tuple(_ask(m, clause.text) for m in made)
        options.append(Option(label="all of them" if len(rows) > 2 else "both", asks=both))
        self.question = Question(text=f"Which {word} do you mean?", options=tuple(options), about=clause.text)
        return True

    def _add(self, made: Sequence[Data], words: str) -> None:
        for data in made:
            ask = _ask(self._as_written(data), words)
            self.asks = [a for a in self.asks if not _is_complaint_of(a, ask)]
            if ask.instruction in [a.instruction for a in self.asks] and ask.instruction.kind not in ("undo", "redo"):
                continue  # said twice in one breath
            twice = [a for a in self.asks if a.instruction.kind == ask.instruction.kind and ask.instruction.kind in _ONCE]
            if twice and ask.instruction.scope.tracks in ((), twice[0].instruction.scope.tracks):
                if ask.instruction.kind == "extend":
                    self.asks[self.asks.index(twice[0])] = ask
                continue  # 'I don't like the bass, write something else': one wish in two clauses
            self.asks.append(ask)

    def _as_written(self, data: Data) -> Data:
        """The data with a new name in the letters in which it was written; all small ones become a title."""
        if data["kind"] not in ("rename_track", "rename_section", "rename_piece", "make_branch"):
            return data
        field = "title" if data["kind"] == "rename_piece" else "name"
        found = re.search(re.escape(data[field]), self._text, re.IGNORECASE)
        written = found[0] if found else str(data[field])
        return {**data, field: written.title() if written.islower() and data["kind"] != "make_branch" else written}

    def _missing(self, clause: Clause) -> None:
        """Remembers why a clause had no effect, where it names what the piece does not have."""
        try:
            check_resolved(clause, ())
        except BadRequest as error:
            self.problem = self.problem or error
        if clause.found.instruments and self.problem is None:
            self.problem = no_such_track(clause, clause.found.instrument_words)

    def result(self, text: str) -> Understanding:
        """The understanding, if there is one.

        Raises:
            BadRequest: nothing could be read.
        """
        if not self.asks and self.question is None:
            raise self.problem or BadRequest(
                "A turn says what to change or asks about the piece", value=text,
                cause="no part of it could be read as a change or a question", cure=f"I can {CAN}",
            )  # fmt: skip
        return Understanding(
            intent="edit", asks=left_alone(self.asks, self.context), question=self.question, unused=tuple(self.unused), notices=tuple(self.notices)
        )


_BY_TEXT = frozenset({"duration",
        "fill",
        "arpeggiate", "section", "restyle", "move", "copy", "split", "note", "go_to", "extend", "key", "reharmonise", "insert",
                      "gradual_tempo", "enter", "metre", "question", "describe", "regenerate"})  # fmt: skip


def _ask(data: Data, words: str) -> Ask:
    """An ask from data.

    Raises:
        BadRequest: the values are impossible.
    """
    try:
        return Ask(instruction=parse_instruction(data), words=words)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequest(
            f"{str(data['kind']).replace('_', ' ').capitalize()} takes values that exist", value=str(first.get("input", ""))[:60],
            cause=str(first["msg"]), cure="say it with another value",
        ) from error  # fmt: skip


def _is_complaint_of(one: Ask, other: Ask) -> bool:
    """Whether one ask came from a complaint of which the other says what to do about it: 'too busy, thin it out'."""
    if one.words == other.words or not _COMPLAINT.search(one.words):
        return False
    if other.instruction.kind == "undo":
        return True
    alike = any({one.instruction.kind, other.instruction.kind} <= group for group in _REMEDIES)
    there, here = set(one.instruction.scope.tracks), set(other.instruction.scope.tracks)
    return alike and (there == here or not here or not there)


def _on(data: Data, ids: tuple[str, ...], one: str) -> Data:
    """The data with one track in the place of several."""
    scope = dict(data.get("scope", {}))
    tracks = tuple(t for t in scope.get("tracks", ()) if t not in ids or t == one)
    return {**data, "scope": {**scope, "tracks": tracks or (one,)}}


def _answered(text: str, question: Question) -> Understanding | None:
    """The understanding of an answer; None where the words answer nothing."""
    low = cleaned(text).strip(" .!?")
    if not question.options:
        return None
    word = re.match(r"^(?:the |option |number )*(\w+)(?: one| option)?(?: please)?$", low)
    index = _ORDINALS.get(word[1]) if word else None
    if index is None and low in ("yes", "yeah", "yep", "ok", "sure", "go ahead"):
        index = 0
    if index is None:
        said = set(re.findall(r"[a-z]+", low)) - {"the", "one", "i", "meant", "mean", "of", "a", "an", "please"}
        scores = [len(said & set(re.findall(r"[a-z]+", o.label.lower()))) for o in question.options]
        if low == "all" or low.startswith(("both", "all of")):
            index = len(question.options) - 1
        elif max(scores) and scores.count(max(scores)) == 1 and len(said) <= 5:
            index = scores.index(max(scores))
    if index is None or index >= len(question.options):
        return None
    return Understanding(intent="edit", asks=question.options[index].asks)


@lru_cache(maxsize=1)
def _moods() -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    return tuple((re.compile(rf"\b(?:{row['words']})\b"), row) for row in lexicon("edits")["moods"].values())


def _mood_ask(data: Data, clause: Clause) -> Data | None:
    """One of the asks that a mood stands for, fitted to the clause; None where it does not apply."""
    only_if, tracks, whole = data.pop("only_if", None), data.pop("tracks", None), data.pop("whole", False)
    mode = clause.table.keys[0].mode
    if only_if and mode != only_if and not (only_if == "minor" and "minor" in mode):
        return None
    if whole and (clause.time or clause.tracks):
        return None
    if data["kind"] in ("change_mode", "change_tempo", "scale_velocities") and clause.carried and not clause.found.tracks:
        clause = replace(clause, carried=(), carried_time={})  # 'make it sadder': the piece, whoever was spoken of before
    of_all = data["kind"] in ("change_mode", "change_tempo", "reharmonise")
    if of_all and clause.tracks:
        return None
    if clause.degree != 1:
        for name, rest in (("factor", 1.0), ("amount", 0.0), ("share", 0.0), ("strength", 0.0), ("ratio", 0.5)):
            if name in data:
                data[name] = round(rest + (data[name] - rest) * min(1.8, clause.degree), 3)
    scope = clause.scope(tracks=() if of_all else None)
    if tracks and not clause.tracks:
        wanted = ("drums", "percussion", "bass") if tracks == "rhythm" else None
        ids = tuple(t.id for t in clause.table.tracks if (t.role in wanted if wanted else not t.percussion))
        if not ids:
            return None
        scope["tracks"] = ids
    return {**data, "scope": scope}


def _known(tracks: tuple[str, ...], context: TurnContext) -> tuple[str, ...]:
    assert context.table is not None
    have = {t.id for t in context.table.tracks}
    return tuple(t for t in tracks if t in have)


def _time_of(ask: Ask) -> Data:
    data: Data = ask.instruction.scope.model_dump(exclude_defaults=True)
    return {k: v for k, v in data.items() if k not in ("tracks", "but_tracks", "drums")}
