"""What composing costs, as CPU time in one run: a whole turn of four candidates to a committed table and MIDI, and one
candidate over the number of bars and of tracks.

    python -P benchmarks/engine/run.py

Writes result.json beside itself.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ripieno.agents.state import Overrides
from ripieno.app.project import Turn
from ripieno.app.studio import Studio
from ripieno.score.formats.midi import write_midi

HERE = Path(__file__).resolve().parent
BAND = ("flute", "piano", "nylon guitar", "upright bass", "drums")
MANY = ("violin", "viola", "cello", "contrabass", "flute", "oboe", "clarinet", "bassoon", "trumpet", "trombone", "french horn",
        "tuba", "harp", "piano", "timpani", "drums")  # fmt: skip


def cpu(work: Callable[[], object], repeats: int) -> float:
    """Median CPU seconds."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return round(statistics.median(spent), 3)


def turn(studio: Studio, bars: int, players: tuple[str, ...], candidates: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Overrides(style="pop", bars=bars, instruments=players)
        with studio.open(folder, new=True) as project:
            made = project.say("a pop song", seed=0, candidates=candidates, overrides=wanted, may_ask=False)
        assert isinstance(made, Turn)
        write_midi(made.piece)


def main() -> None:
    studio = Studio(memory=False)
    turn(studio, 16, BAND, 1)  # what loads late
    result = {
        "turn_32_bars_5_tracks_4_candidates_s": cpu(lambda: turn(studio, 32, BAND, 4), 5),
        "by_bars_5_tracks_s": {n: cpu(lambda n=n: turn(studio, n, BAND, 1), 3) for n in (16, 32, 64, 128, 256, 512)},
        "by_tracks_32_bars_s": {n: cpu(lambda n=n: turn(studio, 32, MANY[:n], 1), 3) for n in (1, 2, 4, 8, 16)},
    }
    (HERE / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
