"""Files of every kind become projects: what they say is kept, what they do not say is found and marked as inferred."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ripieno.app.cli import app
from ripieno.app.importing import read_file
from ripieno.score.brief import Origin
from ripieno.score.errors import BadFile
from ripieno.score.formats.abc import write_abc
from ripieno.score.formats.midi import write_midi
from ripieno.score.formats.musicxml import write_musicxml
from tests.score.pieces import waltz

TUNE = (
    "X:1\nT:The Reel\nM:4/4\nL:1/8\nQ:1/4=100\nK:Dmix\n"
    '|:"D"A2FA DAFA|"C"G2EG CGEG|"D"A2FA DAFA|"C"GEcE "D"D4:|\n|:"D"d2fd adfd|"C"c2ec gcec|"D"d2fd adfd|"C"gece "D"d4:|\n'
    "w: la la la\n"
)


def zipped(xml: bytes) -> bytes:
    """A compressed score."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", xml)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("w.mid", write_midi(waltz())), ("w.musicxml", write_musicxml(waltz())), ("w.mxl", zipped(write_musicxml(waltz()))),
        ("w.abc", write_abc(waltz()).encode()), ("no ending", write_abc(waltz()).encode()), ("w.dat", write_midi(waltz())),
    ],
)  # fmt: skip
def test_the_same_music_from_every_kind_of_file(tmp_path: Path, name: str, data: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    read = read_file(file)
    assert (read.piece.title, read.piece.bars, str(read.piece.key)) == ("A short waltz", 8, "B minor")
    assert [t.name for t in read.piece.tracks] == ["Flute", "Piano", "Cello", "Brushes"]
    assert read.piece.chords == waltz().chords
    assert read.intent.tempo is not None and read.intent.tempo.value == 138 and read.intent.tempo.origin is Origin.INFERRED


def test_a_tune_in_abc_becomes_a_project_and_can_be_edited(tmp_path: Path) -> None:
    file = tmp_path / "reel.abc"
    file.write_text(TUNE, encoding="utf-8")
    done = CliRunner().invoke(app, ["import", str(file), "--out", str(tmp_path), "--formats", "abc", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["table"]["bars"] == 16 and any("8 bars became 16" in r for r in told["remarks"])
    folder = next(p for p in tmp_path.iterdir() if p.is_dir())
    edited = CliRunner().invoke(app, ["edit", str(folder), "an octave lower", "--json", "--formats", "abc"])
    assert edited.exit_code == 0, edited.output
    text = next(folder.glob("*.abc")).read_text(encoding="utf-8")
    assert "K:DMix" in text and "w: la la la" in text


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.mid", b"", "starts with the header"), ("a.xml", b"<html/>", "MusicXML"), ("a.abc", b"X:1\nK:C\nz4|", "notes"),
        ("a.txt", b"hello", "MIDI, MusicXML or ABC"), ("a.mxl", b"PK\3\4 broken", "MusicXML"),
    ],
)  # fmt: skip
def test_what_is_no_music_is_a_clear_error(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadFile, match=words):
        read_file(tmp_path / name)
    result = CliRunner().invoke(app, ["import", str(tmp_path / name), "--out", str(tmp_path / "out")])
    assert result.exit_code != 0 and "Traceback" not in result.output
    assert not list((tmp_path / "out").glob("*"))
