"""Chordal parts: comping, pads, broken chords, drones; what every player of a chord needs of voice leading.

Rhythms of comping come from the groove (`comping`), figures of broken chords from `data/figures.toml`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.theory.comping import comp_onsets
from ripieno.generators.theory.form import phrase_at
from ripieno.generators.theory.style import data_table
from ripieno.generators.theory.types import Context, Part
from ripieno.generators.theory.voicing import Voicing, candidates, guitar_shapes, lead_voices, small_grips
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ

Row = tuple[int, int, int, int]
LEFT_HAND = ("nocturne", "wave", "tenths", "rocking")  # figures of a pianist's left hand under a tune
_TOGETHER = PPQ // 16  # ticks: two hands that strike one key so near to each other strike it once
_THIN, _BUSY = 0.4, 0.6  # energy of a section below which a left hand thins out, above which it runs
_CALM = 92  # quarter notes a minute below which a left hand has time for semiquavers
_GUITARS = ("guitar",)
_DRIVEN = ("overdriven_guitar", "distortion_guitar", "seven_string_guitar")


def voiced(part: Part, context: Context, count: int, spread: str = "") -> list[Voicing]:
    """A voicing for every chord span of the piece, led smoothly."""
    rooted = part.role is not Role.PAD and not any(p.role is Role.BASS for p in context.parts)
    style = context.style
    count = max(1, min(count, part.instrument.voices))
    shapes: list[Sequence[Voicing]] = []
    for span in context.chords:
        if part.instrument.id in _DRIVEN or (style.harmony.colour == "power" and part.instrument.family == "guitar"):
            shapes.append(candidates(span.chord, min(3, count), part.low, part.high, "power", True))
        elif part.instrument.family in _GUITARS and style.profile.family == "jazz" and not spread:
            shapes.append(small_grips(span.chord, 3, part.low, min(part.high, part.low + 15)))
        elif part.instrument.family in _GUITARS and count >= 4 and not spread:
            free = context.brief.pitch_range is None and context.brief.pitch_range_octaves is None
            low = max(part.instrument.low, part.low - 8) if free else part.low  # shapes need the low strings
            shapes.append(guitar_shapes(span.chord, low, part.high))
        else:
            shape = spread or _spread(part, style.profile.family)
            shapes.append(candidates(span.chord, count, part.low, part.high, shape, rooted))
    if rooted:  # nobody else plays the bass
        grounds = [[v for v in row if v[0] % 12 == s.chord.bass_pc] for row, s in zip(shapes, context.chords, strict=True)]
        shapes = [ground or row for ground, row in zip(grounds, shapes, strict=True)]
    centre = (part.low + part.high) / 2
    return lead_voices(shapes, centre, strict=style.profile.family == "classical", top=_roofs(part, context))


def _roofs(part: Part, context: Context) -> list[float]:
    """For each chord the height that a voicing should stay under: just below the tune that sounds with it."""
    tunes = [context.lines[p.id] for p in context.parts if p.role is Role.LEAD and p.id in context.lines and p.id != part.id]
    notes = [t for t in tunes if len(t)]
    if not notes:
        return [float(part.high)] * len(context.chords)
    tune = np.concatenate(notes)
    tune = tune[np.argsort(tune["start"], kind="stable")]
    first = np.searchsorted(tune["start"], [s.start for s in context.chords])
    last = np.searchsorted(tune["start"], [s.end for s in context.chords])
    return [float(np.quantile(tune["pitch"][a:b], 0.25)) - 1 if b > a else float(part.high)
            for a, b in zip(first.tolist(), last.tolist(), strict=True)]  # fmt: skip


def _spread(part: Part, family: str) -> str:
    if part.instrument.family in ("strings", "choir", "synth pad", "brass", "winds", "reeds"):
        return "any"
    return "drop2" if family == "jazz" else "close" if part.instrument.technique == "keys" else "any"


def write_chords(part: Part, context: Context) -> Notes:
    """Chords struck in the rhythm of the style, re-voiced where the harmony changes under them."""
    voicings = voiced(part, context, part.voices or 4)
    starts = [s.start for s in context.chords]
    timeline = context.form.timeline
    broken = _broken_sections(part, context)
    rows: list[Row] = []
    if broken:
        pieces = write_arpeggio(replace(part, sections=broken), context)
        rows = [(int(n["start"]), int(n["duration"]), int(n["pitch"]), int(n["velocity"])) for n in pieces]
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index) or index in broken:
            continue
        for bar in range(plan.section.first_bar, plan.section.end_bar):
            begin = timeline.bar_start(bar)
            half = breathing(part, context, bar)
            for offset, length, accent in comp_onsets(part, context, index, bar):
                if half and offset >= half:
                    continue
                tick = begin + offset
                place = max(0, _last_at(starts, tick))
                velocity = int(52 + 34 * accent)
                for p in voicings[place]:
                    rows.append((tick, min(length, max(PPQ // 8, _next(starts, place, tick + length) - tick)), p, velocity))
                if place + 1 < len(starts) and starts[place + 1] < tick + length - PPQ // 4:
                    rest = tick + length - starts[place + 1]
                    rows.extend((starts[place + 1], rest, p, velocity - 10) for p in voicings[place + 1])
    return make_notes(tidy(rows, timeline.bar_start(context.form.bars)))


def _broken_sections(part: Part, context: Context) -> frozenset[int]:
    """Sections in which a keyboard or plucked player breaks its chords; sections of one label alike."""
    chance = context.style.harmony.broken
    able = part.instrument.family in ("keys", "guitar", "plucked", "mallets") and part.instrument.voices >= 3
    if not chance or not able:
        return frozenset()

    def breaks(label: str) -> bool:
        return bool(context.rng("broken", part.id, label).random() < chance)

    plans = enumerate(context.form.sections)
    return frozenset(i for i, p in plans if part.plays(i) and p.section.energy < 0.8 and breaks(p.section.label))


def breathing(part: Part, context: Context, bar: int) -> int:
    """Where accompaniment stops in a bar that ends a phrase, in ticks from its bar line; 0: it goes on."""
    chance = context.style.form.breathe
    phrase = phrase_at(context.form, bar)
    if not chance or bar != phrase.first_bar + phrase.bars - 1 or phrase.bars < 2 or bar == context.form.bars - 1:
        return 0
    if context.rng("breathe", part.track or part.id, phrase.idea, phrase.first_bar).random() >= chance:
        return 0
    beats = context.form.timeline.metre_at(bar).beats(PPQ)
    return beats[-(-len(beats) // 2)][0] if len(beats) > 1 else 0


def _last_at(starts: Sequence[int], tick: int) -> int:
    return bisect_right(starts, tick) - 1


def _next(starts: Sequence[int], place: int, tick: int) -> int:
    return min(tick, starts[place + 1]) if place + 1 < len(starts) else tick


def write_pad(part: Part, context: Context) -> Notes:
    """Held harmony: voices move only where they must, tones in common are held over."""
    voicings = voiced(part, context, part.voices or min(4, part.instrument.voices))
    timeline = context.form.timeline
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        first, stop = timeline.bar_start(plan.section.first_bar), timeline.bar_start(plan.section.end_bar)
        limit = 4 * timeline.bar_ticks(plan.section.first_bar)
        sounding: dict[int, int] = {}
        for span, voicing in zip(context.chords, voicings, strict=True):
            if span.end <= first or span.start >= stop:
                continue
            start = max(first, span.start)
            for pitch in [p for p in sounding if p not in voicing or start - sounding[p] >= limit]:
                rows.append((sounding[pitch], start - sounding[pitch], pitch, 64))
                del sounding[pitch]
            for pitch in voicing:
                sounding.setdefault(pitch, start)
        rows.extend((begin, stop - begin, pitch, 64) for pitch, begin in sounding.items())
    return make_notes(tidy(rows, timeline.bar_start(context.form.bars)))


def write_drone(part: Part, context: Context) -> Notes:
    """The tonic and its fifth, struck anew with each phrase."""
    timeline = context.form.timeline
    rows: list[Row] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        low, high = part.low, part.high
        if high - low < 11 and low + (plan.key.tonic_pc - low) % 12 > high:  # a narrow register may miss the tonic
            low, high = part.instrument.low, part.instrument.high
        root = low + (plan.key.tonic_pc - low) % 12
        pitches = [p for p in (root, root + 7) if p <= high][: max(1, part.instrument.voices)]
        for phrase in plan.phrases:
            a, b = timeline.bar_start(phrase.first_bar), timeline.bar_start(phrase.first_bar + phrase.bars)
            rows.extend((a, b - a, p, 60) for p in pitches)
    return make_notes(rows)


def write_arpeggio(part: Part, context: Context) -> Notes:
    """Broken chords in a figure that the part keeps through a section, resting on the last chord."""
    figures = data_table("figures")
    timeline = context.form.timeline
    rows: list[Row] = []
    cache: dict[int, list[Voicing]] = {}
    starts = [s.start for s in context.chords]
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        for bar in range(plan.section.first_bar, plan.section.end_bar):
            idea = phrase_at(context.form, bar).idea.rstrip("'")
            name = _own_figure(part, context, index) or figure_for(part, context, idea, plan.section.energy)
            row = figures[name]
            count = int(row["voices"])
            if count not in cache:
                cache[count] = voiced(replace(part, voices=count), context, count, "any" if count > 3 else "close")
            half = breathing(part, context, bar)
            metre = timeline.metre_at(bar)
            begin = timeline.bar_start(bar)
            last = bar == context.form.bars - 1
            place = 0
            for (offset, length), group in zip(metre.beats(PPQ), metre.grouping, strict=True):
                parts = 3 if group == 3 else max(1, round(row["unit"] * length / PPQ))
                for k in range(parts):
                    tick = begin + offset + k * length // parts
                    step = row["steps"][place % len(row["steps"])]
                    place += 1
                    if step == "." or (last and place > 1) or (half and tick - begin > half):
                        continue
                    chord = max(0, _last_at(starts, tick))
                    fresh = tick == starts[chord] and not last
                    voicing = cache[count][chord]
                    sound = length // parts if not last else timeline.bar_ticks(bar)
                    if half and tick - begin == half:
                        sound = timeline.bar_ticks(bar) - half
                    velocity = 66 + (4 if fresh else 0)
                    marks = ["0"] if fresh and "&" not in step else step.split("&")
                    chosen = voicing if last else _picked(voicing, marks)
                    rows.extend((tick, sound, p, velocity) for p in chosen if part.low <= p <= part.high)
    return make_notes(tidy(rows, timeline.bar_start(context.form.bars)))


def _own_figure(part: Part, context: Context, index: int) -> str:
    """The figure that a part has of its own; another label, or a variation, takes another one, by its energy. "": none."""
    plans = context.form.sections
    label, main = plans[index].section.label, next((p for p in plans if p.kind != "intro"), plans[0]).section.label
    energy, tempo = plans[index].section.energy, context.form.timeline.tempos[0].bpm
    plain = plans[index].kind == "intro" or (plans[index].kind == "outro" and energy <= _BUSY)
    varies = bool(plans[index].way)
    if part.pattern not in LEFT_HAND or plain or (label == main and not varies):
        return part.pattern
    others = [f for f in LEFT_HAND if f != part.pattern]
    if energy < _THIN:
        others = ["sparse", "broad"]
    elif energy > _BUSY and tempo < _CALM:
        others = ["rolling"]
    which = (label, plans[index].occurrence) if varies else (label,)
    return others[int(context.rng("left hand", part.id, *which).integers(len(others)))]


def _picked(voicing: Voicing, marks: Sequence[str]) -> list[int]:
    """The notes of a voicing that a figure's marks name: places from below, '+' an octave up."""
    return [voicing[min(int(m.rstrip("+")), len(voicing) - 1)] + 12 * m.count("+") for m in marks]


