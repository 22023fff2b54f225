"""The plan in time: which sections, how long, in which key, with how much energy; phrases and their cadences.

What the brief states is law: bars, sections and their lengths, tempo, metre, key. The rest follows the form, then the
style's habits. Knows nothing of notes.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.forms import Row, form_named, is_form, ways
from ripieno.generators.theory.held import with_held
from ripieno.generators.theory.lengths import Slot, allocate, broadened, fit, grown
from ripieno.generators.theory.section_keys import section_keys
from ripieno.generators.theory.style import Style, data_table
from ripieno.generators.theory.tempo_map import tempo_map
from ripieno.generators.theory.types import Form, Phrase, SectionPlan
from ripieno.score.brief import Brief, FormRequest, Origin, SectionRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import Key
from ripieno.score.piece import Section
from ripieno.score.section_kinds import section_kind
from ripieno.score.time import MAX_BARS, PPQ, Metre, MetreChange, Tempo, Timeline

_CHORUSES = ("jazz", "folk")  # families that play the same chorus or tune over and over, however long it takes
_VALLEY = -0.16  # energy of what is new in a long piece, at its beginning
_LONG = 128  # bars from which on a style's forms that go round and round give way to those that grow
_SHORTEST = 4  # bars for each section below which some of them leave


def plan_form(style: Style, brief: Brief, rng: np.random.Generator) -> Form:
    """The form of a new piece.

    Raises:
        BadRequest: an impossible length, tempo, metre or key.
    """
    metre = read_metre(brief.metre.value if brief.metre else style.profile.metres[0])
    tempo = brief.tempo.value if brief.tempo else style.profile.tempo[1]
    key = main_key(style, brief)
    bars = _bars_wanted(style, brief, metre, tempo)
    request = brief.form.value if brief.form and brief.form.origin is not Origin.DEFAULT else None
    slots, unit = _slots(style, request, bars, rng)
    if request is not None and request.sections and all(s.stated for s in slots):
        total = sum(s.stated or 0 for s in slots)
        if brief.bars is None or brief.bars.origin != Origin.STATED:
            bars = total
    if not 1 <= bars <= MAX_BARS:
        raise BadRequest(f"A piece has 1 to {MAX_BARS} bars", value=bars, cause="the length or the sections add up to that")
    slots, lengths = _divided(slots, allocate(slots, bars, unit))
    slots = slots if request is not None and request.sections else _numbered(slots)
    slots = slots if doubles(style, brief) else _undoubled(slots)
    plans = _plans(style, brief, key, slots, lengths, rng)
    timeline = Timeline(PPQ, (Tempo(0, tempo),), (MetreChange(0, metre),))
    factors = [ways()[p.way].tempo if p.way and brief.duration is None else 1.0 for p in plans]
    sections = [p.section for p in plans]
    timeline = replace(timeline, tempos=tempo_map(tempo, brief.tempo_changes, factors, timeline, sections, bars))
    return Form(timeline, bars, plans)


def main_key(style: Style, brief: Brief) -> Key:
    """The key that the brief names, completed from the style."""
    mode = brief.mode.value if brief.mode else style.profile.modes[0]
    return Key(brief.tonic.value if brief.tonic else "C", mode)


def read_metre(text: str) -> Metre:
    """A metre from '6/8', or '7/8 (3+2+2)' with its groups.

    Raises:
        BadRequest: it is none.
    """
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*(?:\(?\s*(\d(?:\s*\+\s*\d)+)\s*\)?)?\s*", text)
    if not match:
        raise BadRequest("A metre is two numbers", value=text, cure="write it like 3/4, 6/8 or 7/8")
    groups = tuple(int(g) for g in match[3].split("+")) if match[3] else ()
    return Metre(int(match[1]), int(match[2]), groups)


def _bars_wanted(style: Style, brief: Brief, metre: Metre, tempo: float) -> int:
    if brief.bars:
        return brief.bars.value
    if brief.duration:
        quarters = brief.duration.value * tempo / 60.0
        return max(1, round(quarters * PPQ / metre.bar_ticks()))
    return style.profile.bars


def _slots(style: Style, request: FormRequest | None, bars: int, rng: np.random.Generator) -> tuple[list[Slot], int]:
    """Sections before their lengths are settled, and the bars of a chorus (0: any).

    Raises:
        BadRequest: the form is unknown.
    """
    if request is not None and request.sections:
        own = {r.name: r for r in form_named(request.name).sections} if is_form(request.name) else {}
        rows = [own.get(s.name, Row(name=s.name)).model_copy(
                    update={"label": s.label, "bars": data_table("sections")[section_kind(s.name)]["bars"], "block": 0})
                for s in request.sections]  # fmt: skip
        slots = [replace(slot, stated=s.bars) for slot, s in zip(_labelled(rows), request.sections, strict=True)]
        return slots, 0
    holds = request.holds if request is not None else ()
    named = request is not None and bool(request.name)
    names = (request.name,) if request is not None and named else _names_fitting(style, holds, bars)
    data = form_named(names[int(rng.integers(len(names)))])
    slots = _labelled(grown(data, bars) if data.grow else data.sections)
    cycle = data.cycle
    if cycle == (0, len(slots)) and not named and not data.unit and all(s.kind == "theme" for s in slots):
        slots, first = _framed(style, slots, bars, rng)
        cycle = (first, first + cycle[1])
    if holds:
        before = len(slots)
        slots = with_held(slots, holds, bars)
        cycle = cycle if len(slots) == before else None
    if not named and not data.unit and not data.grow:
        slots = _stretched(slots, bars, rng)
    if not data.grow and not data.unit and style.profile.family not in _CHORUSES:
        slots = broadened(slots, bars)
    if not data.grow or bars < _SHORTEST * len(slots):
        slots = fit(slots, cycle, bars)
    return slots, data.unit


def _names_fitting(style: Style, holds: Sequence[SectionRequest], bars: int) -> tuple[str, ...]:
    """The style's forms: those that have the most of the sections asked for, and in long pieces those that grow."""
    names = style.form.names or (style.profile.form,)
    if bars >= _LONG:
        names = tuple(n for n in names if form_named(n).grow) or names
    wanted = {section_kind(h.name) for h in holds}
    have = [len(wanted & {section_kind(r.name) for r in form_named(n).sections}) for n in names]
    return tuple(n for n, count in zip(names, have, strict=True) if count == max(have))


