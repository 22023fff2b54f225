"""Stems kept on disk by the hash of their content, so that an edit renders only the tracks that it changed."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class StemCache:
    """A folder of stems, the least recently used dropped above `limit` bytes. Safe for several processes.

    Args:
        folder: made when first needed.
    """

    def __init__(self, folder: Path, *, limit: int = 2 << 30) -> None:
        self.folder, self.limit = Path(folder), limit

    def get(self, key: str) -> Floats | None:
        """The stem, (2, frames), mapped from its file; None where it is not kept or cannot be read."""
        path = self._path(key)
        try:
            stem = np.load(path, mmap_mode="r", allow_pickle=False)
            os.utime(path)
        except (OSError, ValueError):
            return None
        return stem if stem.ndim == 2 and stem.dtype == np.float32 else None

    def put(self, key: str, stem: Floats) -> None:
        """Keeps a stem; a full disk only means that it is not kept."""
        part = self._path(f"{key}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.save(file, stem, allow_pickle=False)
            part.replace(self._path(key))
            self._trim()
        except OSError:
            part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"

    def _trim(self) -> None:
        kept = sorted(((p.stat().st_mtime_ns, p.stat().st_size, p) for p in self.folder.glob("*.npy")), reverse=True)
        size = 0
        for _, bytes_, path in kept:
            size += bytes_
            if size > self.limit:
                path.unlink(missing_ok=True)
