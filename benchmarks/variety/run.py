"""Are twenty seeds of one request twenty pieces, and all plainly the style? And does any tune copy a known one?

    python benchmarks/variety/run.py [--data DIR] [--seeds 20]

- Likeness (0..1) of every pair of pieces of one style: melody, progression, groove, form (`score/analysis/likeness.py`),
  mean and largest; with --data the same between real pieces of one collection.
- Style: a softmax regression on the features of half of the seeds tells the style of the other half. Two runs: on what the
  notes sound like alone (tune, harmony, rhythm; no instruments, no tempo, no metre), and with tempo, metre and families of
  instruments.
- Copies: the longest run of each tune that lies in the index of known tunes, in notes; with --data the same for real
  tunes that the index does not hold.

Writes `results.json` and the table in `README.md`.
"""

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from corpus import excerpt, load  # noqa: E402
from generate import compose, profiles  # noqa: E402

from ripieno.agents.judges.tunes import known_tunes  # noqa: E402
from ripieno.score.analysis.copies import longest_copy  # noqa: E402
from ripieno.score.analysis.features import DISTRIBUTIONS, SCALARS, extract  # noqa: E402
from ripieno.score.analysis.likeness import Fingerprint, fingerprint, likeness  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402
from ripieno.score.analysis.skyline import melody  # noqa: E402
from ripieno.score.piece import Piece  # noqa: E402

ASPECTS = ("melody", "progression", "groove", "form")
FAMILIES = ("strings", "guitar", "bass", "keys", "mallets", "organ", "reeds", "brass", "winds", "choir", "synth lead",
            "synth pad", "plucked", "ethnic", "percussion", "drum kit")  # fmt: skip
STEPS, RATE, DECAY = 600, 0.5, 0.02
Floats = npt.NDArray[np.float64]


def pairs(prints: list[Fingerprint]) -> dict[str, list[float]]:
    """By aspect: mean and largest likeness of all pairs."""
    rows = [likeness(a, b) for a, b in combinations(prints, 2)]
    out = {}
    for aspect in ASPECTS:
        column = [float(getattr(row, aspect)) for row in rows]
        out[aspect] = [round(float(np.mean(column)), 3), round(float(np.max(column)), 3)]
    return out


def sound(piece: Piece) -> Floats:
    """The features of the notes as one vector, without loudness."""
    found = extract(Reading(piece), own_chords=False)
    scalars = [found.scalars[name] for name in SCALARS if not name.startswith("dynamics")]
    return np.concatenate([np.nan_to_num(np.array(scalars)), *(found.distributions[name] for name in DISTRIBUTIONS)])


def dress(piece: Piece) -> Floats:
    """Tempo, metre and families of instruments."""
    metre = piece.timeline.metres[0].metre
    here = {t.instrument.family for t in piece.tracks}
    head = [np.log2(piece.timeline.tempos[0].bpm / 100), metre.numerator / metre.denominator, float(metre.compound)]
    return np.array([*head, *(float(f in here) for f in FAMILIES)])


def accuracy(rows: Floats, labels: npt.NDArray[np.int64], train: npt.NDArray[np.bool_]) -> tuple[float, npt.NDArray[np.int64]]:
    """Share of held-out rows whose label is found, and what was found for each; softmax regression by gradient descent."""
    mean, spread = rows[train].mean(axis=0), rows[train].std(axis=0) + 1e-6
    scaled = np.clip((rows - mean) / spread, -4, 4)
    scaled = np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)
    classes = int(labels.max()) + 1
    target = np.eye(classes)[labels[train]]
    weights = np.zeros((scaled.shape[1], classes))
    for _ in range(STEPS):
        logits = scaled[train] @ weights
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        weights -= RATE * (scaled[train].T @ (odds - target) / train.sum() + DECAY * weights)
    found = (scaled @ weights).argmax(axis=1)
    return float(np.mean(found[~train] == labels[~train])), found


def copies(pieces: list[Piece]) -> list[int]:
    """Longest known run of each tune, in notes."""
    return [longest_copy(melody(Reading(p)), known_tunes())[0] for p in pieces]


def main() -> None:
    """Measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="directory with the collections, for real music beside ours")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--styles", nargs="*")
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    styles = options.styles or sorted(profiles())
    made = {style: [compose(style, 3000 + seed) for seed in range(options.seeds)] for style in styles}
    results: dict[str, Any] = {"seeds": options.seeds, "styles": {}, "real": {}}
    flat = [(i, k, p) for i, style in enumerate(styles) for k, p in enumerate(made[style])]
    labels = np.array([i for i, _, _ in flat])
    train = np.array([k % 2 == 0 for _, k, _ in flat])
    heard = np.array([sound(p) for _, _, p in flat])
    whole = np.concatenate([heard, np.array([dress(p) for _, _, p in flat])], axis=1)
    notes_only, found = accuracy(heard, labels, train)
    with_dress, _ = accuracy(whole, labels, train)
    results["classifier"] = {"styles": len(styles), "notes_only": round(notes_only, 3), "with_players": round(with_dress, 3),
                             "chance": round(1 / len(styles), 3)}  # fmt: skip
    for i, style in enumerate(styles):
        mine = ~train & (labels == i)
        wrong = [styles[f] for f in found[mine] if f != i]
        row = {"likeness": pairs([fingerprint(Reading(p)) for p in made[style]]), "copies": copies(made[style]),
               "recognised": round(float(np.mean(found[mine] == i)), 2), "taken_for": sorted(set(wrong))}  # fmt: skip
        results["styles"][style] = row
    if options.data:
        for name in ("hymns", "game", "lieder", "mutopia"):
            real = [excerpt(r.piece, 64) for r in load(options.data, options.cache, name, 40, half=1)]
            results["real"][name] = {"likeness": pairs([fingerprint(Reading(p)) for p in real])}
        real = [excerpt(r.piece, 64) for r in load(options.data, options.cache, "polish", 200)]
        results["real"]["polish (not in the index)"] = {"copies": copies(real)}
    print(page(results))
    if not options.dry:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        target = HERE / "README.md"
        text = target.read_text(encoding="utf-8")
        begin, end = text.index("<!-- table -->"), text.index("<!-- end -->")
        target.write_text(text[:begin] + "<!-- table -->\n" + page(results) + "\n" + text[end:], encoding="utf-8")


def page(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    c = results["classifier"]
    lines = [
        f"Told apart from {c['styles']} styles by the notes alone: {c['notes_only']:.0%} of held-out pieces; with tempo, metre "
        f"and players: {c['with_players']:.0%} (chance {c['chance']:.0%}).", "",
        "| style | melody | progression | groove | form | recognised | longest known run |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for style, row in results["styles"].items():
        cells = [f"{row['likeness'][a][0]:.2f} ({row['likeness'][a][1]:.2f})" for a in ASPECTS]
        lines.append(f"| {style.replace('_', ' ')} | {' | '.join(cells)} | {row['recognised']:.0%} | {max(row['copies'])} |")
    for name, row in results["real"].items():
        if "likeness" in row:
            cells = [f"{row['likeness'][a][0]:.2f} ({row['likeness'][a][1]:.2f})" for a in ASPECTS[:3]]
            lines.append(f"| *real: {name}* | {' | '.join(cells)} | | | |")
        else:
            spread = np.quantile(row["copies"], [0.5, 0.95, 1.0])
            lines.append(f"| *real: {name}* | | | | | | {spread[0]:.0f} (95 %: {spread[1]:.0f}, most {spread[2]:.0f}) |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
