"""Mixer presets as data: `data/mix_*.toml`, each naming the styles that ask for it; `default` fills in what one leaves out."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import Field

from ripieno.generators.audio.dynamics import Glue
from ripieno.generators.audio.room import Room
from ripieno.generators.audio.tone import Band
from ripieno.score.brief import Frozen
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.piece import Track

DEFAULT = "default"


class Strip(Frozen):
    """A channel of the mixer.

    Attributes:
        level: LU relative to the lead.
        pan: -1 left .. 1 right.
        send: dB into the room, relative to the dry track.
        tone: filters.
    """

    level: float = Field(default=-4.0, ge=-40.0, le=12.0)
    pan: float = Field(default=0.0, ge=-1.0, le=1.0)
    send: float = Field(default=-14.0, ge=-60.0, le=6.0)
    tone: tuple[Band, ...] = ()


class MixPreset(Frozen):
    """A way to mix; `wet` is the room's return in dB."""

    id: str
    title: str
    styles: tuple[str, ...]
    wet: float = Field(ge=-60.0, le=12.0)
    room: Room
    glue: Glue
    roles: dict[Role, Strip]
    families: dict[str, dict[str, Any]] = Field(default_factory=dict)
    instruments: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def strip(self, track: Track) -> Strip:
        """The channel of a track: its role's, then what its instrument's family and its instrument override."""
        base = self.roles[track.role].model_dump()
        base |= self.families.get(track.instrument.family, {})
        base |= self.instruments.get(track.instrument_id, {})
        return Strip.model_validate(base)


@lru_cache(maxsize=1)
def mix_presets() -> dict[str, MixPreset]:
    """All presets by id."""
    folder = resources.files("ripieno.generators.audio").joinpath("data")
    rows = {
        entry.name[4:-5]: tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.startswith("mix_") and entry.name.endswith(".toml")
    }
    base = rows[DEFAULT]
    return {id_: MixPreset.model_validate({"id": id_, **_over(base, row)}) for id_, row in rows.items()}


def _over(base: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """`row` over `base`, table by table."""
    merged = dict(base)
    for key, value in row.items():
        known = base.get(key)
        merged[key] = _over(known, value) if isinstance(value, dict) and isinstance(known, dict) else value
    return merged


def mix_preset(name: str) -> MixPreset:
    """The preset with this id, or the one that serves the style of this id; `default` for a style that none names.

    Raises:
        BadRequest: the name is not written as an id.
    """
    presets = mix_presets()
    if name in presets:
        return presets[name]
    if not name.replace("_", "").isalnum():
        raise BadRequest("A mixer preset is named by its id or by a style's", value=name,
                         cure="choose one of " + ", ".join(presets))
    return next((p for p in presets.values() if name in p.styles), presets[DEFAULT])
