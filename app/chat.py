"""`ripieno chat`: a conversation over a project on a terminal. Words are turns; lines that begin with '/' are commands."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, InMemoryHistory
from rich.console import Console
from rich.text import Text

from ripieno.agents.running import Waiting
from ripieno.agents.understanding import Ask
from ripieno.app.commands.history import print_log, print_table
from ripieno.app.commands.memory import list_preferences
from ripieno.app.exporting import export_project
from ripieno.app.exports import ExportOrder
from ripieno.app.manifest import Manifest
from ripieno.app.player import play
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.session import Watcher
from ripieno.app.terminal import LiveProgress, print_error, print_turn
from ripieno.score.errors import RipienoError
from ripieno.tools.base import Instruction
from ripieno.tools.turns import MakeBranch, Redo, SwitchBranch, Undo

HISTORY = ".ripieno-chat"
KEPT_FILES = ExportOrder(formats=("midi", "table", "report"))  # what follows every turn; the rest is written by /export


@dataclass(frozen=True)
class Command:
    """A slash command: what runs (False ends the chat), and what /help says of it."""

    run: "Callable[[Chat, str], bool | None]"
    help: str


class Chat:
    """The conversation. `read` gives the next line; the end of input ends the chat."""

    def __init__(self, project: Project, read: Callable[[], str], *, confirm: bool = False) -> None:
        self.project = project
        self._read = read
        self._confirm = confirm
        self.console = Console()

    def run(self) -> None:
        """Talks until the person leaves. An error is told and the talk goes on; Ctrl-C cancels a turn, not the chat."""
        self._greet()
        while True:
            try:
                line = self._read().strip()
            except EOFError:
                return
            except KeyboardInterrupt:
                continue
            try:
                if line and self.take(line) is False:
                    return
            except RipienoError as error:
                print_error(error, as_json=False)
            except KeyboardInterrupt:
                self.project.drop()
                self.console.print("Cancelled; nothing was changed.", style="yellow")

    def take(self, line: str) -> bool | None:
        """One line: a command, or a turn in words. False ends the chat."""
        if not line.startswith("/"):
            self._turn(lambda watch: self.project.say(line, confirm=self._confirm, watch=watch))
            return None
        name, _, rest = line[1:].partition(" ")
        command = COMMANDS.get(name.lower())
        if command is None:
            self.console.print(f"There is no /{name}. " + self.commands(), highlight=False, markup=False)
            return None
        return command.run(self, rest.strip())

    def do(self, instruction: Instruction, text: str) -> None:
        """A turn of one instruction given outright."""
        ask = Ask.model_validate({"instruction": instruction})
        self._turn(lambda watch: self.project.do(ask, text=text, watch=watch))

    @staticmethod
    def commands() -> str:
        """All commands in a line."""
        return "Commands: " + " ".join(f"/{name}" for name in COMMANDS)

    def _turn(self, take: Callable[[Watcher], Turn | Asked | None]) -> None:
        with LiveProgress() as progress:
            turn = take(progress)
        if isinstance(turn, Asked):
            self.console.print(turn.reply, markup=False, highlight=False)
        elif turn is not None:
            folder = self.project.place.folder
            written = export_project(self.project, KEPT_FILES) if folder and turn.report.intent != "ask" else None
            print_turn(turn, written)

    def _greet(self) -> None:
        head = self.project.head
        if head is None:
            self.console.print("An empty project. Say what you would like to hear; /help lists the commands.")
            return
        self.console.print(
            Text(f"{head.table.title}, version {head.number} on {self.project.branch}. /help lists the commands.", style="bold")
        )
        if self.project.place.folder:
            for path in Manifest(self.project.place.folder).changed(".mid"):
                self.console.print(
                    f"{path.name} was changed outside since it was written. /import {path} takes it in.",
                    style="yellow",
                    highlight=False,
                )
        under_way = self.project.under_way()
        if isinstance(under_way, Waiting):
            self.console.print(Asked(under_way.request.turn, under_way.asks).reply, markup=False, highlight=False)
        elif under_way is not None:
            self.console.print("The last turn had been cut off; finishing it.", style="yellow")
            self._turn(self.project.go_on)


def _undo(chat: Chat, rest: str) -> None:
    chat.do(Undo(turns=_count(rest)), f"/undo {rest}".strip())


def _redo(chat: Chat, rest: str) -> None:
    chat.do(Redo(turns=_count(rest)), f"/redo {rest}".strip())


def _count(rest: str) -> int:
    return int(rest) if rest.isdecimal() and 0 < int(rest) < 10_000 else 1


def _log(chat: Chat, rest: str) -> None:
    print_log(chat.project, _count(rest) if rest else 20, chat.console)


def _show(chat: Chat, rest: str) -> None:
    print_table(chat.project.version(rest or None).table, chat.console)


def _diff(chat: Chat, rest: str) -> None:
    names = rest.split()
    head = chat.project.version()
    old = names[0] if names else head.parent
    if old is None:
        chat.console.print("This is the first version.")
        return
    lines = chat.project.diff(old, names[1] if len(names) > 1 else head.id).lines
    for line in lines or ("No difference.",):
        chat.console.print(f"  {line}", markup=False, highlight=False)


def _branch(chat: Chat, rest: str) -> None:
    if not rest:
        for name, version in chat.project.branches().items():
            mark = "●" if name == chat.project.branch else " "
            chat.console.print(f"{mark} {name}  {version[:8]}", markup=False, highlight=False)
    elif rest in chat.project.branches():
        chat.do(SwitchBranch(name=rest), f"/branch {rest}")
    else:
        chat.do(MakeBranch(name=rest), f"/branch {rest}")


def _export(chat: Chat, rest: str) -> None:
    order = ExportOrder(formats=tuple(rest.replace(",", " ").split())) if rest else ExportOrder()
    for path in export_project(chat.project, order, watch=lambda what: chat.console.print(f"writes the {what}")).files:
        chat.console.print(f"  {path}", markup=False, highlight=False)


def _play(chat: Chat, rest: str) -> None:
    written = export_project(chat.project, ExportOrder(formats=("audio",), audio=("wav",)))
    play(next(f for f in written.files if f.suffix == ".wav"))


def _import(chat: Chat, rest: str) -> None:
    from ripieno.app.importing import take_in

    said: tuple[str, ...] = ()

    def take(watch: Watcher) -> Turn | Asked:
        nonlocal said
        turn, said = take_in(chat.project, Path(rest).expanduser(), watch=watch)
        return turn

    chat._turn(take)
    for remark in said:
        chat.console.print(f"  {remark}", markup=False, highlight=False)


def _memory(chat: Chat, rest: str) -> None:
    list_preferences(as_json=False)


def _drop(chat: Chat, rest: str) -> None:
    chat.project.drop()
    chat.console.print("The question is dropped; nothing was changed.")


def _help(chat: Chat, rest: str) -> None:
    for name, command in COMMANDS.items():
        chat.console.print(f"  /{name:<8} {command.help}", markup=False, highlight=False)
    chat.console.print("Anything else is said to the ensemble: 'add a cello', 'make the bridge busier', 'why these chords?'")


COMMANDS: dict[str, Command] = {
    "undo": Command(_undo, "take back the last turn, or the last N"),
    "redo": Command(_redo, "do again what was taken back"),
    "log": Command(_log, "the versions, newest first"),
    "diff": Command(_diff, "what the last turn changed; /diff A B compares two versions"),
    "show": Command(_show, "the music in a table, of this version or another"),
    "branch": Command(_branch, "the branches; /branch NAME goes to one, or makes it here"),
    "play": Command(_play, "hear it"),
    "export": Command(_export, "write all files, or those named: midi musicxml abc score pianoroll audio table report"),
    "import": Command(_import, "take in a file that was changed elsewhere as a new version"),
    "memory": Command(_memory, "what is known of your taste"),
    "drop": Command(_drop, "forget the question that waits for an answer"),
    "help": Command(_help, "this list"),
    "quit": Command(lambda chat, rest: False, "leave; everything is kept"),
}


class Names(Completer):
    """Completes commands, and the names of tracks, sections and instruments of the piece under the hand."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """See prompt_toolkit."""
        before = document.text_before_cursor
        word = document.get_word_before_cursor(WORD=True)
        if before.startswith("/") and " " not in before:
            yield from (
                Completion(f"/{name}", -len(before), display_meta=c.help)
                for name, c in COMMANDS.items()
                if f"/{name}".startswith(before)
            )
        elif len(word) > 1:
            head = self._project.head
            if head is not None:
                names = [t.name for t in head.table.tracks] + [s.name for s in head.table.sections]
                yield from (
                    Completion(name, -len(word)) for name in dict.fromkeys(names) if name.lower().startswith(word.lower())
                )


def line_reader(project: Project) -> Callable[[], str]:
    """Reads lines: with history and completion on a terminal, plainly elsewhere."""
    if not sys.stdin.isatty():
        return lambda: input()
    folder = project.place.folder
    history = FileHistory(str(folder / HISTORY)) if folder else InMemoryHistory()
    session: PromptSession[str] = PromptSession(history=history, completer=Names(project), complete_while_typing=False)
    return lambda: session.prompt("♪ ")
