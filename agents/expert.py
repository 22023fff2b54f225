"""The Expert: conceives what is wanted, asks back where that is in doubt, criticises what was made, answers questions."""

import json
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from ripieno.agents.context import turn_context
from ripieno.agents.defaults import complete
from ripieno.agents.habits import complete_by_habit
from ripieno.agents.intent import revised_intent
from ripieno.agents.knowledge import Passage, asks_theory, passage, striking
from ripieno.agents.overrides import apply_overrides
from ripieno.agents.recalling import conceive_like
from ripieno.agents.repairs import weight
from ripieno.agents.state import CandidateRecord, Consulted, Ensemble, TurnState
from ripieno.agents.trace import say
from ripieno.agents.understanding import Ask, TurnContext, Understanding
from ripieno.memory.store import Store
from ripieno.score.brief import Brief, Notice
from ripieno.score.checks.compliance import check_compliance
from ripieno.score.checks.registry import run_checks
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece
from ripieno.tools.ask import Analyse, Answer, AnswerQuestion, Compare, Explain, Subject, answer_about
from ripieno.tools.base import Instruction
from ripieno.tools.questions import NoSuchQuestion
from ripieno.tools.registry import family
from ripieno.tools.turns import Adopt

MAX_QUESTIONS = 2  # in one turn; then the first option is assumed


