"""Requested versus delivered: every attribute of a brief that notes can answer, measured on the notes.

What no note can prove (title, style, mood) is left to the judges. Not meeting a stated attribute is an error, an inferred
one a warning; what nobody asked for is shown but never held against a piece.
"""

from collections.abc import Iterator

from ripieno.score.analysis.reading import Reading, read
from ripieno.score.brief import Brief, Origin
from ripieno.score.checks import request_form, request_pitch, request_players, request_playing, request_time
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.checks.finding import Finding, Severity
from ripieno.score.piece import Piece

__all__ = ["MEASURES", "Delivered", "check_compliance", "check_request"]

MEASURES: tuple[Measure, ...] = (
    *request_time.MEASURES,
    *request_form.MEASURES,
    *request_pitch.MEASURES,
    *request_players.MEASURES,
    *request_playing.MEASURES,
)
_SEVERITY: dict[Origin, Severity] = {Origin.STATED: "error", Origin.INFERRED: "warning"}
# Soft attributes have no sharp border: missing one that was stated is a warning, one that was inferred advice.
_SOFT = frozenset({"density", "rhythm_intensity", "texture", "articulation", "register_name"})


def check_compliance(piece: Piece, brief: Brief) -> tuple[Delivered, ...]:
    """One row for each attribute of `brief` that the notes can answer, in the order of `MEASURES`."""
    reading = read(piece)
    return tuple(row for measure in MEASURES for row in measure(reading, brief))


def check_request(reading: Reading, brief: Brief | None) -> Iterator[Finding]:
    """What was asked for and not delivered, as findings with the rule 'request.<attribute>'."""
    if brief is None:
        return
    for row in check_compliance(reading.piece, brief):
        severity = _SEVERITY.get(row.origin)
        if row.ok or severity is None:
            continue
        name, _, player = row.attribute.partition(": ")
        if name in _SOFT:
            severity = "warning" if severity == "error" else "advice"
        tracks = tuple(t.id for t in reading.piece.tracks if player and t.instrument_id == player)
        because = f" ({row.reason})" if row.reason else ""
        yield Finding(
            f"request.{name}", severity, tracks, (0, reading.bars),
            f"asked for: {name.replace('_', ' ')} {row.requested}; delivered: {row.delivered}{because}",
            "write it as asked", row.measured,
        )  # fmt: skip


CHECKS = (check_request,)