def _labelled(rows: Sequence[Row]) -> list[Slot]:
    """Slots with their kind and label: sections of one kind share a label, themes get letters in order."""
    letters = iter("ABCDEFGHJKLMNOPQRSTUVWXYZ")
    known: dict[str, str] = {}
    used = {row.label for row in rows if row.label}
    slots = []
    for row in rows:
        kind = section_kind(row.name)
        label = row.label
        if not label:
            stem = re.sub(r"[\s\d'′’]+$", "", row.name.lower())
            if kind in ("intro", "outro"):
                label = kind
            elif re.fullmatch(r"[A-H]", stem.upper()) and kind == "theme":
                label = stem.upper()
            else:
                label = known.get(stem) or next(c for c in letters if c not in used)
            known[stem] = label
            used.add(label)
        slots.append(Slot(row.name, kind, label, None, row.bars, row.dear, row))
    return slots


def _framed(style: Style, slots: list[Slot], bars: int, rng: np.random.Generator) -> tuple[list[Slot], int]:
    """An introduction and a coda around letters, where the style likes them and there is room; and where the letters begin."""
    spare = bars - 8 * len(slots)
    first = 0
    tight = bars >= 24 and style.profile.family not in ("jazz", "folk")  # the sections make room for an introduction
    if (spare >= 4 and rng.random() < style.form.intro) or (tight and rng.random() < 0.5 * style.form.intro):
        slots, spare, first = [Slot("Intro", "intro", "intro", None, 4, 1), *slots], spare - 4, 1
    if spare >= 4 and rng.random() < style.form.outro:
        slots = [*slots, Slot("Outro", "outro", "outro", None, 4, 1)]
    return slots, first


