"""Commands that only show: the graph, a trace, the styles, the instruments."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ripieno.app.places import place
from ripieno.app.settings import own_styles
from ripieno.score.errors import BadRequest


def print_graph(*, as_json: bool) -> None:
    """The graph as Mermaid text, or as nodes and edges."""
    from ripieno.agents.graph import build_graph

    drawn = build_graph().get_graph()
    if as_json:
        print(json.dumps(drawn.to_json()))
    else:
        print(drawn.draw_mermaid(with_styles=False))


def print_trace(project: Path | str, turn: str | None, *, as_json: bool) -> None:
    """The trace of a turn, whole as JSON or told in order.

    Raises:
        BadRequest: the folder holds no project, or the project no such turn.
    """
    from ripieno.memory.store import Store

    where = place(project)
    with closing(Store(where.database, where.name)) as store:
        head = store.head
        if turn is None and head is None:
            raise BadRequest("A project has at least one version", value=project, cure="compose the piece again")
        trace = store.trace(turn or (head.turn if head else ""))
    if as_json:
        print(trace)
    else:
        _tell(json.loads(trace))


def _tell(trace: dict[str, Any]) -> None:
    console = Console(highlight=False)

    def heading(text: str) -> None:
        console.print(Text("\n" + text, style="bold"))

    heading("Request")
    console.print(f"{trace['request']['text']}  (seed {trace['request']['seed']})", markup=False)
    heading("Brief")
    table = Table(box=None, header_style="dim")
    for name in ("attribute", "value", "origin", "words"):
        table.add_column(name)
    for name, value in trace["brief"].items():
        if isinstance(value, dict) and "origin" in value:
            table.add_row(name, Text(_short(value["value"])), value["origin"], Text(value["words"]))
    for part in trace["brief"]["parts"]:
        table.add_row("part", Text(f"{part['instrument']} ({part['role']})"), part["origin"], Text(part["asked"]))
    console.print(table)
    heading("Plan")
    for step in trace["plan"]["steps"]:
        after = f" after {', '.join(step['after'])}" if step["after"] else ""
        console.print(f"{step['id']}: {step['instruction']['kind']}{after}", markup=False)
    heading("Candidates")
    for record in trace["candidates"]:
        console.print(
            f"{record['id']}: {record['generator']}, seed {record['seed']}, piece {record['piece'][:12]}", markup=False
        )
        for finding in record["findings"]:
            console.print(f"   {finding['severity']}: {finding['message']}", markup=False)
        for repair in record["repairs"]:
            fate = "kept" if repair["kept"] else "taken back"
            console.print(f"   repair for {repair['rule']}: {repair['instruction']['kind']}, {fate}", markup=False)
    heading("Ballots and verdict")
    for ballot in trace["verdict"]["ballots"]:
        console.print(f"{ballot['judge']}: {' > '.join(' = '.join(g) for g in ballot['ranking'])}", markup=False)
    for reason in trace["verdict"]["reasons"]:
        console.print(reason, markup=False)
    heading("Timings (CPU seconds)")
    for timing in trace["timings"]:
        console.print(f"{timing['node']:<12}{timing['cpu']:8.3f}", markup=False)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def print_styles(*, as_json: bool) -> None:
    """Every style with its tempo, metre and usual ensemble."""
    from ripieno.tools.toolbox import profiles

    rows = sorted(profiles(own_styles()).values(), key=lambda p: (p.family, p.id))
    if as_json:
        print(json.dumps([p.model_dump(mode="json") for p in rows], ensure_ascii=False))
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("style", "family", "tempo", "metre", "ensemble", "also called"):
        table.add_column(name)
    for p in rows:
        table.add_row(
            p.id,
            p.family,
            f"{p.tempo[0]:g} to {p.tempo[2]:g}",
            ", ".join(p.metres),
            ", ".join(m.instrument for m in p.ensemble),
            ", ".join(p.aliases[:4]),
        )
    Console().print(table, highlight=False)


def print_instruments(word: str, *, as_json: bool) -> None:
    """The instrument table, or the rows whose names hold a word."""
    from ripieno.score.instruments import instruments
    from ripieno.score.pitch import pitch_name

    wanted = word.lower()
    rows = [r for r in instruments().values() if any(wanted in n for n in (r.id, r.name.lower(), *r.names))]
    if as_json:
        fields = ("id", "name", "program", "family", "low", "high", "voices", "names")
        print(json.dumps([{f: getattr(r, f) for f in fields} for r in rows], ensure_ascii=False))
        return
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("id", "family", "range", "names"):
        table.add_column(name)
    for row in rows:
        pitches = "" if row.is_drum else f"{pitch_name(row.low)} to {pitch_name(row.high)}"
        table.add_row(row.id, row.family, pitches, ", ".join(row.names))
    Console().print(table, highlight=False)
