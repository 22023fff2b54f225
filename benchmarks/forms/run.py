"""Do long forms hold together? Ten seeds of each, measured on the notes: what returns, where the keys go, how energy runs.

    python -P benchmarks/forms/run.py [--seeds 10] [--only rondo]

- Return, contrast (0..1, `score/analysis/section_likeness.py`): the median likeness of a section to the first of its label,
  and of the first section to those of other labels (introductions and codas left out); the least return of all seeds.
- Form: the share of seeds in which the check `request.form` hears the form that was asked for.
- Keys: how many keys a piece goes through (median); heard: the share of sections in which the key of the plan is among the two
  keys that its notes fit best (`score/analysis/key_finding.py`; two, for relative keys share their notes).
- Energy: the correlation over sections of the planned energy with what is heard: notes in a beat (log), the upper quartile of
  their velocities, players, each standardised within the piece; median over the seeds, and the least.
- Findings: errors and warnings of the critic in 100 bars, `request.form` among them.
- CPU seconds of composing 100 bars; the last table has it over the length.

Writes `results.json` and the tables in `README.md`.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

from ripieno.agents.defaults import complete
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine, style_profiles
from ripieno.score.analysis.key_finding import rank_keys
from ripieno.score.analysis.reading import Reading, read
from ripieno.score.analysis.section_likeness import likeness, section_sketches
from ripieno.score.brief import Attribute, Brief, FormRequest, PartRequest, SectionRequest
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from ripieno.score.section_kinds import section_kind
from ripieno.score.time import PPQ

HERE = Path(__file__).resolve().parent
PIANO = (PartRequest(instrument="piano", role=Role.LEAD),)
# name -> style, form ("": the style's own), sections that it must hold, bars, parts (None: the style's)
CASES: dict[str, tuple[str, str, tuple[str, ...], int, tuple[PartRequest, ...] | None]] = {
    "rondo, piano, 32": ("nocturne", "rondo", (), 32, PIANO),
    "rondo, piano, 64": ("nocturne", "rondo", (), 64, PIANO),
    "rondo, string quartet, 128": ("string_quartet", "rondo", (), 128, None),
    "rondo, string quartet, 256": ("string_quartet", "rondo", (), 256, None),
    "variations, piano, 96": ("nocturne", "theme and variations", (), 96, PIANO),
    "variations, string quartet, 256": ("string_quartet", "theme and variations", (), 256, None),
    "sonata, string quartet, 96": ("string_quartet", "sonata", (), 96, None),
    "sonata, piano, 200": ("string_quartet", "sonata", (), 200, PIANO),
    "through-composed cue, 64": ("cinematic", "through-composed", (), 64, None),
    "film cue, 128": ("cinematic", "film cue", (), 128, None),
    "house, 128": ("house", "build and drop", (), 128, None),
    "house, 512": ("house", "build and drop", (), 512, None),
    "pop with an intro and a bridge, 64": ("pop", "", ("intro", "bridge"), 64, None),
    "pop, 512": ("pop", "verse-chorus", (), 512, None),
    "swing, 512": ("swing", "AABA", (), 512, None),
    "waltz, 512": ("waltz", "AABA", (), 512, None),
}
LENGTHS = (64, 128, 256, 512)
LINEAR = (
    "rondo, string quartet, 128", "variations, piano, 96", "sonata, piano, 200", "film cue, 128", "house, 128", "pop, 512",
)  # fmt: skip


def brief_of(name: str, seed: int, bars: int | None = None) -> Brief:
    style, form, holds, usual, parts = CASES[name]
    wanted = FormRequest(name=form, holds=tuple(SectionRequest(name=n) for n in holds))
    asked = Brief(style=Attribute(value=style), bars=Attribute(value=bars or usual), form=Attribute(value=wanted),
                  parts=parts or (), ensemble_closed=parts is not None)  # fmt: skip
    return complete(asked, {p.id: p for p in style_profiles()}, seed)


def returns(reading: Reading) -> tuple[list[float], list[float]]:
    """Likeness of returns to the first of their label, and of the first section to those of other labels."""
    sections, sketches = reading.piece.sections, section_sketches(reading)
    body = [i for i, s in enumerate(sections) if section_kind(s.name) not in ("intro", "outro", "build")]
    first: dict[str, int] = {}
    back, other = [], []
    for i in body:
        if sections[i].label in first:
            back.append(likeness(sketches[first[sections[i].label]], sketches[i]))
        else:
            first[sections[i].label] = i
    for i in body[1:]:
        if sections[i].label != sections[body[0]].label:
            other.append(likeness(sketches[body[0]], sketches[i]))
    return back, other


def keys_heard(reading: Reading) -> float:
    """The share of sections in which the planned key is one of the two that fit the notes best."""
    hits = []
    for section in reading.piece.sections:
        a, b = reading.bar_slots[section.first_bar], reading.bar_slots[section.end_bar]
        profile = reading.pitch_classes[a:b].sum(axis=0).astype(float)
        if not profile.any():
            continue
        key = reading.piece.key_at(section.first_bar)
        modes = ("major", "minor") if key.mode in ("major", "minor") else ("major", "minor", key.mode)
        found = [g.key for g in rank_keys(profile, modes)[:2]]
        hits.append(any(k.tonic_pc == key.tonic_pc and k.mode == key.mode for k in found))
    return float(np.mean(hits))


def energy_heard(piece: Piece) -> float | None:
    """Correlation of planned and heard energy over the sections; None for fewer than four."""
    rows = []
    for section in piece.sections:
        a, b = piece.timeline.bar_start(section.first_bar), piece.timeline.bar_start(section.end_bar)
        inside = [t.notes[(t.notes["start"] >= a) & (t.notes["start"] < b)] for t in piece.tracks]
        count = sum(len(n) for n in inside)
        loud = float(np.percentile(np.concatenate([n["velocity"] for n in inside]), 75)) if count else 0.0
        rows.append((np.log1p(count * PPQ / (b - a)), loud, sum(len(n) > 0 for n in inside)))
    heard = np.array(rows)
    wanted = np.array([s.energy for s in piece.sections])
    if len(rows) < 4 or wanted.std() < 0.02:
        return None
    spread = heard.std(axis=0)
    curve = ((heard - heard.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).sum(axis=1)
    return float(np.corrcoef(curve, wanted)[0, 1]) if curve.std() else 0.0


def measure(name: str, seeds: int) -> dict[str, object]:
    back, other, heard, keys, energy, found, cpu, formed = [], [], [], [], [], [], [], []
    for seed in range(seeds):
        wanted = brief_of(name, seed)
        start = time.process_time()
        piece = TheoryEngine().generate(GenerationRequest(wanted, seed)).piece
        cpu.append((time.process_time() - start) * 100 / piece.bars)
        reading = read(piece)
        same, unlike = returns(reading)
        back += same
        other += unlike
        heard.append(keys_heard(reading))
        keys.append(len({piece.key_at(s.first_bar) for s in piece.sections}))
        correlation = energy_heard(piece)
        energy += [] if correlation is None else [correlation]
        findings = [f for f in run_checks(piece, wanted) if f.severity != "advice"]
        found.append(len(findings) * 100 / piece.bars)
        formed.append(not any(f.rule == "request.form" for f in findings))
    return {
        "sections": len(piece.sections), "return": _median(back), "least": round(min(back), 2) if back else None,
        "contrast": _median(other), "form": round(float(np.mean(formed)), 2), "keys": statistics.median(keys),
        "heard": round(float(np.mean(heard)), 2), "energy": _median(energy),
        "energy_least": round(min(energy), 2) if energy else None,
        "findings": round(float(np.mean(found)), 2), "cpu": round(statistics.median(cpu), 2),
    }  # fmt: skip


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def by_length(name: str) -> list[float]:
    """CPU seconds of composing each of `LENGTHS`, the median of three."""
    out = []
    for bars in LENGTHS:
        spent = []
        for seed in range(3):
            wanted = brief_of(name, seed, bars)
            start = time.process_time()
            TheoryEngine().generate(GenerationRequest(wanted, seed))
            spent.append(time.process_time() - start)
        out.append(round(statistics.median(spent), 2))
    return out


def tables(rows: dict[str, dict[str, object]], lengths: dict[str, list[float]]) -> str:
    head = ("form", "sections", "return (least)", "contrast", "form heard", "keys", "keys heard", "energy (least)",
            "findings / 100 bars", "CPU s / 100 bars")  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    for name, r in rows.items():
        formed, heard = (f"{100 * float(str(r[k])):.0f}%" for k in ("form", "heard"))
        cells = (name, r["sections"], f"{r['return']} ({r['least']})", r["contrast"], formed, r["keys"], heard,
                 f"{r['energy']} ({r['energy_least']})", r["findings"], r["cpu"])  # fmt: skip
        lines.append("| " + " | ".join("–" if str(c) in ("None", "None (None)") else str(c) for c in cells) + " |")
    lines += ["", "| CPU s for bars | " + " | ".join(map(str, LENGTHS)) + " |", "| --- " + "| ---: " * len(LENGTHS) + "|"]
    for name, times in lengths.items():
        lines.append(f"| {name.rpartition(',')[0]} | " + " | ".join(f"{x:.2f}" for x in times) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    rows = {name: measure(name, given.seeds) for name in CASES if given.only in name}
    lengths = {} if given.only else {name: by_length(name) for name in LINEAR}
    text = tables(rows, lengths)
    print(text)
    if not given.only:
        results = json.dumps({"forms": rows, "cpu_by_bars": lengths}, indent=1) + "\n"
        (HERE / "results.json").write_text(results, encoding="utf-8")
        page = HERE / "README.md"
        before, _, rest = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
        page.write_text(f"{before}<!-- table -->\n{text}\n<!-- end -->{rest.partition('<!-- end -->')[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
