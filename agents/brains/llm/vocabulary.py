"""The words and numbers that a brief may hold: what the reader of language never breaks, a model may.

One table: the schema that is sent offers these, and the check of an answer holds to them.
"""

from collections.abc import Iterator
from typing import Any, get_args

from ripieno.score.brief import Attribute, Brief
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import RipienoError
from ripieno.score.keys import Key
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO
from ripieno.tools.dynamics import ShapeDynamics

REGISTERS = ("low", "middle", "high")
ARTICULATIONS = ("staccato", "legato", "marcato", "tenuto", "pizzicato", "portato", "spiccato", "tremolo")
WORDS: dict[str, tuple[str, ...]] = {
    "tempo_class": ("slow", "moderate", "fast"),
    "dynamics": ("pp", "p", "mp", "mf", "f", "ff"),
    "register_name": REGISTERS,
    "articulation": ARTICULATIONS,
    "texture": ("homophonic", "polyphonic", "monophonic", "sparse", "layered"),
}
SHAPES: tuple[str, ...] = get_args(ShapeDynamics.model_fields["shape"].annotation)
MOST_BARS, MOST_SECONDS = 512, 1_800.0  # of a piece that a model asks for; a person may ask for more in an option
RANGES: dict[str, tuple[float, float]] = {
    "tempo": (MIN_TEMPO, MAX_TEMPO),
    "tempo_range": (MIN_TEMPO, MAX_TEMPO),
    "bars": (1, MOST_BARS),
    "bars_range": (1, MOST_BARS),
    "duration": (2, MOST_SECONDS),
    "duration_range": (2, MOST_SECONDS),
    "pitch_range": (21, 108),
    "pitch_range_octaves": (1, 7),
    "rhythm_intensity": (0, 2),
    "swing": (0.5, 0.75),
}


def narrow(brief: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Puts the words into a schema of `Brief` and of what it holds."""
    for name, words in WORDS.items():
        field = brief["properties"][name]
        field["anyOf"] = [{**_attribute(definitions), "properties": _with_words(definitions, words)}, {"type": "null"}]
    definitions["DynamicsShape"]["properties"]["shape"] = {"type": "string", "enum": list(SHAPES)}
    for name, words in (("register_name", REGISTERS), ("articulation", ARTICULATIONS)):
        definitions["PartRequest"]["properties"][name] = {"anyOf": [{"type": "string", "enum": list(words)}, {"type": "null"}]}


def faults_of(brief: Brief) -> Iterator[str]:
    """What of a brief is no word or number that it may hold."""
    for name in Brief.model_fields:
        row = getattr(brief, name)
        if not isinstance(row, Attribute):
            continue
        value = row.value
        if name in WORDS and value not in WORDS[name]:
            yield f"brief.{name}: {value!r} is none of {', '.join(WORDS[name])}"
        if name in RANGES:
            low, high = RANGES[name]
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(low <= n <= high for n in numbers) or list(numbers) != sorted(numbers):
                yield f"brief.{name}: {value} does not lie between {low:g} and {high:g}, the smaller first"
    yield from _parts(brief)
    for shape in brief.dynamics_shape:
        if shape.shape not in SHAPES:
            yield f"brief.dynamics_shape: {shape.shape!r} is none of {', '.join(SHAPES)}"
    for change in brief.tempo_changes:
        bpm, factor = change.bpm, change.factor
        if (bpm is None) == (factor is None):
            yield "brief.tempo_changes: give bpm or factor, one of the two"
        if (bpm is not None and not MIN_TEMPO <= bpm <= MAX_TEMPO) or (factor is not None and not 0.25 <= factor <= 4):
            yield f"brief.tempo_changes: bpm lies between {MIN_TEMPO:g} and {MAX_TEMPO:g}, factor between 0.25 and 4"
    for section in brief.form.value.sections if brief.form else ():
        if not section.name.strip() or (section.bars is not None and not 1 <= section.bars <= 128):
            yield "brief.form: a section has a name, and 1 to 128 bars where they are said"
    yield from _chords(brief)


def _parts(brief: Brief) -> Iterator[str]:
    for part in brief.parts:
        if part.register_name is not None and part.register_name not in REGISTERS:
            yield f"brief.parts: register_name {part.register_name!r} is none of {', '.join(REGISTERS)}"
        if part.articulation is not None and part.articulation not in ARTICULATIONS:
            yield f"brief.parts: articulation {part.articulation!r} is none of {', '.join(ARTICULATIONS)}"
        if (part.doubles or part.of) and part.of not in {p.instrument for p in brief.parts if p is not part}:
            yield f"brief.parts: {part.instrument!r} answers or doubles {part.of!r}, which is no other part"


def _chords(brief: Brief) -> Iterator[str]:
    for row in brief.progressions.value if brief.progressions else ():
        if not row.chords or (row.bars_each is not None and not 0.25 <= row.bars_each <= 64):
            yield "brief.progressions: a progression has chords, each of 0.25 to 64 bars"
        for symbol in row.chords:
            try:
                if row.roman:
                    parse_roman(symbol, Key("C"))
                else:
                    Chord.parse(symbol)
            except RipienoError as error:
                yield f"brief.progressions: {error.message}"


def _attribute(definitions: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in definitions["Attribute_str_"].items() if k != "properties"}


def _with_words(definitions: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    return {**definitions["Attribute_str_"]["properties"], "value": {"type": "string", "enum": list(words)}}
