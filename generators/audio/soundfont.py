"""SoundFont 2 and 3 files, parsed under limits. Knows the file's layout; how a zone sounds is the business of `voices`.

A damaged font gives `BadFile`, or plays what can be played: indices that point outside are clipped, loops outside their
sample are dropped, samples that cannot be decoded are silent. The layout follows the SoundFont 2.04 technical
specification; SF3 (Ogg Vorbis in place of PCM, sample type 0x10) follows what MuseScore and fluidsynth read.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.zones import Zone, ZoneSource, preset_zones
from ripieno.score.errors import BadFile, shorten

MAX_BYTES = 4 << 30  # a RIFF size is 32 bits
MAX_FRAMES_OF_A_SAMPLE = 1 << 27  # 50 minutes at 44.1 kHz; a Vorbis stream may claim more than it is
VORBIS_SAMPLE = 0x10
ROM_SAMPLE = 0x8000
DRUM_BANK = 128

Floats = npt.NDArray[np.float32]
Records = npt.NDArray[Any]  # a structured array: one row a record of the file

_NAME = "S20"
_LAYOUT = {
    b"phdr": np.dtype([("name", _NAME), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")]),
    b"pbag": np.dtype([("gen", "<u2"), ("mod", "<u2")]),
    b"pmod": np.dtype([("source", "<u2"), ("destination", "<u2"), ("amount", "<i2"), ("amount_source", "<u2"),
                       ("transform", "<u2")]),
    b"pgen": np.dtype([("oper", "<u2"), ("amount", "<i2")]),
    b"inst": np.dtype([("name", _NAME), ("bag", "<u2")]),
    b"shdr": np.dtype([("name", _NAME), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
                       ("rate", "<u4"), ("pitch", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2")]),
}  # fmt: skip
_LAYOUT |= {b"ibag": _LAYOUT[b"pbag"], b"imod": _LAYOUT[b"pmod"], b"igen": _LAYOUT[b"pgen"]}


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording: mono `frames` in -1..1, its rate in Hz, its loop in frames, its root key and fine tuning (cents)."""

    frames: Floats
    rate: int
    loop_start: int
    loop_end: int
    root: int
    correction: int


