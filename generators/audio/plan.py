"""Which voices a part needs: each note in each zone that answers to it, with its loudness and place.

Works on whole parts at once: modulators are evaluated for all notes of a zone together, and equal voices are found once.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio import modulators as mod
from ripieno.generators.audio import performance as perf
from ripieno.generators.audio.filters import BLOCK
from ripieno.generators.audio.performance import Curve, Part
from ripieno.generators.audio.soundfont import Sample, SoundFont
from ripieno.generators.audio.voices import MAX_CENTS, Voice, envelope, kill_speed, length, oscillator
from ripieno.generators.audio.zones import Gen, Zone

LEVEL = 0.2  # fluidsynth's default gain: about ten loud voices sum to full scale
INAUDIBLE = 1e-6
SAME_PLACE = 1e-4  # difference of right as a share of left
_EMU_ATTENUATION = 0.4  # what real hardware made of a font's attenuation, and fonts are written for it
_LAYERS = 64  # zones that may answer to one note
_STRETCH_SECONDS = 12.0  # longer voices are rendered piece by piece, so that memory stays bounded
_MOVED = (Gen.PITCH, Gen.VIB_LFO_TO_PITCH, Gen.MOD_LFO_TO_PITCH, Gen.FILTER_FC)  # what controllers move during a note
_LOUDNESS = frozenset({Gen.ATTENUATION, Gen.PAN, 15, 16})  # destinations that leave the waveform as it is

Values = npt.NDArray[np.float64]
Gains = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Plan:
    """The voices of a part: event i starts at frame `onset[i]` (ascending) and has waveform `voices[which[i]]`.

    `gains[i]` are the gains of left and right: constant, shape (2, 1), or, where controllers move them, at the borders of the
    voice's blocks, (2, blocks + 1). `share[i]` is right as a share of left, NaN where that moves or left is silent.
    """

    onset: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]
    gains: list[Gains]
    share: Values
    voices: list[Voice]

    @property
    def frames(self) -> int:
        """The frame after the last that sounds."""
        ends = [int(o) + self.voices[w].blocks * BLOCK for o, w in zip(self.onset, self.which, strict=True)]
        return max(ends, default=0)


class _Draft:
    """A plan in the making."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.onset: list[int] = []
        self.which: list[int] = []
        self.gains: list[Gains] = []
        self.share: list[float] = []
        self.voices: dict[Voice, int] = {}

    def add(self, onset: int, voice: Voice, gain: Gains, share: float) -> None:
        """Enters a voice, cut into stretches: where it is long, and where its release changes more than its loudness."""
        longest = int(_STRETCH_SECONDS * self.rate) // BLOCK
        first = 0
        while first < voice.blocks:
            last = min(first + longest, voice.blocks)
            if first < voice.held < last and not voice.calm and not voice.live:
                last = voice.held  # what comes before is common to notes of any length
            part = voice if last - first == voice.blocks else voice._replace(first=first, blocks=last - first)
            values = gain if gain.shape[1] == 1 else gain[:, first : last + 1]
            self.onset.append(onset + first * BLOCK)
            self.which.append(self.voices.setdefault(part, len(self.voices)))
            self.gains.append(values)
            self.share.append(share)
            first = last


def plan_part(part: Part, font: SoundFont, rate: int) -> Plan:
    """All voices of a part at a sample rate, in order of onset."""
    draft = _Draft(rate)
    chokes = _chokes(part, font)
    for bank, program in _presets(part):
        mine = np.flatnonzero((part.bank == bank) & (part.program == program))
        layers = np.zeros(len(part.start), np.int64)
        for zone in font.zones(bank, program):
            keys, velocities = part.key[mine], part.velocity[mine]
            notes = mine[(keys >= zone.keys[0]) & (keys <= zone.keys[1])
                         & (velocities >= zone.velocities[0]) & (velocities <= zone.velocities[1])]  # fmt: skip
            layers[notes] += 1
            notes = notes[layers[notes] <= _LAYERS]
            if notes.size:
                _plan_zone(draft, part, zone, font.sample(zone.sample), notes, chokes)
    onset = np.array(draft.onset, np.int64)
    order = np.argsort(onset, kind="stable")
    return Plan(onset[order], np.array(draft.which, np.int64)[order], [draft.gains[i] for i in order],
                np.array(draft.share)[order], list(draft.voices))  # fmt: skip


def _presets(part: Part) -> list[tuple[int, int]]:
    """(bank, program) of each preset that the part plays, in order."""
    return sorted(set(zip(part.bank.tolist(), part.program.tolist(), strict=True)))


