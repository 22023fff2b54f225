"""Where a project stands: its current branch, the head, and the history that undo and redo walk along.

The history is a row of places, one for each turn that changed where the project stands (a commit, a checkout, a branch). A
place says which branch the step set, onto which version, and where that branch stood before, so a step can be taken back and
done again exactly, branches included. The project's `place` points into it; a new step cuts off what lay ahead.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ripieno.memory import versions
from ripieno.memory.schema import BRANCHES, HISTORY, NAME, PROJECTS
from ripieno.score.errors import BadRequest, RipienoError

MAIN = "main"


class StoreConflict(RipienoError):
    """The project moved on while a turn was under way; nothing was committed."""


@dataclass(frozen=True)
class Move:
    """A project as a writer found it, and the ways to move its head. `number` is that of the head's version."""

    project: int
    branch: str
    place: int
    number: int | None
    head_id: str | None
    versions: int
    turns: int

    def check(self, expected: str | None) -> None:
        """Whether the head is still the version that the turn began on.

        Raises:
            StoreConflict: it is not.
        """
        if self.head_id != expected:
            raise StoreConflict(
                "A turn commits onto the version that it began on",
                value=f"began on {_short(expected)}, the project is at {_short(self.head_id)}",
                cause="another program committed a turn meanwhile",
                cure="take the turn again: it will build on the newer version",
            )

    def branch_for(self, connection: Connection, name: str | None) -> str:
        """The branch to commit on: the current one, or a new one.

        Raises:
            BadRequest: the branch is there and stands elsewhere.
        """
        if name is None or name == self.branch:
            return self.branch
        stands = versions.branches(connection, self.project).get(check_name("branch", name), self.number)
        if stands != self.number:
            raise BadRequest(
                "A turn commits onto the current branch or onto a new one", value=name,
                cause="a branch of that name stands on another version", cure="switch to that branch first",
            )  # fmt: skip
        return name

    def forward(self, connection: Connection, branch: str, version: int, *, versions: int | None = None) -> None:
        """Takes a new step: the branch onto the version, the head there; what could have been redone is gone."""
        was = _standing(connection, self.project, branch)
        ahead = and_(HISTORY.c.project == self.project, HISTORY.c.place > self.place)
        connection.execute(delete(HISTORY).where(ahead))
        step = insert(HISTORY).values(
            project=self.project, place=self.place + 1, branch=branch, version=version, was=was, turn=self.turns + 1
        )
        connection.execute(step)
        _set_branch(connection, self.project, branch, version)
        self._update(connection, branch=branch, place=self.place + 1, versions=versions or self.versions)

    def walk(self, connection: Connection, steps: int) -> None:
        """Walks along the history, step by step: back (below 0) or forth. `place` has made sure that it is there."""
        rows = _places(connection, self.project, *sorted((self.place, self.place + steps)))
        if steps < 0:
            for row in reversed(rows[1:]):
                _set_branch(connection, self.project, row.branch, row.was)
        else:
            for row in rows[1:]:
                _set_branch(connection, self.project, row.branch, row.version)
        end = rows[0] if steps < 0 else rows[-1]
        self._update(connection, branch=end.branch, place=end.place)

    def stay(self, connection: Connection) -> None:
        """Only counts a turn."""
        self._update(connection)

    def _update(self, connection: Connection, **changed: object) -> None:
        row = update(PROJECTS).where(PROJECTS.c.id == self.project)
        connection.execute(row.values(turns=self.turns + 1, **changed))


def begin(connection: Connection, name: str) -> Move:
    """The project for a writer, who is alone with it until the transaction ends. Makes it where there is none."""
    row = connection.execute(select(PROJECTS).where(PROJECTS.c.name == name).with_for_update()).first()
    if row is None:
        dialect = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        now = datetime.now(UTC).isoformat(timespec="seconds")
        fresh = dialect(PROJECTS).values(name=name, branch=MAIN, place=0, versions=0, turns=0, created=now)
        connection.execute(fresh.on_conflict_do_nothing())
        row = connection.execute(select(PROJECTS).where(PROJECTS.c.name == name).with_for_update()).one()
    number = at(connection, row)
    id_ = None if number is None else versions.by_number(connection, row.id, number)["id"]
    return Move(row.id, row.branch, row.place, number, id_, row.versions, row.turns)


def project(connection: Connection, name: str) -> Row[Any] | None:
    """The project's row for a reader; None where there is none yet."""
    return connection.execute(select(PROJECTS).where(PROJECTS.c.name == name)).first()


def at(connection: Connection, row: Row[Any]) -> int | None:
    """The number of the head's version; None before the first."""
    here = and_(HISTORY.c.project == row.id, HISTORY.c.place == row.place)
    return connection.scalar(select(HISTORY.c.version).where(here))


def target(connection: Connection, project: int, place: int, steps: int) -> Row[Any]:
    """The place `steps` further along the history (below 0: back).

    Raises:
        BadRequest: the history does not go so far.
    """
    here = and_(HISTORY.c.project == project, HISTORY.c.place == place + steps)
    found = connection.execute(select(HISTORY).where(here)).first()
    if found is not None:
        return found
    count, what = abs(steps), "taken back" if steps < 0 else "done again"
    raise BadRequest(
        f"Only turns that are there can be {what}",
        value=f"{count} turn{'s' if count > 1 else ''}",
        cause="the piece begins with its first version" if steps < 0 else "nothing was undone since the last change",
        cure="`ripieno log` lists the versions; any of them can be checked out",
    )


def reach(connection: Connection, row: Row[Any]) -> tuple[int, int]:
    """How many steps the history goes back from the head (its first place is the first version), and how many forth."""
    last = connection.scalar(select(func.max(HISTORY.c.place)).where(HISTORY.c.project == row.id)) or 0
    return max(0, row.place - 1), last - row.place


def check_name(what: str, name: str) -> str:
    """The name of a project or branch, if it can be one.

    Raises:
        BadRequest: it is empty, too long, or holds characters that cannot be typed.
    """
    if not name.strip() or len(name) > NAME or not name.isprintable() or name != name.strip():
        raise BadRequest(
            f"The name of a {what} has 1 to {NAME} printable characters and no blanks at its ends",
            value=repr(name), cure="choose another name",
        )  # fmt: skip
    return name


def _places(connection: Connection, project: int, first: int, last: int) -> list[Row[Any]]:
    here = and_(HISTORY.c.project == project, HISTORY.c.place.between(first, last))
    return list(connection.execute(select(HISTORY).where(here).order_by(HISTORY.c.place)))


def _standing(connection: Connection, project: int, branch: str) -> int | None:
    here = and_(BRANCHES.c.project == project, BRANCHES.c.name == branch)
    return connection.scalar(select(BRANCHES.c.version).where(here))


def _set_branch(connection: Connection, project: int, branch: str, version: int | None) -> None:
    here = and_(BRANCHES.c.project == project, BRANCHES.c.name == branch)
    if version is None:
        connection.execute(delete(BRANCHES).where(here))
    elif not connection.execute(update(BRANCHES).where(here).values(version=version)).rowcount:
        connection.execute(insert(BRANCHES).values(project=project, name=branch, version=version))


def _short(id_: str | None) -> str:
    return "an empty project" if id_ is None else id_[:12]
