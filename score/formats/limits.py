"""Limits under which everything that comes from outside is read."""

from dataclasses import dataclass

from ripieno.score.errors import BadFile
from ripieno.score.time import MAX_BARS


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold before it is refused.

    Attributes:
        size: bytes, also after unpacking a compressed file.
        tracks: track chunks of a MIDI file, parts of a score.
        notes: notes in all.
        events: MIDI events in all, notes and everything else.
        bars: bars up to the last note.
        seconds: length at the file's own tempo.
    """

    size: int = 16 * 2**20
    tracks: int = 512
    notes: int = 500_000
    events: int = 2_000_000
    bars: int = MAX_BARS
    seconds: float = 6 * 3600.0

    def check(self, what: str, value: float) -> None:
        """Refuses a value above its limit; `what` is the attribute's name.

        Raises:
            BadFile: the value is above the limit.
        """
        limit = getattr(self, what)
        if value > limit:
            unit = "bytes" if what == "size" else what
            raise BadFile(f"A file has at most {limit:,} {unit}", value=f"{value:,}",
                          cause="the file is damaged, or is a collection and not one piece",
                          cure="split the file, or read it with higher limits")


DEFAULT_LIMITS = Limits()