def conceive(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Request to understanding and brief: what the words say, what the caller overrides, what style and house fill in."""
    say(runtime, "Expert", "reads the request")
    ensemble, request, snapshot = runtime.context, state["request"], state["snapshot"]
    consulted = state.get("consulted", [])
    text = consulted[-1].answer if consulted else request.text
    if request.asks:
        understanding = Understanding(intent="edit", asks=request.asks)
    else:
        context = turn_context(ensemble.store, snapshot, request.text, consulted)
        understanding = _read(text, context, ensemble)
    if understanding.question and (not request.may_ask or len(consulted) >= MAX_QUESTIONS):
        understanding = assume(understanding)
    if understanding.brief is not None:
        brief = apply_overrides(understanding.brief, request.overrides, ensemble.profiles)
        made = complete_by_habit(brief, snapshot.habits, ensemble.profiles, request.seed)
        return {"understanding": understanding, "brief": made}
    version = snapshot.version
    intent = ensemble.store.version(version).table.intent if version else adopted_intent(request.asks)
    brief = intent if intent.style else complete(intent, ensemble.profiles, request.seed)
    return {"understanding": understanding, "brief": brief}


def _read(text: str, context: TurnContext, ensemble: Ensemble) -> Understanding:
    """What the brain makes of the words; a new piece may be one like an earlier one of the person's."""

    def read(words: str) -> Understanding:
        return ensemble.brain.conceive(words, context, ensemble.profiles)

    if context.table is not None:
        try:
            understanding = read(text)
        except BadRequest:
            if not (asks_theory(text) and passage(text)):
                raise
            question = AnswerQuestion(question=text[:500])  # of theory, not about this piece: the cards answer
            return Understanding(intent="edit", asks=(Ask(instruction=question, words=text),))
        if understanding.intent == "edit":
            return understanding
        if ensemble.user is None:
            return understanding
        context = context.model_copy(update={"table": None})  # a new piece it is, whatever the rest of the words says
    if ensemble.user is None:
        return read(text)
    return conceive_like(text, ensemble.user, read, ensemble.profiles)


def adopted_intent(asks: tuple[Ask, ...]) -> Brief:
    """The wishes of a piece from elsewhere: what was found in it.

    Raises:
        BadRequest: there is nothing to edit yet.
    """
    for ask in asks:
        if isinstance(ask.instruction, Adopt):
            return ask.instruction.intent
    raise BadRequest("An edit needs a piece", cause="this project holds no music yet", cure="compose or import a piece first")


def assume(understanding: Understanding) -> Understanding:
    """The understanding without its question: the first option is taken, and said."""
    question = understanding.question
    assert question is not None
    if not question.options:
        notice = Notice(about="question", message=f"{question.text} Nobody answered; that part was left out.")
        return understanding.model_copy(update={"question": None, "notices": (*understanding.notices, notice)})
    first = question.options[0]
    notice = Notice(about="question", message=f"{question.text} I assumed: {first.label}.")
    return understanding.model_copy(
        update={
            "question": None,
            "asks": (*understanding.asks, *first.asks),
            "notices": (*understanding.notices, notice),
        }
    )


def next_after_conceive(state: TurnState, runtime: Runtime[Ensemble]) -> Literal["consult", "plan"]:
    """To the person where there is a question, else on."""
    return "consult" if state["understanding"].question else "plan"


def consult(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Puts the question to the person and waits, for days if need be; the checkpoint keeps the turn."""
    question = state["understanding"].question
    assert question is not None
    say(runtime, "Expert", "asks: " + question.text)
    return {"consulted": [Consulted(question=question, answer=str(interrupt(question)))]}


def criticise(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Checks every candidate that changed; a round of repairs that did not make a candidate better is taken back."""
    store = runtime.context.store
    before = {c.id: c for c in state.get("previous", ())}
    judged: list[CandidateRecord] = []
    for i, record in enumerate(state["candidates"]):
        say(runtime, "Expert", f"criticises candidate {record.id}", i, len(state["candidates"]))
        if not record.checked:
            piece = store.piece(record.piece)
            brief = wanted(state, record, piece)
            record = record.model_copy(
                update={
                    "findings": run_checks(piece, brief),
                    "delivered": check_compliance(piece, brief),
                    "checked": True,
                }
            )
            old = before.get(record.id)
            if old is not None:
                better = weight(record.findings) < weight(old.findings)
                tried = tuple(r.model_copy(update={"kept": better}) if r.kept is None else r for r in record.repairs)
                record = (record if better else old).model_copy(update={"repairs": tried})
        judged.append(record)
    return {"candidates": tuple(judged), "previous": (), "repairs": {}}


def wanted(state: TurnState, record: CandidateRecord, piece: Piece) -> Brief:
    """What a candidate is measured by: the brief; of an edit the wishes as they are once its steps are done."""
    if state["understanding"].intent == "compose":
        return state["brief"]
    done = {o.step for o in record.outcomes if o.done}
    return revised_intent(state["brief"], [s for s in state["plan"].ordered() if s.id in done], piece)


def answer(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Answers the questions of the plan from the music as this turn leaves it."""
    say(runtime, "Expert", "looks at the music to answer")
    store = runtime.context.store
    winner = next((c for c in state.get("candidates", ()) if c.id == state["verdict"].winner), None)
    hash_ = winner.piece if winner else state["snapshot"].piece
    if hash_ is None:
        raise BadRequest("A question is about a piece", cause="this project holds no music yet", cure="compose one first")
    piece = store.piece(hash_)
    steps = [s.instruction for s in state["plan"].ordered() if family(s.instruction.kind) == "ask"]
    asked = state["request"].text
    return {"answers": tuple(_answered(i, _subject(i, piece, state, store), asked) for i in steps)}


def _answered(instruction: Instruction, subject: Subject, asked: str) -> Answer:
    """The answer from the piece, with what the knowledge cards say where the words ask what something is, or why it is so.

    Raises:
        Retryable: neither the piece nor a card answers.
    """
    if isinstance(instruction, Explain) and instruction.what == "chords":
        answer = answer_about(instruction, subject)
        return _with_card(answer, passage(striking(answer.text) or asked))
    if isinstance(instruction, AnswerQuestion):
        try:
            return answer_about(instruction, subject)
        except NoSuchQuestion:
            found = passage(instruction.question)
            if found is None or not asks_theory(instruction.question):
                raise
            return _with_card(Answer(text=""), found)
    answer = answer_about(instruction, subject)
    return _with_card(answer, passage(asked)) if isinstance(instruction, Analyse) and asks_theory(asked) else answer


def _with_card(answer: Answer, found: Passage | None) -> Answer:
    if found is None:
        return answer
    return Answer(text=f"{answer.text} {found.text}".strip(), data={**answer.data, "card": found.card})


def _subject(instruction: Instruction, piece: Piece, state: TurnState, store: Store) -> Subject:
    """What a question is about: the piece, and what it needs of other versions."""
    version = state["snapshot"].version
    if isinstance(instruction, Explain) and version:
        made = json.loads(store.trace(store.version(version).turn))
        winner = (made.get("verdict") or {}).get("winner")
        trail = next((tuple(c["trail"]) for c in made.get("candidates", ()) if c["id"] == winner), ())
        return Subject(piece, trail=(*trail, *((made.get("verdict") or {}).get("reasons", ()))))
    if isinstance(instruction, Compare) and version:
        name = instruction.version or store.version(version).parent
        if name is not None:
            other = store.version(name)
            return Subject(piece, store.piece(other.piece), f"version {other.number}")
    return Subject(piece)
