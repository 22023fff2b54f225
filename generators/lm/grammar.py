"""Which token may come next: the grammar of `window` as a state machine. Illegal sequences cannot be sampled.

`Grammar.push` takes the next token, `Grammar.allowed` gives the mask over the vocabulary for the one after. Every sequence of
allowed tokens is the beginning of one that `window.decode` reads, and never comes to a dead end.
"""

import numpy as np
import numpy.typing as npt

from ripieno.generators.lm.vocabulary import (
    BAR,
    BOS,
    CHORD,
    CONTEXT,
    DENSITY,
    DRUM,
    DRUMS,
    DURATION,
    ENERGY,
    EOS,
    FILL,
    GROUP,
    METRE,
    METRES,
    MODE,
    PHRASE,
    PITCH,
    POLYPHONY,
    POSITION,
    REGISTER,
    ROLE,
    SECTION,
    SIZE,
    SLOTS,
    STYLE,
    TEMPO,
    TRACK,
    VELOCITY,
    Range,
    kind_of,
    name_of,
)
from ripieno.score.errors import BadRequest

Mask = npt.NDArray[np.bool_]
# What follows a token of a kind without any choice of kind.
_CHAIN: dict[Range, Range] = {
    BOS: STYLE, STYLE: MODE, MODE: TEMPO, PHRASE: ENERGY, ENERGY: CHORD, GROUP: ROLE, ROLE: DENSITY, DENSITY: REGISTER,
    REGISTER: POLYPHONY, POLYPHONY: VELOCITY, PITCH: DURATION,
}  # fmt: skip
_ANY_ONLY = (REGISTER, POLYPHONY)  # what a drum track has none of


