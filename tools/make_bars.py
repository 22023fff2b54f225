"""What carries out the inventive instructions on bars of tracks that are there: written anew, filled, varied, fewer, more."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ripieno.generators.base import Candidate
from ripieno.generators.theory.density import busier, simplified
from ripieno.generators.theory.types import random_stream
from ripieno.generators.theory.variation import repitched, varied
from ripieno.score.analysis.bars import runs
from ripieno.score.checks.finding import bar_words, list_words
from ripieno.score.errors import Retryable
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Run, Workbench
from ripieno.tools.ground import Ground, stand_on
from ripieno.tools.make import Infill, MakeBusier, Regenerate, Simplify, Vary
from ripieno.tools.scope import Scope

ATTEMPT = 7919  # apart in seed: one attempt from the next


def bars_of(scope: Scope, piece: Piece) -> list[int]:
    """All bars in a scope, ascending."""
    return sorted({bar for a, b in scope.spans(piece) for bar in range(a, b)})


def _inside(scope: Scope, ground: Ground, track: Track) -> np.ndarray:
    """Which notes of a track, counted in the house's ticks, are meant."""
    return scope.note_mask(ground.piece, track)


def regenerate(instruction: Regenerate, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Regenerate`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench, instruction.brief), instruction.scope
    ids, spans = scope.track_ids(piece), scope.spans(piece)
    seed = bench.seed + ATTEMPT * (instruction.attempt + 1)
    made: dict[str, Notes | Track] = {}
    if instruction.keep_rhythm:
        for id_ in ids:
            track = ground.piece.track(id_)
            rng = random_stream(seed, "repitched", id_)
            inside = _inside(scope, ground, track)
            if track.is_drum:
                made[id_] = _accented(track.notes, inside, rng)
            else:
                made[id_] = repitched(track.notes, inside, ground.moments, ground.piece.timeline, track.instrument, rng)
    else:
        written = ground.written(ids, spans, seed)
        made = {id_: written.track(id_) for id_ in ids}
    after = ground.stitched(made, scope)
    names = list_words([piece.track(i).name for i in ids])
    how = "with new pitches in the same rhythm" if instruction.keep_rhythm else "written anew"
    return Candidate(after, bench.generator, bench.seed, (f"{names} {how} in {_span_words(spans)}",))


def _accented(notes: Notes, inside: np.ndarray, rng: np.random.Generator) -> Notes:
    """Strokes with other accents."""
    out = notes.copy()
    lift = rng.choice([0.72, 0.86, 1.0, 1.12, 1.25], size=len(out))
    out["velocity"] = np.where(inside, np.clip(np.rint(notes["velocity"] * lift), 1, 127), notes["velocity"])
    return out


def infill(instruction: Infill, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Infill`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench, instruction.brief), instruction.scope
    ids, bars = scope.track_ids(piece), bars_of(scope, piece)
    empty = {id_: empty_bars(piece, piece.track(id_), bars) for id_ in ids}
    if not any(empty.values()):
        if scope.timeless:
            raise Retryable(
                "There are empty bars to fill", cause="every track in scope plays in every bar",
                cure="name the bars to write anew",
            )  # fmt: skip
        empty = dict.fromkeys(ids, bars)
    written = ground.written(tuple(i for i in ids if empty[i]), scope.spans(piece), bench.seed)
    after, words = piece, []
    for id_ in ids:
        if empty[id_]:
            mask = np.zeros(piece.bars, bool)
            mask[empty[id_]] = True
            narrow = Scope(tracks=(id_,), beats=scope.beats, drums=scope.drums)
            for a, b in runs(mask):
                step = Ground(after, ground.piece, ground.brief, ground.style, bench)
                after = step.stitched({id_: written.track(id_)}, narrow.model_copy(update={"bars": (a, b)}))
                words.append(f"{piece.track(id_).name} fills {bar_words((a, b))}")
    return Candidate(after, bench.generator, bench.seed, tuple(words))


def empty_bars(piece: Piece, track: Track, bars: list[int]) -> list[int]:
    """Those of the bars in which no note of a track begins."""
    line = piece.timeline.bar_start
    return [b for b in bars if not ((track.notes["start"] >= line(b)) & (track.notes["start"] < line(b + 1))).any()]


def vary(instruction: Vary, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Vary`."""
    assert piece is not None
    scope, strength = instruction.scope, instruction.strength
    ids = scope.track_ids(piece)
    if strength <= 0:
        return Candidate(piece, bench.generator, bench.seed, ("strength 0: nothing is varied",))
    ground = stand_on(piece, bench)
    after = varied_piece(ground, scope, strength, bench.seed)
    names = list_words([piece.track(i).name for i in ids])
    return Candidate(after, bench.generator, bench.seed, (f"{names} varied at strength {strength:g}",))


def varied_piece(ground: Ground, scope: Scope, strength: float, seed: int) -> Piece:
    """The original piece of a ground with the tracks in scope varied."""
    ids = scope.track_ids(ground.original)
    other = ground.written(ids, scope.spans(ground.original), seed + ATTEMPT)
    made: dict[str, Notes | Track] = {}
    for id_ in ids:
        track = ground.piece.track(id_)
        sounding = [b for b in bars_of(scope, ground.original) if not empty_bars(ground.piece, track, [b])]
        made[id_] = varied(
            track.notes, _inside(scope, ground, track), other.track(id_).notes, sounding, strength, ground.moments,
            ground.piece.timeline, track.role, track.instrument, random_stream(seed, "vary", id_),
        )  # fmt: skip
    return ground.stitched(made, scope)


def _by_amount(change: Callable[[Any, Ground, Track, np.ndarray], Notes], word: str) -> Run:
    """A tool that changes how many notes there are, by an amount; its words tell the count before and after."""

    def run(instruction: Any, piece: Piece | None, bench: Workbench) -> Candidate:
        assert piece is not None
        if instruction.amount <= 0:
            return Candidate(piece, bench.generator, bench.seed, ("amount 0: nothing is changed",))
        ground, scope = stand_on(piece, bench), instruction.scope
        ids = scope.track_ids(piece)
        made: dict[str, Notes | Track] = {}
        for id_ in ids:
            track = ground.piece.track(id_)
            inside = _inside(scope, ground, track)
            if inside.any():
                made[id_] = change(instruction, ground, track, inside)
        after = ground.stitched(made, scope)
        words = []
        for id_ in made:
            old, new = len(piece.track(id_).notes), len(after.track(id_).notes)
            words.append(f"{piece.track(id_).name} {word}: {old} notes, now {new}" if old != new
                         else f"{piece.track(id_).name} cannot be {word}")  # fmt: skip
        return Candidate(after, bench.generator, bench.seed, tuple(words))

    return run


def _simplify(instruction: Simplify, ground: Ground, track: Track, inside: np.ndarray) -> Notes:
    return simplified(
        track.notes, inside, instruction.amount, ground.moments, ground.piece.timeline, drums=track.is_drum
    )


def _busier(instruction: MakeBusier, ground: Ground, track: Track, inside: np.ndarray) -> Notes:
    rng = random_stream(ground.bench.seed, "busier", track.id)
    return busier(
        track.notes, inside, instruction.amount, ground.moments, ground.piece.timeline, track.role, track.instrument, rng
    )


simplify = _by_amount(_simplify, "simpler")
make_busier = _by_amount(_busier, "busier")


def _span_words(spans: tuple[tuple[int, int], ...]) -> str:
    return list_words([bar_words(s) for s in spans])
