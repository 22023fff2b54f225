"""What a player can do in a cell, as masks: range, number of notes at once, no pitch struck while it sounds.

The grammar says what is well written, a `Player` what can be played. Nothing that it forbids is ever sampled, so nothing has to
be mended. Times are slots from the start of the window, pitches lie in the home key.
"""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from math import ceil, floor

import numpy as np

from ripieno.generators.lm.grammar import Mask
from ripieno.generators.lm.vocabulary import (
    DENSITY_EDGES,
    DRUM,
    DRUM_LOW,
    DURATION,
    DURATIONS,
    PITCH,
    POSITION,
    SLOTS,
    VELOCITY,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Ability:
    """What a track may play.

    Attributes:
        low, high: pitches in the home key.
        voices: notes at once.
        keys: percussion keys; empty: all.
        least, most: onsets a quarter note in a wanted cell; a cell does not end before the one and takes none after the other.
    """

    low: int = 0
    high: int = 127
    voices: int = 16
    keys: tuple[int, ...] = ()
    least: float = 0.0
    most: float = 24.0


def onsets_of(density: int) -> tuple[float, float]:
    """The fewest and the most onsets a quarter note in a cell of a density: bars may differ from their mean by a good third.

    Density 0 (any) asks for one note.
    """
    if not density:
        return 0.05, 24.0
    edges = (0.0, *DENSITY_EDGES, 24.0)
    return max(0.05, 0.6 * edges[density - 1]), 1.5 * edges[density]


@dataclass(eq=False)
class Player:
    """The state of one track in one candidate.

    Attributes:
        ability: what it may play.
        drum: whether it is percussion.
        end: slot of the end of the music: nothing sounds beyond it.
        given: (start, pitch, end) of the track's given notes, ascending.
    """

    ability: Ability
    drum: bool
    end: int
    given: list[tuple[int, int, int]] = field(default_factory=list)
    sounding: list[tuple[int, int]] = field(default_factory=list)  # (end, pitch)
    now: int = -1
    pitch: int = -1
    onsets: int = 0  # in this cell
    fewest: int = 0
    enough: int = 0

    def copy(self) -> "Player":
        """Another one in the same state."""
        return replace(self, sounding=list(self.sounding))

    def enter(self, bar_start: int, slots: int) -> None:
        """Begins a wanted cell: what sounds on from before is what was sampled and what is given there."""
        given = [(end, pitch) for start, pitch, end in self.given if start < bar_start < end]
        self.sounding = given + [s for s in self.sounding if s[0] > bar_start and s not in given]
        self.now, self.onsets = bar_start, 0
        quarters = slots / SLOTS
        self.fewest = ceil(self.ability.least * quarters - 1e-6)
        self.enough = max(self.fewest, floor(self.ability.most * quarters + 1e-6), 1)

    def may_end(self, bar_start: int, bar_end: int) -> bool:
        """Whether the cell may end now: it has enough notes, or hardly any room for more."""
        first_free = max(self._free_from(bar_start) + bar_start, self.now)
        return self.onsets >= self.fewest or bar_end - first_free <= SLOTS // 2

    def push(self, token: int, bar_start: int) -> None:
        """Takes note of a token of a wanted cell."""
        kind = kind_of(token)
        value = token - kind.first
        if kind is POSITION:
            self.now = bar_start + value
            self.onsets += 1
            self.sounding = [s for s in self.sounding if s[0] > self.now]
        elif kind is PITCH:
            self.pitch = value
        elif kind is DURATION:
            self.sounding.append((self.now + DURATIONS[value], self.pitch))

    def narrow(self, mask: Mask, bar_start: int) -> None:
        """Takes from a mask what cannot be played."""
        if mask[DURATION.first]:
            self._lengths(mask)
            return
        if self.onsets >= self.enough:
            mask[POSITION.first : POSITION.end] = False
        notes = mask[DRUM.first : DRUM.end] if self.drum else mask[PITCH.first : PITCH.end]
        if self.drum:
            if self.ability.keys:
                able = np.zeros(DRUM.size, dtype=np.bool_)
                able[[k - DRUM_LOW for k in self.ability.keys]] = True
                notes &= able
        else:
            mask[POSITION.first : POSITION.first + min(self._free_from(bar_start), POSITION.size)] = False
            if self._at_once() >= self.ability.voices:
                notes[:] = False
            notes[: max(self.ability.low, 0)] = False
            notes[max(self.ability.high + 1, 0) :] = False
            notes[[pitch for end, pitch in self.sounding if end > self.now]] = False
        if not notes.any():  # a change of loudness is followed by a note
            mask[VELOCITY.first : VELOCITY.end] = False

    def _at_once(self) -> int:
        return sum(end > self.now for end, _ in self.sounding)

    def _free_from(self, bar_start: int) -> int:
        """First place of the bar, in slots, at which one more note can begin."""
        over = sorted((end for end, _ in self.sounding if end > bar_start), reverse=True)
        return over[self.ability.voices - 1] - bar_start if len(over) >= self.ability.voices else 0

    def _lengths(self, mask: Mask) -> None:
        """Up to the end of the music, the same pitch's next given note, and any given note where the player is then full."""
        after = self.given[bisect_right(self.given, (self.now, 127, self.end)) :]
        same = next((at for at, pitch, _ in after if pitch == self.pitch), self.end)
        room = min(self.end, same) - self.now
        if self._at_once() + 1 >= self.ability.voices and after:
            room = min(room, after[0][0] - self.now)
        mask[DURATION.first + max(1, bisect_right(DURATIONS, room)) : DURATION.end] = False

