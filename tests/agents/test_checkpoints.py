"""The checkpointer in a file and on a server: a turn that stopped goes on where it was, with values of its own types."""

import sys
from pathlib import Path
from typing import TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph

from ripieno.agents.checkpoints import checkpointer
from ripieno.score.brief import Attribute, Brief
from ripieno.score.errors import MissingPart
from tests.postgres import Cluster


class _State(TypedDict, total=False):
    brief: Brief
    tempo: float


class _Stopped(Exception):
    """Stands for the death of the process."""


def stop_and_go_on(where: Path | str) -> None:
    """Stops a turn in its second node and takes it up again by another checkpointer."""
    dies = [True]

    def read(state: _State) -> _State:
        return {"brief": Brief(text="a march", tempo=Attribute(value=112.0))}

    def think(state: _State) -> _State:
        if dies.pop() if dies else False:
            raise _Stopped
        assert isinstance(state["brief"], Brief) and state["brief"].tempo is not None
        return {"tempo": state["brief"].tempo.value}

    graph = StateGraph(_State)
    graph.add_node("read", read)
    graph.add_node("think", think)
    graph.add_edge(START, "read")
    graph.add_edge("read", "think")
    graph.add_edge("think", END)
    thread: RunnableConfig = {"configurable": {"thread_id": "t1"}}
    with checkpointer(where) as saver, pytest.raises(_Stopped):
        graph.compile(checkpointer=saver).invoke({}, thread, durability="sync")
    with checkpointer(where) as saver:
        again = graph.compile(checkpointer=saver)
        assert again.get_state(thread).next == ("think",)
        assert again.invoke(None, thread, durability="sync")["tempo"] == 112.0
        saver.delete_thread("t1")
        assert again.get_state(thread).next == () and not again.get_state(thread).values


def test_in_a_file(tmp_path: Path) -> None:
    stop_and_go_on(tmp_path / "turn.db")


def test_on_the_server_that_holds_the_projects(cluster: Cluster) -> None:
    stop_and_go_on(cluster.new_database())


def test_without_the_package_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.checkpoint.postgres", None)
    with pytest.raises(MissingPart, match=r'pip install "ripieno\[postgres\]"'), checkpointer("postgresql://x"):
        pass
