"""The files of a project in its folder, as its version under the hand is; hand-made changes are never overwritten."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ripieno.app.exports import ExportJob, ExportOrder, check_order, export
from ripieno.app.folders import slug
from ripieno.app.manifest import Manifest
from ripieno.app.project import Project
from ripieno.memory.store import Version
from ripieno.score.errors import BadRequest


@dataclass(frozen=True)
class Exported:
    """What was written, and which files were left alone because somebody had changed them (their new content lies beside)."""

    files: tuple[Path, ...]
    kept: tuple[Path, ...]


def export_project(
    project: Project,
    order: ExportOrder,
    *,
    out: Path | None = None,
    version: Version | None = None,
    watch: Callable[[str], None] = lambda message: None,
) -> Exported:
    """Writes the files ordered into `out`, by default the project's own folder.

    All are written aside first and then put in place. Where a file was changed by somebody else since it was written, it stays,
    and the new one gets the version's number in its name.

    Raises:
        BadRequest: a format is unknown, or a project on a server is given no folder.
    """
    check_order(order)
    folder = out or project.place.folder
    if folder is None:
        raise BadRequest(
            "Files need a folder", value=project.place.words, cause="this project lies on a server", cure="give one with --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    version = version or project.version()
    piece, report = project.piece(version), project.report(version)
    manifest = Manifest(folder)
    with tempfile.TemporaryDirectory(prefix=".ripieno-", dir=folder) as aside:
        job = ExportJob(piece, report, Path(aside), slug(piece.title), order, watch)
        written, kept = [], []
        for file in export(job):
            place = folder / file.relative_to(aside)
            if not manifest.free(place):
                kept.append(place)
                place = place.with_name(f"{place.stem}-v{version.number}{place.suffix}")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, place)
            written.append(place)
    manifest.record(written, version.id)
    return Exported(tuple(written), tuple(kept))
