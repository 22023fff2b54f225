"""Both generators write eight bars of one part of held-out music anew; what they wrote is compared with what stood there.

Distances are Jensen-Shannon divergences (bits) between histograms over all excerpts of a role; 'ceiling' is that between two
halves of the true music, drawn a hundred times. Lower is nearer to people's music; none of it says that music is good.
"""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from excerpts import excerpts

from ripieno.generators.base import GenerationRequest
from ripieno.generators.lm.decoder import Decoder
from ripieno.generators.lm.generator import MusicModel
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.score.brief import Attribute, Brief
from ripieno.score.checks.registry import run_checks
from ripieno.score.errors import RipienoError
from ripieno.score.instruments import Role
from ripieno.score.piece import Notes, Piece
from ripieno.tools.base import Toolbox, Workbench
from ripieno.tools.ground import stand_on

FIRST, END = 4, 12
GROUPS = {
    Role.LEAD: "lead", Role.BASS: "bass", Role.DRUMS: "drums", Role.COUNTERMELODY: "line", Role.ANSWER: "line",
    Role.CHORDS: "accompaniment", Role.ARPEGGIO: "accompaniment", Role.PAD: "accompaniment", Role.RIFF: "accompaniment",
}  # fmt: skip
Histograms = dict[str, np.ndarray]


