"""Modulators of SoundFont 2.04 (sections 8.2 to 8.4, 9.5): how velocity, key and controllers act on generators.

Evaluated for many notes at once. Deviations: as in fluidsynth, values are divided by 128 rather than 127, so that controller
value 64 is the exact middle of a pan; unlike there, the range of the pitch wheel is divided by 127, so that a wheel set to an
octave reaches the octave (fluidsynth stays 10 cents below). Linked modulators are left out.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

VELOCITY, KEY, KEY_PRESSURE, CHANNEL_PRESSURE, PITCH_WHEEL, PITCH_WHEEL_RANGE = 2, 3, 10, 13, 14, 16
CONTROLLER = 0x80  # flag: the index is a MIDI controller's number
_FORBIDDEN_CONTROLLERS = frozenset({0, 6, 32, 38, 98, 99, 100, 101, *range(120, 128)})
_LINK = 0x8000


@dataclass(frozen=True, slots=True)
class Modulator:
    """Adds `amount * source * amount_source` to generator `destination`; sources are the standard's enumerators."""

    source: int
    destination: int
    amount: float
    amount_source: int
    absolute: bool = False

    @classmethod
    def read(cls, record: tuple[int, int, int, int, int]) -> "Modulator":
        """A modulator from its ten bytes in the file."""
        source, destination, amount, amount_source, transform = record
        return cls(source, destination, float(amount), amount_source, transform == 2)

    @property
    def identity(self) -> tuple[int, int, int, bool]:
        """What makes two modulators the same one, so that the later replaces the earlier."""
        return self.source, self.destination, self.amount_source, self.absolute

    @property
    def inputs(self) -> tuple[int, ...]:
        """The sources without their curves: index, with `CONTROLLER` where it is a MIDI controller."""
        return tuple(s & 0xFF for s in (self.source, self.amount_source) if s & 0xFF)

    @property
    def playable(self) -> bool:
        """Whether its sources and destination are ones that the standard knows, and it does anything."""
        return self.amount != 0 and self.destination < 61 and self.source & 0xFF != 0 and all(
            s & 0x7F not in _FORBIDDEN_CONTROLLERS if s & CONTROLLER
            else s in (VELOCITY, KEY, KEY_PRESSURE, CHANNEL_PRESSURE, PITCH_WHEEL, PITCH_WHEEL_RANGE)
            for s in self.inputs
        ) and (self.source >> 10) < 4 and (self.amount_source >> 10) < 4  # fmt: skip

    def values(self, read: Callable[[int], Values]) -> Values:
        """What it adds, for the input values that `read(input)` gives (shape (n,), 0..127; the wheel 0..16383)."""
        out = self.amount * shape(self.source, read(self.source & 0xFF))
        if self.amount_source & 0xFF:
            out = out * shape(self.amount_source, read(self.amount_source & 0xFF))
        return np.abs(out) if self.absolute else out


def shape(source: int, raw: Values) -> Values:
    """A raw input through the curve that a source enumerator names: 0..1, or -1..1 where it is bipolar."""
    span = {PITCH_WHEEL: 16384.0, PITCH_WHEEL_RANGE: 127.0}.get(source & 0xFF, 128.0)
    norm = raw / span
    if source & 0x100:
        norm = 1.0 - norm
    curve = (source >> 10) & 3
    if source & 0x200:
        value = 2.0 * norm - 1.0
        if curve == 3:
            return np.where(value >= 0, 1.0, -1.0)
        return np.sign(value) * _bend(curve, np.abs(value))
    return np.where(norm >= 0.5, 1.0, 0.0) if curve == 3 else _bend(curve, norm)


def _bend(curve: int, value: Values) -> Values:
    """Linear, concave (a steep rise at the end) or convex: the standard's logarithms over 96 dB."""
    if curve == 0:
        return value
    x = np.clip(value, 0.0, 1.0)
    if curve == 1:
        return np.clip(-40.0 / 96.0 * np.log10(np.maximum(1.0 - x, 1e-6)), 0.0, 1.0)
    return np.clip(1.0 + 40.0 / 96.0 * np.log10(np.maximum(x, 1e-6)), 0.0, 1.0)


def merge(base: tuple[Modulator, ...], more: tuple[Modulator, ...], *, add: bool) -> tuple[Modulator, ...]:
    """`more` over `base`: one of the same identity is replaced, or with `add` (a preset's) the amounts are added."""
    if not more:
        return base
    merged = {m.identity: m for m in base}
    for m in more:
        if m.source & _LINK or m.destination & _LINK:
            continue
        known = merged.get(m.identity)
        merged[m.identity] = replace(m, amount=known.amount + m.amount) if add and known else m
    return tuple(merged.values())


@lru_cache(maxsize=1)
def default_modulators() -> tuple[Modulator, ...]:
    """The modulators that every zone has unless its font says otherwise."""
    text = resources.files("ripieno.generators.audio").joinpath("data/modulators.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["modulator"]
    return tuple(Modulator(r["source"], r["destination"], float(r["amount"]), r["amount_source"]) for r in rows)
