"""Commands about what is remembered over projects: find pieces; list, show, set, forget preferences."""

import json
from contextlib import closing
from dataclasses import asdict
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ripieno.agents.dates import told
from ripieno.agents.habits import habits
from ripieno.agents.recalling import search
from ripieno.app.places import DATABASE, place
from ripieno.app.settings import home, own_styles, recall_index
from ripieno.memory.database import Database
from ripieno.memory.library import made_at
from ripieno.memory.preferences import Preference
from ripieno.memory.recall import Hit
from ripieno.memory.store import Store
from ripieno.memory.user import opened
from ripieno.score.errors import BadRequest
from ripieno.tools.toolbox import profiles


def find_pieces(text: str, *, like: str | None, limit: int, as_json: bool) -> None:
    """The pieces that fit words, a time and another piece, the best first.

    Raises:
        BadRequest: there is no project to be like.
    """
    music = None
    if like is not None:
        folder = place(like).folder
        if folder is None:
            raise BadRequest("A piece to be like lies in a folder", value=like, cure="give the folder of a project")
        with closing(Database(folder / DATABASE, reading=True)) as database:
            store = Store(database)
            head = store.head
            music = store.piece(head.piece) if head else None
    with opened(home(), recall_index()) as user:
        said = user.library.follow()
        found = search(text, music, user, limit, profiles(own_styles()))
        now = user.now()
    if as_json:
        print(json.dumps({"pieces": [_piece(hit, now) for hit in found], "said": said}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for each in said:
        console.print(each, style="yellow", markup=False)
    if not found:
        console.print("No piece fits." if text or music else "No pieces are remembered yet.")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("piece", "made", "alike", "folder", "why"):
        table.add_column(name, justify="right" if name == "alike" else "left")
    for hit in found:
        row = _piece(hit, now)
        alike = f"{hit.score:.0%}" if hit.score else ""
        table.add_row(Text(hit.item.data["title"]), str(row["made"]), alike, Text(str(row["folder"])), Text(hit.why))
    console.print(table)


def _piece(hit: Hit, now: datetime) -> dict[str, object]:
    data, (begun, changed) = hit.item.data, made_at(hit.item)
    return {"title": data["title"], "folder": data["project"], "branch": data["branch"], "version": data["version"],
            "made": told(begun, now), "begun": begun.isoformat(), "changed": changed.isoformat(),
            "likeness": hit.score, "why": hit.why, "request": data["request"]}  # fmt: skip


def list_preferences(*, as_json: bool) -> None:
    """Every preference, and whether it acts."""
    with opened(home()) as user:
        rows = user.preferences()
    acting = {habit.id for habit in habits(rows)}
    if as_json:
        print(json.dumps([{**_short(row), "acts": row.id in acting} for row in rows], ensure_ascii=False))
        return
    console = Console()
    if not rows:
        console.print("Nothing is known of your taste yet. It is learnt from what you change, say, lock and take back.")
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("number", "preference", "sure", "seen", "projects", "acts"):
        table.add_column(name, justify="left" if name in ("preference", "acts") else "right")
    for row in rows:
        table.add_row(
            str(row.id), Text(row.statement), f"{row.weight:.0%}", str(row.times), str(row.projects),
            "yes" if row.id in acting else "",
        )  # fmt: skip
    console.print(table)


def show_preference(number: int, *, as_json: bool) -> None:
    """One preference with its evidence.

    Raises:
        BadRequest: there is none with this number.
    """
    with opened(home()) as user:
        row = _one(user.preferences(), number)
    if as_json:
        print(json.dumps(asdict(row), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(Text(row.statement, style="bold"))
    amount = "" if row.amount is None else f", usually by {row.amount:g}"
    console.print(f"{row.about}: {row.value}{amount}; {row.weight:.0%} sure, seen {row.times} times", markup=False)
    for seen in row.evidence:
        console.print(f"  {seen.seen[:16].replace('T', ' ')}  {seen.how:<7} “{seen.words}”", markup=False)


def set_preference(
    number: int, *, weight: float | None, statement: str | None, value: str | None, as_json: bool
) -> None:  # fmt: skip
    """Edits one preference and shows it.

    Raises:
        BadRequest: there is none with this number, nothing is given to change, or it cannot be.
    """
    if weight is None and statement is None and value is None:
        raise BadRequest("An edit says what to change", cure="give --weight, --statement or --value")
    with opened(home()) as user:
        _one(user.preferences(), number)
        user.edited().put(number, weight=weight, statement=statement, value=value)
    show_preference(number, as_json=as_json)


def forget_preferences(which: str | None, *, everything: bool, as_json: bool) -> None:
    """Forgets and says how many.

    Raises:
        BadRequest: it is not said what to forget, or there is no such preference.
    """
    if (which is None) != everything:
        raise BadRequest(
            "What is to be forgotten is a number, a matter, or --all", value=which or "nothing",
            cure="`ripieno memory list` shows the numbers",
        )  # fmt: skip
    with opened(home()) as user:
        if which is not None and not user.preferences():
            raise BadRequest("A preference is one that is remembered", value=which, cause="nothing is remembered")
        count = user.edited().forget(int(which) if which and which.isdecimal() else which) if user.preferences() else 0
    print(json.dumps({"forgotten": count}) if as_json else f"Forgotten: {count}.")


def _short(row: Preference) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if name != "evidence"}


def _one(rows: tuple[Preference, ...], number: int) -> Preference:
    found = next((row for row in rows if row.id == number), None)
    if found is None:
        raise BadRequest(
            "A preference is one that is remembered", value=number,
            cure="`ripieno memory list` shows them with their numbers",
        )  # fmt: skip
    return found
