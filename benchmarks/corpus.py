"""Real music as pieces, for the benchmarks and for what is learnt: reads the free collections, makes them comparable.

The folders are those of a data directory given by the caller; they are unpacked once into a cache. Which they are, and how
what their files leave open is settled, stands in `ripieno.generators.lm.data`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ripieno.generators.lm.data.settle import settle
from ripieno.generators.lm.data.sources import SOURCES, index_labels, one_of_each_work, unpack
from ripieno.score.errors import RipienoError
from ripieno.score.formats.midi import read_midi
from ripieno.score.piece import Piece, make_notes

__all__ = ["SOURCES", "RealPiece", "excerpt", "load"]


@dataclass(frozen=True, eq=False)
class RealPiece:
    """A piece with where it comes from: source name, path within its folder, and the collection's own labels."""

    source: str
    path: str
    piece: Piece
    labels: dict[str, str]


def load(
    data: Path, cache: Path, name: str, limit: int | None = None, half: int | None = None,
    titles: str = "", max_bars: int = 1200,
) -> Iterator[RealPiece]:  # fmt: skip
    """Pieces of a source, evenly spread over it, in order of path.

    Args:
        data, cache: the data directory, and where to unpack.
        name: a key of `SOURCES`.
        limit: how many files at most (None: all).
        half: 0 takes the first, third, fifth file and so on (those that may be learnt from), 1 the others (those that
            benchmarks compare with), None all.
        titles: a regular expression that a piece's path or label must match, without regard to case.
        max_bars: longer pieces are left out.
    """
    source = SOURCES[name]
    root = unpack(data, cache, source)
    paths = sorted(root.glob(source.pattern))
    paths = one_of_each_work(source, paths)
    labels = index_labels(root)
    if half is not None:
        paths = paths[half::2]
    if titles:
        wanted = re.compile(titles, re.IGNORECASE)
        paths = [p for p in paths if wanted.search(" ".join((str(p), *labels.get(str(p.relative_to(root)), {}).values())))]
    step = max(1, len(paths) // limit) if limit else 1
    for path in paths[::step][:limit]:
        try:
            piece = read_midi(path.read_bytes())
        except RipienoError:
            continue
        piece = settle(piece, source)
        if piece is not None and 8 <= piece.bars <= max_bars:
            relative = str(path.relative_to(root))
            yield RealPiece(name, relative, piece, labels.get(relative, {}))


def excerpt(piece: Piece, bars: int) -> Piece:
    """The first bars of a piece, notes cut at the end, so that pieces of different length can be compared."""
    if piece.bars <= bars:
        return piece
    end = piece.timeline.bar_start(bars)
    tracks = []
    for track in piece.tracks:
        notes = track.notes[track.notes["start"] < end].copy()
        notes["duration"] = np.minimum(notes["duration"], end - notes["start"])
        if len(notes):
            tracks.append(replace(track, notes=make_notes(notes)))
    keys = tuple(k for k in piece.keys if k.bar < bars)
    return replace(piece, bars=bars, tracks=tuple(tracks), keys=keys)


