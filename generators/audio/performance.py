"""What a synthesizer plays, the same for a `Piece` and for any MIDI file: parts with notes and controllers in seconds.

A part is what shares one set of controllers: a track of a piece, a channel of a file. Pedals, repeated keys and the
messages that silence a channel are worked into the ends of the notes here, so that nothing after this page knows them.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ripieno.score.formats import smf
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.piece import Piece, Track
from ripieno.score.time import tempo_seconds

# inputs beyond the controllers 0..127, in the numbering of `modulators` (its CONTROLLER flag marks a MIDI controller)
PITCH_WHEEL, CHANNEL_PRESSURE, WHEEL_RANGE, KEY_PRESSURE = 256, 257, 258, 512  # key pressure of key k: 512 + k
VOLUME, PAN, EXPRESSION, PEDAL, SOSTENUTO, REVERB, CHORUS = 7, 10, 11, 64, 66, 91, 93
BANK, DATA_COARSE, DATA_FINE, RPN_FINE, RPN_COARSE, NRPN_FINE, NRPN_COARSE = 0, 6, 38, 100, 101, 98, 99
ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 120, 121, 123
DEFAULTS = {VOLUME: 100.0, PAN: 64.0, EXPRESSION: 127.0, REVERB: 40.0, PITCH_WHEEL: 8192.0, WHEEL_RANGE: 2.0}
DRUM_CHANNEL = 9
DRUM_BANK = 128
_SHORTEST = 0.010  # seconds: as fluidsynth, a shorter note would be a click

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A controller as steps: `values[i]` holds from `times[i]` (seconds, ascending); before the first, `initial` holds."""

    initial: float
    times: Seconds = field(default_factory=lambda: np.zeros(0))
    values: Seconds = field(default_factory=lambda: np.zeros(0))

    def at(self, when: npt.ArrayLike) -> Seconds:
        """The values in force at times."""
        if not self.times.size:
            return np.full(np.shape(when), self.initial)
        steps = np.concatenate(([self.initial], self.values))
        return np.asarray(steps[np.searchsorted(self.times, when, side="right")])

    def changes(self, start: npt.ArrayLike, end: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether a step lies in (start, end]."""
        first = np.searchsorted(self.times, start, side="right")
        return np.asarray(np.searchsorted(self.times, end, side="right") > first)

    @property
    def mean(self) -> float:
        """The mean of its settings: for sends, which one gives a whole part."""
        return float(self.values.mean()) if self.values.size else self.initial

    @cached_property
    def constant(self) -> bool:
        """Whether it never moves."""
        return not self.times.size or bool(np.all(self.values == self.initial))


@dataclass(frozen=True)
class Part:
    """One part's notes as arrays of equal length, in order of `start`, and its controllers.

    Attributes:
        id, name: of the stem.
        start, end: seconds; `end` is when the key (or the pedal that holds it) is released.
        key, velocity: 0..127.
        bank, program: of the preset, per note.
        curves: by input number; one that is missing rests at its default.
        drums: whether it is a kit.
    """

    id: str
    name: str
    start: Seconds
    end: Seconds
    key: npt.NDArray[np.int64]
    velocity: npt.NDArray[np.int64]
    bank: npt.NDArray[np.int64]
    program: npt.NDArray[np.int64]
    curves: dict[int, Curve]
    drums: bool

    def curve(self, number: int) -> Curve:
        """The controller, or its default at rest."""
        return self.curves.get(number) or Curve(DEFAULTS.get(number, 0.0))


@dataclass(frozen=True)
class Performance:
    """All parts, and the second of the final bar line or last event."""

    parts: tuple[Part, ...]
    seconds: float


def perform_piece(piece: Piece) -> Performance:
    """What the tracks of a piece sound like; a muted track has no part."""
    parts = tuple(_piece_part(piece, t) for t in piece.tracks if not t.mix.muted and len(t.notes))
    return Performance(parts, piece.seconds)


def perform_track(piece: Piece, track: Track) -> Part:
    """One track of a piece, muted or not."""
    return _piece_part(piece, track)


def _piece_part(piece: Piece, track: Track) -> Part:
    time = piece.timeline
    notes, controls = track.notes, track.controls
    initial = {VOLUME: float(track.mix.volume), PAN: float(track.mix.pan), REVERB: float(track.mix.reverb),
               CHORUS: float(track.mix.chorus)}  # fmt: skip
    rows = [(float(s), int(c["kind"]), int(c["number"]), int(c["value"]))
            for s, c in zip(time.seconds_array(controls["tick"]), controls, strict=True)]  # fmt: skip
    curves = _curves(rows, initial)
    start = time.seconds_array(notes["start"])
    end = time.seconds_array(notes["start"].astype(np.int64) + notes["duration"])
    count = len(notes)
    bank = DRUM_BANK if track.is_drum else 0
    part = Part(track.id, track.name, start, end, notes["pitch"].astype(np.int64), notes["velocity"].astype(np.int64),
                np.full(count, bank), np.full(count, track.midi_program), curves, track.is_drum)  # fmt: skip
    return _resolve(part, piece.seconds, [])


def perform_midi(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Performance:
    """What a MIDI file sounds like: a part for each channel (of each port) that has notes.

    Raises:
        BadFile: it is no MIDI file, or exceeds the limits.
    """
    file = smf.parse_file(data, limits)
    offsets = np.concatenate(([0], np.cumsum([c.end for c in file.chunks]))) if file.format == 2 else None
    tempo_ticks, bpms, ppq = _tempo_map(file, offsets)
    channels: dict[tuple[int, int], list[tuple[int, int, int, int]]] = defaultdict(list)
    names: dict[tuple[int, int], str] = {}
    end = 0
    for number, chunk in enumerate(file.chunks):
        shift = int(offsets[number]) if offsets is not None else 0
        port, name = 0, ""
        for _, type_, content in chunk.metas:
            if type_ == smf.PORT and content:
                port = content[0]
            elif type_ == smf.TRACK_NAME and not name:
                name = content.decode("utf-8", "replace").strip()[:80]
        for tick, status, first, second in chunk.events:
            channels[port, status & 0x0F].append((tick + shift, status & 0xF0, first, second))
            if name and status & 0xF0 == smf.NOTE_ON:
                names.setdefault((port, status & 0x0F), name)
        end = max(end, chunk.end + shift)
    limits.check("notes", sum(status == smf.NOTE_ON for rows in channels.values() for _, status, _, _ in rows))
    total = float(tempo_seconds(end, tempo_ticks, bpms, ppq))
    limits.check("seconds", total)
    parts = []
    for where in sorted(channels):
        rows = sorted(channels[where], key=lambda r: r[0])  # stable: the order of the tracks decides ties
        times = tempo_seconds([r[0] for r in rows], tempo_ticks, bpms, ppq).tolist()
        part = _channel_part(where, names.get(where, ""), [(t, *r[1:]) for t, r in zip(times, rows, strict=True)], total)
        if part is not None:
            parts.append(part)
    return Performance(tuple(parts), total)


def _tempo_map(file: smf.MidiFile, offsets: npt.NDArray[np.int64] | None) -> tuple[list[int], list[float], float]:
    """Ticks and tempos, and ticks a quarter note; where time is counted in frames, a tempo that makes it so."""
    if file.division < 0:
        frames, ticks = -(file.division >> 8), file.division & 0xFF
        return [0], [60.0], float(max(1, frames) * max(1, ticks))
    found = {0: 120.0}
    for number, chunk in enumerate(file.chunks):
        shift = int(offsets[number]) if offsets is not None else 0
        for tick, type_, content in chunk.metas:
            micro = int.from_bytes(content[:3], "big") if type_ == smf.TEMPO and len(content) >= 3 else 0
            if micro:
                found[tick + shift] = 60e6 / micro
    ticks_sorted = sorted(found)
    return ticks_sorted, [found[t] for t in ticks_sorted], float(file.division)


def _channel_part(
    where: tuple[int, int], name: str, rows: list[tuple[float, int, int, int]], total: float
) -> Part | None:
    """The notes and controllers of one channel from its messages in order."""
    notes: list[list[float]] = []
    open_keys: dict[int, list[int]] = defaultdict(list)
    controls: list[tuple[float, int, int, int]] = []
    cuts: list[tuple[float, bool]] = []
    drums = where[1] == DRUM_CHANNEL
    bank, program = DRUM_BANK if drums else 0, 0
    for when, status, first, second in rows:
        if status == smf.NOTE_ON and second:
            open_keys[first].append(len(notes))
            notes.append([when, total, first, second, bank, program])
        elif status in (smf.NOTE_ON, smf.NOTE_OFF):
            for i in open_keys.pop(first, ()):
                notes[i][1] = when
        elif status == smf.PROGRAM:
            program = first
        elif status == smf.CONTROL:
            if first == BANK and not drums:
                bank = second
            elif first in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                cuts.append((when, first == ALL_SOUND_OFF))
            controls.append((when, 0, first, second))
        elif status == smf.BEND:
            controls.append((when, 1, 0, (second << 7 | first) - 8192))
        elif status == smf.PRESSURE:
            controls.append((when, 2, 0, first))
        elif status == smf.KEY_PRESSURE:
            controls.append((when, 3, first, second))
    if not notes:
        return None
    table = np.array(notes)
    port, channel = where
    id_ = f"channel-{channel + 1}" if not port else f"port-{port + 1}-channel-{channel + 1}"
    whole = table[:, 2:].astype(np.int64)
    part = Part(id_, name or id_, table[:, 0], table[:, 1], whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3],
                _curves(controls, {}), drums)  # fmt: skip
    return _resolve(part, total, cuts)


def _curves(rows: list[tuple[float, int, int, int]], initial: dict[int, float]) -> dict[int, Curve]:
    """Controllers as curves from (second, kind, number, value) in order; RPN 0 becomes the range of the wheel."""
    steps: dict[int, list[tuple[float, float]]] = defaultdict(list)
    parameter: tuple[int, int] | None = None  # the registered parameter that data entry goes to
    coarse, fine = 127, 127
    bend_range = DEFAULTS[WHEEL_RANGE]
    for when, kind, number, value in rows:
        if kind == 1:
            steps[PITCH_WHEEL].append((when, value + 8192.0))
        elif kind == 2:
            steps[CHANNEL_PRESSURE].append((when, float(value)))
        elif kind == 3:
            steps[KEY_PRESSURE + number].append((when, float(value)))
        elif number in (RPN_COARSE, RPN_FINE):
            coarse, fine = (value, fine) if number == RPN_COARSE else (coarse, value)
            parameter = (coarse, fine)
        elif number in (NRPN_COARSE, NRPN_FINE):
            parameter = None
        elif number in (DATA_COARSE, DATA_FINE) and parameter == (0, 0):
            whole, part = divmod(bend_range, 1.0)
            bend_range = value + part if number == DATA_COARSE else whole + min(value, 99) / 100.0
            steps[WHEEL_RANGE].append((when, bend_range))
        elif number == RESET:
            for reset, rest in ((1, 0.0), (EXPRESSION, 127.0), (PEDAL, 0.0), (SOSTENUTO, 0.0),
                                (PITCH_WHEEL, 8192.0), (CHANNEL_PRESSURE, 0.0)):  # fmt: skip
                steps[reset].append((when, rest))
        else:
            steps[number].append((when, float(value)))
    curves = {n: Curve(v) for n, v in initial.items()}
    for number, pairs in steps.items():
        times, values = np.array(pairs).T
        curves[number] = Curve(initial.get(number, DEFAULTS.get(number, 0.0)), times, values)
    return curves


def _resolve(part: Part, total: float, cuts: list[tuple[float, bool]]) -> Part:
    """Works repeated keys, pedals and channel-wide note-offs into the ends of the notes, and sorts them by start."""
    order = np.lexsort((part.key, part.start))
    start, end, key = part.start[order], part.end[order].copy(), part.key[order]
    last = max(total, float(end.max(initial=0.0)))
    pedal = part.curve(PEDAL)
    by_key = np.lexsort((start, key))
    here, after = by_key[:-1], by_key[1:]
    struck_again = (key[here] == key[after]) & (end[here] > start[after])
    end[here[struck_again]] = start[after[struck_again]]
    for when, _ in cuts:
        end[(start < when) & (end > when)] = when
    sostenuto = part.curve(SOSTENUTO)
    for i in np.flatnonzero(sostenuto.values >= 64):
        pressed = float(sostenuto.times[i])
        up = sostenuto.times[i:][sostenuto.values[i:] < 64]
        held = (start < pressed) & (end > pressed)
        end[held] = np.maximum(end[held], up[0] if up.size else last)
    if pedal.times.size:
        ups = np.concatenate((pedal.times[pedal.values < 64], [last]))
        down = pedal.at(end) >= 64
        end[down] = np.maximum(end[down], ups[np.searchsorted(ups, end[down], side="left").clip(0, len(ups) - 1)])
    for when, silence in cuts:
        if silence:
            end[(start < when) & (end > when)] = when
    end = np.maximum(end, start + _SHORTEST)
    return replace(part, start=start, end=end, key=key, velocity=part.velocity[order], bank=part.bank[order],
                   program=part.program[order])  # fmt: skip
