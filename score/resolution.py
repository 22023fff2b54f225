"""The same music counted in other ticks."""

from dataclasses import replace

import numpy as np

from ripieno.score.piece import ChordSpan, Notes, Piece, make_controls, make_notes, make_texts
from ripieno.score.time import Tempo, Timeline


def at_resolution(piece: Piece, ppq: int) -> Piece:
    """The piece counted in `ppq` ticks to the quarter note, every time rounded to the nearest."""
    old = piece.timeline.ppq
    if old == ppq:
        return piece
    tempos: dict[int, float] = {}
    for t in piece.timeline.tempos:
        tempos[round(t.tick * ppq / old)] = t.bpm
    timeline = Timeline(ppq, tuple(Tempo(t, b) for t, b in sorted(tempos.items())), piece.timeline.metres)
    chords = tuple(ChordSpan(round(c.start * ppq / old), round(c.end * ppq / old), c.chord) for c in piece.chords)
    tracks = []
    for track in piece.tracks:
        controls = track.controls.copy()
        controls["tick"] = np.rint(controls["tick"] * (ppq / old))
        tracks.append(replace(track.with_notes(scaled_notes(track.notes, old, ppq)), controls=make_controls(controls)))
    texts = make_texts(replace(t, tick=round(t.tick * ppq / old)) for t in piece.texts)
    return replace(piece, timeline=timeline, chords=chords, tracks=tuple(tracks), texts=texts)


def scaled_notes(notes: Notes, old: int, new: int) -> Notes:
    """Notes in `old` ticks a quarter note as notes in `new` ones; starts and ends are rounded to the nearest."""
    if old == new:
        return notes
    out = notes.copy()
    start = np.rint(notes["start"] * (new / old))
    end = np.rint((notes["start"].astype(np.int64) + notes["duration"]) * (new / old))
    out["start"], out["duration"] = start, np.maximum(1, end - start)
    return make_notes(out)
