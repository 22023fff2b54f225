"""Precision and recall of the embedded reader, attribute by attribute, and its CPU time per request.

    python benchmarks/reader/run.py [CASES] [--misses ATTRIBUTE] [--out FILE]

CASES is the folder with `musecoco.jsonl` and `composerx.jsonl` (default: `../shared/cases` beside the repository). The rows are
other people's words; they are read from there and not kept here.

Recall: of the rows that carry a label (or, for sets, of the labelled items), how many the brief gets right; a value counts
whether stated or inferred. Precision: of the *stated* values in the brief, on rows with a label of that attribute or without
one, how many agree with the label.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels import COMPOSERX, MUSECOCO, Check

from ripieno.agents.brains.embedded.reader import Reader
from ripieno.generators.theory.style import builtin_styles
from ripieno.score.brief import Brief

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@dataclass
class Count:
    """What was counted for one attribute."""

    wanted: int = 0  # labelled values
    found: int = 0  # labelled values that the brief has right
    claimed: int = 0  # stated values in the brief
    true: int = 0  # stated values that the label confirms

    @property
    def recall(self) -> float:
        return self.found / self.wanted if self.wanted else 1.0

    @property
    def precision(self) -> float:
        return self.true / self.claimed if self.claimed else 1.0


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def count(check: Check, labels: dict[str, Any], text: str, brief: Brief, into: Count) -> bool:
    """Adds one row to a count; tells whether all of it was right."""
    wanted, given, stated = check.answer(labels, text, brief)
    if check.as_set:
        wanted_set, given_set = wanted or set(), given or set()
        both = wanted_set & given_set
        into.wanted += len(wanted_set)
        into.found += len(both)
        into.claimed += len(given_set)
        into.true += len(both)
        return bool(wanted_set == given_set)
    right = wanted is not None and given is not None and check.same(wanted, given)
    into.wanted += wanted is not None
    into.found += right
    into.claimed += given is not None and stated
    into.true += right and stated
    return bool(right if wanted is not None else given is None or not stated)


def measure(
    reader: Reader, cases: list[dict[str, Any]], checks: tuple[Check, ...], misses: str
) -> tuple[dict[str, Count], list[float]]:
    """Counts by attribute, and CPU milliseconds of each row."""
    counts = {check.name: Count() for check in checks}
    times = []
    for row in cases:
        start = time.process_time()
        brief = reader.read(row["prompt"])
        times.append((time.process_time() - start) * 1000)
        for check in checks:
            if not count(check, row["attributes"], row["prompt"], brief, counts[check.name]) and check.name == misses:
                wanted, given, _ = check.answer(row["attributes"], row["prompt"], brief)
                print(f"wanted {wanted}, given {given}: {row['prompt']}\n")
    return counts, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=Path, default=CASES)
    parser.add_argument("--misses", default="", help="print the rows where this attribute is wrong")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    profiles = tuple(style.profile for style in builtin_styles().values())
    start = time.process_time()
    reader = Reader(profiles)
    reader.read("a first sentence")
    load = (time.process_time() - start) * 1000
    result: dict[str, Any] = {"load_ms": round(load, 1), "sets": {}}
    print(f"load: {load:.0f} ms of CPU")
    for name, checks in (("musecoco", MUSECOCO), ("composerx", COMPOSERX)):
        cases = rows(options.cases / f"{name}.jsonl")
        counts, times = measure(reader, cases, checks, options.misses)
        times.sort()
        middle, worst = times[len(times) // 2], times[-1]
        print(f"\n{name}: {len(cases)} requests, {middle:.2f} ms of CPU each (median; slowest {worst:.2f})")
        print(f"  {'attribute':20} {'labels':>7} {'recall':>8} {'precision':>10}")
        for attribute, c in counts.items():
            print(f"  {attribute:20} {c.wanted:7} {c.recall:8.1%} {c.precision:10.1%}")
        result["sets"][name] = {
            "requests": len(cases), "ms_median": round(middle, 2), "ms_slowest": round(worst, 2),
            "attributes": {a: {"labels": c.wanted, "recall": round(c.recall, 4), "precision": round(c.precision, 4)}
                           for a, c in counts.items()},
        }  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
