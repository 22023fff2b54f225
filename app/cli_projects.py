"""The commands that work on a project: chat, edit, show, log, diff, undo, redo, checkout, branch, export, verify."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ripieno.app.cli_memory import NoMemory

Where = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's folder, or postgresql://user@host/db#name.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Formats = Annotated[
    str, typer.Option("--formats", help="Files that follow the turn: midi, table, report, musicxml, ...; '' for none.")
]
FOLLOWING = "midi,table,report"


def add_commands(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    for command, example in (
        (chat, "ripieno chat wistful-waltz-in-b-minor"),
        (edit, 'ripieno edit wistful-waltz-in-b-minor "take the cello out of the second half"'),
        (show, "ripieno show wistful-waltz-in-b-minor"),
        (log, "ripieno log wistful-waltz-in-b-minor --json"),
        (diff, "ripieno diff wistful-waltz-in-b-minor 1 3 --picture changes.png"),
        (undo, "ripieno undo wistful-waltz-in-b-minor"),
        (redo, "ripieno redo wistful-waltz-in-b-minor"),
        (checkout, "ripieno checkout wistful-waltz-in-b-minor 2"),
        (branch, "ripieno branch wistful-waltz-in-b-minor darker"),
        (export, "ripieno export wistful-waltz-in-b-minor --formats midi,score,audio --out ~/Desktop/waltz"),
        (import_, "ripieno import song.mid"),
        (verify, "ripieno verify wistful-waltz-in-b-minor"),
    ):
        app.command(command.__name__.rstrip("_"), epilog=f"Example: {example}")(command)


def chat(
    project: Annotated[str, typer.Argument(help="A project's folder; it is made where there is none.")] = ".",
    confirm: Annotated[bool, typer.Option(help="Show plans that take something away before carrying them out.")] = False,
    no_memory: NoMemory = False,
) -> None:
    """Talk about a piece, turn by turn: compose, change, ask, undo."""
    from ripieno.app.chat import Chat, line_reader
    from ripieno.app.studio import Studio

    with Studio(False if no_memory else None).open(project, new=True) as opened:
        Chat(opened, line_reader(opened), confirm=confirm).run()


def edit(
    project: Where,
    text: Annotated[str, typer.Argument(help="What to change, in your own words; '-' reads it from standard input.")],
    seed: Annotated[int | None, typer.Option(help="Seed of what is invented; follows the conversation by default.")] = None,
    candidates: Annotated[int, typer.Option(help="How many candidates the ensemble votes on (1 to 26).")] = 4,
    confirm: Annotated[bool, typer.Option(help="Show plans that take something away before carrying them out.")] = False,
    ask: Annotated[bool, typer.Option(help="Ask back where two readings differ; else assume the first.")] = True,
    formats: Formats = FOLLOWING,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    no_memory: NoMemory = False,
    json_: Json = False,
) -> None:
    """Take one turn on a project: a change, a question, an answer. Exit status 3 means that it waits for an answer."""
    from ripieno.app.commands import turns

    words = sys.stdin.read() if text == "-" else text
    status = turns.edit(
        project, words, seed=seed, candidates=candidates, confirm=confirm, ask=ask, formats=_names(formats), quiet=quiet,
        memory=False if no_memory else None, as_json=json_,
    )  # fmt: skip
    raise typer.Exit(status)


def show(
    project: Where,
    version: Annotated[str | None, typer.Option(help="Number or id of a version.")] = None,
    json_: Json = False,
) -> None:
    """Show the attribute table of a version: what the music is."""
    from ripieno.app.commands import history

    history.show(project, version, as_json=json_)


def log(
    project: Where, limit: Annotated[int, typer.Option(help="How many versions.", min=1)] = 20, json_: Json = False
) -> None:
    """List the versions, newest first, with what each changed."""
    from ripieno.app.commands import history

    history.log(project, limit, as_json=json_)


def diff(
    project: Where,
    a: Annotated[str | None, typer.Argument(help="A version; the parent of the present one by default.")] = None,
    b: Annotated[str | None, typer.Argument(help="Another version; the present one by default.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw both piano rolls, changes coloured, as PNG.")] = None,
    json_: Json = False,
) -> None:
    """Say in a musician's words what changed between two versions."""
    from ripieno.app.commands import history

    history.diff(project, a, b, picture, as_json=json_)


