"""One row of requested versus delivered, and how rows are written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Brief, Origin


@dataclass(frozen=True, slots=True)
class Delivered:
    """An attribute of a brief beside what the notes hold.

    Attributes:
        attribute: its name in `Brief`; for parts 'parts: <instrument>'.
        requested, delivered: in words.
        origin: where the request comes from; only what was stated can be failed badly.
        ok: whether it was met.
        measured: the figure behind `delivered`, where there is one.
        reason: why it was not met, or what the judgement rests on; may be empty.
    """

    attribute: str
    requested: str
    delivered: str
    origin: Origin
    ok: bool
    measured: float | None = None
    reason: str = ""


Measure = Callable[[Reading, Brief], Iterable[Delivered]]