def histograms(piece: Piece, notes: Notes, drum: bool) -> Histograms:
    """What the notes of a part in the bars in question are like."""
    bar = piece.timeline.bar_ticks(FIRST)
    start = piece.timeline.bar_start(FIRST)
    place = (notes["start"] - start) % bar
    length = notes["duration"] / piece.timeline.ppq
    out = {
        "onset in the quarter": np.bincount(np.rint(place % piece.timeline.ppq / 40).astype(int) % 12, minlength=12),
        "onsets in a bar": np.bincount(np.minimum(np.bincount((notes["start"] - start) // bar, minlength=END - FIRST), 31),
                                       minlength=32),
    }  # fmt: skip
    if drum:
        return out | {"drum": np.bincount(notes["pitch"], minlength=128)}
    top = notes[np.append(np.diff(notes["start"]) > 0, True)] if len(notes) else notes
    step = np.clip(np.diff(top["pitch"].astype(int)), -12, 12) + 12
    return out | {
        "length": np.bincount(np.clip(np.rint(np.log2(np.maximum(length, 1 / 16)) * 2).astype(int) + 8, 0, 15), minlength=16),
        "pitch class in the key": np.bincount((notes["pitch"].astype(int) - piece.key.tonic_pc) % 12, minlength=12),
        "interval": np.bincount(step, minlength=25),
        "octave": np.bincount(notes["pitch"] // 12, minlength=11),
    }


def divergence(a: np.ndarray, b: np.ndarray) -> float:
    """Jensen-Shannon divergence in bits."""
    p, q = a / max(1, a.sum()), b / max(1, b.sum())
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(sum(np.nansum(np.where(x > 0, x * np.log2(x / m), 0)) for x in (p, q)) / 2)


def chord_share(piece: Piece, notes: Notes) -> float:
    """Share of sounding time in the chord in force at the note's start."""
    inside = total = 0.0
    for start, duration, pitch, _ in notes.tolist():
        span = next((c for c in piece.chords if c.start <= start < c.end), None)
        if span is not None:
            inside += duration * (pitch % 12 in span.chord.pitch_classes)
            total += duration
    return inside / total if total else 0.0


def stretch(piece: Piece, id_: str) -> Notes:
    """The notes of a track in the bars in question."""
    notes, line = piece.track(id_).notes, piece.timeline
    return notes[(notes["start"] >= line.bar_start(FIRST)) & (notes["start"] < line.bar_start(END))]


def compare(model: Decoder, shards: Path, count: int) -> dict[str, object]:
    """By role: distances of both generators from the true music, the ceiling, agreement and chord tones."""
    engine = TheoryEngine()
    toolbox = Toolbox({"theory": engine, "lm": MusicModel(engine, model)})
    rows: dict[str, dict[str, list[Histograms]]] = defaultdict(lambda: defaultdict(list))
    plain: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    failed = 0
    for n, (_, piece) in enumerate(excerpts(shards, count)):
        for role in sorted({GROUPS[t.role] for t in piece.tracks if t.role in GROUPS and len(stretch(piece, t.id)) >= 6}):
            track = next(t for t in piece.tracks if GROUPS.get(t.role) == role and len(stretch(piece, t.id)) >= 6)
            true = stretch(piece, track.id)
            made = {"true": true}
            try:
                for name in ("theory", "lm"):
                    ground = stand_on(piece, Workbench(toolbox, n, name))
                    made[name] = stretch(ground.written((track.id,), ((FIRST, END),), n), track.id)
            except RipienoError as error:
                failed += 1
                print(error)
                continue
            for name, notes in made.items():
                rows[role][name].append(histograms(piece, notes, track.is_drum))
                agreed = _agreement(true, notes)
                plain[role][f"{name}: onsets and pitches as in the true bars"].append(agreed)
                if not track.is_drum:
                    plain[role][f"{name}: chord tones"].append(chord_share(piece, notes))
    out: dict[str, object] = {"failed": failed}
    for role, systems in rows.items():
        kinds = systems["true"][0]
        distances = {kind: {name: distance(systems["true"], systems[name], kind) for name in ("theory", "lm")}
                     | {"ceiling": ceiling(systems["true"], kind)} for kind in kinds}  # fmt: skip
        means = {k: round(float(np.mean(v)), 3) for k, v in sorted(plain[role].items()) if not k.startswith("true: onsets")}
        out[role] = {"parts": len(systems["true"]), "distance": distances, "means": means}
    return out


def _agreement(true: Notes, made: Notes) -> float:
    a, b = ({(int(n["start"]) // 20, int(n["pitch"])) for n in x} for x in (true, made))
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def distance(true: list[Histograms], made: list[Histograms], kind: str) -> list[float]:
    """Of all parts together, and its 95 % interval over resampled parts."""
    a, b = np.array([h[kind] for h in true]), np.array([h[kind] for h in made])
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(a), size=len(a)) for _ in range(200)]
    values = [divergence(a[i].sum(axis=0), b[i].sum(axis=0)) for i in drawn]
    bounds = np.percentile(values, [2.5, 97.5])
    return [round(float(v), 4) for v in (divergence(a.sum(axis=0), b.sum(axis=0)), *bounds)]


def ceiling(true: list[Histograms], kind: str) -> float:
    """Between two halves of the true music: what another collection of as much of it would reach."""
    a, rng = np.array([h[kind] for h in true]), np.random.default_rng(0)
    values = []
    for _ in range(100):
        order = rng.permutation(len(a))
        values.append(divergence(a[order[::2]].sum(axis=0), a[order[1::2]].sum(axis=0)))
    return round(float(np.mean(values)), 4)


STYLES = ("waltz", "rock", "string_quartet", "chorale", "ragtime", "nocturne", "swing", "celtic_air", "march", "cinematic",
          "funk", "pop", "bossa_nova", "minuet")  # fmt: skip


def faults(model: Decoder, seeds: int) -> dict[str, object]:
    """What the critic finds in whole new pieces of both generators, per 100 bars, and how often the model has less."""
    engine = TheoryEngine()
    systems = {"theory": engine, "lm": MusicModel(engine, model)}
    counts: dict[str, Counter[str]] = {name: Counter() for name in systems}
    weights: dict[str, list[float]] = defaultdict(list)
    bars = 0
    for style in STYLES:
        for seed in range(seeds):
            brief = Brief(style=Attribute(value=style), bars=Attribute(value=24))
            for name, generator in systems.items():
                piece = generator.generate(GenerationRequest(brief, seed)).piece
                found = run_checks(piece)
                counts[name].update(f"{f.severity}: {f.rule}" for f in found)
                counts[name].update(f"all {f.severity}" for f in found)
                weights[name].append(sum({"error": 10.0, "warning": 3.0}.get(str(f.severity), 1.0) for f in found))
            bars += 24
    better = sum(a < b for a, b in zip(weights["lm"], weights["theory"], strict=True))
    rows = {n: {k: round(100 * v / bars, 2) for k, v in sorted(c.items())} for n, c in counts.items()}
    return {"pieces": len(weights["lm"]), "lm has less in": better, **rows}
