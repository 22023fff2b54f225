"""MIDI files for the renderer's tests, written event by event, and how to play one through a font."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.performance import perform_midi
from ripieno.generators.audio.plan import plan_part
from ripieno.generators.audio.soundfont import SoundFont
from ripieno.generators.audio.stem import common_place, play
from ripieno.generators.audio.synth import Synth
from ripieno.score.formats import smf

Floats = npt.NDArray[np.float32]
_WINDOW = 1 << 15  # frames added at a time
PPQ = 480  # at 120 to the minute: 960 ticks a second


def note(start: float, length: float, key: int, velocity: int = 100, channel: int = 0) -> list[tuple[float, bytes]]:
    """A note on and its note off, at seconds."""
    return [(start, bytes((0x90 | channel, key, velocity))), (start + length, bytes((0x80 | channel, key, 0)))]


def control(at: float, number: int, value: int, channel: int = 0) -> tuple[float, bytes]:
    return at, bytes((0xB0 | channel, number, value))


def program(at: float, number: int, channel: int = 0) -> tuple[float, bytes]:
    return at, bytes((0xC0 | channel, number))


def bend(at: float, value: int, channel: int = 0) -> tuple[float, bytes]:
    """`value` from -8192 to 8191."""
    return at, bytes((0xE0 | channel, (value + 8192) & 0x7F, (value + 8192) >> 7))


def midi(events: Sequence[tuple[float, bytes]], end: float) -> bytes:
    """A file of these events (seconds at 120), ending at `end` seconds."""
    rows = sorted(((round(2 * PPQ * at), message) for at, message in events), key=lambda row: row[0])
    return smf.file_bytes(PPQ, [smf.track_chunk(rows, round(2 * PPQ * end))])


def tempo(bpm: float) -> bytes:
    """The meta event of a tempo, without its time."""
    return smf.meta(smf.TEMPO, struct.pack(">I", round(60e6 / bpm))[1:])


def dry(data: bytes, font: SoundFont, rate: int = 44_100, frames: int | None = None) -> Floats:
    """The file's sound without room or master section, (2, n): what fluidsynth gives with -R 0 -C 0."""
    performed = perform_midi(data)
    plans = [plan_part(part, font, rate) for part in performed.parts]
    size = frames or max([round(performed.seconds * rate), *(p.frames for p in plans)])
    out = np.zeros((2, size), np.float32)
    for plan in plans:
        place = common_place(plan) or (1.0, 1.0)
        for at, piece in play(plan, Synth(font, rate)):
            for begin in range(at, min(at + piece.shape[1], size), _WINDOW):
                part = piece[:, begin - at : begin - at + _WINDOW][:, : size - begin]
                for side, share in enumerate(place):
                    sound = part[side % len(part)]
                    out[side, begin : begin + sound.size] += sound if share == 1.0 else sound * np.float32(share)
    return out