def _stretched(slots: list[Slot], bars: int, rng: np.random.Generator) -> list[Slot]:
    """Introductions, bridges and codas shorter or longer than usual, all of one label alike: no two songs are built alike."""
    size: dict[str, float] = {}
    out = []
    for slot in slots:
        free = slot.kind in ("intro", "outro", "bridge", "break", "build", "solo")
        factor = size.setdefault(slot.label, float(rng.choice([0.5, 1.0, 1.0, 2.0]) if free else 1.0))
        if slot.kind in ("intro", "outro") and bars < 64:
            factor = min(1.0, factor)
        out.append(replace(slot, weight=max(2, round(slot.weight * factor))))
    return out


def doubles(style: Style, brief: Brief) -> bool:
    """Whether the player who leads can play two notes at once."""
    named = [(p.instrument, p.role) for p in brief.parts] or [(p.instrument, p.role) for p in style.profile.ensemble]
    leaders = [i for i, role in named if role is Role.LEAD] or [i for i, _ in named]
    return bool(leaders) and instrument(leaders[0]).voices > 1


def _undoubled(slots: Sequence[Slot]) -> list[Slot]:
    """Variations that would only double the tune vary it in a way that nobody has had yet, as long as there is one."""
    used = {s.row.way for s in slots}
    free = [name for name, way in ways().items() if name not in used and not way.beside]
    out = []
    for slot in slots:
        if slot.row.way and ways()[slot.row.way].only_doubles and free:
            slot = replace(slot, row=slot.row.model_copy(update={"way": free.pop(0)}))
        out.append(slot)
    return out


def _numbered(slots: Sequence[Slot]) -> list[Slot]:
    """Numbers behind a name in the order in which the sections come: variation 1, 2, 3 ..., whatever came in or left."""
    numbered = {s.name.rstrip(" 0123456789") for s in slots if s.name[-1:].isdigit()}
    seen: dict[str, int] = {}
    out = []
    for slot in slots:
        stem = slot.name.rstrip(" 0123456789")
        if stem in numbered:
            seen[stem] = seen.get(stem, 0) + 1
            slot = replace(slot, name=f"{stem} {seen[stem]}")
        out.append(slot)
    return out


def _divided(slots: Sequence[Slot], lengths: Sequence[int]) -> tuple[list[Slot], list[int]]:
    """Long sections that come in blocks as so many sections, their energy going from one end to the other."""
    out: list[Slot] = []
    sizes: list[int] = []
    for slot, length in zip(slots, lengths, strict=True):
        block, energy = slot.row.block, slot.row.energy
        count = length // block if block else 1
        if count < 2:
            out.append(slot)
            sizes.append(length)
            continue
        steps = np.linspace(energy[0], energy[-1], count).round(3).tolist() if energy else [()] * count
        for k, step in enumerate(steps):
            row = slot.row.model_copy(update={"energy": (step,) if energy else ()})
            out.append(replace(slot, name=f"{slot.name} {k + 1}", row=row))
            sizes.append(block if k < count - 1 else length - block * (count - 1))
    return out, sizes


def _plans(
    style: Style, brief: Brief, key: Key, slots: Sequence[Slot], lengths: Sequence[int], rng: np.random.Generator
) -> tuple[SectionPlan, ...]:
    seen: dict[str, int] = {}
    plans, bar = [], 0
    energies = _energies(style, brief, slots, rng)
    keys = section_keys(style, key, slots, sum(lengths), rng, stays=brief.progressions is not None)
    for i, (slot, length) in enumerate(zip(slots, lengths, strict=True)):
        times = seen.get(slot.label, 0)
        seen[slot.label] = times + 1
        name = slot.name if slot.name.isupper() else slot.name[:1].upper() + slot.name[1:]
        section = Section(name, bar, length, energies[i], slot.label)
        last = i == len(slots) - 1
        again = not last and slots[i + 1].label == slot.label
        phrases = split_phrases(
            bar, length, slot.kind, slot.label, style.melody.phrase, last=last, again=again, of=slot.row.of
        )
        plans.append(SectionPlan(section, slot.kind, keys[i], phrases, times, slot.row.way, slot.row.chords))
        bar += length
    return tuple(plans)


