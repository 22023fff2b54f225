"""The tempo map: the main tempo, changes that were asked for, and sections that have a tempo of their own."""

from collections.abc import Sequence

from ripieno.score.brief import TempoChange
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Section
from ripieno.score.section_kinds import section_kind
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Tempo, Timeline


def tempo_map(
    tempo: float, changes: Sequence[TempoChange], factors: Sequence[float], timeline: Timeline, sections: Sequence[Section],
    bars: int,
) -> tuple[Tempo, ...]:  # fmt: skip
    """The tempo map: steps where sections begin, ramps beat by beat. `factors`: of each section's tempo.

    Raises:
        BadRequest: a change leads outside the range of tempos.
    """
    marks: dict[int, float] = {0: tempo}
    for section, factor in zip(sections, factors, strict=True):
        marks[timeline.bar_start(section.first_bar)] = min(MAX_TEMPO, max(MIN_TEMPO, round(tempo * factor, 2)))
    for change in changes:
        target = change.bpm if change.bpm is not None else tempo * (change.factor or 1.0)
        if not MIN_TEMPO <= target <= MAX_TEMPO:
            raise BadRequest(f"A tempo lies between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute", value=target)
        for start, end in _places(change, sections, bars):
            first, stop = timeline.bar_start(start), timeline.bar_start(end)
            before = marks[max(t for t in marks if t <= first)]
            after = marks[max(t for t in marks if t <= stop)]
            marks = {t: v for t, v in marks.items() if not first <= t < stop}
            if not change.gradual:
                marks[first] = target
                if end < bars:
                    marks.setdefault(stop, after)
                continue
            ticks = [timeline.bar_start(b) + s for b in range(start, end) for s, _ in timeline.metre_at(b).beats(timeline.ppq)]
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
