"""What the inventive instructions cost and what they do, on a piece of five tracks and 64 bars.

    python -P benchmarks/editing/run.py

Costs are CPU milliseconds of one candidate (median of five seeds, after one warm run); a turn makes four. Effects are
measured on five styles and three seeds. Writes result.json beside itself.
"""

import json
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ripieno.generators.base import GenerationRequest
from ripieno.score.analysis.reading import read
from ripieno.score.brief import Attribute, Brief, PartRequest
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Workbench
from ripieno.tools.ground import top_line
from ripieno.tools.registry import execute, parse_instruction
from ripieno.tools.toolbox import build_toolbox

HERE = Path(__file__).resolve().parent
TOOLBOX = build_toolbox()
PLAYERS = (("flute", Role.LEAD), ("piano", Role.CHORDS), ("nylon_guitar", Role.ARPEGGIO), ("upright_bass", Role.BASS),
           ("drums", Role.DRUMS))  # fmt: skip
STYLES = ("pop", "bossa_nova", "rock", "waltz", "swing")
CASES: dict[str, dict[str, Any]] = {
    "add_track": {"kind": "add_track", "part": {"instrument": "cello"}},
    "regenerate the whole piece": {"kind": "regenerate"},
    "regenerate eight bars of one track": {"kind": "regenerate", "scope": {"tracks": ["flute"], "bars": (8, 16)}},
    "regenerate, rhythm kept": {"kind": "regenerate", "keep_rhythm": True, "scope": {"tracks": ["flute"]}},
    "infill": {"kind": "infill", "scope": {"bars": (8, 12)}},
    "vary": {"kind": "vary", "strength": 0.5},
    "extend": {"kind": "extend", "bars": 8},
    "add_section": {"kind": "add_section", "section": "bridge"},
    "add_fill": {"kind": "add_fill"},
    "countermelody": {"kind": "countermelody"},
    "harmonise in thirds": {"kind": "harmonise", "instrument": "clarinet"},
    "harmonise as a chorale": {"kind": "harmonise", "interval": "chorale", "instrument": "strings"},
    "reharmonise, invented": {"kind": "reharmonise"},
    "reharmonise, given": {"kind": "reharmonise", "chords": ["Dm", "Gm7", "A7", "Bb"]},
    "restyle": {"kind": "restyle", "style": "tango"},
    "simplify": {"kind": "simplify", "amount": 0.6},
    "make_busier": {"kind": "make_busier", "amount": 0.6},
}


def brief_of(style: str, bars: int) -> Brief:
    parts = tuple(PartRequest(instrument=i, role=r) for i, r in PLAYERS)
    return Brief(
        style=Attribute(value=style), tonic=Attribute(value="D"), mode=Attribute(value="minor"), bars=Attribute(value=bars),
        parts=parts,
    )  # fmt: skip


def compose(style: str, bars: int, seed: int) -> Piece:
    return TOOLBOX.generators["theory"].generate(GenerationRequest(brief_of(style, bars), seed)).piece


def run(piece: Piece, style: str, seed: int, data: dict[str, Any]) -> Piece:
    bench = Workbench(TOOLBOX, seed, brief=brief_of(style, piece.bars))
    return execute(parse_instruction(data), piece, bench).piece


def costs() -> dict[str, float]:
    """CPU milliseconds of one candidate for each case."""
    piece = compose("pop", 64, 1)
    rows = {}
    for name, data in CASES.items():
        run(piece, "pop", 0, data)
        spent = []
        for seed in range(1, 6):
            start = time.process_time()
            run(piece, "pop", seed, data)
            spent.append((time.process_time() - start) * 1000)
        rows[name] = round(statistics.median(spent), 1)
    return rows


def lead(piece: Piece) -> Track:
    line = read(piece).lead
    assert line is not None
    return line.track


def alike(a: Notes, b: Notes) -> float:
    """Share of attacks (start and pitch) that two lines have in common, of all that either has."""
    one, two = ({(int(n["start"]), int(n["pitch"])) for n in x} for x in (a, b))
    return len(one & two) / max(1, len(one | two))


def bass_fits(piece: Piece) -> float:
    """Share of chord changes under which the bass plays a tone of the chord."""
    bass = next(t for t in piece.tracks if t.role is Role.BASS)
    right = [
        int(here["pitch"][0]) % 12 in span.chord.pitch_classes for span in piece.chords
        if len(here := bass.notes[np.abs(bass.notes["start"] - span.start) < 60])
    ]  # fmt: skip
    return float(np.mean(right))


def effects() -> dict[str, float]:
    """Measured effects, means over styles and seeds."""
    rows: dict[str, list[float]] = {}

    def put(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)

    for style in STYLES:
        for seed in (1, 2, 3):
            piece = compose(style, 32, seed)
            tune = lead(piece)
            notes = sum(len(t.notes) for t in piece.tracks)
            for strength in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
                after = run(piece, style, seed, {"kind": "vary", "strength": strength, "scope": {"tracks": [tune.id]}})
                put(f"vary {strength:g}: likeness of the tune", alike(tune.notes, after.track(tune.id).notes))
            for kind in ("simplify", "make_busier"):
                for amount in (0.25, 0.5, 1.0):
                    after = run(piece, style, seed, {"kind": kind, "amount": amount})
                    put(f"{kind} {amount:g}: notes for each before", sum(len(t.notes) for t in after.tracks) / notes)
            for interval, sizes in (("thirds", (3, 4)), ("sixths", (8, 9))):
                after = run(piece, style, seed, {"kind": "harmonise", "interval": interval, "instrument": "viola"})
                gaps = (top_line(tune)["pitch"].astype(int) - after.tracks[-1].notes["pitch"]) % 12
                put(f"harmonise: share of {interval}", float(np.mean(np.isin(gaps, sizes))))
            after = run(piece, style, seed, {"kind": "reharmonise"})
            changed = Counter(c.chord == o.chord for c, o in zip(after.chords, piece.chords, strict=False))
            put("reharmonise: share of chords that are others", changed[False] / max(1, changed.total()))
            put("reharmonise: bass on chord tones at changes", bass_fits(after))
            put("composed: bass on chord tones at changes", bass_fits(piece))
            after = run(piece, style, seed, {"kind": "restyle", "style": "bossa_nova" if style != "bossa_nova" else "reggae"})
            old, new = top_line(tune)["pitch"].astype(int), top_line(lead(after))["pitch"].astype(int)
            put("restyle: intervals of the tune kept", float(np.mean(np.diff(old) == np.diff(new))))
            before = Counter(f.rule for f in run_checks(piece))
            put("composed: findings in 100 bars", 100 * before.total() / piece.bars)
            for name, data in CASES.items():
                edited = run(piece, style, seed, data)
                more = Counter(f.rule for f in run_checks(edited)) - before
                put(f"{name}: new findings in 100 bars", 100 * more.total() / edited.bars)
    return {name: round(float(np.mean(values)), 3) for name, values in rows.items()}


def main() -> None:
    result = {"cpu_ms_of_one_candidate_64_bars_5_tracks": costs(), "effects_mean_of_15_pieces": effects()}
    (HERE / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
