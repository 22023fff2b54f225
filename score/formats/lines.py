"""From snapped notes to the lines that a reader follows: which voice, how long each chord is written.

Chords are notes that start together. Two voices are written only where notes truly overlap: the higher with stems up.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.score.formats.grid import SIXTEENTH, UNITS, Cell, Snapped
from ripieno.score.instruments import Instrument

_SLACK = 0.25  # share of a note that may hang over into the next, or be missing before it
_SHORT = 12  # up to this distance (an eighth) a short note is written full
_INTERLOCKED = 0.2  # share of overlaps from which a staff is written in one voice
_STACCATO = 0.55  # a note that sounds less of its written length has a dot
_HIGH, _LOW = 64, 55  # music that stays above or below needs no grand staff


@dataclass(slots=True)
class Chord:
    """Notes of one voice that start and end together on paper (units), with the length as performed.

    `from_before` and `to_next` are the pitches that are tied to the chord before and to the next.
    """

    start: int
    end: int
    real: float
    pitches: tuple[int, ...]
    velocity: int
    voice: int = 1
    staccato: bool = False
    graces: tuple[int, ...] = ()
    from_before: frozenset[int] = frozenset()
    to_next: frozenset[int] = frozenset()

    @property
    def centre(self) -> float:
        """Mean pitch."""
        return sum(self.pitches) / len(self.pitches)


def needs_grand_staff(row: Instrument, notes: Snapped) -> bool:
    """Whether a keyboard's or harp's music takes both staves."""
    if row.clef != "grand" or len(notes.pitch) == 0:
        return row.clef == "grand"
    return int(notes.pitch.min()) < _LOW and int(notes.pitch.max()) > _HIGH


def write_lines(
    notes: Snapped, chosen: npt.NDArray[np.bool_], row: Instrument, cells: tuple[Cell, ...]
) -> list[Chord]:
    """The chords of the chosen notes in voices 1 and 2, none overlapping within its voice, ends made readable.

    Where overlapping chords interlock there is one voice: instruments whose tone lasts tie what they hold from chord
    to chord, others let each chord go at the next.
    """
    edges = np.array([c.start + c.length for c in cells], dtype=np.int64)
    chords = _gather(notes, chosen, single=row.voices == 1)
    if row.voices > 1 and not row.decays and _interlock(chords):
        return _slices(notes, chosen)
    if row.voices > 1:
        _assign_voices(chords, lasting=not row.decays)
    out = []
    for voice in (1, 2):
        line = _merge([c for c in chords if c.voice == voice])
        _tidy(line, edges)
        out += line
    return sorted(out, key=lambda c: (c.start, c.voice))


def write_drums(notes: Snapped, cells: tuple[Cell, ...]) -> list[Chord]:
    """One voice of strokes; each lasts to the next stroke or the end of its beat, for drums have no length."""
    chords = _gather(notes, np.ones(len(notes.start), dtype=bool), single=True)
    edges = np.array([c.start + c.length for c in cells])
    for i, chord in enumerate(chords):
        edge = int(edges[np.searchsorted(edges, chord.start, side="right")])
        chord.end = min(edge, chords[i + 1].start if i + 1 < len(chords) else edge)
    return chords


def _gather(notes: Snapped, chosen: npt.NDArray[np.bool_], *, single: bool) -> list[Chord]:
    """Chords of the notes that start together; two of them where their ends differ too much for one."""
    columns = (notes.start, notes.end, notes.real_end - notes.real_start, notes.pitch, notes.velocity, notes.grace)
    rows: dict[int, list[tuple[int, float, int, int, int]]] = defaultdict(list)
    for start, *row in zip(*(c[chosen].tolist() for c in columns), strict=True):
        rows[start].append(tuple(row))
    chords = []
    for start in sorted(rows):
        together = sorted(rows[start])
        cut = len(together)
        ends = [r[0] for r in together]
        if not single and ends[-1] - ends[0] > max(SIXTEENTH, _SLACK * (ends[-1] - start)):
            cut = 1 + max(range(len(ends) - 1), key=lambda i: ends[i + 1] - ends[i])
        for group in (together[:cut], together[cut:]):
            if group:
                pitches = tuple(sorted({r[2] for r in group}))
                velocity = max(r[3] for r in group)
                graces = tuple(sorted({r[4] for r in group if r[4] >= 0}))
                chords.append(Chord(start, group[-1][0], max(r[1] for r in group), pitches, velocity, graces=graces))
    return chords


def _interlock(chords: list[Chord]) -> bool:
    """Whether many chords that overlap share a range of pitches, so that no upper and lower voice can be told."""
    apart = together = 0
    sounding: list[Chord] = []
    for chord in chords:
        sounding = [c for c in sounding if _overlap(c, chord)]
        for other in sounding:
            if _share_range(other, chord):
                together += 1
            else:
                apart += 1
        sounding.append(chord)
    return together > _INTERLOCKED * (together + apart)


def _share_range(a: Chord, b: Chord) -> bool:
    return a.pitches[0] <= b.pitches[-1] and b.pitches[0] <= a.pitches[-1]


def _slices(notes: Snapped, chosen: npt.NDArray[np.bool_]) -> list[Chord]:
    """One voice of chords that changes wherever a note starts or ends; notes that go on are tied."""
    starts, ends = notes.start[chosen], notes.end[chosen]
    onsets = np.unique(starts)
    following = np.searchsorted(onsets, ends)
    for shift in (0, -1):  # an end so near an onset is heard as one with it
        near = onsets[np.clip(following + shift, 0, len(onsets) - 1)]
        ends = np.where((np.abs(near - ends) <= SIXTEENTH) & (near > starts), near, ends)
    begins: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for start, end, pitch, velocity in zip(
        starts.tolist(), ends.tolist(), notes.pitch[chosen].tolist(), notes.velocity[chosen].tolist(), strict=True
    ):
        begins[start].append((pitch, end, velocity))
    out: list[Chord] = []
    sounding: dict[int, tuple[int, int]] = {}  # pitch -> end, velocity
    for a, b in itertools.pairwise(sorted({*starts.tolist(), *ends.tolist()})):
        held = {p: n for p, n in sounding.items() if n[0] > a}
        struck = {pitch: (end, velocity) for pitch, end, velocity in begins[a]}
        sounding = held | struck
        if sounding:
            again = {pitch for pitch, _, _ in begins[b]}
            out.append(Chord(
                a, b, float(b - a), tuple(sorted(sounding)), max(velocity for _, velocity in sounding.values()),
                from_before=frozenset(held.keys() - struck.keys()),
                to_next=frozenset(p for p, (end, _) in sounding.items() if end > b) - again,
            ))  # fmt: skip
    return out


def _assign_voices(chords: list[Chord], *, lasting: bool) -> None:
    """Voice 2 for chords that lie below what they overlap with; chords of a tone that dies away must lie wholly below."""
    score: dict[int, int] = defaultdict(int)
    sounding: list[int] = []
    for i, chord in enumerate(chords):
        sounding = [j for j in sounding if _overlap(chords[j], chord)]
        for j in sounding:
            if not lasting and _share_range(chords[j], chord):
                continue
            sign = 1 if chord.centre > chords[j].centre else -1
            score[i] += sign
            score[j] -= sign
        sounding.append(i)
    for i, value in score.items():
        if value < 0:
            chords[i].voice = 2


def _overlap(earlier: Chord, later: Chord) -> bool:
    """Whether two chords truly sound together, not only hang over."""
    if earlier.start == later.start:
        return True
    slack = max(SIXTEENTH // 2, _SLACK * (earlier.end - earlier.start))
    return later.start < earlier.end - slack


def _merge(line: list[Chord]) -> list[Chord]:
    """Chords of a voice that start together made one, and each cut off where the next starts."""
    out: list[Chord] = []
    for chord in line:
        if out and out[-1].start == chord.start:
            other = out[-1]
            other.pitches = tuple(sorted({*other.pitches, *chord.pitches}))
            other.end = max(other.end, chord.end)
            other.real = max(other.real, chord.real)
            other.velocity = max(other.velocity, chord.velocity)
            other.graces = tuple(sorted({*other.graces, *chord.graces}))
        else:
            out.append(chord)
    for a, b in itertools.pairwise(out):
        a.end = min(a.end, b.start)
    return out


def _tidy(line: list[Chord], edges: npt.NDArray[np.int64]) -> None:
    """Writes notes full where a short breath would only make rests, with a dot where they sound short."""
    for i, chord in enumerate(line):
        index = int(np.searchsorted(edges, chord.end))
        after, edge = int(edges[index]), int(edges[index - 1]) if index else 0
        if i + 1 < len(line):
            after = min(after, line[i + 1].start)
        room = after - chord.start
        gap = after - chord.end
        if gap <= 0:
            continue
        if room - chord.real < _SLACK * room or room <= _SHORT or (gap <= SIXTEENTH and room > _SHORT):
            chord.end = after
        elif chord.end - edge <= SIXTEENTH and edge - chord.start >= _SHORT:
            chord.end = edge  # nobody ties a sixteenth over the beat before a rest
        elif chord.end - chord.start > UNITS and chord.end % _SHORT:
            chord.end = min(after, -(-chord.end // _SHORT) * _SHORT)  # nobody reads the end of a long note finer
        elif chord.end - chord.start in (3, 6) and chord.start + _SHORT <= after and chord.start % _SHORT == 0:
            chord.end = chord.start + _SHORT
    for _, run in itertools.groupby(line, key=lambda c: c.end - c.start):
        equal = list(run)  # taken together, for a player's touch varies more than the writing should
        short = sum(c.real < _STACCATO * (c.end - c.start) for c in equal) > len(equal) / 2
        for chord in equal:
            chord.staccato = short and chord.real < (1 + _STACCATO) / 2 * (chord.end - chord.start)
