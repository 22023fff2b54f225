"""The resonant low-pass of SoundFont voices, moving with its envelope, for many voices in one pass.

Coefficients are those of R. Bristow-Johnson's cookbook with the standard's gain of half the resonance (SoundFont 2.04, 8.1.3
#9), held for a control block of 64 frames. A recursion cannot be vectorised along time, so all blocks of all voices run side by
side, one column each: once from silence, which tells how each block would end by itself; from that a scan over the blocks
(W. D. Hillis and G. L. Steele, "Data parallel algorithms", 1986) finds how each really begins; then once more from there. The
scan looks back over as many blocks as a filter needs to forget, to a hundredth of a step of 16 bits, and voices are grouped by
that number, so that a voice sounds the same whatever else is in its batch.
"""

import numpy as np
import numpy.typing as npt

BLOCK = 64  # frames of a control block
_FORGOTTEN = 3e-6  # what may remain of the past
_MOST_STEPS = 9  # a scan looks back over two to the power of so many blocks
_COLUMNS = 4096  # blocks that run side by side, so that a row and its neighbours stay in the processor's cache
_OPEN = 0.45  # of the rate: fluidsynth's highest cutoff
_DELICATE_HZ = 500.0  # below, poles lie so near 1 that float32 would be heard
_TILE = 128

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating]  # float32, or float64 where the poles are delicate


def hertz(cents: npt.ArrayLike) -> Values:
    """Absolute cents (6900 is 440 Hz) as Hz."""
    return 8.175798915643707 * np.exp2(np.asarray(cents, np.float64) / 1200.0)


def resonance(centibels: float) -> tuple[float, float]:
    """(Q, gain) of a resonance in cB above the flat response; at 0 the filter has no hump, so Q is 3.01 dB lower."""
    q = float(10.0 ** ((min(max(centibels / 10.0, 0.0), 96.0) - 3.01) / 20.0))
    return q, q**-0.5


def lowpass(waves: list[Floats], cutoffs: list[Values], resonances: list[float], rate: int) -> list[tuple[Floats, float]]:
    """Each wave through its own filter, with the gain that is still to come: one that is wide open does nothing else.

    Args:
        waves: float32, lengths multiples of 64.
        cutoffs: absolute cents, one a block (or one in all where it never moves).
        resonances: cB.
        rate: Hz.
    """
    out: list[tuple[Floats, float]] = [(wave, 1.0) for wave in waves]
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, (wave, cents, cb) in enumerate(zip(waves, cutoffs, resonances, strict=True)):
        q, gain = resonance(cb)
        low = np.array([cents.min(initial=13500.0)])
        if float(hertz(low)[0]) >= _OPEN * rate * 0.98:
            out[i] = wave, gain
        elif wave.size:
            groups.setdefault((_steps(low, q, rate), float(hertz(low)[0]) < _DELICATE_HZ), []).append(i)
    for (steps, delicate), numbers in sorted(groups.items()):
        filtered = _recursion([waves[i] for i in numbers], [cutoffs[i] for i in numbers], [resonances[i] for i in numbers],
                              rate, steps, np.dtype(np.float64 if delicate else np.float32))  # fmt: skip
        for i, wave in zip(numbers, filtered, strict=True):
            out[i] = wave, 1.0
    return out


def _steps(lowest: Values, q: float, rate: int) -> int:
    """Doublings after which a scan has seen all that the slowest pole of a filter remembers."""
    _, a1, a2 = (float(c[0]) for c in coefficients(lowest, np.array([q]), np.array([1.0]), rate))
    root = complex(a1 * a1 - 4.0 * a2) ** 0.5
    radius = max(abs(-a1 + root), abs(-a1 - root)) / 2.0
    blocks = 1.0 + np.log(_FORGOTTEN) / np.log(min(radius, 0.99999)) / BLOCK
    return next((n for n in range(_MOST_STEPS) if 2**n >= blocks), _MOST_STEPS)


def coefficients(cents: Values, q: Values, gain: Values, rate: int) -> tuple[Values, Values, Values]:
    """(b, a1, a2) with H(z) = b (1 + 2/z + 1/z²) / (1 + a1/z + a2/z²)."""
    omega = 2.0 * np.pi * np.clip(hertz(cents), 5.0, _OPEN * rate) / rate
    cos = np.cos(omega)
    alpha = np.sin(omega) / (2.0 * q)
    scale = 1.0 / (1.0 + alpha)
    return (1.0 - cos) * 0.5 * scale * gain, -2.0 * cos * scale, (1.0 - alpha) * scale


