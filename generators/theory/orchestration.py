"""Who plays what: tracks and their layers, registers that do not mask each other, and the sections each plays in."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.accompaniment import LEFT_HAND
from ripieno.generators.theory.registers import HARMONY, STRUCK, Span, apart, overall, register, window
from ripieno.generators.theory.solos import pass_round
from ripieno.generators.theory.style import Style
from ripieno.generators.theory.types import Form, Part, RandomSource, Seat
from ripieno.score.brief import Brief, Origin, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instrument
from ripieno.score.section_kinds import section_kind

MAX_TRACKS = 24
_BLOCKS = 0.75  # from this readiness of entries on players come and go one by one in introductions and codas
MELODIC = frozenset({Role.LEAD, Role.ANSWER, Role.COUNTERMELODY, Role.RIFF})


def track_ids(instruments: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Stable ids: the instrument's own, with a number behind it for the second and later."""
    used = set(taken)
    out = []
    for name in instruments:
        id_, n = name, 2
        while id_ in used:
            id_, n = f"{name}_{n}", n + 1
        used.add(id_)
        out.append(id_)
    return out


def requested_parts(style: Style, brief: Brief) -> tuple[PartRequest, ...]:
    """The parts of the brief; where it names none, the style's players that are not excluded."""
    excluded = set(brief.excluded.value) if brief.excluded else set()
    parts = brief.parts or tuple(
        PartRequest(instrument=p.instrument, role=p.role) for p in style.profile.ensemble
        if p.instrument not in excluded and instrument(p.instrument).family not in excluded
    )  # fmt: skip
    if not 1 <= len(parts) <= MAX_TRACKS:
        raise BadRequest(
            f"A piece has 1 to {MAX_TRACKS} tracks",
            value=len(parts),
            cure="name at least one instrument" if not parts else "name fewer instruments",
        )
    return with_roles(parts)


def with_roles(parts: tuple[PartRequest, ...], roles_there: frozenset[Role] = frozenset()) -> tuple[PartRequest, ...]:
    """A role for each part that has none: somebody leads, the others do what they do well and nobody does yet."""
    taken = {p.role for p in parts if p.role is not None} | roles_there
    free = [i for i, p in enumerate(parts) if p.role is None and not instrument(p.instrument).is_drum]
    singer = min(free, key=lambda i: (*instrument(parts[i].instrument).roles, Role.LEAD).index(Role.LEAD), default=None)
    out = []
    for i, part in enumerate(parts):
        role = part.role
        if role is None and i == singer and Role.LEAD not in taken:
            role = Role.LEAD
            taken.add(role)
        if role is None:
            able = instrument(part.instrument).roles or (Role.LEAD,)
            role = next((r for r in able if r not in taken), None)
            role = role or next((r for r in able if r is not Role.LEAD), Role.COUNTERMELODY)
            taken.add(role)
        out.append(part.model_copy(update={"role": role}))
    return tuple(out)


