"""What carries out the inventive instructions about what stands under a tune: other chords, another style."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.generators.theory.form import read_metre
from ripieno.generators.theory.performance import perform
from ripieno.generators.theory.reading import chords_of, form_of
from ripieno.generators.theory.reharmony import invented, refitted, with_seventh
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.style import Style, style_named
from ripieno.generators.theory.types import Context, Part, random_stream
from ripieno.score.brief import Attribute, Origin, PartRequest
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.instruments import Role, instrument
from ripieno.score.piece import ChordSpan, Notes, Piece, Track, make_notes
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline
from ripieno.tools.base import Workbench
from ripieno.tools.ground import Ground, stand_on, styles_of
from ripieno.tools.make import Reharmonise, Restyle
from ripieno.tools.scope import Scope

_FOUR_NOTES = ("sevenths", "extended")  # colours of styles whose chords have sevenths


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
            sevenths = ground.style.harmony.colour in _FOUR_NOTES
            fresh += invented(
                slots, _top_line(tune), ground.moments, ground.piece.timeline, instruction.spice, sevenths, rng,
                closes=b == ground.piece.bars,
            )  # fmt: skip
    ticks = [(ground.piece.timeline.bar_start(a), ground.piece.timeline.bar_start(b)) for a, b in spans]
    chords = _replaced(ground.moments.chords, fresh, ticks)
    new = Moments(chords, ground.form)
    made: dict[str, Notes | Track] = {}
    for id_ in scope.track_ids(piece):
        track = ground.piece.track(id_)
        if track.id != tune.id and track.role is not Role.LEAD and not track.is_drum:
            inside = scope.note_mask(ground.piece, track)
            made[id_] = refitted(
                track.notes, inside, ground.moments, new, ground.piece.timeline, track.role, track.instrument
            )
    after = ground.stitched(made, scope)
    scale = piece.timeline.ppq / PPQ
    own = tuple(ChordSpan(round(c.start * scale), round(c.end * scale), c.chord) for c in chords)
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


def _top_line(track: Track) -> Notes:
    """The highest note of each onset of a track."""
    order = np.lexsort((-track.notes["pitch"].astype(int), track.notes["start"]))
    rows = track.notes[order]
    return make_notes(rows[np.append(True, np.diff(rows["start"]) > 0)]) if len(rows) else track.notes


# -- another style -------------------------------------------------------------------------------------------------------


def restyle(instruction: Restyle, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Restyle`."""
    assert piece is not None
    if instruction.scope != Scope():
        raise Retryable("A piece is set in another style as a whole", cure="leave the scope empty")
    try:
        style = _style(instruction.style, bench)
    except BadRequest as error:
        raise Retryable(error.rule, value=error.value, cause=error.cause, cure=error.cure) from error
    ground = stand_on(piece, bench)
    tune = ground.tune
    metres = [read_metre(m) for m in style.profile.metres]
    old = ground.piece.timeline
    metre = next((m for m in metres if m == old.metre_at(0)), metres[0])
    timeline = Timeline(PPQ, (Tempo(0, _tempo(style, old)),), (MetreChange(0, metre),))
    line = _fitted_tune(ground, tune, timeline)
    players = [p for p in style.profile.ensemble if p.role is not Role.LEAD]
    lead = instrument(next((p.instrument for p in style.profile.ensemble if p.role is Role.LEAD), tune.instrument_id))
    line = _in_reach(line, lead.comfort_low, lead.comfort_high, lead.low, lead.high)
    chords = _coloured(_moved_chords(ground, timeline), ground, style)
    brief = ground.brief.model_copy(
        update={
            "style": Attribute(value=style.profile.id), "tempo": Attribute(value=timeline.tempos[0].bpm),
            "metre": Attribute(value=str(metre)), "swing": Attribute(value=style.profile.swing, origin=Origin.DEFAULT),
            "parts": (PartRequest(instrument=lead.id, role=Role.LEAD),
                      *(PartRequest(instrument=p.instrument, role=p.role) for p in players)),
            "dynamics": None, "articulation": None, "tempo_range": None, "tempo_class": None, "density": None,
            "rhythm_intensity": None, "texture": None,
        }
    )  # fmt: skip
    bare = replace(ground.piece, timeline=timeline, chords=chords, tracks=())
    form = form_of(bare, style, brief)
    part = Part(lead.id, lead.name, Role.LEAD, lead, lead.low, lead.high, track=lead.id)
    context = Context(style, brief, form, (part,), chords_of(bare, form), bench.seed)
    played = perform(part, line, context)
    track = Track(lead.id, lead.name if lead.id != tune.instrument_id else tune.name, Role.LEAD, lead.id, played, mix=tune.mix)
    made = bench.chosen.generate(GenerationRequest(brief, bench.seed, replace(bare, tracks=(track,)))).piece
    told = (
        f"{tune.name}'s tune set as {style.profile.name}: {metre}, {timeline.tempos[0].bpm:g} quarter notes a minute, "
        f"played by {', '.join(t.name for t in made.tracks)}"
    )
    return Candidate(made, bench.generator, bench.seed, (told,))


def _style(word: str, bench: Workbench) -> Style:
    styles, low = styles_of(bench), word.lower().strip()
    for style in styles.values():
        own = style.profile
        if low in (own.id, own.name.lower(), own.id.replace("_", " "), *own.aliases):
            return style
    return style_named(low, styles)


