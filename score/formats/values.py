"""Note values: how a span of time is written, cut at bar lines and beats as the metre asks, tied where it is cut."""

from dataclasses import dataclass
from functools import lru_cache

from ripieno.score.formats.grid import UNITS, Bar
from ripieno.score.time import Metre

_PLAIN = {192: "breve", 96: "whole", 48: "half", 24: "quarter", 12: "eighth", 6: "16th", 3: "32nd"}
VALUES: dict[int, tuple[str, int]] = {
    **{units: (name, 0) for units, name in _PLAIN.items()},
    **{units * 3 // 2: (name, 1) for units, name in _PLAIN.items() if units > 3},
}  # length in units -> (name, dots)
_IN_TRIPLET = {4: ("16th", 0), 8: ("eighth", 0), 12: ("eighth", 1), 16: ("quarter", 0)}


@dataclass(frozen=True, slots=True)
class Value:
    """A span (units) written with one note value; `triplet`: three of it stand in the time of two."""

    start: int
    length: int
    name: str
    dots: int = 0
    triplet: bool = False


def write_span(start: int, end: int, bar: Bar, triplets: frozenset[int], *, rest: bool) -> list[Value]:
    """The values of a span within one bar. `triplets`: first units of the beats that this voice writes in triplets."""
    out: list[Value] = []
    place = start
    while place < end:
        cell = place - (place - bar.start) % UNITS
        if cell in triplets and (place > cell or end < cell + UNITS):
            stop = min(end, cell + UNITS)
            out += _in_triplet(place, stop)
        else:
            edge = (end - bar.start) // UNITS * UNITS + bar.start
            stop = edge if edge in triplets and edge < end else end
            inner = ((s - bar.start, n) for s, n in bar.beats)
            parts = _straight(place - bar.start, stop - bar.start, bar.metre, tuple(inner), rest)
            out += [Value(bar.start + s, n, *VALUES[n]) for s, n in parts]
        place = stop
    return out


def _in_triplet(start: int, end: int) -> list[Value]:
    out = []
    while start < end:
        length = end - start if end - start in _IN_TRIPLET else 16
        name, dots = _IN_TRIPLET[length]
        out.append(Value(start, length, name, dots, triplet=True))
        start += length
    return out


@lru_cache(maxsize=8192)
def _straight(
    start: int, end: int, metre: Metre, beats: tuple[tuple[int, int], ...], rest: bool
) -> tuple[tuple[int, int], ...]:
    """(start, length) of the values of a span without triplets, all relative to the bar."""
    bar_end = beats[-1][0] + beats[-1][1]
    edges = [s for s, _ in beats] + [bar_end]
    middle = _middle(metre, edges)
    out: list[tuple[int, int]] = []
    place = start
    while place < end:
        stop = _stop(place, end, edges, middle, rest, metre)
        out += _pieces(place, stop, max(e for e in edges if e <= place))
        place = stop
    return tuple(out)


def _middle(metre: Metre, edges: list[int]) -> int:
    """The place inside the bar that notation keeps visible: the half of an even bar, after three of five beats."""
    beats = len(edges) - 1
    if beats == 4:
        return edges[2]
    if beats == 6 or (beats == 5 and metre.denominator <= 4):
        return edges[3]
    return edges[-1]


def _stop(place: int, end: int, edges: list[int], middle: int, rest: bool, metre: Metre) -> int:
    """Where the value that starts at `place` must end at the latest."""
    beat_end = min(e for e in edges if e > place)
    if end <= beat_end:
        return end
    crosses = place < middle < end
    if place in edges:
        onto = [e for e in edges if place < e <= end and (e - place) in VALUES]
        if rest:
            aligned = place in (0, middle)
            onto = [e for e in onto if e == beat_end or (aligned and e in (middle, edges[-1]) and len(edges) == 5)]
        elif end not in edges and not crosses and (end - place) in VALUES:
            return end  # a dotted value from the beat
        elif (end - place not in VALUES and crosses) or (end not in edges and crosses):
            onto = [e for e in onto if e <= middle]
        return max(onto, default=beat_end)
    length = beat_end - max(e for e in edges if e <= place)
    half = length // 2
    if (not rest and not metre.compound and not crosses and end - place == length
            and length == UNITS and (beat_end - place) == half):  # fmt: skip
        return end  # a syncopation: eighth, quarter, eighth
    return beat_end


def _pieces(start: int, end: int, beat: int) -> list[tuple[int, int]]:
    """A span cut at the strongest places of its beat until every part is a note value."""
    if end - start in VALUES:
        return [(start, end - start)]
    for step in (24, 12, 6, 3):
        inside = [p for p in range(beat, end, step) if start < p < end]
        if inside:
            cut = inside[-1] if (start - beat) % step == 0 else inside[0]
            return [*_pieces(start, cut, beat), *_pieces(cut, end, beat)]
    return [(start, 3), *_pieces(start + 3, end, beat)]
