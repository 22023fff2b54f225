"""Damaged files: none may end in anything but a piece or a clear error, nor take long, nor much memory.

    python -P benchmarks/importing/fuzz.py --data DIR [--files 3000] [--seed 1]

Real files of each format (and our own exports of the MIDI ones as MusicXML) are damaged by `tests/score/fuzzing.py` and read.
Prints, for each format, how many gave a piece, how many an error, the longest time, and the highest memory of the process;
anything else is printed with the seed that makes it again, and the exit status is 1.
"""

import argparse
import io
import random
import resource
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from ripieno.generators.lm.data.sources import SOURCES, unpack  # noqa: E402
from ripieno.score.errors import RipienoError  # noqa: E402
from ripieno.score.formats.abc import load_abc, read_abc  # noqa: E402
from ripieno.score.formats.midi import load_midi, write_midi  # noqa: E402
from ripieno.score.formats.musicxml_read import load_musicxml  # noqa: E402
from ripieno.score.piece import Piece  # noqa: E402
from tests.score.fuzzing import damaged  # noqa: E402

SLOW = 5.0  # CPU seconds that a file of at most 200 KB may take


def abc(data: bytes) -> Piece:
    """Reads a text both ways."""
    text = data.decode("utf-8", "replace")
    piece = load_abc(text).piece
    try:
        read_abc(text)
    except RipienoError:
        return piece
    return piece


def repacked(data: bytes, rng: random.Random) -> bytes:
    """An archive damaged outside, or, four times in five, one that is whole around a damaged score."""
    if rng.random() < 0.2:
        return damaged(data, rng, text=False)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            inner = old.read(name)
            new.writestr(name, inner if name.startswith("META-INF") else damaged(inner, rng, text=True))
    return out.getvalue()


READERS: dict[str, tuple[Callable[[bytes], Piece], tuple[str, ...], str, bool]] = {
    "MIDI": (lambda data: load_midi(data).piece, ("game", "film", "mutopia"), "**/*.mid", False),
    "ABC": (abc, ("hymns",), "**/*.abc", True),
    "MusicXML": (lambda data: load_musicxml(data).piece, ("lieder",), "**/*.musicxml", True),
    "compressed MusicXML": (lambda data: load_musicxml(data).piece, ("lead sheets",), "**/*.mxl", False),
}


def main() -> None:
    """Damages and reads; see above."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--files", type=int, default=3000, help="damaged files of each format")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for name, (read, sources, pattern, text) in READERS.items():
        paths = [p for s in sources for p in sorted(unpack(options.data, options.cache, SOURCES[s]).glob(pattern))]
        paths = [p for p in paths if p.stat().st_size < 200_000][:: max(1, len(paths) // 300)]
        counts: Counter[str] = Counter()
        slowest = 0.0
        for number in range(options.files):
            rng = random.Random(f"{options.seed} {name} {number}")
            path = rng.choice(paths)
            data = repacked(path.read_bytes(), rng) if path.suffix == ".mxl" else damaged(path.read_bytes(), rng, text=text)
            start = time.process_time()
            try:
                write_midi(read(data))
                counts["a piece"] += 1
            except RipienoError:
                counts["a clear error"] += 1
            except Exception:  # noqa: BLE001  what must not happen is looked for
                failed = True
                counts["FAILED"] += 1
                print(f"{name} {number}: {path.name}")
                traceback.print_exc(limit=-3)
            taken = time.process_time() - start
            slowest = max(slowest, taken)
            if taken > SLOW:
                failed = True
                print(f"{name} {number}: {path.name} took {taken:.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}: {dict(counts)}, slowest {slowest:.2f} s of CPU, process {peak:.0f} MB at most")
    sys.exit(failed)


if __name__ == "__main__":
    main()
