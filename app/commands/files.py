"""Commands about a project's files and its database: export, verify."""

import json
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ripieno.app.exporting import Exported, export_project
from ripieno.app.exports import ExportOrder
from ripieno.app.folders import new_folder, settle, slug
from ripieno.app.importing import take_in
from ripieno.app.places import place
from ripieno.app.project import Turn
from ripieno.app.studio import Studio
from ripieno.app.terminal import print_turn
from ripieno.memory.database import Database
from ripieno.memory.recover import recover as recover_into
from ripieno.memory.verify import Damage
from ripieno.memory.verify import verify as verify_store
from ripieno.score.errors import BadRequest


def export(
    where: str, *, out: Path | None, version: str | None, formats: tuple[str, ...], audio: tuple[str, ...], stems: bool,
    soundfont: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Writes the files of a version and says where they are."""
    order = ExportOrder(formats, audio, stems, soundfont=soundfont)
    console = Console(stderr=True)
    with Studio().open(where) as project:
        found = project.version(version)

        def announce(what: str) -> None:
            if not as_json:
                console.print(Text(f"writes the {what}", style="dim"))

        written = export_project(project, order, out=out, version=found, watch=announce)
    if as_json:
        print(json.dumps({"version": found.id, "files": [str(f) for f in written.files],
                          "kept": [str(f) for f in written.kept]}, ensure_ascii=False))  # fmt: skip
        return
    for path in written.files:
        print(path)
    for path in written.kept:
        console.print(Text(f"{path} was changed by somebody else and was left alone.", style="yellow"))


def import_file(file: Path, *, into: str | None, out: Path, formats: tuple[str, ...], as_json: bool) -> None:
    """Takes a file in, into a project or a new one, and says what was found."""
    studio = Studio()
    if into is not None:
        with studio.open(into) as project:
            turn, remarks = take_in(project, file)
            table = project.version().table
            written = export_project(project, ExportOrder(formats)) if formats and project.place.folder else None
    else:
        with new_folder(out) as work:
            with studio.open(work, new=True) as project:
                turn, remarks = take_in(project, file)
                table = project.version().table  # read while the database is where it is
                if formats:
                    export_project(project, ExportOrder(formats))
            final = settle(work, out, slug(file.stem))
        written = Exported(tuple(p for p in sorted(final.iterdir()) if not p.name.startswith(".")), ())
    assert isinstance(turn, Turn)  # an import asks nothing
    if as_json:
        print(json.dumps({"version": turn.version.id, "files": [str(f) for f in written.files] if written else [],
                          "remarks": list(remarks), "table": table.model_dump(mode="json")},
                         ensure_ascii=False))  # fmt: skip
        return
    print_turn(turn, written)
    for remark in remarks:
        print(f"  {remark}")


def verify(where: str, *, recover: Path | None, as_json: bool) -> int:
    """Names all damage; with `recover` copies what is whole into a new project. Gives the exit status."""
    found = place(where)
    damage = verify_store(found.database)
    lost: tuple[Damage, ...] = ()
    if recover is not None:
        fresh = place(recover, new=True)
        if not isinstance(found.database, Path) or not isinstance(fresh.database, Path):
            raise BadRequest("A project in a folder is recovered into a folder", value=where,
                             cause="it lies on a server", cure="use the server's own copies")  # fmt: skip
        if fresh.database.exists():
            raise BadRequest("What is recovered goes into a new project", value=recover, cause="one is there already",
                             cure="name another folder")  # fmt: skip
        recover.mkdir(parents=True, exist_ok=True)
        with closing(Database(fresh.database)) as into:
            lost = recover_into(found.database, into)
    if as_json:
        rows = [{"what": d.what, "problem": d.problem} for d in damage]
        print(json.dumps({"whole": not damage, "damage": rows, "lost": [str(d) for d in lost],
                          "recovered": str(recover) if recover else None}, ensure_ascii=False))  # fmt: skip
        return 1 if damage else 0
    console = Console()
    console.print("Everything is whole." if not damage else f"{len(damage)} things are damaged:")
    for d in damage:
        console.print(f"  {d}", markup=False, highlight=False)
    if recover is not None:
        console.print(f"What is whole lies in {recover}.", markup=False, highlight=False)
        for d in lost:
            console.print(f"  not recovered: {d}", markup=False, highlight=False)
    return 1 if damage else 0
