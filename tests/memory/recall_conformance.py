"""What every index of recall keeps. A subclass says which by `opened`, a function from a folder to an index."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ripieno.memory import embedding
from ripieno.memory.embedding import music_vector
from ripieno.memory.recall import Index, Item, Recall
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from tests.score.makers import drums, notes, piece, track
from tests.score.pieces import waltz

MARCH = piece(
    track("tuba", Role.BASS, "tuba", notes("C2:1 G2:1", times=16)),
    track("trumpet", Role.LEAD, "trumpet", notes("C5:1 C5:.5 D5:.5 E5:1 G5:1", times=8)),
    track("kit", Role.DRUMS, "drums", drums("k:1 s:1", times=16)), bars=8, bpm=116, chords="C G7",
)  # fmt: skip
ITEMS = (
    Item("w", "piece", "a wistful waltz in B minor for flute and cello, slow", music_vector(waltz()), {"project": "one"}),
    Item("m", "piece", "a proud march for brass band, trumpets and drums", music_vector(MARCH), {"title": "Größe"}),
    Item("n", "piece", "lullaby"),
    Item("c", "card", "A waltz has three beats to a bar and leans on the first."),
)


class RecallConformance:
    """The suite."""

    def opened(self, folder: Path) -> Index:
        """The index under test."""
        raise NotImplementedError

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[Index]:
        with closing(self.opened(tmp_path)) as index:
            yield index

    def test_an_empty_index_finds_nothing(self, index: Index) -> None:
        assert Recall(index).search("waltz") == () and index.items() == {}
        index.remove(["nobody"])
        index.add(())

    def test_words_find_what_they_name(self, index: Index) -> None:
        index.add(ITEMS)
        for words, id_ in (("something with cellos", "w"), ("the marches", "m"), ("lulabies", "n"), ("wistfull", "w")):
            hits = Recall(index).search(words, limit=3)
            assert hits[0].item.id == id_, (words, hits)
            scores = [h.score for h in hits]
            assert scores == sorted(scores, reverse=True) and all(-0.3 <= s <= 1.001 for s in scores)
        (hit,) = Recall(index).search("a march with trumpets", limit=1)
        assert hit.why == "it says “march”, “trumpets”"
        assert hit.item.data == {"title": "Größe"} and hit.item.text == ITEMS[1].text

    def test_kinds_are_apart(self, index: Index) -> None:
        index.add(ITEMS)
        assert [h.item.id for h in Recall(index).search("waltz", kind="card")] == ["c"]
        assert {h.item.id for h in Recall(index).search("waltz", kind=None, limit=2)} == {"c", "w"}
        assert set(index.items("card")) == {"c"} and set(index.items()) == {"w", "m", "n", "c"}

    def test_music_finds_its_like(self, index: Index) -> None:
        index.add(ITEMS)
        quicker: Piece = replace(waltz(), title="x", tracks=waltz().tracks[:3])
        first, second = Recall(index).search(music=quicker, limit=2)
        assert (first.item.id, second.item.id) == ("w", "m") and first.score > second.score + 0.1
        assert "like it in" in first.why and "%" in first.why
        (same, *_) = Recall(index).search(music=MARCH)
        assert same.item.id == "m" and same.score == pytest.approx(1, abs=1e-4)

    def test_words_and_music_together(self, index: Index) -> None:
        index.add(ITEMS)
        assert Recall(index).search("brass", waltz(), share=0.05)[0].item.id == "m"
        assert Recall(index).search("brass", waltz(), share=0.95)[0].item.id == "w"

    def test_it_is_there_again_and_others_see_it(self, tmp_path: Path) -> None:
        with closing(self.opened(tmp_path)) as first:
            first.add(ITEMS)
            before = Recall(first).search("waltz for flute", waltz())
        with closing(self.opened(tmp_path)) as again:
            kept_of = {i.id: (i.kind, i.text, i.data) for i in again.items().values()}
            assert kept_of == {i.id: (i.kind, i.text, i.data) for i in ITEMS}
            after = Recall(again).search("waltz for flute", waltz())
            assert [(h.item.id, h.score, h.why) for h in after] == [(h.item.id, h.score, h.why) for h in before]
            kept = again.items()["w"].music
            assert kept is not None and np.allclose(kept.joined, music_vector(waltz()).joined, atol=1e-6)
            assert again.items()["n"].music is None

    def test_a_new_item_takes_the_place_of_the_old(self, index: Index) -> None:
        index.add(ITEMS)
        index.add([Item("n", "piece", "a furious tarantella"), Item("n", "piece", "a gentle berceuse")])
        assert Recall(index).search("berceuse")[0].item.id == "n" and len(index.items()) == 4
        index.remove(["n", "m"])
        assert set(index.items()) == {"w", "c"} and "m" not in {h.item.id for h in Recall(index).search("march", limit=10)}

    def test_questions_that_say_nothing_are_refused(self, index: Index) -> None:
        for wrong in ("", "  ", "the a of", "?!"):
            with pytest.raises(BadRequest, match="say something"):
                Recall(index).search(wrong)
        for limit in (0, 101):
            with pytest.raises(BadRequest, match="hits"):
                Recall(index).search("waltz", limit=limit)

    def test_another_process_makes_the_same_vectors(self) -> None:
        code = (
            "from ripieno.memory.embedding import stored\nfrom hashlib import sha256\n"
            "print(sha256(stored('a wistful waltz in B♭ minor', None).tobytes()).hexdigest())"
        )
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == sha256(embedding.stored("a wistful waltz in B♭ minor", None).tobytes()).hexdigest()
