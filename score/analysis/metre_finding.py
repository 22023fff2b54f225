"""The metre from the notes alone, where a file says none: how long a bar is, how its beats divide, where it begins.

Onsets are laid on a grid of sixteenths and weighted by what makes a place strong to a listener: long notes, low notes, many at
once. For each metre the accents of its bars are compared with what its beats would have (the idea of D. Temperley's preference
rules, *The Cognition of Basic Musical Structures*, 2001, here as one correlation) and with themselves one bar later, for music
repeats by bars. Quarter notes must be those of the file: a performance without a beat has none to find.
"""

import numpy as np
import numpy.typing as npt

from ripieno.score.piece import Piece
from ripieno.score.time import Metre

_STEPS = 4  # in a quarter note
_LONGEST = 4.0  # quarters beyond which a note weighs no more
_METRES = (Metre(4, 4), Metre(3, 4), Metre(2, 4), Metre(6, 8), Metre(12, 8), Metre(9, 8), Metre(5, 4), Metre(7, 8, (2, 2, 3)))
# How much likelier than another metre each is from the start, and the weights of the other terms: fitted to one half of 576
# scores of one metre (lieder, Polish scores, Chopin, quartets, lead sheets) by random search; of the other half 63 % come out
# right and another 23 % with half or twice the bar.
_USUAL = {Metre(4, 4): 0.23, Metre(3, 4): 0.235, Metre(2, 4): -0.145, Metre(6, 8): 0.165}
_UNUSUAL = -0.4
_AGAIN, _UPBEAT = 1.56, 0.047
_ENOUGH = 16  # onsets
Floats = npt.NDArray[np.float64]


def find_metre(piece: Piece) -> tuple[Metre, int]:
    """The likeliest metre, and the ticks before its first downbeat (0, or an upbeat of less than a bar).

    4/4 without an upbeat where there is too little to judge by.
    """
    accents = _accents(piece)
    if int((accents > 0).sum()) < _ENOUGH:
        return Metre(4, 4), 0
    best: tuple[float, Metre, int] = (-9.0, Metre(4, 4), 0)
    for metre in _METRES:
        length = metre.bar_ticks(_STEPS)
        if len(accents) < 2 * length:
            continue
        again = _again(accents, length)
        weights = _weights(metre)
        for phase in _phases(metre):
            score = _fit(accents, weights, phase) + _AGAIN * again + _USUAL.get(metre, _UNUSUAL) - _UPBEAT * (phase > 0)
            if score > best[0] + 1e-9:
                best = (score, metre, phase)
    _, metre, phase = best
    return metre, phase * piece.timeline.ppq // _STEPS


def _accents(piece: Piece) -> Floats:
    """Weight of each sixteenth of the piece."""
    ppq = piece.timeline.ppq
    rows = []
    for track in piece.tracks:
        start = np.rint(track.notes["start"] * (_STEPS / ppq)).astype(np.int64)
        long = np.minimum(track.notes["duration"] / ppq, _LONGEST) if not track.is_drum else np.full(len(start), 0.25)
        pitch = track.notes["pitch"]
        low = _drums(pitch) if track.is_drum else 1.0 + np.clip(60 - pitch.astype(float), 0, 24) / 12
        rows.append((start, (0.2 + long) * low))
    if not rows or not any(len(r[0]) for r in rows):
        return np.zeros(1)
    places = np.concatenate([r[0] for r in rows])
    out = np.zeros(int(places.max()) + 1)
    np.add.at(out, places, np.concatenate([r[1] for r in rows]))
    return np.sqrt(out)


def _drums(pitch: npt.NDArray[np.uint8]) -> Floats:
    """Bass drums and crashes mark downbeats; what ticks along marks little."""
    return np.where(np.isin(pitch, (35, 36)), 3.0, np.where(np.isin(pitch, (49, 57)), 4.0, 0.5))


def _weights(metre: Metre) -> Floats:
    """What a bar of the metre should weigh, sixteenth by sixteenth; mean 0."""
    row = np.array([metre.weight(place, _STEPS) for place in range(metre.bar_ticks(_STEPS))])
    return np.asarray(row - row.mean())


def _phases(metre: Metre) -> list[int]:
    """Upbeats in sixteenths: none, or whole beats (in compound metres also pulses)."""
    pulse = metre.pulse_ticks(_STEPS)
    return list(range(0, metre.bar_ticks(_STEPS), pulse))


def _fit(accents: Floats, weights: Floats, phase: int) -> float:
    """Correlation of the accents, folded to one bar, with the weights; bars begin `phase` sixteenths in."""
    length = len(weights)
    padded = np.concatenate([np.zeros((length - phase) % length), accents])
    padded = np.concatenate([padded, np.zeros(-len(padded) % length)])
    folded = padded.reshape(-1, length).mean(axis=0)
    folded = folded - folded.mean()
    size = float(np.sqrt((folded**2).sum() * (weights**2).sum()))
    return float((folded * weights).sum()) / size if size else 0.0


def _again(accents: Floats, length: int) -> float:
    """Correlation of the accents with themselves one bar later."""
    a, b = accents[:-length], accents[length:]
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size else 0.0
