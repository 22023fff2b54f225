"""What stands on paper, as frozen values: pages are parts of staves of bars of voices of events of noteheads.

Unit of time: 1/24 of a quarter note, counted from the bar line.
"""

from dataclasses import dataclass

from ripieno.score.chords import Chord as ChordSymbol
from ripieno.score.formats.grid import Bar
from ripieno.score.keys import Key
from ripieno.score.piece import Track
from ripieno.score.time import Metre


@dataclass(frozen=True, slots=True)
class Head:
    """A notehead: MIDI number, spelled name ('F#'), and the sign printed before it ('#', 'b', '=', '' for none).

    `tie_in` and `tie_out` say whether it goes on from the event before, or goes on in the next.

    On a percussion staff the place and the shape come from `percussion.drum`.
    """

    pitch: int
    name: str
    sign: str = ""
    tie_in: bool = False
    tie_out: bool = False

    @property
    def alter(self) -> int:
        """Semitones that the name's signs add."""
        return self.name.count("#") - self.name.count("b")

    @property
    def octave(self) -> int:
        """Octave of the spelled pitch: B#3 and C4 sound alike."""
        return (self.pitch - self.alter) // 12 - 1


@dataclass(frozen=True, slots=True)
class Syllable:
    """A syllable to sing; `kind` is its place in its word: 'single', 'begin', 'middle' or 'end'."""

    text: str
    kind: str = "single"

    @property
    def goes_on(self) -> bool:
        """Whether another syllable of the word follows."""
        return self.kind in ("begin", "middle")


@dataclass(frozen=True, slots=True)
class Event:
    """A chord or a rest (no heads) within a bar.

    Attributes:
        start, length: units from the bar line.
        value, dots, triplet: the note value; `value` 'measure' is a rest of the whole bar.
        bracket: 'start' or 'stop' where a triplet bracket begins or ends, 'both' for one event alone, else ''.
        hidden: a rest that only fills a second voice.
        beams: for each beam level 'begin', 'continue', 'end', 'forward hook' or 'backward hook'.
        graces: grace notes before it, which sound together.
        word: what is sung at it.
    """

    start: int
    length: int
    value: str
    heads: tuple[Head, ...] = ()
    dots: int = 0
    triplet: bool = False
    bracket: str = ""
    staccato: bool = False
    hidden: bool = False
    velocity: int = 0
    beams: tuple[str, ...] = ()
    graces: tuple[Head, ...] = ()
    word: Syllable | None = None


Voice = tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff: its clef ('treble', 'bass', 'alto', 'tenor', 'percussion'), the octaves that the clef adds, its bars.

    `bars[i]` holds one or two voices; each fills the bar.
    """

    clef: str
    clef_octaves: int
    bars: tuple[tuple[Voice, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A track on paper. `dynamics` are (bar, unit, mark)."""

    track: Track
    name: str
    staves: tuple[Staff, ...]
    dynamics: tuple[tuple[int, int, str], ...]

    @property
    def is_drum(self) -> bool:
        """Whether it stands on a percussion staff."""
        return self.track.is_drum


@dataclass(frozen=True, slots=True)
class TempoMark:
    """A tempo at a unit of a bar. `shown`: a metronome mark is printed; `words`: such as 'rit.'; else it is only heard."""

    unit: int
    bpm: float
    shown: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What holds for all parts in a bar; metre and key only where they change."""

    number: int
    bar: Bar
    metre: Metre | None
    key: Key | None
    section: str
    tempos: tuple[TempoMark, ...]
    chords: tuple[tuple[int, ChordSymbol | None], ...]


@dataclass(frozen=True, slots=True)
class Notated:
    """A piece on paper."""

    title: str
    measures: tuple[Measure, ...]
    parts: tuple[Part, ...]
