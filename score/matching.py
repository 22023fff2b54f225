"""A piece that comes back from another program, matched with the one that went out: the same tracks under the same ids.

Other programs drop what MIDI cannot say (ids, roles, energies, chords) and count in ticks of their own. What nobody changed
comes back byte for byte: where the other program's ticks are coarser, notes that lie where rounding would put them are the old
ones.
"""

from dataclasses import replace

import numpy as np

from ripieno.score.piece import ChordSpan, Controls, KeyChange, Piece, Section, Track, make_controls, make_notes, make_texts
from ripieno.score.resolution import at_resolution
from ripieno.score.time import Tempo, Timeline

_ALIKE = 0.3  # a likeness above which two tracks are one


def matched(old: Piece, new: Piece) -> Piece:
    """`new` with the ids, roles and instruments of the tracks of `old` that it holds, and the old frame where it has none."""
    slack = 0 if new.timeline.ppq == old.timeline.ppq else 1 + old.timeline.ppq // new.timeline.ppq  # ticks of rounding
    if slack and all((old.timeline.ppq * 4) % m.metre.denominator == 0 for m in new.timeline.metres):
        new = at_resolution(new, old.timeline.ppq)
    pairs = _pairs(old, new, slack)
    taken = {t.id for t in pairs.values()}
    names: dict[str, str] = {}  # ids in the file -> ids here
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
            tracks.append(_as_it_was(track, was, slack))
        names[track.id] = tracks[-1].id
    order = {t.id: i for i, t in enumerate(old.tracks)}
    tracks.sort(key=lambda t: order.get(t.id, len(order)))
    same_bars = new.bars == old.bars and new.timeline.metres == old.timeline.metres
    return replace(
        new,
        tracks=tuple(tracks),
        title=new.title or old.title,
        timeline=_timeline(old.timeline, new.timeline, slack),
        sections=_sections(old, new) or (old.sections if same_bars else ()),
        chords=_chords(old, new, slack) or (old.chords if same_bars else ()),
        keys=_keys(old, new) if same_bars else new.keys,
        texts=make_texts(replace(t, track=names.get(t.track, t.track)) for t in new.texts),
    )


def _timeline(old: Timeline, new: Timeline, slack: int) -> Timeline:
    """The new timeline, with the old tempos where they differ by rounding alone."""
    same = len(old.tempos) == len(new.tempos) and all(
        abs(a.tick - b.tick) <= slack and abs(a.bpm - b.bpm) < 0.01 for a, b in zip(old.tempos, new.tempos, strict=True)
    )
    tempos: tuple[Tempo, ...] = old.tempos if same else new.tempos
    return replace(new, tempos=tempos)


def _keys(old: Piece, new: Piece) -> tuple[KeyChange, ...]:
    """The old keys where the file only lacks their modes, or has no signature at all."""
    here, there = ([(k.bar, k.key.signature, k.key.is_minor) for k in p.keys] for p in (old, new))
    unsigned = len(new.keys) == 1 and new.keys[0].key.signature == old.keys[0].key.signature
    return old.keys if here == there or unsigned else new.keys


def _sections(old: Piece, new: Piece) -> tuple[Section, ...]:
    """The file's sections, with energy and material of the old ones of their names, in order, where it says nothing of them."""
    known: dict[str, list[Section]] = {}
    for section in old.sections:
        known.setdefault(section.name, []).append(section)
    found = []
    for section in new.sections:
        was = known.get(section.name)
        if was and not section.label and section.energy == Section("", 0, 0).energy:
            source = was.pop(0) if len(was) > 1 else was[0]
            section = replace(section, energy=source.energy, label=source.label)
        found.append(section)
    return tuple(found)


def _chords(old: Piece, new: Piece, slack: int) -> tuple[ChordSpan, ...]:
    """The file's chords; the old ones where they differ by rounding alone."""
    same = len(old.chords) == len(new.chords) and all(
        a.chord == b.chord and abs(a.start - b.start) <= slack and abs(a.end - b.end) <= slack
        for a, b in zip(old.chords, new.chords, strict=True)
    )
    return old.chords if same else new.chords


def _pairs(old: Piece, new: Piece, slack: int) -> dict[str, Track]:
    """For tracks of `new`, by id, the old track that each one is: best likeness first, each old one once."""
    scores = sorted(
        ((_likeness(a, b, slack), i, j) for i, a in enumerate(new.tracks) for j, b in enumerate(old.tracks)),
        key=lambda s: (-s[0], s[1:]),
    )
    found: dict[str, Track] = {}
    used: set[str] = set()
    for score, i, j in scores:
        a, b = new.tracks[i], old.tracks[j]
        if score > _ALIKE and a.id not in found and b.id not in used:
            found[a.id] = b
            used.add(b.id)
    return found


def _likeness(a: Track, b: Track, slack: int) -> float:
    if a.is_drum != b.is_drum:
        return 0.0
    grain = 2 * slack + 1
    mine = set(zip((a.notes["start"] // grain).tolist(), a.notes["pitch"].tolist(), strict=True))
    theirs = set(zip((b.notes["start"] // grain).tolist(), b.notes["pitch"].tolist(), strict=True))
    notes = len(mine & theirs) / max(1, len(mine | theirs)) if mine or theirs else 0.5
    return notes + 0.4 * (a.name.lower() == b.name.lower()) + 0.2 * (a.midi_program == b.midi_program) + 0.5 * (a.id == b.id)


def _as_it_was(track: Track, was: Track, slack: int) -> Track:
    """A track with the head of the old one as far as the file does not say otherwise."""
    if slack:
        track = replace(_snapped(track, was, slack), controls=_snapped_controls(track.controls, was.controls, slack))
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


def _snapped(track: Track, was: Track, slack: int) -> Track:
    """The track with the old times of the notes that stand where rounding would put them."""
    by_pitch: dict[int, list[tuple[int, int]]] = {}
    for start, duration, pitch, _ in was.notes.tolist():
        by_pitch.setdefault(pitch, []).append((start, duration))
    rows = []
    for start, duration, pitch, velocity in track.notes.tolist():
        near = [n for n in by_pitch.get(pitch, ()) if abs(n[0] - start) <= slack and abs(sum(n) - start - duration) <= slack]
        if near:
            best = min(near, key=lambda n: abs(n[0] - start) + abs(sum(n) - start - duration))
            by_pitch[pitch].remove(best)
            start, duration = best
        rows.append((start, duration, pitch, velocity))
    return track.with_notes(make_notes(rows))


def _snapped_controls(now: Controls, was: Controls, slack: int) -> Controls:
    """The old controls where they differ by rounding alone."""
    same = len(now) == len(was) and np.array_equal(now[["kind", "number", "value"]], was[["kind", "number", "value"]])
    return was if same and (np.abs(now["tick"] - was["tick"]) <= slack).all() else make_controls(now)
