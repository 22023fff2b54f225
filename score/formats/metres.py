"""Bars that are shorter or longer than their metre says, as files from elsewhere have them."""

from ripieno.score.time import PPQ, Metre


def metre_of(ticks: int, ppq: int = PPQ) -> Metre | None:
    """A metre whose bar is that long, in the largest pulse that fits; None where there is none."""
    for denominator in (4, 8, 16, 32):
        pulse, rest = divmod(ppq * 4, denominator)
        if not rest and ticks % pulse == 0 and 1 <= ticks // pulse <= 32:
            return Metre(ticks // pulse, denominator)
    return None
