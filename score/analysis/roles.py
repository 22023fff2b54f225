"""Who does what in an ensemble that came without words about it: one leads, the low ones are the bass, the rest accompany.

A track's name wins where it says a role. Else the lead is the part that stands out: high, loud, in single notes, on an
instrument that leads, and not the same bar over and over. The weights were fitted to one half of 78 game and film pieces whose
track names tell the lead; on the other half it is found in 54 % (by chance 26 %).
"""

from dataclasses import replace

import numpy as np

from ripieno.score.formats.parts import guess_role, role_in_name
from ripieno.score.instruments import Role
from ripieno.score.piece import Track
from ripieno.score.time import PPQ

_LEADING = {"synth lead": 3.5, "guitar": 1.0, "brass": 1.0, "reeds": 0.8, "winds": 0.5, "choir": 0.5, "strings": -0.5,
            "synth pad": -2.5}  # fmt: skip
_LONG = 3.0  # quarters: a part of such notes is a pad
_LOOPED = 0.6  # share of bars that are one of few: a riff


def assign_roles(tracks: tuple[Track, ...], ppq: int = PPQ) -> tuple[Track, ...]:
    """The tracks with roles by name, by instrument, and by how they stand to each other. Empty ones keep theirs."""
    roles: dict[str, Role] = {}
    open_: list[Track] = []
    for track in tracks:
        said = role_in_name(track.name)
        guess = guess_role(track.instrument, track.notes, track.name)
        if track.is_drum or not len(track.notes):
            roles[track.id] = guess if len(track.notes) else track.role
        elif said is not None:
            roles[track.id] = said
        elif guess is Role.BASS:
            roles[track.id] = Role.BASS
        else:
            open_.append(track)
    if open_ and Role.LEAD not in roles.values():
        lead = max(open_, key=lambda t: _stands_out(t, ppq))
        roles[lead.id] = Role.LEAD
        open_.remove(lead)
    for track in open_:
        roles[track.id] = _accompanies(track, ppq)
    return tuple(replace(t, role=roles[t.id]) for t in tracks)


def _voices(track: Track) -> float:
    return len(track.notes) / max(1, len(np.unique(track.notes["start"])))


def _stands_out(track: Track, ppq: int) -> float:
    pitch = float(np.average(track.notes["pitch"], weights=np.maximum(1, track.notes["duration"])))
    single = max(0.0, 2.0 - _voices(track))
    loud = float(track.notes["velocity"].mean())
    return (
        0.4 * pitch / 12 + 1.15 * single + _LEADING.get(track.instrument.family, 0.0) + 0.5 * float(np.log10(len(track.notes)))
        + 0.8 * loud / 16 - 1.9 * _loops(track, ppq)
    )  # fmt: skip


def _loops(track: Track, ppq: int) -> float:
    """Share of sounding bars (of four quarters) whose notes another bar repeats exactly."""
    bar = track.notes["start"] // (4 * ppq)
    rows = [track.notes[bar == b][["start", "pitch"]] for b in np.unique(bar)]
    keys = [(tuple((r["start"] % (4 * ppq)).tolist()), tuple(r["pitch"].tolist())) for r in rows]
    return sum(keys.count(k) > 1 for k in keys) / max(1, len(keys))


def _accompanies(track: Track, ppq: int) -> Role:
    long = float(np.median(track.notes["duration"])) / ppq >= _LONG
    if long or track.instrument.family == "synth pad":
        return Role.PAD
    if _voices(track) >= 1.3:
        return Role.PAD if track.instrument.family in ("choir", "strings") and long else Role.CHORDS
    return Role.RIFF if _loops(track, ppq) >= _LOOPED else Role.COUNTERMELODY