def undo(
    project: Where,
    turns: Annotated[int, typer.Argument(help="How many turns.", min=1)] = 1,
    formats: Formats = FOLLOWING,
    json_: Json = False,
) -> None:
    """Take back the last turn, or the last few. Nothing is lost: `redo` and `checkout` bring it back."""
    from ripieno.app.commands.turns import do
    from ripieno.tools.turns import Undo

    raise typer.Exit(do(project, Undo(turns=turns), f"undo {turns}", formats=_names(formats), as_json=json_))


def redo(
    project: Where,
    turns: Annotated[int, typer.Argument(help="How many turns.", min=1)] = 1,
    formats: Formats = FOLLOWING,
    json_: Json = False,
) -> None:
    """Do again what was taken back."""
    from ripieno.app.commands.turns import do
    from ripieno.tools.turns import Redo

    raise typer.Exit(do(project, Redo(turns=turns), f"redo {turns}", formats=_names(formats), as_json=json_))


def checkout(
    project: Where,
    version: Annotated[str, typer.Argument(help="Number or id of a version, or the name of a branch.")],
    formats: Formats = FOLLOWING,
    json_: Json = False,
) -> None:
    """Go to a version, or to a branch."""
    from ripieno.app.commands.turns import go_to

    raise typer.Exit(go_to(project, version, formats=_names(formats), as_json=json_))


def branch(
    project: Where,
    name: Annotated[str | None, typer.Argument(help="Name of a new branch that begins here.")] = None,
    json_: Json = False,
) -> None:
    """List the branches, or begin a new one at the present version."""
    from ripieno.app.commands import history
    from ripieno.app.commands.turns import do
    from ripieno.tools.turns import MakeBranch

    if name is None:
        history.branches(project, as_json=json_)
    else:
        raise typer.Exit(do(project, MakeBranch(name=name), f"branch {name}", formats=(), as_json=json_))


def export(
    project: Where,
    out: Annotated[Path | None, typer.Option(help="Folder; the project's own by default.")] = None,
    version: Annotated[str | None, typer.Option(help="Number or id of a version.")] = None,
    formats: Annotated[
        str, typer.Option(help="Files to write: midi, musicxml, abc, pianoroll, score, table, report, audio.")
    ] = "midi,musicxml,abc,pianoroll,score,table,report,audio",
    audio: Annotated[str, typer.Option(help="Kinds of audio file: wav, flac, ogg, opus, mp3.")] = "wav,flac",
    stems: Annotated[bool, typer.Option(help="Also write each track as audio of its own.")] = False,
    soundfont: Annotated[Path | None, typer.Option(help="SoundFont (SF2, SF3) to play with.")] = None,
    json_: Json = False,
) -> None:
    """Write the files of a version. A file that was changed by somebody else is left alone."""
    from ripieno.app.commands.files import export as write

    write(
        project, out=out, version=version, formats=_names(formats), audio=_names(audio), stems=stems, soundfont=soundfont,
        as_json=json_,
    )  # fmt: skip


def import_(
    file: Annotated[Path, typer.Argument(help="A MIDI, MusicXML or ABC file: .mid, .rmi, .musicxml, .xml, .mxl, .abc.")],
    into: Annotated[str | None, typer.Option(help="A project that takes it in as its next version.")] = None,
    out: Annotated[Path, typer.Option(help="Folder in which a new project is made.")] = Path(),
    formats: Formats = FOLLOWING,
    json_: Json = False,
) -> None:
    """Take in somebody's music, or a project's own file that was changed by hand: a new project, or a new version."""
    from ripieno.app.commands.files import import_file

    import_file(file, into=into, out=out, formats=_names(formats), as_json=json_)


def verify(
    project: Where,
    recover: Annotated[Path | None, typer.Option(help="Folder for a new project with everything that is whole.")] = None,
    json_: Json = False,
) -> None:
    """Check every version, table and note of a project by its hash. Exit status 1 means damage."""
    from ripieno.app.commands.files import verify as check

    raise typer.Exit(check(project, recover=recover, as_json=json_))


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
