"""Start-up and overhead, as CPU time in one run: help, imports one by one, a cold composition to MIDI, reading a sentence,
and what the graph costs over calling its parts directly.

    python -P benchmarks/startup/run.py [--repeats 5]

Writes result.json beside itself. CPU time is user plus system time of the process; wall time would measure the machine's
other work.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

HERE = Path(__file__).resolve().parent
RIPIENO = str(Path(sys.executable).parent / "ripieno")
SENTENCES = (
    "a wistful waltz in B minor, piano and cello, 32 bars",
    "fast bebop in F, sax, piano, bass and drums, AABA, no guitar",
    "Slow cinematic build with strings, horns and taiko, about a minute and a half, ends loud",
    "lo-fi hip hop at 82 bpm with Rhodes and a dusty kick, chords Dm9 - G13 - Cmaj9 - A7#9, 16 bars",
)
IMPORTS = (
    "typer", "rich.console", "pydantic", "numpy", "mido", "sqlalchemy", "langgraph.graph", "langgraph.checkpoint.sqlite",
    "ripieno.app.commands.compose", "ripieno.score.formats.midi",
)  # fmt: skip


def child_cpu(command: list[str], home: str = "") -> float:
    """CPU seconds of a command and what it starts; `home`: where it remembers what it makes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "RIPIENO_HOME": home or os.devnull})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(measure: Callable[[], float], repeats: int) -> float:
    return statistics.median(measure() for _ in range(repeats))


def import_costs() -> dict[str, float]:
    """CPU seconds that each import adds, in this order, in one fresh process."""
    code = (
        "import importlib, json, time\nout = {}\n"
        f"for name in {IMPORTS!r}:\n"
        "    a = time.process_time(); importlib.import_module(name); out[name] = time.process_time() - a\n"
        "print(json.dumps(out))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    return {name: round(cost, 3) for name, cost in json.loads(done.stdout).items()}


def cold_compose() -> float:
    with tempfile.TemporaryDirectory() as out:
        return child_cpu([RIPIENO, "compose", SENTENCES[0], "--formats", "midi", "--out", out, "--quiet"], f"{out}/home")


def reading_ms(repeats: int) -> float:
    from ripieno.agents.brains.embedded.brain import EmbeddedBrain
    from ripieno.agents.understanding import TurnContext
    from ripieno.tools.toolbox import profiles

    brain = EmbeddedBrain(profiles())
    brain.conceive(SENTENCES[0], TurnContext(), {})  # the lexicons load once

    def once() -> float:
        start = time.process_time()
        for sentence in SENTENCES:
            brain.conceive(sentence, TurnContext(), {})
        return 1000 * (time.process_time() - start) / len(SENTENCES)

    return median(once, repeats * 4)


def graph_overhead(repeats: int) -> dict[str, float]:
    """The same turn through the graph with its checkpointer, and as plain calls of the same nodes, alternating."""
    from ripieno.agents import expert, generator, memory, orchestrator, voter
    from ripieno.agents.brains.embedded.brain import EmbeddedBrain
    from ripieno.agents.checkpoints import checkpointer
    from ripieno.agents.graph import build_graph, with_checkpointer
    from ripieno.agents.judges.registry import build_judges
    from ripieno.agents.state import Ensemble, TurnRequest, TurnState
    from ripieno.memory.store import Store
    from ripieno.tools.toolbox import build_toolbox, profiles

    known = profiles()
    parts = (EmbeddedBrain(known), build_toolbox())
    compiled = build_graph()

    def turn(through_graph: bool, sentence: str) -> float:
        with tempfile.TemporaryDirectory() as folder, closing(Store(Path(folder) / "p.db")) as store:
            ensemble = Ensemble(*parts, store, build_judges(), known)
            request = TurnRequest(turn="t", text=sentence)
            start = time.process_time()
            if through_graph:
                with checkpointer(Path(folder) / "turn.db") as saver:
                    with_checkpointer(compiled, saver).invoke(
                        {"request": request}, {"configurable": {"thread_id": "t"}}, context=ensemble, durability="sync"
                    )
            else:
                runtime = cast(Any, SimpleNamespace(context=ensemble))
                state: TurnState = {"request": request}
                for node in (memory.recall, expert.conceive, orchestrator.plan, generator.generate, expert.criticise):
                    state.update(node(state, runtime))
                while orchestrator.next_after_critic(state, runtime) == "revise":
                    for node in (orchestrator.revise, generator.generate, expert.criticise):
                        state.update(node(state, runtime))
                for node in (voter.vote, memory.commit):
                    state.update(node(state, runtime))
            return time.process_time() - start

    direct = graph = 0.0
    for sentence in SENTENCES:
        turn(True, sentence), turn(False, sentence)  # first calls load what is loaded late
        pairs = [(turn(False, sentence), turn(True, sentence)) for _ in range(repeats)]
        # Other work on the machine only ever adds to CPU time, so the least of each side is compared.
        direct += min(side for side, _ in pairs)
        graph += min(side for _, side in pairs)
    return {"direct_s": round(direct, 4), "graph_s": round(graph, 4), "overhead": round(graph / direct - 1, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    result = {
        "help_s": round(median(lambda: child_cpu([RIPIENO, "--help"]), repeats), 3),
        "cold_compose_to_midi_s": round(median(cold_compose, repeats), 3),
        "imports_s": import_costs(),
        "reading_ms": round(reading_ms(repeats), 2),
        "graph": graph_overhead(repeats),
    }
    (HERE / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
