"""The chords of a piece: given progressions exactly, else schemes and the style's grammar, phrase by phrase.

Sections of one label share their harmony; a return may be coloured afresh. Phrases of one idea share their body and differ
in the cadence. Knows nothing of voicings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ripieno.generators.theory.chord_moves import moved
from ripieno.generators.theory.chromatic import coloured
from ripieno.generators.theory.grammar import Grammar, grammar_for, numeral_key
from ripieno.generators.theory.style import Harmony, Progression, Style
from ripieno.generators.theory.types import Form, Phrase, RandomSource, SectionPlan
from ripieno.score.brief import Brief, ProgressionRequest
from ripieno.score.chords import QUALITIES, Chord, parse_roman
from ripieno.score.errors import BadRequest
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan
from ripieno.score.section_kinds import section_kind
from ripieno.score.time import Metre, Timeline

Bars = list[list[str]]  # numerals by bar
QUIET = ("intro", "outro", "break", "build", "solo")  # kinds that live on the material of the main sections


@dataclass(frozen=True)
class HarmonyPlan:
    """Chord spans without gaps, and in words how each label came to its chords."""

    chords: tuple[ChordSpan, ...]
    trail: tuple[str, ...]


def plan_harmony(style: Style, brief: Brief, form: Form, rng_of: RandomSource) -> HarmonyPlan:
    """The harmony of the whole form. `rng_of(*names)` gives a random stream for each purpose."""
    given = brief.progressions.value if brief.progressions else ()
    spans: list[ChordSpan] = []
    trail: list[str] = []
    for wanted in given:
        if not wanted.chords:
            raise BadRequest("A progression has at least one chord", value=wanted.name or "empty")
    everywhere = [row for row in given if not row.section]
    whole = _continuous(everywhere[0], form) if len(everywhere) == 1 and len(given) == 1 else None
    if whole is not None:
        return HarmonyPlan(_merged(whole, form), (f"chords as given: {' '.join(everywhere[0].chords)}",))
    writer = _Writer(style, form, rng_of)
    labels = [lab for lab in dict.fromkeys(p.section.label for p in form.sections)
              if any(p.section.label == lab and p.kind not in QUIET for p in form.sections)]  # fmt: skip
    for index, plan in enumerate(form.sections):
        row = _given_for(plan, given, labels)
        if row is not None:
            spans.extend(_exact(row, plan.key, form.timeline, plan.section.first_bar, plan.section.bars))
            trail.append(f"{plan.section.name}: chords as given")
            continue
        bars = writer.section(index, plan)
        for offset, chords in enumerate(bars):
            spans.extend(_bar_spans(chords, form.timeline, plan.section.first_bar + offset))
        if plan.occurrence == 0:
            shown = " | ".join(" ".join(c.symbol for c in bar) for bar in bars[:8])
            trail.append(f"{plan.section.name} ({plan.key}): {shown}")
    return HarmonyPlan(_merged(spans, form), tuple(trail))


# -- given progressions ------------------------------------------------------------------------------------------------


def _given_chords(row: ProgressionRequest, key: Key) -> list[Chord]:
    return [parse_roman(c, numeral_key(key)) if row.roman else Chord.parse(c) for c in row.chords]


def _bars_each(row: ProgressionRequest, bars: int) -> float:
    """Bars for each chord: as stated, else one, or two or four that fill the bars exactly, or less where there are too many."""
    if row.bars_each is not None and row.bars_each > 0:
        return row.bars_each
    count = len(row.chords)
    for each in (1.0, 0.5, 0.25, 0.125):
        if count * each <= bars:
            break
    return 2.0 if each == 1.0 and count < 4 and bars % (count * 2) == 0 and bars // count >= 4 else each


def _continuous(row: ProgressionRequest, form: Form) -> list[ChordSpan] | None:
    """One progression for the whole piece that does not fit its sections: it runs on through them. None where it fits."""
    cycle = _bars_each(row, form.bars) * len(row.chords)
    if all(plan.section.bars % cycle == 0 for plan in form.sections):
        return None
    return _exact(row, form.sections[0].key, form.timeline, 0, form.bars)


def _exact(row: ProgressionRequest, key: Key, timeline: Timeline, first: int, bars: int) -> list[ChordSpan]:
    """The chords in order, over and over, from a bar on."""
    chords = _given_chords(row, key)
    each = _bars_each(row, bars)
    start, stop = timeline.bar_start(first), timeline.bar_start(first + bars)
    length = timeline.bar_ticks(first) * each
    spans: list[ChordSpan] = []
    i = 0
    while True:
        a, b = start + round(i * length), min(stop, start + round((i + 1) * length))
        if a >= stop:
            return spans
        spans.append(ChordSpan(a, b, chords[i % len(chords)]))
        i += 1


def _given_for(
    plan: SectionPlan, given: Sequence[ProgressionRequest], labels: Sequence[str]
) -> ProgressionRequest | None:
    """The progression that a section must use: one that names it, else those without a name in turn by label."""
    for row in given:
        wanted = row.section.lower().strip()
        if wanted and (plan.section.name.lower().rstrip(" 0123456789") == wanted or plan.section.label.lower() == wanted
                       or (section_kind(wanted) != "theme" and section_kind(wanted) == plan.kind)):  # fmt: skip
            return row
    free = [row for row in given if not row.section]
    if not free:
        return None
    label = plan.section.label
    return free[labels.index(label) % len(free)] if label in labels else free[0]


# -- invention -----------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes sections, remembering the harmony of each label and idea."""

    def __init__(self, style: Style, form: Form, rng_of: RandomSource) -> None:
        self.habits: Harmony = style.harmony
        self.form, self.rng_of = form, rng_of
        self.schemes: dict[str, Progression | None] = {}
        self.bodies: dict[tuple[str, int], Bars] = {}
        self.told: dict[str, tuple[Key, list[list[Chord]]]] = {}  # key and chords in which a label was first heard
        themes = [p for p in form.sections if p.kind not in QUIET]
        self.main = (themes or list(form.sections))[0]

    def chord(self, numeral: str, key: Key) -> Chord:
        """A numeral as a chord in a key, with the style's drone under it."""
        chord = grammar_for(self.habits.grammar, key).chord(numeral)
        if self.habits.drone and chord.bass is None and chord.root_pc != key.tonic_pc:
            chord = Chord(chord.root, chord.intervals, key.tonic)
        return chord

    def section(self, index: int, plan: SectionPlan) -> list[list[Chord]]:
        """Chords for every bar of a section."""
        label = self.main.section.label if plan.kind in QUIET else plan.section.label
        kind = self.main.kind if plan.kind in QUIET else plan.kind
        grammar = grammar_for(self.habits.grammar, plan.key)
        scheme = Progression(chords=plan.chords) if plan.chords else self._scheme(label, kind, plan)
        last = index == len(self.form.sections) - 1
        if scheme is not None:
            bars = self._tiled(scheme, plan, grammar, last)
        else:
            bars = []
            for phrase in plan.phrases:
                bars.extend(self._phrase(label, phrase, plan, grammar))
        plain = [[self.chord(n, plan.key) for n in row] for row in bars]
        home = grammar.chord(grammar.states[int(np.argmax(grammar.start))]).root_pc
        light = plan.occurrence if plan.occurrence > 1 else 0
        out: list[list[Chord]] = []
        for phrase in plan.phrases:  # phrases of one idea are coloured alike
            first = phrase.first_bar - plan.section.first_bar
            rng = self.rng_of("colour", label, phrase.idea.rstrip("'"), light)
            out += coloured(plain[first:first + phrase.bars], plan.key, home, self.habits, rng)
        told = self.told.setdefault(plan.section.label, (plan.key, [list(bar) for bar in out]))
        if plan.key != told[0] and len(out) == len(told[1]) and (plan.kind == "theme" or plan.way) and not plan.chords:
            kept = [[moved(c, told[0], plan.key) for c in bar] for bar in told[1]]  # the same music in another key or mode
            out = kept[:-2] + out[-2:] if last else kept
        if not last and self.form.sections[index + 1].key != plan.key:
            self._led_on(out, plan, self.form.sections[index + 1].key)
        return out

    def _led_on(self, bars: list[list[Chord]], plan: SectionPlan, then: Key) -> None:
        """The last bar of a section turns to the dominant of the key that follows, where there is a beat for it."""
        beats = len(self.form.timeline.metre_at(plan.section.end_bar - 1).beats())
        if self.habits.loop or self.habits.drone or beats < 2 or len(bars) < 4 or plan.kind == "intro":
            return
        fifth = Chord(then.spell(then.tonic_pc + 7), QUALITIES["" if self.habits.colour == "power" else "7"])
        if bars[-1][0].root_pc != fifth.root_pc:
            bars[-1] = [bars[-1][0], fifth]

    def _scheme(self, label: str, kind: str, plan: SectionPlan) -> Progression | None:
        """The scheme that a label keeps; a later chorus may take another of its length."""
        kept = self.schemes.get(label)
        if label in self.schemes and (
            kept is None or self.rng_of("variant", plan.section.first_bar).random() >= self.habits.variants
        ):
            return kept
        mode, base = plan.key.mode, numeral_key(plan.key).mode
        fitting = [p for p in self.habits.progressions if p.mode == mode] or [
            p for p in self.habits.progressions if p.mode == base]
        special = [p for p in fitting if kind in p.sections or label in p.sections]
        options = special or [p for p in fitting if not p.sections]
        if kept is not None:
            rng = self.rng_of("scheme", label, plan.section.first_bar)
            return _drawn([p for p in options if len(p.bars) == len(kept.bars)] or [kept], plan.section.bars, rng)
        rng = self.rng_of("scheme", label)
        chosen = None
        whole = any(len(p.bars) == plan.section.bars > 8 for p in options)  # a blues chorus is its scheme
        if options and (rng.random() < self.habits.schemes or whole):
            taken = {id(p) for p in self.schemes.values()}
            chosen = _drawn([p for p in options if id(p) not in taken] or options, plan.section.bars, rng)
        self.schemes[label] = chosen
        return chosen

    def _tiled(self, scheme: Progression, plan: SectionPlan, grammar: Grammar, last: bool) -> Bars:
        source = self._paced(scheme.bars, plan)
        count = plan.section.bars
        bars = [list(source[i % len(source)]) for i in range(count)]
        if plan.kind == "intro" and count < len(source):  # the last bars of the scheme lead into its beginning
            bars = [list(b) for b in source[len(source) - count:]]
            bars[0] = list(source[0])
        if last:
            self._close(bars, grammar, source)
        return bars

    def _paced(self, source: tuple[tuple[str, ...], ...], plan: SectionPlan) -> tuple[tuple[str, ...], ...]:
        """A loop at its own pace, or now and then with each bar held for two, or two bars in one; a label keeps its pace."""
        if not self.habits.loop or len(source) > 4 or any(len(bar) != 1 for bar in source):
            return source
        draw = self.rng_of("pace", plan.section.label).random()
        if draw < 0.18 and plan.section.bars >= 2 * len(source):
            return tuple(bar for bar in source for _ in range(2))
        if draw > 0.88 and len(source) % 2 == 0 and len(set(source)) > 2:
            return tuple((*a, *b) for a, b in zip(source[::2], source[1::2], strict=True))
        return source

    def _close(self, bars: Bars, grammar: Grammar, source: tuple[tuple[str, ...], ...]) -> None:
        """Makes the last bars of the piece end at home, with the scheme's own home chord where it has one."""
        cadence = grammar.cadence("final", self.rng_of("close"), 2)
        home = grammar.chord(cadence[-1]).root_pc
        own = [n for bar in source for n in bar if grammar.chord(n).root_pc == home and grammar.chord(n).bass is None]
        bars[-1] = [own[0] if own else cadence[-1]]
        if len(bars) > 2 and grammar.chord(bars[-2][-1]).root_pc == home and len(cadence) > 1:
            fifth = [n for bar in source for n in bar if (grammar.chord(n).root_pc - home) % 12 == 7]
            bars[-2] = [fifth[-1] if fifth else cadence[-2]]

    def _phrase(self, label: str, phrase: Phrase, plan: SectionPlan, grammar: Grammar) -> Bars:
        """A phrase: the body of its idea, then its own cadence."""
        idea = phrase.idea.split(".")[-1].rstrip("'")
        body_key = (f"{label}.{idea}:{plan.key}", phrase.bars)
        if self.habits.loop:
            body_key = (f"{label}:{plan.key}", phrase.bars)
        body = self.bodies.get(body_key)
        rng = self.rng_of("phrase", label, idea if not self.habits.loop else "", phrase.bars)
        if body is None:
            body = self._body(phrase, grammar, rng, opening=idea == "a" and label == self.main.section.label)
            self.bodies[body_key] = body
        if self.habits.loop and phrase.cadence != "final":
            return [list(b) for b in body]
        return self._cadenced([list(b) for b in body], phrase, plan, grammar)

    def _body(self, phrase: Phrase, grammar: Grammar, rng: np.random.Generator, *, opening: bool) -> Bars:
        """Chords for all bars of a phrase, aimed at a dominant or another open end."""
        rate = self.habits.rate
        counts = []
        pace = rate if rate <= 1 else max(1.0, rate * float(rng.choice([0.75, 1.0, 1.25])))
        for bar in range(phrase.bars):
            beats = len(self.form.timeline.metre_at(phrase.first_bar + bar).beats())
            most = max(1, beats)
            here = max(1.0, pace * (0.75 + 0.5 * bar / max(1, phrase.bars - 1)))  # chords quicken towards the cadence
            whole = int(here)
            n = whole + int(rng.random() < here - whole) if rate >= 1 else 1
            if rate < 1 and bar % max(1, round(1 / rate)):
                n = 0
            counts.append(min(n, most))
        first = None
        if phrase.first_bar == self.form.sections[0].section.first_bar:  # the piece shows its key at once
            first = grammar.states[int(np.argmax(grammar.start))]
        elif not opening:  # a second idea starts away from home
            outgoing = grammar.weights[int(np.argmax(grammar.start))].copy()
            first = grammar.states[int(rng.choice(len(outgoing), p=outgoing / outgoing.sum()))]
        home = grammar.states[int(np.argmax(grammar.start))]
        target = home if self.habits.loop else grammar.cadence("half", rng, 1)[-1]
        path = grammar.path(first, sum(counts), target, rng)
        out: Bars = []
        place = 0
        for n in counts:
            out.append(path[place:place + n] if n else [out[-1][-1]])
            place += n
        return out

    def _cadenced(self, bars: Bars, phrase: Phrase, plan: SectionPlan, grammar: Grammar) -> Bars:
        """Replaces the end of a phrase by its cadence: the goal fills the last bar, the approach the bar before."""
        rng = self.rng_of("cadence", phrase.idea, phrase.cadence, phrase.bars)
        kind = phrase.cadence
        closes = plan.section.end_bar == phrase.first_bar + phrase.bars
        if kind == "authentic" and closes and len(bars) >= 4 and "turnaround" in grammar.cadences and rng.random() < 0.5:
            turn = list(grammar.cadence("turnaround", rng, 4))  # jazz: home, and round again
            bars[-2:] = [turn[:2], turn[2:]]
            return bars
        if kind == "authentic" and rng.random() < 0.08 and "deceptive" in grammar.cadences:
            kind = "deceptive"
        cadence = list(grammar.cadence(kind, rng, 3 if len(bars) >= 3 else 2 if len(bars) == 2 else 1))
        bars[-1] = [cadence.pop()]
        if cadence and len(bars) >= 2 and self.habits.rate >= 2 and len(bars[-2]) >= len(cadence):
            bars[-2] = [*bars[-2][: len(bars[-2]) - len(cadence)], *cadence]
        elif cadence and len(bars) >= 2:
            beats = len(self.form.timeline.metre_at(phrase.first_bar).beats())
            if len(cadence) == 2 and (beats < 2 or rng.random() < 0.3) and len(bars) >= 4:
                bars[-2], bars[-3] = [cadence[1]], [cadence[0]]
            else:
                bars[-2] = cadence if beats >= 2 else cadence[-1:]
        return bars


