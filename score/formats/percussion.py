"""The percussion set as it is named and written; the table is `score/data/percussion.toml`."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Drum:
    """One key of the percussion set: name, the staff line or space as in a treble clef ('C5'), the notehead."""

    name: str
    line: str
    head: str

    @property
    def step(self) -> str:
        """Letter of the staff place."""
        return self.line[0]

    @property
    def octave(self) -> int:
        """Octave of the staff place."""
        return int(self.line[1:])


@lru_cache(maxsize=1)
def _table() -> dict[int, Drum]:
    text = resources.files("ripieno.score").joinpath("data/percussion.toml").read_text(encoding="utf-8")
    return {int(key): Drum(**row) for key, row in tomllib.loads(text).items()}


def drum(key: int) -> Drum:
    """The drum of a key number; keys outside the set are written in the middle with a crossed head."""
    return _table().get(key) or Drum(f"Percussion {key}", "B4", "x")
