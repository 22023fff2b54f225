"""What carries out `restyle`: the tune fitted to the metre of a style, and everything else written anew under it."""

from dataclasses import replace

import numpy as np

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.generators.theory.form import read_metre
from ripieno.generators.theory.performance import perform
from ripieno.generators.theory.reading import chords_of, form_of
from ripieno.generators.theory.refitting import BarMap, bar_map
from ripieno.generators.theory.reharmony import with_seventh
from ripieno.generators.theory.style import Style, style_named
from ripieno.generators.theory.types import Context, Part
from ripieno.score.analysis.reading import GRID, snap
from ripieno.score.brief import Attribute, Origin, PartRequest
from ripieno.score.chords import Chord
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.instruments import Role, instrument
from ripieno.score.piece import ChordSpan, KeyChange, Notes, Piece, Track, make_notes
from ripieno.score.time import MAX_BARS, PPQ, Metre, MetreChange, Tempo, Timeline
from ripieno.tools.base import Workbench
from ripieno.tools.ground import FOUR_NOTES, Ground, stand_on, styles_of, top_line
from ripieno.tools.make import Restyle
from ripieno.tools.scope import Scope


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
    mapping = bar_map(old.metre_at(0), metre)
    if ground.piece.bars * mapping.bars > MAX_BARS:
        raise Retryable(f"A piece has 1 to {MAX_BARS} bars", value=ground.piece.bars * mapping.bars, cure="cut it first")
    timeline = Timeline(PPQ, (Tempo(0, _tempo(style, old)),), (MetreChange(0, metre),))
    line = _fitted_tune(ground, tune, timeline, mapping.bars)
    players = [p for p in style.profile.ensemble if p.role is not Role.LEAD]
    lead = instrument(next((p.instrument for p in style.profile.ensemble if p.role is Role.LEAD), tune.instrument_id))
    line = _in_reach(line, lead.comfort_low, lead.comfort_high, lead.low, lead.high)
    chords = _coloured(_moved_chords(ground, timeline, mapping.bars), style, ground)
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
    times = mapping.bars
    sections = tuple(replace(s, first_bar=s.first_bar * times, bars=s.bars * times) for s in ground.piece.sections)
    keys = tuple(KeyChange(k.bar * times, k.key) for k in ground.piece.keys)
    bare = Piece(piece.title, timeline, ground.piece.bars * times, keys, sections, chords)
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


def _fitted_tune(ground: Ground, tune: Track, timeline: Timeline, times: int) -> Notes:
    """The tune's notes in order, bar for bar, on the grid of the new metre: beats go to beats, what falls together is parted.

    Swung eighths are written straight, for the style swings them again as it does.
    """
    old, notes = ground.piece.timeline, top_line(tune)
    written = (snap(notes["start"] * (GRID / PPQ)) * (PPQ // GRID)).tolist()  # without the delays of a performance
    rows: list[tuple[int, int, int, int]] = []
    starts = [_placed(t, old, timeline, times) for t in written]
    ends = [_placed(int(s) + int(n), old, timeline, times) for s, n in zip(notes["start"], notes["duration"], strict=True)]
    metre = timeline.metre_at(0)
    unit = PPQ // 2 if metre.compound else PPQ // 4
    grid: list[int] = []
    for i, s in enumerate(starts):
        place = round(s / unit) * unit
        if abs(place - s) > unit // 3:  # finer than the grid: grace notes and runs
            place = round(s / (unit // 2)) * (unit // 2)
        if grid and place <= grid[-1]:  # order is kept: a note that would fall on the one before comes a step later
            place = grid[-1] + (unit if i + 1 >= len(starts) or starts[i + 1] - grid[-1] > 2 * unit else unit // 2)
        grid.append(place)
    for i, place in enumerate(grid):
        stop = grid[i + 1] if i + 1 < len(grid) else max(place + unit, round(ends[i]))
        after = int(notes["start"][i + 1]) if i + 1 < len(notes) else 0
        joined = int(notes["start"][i]) + int(notes["duration"][i]) + PPQ // 4 >= after
        end = stop if joined else min(stop, max(place + unit // 2, round(ends[i])))
        rows.append((place, max(unit // 2, end - place), int(notes["pitch"][i]), 84))
    return make_notes(rows)


def _placed(tick: int, old: Timeline, new: Timeline, times: int) -> float:
    """Where a tick goes: beats go to beats as `bar_map` says for the metre of its bar."""
    bar, offset = old.position(tick)
    was, now = old.metre_at(bar), new.metre_at(0)
    mapping = bar_map(was, now)
    if mapping.bars != times:  # a bar of another metre than the first is pressed or stretched evenly
        mapping = BarMap(times, (0, was.bar_ticks(PPQ)), (0, times * now.bar_ticks(PPQ)))
    return new.bar_start(bar * times) + mapping.place(_straight(offset, was))


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


def _moved_chords(ground: Ground, timeline: Timeline, times: int) -> tuple[ChordSpan, ...]:
    """The chords where their beats have gone."""
    old = ground.piece.timeline
    beat = timeline.metre_at(0).beats(PPQ)[0][1]
    rows: list[ChordSpan] = []
    for c in ground.moments.chords:
        a = round(_placed(c.start, old, timeline, times) / beat) * beat
        b = round(_placed(min(c.end, ground.piece.ticks), old, timeline, times) / beat) * beat
        a, b = _to_line(a, timeline), _to_line(b, timeline)
        if a < b and (not rows or a >= rows[-1].end):
            rows.append(ChordSpan(a, b, c.chord))
    return tuple(rows)


def _to_line(tick: int, timeline: Timeline) -> int:
    """The bar line where a tick is less than half a beat from it, else the tick."""
    bar, offset = timeline.position(tick)
    return timeline.bar_start(bar + 1) if timeline.bar_ticks(bar) - offset < PPQ // 2 else tick


def _coloured(chords: tuple[ChordSpan, ...], style: Style, ground: Ground) -> tuple[ChordSpan, ...]:
    """Chords as the style spells them: with sevenths where it has them, as triads where it has not."""
    if style.harmony.colour in FOUR_NOTES:
        keys = {c.chord: ground.moments.key_at(c.start) for c in reversed(ground.moments.chords)}
        return tuple(ChordSpan(c.start, c.end, with_seventh(c.chord, keys[c.chord])) for c in chords)
    return tuple(ChordSpan(c.start, c.end, _plain(c.chord)) for c in chords)


def _plain(chord: Chord) -> Chord:
    """A chord without what lies beyond its triad, but for dominants and diminished sevenths."""
    if len(chord.intervals) <= 3 or chord.is_dominant:
        return chord if len(chord.intervals) <= 4 else Chord(chord.root, (0, 4, 7, 10), chord.bass)
    triad = tuple(i for i in chord.intervals if i in (0, 2, 3, 4, 5, 6, 7, 8))[:3]
    return Chord(chord.root, triad, chord.bass) if len(triad) == 3 else chord

