"""The rhythm tables of a style file: drum, percussion, bass and comping patterns, and how a groove is put together.

A musician writes them and reads them; `docs/styles.md` explains each key. What a character of a pattern means:

drums, percussion   X accent   x stroke   o ghost note   ? a stroke that is left out now and then
                    2 3 4 6    so many even strokes in the cell (rolls, ratchets)
comping             X accent   x chord   o short, light chord   ? as above   - held
bass                R root   8 root an octave up   5 fifth   l fifth below   3 third   7 seventh or sixth   c chord note
                    w walking note   p scale note on the way   a approach to the next chord's root
                    n the next chord's root, early   m note of the riff   g dead note   - held
"""

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from ripieno.generators.theory.grids import CELLS, REST, bars_of, clean
from ripieno.score.brief import Frozen, Unit
from ripieno.score.errors import BadRequest
from ripieno.score.time import Metre

# Names of lines -> General MIDI percussion keys.
KIT: dict[str, int] = {
    "kick": 36, "soft_kick": 35, "snare": 38, "snare_two": 40, "rim": 37, "clap": 39, "hihat": 42, "pedal_hat": 44,
    "open_hat": 46, "ride": 51, "ride_bell": 53, "ride_two": 59, "crash": 49, "crash_two": 57, "splash": 55, "china": 52,
    "tom_floor": 41, "tom_low": 45, "tom_mid": 47, "tom_high": 50,
}  # fmt: skip
HAND: dict[str, int] = {
    "tambourine": 54, "cowbell": 56, "vibraslap": 58, "bongo_high": 60, "bongo_low": 61, "conga_slap": 62,
    "conga_open": 63, "conga_low": 64, "timbale_high": 65, "timbale_low": 66, "agogo_high": 67, "agogo_low": 68,
    "cabasa": 69, "maracas": 70, "whistle_short": 71, "whistle_long": 72, "guiro_short": 73, "guiro_long": 74,
    "claves": 75, "block_high": 76, "block_low": 77, "cuica_muted": 78, "cuica_open": 79, "triangle_muted": 80,
    "triangle_open": 81, "shaker": 82, "jingle_bell": 83, "bell_tree": 84, "castanets": 85, "surdo_muted": 86,
    "surdo_open": 87, "scratch_push": 29, "scratch_pull": 30, "metronome_click": 33, "metronome_bell": 34,
}  # fmt: skip
KEYS: dict[str, int] = KIT | HAND
# Lines that keep time: they run on through beats that a pattern of another metre has not, and stop for nothing but breaks.
STEADY = frozenset(
    {"hihat", "pedal_hat", "open_hat", "ride", "ride_bell", "ride_two", "tambourine", "cabasa", "maracas", "shaker",
     "jingle_bell", "triangle_muted", "triangle_open", "guiro_short", "castanets", "cowbell", "agogo_high", "agogo_low"}
)  # fmt: skip
DRUM_SYMBOLS = frozenset("Xxo?2346")
COMP_SYMBOLS = frozenset("Xxo?-")
BASS_SYMBOLS = frozenset("R85l37cwpanmg-")

Share = Annotated[tuple[Unit, Unit], Field(description="lowest and highest energy 0..1")]


class Pattern(Frozen):
    """What every pattern has: when it is used, and how its characters are to be read.

    Attributes:
        name: what a musician calls it.
        energy: the energies of a section, lowest and highest, in which it is at home.
        weight: how often it is chosen among those at home.
        sections: kinds of section it is kept for ('chorus'); empty means any.
        figure: patterns of one figure are chosen together: bass and comping of the drums' figure. Empty: the name.
        place: '' anywhere; 'close' only in the bar that ends a phrase, 'approach' only in the bar before it.
        metre, cell: where they differ from the style's own.
    """

    name: str = ""
    energy: Share = (0.0, 1.0)
    weight: float = Field(default=1.0, gt=0.0, le=100.0)
    sections: tuple[str, ...] = ()
    figure: str = ""
    place: str = Field(default="", pattern="^(|close|approach)$")
    metre: str = ""
    cell: str = ""

    @field_validator("cell")
    @classmethod
    def _known_cell(cls, cell: str) -> str:
        if cell and cell not in CELLS:
            raise ValueError(f"'{cell}' is no cell; use one of {', '.join(CELLS)} ('8t' is a triplet eighth)")
        return cell

    @field_validator("metre")
    @classmethod
    def _known_metre(cls, metre: str) -> str:
        if metre:
            read_metre(metre)
        return metre

    @field_validator("energy")
    @classmethod
    def _ascending(cls, energy: tuple[float, float]) -> tuple[float, float]:
        if energy[0] > energy[1]:
            raise ValueError(f"energy goes from low to high, not from {energy[0]} to {energy[1]}; swap them")
        return energy


