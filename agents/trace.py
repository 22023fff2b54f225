"""Signs of life while a turn runs, what each node cost, and the trace that is kept of it."""

import json
import time
from collections.abc import Mapping
from typing import Protocol

from langgraph.runtime import Runtime
from pydantic_core import to_jsonable_python

from ripieno.agents.state import Ensemble, Progress, Timing, TurnState


class Node(Protocol):
    """A step of the graph: state and context in, the changed keys of the state out."""

    def __call__(self, state: TurnState, *, runtime: Runtime[Ensemble]) -> TurnState:
        """Takes the step."""
        ...


def say(runtime: Runtime[Ensemble], agent: str, message: str, done: int | None = None, total: int | None = None) -> None:
    """Gives a sign of life to whoever watches the turn."""
    runtime.context.watch(Progress(agent=agent, message=message, done=done, total=total))


def timed(name: str, node: Node) -> Node:
    """The node, adding what it cost to the state."""

    def run(state: TurnState, *, runtime: Runtime[Ensemble]) -> TurnState:
        cpu, wall = time.process_time(), time.perf_counter()
        update = node(state, runtime=runtime)
        spent = Timing(node=name, cpu=time.process_time() - cpu, wall=time.perf_counter() - wall)
        decided = runtime.context.decisions()
        return {**update, "timings": [spent], "decisions": list(decided)} if decided else {**update, "timings": [spent]}

    return run


def trace_json(state: Mapping[str, object]) -> str:
    """The whole state of a turn as JSON: request, brief, plan, candidates, findings, ballots, timings."""
    return json.dumps(to_jsonable_python(state), ensure_ascii=False, indent=1)
