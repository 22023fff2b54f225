"""Clauses about turns, versions and locks, and questions about the piece."""

import re

from ripieno.agents.brains.embedded.edits.clause import Clause, Data
from ripieno.agents.brains.embedded.edits.times import number
from ripieno.agents.understanding import VersionNote
from ripieno.score.errors import BadRequest

_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "of",
        "one",
        "version",
        "before",
        "after",
        "with",
        "without",
        "was",
        "that",
        "where",
        "from",
        "when",
        "it",
        "we",
        "had",
        "go",
        "back",
        "take",
        "me",
        "switch",
        "return",
        "revert",
        "i",
        "you",
        "and",
        "in",
        "on",
        "this",
        "there",
        "still",
    ]
)


_NO_TRACK = frozenset({"chords", "harmony", "accompaniment"})  # in a question these are the harmony, not who plays it


def undo(clause: Clause) -> list[Data] | None:
    """Undo, once or several times; 'everything' goes back to the first version."""
    if clause.found.tracks and not clause.has(r"\bundo\b"):
        return None
    if clause.context.can_undo == 0:
        raise BadRequest("Only turns that are there can be taken back", value=clause.text, cause="nothing was changed yet",
                         cure="change something first")  # fmt: skip
    count = re.search(r"\b(\w+) (?:times|steps|turns|changes|versions)\b|\b(twice|thrice)\b|\blast (\w+)\b", clause.text)
    turns = 1
    if count:
        word = next(g for g in count.groups() if g)
        turns = {"twice": 2, "thrice": 3}.get(word) or number(word) or 1
    if re.search(r"\b(?:everything|all (?:of )?(?:it|that|changes))\b", clause.text):
        turns = clause.context.can_undo
    return [{"kind": "undo", "turns": min(max(1, turns), clause.context.can_undo)}]


def redo(clause: Clause) -> list[Data] | None:
    """Redo."""
    if clause.context.can_redo == 0:
        raise BadRequest("Only what was taken back can be done again", value=clause.text, cause="nothing was undone",
                         cure="say what to write anew, such as 'rewrite the bass'")  # fmt: skip
    return [{"kind": "redo", "turns": 1}]


def go_to(clause: Clause) -> list[Data] | None:
    """A version by number, by what was said when it was made ('the one before the drums'), or a branch by name."""
    text, versions = clause.text, clause.context.versions
    for name in clause.context.branches:
        if re.search(
            rf"\bbranch {re.escape(name.lower())}\b|\b{re.escape(name.lower())} branch\b|\b(?:version|take) {re.escape(name.lower())}$",
            text,
        ):
            return [{"kind": "switch_branch", "name": name}]
    if not versions:
        return None
    named = re.search(r"\b(?:version|take|v)\s*(\d+|one|two|three|four|five|six)\b", text)
    if named:
        return [{"kind": "go_to_version", "version": str(number(named[1]))}]
    if re.search(
        r"\b(?:first (?:version|take|one)|original|very (?:first|beginning)|where we started|back to the (?:start|beginning))\b",
        text,
    ):
        return [{"kind": "go_to_version", "version": str(versions[0].number)}]
    if re.search(r"\b(?:last|previous) (?:version|take|one)\b", text) and clause.context.can_undo:
        return [{"kind": "undo", "turns": 1}]
    about = re.search(r"\b(before|without|with|after|where|when)\b(.*)$", text)
    if about:
        words = {w for w in re.findall(r"[a-z]+", about[2]) if w not in _STOP and len(w) > 2}
        made = _mentioning(words, versions)
        if made is not None:
            if about[1] in ("before", "without"):
                return [{"kind": "go_to_version", "version": made.parent}] if made.parent else None
            return [{"kind": "go_to_version", "version": str(made.number)}]
    return None


def _mentioning(words: set[str], versions: tuple[VersionNote, ...]) -> VersionNote | None:
    """The last version whose words or summary speak of most of the words."""
    best: tuple[int, int] | None = None
    chosen = None
    for note in versions[1:]:
        said = set(re.findall(r"[a-z]+", f"{note.text} {note.summary}".lower()))
        said |= {w.rstrip("s") for w in said}
        score = (len({w for w in words if w in said or w.rstrip("s") in said}), note.number)
        if score[0] and (best is None or score > best):
            best, chosen = score, note
    return chosen


def branch(clause: Clause) -> list[Data] | None:
    """A new branch with the name that was said."""
    name = re.search(
        r"\b(?:called|named|(?:call|name|label|tag) (?:this|that|it|the)(?: version| take| draft| one| idea)?|as|branch|version|take)\s+"
        r"\"?([\w -]{1,40}?)\"?$",
        clause.text,
    )
    words = name[1].strip() if name else ""
    words = re.sub(r"^(?:a |the |new |version |branch |take |called |named )+", "", words)
    if not words or words in ("this", "that", "it", "here"):
        words = f"branch {len(clause.context.branches)}"
    if words in clause.context.branches:
        return [{"kind": "switch_branch", "name": words}]
    return [{"kind": "make_branch", "name": words}]


def keep(clause: Clause) -> list[Data] | None:
    """A lock on the tracks and bars that are named."""
    if not clause.tracks and not clause.time:
        return None
    return [{"kind": "keep", "scope": clause.scope()}]


def release(clause: Clause) -> list[Data] | None:
    """Locks taken off."""
    return [{"kind": "release", "scope": clause.scope()}]


def note_to_self(clause: Clause) -> list[Data] | None:
    """Notes about a project are not kept.

    Raises:
        BadRequest: always.
    """
    raise BadRequest("What is said here changes the piece or asks about it", value=clause.text,
                     cause="notes about a project are not kept", cure="say what to change; name a version: 'call this version demo'")  # fmt: skip


def compare(clause: Clause) -> list[Data] | None:
    """What changed, against the version named or the one before."""
    named = re.search(r"\b(?:version|v)\s*(\d+)\b", clause.text)
    if named:
        return [{"kind": "compare", "version": named[1]}]
    if re.search(r"\b(?:first|original)\b", clause.text) and clause.context.versions:
        return [{"kind": "compare", "version": str(clause.context.versions[0].number)}]
    return [{"kind": "compare"}]


def explain_chords(clause: Clause) -> list[Data] | None:
    """Why these chords."""
    return [{"kind": "explain", "what": "chords", "scope": clause.scope(tracks=())}]


def explain_choices(clause: Clause) -> list[Data] | None:
    """Why it was made so."""
    return [{"kind": "explain", "what": "choices"}]


def analyse(clause: Clause) -> list[Data] | None:
    """Form, harmony or motifs."""
    what = "all"
    if clause.has(r"\b(?:roman|harmon|chord|cadence)"):
        what = "harmony"
    elif clause.has(r"\bmotif"):
        what = "motifs"
    elif clause.has(r"\b(?:form|structure|sections?)\b"):
        what = "form"
    return [{"kind": "analyse", "what": what, "scope": clause.scope(tracks=())}]


def describe(clause: Clause) -> list[Data] | None:
    """What there is."""
    if clause.has(r"\bchords?\b|\bkey\b|\btempo\b"):
        return question(clause)
    return [{"kind": "describe", "scope": clause.scope(tracks=())}]


def question(clause: Clause) -> list[Data] | None:
    """A question about the piece, with its place."""
    scope: Data = dict(clause.time)
    named = [g for g, w in zip(clause.found.groups, clause.found.words, strict=True) if w not in _NO_TRACK]
    if named:
        scope["tracks"] = tuple(dict.fromkeys(i for group in named for i in group))
    return [{"kind": "answer", "question": clause.text[:500], "scope": scope}]
