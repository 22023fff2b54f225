"""Which instrument and role a foreign file's track has: guesses by program, register and name."""

import re
from functools import lru_cache

import numpy as np

from ripieno.score.instruments import Instrument, Role, instruments
from ripieno.score.piece import Notes

_LOW = 48  # below C3 on average a single line is a bass
_ROLE_WORDS = {
    "melody": Role.LEAD, "lead": Role.LEAD, "vocal": Role.LEAD, "voice": Role.LEAD, "solo": Role.LEAD,
    "soprano": Role.LEAD, "counter": Role.COUNTERMELODY, "harmony": Role.CHORDS, "chord": Role.CHORDS,
    "rhythm": Role.CHORDS, "comp": Role.CHORDS, "arp": Role.ARPEGGIO, "pad": Role.PAD, "bass": Role.BASS,
    "riff": Role.RIFF, "drone": Role.DRONE, "drum": Role.DRUMS, "percussion": Role.PERCUSSION,
}  # fmt: skip


def instrument_for(program: int, *, is_drum: bool) -> Instrument:
    """The table's first instrument of a General MIDI program, or its first kit of that program.

    Rows that only borrow the program (`nearest`) come last; where no row has it, the first of its kind stands
    in.
    """
    if is_drum:
        kits = [i for i in instruments().values() if i.family == "drum kit"]
        return next((i for i in kits if i.program == program), kits[0])
    melodic = [i for i in instruments().values() if not i.is_drum]
    having = [i for i in melodic if i.program == program]
    return min(having, key=lambda i: i.nearest, default=melodic[0])


def instrument_named(name: str) -> Instrument | None:
    """The instrument that a part's name is, or begins or ends with ('Violin II', 'Solo cello'); None where there is none."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    known = _by_name()
    for size in range(len(words), 0, -1):
        for first in range(len(words) - size + 1):
            for text in (" ".join(words[first : first + size]), " ".join(words[first : first + size]).removesuffix("s")):
                if text in known:
                    return known[text]
    return None


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Instrument]:
    """Every name of every instrument; of several with one name the first."""
    found: dict[str, Instrument] = {}
    for row in instruments().values():
        for name in (row.name.lower(), *row.names):
            found.setdefault(name, row)
    return found


def role_in_name(name: str) -> Role | None:
    """The role that a pitched part's name says; None where it says none."""
    words = name.lower()
    found = (role for word, role in _ROLE_WORDS.items() if word in words)
    return next((role for role in found if role not in (Role.DRUMS, Role.PERCUSSION)), None)


def guess_role(row: Instrument, notes: Notes, name: str = "") -> Role:
    """What a track probably does: by the percussion channel, its name, its register, its polyphony."""
    if row.is_drum:
        return Role.DRUMS if row.family == "drum kit" else Role.PERCUSSION
    said = role_in_name(name)
    if said is not None:
        return said
    if row.family == "bass":
        return Role.BASS
    if len(notes) == 0:
        return row.roles[0] if row.roles else Role.LEAD
    voices = len(notes) / max(1, len(np.unique(notes["start"])))
    if voices < 1.3:
        return Role.BASS if float(notes["pitch"].mean()) < _LOW else Role.LEAD
    return Role.PAD if row.family in ("synth pad", "choir") else Role.CHORDS


def unique_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` ...; the result is added to `taken`."""
    id_, number = wanted, 1
    while id_ in taken:
        number += 1
        id_ = f"{wanted}-{number}"
    taken.add(id_)
    return id_
