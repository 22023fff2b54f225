"""The proof that an instruction changed nothing outside its scope. A candidate that fails it is refused, never committed.

Each instruction declares what it may change (`base.Instruction`); everything else is compared, byte by byte:

1. Title and resolution stay. The frame (tempos, metres, keys, sections, chords) stays in every bar out of the reach of the
   instruction, and those parts of it that it does not name stay everywhere. Words and texts move with their bars alone.
2. Tracks neither come, go nor change places but as declared; a new one plays in the bars in scope alone.
3. Tracks outside the scope are identical by hash. Of those inside, the head changes only in the fields declared; and of the
   music nothing that starts outside the bars, the beats and the pieces of the kit in scope; controllers stand after it as they
   stood.
4. Where bars move, the piece has the number of bars foreseen, and every stretch that is to be kept stands in its new place:
   frame, notes and controls. Controllers stand there as they stood; what restores them at a seam is all that may be added.
   Bars that are not kept are empty, unless the instruction fills them.

What is locked is held to the laws of `locking`, whatever the scope.
"""

from collections.abc import Sequence

import numpy as np

from ripieno.score.errors import RipienoError
from ripieno.score.piece import Controls, Notes, Piece, Track
from ripieno.tools.base import FRAME, Instruction, Kept
from ripieno.tools.framing import frame_over, rest_of
from ripieno.tools.scope import OPEN, Scope, Span, inside, joined
from ripieno.tools.splice import standing


class OutOfScope(RipienoError):
    """A tool touched what it was not asked to touch: a fault of the program, not of the person."""


def prove(before: Piece, after: Piece, instruction: Instruction) -> None:
    """Checks the laws above for one instruction.

    Raises:
        OutOfScope: something that it may not change differs.
    """
    if instruction.anew:
        return
    if ("title" not in instruction.frame and before.title != after.title) or before.timeline.ppq != after.timeline.ppq:
        raise _fault(instruction, "the title or the resolution")
    if after.bars != instruction.bars_after(before):
        raise _fault(instruction, "the number of bars")
    _prove_tracks(before, after, instruction)
    if instruction.moves_bars:
        _prove_kept(before, after, instruction)
        return
    if before.texts != after.texts:
        raise _fault(instruction, "the words and texts")
    _prove_frame(before, after, instruction)
    place = instruction.place(before)
    meant = set(place.track_ids(before)) if before.tracks else set()
    now = {t.id: t for t in after.tracks}
    for track in before.tracks:
        if track.id in now and now[track.id].hash != track.hash:
            if track.id not in meant:
                raise _fault(instruction, f"track {track.name!r}")
            _prove_track(track, now[track.id], before, place, instruction)


def prove_plan(before: Piece, after: Piece, instructions: Sequence[Instruction]) -> None:
    """Compares what no instruction of a whole plan names: each was proved by itself, this looks at the sum.

    Raises:
        OutOfScope: a track that none of them was to change differs.
    """
    if any(i.moves_bars or i.anew for i in instructions):
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


# --- which tracks there are ---------------------------------------------------------------------------------------------------


def _prove_tracks(before: Piece, after: Piece, instruction: Instruction) -> None:
    old, new = [t.id for t in before.tracks], [t.id for t in after.tracks]
    gone, come = [i for i in old if i not in new], [i for i in new if i not in old]
    if gone:
        meant = instruction.place(before).track_ids(before) if instruction.removes_tracks else ()
        lost = [before.track(i).name for i in gone if i not in meant]
        if lost:
            raise _fault(instruction, f"track {lost[0]!r}, which is gone")
    if len(come) > instruction.new_tracks or len(set(new)) < len(new):
        raise _fault(instruction, "the list of tracks: one is there that was not asked for")
    if [i for i in old if i in new] != [i for i in new if i in old]:
        raise _fault(instruction, "the order of the tracks")
    if come and not instruction.moves_bars:
        time = instruction.place(before).time
        for track in (after.track(i) for i in come):
            if not time.note_mask(before, track).all():
                raise _fault(instruction, f"bars out of scope, where the new track {track.name!r} plays")


# --- where bars stay ----------------------------------------------------------------------------------------------------------


def _prove_frame(before: Piece, after: Piece, instruction: Instruction) -> None:
    whole = (0, before.bars)
    spans = tuple(rest_of(before.bars, instruction.reach(before))) if instruction.frame else ()
    for part in sorted(FRAME - {"bars"}):
        for span in spans if part in instruction.frame else (whole,):
            last = span[1] == before.bars
            if frame_over(before, span, part, to_the_end=last) != frame_over(after, span, part, to_the_end=last):
                raise _fault(instruction, f"the {part} in bars {span[0] + 1} to {span[1]}")


