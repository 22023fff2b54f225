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


def by_place(line: str, head: str) -> int:
    """The key number of a note on a percussion staff: by its place ('C5') and notehead, a snare where nothing fits."""
    places = _places()
    return places.get((line, head), places.get((line, "normal"), 38))


@lru_cache(maxsize=1)
def _places() -> dict[tuple[str, str], int]:
    places: dict[tuple[str, str], int] = {}
    for key in (36, 38, 42, 46, 49, 51, *range(27, 88)):  # the usual drum of a place first
        places.setdefault((drum(key).line, drum(key).head), key)
    return places