def seat_players(style: Style, brief: Brief, form: Form, parts: Sequence[PartRequest], rng_of: RandomSource,
                 taken: Sequence[str] = (), roles_there: frozenset[Role] = frozenset()) -> tuple[Seat, ...]:  # fmt: skip
    """All tracks with their layers, registers and sections.

    Args:
        taken: ids that exist already (when a part joins a piece).
        roles_there: roles that tracks of the piece already fill.
    """
    ids = track_ids([p.instrument for p in parts], taken)
    names = _names(parts, ids)
    roles = frozenset(p.role for p in parts if p.role is not None) | roles_there
    span = overall(brief, roles)
    texture = brief.texture.value if brief.texture else ""
    leader = next((id_ for p, id_ in zip(parts, ids, strict=True) if p.role is Role.LEAD), None)
    by_instrument = {p.instrument: i for p, i in zip(reversed(parts), reversed(ids), strict=True)}
    seats = []
    for part, id_, name in zip(parts, ids, names, strict=True):
        row, role = instrument(part.instrument), part.role or Role.LEAD
        if texture == "polyphonic" and role in HARMONY and part.origin is not Origin.STATED:
            role = Role.COUNTERMELODY
        if row.is_drum and role not in STRUCK:
            role = Role.DRUMS if row.family == "drum kit" else Role.PERCUSSION
        low, high = register(row, role, style, brief, part.register_name, span)
        of = by_instrument.get(part.of, part.of if part.of in taken else None) if part.of else None
        base = Part(
            id_, name, role, row, low, high, _density(brief), of if of != id_ else None, part.doubles,
            part.articulation or (brief.articulation.value if brief.articulation else None), None, id_,
        )  # fmt: skip
        doubled = style.profile.family == "folk" and role is Role.COUNTERMELODY and row.comfort_low >= 70
        if doubled and leader not in (None, id_):
            base = replace(base, doubles=True, of=leader)  # whistles and pipes play the tune along, an octave higher
        if texture == "monophonic" and role not in STRUCK and leader not in (None, id_):
            base = replace(base, doubles=True, of=leader)  # everybody plays the one line
        seats.append(Seat(id_, name, role, row, (base, *_hands(base, roles, style, brief, span, rng_of("hands", id_)))))
    layers = iter(apart([p for s in seats for p in s.layers], brief))
    seats = [replace(s, layers=tuple(next(layers) for _ in s.layers)) for s in seats]
    wanted = dict(zip(ids, parts, strict=True))
    return pass_round(_with_sections(seats, style, form, wanted, rng_of), style, form, brief, wanted, rng_of)


def _names(parts: Sequence[PartRequest], ids: Sequence[str]) -> list[str]:
    out: list[str] = []
    for part, _ in zip(parts, ids, strict=True):
        own = instrument(part.instrument).name
        asked = part.asked.strip()
        name = asked[:1].upper() + asked[1:] if part.nearest and asked else own
        count = sum(1 for n in out if n == name or re.fullmatch(re.escape(name) + r" \d+", n))
        out.append(name if not count else f"{name} {count + 1}")
    return out


def _density(brief: Brief) -> float:
    return float(brief.density.value) if brief.density else 0.5


def _hands(base: Part, roles: frozenset[Role], style: Style, brief: Brief, span: Span, rng: np.random.Generator) -> list[Part]:
    """Further layers of a track: a pianist who leads alone plays the chords and the bass too.

    Where the style pedals, the left hand breaks its chords widely; elsewhere it strikes bass and chord in turn.
    """
    row = base.instrument
    keyboard = row.voices >= 6 and row.high - row.low >= 40
    plucked = 4 <= row.voices < 6 or (row.voices >= 4 and row.family in ("guitar", "plucked"))
    if brief.texture is not None and brief.texture.value == "monophonic":
        return []
    layers: list[Part] = []
    if base.role is Role.LEAD and not roles & HARMONY and (keyboard or plucked):
        if style.performance.pedal and Role.BASS not in roles and rng.random() < 0.75:
            figure = LEFT_HAND[int(rng.integers(len(LEFT_HAND)))]
            return [replace(_layer(base, Role.ARPEGGIO, "left hand", span, 50, 28), pattern=figure)]
        layers.append(_layer(base, Role.CHORDS, "chords", span, 54 if keyboard else 52, 18))
    alone = base.role in (Role.CHORDS, Role.ARPEGGIO) or bool(layers)
    if alone and Role.BASS not in roles and row.low <= 43 and (keyboard or plucked):
        layers.append(_layer(base, Role.BASS, "bass", span, 40, 20))
    return layers


def _layer(base: Part, role: Role, name: str, span: Span, centre: int, width: int) -> Part:
    low, high = window(base.instrument, centre, width, span)
    return replace(base, id=f"{base.id}/{name}", role=role, low=low, high=high, voices=3 if role is Role.CHORDS else 0)


