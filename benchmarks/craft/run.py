"""Faults per 100 bars by rule, on real music and on generated pieces, with the same checks.

    python benchmarks/craft/run.py --data DIR --seeds 8

Generated pieces are those of every style of the engine, as a person gets them who names the style alone, by family of
styles. The checks run on the notes alone: chord symbols and sections are taken away from generated pieces, so that both
are read the same way. Checks that need what a source lacks are left out for it: loudness where scores give none,
playability where a track is no single player, endings where music goes round. Writes `results.json` and the table in
`README.md`.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

Results = dict[str, dict[str, Any]]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from corpus import SOURCES, RealPiece, load  # noqa: E402
from generate import compose, profiles  # noqa: E402

from ripieno.score.checks.registry import run_checks  # noqa: E402

LIMITS = {"quartets": 60, "hymns": 140, "lieder": 120, "mutopia": 160, "orchestra": 16, "chopin": 80, "polish": 120,
          "lead sheets": 80, "game": 110, "film": 44}  # fmt: skip
# What a source cannot answer, and the rules that go with it.
SKIP: dict[str, tuple[str, ...]] = {
    "dynamics": ("dynamics.",),
    "players": ("range.", "playability."),
    "ends": ("cadence.", "silence."),
}


def tally(pieces: Iterable[RealPiece], skip: tuple[str, ...]) -> dict[str, Any]:
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


def generated(styles: Iterable[str], seeds: int) -> Iterator[RealPiece]:
    """Pieces of the engine without their chord symbols and sections."""
    for style in styles:
        for seed in range(2000, 2000 + seeds):
            piece = compose(style, seed)
            yield RealPiece("generated", f"{style} {seed}", replace(piece, chords=(), sections=()), {})


def table(results: Results) -> str:
    """Faults per 100 bars as Markdown, the rows in order of rules; in brackets the share of pieces with one, in per cent."""
    rules = sorted({rule for row in results.values() for rule in row["rules"]})
    lines = ["| rule | " + " | ".join(results) + " |", "| --- |" + " ---: |" * len(results)]
    lines.append("| pieces | " + " | ".join(str(row["pieces"]) for row in results.values()) + " |")
    lines.append("| bars | " + " | ".join(str(row["bars"]) for row in results.values()) + " |")
    for severity in ("error", "warning", "advice"):
        sums = []
        for row in results.values():
            cells = [c for c in row["rules"].values() if c["severity"] == severity]
            sums.append(f"{sum(c['per_100_bars'] for c in cells):.2f}")
        lines.append(f"| **all: {severity}** | " + " | ".join(sums) + " |")
    for rule in rules:
        cells = [row["rules"].get(rule) for row in results.values()]
        shown = [f"{c['per_100_bars']:.2f} ({100 * c['share_of_pieces']:.0f})" if c else "" for c in cells]
        lines.append(f"| {rule} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the arguments, measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="directory with the collections; without it the real figures are kept")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"), help="where to unpack them")
    parser.add_argument("--seeds", type=int, default=8, help="pieces of each style")
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of real pieces")
    parser.add_argument("--examples", action="store_true", help="print examples of each fault")
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    target = HERE / "results.json"
    kept: Results = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    results: Results = {name: row for name, row in kept.items() if name in SOURCES and not options.data}
    if options.data:
        for name in options.sources:
            source = SOURCES[name]
            limit = max(2, round(LIMITS[name] * options.scale))
            skip = SKIP["dynamics"] * (not source.dynamics) + SKIP["players"] * (not source.players)
            skip += SKIP["ends"] * (not source.ends)
            results[name] = tally(load(options.data, options.cache, name, limit), skip)
    families: dict[str, list[str]] = defaultdict(list)
    for style, profile in profiles().items():
        families[profile.family].append(style)
    for family, styles in sorted(families.items()) if options.seeds else ():
        results[f"our {family}"] = tally(generated(styles, options.seeds), ())
    print(table(results))
    if options.examples:
        for name, row in results.items():
            for rule, cell in row["rules"].items():
                for example in cell["examples"]:
                    print(f"{name} {rule}: {example}")
    if not options.dry:
        target.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        page = HERE / "README.md"
        text = page.read_text(encoding="utf-8")
        begin, end = text.index("<!-- table -->"), text.index("<!-- end -->")
        page.write_text(text[:begin] + "<!-- table -->\n" + table(results) + "\n" + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
