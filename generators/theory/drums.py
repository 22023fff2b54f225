"""The kit: plays the groove bar by bar, with ghost notes, hats, fills, crashes, builds and endings.

It plays what two hands and two feet can, except where the drummer is a machine. Timing stays on the grid.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from ripieno.generators.theory.grids import Stroke
from ripieno.generators.theory.groove import KICK_LINES, BarGroove, Groove, groove_of, section_key
from ripieno.generators.theory.rhythm_style import KEYS, STEADY
from ripieno.generators.theory.touch import Touch, ghost_chances, touch
from ripieno.generators.theory.types import Context, Part, SectionPlan
from ripieno.score.checks.playability import MANY_HANDED
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import Metre

FEET = frozenset({"kick", "soft_kick", "pedal_hat"})
# Which hand strokes survive where three fall together: the more telling first.
HANDS = ("crash", "crash_two", "china", "splash", "snare", "snare_two", "clap", "rim", "tom_floor", "tom_low", "tom_mid",
         "tom_high", "ride_bell", "open_hat", "ride", "ride_two", "hihat")  # fmt: skip
HAND_COUNT, MACHINE_COUNT = 2, 4
RINGING = frozenset({"crash", "crash_two", "china", "splash", "open_hat", "ride"})
Lines = dict[str, tuple[Stroke, ...]]


def write_drums(part: Part, context: Context) -> Notes:
    """The kit part over the whole form: GM percussion keys, in ticks."""
    groove = groove_of(context)
    timeline = context.form.timeline
    many = part.instrument.program in MANY_HANDED
    alone = all(p.role in (Role.DRUMS, Role.PERCUSSION) for p in context.parts)
    rows: list[tuple[int, int, int, int]] = []
    for bar, plan in enumerate(groove.bars):
        if not part.plays(plan.section):
            continue
        metre = timeline.metre_at(bar)
        rng = context.rng("drums", part.id, bar)
        section = context.form.sections[plan.section]
        energy = float(np.clip(plan.energy + 0.4 * (part.density - 0.5), 0.0, 1.0))
        lines = bar_lines(plan, section, groove, bar, metre, timeline.ppq, context.form.bars)
        if alone and not lines and not plan.last:
            lines = dict(plan.lines)  # nobody else would be heard
        lines = _decided(lines, plan, energy, metre, timeline.ppq, rng)
        lines = _ghosted(lines, plan, groove, energy, metre, timeline.ppq, context.rng("ghosts", section_key(section)))
        lines = _playable(lines, MACHINE_COUNT if many else HAND_COUNT, many)
        start = timeline.bar_start(bar)
        hands = touch(groove.rhythm.drummer, metre, timeline.ppq)
        rows.extend(_sounding(lines, start, hands, energy, rng, timeline.ppq))
    return make_notes(shortened(rows))


def bar_lines(plan: BarGroove, section: SectionPlan, groove: Groove, bar: int, metre: Metre, ppq: int, bars: int) -> Lines:
    """The strokes of a bar by line, with its fill, crash, break, layers, riser or ending."""
    rhythm, length = groove.rhythm, metre.bar_ticks(ppq)
    if plan.last and rhythm.ending != "groove":
        return _ending(rhythm.ending, plan, length)
    if plan.stop:
        return _hit(length, crash=rhythm.crash <= 1)
    if not rhythm.keep_drums and plan.energy < 0.2:
        return {}
    lines = _layered(dict(plan.lines), rhythm.layers, section, bar, bars)
    if rhythm.risers and section.kind == "build":
        lines = _riser(lines, section, bar, metre, ppq)
    if plan.fill is not None:
        lines = _filled(lines, plan)
    if plan.crash:
        lines = _crashed(lines, length)
    return lines


def _ending(kind: str, plan: BarGroove, length: int) -> Lines:
    if kind == "stop":
        return {}
    if kind == "ring":
        cymbal = "ride" if "ride" in plan.lines else "crash"
        return {cymbal: (Stroke(0, length, "o" if cymbal == "crash" else "x", True),)}
    return _hit(length, crash=plan.energy > 0.3)


def _hit(length: int, *, crash: bool) -> Lines:
    """The whole kit on the downbeat."""
    lines: Lines = {"kick": (Stroke(0, length // 8, "X", False),), "snare": (Stroke(0, length // 8, "x", False),)}
    if crash:
        lines["crash"] = (Stroke(0, length, "X", True),)
    return lines


def _layered(lines: Lines, layers: tuple[str, ...], section: SectionPlan, bar: int, bars: int) -> Lines:
    """In an intro the lines enter in the order of `layers`, in an outro they leave in the opposite one."""
    if not layers or section.kind not in ("intro", "outro") or section.section.bars < 2:
        return lines
    share = (bar - section.section.first_bar) / section.section.bars
    if section.kind == "outro":
        share = 1.0 - share
    present = [name for name in layers if name in lines]
    sounding = set(present[: 1 + int(share * len(present))])
    others_sound = share >= 0.75  # what is not listed comes last
    return {name: s for name, s in lines.items() if name in sounding or (others_sound and name not in layers)}


def _riser(lines: Lines, section: SectionPlan, bar: int, metre: Metre, ppq: int) -> Lines:
    """A snare roll that doubles its speed towards the drop; kick and hats leave before the end, a beat of silence ends it."""
    share = (bar - section.section.first_bar) / max(1, section.section.bars)
    step = ppq if share < 0.5 else ppq // 2 if share < 0.75 else ppq // 4
    length = metre.bar_ticks(ppq)
    end = length - ppq if bar == section.section.end_bar - 1 and length > ppq else length
    roll = tuple(Stroke(o, step, "x" if (o // step) % 2 == 0 else "o", False) for o in range(0, end, step))
    kept = {n: tuple(s for s in strokes if s.offset < end) for n, strokes in lines.items()
            if share < 0.75 or n not in KICK_LINES}  # fmt: skip
    return {**kept, "snare": roll}


def _filled(lines: Lines, plan: BarGroove) -> Lines:
    assert plan.fill is not None
    stay = {"pedal_hat"} if any(n in KICK_LINES for n in plan.fill) else {"pedal_hat", *KICK_LINES}
    out = {n: strokes if n in stay else tuple(s for s in strokes if s.offset < plan.fill_start) for n, strokes in lines.items()}
    for name, strokes in plan.fill.items():
        have = {s.offset for s in strokes}
        out[name] = tuple(sorted((*(s for s in out.get(name, ()) if s.offset not in have), *strokes)))
    return out


def _crashed(lines: Lines, length: int) -> Lines:
    """A crash on the downbeat takes the place of hat and ride there and wants a kick below it."""
    out = {n: strokes if n not in STEADY or n == "pedal_hat" else tuple(s for s in strokes if s.offset > 0)
           for n, strokes in lines.items()}  # fmt: skip
    out["crash"] = (Stroke(0, length, "X", True),)
    if not any(s.offset == 0 for n in KICK_LINES for s in out.get(n, ())):
        out["kick"] = (Stroke(0, length // 8, "x", False), *out.get("kick", ()))
    return out


def _decided(lines: Lines, plan: BarGroove, energy: float, metre: Metre, ppq: int, rng: np.random.Generator) -> Lines:
    """Leaves out optional strokes by chance, and ghost notes of the snare in the quietest sections."""
    chance = 0.2 + 0.5 * energy
    out: Lines = {}
    for name, strokes in lines.items():
        kept = []
        for stroke in strokes:
            if stroke.symbol == "?" and rng.random() > chance:
                continue
            if stroke.symbol == "o" and name == "snare" and energy < 0.2 and rng.random() < 0.6:
                continue
            kept.append(stroke)
        if kept:
            out[name] = tuple(kept)
    if "hihat" in out and "open_hat" not in plan.lines and plan.phrase_end and energy > 0.45:
        out = _breathing_hat(out, metre, ppq)
    return out


def _ghosted(
    lines: Lines, plan: BarGroove, groove: Groove, energy: float, metre: Metre, ppq: int, rng: np.random.Generator
) -> Lines:
    """Adds snare ghost notes where the style's drummer plays them: the same places through a section, more with energy.

    Learnt in 4/4, so only bars of that shape get them; swung eighths get none between them; fills have their own.
    """
    cell, rhythm = ppq // 4, groove.rhythm
    if (
        not rhythm.ghosts
        or metre.bar_ticks(ppq) != 16 * cell
        or metre.compound
        or plan.last
        or plan.stop
        or "snare" not in lines
    ):
        return lines
    draws = rng.random(16)
    step = 2 if rhythm.feel == "swing" else 1
    taken = {s.offset for name, strokes in lines.items() if name not in FEET and name not in STEADY for s in strokes}
    end = plan.fill_start if plan.fill is not None else 16 * cell
    chances = ghost_chances(rhythm.drummer)
    share = rhythm.ghosts * (0.5 + 0.8 * energy) * (1.3 if plan.variant else 1.0)
    ghosts = [
        Stroke(i * cell, cell, "o", False)
        for i in range(0, 16, step)
        if draws[i] < chances[i] * share and i * cell < end and not {(i - 1) * cell, i * cell} & taken
    ]
    return {**lines, "snare": tuple(sorted((*lines["snare"], *ghosts)))} if ghosts else lines


def _breathing_hat(lines: Lines, metre: Metre, ppq: int) -> Lines:
    """Opens the last hat of a phrase where it falls off the beat, as drummers do to lead on."""
    last = lines["hihat"][-1]
    if last.symbol == "o" or "open_hat" in lines or metre.weight(last.offset, ppq) >= 0.5:
        return lines
    return {**lines, "hihat": lines["hihat"][:-1], "open_hat": (last._replace(symbol="x"),)}


def _playable(lines: Lines, hands: int, machine: bool) -> Lines:
    """At most so many hand strokes at once, an open hat never with a closed one, and rolls only for one hand pair."""
    order = {name: i for i, name in enumerate(HANDS)}
    taken: dict[int, int] = {}
    open_at = {s.offset for s in lines.get("open_hat", ())}
    feet_at: dict[int, int] = {}
    out: Lines = {}
    for name in sorted(lines, key=lambda n: (n not in FEET, order.get(n, len(HANDS)))):
        kept = []
        for stroke in lines[name]:
            if name in ("hihat", "pedal_hat") and stroke.offset in open_at:
                continue
            if name in FEET:
                feet_at[stroke.offset] = feet_at.get(stroke.offset, 0) + 1
            else:
                room = hands - (feet_at.get(stroke.offset, 0) if machine else 0)
                if taken.get(stroke.offset, 0) >= room:
                    continue
                taken[stroke.offset] = taken.get(stroke.offset, 0) + 1
            kept.append(stroke)
        if kept:
            out[name] = tuple(kept)
    return out


def _sounding(
    lines: Mapping[str, Iterable[Stroke]], start: int, hands: Touch, energy: float, rng: np.random.Generator, ppq: int
) -> list[tuple[int, int, int, int]]:
    """Note rows of a bar's strokes."""
    rows = []
    for name in sorted(lines):  # a fixed order, since each stroke draws from the random stream
        rows.extend(stroke_rows(name, lines[name], start, hands, energy, rng, ppq))
    return rows


