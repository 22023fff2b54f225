"""What the role agents write: the forms of their answers, and the checks that each answer must pass."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ripieno.generators.abc.notation import BAR, BadVoice, Frame, read_voice
from ripieno.llm.client import Faulty
from ripieno.score.chords import Chord
from ripieno.score.errors import RipienoError
from ripieno.score.instruments import Instrument

Words = Annotated[str, Field(max_length=400)]
BarText = Annotated[str, Field(pattern=f"^{BAR}$")]
_MOST_CHORDS = 4  # in a bar


class _Sheet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SectionSheet(_Sheet):
    """A section: name, letter of its material, bars, energy 0 to 1."""

    name: str = Field(min_length=1, max_length=40)
    label: str = Field(default="", max_length=4)
    bars: int = Field(ge=1, le=64)
    energy: float = Field(default=0.5, ge=0, le=1)


class Sketch(_Sheet):
    """The leader's sketch: the form, the chords of each bar ('Am7 D7' share it evenly), and what the music lives on."""

    sections: tuple[SectionSheet, ...] = Field(min_length=1, max_length=24)
    chords: tuple[Annotated[str, Field(min_length=1, max_length=48)], ...]
    motif: Words = ""
    direction: Words = ""


class Directions(_Sheet):
    """The arranger's word to one part."""

    part: str
    what: Words


class Arrangement(_Sheet):
    """What each part does, section by section, in words."""

    parts: tuple[Directions, ...] = Field(max_length=24)


class Voice(_Sheet):
    """A voice, bar by bar."""

    bars: tuple[BarText, ...]


class Part(_Sheet):
    """A voice of a single agent's whole score."""

    part: str
    bars: tuple[BarText, ...]


class WholeScore(_Sheet):
    """All of it from one hand: the baseline."""

    sketch: Sketch
    parts: tuple[Part, ...] = Field(max_length=24)


class Correction(_Sheet):
    """One bar written anew; bars count from 1."""

    part: str
    bar: int = Field(ge=1)
    abc: BarText


class Review(_Sheet):
    """The reviewer's corrections. None at all is a good answer."""

    corrections: tuple[Correction, ...] = Field(default=(), max_length=32)


def chords_of(sketch: Sketch) -> tuple[tuple[Chord, ...], ...]:
    """The chords of each bar.

    Raises:
        Faulty: a symbol is none, by bar.
    """
    found, faults = [], list[str]()
    for n, bar in enumerate(sketch.chords, 1):
        symbols = bar.split()
        if len(symbols) > _MOST_CHORDS:
            faults.append(f"bar {n}: {len(symbols)} chords; at most {_MOST_CHORDS}")
        try:
            found.append(tuple(Chord.parse(symbol) for symbol in symbols[:_MOST_CHORDS]))
        except RipienoError as error:
            faults.append(f"bar {n}: {error.message}")
    if faults:
        raise Faulty("\n".join(faults[:10]))
    return tuple(found)


def check_sketch(sketch: Sketch, bars: int) -> None:
    """Raises Faulty where the sketch is not as long as the piece, or its chords are none."""
    faults = []
    if (total := sum(s.bars for s in sketch.sections)) != bars:
        faults.append(f"the sections have {total} bars together and must have {bars}")
    if len(sketch.chords) != bars:
        faults.append(f"chords has {len(sketch.chords)} entries and must have {bars}, one for each bar")
    if faults:
        raise Faulty("\n".join(faults))
    chords_of(sketch)


def check_voice(voice: Voice, player: Instrument, frame: Frame) -> None:
    """Raises Faulty with the faults of a voice by bar."""
    try:
        read_voice(voice.bars, player, frame)
    except BadVoice as error:
        raise Faulty(f"faults in the voice of the {player.name}:\n{error}") from None


def check_names(names: list[str], known: list[str]) -> None:
    """Raises Faulty where a part is named that is not there."""
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Faulty(f"there is no part {', '.join(unknown)}; there are: {', '.join(known)}")