def _chokes(part: Part, font: SoundFont) -> dict[int, Values]:
    """Onsets (seconds, ascending) of the notes of each exclusive class, such as those of a hi-hat."""
    onsets: dict[int, list[float]] = {}
    for bank, program in _presets(part):
        for zone in font.zones(bank, program):
            class_ = int(zone.values[Gen.EXCLUSIVE_CLASS])
            if class_:
                hit = (part.key >= zone.keys[0]) & (part.key <= zone.keys[1]) & (part.bank == bank)
                hit &= (part.program == program) & (part.velocity >= zone.velocities[0])
                hit &= part.velocity <= zone.velocities[1]
                onsets.setdefault(class_, []).extend(part.start[hit].tolist())
    return {class_: np.unique(times) for class_, times in onsets.items()}


def _plan_zone(
    draft: _Draft, part: Part, zone: Zone, sample: Sample, notes: npt.NDArray[np.int64], chokes: dict[int, Values]
) -> None:
    values = np.array(zone.values)
    span = _span(values, sample)
    if span is None:
        return
    rate = draft.rate
    start, end = part.start[notes], part.end[notes]
    key = part.key[notes] if values[Gen.KEY] < 0 else np.full(notes.size, int(values[Gen.KEY]))
    velocity = part.velocity[notes] if values[Gen.VELOCITY] < 0 else np.full(notes.size, int(values[Gen.VELOCITY]))
    reader = _Reader(part, part.key[notes], key, velocity)
    playable = [m for m in zone.modulators if m.playable]
    sums: dict[int, Values] = {}
    for m in playable:
        sums[m.destination] = sums.get(m.destination, np.zeros(notes.size)) + m.values(reader.at(start))
    # notes begin and end on the next control block, at most 1.5 ms late: as in fluidsynth, so that voices that sound together
    # meet in the same phase as there
    first = np.ceil(start * rate / BLOCK).astype(np.int64)
    held = np.maximum(1, np.ceil(end * rate / BLOCK).astype(np.int64) - first)
    killed = np.full(notes.size, -1, np.int64)
    class_ = int(values[Gen.EXCLUSIVE_CLASS])
    if class_:
        times = chokes[class_]
        following = np.searchsorted(times, start, side="right")
        has = following < times.size
        killed[has] = np.ceil(times[following[has]] * rate / BLOCK).astype(np.int64) - first[has]
    onset = first * BLOCK

    shaping = sorted(d for d in sums if d not in _LOUDNESS)
    rows = np.column_stack([key, held, killed, *(np.round(sums[d], 3) for d in shaping)])
    moving = [m for m in playable if m.destination in _MOVED and reader.moves(m)]
    swelling = [m for m in playable if m.destination in (Gen.ATTENUATION, Gen.PAN) and reader.moves(m)]
    cache: dict[bytes, Voice] = {}
    voices: list[Voice] = []
    for i in range(notes.size):
        signature = rows[i].tobytes()
        voice = cache.get(signature)
        if voice is None:
            adjusted = values.copy()
            for column, d in enumerate(shaping):
                if d != Gen.PITCH:
                    adjusted[d] += rows[i, 3 + column]
            wheel = float(rows[i, 3 + shaping.index(Gen.PITCH)]) if Gen.PITCH in sums else 0.0
            voice = cache[signature] = _voice(
                zone, adjusted, wheel, sample, span, int(key[i]), int(held[i]), int(killed[i]), rate
            )
        voices.append(voice)
    scalar = _gains(values, sums, notes.size)
    gains = [scalar[:, i : i + 1] for i in range(notes.size)]
    shares = np.where(scalar[0] > INAUDIBLE, scalar[1] / np.maximum(scalar[0], INAUDIBLE), np.nan).tolist()
    if moving or swelling:
        until = start + np.array([v.blocks for v in voices]) * (BLOCK / rate)
        for i in np.flatnonzero(reader.disturbed([*moving, *swelling], start, until)).tolist():
            borders = start[i] + np.arange(voices[i].blocks + 1) * (BLOCK / rate)
            one = reader.one(i, borders)
            voices[i] = _live(voices[i], [m for m in moving if reader.disturbed([m], borders[:1], borders[-1:])[0]], one)
            changed = [m for m in swelling if reader.disturbed([m], borders[:1], borders[-1:])[0]]
            if changed:
                gains[i] = _swell(values, sums, changed, playable, one, i)
                shares[i] = _share(gains[i])
    for at, voice, gain, share in zip(onset.tolist(), voices, gains, shares, strict=True):
        draft.add(at, voice, gain, share)


