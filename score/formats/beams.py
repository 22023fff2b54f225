"""Beams: which flagged notes of a beat hang together."""

from dataclasses import replace

from ripieno.score.formats.grid import UNITS, Bar
from ripieno.score.formats.paper import Event

_LEVELS = {"eighth": 1, "16th": 2, "32nd": 3}


def beam_groups(bar: Bar) -> list[tuple[int, int]]:
    """(first unit, unit after the last), from the bar line, of each stretch that one beam may span: the beats."""
    groups = []
    for start, length in bar.beats:
        step = UNITS if length % UNITS == 0 else length
        first = start - bar.start
        groups += [(s, s + step) for s in range(first, first + length, step)]
    return groups


def add_beams(voice: list[Event], bar: Bar) -> tuple[Event, ...]:
    """The voice with beams within each beat, over pairs of beats where a 4/4 bar has nothing but eighths there."""
    groups = beam_groups(bar)
    if len(groups) == 4 and bar.metre.denominator == 4:
        groups = _pair(voice, groups)
    out = list(voice)
    for first, behind in groups:
        run: list[int] = []
        for i, event in enumerate(voice):
            if not first <= event.start < behind:
                continue
            if event.heads and event.value in _LEVELS:
                run.append(i)
            else:
                _beam(out, run)
                run = []
        _beam(out, run)
    return tuple(out)


def _pair(voice: list[Event], groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out = []
    for a, b in ((groups[0], groups[1]), (groups[2], groups[3])):
        inside = [e for e in voice if a[0] <= e.start < b[1]]
        plain = all(e.heads and e.value == "eighth" and not e.dots and not e.triplet for e in inside)
        out += [(a[0], b[1])] if plain and len(inside) == 4 else [a, b]
    return out


def _beam(events: list[Event], run: list[int]) -> None:
    """Joins a run of flagged notes, level by level."""
    if len(run) < 2:
        return
    levels = [_LEVELS[events[i].value] for i in run]
    for place, i in enumerate(run):
        marks = []
        for level in range(1, levels[place] + 1):
            before = place > 0 and levels[place - 1] >= level
            after = place + 1 < len(run) and levels[place + 1] >= level
            if before and after:
                marks.append("continue")
            elif after:
                marks.append("begin")
            elif before:
                marks.append("end")
            else:
                marks.append("forward hook" if place == 0 else "backward hook")
        events[i] = replace(events[i], beams=tuple(marks))