def _recursion(
    waves: list[Floats], cutoffs: list[Values], resonances: list[float], rate: int, steps: int,
    kind: np.dtype[np.floating],
) -> list[Floats]:  # fmt: skip
    """The filters of voices that forget equally fast."""
    firsts = np.concatenate(([0], np.cumsum([wave.size // BLOCK for wave in waves])))
    total = int(firsts[-1])
    signal = np.empty((total, BLOCK), np.float32)
    cents, q, gain = np.empty(total), np.empty(total), np.empty(total)
    scratch = np.empty(max(wave.size for wave in waves), np.float32)
    for i, (wave, cutoff) in enumerate(zip(waves, cutoffs, strict=True)):
        where = slice(firsts[i], firsts[i + 1])
        _add_neighbours(wave, scratch, signal[where].reshape(-1))
        cents[where] = cutoff[: firsts[i + 1] - firsts[i]]
        q[where], gain[where] = resonance(resonances[i])
    exact = coefficients(cents, q, gain, rate)
    b, a1, a2 = (c.astype(kind) for c in exact)
    fresh = np.zeros(total, np.bool_)
    fresh[firsts[:-1]] = True
    scan = _Scan(steps)
    whole = np.empty((BLOCK, min(_COLUMNS, total)), kind)
    for at in range(0, total, _COLUMNS):
        here = slice(at, min(at + _COLUMNS, total))
        rows = whole[:, : here.stop - at]
        _transpose(signal[here], rows)
        rows *= b[here]
        begins = scan(_end(rows, a1[here], a2[here]), exact[1][here], exact[2][here], fresh[here])
        _run(rows, a1[here], a2[here], begins.astype(kind))
        signal[here] = rows.T
    return [signal[firsts[i] : firsts[i + 1]].reshape(-1) for i in range(len(waves))]


def _add_neighbours(wave: Floats, scratch: Floats, out: Floats) -> None:
    """x[n] + 2 x[n-1] + x[n-2], the part of the filter that has no memory of itself."""
    pairs = scratch[: wave.size]
    pairs[0] = wave[0]
    np.add(wave[1:], wave[:-1], out=pairs[1:])
    out[0] = wave[0]
    np.add(pairs[1:], pairs[:-1], out=out[1:])


class _Scan:
    """Finds how each block begins from how each would end by itself; called with one tile of blocks after the other.

    A block turns the pair of frames before it (the last, the last but one) by the 64th power of its companion matrix.

    Args:
        steps: it looks back over two to the power of so many blocks.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._turns = np.zeros((4, 1 << steps))
        self._ends = np.zeros((2, 1 << steps))

    def __call__(self, ends: Reals, a1: Values, a2: Values, fresh: npt.NDArray[np.bool_]) -> Values:
        """(2, blocks): the pair before each block; silence where a voice begins (`fresh`)."""
        history = 1 << self._steps
        now, before = -a1, np.ones_like(a1)  # the response to an impulse, at n and at n - 1: for n = 1, 2, 4 .. 64
        for _ in range(BLOCK.bit_length() - 1):
            square = before * before
            before *= 2.0 * now + a1 * before
            now *= now
            now -= a2 * square
        turn = np.array((now, -a2 * before, before, now + a1 * before))
        turn[:, fresh] = 0.0
        turn = np.concatenate((self._turns, turn), axis=1)
        state: Values = np.concatenate((self._ends, ends), axis=1, dtype=np.float64)
        self._turns, self._ends = turn[:, -history:].copy(), state[:, -history:].copy()
        for n in range(self._steps):
            back = 1 << n
            later, earlier = turn[:, back:], state[:, :-back]
            first = later[0] * earlier[0] + later[1] * earlier[1]
            second = later[2] * earlier[0] + later[3] * earlier[1]
            state[0, back:] += first
            state[1, back:] += second
            if n < self._steps - 1:
                turn[:, back:] = _product(later, turn[:, :-back])
                turn[:, :back] = 0.0
        begins = state[:, history - 1 : -1]
        begins[:, fresh] = 0.0
        return begins


def _product(a: Values, b: Values) -> Values:
    """Products of 2 x 2 matrices, each a column (a, b, c, d)."""
    return np.array((a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
                     a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]))  # fmt: skip


def _transpose(source: Floats, out: Reals) -> None:
    """`source.T` into `out`, in tiles: numpy's own order is more than twice as slow here."""
    for at in range(0, source.shape[0], _TILE):
        out[:, at : at + _TILE] = source[at : at + _TILE].T


def _end(rows: Reals, a1: Reals, a2: Reals) -> Reals:
    """(2, columns): where y[n] = x[n] - a1 y[n-1] - a2 y[n-2] down the rows, from silence, arrives: last and last but one."""
    y0, y1, y2, product = (np.zeros(rows.shape[1], rows.dtype) for _ in range(4))
    for row in rows:
        np.multiply(a1, y1, out=product)
        np.subtract(row, product, out=y0)
        np.multiply(a2, y2, out=product)
        y0 -= product
        y0, y1, y2 = y2, y0, y1
    return np.array((y1, y2))


def _run(rows: Reals, a1: Reals, a2: Reals, begins: Reals) -> None:
    """The same recursion in place, from what came before each column."""
    product = np.empty(rows.shape[1], rows.dtype)
    y1, y2 = begins
    for row in rows:
        np.multiply(a1, y1, out=product)
        row -= product
        np.multiply(a2, y2, out=product)
        row -= product
        y1, y2 = row, y1
