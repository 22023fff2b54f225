"""Chords from the notes: one label for each beat, joined to spans.

Method: template matching with a score for tones explained, tones foreign and tones missing (B. Pardo and W. Birmingham,
"Algorithms for chordal analysis", *Computer Music Journal* 26:2, 2002), with the best path over the beats found by
dynamic programming. Deviations from the source: segments are beats instead of all note boundaries, weights are sounding
times, a bass note on the root counts extra, and a change of chord costs more on weak beats.
"""

from functools import cache, lru_cache

import numpy as np

from ripieno.score.analysis.reading import GRID, Bools, Floats, Ints, Reading
from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan

FOUND_QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "m7b5", "dim7", "sus4", "aug", "5", "6", "m6")
# What a quality costs: the plainer reading wins where both explain the notes.
COSTS = np.array([0.0, 0.0, 0.06, 0.08, 0.08, 0.08, 0.12, 0.14, 0.16, 0.2, 0.05, 0.2, 0.22])
MISSING = 0.11  # for each tone of the chord that does not sound
BASS_ROOT = 0.16
CHANGE_WEAK, CHANGE_STRONG = 0.5, 0.2


@cache
def _templates() -> tuple[Floats, Floats, Ints]:
    """(states, 12) membership, (states,) cost, (states,) root."""
    rows, costs, roots = [], [], []
    for root in range(12):
        for quality, cost in zip(FOUND_QUALITIES, COSTS, strict=True):
            row = np.zeros(12)
            row[[(root + i) % 12 for i in QUALITIES[quality]]] = 1.0
            rows.append(row)
            costs.append(cost)
            roots.append(root)
    return np.array(rows), np.array(costs), np.array(roots, dtype=np.int64)


def label_beats(reading: Reading, edges: Ints | None = None) -> Ints:
    """The most likely chord of each stretch between `edges` (default: the beats), as `12 * 13` states; -1 where all rest.

    State `s` is root `s // 13`, quality `FOUND_QUALITIES[s % 13]`.
    """
    if edges is None:
        edges = np.append(reading.beats, reading.slots)
    members, costs, roots = _templates()
    profile = reading.profile(edges)
    energy = profile.sum(axis=1)
    sounding = energy > 0
    share = profile / np.maximum(energy, 1e-9)[:, None]
    inside = share @ members.T
    missing = (share < 0.04).astype(np.float64) @ members.T
    score = inside - (1.0 - inside) - MISSING * missing - costs
    starts = np.clip(edges[:-1], 0, max(0, reading.slots - 1))
    bass = _bass_of(reading, edges)
    rooted = (bass[:, None] >= 0) & (bass[:, None] % 12 == roots[None, :])
    score = np.where(sounding[:, None], score + BASS_ROOT * rooted, 0.0)
    weight = reading.slot_weight[starts] if reading.slots else np.zeros(len(starts))
    change = np.where(weight >= 0.75, CHANGE_STRONG, CHANGE_WEAK)
    path = _best_path(score, change)
    return np.where(sounding, path, -1)


def _bass_of(reading: Reading, edges: Ints) -> Ints:
    """Lowest pitch within each stretch, -1 where all rest."""
    low = np.where(reading.bass < 0, 999, reading.bass).astype(np.int64)
    starts = edges[:-1]
    if not len(starts):
        return np.zeros(0, dtype=np.int64)
    lowest = np.minimum.reduceat(low, np.minimum(starts, len(low) - 1))
    return np.where(lowest == 999, -1, lowest)


def _best_path(score: Floats, change: Floats) -> Ints:
    """Viterbi over the stretches with one price for any change of state: linear in stretches."""
    count = len(score)
    if not count:
        return np.zeros(0, dtype=np.int64)
    states = np.arange(score.shape[1])
    back = np.empty(score.shape, dtype=np.int64)
    best = score[0].copy()
    for i in range(1, count):
        leader = int(best.argmax())
        jump = best[leader] - change[i]
        stay = best >= jump
        back[i] = np.where(stay, states, leader)
        best = np.where(stay, best, jump) + score[i]
    path = np.empty(count, dtype=np.int64)
    path[-1] = int(best.argmax())
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def find_chords(reading: Reading, key: Key | None = None) -> tuple[ChordSpan, ...]:
    """Chord spans of a piece in ticks, spelled for `key` (default: the piece's own at each place)."""
    edges = np.append(reading.beats, reading.slots)
    labels = label_beats(reading, edges)
    if not len(labels):
        return ()
    firsts = np.flatnonzero(np.concatenate(([True], np.diff(labels) != 0)))
    lasts = np.append(firsts[1:], len(labels))
    scale = reading.piece.timeline.ppq / GRID
    spans = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        state = int(labels[first])
        if state < 0:
            continue
        root, quality = divmod(state, len(FOUND_QUALITIES))
        here = key or reading.piece.key_at(int(reading.beat_bar[first]))
        chord = Chord(here.spell(root), QUALITIES[FOUND_QUALITIES[quality]])
        spans.append(ChordSpan(round(edges[first] * scale), round(edges[last] * scale), chord))
    return tuple(spans)


@lru_cache(maxsize=64)
def chord_grid(reading: Reading) -> tuple[Bools, Ints]:
    """Chord tones and roots in force in each slot: of the piece's own chords, or of those found where it has none.

    Returns:
        members: shape (slots, 12), which pitch classes belong to the chord (all False where there is none).
        roots: shape (slots,), pitch class of the root, -1 where there is none.
    """
    return grid_of(reading, reading.piece.chords or find_chords(reading))


def grid_of(reading: Reading, spans: tuple[ChordSpan, ...]) -> tuple[Bools, Ints]:
    """As `chord_grid`, for given spans."""
    members = np.zeros((reading.slots, 12), dtype=np.bool_)
    roots = np.full(reading.slots, -1, dtype=np.int64)
    scale = GRID / reading.piece.timeline.ppq
    for span in spans:
        first, last = round(span.start * scale), round(span.end * scale)
        members[first:last, list(span.chord.pitch_classes)] = True
        roots[first:last] = span.chord.root_pc
    return members, roots
