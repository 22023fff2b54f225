"""Reads form, harmony and seats back from a piece, so that new parts fit what is there."""

from ripieno.generators.theory.form import main_key, plan_form, split_phrases
from ripieno.generators.theory.forms import form_named, is_form
from ripieno.generators.theory.orchestration import MELODIC
from ripieno.generators.theory.registers import HARMONY
from ripieno.generators.theory.style import Style
from ripieno.generators.theory.types import Form, Part, Seat, SectionPlan, random_stream
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.chords import Chord
from ripieno.score.instruments import Role
from ripieno.score.piece import ChordSpan, Piece, Section, Track
from ripieno.score.section_kinds import section_kind


def form_of(piece: Piece, style: Style, brief: Brief) -> Form:
    """The plan of a piece as it stands; a piece without sections is one."""
    sections = piece.sections or (Section("A", 0, piece.bars, 0.6, "A"),)
    seen: dict[str, int] = {}
    planned = _planned(piece, style, brief)
    plans = []
    for i, section in enumerate(sections):
        label = section.label or section.name
        kind = section_kind(section.name)
        key = piece.key_at(section.first_bar) if piece.keys else main_key(style, brief)
        last = i == len(sections) - 1
        again = not last and (sections[i + 1].label or sections[i + 1].name) == label
        phrases = split_phrases(
            section.first_bar, section.bars, kind, label, style.melody.phrase, last=last, again=again
        )
        twin = planned.get((section.name, section.first_bar, section.bars))
        phrases, way, chords = (twin.phrases, twin.way, twin.chords) if twin else (phrases, "", "")
        plans.append(SectionPlan(section, kind, key, phrases, seen.get(label, 0), way, chords))
        seen[label] = seen.get(label, 0) + 1
    return Form(piece.timeline, piece.bars, tuple(plans))


def _planned(piece: Piece, style: Style, brief: Brief) -> dict[tuple[str, int, int], SectionPlan]:
    """The sections as the form that was asked for plans them, by name, first bar and bars: which ideas they take up, how a
    variation varies. Empty where no form with such plans was asked for.
    """
    form = brief.form
    if form is None or form.origin is Origin.DEFAULT or not is_form(form.value.name) or not form_named(form.value.name).grow:
        return {}
    asked = brief.model_copy(update={"bars": Attribute[int](value=piece.bars), "tempo_changes": ()})
    return {(p.section.name, p.section.first_bar, p.section.bars): p
            for p in plan_form(style, asked, random_stream(0, "form")).sections}  # fmt: skip


def chords_of(piece: Piece, form: Form) -> tuple[ChordSpan, ...]:
    """The chords of a piece without gaps: a chord lasts until the next; before the first, and without any, the tonic."""
    home = form.sections[0].key
    tonic = Chord(home.tonic, (0, 3, 7) if home.is_minor else (0, 4, 7))
    if not piece.chords:
        return (ChordSpan(0, piece.ticks, tonic),)
    spans: list[ChordSpan] = []
    if piece.chords[0].start > 0:
        spans.append(ChordSpan(0, piece.chords[0].start, tonic))
    ends = [c.start for c in piece.chords[1:]] + [max(piece.ticks, piece.chords[-1].end)]
    spans.extend(ChordSpan(c.start, end, c.chord) for c, end in zip(piece.chords, ends, strict=True))
    return tuple(spans)


def seat_of(track: Track, form: Form, density: float) -> Seat:
    """A track of the piece as a seat: the register it really uses, the sections it really plays in."""
    row = track.instrument
    pitches = track.notes["pitch"]
    if len(pitches) and track.role not in (Role.DRUMS, Role.PERCUSSION):
        low, high = max(row.low, min(int(pitches.min()), row.high)), min(row.high, max(int(pitches.max()), row.low))
        if high - low < 12:
            low, high = max(row.low, low - 6), min(row.high, high + 6)
    else:
        low, high = row.comfort_low, row.comfort_high
    timeline = form.timeline
    played = frozenset(
        i for i, p in enumerate(form.sections)
        if ((track.notes["start"] >= timeline.bar_start(p.section.first_bar))
            & (track.notes["start"] < timeline.bar_start(p.section.end_bar))).any()
    )  # fmt: skip
    sections = None if not played or len(played) == len(form.sections) else played
    part = Part(track.id, track.name, track.role, row, low, high, density, sections=sections, track=track.id)
    return Seat(track.id, track.name, track.role, row, (part,))


def roles_of(piece: Piece) -> frozenset[Role]:
    """Roles that the piece's tracks fill; a keyboard that leads alone fills harmony and bass too."""
    roles = {t.role for t in piece.tracks}
    for track in piece.tracks:
        if track.role in MELODIC | HARMONY and track.instrument.voices >= 4 and len(track.notes):
            roles |= {Role.CHORDS}
            if int(track.notes["pitch"].min()) <= 47:
                roles |= {Role.BASS}
    return frozenset(roles)
