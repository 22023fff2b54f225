"""The resonant low-pass of SoundFont voices, moving with its envelope, for many voices in one pass.

Coefficients are those of R. Bristow-Johnson's cookbook with the standard's gain of half the resonance (SoundFont 2.04, 8.1.3
#9), held for a control block of 64 frames. A recursion cannot be vectorised along time, so all voices are cut into stretches
that run side by side, one column each: a first pass from silence, a scan that finds the state at which each
stretch really starts, a second pass from there. The result is the exact recursion, at about 4 ns a frame.
"""

import numpy as np
import numpy.typing as npt

BLOCK = 64  # frames of a control block
_COLUMNS = 3000  # stretches that a batch is cut into, about: enough for long vectors, few enough for a short scan
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
    moving: dict[bool, list[int]] = {False: [], True: []}
    for i, (wave, cents, cb) in enumerate(zip(waves, cutoffs, resonances, strict=True)):
        gain = resonance(cb)[1]
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
    blocks = sum(wave.size for wave in waves) // BLOCK
    height = 1 << min(max((blocks // _COLUMNS).bit_length(), 1), 6)  # blocks of a stretch
    span = BLOCK * height
    columns = np.array([-(-wave.size // span) for wave in waves])
    total = int(columns.sum())
    firsts = np.concatenate(([0], np.cumsum(columns)))
    signal = np.zeros((total, span + 16), np.float32)[:, :span]  # rows a power of two apart would thrash the cache
    cents = np.zeros((total, height))
    q, gain = np.zeros((total, 1)), np.zeros((total, 1))
    for i, (wave, cutoff) in enumerate(zip(waves, cutoffs, strict=True)):
        where = slice(firsts[i], firsts[i + 1])
        whole = wave.size // span
        signal[firsts[i] : firsts[i] + whole] = wave[: whole * span].reshape(whole, span)
        if wave.size % span:
            signal[firsts[i] + whole, : wave.size % span] = wave[whole * span :]
        flat = cents[where].reshape(-1)
        used = min(cutoff.size, flat.size)
        flat[:used] = cutoff[:used]
        flat[used:] = cutoff[used - 1]
        q[where], gain[where] = resonance(resonances[i])
    b, a1, a2 = (np.ascontiguousarray(c.T, kind) for c in coefficients(cents, q, gain, rate))
    rows = np.empty((span, total), kind)
    _transpose(signal, rows)
    past = np.zeros((2, total), kind)  # the two frames before each stretch: those that end the one before
    past[:, 1:] = rows[-2:, :-1]
    past[:, firsts[:-1]] = 0.0
    _feed(rows, b, past)
    rest = np.zeros(total, kind)
    last, before = _run(rows, a1, a2, rest, rest, None)
    start_last, start_before = _scan(last, before, a1, a2, firsts, columns)
    _run(rows, a1, a2, start_last.astype(kind), start_before.astype(kind), rows)
    _transpose(rows, signal)
    return [signal[firsts[i] : firsts[i + 1]].reshape(-1)[: wave.size] for i, wave in enumerate(waves)]


def _transpose(source: npt.NDArray[np.floating], out: npt.NDArray[np.floating]) -> None:
    """`source.T` into `out`, in tiles that fit the processor's cache: numpy's own order is five times slower here."""
    for i in range(0, source.shape[0], _TILE):
        for j in range(0, source.shape[1], _TILE):
            out[j : j + _TILE, i : i + _TILE] = source[i : i + _TILE, j : j + _TILE].T


def _feed(rows: npt.NDArray[np.floating], b: npt.NDArray[np.floating], past: npt.NDArray[np.floating]) -> None:
    """The non-recursive half, b (x[n] + 2 x[n-1] + x[n-2]), in place; time runs down the rows, stretches lie side by side."""
    two_before, one_before = past[0].copy(), past[1].copy()
    here, doubled = np.empty_like(one_before), np.empty_like(one_before)
    for n, row in enumerate(rows):
        here[:] = row
        np.multiply(one_before, 2, out=doubled)
        row += doubled
        row += two_before
        row *= b[n // BLOCK]
        two_before, one_before, here = one_before, here, two_before


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
    a2: npt.NDArray[np.floating], firsts: npt.NDArray[np.int64], columns: npt.NDArray[np.int64],
) -> tuple[Values, Values]:  # fmt: skip
    """The outputs y[-1], y[-2] before each stretch, given where each would end if it started from silence."""
    m00, m01, m10, m11 = _transitions(a1, a2)
    order = np.argsort(-columns, kind="stable")  # the voices still sounding at stretch k are the first of these
    alive = np.searchsorted(-columns[order], -np.arange(columns.max()), side="left")
    place = firsts[:-1][order]
    starts = np.zeros((2, last.size))
    y1, y2 = np.zeros(columns.size), np.zeros(columns.size)
    for k, count in enumerate(alive.tolist()):
        at = place[:count] + k
        y1, y2 = y1[:count], y2[:count]
        starts[0, at], starts[1, at] = y1, y2
        y1, y2 = m00[at] * y1 + m01[at] * y2 + last[at], m10[at] * y1 + m11[at] * y2 + before[at]
    return starts[0], starts[1]


def _transitions(a1: npt.NDArray[np.floating], a2: npt.NDArray[np.floating]) -> tuple[Values, Values, Values, Values]:
    """The matrices that carry (y[n-1], y[n-2]) through each stretch without input, from coefficients (blocks, stretches)."""
    p, q = -a1.astype(np.float64), -a2.astype(np.float64)
    r, s = np.ones_like(p), np.zeros_like(p)
    for _ in range(6):  # 2^6 = 64 frames a block; written out, as numpy multiplies small matrices one by one
        cross, trace = q * r, p + s
        p, q, r, s = p * p + cross, q * trace, r * trace, s * s + cross
    m00, m01, m10, m11 = p[0], q[0], r[0], s[0]
    for p1, q1, r1, s1 in zip(p[1:], q[1:], r[1:], s[1:], strict=True):
        m00, m01, m10, m11 = p1 * m00 + q1 * m10, p1 * m01 + q1 * m11, r1 * m00 + s1 * m10, r1 * m01 + s1 * m11
    return m00, m01, m10, m11
