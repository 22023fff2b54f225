"""`ripieno doctor`: which parts are there, what the language model's server can do, and what is used instead."""

import importlib.util
import json
import shutil
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from ripieno.app.language import language
from ripieno.llm.probe import Row, probe

# Optional parts: the module that shows them, what they are for, how to get them, what is used without.
_PARTS = (
    ("openai", "client of language models", 'pip install "ripieno[llm]"', "the embedded reader and engine"),
    ("chromadb", "index of earlier pieces", 'pip install "ripieno[recall]"', "the embedded index"),
    ("psycopg", "projects in PostgreSQL", 'pip install "ripieno[postgres]"', "SQLite"),
)
_MARKS = {"yes": "[green]yes[/green]", "no": "[yellow]no[/yellow]", "unknown": "?"}


def run(*, as_json: bool) -> int:
    """Prints what was found; gives the exit status: 1 where a language model is set and cannot be used."""
    found = language()
    parts = [_part(*row) for row in _PARTS] + [_fluidsynth()]
    models: dict[str, tuple[Row, ...]] = {}
    if found.settings is not None:
        for model in dict.fromkeys((found.settings.model, *found.settings.roles.values())):
            models[model] = probe(found.settings, model)
    usable = all(any(r.state == "yes" for r in rows[1:4]) for rows in models.values())
    if as_json:
        shown = {name: [r.model_dump() for r in rows] for name, rows in models.items()}
        told = {"parts": [r.model_dump() for r in parts], "models": shown, "ensemble": found.ensemble, "usable": usable}
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(parts, models, found.ensemble)
    return 0 if usable else 1


def _part(module: str, what: str, install: str, instead: str) -> Row:
    there = importlib.util.find_spec(module) is not None
    return Row(name=what, state="yes" if there else "no", seen=module if there else install, instead="" if there else instead)


def _fluidsynth() -> Row:
    where = shutil.which("fluidsynth")
    instead = "" if where else "the embedded synthesizer"
    return Row(name="fluidsynth", state="yes" if where else "no", seen=where or "", instead=instead)


def _print(parts: list[Row], models: Mapping[str, tuple[Row, ...]], ensemble: str) -> None:
    console = Console()
    _table(console, "Optional parts", parts)
    if not models:
        console.print("No language model is set (RIPIENO_LLM_BASE_URL, RIPIENO_LLM_MODEL): the embedded parts do it all.")
    for model, rows in models.items():
        _table(console, f"Language model {model}, ensemble {ensemble}", list(rows))


def _table(console: Console, title: str, rows: list[Row]) -> None:
    table = Table(title=title, title_justify="left", box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("what", "there", "seen", "used instead"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.name, _MARKS[row.state], row.seen, row.instead)
    console.print(table)
    console.print()
