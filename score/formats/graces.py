"""Grace notes: what is played as a very short note before a long one is written as a small note, not as a rhythm."""

import numpy as np
import numpy.typing as npt

from ripieno.score.piece import Notes

# in units of 1/24 of a quarter note
_SHORT = 5.5  # a grace note lasts at most this long, and its note follows within it
_LONG = 6.0  # its note lasts at least this long, and twice as long as the grace note
_RUN = 7.0  # a short note so near before shows that it belongs to a run
_NEAR = 1.5  # a note this near an eighth stands on it
_REACH = 4  # semitones between a grace note and its note


def take_graces(notes: Notes, unit: float) -> tuple[Notes, npt.NDArray[np.int64]]:
    """The notes without their grace notes, and the pitch of the grace note of each (-1 for none).

    A note whose grace note stands on its beat starts there instead. `unit` is the length of a unit in ticks.
    """
    start = notes["start"] / unit
    length = notes["duration"] / unit
    pitch = notes["pitch"].astype(np.int64)
    graces = np.full(len(notes), -1, dtype=np.int64)
    taken = np.zeros(len(notes), dtype=bool)
    moved = notes.copy()
    for i in np.flatnonzero(length <= _SHORT).tolist():
        after, behind = np.searchsorted(start, (start[i] + 1.0, start[i] + _SHORT))
        for j in range(int(after), int(behind)):
            steps = abs(int(pitch[j] - pitch[i]))
            wait = start[j] - start[i]
            meets = 1 <= steps <= _REACH and wait > length[i] - _NEAR and length[j] >= max(_LONG, 2 * wait)
            if meets and graces[j] < 0 and not _in_run(i, start, length, pitch):
                taken[i] = True
                graces[j] = pitch[i]
                if not _before_the_beat(float(start[i]), float(start[j])):
                    moved["duration"][j] += moved["start"][j] - moved["start"][i]
                    moved["start"][j] = moved["start"][i]
                break
    kept, graces = moved[~taken], graces[~taken]
    order = np.lexsort((kept["velocity"], kept["duration"], kept["pitch"], kept["start"]))
    return kept[order], graces[order]


def _in_run(
    i: int, start: npt.NDArray[np.float64], length: npt.NDArray[np.float64], pitch: npt.NDArray[np.int64]
) -> bool:
    """Whether another short note of its line comes just before it."""
    first, behind = np.searchsorted(start, (start[i] - _RUN, start[i] - 1.0))
    return any(length[k] <= _RUN and abs(int(pitch[k] - pitch[i])) <= _REACH + 1 for k in range(int(first), int(behind)))


def _before_the_beat(grace: float, main: float) -> bool:
    """Whether the main note, and not the grace note, stands on a beat or its half."""
    off_grace, off_main = (abs((x + 6.0) % 12.0 - 6.0) for x in (grace, main))
    return off_main <= _NEAR < off_grace
