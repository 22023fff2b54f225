"""What keeps a reading from doing more than was said: places, players and exceptions that the piece does not have are refused,
never dropped; what is not to be done is not done; a question changes nothing."""

import re
from collections.abc import Sequence

from ripieno.agents.brains.embedded.edits.clause import Clause, Data
from ripieno.agents.brains.embedded.edits.times import names_section
from ripieno.agents.understanding import Ask, TurnContext
from ripieno.score.errors import BadRequest
from ripieno.tools.registry import family

_SECTION = re.compile(
    r"\b(?:the|in|at|during|of|on|for|into|every|each|all|both|only|last|first|second|third|fourth|final|throughout) (?:the )?(?:\w+ )?"
    r"(bridge|intro(?:duction)?|outro|coda|pre-?chorus|breakdown|interlude|chorus|verse|hook|drop|refrain|middle eight)(?:e?s)?\b"
    r"(?! (?:effect|send))|\b(?:section|part) ([a-h])\b|\b([a-h]) (?:section|part)\b"
)
_PLACE = re.compile(r"\b(?:in|during|throughout|at) (?:the|that|this) (?:\w+ )?(?:part|section|bit|passage|movement|phrase|moment)\b")
_EXCEPT = re.compile(
    r"\b(?:except(?: for)?|apart from|other than|besides the|excluding|save for|leaving out|but not|(?:everything|everyone|everybody|all) but)\b"
)
_PLURAL = re.compile(r"\b(?:them|they|those|these)\b")
# Kinds that name places which are still to come, or bring players in.
_MAKES_PLACES = frozenset({"add_section", "rename_section", "insert_bars"})
_MOVES = frozenset({"undo", "redo", "go_to_version", "make_branch", "switch_branch"})
_WHOLE_TRACKS = frozenset({"set_mix", "change_instrument", "remove_track", "rename_track", "solo", "merge_tracks", "duplicate_track"})
_TAKES_PLAYERS = frozenset(
    {"add_track", "change_instrument", "duplicate_track", "harmonise", "countermelody", "restyle", "rename_track"}
)  # fmt: skip
_QUESTION = re.compile(
    r"^(?:is|are|was|were|does|did|isn't|aren't|doesn't|didn't|wasn't|what|which|who|whose|why|when|where|how|has|have (?:we|you|i)|"
    r"do (?:we|you|i|they|any|the (?!same)))\b"
)
_DONT = re.compile(r"^(?:don'?t|do not|never|no need to|(?:you|we) (?:don't|needn't) (?:have to|need to)?|not to)\s+(?P<verb>\w+)(?P<rest>.*)$")
_KEEPS = frozenset({"touch", "change", "alter", "edit", "mess", "modify", "move"})
_OPINIONS = frozenset({"like", "love", "mind", "know", "think", "hear", "worry", "want", "need"})
_PLAYS = frozenset({"let", "have", "use", "play", "include", "bring"})


def is_question(text: str) -> bool:
    """Whether a clause asks instead of telling."""
    return _QUESTION.match(text) is not None


def no_such_track(clause: Clause, words: Sequence[str]) -> BadRequest:
    """The refusal of tracks that the piece does not have."""
    names = ", ".join(t.name for t in clause.table.tracks)
    return BadRequest("A track is one that the piece has", value=", ".join(words), cause=f"the piece is played by {names}",
                      cure="name one of these, or say 'add' to bring the other in")  # fmt: skip


