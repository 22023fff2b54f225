"""Are turns understood? Sessions as people talk, each turn beside what it should become.

    python -P benchmarks/dialogues/run.py [--cases FILE.jsonl] [--show]

A session file begins with the request of the piece; then come turns ('> words') with the instructions expected ('= kind ...'),
one line for each, in any order. A line may give several right answers with ' or '. Scopes are compared resolved, as tracks and
bars of the piece, so it does not matter how a place was said. '?' expects a question back, '!' a refusal with a cure, '~' a new
piece. A turn's plan is right if its instructions are those expected and nothing else; its result is right if besides every step
was carried out. Turns are taken through the whole graph, one after the other, on one project for each session.

`--cases` reads turns written elsewhere (their musical intent is not labelled): the share that is understood as something, for
reading by eye with --show.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ripieno.agents.understanding import Ask
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.studio import Studio
from ripieno.score.errors import RipienoError
from ripieno.score.piece import Piece
from ripieno.tools.base import Instruction
from ripieno.tools.scope import Scope

# The last session of each set. The reader was mended while the first two were looked at, and never after the third.
SETS = {"first": 26, "second": 39, "held out": 99}
HERE = Path(__file__).resolve().parent
_HALVES = {"second_half": (0.5, 1.0), "first_half": (0.0, 0.5)}
_SCOPE = (
    "tracks",
    "but",
    "sections",
    "nth",
    "bars",
    "last_bars",
    "first_bars",
    "offset",
    "part",
    "beats",
    "drums",
    "every",
    "seconds",
)


@dataclass
class Expected:
    """One turn of a session: its words, and the groups of right answers (one instruction each)."""

    words: str
    answers: list[list[str]] = field(default_factory=list)
    outcome: str = "plan"


def read_session(path: Path) -> tuple[str, list[Expected]]:
    """The request of the piece, and the turns."""
    request, turns = "", []
    for line in path.read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "@":
            request = rest
        elif mark == ">":
            turns.append(Expected(rest))
        elif mark == "=":
            turns[-1].answers.append([a.strip() for a in rest.split(" or ")])
        elif mark in ("?", "!", "~"):
            turns[-1].outcome = {"?": "question", "!": "refusal", "~": "compose"}[mark]
    return request, turns


def scope_of(fields: dict[str, str]) -> Scope:
    """The scope that an answer names."""
    data: dict[str, object] = {}
    for name in _SCOPE:
        if name not in fields:
            continue
        value = fields[name]
        if name in ("tracks", "sections", "drums"):
            data[name] = tuple(v.replace("_", " ") for v in value.split(","))
        elif name == "but":
            data["but_tracks"] = tuple(v.replace("_", " ") for v in value.split(","))
        elif name == "bars":
            a, _, b = value.partition("-")
            data[name] = (int(a) - 1, int(b or a))
        elif name == "part":
            data[name] = _HALVES[value]
        elif name == "beats":
            data[name] = tuple(int(v) for v in value.split(","))
        elif name == "seconds":
            a, _, b = value.partition("-")
            data[name] = (float(a), float(b))
        else:
            data[name] = int(value)
    return Scope.model_validate(data)


def fits(answer: str, instruction: Instruction, piece: Piece) -> bool:
    """Whether an instruction is the one that an answer describes."""
    kind, *conditions = answer.split()
    if instruction.kind != kind:
        return False
    fields: dict[str, str] = {}
    for condition in conditions:
        match = re.match(r"^(\w+)(=|<|>|\?)(.*)$", condition)
        assert match, condition
        name, sign, value = match.groups()
        own = name in type(instruction).model_fields and not (name == "part" and value in _HALVES)
        if name in _SCOPE and not own:
            fields[name] = value
        elif not holds(getattr(instruction, name, None), sign, value):
            return False
    try:
        wanted, given = scope_of(fields), instruction.scope
        if kind in ("undo", "redo", "go_to_version", "make_branch", "switch_branch", "describe", "compare"):
            return True
        return (
            set(wanted.track_ids(piece)) == set(given.track_ids(piece))
            and bars_of(wanted, piece) == bars_of(given, piece)
            and sorted(wanted.beats) == sorted(given.beats)
            and sorted(wanted.drums) == sorted(given.drums)
        )
    except RipienoError:
        return False


def bars_of(scope: Scope, piece: Piece) -> set[int]:
    """The bars meant."""
    return {bar for a, b in scope.spans(piece) for bar in range(a, b)}


def holds(value: object, sign: str, wanted: str) -> bool:
    """Whether a field is as the answer says: '=' equal, '<' and '>' compared, '?' anything but None."""
    if sign == "?":
        return value is not None
    if sign in "<>":
        return isinstance(value, int | float) and (value < float(wanted) if sign == "<" else value > float(wanted))
    if isinstance(value, bool):
        return str(value).lower() == wanted
    if isinstance(value, int | float):
        return abs(value - float(wanted)) < 0.011
    if isinstance(value, tuple):
        return ",".join(map(str, value)) == wanted
    if hasattr(value, "instrument"):
        return value.instrument == wanted
    return str(value).lower().replace(" ", "_") == wanted.lower()


def plan_is_right(expected: Expected, asks: tuple[Ask, ...], piece: Piece) -> bool:
    """Whether the asks are those expected, in any order, and no others."""
    left = [a.instruction for a in asks]
    for answers in expected.answers:
        found = next((i for i in left if any(fits(a, i, piece) for a in answers)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def take(project: Project, expected: Expected) -> tuple[bool, bool, str]:
    """One turn: (plan right, result right, what happened)."""
    piece = project.piece()
    try:
        turn = project.say(expected.words)
    except RipienoError as error:
        return expected.outcome == "refusal", expected.outcome == "refusal", f"refused: {error.message[:120]}"
    if isinstance(turn, Asked):
        asked = expected.outcome == "question"
        return asked, asked, f"asked: {turn.question.text}"
    assert isinstance(turn, Turn)
    understood = turn.state["understanding"]
    if understood.intent == "compose" or expected.outcome != "plan":
        right = (understood.intent == "compose") == (expected.outcome == "compose")
        return right, right, understood.intent
    right = plan_is_right(expected, understood.asks, piece)
    told = "; ".join(f"{a.instruction.kind} {a.instruction.model_dump(exclude_defaults=True)}" for a in understood.asks)
    return right, right and all(o.done for o in turn.report.outcomes), told


def sessions() -> Iterator[Path]:
    """The session files in order."""
    yield from sorted((HERE / "sessions").glob("*.txt"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--show", action="store_true", help="print every miss")
    parser.add_argument("--only", default="", help="only session files whose name holds this")
    options = parser.parse_args()
    studio = Studio(memory=False)
    counts: dict[str, list[int]] = {name: [0, 0, 0] for name in SETS}
    for path in sessions():
        if options.only not in path.name:
            continue
        request, turns = read_session(path)
        half = counts[next(name for name, last in SETS.items() if int(path.stem[:2]) <= last)]
        with tempfile.TemporaryDirectory() as folder, studio.open(folder, new=True) as project:
            project.say(request, seed=1, candidates=1, may_ask=False)
            for expected in turns:
                plan, result, told = take(project, expected)
                half[0] += 1
                half[1] += plan
                half[2] += result
                if options.show and not result:
                    print(f"{path.stem}: {expected.words}\n    wanted {expected.answers or expected.outcome}\n    got {told}")
    rows = {
        name: {"turns": n, "plan": round(100 * p / max(1, n), 1), "result": round(100 * r / max(1, n), 1)}
        for name, (n, p, r) in counts.items()
    }
    if options.cases:
        rows["elsewhere"] = elsewhere(studio, options.cases, show=options.show)
    if not options.only:
        (HERE / "result.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(rows, indent=1))


def elsewhere(studio: Studio, path: Path, *, show: bool) -> dict[str, float]:
    """The share of turns written elsewhere of which something was understood and done, or asked back."""
    done = total = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        with tempfile.TemporaryDirectory() as folder, studio.open(folder, new=True) as project:
            project.say("a pop song with vocals, guitar, piano, bass and drums, 16 bars", seed=1, candidates=1, may_ask=False)
            for words in row.get("turns") or [row["prompt"]]:
                total += 1
                try:
                    turn = project.say(words, candidates=1)
                    done += 1
                    told = "asked"
                    if isinstance(turn, Turn):
                        told = "; ".join(o.kind for o in turn.report.outcomes) or turn.report.intent
                except RipienoError as error:
                    told = f"refused: {error.rule}"
                if show:
                    print(f"  {words[:90]!r}: {told}")
    return {"turns": total, "something was done": round(100 * done / max(1, total), 1)}


if __name__ == "__main__":
    main()
