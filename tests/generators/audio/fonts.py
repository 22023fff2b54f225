"""SoundFonts small enough to read in a test: built record by record, as the standard lays them out."""

import io
import struct
from dataclasses import dataclass, field

import numpy as np
import soundfile

from ripieno.generators.audio.soundfont import SoundFont

SAMPLE_ID, INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, SAMPLE_MODES, ROOT_KEY, EXCLUSIVE = 53, 41, 43, 44, 54, 58, 57
RATE = 44_100


@dataclass
class Recording:
    """A sample: int16 frames, and its loop."""

    frames: np.ndarray
    loop: tuple[int, int] = (0, 0)
    root: int = 69
    correction: int = 0
    rate: int = RATE
    vorbis: bool = False


@dataclass
class Layer:
    """A zone: (generator, amount) pairs, modulators as five numbers, and the number of its recording."""

    generators: list[tuple[int, int]] = field(default_factory=list)
    modulators: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    recording: int | None = 0


def sine(hz: float = 441.0, seconds: float = 0.5, level: float = 0.5) -> Recording:
    """A sine of whole periods, looped over all but its first ten: A4 a trifle sharp (441 Hz = 100 frames)."""
    frames = np.round(32767 * level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)
    period = round(RATE / hz)
    return Recording(frames, (10 * period, len(frames) // period * period))


def chunk(id_: bytes, body: bytes) -> bytes:
    return id_ + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def font_bytes(
    recordings: list[Recording], layers: list[Layer], presets: tuple[tuple[int, int], ...] = ((0, 0),),
    preset_generators: tuple[tuple[int, int], ...] = (),
) -> bytes:  # fmt: skip
    """A font whose presets, (bank, program) each, all play one instrument of these layers."""
    pcm, headers = b"", b""
    for n, r in enumerate(recordings):
        if r.vorbis:
            packed = io.BytesIO()
            soundfile.write(packed, r.frames, r.rate, format="OGG", subtype="VORBIS")
            start, end, loop, kind = len(pcm), len(pcm) + len(packed.getvalue()), r.loop, 0x11
            pcm += packed.getvalue()
        else:
            start, end, kind = len(pcm) // 2, len(pcm) // 2 + len(r.frames), 1
            loop = start + r.loop[0], start + r.loop[1]
            pcm += r.frames.astype("<i2").tobytes() + bytes(92)  # the standard asks for 46 silent frames between samples
        headers += struct.pack("<20s5IBbHH", b"sample%d" % n, start, end, *loop, r.rate, r.root, r.correction, 0, kind)
    headers += struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    bags, gens, mods = b"", b"", b""
    gen_count = mod_count = 0
    for layer in layers:
        bags += struct.pack("<HH", gen_count, mod_count)
        pairs = layer.generators + ([(SAMPLE_ID, layer.recording)] if layer.recording is not None else [])
        gens += b"".join(struct.pack("<Hh", *p) for p in pairs)
        mods += b"".join(struct.pack("<HHhHH", *m) for m in layer.modulators)
        gen_count, mod_count = gen_count + len(pairs), mod_count + len(layer.modulators)
    bags += struct.pack("<HH", gen_count, mod_count)
    phdr, pbag, pgen = b"", b"", b""
    for n, (bank, program) in enumerate(presets):
        phdr += struct.pack("<20sHHH12x", b"preset%d" % n, program, bank, n)
        pbag += struct.pack("<HH", n * (len(preset_generators) + 1), 0)
        pgen += b"".join(struct.pack("<Hh", *g) for g in preset_generators) + struct.pack("<Hh", INSTRUMENT, 0)
    phdr += struct.pack("<20sHHH12x", b"EOP", 0, 0, len(presets))
    pbag += struct.pack("<HH", len(presets) * (len(preset_generators) + 1), 0)
    inst = struct.pack("<20sH", b"instrument", 0) + struct.pack("<20sH", b"EOI", len(layers))
    tables = {b"phdr": phdr, b"pbag": pbag, b"pmod": bytes(10), b"pgen": pgen + bytes(4), b"inst": inst, b"ibag": bags,
              b"imod": mods + bytes(10), b"igen": gens + bytes(4), b"shdr": headers}  # fmt: skip
    body = b"sfbk" + chunk(b"LIST", b"INFO" + chunk(b"ifil", struct.pack("<HH", 2, 4)))
    body += chunk(b"LIST", b"sdta" + chunk(b"smpl", pcm))
    body += chunk(b"LIST", b"pdta" + b"".join(chunk(k, v) for k, v in tables.items()))
    return chunk(b"RIFF", body)


def font(recordings: list[Recording], layers: list[Layer], **more: object) -> SoundFont:
    """The same, parsed."""
    data = font_bytes(recordings, layers, **more)  # type: ignore[arg-type]
    return SoundFont(np.frombuffer(data, np.uint8), "test")


LOOPED = (SAMPLE_MODES, 1)
ONE_SINE = font_bytes([sine()], [Layer([LOOPED])])
