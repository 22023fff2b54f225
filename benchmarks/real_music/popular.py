"""Popular music: our chords against chart songs, our drums against drummers.

    python benchmarks/real_music/popular.py --data DIR

No free arrangements of popular songs exist, but their chords (McGill Billboard: 739 songs of 1958 to 1991) and the playing
of drummers (Groove MIDI: validation and test takes, from which nothing was learnt) do. Distances, intervals and ceilings
are those of `run.py`. Chords are compared as symbols; drums on the 16 places of a bar in 4/4. Writes
`popular.json` and the tables in `README.md`.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
from generate import compose, profiles  # noqa: E402
from run import compare  # noqa: E402

from ripieno.score.chords import Chord  # noqa: E402
from ripieno.score.errors import RipienoError  # noqa: E402
from ripieno.score.formats.midi import read_midi  # noqa: E402
from ripieno.score.piece import Notes, Piece  # noqa: E402
from ripieno.score.pitch import pitch_class  # noqa: E402

Floats = npt.NDArray[np.float64]
CHART_STYLES = ("pop", "rock", "ballad", "soul", "country", "disco", "indie", "punk")
DRUMMERS = {"rock": ("rock", "indie"), "funk": ("funk",), "jazz": ("swing", "bebop"), "latin": ("samba", "bossa_nova", "salsa"),
            "hiphop": ("hip_hop",), "soul": ("soul",), "pop": ("pop", "ballad")}  # fmt: skip
QUALITY_NAMES = ("major", "minor", "dominant seventh", "major seventh", "minor seventh", "suspended", "power", "other")
KICK, SNARE = (35, 36), (37, 38, 39, 40)
CYMBALS = (22, 26, 42, 44, 46, 49, 51, 52, 53, 55, 57, 58, 59)
HARTE = {"maj": "", "min": "m", "maj7": "maj7", "min7": "m7", "7": "7", "5": "5", "1": "5", "sus4": "sus4", "sus2": "sus2",
         "maj6": "6", "min6": "m6", "dim": "dim", "aug": "aug", "hdim7": "m7b5", "dim7": "dim7", "9": "9", "maj9": "maj9",
         "min9": "m9", "11": "11", "13": "13", "min11": "m11", "maj13": "maj13"}  # fmt: skip


@dataclass(frozen=True)
class Song:
    """Chords by bar, each as (root above the tonic, index in `QUALITY_NAMES`)."""

    bars: tuple[tuple[tuple[int, int], ...], ...]


def quality(chord: Chord) -> int:
    """Index in `QUALITY_NAMES`."""
    tones = set(chord.intervals)
    if not tones & {3, 4}:
        return 5 if tones & {2, 5} else 6
    minor = 3 in tones and 4 not in tones
    if (6 in tones and minor) or 8 in tones:
        return 7
    if 11 in tones:
        return 3 if not minor else 7
    if 10 in tones:
        return 4 if minor else 2
    return 1 if minor else 0


def chart_song(text: str) -> Song | None:
    """One chart of the Billboard set; None where fewer than 8 bars in 4/4 can be read."""
    if "# metre: 4/4" not in text:
        return None
    tonic, bars = 0, []
    for line in text.splitlines():
        if line.startswith("# tonic:"):
            tonic = pitch_class(line.split(":")[1].strip())
        if "|" not in line:
            continue
        again = re.search(r"x(\d+)", line)
        inside = line[line.index("|") + 1 : line.rindex("|")].split("|")
        for bar in [b for b in inside if "(" not in b] * (int(again[1]) if again else 1):
            row: list[tuple[int, int]] = []
            for token in bar.split():
                found = re.match(r"^([A-G][#b]*):([^/]+)", token)
                if found is None:
                    continue
                plain = re.sub(r"\(.*\)", "", found[2])
                kind = HARTE.get(plain, "")
                row.append(((pitch_class(found[1]) - tonic) % 12, quality(Chord.parse("C" + kind))))
            bars.append(tuple(row))
    return Song(tuple(bars)) if sum(map(bool, bars)) >= 8 else None


def our_song(piece: Piece) -> Song:
    """The chords that a piece of ours names, by bar."""
    rows: list[list[tuple[int, int]]] = [[] for _ in range(piece.bars)]
    for span in piece.chords:
        first = piece.timeline.bar_at(span.start)
        last = piece.timeline.bar_at(max(span.start, span.end - 1))
        for bar in range(first, min(last, piece.bars - 1) + 1):
            rows[bar].append(((span.chord.root_pc - piece.key_at(bar).tonic_pc) % 12, quality(span.chord)))
    return Song(tuple(map(tuple, rows)))


def song_features(song: Song) -> dict[str, Floats]:
    """Distributions of roots, root motion and qualities; changes per bar, distinct chords, bars that came four before."""
    flat = [c for bar in song.bars for c in bar]
    order = [c for i, c in enumerate(flat) if i == 0 or c != flat[i - 1]]
    moves = [(b[0] - a[0]) % 12 for a, b in pairwise(order)]
    bars = [b for b in song.bars if b]
    loops = [a == b for a, b in zip(bars, bars[4:], strict=False)]
    return {
        "chord degree": share(np.bincount([c[0] for c in flat], minlength=12)),
        "chord move": share(np.bincount(moves or [0], minlength=12)),
        "chord quality": share(np.bincount([c[1] for c in flat], minlength=8)),
        "changes per bar": np.array([len(order) / max(1, len(bars))]),
        "distinct chords": np.array([float(len(set(flat)))]),
        "bars as four before": np.array([float(np.mean(loops)) if loops else 0.0]),
    }


def share(counts: npt.NDArray[Any]) -> Floats:
    """Counts as shares."""
    return np.asarray(counts / max(1, counts.sum()), dtype=np.float64)


def drum_features(notes: Notes, ppq: int, seconds_per_quarter: float) -> dict[str, Floats] | None:
    """Features of a drum part in 4/4; None for fewer than 4 bars."""
    tick = notes["start"].astype(np.float64) / ppq
    if not len(tick) or tick.max() < 16:
        return None
    slot = np.rint(tick * 4).astype(np.int64)
    bar, place = slot // 16, slot % 16
    out: dict[str, Floats] = {}
    loud = notes["velocity"].astype(np.float64)
    for name, keys in (("bass drum", KICK), ("snare drum", SNARE), ("cymbals", CYMBALS)):
        mine = np.isin(notes["pitch"], keys)
        out[f"{name} places"] = share(np.bincount(place[mine], minlength=16))
        out[f"{name} per bar"] = np.array([mine.sum() / len(np.unique(bar))])
    grid = np.zeros((int(bar.max()) + 1, 48))
    kind = np.select([np.isin(notes["pitch"], KICK), np.isin(notes["pitch"], SNARE)], [0, 1], 2)
    grid[bar, kind * 16 + place] = 1.0
    filled = grid[grid.sum(axis=1) > 0]
    size = np.sqrt((filled**2).sum(axis=1))
    alike = (filled[1:] * filled[:-1]).sum(axis=1) / (size[1:] * size[:-1])
    out["bars alike"] = np.array([float(alike.mean())])
    out["loudness spread"] = np.array([float(loud.std())])
    out["snare loudness spread"] = np.array(
        [float(loud[np.isin(notes["pitch"], SNARE)].std()) if out["snare drum per bar"][0] else 0.0]
    )
    straight = np.abs(tick * 4 - slot) * 0.25 * seconds_per_quarter * 1000
    out["beside the grid (ms)"] = np.array([float(np.median(straight))])
    return out


def drummers(folder: Path, style: str) -> Iterator[dict[str, Floats]]:
    """Held-out takes of a style."""
    with (folder / "info.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            held = row["split"] != "train" and row["beat_type"] == "beat" and row["time_signature"] == "4-4"
            if held and row["style"].split("/")[0] == style:
                try:
                    piece = read_midi((folder / row["midi_filename"]).read_bytes())
                except RipienoError:
                    continue
                notes = np.concatenate([t.notes for t in piece.tracks])
                found = drum_features(notes, piece.timeline.ppq, 60 / float(row["bpm"]))
                if found:
                    yield found


def our_drums(piece: Piece) -> dict[str, Floats] | None:
    """The features of the kit of a piece of ours, after its first section."""
    kit = [t for t in piece.tracks if t.is_drum and t.instrument.family == "drum kit"]
    if not kit or str(piece.timeline.metres[0].metre) != "4/4":
        return None
    notes = kit[0].notes
    return drum_features(notes, piece.timeline.ppq, 60 / piece.timeline.tempos[0].bpm)


def unpack(data: Path, cache: Path, name: str) -> Path:
    """The folder of a collection, unpacked on first use."""
    target = cache / name
    if not target.exists():
        target.mkdir(parents=True)
        for archive in (data / name).glob("*.tar.zst"):
            unzip = subprocess.Popen(["zstd", "-dc", "--long=27", archive], stdout=subprocess.PIPE)
            subprocess.run(["tar", "x", "-C", target], stdin=unzip.stdout, check=True)
            unzip.wait()
    return target


def against(real: list[dict[str, Floats]], made: list[dict[str, Floats]], seed: int) -> dict[str, Any]:
    """Each feature compared."""
    rng = np.random.default_rng(seed)
    rows: dict[str, Any] = {}
    for name in real[0] if real else ():
        a, b = (np.array([r[name] for r in side]).reshape(len(side), -1) for side in (real, made))
        row = compare(a, b, a.shape[1] == 1, rng)
        if row is not None:
            rows[name] = row
    return {"real": len(real), "made": len(made), "features": rows}


def table(results: dict[str, Any]) -> str:
    """Distances by feature as Markdown."""
    names = list(dict.fromkeys(f for r in results.values() for f in r["features"]))
    lines = ["| feature | " + " | ".join(s.replace("_", " ") for s in results) + " |", "| --- |" + " ---: |" * len(results)]
    lines.append("| real / ours | " + " | ".join(f"{r['real']} / {r['made']}" for r in results.values()) + " |")
    for name in names:
        cells = []
        for row in (r["features"].get(name) for r in results.values()):
            text = f"{row['distance']:.2f} ({row['ceiling'][1]:.2f})" if row else ""
            cells.append(f"**{text}**" if row and row["interval"][0] > row["ceiling"][1] else text)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    known = profiles()
    charts = unpack(options.data, options.cache, "mcgill_billboard_chords")
    songs = [chart_song(p.read_text(encoding="utf-8")) for p in sorted(charts.glob("salami_chords/*.txt"))]
    real = [song_features(s) for s in songs if s is not None]
    wanted = [s for s in dict.fromkeys((*CHART_STYLES, *(s for row in DRUMMERS.values() for s in row))) if s in known]
    made = {style: [compose(style, 4000 + k) for k in range(options.seeds)] for style in wanted}
    chords = {
        s: against(real, [song_features(our_song(p)) for p in made[s]], k) for k, s in enumerate(CHART_STYLES) if s in made
    }
    folder = unpack(options.data, options.cache, "groove_midi")
    drums = {}
    for k, (style, ours) in enumerate(DRUMMERS.items()):
        takes = [f for s in ours if s in made for p in made[s] if (f := our_drums(p)) is not None]
        drums[style] = against(list(drummers(folder, style)), takes, k)
    page = "Chords against chart songs:\n\n" + table(chords) + "\n\nDrums against drummers:\n\n" + table(drums)
    print(page)
    if not options.dry:
        (HERE / "popular.json").write_text(json.dumps({"chords": chords, "drums": drums}, indent=1) + "\n", encoding="utf-8")
        target = HERE / "README.md"
        text = target.read_text(encoding="utf-8")
        begin, end = text.index("<!-- popular -->"), text.index("<!-- end popular -->")
        target.write_text(text[:begin] + "<!-- popular -->\n" + page + "\n" + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
