"""Requested versus delivered: who plays, what they do, who must not play."""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.reading import Line, Reading
from ripieno.score.brief import Brief, Origin, PartRequest
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.checks.finding import list_words
from ripieno.score.checks.request_time import sections_named
from ripieno.score.instruments import Instrument, Role, instrument, instruments

# Roles that may stand for one another when a part is judged: a riff is what a lead plays over and over, and so on.
_KIN = (
    frozenset({Role.CHORDS, Role.ARPEGGIO, Role.PAD}),
    frozenset({Role.ANSWER, Role.COUNTERMELODY}),
    frozenset({Role.DRUMS, Role.PERCUSSION}),
    frozenset({Role.DRONE, Role.PAD}),
)
REGISTER_SPLIT = {"low": (0.0, 0.45), "middle": (0.2, 0.8), "high": (0.55, 1.0)}


def measure_parts(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Each part that was asked for: is it there, does it sound, in its role and in its section."""
    by_instrument: dict[str, list[Line]] = {}
    for line in reading.all_lines:
        by_instrument.setdefault(line.track.instrument_id, []).append(line)
    for part in brief.parts:
        name = part.asked or instrument(part.instrument).name.lower()
        requested = name + (f" as {part.role.value}" if part.role else "") + (f" in the {part.section}" if part.section else "")
        lines = by_instrument.get(part.instrument, [])
        attribute = f"parts: {part.instrument}"
        if not lines:
            silent = any(t.instrument_id == part.instrument for t in reading.piece.tracks)
            yield Delivered(
                attribute, requested, "its track is silent" if silent else "not there", part.origin, False, 0.0,
                "the part was not written",
            )  # fmt: skip
            continue
        line = _best(lines, part)
        if len(lines) > 1:
            lines.remove(line)  # two parts of one instrument are two tracks
        delivered = f"{line.track.name} as {line.track.role.value}, {len(line)} notes"
        reason = _fault(reading, line, part)
        if part.nearest and not reason:
            delivered += f" (the nearest sound to {name})"
        yield Delivered(attribute, requested, delivered, part.origin, not reason, float(len(line)), reason)


def _best(lines: list[Line], part: PartRequest) -> Line:
    return max(lines, key=lambda line: (line.track.role is part.role, len(line)))


def _fault(reading: Reading, line: Line, part: PartRequest) -> str:
    role = line.track.role
    if part.role and role is not part.role and not any({role, part.role} <= kin for kin in _KIN):
        return f"it plays as {role.value}, not as {part.role.value}"
    if part.enters:
        first = min((s.first_bar for s in sections_named(reading, part.enters)), default=None)
        if first is None:
            return f"there is no {part.enters}"
        if (line.bar < first).any():
            return f"it plays before the {part.enters}"
    for section in sections_named(reading, part.rests) if part.rests else ():
        if ((line.bar >= section.first_bar) & (line.bar < section.end_bar)).any():
            return f"it plays in the {part.rests}"
    if part.section:
        places = sections_named(reading, part.section)
        if not places:
            return f"there is no {part.section}"
        inside = np.zeros(len(line), dtype=np.bool_)
        for section in places:
            inside |= (line.bar >= section.first_bar) & (line.bar < section.end_bar)
        if not inside.any():
            return f"it does not play in the {part.section}"
        if part.origin is Origin.STATED and not inside.all():
            return f"it also plays outside the {part.section}"
    if part.register_name and not line.track.is_drum:
        player = line.track.instrument
        low, high = REGISTER_SPLIT.get(part.register_name, (0.0, 1.0))
        place = (float(np.mean(line.pitch)) - player.low) / max(1, player.high - player.low)
        if not low <= place <= high:
            return f"it does not lie in its {part.register_name} register"
    return ""


def measure_lead(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Whoever was named to lead: a single line, or the top one, heard in the larger part of the piece."""
    for part in brief.parts:
        if part.role is not Role.LEAD or part.origin is not Origin.STATED:
            continue
        lines = [line for line in reading.lines if line.track.instrument_id == part.instrument]
        if not lines:
            continue  # reported with the parts
        line = max(lines, key=lambda line: (line.track.role is Role.LEAD, len(line)))
        share = len(np.unique(line.bar)) / max(1, reading.bars)
        ok = line.track.role is Role.LEAD and share >= 0.4
        name = part.asked or part.instrument
        yield Delivered("lead", f"{name} leads", f"{line.track.name} plays in {share:.0%} of the bars", part.origin, ok, share)


def measure_excluded(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Instruments and families that must not sound; nobody else where the ensemble is closed."""
    if brief.excluded is not None:
        excluded = frozenset(brief.excluded.value)
        by_name = {p.instrument for p in brief.parts if p.origin is not Origin.DEFAULT}  # 'no percussion except a shaker'
        present = [
            line.track.name for line in reading.all_lines
            if is_excluded(line.track.instrument, excluded) and line.track.instrument_id not in by_name
        ]  # fmt: skip
        delivered = f"{list_words(present)} plays" if present else "absent"
        requested = "no " + (brief.excluded.words or list_words(_words(e) for e in brief.excluded.value))
        yield Delivered("excluded", requested, delivered, brief.excluded.origin, not present, float(len(present)))
    if brief.ensemble_closed:
        asked = {p.instrument for p in brief.parts if p.origin is not Origin.DEFAULT}
        if asked:
            others = [line.track.name for line in reading.all_lines if line.track.instrument_id not in asked]
            names = list_words(_words(a) for a in sorted(asked))
            delivered = f"also {list_words(others)}" if others else "nobody else plays"
            yield Delivered("ensemble_closed", f"only {names}", delivered, Origin.STATED, not others, float(len(others)))


def is_excluded(row: Instrument, excluded: frozenset[str]) -> bool:
    """Whether an instrument is named in `excluded`, itself or by its family."""
    families = {row.family} | ({"drums", "percussion", "drum kit"} if row.is_drum else set())
    return row.id in excluded or bool(families & excluded)


def _words(id_: str) -> str:
    row = instruments().get(id_)
    return row.name.lower() if row else id_


MEASURES: tuple[Measure, ...] = (measure_parts, measure_lead, measure_excluded)
