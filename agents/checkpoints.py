"""How the graph's state is written into checkpoints: msgpack of known types only, never pickle."""

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from ripieno.agents import habits, plan, report, state, understanding
from ripieno.agents.judges import base
from ripieno.memory import table
from ripieno.memory.database import explained
from ripieno.score import brief, instruments
from ripieno.score.checks import delivered, finding
from ripieno.score.errors import MissingPart
from ripieno.tools import base as tools_base
from ripieno.tools import scope
from ripieno.tools.registry import FAMILIES

_MODULES: tuple[ModuleType, ...] = (
    habits, plan, report, state, understanding, base, table, brief, instruments, delivered, finding, tools_base, scope,
    *(module for modules in FAMILIES.values() for module in modules),
)  # fmt: skip


@contextmanager
def checkpointer(where: Path | str) -> Iterator[BaseCheckpointSaver[str]]:
    """A checkpointer over an SQLite file, or over PostgreSQL by the URL of the projects; closed at the end.

    Raises:
        MissingPart: PostgreSQL's checkpointer is not installed.
        StoreFault, StoreBusy: a checkpoint could not be read or written, at any time until it is closed.
    """
    if isinstance(where, str):
        try:
            from langgraph.checkpoint.postgres import PostgresSaver
        except ImportError as error:
            raise MissingPart(
                "Turns in PostgreSQL need its checkpointer", value="langgraph-checkpoint-postgres",
                cause="it is not installed", cure='pip install "ripieno[postgres]"',
            ) from error  # fmt: skip
        with explained(), PostgresSaver.from_conn_string(where.replace("+psycopg:", ":", 1)) as saver:
            saver.serde = serializer()
            saver.setup()
            yield saver
        return
    with explained(), closing(sqlite3.connect(where, check_same_thread=False)) as connection:
        # Enough to survive the death of the process; what must survive a power cut is what the store commits.
        connection.execute("PRAGMA synchronous=NORMAL")
        yield SqliteSaver(connection, serde=serializer())


def serializer() -> JsonPlusSerializer:
    """A serializer that reads back the values of the state and nothing else."""
    known = [
        (module.__name__, name)
        for module in _MODULES
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not issubclass(value, Exception)
    ]
    # Parametrised generics such as Attribute[str] are classes of their own, named in their module.
    known += [(cls.__module__, cls.__qualname__) for cls in brief.Attribute.__subclasses__()]
    return JsonPlusSerializer(allowed_msgpack_modules=known)
