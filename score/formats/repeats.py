"""Repeats unfolded: in which order the bars of a printed score sound.

Repeat signs with any number of endings, da capo, dal segno, coda and fine. After a jump back repeats are not taken again and
the last ending is played, as players do unless told otherwise. What the signs of a damaged score ask for stays bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands at one bar.

    Attributes:
        opens: a repeat begins before it.
        times: how often what ends with it is played in all; 0 where no repeat ends here.
        endings: the passes for which it is an ending; empty for bars of every pass.
        segno, coda: it begins at the sign.
        to_coda: after it, on the way after a jump back, the music goes on at the coda.
        fine: after a jump back the piece ends with it.
        back: 'capo' or 'segno' where a jump back follows it.
    """

    opens: bool = False
    times: int = 0
    endings: frozenset[int] = frozenset()
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    fine: bool = False
    back: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """One sounding bar: which printed bar it is, and for which time (from 1) its stretch is played."""

    bar: int
    number: int = 1


def unfold(signs: Sequence[Signs], limit: int) -> list[Pass]:
    """The bars in the order in which they sound, at most `limit` of them."""
    order: list[Pass] = []
    start, number, i, jumped = 0, 1, 0, False
    while i < len(signs) and len(order) < limit:
        here = signs[i]
        if here.opens and i != start:
            start, number = i, 1
        if here.endings and not jumped and number not in here.endings:
            following = _after_ending(signs, i)
            if any(number in s.endings for s in signs[following : following + 1]) or number > 1:
                i = following
                continue
        if here.endings and jumped and _next_ending(signs, i):
            i = _after_ending(signs, i)
            continue
        order.append(Pass(i, number))
        if jumped and here.fine:
            break
        if jumped and here.to_coda:
            coda = next((j for j in range(i + 1, len(signs)) if signs[j].coda), None)
            if coda is not None:
                i, start, number = coda, coda, 1
                continue
        if here.times and not jumped:
            if number < max(here.times, _last_pass(signs, i)):
                number += 1
                i = start
                continue
            start, number = _after_endings(signs, i), 1
            i = start - 1
        elif here.endings and not jumped and not (i + 1 < len(signs) and signs[i + 1].endings == here.endings):
            start, number = i + 1, 1  # the last ending has no sign of its own
        if here.back and not jumped:
            jumped, number = True, 1
            i = next((j for j in range(i, -1, -1) if signs[j].segno), 0) if here.back == "segno" else 0
            continue
        i += 1
    return order


def _after_ending(signs: Sequence[Signs], i: int) -> int:
    """The first bar behind the ending that bar `i` begins or continues."""
    endings = signs[i].endings
    while i < len(signs) and signs[i].endings == endings:
        i += 1
    return i


def _next_ending(signs: Sequence[Signs], i: int) -> bool:
    """Whether another ending follows the one of bar `i`."""
    after = _after_ending(signs, i)
    return after < len(signs) and bool(signs[after].endings)


def _after_endings(signs: Sequence[Signs], i: int) -> int:
    """The first bar behind all endings that follow bar `i` if it is one, else the next bar."""
    place = i + 1
    while signs[i].endings and place < len(signs) and signs[place].endings:
        place += 1
    return place


def _last_pass(signs: Sequence[Signs], i: int) -> int:
    """The highest pass that the endings around bar `i` name; 0 where it is none."""
    highest, first = 0, i
    while first > 0 and signs[i].endings and signs[first - 1].endings:
        first -= 1
    for here in signs[first : _after_endings(signs, i)]:
        highest = max(highest, *here.endings, 0)
    return highest
