"""Recall: both indexes against one suite, the vectors' laws, and a library of projects."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.agents.defaults import complete
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.memory import embedding
from ripieno.memory.database import StoreFault
from ripieno.memory.embedding import MusicVector, music_vector, stem, stems
from ripieno.memory.recall import Index, Item, Recall, describe, open_recall
from ripieno.memory.recall_index import FileIndex
from ripieno.memory.store import Store
from ripieno.memory.table import derive_table
from ripieno.score.analysis.features import FEATURES
from ripieno.score.brief import Attribute, Brief
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece
from tests.memory.recall_conformance import RecallConformance
from tests.memory.samples import louder, turn
from tests.score.pieces import pieces, waltz


class TestIndex(RecallConformance):
    def opened(self, folder: Path) -> Index:
        return FileIndex(folder)


class TestChroma(RecallConformance):
    def opened(self, folder: Path) -> Index:
        pytest.importorskip("chromadb", reason="chromadb is not installed: pip install -e '.[recall]'")
        from ripieno.memory.recall_chroma import ChromaIndex

        return ChromaIndex(folder)


def test_chroma_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    with closing(open_recall(tmp_path)) as recall:
        recall.add([Item("a", "piece", "a waltz")])
    assert (tmp_path / "index.db").exists() and not (tmp_path / "chroma").exists()
    with pytest.raises(BadRequest, match="own"):
        open_recall(tmp_path, "faiss")
    pytest.importorskip("chromadb", reason="chromadb is not installed: pip install -e '.[recall]'")
    with closing(open_recall(tmp_path, "chroma")) as recall:
        assert recall.pieces() == () and (tmp_path / "chroma").exists()


def test_a_damaged_index_says_how_to_make_it_anew(tmp_path: Path) -> None:
    (tmp_path / "index.db").write_bytes(b"nonsense " * 500)
    with pytest.raises(StoreFault, match="made anew"):
        FileIndex(tmp_path)


def test_an_index_of_another_form_begins_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "index.db")) as raw:
        raw.execute("create table items (id text, vector blob)")
        raw.execute("pragma user_version=999")
    with closing(FileIndex(tmp_path)) as index:
        assert index.items() == {}


# --- vectors -------------------------------------------------------------------------------------------------------------


def test_every_feature_belongs_to_one_aspect() -> None:
    table = embedding._table()
    members = [name for row in table.features.values() for name in row]
    assert sorted(members) == sorted([*(f.name for f in FEATURES), "minor", "tempo", "beats", "drums"])
    assert set(table.ranges) == {*(f.name for f in FEATURES if f.kind == "scalar"), "minor", "tempo", "drums"}
    assert sum(table.sizes.values()) == embedding.MUSIC and sum(table.weights.values()) == pytest.approx(1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces(), pieces())
def test_likeness_lies_between_0_and_1_and_is_symmetric(one: Piece, other: Piece) -> None:
    a, b = music_vector(one), music_vector(other)
    product = float(a.joined @ b.joined)
    assert -1e-6 <= product <= 1 + 1e-5 and np.linalg.norm(a.joined) <= 1 + 1e-5
    assert product == pytest.approx(float(b.joined @ a.joined))
    assert all(-1e-6 <= v <= 1 + 1e-5 for v in a.likeness(b).values())
    back = MusicVector.split(a.joined)
    assert all(np.allclose(back.aspects[k], v, atol=1e-6) for k, v in a.aspects.items())
    assert np.array_equal(music_vector(louder(one, 3)).joined, a.joined) if one.tracks else True, "a mix is not the music"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_vectors_of_words_have_length_1_or_say_nothing(one: str, other: str) -> None:
    a, b = embedding.stored(one, None), embedding.query(other, None)
    assert -1.01 <= float(a @ b) <= 1.01
    for part in embedding.text_vector(one):
        assert float(np.linalg.norm(part)) == pytest.approx(1, abs=1e-5) or not part.any()


def test_stems_bring_forms_of_a_word_together() -> None:
    pairs = "strings string, darker dark, happily happy, waltzes waltz, drumming drum, melodies melody, loudest loud"
    for one, other in (pair.split() for pair in pairs.split(", ")):
        assert stem(one) == stem(other), (one, stem(one), stem(other))
    assert stems("Make me a song like THE Élan") == ("elan",)


# --- libraries -----------------------------------------------------------------------------------------------------------


def test_a_folder_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "pieces"
    one, two = folder / "one", folder / "two"
    for each in (one, two, folder / ".under-way"):
        each.mkdir(parents=True)
    for each in (one, folder / ".under-way"):
        with closing(Store(each / "project.db")) as store:
            first = store.commit(turn("a wistful waltz"))
            store.commit(turn("bright", louder(waltz(), 5), first.id, branch="sunny"))
    with closing(FileIndex(tmp_path / "index")) as index:
        recall = Recall(index)
        files = {file: file.read_bytes() for file in one.iterdir()}
        assert recall.follow([folder]) == () and set(index.items()) == {f"{one}#main", f"{one}#sunny"}
        assert {file: file.read_bytes() for file in one.iterdir()} == files, "looking writes nothing"
        before = index.items()
        assert recall.follow([folder, tmp_path / "nowhere"]) == () and index.items().keys() == before.keys()
        with closing(Store(two / "project.db")) as store:
            store.commit(turn("a stomping polka"))
        with closing(Store(one / "project.db")) as store:
            store.undo("u", "undo", "")
        recall.follow([folder])
        assert set(index.items()) == {f"{one}#main", f"{two}#main"}, "an undone branch is gone"
        (hit, *_) = recall.search("polka")
        assert hit.item.data["project"] == str(two) and hit.item.data["version"]
        assert hit.item.data["request"] == "do a stomping polka"
        (two / "project.db").write_bytes(b"x" * 5000)
        for log in two.glob("project.db-*"):
            log.unlink()
        assert recall.follow([folder]) == (two,) and set(index.items()) == {f"{one}#main"}
        shutil.rmtree(one)
        recall.follow([folder])
        assert index.items() == {}


def test_pieces_of_one_style_are_found_by_each_other_and_by_name(tmp_path: Path) -> None:
    """Sixteen pieces in eight styles: each one's likest is its fellow far more often than chance (1 in 15) would have it."""
    engine = TheoryEngine()
    profiles = {id_: style.profile for id_, style in engine.styles.items()}
    made = {}
    for style in ("waltz", "bebop", "techno", "chorale", "reggae", "metal", "jig", "ambient"):
        for seed in (1, 2):
            brief = complete(Brief(text=style, style=Attribute(value=style), bars=Attribute(value=16)), profiles, seed)
            piece = engine.generate(GenerationRequest(brief, seed)).piece
            made[f"{style}-{seed}"] = (piece, describe(derive_table(piece, brief), f"a piece of {style}"))
    with closing(FileIndex(tmp_path)) as index:
        index.add(Item(id_, "piece", text, music_vector(piece)) for id_, (piece, text) in made.items())
        by_music = by_word = 0
        for id_, (piece, _) in made.items():
            style = id_.split("-")[0]
            same, like = Recall(index).search(music=piece, limit=2)
            assert same.item.id == id_
            by_music += like.item.id.startswith(style)
            by_word += all(h.item.id.startswith(style) for h in Recall(index).search(style, limit=2))
    assert by_word == 16 and by_music >= 11, by_music
