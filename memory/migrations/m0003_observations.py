"""The third layout: what preferences were learnt from, one row for each observation, so that it can be taken back exactly."""

import json

from sqlalchemy import Boolean, Column, Connection, Float, Index, Integer, MetaData, String, Table, Text, insert, select, text

_META = MetaData()
_OBSERVATIONS = Table(
    "observations", _META, Column("id", Integer, primary_key=True), Column("project", String(64), nullable=False),
    Column("turn", String(64), nullable=False), Column("about", String(200), nullable=False),
    Column("value", String(200), nullable=False), Column("how", String(20), nullable=False),
    Column("strength", Float, nullable=False), Column("amount", Float), Column("statement", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("seen", String(32), nullable=False), Column("taken_back", Boolean, nullable=False),
    Index("observations_of_turn", "project", "turn"), Index("observations_about", "about"),
)  # fmt: skip
_OLD = Table(
    "preferences", MetaData(), Column("about", String(200)), Column("value", String(200)), Column("statement", Text),
    Column("evidence", Text),
)  # fmt: skip
_STRENGTH = {"said": 0.6, "locked": 0.35, "edited": 0.25, "undone": 0.25, "kept": 0.15}


def up(connection: Connection) -> None:
    """Makes the table, fills it with the evidence that is there, and lets a preference say how much and how widely seen."""
    _META.create_all(connection)
    connection.execute(text("ALTER TABLE preferences ADD COLUMN amount FLOAT"))
    connection.execute(text("ALTER TABLE preferences ADD COLUMN projects INTEGER NOT NULL DEFAULT 0"))
    rows = [
        {"project": seen["project"][:64], "turn": seen["turn"][:64], "about": row.about, "value": row.value,
         "how": seen["how"], "strength": _STRENGTH.get(seen["how"], 0.0), "amount": None, "statement": row.statement,
         "words": seen["words"], "seen": seen["seen"], "taken_back": False}
        for row in connection.execute(select(_OLD)) for seen in json.loads(row.evidence)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(_OBSERVATIONS), sorted(rows, key=lambda row: str(row["seen"])))
