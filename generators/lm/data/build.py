"""Builds the shards that the model learns from: `python -P -m ripieno.generators.lm.data.build DATA OUT`.

Reads every collection of `TRAINING` with its terms, `FILES_EACH` files to a shard; shards that are there are not made again,
so a run that was cut off goes on where it was. At the end pieces heard twice are sorted out, the rest is split, and the data
card is written.
"""

import argparse
import sys
import time
from pathlib import Path

from ripieno.generators.lm.data.card import write_card
from ripieno.generators.lm.data.prepare import Prepared, files_of, prepare
from ripieno.generators.lm.data.shards import write_shard
from ripieno.generators.lm.data.sources import TRAINING, Source, terms_of, unpack
from ripieno.generators.lm.data.splits import write_splits

FILES_EACH = 64


def build(data: Path, out: Path, names: tuple[str, ...] = (), limit: int | None = None) -> None:
    """Everything: shards of the named sources (all, if none is named), then splits and card over all shards there are.

    `limit` takes at most so many files of each source, evenly spread.

    Raises:
        BadFile: a source states no terms. Nothing is read then.
    """
    sources = [TRAINING[n] for n in names] if names else list(TRAINING.values())
    for source in sources:
        terms_of(data / source.folder)
    (out / "shards").mkdir(parents=True, exist_ok=True)
    for source in sources:
        root = unpack(data, out / "files", source)
        paths = files_of(source, root)
        step = max(1, len(paths) // limit) if limit else 1
        _shards(source, root, paths[::step][:limit], out / "shards")
    write_splits(out)
    write_card(data, out)


def _shards(source: Source, root: Path, paths: list[Path], out: Path) -> None:
    began, name = time.monotonic(), source.name.replace(" ", "_")
    for first in range(0, len(paths), FILES_EACH):
        target = out / f"{name}-{first // FILES_EACH:04}.npz"
        if target.exists():
            continue
        pieces: list[Prepared] = []
        left_out: dict[str, str] = {}
        for path in paths[first : first + FILES_EACH]:
            made = prepare(source, root, path)
            if isinstance(made, str):
                left_out[str(path.relative_to(root))] = made
            else:
                pieces.append(made)
        write_shard(target, pieces, left_out)
        done = min(first + FILES_EACH, len(paths))
        print(f"{source.name}: {done} of {len(paths)} files, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the directory of collections")
    parser.add_argument("out", type=Path, help="where shards, splits and card go")
    parser.add_argument("--sources", nargs="*", default=(), choices=sorted(TRAINING), help="only these")
    parser.add_argument("--limit", type=int, help="at most so many files of each")
    args = parser.parse_args()
    build(args.data, args.out, tuple(args.sources), args.limit)


if __name__ == "__main__":
    main()
