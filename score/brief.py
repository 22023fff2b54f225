"""The `Brief`: what is wanted, each attribute with its origin and the words that it came from.

The Expert writes it, everybody reads it. An attribute that nobody stated and nothing implied is None in a brief as read;
`None` is gone once the Expert has filled in the style's defaults.
"""

from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ripieno.score.instruments import Role

T = TypeVar("T")
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Signed = Annotated[float, Field(ge=-1.0, le=1.0)]


class Origin(StrEnum):
    """Where an attribute comes from."""

    STATED = "stated"  # the request says it
    INFERRED = "inferred"  # the request implies it
    DEFAULT = "default"  # the style, or the house, says it


class Frozen(BaseModel):
    """Base of all values here: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Attribute(Frozen, Generic[T]):
    """A value with its origin, the words that it came from, and how sure the reader is."""

    value: T
    origin: Origin = Origin.STATED
    words: str = ""
    confidence: Unit = 1.0


class SectionRequest(Frozen):
    """A section of the form: what it is called, how long, and which material it shares (label 'A', 'B').

    `size` is 'short' or 'long' where the request says so without a number.
    """

    name: str
    bars: int | None = None
    label: str = ""
    size: Literal["", "short", "long"] = ""


class FormRequest(Frozen):
    """A form: its common name ('AABA', 'verse-chorus', 'rondo', '12-bar blues'; '' for the style's own) and its sections.

    `sections` are all that there are, in order, where the request lists them; `holds` are some that the form must have
    beside its own ('with an intro').
    """

    name: str
    sections: tuple[SectionRequest, ...] = ()
    holds: tuple[SectionRequest, ...] = ()


class ProgressionRequest(Frozen):
    """Chords to use exactly. `chords` are symbols, or Roman numerals where `roman`; `name` is what people call it.

    `bars_each` is stated bars per chord (None: one each, or what fits); `section` limits it to sections of that name.
    """

    chords: tuple[str, ...]
    roman: bool = False
    name: str = ""
    bars_each: float | None = None
    section: str = ""


class PartRequest(Frozen):
    """One part that was asked for.

    Attributes:
        instrument: id in the instrument table.
        asked: the words of the request ('hurdy-gurdy').
        role: what it shall do, if said.
        of: whom it answers or doubles (an instrument id), with role answer, or `doubles`.
        doubles: whether it doubles `of` instead of answering it.
        register_name: 'low', 'middle' or 'high', if said.
        articulation: such as 'staccato', 'pizzicato', 'legato', if said.
        nearest: whether the asked instrument is unknown and `instrument` only the nearest sound.
        section: limits the part to sections of that name ('strings in the chorus'); several are joined by ', '.
        enters: the section with which it comes in, to stay ('no drums until the second verse'); named likewise.
        rests: sections in which it is silent ('no drums in the intro'); named likewise.
        origin, confidence: as in `Attribute`.
    """

    instrument: str
    asked: str = ""
    role: Role | None = None
    of: str | None = None
    doubles: bool = False
    register_name: str | None = None
    articulation: str | None = None
    nearest: bool = False
    section: str = ""
    enters: str = ""
    rests: str = ""
    origin: Origin = Origin.STATED
    confidence: Unit = 1.0


class TempoChange(Frozen):
    """A tempo that differs in a place: `factor` times the main tempo, or `bpm`, in sections named `section`, or a ritardando.

    `gradual` marks a ramp (accelerando, ritardando) that reaches the target at the end of its place.
    """

    section: str = ""  # a section name, or 'end', or 'all'
    factor: float | None = None
    bpm: float | None = None
    gradual: bool = False


class DynamicsShape(Frozen):
    """Loudness over time: a 'crescendo', 'diminuendo', 'swell', 'terraced', 'build' or 'fade', in a section or overall."""

    shape: str
    section: str = ""


class Notice(Frozen):
    """Something the person should know: a contradiction and the choice made, an assumption, a thing that was replaced."""

    about: str  # an attribute name
    message: str


class Brief(Frozen):
    """What is wanted. See the module's docstring; units: bpm quarter notes per minute, lengths in bars or seconds."""

    text: str = ""
    title: Attribute[str] | None = None
    genres: Attribute[tuple[str, ...]] | None = None  # broad kinds as people say them: 'jazz', 'pop', 'classical'
    style: Attribute[str] | None = None  # one id of a style that can be composed
    moods: Attribute[tuple[str, ...]] | None = None
    valence: Attribute[Signed] | None = None  # -1 sad .. 1 happy
    arousal: Attribute[Signed] | None = None  # -1 calm .. 1 excited
    tonic: Attribute[str] | None = None  # spelled, such as 'F#'
    mode: Attribute[str] | None = None  # a name in score.keys.MODES
    tempo: Attribute[float] | None = None
    tempo_range: Attribute[tuple[float, float]] | None = None
    tempo_class: Attribute[str] | None = None  # 'slow', 'moderate' or 'fast'
    tempo_changes: tuple[TempoChange, ...] = ()
    metre: Attribute[str] | None = None  # such as '6/8'
    bars: Attribute[int] | None = None
    bars_range: Attribute[tuple[int, int]] | None = None
    duration: Attribute[float] | None = None  # seconds
    duration_range: Attribute[tuple[float, float]] | None = None
    form: Attribute[FormRequest] | None = None
    progressions: Attribute[tuple[ProgressionRequest, ...]] | None = None
    parts: tuple[PartRequest, ...] = ()
    excluded: Attribute[tuple[str, ...]] | None = None  # instrument ids and family names that must not sound
    ensemble_closed: bool = False  # 'only', 'solo', 'a string quartet': add nobody else
    dynamics: Attribute[str] | None = None  # 'pp' .. 'ff'
    dynamics_shape: tuple[DynamicsShape, ...] = ()
    register_name: Attribute[str] | None = None  # 'low', 'middle', 'high'
    pitch_range: Attribute[tuple[int, int]] | None = None  # MIDI numbers
    pitch_range_octaves: Attribute[int] | None = None
    density: Attribute[Unit] | None = None  # 0 sparse .. 1 dense
    rhythm_intensity: Attribute[int] | None = None  # 0 serene, 1 moderate, 2 intense
    articulation: Attribute[str] | None = None
    swing: Attribute[float] | None = None  # 0.5 straight .. 0.75
    quantised: Attribute[bool] | None = None  # exactly on the grid
    texture: Attribute[str] | None = None  # 'homophonic', 'polyphonic', 'monophonic', 'sparse', 'layered'
    references: tuple[str, ...] = ()  # 'Satie'
    unused: tuple[str, ...] = ()  # stretches of the request that changed nothing
    notices: tuple[Notice, ...] = ()