def figure_for(part: Part, context: Context, idea: str, energy: float) -> str:
    """A figure that suits the instrument, the style and the energy; loops keep one for a label, other music one an idea."""
    rng = context.rng("figure", part.id, idea.split(".")[0] if context.style.harmony.loop else idea)
    family, instrument = context.style.profile.family, part.instrument
    if part.density < 0.34:
        return ("sparse", "up", "broad")[int(rng.integers(3))]
    if instrument.family in ("synth lead", "synth pad") or family == "electronic":
        options = ["pulse", "gate", "sixteenths", "rolling"] if energy > 0.45 else ["up", "sparse", "updown"]
    elif instrument.family in ("guitar", "plucked"):
        options = ["picking", "travis", "updown"] if energy > 0.3 else ["updown", "sparse", "up"]
    elif family == "classical":
        options = ["alberti", "nocturne", "wave", "updown"]
    elif instrument.family == "mallets":
        options = ["bells", "updown", "sparse"]
    else:
        options = ["updown", "wave", "up", "nocturne"] if energy > 0.35 else ["sparse", "up", "broad"]
    return options[int(rng.integers(len(options)))]


def tidy(rows: Sequence[Row], end: int) -> list[Row]:
    """Notes inside the piece, longer than nothing, a pitch ending before it sounds again, onsets at about one time merged."""
    last: dict[int, int] = {}
    out: list[Row] = []
    for start, length, pitch, velocity in sorted(rows):
        if not 0 <= start < end or length <= 0:
            continue
        length = min(length, end - start)
        before = last.get(pitch)
        if before is not None:
            s, n, p, v = out[before]
            if start - s < _TOGETHER:
                out[before] = (s, max(n, start + length - s), p, max(v, velocity))
                continue
            if s + n > start:
                out[before] = (s, start - s, p, v)
        last[pitch] = len(out)
        out.append((start, length, pitch, velocity))
    return out
