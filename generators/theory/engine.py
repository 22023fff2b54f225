"""The theory engine: composes whole pieces, adds parts, and writes stretches anew. It knows rules, not recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.generators.theory import accompaniment, part_writing, second_lines
from ripieno.generators.theory.bass import write_bass
from ripieno.generators.theory.drums import write_drums
from ripieno.generators.theory.form import doubles, plan_form
from ripieno.generators.theory.forms import ways
from ripieno.generators.theory.groove import plan_groove
from ripieno.generators.theory.hands import under_hands
from ripieno.generators.theory.harmony import plan_harmony
from ripieno.generators.theory.melody import write_melody
from ripieno.generators.theory.mend import without_parallels
from ripieno.generators.theory.mixing import mix_of
from ripieno.generators.theory.orchestration import requested_parts, seat_players, with_roles
from ripieno.generators.theory.percussion import write_percussion
from ripieno.generators.theory.performance import controls, levelled, perform
from ripieno.generators.theory.playable import with_breath, with_pedals, within_hands
from ripieno.generators.theory.reading import chords_of, form_of, roles_of, seat_of
from ripieno.generators.theory.returns import plan_returns, returned
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.setting import set_anew
from ripieno.generators.theory.solos import SUFFIX
from ripieno.generators.theory.style import Style, builtin_styles, style_named
from ripieno.generators.theory.types import Context, Form, Part, Seat, SectionPlan, Writer, random_stream
from ripieno.score.brief import Brief, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.piece import ChordSpan, Controls, KeyChange, Notes, Piece, Track, make_controls, make_notes
from ripieno.score.styles import StyleProfile
from ripieno.score.time import PPQ

# Written in this order: each looks at those before it.
_ORDER = (
    Role.LEAD, Role.BASS, Role.DRUMS, Role.PERCUSSION, Role.CHORDS, Role.PAD, Role.ARPEGGIO, Role.RIFF, Role.DRONE,
    Role.COUNTERMELODY, Role.ANSWER,
)
_HELD = frozenset({Role.CHORDS, Role.PAD})
_INNER = frozenset({Role.BASS, Role.COUNTERMELODY, Role.CHORDS, Role.PAD, Role.ANSWER})
_WRITERS: dict[Role, Writer] = {
    Role.BASS: write_bass, Role.DRUMS: write_drums, Role.PERCUSSION: write_percussion,
    Role.CHORDS: accompaniment.write_chords, Role.PAD: accompaniment.write_pad, Role.ARPEGGIO: accompaniment.write_arpeggio,
    Role.DRONE: accompaniment.write_drone, Role.RIFF: second_lines.write_riff,
    Role.COUNTERMELODY: second_lines.write_counter, Role.ANSWER: second_lines.write_answer,
}  # fmt: skip


class TheoryEngine:
    """The embedded generator (see `generators.base.Generator`). `styles` defaults to those that come with Ripieno."""

    name = "theory"

    def __init__(self, styles: Mapping[str, Style] | None = None) -> None:
        self._styles = styles

    @property
    def styles(self) -> Mapping[str, Style]:
        """The styles that it composes in, by id."""
        return builtin_styles() if self._styles is None else self._styles

    def generate(self, request: GenerationRequest) -> Candidate:
        """A new piece, or the piece of the request with parts added or stretches written anew.

        Raises:
            BadRequest: what is asked cannot be composed.
        """
        style = self._style(request.brief)
        if request.piece is None:
            return self._compose(request, style)
        return self._continue(request, style, request.piece)

    def _style(self, brief: Brief) -> Style:
        styles = self.styles
        if not styles:
            raise BadRequest("There is at least one style", cure="install the package anew")
        if brief.style is None:
            return styles.get("pop") or next(iter(styles.values()))
        return style_named(brief.style.value, styles)

    def _compose(self, request: GenerationRequest, style: Style) -> Candidate:
        brief, seed = request.brief, request.seed
        rng_of = partial(random_stream, seed)
        form = plan_form(style, brief, rng_of("form"))
        harmony = plan_harmony(style, brief, form, rng_of)
        seats = seat_players(style, brief, form, requested_parts(style, brief), rng_of)
        context = _context(style, brief, form, seats, harmony.chords, seed)
        write_all([p for s in seats for p in s.layers], context)
        tracks = levelled([_track(seat, context) for seat in seats], brief, style.performance.loudness)
        title = brief.title.value if brief.title else f"{style.profile.name} in {form.sections[0].key}"
        piece = Piece(
            title, form.timeline, form.bars, _key_changes(form), tuple(p.section for p in form.sections),
            harmony.chords, tracks,
        )  # fmt: skip
        return Candidate(piece, self.name, seed, (_form_trail(form, doubles(style, brief)), *harmony.trail))

    def _continue(self, request: GenerationRequest, style: Style, piece: Piece) -> Candidate:
        """Parts that are not there yet are added; tracks named (or all, where only bars are) are written anew."""
        brief, seed = request.brief, request.seed
        form = form_of(piece, style, brief)
        chords = chords_of(piece, form)
        density = float(brief.density.value) if brief.density else 0.5
        there = {t.id: seat_of(t, form, density) for t in piece.tracks}
        unknown = [t for t in request.tracks if t not in there]
        new = with_roles(_new_parts(brief, piece), roles_of(piece)) if unknown or not request.tracks else ()
        rng_of = partial(random_stream, seed)
        added = tuple(seat_players(style, brief, form, new, rng_of, tuple(there), roles_of(piece))) if new else ()
        if unknown and len(added) < len(unknown):
            raise BadRequest("A track to write is in the piece or among the parts asked for", value=", ".join(unknown),
                             cure="use one of: " + ", ".join(there))
        if request.bars is not None:  # who is asked for certain bars plays in them
            added = tuple(replace(s, layers=tuple(replace(p, sections=None) for p in s.layers)) for s in added)
        anew = [there[t] for t in request.tracks if t in there] or ([] if added else list(there.values()))
        anew = [_with_hands(s, piece, style, brief, form) for s in anew]
        kept = [s for s in there.values() if s.id not in {a.id for a in anew}]
        seats = [*kept, *anew, *added]
        context = _context(style, brief, form, seats, chords, seed)
        for seat in kept:
            context.lines[seat.id] = piece.track(seat.id).notes
        write_all([p for s in (*anew, *added) for p in s.layers], context, returns=request.bars is None)
        first, end = request.bars or (0, form.bars)
        if not 0 <= first < end <= form.bars:
            raise BadRequest("Bars to write lie inside the piece", value=f"{first + 1} to {end}",
                             cure=f"the piece has bars 1 to {form.bars}")
        span = form.timeline.bar_start(first), form.timeline.bar_start(end)
        made = piece
        for seat in anew:
            made = made.with_track(_spliced(piece.track(seat.id), _track(seat, context), span))
        for seat in added:
            track = _track(seat, context)
            made = made.with_track(_spliced(replace(track, notes=make_notes(), controls=make_controls()), track, span))
        words = [f"{s.name} written anew in bars {first + 1} to {end}" for s in anew] + [f"{s.name} added" for s in added]
        return Candidate(made, self.name, seed, tuple(words))


def style_profiles() -> tuple[StyleProfile, ...]:
    """The public faces of all styles."""
    return _profiles()


@lru_cache(maxsize=1)
def _profiles() -> tuple[StyleProfile, ...]:
    return tuple(s.profile for s in builtin_styles().values())


def _context(
    style: Style, brief: Brief, form: Form, seats: Sequence[Seat], chords: tuple[ChordSpan, ...], seed: int
) -> Context:
    parts = tuple(p for s in seats for p in s.layers)
    context = Context(style, brief, form, parts, chords, seed)
    context.notes["groove"] = plan_groove(context)
    return context


def write_all(parts: Sequence[Part], context: Context, *, returns: bool = True) -> None:
    """Writes parts into `context.lines`, leaders first. Without `returns` nothing is repeated literally."""
    again = plan_returns(context) if returns else {}
    doubling = [p for p in parts if p.doubles and p.of]
    led = context.style.harmony.part_writing
    inner = [p for p in parts if led and p not in doubling and p.role in _INNER and p.instrument.voices < 3]
    inner = sorted(inner, key=lambda p: (p.role is not Role.BASS, p.role is not Role.COUNTERMELODY))[:part_writing.MOST]
    divided = [p for p in parts if p not in (*doubling, *inner) and p.role in _HELD and p.instrument.voices < 2]
    leads = [p for p in context.parts if p.role is Role.LEAD and not p.doubles]
    rank = {role: i for i, role in enumerate(_ORDER)}
    for part in sorted(parts, key=lambda p: (rank[p.role], p.id.endswith(SUFFIX), context.parts.index(p))):
        if part in doubling or part in divided or part in inner:
            continue
        context.lines[part.id] = returned(part, _written(part, context, leads), context, again)
        if part.role is Role.BASS and context.style.harmony.strict >= 0.5:
            _mend(parts, part, context, again)
    together = part_writing.write_lower(inner, context) if inner else {}
    together |= second_lines.write_divided(divided, context) if divided else {}
    for part in (*inner, *divided):
        context.lines[part.id] = returned(part, together[part.id], context, again)
    for part in doubling:
        context.lines[part.id] = second_lines.write_doubling(part, context)


def _mend(parts: Sequence[Part], bass: Part, context: Context, again: Mapping[int, int]) -> None:
    """Takes parallels with the bass out of the tunes written in this turn."""
    moments = Moments(context.chords, context.form)
    for part in parts:
        if part.role is Role.LEAD and part.id in context.lines:
            line = context.lines[part.id]
            context.lines[part.id] = returned(
                part, without_parallels(part, line, context.lines[bass.id], moments), context, again
            )


def _written(part: Part, context: Context, leads: Sequence[Part]) -> Notes:
    role = part.role
    if role is Role.LEAD:
        first = next((p for p in leads if p.id != part.id and p.id in context.lines), None)
        if first is None:
            return set_anew(part, write_melody(part, context), context)
        return _second(part, first, context)
    return _WRITERS[role](part, context)


def _second(part: Part, first: Part, context: Context) -> Notes:
    """A second leader: alone it plays a tune of its own, together with the first a second voice to it."""
    count = len(context.form.sections)
    both = frozenset(i for i in range(count) if part.plays(i) and first.plays(i))
    alone = frozenset(i for i in range(count) if part.plays(i)) - both
    rows = []
    if alone:
        rows.append(write_melody(replace(part, sections=alone, track=first.track or first.id), context))
    if both:
        rows.append(second_lines.write_second_lead(replace(part, sections=both), context, first))
    return make_notes(np.concatenate(rows)) if rows else make_notes()


def _track(seat: Seat, context: Context) -> Track:
    """The layers of a seat, performed, as one track."""
    lines = under_hands(seat.layers, [context.lines[layer.id] for layer in seat.layers])
    played = [perform(layer, line, context) for layer, line in zip(seat.layers, lines, strict=True)]
    end = context.form.timeline.bar_start(context.form.bars)
    notes = played[0]
    if len(played) > 1:
        rows = [tuple(map(int, n)) for layer in played for n in layer]
        notes = make_notes(accompaniment.tidy(rows, end))  # type: ignore[arg-type]
    notes = within_hands(notes, seat.instrument)
    per_tick = 60.0 / (context.form.timeline.tempos[0].bpm * PPQ)
    notes = with_pedals(with_breath(notes, seat.instrument, per_tick), seat.instrument, per_tick)
    return Track(
        seat.id, seat.name, seat.role, seat.instrument.id, notes, controls(seat.layers[0], context), mix_of(seat, context.parts)
    )


def _new_parts(brief: Brief, piece: Piece) -> tuple[PartRequest, ...]:
    """The parts of the brief that have no track yet, matched by instrument."""
    left = [t.instrument_id for t in piece.tracks]
    new = []
    for part in brief.parts:
        if part.instrument in left:
            left.remove(part.instrument)
        else:
            new.append(part)
    return tuple(new)


def _with_hands(seat: Seat, piece: Piece, style: Style, brief: Brief, form: Form) -> Seat:
    """A seat to be written anew, with the layers that its player needs and the registers of its role."""
    others = frozenset(t.role for t in piece.tracks if t.id != seat.id)
    request = PartRequest(instrument=seat.instrument.id, role=seat.role)
    fresh = seat_players(style, brief, form, (request,), partial(random_stream, 0), (), others)[0]
    layers = tuple(
        replace(p, id=seat.id if i == 0 else f"{seat.id}/{p.id.partition('/')[2]}", track=seat.id, name=seat.name,
                sections=None)
        for i, p in enumerate(fresh.layers)
    )  # fmt: skip
    return replace(seat, layers=layers)


def _spliced(old: Track, new: Track, span: tuple[int, int]) -> Track:
    """The old track with the new one's notes and controls inside a span of ticks."""
    first, end = span

    def inside(ticks: np.ndarray) -> np.ndarray:
        return np.asarray((ticks >= first) & (ticks < end))

    fresh = _cut(new.notes[inside(new.notes["start"])], old.notes, span)
    notes = np.concatenate([old.notes[~inside(old.notes["start"])], fresh])
    moves: Controls = np.concatenate(
        [old.controls[~inside(old.controls["tick"])], new.controls[inside(new.controls["tick"])]]
    )
    return replace(old, notes=make_notes(notes), controls=make_controls(moves))