def _span(values: Values, sample: Sample) -> tuple[int, int, int, int, int] | None:
    """(start, end, loop start, loop end, mode) within the recording, made sane; None where nothing is left to play."""
    v = values.astype(np.int64)
    size = sample.frames.size
    start = min(max(int(v[Gen.START_OFFSET] + 32768 * v[Gen.START_COARSE]), 0), size)
    end = min(max(int(size + v[Gen.END_OFFSET] + 32768 * v[Gen.END_COARSE]), 0), size)
    low = min(max(int(sample.loop_start + v[Gen.LOOP_START_OFFSET] + 32768 * v[Gen.LOOP_START_COARSE]), 0), size)
    high = min(max(int(sample.loop_end + v[Gen.LOOP_END_OFFSET] + 32768 * v[Gen.LOOP_END_COARSE]), 0), size)
    start, end = min(start, end), max(start, end)
    low, high = min(low, high), max(low, high)
    mode = int(v[Gen.SAMPLE_MODES])
    if mode not in (1, 3) or high - low < 2 or low >= end:
        mode = 0
    if mode and start >= high:
        start = low
    return None if end - start < 2 else (start, end, low, high, mode)


def _voice(
    zone: Zone, v: Values, wheel: float, sample: Sample, span: tuple[int, int, int, int, int], key: int, held: int,
    killed: int, rate: int,
) -> Voice:  # fmt: skip
    """The voice of one note from its generators after modulation."""
    start, end, low, high, mode = span
    root = int(v[Gen.ROOT_KEY]) if v[Gen.ROOT_KEY] >= 0 else sample.root
    cents = v[Gen.SCALE_TUNING] * (key - root + sample.correction / 100.0) + 100.0 * v[Gen.COARSE_TUNE]
    voice = Voice(
        sample=zone.sample, start=start, end=end, loop_start=low, loop_end=high, mode=mode,
        cents=round(min(max(float(cents + v[Gen.FINE_TUNE] + wheel), -MAX_CENTS), MAX_CENTS), 3),
        fc=float(v[Gen.FILTER_FC]), q=float(v[Gen.FILTER_Q]),
        volume=envelope(v, Gen.VOL_ENV_DELAY, key, rate, shortest_release=-7200.0),
        shape=envelope(v, Gen.MOD_ENV_DELAY, key, rate, shortest_release=-12000.0),
        shape_to_pitch=float(v[Gen.MOD_ENV_TO_PITCH]), shape_to_fc=float(v[Gen.MOD_ENV_TO_FC]),
        sway=oscillator(v[Gen.MOD_LFO_DELAY], v[Gen.MOD_LFO_FREQ], rate),
        sway_to_pitch=float(v[Gen.MOD_LFO_TO_PITCH]), sway_to_fc=float(v[Gen.MOD_LFO_TO_FC]),
        sway_to_volume=float(v[Gen.MOD_LFO_TO_VOLUME]),
        vibrato=oscillator(v[Gen.VIB_LFO_DELAY], v[Gen.VIB_LFO_FREQ], rate),
        vibrato_to_pitch=float(v[Gen.VIB_LFO_TO_PITCH]), held=held, killed=killed, kill_speed=kill_speed(rate),
    )  # fmt: skip
    return voice._replace(blocks=length(voice))


def _gains(values: Values, sums: dict[int, Values], count: int) -> Gains:
    """(2, count) gains of left and right from attenuation and pan."""
    zero = np.zeros(count)
    attenuation = np.clip(_EMU_ATTENUATION * values[Gen.ATTENUATION] + sums.get(Gen.ATTENUATION, zero), 0.0, 1440.0)
    pan = np.clip(values[Gen.PAN] + sums.get(Gen.PAN, zero), -500.0, 500.0)
    level = LEVEL * 10.0 ** (-attenuation / 200.0)
    angle = (pan + 500.0) * (np.pi / 2000.0)
    return np.asarray(level * np.stack((np.cos(angle), np.sin(angle))), np.float32)


def _share(gains: Gains) -> float:
    """Right as a share of left; NaN where that moves, or left is silent."""
    left, right = gains
    loudest = int(np.argmax(left))
    if left[loudest] <= INAUDIBLE:
        return math.nan
    share = float(right[loudest] / left[loudest])
    return share if np.abs(right - left * np.float32(share)).max() < SAME_PLACE * left[loudest] else math.nan


