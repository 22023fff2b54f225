"""Faults per 100 bars by rule, on real music and on generated pieces, with the same checks.

    python benchmarks/craft/run.py --data DIR            # real music: writes real.json
    python benchmarks/craft/run.py --pieces FOLDER       # a folder of MIDI files that Ripieno wrote: writes generated.json

The checks run on the notes alone: chord symbols and sections are taken away from generated pieces too, so that both are
read the same way. Checks that need what a source lacks are left out for it: loudness where scores give none, playability
where a track is no single player, endings where music goes round.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from corpus import SOURCES, RealPiece, load  # noqa: E402

from ripieno.score.checks.registry import run_checks  # noqa: E402
from ripieno.score.formats.midi import read_midi  # noqa: E402

LIMITS = {"quartets": 60, "hymns": 140, "lieder": 120, "mutopia": 160, "orchestra": 16, "chopin": 80, "polish": 120,
          "lead sheets": 80, "game": 110, "film": 44}  # fmt: skip
# What a source cannot answer, and the rules that go with it.
SKIP: dict[str, tuple[str, ...]] = {
    "dynamics": ("dynamics.",),
    "players": ("range.", "playability."),
    "ends": ("cadence.", "silence."),
}


def tally(pieces: Iterable[RealPiece], skip: tuple[str, ...]) -> dict[str, object]:
    """Pieces, bars, and for each rule the faults per 100 bars and the share of pieces with one."""
    faults: Counter[str] = Counter()
    affected: Counter[str] = Counter()
    severities: dict[str, str] = {}
    count = bars = 0
    cpu = 0.0
    examples: dict[str, list[str]] = defaultdict(list)
    for real in pieces:
        begin = time.process_time()
        found = run_checks(real.piece)
        cpu += time.process_time() - begin
        count += 1
        bars += real.piece.bars
        rules = Counter(f.rule for f in found if not f.rule.startswith(skip))
        severities |= {f.rule: f.severity for f in found}
        faults += rules
        affected.update(rules.keys())
        for rule in rules:
            if len(examples[rule]) < 3:
                examples[rule].append(f"{real.path}: {next(f.message for f in found if f.rule == rule)}")
    return {
        "pieces": count, "bars": bars, "cpu_seconds_per_100_bars": round(100 * cpu / max(1, bars), 4),
        "rules": {
            rule: {"severity": severities[rule], "per_100_bars": round(100 * faults[rule] / max(1, bars), 3),
                   "share_of_pieces": round(affected[rule] / max(1, count), 3), "examples": examples[rule]}
            for rule in sorted(faults)
        },
    }  # fmt: skip


def generated(folder: Path) -> Iterable[RealPiece]:
    """Pieces from MIDI files that Ripieno wrote, without their chord symbols and sections."""
    for path in sorted(folder.glob("**/*.mid")):
        piece = read_midi(path.read_bytes())
        yield RealPiece("generated", path.name, replace(piece, chords=(), sections=()), {})


def show(results: dict[str, dict[str, object]]) -> None:
    """Prints the table."""
    rules = sorted({rule for row in results.values() for rule in row["rules"]})  # type: ignore[attr-defined]
    print(f"{'rule':28}" + "".join(f"{name[:9]:>11}" for name in results))
    print(f"{'pieces':28}" + "".join(f"{row['pieces']:>11}" for row in results.values()))
    print(f"{'bars':28}" + "".join(f"{row['bars']:>11}" for row in results.values()))
    for rule in rules:
        cells = [row["rules"].get(rule) for row in results.values()]  # type: ignore[attr-defined]
        print(
            f"{rule:28}"
            + "".join(f"{c['per_100_bars']:>6.2f}{100 * c['share_of_pieces']:>4.0f}%" if c else f"{'.':>11}" for c in cells)
        )


def main() -> None:
    """Reads the arguments, measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="directory with the collections")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"), help="where to unpack them")
    parser.add_argument("--pieces", type=Path, help="folder with generated MIDI files")
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of pieces")
    parser.add_argument("--examples", action="store_true")
    options = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    if options.data:
        for name in options.sources:
            source = SOURCES[name]
            limit = max(2, round(LIMITS[name] * options.scale))
            skip = SKIP["dynamics"] * (not source.dynamics) + SKIP["players"] * (not source.players)
            skip += SKIP["ends"] * (not source.ends)
            results[name] = tally(load(options.data, options.cache, name, limit), skip)
    if options.pieces:
        results["generated"] = tally(generated(options.pieces), ())
    show(results)
    if options.examples:
        for name, row in results.items():
            for rule, cell in row["rules"].items():  # type: ignore[attr-defined]
                for example in cell["examples"]:
                    print(f"{name} {rule}: {example}")
    if options.scale == 1.0:
        target = HERE / ("real.json" if options.data else "generated.json")
        target.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
