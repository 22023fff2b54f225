"""A tune in another mode of its tonic: degree for degree, so that it is the same tune.

Accidentals are treated as musicians do: a note that already is the new mode's own degree stays (the raised leading note of a
minor tune is simply the seventh of major); other chromatic notes keep their inflection. Towards a minor-like mode the leading
note of dominant chords, and one that rises to the tonic, stays raised, as in harmonic minor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ripieno.score.chords import Chord
from ripieno.score.degrees import Degree, degree_of, nearest_in, pitch_of
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Notes

_LEADING, _DOMINANTS = 6, (4, 6)  # degrees from 0


def keeps_leading_note(old: Key, new: Key) -> bool:
    """Whether the leading note of dominants survives the change: it is a semitone below in the old mode and not in the new."""
    return len(old.intervals) == len(new.intervals) == 7 and old.intervals[6] == 11 and new.intervals[6] == 10 and new.is_minor


def pitch_in_mode(pitch: int, old: Key, new: Key, *, leading: bool = False) -> int:
    """A pitch of `old` as it is in `new` (on the same tonic). `leading`: a leading note that stays raised."""
    if len(old.intervals) != len(new.intervals):
        return nearest_in(pitch, new.scale) if old.degree(pitch % 12) is not None else pitch
    degree = degree_of(pitch, old)
    if leading and degree.within(7) == _LEADING and degree.alter == 0:
        return pitch
    own = pitch_of(Degree(degree.step, 0), new)
    return own if own == pitch else own + degree.alter


def chord_in_mode(chord: Chord, old: Key, new: Key) -> Chord:
    """A chord of `old` as it is in `new`: each tone by its degree; dominants keep their leading note where that is the way."""
    if len(old.intervals) != len(new.intervals):
        return chord
    leading = keeps_leading_note(old, new) and is_dominant(chord, old)
    base = 60 + chord.root_pc
    root = pitch_in_mode(base, old, new, leading=leading)
    intervals = tuple(sorted({pitch_in_mode(base + i, old, new, leading=leading) - root for i in chord.intervals}))
    bass = None
    if chord.bass is not None:
        bass = new.spell(pitch_in_mode(60 + chord.bass_pc, old, new, leading=leading) % 12)
    return Chord(new.spell(root % 12), intervals, bass)


def is_dominant(chord: Chord, key: Key) -> bool:
    """Whether a chord stands on the dominant or the leading note and holds the leading note."""
    return key.degree(chord.root_pc) in _DOMINANTS and (key.tonic_pc - 1) % 12 in chord.pitch_classes


def notes_in_mode(notes: Notes, chords: tuple[ChordSpan, ...], old: Key, new: Key) -> Notes:
    """The notes of one part, all within one key, in the new mode."""
    result = notes.copy()
    leading = keeps_leading_note(old, new)
    table = {p: pitch_in_mode(p, old, new) for p in np.unique(notes["pitch"]).tolist()}
    result["pitch"] = np.array([table[p] for p in notes["pitch"].tolist()], np.int16).clip(0, 127)
    if leading:
        raised = (old.tonic_pc - 1) % 12
        for i in np.flatnonzero(notes["pitch"] % 12 == raised).tolist():
            if _stays_raised(i, notes, chords, old):
                result["pitch"][i] = notes["pitch"][i]
    return result


def _stays_raised(i: int, notes: Notes, chords: tuple[ChordSpan, ...], key: Key) -> bool:
    start = int(notes["start"][i])
    span = next((c for c in chords if c.start <= start < c.end), None)
    if span is not None and is_dominant(span.chord, key):
        return True
    later = notes[(notes["start"] > start)]
    if not len(later):
        return False
    following = later["pitch"][later["start"] == later["start"][0]].astype(int)
    return bool((following == int(notes["pitch"][i]) + 1).any())


def chords_in_mode(chords: tuple[ChordSpan, ...], first: int, end: int, old: Key, new: Key) -> tuple[ChordSpan, ...]:
    """The chords with what of them lies in [first, end) ticks taken into the new mode."""
    rows = parted(chords, first, end)
    moved = (replace(c, chord=chord_in_mode(c.chord, old, new)) if first <= c.start < end else c for c in rows)
    return healed(moved, first, end)


def parted(chords: Iterable[ChordSpan], *ticks: int) -> Iterator[ChordSpan]:
    """The chords, those that sound on over one of the ticks cut in two there."""
    for span in chords:
        at = span.start
        for tick in sorted(t for t in ticks if span.start < t < span.end):
            yield replace(span, start=at, end=tick)
            at = tick
        yield replace(span, start=at)


def healed(chords: Iterable[ChordSpan], *ticks: int) -> tuple[ChordSpan, ...]:
    """The chords, joined at the ticks where the same one goes on."""
    rows: list[ChordSpan] = []
    for span in chords:
        if rows and span.start in ticks and rows[-1].end == span.start and rows[-1].chord == span.chord:
            span = replace(span, start=rows.pop().start)
        rows.append(span)
    return tuple(rows)
