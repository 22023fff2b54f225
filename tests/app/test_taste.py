"""Taste: learnt over projects from what a person does, used where they say nothing, never against what they say."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ripieno.app.chat import Chat
from ripieno.app.cli import app
from ripieno.app.project import Project, Turn
from ripieno.app.studio import Studio
from ripieno.memory.preferences import Preference
from ripieno.memory.user import TASTE, UserMemory

SONG = "a pop song in G, vocals, piano, bass and drums, 8 bars"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIPIENO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RIPIENO_MEMORY", "on")
    return tmp_path / "home"


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio()


def said(project: Project, *words: str) -> Turn:
    """Turns that are done at once; the last of them."""
    done: list[Turn] = []
    for each in words:
        turn = project.say(each, candidates=1)
        assert isinstance(turn, Turn), turn
        done.append(turn)
    return done[-1]


def in_projects(studio: Studio, folder: Path, count: int, *words: str, song: str = SONG) -> Turn:
    """The same conversation in several new projects."""
    for i in range(count):
        with studio.open(folder / f"{words[-1][:20]}-{i}", new=True) as project:
            turn = said(project, song, *words)
    return turn


def known(home: Path) -> dict[str, Preference]:
    """What is known, by matter and value."""
    with closing(UserMemory(home)) as user:
        return {f"{p.about} {p.value}": p for p in user.preferences()}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def volume(turn: Turn, track: str = "drums") -> int:
    return turn.piece.track(track).mix.volume


def test_who_turns_the_drums_down_in_three_projects_gets_them_lower_in_the_fourth(
    studio: Studio, home: Path, tmp_path: Path
) -> None:  # fmt: skip
    usual = in_projects(studio, tmp_path / "first", 1, "the bass an octave higher")
    in_projects(studio, tmp_path / "two", 2, "turn the drums down", "add a flute")
    assert volume(in_projects(studio, tmp_path / "early", 1, "add strings")) == volume(usual), "two projects are no habit"
    in_projects(studio, tmp_path / "third", 1, "make the drums quieter")
    (lower,) = (p for name, p in known(home).items() if name == "drums.volume lower")
    assert lower.projects == 3 and [e.how for e in lower.evidence] == ["edited", "kept", "edited", "kept", "edited"]
    with studio.open(tmp_path / "fourth", new=True) as project:
        turn = said(project, SONG)
        assert volume(turn) == volume(usual) + (lower.amount or 0) < volume(usual)
        told = [n.message for n in turn.report.notices if n.about == "preferences"]
        assert len(told) == 1 and "you usually turn the drums down (seen 5 times in 3 projects" in told[0]
        again = said(project, "a bit slower", "add strings")
        assert volume(again) == volume(turn), "no edit is changed by taste"
    assert known(home)["drums.volume lower"].times == 5, "what Ripieno did itself teaches nothing"
    with Studio(memory=False).open(tmp_path / "without", new=True) as project:
        turn = said(project, SONG, "turn the drums down")
        assert volume(turn) == volume(usual) + (lower.amount or 0) and not turn.report.notices
    assert known(home)["drums.volume lower"].times == 5


@pytest.mark.parametrize("words", ["with loud drums", "with pounding drums", "played fortissimo", "solo drums"])
def test_a_stated_wish_wins(studio: Studio, home: Path, tmp_path: Path, words: str) -> None:
    with studio.open(tmp_path / "a", new=True) as project:
        said(project, SONG, "I always want the drums quieter")
    with studio.open(tmp_path / "b", new=True) as project:
        turn = said(project, "solo drums, 8 bars" if words == "solo drums" else f"{SONG}, {words}")
    with Studio(memory=False).open(tmp_path / "c", new=True) as project:
        other = said(project, "solo drums, 8 bars" if words == "solo drums" else f"{SONG}, {words}")
    assert turn.piece.hash == other.piece.hash and not [n for n in turn.report.notices if n.about == "preferences"]


def test_undo_takes_back_what_was_learnt_and_redo_brings_it_again(studio: Studio, home: Path, tmp_path: Path) -> None:
    with studio.open(tmp_path / "a", new=True) as project:
        said(project, SONG, "turn the drums up")
        assert known(home)["drums.volume higher"].times == 1
        said(project, "undo")
        assert known(home) == {}
        said(project, "redo")
        assert known(home)["drums.volume higher"].times == 1
        said(project, "undo", "turn the drums up", "that's too much")
        assert known(home)["drums.volume higher"].times == 1 and known(home)["drums.volume higher"].amount == 7
        said(project, "lock the drums")
        assert [e.how for e in known(home)["drums.volume higher"].evidence] == ["edited", "kept", "locked"]


def test_tempo_and_players_follow_taste_only_where_nobody_spoke(studio: Studio, home: Path, tmp_path: Path) -> None:
    plain = Studio(memory=False)

    def both(words: str) -> tuple[Turn, Turn]:
        turns = []
        for i, each in enumerate((studio, plain)):
            with each.open(tmp_path / f"{words[:30]}{i}", new=True) as project:
                turns.append(said(project, words))
        return turns[0], turns[1]

    with studio.open(tmp_path / "taste", new=True) as project:
        said(project, "a rock song, 8 bars", "I usually like it slower", "from now on no drums")
    assert {"tempo slower", "drums.presence out"} <= known(home).keys()
    mine, usual = both("a rock song, 8 bars")
    assert mine.report.table.tempos[0].bpm < usual.report.table.tempos[0].bpm
    assert not any(t.is_drum for t in mine.piece.tracks) and any(t.is_drum for t in usual.piece.tracks)
    assert sum(n.about == "preferences" for n in mine.report.notices) == 2
    assert mine.report.table.intent.tempo is not None and mine.report.table.intent.tempo.origin == "default"
    for words in ("a fast rock song, guitar, bass and drums, 8 bars", "rock at 140 bpm, guitar, bass, drums, 20 seconds"):
        mine, usual = both(words)
        assert mine.piece.hash == usual.piece.hash, words
    mine, usual = both("an energetic rock song, 8 bars")
    assert mine.report.table.tempos[0].bpm == usual.report.table.tempos[0].bpm


def test_what_concerns_a_place_or_everybody_teaches_nothing(studio: Studio, home: Path, tmp_path: Path) -> None:
    with studio.open(tmp_path / "a", new=True) as project:
        said(project, SONG, "drums softer in bars 1 to 4", "everything a bit louder", "mute the drums", "why these chords?")
    assert known(home) == {} and not (home / TASTE).exists()


def test_the_commands_show_edit_and_forget(
    studio: Studio, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert "Nothing is known" in run("memory", "list").output and not home.exists()
    assert run("memory", "forget", "7").exit_code == 1 or not home.exists()
    in_projects(studio, tmp_path, 1, "I always want the drums quieter", "bass louder")
    rows = json.loads(run("memory", "list", "--json").output)
    assert [(r["about"], r["acts"]) for r in rows] == [("drums.volume", True), ("bass.volume", False)]
    with studio.open(tmp_path / "chat", new=True) as project:
        Chat(project, iter(["/memory", "/quit"]).__next__).run()
    assert "You usually turn the drums down." in " ".join(capsys.readouterr().out.split())
    number = str(rows[0]["id"])
    shown = run("memory", "show", number).output
    assert "You usually turn the drums down." in shown and "said" in shown and "quieter" in shown
    run("memory", "set", number, "--weight", "0.1", "--statement", "Drums behind.")
    assert json.loads(run("memory", "show", number, "--json").output)["statement"] == "Drums behind."
    assert not json.loads(run("memory", "list", "--json").output)[0]["acts"]
    assert run("memory", "forget", "drums.volume").output == "Forgotten: 1.\n"
    assert run("memory", "forget", "--all").output == "Forgotten: 1.\n" and known(home) == {}


# --- faults --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def spoken(studio: Studio, home: Path, tmp_path: Path) -> Iterator[Project]:
    with studio.open(tmp_path / "song", new=True) as project:
        said(project, SONG, "I always want the drums quieter")
        yield project


def test_a_turn_goes_on_where_the_taste_is_locked_damaged_or_gone(spoken: Project, home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / TASTE)) as rival:
        rival.execute("begin exclusive")
        turn = said(spoken, "make the bass quieter")
        assert turn.version.number == 3 and "could not be written" in turn.reply
    assert known(home).keys() == {"drums.volume lower"}
    shutil.rmtree(home)
    home.mkdir()
    (home / TASTE).write_bytes(b"nonsense " * 1000)
    with Studio().open(tmp_path / "other", new=True) as project:
        turn = said(project, SONG, "make the bass quieter")
        assert turn.version.number == 2 and "could not be read" in " ".join(n.message for n in turn.report.notices)
    shutil.rmtree(home)
    home.write_text("a file in the way", encoding="utf-8")
    with Studio().open(tmp_path / "third", new=True) as project:
        turn = said(project, SONG, "make the bass quieter")
        assert turn.version.number == 2 and "could not be written" in turn.reply
