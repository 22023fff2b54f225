"""Reads and writes safetensors without any library: a length, a JSON table, and the bytes of the tensors.

The format is https://github.com/huggingface/safetensors; checked against that library in training. Numbers of 16 bits are
widened to float32 on reading, for numpy computes in nothing narrower at speed.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.score.errors import BadFile

Floats = npt.NDArray[np.float32]
_HEAD_LIMIT = 1 << 20
_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}
_CURE = "install Ripieno again, or point to a folder that `ripieno.generators.lm.train.export` wrote"


def read_tensors(path: Path) -> dict[str, Floats]:
    """Every tensor of a file by name, as float32.

    Raises:
        BadFile: the file is missing, cut off, or no safetensors of float16, bfloat16 or float32.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFile("The weights of the music model can be read", value=path, cause=str(error), cure=_CURE) from None
    size = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else _HEAD_LIMIT + 1
    if size > min(_HEAD_LIMIT, len(data) - 8):
        raise BadFile("The weights of the music model are a safetensors file", value=path,
                      cause="the file is cut off, or is something else", cure=_CURE)  # fmt: skip
    out: dict[str, Floats] = {}
    try:
        table = json.loads(data[8 : 8 + size])
        for name, row in table.items():
            if name == "__metadata__":
                continue
            kind, shape = _TYPES[row["dtype"]], tuple(int(n) for n in row["shape"])
            a, b = (8 + size + int(n) for n in row["data_offsets"])
            count = int(np.prod(shape, dtype=np.int64))
            if not 8 + size <= a <= b <= len(data) or b - a != count * kind.itemsize:
                raise ValueError(f"{name} lies outside the file")
            array = np.frombuffer(data, dtype=kind, count=count, offset=a).reshape(shape)
            if row["dtype"] == "BF16":
                array = (array.astype(np.uint32) << 16).view(np.float32)
            out[name] = np.ascontiguousarray(array, dtype=np.float32)
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise BadFile("The weights of the music model are a whole safetensors file", value=path,
                      cause=f"the file is cut off or damaged ({error})", cure=_CURE) from None  # fmt: skip
    return out


def write_tensors(path: Path, tensors: Mapping[str, npt.NDArray[np.floating]], metadata: Mapping[str, str]) -> None:
    """Writes tensors of float16 or float32, in order of name."""
    table: dict[str, object] = {"__metadata__": dict(metadata)}
    place, parts = 0, []
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        kind = {2: "F16", 4: "F32"}[array.dtype.itemsize]
        part = array.astype(_TYPES[kind]).tobytes()
        table[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [place, place + len(part)]}
        place += len(part)
        parts.append(part)
    head = json.dumps(table, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(parts))
