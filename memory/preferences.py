"""What this user usually likes: learnt from what was said, kept, locked, changed and undone, shown, edited, forgotten.

A preference is a value for a matter (`about` "drums.volume", value "lower") with a weight in 0..1 and the evidence for it. It
is computed from the observations of its matter, in the order in which they were made: one of strength s moves the weight w of
its value to 1 - (1 - w)(1 - s), and the weights of other values of the same matter to w (1 - s). What is seen often grows
towards 1, what is contradicted fades; what was undone only fades. A turn is counted once, however often it is told, and what
an undone turn taught is taken back exactly. Nothing here knows what the matters are; who observes names them, and a stated
wish is nobody's business but the turn's.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, and_, delete, exists, insert, select, update

from ripieno.memory.database import Database
from ripieno.memory.schema import NAME, OBSERVATIONS, PREFERENCES
from ripieno.score.errors import BadRequest

# How much one observation counts, by what it was.
STRENGTH = {
    "said": 0.6,  # the person said so in as many words
    "locked": 0.35,  # it was locked against later turns
    "edited": 0.25,  # the person changed it to this, unasked
    "undone": 0.25,  # it was made and taken back: the value fades
    "kept": 0.15,  # it was changed to this and stayed for another turn
}
_SET = "set"  # the weight was set by hand: `strength` is that weight
_OWN = ("said", "edited")  # what the person did; the others follow from it
_REMEMBERED = 12  # pieces of evidence shown for one preference, the latest
_ROW = OBSERVATIONS.c


@dataclass(frozen=True)
class Evidence:
    """One observation: how (a key of `STRENGTH`), in which project and turn, the words, and when (UTC)."""

    how: str
    project: str
    turn: str
    words: str
    seen: str


@dataclass(frozen=True)
class Observation:
    """What a turn teaches: a value for a matter, the preference in a sentence, how it was seen, and how much, if that can be
    measured (`amount`, in the matter's own unit)."""

    about: str
    value: str
    statement: str
    how: str
    words: str = ""
    amount: float | None = None


@dataclass(frozen=True)
class Preference:
    """A value for a matter: `statement` says it in a sentence, `weight` 0..1 how sure it is, `times` how often it was seen, in
    how many `projects`, and the middle `amount` of the last times it was measured."""

    id: int
    about: str
    value: str
    statement: str
    weight: float
    times: int
    evidence: tuple[Evidence, ...]
    first_seen: str
    last_seen: str
    amount: float | None
    projects: int


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

    # --- learning ---------------------------------------------------------------------------------------------------------

    def observe(
        self, about: str, value: str, statement: str, how: str, *, project: str = "", turn: str = "", words: str = ""
    ) -> Preference | None:  # fmt: skip
        """Counts one observation, unless this turn of the project was counted before; gives the value's preference.

        Raises:
            BadRequest: `how` is unknown, or a name is empty or too long.
        """
        self.learn(project, turn, [Observation(about, value, statement, how, words)])
        return next((p for p in self.all() if (p.about, p.value) == (about, value)), None)

    def learn(
        self, project: str, turn: str, seen: Sequence[Observation], *, stayed: bool = False, locked: Collection[str] = ()
    ) -> None:  # fmt: skip
        """Counts what a turn teaches, in one transaction; a turn of a project counts once.

        Args:
            project, turn: ids; observations without a turn are each counted.
            seen: what the person did in this turn.
            stayed: the turn built on the one before: what that changed, and this does not change again, was kept.
            locked: subjects (the part of a matter before the dot) that the turn locked: what was changed of them in this
                project is locked.

        Raises:
            BadRequest: an observation's `how` is unknown, or a name is empty or too long.
        """
        for one in seen:
            _check(one)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.read() as connection:
            if not seen and not (project and _earlier(connection, project, turn, stayed, locked)):
                return  # the usual turn teaches nothing: nobody has to be kept waiting
        with self._database.write() as connection:
            here = and_(_ROW.project == project, _ROW.turn == turn)
            if turn and connection.scalar(select(exists().where(here, _ROW.how.in_((*_OWN, "locked"))))):
                return
            rows = [_observed(project, turn, now, one) for one in seen]
            anew = {one.about for one in seen}
            for how, old in _earlier(connection, project, turn, stayed, locked):
                if old.about not in anew:
                    of = turn if how == "locked" else old.turn
                    rows.append(_observed(project, of, now, _again(old, how)))
            if rows:
                connection.execute(insert(OBSERVATIONS), rows)
            _compute(connection, {str(row["about"]) for row in rows})

    def take_back(self, project: str, turns: Collection[str], *, disliked: bool = True) -> None:
        """Takes back what undone turns taught; `disliked`: what they had changed fades where it was learnt elsewhere, too."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.read() as connection:
            if connection.execute(select(_ROW.id).where(*_of(project, turns, False)).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            rows = connection.execute(select(OBSERVATIONS).where(*_of(project, turns, False))).all()
            connection.execute(update(OBSERVATIONS).where(*_of(project, turns, False)).values(taken_back=True))
            undone = [_observed(project, r.turn, now, _again(r, "undone")) for r in rows if r.how in _OWN]
            if disliked and undone:
                connection.execute(insert(OBSERVATIONS), undone)
            _compute(connection, {r.about for r in rows})

    def bring_back(self, project: str, turns: Collection[str]) -> None:
        """Counts again what turns taught that were undone and are done again."""
        with self._database.read() as connection:
            if connection.execute(select(_ROW.id).where(*_of(project, turns, True)).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            here = (_ROW.project == project, _ROW.turn.in_(turns))
            abouts = set(connection.scalars(select(_ROW.about).where(*here)))
            connection.execute(delete(OBSERVATIONS).where(*here, _ROW.how == "undone"))
            connection.execute(update(OBSERVATIONS).where(*here).values(taken_back=False))
            _compute(connection, abouts)

    # --- by hand ----------------------------------------------------------------------------------------------------------

    def put(self, id_: int, *, statement: str | None = None, value: str | None = None, weight: float | None = None) -> None:
        """Edits a preference by hand.

        Raises:
            BadRequest: there is none with this id, the weight lies outside 0..1, or its matter has another of this value.
        """
        if weight is not None and not 0 <= weight <= 1:
            raise BadRequest("A weight lies between 0 and 1", value=weight, cure="1 is sure, 0 is nothing")
        with self._database.write() as connection:
            row = connection.execute(select(PREFERENCES).where(PREFERENCES.c.id == id_)).mappings().first()
            if row is None:
                raise _unknown(id_)
            about, old = row["about"], row["value"]
            if value is not None and value != old:
                _check(Observation(about, value, "", "said"))
                if connection.scalar(select(exists().where(PREFERENCES.c.about == about, PREFERENCES.c.value == value))):
                    raise BadRequest("A matter has each value once", value=value, cause="another preference says so",
                                     cure="forget that one first")  # fmt: skip
                connection.execute(
                    update(OBSERVATIONS).where(_ROW.about == about, _ROW.value == old).values(value=value)
                )
            changed = {"statement": statement or row["statement"], "value": value or old}
            connection.execute(update(PREFERENCES).where(PREFERENCES.c.id == id_).values(changed))
            if weight is not None:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                by_hand = Observation(about, value or old, statement or row["statement"], _SET)
                set_ = _observed("", "", now, by_hand) | {"strength": weight}
                connection.execute(insert(OBSERVATIONS), [set_])
            _compute(connection, {about})

    def forget(self, which: int | str | None = None) -> int:
        """Deletes one preference by id, all about a matter, or (None) all, with what they were learnt from; gives how many.

        Raises:
            BadRequest: there is none such.
        """
        query = select(PREFERENCES.c.id, PREFERENCES.c.about, PREFERENCES.c.value)
        if which is not None:
            query = query.where((PREFERENCES.c.id if isinstance(which, int) else PREFERENCES.c.about) == which)
        with self._database.write() as connection:
            rows = connection.execute(query).all()
            for row in rows:
                connection.execute(delete(PREFERENCES).where(PREFERENCES.c.id == row.id))
                connection.execute(delete(OBSERVATIONS).where(_ROW.about == row.about, _ROW.value == row.value))
            if which is None:
                connection.execute(delete(OBSERVATIONS))
        if which is not None and not rows:
            raise _unknown(which)
        return len(rows)


def _check(one: Observation) -> None:
    if one.how not in STRENGTH:
        raise BadRequest("An observation is one of " + ", ".join(STRENGTH), value=one.how, cure="name one of these")
    for name in (one.about, one.value):
        if not name.strip() or len(name) > NAME:
            raise BadRequest(f"Matter and value have 1 to {NAME} characters", value=repr(name), cure="shorten it")


def _observed(project: str, turn: str, seen: str, one: Observation) -> dict[str, object]:
    return {"project": project, "turn": turn, "seen": seen, "strength": STRENGTH.get(one.how, 0.0), "taken_back": False,
            **asdict(one)}  # fmt: skip


def _again(row: Row[Any], how: str) -> Observation:
    return Observation(row.about, row.value, row.statement, how, row.words)


def _of(project: str, turns: Collection[str], taken_back: bool) -> tuple[ColumnElement[bool], ...]:
    """The observations of some turns, without what only says that they were undone."""
    return (_ROW.project == project, _ROW.turn.in_(turns), _ROW.how != "undone", _ROW.taken_back == taken_back)


def _earlier(
    connection: Connection, project: str, turn: str, stayed: bool, locked: Collection[str]
) -> list[tuple[str, Row[Any]]]:  # fmt: skip
    """What earlier turns of the project changed that is now to count as kept, or as locked, for the first time."""
    if not project or not (stayed or locked):
        return []
    rows = connection.execute(select(OBSERVATIONS).where(_ROW.project == project).order_by(_ROW.id)).all()
    kept = {(row.turn, row.about, row.value) for row in rows if row.how == "kept"}
    fast = {(row.about, row.value) for row in rows if row.how == "locked"}
    found: list[tuple[str, Row[Any]]] = []
    for row in rows:
        if row.how not in _OWN or row.turn == turn or row.taken_back:
            continue
        if stayed and (row.turn, row.about, row.value) not in kept:
            found.append(("kept", row))
        if row.about.partition(".")[0] in locked and (row.about, row.value) not in fast:
            fast.add((row.about, row.value))
            found.append(("locked", row))
    return found


def _compute(connection: Connection, abouts: Iterable[str]) -> None:
    """Computes the preferences of some matters from their observations; what has none left goes."""
    for about in sorted(abouts):
        weights: dict[str, float] = {}
        seen: dict[str, list[RowMapping]] = {}
        here = (_ROW.about == about, _ROW.taken_back.is_(False))
        for row in connection.execute(select(OBSERVATIONS).where(*here).order_by(_ROW.id)).mappings():
            value, strength = row["value"], row["strength"]
            if row["how"] == _SET:
                weights[value] = strength
                seen.setdefault(value, [])
            elif row["how"] == "undone":
                weights[value] = weights.get(value, 0.0) * (1 - strength)
            else:
                weights = {other: w if other == value else w * (1 - strength) for other, w in weights.items()}
                weights[value] = 1 - (1 - weights.get(value, 0.0)) * (1 - strength)
                seen.setdefault(value, []).append(row)
        old = {r.value: r for r in connection.execute(select(PREFERENCES).where(PREFERENCES.c.about == about))}
        for value in old.keys() - seen.keys():
            connection.execute(delete(PREFERENCES).where(PREFERENCES.c.id == old[value].id))
        for value, rows in seen.items():
            was = old.get(value)
            made = _summed(rows, weights[value])
            if was is not None:
                connection.execute(update(PREFERENCES).where(PREFERENCES.c.id == was.id).values(made))
            elif rows:
                said = rows[-1]["statement"]
                connection.execute(insert(PREFERENCES).values(about=about, value=value, statement=said, **made))


def _summed(rows: Sequence[RowMapping], weight: float) -> dict[str, object]:
    if not rows:
        return {"weight": weight}
    measured = [row["amount"] for row in rows if row["amount"] is not None][-_REMEMBERED:]
    evidence = [asdict(Evidence(r["how"], r["project"], r["turn"], r["words"], r["seen"])) for r in rows[-_REMEMBERED:]]
    return {
        "weight": weight, "times": len(rows), "evidence": json.dumps(evidence, ensure_ascii=False),
        "first_seen": rows[0]["seen"], "last_seen": rows[-1]["seen"], "amount": median(measured) if measured else None,
        "projects": len({r["project"] for r in rows} - {""}),
    }  # fmt: skip


def _preference(row: RowMapping) -> Preference:
    evidence = tuple(Evidence(**entry) for entry in json.loads(row["evidence"]))
    return Preference(**{**row, "evidence": evidence})


def _unknown(which: int | str) -> BadRequest:
    return BadRequest(
        "A preference is one that is remembered", value=which, cure="`ripieno memory list` shows them with their numbers"
    )
