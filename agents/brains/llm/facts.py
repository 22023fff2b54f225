"""The facts of a turn for whoever words the reply, and those that the reply holds whatever a model makes of it."""

from ripieno.agents.brains.llm.rendering import data
from ripieno.agents.report import Report
from ripieno.score.brief import Origin

_MOST = 12  # lines of a kind


def facts(report: Report) -> str:
    """What a reply may be made of, one fact a line."""
    table = report.table
    lines = [f"The person said {data(report.request, 600)}.", f"The turn: {report.intent}."]
    if report.intent == "compose":
        key = table.keys[0]
        players = ", ".join(data(t.name) for t in table.tracks)
        lines += [
            f"The piece {data(report.title)}: {table.bars} bars of {table.metres[0].metre} in {key.key} {key.mode} at "
            f"{table.tempos[0].bpm:g}, {table.seconds:.0f} seconds, style {report.style or 'unknown'}.",
            f"Players: {players}.",
            f"Form: {', '.join(data(s.name) for s in table.sections)}.",
        ]
        assumed = [d.attribute.replace("_", " ") for d in report.delivered if d.origin == Origin.DEFAULT]
        if assumed:
            lines.append(f"Not said by the person, chosen by the ensemble: {', '.join(assumed[:_MOST])}.")
    if len(report.candidates) > 1 and report.verdict is not None:
        reason = report.verdict.reasons[0] if report.verdict.reasons else ""
        lines.append(f"Of {len(report.candidates)} candidates {report.verdict.winner} was chosen. {data(reason, 200)}")
    lines += [f"Changed: {data(line, 200)}" for line in (*report.moved, *report.changes)[:_MOST]]
    lines += [f"Answer: {data(answer.text, 1_200)}" for answer in report.answers[:_MOST]]
    lines += [f"To know: {data(notice.message, 200)}" for notice in report.notices[:_MOST]]
    lines += [f"Done without effect: {data(o.words)}" for o in report.outcomes if o.done and o.note][:_MOST]
    return "\n".join(lines)


def certain_facts(report: Report) -> list[str]:
    """Sentences about what was not done, not delivered and not understood."""
    sentences = [
        f"Not done: {o.words or o.kind.replace('_', ' ')}. {o.note}" for o in report.outcomes if not o.done
    ]  # fmt: skip
    for row in report.unmet:
        name = row.attribute.replace("_", " ")
        sentences.append(f"Not met: {name} ({row.requested} asked, {row.delivered} delivered). {row.reason}".strip())
    sentences += [n.message for n in report.notices if n.about in ("preferences", "recall")]  # what was not in the request
    if report.unused:
        sentences.append("I could not use: " + "; ".join(f"“{u}”" for u in report.unused[:5]) + ".")
    return sentences
