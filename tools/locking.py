"""What is kept: tracks and bars that a person has locked, so that no later turn changes them until they are released.

A lock is a `Scope`, pinned when it is made: its tracks by their ids, its seconds as bars. What it holds:

- with tracks named: of these tracks all that starts in its time and, where that is the whole time, their heads;
- without tracks ('keep the chorus'): in its time all that sounds there, on every track and with how each sounds, the frame too
  (tempo, key, metre, chords, sections and their names), and no new track plays there;
- pieces of a kit: these pieces alone.

Bars locked by the names of sections may move with their section: the stretches that were there must be found again, in order.
Where a piece has nothing of what is locked (an earlier version, another piece), there is nothing to keep.
"""

from collections.abc import Iterable, Sequence

from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece, Track
from ripieno.tools.base import FRAME, Instruction
from ripieno.tools.framing import frame_over
from ripieno.tools.scope import Scope, Span, inside, kit_keys


def pinned(scope: Scope, piece: Piece) -> Scope:
    """A scope as a lock keeps it, so that it goes on meaning what it means now.

    Raises:
        Retryable: the piece has no such tracks or bars.
    """
    spans = scope.spans(piece)
    update: dict[str, object] = {}
    if scope.tracks or scope.but_tracks:
        update = {"tracks": scope.track_ids(piece), "but_tracks": ()}
    if scope.seconds is not None and len(spans) == 1:
        update |= {"seconds": None, "bars": spans[0], "part": None, "first_bars": None, "last_bars": None}
    return scope.model_copy(update=update)


def meet(scope: Scope, lock: Scope, piece: Piece) -> bool:
    """Whether a scope and a lock share tracks, pieces of the kit and bars. A lock on what the piece has not meets nothing.

    Raises:
        Retryable: the piece does not have what the scope names.
    """
    ids, spans = set(scope.track_ids(piece)), scope.spans(piece)
    try:
        others, held = lock.track_ids(piece), lock.spans(piece)
    except Retryable:
        return False
    if scope.drums and lock.drums and not kit_keys(scope.drums) & kit_keys(lock.drums):
        return False
    return bool(ids & set(others)) and any(a < d and c < b for a, b in spans for c, d in held)


def prove_locks(before: Piece, after: Piece, instruction: Instruction, locks: Iterable[Scope]) -> None:
    """Checks that nothing locked was changed.

    Raises:
        Retryable: the instruction would change what is kept; the person may unlock it.
    """
    for lock in locks:
        try:
            held = lock.track_ids(before), lock.spans(before)
        except Retryable:
            continue
        changed = _changed(before, after, lock, *held)
        if changed is not None:
            raise Retryable(
                "What is kept does not change",
                value=changed,
                cause=f"{instruction.kind.replace('_', ' ')} would change it, and it is locked",
                cure="unlock it first, or name other tracks or bars",
            )


def _changed(before: Piece, after: Piece, lock: Scope, ids: Sequence[str], spans: Sequence[Span]) -> str | None:
    """What of a lock is not as it was, in a person's words."""
    now = {t.id: t for t in after.tracks}
    for id_ in ids:
        if id_ not in now:
            return before.track(id_).name
    everyone = not (lock.tracks or lock.but_tracks or lock.drums)
    if lock == Scope():
        return None if before.hash == after.hash else "the whole piece"
    if lock.whole and not lock.drums:
        return next((before.track(i).name for i in ids if now[i].hash != before.track(i).hash), None)
    try:
        there = lock.spans(after)
    except Retryable:
        return _words(lock)
    for id_ in ids:
        old = [_held(before.track(id_), before, lock, span, sounding=everyone) for span in spans]
        if not _found_again(old, [_held(now[id_], after, lock, span, sounding=everyone) for span in there]):
            return before.track(id_).name
    if everyone:
        if not _found_again([_frame(before, s) for s in spans], [_frame(after, s) for s in there]):
            return f"tempo, key, chords or form of {_words(lock)}"
        for track in after.tracks:
            if track.id not in ids and any(_held(track, after, lock, s, sounding=False)[0] for s in there):
                return _words(lock)
    return None


def _held(track: Track, piece: Piece, lock: Scope, span: Span, *, sounding: bool) -> tuple[bytes, ...]:
    """What of a track a lock holds in one stretch of bars, told from its first tick."""
    part = Scope(bars=span, beats=lock.beats, drums=lock.drums)
    start = piece.timeline.bar_start(span[0])
    notes = track.notes[part.note_mask(piece, track)].copy()
    notes["start"] -= start
    if lock.beats or lock.drums:
        return (notes.tobytes(),)
    moves = track.controls[inside(track.controls["tick"], part.tick_spans(piece))].copy()
    moves["tick"] -= start
    how = f"{track.instrument_id} {track.midi_program} {track.mix}" if sounding else ""
    return notes.tobytes(), moves.tobytes(), how.encode()


def _frame(piece: Piece, span: Span) -> tuple[object, ...]:
    return tuple(frame_over(piece, span, part) for part in sorted(FRAME - {"bars"}))


def _found_again(old: Sequence[object], new: Sequence[object]) -> bool:
    """Whether all of the old come again in the new, in their order."""
    rest = iter(new)
    return all(any(x == y for y in rest) for x in old)


def _words(lock: Scope) -> str:
    if lock.sections:
        return ", ".join(lock.sections)
    return f"bars {lock.bars[0] + 1} to {lock.bars[1]}" if lock.bars else "the bars that are kept"
