"""Instruments: what each can play, how it sounds in General MIDI, and every name that people give it.

The table is `data/instruments.toml`; adding a row there is all that a new instrument needs. Names are looked up exactly
here; misspelt and unknown names are the reader's business.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from ripieno.score.errors import BadRequest
from ripieno.score.pitch import midi_number


class Role(StrEnum):
    """What a track does in the ensemble."""

    LEAD = "lead"  # carries the tune
    ANSWER = "answer"  # replies to the lead in its rests
    COUNTERMELODY = "countermelody"  # an independent second line
    CHORDS = "chords"  # comping, strumming, block chords
    ARPEGGIO = "arpeggio"  # broken chords
    PAD = "pad"  # long held harmony
    RIFF = "riff"  # a repeated figure, ostinato
    BASS = "bass"
    DRONE = "drone"  # held tonic or fifth
    DRUMS = "drums"  # the kit
    PERCUSSION = "percussion"  # anything struck beside the kit


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the table. Pitches are MIDI numbers, as sounding.

    Attributes:
        id: the key in the table, such as 'upright_bass'.
        program: General MIDI program 0..127 (of a drum kit: the kit's program on channel 10).
        family: 'strings', 'guitar', 'bass', 'keys', 'mallets', 'organ', 'reeds', 'brass', 'winds', 'choir', 'synth lead',
            'synth pad', 'plucked', 'ethnic', 'percussion', 'drum kit', 'effects'.
        technique: how it is played: 'bowed', 'plucked', 'blown', 'keys', 'struck', 'sung', 'synth'.
        low, high: the whole range; comfort_low, comfort_high: where it sounds well and plays with ease.
        voices: how many notes one player can sound at once.
        breath: whether the player must breathe (winds, brass, voices).
        decays: whether a held note dies away by itself (plucked, struck, piano).
        clef: 'treble', 'bass', 'alto', 'tenor', 'grand', 'percussion'.
        roles: what it does well, best first.
        names: everyday names, lower case, singular.
        key: for an instrument that is one piece of the General MIDI percussion set, its key number; else None.
        nearest: whether General MIDI lacks it and `program` is only the nearest sound.
    """

    id: str
    name: str
    program: int
    family: str
    technique: str
    low: int
    high: int
    comfort_low: int
    comfort_high: int
    voices: int
    breath: bool
    decays: bool
    clef: str
    roles: tuple[Role, ...]
    names: tuple[str, ...]
    key: int | None = None
    nearest: bool = False

    @property
    def is_drum(self) -> bool:
        """Whether it plays on the percussion channel (a kit, or a piece of the percussion set)."""
        return self.family == "drum kit" or self.key is not None


@lru_cache(maxsize=1)
def instruments() -> dict[str, Instrument]:
    """The whole table by id."""
    text = resources.files("ripieno.score").joinpath("data/instruments.toml").read_text(encoding="utf-8")
    return {id_: _row(id_, row) for id_, row in tomllib.loads(text).items()}


def _row(id_: str, row: dict[str, object]) -> Instrument:
    whole, comfort = row["range"], row.get("comfort", row["range"])
    assert isinstance(whole, list) and isinstance(comfort, list)
    names, roles = row["names"], row["roles"]
    assert isinstance(names, list) and isinstance(roles, list)
    key = row.get("key")
    return Instrument(
        id=id_, name=str(row["name"]), program=int(str(row["program"])), family=str(row["family"]),
        technique=str(row["technique"]), low=midi_number(whole[0]), high=midi_number(whole[1]),
        comfort_low=midi_number(comfort[0]), comfort_high=midi_number(comfort[1]),
        voices=int(str(row.get("voices", 1))), breath=bool(row.get("breath", False)),
        decays=bool(row.get("decays", False)), clef=str(row.get("clef", "treble")),
        roles=tuple(Role(r) for r in roles), names=tuple(names),
        key=None if key is None else int(str(key)), nearest=bool(row.get("nearest", False)),
    )  # fmt: skip


def instrument(id_: str) -> Instrument:
    """One row.

    Raises:
        BadRequest: no instrument has this id.
    """
    try:
        return instruments()[id_]
    except KeyError:
        raise BadRequest(
            "An instrument is one that the table knows", value=id_, cure="see `ripieno instruments` for all names"
        ) from None
