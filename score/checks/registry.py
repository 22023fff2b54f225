"""All checks, in the order in which their findings are shown. A new check is a function in a family's `CHECKS`."""

from ripieno.score.analysis.reading import read
from ripieno.score.brief import Brief
from ripieno.score.checks import (
    compliance,
    ending,
    form,
    harmony,
    melody,
    playability,
    spacing,
    texture,
    voice_leading,
)
from ripieno.score.checks.finding import SEVERITIES, Check, Finding
from ripieno.score.piece import Piece

CHECKS: tuple[Check, ...] = (
    *compliance.CHECKS,
    *playability.CHECKS,
    *ending.CHECKS,
    *harmony.CHECKS,
    *voice_leading.CHECKS,
    *melody.CHECKS,
    *texture.CHECKS,
    *spacing.CHECKS,
    *form.CHECKS,
)


def run_checks(piece: Piece, brief: Brief | None = None) -> tuple[Finding, ...]:
    """Everything that the checks find in a piece, worst first, then in order of bars. Deterministic; linear in notes."""
    reading = read(piece)
    found = [finding for check in CHECKS for finding in check(reading, brief)]
    return tuple(sorted(found, key=lambda f: (SEVERITIES.index(f.severity), f.bars, f.rule, f.tracks)))
