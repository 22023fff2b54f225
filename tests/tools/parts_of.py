"""What of a track lies outside some stretches of ticks."""

from collections.abc import Sequence
from dataclasses import replace

from ripieno.score.piece import Track, make_controls
from ripieno.tools.scope import Span, inside


def outside(track: Track, spans: Sequence[Span]) -> Track:
    """The track with what starts outside the spans alone."""
    notes = track.notes[~inside(track.notes["start"], spans)]
    return replace(track.with_notes(notes), controls=make_controls(track.controls[~inside(track.controls["tick"], spans)]))
