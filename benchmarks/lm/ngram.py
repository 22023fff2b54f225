"""What a model must beat: an n-gram over the same tokens, with absolute discounting (H. Ney, U. Essen and R. Kneser, 1994)."""

import numpy as np

DISCOUNT = 0.75
MIX = np.uint64(0x9E3779B97F4A7C15)


class NGram:
    """Counts of runs of up to `order` tokens in windows of tokens; a window begins as if after PAD (0)."""

    def __init__(self, windows: list[list[int]], order: int, vocabulary: int) -> None:
        self.order, self.vocabulary = order, vocabulary
        self._tables = []
        stream, real = _joined(windows, order)
        for n in range(1, order + 1):
            whole, context = _codes(stream, n)
            grams, first, counts = np.unique(whole[real], return_index=True, return_counts=True)
            contexts, totals = np.unique(context[real], return_counts=True)
            heads, kinds = np.unique(context[real][first], return_counts=True)
            assert (heads == contexts).all()
            self._tables.append((grams, counts, contexts, totals, kinds))

    def nats(self, windows: list[list[int]]) -> list[np.ndarray]:
        """Nats of each token of each window."""
        stream, real = _joined(windows, self.order)
        chance = np.full(int(real.sum()), 1.0 / self.vocabulary)
        for n, (grams, counts, contexts, totals, kinds) in enumerate(self._tables, start=1):
            whole, context = _codes(stream, n)
            seen = _look(grams, counts, whole[real])
            total, kind = _look(contexts, totals, context[real]), _look(contexts, kinds, context[real])
            here = (np.maximum(seen - DISCOUNT, 0) + DISCOUNT * kind * chance) / np.maximum(total, 1)
            chance = np.where(total > 0, here, chance)
        out, place = [], 0
        for window in windows:
            out.append(-np.log(chance[place : place + len(window)]))
            place += len(window)
        return out


def _joined(windows: list[list[int]], order: int) -> tuple[np.ndarray, np.ndarray]:
    """All windows in one row, each after `order` times PAD, and which places are real tokens."""
    parts = [np.array([0] * order + w, dtype=np.uint64) for w in windows]
    real = [np.array([False] * order + [True] * len(w)) for w in windows]
    return np.concatenate(parts), np.concatenate(real)


def _codes(stream: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """64-bit codes of each token with the n - 1 before it, and of those alone."""
    context = np.full(len(stream), n, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for back in range(n - 1, 0, -1):
            before = np.concatenate((np.zeros(back, np.uint64), stream[:-back]))
            context = (context ^ (before + np.uint64(1))) * MIX
            context ^= context >> np.uint64(29)
        whole = (context ^ (stream + np.uint64(1))) * MIX
        whole ^= whole >> np.uint64(29)
    return whole, context


def _look(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0).astype(np.float64)
