"""What a caller gives beside the text (`--tempo 90`): it wins over what the text says, and the contradiction is reported."""

from collections.abc import Mapping
from typing import Any

from ripieno.agents.choices import revised, with_notice
from ripieno.agents.length_defaults import metre_of
from ripieno.agents.state import Overrides
from ripieno.score.brief import Attribute, Brief, Origin, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import instruments
from ripieno.score.keys import MODE_NAMES, Key
from ripieno.score.styles import StyleProfile
from ripieno.score.time import MAX_BARS, MAX_TEMPO, MIN_TEMPO

MAX_SECONDS = 3600.0


def apply_overrides(brief: Brief, overrides: Overrides, profiles: Mapping[str, StyleProfile]) -> Brief:
    """The brief with the overrides as stated attributes.

    Raises:
        BadRequest: an override is impossible.
    """
    for name, value in _values(overrides, profiles).items():
        if name == "parts":
            brief = revised(brief, {"parts": value, "ensemble_closed": True})
            continue
        old = getattr(brief, name)
        if old is not None and old.value != value and old.origin is Origin.STATED:
            brief = with_notice(brief, name, f"the request says {old.value}, the option says {value}; the option was taken")
        brief = revised(brief, {name: Attribute(value=value, words=f"option {name}")})
        for rival in {
            "tempo": ("tempo_range", "tempo_class"),
            "bars": ("bars_range",),
            "duration": ("duration_range",),
        }.get(name, ()):
            brief = revised(brief, {rival: None})
    return brief


def _values(overrides: Overrides, profiles: Mapping[str, StyleProfile]) -> dict[str, Any]:
    """The overrides given, as attribute values, each checked against its limits."""
    values: dict[str, Any] = {}
    if overrides.title is not None:
        values["title"] = overrides.title
    if overrides.style is not None:
        values["style"] = _style_id(overrides.style, profiles)
    if overrides.key is not None:
        key = parse_key(overrides.key)
        values.update(tonic=key.tonic, mode=key.mode)
    if overrides.tempo is not None:
        values["tempo"] = _within("tempo", overrides.tempo, MIN_TEMPO, MAX_TEMPO, "quarter notes a minute")
    if overrides.metre is not None:
        values["metre"] = str(parse_metre(overrides.metre))
    if overrides.bars is not None:
        values["bars"] = int(_within("number of bars", overrides.bars, 1, MAX_BARS, "bars"))
    if overrides.duration is not None:
        values["duration"] = _within("duration", overrides.duration, 1.0, MAX_SECONDS, "seconds")
    if overrides.instruments:
        values["parts"] = tuple(_part(name) for name in overrides.instruments)
    return values


def _within(what: str, value: float, low: float, high: float, unit: str) -> float:
    if not low <= value <= high:
        raise BadRequest(
            f"A {what} lies between {low:g} and {high:g} {unit}",
            value=f"{value:g}",
            cure=f"give a value from {low:g} to {high:g}",
        )
    return value


def parse_key(text: str) -> Key:
    """A key as people write it on a command line: 'Bm', 'B minor', 'F# dorian', 'Eb'.

    Raises:
        BadRequest: it is none.
    """
    tonic, _, mode = text.strip().partition(" ")
    if not mode and tonic.endswith("m") and len(tonic) <= 3:
        tonic, mode = tonic[:-1], "minor"
    if mode and mode.strip().lower() not in MODE_NAMES:
        raise BadRequest("A key is a note and a mode", value=text, cure="write it like 'B minor', 'F# dorian' or 'Eb'")
    return Key(tonic, mode.strip().lower() or "major")


def parse_metre(text: str) -> object:
    """A metre as written, '7/8'.

    Raises:
        BadRequest: it is none.
    """
    numerator, slash, denominator = text.strip().partition("/")
    if not (slash and numerator.isdecimal() and denominator.isdecimal()):
        raise BadRequest("A metre is two whole numbers with a slash", value=text, cure="write it like 3/4, 6/8 or 7/8")
    return metre_of(text.strip())


def _style_id(text: str, profiles: Mapping[str, StyleProfile]) -> str:
    wanted = text.strip().lower()
    for profile in profiles.values():
        if wanted in {profile.id, profile.name.lower(), *profile.aliases, profile.id.replace("_", " ")}:
            return profile.id
    raise BadRequest("A style is one that Ripieno can compose", value=text, cure="use one of: " + ", ".join(sorted(profiles)))


def _part(text: str) -> PartRequest:
    wanted = text.strip().lower()
    for row in instruments().values():
        if wanted in {row.id, row.name.lower(), *row.names}:
            return PartRequest(instrument=row.id, asked=text)
    raise BadRequest("An instrument is one that the table knows", value=text, cure="see `ripieno instruments`")