class Grammar:
    """The state after some tokens. A new one has seen nothing and allows BOS alone."""

    def __init__(self) -> None:
        self.last: Range | None = None
        self.bars: list[int] = []  # their slots
        self.chords: list[list[int]] = []
        self.metre = self.section = -1
        self.drum: list[bool] = []
        self.levels: list[int] = []
        self.block: Range | None = None
        self.bar = -1  # of the block
        self.repeated = 0  # chords of the bar said again at the head of a FILL block
        self.track = -1  # of the cell; -1 between cells
        self.place = self.pitch = self.level = -1
        self.said = {CONTEXT.name: -1, FILL.name: -1}  # last bar of a block of each kind
        self.seen: set[tuple[int, int]] = set()  # cells
        self.ended = False
        self._mask: Mask | None = None  # of the next token, once it was asked for

    def copy(self) -> "Grammar":
        """Another one in the same state."""
        other = Grammar()
        other.__dict__.update(self.__dict__)
        other.bars, other.chords = list(self.bars), [list(c) for c in self.chords]
        other.drum, other.levels = list(self.drum), list(self.levels)
        other.said, other.seen = dict(self.said), set(self.seen)
        return other

    def push(self, token: int) -> None:
        """Takes the next token.

        Raises:
            BadRequest: the grammar does not allow it here.
        """
        if not 0 <= token < SIZE or not self.allowed()[token]:
            shown = name_of(token) if 0 <= token < SIZE else token
            raise BadRequest("A sequence of music tokens follows the grammar", value=shown,
                             cause=f"it cannot follow {self.last.name if self.last else 'nothing'} here",
                             cure="write sequences with `window.encode`")  # fmt: skip
        self._mask = None
        kind = kind_of(token)
        value = token - kind.first
        if kind is BAR:
            self.chords.append([])
            self.bars.append(0)
        elif kind is METRE:
            self.metre = value
        elif kind is SECTION:
            self.section = value
        elif kind is CHORD:
            if self.block is None:
                self.chords[-1].append(value)
            else:
                self.repeated += 1
        elif kind is GROUP:
            self.drum.append(value == DRUMS)
        elif kind is TRACK and self.block is not None:
            self.track, self.place, self.pitch, self.level = value, -1, -1, self.levels[value]
            self.seen.add((self.bar, value))
        elif kind in (CONTEXT, FILL):
            self.block, self.bar, self.track, self.repeated = kind, value, -1, 0
            self.said[kind.name] = value
        elif kind is VELOCITY:
            if self.block is None:
                self.levels.append(value)
            self.level = value
        elif kind is POSITION:
            self.place, self.pitch = value, -1
        elif kind in (PITCH, DRUM):
            self.pitch = value
        elif kind is EOS:
            self.ended = True
        elif kind is PHRASE:
            numerator, denominator = METRES[self.metre]
            self.bars[-1] = numerator * SLOTS * 4 // denominator
        self.last = kind

    def allowed(self) -> Mask:
        """Which tokens may come next, shape (SIZE,), read only; none after EOS."""
        if self._mask is None:
            self._mask = self._allowed()
            self._mask.setflags(write=False)
        return self._mask

    def _allowed(self) -> Mask:
        mask = np.zeros(SIZE, dtype=np.bool_)
        if self.ended:
            return mask
        if self.last is None:
            mask[BOS.first] = True
        elif self.last in _CHAIN:
            kind = _CHAIN[self.last]
            mask[kind.first : kind.first + 1 if kind in _ANY_ONLY and self.drum[-1] else kind.end] = True
        elif self.block is None:
            self._before_blocks(mask)
        else:
            self._in_block(mask)
        return mask

    def _before_blocks(self, mask: Mask) -> None:
        """Plan and tracks."""
        last, bar = self.last, len(self.bars)
        if last is TEMPO:
            mask[BAR.first] = True
        elif last is BAR and bar == 1:
            mask[METRE.first : METRE.end] = True
        elif last is METRE and bar == 1:
            mask[SECTION.first : SECTION.end] = True
        elif last in (BAR, METRE, SECTION):
            mask[PHRASE.first : PHRASE.end] = True
            if last is BAR:
                _others(mask, METRE, self.metre)
            if last in (BAR, METRE):
                _others(mask, SECTION, self.section)
        elif last is CHORD:
            if len(self.chords[-1]) == 1:
                _others(mask, CHORD, self.chords[-1][0])
            if bar < BAR.size:
                mask[BAR.first + bar] = True
            mask[TRACK.first] = True
        elif last is TRACK:
            mask[GROUP.first : GROUP.end] = True
        else:  # a track's description is complete
            if len(self.drum) < TRACK.size:
                mask[TRACK.first + len(self.drum)] = True
            self._next_block(mask)

    def _next_block(self, mask: Mask) -> None:
        for kind in (CONTEXT, FILL):
            for bar in range(self.said[kind.name] + 1, len(self.bars)):
                if any((bar, t) not in self.seen for t in range(len(self.drum))):
                    mask[kind.first + bar] = True
        mask[EOS.first] = True

    def _in_block(self, mask: Mask) -> None:
        chords = self.chords[self.bar]
        if self.block is FILL and self.repeated < len(chords):
            mask[CHORD.first + chords[self.repeated]] = True
            return
        if self.track < 0:
            self._tracks(mask)
            return
        drum = self.drum[self.track]
        kind = DRUM if drum else PITCH
        higher = self.pitch + 1 < kind.size
        if self.last in (POSITION, VELOCITY):
            mask[kind.first + self.pitch + 1 : kind.end] = True
            if self.last is POSITION:
                _others(mask, VELOCITY, self.level)
            return
        if self.place >= 0 and higher:
            mask[kind.first + self.pitch + 1 : kind.end] = True
            _others(mask, VELOCITY, self.level)
        mask[POSITION.first + self.place + 1 : POSITION.first + self.bars[self.bar]] = True
        self._tracks(mask)
        self._next_block(mask)

    def _tracks(self, mask: Mask) -> None:
        for track in range(self.track + 1, len(self.drum)):
            if (self.bar, track) not in self.seen:
                mask[TRACK.first + track] = True


def _others(mask: Mask, kind: Range, value: int) -> None:
    """Allows all of a kind but one value."""
    mask[kind.first : kind.end] = True
    mask[kind.first + value] = False
