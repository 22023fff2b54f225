"""Windows to learn from: drawn from sheets at random, with cells masked as people ask for it, and controls left open.

What people ask for decides the masks: everything (a new piece), whole tracks (add a track), all tracks of some bars (infill),
some tracks of some bars (regenerate), single cells. Controls are replaced by 'any' now and then, so that the model works with
whatever part of them is stated. Keys need no augmentation: windows are written in the home key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ripieno.generators.lm.sheet import UNKNOWN_METRE, Sheet
from ripieno.generators.lm.vocabulary import BARS, TRACKS
from ripieno.generators.lm.window import BarPlan, Cell, Head, Window, encode, take

# How often a source is drawn from: popular textures and songs more often than their share of notes.
WEIGHTS = {
    "quartets": 0.08, "hymns": 0.06, "lieder": 0.13, "mutopia": 0.15, "orchestra": 0.06, "chopin": 0.07, "polish": 0.12,
    "lead sheets": 0.05, "game": 0.12, "game history": 0.07, "fantasy": 0.02, "film": 0.04, "grooves": 0.05,
}  # fmt: skip
LENGTHS = (2, 4, 4, 8, 8, 8, 12, 16)  # bars of a window, before it is cut to fit
LEFT_OPEN = 0.2  # how often a control is 'any'
FEWEST_NOTES = 6
MOST_PARTS = 8


@dataclass(frozen=True, eq=False)
class Pool:
    """Sheets to draw from, by source; `chances` of each sheet within its source."""

    sources: tuple[str, ...]
    weights: np.ndarray
    sheets: tuple[tuple[Sheet, ...], ...]
    chances: tuple[np.ndarray, ...]


def pool_of(sheets: Sequence[tuple[str, Sheet]]) -> Pool:
    """A pool from (source, sheet) pairs; long pieces are drawn from more often than short ones."""
    names = tuple(sorted({name for name, _ in sheets}))
    groups = tuple(tuple(s for n, s in sheets if n == name) for name in names)
    weights = np.array([WEIGHTS[n] for n in names])
    sizes = [np.array([float(s.bars) for s in group]) for group in groups]
    return Pool(names, weights / weights.sum(), groups, tuple(s / s.sum() for s in sizes))


def draw(pool: Pool, rng: np.random.Generator, limit: int) -> tuple[str, Window, list[int]]:
    """A source, a window from it, and its tokens, at most `limit` of them."""
    while True:
        i = int(rng.choice(len(pool.sources), p=pool.weights))
        sheet = pool.sheets[i][int(rng.choice(len(pool.sheets[i]), p=pool.chances[i]))]
        window = random_window(sheet, rng, limit)
        if window is not None:
            return pool.sources[i], *window


def random_window(sheet: Sheet, rng: np.random.Generator, limit: int) -> tuple[Window, list[int]] | None:
    """A window of a sheet that fits `limit` tokens, and its tokens; None where the place drawn holds nothing to learn."""
    bars = min(int(rng.choice(LENGTHS)), BARS, sheet.bars)
    first = int(rng.integers(sheet.bars - bars + 1))
    if (sheet.metre[first : first + bars] == UNKNOWN_METRE).any():
        return None
    sounding = [i for i, part in enumerate(sheet.parts) if _plays(part.rows["bar"], first, first + bars)]
    if not sounding:
        return None
    most = min(MOST_PARTS, TRACKS, len(sounding))
    count = most if rng.random() < 0.6 else int(rng.integers(1, most + 1))
    parts = sorted(rng.choice(sounding, size=count, replace=False).tolist())
    opened = bool(rng.random() < 0.3)  # sometimes everything is stated, so that obedience is learnt
    while bars >= 1:
        window = take(sheet, first, first + bars, parts)
        if sum(map(len, window.cells.values())) < FEWEST_NOTES:
            return None
        window = replace(window, wanted=random_mask(bars, len(parts), rng))
        if not opened:
            window = leave_open(window, rng)
        tokens = encode(window)
        if len(tokens) <= limit:
            return window, tokens
        if bars > 2 or len(parts) == 1:
            bars //= 2
        else:
            parts = parts[: (len(parts) + 1) // 2]
    return None


def _plays(bars: np.ndarray, first: int, end: int) -> bool:
    i, j = np.searchsorted(bars, [first, end])
    return bool(j > i)


def random_mask(bars: int, tracks: int, rng: np.random.Generator) -> frozenset[Cell]:
    """Which cells are wanted."""
    every = [(b, t) for b in range(bars) for t in range(tracks)]
    kind = rng.random()
    some = set(rng.choice(tracks, size=int(rng.integers(1, tracks + 1)), replace=False).tolist())
    length = int(rng.integers(1, max(2, bars // 2 + 1)))
    start = int(rng.integers(bars - length + 1))
    if kind < 0.3:
        return frozenset(every)
    if kind < 0.55:
        return frozenset(c for c in every if c[1] in some)
    if kind < 0.7:
        return frozenset(c for c in every if start <= c[0] < start + length)
    if kind < 0.9:
        return frozenset(c for c in every if start <= c[0] < start + length and c[1] in some)
    return frozenset(c for c in every if rng.random() < 0.4) or frozenset(every[:1])


def leave_open(window: Window, rng: np.random.Generator) -> Window:
    """The window with some of its controls replaced by 'any'."""
    drop = rng.random(6) < LEFT_OPEN
    plan = tuple(_open_bar(bar, drop) for bar in window.plan)
    heads = tuple(_open_head(head, rng) for head in window.heads)
    return replace(window, style=0 if drop[0] else window.style, tempo=0 if drop[1] else window.tempo, plan=plan, heads=heads)


def _open_bar(bar: BarPlan, drop: np.ndarray) -> BarPlan:
    return replace(
        bar, section=0 if drop[2] else bar.section, phrase=0 if drop[2] else bar.phrase, energy=0 if drop[3] else bar.energy,
        chords=(0, 0) if drop[4] else bar.chords,
    )  # fmt: skip


def _open_head(head: Head, rng: np.random.Generator) -> Head:
    drop = rng.random(3) < LEFT_OPEN
    return replace(head, density=0 if drop[0] else head.density, register=0 if drop[1] else head.register,
                   polyphony=0 if drop[2] else head.polyphony)  # fmt: skip


def batches(pool: Pool, seed: int, first: int, tokens: int, limit: int, gather: int = 192) -> Iterator[np.ndarray]:
    """Endless batches of windows alike in length, padded with 0 (PAD); shape (windows, longest), about `tokens` in all.

    Batch number `first` and those after it are the same however often the run was cut off before: those before are drawn anew.
    """
    number = 0
    for round_ in range(10**9):
        rng = np.random.default_rng([seed, round_])
        drawn = sorted((draw(pool, rng, limit)[2] for _ in range(gather)), key=len)
        made = list(_padded(drawn, tokens))
        for i in rng.permutation(len(made)):
            if number >= first:
                yield made[i]
            number += 1


def _padded(windows: list[list[int]], tokens: int) -> Iterator[np.ndarray]:
    """Neighbours in length as arrays of about `tokens` tokens."""
    group: list[list[int]] = []
    for window in windows:
        if group and len(window) * (len(group) + 1) > tokens:
            yield _array(group)
            group = []
        group.append(window)
    yield _array(group)


def _array(group: list[list[int]]) -> np.ndarray:
    out = np.zeros((len(group), max(map(len, group))), dtype=np.int64)
    for row, window in zip(out, group, strict=True):
        row[: len(window)] = window
    return out
