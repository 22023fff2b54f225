"""The conversation of a project: every turn, whether it made a version, moved the head, or only asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, insert, select

from ripieno.memory.schema import TURNS, VERSIONS
from ripieno.score.errors import BadRequest


@dataclass(frozen=True)
class PastTurn:
    """A turn as it happened; `before` and `after` are the ids of the head's versions (None: there was none)."""

    id: str
    number: int
    kind: str
    text: str
    reply: str
    branch: str
    before: str | None
    after: str | None
    created: str


def latest(connection: Connection, project: int, limit: int) -> tuple[PastTurn, ...]:
    """The last turns, in the order in which they happened."""
    query = select(TURNS).where(TURNS.c.project == project).order_by(TURNS.c.number.desc()).limit(limit)
    rows = connection.execute(query).mappings().all()
    numbers = {row[end] for row in rows for end in ("before", "after")} - {None}
    named = select(VERSIONS.c.number, VERSIONS.c.id).where(VERSIONS.c.project == project, VERSIONS.c.number.in_(numbers))
    ids = {row.number: row.id for row in connection.execute(named)} if numbers else {}
    return tuple(_past(row, ids) for row in reversed(rows))


def trace_hash(connection: Connection, project: int, turn: str) -> str:
    """Where the trace of a turn is filed.

    Raises:
        BadRequest: there is no such turn, or it left no trace.
    """
    row = connection.execute(select(TURNS.c.trace).where(TURNS.c.project == project, TURNS.c.id == turn)).first()
    if row is None or row.trace is None:
        raise BadRequest("A turn is one that this project has a trace of", value=turn, cure="see the project's versions")
    return str(row.trace)


def recorded(connection: Connection, project: int, turn: str) -> RowMapping | None:
    """The row of a turn that has been written down, if it has."""
    query = select(TURNS).where(TURNS.c.project == project, TURNS.c.id == turn)
    return connection.execute(query).mappings().first()


def last_trace(connection: Connection, project: int, number: int) -> str | None:
    """Where the trace of the turn with this number is filed, if there is one."""
    return connection.scalar(select(TURNS.c.trace).where(TURNS.c.project == project, TURNS.c.number == number))


def add(
    connection: Connection, project: int, number: int, turn: str, *, kind: str, text: str, reply: str, trace: str | None,
    branch: str, before: int | None, after: int | None, created: str,
) -> None:  # fmt: skip
    """Writes a turn down that is not recorded yet."""
    connection.execute(
        insert(TURNS).values(
            project=project, number=number, id=turn, kind=kind, text=text, reply=reply, trace=trace, branch=branch,
            before=before, after=after, created=created,
        )
    )


def twice(turn: str) -> BadRequest:
    """The error for another turn under an id that is taken."""
    return BadRequest(
        "A turn is recorded once", value=turn, cause="another was committed under this id", cure="give a new turn a new id"
    )


def _past(row: RowMapping, ids: Mapping[int, str]) -> PastTurn:
    return PastTurn(
        row["id"], row["number"], row["kind"], row["text"], row["reply"], row["branch"], ids.get(row["before"]),
        ids.get(row["after"]), row["created"],
    )  # fmt: skip
