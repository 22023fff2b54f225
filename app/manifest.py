"""Which files in a project's folder Ripieno wrote, and from which version.

A file that somebody changed since (in a DAW, in a notation program) is theirs: it is never overwritten unasked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ripieno.score.errors import BadFile

NAME = ".ripieno-files.json"


@dataclass(frozen=True)
class Written:
    """A file as Ripieno wrote it: its SHA-256 and the id of the version that it was made from."""

    sha256: str
    version: str


class Manifest:
    """The list of a folder's files. Reading it costs nothing where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME
        self.files: dict[str, Written] = {}
        if self._path.is_file():
            self.files = _read(self._path)

    def changed(self, ending: str = "") -> tuple[Path, ...]:
        """Files with this ending that were changed since Ripieno wrote them; files that are gone are not among them."""
        paths = ((self._folder / name, row) for name, row in self.files.items() if name.endswith(ending))
        return tuple(path for path, row in paths if path.is_file() and _sha256(path) != row.sha256)

    def free(self, path: Path) -> bool:
        """Whether a file may be written there: nothing is there, or what is there is as Ripieno wrote it."""
        row = self.files.get(self._name(path))
        return not path.exists() or (row is not None and _sha256(path) == row.sha256)

    def version_of(self, path: Path) -> str | None:
        """The id of the version that a file was made from."""
        row = self.files.get(self._name(path))
        return row.version if row else None

    def record(self, paths: Iterable[Path], version: str) -> None:
        """Takes note of files just written, on disk at once."""
        self.files |= {self._name(p): Written(_sha256(p), version) for p in paths}
        rows = {name: {"sha256": w.sha256, "version": w.version} for name, w in sorted(self.files.items())}
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._path)

    def _name(self, path: Path) -> str:
        return path.resolve().relative_to(self._folder.resolve()).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Written]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, Mapping):
            raise ValueError("not a table of files")
        return {str(name): Written(str(row["sha256"]), str(row["version"])) for name, row in rows.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(
            "The list of written files can be read",
            value=path,
            cause=f"it was changed by hand ({error})",
            cure="remove it: files that are there already will then not be overwritten",
        ) from error
