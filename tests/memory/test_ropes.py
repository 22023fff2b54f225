"""How documents are written down: every form reads back, chains stay short, what is alike costs little."""

import json
import zlib
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.memory import blobs
from ripieno.memory.blobs import Document, Texts
from ripieno.memory.database import Database
from ripieno.memory.ropes import (
    DEEPEST,
    BrokenRope,
    Cut,
    hash_of,
    inflated,
    joined,
    json_cuts,
    parsed,
    text_of,
    track_cuts,
    written,
)
from ripieno.memory.verify import rows_of_blobs
from ripieno.score.piece import make_notes
from tests.score.pieces import waltz

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=5), inner, max_size=8), max_leaves=40,
)  # fmt: skip
_FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pieces_of(data: bytes, cuts: tuple[Cut, ...]) -> dict[str, bytes]:
    return {hash_of(data[c.start : c.end]): data[c.start : c.end] for c in cuts}


@_FEW
@given(_JSON, _JSON, st.booleans())
def test_any_document_reads_back_with_and_without_a_base(one: Any, other: Any, against: bool) -> None:
    data, older = (json.dumps(x, ensure_ascii=False).encode() for x in ([one] * 9, [other] * 9))
    cuts = json_cuts(data)
    names, text = text_of(data, cuts)
    base = (hash_of(older), 3, text_of(older)[1])
    row = parsed(written(data, names, text, bases=[base] if against else ()))
    again = inflated(row, base[2] if row.base else None)
    assert again == text and joined(row, again, pieces_of(data, cuts)) == data and row.names == names


@_FEW
@given(st.binary(max_size=3000))
def test_bytes_that_are_no_json_are_documents_too(data: bytes) -> None:
    cuts = json_cuts(data)
    names, text = text_of(data, cuts)
    row = parsed(written(data, names, text))
    assert joined(row, inflated(row, None), pieces_of(data, cuts)) == data


@_FEW
@given(
    st.lists(
        st.tuples(st.integers(0, 2**31 - 1), st.integers(1, 2**20), st.integers(0, 127), st.integers(1, 127)), max_size=300
    )
)
def test_notes_read_back(rows: list[tuple[int, int, int, int]]) -> None:
    piece = waltz()
    track = piece.tracks[0].with_notes(make_notes(rows))
    cuts = track_cuts(track.encoded)
    parts = pieces_of(track.encoded, cuts)
    for cut in cuts:
        data = track.encoded[cut.start : cut.end]
        names, text = text_of(data, (), cut.notes)
        row = parsed(written(data, names, text, cut.notes))
        assert joined(row, inflated(row, None), {}) == data
    names, text = text_of(track.encoded, cuts)
    row = parsed(written(track.encoded, names, text))
    assert joined(row, inflated(row, None), parts) == track.encoded


@_FEW
@given(st.binary(max_size=200))
def test_damaged_rows_are_refused_or_read_as_something_else_but_never_crash(row: bytes) -> None:
    try:
        taken = parsed(row)
        joined(taken, inflated(taken, b"base" if taken.base else None), {})
    except BrokenRope:
        pass


def test_many_relatives_cost_little_and_stay_near(tmp_path: Path) -> None:
    chance, words = Random(4), [f"word{i}" for i in range(500)]
    content: dict[str, list[Any]] = {
        "list": [[i, chance.choice(words)] for i in range(150)], "more": [chance.choice(words) for _ in range(200)],
    }  # fmt: skip
    with closing(Database(tmp_path / "p.db")) as database:
        texts, like, made = Texts(), None, []
        for _ in range(150):
            content["more"][chance.randrange(200)] = chance.choice(words)
            data = json.dumps(content).encode()
            with database.write() as connection:
                blobs.put(connection, [Document(data, json_cuts(data), like)], texts)
                rows = blobs.with_links(connection, blobs.fetch(connection, [hash_of(data)]))
                assert all(parsed(row).depth <= DEEPEST for row in rows.values())
                assert len(rows) <= 2 * DEEPEST + 4
            like = hash_of(data)
            made.append(data)
        with database.read() as connection:
            assert list(blobs.read(connection, [hash_of(m) for m in made]).values()) == made
            size = sum(len(row) for some in rows_of_blobs(connection) for row in some.values())
        assert size < sum(len(zlib.compress(m, 9)) for m in made) / 5


def test_a_base_that_was_rolled_back_is_not_built_upon(tmp_path: Path) -> None:
    texts, one, two = Texts(), b"[1, 2, 3] " * 50, b"[1, 2, 4] " * 50
    with closing(Database(tmp_path / "p.db")) as database:
        with pytest.raises(ZeroDivisionError), database.write() as connection:
            blobs.put(connection, [Document(one)], texts)
            raise ZeroDivisionError
        with database.write() as connection:
            blobs.put(connection, [Document(two, like=hash_of(one))], texts)
        with database.read() as connection:
            assert blobs.present(connection, [hash_of(one), hash_of(two)]) == {hash_of(two)}
            assert blobs.read(connection, [hash_of(two)]) == {hash_of(two): two}
