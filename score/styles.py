"""What everybody may know of a style: its names and its usual attributes. How it is composed is the generator's business."""

from pydantic import Field, field_validator

from ripieno.score.brief import Frozen
from ripieno.score.instruments import Role


class Player(Frozen):
    """A member of a style's usual ensemble, in order of importance."""

    instrument: str
    role: Role


class StyleProfile(Frozen):
    """The public face of a style file (units as in `Brief`)."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    family: str  # 'classical', 'folk', 'jazz', 'popular', 'electronic', 'latin', 'screen'
    aliases: tuple[str, ...] = ()  # other names in requests, lower case
    tempo: tuple[float, float, float]  # low, usual, high
    metres: tuple[str, ...] = ("4/4",)  # usual first
    modes: tuple[str, ...] = ("major", "minor")  # usual first
    ensemble: tuple[Player, ...]
    line_ups: tuple[tuple[Player, ...], ...] = ()  # other usual ensembles, each written 'flute lead, piano chords, cello bass'
    form: str = "AABA"  # a form name that the planner knows
    bars: int = 32
    swing: float = 0.5  # 0.5 straight .. 0.75
    valence: float = 0.0
    arousal: float = 0.0

    @field_validator("line_ups", mode="before")
    @classmethod
    def _read(cls, rows: object) -> object:
        """Line-ups written as text."""
        if not isinstance(rows, list | tuple):
            return rows
        return tuple(_players(row) if isinstance(row, str) else row for row in rows)

    def ensembles(self) -> tuple[tuple[Player, ...], ...]:
        """All ensembles, the usual one first."""
        return (self.ensemble, *self.line_ups)


def _players(text: str) -> tuple[Player, ...]:
    out = []
    for part in text.split(","):
        instrument, _, role = part.strip().partition(" ")
        if role not in tuple(Role):
            raise ValueError(f"{part.strip()!r}: a player is an instrument and its role, such as 'flute lead'")
        out.append(Player(instrument=instrument, role=Role(role)))
    return tuple(out)
