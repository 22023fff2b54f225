"""Earlier pieces in a request: found by what they are and when they were made, used where nothing else is said, and named."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ripieno.agents.state import Overrides
from ripieno.app.cli import app
from ripieno.app.exports import ExportOrder
from ripieno.app.studio import Composition, Studio
from ripieno.memory.user import UserMemory
from ripieno.score.brief import Origin

MIDI = ExportOrder(formats=("midi",))
WALTZ, BEBOP, FIRE = "wistful-waltz-in-b-minor", "bebop-in-f-major", "campfire"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pieces with the home that knows them; copied for each test."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIPIENO_HOME", str(folder / "home"))
        studio = Studio(memory=True)
        for words in ("a wistful waltz in B minor, piano and cello, 16 bars", "bebop in F, sax, piano, bass, drums, 16 bars",
                      "a calm fireside folk song for guitar and voice, 16 bars, titled Campfire"):  # fmt: skip
            studio.compose(words, out=folder / "pieces", candidates=1, order=MIDI)
    return folder


@pytest.fixture
def studio(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    shutil.copytree(library / "pieces", tmp_path / "pieces")
    monkeypatch.setenv("RIPIENO_HOME", str(tmp_path / "home"))
    with closing(UserMemory(tmp_path / "home")) as user:
        user.library.watch(tmp_path / "pieces")
    yield Studio(memory=True)


def made(studio: Studio, words: str, **more: object) -> Composition:
    return studio.compose(words, out=Path("elsewhere"), candidates=1, order=MIDI, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def recalled(piece: Composition) -> str:
    return " ".join(n.message for n in piece.report.notices if n.about == "recall")


def test_a_piece_like_an_earlier_one_is_like_it_where_nothing_is_said(studio: Studio) -> None:
    piece = made(studio, "something like the waltz from today, but darker and twice as long")
    intent, table = piece.report.table.intent, piece.report.table
    assert table.metres[0].metre == "3/4" and (table.keys[0].key, table.keys[0].mode) == ("B", "minor") and table.bars == 32
    assert {t.instrument for t in table.tracks} == {"Grand piano", "Cello"}
    assert intent.style is not None and intent.style.value == "waltz" and intent.style.origin is Origin.INFERRED
    assert intent.tonic is not None and intent.tonic.words == "as in “Wistful Waltz in B minor”"
    assert intent.valence is not None and intent.valence.words == "darker than “Wistful Waltz in B minor”"
    assert intent.text == "something like the waltz from today, but darker and twice as long"
    assert WALTZ in recalled(piece) and "made today" in recalled(piece) and recalled(piece) in piece.reply


def test_what_is_said_wins_over_what_is_recalled(studio: Studio) -> None:
    piece = made(studio, "like campfire but in D minor at 140 bpm, 8 bars, with a flute, no voice")
    table, intent = piece.report.table, piece.report.table.intent
    assert (table.keys[0].key, table.keys[0].mode, table.bars, table.tempos[0].bpm) == ("D", "minor", 8, 140)
    assert {t.instrument for t in table.tracks} == {"Steel-string guitar", "Flute"}
    assert intent.tempo is not None and intent.tempo.origin is Origin.STATED and "tempo" not in recalled(piece)
    assert FIRE in recalled(piece) and "style" in recalled(piece)
    piece = made(studio, "like campfire", overrides=Overrides(tempo=99, key="Eb", instruments=("cello",)))
    assert piece.report.table.tempos[0].bpm == 99 and piece.report.table.keys[0].key == "Eb"
    assert [t.instrument for t in piece.report.table.tracks] == ["Cello"]
    piece = made(studio, "like my bebop, but as a bossa nova for guitar and flute")
    assert piece.report.style == "bossa_nova" and piece.report.table.keys[0].key == "F"
    assert {"Flute"} < {t.instrument for t in piece.report.table.tracks} and "tempo" not in recalled(piece)
    assert not recalled(made(studio, "my last song was slow")), "no words for likeness, no reference"


def test_a_piece_that_nobody_knows_is_said_with_what_there_is(studio: Studio) -> None:
    for words in ("like the polka from last year", "like my last tarantella", "similar to the waltz we made two weeks ago"):
        piece = made(studio, words)
        assert "I know no piece" in recalled(piece) and "Campfire" in recalled(piece), words
    for words in ("something like Satie", "a piece like the sea", "a waltz"):
        assert not recalled(made(studio, words)), words


def test_the_time_counts(studio: Studio, tmp_path: Path) -> None:
    with closing(UserMemory(tmp_path / "home", now=lambda: datetime.now().astimezone() + timedelta(days=7))) as user:
        assert studio._session.user is not None
        studio._session.user.now = user.now
    assert WALTZ in recalled(made(studio, "like the waltz from last week"))
    assert "I know no piece" in recalled(made(studio, "like the waltz from yesterday"))


def test_a_new_piece_in_an_old_project_recalls_too(studio: Studio, tmp_path: Path) -> None:
    with studio.open(tmp_path / "pieces" / BEBOP) as project:
        turn = project.say("compose a new piece like campfire, but livelier", candidates=1)
        assert "Campfire" in str(turn.reply) and project.piece().timeline.metre_at(0).numerator == 3
        assert "voice" in {t.id for t in project.piece().tracks}


def test_deleted_projects_and_a_damaged_index_stop_nobody(studio: Studio, tmp_path: Path) -> None:
    assert WALTZ in recalled(made(studio, "like my waltz"))
    shutil.rmtree(tmp_path / "pieces" / WALTZ)
    (tmp_path / "home" / "recall" / "index.db").write_bytes(b"nonsense " * 999)
    piece = made(Studio(memory=True), "like my last waltz")
    assert "made anew" in recalled(piece) and WALTZ not in recalled(piece)
    shutil.rmtree(tmp_path / "home")
    (tmp_path / "home").write_text("in the way", encoding="utf-8")
    piece = made(Studio(memory=True), "like my waltz")
    assert piece.piece.bars and ("cannot be recalled" in piece.reply)


def test_without_memory_nothing_is_looked_up_or_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIPIENO_HOME", str(tmp_path / "none"))
    assert not recalled(made(Studio(memory=False), "like my last waltz")) and not (tmp_path / "none").exists()


def test_the_command_finds_by_words_time_and_likeness(studio: Studio, tmp_path: Path) -> None:
    def find(*words: str) -> list[dict[str, str]]:
        return list(json.loads(CliRunner().invoke(app, ["memory", "find", *words, "--json"]).output)["pieces"])

    (waltz, *_) = find("sad waltz with a cello")
    assert Path(waltz["folder"]).name == WALTZ
    (latest, *_) = find()
    assert latest["made"] == "today" and latest["request"].endswith("Campfire") and len(find()) == 3
    assert find("waltz from last year") == [] and find("from today", "--limit", "2") == find("--limit", "2")
    assert Path(find("--like", str(tmp_path / "pieces" / BEBOP))[0]["folder"]).name == BEBOP
    words = CliRunner().invoke(app, ["memory", "find", "bebop"]).output
    assert "Bebop in F" in words and "today" in words


def test_nobody_gets_the_piece_of_yesterday_under_another_name_and_the_same_request_gets_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIPIENO_HOME", str(tmp_path / "home"))
    first, again = "lo-fi beat, 16 bars", "a chill lo-fi track, 16 bars"  # two ways to say the same thing, with the same seed
    found: dict[tuple[bool, str, int], Composition] = {}
    for memory in (False, True):
        studio = Studio(memory=memory)
        for turn, words in enumerate((first, again, first, again)):
            found[memory, words, turn // 2] = studio.compose(words, out=tmp_path / str(memory), order=MIDI)

    def tune(memory: bool, words: str) -> bytes:
        piece = found[memory, words, 0].piece
        return b"".join(t.notes.tobytes() for t in piece.tracks)

    assert tune(False, first) == tune(False, again), "without a memory the same notes come again: else this test tests nothing"
    assert tune(True, first) == tune(False, first) and tune(True, again) != tune(True, first)
    for words in (first, again):
        assert found[True, words, 0].piece.hash == found[True, words, 1].piece.hash
    ballot = next(b for b in found[True, again, 0].report.verdict.ballots if b.judge == "novelty")  # type: ignore[union-attr]
    assert any("made before" in reason for reason in ballot.reasons.values())
