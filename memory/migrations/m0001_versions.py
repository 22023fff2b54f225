"""The first layout: blobs, versions in a row, turns with their traces."""

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, String, Table, Text

META = MetaData()
BLOBS = Table(
    "blobs", META,
    Column("hash", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)  # fmt: skip
VERSIONS = Table(
    "versions", META,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("parent", String(64)),
    Column("turn", String(64), nullable=False, unique=True),
    Column("piece", String(64), nullable=False),
    Column("table", Text, nullable=False),
)  # fmt: skip
TURNS = Table(
    "turns", META,
    Column("id", String(64), primary_key=True),
    Column("request", Text, nullable=False),
    Column("trace", Text, nullable=False),
)  # fmt: skip


def up(connection: Connection) -> None:
    """Makes the tables."""
    META.create_all(connection)
