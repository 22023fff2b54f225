"""The resonant low-pass of SoundFont voices, moving with its envelope, for many voices in one pass.

Coefficients are those of R. Bristow-Johnson's cookbook with the standard's gain of half the resonance (SoundFont 2.04, 8.1.3
#9), held for a control block of 64 frames. A recursion cannot be vectorised along time, so all voices are cut into stretches
of 256 frames that run side by side, one column each: a first pass from silence, a scan that finds the state at which each
stretch really starts, a second pass from there. The result is the exact recursion, at about 4 ns a frame.
"""

import numpy as np
import numpy.typing as npt

BLOCK = 64  # frames of a control block
_STRETCH = 4  # blocks of a stretch
_OPEN = 0.45  # of the rate: fluidsynth's highest cutoff
_DELICATE_HZ = 500.0  # below, poles lie so near 1 that float32 would be heard

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
    moving: dict[bool, list[int]] = {False: [], True: []}
    for i, (wave, cents, cb) in enumerate(zip(waves, cutoffs, resonances, strict=True)):
        q, gain = resonance(cb)
        low = float(cents.min(initial=13500.0))
        if float(hertz(low)) >= _OPEN * rate * 0.98:
            out[i] = wave * np.float32(gain)  # wide open: only the gain remains
        else:
            moving[float(hertz(low)) < _DELICATE_HZ].append(i)
    for delicate, numbers in moving.items():
        if numbers:
            kind = np.float64 if delicate else np.float32
            filtered = _moving([waves[i] for i in numbers], [cutoffs[i] for i in numbers],
                               [resonances[i] for i in numbers], rate, np.dtype(kind))  # fmt: skip
            for i, wave in zip(numbers, filtered, strict=True):
                out[i] = wave
    return out


def coefficients(cents: Values, q: Values, gain: Values, rate: int) -> tuple[Values, Values, Values]:
    """(b, a1, a2) with H(z) = b (1 + 2/z + 1/z²) / (1 + a1/z + a2/z²)."""
    omega = 2.0 * np.pi * np.clip(hertz(cents), 5.0, _OPEN * rate) / rate
    cos = np.cos(omega)
    alpha = np.sin(omega) / (2.0 * q)
    scale = 1.0 / (1.0 + alpha)
    return (1.0 - cos) * 0.5 * scale * gain, -2.0 * cos * scale, (1.0 - alpha) * scale


def _moving(
    waves: list[Floats], cutoffs: list[Values], resonances: list[float], rate: int, kind: np.dtype[np.floating]
) -> list[Floats]:
    """The stretched two-pass recursion described above."""
    span = BLOCK * _STRETCH
    columns = [-(-wave.size // span) for wave in waves]
    total = sum(columns)
    firsts = np.concatenate(([0], np.cumsum(columns)))
    signal = np.zeros((total, span), np.float32)
    cents = np.zeros((total, _STRETCH))
    q, gain = np.zeros((total, 1)), np.zeros((total, 1))
    for i, (wave, cutoff) in enumerate(zip(waves, cutoffs, strict=True)):
        where = slice(firsts[i], firsts[i + 1])
        signal[where].reshape(-1)[: wave.size] = wave
        flat = cents[where].reshape(-1)
        used = min(cutoff.size, flat.size)
        flat[:used] = cutoff[:used]
        flat[used:] = cutoff[used - 1]
        q[where], gain[where] = resonance(resonances[i])
    b, a1, a2 = (c.T.astype(kind) for c in coefficients(cents, q, gain, rate))
    feed = _feed(signal, b, firsts, kind)
    a1, a2 = np.ascontiguousarray(a1), np.ascontiguousarray(a2)
    rest = np.zeros(total, kind)
    last, before = _run(feed, a1, a2, rest, rest, None)
    start_last, start_before = _scan(last, before, a1, a2, firsts, columns)
    _run(feed, a1, a2, start_last.astype(kind), start_before.astype(kind), feed)
    done = np.ascontiguousarray(feed.T, np.float32)
    return [done[firsts[i] : firsts[i + 1]].reshape(-1)[: wave.size] for i, wave in enumerate(waves)]


def _feed(
    signal: Floats, b: npt.NDArray[np.floating], firsts: npt.NDArray[np.int64], kind: np.dtype[np.floating]
) -> npt.NDArray[np.floating]:
    """The non-recursive half, b (x[n] + 2 x[n-1] + x[n-2]), with time down the rows and stretches across."""
    rows = np.ascontiguousarray(signal.T, kind)
    past = np.zeros((2, rows.shape[1]), kind)  # the two frames before each stretch: those that end the one before
    past[:, 1:] = rows[-2:, :-1]
    past[:, firsts[:-1]] = 0.0
    feed = rows.copy()
    feed[1:] += 2 * rows[:-1]
    feed[2:] += rows[:-2]
    feed[0] += 2 * past[1] + past[0]
    feed[1] += past[1]
    feed.reshape(_STRETCH, BLOCK, -1)[...] *= b[:, None, :]
    return feed


def _run(
    feed: npt.NDArray[np.floating], a1: npt.NDArray[np.floating], a2: npt.NDArray[np.floating],
    last: npt.NDArray[np.floating], before: npt.NDArray[np.floating], out: npt.NDArray[np.floating] | None,
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:  # fmt: skip
    """y[n] = feed[n] - a1 y[n-1] - a2 y[n-2] down the rows; into `out`, or only the last two rows are kept."""
    spare = [np.empty_like(last) for _ in range(3)]
    product = np.empty_like(last)
    for n in range(feed.shape[0]):
        block = n // BLOCK
        row = spare[n % 3] if out is None else out[n]
        np.multiply(a1[block], last, out=product)
        np.subtract(feed[n], product, out=row)
        np.multiply(a2[block], before, out=product)
        np.subtract(row, product, out=row)
        last, before = row, last
    return last, before


def _scan(
    last: npt.NDArray[np.floating], before: npt.NDArray[np.floating], a1: npt.NDArray[np.floating],
    a2: npt.NDArray[np.floating], firsts: npt.NDArray[np.int64], columns: list[int],
) -> tuple[Values, Values]:  # fmt: skip
    """The outputs y[-1], y[-2] before each stretch, given where each would end if it started from silence."""
    step = np.zeros((last.size, 2, 2))
    step[:, 0, 0] = step[:, 1, 1] = 1.0
    one = np.zeros((last.size, 2, 2))
    one[:, 1, 0] = 1.0
    for block in range(_STRETCH):
        one[:, 0, 0], one[:, 0, 1] = -a1[block], -a2[block]
        power = one
        for _ in range(6):  # 2^6 = 64 frames
            power = power @ power
        step = power @ step
    ends = np.stack((last, before), axis=1).astype(np.float64)
    starts = np.zeros_like(ends)
    order = np.argsort(columns)[::-1]
    state = np.zeros((len(columns), 2))
    for k in range(max(columns)):
        alive = order[: np.searchsorted(-np.asarray(columns)[order], -k, side="left")]
        at = firsts[alive] + k
        starts[at] = state[alive]
        state[alive] = np.einsum("vij,vj->vi", step[at], state[alive]) + ends[at]
    return starts[:, 0], starts[:, 1]
