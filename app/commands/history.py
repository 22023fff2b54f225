"""Commands that look at a project: show, log, diff, branches, verify."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ripieno.app.project import Project
from ripieno.app.studio import Studio
from ripieno.memory.store import Version
from ripieno.memory.table import AttributeTable
from ripieno.score.pitch import pitch_name


def show(where: str, version: str | None, *, as_json: bool) -> None:
    """The table of a version: what the music is, section by section and track by track."""
    with Studio().open(where) as project:
        found = project.version(version)
        if as_json:
            print(
                json.dumps(
                    {
                        "version": found.id,
                        "number": found.number,
                        "parent": found.parent,
                        "branch": project.branch,
                        "locks": [json.loads(lock) for lock in found.locks],
                        "table": found.table.model_dump(mode="json"),
                    },
                    ensure_ascii=False,
                )
            )
            return
        console = Console()
        console.print(Text(f"{found.table.title}: version {found.number} ({found.id[:8]}) on {project.branch}", style="bold"))
        print_table(found.table, console)
        if found.locks:
            console.print("Kept as it is: " + "; ".join(found.locks), markup=False, highlight=False)


def print_table(table: AttributeTable, console: Console) -> None:
    """An attribute table as people read it."""
    minutes, seconds = divmod(round(table.seconds), 60)
    keys = ", ".join(f"{row.key} {row.mode}" + (f" from bar {row.bar}" if row.bar > 1 else "") for row in table.keys)
    metres = ", ".join(row.metre for row in table.metres)
    tempo = f"{table.tempos[0].bpm:g}" + (" and changing" if len(table.tempos) > 1 else "")
    console.print(
        f"{keys}; {metres}; {tempo} quarter notes a minute; {table.bars} bars, {minutes}:{seconds:02d}", highlight=False
    )
    sections = _grid("section", "bars", "notes a bar", "loudness")
    for section in table.sections:
        sections.add_row(
            section.name,
            f"{section.first_bar} to {section.last_bar}",
            f"{section.notes_per_bar:.1f}",
            f"{section.mean_velocity:.0f}",
        )
    tracks = _grid("track", "instrument", "role", "notes", "range", "bars playing", "volume", "pan")
    for row in table.tracks:
        known = not row.percussion and row.low is not None and row.high is not None
        pitches = f"{pitch_name(row.low)} to {pitch_name(row.high)}" if known else ""  # type: ignore[arg-type]
        tracks.add_row(
            row.name + (" (muted)" if row.muted else ""),
            row.instrument,
            row.role,
            str(row.notes),
            pitches,
            str(row.bars_playing),
            str(row.volume),
            str(row.pan),
        )
    console.print(sections)
    console.print(tracks)


def log(where: str, limit: int, *, as_json: bool) -> None:
    """The versions, newest first, with what each changed."""
    with Studio().open(where) as project:
        head, rows = project.head, project.log(limit)
        if as_json:
            print(
                json.dumps(
                    {
                        "head": head.id if head else None,
                        "branch": project.branch,
                        "branches": project.branches(),
                        "versions": [row.__dict__ for row in rows],
                    },
                    ensure_ascii=False,
                )
            )
            return
        print_log(project, limit, Console())


def print_log(project: Project, limit: int, console: Console) -> None:
    """The last versions as lines."""
    head = project.head
    table = _grid("", "version", "from", "when", "branches", "what")
    numbers = {row.id: row.number for row in project.log(limit)}
    for row in project.log(limit):
        mark = "●" if head and row.id == head.id else ""
        came = str(numbers.get(row.parent, row.parent[:8])) if row.parent else ""
        table.add_row(
            mark,
            f"{row.number} {row.id[:8]}",
            came,
            row.created.replace("T", " ")[:16],
            ", ".join(row.branches),
            Text(row.summary or row.text),
        )
    console.print(table)


def branches(where: str, *, as_json: bool) -> None:
    """The branches and the versions that they stand on."""
    with Studio().open(where) as project:
        found, here = project.branches(), project.branch
    if as_json:
        print(json.dumps({"branch": here, "branches": found}, ensure_ascii=False))
        return
    for name, version in found.items():
        print(f"{'●' if name == here else ' '} {name}  {version[:8]}")


def diff(where: str, a: str | None, b: str | None, picture: Path | None, *, as_json: bool) -> None:
    """The musical difference between two versions, in words and, where asked, as a picture."""
    with Studio().open(where) as project:
        old = project.version(a) if a is not None else _parent(project)
        new = project.version(b)
        before, after = project.piece(old), project.piece(new)
        difference = project.diff(old.id, new.id)
        if picture is not None:
            from ripieno.score.formats.diffroll import draw_difference

            picture.write_bytes(draw_difference(before, after))
        if as_json:
            print(
                json.dumps(
                    {
                        "from": old.id,
                        "to": new.id,
                        "same": before.hash == after.hash,
                        "changes": difference.lines,
                        "picture": str(picture) if picture else None,
                    },
                    ensure_ascii=False,
                )
            )
            return
        console = Console()
        console.print(Text(f"Version {old.number} to version {new.number}", style="bold"))
        for line in difference.lines or ("no difference",):
            console.print(f"  {line}", markup=False, highlight=False)
        if picture is not None:
            console.print(Text(f"  {picture}", style="dim"))


def _parent(project: Project) -> Version:
    head = project.version()
    return project.version(head.parent) if head.parent else head


def _grid(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name)
    return table
