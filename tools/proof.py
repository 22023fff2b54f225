"""The proof that an instruction changed nothing outside its scope. A candidate that fails it is refused, never committed."""

from dataclasses import replace

import numpy as np

from ripieno.score.errors import RipienoError
from ripieno.score.piece import Piece, Track, make_controls
from ripieno.tools.base import Instruction


class OutOfScope(RipienoError):
    """A tool touched what it was not asked to touch: a fault of the program, not of the person."""


def prove(before: Piece, after: Piece, instruction: Instruction) -> None:
    """Compares, by hash, all that lies outside the instruction's scope.

    Raises:
        OutOfScope: something there differs.
    """
    if not instruction.changes_timeline and _frame(before) != _frame(after):
        raise _fault(instruction, "tempo, metre, keys, sections or chords")
    if not instruction.changes_tracks and [t.id for t in before.tracks] != [t.id for t in after.tracks]:
        raise _fault(instruction, "the list of tracks")
    inside = set(instruction.scope.tracks) or {t.id for t in before.tracks}
    spans = instruction.scope.tick_spans(before)
    kept = {t.id: t for t in after.tracks}
    for track in before.tracks:
        now = kept.get(track.id)
        if now is None:
            if track.id not in inside:
                raise _fault(instruction, f"track {track.name!r}")
        elif track.id not in inside and now.hash != track.hash:
            raise _fault(instruction, f"track {track.name!r}")
        elif outside(now, spans).hash != outside(track, spans).hash:
            raise _fault(instruction, f"track {track.name!r} outside the bars in scope")


def outside(track: Track, spans: tuple[tuple[int, int], ...]) -> Track:
    """What of a track starts outside the tick spans, with a neutral head: only its music counts here."""
    notes, controls = track.notes, track.controls
    note_kept, control_kept = np.ones(len(notes), bool), np.ones(len(controls), bool)
    for first, end in spans:
        note_kept &= (notes["start"] < first) | (notes["start"] >= end)
        control_kept &= (controls["tick"] < first) | (controls["tick"] >= end)
    bare = Track(id=track.id, name="", role=track.role, instrument_id=track.instrument_id)
    return replace(bare.with_notes(notes[note_kept]), controls=make_controls(controls[control_kept]))


def _frame(piece: Piece) -> tuple[object, ...]:
    return (piece.bars, piece.timeline, piece.keys, piece.sections, piece.chords)


def _fault(instruction: Instruction, what: str) -> OutOfScope:
    return OutOfScope(
        f"An instruction changes only what its scope names; {instruction.kind!r} also changed {what}",
        cause="a fault in the tool that carries it out",
        cure="nothing was changed; please report it",
    )
