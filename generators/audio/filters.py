"""The resonant low-pass of SoundFont voices, moving with its envelope, for many voices in one pass.

Coefficients are those of R. Bristow-Johnson's cookbook with the standard's gain of half the resonance (SoundFont 2.04, 8.1.3
#9), held for a control block of 64 frames. A recursion cannot be vectorised along time, so the voices are cut into stretches
that run side by side, one column each. A stretch begins some frames early, from silence: as many as its filter needs to forget
how it began, to a hundredth of a step of 16 bits. So a voice sounds the same whatever else is in its batch.
"""

import numpy as np
import numpy.typing as npt

BLOCK = 64  # frames of a control block
_FORGOTTEN = 3e-6  # what may remain of a stretch's beginning
_LEADS = (128, 256, 512, 1024, 2048, 4096, 16384)  # frames that a stretch begins early; the least that suffices is taken
_STRETCH = 4  # a stretch is so many times as long as its lead
_COLUMNS = 8192  # stretches that run side by side
_OPEN = 0.45  # of the rate: fluidsynth's highest cutoff
_DELICATE_HZ = 500.0  # below, poles lie so near 1 that float32 would be heard
_TILE = 256

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


def hertz(cents: npt.ArrayLike) -> Values:
    """Absolute cents (6900 is 440 Hz) as Hz."""
    return 8.175798915643707 * np.exp2(np.asarray(cents, np.float64) / 1200.0)


def resonance(centibels: float) -> tuple[float, float]:
    """(Q, gain) of a resonance in cB above the flat response; at 0 the filter has no hump, so Q is 3.01 dB lower."""
    q = float(10.0 ** ((min(max(centibels / 10.0, 0.0), 96.0) - 3.01) / 20.0))
    return q, q**-0.5


def lowpass(waves: list[Floats], cutoffs: list[Values], resonances: list[float], rate: int) -> list[Floats]:
    """Each wave through its own filter.

    Args:
        waves: float32, lengths multiples of 64.
        cutoffs: absolute cents, one a block (or one in all where it never moves).
        resonances: cB.
        rate: Hz.
    """
    out: list[Floats] = list(waves)
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, (wave, cents, cb) in enumerate(zip(waves, cutoffs, resonances, strict=True)):
        q, gain = resonance(cb)
        low = np.array([cents.min(initial=13500.0)])
        if float(hertz(low)[0]) >= _OPEN * rate * 0.98:
            out[i] = wave * np.float32(gain)  # wide open: only the gain remains
        elif wave.size:
            groups.setdefault((_lead(low, q, rate), float(hertz(low)[0]) < _DELICATE_HZ), []).append(i)
    for (lead, delicate), numbers in sorted(groups.items()):
        filtered = _recursion([waves[i] for i in numbers], [cutoffs[i] for i in numbers], [resonances[i] for i in numbers],
                              rate, lead, np.dtype(np.float64 if delicate else np.float32))  # fmt: skip
        for i, wave in zip(numbers, filtered, strict=True):
            out[i] = wave
    return out


def _lead(lowest: Values, q: float, rate: int) -> int:
    """Frames after which the slowest pole of a filter has forgotten its beginning."""
    _, a1, a2 = (float(c[0]) for c in coefficients(lowest, np.array([q]), np.array([1.0]), rate))
    root = complex(a1 * a1 - 4.0 * a2) ** 0.5
    radius = max(abs(-a1 + root), abs(-a1 - root)) / 2.0
    needed = np.log(_FORGOTTEN) / np.log(min(radius, 0.99999))
    return next((lead for lead in _LEADS if lead >= needed), _LEADS[-1])


