"""The plan in time: which sections, how long, in which key, with how much energy; phrases and their cadences.

What the brief states is law: bars, sections and their lengths, tempo, metre, key. The rest follows the style's habits.
Knows nothing of notes.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ripieno.generators.theory.style import Style, data_table
from ripieno.generators.theory.types import Form, Phrase, SectionPlan
from ripieno.score.brief import Brief, FormRequest, Origin, SectionRequest, TempoChange
from ripieno.score.errors import BadRequest
from ripieno.score.keys import Key
from ripieno.score.piece import Section
from ripieno.score.time import MAX_BARS, MAX_TEMPO, MIN_TEMPO, PPQ, Metre, MetreChange, Tempo, Timeline

KEPT = 9  # sections this dear stay while there are four bars for each
_LETTERS = re.compile(r"^(?:[A-H]['′’]*[\s,-]*){1,24}$")


@dataclass(frozen=True, slots=True)
class _Slot:
    """A section before its length is settled: stated bars (or None), weight, how dear it is."""

    name: str
    kind: str
    label: str
    stated: int | None
    weight: int
    dear: int = KEPT


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
    slots, cycle, unit = _slots(style, request, bars, rng)
    if request is not None and request.sections and all(s.stated for s in slots):
        total = sum(s.stated or 0 for s in slots)
        if brief.bars is None or brief.bars.origin != Origin.STATED:
            bars = total
    if not 1 <= bars <= MAX_BARS:
        raise BadRequest(f"A piece has 1 to {MAX_BARS} bars", value=bars, cause="the length or the sections add up to that")
    fixed = request is not None and bool(request.sections)
    if request is None and not unit:
        slots = _stretched(slots, bars, rng)
    slots = slots if fixed else _fit(slots, cycle, bars)
    lengths = _allocate(slots, bars, unit)
    plans = _plans(style, brief, key, slots, lengths, rng)
    timeline = Timeline(PPQ, (Tempo(0, tempo),), (MetreChange(0, metre),))
    timeline = replace(timeline, tempos=_tempos(tempo, brief.tempo_changes, timeline, [p.section for p in plans], bars))
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


def section_kind(name: str) -> str:
    """The kind of section that a name means; 'theme' where no word tells."""
    low = name.lower()
    for kind, row in data_table("sections").items():
        if any(re.search(rf"\b{re.escape(word)}\b", low) for word in row["words"]):
            return kind
    return "theme"


def _bars_wanted(style: Style, brief: Brief, metre: Metre, tempo: float) -> int:
    if brief.bars:
        return brief.bars.value
    if brief.duration:
        quarters = brief.duration.value * tempo / 60.0
        return max(1, round(quarters * PPQ / metre.bar_ticks()))
    return style.profile.bars


def _slots(
    style: Style, request: FormRequest | None, bars: int, rng: np.random.Generator
) -> tuple[list[_Slot], tuple[int, int] | None, int]:
    """Sections before their lengths are settled, the stretch that may be repeated, and the bars of a chorus (0: any)."""
    if request is not None and request.sections:
        return _labelled([(s, s.label, KEPT, None) for s in request.sections]), None, 0
    names = (request.name,) if request is not None and request.name else (style.form.names or (style.profile.form,))
    name = names[int(rng.integers(len(names)))]
    row = data_table("forms").get(_form_name(name))
    if row is None:
        letters = re.findall(r"[A-H]['′’]*", name) if _LETTERS.match(name) else []
        letters = letters or ["A", "A", "B", "A"]
        slots = _labelled([(SectionRequest(name=c), c.rstrip("'′’"), KEPT, 8) for c in letters])
        return _framed(style, slots, bars, request, rng), (0, len(slots)), 0
    labels = row.get("labels", [""] * len(row["sections"]))
    slots = _labelled([(SectionRequest(name=n), label, dear, length)
                       for (n, length, dear), label in zip(row["sections"], labels, strict=True)])  # fmt: skip
    return slots, tuple(row["cycle"]), int(row.get("unit", 0))


def _form_name(name: str) -> str:
    low = " ".join(name.lower().replace("–", "-").split())
    aliases = {"verse/chorus": "verse-chorus", "verse chorus": "verse-chorus", "song": "verse-chorus",
               "blues": "12-bar blues", "12 bar blues": "12-bar blues", "twelve-bar blues": "12-bar blues",
               "variations": "theme and variations", "theme & variations": "theme and variations",
               "through composed": "through-composed", "sonata form": "sonata", "sonata-form": "sonata",
               "32-bar": "aaba", "minuet": "minuet and trio", "verse-chorus-bridge": "verse-chorus"}
    return aliases.get(low, low)


def _labelled(rows: Sequence[tuple[SectionRequest, str, int, int | None]]) -> list[_Slot]:
    """Slots with their kind and label: sections of one kind share a label, themes get letters in order."""
    table = data_table("sections")
    letters = iter("ABCDEFGHJKLMNOPQRSTUVWXYZ")
    known: dict[str, str] = {}
    used = {label for _, label, _, _ in rows if label}
    slots = []
    for request, given, dear, length in rows:
        kind = section_kind(request.name)
        label = given
        if not label:
            stem = re.sub(r"[\s\d'′’]+$", "", request.name.lower())
            if kind in ("intro", "outro"):
                label = kind
            elif re.fullmatch(r"[A-H]", stem.upper()) and kind == "theme":
                label = stem.upper()
            else:
                label = known.get(stem) or next(c for c in letters if c not in used)
            known[stem] = label
            used.add(label)
        slots.append(_Slot(request.name, kind, label, request.bars, length or table[kind]["bars"], dear))
    return slots


def _framed(
    style: Style, slots: list[_Slot], bars: int, request: FormRequest | None, rng: np.random.Generator
) -> list[_Slot]:
    """An introduction and a coda around letters, where the style likes them, nobody asked for the form, and there is room."""
    spare = bars - 8 * len(slots)
    if request is not None and request.name:
        return slots
    tight = bars >= 24 and style.profile.family not in ("jazz", "folk")  # the sections make room for an introduction
    if (spare >= 4 and rng.random() < style.form.intro) or (tight and rng.random() < 0.5 * style.form.intro):
        slots, spare = [_Slot("Intro", "intro", "intro", None, 4, 1), *slots], spare - 4
    if spare >= 4 and rng.random() < style.form.outro:
        slots = [*slots, _Slot("Outro", "outro", "outro", None, 4, 1)]
    return slots


def _stretched(slots: list[_Slot], bars: int, rng: np.random.Generator) -> list[_Slot]:
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


def _fit(slots: list[_Slot], cycle: tuple[int, int] | None, bars: int) -> list[_Slot]:
    """Drops the least dear sections where bars are few, repeats the cycle where they are many."""
    usual = sum(s.weight for s in slots)
    if cycle is not None:
        first, end = cycle
        block = slots[first:end]
        size = sum(s.weight for s in block)
        copies = 0
        while size and bars >= usual + size * 0.75 and len(slots) < 120:
            copies += 1
            again = [_fresh(s, copies) for s in block] if copies % 3 == 0 else block
            slots = [*slots[:end], *again, *slots[end:]]
            end += len(block)
            usual += size
    while len(slots) > 1 and bars < 0.9 * sum(s.weight for s in slots):
        dear = min(s.dear for s in slots)
        if dear >= KEPT:
            if bars >= 4 * len(slots):
                break
            slots = slots[:-1]
        else:
            slots = [s for s in slots if s.dear > dear]
    return slots


def _fresh(slot: _Slot, copies: int) -> _Slot:
    """A section of the same kind with material of its own, so that long pieces go somewhere."""
    return replace(slot, label=f"{slot.label}{copies // 3 + 1}")


def _allocate(slots: Sequence[_Slot], bars: int, chorus: int = 0) -> list[int]:
    """Lengths that add up to `bars`: stated ones kept where they can be, the others in wholes of 4 or 2 bars."""
    stated = sum(s.stated or 0 for s in slots)
    free = [i for i, s in enumerate(slots) if s.stated is None]
    if (not free and stated != bars) or (free and bars - stated < len(free)):
        free, stated, lengths = list(range(len(slots))), 0, [0] * len(slots)
        if bars < len(slots):
            raise BadRequest("Every section has at least one bar", value=f"{len(slots)} sections in {bars} bars",
                             cure="ask for more bars or fewer sections")
    else:
        lengths = [s.stated or 0 for s in slots]
    rest = bars - stated
    if not free:
        return lengths
    unit = next(u for u in (chorus, 4, 2, 1) if u and rest // u >= len(free))
    units = rest // unit
    got = _by_label([slots[i] for i in free], units, unit)
    for i, n in zip(free, got, strict=True):
        lengths[i] = n * unit
    lengths[free[-1]] += rest - sum(got) * unit
    return lengths


def _by_label(slots: Sequence[_Slot], units: int, unit: int) -> list[int]:
    """Units for each slot, equal for slots of one label, near the usual lengths, adding up to `units` or a little less.

    Least total deviation (absolute log ratio to the usual length) by dynamic programming over labels.
    """
    labels = list(dict.fromkeys(s.label for s in slots))
    total_weight = sum(s.stated or s.weight for s in slots)
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for label in labels:
        own = [s for s in slots if s.label == label]
        usual = sum(s.stated or s.weight for s in own) / len(own) / unit
        fair = usual * units * unit / total_weight
        step: dict[int, tuple[float, tuple[int, ...]]] = {}
        main = own[0].kind in ("verse", "chorus", "theme", "drop")
        for size in range(1, max(2, math.ceil(2.5 * fair)) + 1):
            price = len(own) * abs(math.log(size / fair)) * (1.6 if main else 0.6)
            price += 0.3 * (size * unit % 4 != 0) + (0.45 if main else 0.0) * (size * unit % 8 == 4 and units * unit >= 24)
            price += 0.0 if main else 0.5 * max(0, size * unit - 8)
            for used, (cost, sizes) in best.items():
                total = used + len(own) * size
                if total <= units and cost + price < step.get(total, (math.inf, ()))[0]:
                    step[total] = (cost + price, (*sizes, size))
        best = step
    if not best:  # too tight for equals: one each, the rest to the last
        return [1] * len(slots)
    _, sizes = best[min(best, key=lambda used: best[used][0] + 2.5 * (units - used))]
    size_of = dict(zip(labels, sizes, strict=True))
    return [size_of[s.label] for s in slots]


def _plans(
    style: Style, brief: Brief, key: Key, slots: Sequence[_Slot], lengths: Sequence[int], rng: np.random.Generator
) -> tuple[SectionPlan, ...]:
    table = data_table("sections")
    arousal = brief.arousal.value if brief.arousal else style.profile.arousal
    seen: dict[str, int] = {}
    plans, bar = [], 0
    label_energy: dict[str, float] = {}
    keys = _section_keys(style, key, slots, sum(lengths), rng)
    for i, (slot, length) in enumerate(zip(slots, lengths, strict=True)):
        times = seen.get(slot.label, 0)
        seen[slot.label] = times + 1
        base = label_energy.setdefault(slot.label, _label_energy(slot, table, style, rng))
        energy = base + 0.03 * min(times, 3) + 0.1 * arousal
        if slot.kind == "variation":  # busy and quiet ones in turn
            energy += 0.12 if times % 2 else -0.12
        if slot.kind not in ("intro", "outro", "break"):  # the whole rises to a climax before its end
            energy += 0.1 * min(1.0, (i + 1) / max(1.0, 0.8 * len(slots)))
        energy = float(np.clip(energy, 0.08, 1.0))
        name = slot.name if slot.name.isupper() else slot.name[:1].upper() + slot.name[1:]
        section = Section(name, bar, length, round(energy, 3), slot.label)
        last = i == len(slots) - 1
        again = not last and slots[i + 1].label == slot.label
        phrases = split_phrases(bar, length, slot.kind, slot.label, style.melody.phrase, last=last, again=again)
        plans.append(SectionPlan(section, slot.kind, keys[i], phrases, times))
        bar += length
    return tuple(plans)


def _label_energy(slot: _Slot, table: dict[str, dict[str, float]], style: Style, rng: np.random.Generator) -> float:
    base = float(table[slot.kind]["energy"])
    if slot.kind == "theme" and slot.label not in ("A", "intro"):
        base += float(rng.choice([-0.14, 0.12, 0.16])) * (0.5 + style.form.contrast)
    return base


def _section_keys(
    style: Style, key: Key, slots: Sequence[_Slot], bars: int, rng: np.random.Generator
) -> list[Key]:
    """Home, except contrasting labels that may go to a related key, and a lift of the last chorus."""
    habits = style.harmony
    labels = list(dict.fromkeys(s.label for s in slots))
    away: dict[str, Key] = {}
    first = slots[0].label if slots[0].kind != "intro" else (slots[1].label if len(slots) > 1 else slots[0].label)
    for label in labels:
        kind = next(s.kind for s in slots if s.label == label)
        travels = kind in ("bridge", "theme") or label[-1].isdigit()
        if label == first or not travels or bars < 24 or key.mode not in ("major", "minor"):
            continue
        if rng.random() < habits.modulation:
            options = [key.relative(), key.transposed(5)] if key.is_minor else [
                key.transposed(7), key.transposed(5), key.relative(), key.parallel()]
            away[label] = options[int(rng.integers(len(options)))]
    keys = [away.get(s.label, key) for s in slots]
    turning = [i for i, s in enumerate(slots) if s.kind == "variation"][2:-1:4]
    for i in turning if key.mode in ("major", "minor") else ():  # the third variation turns to the other mode
        keys[i] = key.parallel()
    keys[-1] = keys[0] = key
    return _lifted(keys, slots, bars, habits.lift, rng)


def _lifted(keys: list[Key], slots: Sequence[_Slot], bars: int, chance: float, rng: np.random.Generator) -> list[Key]:
    """The last chorus, and what follows, a semitone or tone higher, now and then."""
    choruses = [i for i, s in enumerate(slots) if s.kind == "chorus"]
    if len(choruses) >= 3 and bars >= 32 and rng.random() < chance:
        up = keys[0].transposed(int(rng.choice([1, 2])))
        for i in range(choruses[-1], len(slots)):
            keys[i] = up
    return keys


def split_phrases(
    first: int, bars: int, kind: str, label: str, usual: int, *, last: bool, again: bool = False
) -> tuple[Phrase, ...]:
    """Phrases of a section: the usual length, the rest spread; ideas a a' b a'-like; cadences where phrases end.

    `last` marks the section that ends the piece, `again` one whose material follows at once: a single phrase stays open.
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
        out.append(Phrase(bar, length, cadence, f"{label}.{idea}"))
        bar += length
    return tuple(out)


