"""The proof that an instruction changed nothing outside its scope. A candidate that fails it is refused, never committed.

Three laws, each checked on the bytes:

1. The frame (tempos, metres, keys, sections, chords, the number of bars) is identical but for what the instruction may change.
2. Without moving bars: tracks outside the scope are identical by hash; of those inside, all that starts outside the bars in
   scope is identical.
3. Where bars move: every stretch that the instruction says it keeps stands in its new place, note for note, and so do its
   controls; what a controller stood at may be restored at the seams.

What is locked is held to the same laws, whatever the scope.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ripieno.score.errors import Retryable, RipienoError
from ripieno.score.instruments import Role
from ripieno.score.piece import Controls, Notes, Piece, Track, make_controls
from ripieno.tools.base import FRAME, Instruction, Kept
from ripieno.tools.scope import OPEN, Scope, Span, inside

_NEUTRAL = Track(id="", name="", role=Role.LEAD, instrument_id="piano")  # where only the music counts


class OutOfScope(RipienoError):
    """A tool touched what it was not asked to touch: a fault of the program, not of the person."""


_PARTS: dict[str, Callable[[Piece], object]] = {
    "bars": lambda p: p.bars,
    "tempos": lambda p: p.timeline.tempos,
    "metres": lambda p: p.timeline.metres,
    "keys": lambda p: p.keys,
    "sections": lambda p: p.sections,
    "chords": lambda p: p.chords,
}


def prove(before: Piece, after: Piece, instruction: Instruction) -> None:
    """Checks the laws above for one instruction.

    Raises:
        OutOfScope: something outside its scope differs.
    """
    for part in sorted(FRAME - instruction.frame):
        if _PARTS[part](before) != _PARTS[part](after):
            raise _fault(instruction, f"the {part}")
    if not instruction.changes_tracks and [t.id for t in before.tracks] != [t.id for t in after.tracks]:
        raise _fault(instruction, "the list of tracks")
    if instruction.moves_bars:
        _prove_kept(before, after, instruction)
        return
    place = instruction.place(before)
    meant = set(place.track_ids(before)) if before.tracks else set()
    spans = place.tick_spans(before)
    kept = {t.id: t for t in after.tracks}
    for track in before.tracks:
        now = kept.get(track.id)
        if now is None:
            if track.id not in meant:
                raise _fault(instruction, f"track {track.name!r}")
        elif track.id not in meant and now.hash != track.hash:
            raise _fault(instruction, f"track {track.name!r}")
        elif now.hash != track.hash and outside(now, spans).hash != outside(track, spans).hash:
            raise _fault(instruction, f"track {track.name!r} outside the bars in scope")


def prove_locks(before: Piece, after: Piece, instruction: Instruction, locks: Sequence[Scope]) -> None:
    """Checks that nothing locked was changed, moved included.

    Raises:
        Retryable: the instruction would change what is kept; the person may unlock it.
    """
    now = {t.id: t for t in after.tracks}
    for lock in locks:
        spans = lock.tick_spans(before)
        for id_ in lock.track_ids(before):
            track = before.track(id_)
            same = id_ in now and (
                now[id_].hash == track.hash or (not lock.whole and _inside(now[id_], spans).hash == _inside(track, spans).hash)
            )
            if not same:
                raise Retryable(
                    "What is kept does not change",
                    value=track.name,
                    cause=f"{instruction.kind.replace('_', ' ')} would change it, and it is locked",
                    cure="unlock it first, or name other tracks or bars",
                )


def prove_plan(before: Piece, after: Piece, instructions: Sequence[Instruction]) -> None:
    """Compares what no instruction of a whole plan names: each was proved by itself, this looks at the sum.

    Raises:
        OutOfScope: a track that none of them was to change differs.
    """
    if any(i.moves_bars or i.frame == FRAME for i in instructions):
        return
    named = {id_ for i in instructions for id_ in _ids(i, before)}
    kept = {t.id: t.hash for t in after.tracks}
    for track in before.tracks:
        if track.id not in named and kept.get(track.id) != track.hash:
            raise OutOfScope(
                f"A turn changes only what its instructions name; it also changed track {track.name!r}",
                cause="a fault in a tool",
                cure="nothing was changed; please report it",
            )


def _ids(instruction: Instruction, before: Piece) -> tuple[str, ...]:
    """The tracks that were there and that an instruction may change; it may name others, which came within the plan."""
    scope = instruction.place(before)
    have = {t.id for t in before.tracks}
    if set(scope.tracks) <= have or not scope.tracks:
        return scope.track_ids(before)
    return tuple(have & set(scope.tracks))


def outside(track: Track, spans: Sequence[Span]) -> Track:
    """What of a track starts outside the tick spans, with a neutral head: only its music counts here."""
    return _bare(track, ~inside(track.notes["start"], spans), ~inside(track.controls["tick"], spans))


def _inside(track: Track, spans: Sequence[Span]) -> Track:
    return _bare(track, inside(track.notes["start"], spans), inside(track.controls["tick"], spans))


def _bare(track: Track, notes: np.ndarray, controls: np.ndarray) -> Track:
    return replace(_NEUTRAL.with_notes(track.notes[notes]), controls=make_controls(track.controls[controls]))


def _prove_kept(before: Piece, after: Piece, instruction: Instruction) -> None:
    now = {t.id: t for t in after.tracks}
    for stretch in instruction.kept(before):
        old, new = _places(before, after, stretch)
        for track in before.tracks:
            if track.id not in now:
                continue
            moved = now[track.id]
            if not np.array_equal(_cut(track.notes, "start", old), _cut(moved.notes, "start", new)):
                raise _fault(instruction, f"notes of track {track.name!r}")
            there = {tuple(row) for row in _cut(moved.controls, "tick", new).tolist()}
            if not {tuple(row) for row in _cut(track.controls, "tick", old).tolist()} <= there:
                raise _fault(instruction, f"controls of track {track.name!r}")


def _places(before: Piece, after: Piece, stretch: Kept) -> tuple[Span, Span]:
    """The ticks of a stretch before and after. What starts after the final bar line goes with the end of the piece."""
    last = stretch.at + stretch.end - stretch.first >= after.bars
    first, end = before.timeline.bar_start(stretch.first), before.timeline.bar_start(stretch.end)
    start = after.timeline.bar_start(stretch.at)
    return (first, OPEN if last and stretch.end == before.bars else end), (start, OPEN if last else start + end - first)


def _cut(rows: Notes | Controls, field: str, span: Span) -> Notes | Controls:
    """The rows that start in a span, counted from its start."""
    found = rows[(rows[field] >= span[0]) & (rows[field] < span[1])].copy()
    found[field] -= span[0]
    return found


def _fault(instruction: Instruction, what: str) -> OutOfScope:
    return OutOfScope(
        f"An instruction changes only what its scope names; {instruction.kind!r} also changed {what}",
        cause="a fault in the tool that carries it out",
        cure="nothing was changed; please report it",
    )