def check_resolved(clause: Clause, made: Sequence[Data]) -> None:
    """Refuses what would act on more than was said, because a word of its place, its players or its exceptions was not found.

    Raises:
        BadRequest: the clause names what the piece does not have, or points at nothing.
    """
    kinds = {str(m["kind"]) for m in made}
    if all(family(k) == "ask" or k in _MOVES for k in kinds):
        return
    said = _SECTION.search(clause.rest)
    word = next((w for w in said.groups() if w), "") if said else ""
    known = any(word in (s.label.lower(), s.name.lower()) or names_section(s.name, word) for s in clause.table.sections)
    if word and not kinds & _MAKES_PLACES and not known:
        have = ", ".join(dict.fromkeys(s.name for s in clause.table.sections)) or "one stretch without sections"
        raise BadRequest("A section is one that the piece has", value=word, cause=f"the form is {have}",
                         cure=f"name one of these, or say 'add a {word}'")  # fmt: skip
    if _PLACE.search(clause.rest) and not clause.time and not clause.carried_time:
        have = ", ".join(dict.fromkeys(s.name for s in clause.table.sections)) or "one stretch without sections"
        raise BadRequest("A place is a section, a run of bars or a time", value=clause.text, cause=f"the form is {have}",
                         cure="name one of these, or give bars")  # fmt: skip
    whole = [m["kind"] for m in made if m["kind"] in _WHOLE_TRACKS and not set(m.get("scope", {})) & set(clause.time)]
    if clause.time and whole and len(whole) == len(made):
        raise BadRequest("This is set for a whole track, not for a part of the piece", value=clause.text,
                         cause=str(whole[0]).replace("_", " ") + " knows no bars",
                         cure="leave the place out, or ask for something that can change there, such as softer or silent")  # fmt: skip
    if _EXCEPT.search(clause.rest) and not clause.found.but:
        raise BadRequest("What is left out is something that the piece has", value=clause.text,
                         cause="the exception names no track or section of it", cure="name a track or a section")  # fmt: skip
    if clause.found.instruments and not clause.found.tracks and not kinds & _TAKES_PLAYERS:
        raise no_such_track(clause, clause.found.instrument_words)
    points = clause.tracks or clause.time or clause.carried_time or clause.found.everything
    if _PLURAL.search(clause.rest) and not points and not all(family(k) == "turn" for k in kinds):
        raise BadRequest("“Them” points at something that was just spoken of", value=clause.text,
                         cause="no track or place was", cure="name the tracks, or say 'everything'")  # fmt: skip


def without_negation(text: str) -> tuple[str, BadRequest | None]:
    """A clause that says what not to do, said as what to do, or the refusal to do anything."""
    match = _DONT.match(text)
    if match is None or match["verb"] in _KEEPS | _OPINIONS:
        return text, None
    too = re.search(r"\b(?:so|that|too|quite so|as) (\w+)$", match["rest"])
    if too:
        return f"{match['rest'][: too.start()].strip()} too {too[1]}", None
    if match["verb"] in _PLAYS:
        return "without " + re.sub(r"\s+play(?:ing)?\b", "", match["rest"]).strip(), None
    refusal = BadRequest("A turn says what to change", value=text, cause="this says what not to do, and none of it was done",
                         cure="say 'keep … as it is' to lock something, or what to do instead")  # fmt: skip
    return text, refusal


def left_alone(asks: Sequence[Ask], context: TurnContext) -> tuple[Ask, ...]:
    """'Leave the drums alone, but make everything softer': beside other wishes that is an exception to them, no lasting lock."""
    kept = [a for a in asks if a.instruction.kind == "keep" and not re.search(r"\b(?:lock|freeze|protect|from now on)\b", a.words)]
    others = [a for a in asks if family(a.instruction.kind) not in ("ask", "turn")]
    if not kept or not others:
        return tuple(asks)
    spared = tuple(dict.fromkeys(t for a in kept for t in a.instruction.scope.tracks if a.instruction.scope.timeless))
    found = []
    for ask in asks:
        scope = ask.instruction.scope
        if ask in kept and ask.instruction.scope.timeless:
            continue
        if ask in others and spared and not scope.tracks:
            scope = scope.model_copy(update={"but_tracks": tuple(dict.fromkeys((*scope.but_tracks, *spared)))})
            ask = ask.model_copy(update={"instruction": ask.instruction.model_copy(update={"scope": scope})})
        found.append(ask)
    return tuple(found)
