"""Time: ticks, beats, bars and seconds are converted here and nowhere else.

Units: a tick is 1/ppq of a quarter note; tempo is quarter notes per minute (the convention of MIDI and of DAWs), also in
compound metres; bars are counted from 0 inside the program (people are shown bar + 1).
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ripieno.score.errors import BadRequest

PPQ = 480  # the resolution of everything that Ripieno writes itself
MIN_TEMPO, MAX_TEMPO = 10.0, 400.0
MAX_BARS = 4096


@dataclass(frozen=True, slots=True)
class Metre:
    """A time signature. `groups` splits the bar's pulses unevenly, as (2, 2, 3) for 7/8; empty means the usual."""

    numerator: int = 4
    denominator: int = 4
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 32 or self.denominator not in (1, 2, 4, 8, 16, 32):
            raise BadRequest(
                "A metre has 1 to 32 pulses of 1, 2, 4, 8, 16 or 32", value=self, cure="write it like 3/4, 6/8 or 7/8"
            )
        if self.groups and sum(self.groups) != self.numerator:
            raise BadRequest("The groups of a metre add up to its numerator", value=self.groups)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def compound(self) -> bool:
        """Whether the beat is dotted (6/8, 9/8, 12/8)."""
        return self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3 and not self.groups

    @property
    def grouping(self) -> tuple[int, ...]:
        """Pulses in each beat: (1, 1, 1) for 3/4, (3, 3) for 6/8, (2, 2, 3) for 7/8, (3, 2) for 5/8."""
        if self.groups:
            return self.groups
        if self.compound:
            return (3,) * (self.numerator // 3)
        if self.denominator >= 8 and self.numerator in (5, 7, 11):
            return {5: (3, 2), 7: (2, 2, 3), 11: (3, 3, 3, 2)}[self.numerator]
        if self.denominator >= 8 and self.numerator == 3:
            return (3,)
        if self.denominator == 8 and self.numerator % 2 == 0:
            return (2,) * (self.numerator // 2)
        return (1,) * self.numerator

    def pulse_ticks(self, ppq: int = PPQ) -> int:
        """Ticks of one pulse (the denominator's note)."""
        return ppq * 4 // self.denominator

    def bar_ticks(self, ppq: int = PPQ) -> int:
        """Ticks of a bar."""
        return self.numerator * self.pulse_ticks(ppq)

    def beats(self, ppq: int = PPQ) -> tuple[tuple[int, int], ...]:
        """(start, length) in ticks of each beat within the bar."""
        pulse = self.pulse_ticks(ppq)
        starts = (0, *accumulate(g * pulse for g in self.grouping))
        return tuple((s, g * pulse) for s, g in zip(starts, self.grouping, strict=False))

    def weight(self, offset: int, ppq: int = PPQ) -> float:
        """Metrical weight 0..1 of a place in the bar: 1 downbeat, 0.75 half-bar, 0.5 beat, 0.25 half-beat, less below."""
        beats = self.beats(ppq)
        if offset == 0:
            return 1.0
        for i, (start, length) in enumerate(beats):
            if offset == start:
                return 0.75 if len(beats) % 2 == 0 and i == len(beats) // 2 else 0.5
            if start < offset < start + length:
                inner = offset - start
                pulse = self.pulse_ticks(ppq)
                unit = pulse if length > pulse else length // 2
                if unit and inner % unit == 0:
                    return 0.25
                return 0.125 if unit and inner % max(1, unit // 2) == 0 else 0.0625
        return 0.0625


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo from a tick on, in quarter notes per minute."""

    tick: int
    bpm: float


@dataclass(frozen=True, slots=True)
class MetreChange:
    """A metre from a bar on."""

    bar: int
    metre: Metre


@dataclass(frozen=True)
class Timeline:
    """Tempo map and metre map of a piece, with every conversion between ticks, bars and seconds.

    `tempos` starts at tick 0, `metres` at bar 0; both ascend strictly.
    """

    ppq: int = PPQ
    tempos: tuple[Tempo, ...] = (Tempo(0, 120.0),)
    metres: tuple[MetreChange, ...] = field(default=(MetreChange(0, Metre()),))

    def __post_init__(self) -> None:
        if not self.tempos or self.tempos[0].tick != 0 or not self.metres or self.metres[0].bar != 0:
            raise ValueError("a timeline starts with a tempo and a metre at 0")
        if any(b.tick <= a.tick for a, b in zip(self.tempos, self.tempos[1:], strict=False)):
            raise ValueError("tempos ascend in time")
        if any(b.bar <= a.bar for a, b in zip(self.metres, self.metres[1:], strict=False)):
            raise ValueError("metres ascend in bars")
        for tempo in self.tempos:
            if not MIN_TEMPO <= tempo.bpm <= MAX_TEMPO:
                raise BadRequest(
                    f"A tempo lies between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute",
                    value=tempo.bpm,
                    cure="give a tempo in that range, such as 96",
                )

    @cached_property
    def _metre_ticks(self) -> tuple[int, ...]:
        """Tick at which each metre starts."""
        ticks = [0]
        for a, b in zip(self.metres, self.metres[1:], strict=False):
            ticks.append(ticks[-1] + (b.bar - a.bar) * a.metre.bar_ticks(self.ppq))
        return tuple(ticks)

    @cached_property
    def _tempo_seconds(self) -> tuple[float, ...]:
        """Second at which each tempo starts."""
        seconds = [0.0]
        for a, b in zip(self.tempos, self.tempos[1:], strict=False):
            seconds.append(seconds[-1] + (b.tick - a.tick) * 60.0 / (a.bpm * self.ppq))
        return tuple(seconds)

    def metre_at(self, bar: int) -> Metre:
        """The metre in force in a bar."""
        return self.metres[bisect_right([m.bar for m in self.metres], bar) - 1].metre

    def bar_start(self, bar: int) -> int:
        """Tick of a bar line."""
        i = bisect_right([m.bar for m in self.metres], bar) - 1
        change = self.metres[max(i, 0)]
        return self._metre_ticks[max(i, 0)] + (bar - change.bar) * change.metre.bar_ticks(self.ppq)

    def bar_ticks(self, bar: int) -> int:
        """Ticks of one bar."""
        return self.metre_at(bar).bar_ticks(self.ppq)

    def bar_at(self, tick: int) -> int:
        """The bar that a tick lies in."""
        i = max(0, bisect_right(self._metre_ticks, tick) - 1)
        change = self.metres[i]
        return change.bar + (tick - self._metre_ticks[i]) // change.metre.bar_ticks(self.ppq)

    def position(self, tick: int) -> tuple[int, int]:
        """(bar, ticks into the bar)."""
        bar = self.bar_at(tick)
        return bar, tick - self.bar_start(bar)

    def tempo_at(self, tick: int) -> float:
        """Tempo in force at a tick."""
        return self.tempos[max(0, bisect_right([t.tick for t in self.tempos], tick) - 1)].bpm

    def seconds(self, tick: float) -> float:
        """Seconds from the start to a tick."""
        i = max(0, bisect_right([t.tick for t in self.tempos], tick) - 1)
        tempo = self.tempos[i]
        return self._tempo_seconds[i] + (tick - tempo.tick) * 60.0 / (tempo.bpm * self.ppq)

    def seconds_array(self, ticks: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """`seconds` for many ticks at once."""
        return tempo_seconds(ticks, [t.tick for t in self.tempos], [t.bpm for t in self.tempos], self.ppq)

    def tick_at(self, seconds: float) -> int:
        """The tick nearest to a time in seconds."""
        i = max(0, bisect_right(self._tempo_seconds, seconds) - 1)
        tempo = self.tempos[i]
        return tempo.tick + round((seconds - self._tempo_seconds[i]) * tempo.bpm * self.ppq / 60.0)


def tempo_seconds(
    ticks: npt.ArrayLike, tempo_ticks: npt.ArrayLike, bpms: npt.ArrayLike, ppq: float
) -> npt.NDArray[np.float64]:
    """Seconds at ticks under a tempo map of any tempos, as files from outside have them.

    `tempo_ticks` ascends from 0; `bpms` are quarter notes a minute from there on.
    """
    starts, rates = np.asarray(tempo_ticks, np.float64), 60.0 / (np.asarray(bpms, np.float64) * ppq)
    at_start = np.concatenate(([0.0], np.cumsum(np.diff(starts) * rates[:-1])))
    places = np.asarray(ticks, np.float64)
    i = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
    return np.asarray(at_start[i] + (places - starts[i]) * rates[i])