def _cut(fresh: Notes, old: Notes, span: tuple[int, int]) -> Notes:
    """New notes without those that an old note of their pitch sounds into, and shortened where one follows."""
    first, end = span
    out = fresh.copy()
    ends = out["start"] + out["duration"]
    keep = np.ones(len(out), dtype=bool)
    before, after = old[old["start"] < first], old[old["start"] >= end]
    reach = before["start"] + before["duration"]
    for note in before[reach > first]:
        keep &= (out["pitch"] != note["pitch"]) | (out["start"] >= int(note["start"]) + int(note["duration"]))
    for i in np.flatnonzero(ends > end):
        later = after["start"][after["pitch"] == out["pitch"][i]]
        if len(later):
            out["duration"][i] = max(1, min(int(out["duration"][i]), int(later[0]) - int(out["start"][i])))
    return out[keep]


def _key_changes(form: Form) -> tuple[KeyChange, ...]:
    changes: list[KeyChange] = []
    for plan in form.sections:
        if not changes or changes[-1].key != plan.key:
            changes.append(KeyChange(plan.section.first_bar, plan.key))
    return tuple(changes)


def _form_trail(form: Form, doubling: bool) -> str:
    def words(plan: SectionPlan) -> str:
        way = ways()[plan.way].told(doubles=doubling) if plan.way else ""
        return f"{plan.section.name} ({plan.section.bars} bars{', ' if way else ''}{way})"

    return "form: " + ", ".join(map(words, form.sections))
