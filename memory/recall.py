"""Recall: what was made before, by description and by musical likeness, over all projects of a library.

Things are kept with their words and, where they are music, with how the music is made (`embedding`). Two indexes stand behind
one interface: Chroma where it is installed (`pip install "ripieno[recall]"`), else one of our own over the same vectors. The
index can be made anew from the projects at any time; it holds nothing that is not also there.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from ripieno.memory import embedding
from ripieno.memory.embedding import MusicVector, Vector, music_vector
from ripieno.memory.store import Store, StoreFault
from ripieno.memory.table import AttributeTable
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.instruments import instruments
from ripieno.score.piece import Piece

DATABASE = "project.db"
PIECE = "piece"
_MOST = 100  # hits that can be asked for
# Italian tempo words and their plain sense, from so many quarter notes a minute on.
_TEMPI = (
    (0, "largo very slow"), (60, "adagio slow"), (76, "andante walking"), (100, "moderato medium"),
    (120, "allegro fast lively"), (160, "presto very fast"),
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """Something to remember: `text` is what it is found by, `kind` groups ('piece', 'card'), `data` comes back with a hit."""

    id: str
    kind: str
    text: str
    music: MusicVector | None = None
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """Something found: how well it fits (0..1), and why in words."""

    item: Item
    score: float
    why: str


class Index(Protocol):
    """Where items are kept with their vectors. Every implementation passes `tests/memory/recall_conformance.py`."""

    def add(self, items: Iterable[Item]) -> None:
        """Keeps items, all at once; one with the id of an older one takes its place. One call for many is far cheaper."""
        ...

    def remove(self, ids: Iterable[str]) -> None:
        """Drops items; ids that are not there are passed over."""
        ...

    def items(self, kind: str | None = None) -> dict[str, Item]:
        """What is kept, by id (of one kind)."""
        ...

    def nearest(self, vector: Vector, limit: int, kind: str | None) -> Sequence[tuple[Item, float]]:
        """The items with the largest inner product with a vector, the largest first."""
        ...

    def close(self) -> None:
        """Lets go of the files."""
        ...


class Recall:
    """What was made before, asked in words, by music, or both."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def add(self, items: Iterable[Item]) -> None:
        """Keeps items, all at once; one with the id of an older one takes its place."""
        self._index.add(items)

    def search(
        self, text: str = "", music: Piece | MusicVector | None = None, *, limit: int = 5, kind: str | None = PIECE,
        share: float = 0.5,
    ) -> tuple[Hit, ...]:  # fmt: skip
        """What fits words, music, or both; the best first. `share` (0..1) is what music counts for beside words.

        Raises:
            BadRequest: neither words nor music say anything, or `limit` lies outside 1..100.
        """
        if not 1 <= limit <= _MOST:
            raise BadRequest(f"1 to {_MOST} hits can be asked for", value=limit, cure="5 is usual")
        if isinstance(music, Piece):
            music = music_vector(music)
        vector = embedding.query(text, music, share)
        if not vector.any():
            raise BadRequest(
                "A search has words or music that say something", value=text,
                cure="name a style, a mood, an instrument or a piece",
            )  # fmt: skip
        found = self._index.nearest(vector, limit, kind)
        return tuple(Hit(item, round(score, 4), _why(text, music, item)) for item, score in found)

    def sync(self, library: Path) -> tuple[str, ...]:
        """Follows the projects in a library's folder; gives those that could not be read.

        A project is looked into only where it had turns since the last time. It is found by its branches: the pieces on
        which they stand.
        """
        kept = self._index.items(PIECE)
        stamps = {item.data["project"]: item.data["stamp"] for item in kept.values()}
        fresh: list[Item] = []
        left: set[str] = set()
        unreadable: list[str] = []
        for file in sorted(library.glob(f"*/{DATABASE}")):
            project, stamp = file.parent.name, _stamp(file)
            if stamp and stamps.get(project) == stamp:
                left.add(project)
                continue
            try:
                with closing(Store(file)) as store:
                    fresh += pieces_of(store, project, stamp)
            except (StoreFault, BadFile):
                unreadable.append(project)
        new = {item.id for item in fresh}
        self._index.remove([i for i, item in kept.items() if item.data["project"] not in left and i not in new])
        if fresh:
            self._index.add(fresh)
        return tuple(unreadable)

    def close(self) -> None:
        """Lets go of the files."""
        self._index.close()


def open_recall(folder: Path) -> Recall:
    """The index in a folder: Chroma's where chromadb is installed, else our own."""
    if find_spec("chromadb"):
        from ripieno.memory.recall_chroma import ChromaIndex

        return Recall(ChromaIndex(folder))
    from ripieno.memory.recall_index import FileIndex

    return Recall(FileIndex(folder))


def _why(text: str, music: MusicVector | None, item: Item) -> str:
    reasons = []
    has = set(embedding.stems(item.text))
    words = [w for w in dict.fromkeys(text.lower().split()) if set(embedding.stems(w)) & has]
    if words:
        reasons.append("it says " + ", ".join(f"“{w.strip('.,;:!?')}”" for w in words[:6]))
    if music is not None and item.music is not None:
        alike = sorted(music.likeness(item.music).items(), key=lambda row: -row[1])
        reasons.append("like it in " + ", ".join(f"{name} ({value:.0%})" for name, value in alike[:3]))
    return "; ".join(reasons) or "spelt alike"


def describe(table: AttributeTable, *said: str) -> str:
    """The words by which a piece is found: what was said about it, and what it is."""
    bpm = table.tempos[0].bpm if table.tempos else 120.0
    tempo = next(words for least, words in reversed(_TEMPI) if bpm >= least)
    keys = (f"{row.key} {row.mode}" for row in table.keys)
    players = (f"{t.name} {t.instrument} {_family(t.instrument)} {t.role}" for t in table.tracks if t.notes)
    sections = (s.name for s in table.sections)
    parts = (table.title, table.style or "", *said, *keys, *(m.metre for m in table.metres), tempo, *players, *sections)
    return " ".join(dict.fromkeys(p for p in parts if p))


def _family(name: str) -> str:
    return next((row.family for row in instruments().values() if row.name == name), "")


def pieces_of(store: Store, project: str, stamp: str = "") -> Iterator[Item]:
    """One item for each branch of a project: the piece on which it stands."""
    for branch, id_ in store.branches().items():
        version = store.version(id_)
        said = [turn.text for turn in store.conversation(30)]
        data = {"project": project, "branch": branch, "version": id_, "piece": version.piece, "title": version.table.title,
                "created": version.created, "stamp": stamp}  # fmt: skip
        music = music_vector(store.piece(version.piece))
        yield Item(f"{project}#{branch}", PIECE, describe(version.table, *said), music, data)


def _stamp(file: Path) -> str:
    """How many turns the project has had; "" where that cannot be told. Far cheaper than opening the project."""
    try:
        with closing(sqlite3.connect(file, timeout=5)) as raw:
            return str(raw.execute("SELECT sum(turns) FROM projects").fetchone()[0])
    except sqlite3.DatabaseError:
        return ""
