"""The Python face: `Studio().compose("a wistful waltz in B minor, piano and cello, 32 bars")`."""

from dataclasses import dataclass
from pathlib import Path

from ripieno.agents.report import Report
from ripieno.agents.state import Overrides, Progress, unwatched
from ripieno.app.exports import ExportJob, ExportOrder, check_order, export
from ripieno.app.folders import new_folder, settle, slug
from ripieno.app.language import Language
from ripieno.app.language import language as from_environment
from ripieno.app.manifest import Manifest
from ripieno.app.places import place
from ripieno.app.project import Project, Turn
from ripieno.app.session import Session, Watcher
from ripieno.score.piece import Piece


@dataclass(frozen=True)
class Composition:
    """A finished piece: where its files are, the music itself, the report, and a reply in words."""

    folder: Path
    files: tuple[Path, ...]
    piece: Piece
    report: Report
    reply: str
    version: str
    turn: str


class Studio:
    """Composes pieces and opens projects. Building one costs about a second; take many turns with it.

    Args:
        memory: whether taste and pieces are remembered over projects (`docs/memory.md`); None: unless `RIPIENO_MEMORY=off`.
        language: which language models take part (`docs/language-models.md`); None: what the environment says.
    """

    def __init__(self, memory: bool | None = None, language: Language | None = None) -> None:
        self._session = Session(memory, language or from_environment())

    def __enter__(self) -> "Studio":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of connections to language models; needed only to finish a cassette."""
        self._session.close()

    def open(self, where: Path | str, *, new: bool = False) -> Project:
        """A project: its folder, or `postgresql://user@host/database#project`. `new` makes it where there is none.

        Raises:
            BadRequest: there is no project there.
        """
        found = place(where, new=new)
        if new and found.folder is not None:
            found.folder.mkdir(parents=True, exist_ok=True)
        return Project(self._session, found)

    def compose(
        self,
        text: str,
        *,
        out: Path | str = ".",
        seed: int = 0,
        candidates: int = 4,
        overrides: Overrides | None = None,
        order: ExportOrder | None = None,
        watch: Watcher = unwatched,
    ) -> Composition:
        """Composes a piece from a sentence and writes its files into a new folder inside `out`, named after the piece.

        The same text, seed, candidates and overrides give the same music. On any error nothing is left behind.

        Raises:
            RipienoError: with rule, value, cause and cure.
        """
        parent = Path(out).expanduser()
        order = order or ExportOrder()
        check_order(order)
        with new_folder(parent) as work:
            with self.open(work, new=True) as project:
                turn = project.say(text, seed=seed, candidates=candidates, overrides=overrides, may_ask=False, watch=watch)
            assert isinstance(turn, Turn)  # it may not ask
            name = slug(turn.piece.title)

            def announce(what: str) -> None:
                watch(Progress(agent="Export", message=f"writes the {what}"))

            written = export(ExportJob(turn.piece, turn.report, work, name, order, announce))
            final = settle(work, parent, name)
            files = tuple(final / f.relative_to(work) for f in written)
            Manifest(final).record(files, turn.version.id)
        reply = turn.reply + self._session.remember(final)
        return Composition(final, files, turn.piece, turn.report, reply, turn.version.id, turn.turn)
