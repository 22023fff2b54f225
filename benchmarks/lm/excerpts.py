"""Test music as pieces: excerpts of held-out sheets that both generators can be asked to write in."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ripieno.generators.lm.data.splits import pieces_of
from ripieno.generators.lm.sheet import UNKNOWN_METRE, Sheet, ticks_of
from ripieno.generators.lm.vocabulary import DRUMS, GROUPS, METRES, QUALITIES, ROLES, SLOTS
from ripieno.score.analysis.sections import find_sections
from ripieno.score.chords import QUALITIES as ALL_QUALITIES
from ripieno.score.chords import Chord
from ripieno.score.formats.parts import instrument_for, unique_id
from ripieno.score.keys import Key, simplest_tonic
from ripieno.score.piece import ChordSpan, KeyChange, Piece, Track
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline

BARS = 16


def sheets(shards: Path, split: str) -> list[tuple[str, Sheet]]:
    """(source, sheet) of a split, in order."""
    return [(p.source, p.sheet) for p in pieces_of(shards, split)]


def excerpts(shards: Path, count: int, seed: int = 0) -> Iterator[tuple[str, Piece]]:
    """Up to `count` excerpts of sixteen bars in one metre with two to eight sounding tracks, evenly over the sources."""
    rng = np.random.default_rng(seed)
    by_source: dict[str, list[Sheet]] = {}
    for source, sheet in sheets(shards, "test"):
        if sheet.bars >= BARS:
            by_source.setdefault(source, []).append(sheet)
    made = 0
    while made < count and by_source:
        for source in sorted(by_source):
            group = by_source[source]
            sheet = group.pop(int(rng.integers(len(group))))
            if not group:
                del by_source[source]
            first = int(rng.integers(sheet.bars - BARS + 1))
            piece = piece_of(sheet, first, first + BARS)
            if piece is not None and made < count:
                made += 1
                yield source, piece


def piece_of(sheet: Sheet, first: int, end: int) -> Piece | None:
    """Bars of a sheet as a piece; None where metre or key change or fewer than two or more than eight tracks sound."""
    span = slice(first, end)
    metre, shift = sheet.metre[span], sheet.shift[span]
    if (metre != metre[0]).any() or (shift != shift[0]).any() or metre[0] == UNKNOWN_METRE:
        return None
    timeline = Timeline(PPQ, (Tempo(0, min(max(sheet.tempo, 20.0), 300.0)),), (MetreChange(0, Metre(*METRES[int(metre[0])])),))
    minor = bool(sheet.minor[first])
    mode = "minor" if minor else "major"
    key = Key(simplest_tonic((int(shift[0]) + (9 if minor else 0)) % 12, mode), mode)
    tracks, taken = [], set[str]()
    bars = end - first
    for part in sheet.parts:
        i, j = np.searchsorted(part.rows["bar"], [first, end])
        rows = part.rows[i:j].copy()
        rows["bar"] -= first
        if len(rows) < 8:
            continue
        programs = GROUPS[part.group][1]
        row = instrument_for(programs[0] if programs else 0, is_drum=part.group == DRUMS)
        notes = ticks_of(rows, timeline, part.drum, timeline.bar_start(bars))
        tracks.append(Track(unique_id(row.id, taken), row.name, ROLES[part.role], row.id, notes))
    if not 2 <= len(tracks) <= 8:
        return None
    half = int(sheet.slots[first]) * PPQ // SLOTS // 2
    chords = []
    for b in range(bars):
        for h in (0, 1):
            value = int(sheet.chords[first + b, h])
            if value:
                root, quality = divmod(value - 1, len(QUALITIES))
                start = timeline.bar_start(b) + h * half
                stop = timeline.bar_start(b) + half if h == 0 else timeline.bar_start(b + 1)
                chords.append(ChordSpan(start, stop, Chord(key.spell(root), ALL_QUALITIES[QUALITIES[quality]])))
    piece = Piece("Excerpt", timeline, bars, (KeyChange(0, key),), (), tuple(chords), tuple(tracks))
    return Piece(piece.title, timeline, bars, piece.keys, find_sections(piece), piece.chords, piece.tracks)
