"""Recall: what was made before, by description and by musical likeness, over all projects of a library.

Things are kept with their words and, where they are music, with how the music is made (`embedding`). Two indexes stand behind
one interface: one of our own, and Chroma (`pip install "ripieno[recall]"`) over the same vectors. The
index can be made anew from the projects at any time; it holds nothing that is not also there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ripieno.memory import embedding
from ripieno.memory.database import Database, StoreBusy, StoreFault
from ripieno.memory.embedding import MusicVector, Vector, music_vector
from ripieno.memory.store import Store
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.instruments import instruments
from ripieno.score.piece import Piece

DATABASE = "project.db"
PIECE = "piece"
_PATIENCE = 1.0  # seconds to wait for a project that is being written
_SAID = 30  # turns whose words describe a piece
_MOST = 100  # hits that can be asked for
# Italian tempo words and their plain sense, from so many quarter notes a minute on.
_TEMPI = (
    (0, "largo very slow"), (60, "adagio slow"), (76, "andante walking"), (100, "moderato medium"),
    (120, "allegro fast lively"), (160, "presto very fast"),
)  # fmt: skip


class IndexDamaged(StoreFault):
    """The index cannot be read; it can be made anew from the projects."""


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
        """What is kept, by id in order (of one kind)."""
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

    def pieces(self) -> tuple[Item, ...]:
        """All pieces that are kept."""
        return tuple(self._index.items(PIECE).values())

    def follow(self, folders: Iterable[Path]) -> tuple[Path, ...]:
        """Follows the projects in some folders: each is `<folder>/<project>/project.db`. Gives those that could not be read.

        A project is looked into only where its files changed since the last time, and nothing is written into it. It is found
        by its branches: the pieces on which they stand. What is no longer there is forgotten.
        """
        kept = {item.id: item for item in self.pieces()}
        stamps = {item.data["project"]: item.data["stamp"] for item in kept.values()}
        fresh: list[Item] = []
        left: set[str] = set()
        unreadable: list[Path] = []
        for file in sorted(file for folder in folders for file in _databases(folder)):
            project, stamp = str(file.parent), stamp_of(file)
            if stamps.get(project) == stamp:
                left.add(project)
                continue
            try:
                fresh += pieces_of(file, stamp, kept)
            except StoreBusy:
                left.add(project)  # it is being written: as it was, until the next time
            except (StoreFault, BadFile, BadRequest):
                unreadable.append(file.parent)
        new = {item.id for item in fresh}
        gone = [i for i, item in kept.items() if item.data["project"] not in left and i not in new]
        if gone:
            self._index.remove(gone)
        if fresh:
            self._index.add(fresh)
        return tuple(unreadable)

    def close(self) -> None:
        """Lets go of the files."""
        self._index.close()


def open_recall(folder: Path, index: str = "own") -> Recall:
    """The index in a folder: our own, or `chroma`.

    Raises:
        IndexDamaged: it is there and cannot be read.
        MissingPart: Chroma is asked for and not installed.
        BadRequest: there is no such index.
    """
    if index == "chroma":
        from ripieno.memory.recall_chroma import ChromaIndex

        return Recall(ChromaIndex(folder))
    if index != "own":
        raise BadRequest("The index of recall is 'own' or 'chroma'", value=index, cure="leave RIPIENO_RECALL out")
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


def pieces_of(file: Path, stamp: str, kept: Mapping[str, Item]) -> list[Item]:
    """One item for each branch of a project: the piece on which it stands. Music that is in `kept` already is not heard again.

    Raises:
        StoreFault, StoreBusy, BadFile, BadRequest: the project cannot be read, or holds nothing.
    """
    project = str(file.parent)
    with closing(Database(file, reading=True, patience=_PATIENCE)) as database:
        store = Store(database)
        said = [turn.text for turn in store.conversation(_SAID)]
        first, found = store.version(1), []
        for branch, id_ in store.branches().items():
            version = store.version(id_)
            table = version.table
            data = {
                "project": project, "branch": branch, "version": id_, "piece": version.piece, "title": table.title,
                "begun": first.created, "created": version.created, "seed": str(first.seed), "request": said[0] if said else "",
                "brief": remembered(table).model_dump_json(exclude_defaults=True), "stamp": stamp,
            }  # fmt: skip
            old = kept.get(f"{project}#{branch}")
            heard = old.music if old is not None and old.data["piece"] == version.piece else None
            text = describe(table, file.parent.name.replace("-", " "), *said)
            music = heard or music_vector(store.piece(version.piece))
            found.append(Item(f"{project}#{branch}", PIECE, text, music, data))
    return found


def remembered(table: AttributeTable) -> Brief:
    """What a piece was to be, with what it has become: as another may be made like it."""
    now: dict[str, object] = {"title": table.title, "bars": table.bars}
    if table.tempos:
        now["tempo"] = table.tempos[0].bpm
    if table.metres:
        now["metre"] = table.metres[0].metre
    if table.keys:
        now |= {"tonic": table.keys[0].key, "mode": table.keys[0].mode}
    fields = {name: getattr(table.intent, name) for name in Brief.model_fields}
    fields |= {"notices": (), "unused": (), "text": "", "tempo_range": None, "tempo_class": None, "bars_range": None}
    return Brief.model_validate(fields | {name: {"value": value, "origin": "inferred"} for name, value in now.items()})


def _databases(folder: Path) -> Iterator[Path]:
    """The projects in a folder; hidden ones are under way."""
    return (file for file in folder.glob(f"*/{DATABASE}") if not file.parent.name.startswith("."))


def stamp_of(file: Path) -> str:
    """Changes whenever an SQLite file was written into: size and time of it and of the log beside it."""
    marks = []
    for each in (file, file.with_name(file.name + "-wal")):
        try:
            found = each.stat()
        except OSError:
            continue
        if found.st_size:
            marks.append(f"{found.st_size}@{found.st_mtime_ns}")
    return " ".join(marks)