def _prove_track(old: Track, new: Track, piece: Piece, place: Scope, instruction: Instruction) -> None:
    """A track in scope that changed."""
    _prove_head(old, new, instruction)
    if "notes" not in instruction.music:
        same = np.array_equal(old.notes, new.notes)
    else:
        same = np.array_equal(old.notes[~place.note_mask(piece, old)], new.notes[~place.note_mask(piece, new)])
    if not same:
        raise _fault(instruction, f"notes of track {old.name!r} that are out of its scope")
    spans = place.tick_spans(piece) if "controls" in instruction.music else ()
    before, after = (t.controls[~inside(t.controls["tick"], spans)] for t in (old, new))
    if not np.array_equal(before, after):
        raise _fault(instruction, f"controls of track {old.name!r} that are out of its scope")
    for _, end in joined(spans):
        if end != OPEN and standing(old.controls, end - 1) != standing(new.controls, end - 1):
            raise _fault(instruction, f"what a controller of track {old.name!r} stands at after its scope")


def _prove_head(old: Track, new: Track, instruction: Instruction) -> None:
    before, after = head_of(old), head_of(new)
    changed = {field for field in before if before[field] != after[field]} - instruction.heads()
    if changed:
        raise _fault(instruction, f"{', '.join(sorted(changed))} of track {old.name!r}")


def head_of(track: Track) -> dict[str, object]:
    """Everything of a track but its music, its place in the mix field by field."""
    mix = {field: getattr(track.mix, field) for field in track.mix.__slots__}
    return {
        "name": track.name, "role": track.role, "instrument_id": track.instrument_id, "program": track.program, **mix
    }  # fmt: skip


# --- where bars move ----------------------------------------------------------------------------------------------------------


def _prove_kept(before: Piece, after: Piece, instruction: Instruction) -> None:
    stretches = instruction.kept(before)
    now = {t.id: t for t in after.tracks}
    for track in before.tracks:
        if track.id in now:
            _prove_head(track, now[track.id], instruction)
    for stretch in stretches:
        _prove_stretch(before, after, stretch, instruction)
    if not instruction.fills_bars:
        for first, end in rest_of(after.bars, ((k.at, k.at + k.end - k.first) for k in stretches)):
            ticks = after.timeline.bar_start(first), after.timeline.bar_start(end)
            if frame_over(after, (first, end), "chords") or any(inside(t.notes["start"], [ticks]).any() for t in after.tracks):
                raise _fault(instruction, f"bars {first + 1} to {end}, which should be empty")


def _prove_stretch(before: Piece, after: Piece, stretch: Kept, instruction: Instruction) -> None:
    span, there = (stretch.first, stretch.end), (stretch.at, stretch.at + stretch.end - stretch.first)
    last = there[1] >= after.bars and stretch.end == before.bars
    for part in sorted(FRAME - {"bars"}):
        if frame_over(before, span, part, to_the_end=last) != frame_over(after, there, part, to_the_end=last):
            raise _fault(instruction, f"the {part} of bars {span[0] + 1} to {span[1]}, which were to stay")
    old, new = _ticks(before, span, last), _ticks(after, there, last)
    now = {t.id: t for t in after.tracks}
    for track in before.tracks:
        if track.id not in now:
            continue
        moved = now[track.id]
        if not np.array_equal(_cut(track.notes, "start", old), _cut(moved.notes, "start", new)):
            raise _fault(instruction, f"notes of track {track.name!r}")
        rows, there_rows = _cut(track.controls, "tick", old), _cut(moved.controls, "tick", new)
        at_seam = {tuple(r) for r in rows[rows["tick"] == 0].tolist()} <= {tuple(r) for r in there_rows.tolist()}
        if not (at_seam and np.array_equal(rows[rows["tick"] > 0], there_rows[there_rows["tick"] > 0])):
            raise _fault(instruction, f"controls of track {track.name!r}")
        if standing(track.controls, old[0]) != standing(moved.controls, new[0]):
            raise _fault(instruction, f"what a controller of track {track.name!r} stands at in bar {stretch.at + 1}")


def _ticks(piece: Piece, span: Span, last: bool) -> Span:
    """The ticks of some bars. What starts after the final bar line goes with the end of the piece."""
    return piece.timeline.bar_start(span[0]), OPEN if last else piece.timeline.bar_start(span[1])


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
