"""Commands that take a turn on a project: edit, undo, redo, checkout, branch."""

import json
import sys

from rich.console import Console

from ripieno.agents.state import unwatched
from ripieno.agents.understanding import Ask
from ripieno.app.exporting import export_project
from ripieno.app.exports import ExportOrder
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.session import Watcher
from ripieno.app.studio import Studio
from ripieno.app.terminal import LiveProgress, print_turn
from ripieno.tools.base import Instruction
from ripieno.tools.turns import GoToVersion, SwitchBranch

WAITING = 3  # exit status of a turn that waits for an answer


def edit(
    where: str,
    text: str,
    *,
    seed: int | None,
    candidates: int,
    confirm: bool,
    ask: bool,
    formats: tuple[str, ...],
    quiet: bool,
    memory: bool | None,
    as_json: bool,
) -> int:
    """One turn in words, and the answers that it asks for where somebody sits at the terminal; gives the exit status."""
    with Studio(memory).open(where) as project, Watching(quiet or as_json) as watch:
        finish_cut_off(project, watch, as_json=as_json)
        turn = project.say(text, seed=seed, candidates=candidates, confirm=confirm, may_ask=ask, watch=watch)
        while isinstance(turn, Asked) and not as_json and sys.stdin.isatty():
            Console().print(turn.reply, markup=False, highlight=False)
            turn = project.say(input("> "), watch=watch)
        return _tell(project, turn, formats, as_json=as_json)


def do(where: str, instruction: Instruction, text: str, *, formats: tuple[str, ...], as_json: bool) -> int:
    """One turn of an instruction given outright; gives the exit status."""
    with Studio().open(where) as project:
        finish_cut_off(project, unwatched, as_json=as_json)
        turn = project.do(Ask.model_validate({"instruction": instruction}), text=text)
        return _tell(project, turn, formats, as_json=as_json)


def go_to(where: str, name: str, *, formats: tuple[str, ...], as_json: bool) -> int:
    """A turn that goes to a branch of that name, else to a version; gives the exit status."""
    with Studio().open(where) as project:
        known = name in project.branches()
    instruction: Instruction = SwitchBranch(name=name) if known else GoToVersion(version=name)
    return do(where, instruction, f"checkout {name}", formats=formats, as_json=as_json)


def finish_cut_off(project: Project, watch: Watcher, *, as_json: bool) -> None:
    """Finishes a turn that an earlier process left half done, and says so."""
    turn = project.go_on(watch)
    if turn is not None and not as_json:
        console = Console(stderr=True)
        console.print("The last turn had been cut off and is finished now:", style="yellow")
        console.print(turn.reply, markup=False, highlight=False)


def _tell(project: Project, turn: Turn | Asked, formats: tuple[str, ...], *, as_json: bool) -> int:
    if isinstance(turn, Asked):
        if as_json:
            question = turn.question.model_dump(mode="json")
            print(json.dumps({"turn": turn.turn, "asks": question}, ensure_ascii=False))
        else:
            Console().print(turn.reply, markup=False, highlight=False)
            Console(stderr=True).print('Answer with: ripieno edit PROJECT "your answer"', style="dim")
        return WAITING
    changed = project.place.folder is not None and turn.report.intent in ("compose", "edit", "turn")
    written = export_project(project, ExportOrder(formats=formats)) if changed and formats else None
    if as_json:
        print(
            json.dumps(
                {
                    "turn": turn.turn,
                    "version": turn.version.id,
                    "number": turn.version.number,
                    "reply": turn.reply,
                    "files": [str(f) for f in written.files] if written else [],
                    "kept": [str(f) for f in written.kept] if written else [],
                    "report": turn.report.model_dump(mode="json"),
                },
                ensure_ascii=False,
            )
        )
    else:
        print_turn(turn, written)
    return 0


class Watching:
    """Live progress, or none."""

    def __init__(self, quiet: bool) -> None:
        self._live = None if quiet else LiveProgress()

    def __enter__(self) -> Watcher:
        return self._live.__enter__() if self._live else unwatched

    def __exit__(self, *given: object) -> None:
        if self._live:
            self._live.__exit__(None, None, None)
