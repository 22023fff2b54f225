"""The free collections that music is learnt from and compared with: which they are, their terms, and their files.

A collection is a folder of a data directory with `*.tar.zst` archives, mostly `index.jsonl.zst`, and a README.md that states
licence and attribution. A folder whose README states none is not read (`terms_of`).
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ripieno.score.errors import BadFile, MissingPart


@dataclass(frozen=True)
class Source:
    """A collection: its folder, which of its files count, and what its files leave open.

    Attributes:
        folder: name in the data directory.
        pattern: glob of the MIDI files.
        terms: licence and attribution.
        aligned: whether bar lines are where they should be.
        voices: whether each track is one voice of an ensemble (roles then follow the order of pitch).
        dynamics: whether loudness was played or written (scores say little of it).
        players: whether each track is one player with the instrument that its program names. Not so where hymns are
            played on a piano, where a track is a section of an orchestra, or where a program is only a sound.
        ends: whether pieces end. Music for games goes round.
    """

    name: str
    folder: str
    pattern: str
    terms: str
    aligned: bool = True
    voices: bool = False
    dynamics: bool = False
    players: bool = True
    ends: bool = True


SOURCES: dict[str, Source] = {
    s.name: s
    for s in (
        Source("quartets", "openscore_quartets", "scores/*/*/*.mid", "OpenScore String Quartets, CC0", voices=True),
        Source("hymns", "open_hymnal", "midi/Complete/*/*.mid", "Open Hymnal Project, public domain", aligned=False,
               voices=True, players=False),
        Source("lieder", "openscore_lieder", "scores/*/*/*/*.mid", "OpenScore Lieder Corpus, CC0"),
        Source("mutopia", "mutopia_pd_by", "**/*.mid",
               "Mutopia Project, public domain or CC BY (per piece: ATTRIBUTION.csv)", aligned=False),
        Source("orchestra", "openscore_orchestra", "data/**/*.mid", "OpenScore Orchestra, CC0", players=False),
        Source("chopin", "nifc_chopin_first_editions", "kern/*.mid", "The Fryderyk Chopin Institute, CC BY 4.0"),
        Source("polish", "nifc_polish_scores", "*/kern/*.mid",
               "Polish Music Heritage in Open Access, The Fryderyk Chopin Institute, CC BY 4.0", players=False),
        Source("lead sheets", "openewld_strict_pd", "dataset/*/*/*.mid", "OpenEWLD, Federico Simonetta, MIT"),
        Source("game", "freedoom_music", "current/**/*.mid", "Contributors to the Freedoom project, BSD-3", dynamics=True,
               players=False, ends=False),
        Source("film", "tannerhelland_free_music", "*.mid", "music by Tanner Helland, CC BY 4.0", dynamics=True, players=False,
               ends=False),
    )
}  # fmt: skip
# What is learnt from in addition, but not compared with: drums alone, and game music that is less vetted.
TRAINING: dict[str, Source] = SOURCES | {
    s.name: s
    for s in (
        Source("game history", "freedoom_music", "history/**/*.mid", "Contributors to the Freedoom project, BSD-3",
               dynamics=True, players=False, ends=False),
        Source("fantasy", "blasphemer_music", "*.mid", "Contributors to the Blasphemer project, BSD-3", dynamics=True,
               players=False, ends=False),
        Source("grooves", "groove_midi", "drummer*/*/*.mid",
               "Groove MIDI Dataset, Gillick, Roberts, Engel, Eck and Bamman, Google LLC, CC BY 4.0", dynamics=True,
               ends=False),
    )
}  # fmt: skip
# What lies in the data directory and is not read, with the reason. A test compares this with the folders.
LEFT_OUT = {
    "mcgill_billboard_chords": "chords and form without notes: nothing that a model of notes could learn from as it is",
    "mood_tagged_progressions": "190 progressions without notes",
}
# ABC, MusicXML and Roman-numeral files of the collections are not read: they hold the pieces that their MIDI holds.
_LICENCE, _ATTRIBUTION = "- **License**:", "- **Attribution to carry**:"


@dataclass(frozen=True)
class Terms:
    """Licence and attribution of a folder, as its README states them."""

    licence: str
    attribution: str


def terms_of(folder: Path) -> Terms:
    """The terms of a collection.

    Raises:
        BadFile: README.md or LICENSE.txt is missing, or the README states no licence or no attribution.
    """
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    found = {mark: line.removeprefix(mark).strip() for line in text.splitlines() for mark in (_LICENCE, _ATTRIBUTION)
             if line.startswith(mark)}  # fmt: skip
    licence = folder / "LICENSE.txt"
    if not found.get(_LICENCE) or not found.get(_ATTRIBUTION) or not licence.is_file() or not licence.stat().st_size:
        raise BadFile(
            "Music is learnt from only where its terms are stated: README.md with licence and attribution, and LICENSE.txt",
            value=folder, cause="the folder is not one of the cleared collections", cure="state its terms, or leave it out",
        )  # fmt: skip
    return Terms(found[_LICENCE], found[_ATTRIBUTION])


def unpack(data: Path, cache: Path, source: Source) -> Path:
    """The folder with the files of a source, unpacked on first use.

    Raises:
        MissingPart: the programs `zstd` and `tar` are not on this machine.
    """
    target = cache / source.folder
    if not target.exists():
        if shutil.which("zstd") is None or shutil.which("tar") is None:
            raise MissingPart("Collections are unpacked with zstd and tar", cure="apt-get install zstd tar")
        partial = cache / (source.folder + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        for archive in sorted((data / source.folder).glob("*.tar.zst")):
            with subprocess.Popen(["zstd", "-dc", "--long=27", archive], stdout=subprocess.PIPE) as unzip:
                subprocess.run(["tar", "x", "-C", partial], stdin=unzip.stdout, check=True)
        index = data / source.folder / "index.jsonl.zst"
        if index.exists():
            with (partial / "index.jsonl").open("wb") as out:
                subprocess.run(["zstd", "-dc", "--long=27", index], stdout=out, check=True)
        partial.rename(target)
    return target


def one_of_each_work(source: Source, paths: list[Path]) -> list[Path]:
    """The files of a source without further editions of one work: of Chopin the first of each opus and number."""
    if source.name != "chopin":
        return paths
    return list({p.name.split("-")[0] + p.name.split("-")[1][:2]: p for p in reversed(paths)}.values())[::-1]


@cache
def index_labels(root: Path) -> dict[str, dict[str, str]]:
    """The collection's own labels by MIDI path: style, composer, title, instrument, as far as its index has them."""
    index = root / "index.jsonl"
    if not index.exists():
        return {}
    out = {}
    for line in index.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        meta = row.get("meta") or {}
        flat = {
            **{k: str(v) for k, v in meta.items() if isinstance(v, str | list)},
            **{k: str(row[k]) for k in ("style", "composer", "title", "instrument") if row.get(k)},
        }
        out[row["mid"]] = flat
    return out


@cache
def index_chords(root: Path) -> dict[str, tuple[tuple[float, str], ...]]:
    """The chord symbols of a collection by MIDI path, as (quarter notes from the start, symbol), where its index has them."""
    index = root / "index.jsonl"
    rows = map(json.loads, index.read_text(encoding="utf-8").splitlines()) if index.exists() else ()
    return {row["mid"]: tuple((float(at), str(symbol)) for at, symbol in row["chords"]) for row in rows if row.get("chords")}
