"""What a player can do in a cell, as masks: range, number of notes at once, no pitch struck while it sounds.

The grammar says what is well written, a `Player` what can be played. Nothing that it forbids is ever sampled, so nothing has to
be mended. Times are slots from the start of the window, pitches lie in the home key.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from ripieno.generators.lm.grammar import Mask
from ripieno.generators.lm.vocabulary import DRUM, DRUM_LOW, DURATION, DURATIONS, PITCH, POSITION, SLOTS, VELOCITY, kind_of

SLUR = SLOTS // 8  # slots by which notes may overlap without counting as sounding at once


@dataclass(frozen=True, slots=True)
class Ability:
    """What a track may play: pitches in the home key, percussion keys (empty: all), voices at once."""

    low: int = 0
    high: int = 127
    voices: int = 16
    keys: tuple[int, ...] = ()


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

    def copy(self) -> "Player":
        """Another one in the same state."""
        return Player(self.ability, self.drum, self.end, self.given, list(self.sounding), self.now, self.pitch)

    def enter(self, bar_start: int) -> None:
        """Begins a wanted cell: what sounds on from before is what was sampled and what is given there."""
        given = [(end, pitch) for start, pitch, end in self.given if start < bar_start < end]
        self.sounding = given + [s for s in self.sounding if s[0] > bar_start and s not in given]
        self.now = bar_start

    def push(self, token: int, bar_start: int) -> None:
        """Takes note of a token of a wanted cell."""
        kind = kind_of(token)
        value = token - kind.first
        if kind is POSITION:
            self.now = bar_start + value
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
        return sum(end - SLUR > self.now for end, _ in self.sounding)

    def _free_from(self, bar_start: int) -> int:
        """First place of the bar, in slots, at which one more note can begin."""
        over = sorted((end - SLUR for end, _ in self.sounding if end - SLUR > bar_start), reverse=True)
        return over[self.ability.voices - 1] - bar_start if len(over) >= self.ability.voices else 0

    def _lengths(self, mask: Mask) -> None:
        """Up to the end of the music, the same pitch's next given note, and any given note where the player is then full."""
        after = self.given[bisect_right(self.given, (self.now, 127, self.end)) :]
        same = next((at for at, pitch, _ in after if pitch == self.pitch), self.end)
        room = min(self.end, same) - self.now
        if self._at_once() + 1 >= self.ability.voices and after:
            room = min(room, after[0][0] + SLUR - self.now)
        mask[DURATION.first + max(1, bisect_right(DURATIONS, room)) : DURATION.end] = False

