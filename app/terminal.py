"""What people see on a terminal: live progress by agent, a short summary, errors in four parts."""

import json
import sys
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ripieno.agents.state import Progress
from ripieno.app.exporting import Exported
from ripieno.app.project import Turn
from ripieno.app.studio import Composition
from ripieno.score.errors import RipienoError

AGENTS = ("Memory", "Expert", "Orchestrator", "Generator", "Voter", "Reply", "Export")


class LiveProgress:
    """Shows what each agent does: a live table on a terminal, one line for each event elsewhere. Writes to stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._last: dict[str, Progress] = {}
        self._active = ""
        self._live = Live(console=self._console, refresh_per_second=8, transient=True) if self._console.is_terminal else None

    def __enter__(self) -> "LiveProgress":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Takes one event."""
        self._last[progress.agent] = progress
        self._active = progress.agent
        if self._live:
            self._live.update(self._table())
        else:
            self._console.print(f"{progress.agent}: {progress.message}", markup=False, highlight=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for agent in AGENTS:
            event = self._last.get(agent)
            if agent == "Reply" and event is None:
                continue  # only language models speak before the end
            active = agent == self._active
            mark = Text("●" if active else "✓" if event else "·", style="cyan" if active else "green" if event else "dim")
            message = event.message if event else ""
            if event and active and event.total:
                message += f"  {(event.done or 0) + 1}/{event.total}"
            table.add_row(mark, Text(agent, style="bold" if active else ""), Text(message, style="" if active else "dim"))
        return table


def print_summary(made: Composition) -> None:
    """The piece in a few lines, the files, and what was not met."""
    console = Console()
    table = made.report.table
    console.print()
    console.print(Text(made.report.title, style="bold"))
    console.print(made.reply, highlight=False)
    console.print()
    tracks = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("track", "instrument", "role", "notes", "range"):
        tracks.add_column(name, justify="right" if name == "notes" else "left")
    from ripieno.score.pitch import pitch_name

    for row in table.tracks:
        pitches = (
            "" if row.percussion or row.low is None or row.high is None else f"{pitch_name(row.low)} to {pitch_name(row.high)}"
        )
        tracks.add_row(row.name, row.instrument, row.role, str(row.notes), pitches)
    console.print(tracks)
    for notice in made.report.notices:
        if notice.message in made.reply:
            continue
        console.print(Text(f"Note: {notice.message}", style="yellow"))
    console.print()
    console.print(f"In {made.folder}:", highlight=False)
    for file in made.files:
        console.print(f"  {file.relative_to(made.folder)}", highlight=False)


def print_turn(turn: Turn, written: Exported | None = None) -> None:
    """What a turn did, in a few lines, and the files that follow it."""
    console = Console()
    console.print(turn.reply, markup=False, highlight=False)
    if turn.report.intent != "ask":
        console.print(Text(f"Version {turn.version.number}, {turn.version.id[:8]}.", style="dim"))
    if written is None:
        return
    for path in written.files:
        console.print(Text(f"  {path}", style="dim"))
    for path in written.kept:
        console.print(Text(f"Note: {path.name} was changed by somebody else and was left alone. "
                           f"`ripieno import {path} --into PROJECT` takes it in.", style="yellow"))  # fmt: skip


def print_error(error: RipienoError, *, as_json: bool) -> None:
    """An error in its four parts, on stderr; as JSON on stdout where a program reads."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
        return
    console = Console(stderr=True)
    console.print(Text(error.rule.rstrip(".") + ".", style="bold red"))
    for label, text in (("given", error.value), ("likely cause", error.cause), ("what to do", error.cure)):
        if text:
            console.print(Text.assemble((f"  {label}: ", "dim"), text))
