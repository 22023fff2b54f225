"""How many players a request counts: more than a piece has tracks is said, and the piece is written for those it can have."""

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.words import Words
from ripieno.agents.ensemble_defaults import MAX_TRACKS

_COUNTED = frozenset(("instruments", "players", "musicians", "tracks", "parts", "voices", "performers"))


def read_headcount(words: Words) -> Reading:
    """A notice where a number of players is beyond what can be written."""
    reading = Reading()
    for i, word in enumerate(words.low):
        number = words.at(i - 1).replace(",", "")
        if i and word in _COUNTED and number.isdecimal() and len(number) < 12 and int(number) > MAX_TRACKS:
            reading.use(i - 1, i + 1)
            limit = f"A piece has at most {MAX_TRACKS} tracks, not {int(number)}"
            reading.notice("parts", f"{limit}; those named, or the style's usual ones, play.")
    return reading
