"""Learns how drummers touch their kit from the Groove MIDI Dataset: velocities by drum, style and place in the bar,
and where strokes fall against the beat: how far a drummer sways around the pulse from bar to bar, how far each drum
stands beside the others, and how unevenly its strokes fall.

    mkdir /tmp/groove && zstd -dc --long=27 groove_midi.tar.zst | tar x -C /tmp/groove
    python scripts/learn_groove.py /tmp/groove generators/theory/data/groove.json

Only takes of the official training split, of type 'beat' and in 4/4, are read; fills, validation and test stay unseen.
The result holds statistics alone, no performance.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

import mido
import numpy as np

ATTRIBUTION = (
    "Groove MIDI Dataset v1.0.0, Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck, David Bamman: "
    "Learning to Groove with Inverse Sequence Transformations (ICML 2019), Google LLC, CC BY 4.0, "
    "https://magenta.tensorflow.org/datasets/groove"
)
# Roland TD-11 note numbers -> the drums that we tell apart
DRUMS = {
    36: "kick", 38: "snare", 40: "snare", 37: "rim", 42: "hihat", 22: "hihat", 44: "pedal_hat", 46: "open_hat",
    26: "open_hat", 51: "ride", 59: "ride", 53: "ride_bell", 49: "crash", 55: "crash", 57: "crash", 52: "crash",
    43: "tom", 58: "tom", 45: "tom", 47: "tom", 48: "tom", 50: "tom",
}  # fmt: skip
MIN_STROKES = 60  # fewer of a drum in a style say nothing
GHOST = 0.55  # strokes softer than this share of the style's loud ones (90th percentile) are ghost notes


def strokes(path: Path, bpm: float) -> list[tuple[str, int, float, int]]:
    """(drum, sixteenth of the take, milliseconds late, velocity) of each stroke of a take."""
    out = []
    midi = mido.MidiFile(path)
    per_cell = midi.ticks_per_beat / 4
    for track in midi.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity > 0 and message.note in DRUMS:
                cell = round(now / per_cell)
                late = (now - cell * per_cell) / midi.ticks_per_beat * 60_000 / bpm
                out.append((DRUMS[message.note], cell, late, message.velocity))
    return out


def timing(rows: list[tuple[str, int, float, int]]) -> tuple[list[float], list[tuple[float, float]], dict[str, list[float]]]:
    """What the strokes on the beats of a take say: means of its bars, pairs of neighbouring ones, the rest by drum (ms).

    All against the mean of the take, since where a whole take stands against the click is the studio's delay as well.
    """
    beats = [(drum, cell // 16, late) for drum, cell, late, _ in rows if cell % 4 == 0]
    if len(beats) < MIN_STROKES:
        return [], [], {}
    middle = float(np.mean([late for _, _, late in beats]))
    by_bar: dict[int, list[float]] = defaultdict(list)
    for _, bar, late in beats:
        by_bar[bar].append(late - middle)
    means = {bar: float(np.mean(values)) for bar, values in by_bar.items() if len(values) >= 3}
    rest: dict[str, list[float]] = defaultdict(list)
    for drum, bar, late in beats:
        if bar in means:
            rest[drum].append(late - middle - means[bar])
    pairs = [(mean, means[bar + 1]) for bar, mean in means.items() if bar + 1 in means]
    return list(means.values()), pairs, rest


def summary(rows: list[tuple[int, float, int]], rest: list[float], bars: float) -> dict[str, object]:
    """Levels (ghost, normal, accent), and by sixteenth: strokes and ghost notes per bar, velocity against the mean."""
    place = np.array([r[0] for r in rows])
    velocity = np.array([r[2] for r in rows], dtype=float)
    accent = float(np.percentile(velocity, 90))
    soft = velocity < GHOST * accent
    sure = velocity[~soft]
    ghost = float(np.median(velocity[soft])) if soft.sum() >= 20 else accent * 0.45
    lean = [float(np.mean(sure[place[~soft] == i]) - sure.mean()) if (place[~soft] == i).sum() >= 8 else 0.0
            for i in range(16)]  # fmt: skip
    return {
        "strokes": len(rows),
        "levels": [round(ghost), round(float(np.median(sure))), round(accent)],
        "velocity_sd": round(float(np.std(sure)), 1),
        "per_bar": [round(float((place == i).sum() / bars), 2) for i in range(16)],
        "ghosts": [round(float((place[soft] == i).sum() / bars), 2) for i in range(16)],
        "lean": [round(x) for x in lean],
        "late_ms": round(float(np.mean(rest)), 1) if len(rest) >= 20 else 0.0,
        "late_sd": round(spread(rest), 1) if len(rest) >= 20 else 0.0,
    }


def spread(values: list[float]) -> float:
    """Standard deviation by the quartiles, which flams and rolls between the places do not widen."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 1.349


def sway(means: list[float], pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Spread of the bars' means (ms) and how much of one bar's is left in the next (correlation); 0 for few bars."""
    if len(pairs) < 20:
        return {"sd": 0.0, "kept": 0.0}
    first, second = np.array(pairs).T
    return {"sd": round(spread(means), 1), "kept": round(float(np.corrcoef(first, second)[0, 1]), 2)}


def main(folder: Path, target: Path) -> None:
    """Writes the statistics of all styles."""
    gathered: dict[str, dict[str, list[tuple[int, float, int]]]] = defaultdict(lambda: defaultdict(list))
    uneven: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    swaying: dict[str, list[float]] = defaultdict(list)
    paired: dict[str, list[tuple[float, float]]] = defaultdict(list)
    bars: dict[str, float] = defaultdict(float)
    takes: dict[str, int] = defaultdict(int)
    with (folder / "info.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if (row["split"], row["beat_type"], row["time_signature"]) != ("train", "beat", "4-4"):
                continue
            style, bpm = row["style"].split("/")[0], float(row["bpm"])
            takes[style] += 1
            bars[style] += float(row["duration"]) * bpm / 240
            played = strokes(folder / row["midi_filename"], bpm)
            for drum, cell, late, velocity in played:
                gathered[style][drum].append((cell % 16, late, velocity))
            means, pairs, rest = timing(played)
            swaying[style] += means
            paired[style] += pairs
            for drum, values in rest.items():
                uneven[style][drum] += values
    styles = {
        style: {
            drum: summary(rows, uneven[style][drum], bars[style])
            for drum, rows in sorted(drums.items())
            if len(rows) >= MIN_STROKES
        }
        for style, drums in sorted(gathered.items())
    }
    text = json.dumps(
        {"source": ATTRIBUTION, "made_by": "scripts/learn_groove.py", "takes": dict(sorted(takes.items())),
         "sway": {style: sway(swaying[style], paired[style]) for style in styles}, "styles": styles}, separators=(",", ":"),
    )  # fmt: skip
    target.write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
