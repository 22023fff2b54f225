"""One example or more of every exact instruction, with a scope that fits, for any piece; and how they are said as data."""

from hypothesis import strategies as st

from ripieno.score.piece import Piece
from ripieno.tools.base import Instruction
from ripieno.tools.registry import parse_instruction

# Instructions on the notes of tracks within bars: kind -> fields beside the scope.
NOTES: list[dict[str, object]] = [
    {"kind": "transpose", "semitones": 1},
    {"kind": "transpose", "steps": -2},
    {"kind": "transpose", "octaves": 1},
    {"kind": "invert"},
    {"kind": "invert", "axis": 64, "diatonic": False},
    {"kind": "double_octave", "octaves": -1},
    {"kind": "range_fit"},
    {"kind": "silence"},
    {"kind": "limit_voices"},
    {"kind": "thin_out", "share": 0.5},
    {"kind": "quantise", "grid": 0.5},
    {"kind": "quantise", "grid": 1 / 3, "strength": 0.5},
    {"kind": "humanise", "amount": 1.0},
    {"kind": "swing", "ratio": 0.66},
    {"kind": "articulate", "style": "legato"},
    {"kind": "articulate", "style": "staccato"},
    {"kind": "articulate", "factor": 0.5},
    {"kind": "retrograde"},
    {"kind": "arpeggiate"},
    {"kind": "arpeggiate", "pattern": "outside-in", "grid": 0.25},
    {"kind": "strum", "milliseconds": 30},
    {"kind": "shape_dynamics", "shape": "crescendo"},
    {"kind": "shape_dynamics", "shape": "terraced"},
    {"kind": "scale_velocities", "factor": 0.5},
    {"kind": "compress_velocities", "amount": 0.5},
    {"kind": "accent", "by": 12},
]
# On whole tracks.
TRACKS: list[dict[str, object]] = [
    {"kind": "set_mix", "volume": 90, "pan_by": -10},
    {"kind": "set_mix", "muted": True},
    {"kind": "remove_track"},
    {"kind": "solo"},
    {"kind": "solo", "on": False},
    {"kind": "merge_tracks"},
]
ONE_TRACK: list[dict[str, object]] = [
    {"kind": "rename_track", "name": "Solo"},
    {"kind": "duplicate_track"},
    {"kind": "change_instrument", "instrument": "flute"},
    {"kind": "split_track", "at": "C4", "name": "upper"},
    {"kind": "set_note", "bar": 0, "nth": 1, "pitch": "F#"},
    {"kind": "insert_note", "bar": 0, "beat": 1.5, "pitch": "C4"},
    {"kind": "delete_note", "bar": 0, "nth": -1},
    {"kind": "shift_note", "bar": 0, "nth": 1, "by": 0.25},
]
# On the time of all tracks.
TIME: list[dict[str, object]] = [
    {"kind": "change_tempo", "bpm": 90},
    {"kind": "change_tempo", "factor": 0.8, "gradual": True},
    {"kind": "change_key", "key": "Eb"},
    {"kind": "change_key", "key": "F minor"},
    {"kind": "change_mode", "mode": "dorian"},
    {"kind": "repeat_section"},
    {"kind": "cut"},
    {"kind": "copy_bars", "to": 0},
    {"kind": "move_section", "to": 0},
    {"kind": "change_metre", "metre": "3/4"},
    {"kind": "change_metre", "metre": "6/8", "rule": "rebar"},
    {"kind": "augment", "factor": 2},
    {"kind": "augment", "factor": 0.5},
]
WHOLE: list[dict[str, object]] = [
    {"kind": "insert_bars", "at": 1, "bars": 2},
    {"kind": "fit_duration", "seconds": 60},
    {"kind": "loop_to", "bars": 12},
    {"kind": "split_section", "at": 1},
    {"kind": "rename_piece", "title": "Campfire"},
]


@st.composite
def instructions(draw: st.DrawFn, piece: Piece) -> Instruction:
    """Any exact instruction with a scope in a piece of two tracks or more. It need not fit the notes."""
    first = draw(st.integers(0, piece.bars - 1))
    bars = draw(st.sampled_from([None, (first, draw(st.integers(first + 1, piece.bars)))]))
    ids = sorted(draw(st.sets(st.sampled_from([t.id for t in piece.tracks]), min_size=1, max_size=2)))
    group = draw(st.sampled_from(["notes", "notes", "tracks", "one", "time", "whole", "duck"]))
    if group == "notes":
        narrowed: dict[str, object] = draw(st.sampled_from([{}, {}, {"beats": [1]}, {"beats": [1.5, 2]}, {"drums": ["snare"]}]))
        return parse_instruction({**draw(st.sampled_from(NOTES)), "scope": {**narrowed, "tracks": ids, "bars": bars}})
    if group == "tracks":
        return parse_instruction({**draw(st.sampled_from(TRACKS)), "scope": {"tracks": ids}})
    if group == "one":
        return parse_instruction({**draw(st.sampled_from(ONE_TRACK)), "scope": {"tracks": ids[:1]}})
    if group == "time":
        return parse_instruction({**draw(st.sampled_from(TIME)), "scope": {"bars": bars}})
    if group == "duck":
        return parse_instruction({"kind": "duck", "by": ids[0], "scope": {"but_tracks": ids[:1], "bars": bars}})
    if draw(st.booleans()) and piece.sections:
        return parse_instruction({"kind": "rename_section", "name": "Bridge", "scope": {"sections": [piece.sections[0].name]}})
    return parse_instruction(draw(st.sampled_from(WHOLE)))


def every_example() -> list[dict[str, object]]:
    """All examples as data."""
    return [
        *NOTES,
        *TRACKS,
        *ONE_TRACK,
        *TIME,
        *WHOLE,
        {"kind": "duck", "by": "drums"},
        {"kind": "rename_section", "name": "B"},
    ]