class LinesPattern(Pattern):
    """A pattern of several lines, one for each drum or stroke. A line may have alternates: the first is the usual one."""

    lines: dict[str, tuple[str, ...]]

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        """Takes every key that names a drum as a line, so that files need no table within the table."""
        if not isinstance(data, dict) or "lines" in data:
            return data
        lines = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in data.items() if k in KEYS and v}
        rest = {k: v for k, v in data.items() if k not in KEYS}
        for key in rest:
            if key not in cls.model_fields:
                raise ValueError(f"'{key}' names no drum; drums are: {', '.join(KEYS)}")
        if not lines:
            raise ValueError("a pattern has at least one line, such as snare = '....X...'")
        return {**rest, "lines": lines}

    @field_validator("lines")
    @classmethod
    def _readable(cls, lines: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(_checked(name, x, DRUM_SYMBOLS) for x in texts) for name, texts in lines.items()}


class DrumPattern(LinesPattern):
    """A groove of the kit, of whole bars."""


class Fill(LinesPattern):
    """A fill: it takes the last beats of a bar, as many as its lines are long, and replaces the groove there."""


class PercussionPattern(LinesPattern):
    """What one percussion instrument plays. `player` is its id in the instrument table, or 'any'."""

    player: str


class BassPattern(Pattern):
    """A bass figure of whole bars: characters are functions in the harmony, pitches come by rule.

    Attributes:
        line: the figure, or alternates of it.
        players: instrument ids, families or techniques it is meant for; empty means all.
        lock: how surely kicks that fall between its notes are taken up as roots, 0..1.
        gate: how much of its written length a note sounds (0.5 is staccato).
        riff: intervals above the root for the notes 'm', in order; empty lets the engine invent the riff.
    """

    line: tuple[str, ...]
    players: tuple[str, ...] = ()
    lock: Unit = 0.0
    gate: float = Field(default=0.95, gt=0.0, le=1.0)
    riff: tuple[int, ...] = ()

    _one = field_validator("line", mode="before")(lambda v: (v,) if isinstance(v, str) else v)

    @field_validator("line")
    @classmethod
    def _readable(cls, line: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked("line", x, BASS_SYMBOLS) for x in line)


class CompPattern(Pattern):
    """A comping rhythm of whole bars. `players` as in `BassPattern`; `gate` shortens the notes."""

    line: tuple[str, ...]
    players: tuple[str, ...] = ()
    gate: float = Field(default=0.95, gt=0.0, le=1.0)

    _one = field_validator("line", mode="before")(lambda v: (v,) if isinstance(v, str) else v)

    @field_validator("line")
    @classmethod
    def _readable(cls, line: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked("line", x, COMP_SYMBOLS) for x in line)


class Timing(Frozen):
    """Where the players sit against the beat: mean displacement in milliseconds; positive is late."""

    kick: float = Field(default=0.0, ge=-40, le=40)
    snare: float = Field(default=0.0, ge=-40, le=40)
    cymbals: float = Field(default=0.0, ge=-40, le=40)
    percussion: float = Field(default=0.0, ge=-40, le=40)
    bass: float = Field(default=0.0, ge=-40, le=40)
    comp: float = Field(default=0.0, ge=-40, le=40)


