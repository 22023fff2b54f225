"""Nothing committed is lost: processes killed at every statement and at random, logs cut at any byte, full disks, rivals."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ripieno.memory.store import Store, StoreFault
from ripieno.memory.verify import verify
from tests.memory.killing import forked, said
from tests.memory.samples import louder, turn
from tests.postgres import Cluster
from tests.score.pieces import waltz

PROGRAM = Path(__file__).with_name("killing.py")


def run(what: str, where: Path | str, *numbers: int) -> Any:
    """Runs the program that kills; its findings."""
    command = [sys.executable, "-P", str(PROGRAM), what, str(where), *map(str, numbers)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_every_statement(tmp_path: Path) -> None:
    found = run("statements", tmp_path / "p.db", 40, 1, 3)
    assert found["deaths"] >= 38 and found["versions"] > 10
    assert len(found["points"]) >= 10, "reads, writes, begins and commits"


def test_killed_at_random_instants(tmp_path: Path) -> None:
    found = run("instants", tmp_path / "p.db", 20, 2)
    assert found["deaths"] == 19 and found["versions"] > 2


def test_killed_on_a_server(cluster: Cluster) -> None:
    found = run("statements", cluster.new_database(), 18, 3, 6)
    assert found["deaths"] >= 17 and len(found["points"]) >= 6


@pytest.mark.parametrize("kind", ["file", "server"])
def test_rivals_never_interleave_and_are_told(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = tmp_path / "p.db" if kind == "file" else request.getfixturevalue("cluster").new_database()
    assert "held by process" in run("told", where)["message"]
    assert run("rivals", where, 4, 4)["versions"] == 12


def test_a_log_cut_at_any_byte_leaves_whole_versions(tmp_path: Path) -> None:
    """As if the power had failed with some of the writes on the disk: each prefix of the log is a state that was."""
    file = tmp_path / "p.db"
    with closing(Store(file)) as store:
        heads = [None, store.commit(turn("t0")).id]
        base = shutil.copyfile(file, tmp_path / "base.db")
        for n in range(1, 7):
            heads.append(store.commit(turn(f"t{n}", louder(waltz(), n), heads[-1])).id)
        shutil.copyfile(file, base)
        log = file.with_name("p.db-wal").read_bytes()
    seen = []
    for i in range(30):
        cut = tmp_path / f"cut{i}.db"
        shutil.copyfile(base, cut)
        cut.with_name(cut.name + "-wal").write_bytes(log[: len(log) * i // 29])
        assert verify(cut) == () if i else True
        with closing(Store(cut)) as store:
            head = store.head
            seen.append(heads.index(head.id if head else None))
            assert len(store.log(100)) == seen[-1]
            if head:
                store.piece(head.piece)
                store.commit(turn("on", louder(waltz(), 99), head.id))
    assert seen == sorted(seen) and seen[-1] == len(heads) - 1 and len(set(seen)) > 4


def test_a_full_disk_loses_nothing_and_is_survived(tmp_path: Path) -> None:
    file = tmp_path / "p.db"

    def work(write: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with closing(Store(file)) as store:
            parent, done = store.commit(turn("t0")).id, 1
            for extra in (0, 10_000, 100_000, 200_000):
                size = max(f.stat().st_size for f in tmp_path.iterdir())
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + extra, resource.RLIM_INFINITY))
                try:
                    for n in range(30):
                        parent = store.commit(turn(f"{extra}-{n}", louder(waltz(), n), parent)).id
                        done += 1
                    os.write(write, b"never full\n")
                except StoreFault as fault:
                    assert "nothing was committed" in fault.message
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                assert store.head is not None and store.head.id == parent
                parent = store.commit(turn(f"{extra}-after", waltz(), parent)).id
                done += 1
            os.write(write, f"{done}\n".encode())

    ((count,),) = said(*forked(work))
    with closing(Store(file)) as store:
        assert len(store.log(1000)) == int(count) > 6 and store.verify() == ()


def test_a_full_file_system_is_a_clear_error(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        with closing(Store(tmp_path / "p.db")) as store:
            parent, n = store.commit(turn("t0")).id, 0
            with pytest.raises(StoreFault, match="full"):
                while n < 500:
                    n += 1
                    parent = store.commit(turn(f"t{n}", louder(waltz(), n % 128), parent)).id
            assert store.head is not None and store.head.id == parent and len(store.log(1000)) == n
            assert store.verify() == ()
    finally:
        subprocess.run(["umount", tmp_path], check=True)
