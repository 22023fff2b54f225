"""The pieces that a person made: which folders they lie in, and the index by which they are found again.

The folders are kept one in a file, named by hash, so that two processes never write into one file and a damaged index loses
nothing: it is made anew by looking into them. Music is heard when somebody looks for it, not in the turn that changed it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from ripieno.memory.database import Database
from ripieno.memory.recall import PIECE, Hit, IndexDamaged, Item, Recall, open_recall
from ripieno.memory.store import Store
from ripieno.score.piece import Piece

_UNKNOWN = "1970-01-01T00:00:00+00:00"  # the time of a version whose time was lost with a damaged file
_MOST, _SPARE = 100, 8  # how many more are asked for where only some may be meant
_FOLDERS, _INDEX = "folders", "recall"


class Library:
    """One person's pieces.

    Args:
        home: the person's folder.
        index: 'own' or 'chroma', see `recall.open_recall`.
    """

    def __init__(self, home: Path, index: str = "own") -> None:
        self._home, self._kind = home, index
        self._recall: Recall | None = None
        self._known: set[str] = set()

    def close(self) -> None:
        """Lets go of the index."""
        if self._recall is not None:
            self._recall.close()
            self._recall = None

    def watch(self, folder: Path) -> None:
        """From now on pieces in this folder are found.

        Raises:
            OSError: it cannot be written down.
        """
        path = str(folder.resolve())
        if path in self._known:
            return
        mark = self._home / _FOLDERS / sha256(path.encode()).hexdigest()[:16]
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=mark.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(path)
                Path(name).replace(mark)  # whole or not at all
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        self._known.add(path)

    def folders(self) -> tuple[Path, ...]:
        """The folders that are watched and still there."""
        marks = sorted((self._home / _FOLDERS).glob("[!.]*"))
        found = (Path(mark.read_text(encoding="utf-8")) for mark in marks)
        return tuple(folder for folder in found if folder.is_dir())

    def follow(self) -> tuple[str, ...]:
        """Brings the index up to date; gives what should be said of it: that it was made anew, what could not be read.

        Raises:
            StoreFault, StoreBusy, MissingPart, OSError: the index cannot be made, read or written.
        """
        folders = self.folders()
        if not folders and not (self._home / _INDEX).exists():
            return ()
        try:
            unreadable, said = self._opened().follow(folders), []
        except IndexDamaged:
            self.close()
            shutil.rmtree(self._home / _INDEX)
            unreadable = self._opened().follow(folders)
            said = ["The index of your pieces was damaged; it was made anew from the projects."]
        if unreadable:
            said.append("Could not be read: " + ", ".join(str(project) for project in unreadable) + ".")
        return tuple(said)

    def pieces(self) -> tuple[Item, ...]:
        """All pieces as `follow` left them, the latest first."""
        if not (self._home / _INDEX).exists():
            return ()
        return tuple(sorted(self._opened().pieces(), key=lambda item: (item.data["created"], item.id), reverse=True))

    def find(
        self, text: str = "", music: Piece | None = None, *, limit: int = 5, among: Iterable[Item] | None = None
    ) -> tuple[Hit, ...]:  # fmt: skip
        """The pieces that fit words, music or both, the best first; only `among` these, where given.

        Raises:
            BadRequest: neither words nor music say anything.
            StoreFault, StoreBusy, OSError: the index cannot be read.
        """
        if not (self._home / _INDEX).exists():
            return ()
        wanted = None if among is None else {item.id for item in among}
        most = limit if wanted is None else min(_MOST, limit * _SPARE)
        hits = self._opened().search(text, music, limit=most, kind=PIECE)
        return tuple(hit for hit in hits if wanted is None or hit.item.id in wanted)[:limit]

    def _opened(self) -> Recall:
        if self._recall is None:
            self._recall = open_recall(self._home / _INDEX, self._kind)
        return self._recall


def piece_of(item: Item) -> Piece:
    """The music of a piece that was found.

    Raises:
        StoreFault, StoreBusy, BadFile: its project cannot be read.
    """
    with closing(Database(Path(item.data["project"]) / "project.db", reading=True, patience=1.0)) as database:
        return Store(database).piece(item.data["piece"])


def made_at(item: Item) -> tuple[datetime, datetime]:
    """When a piece was begun, and when it was last changed, in local time."""
    times = (item.data[name] or _UNKNOWN for name in ("begun", "created"))
    begun, changed = (datetime.fromisoformat(time).astimezone() for time in times)
    return begun, changed
