"""What versions cost: CPU milliseconds of commit, undo, redo, log, open and reading back at versions 10, 1,000 and 10,000, and
bytes a version. Run `python -P benchmarks/editing_store/run.py`; it writes `result.json` beside itself.

The project holds a 5-track, 64-bar piece from the engine. Turn after turn changes one thing, round and round: a track is
muted or its volume set, eight bars of a track are transposed, the tempo changes; every 40th turn writes a track anew. Each
commit carries the table derived from the notes and a trace with brief, table rows and timings as a turn writes them.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks.generate import brief_for, compose
from ripieno.memory.store import NewVersion, Store
from ripieno.memory.table import derive_table
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece
from ripieno.score.time import Tempo, Timeline

STYLE, BARS, TRACKS = "pop", 64, 5


def sample_piece() -> tuple[Piece, Brief]:
    """The piece and the brief that it was made from."""
    brief = brief_for(STYLE, 1, BARS)
    piece = compose(STYLE, 1, BARS)
    return replace(piece, tracks=piece.tracks[:TRACKS]), brief


def edited(piece: Piece, turn: int, others: list[Piece]) -> tuple[Piece, str]:
    """The piece after turn number `turn`, and what was done."""
    track = piece.tracks[turn % len(piece.tracks)]
    kind = turn % 4
    if turn % 40 == 39:
        other = others[turn // 40 % len(others)]
        same = other.tracks[turn % len(other.tracks)]
        return piece.with_track(track.with_notes(same.notes)), "regenerate"
    if kind == 0:
        return piece.with_track(replace(track, mix=replace(track.mix, muted=not track.mix.muted))), "mute"
    if kind == 1:
        volume = 40 + (track.mix.volume - 40 + 7) % 80
        return piece.with_track(replace(track, mix=replace(track.mix, volume=volume))), "volume"
    if kind == 2:
        first = piece.timeline.bar_start(turn * 8 % BARS)
        last = piece.timeline.bar_start(turn * 8 % BARS + 8)
        notes = track.notes.copy()
        inside = (notes["start"] >= first) & (notes["start"] < last)
        notes["pitch"][inside] = 36 + (notes["pitch"][inside] - 36 + 5) % 60
        return piece.with_track(track.with_notes(notes)), "transpose"
    bpm = 80.0 + turn % 80
    timeline = Timeline(piece.timeline.ppq, (Tempo(0, bpm),), piece.timeline.metres)
    return replace(piece, timeline=timeline), "tempo"


def trace_of(turn: int, what: str, brief: Brief, piece: Piece) -> str:
    """A trace as an exact turn leaves it."""
    timings = [
        {"node": node, "cpu": 0.001 * (turn % 17) + 0.00013, "wall": 0.0011 * (turn % 19) + 0.00017}
        for node in ("recall", "conceive", "plan", "generate", "vote", "commit")
    ]
    plan = {"steps": [{"id": "s1", "instruction": {"kind": what, "scope": {"tracks": ["drums"]}}, "after": [], "why": ""}]}
    candidate = {"id": "A", "piece": piece.hash, "generator": "exact", "seed": turn, "trail": [what]}
    content = {"request": {"turn": f"t{turn}", "text": f"{what} it, please"}, "brief": brief.model_dump(mode="json"),
               "plan": plan, "candidates": [candidate], "timings": timings}  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1)


def cost(action: Callable[[], object], times: int = 15) -> float:
    """Median CPU milliseconds of one call."""
    spent = []
    for _ in range(times):
        before = time.process_time()
        action()
        spent.append((time.process_time() - before) * 1000)
    return round(median(spent), 2)


class Project:
    """A growing project."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "project.db"
        self.store = Store(self.file)
        self.piece, self.brief = sample_piece()
        self.others = [replace(compose(STYLE, seed, BARS), title="x") for seed in range(2, 6)]
        self.turn = 0
        self.parent: str | None = None
        self.kinds: dict[str, list[int]] = {}
        self.commits: dict[str, list[float]] = {}

    def take_turn(self) -> None:
        """One version more. What the commit costs, and what it adds to the blobs, is noted by kind of edit."""
        piece, what = (self.piece, "compose") if self.turn == 0 else edited(self.piece, self.turn, self.others)
        table = derive_table(piece, self.brief)
        new = NewVersion(
            turn=f"t{self.turn}", text=f"{what} it, please", piece=piece, table=table,
            trace=trace_of(self.turn, what, self.brief, piece), reply="Done.", summary=what, parent=self.parent,
            seed=self.turn,
        )  # fmt: skip
        before = time.process_time()
        version = self.store.commit(new)
        self.commits.setdefault(what, []).append((time.process_time() - before) * 1000)
        self.piece, self.parent = piece, version.id
        self.turn += 1

    def size(self) -> int:
        """Bytes of the file once everything is in it."""
        with self.store.database.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(f.stat().st_size for f in self.file.parent.glob("project.db*"))

    def figures(self) -> dict[str, object]:
        """Costs at the present size."""
        for row in self.commits.values():
            row.clear()
        for _ in range(40):
            self.take_turn()
        mute = round(median(self.commits["mute"]), 2)
        transpose = round(median(self.commits["transpose"]), 2)

        def fresh() -> Store:
            return Store(self.file)

        def open_() -> None:
            with closing(fresh()) as store:
                assert store.head

        def back_and_forth() -> None:
            self.turn += 2
            self.store.undo(f"u{self.turn}", "undo", "")
            self.store.redo(f"r{self.turn}", "redo", "")

        def read_piece() -> None:
            with closing(fresh()) as store:
                store.piece(self.piece.hash)

        middle = max(1, self.store.log(1)[0].number // 2)
        return {
            "commit_mute_ms": mute,
            "commit_transpose_ms": transpose,
            "undo_and_redo_ms": cost(back_and_forth),
            "log_of_20_ms": cost(lambda: self.store.log(20)),
            "log_of_20_from_the_middle_ms": cost(lambda: self.store.log(20, before=middle)),
            "conversation_of_20_ms": cost(lambda: self.store.conversation(20)),
            "version_by_id_ms": cost(lambda: self.store.version(self.parent or "")),
            "table_ms": cost(lambda: self.store.version(middle).table),
            "open_and_head_ms": cost(open_),
            "open_and_read_piece_ms": cost(read_piece),
        }


def main() -> None:
    """Runs and writes the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--versions", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("result.json"))
    arguments = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.take_turn()
        one = project.size()
        sizes: dict[str, int] = {"1": one}
        for goal in arguments.versions:
            while project.turn < goal:
                project.take_turn()
                if project.turn in (200,):
                    sizes[str(project.turn)] = project.size()
            sizes[str(goal)] = project.size()
            rows[str(goal)] = project.figures()
            print(goal, sizes[str(goal)], rows[str(goal)], flush=True)
        project.store.close()
    arguments.out.write_text(json.dumps({"bytes_of_file": sizes, "at_version": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
