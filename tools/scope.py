"""Where an instruction acts: which tracks, which bars, which beats, which pieces of the kit. What lies outside stays identical.

A scope names things as people do (a track by its name, its role, its instrument or its family; time by sections, bars or
seconds); it is resolved against a piece, strictly: what the piece does not have is an error that says what it has.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ripieno.score.brief import Frozen
from ripieno.score.errors import Retryable
from ripieno.score.formats.percussion import drum
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece, Section, Track

Span = tuple[int, int]
OPEN = 2**31 - 1  # the end of the last bar's ticks: what starts on or after the final bar line belongs to it
# Groups of roles that people call by one name.
GROUPS: dict[str, frozenset[Role]] = {
    "rhythm section": frozenset({Role.DRUMS, Role.PERCUSSION, Role.BASS, Role.CHORDS}),
    "rhythm": frozenset({Role.DRUMS, Role.PERCUSSION}),
    "drums": frozenset({Role.DRUMS, Role.PERCUSSION}),
    "melody": frozenset({Role.LEAD}),
    "tune": frozenset({Role.LEAD}),
    "harmony": frozenset({Role.CHORDS, Role.ARPEGGIO, Role.PAD}),
    "accompaniment": frozenset(Role) - {Role.LEAD, Role.ANSWER, Role.COUNTERMELODY},
}


class Scope(Frozen):
    """Where an instruction acts. Everything is optional; an empty scope is the whole piece.

    Attributes:
        tracks: each an id, a name, an instrument, a role or a family ('strings', 'brass', 'drums'); empty means every track.
        but_tracks: tracks taken away again, named likewise ('everything but the drums').
        bars: first bar and the bar after the last, from 0.
        sections: names or labels of sections; every section of such a name is meant, or only the `nth` (1 first, -1 last).
        seconds: from and to, snapped outwards to bars.
        part: a fraction of each stretch from and to, snapped to bars: (0.5, 1.0) is the second half.
        first_bars, last_bars: only so many bars at the beginning or end of each stretch.
        every, offset: only every n-th bar of each stretch, beginning with the bar number `offset` of it (0 the first).
        beats: only what starts within these beats of each bar, from 1. 2 is the whole second beat, 2.5 its second half, 2.25
            its second quarter.
        drums: only these pieces of a kit ('snare', 'hi-hat'); tracks without a kit are then not meant.

    Of `bars`, `sections` and `seconds` at most one is given; without any the whole piece is the one stretch.
    """

    tracks: tuple[str, ...] = ()
    but_tracks: tuple[str, ...] = ()
    bars: Span | None = None
    sections: tuple[str, ...] = ()
    nth: int | None = None
    seconds: tuple[float, float] | None = None
    part: tuple[float, float] | None = None
    first_bars: int | None = Field(default=None, ge=1)
    last_bars: int | None = Field(default=None, ge=1)
    every: int | None = Field(default=None, ge=1)
    offset: int = Field(default=0, ge=0)
    beats: tuple[float, ...] = ()
    drums: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> "Scope":
        if sum(bool(x) for x in (self.bars, self.sections, self.seconds)) > 1:
            raise ValueError("give bars, sections or seconds, not several of them")
        if self.nth is not None and not self.sections:
            raise ValueError("nth counts sections: name one")
        if self.first_bars is not None and self.last_bars is not None:
            raise ValueError("give first_bars or last_bars, not both")
        if self.part is not None and not 0 <= self.part[0] < self.part[1] <= 1:
            raise ValueError("part is a fraction from and to, such as 0.5 to 1.0")
        if any(beat < 1 or round(beat * 12, 4) % 1 for beat in self.beats):
            raise ValueError("beats count from 1, and are parted in halves, thirds and quarters")
        return self

    @property
    def whole(self) -> bool:
        """Whether all of the time is meant, on every beat."""
        return self.timeless and not self.beats

    @property
    def timeless(self) -> bool:
        """Whether every bar is meant."""
        narrowed = (self.bars, self.seconds, self.part, self.first_bars, self.last_bars, self.every)
        return not self.sections and all(x is None for x in narrowed)

    @property
    def time(self) -> "Scope":
        """The same time, for every track."""
        return self.model_copy(update={"tracks": (), "but_tracks": (), "drums": ()})

    # --- tracks -----------------------------------------------------------------------------------------------------------

    def track_ids(self, piece: Piece) -> tuple[str, ...]:
        """Ids of the tracks meant, in the piece's order.

        Raises:
            Retryable: a track is unknown, or none is left.
        """
        wanted = {id_ for word in self.tracks for id_ in tracks_named(word, piece)} or {t.id for t in piece.tracks}
        wanted -= {id_ for word in self.but_tracks for id_ in tracks_named(word, piece)}
        if self.drums:
            wanted &= {t.id for t in piece.tracks if t.is_drum}
        if not wanted and piece.tracks:
            words = ", ".join(self.tracks + self.drums) or "everything but " + ", ".join(self.but_tracks)
            raise Retryable("A scope holds at least one track", value=words, cure="name one of: " + _names(piece))
        return tuple(t.id for t in piece.tracks if t.id in wanted)

    # --- time -------------------------------------------------------------------------------------------------------------

    def spans(self, piece: Piece) -> tuple[Span, ...]:
        """The stretches of bars meant, in order, none empty, neighbours joined only where `every` made them.

        Raises:
            Retryable: a section is unknown, or the bars or seconds lie outside the piece.
        """
        found: list[Span] = []
        for first, end in self._regions(piece):
            if self.part is not None:
                length = end - first
                start = min(length - 1, round(self.part[0] * length))  # the shortest part is a bar
                first, end = first + start, first + max(start + 1, round(self.part[1] * length))
            if self.first_bars is not None:
                end = min(end, first + self.first_bars)
            if self.last_bars is not None:
                first = max(first, end - self.last_bars)
            if self.every is not None:
                found += [(bar, bar + 1) for bar in range(first + self.offset, end, self.every)]
            elif first < end:
                found.append((first, end))
        if not found:
            raise Retryable(
                "A scope holds at least one bar",
                value=self._time_words(),
                cause=f"the piece has {piece.bars} bars",
                cure="name bars or sections that it has",
            )
        return tuple(found)

    def _regions(self, piece: Piece) -> tuple[Span, ...]:
        if self.bars is not None:
            first, end = self.bars
            if not 0 <= first < end <= piece.bars:
                raise Retryable(
                    f"Bars lie between 1 and {piece.bars}", value=f"{first + 1} to {end}", cure="name bars that the piece has"
                )
            return (self.bars,)
        if self.sections:
            return tuple((s.first_bar, s.end_bar) for s in self.sections_meant(piece))
        if self.seconds is not None:
            since, until = self.seconds
            if not 0 <= since < until or since >= piece.seconds:
                raise Retryable(
                    f"Times lie between 0 and {piece.seconds:.0f} seconds, the earlier first",
                    value=f"{since:g} to {until:g}",
                    cure="name a time within the piece",
                )
            timeline = piece.timeline
            last = timeline.bar_at(max(0, timeline.tick_at(until) - 1)) + 1
            return ((timeline.bar_at(timeline.tick_at(since)), min(piece.bars, last)),)
        return ((0, piece.bars),)

    def sections_meant(self, piece: Piece) -> tuple[Section, ...]:
        """The sections that `sections` and `nth` name, in order.

        Raises:
            Retryable: the piece has none of that name, or not so many.
        """
        names = {w.lower().strip() for w in self.sections}
        found = [s for s in piece.sections if names & section_words(s)]
        if found and self.nth is not None:
            picked = found[self.nth - 1 : self.nth] if self.nth > 0 else found[self.nth :][:1]
            found = picked if self.nth else []
        if not found:
            have = ", ".join(dict.fromkeys(s.name for s in piece.sections)) or "not divided into sections"
            which = f" number {self.nth}" if self.nth is not None else ""
            raise Retryable(
                "A section is one that the piece has",
                value=", ".join(self.sections) + which,
                cause=f"the form of this piece is {have}",
                cure="name one of these, or give bars",
            )
        return tuple(found)

    def tick_spans(self, piece: Piece) -> tuple[Span, ...]:
        """`spans` in ticks, narrowed to `beats`. The last bar's span is open-ended: it takes in what starts after the end."""
        timeline = piece.timeline
        if not self.beats:
            line = timeline.bar_start
            return tuple((line(a), line(b) if b < piece.bars else OPEN) for a, b in self.spans(piece))
        found: list[Span] = []
        for first, end in self.spans(piece):
            for bar in range(first, end):
                beats = timeline.metre_at(bar).beats(timeline.ppq)
                start = timeline.bar_start(bar)
                found += [_within(start, beats[int(n) - 1], n % 1) for n in sorted(self.beats) if n < len(beats) + 1]
        if not found:
            raise Retryable(
                "A beat is one that the bars have", value=", ".join(map(str, self.beats)), cure="count the beats from 1"
            )
        return tuple(found)

    def note_mask(self, piece: Piece, track: Track) -> npt.NDArray[np.bool_]:
        """Which notes of a track in scope are meant: those that start in the time, of the pieces of the kit."""
        mask = inside(track.notes["start"], self.tick_spans(piece))
        if self.drums:
            keys = kit_keys(self.drums)
            mask &= np.isin(track.notes["pitch"], list(keys))
        return mask

    def _time_words(self) -> str:
        given = self.model_dump(exclude_defaults=True, exclude={"tracks", "but_tracks", "drums"})
        return ", ".join(f"{name} {value}" for name, value in given.items())


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order, those that touch or overlap as one."""
    last: Span | None = None
    for first, end in sorted(spans):
        if last is not None and first <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (first, end)
    if last is not None:
        yield last


def _within(bar: int, beat: Span, share: float) -> Span:
    """The ticks of a beat (start within the bar, length), or of the half, third or quarter of it that begins after a share."""
    start, length = bar + beat[0], beat[1]
    if not share:
        return start, start + length
    parts = next(n for n in (2, 3, 4, 6, 12) if not round(share * n, 6) % 1)
    return start + round(share * length), start + round((share + 1 / parts) * length)


def inside(ticks: npt.NDArray[np.int32], spans: Iterable[Span]) -> npt.NDArray[np.bool_]:
    """Which ticks lie in any of the spans."""
    mask = np.zeros(len(ticks), bool)
    for first, end in spans:
        mask |= (ticks >= first) & (ticks < end)
    return mask


def section_words(section: Section) -> set[str]:
    """Everything that a section is called: its name, its name without a number, its label."""
    name = section.name.lower()
    return {name, name.rstrip(" 0123456789"), section.label.lower()} - {""}


def tracks_named(word: str, piece: Piece) -> tuple[str, ...]:
    """Ids of the tracks that a word names. The nearest sense that the piece has wins: id, name, instrument, role, family.

    Raises:
        Retryable: it names none.
    """
    wanted = word.lower().strip()
    for sense in _SENSES:
        found = tuple(t.id for t in piece.tracks if sense(wanted, t))
        if found:
            return found
    raise Retryable("A track is one that the piece has", value=word, cure="name one of: " + _names(piece))


_SENSES: tuple[Callable[[str, Track], bool], ...] = (
    lambda word, t: word == t.id.lower(),
    lambda word, t: word == t.name.lower(),
    lambda word, t: word in (t.instrument_id.replace("_", " "), t.instrument_id, t.instrument.name.lower()),
    lambda word, t: word in t.instrument.names or word.removesuffix("s") in t.instrument.names,
    lambda word, t: t.role in GROUPS.get(word, ()) or word == t.role or word.removesuffix("s") == t.role,
    lambda word, t: word.removesuffix("s") == t.instrument.family.removesuffix("s") or word == t.instrument.technique,
)


def kit_keys(words: Iterable[str]) -> frozenset[int]:
    """The General MIDI keys of pieces of the kit ('hi-hat' means closed, open and pedal).

    Raises:
        Retryable: no piece is called so.
    """
    found: set[int] = set()
    for word in words:
        wanted = _drum_word(word)
        keys = {k for k in range(27, 88) if wanted in _drum_word(drum(k).name)}
        if not keys:
            raise Retryable(
                "A piece of the kit is one that General MIDI has",
                value=word,
                cure="name it like kick, snare, hi-hat, ride, crash, tom, cowbell, clap",
            )
        found |= keys
    return frozenset(found)


def _drum_word(word: str) -> str:
    plain = "".join(c for c in word.lower() if c.isalnum()).removesuffix("s")
    return {
        "kick": "bassdrum",
        "kickdrum": "bassdrum",
        "hat": "hihat",
        "snaredrum": "snare",
        "rimshot": "sidestick",
        "rim": "sidestick",
        "cymbal": "cymbal",
    }.get(plain, plain)


def _names(piece: Piece) -> str:
    return ", ".join(t.name for t in piece.tracks) or "none: the piece has no tracks"