def _drawn(options: Sequence[Progression], bars: int, rng: np.random.Generator) -> Progression:
    """One of the schemes, by weight and by how well its length suits the bars."""
    weights = np.array([p.weight * _fit(p, bars) for p in options])
    return options[int(rng.choice(len(options), p=weights / weights.sum()))]


def _fit(scheme: Progression, bars: int) -> float:
    """How well a scheme suits a section's length: a whole chorus best, then whole turns, hardly with a rest."""
    length = len(scheme.bars)
    if length == bars and length >= 8:
        return 6.0
    return 2.0 if bars % length == 0 else 0.02


# -- time ----------------------------------------------------------------------------------------------------------------


def _bar_spans(chords: Sequence[Chord], timeline: Timeline, bar: int) -> list[ChordSpan]:
    """The chords of a bar, shared out over its beats; more weight to the first."""
    metre: Metre = timeline.metre_at(bar)
    start, length = timeline.bar_start(bar), timeline.bar_ticks(bar)
    beats = [s for s, _ in metre.beats(timeline.ppq)]
    n = len(chords)
    crowded = n > len(beats)
    cuts = [i * length // n if crowded else beats[-(-i * len(beats) // n)] for i in range(n)]
    ends = [*cuts[1:], length]
    return [ChordSpan(start + a, start + b, c) for a, b, c in zip(cuts, ends, chords, strict=True)]


def _merged(spans: Sequence[ChordSpan], form: Form) -> tuple[ChordSpan, ...]:
    """Equal neighbours as one span, except across the beginning of a section."""
    borders = {form.timeline.bar_start(p.section.first_bar) for p in form.sections}
    out: list[ChordSpan] = []
    for span in spans:
        if out and out[-1].chord == span.chord and out[-1].end == span.start and span.start not in borders:
            out[-1] = ChordSpan(out[-1].start, span.end, span.chord)
        else:
            out.append(span)
    return tuple(out)