def _swell(
    values: Values, sums: dict[int, Values], changed: list[mod.Modulator], playable: list[mod.Modulator],
    one: "_Input", i: int,
) -> Gains:  # fmt: skip
    """Gains that move with volume, expression or pan during one note."""
    moved = {m.destination for m in changed}
    fresh: dict[int, Values] = {}
    for destination in (Gen.ATTENUATION, Gen.PAN):
        if destination in moved:
            mine = (m.values(one) for m in playable if m.destination == destination)
            fresh[destination] = sum(mine, np.zeros(one.count))
        elif destination in sums:
            fresh[destination] = np.full(one.count, sums[destination][i])
    return _gains(values, fresh, one.count)


def _live(voice: Voice, moving: list[mod.Modulator], one: "_Input") -> Voice:
    """The voice with what its controllers move, a value a block, over the value that each had at the start."""
    live = []
    for destination in sorted({m.destination for m in moving}):
        total = sum((m.values(one) for m in moving if m.destination == destination), np.zeros(one.count))
        live.append((destination, (total - total[0])[1:].astype(np.float32).tobytes()))
    return voice._replace(live=tuple(live)) if live else voice


class _Input:
    """Reads modulator inputs for a set of places; called with an input number.

    Args:
        fixed: inputs that do not come from curves (key, velocity).
        when: seconds, shape (count,).
        pressed: the keys pressed, shape (count,) or (1,): key pressure is theirs.
    """

    def __init__(
        self, part: Part, fixed: dict[int, Values], when: Values, pressed: npt.NDArray[np.int64]
    ) -> None:
        self.count = when.size
        self._part, self._fixed, self._when, self._pressed = part, fixed, when, pressed

    def __call__(self, number: int) -> Values:
        if number in self._fixed:
            return self._fixed[number]
        if number == mod.KEY_PRESSURE:
            keys = np.broadcast_to(self._pressed, self._when.shape)
            out = np.zeros(self._when.shape)
            for key in np.unique(keys):
                mine = keys == key
                out[mine] = self._part.curve(perf.KEY_PRESSURE + int(key)).at(self._when[mine])
            return out
        return self._part.curve(_curve_number(number)).at(self._when)


class _Reader:
    """Modulator inputs of the notes of one zone."""

    def __init__(
        self, part: Part, pressed: npt.NDArray[np.int64], key: npt.NDArray[np.int64], velocity: npt.NDArray[np.int64]
    ) -> None:
        self._part, self._pressed, self._key, self._velocity = part, pressed, key, velocity

    def at(self, when: Values) -> _Input:
        """All notes, each at its own time."""
        fixed = {mod.KEY: self._key.astype(np.float64), mod.VELOCITY: self._velocity.astype(np.float64)}
        return _Input(self._part, fixed, when, self._pressed)

    def one(self, i: int, when: Values) -> _Input:
        """Note `i` at many times."""
        fixed = {mod.KEY: np.full(when.size, float(self._key[i])),
                 mod.VELOCITY: np.full(when.size, float(self._velocity[i]))}  # fmt: skip
        return _Input(self._part, fixed, when, self._pressed[i : i + 1])

    def moves(self, m: mod.Modulator) -> bool:
        """Whether an input of the modulator ever changes."""
        return bool(self._curves(m))

    def disturbed(self, modulators: list[mod.Modulator], start: Values, end: Values) -> npt.NDArray[np.bool_]:
        """For each span of seconds, whether an input of one of the modulators changes within it."""
        found = np.zeros(start.shape, np.bool_)
        for curve in {id(c): c for m in modulators for c in self._curves(m)}.values():
            found |= curve.changes(start, end)
        return found

    def _curves(self, m: mod.Modulator) -> list[Curve]:
        numbers: list[int] = []
        for number in m.inputs:
            if number == mod.KEY_PRESSURE:
                numbers += [n for n in self._part.curves if n >= perf.KEY_PRESSURE]
            elif number not in (mod.KEY, mod.VELOCITY):
                numbers.append(_curve_number(number))
        return [c for n in numbers if not (c := self._part.curve(n)).constant]


def _curve_number(number: int) -> int:
    """The curve of a modulator input."""
    if number & mod.CONTROLLER:
        return number & 0x7F
    return {mod.PITCH_WHEEL: perf.PITCH_WHEEL, mod.CHANNEL_PRESSURE: perf.CHANNEL_PRESSURE,
            mod.PITCH_WHEEL_RANGE: perf.WHEEL_RANGE}.get(number, -1)  # fmt: skip
