"""The mixer: stems in, one programme out. Levels by measured loudness, room, glue, loudness and true peak.

Balance: each stem is brought to its role's loudness below the lead's, by what it measures rather than by what its
recordings happen to be, and the track's own volume (100 is neutral) moves it from there. Then a stem that would cover the
lead in the bands where the lead lives gives way by a few dB.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.chorus import Chorus
from ripieno.generators.audio.dynamics import BLOCK, Glue, apply_gains, glue_gains, levels, limit_gains
from ripieno.generators.audio.loudness import LoudnessMeter, true_peaks
from ripieno.generators.audio.room import Convolver, Room, impulse_response
from ripieno.generators.audio.tape import Tape
from ripieno.generators.audio.tone import grid, k_weighting

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

BANDS_HZ = (60.0, 120.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # borders of the bands that masking is judged in
_WINDOW = 1 << 18  # frames mixed at a time
_STEP = 4096  # frames of a measured step of a stem
_EVERY = 4  # of so many steps one is measured
_FURTHEST = 14.0  # LU by which balance may move a stem
_LEAD_SHARE = 0.2  # a band is the lead's when it holds this share of the lead's energy
_COVER_DB = -1.0  # how far below the lead another track must stay there
_GIVE_WAY_DB = 6.0
_HIGHEST_GAIN = 1e4  # of the master section: more would only lift hiss


@dataclass(frozen=True)
class Measure:
    """What a stem measures.

    Attributes:
        loudness: LUFS, gated; -inf for silence.
        bands: (steps, bands) energy in each band of each step.
    """

    loudness: float
    bands: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Channel:
    """A stem on its way into the mix: its gain and its sends into room and chorus are linear."""

    stem: Tape
    gain: float
    send: float
    chorus: float = 0.0


def measure(stem: Tape, rate: int) -> Measure:
    """Measures a stem in every fourth step of 4,096 frames."""
    frequencies = grid(_STEP, rate)
    weights = (np.abs(k_weighting(frequencies, rate)) ** 2).astype(np.float32)
    borders = np.searchsorted(frequencies, BANDS_HZ)
    energies, bands = [], []
    level = 1.0 if stem.place is None else stem.place[0] ** 2 + stem.place[1] ** 2
    for at in range(0, stem.frames, _WINDOW):
        piece = stem.signal(at, at + _WINDOW)
        steps = -(-piece.shape[1] // (_EVERY * _STEP))
        piece = np.pad(piece, ((0, 0), (0, steps * _EVERY * _STEP - piece.shape[1])))
        spectrum = np.fft.rfft(piece.reshape(len(piece), steps, _EVERY * _STEP)[:, :, :_STEP], axis=2)
        power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0) * np.float32(level * 2.0 / _STEP**2)
        energies.append(power @ weights)
        bands.append(np.add.reduceat(power, borders, axis=1))
    if not energies:
        return Measure(float("-inf"), np.zeros((0, len(BANDS_HZ)), np.float32))
    energy, table = np.concatenate(energies).astype(np.float64), np.concatenate(bands)
    loud = energy[energy > 10 ** ((-70.0 + 0.691) / 10.0)]
    if not loud.size:
        return Measure(float("-inf"), table)
    loud = loud[loud > 0.1 * loud.mean()]
    return Measure(float(-0.691 + 10.0 * np.log10(loud.mean())), table)


def balance(measures: Sequence[Measure], targets: Sequence[float | None], lead: Sequence[bool]) -> list[float]:
    """A gain (linear) for each stem.

    Args:
        targets: LU relative to the lead, or None for a stem that stays as it is.
        lead: which stems carry the tune.
    """
    known = [m.loudness for m, t in zip(measures, targets, strict=True) if t is not None and np.isfinite(m.loudness)]
    centre = float(np.median(known)) if known else 0.0
    gains = [
        1.0 if target is None or not np.isfinite(m.loudness)
        else 10.0 ** (float(np.clip(centre + target - m.loudness, -_FURTHEST, _FURTHEST)) / 20.0)
        for m, target in zip(measures, targets, strict=True)
    ]  # fmt: skip
    return _make_way(measures, gains, lead)


def masking(measures: Sequence[Measure], gains: Sequence[float], lead: Sequence[bool]) -> list[float]:
    """For each stem, by how many dB it exceeds the lead in the lead's own bands while both sound (-inf for the lead itself)."""
    steps = max((len(m.bands) for m in measures), default=0)
    energy = [g * g * np.pad(m.bands, ((0, steps - len(m.bands)), (0, 0))) for m, g in zip(measures, gains, strict=True)]
    own = sum((e for e, is_lead in zip(energy, lead, strict=True) if is_lead), np.zeros((steps, len(BANDS_HZ))))
    sounds = own.sum(axis=1) > 1e-3 * own.sum(axis=1).max(initial=0.0)
    found = []
    for mine, is_lead in zip(energy, lead, strict=True):
        both = sounds & (mine.sum(axis=1) > 0)
        if is_lead or not np.any(both):
            found.append(float("-inf"))
            continue
        of_lead = own[both].sum(axis=0)
        homes = of_lead > _LEAD_SHARE * of_lead.sum()
        ratio = mine[both].sum(axis=0)[homes].sum() / of_lead[homes].sum()
        found.append(float(10.0 * np.log10(max(float(ratio), 1e-12))))
    return found


