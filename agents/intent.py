"""What the person wants of the piece, kept true over edits.

The table shows wishes beside what the notes hold. An edit that was asked for is a new wish: after "faster" the old tempo is no
longer wanted. So each instruction says here which attributes of the brief it settles, and these take the value that the
music now has.
"""

from collections.abc import Iterable

from ripieno.agents.choices import revised
from ripieno.agents.plan import Step
from ripieno.score.brief import Attribute, Brief, Origin, PartRequest
from ripieno.score.piece import Piece

_LENGTH = ("bars", "bars_range", "duration", "duration_range", "form")
_KEY = ("tonic", "mode")
_TEMPO = ("tempo", "tempo_range", "tempo_class", "tempo_changes", "duration", "duration_range")
_HARMONY = ("progressions",)
_PLAYERS = ("parts", "excluded", "ensemble_closed")
_PITCH = ("pitch_range", "pitch_range_octaves", "register_name")
_RHYTHM = ("density", "rhythm_intensity")
SETTLES: dict[str, tuple[str, ...]] = {
    "change_tempo": _TEMPO,
    "change_metre": ("metre", *_LENGTH),
    "change_key": (*_KEY, *_HARMONY, *_PITCH),
    "change_mode": (*_KEY, *_HARMONY),
    "transpose": (*_KEY, *_HARMONY, *_PITCH),
    "double_octave": _PITCH,
    "range_fit": _PITCH,
    "invert": _PITCH,
    "harmonise": (*_PLAYERS, *_PITCH),
    "countermelody": _PLAYERS,
    "reharmonise": _HARMONY,
    "restyle": ("style", "genres", "metre", "swing", *_TEMPO, *_PLAYERS, *_HARMONY, *_RHYTHM),
    "add_track": _PLAYERS,
    "remove_track": (*_PLAYERS, *_PITCH),
    "change_instrument": (*_PLAYERS, *_PITCH),
    "split_track": _PLAYERS,
    "merge_tracks": _PLAYERS,
    "duplicate_track": _PLAYERS,
    "extend": _LENGTH,
    "add_section": _LENGTH,
    "repeat_section": _LENGTH,
    "cut": _LENGTH,
    "copy_bars": _LENGTH,
    "move_section": _LENGTH,
    "insert_bars": _LENGTH,
    "split_section": ("form",),
    "rename_section": ("form",),
    "loop_to": _LENGTH,
    "fit_duration": (*_LENGTH, *_TEMPO),
    "augment": (*_LENGTH, *_RHYTHM),
    "simplify": _RHYTHM,
    "make_busier": _RHYTHM,
    "thin_out": _RHYTHM,
    "swing": ("swing", "quantised"),
    "humanise": ("quantised",),
    "quantise": ("quantised", "swing"),
    "strum": ("quantised",),
    "articulate": ("articulation",),
    "shape_dynamics": ("dynamics", "dynamics_shape"),
    "scale_velocities": ("dynamics", "dynamics_shape"),
    "compress_velocities": ("dynamics", "dynamics_shape"),
}


def revised_intent(intent: Brief, steps: Iterable[Step], piece: Piece) -> Brief:
    """The wishes after the steps were done on the way to `piece`: what they settle is as the music is, the rest as before."""
    words: dict[str, str] = {}
    style = None
    for step in steps:
        if step.by == "memory":
            continue  # nobody asked for it: it settles no wish
        words |= dict.fromkeys(SETTLES.get(step.instruction.kind, ()), step.why or step.instruction.kind)
        style = getattr(step.instruction, "style", style)
    if not words:
        return intent
    update: dict[str, object] = {}
    for name, why in words.items():
        if name == "parts":
            update[name] = _parts(intent, piece, why)
        elif name == "ensemble_closed":
            update[name] = False
        elif name in ("tempo_changes", "dynamics_shape"):
            update[name] = ()
        else:
            value = _measured(name, piece, style)
            update[name] = None if value is None else Attribute(value=value, words=why)
    return revised(intent, update)


def _measured(name: str, piece: Piece, style: str | None) -> object:
    """The attribute as the frame of the piece has it; None where it is no longer wished for in so many words."""
    match name:
        case "tempo":
            return piece.timeline.tempo_at(0)
        case "metre":
            return str(piece.timeline.metre_at(0))
        case "bars":
            return piece.bars
        case "tonic":
            return piece.key.tonic
        case "mode":
            return piece.key.mode
        case "style":
            return style
        case _:
            return None


def _parts(intent: Brief, piece: Piece, why: str) -> tuple[PartRequest, ...]:
    """One part for each track: the one that was asked for where the instrument is the same, else a new one."""
    left = list(intent.parts)
    parts = []
    for track in piece.tracks:
        old = next((p for p in left if p.instrument == track.instrument_id), None)
        if old is not None:
            left.remove(old)
            parts.append(old)
        else:
            parts.append(PartRequest(instrument=track.instrument_id, asked=why, role=track.role, origin=Origin.STATED))
    return tuple(parts)
