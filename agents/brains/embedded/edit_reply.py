"""Words the reply to an edit: what changed, what could not be done, answers, in that order. Facts from the report only."""

from ripieno.agents.report import Report

_MOST_CHANGES = 6  # lines of the difference that a reply tells; the report has all


def word_edit_reply(report: Report) -> str:
    """A few sentences about a turn that was not a composition."""
    if report.intent == "declined":
        return "Nothing was changed, as you wished."
    sentences = [*_sentences(report.moved), *_changes(report)]
    for outcome in report.outcomes:
        if not outcome.done:
            sentences.append(f"Not done: {outcome.words or outcome.kind.replace('_', ' ')}. {outcome.note}")
        elif outcome.note:
            sentences.append(f"{_capital(outcome.words or outcome.kind.replace('_', ' '))}: {outcome.note}.")
    sentences += [answer.text for answer in report.answers]
    sentences += [f"{notice.message.rstrip('.')}." for notice in report.notices]
    sentences += [f"Mind: {f.message.rstrip('.')}." for f in report.findings if f.severity != "advice"][:3]
    if len(report.candidates) > 1 and report.verdict is not None:
        sentences.append(f"Of {len(report.candidates)} candidates the ensemble chose {report.verdict.winner}.")
    if report.unused:
        sentences.append("I could not use: " + "; ".join(f"“{u}”" for u in report.unused[:5]) + ".")
    return " ".join(sentences) or "Nothing had to change."


def _changes(report: Report) -> list[str]:
    told = _sentences(report.changes[:_MOST_CHANGES])
    more = len(report.changes) - len(told)
    return [*told, f"And {more} more changes; the report has them all."] if more > 0 else told


def _sentences(lines: tuple[str, ...]) -> list[str]:
    return [f"{_capital(line).rstrip('.')}." for line in lines]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