def _with_sections(
    seats: Sequence[Seat], style: Style, form: Form, wanted: dict[str, PartRequest], rng_of: RandomSource
) -> tuple[Seat, ...]:
    """Which sections each part plays in: by energy and order of entry, or as asked."""
    count = len(form.sections)
    everybody = frozenset(range(count))
    plays: dict[str, set[int]] = {s.id: set() for s in seats}
    rank = {role: i for i, role in enumerate(style.form.order)}
    order = sorted(seats, key=lambda s: rank.get(s.role, len(rank)))
    leads = [s for s in seats if s.role is Role.LEAD]
    for i, plan in enumerate(form.sections):
        active = _active(order, plan.kind, plan.section.energy, style.form.entries, i, count)
        solo = leads[1:] and plan.kind in ("solo", "theme", "bridge", "verse")
        for seat in active:
            plays[seat.id].add(i)
        if solo and len(leads) > 1:  # several leads take turns, all together where the energy is high
            turn = leads[(i + int(rng_of("leads").integers(len(leads)))) % len(leads)]
            for seat in leads:
                if seat is not turn and plan.section.energy < 0.78:
                    plays[seat.id].discard(i)
            plays[turn.id].add(i)
    out = []
    for seat in seats:
        chosen = frozenset(plays[seat.id]) or everybody
        if seat.id in wanted:
            chosen = _as_asked(wanted[seat.id], chosen, form)
        sections = None if chosen == everybody else chosen
        out.append(replace(seat, layers=tuple(replace(p, sections=sections) for p in seat.layers)))
    return tuple(out)


def _active(order: Sequence[Seat], kind: str, energy: float, entries: float, index: int, count: int) -> list[Seat]:
    """Who plays in a section, of the players in order of staying."""
    n = len(order)
    if n <= 2 or (entries < 0.2 and kind not in ("intro", "break")):
        return list(order)
    share = 1.0 - entries * max(0.0, 0.85 - energy) * 1.5
    keep = max(2, round(n * share))
    if entries >= _BLOCKS and kind in ("intro", "outro"):  # a DJ's: one player, and another with each block
        fewest = 2 if index == count - 1 else 1  # the bass takes the music home
        return list(order[:max(fewest, 1 + round(2 * n * (energy - 0.3)))])
    chosen = list(order[:keep])
    if kind == "intro" and count > 1:
        rest = [s for s in chosen if s.role is not Role.LEAD]
        chosen = rest or chosen
    if kind == "break":
        quiet = [s for s in order if s.role not in (Role.DRUMS, Role.BASS)]
        quiet.sort(key=lambda s: s.role not in (Role.PAD, Role.LEAD))  # the tune over held harmony, then the others
        chosen = quiet[: max(2, round(n * (0.25 + 0.75 * energy)))] or chosen
    if kind in ("drop", "chorus") or (index == count - 1 and energy > 0.6):
        chosen = list(order)
    if index == count - 1:  # the bass takes the music home
        chosen += [s for s in order if s.role is Role.BASS and s not in chosen]
    return chosen


def _as_asked(part: PartRequest, usual: frozenset[int], form: Form) -> frozenset[int]:
    """The sections of a part after what the request says: only there, from there on, not there."""
    chosen = _asked_sections(part.section, form) or usual
    enters, rests = _asked_sections(part.enters, form), _asked_sections(part.rests, form)
    if enters:
        chosen = frozenset(i for i in chosen | {min(enters)} if i >= min(enters))
    return chosen - (rests or frozenset()) or chosen


def _asked_sections(names: str, form: Form) -> frozenset[int] | None:
    """Sections that a request speaks of ('chorus, outro'); None where it speaks of none, or of none that is there."""
    found = frozenset().union(*(_sections_named(name.lower().strip(), form) for name in names.split(",") if name.strip()))
    return found or None


def _sections_named(wanted: str, form: Form) -> frozenset[int]:
    exact = {i for i, p in enumerate(form.sections)
             if p.section.name.lower() == wanted or p.section.name.lower().rstrip(" 0123456789") == wanted
             or p.section.label.lower() == wanted}  # fmt: skip
    kind = section_kind(wanted)
    return frozenset(exact or ({i for i, p in enumerate(form.sections) if p.kind == kind} if kind != "theme" else set()))
