"""Words a reply from a report: plain sentences, the facts first, what was not met never left out."""

from ripieno.agents.report import Report
from ripieno.score.brief import Origin

_REMEMBERED = ("preferences", "recall")  # notices of what was not in the request: taste, and earlier pieces


def word_reply(report: Report) -> str:
    """Two to five sentences about what was made."""
    table = report.table
    key = table.keys[0]
    players = _join([t.name.lower() for t in table.tracks])
    minutes, seconds = divmod(round(table.seconds), 60)
    length = f"{minutes}:{seconds:02d}" if minutes else f"{seconds} seconds"
    sentences = [
        f"“{report.title}” is {table.bars} bars of {table.metres[0].metre} in {key.key} {key.mode} "
        f"at {table.tempos[0].bpm:g}, {length} long, for {players}."
    ]
    sections = [s.name for s in table.sections]
    if len(sections) > 1:
        sentences.append(f"The form is {', '.join(sections)}.")
    if len(report.candidates) > 1 and report.verdict is not None:
        reason = report.verdict.reasons[0] if report.verdict.reasons else ""
        chosen = f"Of {len(report.candidates)} candidates the ensemble chose {report.verdict.winner}"
        sentences.append(f"{chosen}: {reason.rstrip('.')}." if reason else f"{chosen}.")
    assumed = [d.attribute.replace("_", " ") for d in report.delivered if d.origin == Origin.DEFAULT][:6]
    if assumed:
        sentences.append(f"You did not say {_join(assumed, 'or')}; I chose.")
    sentences += [notice.message for notice in report.notices if notice.about in _REMEMBERED]
    for row in report.unmet:
        name = row.attribute.replace("_", " ")
        sentences.append(f"Not met: {name} ({row.requested} asked, {row.delivered} delivered). {row.reason}".strip())
    if report.unused:
        sentences.append("I could not use: " + "; ".join(f"“{u}”" for u in report.unused[:5]) + ".")
    return " ".join(sentences)


def _join(items: list[str], word: str = "and") -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" {word} " + items[-1] if items else "nobody"
