"""Audio files: WAV, FLAC, OGG Vorbis, Opus and MP3.

They are written under a temporary name and then renamed, so that a file that exists is whole.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.score.errors import BadRequest

Floats = npt.NDArray[np.float32]
_CHUNK = 1 << 16
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is written: libsndfile's container and coding, bits of integer samples (0: coded), rates (empty: any)."""

    container: str
    coding: str
    bits: int = 0
    rates: tuple[int, ...] = ()


FORMATS = {
    "wav": Format("WAV", "PCM_16", 16),
    "wav24": Format("WAV", "PCM_24", 24),
    "wav32f": Format("WAV", "FLOAT"),
    "flac": Format("FLAC", "PCM_24", 24),
    "flac16": Format("FLAC", "PCM_16", 16),
    "ogg": Format("OGG", "VORBIS"),
    "opus": Format("OGG", "OPUS", rates=_OPUS_RATES),
    "mp3": Format("MP3", "MPEG_LAYER_III", rates=_MP3_RATES),
}
_SUFFIXES = {"wav24": "wav", "wav32f": "wav", "flac16": "flac"}


def suffix(format_: str) -> str:
    """The file ending of a format, without its dot."""
    return _SUFFIXES.get(format_, format_)


def format_of(path: Path, wanted: str | None = None) -> str:
    """The format by name, or by the ending of a path.

    Raises:
        BadRequest: there is none of that name.
    """
    name = (wanted or path.suffix.lstrip(".")).lower()
    if name not in FORMATS:
        raise BadRequest("An audio format is one of " + ", ".join(FORMATS), value=name or str(path),
                         cure="name the file like mix.wav, mix.flac, mix.ogg, mix.opus or mix.mp3")
    return name


def check_rate(format_: str, rate: int) -> None:
    """Refuses a rate that the format cannot hold.

    Raises:
        BadRequest: it cannot.
    """
    rates = FORMATS[format_].rates
    if rates and rate not in rates:
        raise BadRequest(f"{format_} holds sample rates of {', '.join(map(str, rates))} Hz", value=rate,
                         cause="the coder knows no other", cure="choose --rate 48000, or write WAV or FLAC")


def write_audio(path: Path, samples: Floats, rate: int, format_: str | None = None) -> None:
    """Writes (frames, channels) float32 in -1..1; the file appears whole or not at all.

    16 bits are dithered with triangular noise of one step (the same for the same samples), as rounding alone would distort
    quiet endings.

    Raises:
        BadRequest: the format is unknown, or cannot hold the rate.
    """
    import soundfile

    path = Path(path)
    name = format_of(path, format_)
    check_rate(name, rate)
    form = FORMATS[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    noise = np.random.default_rng(0)
    try:
        with soundfile.SoundFile(part, "w", rate, channels, form.coding, format=form.container) as out:
            for at in range(0, len(samples), _CHUNK):
                out.write(_integers(samples[at : at + _CHUNK], form.bits, noise))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _integers(samples: Floats, bits: int, noise: np.random.Generator) -> npt.NDArray[Any]:
    """Samples as the integers that will be written; as they are where the format is not of integers."""
    if not bits:
        return samples
    scaled = samples.astype(np.float64) * float(1 << (bits - 1))
    if bits == 16:
        scaled += noise.random(samples.shape) - noise.random(samples.shape)
    limit = 1 << (bits - 1)
    whole = np.clip(np.rint(scaled), -limit, limit - 1)
    return whole.astype(np.int16) if bits == 16 else (whole * 256).astype(np.int32)
