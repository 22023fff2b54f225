"""Zones: what a preset plays for a key and a velocity, with all generators and modulators resolved.

The rules are those of SoundFont 2.04, sections 7 and 9.4: a global zone gives defaults to the zones after it, an instrument's
values replace the standard's defaults, a preset's values are added to the instrument's.
"""

import tomllib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.modulators import Modulator, default_modulators, merge

MAX_ZONES = 4096  # of one preset; a hostile font could multiply 65,536 by 65,536
GENERATORS = 61


class Gen(IntEnum):
    """The generators that the renderer reads, by their numbers in the standard."""

    START_OFFSET = 0
    END_OFFSET = 1
    LOOP_START_OFFSET = 2
    LOOP_END_OFFSET = 3
    START_COARSE = 4
    MOD_LFO_TO_PITCH = 5
    VIB_LFO_TO_PITCH = 6
    MOD_ENV_TO_PITCH = 7
    FILTER_FC = 8
    FILTER_Q = 9
    MOD_LFO_TO_FC = 10
    MOD_ENV_TO_FC = 11
    END_COARSE = 12
    MOD_LFO_TO_VOLUME = 13
    PAN = 17
    MOD_LFO_DELAY = 21
    MOD_LFO_FREQ = 22
    VIB_LFO_DELAY = 23
    VIB_LFO_FREQ = 24
    MOD_ENV_DELAY = 25
    VOL_ENV_DELAY = 33
    INSTRUMENT = 41
    KEY_RANGE = 43
    VELOCITY_RANGE = 44
    LOOP_START_COARSE = 45
    KEY = 46
    VELOCITY = 47
    ATTENUATION = 48
    LOOP_END_COARSE = 50
    COARSE_TUNE = 51
    FINE_TUNE = 52
    SAMPLE = 53
    SAMPLE_MODES = 54
    SCALE_TUNING = 56
    EXCLUSIVE_CLASS = 57
    ROOT_KEY = 58
    PITCH = 59  # not in the standard's list: the destination of the pitch wheel


@dataclass(frozen=True, slots=True)
class Zone:
    """One sample with everything that shapes it.

    Attributes:
        number: its place in its preset.
        sample: number of the recording in the font.
        keys, velocities: inclusive ranges.
        values: the 61 generators, clipped, in the standard's units.
        modulators: the defaults, the instrument's and the preset's, merged.
    """

    number: int
    sample: int
    keys: tuple[int, int]
    velocities: tuple[int, int]
    values: tuple[float, ...]
    modulators: tuple[Modulator, ...]


@dataclass(frozen=True, slots=True)
class ZoneSource:
    """The eight tables that zones are made from, and how many recordings there are."""

    preset: Any
    preset_bag: Any
    preset_gen: Any
    preset_mod: Any
    instrument: Any
    instrument_bag: Any
    instrument_gen: Any
    instrument_mod: Any
    sample_count: int


@dataclass(frozen=True, slots=True)
class _Spec:
    defaults: tuple[float, ...]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    preset_may: frozenset[int]


@lru_cache(maxsize=1)
def _spec() -> _Spec:
    text = resources.files("ripieno.generators.audio").joinpath("data/generators.toml").read_text(encoding="utf-8")
    defaults, low, high = np.zeros(GENERATORS), np.full(GENERATORS, -32768.0), np.full(GENERATORS, 32767.0)
    may = set()
    for row in tomllib.loads(text).values():
        n = row["number"]
        defaults[n], low[n], high[n] = row["default"], row["low"], row["high"]
        if row["kind"] == "value":
            may.add(n)
    return _Spec(tuple(defaults.tolist()), low, high, frozenset(may))


@dataclass(slots=True)
class _Bag:
    """A zone as the file has it."""

    values: dict[int, int]
    keys: tuple[int, int]
    velocities: tuple[int, int]
    modulators: tuple[Modulator, ...]
    link: int | None  # the instrument of a preset's zone, the sample of an instrument's


def preset_zones(source: ZoneSource, preset: int) -> tuple[Zone, ...]:
    """All zones of a preset, at most `MAX_ZONES`; links to what is not there are left out."""
    zones: list[Zone] = []
    spec = _spec()
    cache: dict[int, list[_Bag]] = {}
    outer = _bags(source.preset, source.preset_bag, source.preset_gen, source.preset_mod, preset, Gen.INSTRUMENT)
    for layer in outer:
        link = layer.link
        if link is None or link >= len(source.instrument) - 1:
            continue
        if link not in cache:
            cache[link] = _bags(source.instrument, source.instrument_bag, source.instrument_gen,
                                source.instrument_mod, link, Gen.SAMPLE)  # fmt: skip
        for inner in cache[link]:
            if inner.link is None or inner.link >= source.sample_count or len(zones) >= MAX_ZONES:
                continue
            keys = max(layer.keys[0], inner.keys[0]), min(layer.keys[1], inner.keys[1])
            velocities = (max(layer.velocities[0], inner.velocities[0]), min(layer.velocities[1], inner.velocities[1]))
            if keys[0] > keys[1] or velocities[0] > velocities[1]:
                continue
            values = np.array(spec.defaults)
            for n, value in inner.values.items():
                values[n] = value
            for n, value in layer.values.items():
                if n in spec.preset_may:
                    values[n] += value
            values = np.clip(values, spec.low, spec.high)
            modulators = merge(merge(default_modulators(), inner.modulators, add=False), layer.modulators, add=True)
            zones.append(Zone(len(zones), inner.link, keys, velocities, tuple(values.tolist()), modulators))
    return tuple(zones)


def _bags(owners: Any, bags: Any, gens: Any, mods: Any, index: int, link_by: Gen) -> list[_Bag]:
    """The zones of one preset or instrument with its global zone worked in."""
    first, last = int(owners["bag"][index]), int(owners["bag"][index + 1]) if index + 1 < len(owners) else 0
    found: list[_Bag] = []
    base = _Bag({}, (0, 127), (0, 127), (), None)
    for i in range(first, min(last, len(bags) - 1, first + MAX_ZONES)):
        bag = _bag(bags, gens, mods, i, base, link_by)
        if bag.link is not None:
            found.append(bag)
        elif i == first:
            base = bag
    return found


def _bag(bags: Any, gens: Any, mods: Any, i: int, base: _Bag, link_by: Gen) -> _Bag:
    values, keys, velocities, link = dict(base.values), base.keys, base.velocities, None
    for oper, amount in gens[int(bags["gen"][i]) : int(bags["gen"][i + 1])].tolist():
        if oper == link_by:
            link = amount & 0xFFFF
            break  # the standard: what follows the link is ignored
        if oper == Gen.KEY_RANGE:
            keys = amount & 0xFF, (amount >> 8) & 0xFF
        elif oper == Gen.VELOCITY_RANGE:
            velocities = amount & 0xFF, (amount >> 8) & 0xFF
        elif oper < GENERATORS - 2 or oper == Gen.ROOT_KEY:
            values[oper] = amount
    own = mods[int(bags["mod"][i]) : int(bags["mod"][i + 1])].tolist()[:256]
    return _Bag(values, keys, velocities, merge(base.modulators, tuple(Modulator.read(m) for m in own), add=False), link)
