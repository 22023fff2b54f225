"""Stems kept on disk by the hash of their content, so that an edit renders only the tracks that it changed."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ripieno.generators.audio.tape import Tape


class StemCache:
    """A folder of stems, the least recently used dropped above `limit` bytes. Safe for several processes at once.

    Args:
        folder: made when first needed.
    """

    def __init__(self, folder: Path, *, limit: int = 2 << 30) -> None:
        self.folder, self.limit = Path(folder), limit

    def get(self, key: str) -> Tape | None:
        """The stem of a key; None where it is not kept."""
        path = self._path(key)
        try:
            tape = Tape.open(path)
            os.utime(path)
        except OSError:
            return None
        return tape

    def record(
        self, key: str, frames: int, place: tuple[float, float] | None, play: Callable[[Tape], None]
    ) -> Tape:
        """Has `play` fill a tape and keeps it under the key. Where the disk is full or forbidden the tape stays in memory."""
        part = self.folder / f"{key}.{os.getpid()}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("w+b") as file:
                tape = Tape(frames, place, file)
                play(tape)
                tape.finish()
            part.replace(self._path(key))
            return self._opened_and_trimmed(key)
        except OSError:
            tape = Tape.blank(frames, place, in_memory=True)
            play(tape)
            return tape
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.f32"

    def _opened_and_trimmed(self, key: str) -> Tape:
        tape = Tape.open(self._path(key))  # open files outlive their names, whoever trims the folder meanwhile
        kept = []
        for path in self.folder.glob("*.f32"):
            with suppress(OSError):
                stat = path.stat()
                kept.append((stat.st_mtime_ns, stat.st_size, path))
        size = 0
        for n, (_, bytes_, path) in enumerate(sorted(kept, reverse=True)):
            size += bytes_
            if n and size > self.limit:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        return tape
