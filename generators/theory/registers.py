"""Registers: where in pitch each part lies, so that tune, harmony and bass do not mask each other."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.style import Style
from ripieno.generators.theory.types import Part
from ripieno.score.brief import Brief
from ripieno.score.instruments import Instrument, Role

Span = tuple[int, int] | None
HARMONY = frozenset({Role.CHORDS, Role.ARPEGGIO, Role.PAD})
STRUCK = frozenset({Role.DRUMS, Role.PERCUSSION})
# Wished centre and width of a role's register in MIDI numbers.
_REGISTERS: dict[Role, tuple[int, int]] = {
    Role.LEAD: (72, 22), Role.ANSWER: (69, 20), Role.COUNTERMELODY: (63, 19), Role.CHORDS: (60, 24), Role.ARPEGGIO: (62, 31),
    Role.PAD: (60, 26), Role.RIFF: (60, 19), Role.BASS: (40, 24), Role.DRONE: (48, 14),
}  # fmt: skip
LOWEST = 15  # semitones of a tune in an instrument's own low, or high, register
_LEAD_CENTRE = {"low": 52, "middle": 64, "high": 80}
# Lowest and highest pitch of a whole ensemble with a bass that spans so many octaves.
_OCTAVES: dict[int, tuple[int, int]] = {
    1: (52, 64), 2: (41, 65), 3: (38, 74), 4: (33, 81), 5: (29, 89), 6: (26, 98), 7: (24, 108), 8: (21, 108),
}  # fmt: skip


def overall(brief: Brief, roles: frozenset[Role]) -> Span:
    """The pitches that the whole piece keeps to, as the request says, or None."""
    if brief.pitch_range is not None:
        return brief.pitch_range.value
    if brief.pitch_range_octaves is None:
        return None
    octaves = max(1, min(8, brief.pitch_range_octaves.value))
    if Role.BASS in roles or octaves > 4:
        return _OCTAVES[octaves]
    return 62 - 6 * octaves, 62 + 6 * octaves


def register(row: Instrument, role: Role, style: Style, brief: Brief, wish: str | None, span: Span) -> tuple[int, int]:
    """The stretch of pitches for a role on an instrument; `wish` is 'low', 'middle', 'high' or None."""
    if role in STRUCK:
        return row.low, row.high
    centre, width = _REGISTERS[role]
    overall_wish = brief.register_name.value if brief.register_name else None
    if role is Role.LEAD:
        width = style.melody.span + 7
        centre = _LEAD_CENTRE.get(wish or overall_wish or "", centre)
    elif role is Role.BASS:
        centre += {"low": -5, "high": 8}.get(wish or "", 0)
    else:
        centre += {"low": -10, "high": 8}.get(wish or overall_wish or "", 0)
    if span is not None and span[1] - span[0] >= 54:  # a wide request is filled to its edges
        centre = {Role.LEAD: span[1] - width // 2, Role.BASS: span[0] + width // 2}.get(role, centre)
    low, high = window(row, centre, width, span)
    asked = wish or overall_wish
    if role is Role.LEAD and span is None and asked in ("low", "high"):  # what is asked for, as far as the instrument goes
        if asked == "low" and (low + high) / 2 > centre + 5:
            return row.low + 2, row.low + 2 + LOWEST
        if asked == "high" and (low + high) / 2 < centre - 5:
            return row.high - 2 - LOWEST, row.high - 2
    return low, high


def window(row: Instrument, centre: int, width: int, span: Span) -> tuple[int, int]:
    """`width` semitones about `centre`, moved into the instrument's comfort and into the span of the piece."""
    bottom, top = row.comfort_low, row.comfort_high
    if span is not None:
        low, high = max(row.low, span[0]), min(row.high, span[1])
        if high - low >= 4:
            wide = span[1] - span[0] >= 54  # who asks for five octaves wants the outer registers
            bottom, top = (low, high) if wide else (max(bottom, low), min(top, high))
            if top - bottom < 7:
                bottom, top = low, high
    if top - bottom <= width:
        return bottom, top
    low = int(np.clip(centre - width // 2, bottom, top - width))
    return low, low + width


def apart(parts: Sequence[Part], brief: Brief) -> list[Part]:
    """The parts with chords and second lines below the tune where their instruments allow, and equals beside each other."""
    leads = [p for p in parts if p.role is Role.LEAD]
    ceiling = min((p.low + 2 * (p.high - p.low) // 3 for p in leads), default=127)
    roof = min((p.low + (p.high - p.low) // 3 for p in leads), default=127)  # chords stay below most of the tune
    asked = brief.pitch_range is not None or brief.pitch_range_octaves is not None
    counts: dict[Role, int] = {}
    out = []
    for part in parts:
        group = Role.CHORDS if part.role in HARMONY else part.role
        number = counts.get(group, 0)
        counts[group] = number + 1
        low, high, comfort = part.low, part.high, part.instrument.comfort_low
        if part.role in HARMONY and leads and high > roof and not asked:
            drop = min(high - roof, max(0, low - max(comfort, 45)))
            low, high = low - drop, high - drop
        if part.role is Role.COUNTERMELODY and leads and high > ceiling + 3 and not asked:
            drop = min(high - ceiling - 3, max(0, low - comfort))
            low, high = low - drop, min(part.high, max(low - drop + 12, ceiling + 3))
        if number and part.role in (*HARMONY, Role.RIFF) and not asked:
            shift = 7 if number % 2 and (not leads or high + 7 <= roof) else -5
            if max(comfort, 43) <= low + shift and high + shift <= part.instrument.comfort_high:
                low, high = low + shift, high + shift
        out.append(replace(part, low=low, high=high))
    return out
