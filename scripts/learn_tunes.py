"""Makes the index of known tunes that the judge of novelty compares with: writes `agents/judges/data/tunes.json`.

    python scripts/learn_tunes.py --data DIR

Kept are winnowed 32-bit codes of nine-note runs (see `score/analysis/copies.py`), from which no tune can be read back.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
from corpus import SOURCES, load  # noqa: E402

from ripieno.score.analysis.copies import build_index  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402
from ripieno.score.analysis.skyline import Tune, melody  # noqa: E402

# Collections in which one part carries a tune; (name, most files).
TUNEFUL = (
    ("hymns", None),
    ("lead sheets", None),
    ("lieder", 700),
    ("mutopia", 600),
    ("chopin", None),
    ("quartets", None),
    ("game", None),
    ("film", None),
)


def tunes(data: Path, cache: Path, name: str, limit: int | None) -> Iterator[Tune]:
    """The tune of every piece of a collection."""
    for real in load(data, cache, name, limit):
        yield melody(Reading(real.piece))


def main() -> None:
    """Reads the arguments and writes the index."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="directory with the collections")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"), help="where to unpack them")
    options = parser.parse_args()
    index = build_index(t for name, limit in TUNEFUL for t in tunes(options.data, options.cache, name, limit))
    document = {
        "about": "Winnowed 32-bit codes of nine-note runs of real tunes, by scripts/learn_tunes.py: base64, little-endian.",
        "sources": {name: SOURCES[name].terms for name, _ in TUNEFUL},
        "tunes": index.tunes,
        "codes": index.encoded(),
    }
    target = ROOT / "agents" / "judges" / "data" / "tunes.json"
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{index.tunes} tunes, {len(index.codes)} codes, {target.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
