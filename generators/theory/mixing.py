"""Places in the mix: loudness and reverberation by role, panorama so that the players sit side by side."""

from collections.abc import Sequence

from ripieno.generators.theory.types import Part, Seat
from ripieno.score.instruments import Role
from ripieno.score.piece import Mix

_LEVELS: dict[Role, tuple[int, int]] = {  # volume, reverb
    Role.LEAD: (104, 48), Role.ANSWER: (98, 50), Role.COUNTERMELODY: (92, 50), Role.CHORDS: (88, 40), Role.ARPEGGIO: (86, 46),
    Role.PAD: (80, 62), Role.RIFF: (92, 36), Role.BASS: (100, 16), Role.DRONE: (78, 50), Role.DRUMS: (100, 24),
    Role.PERCUSSION: (88, 30),
}  # fmt: skip
_CENTRED = frozenset({Role.LEAD, Role.BASS, Role.DRUMS, Role.DRONE})
_SEATS = (40, 88, 28, 100, 50, 78, 18, 110)


def mix_of(seat: Seat, parts: Sequence[Part]) -> Mix:
    """The mix of a seat among all parts: tune, bass and kit in the middle, the others spread left and right in turn."""
    volume, reverb = _LEVELS[seat.role]
    tracks = list(dict.fromkeys(p.track or p.id for p in parts))
    roles = {p.track or p.id: p.role for p in reversed(parts)}
    spread = [t for t in tracks if roles[t] not in _CENTRED]
    if seat.role in _CENTRED or seat.id not in spread or len(tracks) < 3:  # not in `spread`: its first layer is in the middle
        return Mix(volume=volume, pan=64, reverb=reverb)
    return Mix(volume=volume, pan=_SEATS[spread.index(seat.id) % len(_SEATS)], reverb=reverb)
