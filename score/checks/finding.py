"""What a check says, and what a check is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Brief

Severity = Literal["error", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")  # worst first


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        rule: the check's rule, such as 'voice.parallel_fifths'.
        severity: 'error' (must be mended), 'warning' (a teacher would mark it), 'advice' (worth a look).
        tracks: ids of the tracks concerned; empty means the whole piece.
        bars: bars concerned, counted from 0, end exclusive.
        message: what is the matter, in a musician's words, with bars counted from 1.
        advice: what to do about it.
        measured: the figure behind it, where there is one.
    """

    rule: str
    severity: Severity
    tracks: tuple[str, ...]
    bars: tuple[int, int]
    message: str
    advice: str
    measured: float | None = None


Check = Callable[[Reading, Brief | None], Iterable[Finding]]


def bar_words(bars: tuple[int, int]) -> str:
    """'bar 5' or 'bars 5 to 8', counted from 1."""
    first, end = bars
    return f"bar {first + 1}" if end - first <= 1 else f"bars {first + 1} to {end}"


def list_words(items: Iterable[str], limit: int = 4) -> str:
    """'violin, viola and 3 more': items in words, cut to `limit`."""
    names = list(items)
    if len(names) > limit:
        return ", ".join(names[:limit]) + f" and {len(names) - limit} more"
    if len(names) > 1:
        return ", ".join(names[:-1]) + " and " + names[-1]
    return "".join(names)


def bar_list(bars: Iterable[int], limit: int = 5) -> str:
    """'bar 3' or 'bars 3, 7 and 12', from bars counted from 0."""
    unique = sorted(set(bars))
    return ("bar " if len(unique) == 1 else "bars ") + list_words((str(b + 1) for b in unique), limit)
