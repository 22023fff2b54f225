"""What carries out `reharmonise`: other chords under a tune, and the accompaniment led over to them."""

from collections.abc import Sequence
from dataclasses import replace

from ripieno.generators.base import Candidate
from ripieno.generators.theory.reharmony import invented, refitted
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.types import random_stream
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.instruments import Role
from ripieno.score.piece import ChordSpan, Notes, Piece, Track
from ripieno.score.time import PPQ
from ripieno.tools.base import Workbench
from ripieno.tools.ground import FOUR_NOTES, Ground, stand_on, top_line
from ripieno.tools.make import Reharmonise


def reharmonise(instruction: Reharmonise, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Reharmonise`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench), instruction.scope
    tune = ground.tune
    spans = scope.spans(piece)
    fresh: list[ChordSpan] = []
    for a, b in spans:
        if instruction.chords is not None:
            fresh += _given(instruction, ground, a, b)
        else:
            slots = _slots(ground, a, b, two=instruction.spice >= 0.6)
            rng = random_stream(bench.seed, "reharmony", a)
            sevenths = ground.style.harmony.colour in FOUR_NOTES
            fresh += invented(
                slots, top_line(tune), ground.moments, ground.piece.timeline, instruction.spice, sevenths, rng,
                closes=b == ground.piece.bars,
            )  # fmt: skip
    ticks = [(ground.piece.timeline.bar_start(a), ground.piece.timeline.bar_start(b)) for a, b in spans]
    chords = _replaced(ground.moments.chords, fresh, ticks)
    new = Moments(chords, ground.form)
    made: dict[str, Notes | Track] = {}
    for id_ in scope.track_ids(piece):
        track = ground.piece.track(id_)
        leads = track.id == tune.id or (track.role is Role.LEAD and not ground.choral)
        if not leads and not track.is_drum:
            inside = scope.note_mask(ground.piece, track)
            made[id_] = refitted(
                track.notes, inside, ground.moments, new, ground.piece.timeline, track.role, track.instrument
            )
    after = ground.stitched(made, scope)
    scale = piece.timeline.ppq / PPQ
    home = [ChordSpan(round(c.start * scale), round(c.end * scale), c.chord) for c in fresh]
    lines = [(piece.timeline.bar_start(a), piece.timeline.bar_start(b)) for a, b in spans]
    own = _replaced(piece.chords, home, lines)  # outside the scope the chords, and gaps, that were there
    symbols = [c.chord.symbol for c in fresh]
    words = " ".join(s for i, s in enumerate(symbols[:24]) if i == 0 or s != symbols[i - 1])
    how = "as given" if instruction.chords is not None else "invented"
    told = f"chords {how}: {words}; {tune.name} unchanged"
    return Candidate(replace(after, chords=own), bench.generator, bench.seed, (told,))


def _given(instruction: Reharmonise, ground: Ground, first: int, end: int) -> list[ChordSpan]:
    """The chords asked for, in order, over and over, from bar to bar."""
    assert instruction.chords is not None
    if not instruction.chords:
        raise Retryable("A progression has at least one chord", cure="name chords, or leave them out to have some invented")
    key = ground.piece.key_at(first)
    try:
        chords = [parse_roman(c, key) if instruction.roman else Chord.parse(c) for c in instruction.chords]
    except BadRequest as error:
        raise Retryable(error.rule, value=error.value, cause=error.cause, cure=error.cure) from error
    bars, count = end - first, len(chords)
    each = instruction.bars_each or next((e for e in (1.0, 0.5, 0.25) if count * e <= bars), bars / count)
    timeline = ground.piece.timeline
    start, stop, length = timeline.bar_start(first), timeline.bar_start(end), timeline.bar_ticks(first) * each
    found: list[ChordSpan] = []
    while not found or found[-1].end < stop:
        i = len(found)
        a, b = start + round(i * length), min(stop, start + round((i + 1) * length))
        found.append(ChordSpan(a, b, chords[i % count]))
    return found


def _slots(ground: Ground, first: int, end: int, *, two: bool) -> list[tuple[int, int]]:
    """A stretch for each chord: a bar, or with `two` half a bar where the metre halves evenly and the tune moves."""
    timeline, tune = ground.piece.timeline, ground.tune.notes["start"]
    slots: list[tuple[int, int]] = []
    for bar in range(first, end):
        a, b = timeline.bar_start(bar), timeline.bar_start(bar + 1)
        beats = timeline.metre_at(bar).beats(timeline.ppq)
        busy = int(((tune >= a) & (tune < b)).sum()) >= 3
        if two and busy and len(beats) % 2 == 0 and bar < end - 1:
            middle = a + beats[len(beats) // 2][0]
            slots += [(a, middle), (middle, b)]
        else:
            slots.append((a, b))
    return slots


def _replaced(
    old: Sequence[ChordSpan], fresh: Sequence[ChordSpan], spans: Sequence[tuple[int, int]]
) -> tuple[ChordSpan, ...]:
    """Old chords outside the spans of ticks, new ones inside."""
    rows: list[ChordSpan] = list(fresh)
    edge = 0
    for a, b in [*sorted(spans), (2**31, 2**31)]:
        rows += [ChordSpan(max(c.start, edge), min(c.end, a), c.chord) for c in old if c.start < a and c.end > edge]
        edge = b
    return tuple(sorted(rows, key=lambda c: c.start))
