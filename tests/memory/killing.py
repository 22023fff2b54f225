"""Kills a process that commits versions, over and over, and looks at what it left. Run as a program by `test_faults.py` and by
`benchmarks/durability`:

    python -P tests/memory/killing.py statements DATABASE ROUNDS SEED STRIDE
    python -P tests/memory/killing.py instants DATABASE ROUNDS SEED
    python -P tests/memory/killing.py rivals DATABASE TURNS SEED

`statements`: the child kills itself (SIGKILL) just before one statement of its turns after the other (or every STRIDE-th),
commits and the moment after them included. `instants`: the parent kills it at a random moment of the time that the first one,
left alone, took. After each death every version whose commit had returned must be there and read back, at most one more may
be, and everything must verify. `rivals`: three processes, two with and one without the lock, work on one project at once; all
versions must form one line. `told`: who comes while another holds the project is told who. Prints a JSON object; a broken
promise ends it with a traceback.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from ripieno.memory.store import Store, StoreBusy, StoreConflict
from tests.memory.samples import louder, turn
from tests.score.pieces import waltz

_TURNS = 2  # that a child takes before it goes by itself
_EVERY = 10  # deaths between two looks at the whole database; the new versions are looked at each time


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Runs `work` in a child with the end of a pipe to write to; gives the child's id and the end to read from."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    code = 1
    try:
        os.close(read)
        work(write)
        code = 0
    finally:
        os._exit(code)


def said(pid: int, read: int) -> list[list[str]]:
    """What the child wrote, line by line, once it is gone."""
    data = b""
    while chunk := os.read(read, 65536):
        data += chunk
    os.close(read)
    os.waitpid(pid, 0)
    return [line.split() for line in data.decode().splitlines()]


def death_at(step: int) -> Callable[[object], None]:
    """A function that kills its process when it is called for the `step`th time."""
    counted = count(1)

    def point(_: object) -> None:
        if next(counted) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def take_turns(store: Store, name: str, seed: int, write: int, point: Callable[[str], None]) -> None:
    """Commits, undoes, redoes and asks; says so after each."""
    chance = random.Random(seed)
    for i in range(_TURNS):
        with store.lock(wait=10):
            head = store.head
            piece = louder(waltz(), chance.randrange(128))
            store.put(piece)
            made = store.commit(turn(f"{name}-{i}", piece, head.id if head else None))
            point("committed")
            os.write(write, f"{made.number} {made.id} {made.piece}\n".encode())
            if head and i % 2:
                store.undo(f"{name}-u{i}", "undo", "")
                store.redo(f"{name}-r{i}", "redo", "")
            store.record_turn(f"{name}-q{i}", "why?", "Because.", trace="{}")


def look(where: Path | str, known: dict[int, list[str]], everything: bool) -> None:
    """Whether the database holds all that was said to be committed, and nothing broken."""
    with closing(Store(where)) as store:
        rows = store.log(_TURNS + 2)
        newest = rows[0].number if rows else 0
        last = max(known, default=0)
        assert last <= newest <= last + 1, f"said {last}, found {newest}"
        for row in rows:
            known.setdefault(row.number, [str(row.number), row.id, row.piece])
            assert [row.id, row.piece] == known[row.number][1:], f"version {row.number} has changed"
            assert store.piece(row.piece).hash == row.piece
        if everything:
            for number, (_, id_, piece) in known.items():
                assert store.version(number).id == id_ and store.piece(piece).hash == piece
            damage = store.verify()
            assert damage == (), damage


def kill(where: Path | str, rounds: int, seed: int, stride: int = 0) -> dict[str, Any]:
    """Kills `rounds` children, at every `stride`-th statement, or (0) at random instants; see the module."""
    by_statement = stride > 0
    chance, known, deaths, points = random.Random(seed), dict[int, list[str]](), 0, set[str]()
    step, whole = 1, 0.0
    for i in range(rounds):
        alone = not by_statement and i == 0

        def work(write: int, i: int = i, step: int = step) -> None:
            counted = 0

            def point(what: str) -> None:
                nonlocal counted
                counted += 1
                if by_statement and counted == step:
                    os.write(write, f"at {' '.join(what.split()[:3])}\n".encode())
                    os.kill(os.getpid(), signal.SIGKILL)

            with closing(Store(where)) as store:
                store.database.watch(point)
                take_turns(store, f"r{seed}-{i}", seed + i, write, point)

        began = time.monotonic()
        pid, read = forked(work)
        if not by_statement and not alone:
            time.sleep(chance.uniform(0, whole))
            os.kill(pid, signal.SIGKILL)
        lines = said(pid, read)
        if alone:
            whole = time.monotonic() - began
        points.update(" ".join(line[1:]) for line in lines if line[0] == "at")
        finished = by_statement and not any(line[0] == "at" for line in lines)
        deaths += not finished and not alone
        step = 1 if finished else step + stride  # beyond the last statement of its turns: from the beginning again
        known |= {int(line[0]): line for line in lines if line[0] != "at"}
        look(where, known, everything=i % _EVERY == 0 or i == rounds - 1)
    return {"deaths": deaths, "versions": len(known), "points": sorted(points)}


def rivals(where: Path | str, turns: int, seed: int) -> dict[str, Any]:
    """Two processes at once; see the module."""

    def work(write: int, name: str, locked: bool) -> None:
        with closing(Store(where)) as store:
            done = refused = 0
            while done < turns:
                head = store.head
                new = turn(f"{name}-{done}", louder(waltz(), (seed + done) % 128), head.id if head else None)
                try:
                    if locked:
                        with store.lock(wait=20):
                            head = store.head
                            parent = head.id if head else None
                            store.commit(turn(new.turn, new.piece, parent))
                    else:
                        store.commit(new)
                    done += 1
                except StoreConflict:
                    refused += 1
            os.write(write, f"{done} {refused}\n".encode())

    children = [forked(lambda w, n=n, k=k: work(w, n, k)) for n, k in (("one", True), ("two", False), ("three", True))]  # type: ignore[misc]
    counts = [said(*child)[0] for child in children]
    with closing(Store(where)) as store:
        rows = store.log(10_000)[::-1]
        assert [row.parent for row in rows] == [None, *(row.id for row in rows[:-1])], "the versions form no line"
        assert len(rows) == 3 * turns and store.verify() == ()
    return {"versions": len(rows), "refused": sum(int(c[1]) for c in counts)}


def told(where: Path | str) -> dict[str, Any]:
    """A child holds the project; whoever comes is told who, and gets it once the child was killed."""

    def work(write: int) -> None:
        with closing(Store(where)) as store, store.lock():
            os.write(write, b"holding\n")
            time.sleep(60)

    pid, read = forked(work)
    assert os.read(read, 100) == b"holding\n"
    with closing(Store(where)) as store:
        try:
            with store.lock(wait=0.2):
                raise AssertionError("two processes held one project")
        except StoreBusy as busy:
            message = busy.message
        assert f"process {pid} on" in message, message
        os.kill(pid, signal.SIGKILL)
        said(pid, read)
        with store.lock(wait=5):
            return {"message": message}


def main() -> None:
    """Runs what the command line says."""
    what, where, *numbers = sys.argv[1:]
    place = where if "://" in where else Path(where)
    counts = [int(n) for n in numbers]
    if what == "rivals":
        print(json.dumps(rivals(place, *counts)))
    elif what == "told":
        print(json.dumps(told(place)))
    else:
        print(json.dumps(kill(place, *counts)))


if __name__ == "__main__":
    main()