class RhythmStyle(Frozen):
    """All rhythm tables of a style; empty lists fall back to the house patterns of its `feel`.

    Attributes:
        metre, cell: in which patterns are written unless they say otherwise.
        feel: 'straight', 'swing', 'ternary', 'latin', 'march', 'free': chooses house patterns for what the style lacks.
        drummer: whose playing of the Groove MIDI takes shapes velocities ('rock', 'funk', ...), 'machine' for none.
        ghosts: how much of that drummer's ghost notes on the snare is added to the patterns' own, 0..1.
        crash: section starts at this energy or above are marked by a crash cymbal; above 1: never.
        fills: how readily phrases end in a fill, 0..1; section ends always may.
        variation: how readily a bar takes an alternate of its lines: 0 never, 0.35 song-like, 0.85 in free conversation.
        change: how readily the players take another figure with another phrase, 0..1.
        closes: how readily bass and chords play a figure of their own where a phrase ends, 0..1.
        breaks: how readily a section is led into by a break of the whole band, 0..1.
        half_time: chance that a quiet bridge or break goes in half-time feel.
        double_time: chance that a section of full energy goes in double time.
        layers: lines in the order in which they enter in an intro and, backwards, leave in an outro.
        risers: whether builds (sections of kind 'build', and ends before a drop) roll the snare up.
        ending: 'hit' (a last stroke together), 'stop' (the last bar is left by the kit), 'ring' (a cymbal that dies away),
            'groove' (plays on to the last bar line).
        keep_drums: whether the kit plays even in the quietest sections.
        timing: displacements for the performance.
        drums, fill, percussion, bass, comp: the patterns.
    """

    metre: str = "4/4"
    cell: str = "16"
    feel: str = Field(default="straight", pattern="^(straight|swing|ternary|latin|march|free)$")
    drummer: str = "rock"
    ghosts: Unit = 0.0
    crash: float = Field(default=0.55, ge=0.0, le=2.0)
    fills: Unit = 0.5
    variation: Unit = 0.35
    change: Unit = 0.6
    closes: Unit = 0.5
    breaks: Unit = 0.0
    half_time: Unit = 0.0
    double_time: Unit = 0.0
    layers: tuple[str, ...] = ()
    risers: bool = False
    ending: str = Field(default="hit", pattern="^(hit|stop|ring|groove)$")
    keep_drums: bool = True
    timing: Timing = Timing()
    drums: tuple[DrumPattern, ...] = ()
    fill: tuple[Fill, ...] = ()
    percussion: tuple[PercussionPattern, ...] = ()
    bass: tuple[BassPattern, ...] = ()
    comp: tuple[CompPattern, ...] = ()

    @model_validator(mode="after")
    def _whole_bars(self) -> "RhythmStyle":
        """Checks that every line fills whole bars, and that layers exist."""
        for table in ("drums", "percussion", "bass", "comp"):
            for i, pattern in enumerate(getattr(self, table)):
                metre, cell = self.metre_of(pattern), self.cell_of(pattern)
                for name, text in _lines_of(pattern):
                    if not bars_of(text, cell, metre):
                        per_bar = _cells_per_bar(cell, metre)
                        raise ValueError(
                            f"{table}[{i + 1}] '{pattern.name}': the line {name} has {len(clean(text))} cells of '{cell}', "
                            f"but a bar of {metre} has {per_bar}; write {per_bar} cells, or a multiple"
                        )
        for layer in self.layers:
            if layer not in KEYS:
                raise ValueError(f"layers: '{layer}' names no drum; drums are: {', '.join(KIT)}")
        return self

    def metre_of(self, pattern: Pattern) -> Metre:
        """The metre that a pattern is written in."""
        return read_metre(pattern.metre or self.metre)

    def cell_of(self, pattern: Pattern) -> str:
        """The length of a pattern's cells."""
        return pattern.cell or self.cell


def _lines_of(pattern: Pattern) -> list[tuple[str, str]]:
    if isinstance(pattern, LinesPattern):
        return [(name, text) for name, texts in pattern.lines.items() for text in texts]
    assert isinstance(pattern, BassPattern | CompPattern)
    return [("line", text) for text in pattern.line]


def _cells_per_bar(cell: str, metre: Metre) -> str:
    over, under = CELLS[cell]
    whole, rest = divmod(metre.numerator * under, metre.denominator * over)
    return str(whole) if not rest else f"{metre.numerator * under / (metre.denominator * over):g} (choose another cell)"


def _checked(name: str, text: str, symbols: frozenset[str]) -> str:
    for i, c in enumerate(clean(text)):
        if c not in symbols and c != REST:
            raise ValueError(
                f"{name} = '{text}': cell {i + 1} is '{c}', which means nothing here; "
                f"use {' '.join(sorted(symbols))} or . (rest)"
            )
    if not clean(text):
        raise ValueError(f"{name} is empty; leave it out, or write rests as dots")
    return clean(text)


def read_metre(text: str) -> Metre:
    """A metre as style files write it: '4/4', or with groups '7/8 2+2+3'.

    Raises:
        ValueError: it is none.
    """
    head, _, groups = text.partition(" ")
    top, _, bottom = head.partition("/")
    try:
        return Metre(int(top), int(bottom), tuple(int(g) for g in groups.split("+")) if groups else ())
    except (ValueError, BadRequest):
        raise ValueError(f"'{text}' is no metre; write it like '3/4', '12/8' or '7/8 2+2+3'") from None
