"""Puts the report of a turn together from its state, and says a turn in one line for the log."""

from ripieno.agents.plan import Step
from ripieno.agents.report import CandidateSummary, Report
from ripieno.agents.state import CandidateRecord, TurnState
from ripieno.agents.wording import instruction_words
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Notice
from ripieno.score.checks.finding import Finding
from ripieno.score.checks.registry import run_checks
from ripieno.score.diff import compare_pieces
from ripieno.score.piece import Piece
from ripieno.tools.registry import family

_NAMED = 6  # tracks that are told by name
_SUMMARY = 160  # characters of the line in the log


def carried_out(state: TurnState) -> tuple[Step, ...]:
    """The steps of the plan that were done: on the winner, by Memory, or as an answer. None where the person declined."""
    if not state.get("agreed", True):
        return ()
    winner = _winner(state)
    done = {o.step for o in winner.outcomes if o.done} if winner else set()
    return tuple(s for s in state["plan"].ordered() if s.id in done or family(s.instruction.kind) in ("turn", "ask"))


def build_report(
    state: TurnState,
    winner: CandidateRecord | None,
    table: AttributeTable,
    before: Piece | None,
    after: Piece,
    base: int | None,
) -> Report:
    """The report of a turn that led from `before` (None: an empty project) to `after`; `base` is the number of the version
    that it built on."""
    brief, understanding, request = state["brief"], state["understanding"], state["request"]
    intent = _intent(state)
    composed = intent == "compose"
    outcomes = winner.outcomes if winner else ()
    return Report(
        request=request.text,
        intent=intent,
        title=after.title,
        seed=request.seed,
        style=table.style or "",
        delivered=winner.delivered if winner else (),
        notices=(
            *(brief.notices if composed else understanding.notices),
            *(
                Notice(about="preferences", message=f"{instruction_words(step.instruction)}, because {step.why}.")
                for step in carried_out(state)
                if step.by == "memory"
            ),
            *([Notice(about="memory", message=trouble)] if (trouble := state["snapshot"].trouble) else []),
            *(Notice(about="plan", message=f"{o.words or o.step}: {o.note}") for o in outcomes if composed and not o.done),
        ),
        unused=brief.unused if composed else understanding.unused,
        outcomes=outcomes,
        changes=() if composed else (_taken_in(after),) if before is None else compare_pieces(before, after).lines,
        answers=state.get("answers", ()),
        moved=_moved(state, base),
        candidates=tuple(_summary(c) for c in state.get("candidates", ())),
        verdict=state.get("verdict"),
        findings=_new_findings(state, winner, before, composed),
        decisions=tuple(state.get("decisions", ())),
        table=table,
    )


def _taken_in(piece: Piece) -> str:
    """What an empty project holds now, in words."""
    names = [t.name for t in piece.tracks]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"“{piece.title}” taken in: {piece.bars} bars in {piece.key}, {', '.join(names[:_NAMED])}{more}"


def summary_line(report: Report) -> str:
    """What a version is about, for the log."""
    if report.intent == "compose":
        text = f"composed “{report.title}”"
    else:
        text = "; ".join(report.changes or report.moved) or report.request
    flat = " ".join(text.split())
    return flat if len(flat) <= _SUMMARY else flat[: _SUMMARY - 1] + "…"


def _intent(state: TurnState) -> str:
    if not state.get("agreed", True):
        return "declined"
    if state["understanding"].intent == "compose":
        return "compose"
    families = {family(s.instruction.kind) for s in state["plan"].steps}
    if families <= {"ask"}:
        return "ask"
    return "turn" if families <= {"ask", "turn"} else "edit"


def _moved(state: TurnState, base: int | None) -> tuple[str, ...]:
    """What the turn family did, in words."""
    told = []
    for step in carried_out(state):
        kind, name = step.instruction.kind, getattr(step.instruction, "name", "")
        where = instruction_words(step.instruction).partition(": ")[2].replace("tracks ", "").replace("sections ", "")
        match kind:
            case "undo" | "redo" | "go_to_version":
                told.append(f"{'forward' if kind == 'redo' else 'back'} to version {base}")
            case "make_branch":
                told.append(f"branch {name!r} begins here")
            case "switch_branch":
                told.append(f"on branch {name!r}, version {base}")
            case "keep":
                told.append(f"kept from now on: {where or 'everything'}")
            case "release":
                told.append(f"free to change again: {where or 'everything'}")
            case _:
                pass
    return tuple(told)


def _new_findings(
    state: TurnState, winner: CandidateRecord | None, before: Piece | None, composed: bool
) -> tuple[Finding, ...]:
    if winner is None or not winner.findings:
        return ()
    if composed or before is None:
        return winner.findings
    old = {(f.rule, f.tracks, f.bars[0]) for f in run_checks(before, state["brief"])}
    return tuple(f for f in winner.findings if (f.rule, f.tracks, f.bars[0]) not in old)


def _winner(state: TurnState) -> CandidateRecord | None:
    return next((c for c in state.get("candidates", ()) if c.id == state["verdict"].winner), None)


def _summary(record: CandidateRecord) -> CandidateSummary:
    count = {s: sum(f.severity == s for f in record.findings) for s in ("error", "warning", "advice")}
    return CandidateSummary(
        id=record.id,
        generator=record.generator,
        seed=record.seed,
        errors=count["error"],
        warnings=count["warning"],
        advice=count["advice"],
        repairs_kept=sum(r.kept is True for r in record.repairs),
        repairs_tried=len(record.repairs),
        trail=record.trail,
    )
