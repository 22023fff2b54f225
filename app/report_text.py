"""A report as Markdown for people."""

from ripieno.agents.report import Report
from ripieno.score.brief import Origin


def report_markdown(report: Report) -> str:
    """Requested against delivered, the candidates, the ballots, why the winner won, and what a teacher would still mark."""
    lines = [f"# {report.title}", "", f"> {' '.join(report.request.split())}" if report.request else "", ""]
    lines += [f"Style: {report.style}. Seed: {report.seed}.", "", "## Requested and delivered", ""]
    lines += ["| attribute | asked | delivered | origin | met |", "| --- | --- | --- | --- | --- |"]
    for row in report.delivered:
        met = "yes" if row.ok else f"**no**: {row.reason}" if row.reason else "**no**"
        lines.append(
            f"| {row.attribute} | {_cell(row.requested)} | {_cell(row.delivered)} | {row.origin} | {_cell(met)} |"
        )
    if report.notices:
        lines += ["", "## What you should know", ""]
        lines += [f"- {n.about}: {n.message}" for n in report.notices]
    if report.unused:
        lines += ["", "## What I could not use", ""]
        lines += [f"- “{u}”" for u in report.unused]
    lines += ["", "## The candidates", ""]
    lines += [
        "| candidate | generator | seed | errors | warnings | advice | repairs kept |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for c in report.candidates:
        star = " (chosen)" if c.id == report.verdict.winner else ""
        lines.append(
            f"| {c.id}{star} | {c.generator} | {c.seed} | {c.errors} | {c.warnings} | {c.advice} | "
            f"{c.repairs_kept} of {c.repairs_tried} |"
        )
    lines += ["", "## The ballots", ""]
    for ballot in report.verdict.ballots:
        order = " > ".join(" = ".join(group) for group in ballot.ranking)
        why = ballot.reasons.get(report.verdict.winner, "")
        lines.append(f"- **{ballot.judge}** (weight {ballot.weight:g}): {order}." + (f" {why}" if why else ""))
    lines += ["", f"Rule: {report.verdict.rule}", "", "## Why this one", ""]
    lines += [f"- {r}" for r in report.verdict.reasons]
    winner = next(c for c in report.candidates if c.id == report.verdict.winner)
    if winner.trail:
        lines += ["", "## How it was composed", ""]
        lines += [f"- {t}" for t in winner.trail]
    if report.findings:
        lines += ["", "## What a teacher would still mark", ""]
        lines += [f"- {f.severity}: {f.message} ({f.advice})" for f in report.findings]
    assumed = [d.attribute for d in report.delivered if d.origin == Origin.DEFAULT]
    if assumed:
        lines += ["", f"Chosen by the ensemble, not by you: {', '.join(assumed)}."]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