def _tempo(style: Style, old: Timeline) -> float:
    """The style's usual tempo; the piece's own where the style is played like that too."""
    low, usual, high = style.profile.tempo
    own = old.tempo_at(0)
    return own if low <= own <= high else float(usual)


def _fitted_tune(ground: Ground, tune: Track, timeline: Timeline) -> Notes:
    """The tune's notes in order, bar for bar, on the grid of the new metre: beats go to beats, what falls together is parted.

    Swung eighths are written straight, for the style swings them again as it does.
    """
    old, notes = ground.piece.timeline, _top_line(tune)
    rows: list[tuple[int, int, int, int]] = []
    starts = [_placed(int(t), old, timeline) for t in notes["start"]]
    ends = [_placed(int(s) + int(n), old, timeline) for s, n in zip(notes["start"], notes["duration"], strict=True)]
    unit = PPQ // 4
    grid: list[int] = []
    for i, s in enumerate(starts):
        place = round(s / unit) * unit
        if grid and place <= grid[-1]:  # order is kept: a note that would fall on the one before comes a step later
            place = grid[-1] + (unit if i + 1 >= len(starts) or starts[i + 1] - grid[-1] > 2 * unit else unit // 2)
        grid.append(place)
    for i, place in enumerate(grid):
        stop = grid[i + 1] if i + 1 < len(grid) else max(place + unit, round(ends[i]))
        joined = int(notes["start"][i]) + int(notes["duration"][i]) + PPQ // 4 >= (
            int(notes["start"][i + 1]) if i + 1 < len(notes) else 0)  # fmt: skip
        end = stop if joined else min(stop, max(place + unit // 2, round(ends[i])))
        rows.append((place, max(unit // 2, end - place), int(notes["pitch"][i]), 84))
    return make_notes(rows)


def _placed(tick: int, old: Timeline, new: Timeline) -> float:
    """Where a tick goes: same bar, same beat where both metres have it, beats beyond pressed into the last ones."""
    bar, offset = old.position(tick)
    was, now = old.metre_at(bar), new.metre_at(bar)
    start = new.bar_start(bar)
    if (was.numerator, was.denominator) == (now.numerator, now.denominator):
        return start + _straight(offset, was)
    return start + offset * now.bar_ticks(PPQ) / was.bar_ticks(PPQ)


def _straight(offset: int, metre: Metre) -> float:
    """An offset with a swung off-beat quaver put in the middle of its beat."""
    if metre.compound:
        return float(offset)
    beat, inner = divmod(offset, PPQ)
    if PPQ * 0.56 < inner < PPQ * 0.70:
        inner = PPQ // 2
    return float(beat * PPQ + inner)


def _in_reach(line: Notes, low: int, high: int, bottom: int, top: int) -> Notes:
    """The line moved by whole octaves to where most of it lies in comfort and, if it can, all of it in reach."""
    pitches = line["pitch"].astype(int)
    shifts = [12 * k for k in range(-4, 5) if pitches.min() + 12 * k >= 0 and pitches.max() + 12 * k <= 127]

    def price(shift: int) -> tuple[int, int, int]:
        p = pitches + shift
        return int(((p < bottom) | (p > top)).sum()), int(((p < low) | (p > high)).sum()), abs(shift)

    out = line.copy()
    moved = pitches + min(shifts, key=price)
    moved = np.where(moved > top, moved - 12 * -(-(moved - top) // 12), moved)
    out["pitch"] = np.where(moved < bottom, moved + 12 * -(-(bottom - moved) // 12), moved)
    return make_notes(out)


def _moved_chords(ground: Ground, timeline: Timeline) -> tuple[ChordSpan, ...]:
    old = ground.piece.timeline
    beat = timeline.metre_at(0).beats(PPQ)[0][1]
    rows: list[ChordSpan] = []
    for c in ground.moments.chords:
        a = round(_placed(c.start, old, timeline) / beat) * beat
        b = round(_placed(min(c.end, ground.piece.ticks), old, timeline) / beat) * beat
        a, b = _to_line(a, timeline), _to_line(b, timeline)
        if a < b and (not rows or a >= rows[-1].end):
            rows.append(ChordSpan(a, b, c.chord))
    return tuple(rows)


def _to_line(tick: int, timeline: Timeline) -> int:
    """The bar line where a tick is less than half a beat from it, else the tick."""
    bar, offset = timeline.position(tick)
    return timeline.bar_start(bar + 1) if timeline.bar_ticks(bar) - offset < PPQ // 2 else tick


def _coloured(chords: tuple[ChordSpan, ...], ground: Ground, style: Style) -> tuple[ChordSpan, ...]:
    """Chords as the style spells them: with sevenths where it has them, as triads where it has not."""
    if style.harmony.colour in _FOUR_NOTES:
        key = ground.moments.key_at
        return tuple(ChordSpan(c.start, c.end, with_seventh(c.chord, key(c.start))) for c in chords)
    return tuple(ChordSpan(c.start, c.end, _plain(c.chord)) for c in chords)


def _plain(chord: Chord) -> Chord:
    """A chord without what lies beyond its triad, but for dominants and diminished sevenths."""
    if len(chord.intervals) <= 3 or chord.is_dominant:
        return chord if len(chord.intervals) <= 4 else Chord(chord.root, (0, 4, 7, 10), chord.bass)
    triad = tuple(i for i in chord.intervals if i in (0, 2, 3, 4, 5, 6, 7, 8))[:3]
    return Chord(chord.root, triad, chord.bass) if len(triad) == 3 else chord

