"""A project's MIDI file goes through another program and comes back: what was changed there, and no more, is a new version."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import pytest

from ripieno.app.importing import take_in
from ripieno.app.project import Project, Turn
from ripieno.app.studio import Studio
from ripieno.score.errors import BadFile
from ripieno.score.formats.midi import write_midi


@dataclass(frozen=True)
class Workstation:
    """What a person does to a file in a sequencer that keeps no text events and counts in ticks of its own."""

    ppq: int = 480
    rename: tuple[str, str] = ("", "")
    remove: str = ""
    louder: str = ""
    tempo: float = 0
    add: bool = False

    def save(self, data: bytes) -> bytes:
        """The file as it leaves the sequencer."""
        read = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
        out = mido.MidiFile(ticks_per_beat=self.ppq, charset="utf-8")
        for track in read.tracks:
            if track.name == self.remove:
                continue
            now = last = 0
            copy = mido.MidiTrack()
            out.tracks.append(copy)
            for message in track:
                now += message.time
                if message.type == "text":
                    continue
                tick = round(now * self.ppq / read.ticks_per_beat)
                copy.append(self._changed(message, track.name).copy(time=tick - last))
                last = tick
        if self.add:
            kinds = (("note_on", 0), ("note_off", 240))
            notes = [mido.Message(kind, channel=8, note=84 + i, time=time) for i in range(8) for kind, time in kinds]
            name = mido.MetaMessage("track_name", name="Bells")
            out.tracks.append(mido.MidiTrack([name, mido.Message("program_change", channel=8, program=9), *notes]))
        saved = io.BytesIO()
        out.save(file=saved)
        return saved.getvalue()

    def _changed(self, message: mido.Message, track: str) -> mido.Message:
        if message.type == "track_name" and message.name == self.rename[0]:
            return message.copy(name=self.rename[1])
        if message.type == "set_tempo" and self.tempo:
            return message.copy(tempo=mido.bpm2tempo(self.tempo))
        if message.type == "note_on" and message.velocity and track == self.louder:
            return message.copy(velocity=min(127, message.velocity + 10))
        return message


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("song")
    with Studio().open(folder, new=True) as opened:
        opened.say("a pop song in G, vocals, piano, strings, bass and drums, 16 bars, verse and chorus", candidates=1)
        yield opened


def taken(project: Project, data: bytes, folder: Path) -> tuple[Turn, tuple[str, ...]]:
    """The turn of taking a file in."""
    file = folder / "changed.mid"
    file.write_bytes(data)
    turn, remarks = take_in(project, file)
    assert isinstance(turn, Turn)
    return turn, remarks


@pytest.mark.parametrize("ppq", [480, 960, 96])
def test_what_nobody_changed_comes_back_byte_for_byte(project: Project, tmp_path: Path, ppq: int) -> None:
    before = project.piece()
    turn, remarks = taken(project, Workstation(ppq).save(write_midi(before)), tmp_path)
    assert project.piece() == before and "Nothing had to change" in turn.reply and not remarks


def test_what_was_changed_is_told_and_nothing_else(project: Project, tmp_path: Path) -> None:
    before = project.piece()
    voice, piano, strings, bass, drums = (t.name for t in before.tracks)
    number = project.version().number
    hands = Workstation(960, rename=(voice, "Lead vox"), remove=strings, louder=bass, tempo=100, add=True)
    taken(project, hands.save(write_midi(before)), tmp_path)
    said = project.diff(number).lines
    assert len(said) == 5, said
    assert {f"Lead vox: called so instead of {voice}", f"{strings} removed", f"{bass}: louder by 10"} < set(said)
    assert {line.split()[0] for line in said} >= {"tempo", "Bells:"}
    after = project.piece()
    for name in (piano, drums):
        id_ = next(t.id for t in before.tracks if t.name == name)
        assert after.track(id_).hash == before.track(id_).hash
    assert (after.sections, after.chords, after.keys) == (before.sections, before.chords, before.keys)
    project.say("undo")
    assert project.piece() == before


def test_of_a_file_that_breaks_off_what_can_be_read_is_taken_and_the_rest_is_said(project: Project, tmp_path: Path) -> None:
    before = project.piece()
    data = write_midi(before)
    turn, remarks = taken(project, data[: len(data) * 2 // 3], tmp_path)
    assert (any("cut off" in r for r in remarks) and "taken out" in turn.reply) or "removed" in turn.reply
    project.say("undo")
    with pytest.raises(BadFile):
        taken(project, data[:20], tmp_path)
    assert project.piece() == before
