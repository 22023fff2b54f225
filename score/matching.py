"""A piece that comes back from another program, matched with the one that went out: the same tracks under the same ids.

Other programs drop what MIDI cannot say (ids, roles, sections, chords). What did not change comes back byte for byte.
"""

from dataclasses import replace

import numpy as np

from ripieno.score.piece import Piece, Track


def matched(old: Piece, new: Piece) -> Piece:
    """`new` with the ids, roles and instruments of the tracks of `old` that it holds, and the old frame where it has none."""
    pairs = _pairs(old, new)
    taken = {t.id for t in pairs.values()}
    tracks = []
    for track in new.tracks:
        was = pairs.get(track.id)
        if was is None:
            id_ = track.id
            while id_ in taken:
                id_ += "_new"
            taken.add(id_)
            tracks.append(replace(track, id=id_))
        else:
            tracks.append(_as_it_was(track, was))
    order = {t.id: i for i, t in enumerate(old.tracks)}
    tracks.sort(key=lambda t: order.get(t.id, len(order)))
    same_bars = new.bars == old.bars and new.timeline.metres == old.timeline.metres
    return replace(
        new,
        tracks=tuple(tracks),
        title=new.title or old.title,
        sections=new.sections or (old.sections if same_bars else ()),
        chords=new.chords or (old.chords if same_bars else ()),
        keys=old.keys
        if same_bars and len(new.keys) == 1 and new.keys[0].key.signature == old.keys[0].key.signature
        else new.keys,
    )


def _pairs(old: Piece, new: Piece) -> dict[str, Track]:
    """For tracks of `new`, by id, the old track that each one is: best likeness first, each old one once."""
    scores = sorted(
        ((_likeness(a, b), i, j) for i, a in enumerate(new.tracks) for j, b in enumerate(old.tracks)),
        key=lambda s: (-s[0], s[1:]),
    )
    found: dict[str, Track] = {}
    used: set[str] = set()
    for score, i, j in scores:
        a, b = new.tracks[i], old.tracks[j]
        if score > 0.3 and a.id not in found and b.id not in used:
            found[a.id] = b
            used.add(b.id)
    return found


def _likeness(a: Track, b: Track) -> float:
    if a.is_drum != b.is_drum:
        return 0.0
    mine = set(zip(a.notes["start"].tolist(), a.notes["pitch"].tolist(), strict=True))
    theirs = set(zip(b.notes["start"].tolist(), b.notes["pitch"].tolist(), strict=True))
    notes = len(mine & theirs) / max(1, len(mine | theirs)) if mine or theirs else 0.5
    return notes + 0.4 * (a.name.lower() == b.name.lower()) + 0.2 * (a.midi_program == b.midi_program) + 0.5 * (a.id == b.id)


def _as_it_was(track: Track, was: Track) -> Track:
    """A track with the head of the old one as far as the file does not say otherwise."""
    same_sound = track.midi_program == was.midi_program
    head = replace(
        track,
        id=was.id,
        role=was.role,
        instrument_id=was.instrument_id if same_sound else track.instrument_id,
        program=was.program if same_sound else track.program,
    )
    untouched = np.array_equal(track.notes, was.notes) and head.name == was.name
    return was if untouched and same_sound and np.array_equal(track.controls, was.controls) and track.mix == was.mix else head
