"""The bass line: rhythm from the style's figures and the groove's kick, pitches by rule from the harmony.

A figure says for each note what it is in the harmony (see `rhythm_style`). This module turns that into targets, sees that
every change of chord gets its root, and leaves the choice of octave and of free notes to `bass_pitch`.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np

from ripieno.generators.theory.bass_pitch import Target, pitches
from ripieno.generators.theory.grids import HOLD, Stroke, bars_of
from ripieno.generators.theory.groove import (
    BarGroove,
    Groove,
    groove_of,
    line_bar,
    section_key,
    suited,
)  # fmt: skip
from ripieno.generators.theory.rhythm_style import BassPattern
from ripieno.generators.theory.types import Context, Part
from ripieno.score.chords import Chord
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import Metre

MIN_SPAN = 14  # a bass line needs the root's octave and a step
FREE = frozenset("53l7cwpm" + HOLD)  # functions that give way to the root where a chord begins
RIFF_STEPS, RIFF_WEIGHTS = (0, 7, 10, 12, 3, 5, 2), (0.3, 0.2, 0.16, 0.1, 0.12, 0.08, 0.04)


@dataclass(frozen=True)
class Harmony:
    """Chords by tick."""

    starts: tuple[int, ...]
    chords: tuple[Chord, ...]

    @classmethod
    def of(cls, context: Context) -> "Harmony":
        """Spans of one chord in a row count as one."""
        starts: list[int] = []
        chords: list[Chord] = []
        for span in context.chords:
            if not chords or chords[-1] != span.chord:
                starts.append(span.start)
                chords.append(span.chord)
        if not chords:
            starts, chords = [0], [Chord(context.form.sections[0].key.tonic)]
        return cls(tuple(starts), tuple(chords))

    def index(self, tick: int) -> int:
        """Index of the chord that sounds at a tick."""
        return max(0, bisect_right(self.starts, tick) - 1)

    def changes(self, start: int, end: int) -> list[int]:
        """Ticks in [start, end) at which a new chord begins."""
        return list(self.starts[bisect_right(self.starts, start - 1) : bisect_right(self.starts, end - 1)])

    def coming(self, tick: int, bar_end: int) -> int:
        """Index of the chord that a note at `tick` may lead to: the next in its bar, else that of the next downbeat."""
        soon = self.changes(tick + 1, bar_end + 1)
        return self.index(soon[0] if soon else bar_end)


def write_bass(part: Part, context: Context) -> Notes:
    """The bass part over the whole form, in ticks, within the part's register."""
    harmony, timeline = Harmony.of(context), context.form.timeline
    low, high = _register(part)
    rows: list[tuple[int, int, int, int]] = []
    previous: int | None = None
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            previous = None
            continue
        targets = _section_targets(part, context, harmony, index)
        if not targets:
            continue
        rng = context.rng("bass pitches", part.id, section_key(plan))
        line = pitches(targets, low, high, previous, plan.key.scale, rng, diatonic=context.style.harmony.strict >= 0.5)
        previous = line[-1]
        ends = {timeline.bar_start(p.first_bar + p.bars) for p in plan.phrases} if part.instrument.breath else set()
        rows.extend(_notes(targets, line, context.rng("bass touch", part.id, index), ends, timeline.ppq))
    return make_notes(_monophonic(rows))


@dataclass(frozen=True)
class Figure:
    """A bass figure as a section plays it: its pattern, the intervals of its riff, and after how many bars it begins anew."""

    pattern: BassPattern
    riff: tuple[int, ...]
    repeat: int


def _figures(part: Part, context: Context, section: int) -> dict[tuple[int, str], Figure]:
    """The figures that the bars of a section ask for, by (figure, place)."""
    groove, plan = groove_of(context), context.form.sections[section]
    patterns, rhythm = groove.rhythm.bass, groove.rhythm
    players = [p.players for p in patterns]
    out = {}
    for here in groove.bars[plan.section.first_bar : plan.section.end_bar]:
        wanted = here.figure, here.place
        if wanted in out:
            continue
        pattern = suited(patterns, players, part, context, section, *wanted) or suited(
            patterns, players, part, context, section, here.figure
        )
        assert pattern is not None  # only places of their own may have none
        riff = pattern.riff or _riff(context, plan.section.label or plan.kind, pattern)
        repeat = max(1, bars_of(pattern.line[0], rhythm.cell_of(pattern), rhythm.metre_of(pattern)))
        out[wanted] = Figure(pattern, riff, repeat)
    return out


def _section_targets(part: Part, context: Context, harmony: Harmony, section: int) -> list[Target]:
    """What the notes of a section are to be, in order of time."""
    groove, timeline, plan = groove_of(context), context.form.timeline, context.form.sections[section]
    key = section_key(plan)
    figures = _figures(part, context, section)
    targets: list[Target] = []
    riff_place, rooted = 0, -1  # notes of the riff played; index of the last chord whose root was given
    for bar in range(plan.section.first_bar, plan.section.end_bar):
        here, metre, start, end = groove.bars[bar], timeline.metre_at(bar), timeline.bar_start(bar), timeline.bar_start(bar + 1)
        place = bar - plan.section.first_bar
        figure = figures[here.figure, here.place]
        pattern, riff = figure.pattern, figure.riff
        riff_place = 0 if place % figure.repeat == 0 else riff_place
        strokes = _bar_strokes(pattern, here, groove, place, metre, timeline.ppq, context.rng("bass", part.id, key, place))
        changes = [t - start for t in harmony.changes(start, end)]
        if not here.stop and not here.last:
            strokes = _with_changes(strokes, changes, metre, timeline.ppq)
        for stroke in strokes:
            if stroke.symbol == HOLD and targets and (stroke.offset not in changes or targets[-1].symbol == "n"):
                last = targets[-1]
                targets[-1] = replace(last, length=last.length + stroke.length)
                continue
            tick = start + stroke.offset
            chord, coming = harmony.index(tick), harmony.coming(tick, end)
            symbol = stroke.symbol
            if symbol in FREE and chord != rooted:  # each chord begins with its root, whatever the figure says
                symbol = "R"
            held = not stroke.offset and stroke.length >= metre.bar_ticks(timeline.ppq) // 3
            if symbol in "wpa7" and held:
                symbol = "c"  # what opens a bar and stays is no passing note
            interval = riff[riff_place % len(riff)] if riff else 0
            if held and not pattern.riff and interval % 12 not in (0, 3, 7):
                interval = 7
            rooted = coming if symbol == "n" else chord if symbol in "R8" else rooted
            targets.append(Target(
                tick, stroke.length, symbol, harmony.chords[chord], harmony.chords[coming],
                metre.weight(stroke.offset, timeline.ppq), stroke.offset in here.kick,
                interval, pattern.gate,
            ))  # fmt: skip
            riff_place += stroke.symbol == "m"
    return targets


