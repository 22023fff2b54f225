"""A report as Markdown for people."""

from collections.abc import Iterable

from ripieno.agents.judges.base import Verdict
from ripieno.agents.report import Decision, Report
from ripieno.score.brief import Origin


def report_markdown(report: Report) -> str:
    """What was done and delivered, the candidates, the ballots, why the winner won, and what a teacher would still mark."""
    lines = [f"# {report.title}", "", f"> {' '.join(report.request.split())}" if report.request else "", ""]
    lines += [f"Style: {report.style or 'unknown'}. Seed: {report.seed}.", ""]
    lines += _list("What was looked up", report.moved)
    lines += _list("What changed", report.changes)
    lines += _list(
        "The instructions",
        (
            f"{o.kind.replace('_', ' ')}{f' (“{o.words}”)' if o.words else ''}: {'done' if o.done else '**not done**'}"
            f"{'. ' + o.note if o.note else ''}"
            for o in report.outcomes
            if report.intent != "compose"
        ),
    )
    lines += _list("Answers", (a.text for a in report.answers))
    if report.delivered:
        lines += _delivered(report)
    lines += _list("What you should know", (f"{n.about}: {n.message}" for n in report.notices))
    lines += _list("What I could not use", (f"“{u}”" for u in report.unused))
    if report.verdict is not None and report.verdict.ballots:
        lines += _vote(report, report.verdict)
    lines += _list("What a teacher would still mark", (f"{f.severity}: {f.message} ({f.advice})" for f in report.findings))
    lines += _list("Who decided", map(_decision, report.decisions))
    assumed = [d.attribute for d in report.delivered if d.origin == Origin.DEFAULT]
    if assumed:
        lines += [f"Chosen by the ensemble, not by you: {', '.join(assumed)}."]
    return "\n".join(lines).rstrip() + "\n"


def _list(heading: str, items: Iterable[str]) -> list[str]:
    rows = [f"- {' '.join(item.split())}" for item in items]
    return [f"## {heading}", "", *rows, ""] if rows else []


def _decision(row: Decision) -> str:
    tokens = f"{row.calls} calls, {row.prompt_tokens} + {row.answer_tokens} tokens" if row.calls else "no call"
    why = f" {row.note}" if row.note else ""
    return f"{row.agent} {row.what}: {row.by} ({tokens}).{why}"


def _delivered(report: Report) -> list[str]:
    lines = ["## Requested and delivered", ""]
    lines += ["| attribute | asked | delivered | origin | met |", "| --- | --- | --- | --- | --- |"]
    for row in report.delivered:
        met = "yes" if row.ok else f"**no**: {row.reason}" if row.reason else "**no**"
        lines.append(f"| {row.attribute} | {_cell(row.requested)} | {_cell(row.delivered)} | {row.origin} | {_cell(met)} |")
    return [*lines, ""]


def _vote(report: Report, verdict: Verdict) -> list[str]:
    lines = ["## The candidates", ""]
    lines += [
        "| candidate | generator | seed | errors | warnings | advice | repairs kept |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for c in report.candidates:
        star = " (chosen)" if c.id == verdict.winner else ""
        lines.append(
            f"| {c.id}{star} | {c.generator} | {c.seed} | {c.errors} | {c.warnings} | {c.advice} | "
            f"{c.repairs_kept} of {c.repairs_tried} |"
        )
    lines += ["", "## The ballots", ""]
    for ballot in verdict.ballots:
        order = " > ".join(" = ".join(group) for group in ballot.ranking)
        why = ballot.reasons.get(verdict.winner, "")
        lines.append(f"- **{ballot.judge}** (weight {ballot.weight:g}): {order}." + (f" {why}" if why else ""))
    lines += ["", f"Rule: {verdict.rule}", ""]
    lines += _list("Why this one", verdict.reasons)
    winner = next(c for c in report.candidates if c.id == verdict.winner)
    return lines + _list("How it was composed", winner.trail)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
