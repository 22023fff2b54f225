"""Kills whole turns (SIGKILL) and takes them up again. Run as a program by `test_cut_off.py` and by `benchmarks/durability`:

    python -P tests/app/cutting.py FOLDER ROUNDS SEED
    python -P tests/app/cutting.py full FOLDER

Each child takes one turn on the project in FOLDER and is killed, in turn: when an agent gives its next sign of life, before one
statement of the store, or at a random moment. The parent then finishes what was cut off. Whatever happened, the turn is done
once and whole, or cleanly gone; every version that ever was verifies. `full`: turns on a disk that is full from some byte on.
Prints a JSON object.
"""

import json
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from ripieno.agents.running import CutOff
from ripieno.agents.state import Progress
from ripieno.agents.understanding import Ask
from ripieno.app.places import place
from ripieno.app.project import Project
from ripieno.app.session import Session
from ripieno.memory.store import Store, StoreFault
from ripieno.score.errors import RipienoError
from ripieno.tools.ask import Describe
from ripieno.tools.base import Instruction
from ripieno.tools.make import Regenerate
from ripieno.tools.notes import Transpose
from ripieno.tools.scope import Scope
from ripieno.tools.tempo import ChangeTempo
from ripieno.tools.tracks import SetMix
from ripieno.tools.turns import Undo

FIRST = "a march for flute, piano and cello, 8 bars"
CELLO, FLUTE = Scope(tracks=("cello",)), Scope(tracks=("flute",))
TURNS: tuple[tuple[str, Instruction], ...] = (
    ("mute the cello", SetMix(scope=CELLO, muted=True)),
    ("the flute up an octave", Transpose(scope=FLUTE, octaves=1)),
    ("what is this?", Describe()),
    ("another tune", Regenerate(scope=FLUTE)),
    ("undo", Undo()),
    ("slower", ChangeTempo(factor=0.9)),
    ("the cello again", SetMix(scope=CELLO, muted=False)),
    ("the flute down", Transpose(scope=FLUTE, octaves=-1)),
)
_EVERY = 6  # rounds between two looks at every hash
_REFUSED = 3  # exit status of a child whose turn was refused in words
WAYS = ("sign", "statement", "instant")


def child(session: Session, folder: Path, asked: tuple[str, Instruction], seed: int, way: str, at: int) -> int:
    """Forks a process that takes a turn and is killed at sign or statement number `at`; gives its id."""
    pid = os.fork()
    if pid:
        return pid
    counted = 0

    def point(_: object) -> None:
        nonlocal counted
        counted += 1
        if counted == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(progress: Progress) -> None:
        if way == "sign":
            point(progress)

    code = 1
    try:
        with Project(session, place(folder)) as project:
            if way == "statement":
                project._store.database.watch(point)
            text, instruction = asked
            project.do(Ask(instruction=instruction, words=text), text=text, seed=seed, watch=watch)
        code = 0
    except RipienoError:
        code = _REFUSED
    finally:
        os._exit(code)


def full(folder: Path) -> None:
    """Turns that find the disk full, at once or somewhat later; each is refused in words, and is taken once there is room."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    session, refused = Session(), list[str]()
    with Project(session, place(folder, new=True)) as project:
        project.say(FIRST, seed=1, candidates=1)
        for i, extra in enumerate((0, 5_000, 20_000, 50_000, 100_000)):
            text, asked = TURNS[i % 4]
            before = look(folder)
            largest = max(f.stat().st_size for f in folder.iterdir())
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + extra, resource.RLIM_INFINITY))
            try:
                project.do(Ask(instruction=asked, words=text), text=text)
            except StoreFault as fault:
                refused.append(fault.message)
            except RipienoError:
                continue  # the words were refused, not the disk
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            if isinstance(project.under_way(), CutOff):
                project.go_on()
            after = look(folder)
            assert after["told"] in (before["told"], [*before["told"], text])
            project.do(Ask(instruction=Describe(), words="what is this?"), text="what is this?")
    print(json.dumps({"refused": refused, "told": look(folder)["told"]}))


def main() -> None:
    """Runs what the command line says."""
    if sys.argv[1] == "full":
        full(Path(sys.argv[2]))
        return
    folder, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    session, chance = Session(), random.Random(seed)
    with Project(session, place(folder, new=True)) as project:
        began = time.monotonic()
        project.say(FIRST, seed=1, candidates=1)
        whole = time.monotonic() - began
    found: Counter[str] = Counter()
    at = dict.fromkeys(WAYS, 0)
    for i in range(rounds):
        asked, way = TURNS[i % len(TURNS)], WAYS[i // len(TURNS) % len(WAYS)]
        text = asked[0]
        at[way] += 1 if way == "sign" else 2
        before = look(folder, verify=False)
        pid = child(session, folder, asked, i, way, at[way])
        if way == "instant":
            time.sleep(chance.uniform(0, whole / 2))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status)
        if not killed:
            assert os.waitstatus_to_exitcode(status) in (0, _REFUSED), f"the child failed at {text!r}"
            at[way] = 0
        after = finish(session, folder, before, text, found, killed)
        look(folder, verify=i % _EVERY == 0 or i == rounds - 1)
        assert after["versions"] - before["versions"] in (0, 1), (before, after)
    print(json.dumps({**found, "versions": look(folder)["versions"]}))


def finish(
    session: Session, folder: Path, before: dict[str, Any], text: str, found: Counter[str], killed: bool
) -> dict[str, Any]:  # fmt: skip
    """Takes up what was cut off, and checks what there is."""
    refused = False
    with Project(session, place(folder)) as project:
        cut = project.under_way()
        if isinstance(cut, CutOff):
            try:
                project.go_on()
            except RipienoError:  # there is nothing to undo, say
                refused = True
                project.drop()
        assert project.under_way() is None
    after = look(folder, verify=False)
    told = after["told"][len(before["told"]) :]
    assert after["told"][: len(before["told"])] == before["told"], "the conversation has changed"
    assert told in ([], [text]), told
    assert told or not killed or refused or cut is None, "a turn that was taken up again is not there"
    found["done before it was killed" if told and killed and cut is None else "taken up again" if cut else
          "gone without a trace" if killed else "not killed"] += 1  # fmt: skip
    return after


def look(folder: Path, verify: bool = True) -> dict[str, Any]:
    """What the project holds; everything must verify."""
    store = Store(folder / "project.db")
    try:
        damage = store.verify() if verify else ()
        assert damage == (), damage
        return {"versions": len(store.log(10_000)), "told": [t.text for t in store.conversation(10_000)]}
    finally:
        store.close()


if __name__ == "__main__":
    main()
