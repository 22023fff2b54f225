"""Recall in Chroma, persistent and in this process. Vectors are ours and are always given: Chroma's default would download a
model.

Chroma keeps flat metadata only, so an item's data travels as one JSON text beside its kind. The inner product is the likeness;
Chroma calls 1 minus it the distance.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ripieno.memory.embedding import FORM, Vector, music_of, stored
from ripieno.memory.recall import IndexDamaged, Item
from ripieno.score.errors import MissingPart

_BATCH = 1000  # items in one call; Chroma's own limit is above 5,000


class ChromaIndex:
    """See `recall.Index`. A collection is named after the form of its vectors, so another form begins anew.

    Raises:
        MissingPart: chromadb is not installed.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # Chroma brings onnxruntime, which would phone home
        try:
            import chromadb
            from chromadb.config import Settings
        except ImportError as error:
            raise MissingPart(
                "Recall by Chroma needs it", value="chromadb", cause="it is not installed", cure='pip install "ripieno[recall]"'
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        with self._whole():
            client: Any = chromadb.PersistentClient(str(folder / "chroma"), Settings(anonymized_telemetry=False))
            self._client = client  # its declared type lacks `close`
            self._items = self._client.get_or_create_collection(
                f"ripieno-{FORM}", embedding_function=None, configuration={"hnsw": {"space": "ip"}}
            )

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Says in our words that the files are damaged; a client that failed would else be handed out again."""
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.errors import InternalError

        try:
            yield
        except InternalError as error:
            SharedSystemClient.clear_system_cache()
            raise IndexDamaged(
                "The index of recall can be read", value=self._folder / "chroma", cause=str(error),
                cure="delete its folder: it is made anew from the projects",
            ) from error  # fmt: skip

    def add(self, items: Iterable[Item]) -> None:
        """See `Index`."""
        rows = list({i.id: i for i in items}.values())
        for first in range(0, len(rows), _BATCH):
            some = rows[first : first + _BATCH]
            with self._whole():
                self._items.upsert(
                    ids=[i.id for i in some],
                    documents=[i.text for i in some],
                    embeddings=np.stack([stored(i.text, i.music) for i in some]),
                    metadatas=[{"kind": i.kind, "data": json.dumps(dict(i.data), ensure_ascii=False)} for i in some],
                )

    def remove(self, ids: Iterable[str]) -> None:
        """See `Index`."""
        with self._whole():
            there = self._items.get(ids=list(ids), include=[])["ids"]
            if there:
                self._items.delete(ids=there)

    def items(self, kind: str | None = None) -> dict[str, Item]:
        """See `Index`."""
        with self._whole():
            got: Any = self._items.get(where=_only(kind), include=["documents", "metadatas", "embeddings"])
        rows = zip(got["ids"], got["documents"], got["metadatas"], got["embeddings"], strict=True)
        return {row[0]: _item(*row) for row in sorted(rows, key=lambda row: str(row[0]))}

    def nearest(self, vector: Vector, limit: int, kind: str | None) -> Sequence[tuple[Item, float]]:
        """See `Index`."""
        with self._whole():
            got: Any = self._items.query(
                query_embeddings=np.asarray([vector]), n_results=limit, where=_only(kind),
                include=["documents", "metadatas", "embeddings", "distances"],
            )  # fmt: skip
        columns = [got[name][0] for name in ("ids", "documents", "metadatas", "embeddings", "distances")]
        found = [(_item(*row[:4]), 1 - float(row[4])) for row in zip(*columns, strict=True)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0].id))

    def close(self) -> None:
        """See `Index`."""
        self._client.close()


def _only(kind: str | None) -> Any:
    return None if kind is None else {"kind": kind}


def _item(id_: str, text: str, meta: dict[str, str], vector: Any) -> Item:
    return Item(id_, meta["kind"], text, music_of(np.asarray(vector, np.float32)), json.loads(meta["data"]))
