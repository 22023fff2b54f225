"""What every `Generator` must keep: called by the tests of each implementation with its own requests."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from ripieno.generators.base import Candidate, GenerationRequest, Generator
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece


def assert_sound(piece: Piece) -> None:
    """Arrays sorted, notes inside the piece, longer than nothing, inside the instrument, no pitch over itself."""
    end = piece.ticks
    assert sum(s.bars for s in piece.sections) == piece.bars
    assert [s.first_bar for s in piece.sections] == list(np.cumsum([0, *[s.bars for s in piece.sections]])[:-1])
    for a, b in pairwise(piece.chords):
        assert a.start < a.end <= b.start
    assert len({t.id for t in piece.tracks}) == len(piece.tracks)
    for track in piece.tracks:
        notes = track.notes
        assert (notes["duration"] > 0).all() and (notes["velocity"] >= 1).all() and (notes["velocity"] <= 127).all()
        assert (notes["start"] >= 0).all() and (notes["start"] + notes["duration"] <= end).all(), track.id
        assert (np.diff(notes["start"]) >= 0).all()
        if not track.is_drum and len(notes):
            row = track.instrument
            assert notes["pitch"].min() >= row.low and notes["pitch"].max() <= row.high, track.id
        order = np.lexsort((notes["start"], notes["pitch"]))
        sorted_ = notes[order]
        same = sorted_["pitch"][1:] == sorted_["pitch"][:-1]
        overlap = sorted_["start"][1:] < sorted_["start"][:-1] + sorted_["duration"][:-1]
        assert not (same & overlap).any(), track.id


def assert_polyphony(piece: Piece) -> None:
    """Nobody sounds more notes at once than the instrument can; a slur of a 32nd note is allowed."""
    slack = piece.timeline.ppq // 8
    for track in piece.tracks:
        if track.is_drum or not len(track.notes):
            continue
        starts, ends = track.notes["start"], track.notes["start"] + track.notes["duration"] - slack
        for tick in np.unique(starts):
            sounding = int(((starts <= tick) & (ends > tick)).sum())
            assert sounding <= max(1, track.instrument.voices), (track.id, int(tick), sounding)


def check_compose(generator: Generator, request: GenerationRequest) -> Candidate:
    """A new piece: sound, as long and in the metre, tempo and parts asked for, and the same when asked again."""
    candidate = generator.generate(request)
    piece, brief = candidate.piece, request.brief
    assert candidate.generator == generator.name and candidate.seed == request.seed
    assert_sound(piece)
    if brief.bars is not None:
        assert piece.bars == brief.bars.value
    if brief.tempo is not None:
        assert piece.timeline.tempos[0].bpm == brief.tempo.value or brief.tempo_changes
    if brief.metre is not None:
        assert str(piece.timeline.metre_at(0)) == brief.metre.value.split()[0]
    if brief.tonic is not None and brief.mode is not None:
        assert (piece.key.tonic, piece.key.mode) == (brief.tonic.value, brief.mode.value)
    if brief.parts:
        assert sorted(t.instrument_id for t in piece.tracks) == sorted(p.instrument for p in brief.parts)
    assert generator.generate(request).piece.encoded == piece.encoded  # tracks are in it by their hashes
    return candidate


def check_regenerate(generator: Generator, request: GenerationRequest, piece: Piece) -> Piece:
    """Written anew in scope: all else identical, down to the bytes."""
    assert request.piece is None
    asked = replace(request, piece=piece)
    made = generator.generate(asked).piece
    assert_sound(made)
    first, end = asked.bars or (0, piece.bars)
    a, b = piece.timeline.bar_start(first), piece.timeline.bar_start(end)
    assert (made.timeline, made.bars, made.keys, made.sections, made.chords) == (
        piece.timeline, piece.bars, piece.keys, piece.sections, piece.chords)  # fmt: skip
    for old in piece.tracks:
        new = made.track(old.id)
        if asked.tracks and old.id not in asked.tracks:
            assert new.hash == old.hash
            continue
        outside = ~((old.notes["start"] >= a) & (old.notes["start"] < b))
        kept = ~((new.notes["start"] >= a) & (new.notes["start"] < b))
        assert old.notes[outside].tobytes() == new.notes[kept].tobytes(), old.id
        assert (old.name, old.role, old.instrument_id, old.mix) == (new.name, new.role, new.instrument_id, new.mix)
    return made


def check_add(generator: Generator, request: GenerationRequest, piece: Piece) -> Piece:
    """A part of the brief that has no track yet is added; the tracks that are there stay identical."""
    made = generator.generate(replace(request, piece=piece)).piece
    assert_sound(made)
    assert len(made.tracks) > len(piece.tracks)
    for old in piece.tracks:
        assert made.track(old.id).hash == old.hash
    fresh = [t for t in made.tracks if t.id not in {o.id for o in piece.tracks}]
    assert all(len(t.notes) for t in fresh if t.role is not Role.ANSWER)
    return made
