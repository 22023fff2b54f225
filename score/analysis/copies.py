"""Has this tune been heard before: the longest run that it shares with a collection of tunes, in any key and tempo.

A `TuneIndex` holds codes of short runs of many tunes. Which runs are kept is decided by winnowing (S. Schleimer,
D. Wilkerson and A. Aiken, "Winnowing: local algorithms for document fingerprinting", 2003): of every `WINDOW`
neighbouring runs the one with the least code, so that a shared stretch of `RUN + WINDOW - 1` moves or more is always
found while a fifth of the runs are stored. Runs that are hardly a tune (scales, repeated notes, trills) are left out.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.bars import Codes
from ripieno.score.analysis.likeness import run_codes, tune_symbols, windows
from ripieno.score.analysis.reading import Bools, Ints
from ripieno.score.analysis.skyline import Tune

RUN = 8  # moves in a run: nine notes
WINDOW = 8
SURE = RUN + WINDOW - 1  # moves from which on a shared stretch is always found
PLAIN = 4  # distinct moves that a run must have to count as a tune
Short = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class TuneIndex:
    """Ascending 32-bit codes of the runs of a collection of tunes; `tunes` says how many there were."""

    codes: Short
    tunes: int

    def encoded(self) -> str:
        """As text: base64 of the codes' bytes, little-endian."""
        return base64.b64encode(self.codes.astype("<u4").tobytes()).decode("ascii")

    @classmethod
    def decoded(cls, text: str, tunes: int) -> "TuneIndex":
        """The index that `encoded` wrote."""
        codes = np.frombuffer(base64.b64decode(text), dtype="<u4").astype(np.uint32)
        return cls(codes, tunes)


def build_index(tunes: Iterable[Tune]) -> TuneIndex:
    """The index of a collection."""
    kept, count = [], 0
    for tune in tunes:
        codes, plain = tune_codes(tune)
        kept.append(codes[winnow(codes)[~plain[winnow(codes)]]])
        count += 1
    joined = np.concatenate(kept) if kept else np.zeros(0, dtype=np.uint32)
    return TuneIndex(np.unique(joined), count)


def tune_codes(tune: Tune) -> tuple[Short, Bools]:
    """The code of each run of a tune, in order of time, and whether the run is too plain to tell tunes apart."""
    symbols = tune_symbols(tune)
    codes = (run_codes(symbols, RUN) >> np.uint64(32)).astype(np.uint32)
    rows = np.sort(windows(symbols // 5, RUN), axis=1)
    distinct = 1 + np.count_nonzero(np.diff(rows, axis=1), axis=1) if len(rows) else np.zeros(0, dtype=np.int64)
    return codes, np.asarray(distinct < PLAIN, dtype=np.bool_)


def winnow(codes: Short | Codes) -> Ints:
    """Places of the runs that are kept: the last of the least codes in every window; all of a tune shorter than one."""
    if len(codes) <= WINDOW:
        return np.arange(len(codes)) if len(codes) < WINDOW else np.array([int(np.argmin(codes))])
    rows = windows(codes.astype(np.int64), WINDOW)[:, ::-1]
    return np.unique(np.arange(len(rows)) + WINDOW - 1 - np.argmin(rows, axis=1))


def longest_copy(tune: Tune, index: TuneIndex) -> tuple[int, int]:
    """(notes, first note) of the longest stretch of a tune whose kept runs all lie in the index; (0, 0) for none.

    Runs between two kept ones are taken as shared when both are; two hits count as one stretch when no kept run
    that is not in the index lies between them.
    """
    codes, plain = tune_codes(tune)
    places = winnow(codes)
    places = places[~plain[places]]
    if not len(places) or not len(index.codes):
        return 0, 0
    at = np.minimum(np.searchsorted(index.codes, codes[places]), len(index.codes) - 1)
    known = index.codes[at] == codes[places]
    best, start = (0, 0), -1
    for k, hit in enumerate(known.tolist()):
        if not hit:
            start = -1
            continue
        if start < 0 or places[k] - places[k - 1] > WINDOW:
            start = k
        notes = int(places[k] - places[start]) + RUN + 2
        if notes > best[0]:
            best = (notes, int(places[start]))
    return best