class SoundFont:
    """A parsed font. Presets and samples are built when first asked for, so that a large font costs only what is used.

    Args:
        data: the whole file (a read-only memory map will do).
        name: what to call it in errors.

    Raises:
        BadFile: it is no SoundFont, or what every font needs is missing.
    """

    def __init__(self, data: npt.NDArray[np.uint8], name: str) -> None:
        self.name = name
        chunks = _chunks(data, name)
        self._records = {kind: _records(chunks, kind, name) for kind in _LAYOUT}
        self._pcm = chunks.get(b"smpl", data[:0])
        self._low_bytes = chunks.get(b"sm24", data[:0])
        self._samples: dict[int, Sample] = {}
        self._zones: dict[tuple[int, int], tuple[Zone, ...]] = {}
        headers = self._records[b"phdr"][:-1]
        self.presets: dict[tuple[int, int], int] = {}
        for i, (bank, program) in enumerate(zip(headers["bank"].tolist(), headers["preset"].tolist(), strict=True)):
            self.presets.setdefault((bank, program), i)
        if not self.presets:
            raise BadFile("A SoundFont holds at least one preset", value=name, cause="the file is damaged or empty",
                          cure="use another SoundFont")
        self.hash = hashlib.sha256(
            b"".join(self._records[kind].tobytes() for kind in sorted(_LAYOUT)) + str(data.size).encode()
        ).hexdigest()

    def preset_name(self, bank: int, program: int) -> str:
        """The preset's own name, of the preset that `find` would give."""
        raw = self._records[b"phdr"]["name"][self.presets[self.find(bank, program)]]
        return bytes(raw).split(b"\0")[0].decode("latin-1")

    def find(self, bank: int, program: int) -> tuple[int, int]:
        """The (bank, program) that sounds for a request: itself, else the nearest that General MIDI players fall back to."""
        choices = [(bank, program)]
        choices += [(DRUM_BANK, 0)] if bank == DRUM_BANK else [(0, program), (0, 0)]
        return next((c for c in choices if c in self.presets), min(self.presets))

    def zones(self, bank: int, program: int) -> tuple[Zone, ...]:
        """The zones of the preset that `find` gives."""
        where = self.find(bank, program)
        if where not in self._zones:
            of = self._records
            source = ZoneSource(of[b"phdr"], of[b"pbag"], of[b"pgen"], of[b"pmod"], of[b"inst"], of[b"ibag"], of[b"igen"],
                                of[b"imod"], sample_count=max(0, len(of[b"shdr"]) - 1))  # fmt: skip
            self._zones[where] = preset_zones(source, self.presets[where])
        return self._zones[where]

    def sample(self, index: int) -> Sample:
        """A recording by its number; one that cannot be read has no frames."""
        if index not in self._samples:
            self._samples[index] = self._read(self._records[b"shdr"][index])
        return self._samples[index]

    def _read(self, header: Any) -> Sample:
        kind, start, end = int(header["type"]), int(header["start"]), int(header["end"])
        loop = int(header["loop_start"]), int(header["loop_end"])
        if kind & VORBIS_SAMPLE:
            frames = _vorbis(self._pcm[start : max(start, end)])
        elif kind & ROM_SAMPLE:
            frames = np.zeros(0, np.float32)  # lives in a sound card of 1996
        else:
            frames = self._linear(start, end)
            loop = loop[0] - start, loop[1] - start
        rate = int(header["rate"])
        root = int(header["pitch"])
        return Sample(frames, rate if 400 <= rate <= 192_000 else 44_100, loop[0], loop[1],
                      root if root <= 127 else 60, int(header["correction"]))  # fmt: skip

    def _linear(self, start: int, end: int) -> Floats:
        end = min(end, self._pcm.size // 2, start + MAX_FRAMES_OF_A_SAMPLE)
        if end <= start:
            return np.zeros(0, np.float32)
        frames = self._pcm[2 * start : 2 * end].view("<i2").astype(np.float32)
        if self._low_bytes.size >= end:
            frames += self._low_bytes[start:end].astype(np.float32) / np.float32(256)
        return frames / np.float32(32768)


def load_soundfont(path: Path | None = None) -> SoundFont:
    """The font at `path`, or the one that comes with pretty_midi. Fonts stay loaded: a second call costs nothing.

    Raises:
        BadFile: there is no such file, or it is no SoundFont.
    """
    where = default_soundfont() if path is None else Path(path)
    try:
        stat = where.stat()
    except OSError as problem:
        raise BadFile("The SoundFont can be opened", value=where, cause=str(problem),
                      cure="name an .sf2 or .sf3 file that exists") from problem
    return _load(where.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, size: int, changed: int) -> SoundFont:
    if size > MAX_BYTES or size < 12 or not path.is_file():
        raise BadFile(f"A SoundFont is a file of at most {MAX_BYTES >> 30} GiB", value=path,
                      cure="name an .sf2 or .sf3 file")
    return SoundFont(np.memmap(path, np.uint8, mode="r"), path.name)


def default_soundfont() -> Path:
    """TimGM6mb.sf2 (General MIDI, 6 MB) inside the installed pretty_midi, found without importing it.

    Raises:
        BadFile: this pretty_midi no longer carries it.
    """
    from importlib.metadata import PackageNotFoundError, files

    try:
        found = next((f for f in files("pretty_midi") or () if f.name.endswith(".sf2")), None)
    except PackageNotFoundError:
        found = None
    if found is None:
        raise BadFile("A SoundFont is at hand", cause="the installed pretty_midi carries none",
                      cure="pip install 'pretty_midi>=0.2.11,<0.3', or name a file with --soundfont")
    return Path(str(found.locate()))


def _chunks(data: npt.NDArray[np.uint8], name: str) -> dict[bytes, npt.NDArray[np.uint8]]:
    """The data of every sub-chunk by its id, cut where the file ends."""
    if data.size < 12 or data[:4].tobytes() != b"RIFF" or data[8:12].tobytes() != b"sfbk":
        raise BadFile("A SoundFont begins with RIFF and sfbk", value=shorten(f"{name}: {data[:12].tobytes()!r}"),
                      cause="the file is of another kind", cure="name an .sf2 or .sf3 file")
    found: dict[bytes, npt.NDArray[np.uint8]] = {}
    for id_, body in _walk(data[12:]):
        if id_ == b"LIST":
            for inner, content in _walk(body[4:]):
                found.setdefault(inner, content)
    return found


def _walk(data: npt.NDArray[np.uint8]) -> list[tuple[bytes, npt.NDArray[np.uint8]]]:
    parts: list[tuple[bytes, npt.NDArray[np.uint8]]] = []
    at = 0
    while at + 8 <= data.size and len(parts) < 256:
        size = int.from_bytes(data[at + 4 : at + 8].tobytes(), "little")
        parts.append((data[at : at + 4].tobytes(), data[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    return parts


def _records(chunks: dict[bytes, npt.NDArray[np.uint8]], kind: bytes, name: str) -> Records:
    """A table of the file; a last record that is cut off is left out."""
    layout = _LAYOUT[kind]
    body = chunks.get(kind)
    if body is None or body.size < layout.itemsize:
        if kind in (b"pmod", b"imod"):
            return np.zeros(0, layout)
        raise BadFile("A SoundFont holds its nine tables", value=f"{name} lacks {kind.decode()}",
                      cause="the file is cut off or damaged", cure="download it anew, or use another")
    return np.frombuffer(body[: body.size // layout.itemsize * layout.itemsize].tobytes(), layout)


def _vorbis(packed: npt.NDArray[np.uint8]) -> Floats:
    """An Ogg Vorbis stream as float32; silence where it cannot be decoded."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(packed.tobytes())) as stream:
            frames = stream.read(min(stream.frames, MAX_FRAMES_OF_A_SAMPLE), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError):
        return np.zeros(0, np.float32)
    return np.ascontiguousarray(frames[:, 0])
