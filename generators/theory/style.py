"""A style as data: `styles/<id>.toml`, read over the defaults of its family (`data/families.toml`), and checked.

A file says what sets the style apart and leaves the rest to its family: `[profile]` (names, tempo, ensemble: the public
face), `[harmony]`, `[melody]`, `[form]`, `[performance]` (here) and the rhythm tables (`rhythm_style`). `docs/styles.md`
explains every key. A mistake is answered with the file, the key, what was given, and what would be right.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from ripieno.generators.theory.rhythm_style import RhythmStyle
from ripieno.score.brief import Frozen, Unit
from ripieno.score.chords import parse_roman
from ripieno.score.errors import BadFile, BadRequest, RipienoError
from ripieno.score.instruments import Role
from ripieno.score.keys import MODES, Key
from ripieno.score.styles import StyleProfile

MAX_STYLE_BYTES = 100_000
OWN_TABLES = ("harmony", "melody", "form", "performance")


class Progression(Frozen):
    """A chord scheme as a lead sheet in Roman numerals: bars divided by '|', chords in a bar by spaces, '%' repeats.

    `mode` is 'major', 'minor' or a mode's own name; `sections` limits it to kinds of section (empty: any); `ends` marks a
    scheme whose last bar closes on the tonic.
    """

    chords: str
    mode: str = "major"
    sections: tuple[str, ...] = ()
    weight: float = Field(default=1.0, gt=0)
    ends: bool = False

    @field_validator("chords")
    @classmethod
    def _readable(cls, text: str) -> str:
        for symbol in text.replace("|", " ").split():
            if symbol != "%":
                try:
                    parse_roman(symbol, Key("C", "major"))
                except RipienoError as error:
                    raise ValueError(f"{symbol!r} is no Roman numeral; {error.cure}") from None
        return text

    @field_validator("mode")
    @classmethod
    def _known(cls, mode: str) -> str:
        if mode not in MODES:
            raise ValueError("a mode is one of: " + ", ".join(MODES))
        return mode

    @property
    def bars(self) -> tuple[tuple[str, ...], ...]:
        """The numerals of each bar."""
        out: list[tuple[str, ...]] = []
        for bar in self.chords.strip().strip("|").split("|"):
            out.append(out[-1] if bar.split() == ["%"] and out else tuple(bar.split()))
        return tuple(out)


class Harmony(Frozen):
    """How the style makes harmony. Shares are 0..1.

    Attributes:
        grammar: a table in `data/grammars.toml`: which chord may follow which.
        schemes: share of sections that take one of `progressions` instead of the grammar.
        rate: chords per bar that the grammar writes.
        colour: how chords are extended: 'triads', 'sevenths', 'extended' or 'power'.
        seventh: chance that a triad gets its seventh, where `colour` is 'triads'.
        secondary: chance of an applied dominant before a diatonic chord.
        diminished: share of applied chords that are diminished sevenths; chance of one between chords a tone apart.
        predominant: chance that a subdominant before the dominant becomes a Neapolitan or an augmented sixth.
        variants: chance that a later chorus takes another of the style's schemes of its length.
        mixture: chance of a chord borrowed from the parallel key.
        substitution: chance of a tritone substitution or another jazz exchange.
        inversions: chance of a bass note that makes the bass line move by step.
        modulation: chance that a contrasting section has its own key (in pieces of 24 bars and more).
        lift: chance that the last chorus is a step higher.
        drone: whether the tonic is held through (bagpipe, raga, ambient).
        strict: price of parallel fifths and octaves between tune and bass, 0 where nobody minds.
        broken: chance that a keyboard or plucked player breaks its chords in a section instead of striking them.
        part_writing: whether inner players are led with tune and bass as in a chorale.
        loop: whether a section repeats a short loop instead of moving on.
    """

    grammar: str = "common"
    progressions: tuple[Progression, ...] = ()
    schemes: Unit = 0.0
    rate: float = Field(default=1.0, ge=0.125, le=4)
    colour: Literal["triads", "sevenths", "extended", "power"] = "triads"
    seventh: Unit = 0.0
    secondary: Unit = 0.1
    diminished: Unit = 0.0
    predominant: Unit = 0.0
    variants: Unit = 0.0
    mixture: Unit = 0.05
    substitution: Unit = 0.0
    inversions: Unit = 0.15
    modulation: Unit = 0.3
    lift: Unit = 0.0
    drone: bool = False
    strict: float = Field(default=0.0, ge=0, le=10)
    broken: Unit = 0.0
    part_writing: bool = False
    loop: bool = False


class Melody(Frozen):
    """How the style makes tunes. Shares are 0..1.

    Attributes:
        density: onsets per beat, about.
        cells: rhythms of one or more beats; a character is a quarter of a simple beat: 'x' strikes, '-' holds, '.' rests;
            '*3' behind a cell makes it three times as likely.
        cells_compound: the same for dotted beats; a character is a third of the beat.
        syncopation: chance that a strong note comes half a beat early.
        leap: 0 nearly all steps .. 1 many leaps.
        chromatic: chance of chromatic neighbours and approaches.
        ornament: chance of a grace, turn or passing note where there is time.
        repeat: readiness to repeat a note.
        span: semitones that a section's tune uses, about.
        motif_bars: length of an idea.
        phrase: bars in a phrase.
        unity: chance that a new idea of a section keeps the rhythm of its first.
        vary: how far a return differs from the first statement.
        pickup: chance that an idea begins with an upbeat.
        rest: how much of a phrase's end is silence (breath).
        blue: readiness for blue notes (flat third, fifth and seventh).
        pentatonic: preference for the pentatonic notes of the key.
        riff: cells of ostinato figures, as in `cells`.
        legato: share of a note's time that sounds.
    """

    density: float = Field(default=1.0, gt=0, le=6)
    cells: tuple[str, ...] = ("x---*4", "x-x-*3", "x-------*2", "x---x-x-*2", "x-----x-*2")
    cells_compound: tuple[str, ...] = ("x--*2", "x-x*3", "xxx*2", "x-----")
    syncopation: Unit = 0.1
    leap: Unit = 0.35
    chromatic: Unit = 0.03
    ornament: Unit = 0.1
    repeat: Unit = 0.2
    span: int = Field(default=14, ge=5, le=36)
    motif_bars: Literal[1, 2] = 1
    phrase: Literal[2, 4, 8] = 4
    unity: Unit = 0.5
    vary: Unit = 0.4
    pickup: Unit = 0.3
    rest: Unit = 0.4
    blue: Unit = 0.0
    pentatonic: Unit = 0.0
    riff: tuple[str, ...] = ("x-x-*4", "x--x--x-*4", "x-xx*2", "xxx-*1", "x---*2", "--x-*2")
    legato: float = Field(default=0.95, ge=0.1, le=1.1)

    @field_validator("cells", "cells_compound", "riff")
    @classmethod
    def _cells(cls, cells: tuple[str, ...]) -> tuple[str, ...]:
        for cell in cells:
            body, _, times = cell.partition("*")
            if not body or set(body) - set("x-.") or (times and not times.isdigit()):
                raise ValueError(f"{cell!r}: a cell is written with x, - and ., and '*3' behind it for its weight")
        return cells


class FormHabits(Frozen):
    """How the style shapes a piece.

    Attributes:
        names: forms in `data/forms.toml` that suit it, or letters such as 'AABA' (empty: the profile's).
        intro, outro: chance that one is added where the form has none and there is room.
        ending: 'held' (a long last chord), 'short' (a last stroke), 'fade' (thins out over a held chord).
        entries: whether parts enter and leave one by one (loops) or mostly play together (chamber music).
        breathe: chance that accompanying players hold or rest where a phrase ends.
        solos: how readily solos, bridges and later verses go to other players than the leader.
        order: roles in the order in which their players enter a piece that builds up, and stay in one that thins out.
        contrast: how far sections differ in register, density and energy.
        literal: chance that a section comes again note for note in all parts (strains of dances, refrains).
        period: chance that a phrase a' opens with the first half of its phrase a, note for note in all parts.
    """

    names: tuple[str, ...] = ()
    intro: Unit = 0.3
    outro: Unit = 0.3
    ending: Literal["held", "short", "fade"] = "held"
    entries: Unit = 0.4
    breathe: Unit = 0.0
    solos: Unit = 0.0
    order: tuple[Role, ...] = (
        Role.LEAD, Role.CHORDS, Role.ARPEGGIO, Role.DRONE, Role.BASS, Role.PAD, Role.DRUMS, Role.RIFF, Role.PERCUSSION,
        Role.COUNTERMELODY, Role.ANSWER,
    )  # fmt: skip
    contrast: Unit = 0.5
    literal: Unit = 0.15
    period: Unit = 0.1


class Performance(Frozen):
    """How the style is played.

    Attributes:
        accent: how far strong beats stand out.
        backbeat: whether beats 2 and 4 are the strong ones.
        human_ms: standard deviation of micro-timing in milliseconds. Where the players sit against the beat on average is
            said by the rhythm's `timing`.
        lay_back_ms: how far lead lines come behind the beat (negative: ahead).
        swing_unit: which notes swing: 8 (eighths) or 16.
        pedal: whether keyboards use the sustaining pedal.
        phrasing: how far velocities rise and fall over a phrase.
        loudness: usual dynamic, 'pp' to 'ff'.
    """

    accent: Unit = 0.4
    backbeat: bool = False
    human_ms: float = Field(default=6.0, ge=0, le=40)
    lay_back_ms: float = Field(default=0.0, ge=-40, le=60)
    swing_unit: Literal[8, 16] = 8
    pedal: bool = False
    phrasing: Unit = 0.5
    loudness: Literal["pp", "p", "mp", "mf", "f", "ff"] = "mf"


class Style(Frozen):
    """A whole style."""

    profile: StyleProfile
    sources: tuple[str, ...] = ()
    harmony: Harmony = Harmony()
    melody: Melody = Melody()
    form: FormHabits = FormHabits()
    performance: Performance = Performance()
    rhythm: RhythmStyle = RhythmStyle()

    @property
    def id(self) -> str:
        """The file's name without its ending."""
        return self.profile.id


def data_table(name: str) -> dict[str, Any]:
    """A data file of the engine, `data/<name>.toml`, parsed. Read once."""
    return _data_table(name)


@lru_cache(maxsize=16)
def _data_table(name: str) -> dict[str, Any]:
    text = resources.files("ripieno.generators.theory").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def parse_style(text: str, where: str) -> Style:
    """A style from the text of its file; `where` names the file in errors.

    Raises:
        BadFile: the text is no TOML, is too long, or breaks the schema; the message says which key and what would be right.
    """
    if len(text) > MAX_STYLE_BYTES:
        raise BadFile(f"A style file has at most {MAX_STYLE_BYTES} characters", value=f"{where}: {len(text)}")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile("A style file is TOML", value=where, cause=str(error),
                      cure="see docs/styles.md for an example") from None
    if not isinstance(raw.get("profile"), dict):
        raise BadFile("A style file has a table [profile]", value=where, cure="see docs/styles.md for an example")
    family = data_table("families").get(str(raw["profile"].get("family")), {})
    tables: dict[str, Any] = {k: v for k, v in raw.items() if k in ("profile", "sources", "rhythm")}
    for name in OWN_TABLES:
        own = raw.get(name, {})
        tables[name] = {**family.get(name, {}), **own} if isinstance(own, dict) else own
    try:
        return Style.model_validate(tables)
    except ValidationError as error:
        raise _explained(error, where) from None


def _explained(error: ValidationError, where: str) -> BadFile:
    """All mistakes of a file as one message for people."""
    lines = []
    for item in error.errors():
        place = ".".join(str(p) for p in item["loc"])
        what = {"extra_forbidden": "no such key", "missing": "is missing"}.get(item["type"], item["msg"])
        given = "" if item["type"] in ("missing", "extra_forbidden") else f" (given: {item['input']!r})"
        lines.append(f"{place}: {what}{given}")
    return BadFile("A style file follows the schema", value=where, cause="; ".join(lines),
                   cure="correct these keys; docs/styles.md lists what each may be")


@lru_cache(maxsize=1)
def builtin_styles() -> Mapping[str, Style]:
    """All styles that come with Ripieno, by id, in alphabetical order."""
    folder = resources.files("ripieno.generators.theory").joinpath("styles")
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            style = parse_style(entry.read_text(encoding="utf-8"), entry.name)
            if entry.name != f"{style.id}.toml":
                raise BadFile("A style file is named after its id", value=entry.name, cure=f"call it {style.id}.toml")
            found[style.id] = style
    return found


def load_styles(folder: Path) -> dict[str, Style]:
    """The user's own styles from a folder of `.toml` files, by id.

    Raises:
        BadFile: a file cannot be read or breaks the schema.
    """
    found = {}
    for path in sorted(folder.glob("*.toml")):
        if path.stat().st_size > MAX_STYLE_BYTES:
            raise BadFile(f"A style file has at most {MAX_STYLE_BYTES} bytes", value=path)
        style = parse_style(path.read_text(encoding="utf-8"), str(path))
        found[style.id] = style
    return found


def style_named(id_: str, styles: Mapping[str, Style]) -> Style:
    """One style.

    Raises:
        BadRequest: there is none with this id.
    """
    try:
        return styles[id_]
    except KeyError:
        raise BadRequest("A style is one that can be composed", value=id_,
                         cure="use one of: " + ", ".join(styles)) from None
