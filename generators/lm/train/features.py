"""What tokens have in common, for embeddings that know music: octaves and pitch classes, beats, lengths, roots and qualities.

A trained table is `own + features @ shared`: what is common to all Fs, all downbeats, all semiquavers is learnt once. On export
the two are added up, so that the stored model is an ordinary Llama.
"""

import numpy as np
import numpy.typing as npt

from ripieno.generators.lm.vocabulary import (
    CHORD,
    DENSITY,
    DURATION,
    DURATIONS,
    ENERGY,
    PITCH,
    POLYPHONY,
    POSITION,
    QUALITIES,
    RANGES,
    REGISTER,
    SIZE,
    SLOTS,
    VELOCITY,
)


def features() -> npt.NDArray[np.float32]:
    """What each token is made of; shape (SIZE, number of features), values 0..1."""
    columns: list[npt.NDArray[np.float32]] = []

    def column() -> npt.NDArray[np.float32]:
        columns.append(np.zeros(SIZE, dtype=np.float32))
        return columns[-1]

    for kind in RANGES:
        if kind.size > 1:
            column()[kind.first : kind.end] = 1.0
    pitches = np.arange(PITCH.size)
    for pc in range(12):  # shared with the roots of chords
        at = column()
        at[PITCH.first + pitches[pitches % 12 == pc]] = 1.0
        roots = np.arange(CHORD.size - 1) // len(QUALITIES)
        at[CHORD.first + 1 + np.flatnonzero(roots == pc)] = 1.0
    for octave in range(11):
        column()[PITCH.first + pitches[pitches // 12 == octave]] = 1.0
    for quality in range(len(QUALITIES)):
        column()[CHORD.first + 1 + np.flatnonzero(np.arange(CHORD.size - 1) % len(QUALITIES) == quality)] = 1.0
    places = np.arange(POSITION.size)
    for within in range(SLOTS):  # place within the quarter note, the quarter note, and the coarser pulses
        column()[POSITION.first + places[places % SLOTS == within]] = 1.0
    for quarter in range(POSITION.size // SLOTS):
        column()[POSITION.first + places[places // SLOTS == quarter]] = 1.0
    for step in (3, 4, 6, 8, 12, 48, 72, 96):
        column()[POSITION.first + places[places % step == 0]] = 1.0
        column()[DURATION.first + np.flatnonzero(np.array(DURATIONS) % step == 0)] = 1.0
    column()[DURATION.first : DURATION.end] = np.log2(DURATIONS) / np.log2(DURATIONS[-1])
    column()[PITCH.first : PITCH.end] = pitches / 127.0
    for kind in (VELOCITY, DENSITY, REGISTER, POLYPHONY, ENERGY):
        column()[kind.first : kind.end] = np.arange(kind.size) / (kind.size - 1)
    return np.stack(columns, axis=1)