def _energies(style: Style, brief: Brief, slots: Sequence[Slot], rng: np.random.Generator) -> list[float]:
    """The energy of each section: as its form says, or by its kind, rising to a climax before the end."""
    arousal = brief.arousal.value if brief.arousal else style.profile.arousal
    seen: dict[str, int] = {}
    of_label: dict[str, float] = {}
    out = []
    for i, slot in enumerate(slots):
        times = seen.get(slot.label, 0)
        seen[slot.label] = times + 1
        if slot.row.energy:
            energy = float(np.mean(slot.row.energy)) + 0.06 * arousal
            energy += ways()[slot.row.way].energy if slot.row.way else 0.0
        else:
            energy = of_label.setdefault(slot.label, _label_energy(slot, style, rng)) + 0.03 * min(times, 3) + 0.1 * arousal
            if slot.label[-1:].isdigit():  # other material of a long piece: a valley first, later a peak
                energy += _VALLEY * (1.0 - 1.5 * i / len(slots))
            if slot.kind not in ("intro", "outro", "break"):
                energy += 0.1 * min(1.0, (i + 1) / max(1.0, 0.8 * len(slots)))
        out.append(round(float(np.clip(energy, 0.08, 1.0)), 3))
    return out


def _label_energy(slot: Slot, style: Style, rng: np.random.Generator) -> float:
    base = float(data_table("sections")[slot.kind]["energy"])
    if slot.kind == "theme" and slot.label not in ("A", "intro"):
        base += float(rng.choice([-0.14, 0.12, 0.16])) * (0.5 + style.form.contrast)
    return base


def split_phrases(
    first: int, bars: int, kind: str, label: str, usual: int, *, last: bool, again: bool = False, of: Sequence[str] = ()
) -> tuple[Phrase, ...]:
    """Phrases of a section: the usual length, the rest spread; ideas a a' b a'-like; cadences where phrases end.

    `last` marks the section that ends the piece, `again` one whose material follows at once: a single phrase stays open.
    `of`: labels whose ideas the phrases take up in turn, "" for the section's own.
    """
    lengths: list[int] = []
    left = bars
    while left > 0:
        take = usual if left >= usual * 1.5 or left == usual else left
        if usual < left < usual * 1.5 and left > 4:
            take = left - left // 2
        lengths.append(take)
        left -= take
    n = len(lengths)
    ideas = {1: ["a"], 2: ["a", "a'"], 3: ["a", "a'", "b"], 4: ["a", "a'", "b", "a''"]}.get(n)
    if ideas is None:
        block = ["a", "b", "a'", "c", "a''", "b'", "d", "a'"]
        ideas = [block[i % 8] if i < n - 1 else "a''" for i in range(n)]
    out, bar = [], first
    for i, (length, idea) in enumerate(zip(lengths, ideas, strict=True)):
        final = i == n - 1
        if final and last:
            cadence = "final"
        elif final and n == 1 and again:
            cadence = "half"
        elif final:
            cadence = {"verse": "half", "prechorus": "half", "build": "half", "bridge": "half", "intro": "half",
                       "break": "open"}.get(kind, "authentic")
        else:
            cadence = "half" if i % 2 == 0 else "authentic" if n > 2 else "half"
        source = (of[i % len(of)] if of else "") or label
        out.append(Phrase(bar, length, cadence, f"{source}.{idea}"))
        bar += length
    return tuple(out)


def phrase_at(form: Form, bar: int) -> Phrase:
    """The phrase that a bar lies in."""
    plan = form.sections[form.section_at(bar)]
    return plan.phrases[max(0, bisect_right([p.first_bar for p in plan.phrases], bar) - 1)]