def _make_way(measures: Sequence[Measure], gains: list[float], lead: Sequence[bool]) -> list[float]:
    return [
        gain * 10.0 ** (-min(max(over - _COVER_DB, 0.0), _GIVE_WAY_DB) / 20.0)
        for gain, over in zip(gains, masking(measures, gains, lead), strict=True)
    ]


def mix_down(channels: Sequence[Channel], out: Floats, room: Room | None, wet: float, rate: int) -> None:
    """Adds all stems, the chorus and the room's answer into `out`, (2, n); the room rings on to the end of `out`."""
    hall = Convolver(impulse_response(room, rate)) if room is not None else None
    window = _WINDOW if hall is None else hall.step
    chorus = Chorus(rate) if any(channel.chorus for channel in channels) else None
    for at in range(0, out.shape[1], window):
        piece = out[:, at : at + window]
        into_room = np.zeros_like(piece)
        into_chorus = np.zeros_like(piece) if chorus is not None else None
        for channel in channels:
            dry = channel.stem.signal(at, at + piece.shape[1])
            if not dry.shape[1] or not channel.gain:
                continue
            place = channel.stem.place or (1.0, 1.0)
            for side in (0, 1):
                scaled = dry[side % len(dry)] * np.float32(channel.gain * place[side])
                piece[side, : scaled.size] += scaled
                if channel.chorus and into_chorus is not None:
                    into_chorus[side, : scaled.size] += scaled * np.float32(channel.chorus)
                if channel.send:
                    scaled *= np.float32(channel.send)
                    into_room[side, : scaled.size] += scaled
        if chorus is not None and into_chorus is not None:
            piece += chorus(into_chorus)
        if hall is not None:
            piece += hall(into_room) * np.float32(wet)


@dataclass(frozen=True)
class Master:
    """What the master section measured: LUFS, dBTP, and dB that the compressor and the limiter took at most."""

    loudness: float
    true_peak: float
    compression: float
    limiting: float


def master(programme: Floats, rate: int, *, loudness: float | None, true_peak: float, glue: Glue | None) -> Master:
    """Finishes a programme, (2, n) or (1, n), in place: glue, loudness, limiter.

    Args:
        loudness: LUFS to reach, or None to leave the level alone.
        true_peak: dBTP not to exceed.
    """
    gains = np.ones(-(-programme.shape[1] // BLOCK), np.float32)
    squeezed = 0.0
    if glue is not None:
        power = np.concatenate([levels(programme[:, at : at + _WINDOW]) for at in range(0, programme.shape[1], _WINDOW)])
        gains = glue_gains(power, rate, glue)
        squeezed = float(-20.0 * np.log10(max(float(gains.min(initial=1.0)), 1e-6)))
        for at in range(0, programme.shape[1], _WINDOW):
            apply_gains(programme[:, at : at + _WINDOW], gains, at // BLOCK)
    meter = LoudnessMeter(rate)
    for at in range(0, programme.shape[1], _WINDOW):
        meter.add(programme[:, at : at + _WINDOW])
    ceiling = 10.0 ** (true_peak / 20.0)
    before = meter.integrated()
    level = 1.0
    if loudness is not None and np.isfinite(before):
        level = min(10.0 ** ((loudness - before) / 20.0), _HIGHEST_GAIN)
    peaks = _block_peaks(programme, min(0.4 * ceiling / level, 0.45 * _highest(programme)))
    limits = np.ones_like(peaks)
    for _ in range(4):
        limits = limit_gains(peaks * np.float32(level), ceiling * 0.995, rate)
        if loudness is None or not np.isfinite(before):
            break
        reached = meter.integrated(np.square(limits.astype(np.float64) * level), BLOCK)
        if abs(loudness - reached) < 0.02:
            break
        level = min(level * 10.0 ** ((loudness - reached) / 20.0), _HIGHEST_GAIN)
    whole = limits * np.float32(level)
    for at in range(0, programme.shape[1], _WINDOW):
        apply_gains(programme[:, at : at + _WINDOW], whole, at // BLOCK)
    limiting = float(-20.0 * np.log10(max(float(limits.min(initial=1.0)), 1e-6)))
    highest = float(peaks.max(initial=0.0)) * level
    reached = before + 20.0 * np.log10(level)  # exact as long as the limiter had nothing to do
    if limiting:
        final = LoudnessMeter(rate)
        for at in range(0, programme.shape[1], _WINDOW):
            final.add(programme[:, at : at + _WINDOW])
        reached, highest = final.integrated(), float(_block_peaks(programme, 0.5 * ceiling).max(initial=0.0))
    return Master(float(reached), float(20.0 * np.log10(highest)) if highest else float("-inf"), squeezed, abs(limiting))


def _highest(programme: Floats) -> float:
    pieces = range(0, programme.shape[1], _WINDOW)
    return max((float(np.abs(programme[:, at : at + _WINDOW]).max()) for at in pieces), default=0.0)


def _block_peaks(programme: Floats, floor: float) -> Floats:
    return np.concatenate([true_peaks(programme[:, at : at + _WINDOW], BLOCK, floor)
                           for at in range(0, programme.shape[1], _WINDOW)] or [np.zeros(0, np.float32)])  # fmt: skip
