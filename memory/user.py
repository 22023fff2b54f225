"""What is remembered of a person over all their projects, in a folder of theirs: their taste, and the pieces they made.

Nothing is read before it is asked for, nothing is made before there is something to keep, and looking at it writes nothing.
A turn never fails by it: whoever asks handles `FAULTS`, says so, and goes on.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ripieno.memory.database import Database, StoreBusy, StoreFault
from ripieno.memory.library import Library
from ripieno.memory.preferences import Observation, Preference, Preferences
from ripieno.memory.recall import stamp_of
from ripieno.score.errors import BadFile, BadRequest, MissingPart

# What may befall the memory and is no fault of a turn.
FAULTS = (StoreFault, StoreBusy, BadRequest, BadFile, MissingPart, OSError)
TASTE = "taste.db"
_PATIENCE = 2.0  # seconds that a turn waits for another process that writes its taste down


class UserMemory:
    """One person's memory.

    Args:
        home: their folder; it is made when there is something to keep.
        index: the index of their pieces, 'own' or 'chroma'.
        now: what time it is, with its zone.
    """

    def __init__(
        self, home: Path, index: str = "own", now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    ) -> None:  # fmt: skip
        self.home, self.now = home, now
        self.library = Library(home, index)
        self._known: tuple[Preference, ...] = ()
        self._stamp = ""  # of the database as it was when `_known` was read
        self._reader: Database | None = None
        self._writer: Database | None = None

    def close(self) -> None:
        """Lets go of the files."""
        self.library.close()
        for database in (self._reader, self._writer):
            if database is not None:
                database.close()
        self._reader = self._writer = None
        self._stamp = ""

    # --- taste ------------------------------------------------------------------------------------------------------------

    @property
    def has_taste(self) -> bool:
        """Whether anything was ever learnt."""
        return (self.home / TASTE).is_file()

    def preferences(self) -> tuple[Preference, ...]:
        """What is known of their taste, the surest first.

        Raises:
            StoreFault, StoreBusy: it cannot be read.
        """
        if not self.has_taste:
            return ()
        stamp = stamp_of(self.home / TASTE)
        if stamp != self._stamp:
            if self._reader is None:
                self._reader = Database(self.home / TASTE, reading=True, patience=_PATIENCE)
            self._known, self._stamp = Preferences(self._reader).all(), stamp
        return self._known

    def learn(
        self, project: str, turn: str, seen: Sequence[Observation], *, stayed: bool = False, locked: Collection[str] = ()
    ) -> None:  # fmt: skip
        """See `Preferences.learn`. Raises one of `FAULTS` where it cannot be written."""
        if seen or self.has_taste:
            self.edited().learn(project, turn, seen, stayed=stayed, locked=locked)

    def take_back(self, project: str, turns: Collection[str], *, disliked: bool) -> None:
        """See `Preferences.take_back`. Raises one of `FAULTS` where it cannot be written."""
        if self.has_taste:
            self.edited().take_back(project, turns, disliked=disliked)

    def bring_back(self, project: str, turns: Collection[str]) -> None:
        """See `Preferences.bring_back`. Raises one of `FAULTS` where it cannot be written."""
        if self.has_taste:
            self.edited().bring_back(project, turns)

    def edited(self) -> Preferences:
        """Their preferences, to be changed.

        Raises:
            StoreFault, StoreBusy, OSError: the database cannot be made or opened.
        """
        if self._writer is None:
            self.home.mkdir(parents=True, exist_ok=True)
            self._writer = Database(self.home / TASTE, patience=_PATIENCE)
        return Preferences(self._writer)


@contextmanager
def opened(home: Path, index: str = "own") -> Iterator[UserMemory]:
    """A person's memory, closed at the end."""
    memory = UserMemory(home, index)
    try:
        yield memory
    finally:
        memory.close()
