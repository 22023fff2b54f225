"""Rendering: a piece or a MIDI file in, a finished mix and its stems out."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio import performance as perf
from ripieno.generators.audio.mixer import Channel, Master, Measure, balance, master, measure, mix_down
from ripieno.generators.audio.performance import Curve, Part, Performance, perform_midi, perform_piece
from ripieno.generators.audio.plan import plan_part
from ripieno.generators.audio.presets import DEFAULT, MixPreset, Strip, mix_preset
from ripieno.generators.audio.soundfont import SoundFont, load_soundfont
from ripieno.generators.audio.stem import render_stem
from ripieno.generators.audio.stems import StemCache
from ripieno.generators.audio.synth import Synth
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece

Floats = npt.NDArray[np.float32]
Progress = Callable[[float, str], None]
LOWEST_RATE, HIGHEST_RATE = 22_050, 96_000
_NEUTRAL_VOLUME, _NEUTRAL_SEND = 100.0, 40.0
_IN_MEMORY = 256 << 20  # bytes; a larger programme is kept in a temporary file


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


@dataclass(frozen=True)
class Rendering:
    """What came out: `mix` is (frames, channels) float32; stems by id, each as it lies in the mix before the master section."""

    mix: Floats
    rate: int
    master: Master
    stems: dict[str, Floats] | None = None
    names: dict[str, str] = field(default_factory=dict)

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
    taken: dict[float, int] = {}
    for part in performed.parts:
        track = piece.track(part.id)
        strip = preset.strip(track)
        pan = _place(strip.pan, taken)
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


def _place(pan: float, taken: dict[float, int]) -> float:
    """A second track at the same place off the middle goes to the other side."""
    if not pan:
        return 0.0
    taken[abs(pan)] = taken.get(abs(pan), 0) + 1
    return pan if taken[abs(pan)] % 2 else -pan


def _render(
    lines: list[_Line], performed: Performance, preset: MixPreset, settings: RenderSettings, *, stems: bool,
    progress: Progress | None, cache: StemCache | None,
) -> Rendering:  # fmt: skip
    say = progress or (lambda share, what: None)
    font = load_soundfont(settings.soundfont)
    rate = settings.rate
    sounds: list[Floats] = []
    measures: list[Measure] = []
    synths: dict[object, Synth] = {}
    for i, line in enumerate(lines):
        say(0.8 * i / max(1, len(lines)), line.part.name)
        stem, measured = _stem(line, font, rate, synths, cache)
        sounds.append(stem)
        measures.append(measured)
    say(0.8, "mix")
    gains = balance(measures, [line.target for line in lines], [line.lead for line in lines])
    channels = []
    for line, sound, gain in zip(lines, sounds, gains, strict=True):
        own_send = line.part.curve(perf.REVERB)
        share = float(np.mean(own_send.values)) if own_send.values.size else own_send.initial
        send = 10.0 ** (line.strip.send / 20.0) * min(share / _NEUTRAL_SEND, 3.0)
        channels.append(Channel(sound, gain * 10.0 ** (line.offset / 20.0), send if settings.reverb else 0.0))
    frames = max([round(performed.seconds * rate), *(s.shape[1] for s in sounds)], default=0)
    tail = int(1.2 * preset.room.seconds * rate) if settings.reverb else 0
    programme = _array((2, frames + tail))
    mix_down(channels, programme, preset.room if settings.reverb else None, 10.0 ** (preset.wet / 20.0), rate)
    if settings.channels == 1:
        programme = programme.mean(axis=0, keepdims=True, dtype=np.float32)
    say(0.9, "master")
    finished = master(programme, rate, loudness=settings.loudness, true_peak=settings.true_peak,
                      glue=preset.glue if settings.glue else None)  # fmt: skip
    programme = programme[:, : _audible_end(programme, round(performed.seconds * rate))]
    handed = None
    if stems:
        handed = {line.part.id: (c.stem * np.float32(c.gain)).T for line, c in zip(lines, channels, strict=True)}
    say(1.0, "done")
    return Rendering(programme.T, rate, finished, handed, {line.part.id: line.part.name for line in lines})


def _stem(
    line: _Line, font: SoundFont, rate: int, synths: dict[object, Synth], cache: StemCache | None
) -> tuple[Floats, Measure]:
    key = _stem_key(line, font, rate)
    if cache is not None:
        known = cache.get(key)
        if known is not None:
            return known, measure(known, rate)
    synth = synths.setdefault(line.strip.tone, Synth(font, rate, tone=line.strip.tone))
    plan = plan_part(line.part, font, rate)
    stem = _array((2, plan.frames))
    render_stem(plan, synth, stem)
    if cache is not None:
        cache.put(key, stem)
    return stem, measure(stem, rate)


def _stem_key(line: _Line, font: SoundFont, rate: int) -> str:
    """SHA-256 over everything that a stem depends on."""
    part = line.part
    digest = hashlib.sha256(f"1 {font.hash} {rate} {line.strip.tone}".encode())
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
    end = programme.shape[1]
    while end > least:
        begin = max(least, end - step)
        loud = np.flatnonzero(np.abs(programme[:, begin:end]).max(axis=0) > 1e-4)
        if loud.size:
            return begin + int(loud[-1]) + 1
        end = begin
    return end
