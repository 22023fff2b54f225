"""The way from collections to shards: terms, duplicates, splits, cutting off and going on."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ripieno.generators.lm.data import build as builder
from ripieno.generators.lm.data.card import write_attribution
from ripieno.generators.lm.data.prepare import Prepared, files_of, prepare, written_chords
from ripieno.generators.lm.data.settle import settle
from ripieno.generators.lm.data.shards import read_shard, write_shard
from ripieno.generators.lm.data.sources import LEFT_OUT, SOURCES, TRAINING, Source, terms_of
from ripieno.generators.lm.data.splits import SPLITS, Entry, assign, pieces_of
from ripieno.generators.lm.vocabulary import STYLES
from ripieno.score.errors import BadFile
from ripieno.score.formats.midi import write_midi
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Track, make_notes
from ripieno.score.time import Timeline

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
TUNE = [60, 62, 64, 67, 65, 64, 62, 71, 72, 69, 66, 67, 60, 59, 62, 65, 64, 70, 69, 67, 64, 60, 57, 62, 64, 65, 59, 60]


def song(seed: int, up: int = 0) -> Piece:
    """A tune of its own over long basses."""
    rng = np.random.default_rng(seed)
    tune = rng.permutation(TUNE * 3).tolist()
    rows = [(i * 240, 240, p + up, 80) for i, p in enumerate(tune)]
    bass = [(i * 1920, 1920, 43 + up + 5 * (i % 2), 80) for i in range(len(tune) // 8 + 1)]
    tracks = (Track("tune", "Tune", Role.LEAD, "violin", make_notes(rows)),
              Track("bass", "Bass", Role.BASS, "cello", make_notes(bass)))  # fmt: skip
    return Piece("Song", Timeline(), len(tune) // 8 + 1, (KeyChange(0, Key("C")),), (), (), tracks)


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Source]:
    """A data directory with one collection of 70 songs, one of them twice (once a tone higher), and a file that is no MIDI."""
    if shutil.which("zstd") is None:
        pytest.skip("collections are packed with zstd")
    folder, files = tmp_path / "data" / "songs", tmp_path / "made"
    folder.mkdir(parents=True)
    files.mkdir()
    for i in range(70):
        (files / f"{i:02}.mid").write_bytes(write_midi(song(i)))
    (files / "twice.mid").write_bytes(write_midi(song(3, up=2)))
    (files / "zz.mid").write_bytes(b"no music")
    tar = subprocess.run(["tar", "c", "-C", files, "."], check=True, capture_output=True).stdout
    subprocess.run(["zstd", "-q", "-o", folder / "songs.tar.zst"], input=tar, check=True)
    (folder / "README.md").write_text("- **License**: CC0 1.0\n- **Attribution to carry**: nobody\n", encoding="utf-8")
    (folder / "LICENSE.txt").write_text("CC0", encoding="utf-8")
    source = Source("songs", "songs", "*.mid", "CC0")
    monkeypatch.setitem(TRAINING, "songs", source)
    return tmp_path, source


def test_a_run_that_is_cut_off_goes_on_and_gives_the_same(
    collection: tuple[Path, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = collection
    builder.build(root / "data", root / "whole", ("songs",))
    real, calls = prepare, list[Path]()

    def failing(source: Source, where: Path, path: Path) -> Prepared | str:
        calls.append(path)
        if len(calls) == 68:
            raise KeyboardInterrupt
        return real(source, where, path)

    monkeypatch.setattr(builder, "prepare", failing)
    with pytest.raises(KeyboardInterrupt):
        builder.build(root / "data", root / "cut", ("songs",))
    assert [p.name for p in (root / "cut" / "shards").iterdir()] == ["songs-0000.npz"]
    builder.build(root / "data", root / "cut", ("songs",))
    assert len(calls) == 68 + 72 - 64
    for name in ("shards/songs-0000.npz", "shards/songs-0001.npz"):
        for a, b in zip(read_shard(root / "whole" / name), read_shard(root / "cut" / name), strict=True):
            assert (a.path, a.loss, a.work) == (b.path, b.loss, b.work) and (a.codes == b.codes).all()
            assert all((x.rows == y.rows).all() for x, y in zip(a.sheet.parts, b.sheet.parts, strict=True))
    table = json.loads((root / "cut" / "splits.json").read_text(encoding="utf-8"))
    assert len(table) == 71 and sum(v.startswith("duplicate of") for v in table.values()) == 1
    assert "duplicate" in table["songs/twice.mid"] + table["songs/03.mid"]
    assert sum(len(list(pieces_of(root / "cut", s))) for s in SPLITS) == 70
    card = (root / "cut" / "CARD.md").read_text(encoding="utf-8")
    (root / "weights").mkdir()
    write_attribution(root / "data", root / "cut", root / "weights")
    assert "To carry: nobody" in (root / "weights" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "CC0 1.0. To carry: nobody" in card and "| songs | 71 | 1 |" in card and "1 files: " in card


@pytest.mark.parametrize("missing", ["README.md", "LICENSE.txt", "License", "Attribution to carry"])
def test_nothing_is_read_where_terms_are_missing(collection: tuple[Path, Source], missing: str) -> None:
    root, _ = collection
    folder = root / "data" / "songs"
    if missing.endswith((".md", ".txt")):
        (folder / missing).unlink()
    else:
        text = (folder / "README.md").read_text(encoding="utf-8")
        (folder / "README.md").write_text(text.replace(missing, "Something else"), encoding="utf-8")
    with pytest.raises(BadFile, match="terms"):
        builder.build(root / "data", root / "out", ("songs",))
    assert not (root / "out").exists()


def test_every_source_names_its_terms() -> None:
    assert all(s.terms.strip() for s in TRAINING.values())
    assert SOURCES.keys() < TRAINING.keys()
    if SHARED.is_dir():  # the collections themselves lie beside the repository, not in it
        for source in TRAINING.values():
            terms_of(SHARED / source.folder)
        assert {s.folder for s in TRAINING.values()} | set(LEFT_OUT) == {p.name for p in SHARED.iterdir() if p.is_dir()}


def test_a_damaged_shard_is_refused(collection: tuple[Path, Source], tmp_path: Path) -> None:
    root, _ = collection
    builder.build(root / "data", root / "out", ("songs",), limit=2)
    path = root / "out" / "shards" / "songs-0000.npz"
    data = path.read_bytes()
    for cut in (data[: len(data) // 2], b"", b"PK\x03\x04 nothing"):
        path.write_bytes(cut)
        with pytest.raises(BadFile, match="build"):
            list(read_shard(path))


def test_tunes_stay_on_one_side() -> None:
    rng = np.random.default_rng(0)
    own = [np.unique(rng.integers(0, 2**32, 40).astype(np.uint32)) for _ in range(60)]
    entries = [Entry(f"p{i}", f"w{i}", "", codes) for i, codes in enumerate(own)]
    kin = np.unique(np.concatenate((own[0][:15], rng.integers(0, 2**32, 30).astype(np.uint32))))
    entries += [Entry("kin", "elsewhere", "", kin), Entry("copy", "another", "", own[5])]
    entries += [Entry("movement", "w7", "", own[8][:3])]
    entries.append(Entry("told", "told", "test", rng.integers(0, 2**32, 40).astype(np.uint32)))
    table = assign(entries)
    assert table["kin"] == table["p0"] and table["movement"] == table["p7"] and table["told"] == "test"
    assert {table["copy"], table["p5"]} >= {"duplicate of copy"} or table["copy"] == "duplicate of p5"
    assert table == assign(reversed(entries))


def test_labels_chords_and_drums_of_the_collections(tmp_path: Path) -> None:
    piece = song(1)
    spans = written_chords(piece, ((0.0, "C7"), (4.0, "what?"), (8.0, "Dm")))
    assert [(s.start, s.end, s.chord.symbol) for s in spans] == [(0, 1920, "C7"), (3840, piece.ticks, "Dm")]
    settled = settle(piece, SOURCES["quartets"])
    assert settled is not None and [t.role for t in settled.tracks] == [Role.LEAD, Role.BASS]
    kit = Track("kit", "Kit", Role.DRUMS, "room_kit", make_notes([(i * 240, 60, 22 + 18 * (i % 2), 90) for i in range(64)]))
    folder = tmp_path / "drummer1" / "session1"
    folder.mkdir(parents=True)
    path = folder / "5_latin-samba_104_beat_4-4.mid"
    path.write_bytes(write_midi(replace(piece, tracks=(kit,))))
    relative = str(path.relative_to(tmp_path))
    (tmp_path / "info.csv").write_text(f"midi_filename,split\n{relative},test\n", encoding="utf-8")
    grooves = TRAINING["grooves"]
    assert files_of(grooves, tmp_path) == [path]
    made = prepare(grooves, tmp_path, path)
    assert isinstance(made, Prepared) and made.split == "test" and STYLES[made.sheet.style] == "latin"
    assert set(made.sheet.parts[0].rows["pitch"].tolist()) == {42, 38}
    write_shard(tmp_path / "one.npz", [made], {})
    assert next(read_shard(tmp_path / "one.npz")).work == made.work
