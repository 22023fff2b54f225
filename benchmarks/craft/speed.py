"""What the critic and the judges cost, as CPU time, side by side in one run.

    python benchmarks/craft/speed.py

Four candidates of a 32-bar piece of five tracks or more through checks, compliance, ballots and verdict; then the checks
alone on one piece from 16 to 512 bars, as milliseconds and as microseconds a note.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from generate import brief_for, compose

from ripieno.agents.judges.base import JudgedCandidate
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.judges.verdict import decide
from ripieno.score.analysis.reading import read
from ripieno.score.checks.compliance import check_compliance
from ripieno.score.checks.registry import run_checks


def turn(seed: int) -> tuple[float, float]:
    """CPU seconds of criticism and of voting on four candidates nobody has looked at."""
    brief = brief_for("pop", seed, 32)
    pieces = [compose("pop", seed + k, 32) for k in range(4)]
    read.cache_clear()
    begin = time.process_time()
    shown = [JudgedCandidate("abcd"[k], p, run_checks(p, brief), check_compliance(p, brief), k) for k, p in enumerate(pieces)]
    middle = time.process_time()
    decide(shown, [judge.vote(shown, brief, ()) for judge in build_judges()])
    return middle - begin, time.process_time() - middle


def main() -> None:
    """Measures and prints."""
    turn(0)  # data files are read once
    rows = [turn(10 * k) for k in range(1, 6)]
    checks, votes = sorted(r[0] for r in rows)[2], sorted(r[1] for r in rows)[2]
    total = 1000 * (checks + votes)
    print(f"4 candidates, 32 bars: checks {checks * 1000:.0f} ms, judges {votes * 1000:.0f} ms, {total:.0f} ms in all")
    for bars in (16, 32, 64, 128, 256, 512):
        piece = compose("pop", 1, bars)
        count = sum(len(t.notes) for t in piece.tracks)
        times = []
        for _ in range(3):
            read.cache_clear()
            begin = time.process_time()
            run_checks(piece)
            times.append(time.process_time() - begin)
        best = min(times)
        print(f"{bars:4} bars, {count:6} notes: {best * 1000:7.1f} ms, {best / count * 1e6:5.1f} µs a note")


if __name__ == "__main__":
    main()
