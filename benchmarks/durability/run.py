"""Durability, at length: processes killed at every statement and at random instants, in a file and on a PostgreSQL server,
whole turns, and rival processes; then files damaged at random, verified and recovered.

    nice -n 10 python -P benchmarks/durability/run.py [--rounds 400] [--damages 1000]

Writes result.json beside itself. The killing is `tests/memory/killing.py` (commits) and
`tests/app/cutting.py` (whole turns); the server is a throw-away cluster.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from _pytest.outcomes import Skipped

from ripieno.memory.database import Database
from ripieno.memory.recover import FOUND, recover
from ripieno.memory.store import Store
from ripieno.memory.verify import verify
from ripieno.score.errors import BadFile
from tests.memory.samples import louder, turn
from tests.postgres import running
from tests.score.pieces import waltz

ROOT = Path(__file__).resolve().parents[2]
STORE, TURNS = "tests/memory/killing.py", "tests/app/cutting.py"
VERSIONS = 30  # in the files that are damaged


def kill(program: str, *words: object) -> Any:
    """Runs a program that kills."""
    done = subprocess.run([sys.executable, "-P", str(ROOT / program), *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    print(program, *words, {k: v for k, v in found.items() if k != "points"}, flush=True)
    return found


def damages(folder: Path, count: int) -> dict[str, Any]:
    """Damages copies of one file at random; what became of each, and the share of pieces recovered from it."""
    file = folder / "whole.db"
    with closing(Store(file)) as store:
        parent = None
        for n in range(VERSIONS):
            parent = store.commit(turn(f"t{n}", louder(waltz(), n), parent)).id
        pieces = {row.number: row.piece for row in store.log(VERSIONS)}
    data, chance, outcomes = file.read_bytes(), random.Random(7), Counter[str]()
    shares: dict[str, list[float]] = {"a byte flipped": [], "a page zeroed": [], "cut off": []}
    for i in range(count):
        how, at = chance.choice(list(shares)), chance.randrange(len(data))
        broken = folder / f"broken{i}.db"
        if how == "a byte flipped":
            broken.write_bytes(data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :])
        elif how == "a page zeroed":
            page = at // 4096 * 4096
            broken.write_bytes(data[:page] + bytes(4096) + data[page + 4096 :])
        else:
            broken.write_bytes(data[:at])
        named = bool(verify(broken))
        with closing(Database(folder / f"recovered{i}.db")) as into:
            try:
                lost = recover(broken, into)
            except BadFile:
                assert named
                outcomes["named, nothing left"] += 1
                shares[how].append(0.0)
                continue
            assert verify(into) == ()
            rows = Store(into).log(10 * VERSIONS)
            kept = [row for row in rows if not row.turn.startswith(FOUND)]
            assert all(pieces[row.number] == row.piece for row in kept)
            assert named or (not lost and len(kept) == VERSIONS), "unnamed damage"
            outcomes["named, recovered" if named else "in unused space, nothing lost"] += 1
            music = {row.piece for row in rows}
            assert music <= set(pieces.values())
            shares[how].append(len(music) / VERSIONS)
        for old in folder.glob(f"*{i}.db*"):
            old.unlink()
    means = {how: round(sum(found) / len(found), 3) for how, found in shares.items() if found}
    print(outcomes, means, flush=True)
    return {"outcomes": dict(outcomes), "mean share of pieces recovered": means}


def keep(result: dict[str, Any]) -> None:
    """Writes what there is so far: a long run may be cut short."""
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    Path(__file__).with_name("result.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Runs and writes the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--damages", type=int, default=1000)
    arguments = parser.parse_args()
    rounds, result = arguments.rounds, dict[str, Any]()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "turns").mkdir()
        result["file: every statement"] = kill(STORE, "statements", folder / "a.db", rounds, 11, 1)
        result["file: random instants"] = kill(STORE, "instants", folder / "b.db", rounds, 12)
        result["whole turns"] = kill(TURNS, folder / "turns", rounds, 17)
        result["file: rivals"] = kill(STORE, "rivals", folder / "c.db", 60, 13)
        keep(result)
        try:
            cluster = stack.enter_context(running())
        except Skipped as reason:
            result["server"] = f"not run: {reason}"
        else:
            result["server: every statement"] = kill(STORE, "statements", cluster.new_database(), rounds, 14, 1)
            result["server: random instants"] = kill(STORE, "instants", cluster.new_database(), rounds, 15)
            result["server: rivals"] = kill(STORE, "rivals", cluster.new_database(), 60, 16)
        keep(result)
        damaged = folder / "damaged"
        damaged.mkdir()
        result["damaged files"] = damages(damaged, arguments.damages)
        keep(result)


if __name__ == "__main__":
    main()
