"""The juror: a language model that compares candidates in pairs, each in both orders, so that a liking for the first cancels.

Measured facts are put before it: it judges what measurement cannot, and is told what measurement found. Where it cannot be
asked it abstains. Its ballot depends on the music alone: not on names, nor on the order in which candidates come.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import combinations
from typing import Literal

from pydantic import Field

from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.agents.judges.craft import COSTS
from ripieno.llm.client import Answered, Question, Talk
from ripieno.llm.errors import ModelError
from ripieno.llm.messages import Message
from ripieno.prompts.library import render
from ripieno.score.brief import Brief, Frozen
from ripieno.score.formats.abc import write_abc
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece

Deciding = Callable[[str, str, str], AbstractContextManager[None]]
MOST = 3  # candidates that are compared; those with the worst findings are left out
_BARS, _CHARS, _FINDINGS = 16, 1_800, 6


class Comparison(Frozen):
    """Which of two is the better music, how sure, and why."""

    better: Literal["first", "second", "neither"]
    why: str = Field(default="", max_length=300)


class Juror:
    """A `Judge` for one turn. `deciding` writes its decisions into the turn's account."""

    name = "juror"
    weight = 0.8

    def __init__(self, talk: Talk, model: str, deciding: Deciding) -> None:
        self._talk, self._model, self._deciding = talk, model, deciding

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        ranked = sorted(candidates, key=lambda c: (_cost(c), c.piece.hash))
        distinct = list({c.piece.hash: c for c in reversed(ranked)}.values())[::-1][:MOST]
        wins = {c.piece.hash: [0.5] for c in candidates}
        reasons: dict[str, str] = {}
        if len(distinct) > 1:
            pairs = [pair for a, b in combinations(distinct, 2) for pair in ((a, b), (b, a))]
            try:
                with self._deciding("Voter", "compares candidates", self._model):
                    answers = self._talk.together([self._question(a, b, brief) for a, b in pairs])
                    _raise_if_none(answers)
            except ModelError as error:
                return self._abstention(candidates, error)
            wins |= {c.piece.hash: [] for c in distinct}
            for (a, b), answer in zip(pairs, answers, strict=True):
                if isinstance(answer, Answered):
                    share = {"first": 1.0, "second": 0.0, "neither": 0.5}[answer.value.better]
                    wins[a.piece.hash].append(share)
                    wins[b.piece.hash].append(1 - share)
                    winner = a if share == 1 else b
                    if share != 0.5 and answer.value.why:
                        reasons.setdefault(winner.piece.hash, _words(answer.value.why))
        left_out = min((sum(w) / len(w) for w in wins.values() if w), default=0.5)
        compared = {c.piece.hash for c in distinct}
        scores = {
            c.id: sum(w) / len(w) if (w := wins[c.piece.hash]) and c.piece.hash in compared else left_out for c in candidates
        }
        said = {c.id: reasons.get(c.piece.hash) or _plain_reason(c, distinct, scores[c.id]) for c in candidates}
        return ballot(self, scores, said)

    def _question(self, first: JudgedCandidate, second: JudgedCandidate, brief: Brief) -> Question[Comparison]:
        wanted = f"Wanted: ⟦{' '.join(brief.text.split())[:400]}⟧, style {brief.style.value if brief.style else 'free'}."
        user = f"{wanted}\n\n# First\n{_shown(first)}\n\n# Second\n{_shown(second)}"
        messages = Message(role="system", content=render("juror")), Message(role="user", content=user)
        return Question("juror", messages, Comparison, max_tokens=200, temperature=0.0)

    def _abstention(self, candidates: Sequence[JudgedCandidate], error: ModelError) -> Ballot:
        why = f"the juror abstains: {error.rule}".replace("_", " ")
        return ballot(self, {c.id: 0.5 for c in candidates}, {c.id: why for c in candidates})


def _raise_if_none(answers: Sequence[Answered[Comparison] | ModelError]) -> None:
    """Raises the first error where every comparison failed."""
    errors = [a for a in answers if isinstance(a, ModelError)]
    if len(errors) == len(answers):
        raise errors[0]


def _cost(candidate: JudgedCandidate) -> float:
    return sum(COSTS[f.severity] for f in candidate.findings)


def _plain_reason(candidate: JudgedCandidate, distinct: Sequence[JudgedCandidate], score: float) -> str:
    if candidate.piece.hash not in {c.piece.hash for c in distinct}:
        return "not compared: others had fewer faults"
    return "nothing to compare it with" if len(distinct) < 2 else f"preferred in {score:.0%} of comparisons"


def _shown(candidate: JudgedCandidate) -> str:
    """A candidate in few words: its form and harmony, the beginning of its tune, what was measured."""
    piece = candidate.piece
    form = ", ".join(f"{' '.join(s.name.split())[:24]} {s.bars}" for s in piece.sections[:16]) or "one stretch"
    chords = " ".join(span.chord.symbol for span in piece.chords[:_BARS])
    parts = ", ".join(f"{t.instrument.name} {t.role} {len(t.notes)} notes" for t in piece.tracks[:16])
    found = "; ".join(f"{f.severity}: {f.message}" for f in candidate.findings[:_FINDINGS]) or "nothing"
    return (
        f"{piece.bars} bars: {form}. Parts: {parts}.\nChords: {chords}\nTune:\n{_tune(piece)}\nMeasured faults: {found[:900]}"
    )


def _tune(piece: Piece) -> str:
    """The beginning of the leading voice as ABC, without its head."""
    track = next((t for t in piece.tracks if t.role is Role.LEAD), next((t for t in piece.tracks if len(t.notes)), None))
    if track is None or not len(track.notes):
        return "none"
    end = piece.timeline.bar_start(min(_BARS, piece.bars))
    alone = Piece(
        "", piece.timeline, min(_BARS, piece.bars), tuple(k for k in piece.keys if k.bar < _BARS), (), (),
        (track.with_notes(track.notes[track.notes["start"] < end]),),
    )  # fmt: skip
    lines = write_abc(alone).splitlines()
    head = next((i for i, line in enumerate(lines) if line.startswith("K:")), 0)
    music = [line for line in lines[head:] if not line.startswith(("V:", "%%"))]
    return "\n".join(music)[:_CHARS]


def _words(text: str) -> str:
    return " ".join("".join(c for c in text if c.isprintable()).replace("_", " ").split())[:200] or "better music"
