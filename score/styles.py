"""What everybody may know of a style: its names and its usual attributes. How it is composed is the generator's business."""

from pydantic import Field

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
    form: str = "AABA"  # a form name that the planner knows
    bars: int = 32
    swing: float = 0.5  # 0.5 straight .. 0.75
    valence: float = 0.0
    arousal: float = 0.0