def stroke_rows(
    name: str, strokes: Iterable[Stroke], start: int, hands: Touch, energy: float, rng: np.random.Generator, ppq: int
) -> list[tuple[int, int, int, int]]:
    """Note rows of one line; a digit becomes so many even strokes that grow to the last."""
    rows = []
    for stroke in strokes:
        if stroke.symbol.isdigit():
            count = int(stroke.symbol)
            step = stroke.length // count
            for i in range(count):
                velocity = hands.velocity(name, stroke._replace(symbol="x"), energy * (0.6 + 0.4 * (i + 1) / count), rng)
                rows.append((start + stroke.offset + i * step, step, KEYS[name], velocity))
            continue
        length = max(ppq // 4, stroke.length) if name in RINGING else ppq // 4
        rows.append((start + stroke.offset, length, KEYS[name], hands.velocity(name, stroke, energy, rng)))
    return rows


def shortened(rows: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Each note ends where the next of its key begins; of two at one place the louder stays."""
    following: dict[int, int] = {}
    out: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for start, length, key, velocity in sorted(rows, key=lambda r: (-r[0], -r[3])):
        if (start, key) in out:
            continue
        out[start, key] = (start, max(1, min(length, following.get(key, start + length) - start)), key, velocity)
        following[key] = start
    return list(out.values())
