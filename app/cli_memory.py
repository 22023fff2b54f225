"""`ripieno memory`: what is remembered of a person over all projects, shown, found, edited, forgotten."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Number = Annotated[int, typer.Argument(help="Number of a preference; see `ripieno memory list`.")]
NoMemory = Annotated[bool, typer.Option("--no-memory", help="Neither use nor keep what is remembered over projects.")]


def memory_app() -> typer.Typer:
    """The group of commands."""
    app = typer.Typer(
        no_args_is_help=True,
        help="What is remembered of you over all projects: your taste and your pieces. It lies in ~/.ripieno (or "
        "RIPIENO_HOME), nowhere else; RIPIENO_MEMORY=off or --no-memory switches it off.",
        epilog="Example: ripieno memory list",
    )
    for command, example in (
        (find, 'ripieno memory find "a sad waltz with cello from last week"'),
        (list_, "ripieno memory list"),
        (show, "ripieno memory show 1"),
        (set_, 'ripieno memory set 1 --weight 0.9 --statement "Drums well behind the singer."'),
        (forget, "ripieno memory forget 1"),
    ):
        app.command(command.__name__.rstrip("_"), epilog=f"Example: {example}")(command)
    return app


def find(
    text: Annotated[str, typer.Argument(help="Words about the piece, and a time such as 'last week'.")] = "",
    like: Annotated[str | None, typer.Option(help="A project's folder: pieces that are made like it.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100)] = 5,
    json_: Json = False,
) -> None:
    """Find earlier pieces by description, by time and by musical likeness; without any of these the latest."""
    from ripieno.app.commands.memory import find_pieces

    find_pieces(text, like=like, limit=limit, as_json=json_)


def list_(json_: Json = False) -> None:
    """List what is known of your taste, the surest first, and what of it acts on new pieces."""
    from ripieno.app.commands.memory import list_preferences

    list_preferences(as_json=json_)


def show(number: Number, json_: Json = False) -> None:
    """Show one preference with the evidence that it was learnt from."""
    from ripieno.app.commands.memory import show_preference

    show_preference(number, as_json=json_)


def set_(
    number: Number,
    weight: Annotated[float | None, typer.Option(help="How sure it is: 0 (never acts) to 1.")] = None,
    statement: Annotated[str | None, typer.Option(help="The preference in a sentence.")] = None,
    value: Annotated[str | None, typer.Option(help="What is preferred, such as lower, slower, out.")] = None,
    json_: Json = False,
) -> None:
    """Edit a preference."""
    from ripieno.app.commands.memory import set_preference

    set_preference(number, weight=weight, statement=statement, value=value, as_json=json_)


def forget(
    which: Annotated[str | None, typer.Argument(help="Number of a preference, or a matter such as drums.volume.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is known of your taste.")] = False,
    json_: Json = False,
) -> None:
    """Forget a preference, all about a matter, or everything, with what it was learnt from."""
    from ripieno.app.commands.memory import forget_preferences

    forget_preferences(which, everything=everything, as_json=json_)