def _register(part: Part) -> tuple[int, int]:
    """The part's register, widened upwards (then downwards) where it is too narrow for a line."""
    low, high = part.low, part.high
    if high - low < MIN_SPAN:
        high = min(part.instrument.high, low + MIN_SPAN)
        low = max(part.instrument.low, high - MIN_SPAN)
    return low, high


def _riff(context: Context, label: str, pattern: BassPattern) -> tuple[int, ...]:
    """Intervals for the notes 'm' of a figure: it begins on the root, and comes back with its section's material."""
    count = max(text.count("m") for text in pattern.line)
    rng = context.rng("bass riff", label)
    steps = [int(RIFF_STEPS[rng.choice(len(RIFF_STEPS), p=RIFF_WEIGHTS)]) for _ in range(count)]
    return (0, *steps[1:]) if count else ()


def _bar_strokes(
    pattern: BassPattern, here: BarGroove, groove: Groove, place: int, metre: Metre, ppq: int, rng: np.random.Generator
) -> list[Stroke]:
    """The figure's strokes in a bar, with the kick's taken up, or the band's ending or break."""
    length = metre.bar_ticks(ppq)
    if here.last:
        return [Stroke(0, length, "R", True)]
    if here.stop:
        return [Stroke(0, ppq // 2, "R", False)]
    rhythm = groove.rhythm
    cell, source = rhythm.cell_of(pattern), rhythm.metre_of(pattern)
    walking = any("w" in text for text in pattern.line)
    strokes = list(
        line_bar(pattern.line, here.variant, place, cell, source, metre, steady=walking, ppq=ppq)
    )  # fmt: skip
    if not pattern.lock:
        return strokes
    taken = {s.offset for s in strokes}
    for kick in here.kick:
        if kick not in taken and rng.random() < pattern.lock:
            strokes = _inserted(strokes, kick, "R", length, ppq)
            taken.add(kick)
    return strokes


def _inserted(strokes: list[Stroke], offset: int, symbol: str, length: int, ppq: int) -> list[Stroke]:
    """The strokes with one more, which cuts short what sounded and lasts as long, at most up to the next."""
    before = [s for s in strokes if s.offset < offset]
    after = [s for s in strokes if s.offset > offset]
    room = (after[0].offset if after else length) - offset
    size = min(room, ppq // 2)
    if before and before[-1].offset + before[-1].length > offset:
        old = before[-1]
        size = min(room, max(size, old.offset + old.length - offset))
        before[-1] = old._replace(length=offset - old.offset)
    return [*before, Stroke(offset, size, symbol, False), *after]


def _with_changes(strokes: list[Stroke], changes: list[int], metre: Metre, ppq: int) -> list[Stroke]:
    """Sees that each change of chord within the bar has a note, unless the line rests around it or anticipated it."""
    length = metre.bar_ticks(ppq)
    for change in changes:
        if any(s.offset == change for s in strokes):
            continue
        before = [s for s in strokes if s.offset < change]
        anticipated = bool(before) and before[-1].symbol == "n" and change - before[-1].offset <= ppq
        sounding = bool(before) and before[-1].offset + before[-1].length > change
        soon = any(change < s.offset <= change + ppq // 2 and s.symbol not in "ag" for s in strokes)
        if not anticipated and (sounding or not soon) and (change or strokes[:1] == []):
            strokes = _inserted(strokes, change, "R", length, ppq)
    return strokes


def _notes(
    targets: list[Target], line: list[int], rng: np.random.Generator, breaths: set[int],
    ppq: int,
) -> list[tuple[int, int, int, int]]:  # fmt: skip
    rows = []
    for target, pitch in zip(targets, line, strict=True):
        length = target.length
        level = 80 + (4 if target.kick else 0)  # metre and energy are the performance's business
        if target.symbol == "g":
            rows.append((target.tick, min(length, ppq // 6), pitch, 42))
            continue
        sounding = round(length * target.gate)
        if target.tick + length in breaths and sounding > ppq // 2:  # room for a breath at the phrase's end
            sounding -= ppq // 4
        velocity = int(np.clip(level + rng.normal(0, 3), 1, 127))
        rows.append((target.tick, max(1, sounding), pitch, velocity))
    return rows


def _monophonic(rows: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Each note ends at the latest where the next begins."""
    rows = sorted(rows)
    return [
        (start, min(length, rows[i + 1][0] - start) if i + 1 < len(rows) else length, pitch, velocity)
        for i, (start, length, pitch, velocity) in enumerate(rows)
    ]
