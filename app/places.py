"""Where a project lies: a folder of its own, or a name in a database on a server."""

from dataclasses import dataclass
from pathlib import Path

from ripieno.score.errors import BadRequest

DATABASE, CHECKPOINTS = "project.db", "turn.db"
_SERVERS = ("postgresql:", "postgresql+", "postgres:")


@dataclass(frozen=True)
class Place:
    """A project's address.

    Attributes:
        database: the SQLite file, or the URL of the server.
        name: the project's name within the database.
        folder: where its files go; None for a project on a server.
        checkpoints: where turns under way are kept: a file, or the same URL.
    """

    database: Path | str
    name: str
    folder: Path | None
    checkpoints: Path | str

    @property
    def words(self) -> str:
        """How people are told of it; never a password."""
        return str(self.folder) if self.folder else f"project {self.name!r}"


def place(where: Path | str, *, new: bool = False) -> Place:
    """The place that a person names: a folder, or `postgresql://user@host/database#project`.

    Raises:
        BadRequest: there is no project there (unless `new`), or the URL names none.
    """
    text = str(where)
    if text.startswith(_SERVERS):
        url, _, name = text.partition("#")
        if not name:
            raise BadRequest("A project on a server has a name", value=url.rsplit("@", 1)[-1],
                             cure="write it after the address: postgresql://host/database#my-song")  # fmt: skip
        driver = "postgresql+psycopg:" + url.partition(":")[2] if not url.startswith("postgresql+") else url
        return Place(driver, name, None, driver)
    folder = Path(where).expanduser()
    if not new and not (folder / DATABASE).is_file():
        raise BadRequest(
            "A project is a folder that Ripieno made", value=folder, cause=f"it holds no {DATABASE}",
            cure="give the folder of a composed or imported piece",
        )  # fmt: skip
    return Place(folder / DATABASE, "default", folder, folder / CHECKPOINTS)
