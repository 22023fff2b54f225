"""Recall by description: pieces composed from requests, and found again by how somebody speaks of them later.

    python -P benchmarks/recall/described.py

Composes a piece for each line of described.txt into a temporary folder, one candidate each, and asks for it in two other ways.
Also: what a request "like ..." finds, what following the folder costs, and what the memory adds to a turn. Writes
described.json beside itself.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from ripieno.agents.recalling import recall_piece, search
from ripieno.app.exports import ExportOrder
from ripieno.app.studio import Studio
from ripieno.memory.user import UserMemory
from ripieno.tools.toolbox import profiles

HERE = Path(__file__).resolve().parent
NOISE = 20  # turns on a piece, for what a turn costs


def lines() -> list[tuple[str, tuple[str, str]]]:
    """The requests, each with its two paraphrases."""
    rows = [line.split("|") for line in (HERE / "described.txt").read_text(encoding="utf-8").splitlines() if "|" in line]
    return [(row[0].strip(), (row[1].strip(), row[2].strip())) for row in rows if not row[0].startswith("#")]


def cpu(action: Callable[[], object], times: int) -> float:
    """Median CPU milliseconds."""
    spent = []
    for _ in range(times):
        before = time.process_time()
        action()
        spent.append(1000 * (time.process_time() - before))
    return round(median(spent), 2)


def found(rows: list[tuple[str, tuple[str, str]]], home: Path) -> dict[str, Any]:
    """Shares of paraphrases whose piece is the first hit, or among the first five."""
    first = five = like = 0
    missed: list[str] = []
    with closing(UserMemory(home)) as user:
        before = time.process_time()
        user.library.follow()
        following = 1000 * (time.process_time() - before)
        for request, asked in rows:
            for words in asked:
                hits = [hit.item.data["request"] for hit in search(words, None, user, 5, profiles())]
                first += hits[:1] == [request]
                five += request in hits
                missed += [f"{words} | {request}"] if request not in hits else []
            words = asked[0].removeprefix("the ").removeprefix("that ")
            meant = recall_piece(f"something like my {words}, but darker", user, profiles())
            like += meant is not None and meant[1] is not None and meant[1].item.data["request"] == request
        known = profiles()
        searching = cpu(lambda: search("the sad waltz with a cello", None, user, 5, known), 15)
        again = cpu(user.library.follow, 9)
    count = 2 * len(rows)
    return {
        "hit@1": round(first / count, 3), "hit@5": round(five / count, 3), "like, hit@1": round(like / len(rows), 3),
        "CPU ms": {"following all, the first time, a piece": round(following / len(rows), 1),
                   "following, nothing new": again, "search": searching},
        "missed": missed,
    }  # fmt: skip


def turn_cost(folder: Path) -> dict[str, dict[str, float]]:
    """Median CPU milliseconds of three turns with and without the memory, turn about; the last teaches something."""
    spent: dict[tuple[str, bool], list[float]] = {}
    studios = {memory: Studio(memory=memory) for memory in (True, False)}
    for memory, studio in studios.items():
        with studio.open(folder / f"song-{memory}", new=True) as project:
            project.say("a pop song in G, vocals, piano, strings, bass and drums, 64 bars", candidates=1)
    for i in range(3 * NOISE):
        words = ("mute the drums", "unmute the drums", "turn the bass down")[i % 3]
        for memory in (True, False) if i % 2 else (False, True):
            with studios[memory].open(folder / f"song-{memory}") as project:
                before = time.process_time()
                project.say(words, candidates=1)
                spent.setdefault((words, memory), []).append(1000 * (time.process_time() - before))
    return {words: {"with": round(median(spent[words, True]), 1), "without": round(median(spent[words, False]), 1)}
            for words, memory in spent if memory}  # fmt: skip


def main() -> None:
    """Runs and writes the result."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RIPIENO_HOME"] = f"{folder}/home"
        rows, studio = lines(), Studio(memory=False)
        for seed, (request, _) in enumerate(rows):
            studio.compose(request, out=Path(folder) / "pieces", seed=seed, candidates=1, order=ExportOrder(formats=("midi",)))
        with closing(UserMemory(Path(folder) / "home")) as user:
            user.library.watch(Path(folder) / "pieces")
        result = {"pieces": len(rows), **found(rows, Path(folder) / "home"), "turn, CPU ms": turn_cost(Path(folder) / "t")}
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (HERE / "described.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
