"""What this user usually likes: learnt from what was said, kept, locked, undone and changed, shown, edited, forgotten.

A preference is a value for a matter (`about` "drums.volume", value "lower") with a weight in 0..1 and the evidence for it. An
observation of strength s moves the weight w of its value to 1 - (1 - w)(1 - s), and the weights of other values of the
same matter to w (1 - s): what is seen often grows towards 1, what is contradicted fades. Nothing here knows what the matters
are; who observes names them, and a stated wish is nobody's business but the turn's.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from ripieno.memory.database import Database
from ripieno.memory.schema import NAME, PREFERENCES
from ripieno.score.errors import BadRequest

# How much one observation counts, by what it was.
STRENGTH = {
    "said": 0.6,  # the person said so in as many words
    "locked": 0.35,  # it was locked against later turns
    "edited": 0.25,  # the person changed it to this, unasked
    "undone": 0.25,  # the opposite was made and taken back
    "kept": 0.15,  # it was made and stayed
}
_REMEMBERED = 12  # pieces of evidence kept for one preference, the latest


@dataclass(frozen=True)
class Evidence:
    """One observation: how (a key of `STRENGTH`), in which project and turn, the words, and when (UTC)."""

    how: str
    project: str
    turn: str
    words: str
    seen: str


@dataclass(frozen=True)
class Preference:
    """A value for a matter: `statement` says it in a sentence, `weight` 0..1 how sure it is, `times` how often it was seen."""

    id: int
    about: str
    value: str
    statement: str
    weight: float
    times: int
    evidence: tuple[Evidence, ...]
    first_seen: str
    last_seen: str


class Preferences:
    """The preferences in a database; they belong to the user, not to a project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, least: float = 0.0) -> tuple[Preference, ...]:
        """Those with at least this weight, the surest first."""
        query = select(PREFERENCES).where(PREFERENCES.c.weight >= least)
        order = (PREFERENCES.c.weight.desc(), PREFERENCES.c.about, PREFERENCES.c.value)
        with self._database.read() as connection:
            return tuple(_preference(row) for row in connection.execute(query.order_by(*order)).mappings())

    def get(self, about: str, least: float = 0.0) -> Preference | None:
        """The surest value for a matter, if any has at least this weight."""
        return next((p for p in self.all(least) if p.about == about), None)

    def observe(
        self, about: str, value: str, statement: str, how: str, *, project: str = "", turn: str = "", words: str = ""
    ) -> Preference:  # fmt: skip
        """Counts one observation; see the module for what it does to the weights.

        Raises:
            BadRequest: `how` is unknown, or a name is empty or too long.
        """
        if how not in STRENGTH:
            raise BadRequest("An observation is one of " + ", ".join(STRENGTH), value=how, cure="name one of these")
        for name in (about, value):
            if not name.strip() or len(name) > NAME:
                raise BadRequest(f"Matter and value have 1 to {NAME} characters", value=repr(name), cure="shorten it")
        seen = Evidence(how, project, turn, words, datetime.now(UTC).isoformat(timespec="seconds"))
        with self._database.write() as connection:
            return _observe(connection, about, value, statement, seen)

    def put(self, id_: int, *, statement: str | None = None, value: str | None = None, weight: float | None = None) -> None:
        """Edits a preference by hand.

        Raises:
            BadRequest: there is none with this id, or the weight lies outside 0..1.
        """
        if weight is not None and not 0 <= weight <= 1:
            raise BadRequest("A weight lies between 0 and 1", value=weight, cure="1 is sure, 0 is nothing")
        new = {"statement": statement, "value": value, "weight": weight}
        changed = {name: value for name, value in new.items() if value is not None}
        with self._database.write() as connection:
            row = update(PREFERENCES).where(PREFERENCES.c.id == id_)
            if not connection.execute(row.values(changed or {"id": id_})).rowcount:
                raise _unknown(id_)

    def forget(self, which: int | str | None = None) -> int:
        """Deletes one preference by id, all about a matter, or (None) all; gives how many there were.

        Raises:
            BadRequest: there is none such.
        """
        query = delete(PREFERENCES)
        if which is not None:
            query = query.where((PREFERENCES.c.id if isinstance(which, int) else PREFERENCES.c.about) == which)
        with self._database.write() as connection:
            count = connection.execute(query).rowcount
        if which is not None and not count:
            raise _unknown(which)
        return count


def _observe(connection: Connection, about: str, value: str, statement: str, seen: Evidence) -> Preference:
    here, strength = PREFERENCES.c.about == about, STRENGTH[seen.how]
    connection.execute(
        update(PREFERENCES)
        .where(here, PREFERENCES.c.value != value)
        .values(weight=PREFERENCES.c.weight * (1 - strength))
    )
    old = connection.execute(select(PREFERENCES).where(here, PREFERENCES.c.value == value)).mappings().first()
    evidence = [] if old is None else json.loads(old["evidence"])
    row = {
        "about": about, "value": value, "statement": statement, "times": 1 if old is None else old["times"] + 1,
        "weight": 1 - (1 - (old["weight"] if old else 0.0)) * (1 - strength), "last_seen": seen.seen,
        "evidence": json.dumps([*evidence, asdict(seen)][-_REMEMBERED:], ensure_ascii=False),
    }  # fmt: skip
    if old is None:
        connection.execute(insert(PREFERENCES).values(**row, first_seen=seen.seen))
    else:
        connection.execute(update(PREFERENCES).where(PREFERENCES.c.id == old["id"]).values(**row))
    return _preference(connection.execute(select(PREFERENCES).where(here, PREFERENCES.c.value == value)).mappings().one())


def _preference(row: RowMapping) -> Preference:
    evidence = tuple(Evidence(**entry) for entry in json.loads(row["evidence"]))
    return Preference(**{**row, "evidence": evidence})


def _unknown(which: object) -> BadRequest:
    return BadRequest(
        "A preference is one that is remembered", value=which, cure="`ripieno memory list` shows them with their numbers"
    )
