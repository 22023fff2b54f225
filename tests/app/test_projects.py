"""Projects on the command line and in Python: a conversation over many turns, its versions, its files."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest
from typer.testing import CliRunner, Result

from ripieno.app.chat import Chat
from ripieno.app.cli import app
from ripieno.app.manifest import Manifest
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.studio import Studio
from ripieno.score.errors import BadRequest, Retryable

SONG = "a pop song in G, vocals, piano, strings, bass and drums, 16 bars, verse and chorus"


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


@pytest.fixture
def project(studio: Studio, tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "song"
    folder.mkdir()
    with studio.open(folder, new=True) as opened:
        said(opened, SONG)
        yield opened


def said(project: Project, words: str) -> Turn:
    """A turn that is done at once."""
    turn = project.say(words, candidates=1)
    assert isinstance(turn, Turn), turn
    return turn


def run(*words: str) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(app, list(words))


def test_a_conversation_changes_what_was_named_and_undo_takes_back_exactly_one_turn(project: Project) -> None:
    before = project.piece()
    turn = said(project, "bring the strings up an octave in the chorus")
    after = turn.piece
    assert [t.id for t in after.tracks if t.hash != before.track(t.id).hash] == ["strings"]
    assert "octave higher" in turn.reply and turn.version.number == 2
    said(project, "a bit slower")
    assert said(project, "undo").version.number == 2
    assert project.piece().hash == after.hash
    assert said(project, "redo").version.number == 3
    assert said(project, "go back to the first version").version.number == 1
    assert project.piece().hash == before.hash
    assert [row.number for row in project.log()] == [3, 2, 1], "every version stays reachable"


def test_a_question_waits_in_the_project_and_can_be_answered_later(studio: Studio, project: Project) -> None:
    asked = project.say("lower the strings")
    assert isinstance(asked, Asked) and "1." in asked.reply
    with studio.open(project.place.folder or "") as again:  # as another process would
        assert again.under_way() is not None
        turn = again.say("the second one")
    assert isinstance(turn, Turn) and "octave lower" in turn.reply
    assert project.under_way() is None


def test_a_careful_person_sees_the_plan_first(project: Project) -> None:
    head = project.version().id
    asked = project.say("remove the piano", confirm=True)
    assert isinstance(asked, Asked) and "piano" in asked.reply.lower()
    declined = project.say("no")
    assert isinstance(declined, Turn) and project.version().id == head and "Nothing was changed" in declined.reply
    project.say("remove the piano", confirm=True)
    done = project.say("yes")
    assert isinstance(done, Turn) and "piano" not in {t.id for t in done.piece.tracks}


def test_what_is_kept_stays_until_it_is_released(project: Project) -> None:
    said(project, "keep the melody as it is from now on")
    with pytest.raises(Retryable, match="kept"):
        project.say("make the melody staccato")
    said(project, "unlock the melody")
    assert "shorter" in said(project, "make the melody staccato").reply


def test_questions_make_no_version(project: Project) -> None:
    number = project.version().number
    assert "G major" in said(project, "what key is it in?").reply
    assert "dominant" in said(project, "why these chords?").reply
    assert project.version().number == number
    assert len(project.conversation()) == 3


def test_impossible_wishes_change_nothing_and_say_what_is_possible(project: Project) -> None:
    head = project.version().id
    for words in ("tempo -50", "mute the tuba", "make bar 99 louder", "flarp the zonk"):
        with pytest.raises((BadRequest, Retryable)) as refused:
            project.say(words)
        assert refused.value.cure
    assert project.version().id == head and project.under_way() is None


def test_the_commands_do_the_same(project: Project) -> None:
    folder = str(project.place.folder)
    edited = run("edit", folder, "mute the drums", "--json")
    assert edited.exit_code == 0, edited.output
    told = json.loads(edited.stdout)
    assert told["number"] == 2 and told["report"]["changes"] and any(f.endswith(".mid") for f in told["files"])
    assert json.loads(run("show", folder, "--json").stdout)["number"] == 2
    assert [v["number"] for v in json.loads(run("log", folder, "--json").stdout)["versions"]] == [2, 1]
    difference = json.loads(run("diff", folder, "1", "2", "--picture", f"{folder}/d.png", "--json").stdout)
    assert difference["changes"] == ["Standard drum kit muted"] and Path(folder, "d.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads(run("undo", folder, "--json").stdout)["number"] == 1
    assert json.loads(run("redo", folder, "--json").stdout)["number"] == 2
    assert run("branch", folder, "darker").exit_code == 0
    assert json.loads(run("branch", folder, "--json").stdout)["branch"] == "darker"
    assert json.loads(run("checkout", folder, "main", "--json").stdout)["number"] == 2
    assert json.loads(run("verify", folder, "--json").stdout)["whole"] is True
    waiting = run("edit", folder, "lower the strings", "--json")
    assert waiting.exit_code == 3 and json.loads(waiting.stdout)["asks"]["options"]
    assert run("edit", folder, "the first one").exit_code == 0


def test_a_file_changed_by_hand_is_taken_in_and_never_overwritten_unasked(project: Project) -> None:
    folder = project.place.folder
    assert folder is not None
    assert run("export", str(folder), "--formats", "midi").exit_code == 0
    (file,) = folder.glob("*.mid")
    midi = mido.MidiFile(str(file))
    track = next(t for t in midi.tracks if any(m.type == "note_on" for m in t))
    next(m for m in track if m.type == "note_on").velocity = 1
    midi.save(str(file))
    by_hand = file.read_bytes()
    assert [p.name for p in Manifest(folder).changed()] == [file.name]
    said(project, "mute the bass")
    written = json.loads(run("export", str(folder), "--formats", "midi", "--json").stdout)
    assert file.read_bytes() == by_hand and written["kept"] == [str(file)] and "-v2" in written["files"][0]
    taken = run("import", str(file), "--into", str(folder), "--formats", "")
    assert taken.exit_code == 0, taken.output
    assert project.conversation()[-1].text.endswith("changed by hand")
    changed = project.diff(1).lines
    assert len(changed) == 1 and "softer" in changed[0], changed


def test_other_peoples_music_becomes_a_project(project: Project, tmp_path: Path) -> None:
    foreign = tmp_path / "theirs.mid"
    midi = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    midi.tracks.append(track)
    for i in range(64):
        track.append(mido.Message("note_on", note=(60, 64, 67, 72)[i % 4], velocity=80, time=0))
        track.append(mido.Message("note_off", note=(60, 64, 67, 72)[i % 4], time=96))
    midi.save(str(foreign))
    done = run("import", str(foreign), "--out", str(tmp_path / "new"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["table"]["bars"] == 16 and told["table"]["chords"] and told["table"]["sections"]
    folder = str(next((tmp_path / "new").iterdir()))
    edited = run("edit", folder, "transpose it up an octave and make it minor", "--json")
    assert edited.exit_code == 0, edited.output


def test_a_chat_goes_on_after_mistakes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    lines = iter(
        ["a bit faster", "flarp", "/undo", "/log", "/diff 1 2", "/branch", "/nonsense", "/help", "/quit", "never read"]
    )
    Chat(project, lambda: next(lines)).run()
    shown = capsys.readouterr()
    assert "tempo" in shown.out.lower() and "Back to version 1" in shown.out and "There is no /nonsense" in shown.out
    assert next(lines) == "never read"


def test_turns_can_be_awaited(project: Project) -> None:
    turn = asyncio.run(project.asay("mute the bass"))
    assert isinstance(turn, Turn) and "muted" in turn.reply
