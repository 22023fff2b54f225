"""Calls and tokens of ten typical turns, cold and warm, single agent and full ensemble, and what Ripieno adds to the server.

The server is the tests' own: it speaks the real protocol over a loopback socket, at the pace of a real one, and its mind reads
and composes by rule. So the prompts and the calls are real, the lengths of answers are those of plain answers, and nothing here
says how good a model's music is. Tokens are counted as four characters; kept tokens are what a server with a prefix cache in
blocks of 16 tokens would have kept. Overhead is the client's time in calls less the server's time in them, as a share of the
latter; server and client share one interpreter, which makes it look worse than it is.

    python -P benchmarks/language_models/run.py
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from ripieno.agents.brains.embedded.brain import EmbeddedBrain  # noqa: E402
from ripieno.agents.understanding import TurnContext  # noqa: E402
from ripieno.app.language import Language  # noqa: E402
from ripieno.app.project import Turn  # noqa: E402
from ripieno.app.studio import Studio  # noqa: E402
from ripieno.llm.client import Talk  # noqa: E402
from ripieno.llm.settings import Settings  # noqa: E402
from ripieno.tools.toolbox import profiles  # noqa: E402
from tests.agents.minds import RuleMind  # noqa: E402
from tests.generators.abc.mind import composes  # noqa: E402
from tests.llm.server import PIECE, FakeServer, serving, thinks  # noqa: E402

TURNS = (
    "a wistful waltz in B minor, piano and cello, 32 bars",
    "take the cello out of the second half",
    "a bit slower",
    "make the piano busier",
    "up a tone",
    "add a flute countermelody",
    "why these chords?",
    "crescendo to the end",
    "undo",
    "add a four bar intro",
)
FIRST_WORD, TOKENS_A_SECOND = 0.25, 100  # the pace of a small model on one GPU


class Watched:
    """The session's talks, and what the embedded reader was last shown: the mind reads beside the same context."""

    def __init__(self, studio: Studio) -> None:
        self.talks: list[Talk] = []
        self.context = TurnContext()
        models = studio._session._models
        assert models is not None
        begin, conceive = models.talk, studio._session._brain.conceive

        def talk() -> Talk:
            self.talks.append(begin())
            return self.talks[-1]

        def read(text: str, context: TurnContext, known: Any) -> Any:
            self.context = context
            return conceive(text, context, known)

        models.talk = talk  # type: ignore[method-assign]
        studio._session._brain.conceive = read  # type: ignore[method-assign]


def turns(server: FakeServer, studio: Studio, watched: Watched, state: str, kind: str) -> list[dict[str, Any]]:
    """One conversation, a row for each turn."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, studio.open(Path(folder) / "p", new=True) as project:
        for text in TURNS:
            calls, busy, begun = len(server.requests), server.seconds, time.perf_counter()
            turn = project.say(text, may_ask=False)
            wall = time.perf_counter() - begun
            assert isinstance(turn, Turn)
            spent = watched.talks[-1].spent
            rows.append(
                {
                    "ensemble": kind, "state": state, "text": text, "calls": len(server.requests) - calls,
                    "prompt": spent.prompt_tokens, "cached": spent.cached_tokens, "answer": spent.answer_tokens,
                    "wall": wall, "server": server.seconds - busy, "client": spent.seconds,
                    "embedded": sum(d.by == "embedded" for d in turn.report.decisions),
                }
            )  # fmt: skip
    return rows


def main() -> None:
    rows: list[dict[str, Any]] = []
    known = profiles()
    holder: list[Watched] = []
    for kind in ("full", "single"):
        holder.clear()
        mind = RuleMind(known, lambda: holder[0].context)

        def answers(request: dict[str, Any], mind: RuleMind = mind) -> str:
            system = request["messages"][0]["content"]
            return (
                composes(request) if "You write music with others" in system or "You are a juror" in system else mind(request)
            )

        act = thinks(answers, pause=FIRST_WORD, pace=PIECE / 4 / TOKENS_A_SECOND)
        with serving(otherwise=act) as server:
            settings = Settings(base_url=server.base_url, model="m")
            with Studio(False, Language(settings, "full" if kind == "full" else "single")) as studio:
                holder.append(Watched(studio))
                mind._brain = EmbeddedBrain(known)
                for state in ("cold", "warm"):
                    rows += turns(server, studio, holder[0], state, kind)
    report(rows)


def report(rows: list[dict[str, Any]]) -> None:
    """A table of the turns and the sums; also written to `result.json`."""
    print(
        f"{'turn':<54}{'calls':>14}{'prompt tokens':>16}{'answer tokens':>16}\n{'':<54}{'full  single':>14}"
        + f"{'full  single':>16}" * 2
    )
    for text in TURNS:
        full, single = (
            next(r for r in rows if r["text"] == text and r["ensemble"] == k and r["state"] == "warm")
            for k in ("full", "single")
        )
        cells = [f"{full[n]:>{w - 8}}{single[n]:>8}" for n, w in (("calls", 14), ("prompt", 16), ("answer", 16))]
        print(f"{text:<54}" + "".join(cells))
    sums = []
    for kind in ("full", "single"):
        for state in ("cold", "warm"):
            mine = [r for r in rows if r["ensemble"] == kind and r["state"] == state]
            total = {
                n: sum(r[n] for r in mine)
                for n in ("calls", "prompt", "cached", "answer", "server", "client", "wall", "embedded")
            }
            total |= {"ensemble": kind, "state": state, "overhead": total["client"] / total["server"] - 1}
            sums.append(total)
            print(
                f"{kind:<7} {state}: {total['calls']} calls, {total['prompt']} tokens of prompts, "
                f"{total['cached'] / total['prompt']:.0%} of them kept, {total['answer']} of answers; "
                f"server {total['server']:.2f} s, overhead {total['overhead']:.2%} "
                f"({1000 * (total['client'] - total['server']) / total['calls']:.1f} ms a call), "
                f"turns {total['wall']:.1f} s; embedded stood in {total['embedded']} times"
            )
    (HERE / "result.json").write_text(json.dumps({"sums": sums, "turns": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
