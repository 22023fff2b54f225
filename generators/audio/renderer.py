"""Rendering: a piece or a MIDI file in, a finished mix and its stems out."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio import performance as perf
from ripieno.generators.audio.mixer import Channel, Master, balance, masking, master, measure, mix_down
from ripieno.generators.audio.performance import Curve, Part, Performance, perform_midi, perform_piece
from ripieno.generators.audio.plan import Plan, plan_part
from ripieno.generators.audio.presets import DEFAULT, MixPreset, Strip, mix_preset
from ripieno.generators.audio.soundfont import SoundFont, load_soundfont
from ripieno.generators.audio.stem import common_place, play
from ripieno.generators.audio.stems import StemCache
from ripieno.generators.audio.synth import Synth
from ripieno.generators.audio.tape import Tape
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece

Floats = npt.NDArray[np.float32]
Progress = Callable[[float, str], None]
LOWEST_RATE, HIGHEST_RATE = 22_050, 96_000
_NEUTRAL_VOLUME, _NEUTRAL_SEND = 100.0, 40.0
_IN_MEMORY = 64 << 20  # bytes; more than that, of stems or of a programme, is kept in temporary files


@dataclass(frozen=True)
class RenderSettings:
    """How to render.

    Attributes:
        rate: Hz, 22,050 to 96,000.
        channels: 2, or 1 for mono.
        soundfont: an .sf2 or .sf3 file; None for the one that comes with pretty_midi.
        loudness: LUFS of the mix; None leaves the level as it is (and turns the limiter's ceiling into the only promise).
        true_peak: dBTP that the mix never exceeds.
        preset: id of a mixer preset, or of a style.
        reverb: whether the room is heard.
        glue: whether the bus compressor works.
    """

    rate: int = 44_100
    channels: int = 2
    soundfont: Path | None = None
    loudness: float | None = -16.0
    true_peak: float = -1.0
    preset: str = DEFAULT
    reverb: bool = True
    glue: bool = True

    def __post_init__(self) -> None:
        if not LOWEST_RATE <= self.rate <= HIGHEST_RATE:
            raise BadRequest(f"A sample rate lies between {LOWEST_RATE} and {HIGHEST_RATE} Hz", value=self.rate,
                             cure="choose 44100 or 48000")
        if self.channels not in (1, 2):
            raise BadRequest("Sound has one channel or two", value=self.channels, cure="choose 1 for mono, 2 for stereo")
        if self.loudness is not None and not -40.0 <= self.loudness <= -6.0:
            raise BadRequest("Loudness lies between -40 and -6 LUFS", value=self.loudness,
                             cause="above that a mix is only distortion", cure="-16 suits listening, -14 streaming")
        if not -12.0 <= self.true_peak <= 0.0:
            raise BadRequest("A true peak lies between -12 and 0 dBTP", value=self.true_peak, cure="-1 is usual")


class Stems(Mapping[str, Floats]):
    """Stems by id, (frames, 2) float32, each as it lies in the mix before the master section; read when asked for."""

    def __init__(self, channels: dict[str, Channel]) -> None:
        self._channels = channels

    def __getitem__(self, id_: str) -> Floats:
        channel = self._channels[id_]
        return (channel.stem.read(0, channel.stem.frames) * np.float32(channel.gain)).T

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)


@dataclass(frozen=True)
class Rendering:
    """What came out: `mix` is (frames, channels) float32; `stems` where they were asked for; `names` of the parts by id.

    `masking` says for each part by how many dB it exceeds the lead in the lead's own bands (empty without a lead).
    """

    mix: Floats
    rate: int
    master: Master
    stems: Stems | None = None
    names: dict[str, str] = field(default_factory=dict)
    masking: dict[str, float] = field(default_factory=dict)

    @property
    def loudness(self) -> float:
        """LUFS of the mix."""
        return self.master.loudness

    @property
    def true_peak(self) -> float:
        """dBTP of the mix."""
        return self.master.true_peak

    @property
    def seconds(self) -> float:
        """Length of the mix."""
        return len(self.mix) / self.rate


@dataclass(frozen=True)
class _Line:
    """A part with its strip; `target` None leaves its level alone, `offset` is the user's own fader in dB."""

    part: Part
    strip: Strip
    target: float | None
    offset: float
    lead: bool


def render_piece(
    piece: Piece, settings: RenderSettings = RenderSettings(), *, stems: bool = False,
    progress: Progress | None = None, cache: StemCache | None = None,
) -> Rendering:  # fmt: skip
    """A piece, mixed by its tracks' roles.

    Args:
        stems: whether to hand out each track's sound too.
        progress: called with 0..1 and what is being done.
        cache: keeps stems between calls, so that only what changed is rendered.
    """
    preset = mix_preset(settings.preset)
    lines = []
    performed = perform_piece(piece)
    places = _places(piece, preset)
    for part in performed.parts:
        track = piece.track(part.id)
        strip, pan = preset.strip(track), places[part.id]
        if track.mix.pan == 64 and perf.PAN not in {n for n, c in part.curves.items() if not c.constant}:
            part = replace(part, curves={**part.curves, perf.PAN: Curve(64.0 + 63.0 * pan)})
        # the track's fader is applied here, after its loudness was measured, not in the synthesizer
        volume = part.curve(perf.VOLUME)
        if volume.constant:
            part = replace(part, curves={**part.curves, perf.VOLUME: Curve(_NEUTRAL_VOLUME)})
        offset = 40.0 * np.log10(max(volume.initial, 1.0) / _NEUTRAL_VOLUME) if volume.constant else 0.0
        lines.append(_Line(part, strip, strip.level, float(offset), track.role == Role.LEAD))
    return _render(lines, performed, preset, settings, stems=stems, progress=progress, cache=cache)


def render_midi(
    data: bytes | Path, settings: RenderSettings = RenderSettings(), *, stems: bool = False,
    progress: Progress | None = None, cache: StemCache | None = None,
) -> Rendering:  # fmt: skip
    """Any MIDI file, at the levels and places that the file itself gives its channels.

    Raises:
        BadFile: it is no MIDI file, or too large.
    """
    performed = perform_midi(data if isinstance(data, bytes) else Path(data).read_bytes())
    strip = Strip(level=0.0, pan=0.0, send=-14.0)
    lines = [_Line(part, strip, None, 0.0, False) for part in performed.parts]
    return _render(lines, performed, mix_preset(settings.preset), settings, stems=stems, progress=progress, cache=cache)


def _places(piece: Piece, preset: MixPreset) -> dict[str, float]:
    """Where each track sits, -1..1: a second one at the same place off the middle goes to the other side.

    Muted tracks keep their seats, so that muting one moves no other.
    """
    places: dict[str, float] = {}
    taken: dict[float, int] = {}
    for track in piece.tracks:
        pan = preset.strip(track).pan
        taken[abs(pan)] = taken.get(abs(pan), 0) + 1
        places[track.id] = pan if taken[abs(pan)] % 2 else -pan
    return places


def _render(
    lines: list[_Line], performed: Performance, preset: MixPreset, settings: RenderSettings, *, stems: bool,
    progress: Progress | None, cache: StemCache | None,
) -> Rendering:  # fmt: skip
    say = progress or (lambda share, what: None)
    rate, wet = settings.rate, settings.reverb
    tapes = _record(lines, settings, performed.seconds, say, cache)
    say(0.8, "mix")
    leads = [line.lead for line in lines]
    measures, gains = [], [1.0] * len(lines)
    if any(line.target is not None for line in lines):
        measures = [measure(tape, rate) for tape in tapes]
        gains = balance(measures, [line.target for line in lines], leads)
    covers = masking(measures, gains, leads) if any(leads) else []
    channels = {}
    for line, tape, gain in zip(lines, tapes, gains, strict=True):
        send = 10.0 ** (line.strip.send / 20.0) * min(line.part.curve(perf.REVERB).mean / _NEUTRAL_SEND, 3.0)
        chorus = 0.5 * line.part.curve(perf.CHORUS).mean / 127.0
        channels[line.part.id] = Channel(tape, gain * 10.0 ** (line.offset / 20.0), send if wet else 0.0, chorus)
    least = round(performed.seconds * rate)
    frames = max([least, *(tape.frames for tape in tapes)])
    programme = _array((2, frames + (int(1.2 * preset.room.seconds * rate) if wet else 0)))
    mix_down(list(channels.values()), programme, preset.room if wet else None, 10.0 ** (preset.wet / 20.0), rate)
    if settings.channels == 1:
        programme = programme.mean(axis=0, keepdims=True, dtype=np.float32)
    say(0.9, "master")
    finished = master(programme, rate, loudness=settings.loudness, true_peak=settings.true_peak,
                      glue=preset.glue if settings.glue else None)  # fmt: skip
    programme = programme[:, : _audible_end(programme, least)]
    say(1.0, "done")
    return Rendering(programme.T, rate, finished, Stems(channels) if stems else None,
                     {line.part.id: line.part.name for line in lines},
                     dict(zip(channels, covers, strict=False)))  # fmt: skip


def _record(
    lines: list[_Line], settings: RenderSettings, seconds: float, say: Progress, cache: StemCache | None
) -> list[Tape]:
    """The stem of each line, from the cache or played anew."""
    font, rate = load_soundfont(settings.soundfont), settings.rate
    in_memory = seconds * rate * 8 * len(lines) <= _IN_MEMORY
    tapes = []
    for i, line in enumerate(lines):
        say(0.8 * i / len(lines), line.part.name)
        key = _stem_key(line, font, rate)
        tape = cache.get(key) if cache is not None else None
        if tape is None:
            synth = Synth(font, rate, tone=line.strip.tone)  # its own: a stem is the same bits whoever plays beside it
            plan = plan_part(line.part, font, rate)
            tick = _ticker(say, i, len(lines), line.part.name, plan.frames)
            place = common_place(plan)
            if cache is not None:
                tape = cache.record(key, plan.frames, place, partial(_play_onto, plan=plan, synth=synth, tick=tick))
            else:
                tape = Tape.blank(plan.frames, place, in_memory=in_memory)
                _play_onto(tape, plan, synth, tick)
        tapes.append(tape)
    return tapes


def _play_onto(tape: Tape, plan: Plan, synth: Synth, tick: Callable[[int], None]) -> None:
    for at, piece in play(plan, synth):
        tape.write(at, piece)
        tick(at + piece.shape[1])


def _ticker(say: Progress, number: int, count: int, name: str, frames: int) -> Callable[[int], None]:
    """Reports how far into part `number` of `count` the playing is, in frames."""
    return lambda at: say(0.8 * (number + at / max(frames, 1)) / count, name)


def _stem_key(line: _Line, font: SoundFont, rate: int) -> str:
    """SHA-256 over everything that a stem depends on."""
    part = line.part
    digest = hashlib.sha256(f"2 {font.hash} {rate} {line.strip.tone}".encode())
    for array in (part.start, part.end, part.key, part.velocity, part.bank, part.program):
        digest.update(array.tobytes())
    for number, curve in sorted(part.curves.items()):
        digest.update(f"{number} {curve.initial}".encode() + curve.times.tobytes() + curve.values.tobytes())
    return digest.hexdigest()


def _array(shape: tuple[int, int]) -> Floats:
    """Zeros, in memory or, when large, in a temporary file that vanishes with the array."""
    if shape[0] * shape[1] * 4 <= _IN_MEMORY:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.float32, mode="w+", shape=shape)


def _audible_end(programme: Floats, least: int) -> int:
    """The frame after the last that rises above -80 dBFS, and not before the final bar line."""
    step = 1 << 14
    end = int(programme.shape[1])
    while end > least:
        begin = max(least, end - step)
        loud: list[int] = np.flatnonzero(np.abs(programme[:, begin:end]).max(axis=0) > 1e-4).tolist()
        if loud:
            return begin + loud[-1] + 1
        end = begin
    return end