def _tempos(
    tempo: float, changes: Sequence[TempoChange], timeline: Timeline, sections: Sequence[Section], bars: int
) -> tuple[Tempo, ...]:
    """The tempo map: steps where sections begin, ramps beat by beat.

    Raises:
        BadRequest: a change leads outside the range of tempos.
    """
    marks: dict[int, float] = {0: tempo}
    for change in changes:
        target = change.bpm if change.bpm is not None else tempo * (change.factor or 1.0)
        if not MIN_TEMPO <= target <= MAX_TEMPO:
            raise BadRequest(f"A tempo lies between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute", value=target)
        for start, end in _places(change, sections, bars):
            first, stop = timeline.bar_start(start), timeline.bar_start(end)
            before = marks[max(t for t in marks if t <= first)]
            marks = {t: v for t, v in marks.items() if not first <= t < stop}
            if not change.gradual:
                marks[first] = target
                if end < bars:
                    marks.setdefault(stop, before)
                continue
            ticks = [timeline.bar_start(b) + s for b in range(start, end) for s, _ in timeline.metre_at(b).beats(PPQ)]
            for i, tick in enumerate(ticks):
                marks[tick] = round(before + (target - before) * i / max(1, len(ticks) - 1), 2)
            if end < bars:
                marks.setdefault(stop, target)
    tidy: list[Tempo] = []
    for tick in sorted(marks):
        if not tidy or tidy[-1].bpm != marks[tick]:
            tidy.append(Tempo(tick, marks[tick]))
    return tuple(tidy)


def _places(change: TempoChange, sections: Sequence[Section], bars: int) -> list[tuple[int, int]]:
    """The stretches of bars that a tempo change speaks of."""
    wanted = change.section.lower().strip()
    if wanted in ("", "all"):
        return [(0, bars)]
    if wanted == "end":
        return [(max(0, bars - (2 if bars < 16 else 4)), bars)]
    found = [(s.first_bar, s.end_bar) for s in sections
             if s.name.lower() == wanted or s.name.lower().rstrip(" 0123456789") == wanted]  # fmt: skip
    kind = section_kind(wanted)
    if not found and kind != "theme":
        found = [(s.first_bar, s.end_bar) for s in sections if section_kind(s.name) == kind]
    return found


def phrase_at(form: Form, bar: int) -> Phrase:
    """The phrase that a bar lies in."""
    plan = form.sections[form.section_at(bar)]
    return plan.phrases[max(0, bisect_right([p.first_bar for p in plan.phrases], bar) - 1)]
