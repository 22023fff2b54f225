"""The lead goes round: in solos, bridges and later verses another player takes the tune where the style does so.

Jazz, bluegrass, blues and salsa bands pass the tune; the one who had it lays out, a pianist who has it comps on with the
left hand. The first and the last statement stay with the leader, and a singer gives away solos and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ripieno.generators.theory.registers import register
from ripieno.generators.theory.style import Style
from ripieno.generators.theory.types import Form, Part, RandomSource, Seat, SectionPlan
from ripieno.score.brief import Brief, PartRequest
from ripieno.score.instruments import Role

# Who is asked first: players with nothing better to do.
_ORDER = (Role.ANSWER, Role.COUNTERMELODY, Role.RIFF, Role.CHORDS, Role.ARPEGGIO)
_TWO_HANDS = 8  # notes at once of an instrument whose player can comp under a tune of his own
SUFFIX = "/solo"


def pass_round(
    seats: Sequence[Seat], style: Style, form: Form, brief: Brief, wanted: Mapping[str, PartRequest], rng_of: RandomSource
) -> tuple[Seat, ...]:
    """The seats with solos given to other players than the leader, as readily as the style says.

    Parts whose sections were asked for keep to them, and nothing is passed on where two lead already.
    """
    leads = [s for s in seats if s.role is Role.LEAD]
    plain = brief.texture is None or brief.texture.value != "monophonic"
    if not style.form.solos or len(leads) != 1 or not plain:
        return tuple(seats)
    leader = leads[0]
    able = [s for s in seats if _able(s) and not _bound(wanted.get(s.id))]
    able.sort(key=lambda s: _ORDER.index(s.role))
    if not able or _bound(wanted.get(leader.id)):
        return tuple(seats)
    played = [i for i in range(len(form.sections)) if leader.layers[0].plays(i)]
    taken: dict[str, set[int]] = {}
    for turn, index in enumerate(i for i, p in enumerate(form.sections) if _open(p, i, form, leader)):
        plan = form.sections[index]
        if index not in played[1:-1] or rng_of("solos", plan.section.label, turn).random() >= style.form.solos:
            continue
        player = able[turn % len(able)]
        taken.setdefault(player.id, set()).add(index)
    given = frozenset().union(*taken.values())
    out = []
    for seat in seats:
        if seat is leader:
            seat = replace(seat, layers=tuple(_without(p, given, form) for p in seat.layers))
        elif seat.id in taken:
            seat = _with_solo(seat, frozenset(taken[seat.id]), style, form, brief)
        out.append(seat)
    return tuple(out)


def _able(seat: Seat) -> bool:
    return seat.role in _ORDER and Role.LEAD in seat.instrument.roles and not seat.layers[0].doubles


def _bound(request: PartRequest | None) -> bool:
    """Whether the request says where the part plays, or whom it doubles."""
    return request is not None and bool(request.section or request.enters or request.rests or request.doubles)


def _open(plan: SectionPlan, index: int, form: Form, leader: Seat) -> bool:
    """Whether somebody else may have the tune in a section."""
    if index in (0, len(form.sections) - 1):
        return False
    if plan.kind == "solo":
        return True
    if leader.instrument.family in ("voice", "choir"):
        return False
    return plan.kind == "bridge" or (plan.kind in ("theme", "verse", "variation") and plan.occurrence > 0)


def _without(part: Part, sections: frozenset[int], form: Form) -> Part:
    """A part that is silent in some sections."""
    if not sections:
        return part
    everywhere = range(len(form.sections))
    return replace(part, sections=frozenset(i for i in everywhere if part.plays(i) and i not in sections))


def _with_solo(seat: Seat, sections: frozenset[int], style: Style, form: Form, brief: Brief) -> Seat:
    """A seat with a layer for its solos; with one hand or one voice it does nothing else there."""
    base = seat.layers[0]
    low, high = register(seat.instrument, Role.LEAD, style, brief, None, None)
    solo = replace(base, id=seat.id + SUFFIX, role=Role.LEAD, low=low, high=high, sections=sections, of=None, voices=0,
                   pattern="")  # fmt: skip
    layers = seat.layers
    if seat.instrument.voices < _TWO_HANDS:
        layers = tuple(_without(p, sections, form) for p in layers)
    else:  # the left hand
        layers = tuple(replace(p, voices=min(p.voices or 3, 3), high=min(p.high, max(p.low + 12, low))) for p in layers)
    return replace(seat, layers=(*layers, solo))
