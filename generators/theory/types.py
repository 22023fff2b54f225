"""The values that the engine's modules hand to each other: form, parts, context. Data flows one way:

style + brief ─► form ─► harmony ─► groove ─► melody ─► bass, drums ─► accompaniment ─► performance ─► Piece
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ripieno.generators.theory.style import Style
from ripieno.score.brief import Brief
from ripieno.score.instruments import Instrument, Role
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Notes, Section
from ripieno.score.time import Timeline


class RandomSource(Protocol):
    """Gives a random stream for each purpose: `Context.rng`, or `random_stream` with the seed bound."""

    def __call__(self, *names: object) -> np.random.Generator:
        """The stream of these names."""
        ...


def random_stream(seed: int, *names: object) -> np.random.Generator:
    """The random stream of a seed and a purpose; the same on every machine."""
    text = "\x1f".join([str(seed), *map(str, names)])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little"))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: whole bars, how it ends, which idea it states."""

    first_bar: int
    bars: int
    cadence: str  # 'authentic', 'half', 'plagal', 'deceptive', 'turnaround', 'open'
    idea: str  # 'a', 'b', ...; a variant carries a prime: "a'"


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """A section with what happens in it."""

    section: Section
    kind: str  # 'intro', 'verse', 'prechorus', 'chorus', 'bridge', 'theme', 'solo', 'break', 'build', 'drop', 'outro'
    key: Key
    phrases: tuple[Phrase, ...]
    occurrence: int = 0  # how often its label came before
    way: str = ""  # how a variation varies its theme, a table in `data/ways.toml`
    chords: str = ""  # a progression in Roman numerals that it stands on; "": invented


@dataclass(frozen=True)
class Form:
    """The plan of the whole piece in time."""

    timeline: Timeline
    bars: int
    sections: tuple[SectionPlan, ...]

    def section_at(self, bar: int) -> int:
        """Index of the section that a bar lies in."""
        firsts = [p.section.first_bar for p in self.sections]
        return max(0, bisect_right(firsts, bar) - 1)


@dataclass(frozen=True, slots=True)
class Part:
    """A track to be written: who plays it, what it does, where in pitch, and in which sections."""

    id: str
    name: str
    role: Role
    instrument: Instrument
    low: int  # register assigned to it, MIDI numbers, within the instrument's range
    high: int
    density: float = 0.5  # 0 sparse .. 1 busy
    of: str | None = None  # id of the part that it answers or doubles
    doubles: bool = False
    articulation: str | None = None
    sections: frozenset[int] | None = None  # indexes of the sections it plays in; None: all
    track: str = ""  # id of the track it becomes a layer of ("" : its own id); a solo piano is three layers in one track
    pattern: str = ""  # figure of the accompaniment, a name in `data/figures.toml`; "": the style's
    voices: int = 0  # how many notes at once; 0: as many as the instrument plays with ease

    def plays(self, section: int) -> bool:
        """Whether it plays in the section with this index."""
        return self.sections is None or section in self.sections


@dataclass(frozen=True, slots=True)
class Seat:
    """A track to be: its id, name, and the layers that make it."""

    id: str
    name: str
    role: Role
    instrument: Instrument
    layers: tuple[Part, ...]


@dataclass
class Context:
    """All that a writer of one part may look at. `lines` holds the parts written so far, by part id."""

    style: Style
    brief: Brief
    form: Form
    parts: tuple[Part, ...]
    chords: tuple[ChordSpan, ...]
    seed: int
    lines: dict[str, Notes] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)  # shared plans, such as the groove, by name

    def rng(self, *names: object) -> np.random.Generator:
        """A random stream of its own for each purpose, so that a change in one part leaves the others as they were."""
        return random_stream(self.seed, *names)


class Writer(Protocol):
    """Writes one part over the whole form, on the grid, with velocities by metre; performance is added afterwards."""

    def __call__(self, part: Part, context: Context) -> Notes:
        """Notes in ticks at `form.timeline.ppq`."""
        ...
