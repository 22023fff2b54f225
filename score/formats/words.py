"""Words to sing on paper: each syllable under the note at which it is sung."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.score.formats.grid import SIXTEENTH, Bar, to_units
from ripieno.score.formats.paper import Event, Staff, Syllable
from ripieno.score.piece import Piece, Track


def syllables(piece: Piece, track: Track, bars: tuple[Bar, ...]) -> list[tuple[int, Syllable]]:
    """(unit, syllable) of a track's words; a hyphen at the end of a text says that its word goes on."""
    texts = [t for t in piece.texts if t.kind == "lyric" and t.track == track.id and t.data.strip()]
    if not texts:
        return []
    units = np.rint(to_units(np.array([t.tick for t in texts], np.int64), piece.timeline, bars)).astype(int).tolist()
    found = []
    inside = False
    for unit, text in zip(units, texts, strict=True):
        word = " ".join(text.data.split())
        goes_on = word.endswith("-") and len(word) > 1
        kind = ("middle" if inside else "begin") if goes_on else ("end" if inside else "single")
        found.append((unit, Syllable(word.removesuffix("-") if goes_on else word, kind)))
        inside = goes_on
    return found


def with_words(staff: Staff, bars: tuple[Bar, ...], words: Sequence[tuple[int, Syllable]]) -> Staff:
    """The staff with each syllable at the nearest note that begins in its first voice, at most a sixteenth away."""
    if not words:
        return staff
    places = [
        (bars[i].start + event.start, i, j)
        for i, voices in enumerate(staff.bars) for j, event in enumerate(voices[0]) if event.heads and _begins(event)
    ]  # fmt: skip
    taken: dict[tuple[int, int], Syllable] = {}
    for unit, word in words:
        near = min(places, key=lambda p: abs(p[0] - unit), default=None)
        if near is not None and abs(near[0] - unit) <= SIXTEENTH:
            taken.setdefault(near[1:], word)
    rows = tuple(
        (tuple(replace(e, word=taken.get((i, j))) for j, e in enumerate(voices[0])), *voices[1:])
        for i, voices in enumerate(staff.bars)
    )
    return replace(staff, bars=rows)


def _begins(event: Event) -> bool:
    return not all(head.tie_in for head in event.heads)