def coefficients(cents: Values, q: Values, gain: Values, rate: int) -> tuple[Values, Values, Values]:
    """(b, a1, a2) with H(z) = b (1 + 2/z + 1/z²) / (1 + a1/z + a2/z²)."""
    omega = 2.0 * np.pi * np.clip(hertz(cents), 5.0, _OPEN * rate) / rate
    cos = np.cos(omega)
    alpha = np.sin(omega) / (2.0 * q)
    scale = 1.0 / (1.0 + alpha)
    return (1.0 - cos) * 0.5 * scale * gain, -2.0 * cos * scale, (1.0 - alpha) * scale


def _recursion(
    waves: list[Floats], cutoffs: list[Values], resonances: list[float], rate: int, lead: int,
    kind: np.dtype[np.floating],
) -> list[Floats]:  # fmt: skip
    """The filters of voices that share a lead."""
    span = _STRETCH * lead
    columns = [-(-wave.size // span) for wave in waves]
    firsts = np.concatenate(([0], np.cumsum(columns)))
    total, height, early = int(firsts[-1]), (lead + span) // BLOCK, lead // BLOCK
    signal = np.zeros((total, lead + span + 16), np.float32)[:, : lead + span]  # rows a power of two apart thrash the cache
    cents = np.zeros((total, height))
    q, gain = np.zeros((total, 1)), np.zeros((total, 1))
    for i, (wave, cutoff, count) in enumerate(zip(waves, cutoffs, columns, strict=True)):
        where = slice(firsts[i], firsts[i + 1])
        whole = np.zeros(lead + count * span, np.float32)
        whole[lead : lead + wave.size] = wave
        signal[where] = np.lib.stride_tricks.sliding_window_view(whole, lead + span)[::span]
        steps = np.full(early + count * (span // BLOCK), cutoff[-1])
        steps[: early + cutoff.size] = np.concatenate((np.full(early, cutoff[0]), cutoff))[: steps.size]
        cents[where] = np.lib.stride_tricks.sliding_window_view(steps, height)[:: span // BLOCK]
        q[where], gain[where] = resonance(resonances[i])
    b, a1, a2 = (np.ascontiguousarray(c.T, kind) for c in coefficients(cents, q, gain, rate))
    for at in range(0, total, _COLUMNS):
        tile = slice(at, at + _COLUMNS)
        rows = np.empty((lead + span, min(_COLUMNS, total - at)), kind)
        _transpose(signal[tile], rows)
        _run(rows, *(np.ascontiguousarray(c[:, tile]) for c in (b, a1, a2)))
        _transpose(rows, signal[tile])
    return [signal[firsts[i] : firsts[i + 1], lead:].reshape(-1)[: wave.size] for i, wave in enumerate(waves)]


def _transpose(source: npt.NDArray[np.floating], out: npt.NDArray[np.floating]) -> None:
    """`source.T` into `out`, in tiles that fit the processor's cache: numpy's own order is five times slower here."""
    for i in range(0, source.shape[0], _TILE):
        for j in range(0, source.shape[1], _TILE):
            out[j : j + _TILE, i : i + _TILE] = source[i : i + _TILE, j : j + _TILE].T


def _run(
    rows: npt.NDArray[np.floating], b: npt.NDArray[np.floating], a1: npt.NDArray[np.floating], a2: npt.NDArray[np.floating]
) -> None:
    """y[n] = b (x[n] + 2 x[n-1] + x[n-2]) - a1 y[n-1] - a2 y[n-2] down the rows, in place; a row of coefficients a block."""
    width = rows.shape[1]
    x1, sum1, x0, sum0, product = (np.zeros(width, rows.dtype) for _ in range(5))
    y1 = y2 = np.zeros(width, rows.dtype)
    for n, row in enumerate(rows):
        block = n // BLOCK
        x0[:] = row
        np.add(x0, x1, out=sum0)
        np.add(sum0, sum1, out=row)
        row *= b[block]
        np.multiply(a1[block], y1, out=product)
        row -= product
        np.multiply(a2[block], y2, out=product)
        row -= product
        x0, x1, sum0, sum1, y1, y2 = x1, x0, sum1, sum0, row, y1
