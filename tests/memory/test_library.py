"""A person's pieces over many folders: found wherever they are, whatever becomes of the index, the projects, the process."""

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from ripieno.memory.library import Library, made_at, piece_of
from ripieno.memory.store import Store
from ripieno.score.errors import BadRequest
from tests.memory.killing import death_at, forked, said
from tests.memory.samples import louder, turn
from tests.score.pieces import waltz


def project(folder: Path, name: str, words: str, volume: int = 100) -> Path:
    (folder / name).mkdir(parents=True)
    with closing(Store(folder / name / "project.db")) as store:
        store.commit(turn(words, louder(waltz(), volume)))
    return folder / name


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def found(home: Path, words: str) -> list[str]:
    with closing(Library(home)) as library:
        assert library.follow() == ()
        return [Path(hit.item.data["project"]).name for hit in library.find(words)]


def test_pieces_are_found_over_folders_and_nothing_is_made_by_looking(tmp_path: Path, home: Path) -> None:
    with closing(Library(home)) as library:
        assert library.follow() == () and library.pieces() == () and library.find("waltz") == () and library.folders() == ()
        assert not home.exists()
        project(tmp_path / "a", "first", "a polka for accordion")
        project(tmp_path / "b", "second", "a nocturne")
        for folder in (tmp_path / "a", tmp_path / "b", tmp_path / "a"):
            library.watch(folder)
        assert set(library.folders()) == {tmp_path / "a", tmp_path / "b"}
        library.follow()
        (hit, *_) = library.find("polka")
        assert Path(hit.item.data["project"]).name == "first" and piece_of(hit.item).hash == hit.item.data["piece"]
        assert [i.data["request"] for i in library.pieces()] and made_at(hit.item)[0] <= made_at(hit.item)[1]
        nocturne = next(i for i in library.pieces() if "nocturne" in i.text)
        assert [h.item.id for h in library.find("polka", among=[nocturne])] in ([], [nocturne.id])
        with pytest.raises(BadRequest):
            library.find("")
        assert library.find(music=waltz(), limit=1)[0].score > 0.99


def test_deleted_and_moved_projects_are_followed(tmp_path: Path, home: Path) -> None:
    made = project(tmp_path / "a", "song", "a polka")
    with closing(Library(home)) as library:
        library.watch(tmp_path / "a")
    assert found(home, "polka") == ["song"]
    made.rename(tmp_path / "a" / "renamed")
    assert found(home, "polka") == ["renamed"]
    shutil.rmtree(tmp_path / "a")
    assert found(home, "polka") == []


@pytest.mark.parametrize(("index", "name"), [("own", "index.db"), ("chroma", "chroma/chroma.sqlite3")])
def test_a_damaged_index_is_made_anew_and_said(tmp_path: Path, home: Path, index: str, name: str) -> None:
    if index == "chroma":
        pytest.importorskip("chromadb", reason="chromadb is not installed: pip install -e '.[recall]'")
    project(tmp_path / "a", "song", "a polka")
    with closing(Library(home, index)) as library:
        library.watch(tmp_path / "a")
        library.follow()
    file = home / "recall" / name
    whole = file.read_bytes()
    for damage in (b"nonsense " * 2000, whole[: len(whole) // 2]):
        file.write_bytes(damage)
        with closing(Library(home, index)) as library:
            (told,) = library.follow()
            assert "made anew" in told and library.find("polka")[0].item.data["request"] == "do a polka"


def test_killed_at_any_moment_of_remembering_everything_is_found_by_the_next(
    tmp_path: Path, home: Path
) -> None:  # fmt: skip
    for i in range(3):
        project(tmp_path / "a", f"song-{i}", f"a polka number {i}", i)
    finished, step = False, 0
    while not finished:
        step += 1

        def work(write: int, step: int = step) -> None:
            point = death_at(step)
            with closing(Library(home)) as library:
                library.watch(tmp_path / "a")
                point("folder")
                opened = library._opened()
                opened._index._file.set_trace_callback(point)  # type: ignore[attr-defined]
                library.follow()
            os.write(write, b"finished\n")

        finished = bool(said(*forked(work)))
        assert not list((home / "folders").glob(".new-*")), "no half file"
    assert step > 5 and sorted(found(home, "polka")) == ["song-0", "song-1", "song-2"]


def test_two_processes_follow_at_once(tmp_path: Path, home: Path) -> None:
    for i in range(6):
        project(tmp_path / "a", f"song-{i}", f"a polka number {i}", i)

    def work(write: int) -> None:
        with closing(Library(home)) as library:
            library.watch(tmp_path / "a")
            for _ in range(5):
                library.follow()
                os.write(write, f"{len(library.find('polka', limit=10))}\n".encode())

    children = [forked(work) for _ in range(3)]
    counts = [row for child in children for row in said(*child)]
    assert counts == [["6"]] * 15
    assert len(list((home / "folders").iterdir())) == 1
