"""Generated music against human music of the same kind that nothing was learnt from.

    python benchmarks/real_music/run.py --data DIR [--seeds 20]

For each style pieces are composed as a person gets them who names the style alone, one for each seed, and compared with
the second half of the real pieces of that kind (`scripts/learn_statistics.py` reads only the first half). Both are cut to
their first 64 bars, both are read by the same chord finder.

Distances, each with a 95 % interval from 400 bootstrap samples of the pieces on both sides:
- a distribution: total variation (0..1) between the mean distributions of the two sets;
- a scalar: Wasserstein-1 distance between the two sets of values, in standard deviations of the real ones.

The ceiling is real against real: the same distance between two halves of the real set, drawn at random 400 times, median
and 95 % quantile. A distance below that quantile cannot be told from the difference between human composers.
Writes `results.json` and the table in `README.md`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from corpus import SOURCES, RealPiece, excerpt, load  # noqa: E402
from generate import compose, profiles  # noqa: E402

from ripieno.score.analysis.features import DISTRIBUTIONS, FEATURES, SCALARS, Features, extract  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402

BARS = 64
SAMPLES = 400
Floats = npt.NDArray[np.float64]
Chooser = Callable[[RealPiece], bool]


def with_programs(*programs: int) -> Chooser:
    """Pieces with drums and one of these General MIDI programs."""

    def chosen(real: RealPiece) -> bool:
        tracks = real.piece.tracks
        return any(t.is_drum for t in tracks) and any(not t.is_drum and t.midi_program in programs for t in tracks)

    return chosen


def any_piece(_: RealPiece) -> bool:
    """Every piece."""
    return True


# style -> (source, what its titles or labels match, which of its pieces)
GUITARS, DISTORTED = with_programs(27, 28, 29, 30, 31), with_programs(29, 30)
KINDS: dict[str, tuple[tuple[str, str, Chooser], ...]] = {
    "chorale": (("hymns", "", any_piece),),
    "string_quartet": (("quartets", "", any_piece),),
    "waltz": (("polish", "waltz|valse|walc", any_piece), ("chopin", "waltz|valse|walc", any_piece)),
    "minuet": (("mutopia", "minuet|menuet", any_piece), ("polish", "minuet|menuet", any_piece)),
    "nocturne": (("chopin", "nocturn|nokturn", any_piece), ("polish", "nocturn|nokturn", any_piece)),
    "march": (("polish", "march|marsz|marsch|marcia", any_piece), ("mutopia", "march|marcia", any_piece)),
    "polka": (("polish", "polka|polca", any_piece),),
    "lullaby": (("lieder", "lullab|wiegen|berceuse|schlummer|cradle", any_piece),
                ("polish", "kołys|wiegen|berceuse", any_piece)),
    "ragtime": (("mutopia", r"\brag\b|ragtime|joplin", any_piece),),
    "rock": (("game", "", GUITARS),),
    "metal": (("game", "", DISTORTED),),
    "celtic_air": (("mutopia", "folk|traditional", any_piece), ("lead sheets", "", any_piece)),
    "cinematic": (("film", "", any_piece),),
    "chanson": (("lieder", "french|fauré|gounod|chaminade|hahn|debussy|massenet|viardot", any_piece),),
}  # fmt: skip
# Lead sheets are a tune and nothing else; scores say little of loudness.
TUNE_ONLY = frozenset({"melodic_interval", "duration", "tune_onset_place", "pitch_class", "step_share", "leap_share",
                       "repeat_share", "tune_range", "turns", "arch", "tune_density", "syncopation", "rhythm_entropy",
                       "self_similarity", "phrase_length", "in_scale"})  # fmt: skip
LOUDNESS = frozenset({"dynamics_mean", "dynamics_spread"})


def measure(real: RealPiece) -> Features:
    """The features that the piece's source can answer."""
    found = extract(Reading(excerpt(real.piece, BARS)), own_chords=False)
    source = SOURCES[real.source]
    hidden = frozenset() if source.dynamics else LOUDNESS
    if real.source == "lead sheets":
        hidden |= frozenset((*DISTRIBUTIONS, *SCALARS)) - TUNE_ONLY
    return Features(
        {k: v for k, v in found.distributions.items() if k not in hidden},
        {k: v for k, v in found.scalars.items() if k not in hidden},
    )


def real_features(data: Path, cache: Path, style: str, cap: int) -> list[Features]:
    """Features of the held-out real pieces of a style's kind, at most `cap`, evenly spread."""
    found: list[RealPiece] = []
    for name, titles, chosen in KINDS[style]:
        found += [real for real in load(data, cache, name, half=1, titles=titles) if chosen(real)]
    step = max(1, len(found) // cap)
    return [measure(real) for real in found[::step][:cap]]


def values(rows: list[Features], name: str) -> Floats:
    """Pieces by bins for a distribution, pieces by 1 for a scalar; without those where it does not apply."""
    if name in DISTRIBUTIONS:
        table = np.array([r.distributions[name] for r in rows if name in r.distributions and r.distributions[name].sum() > 0])
        return table.reshape(len(table), -1)
    column = np.array([r.scalars[name] for r in rows if name in r.scalars], dtype=np.float64)
    return column[~np.isnan(column)][:, None]


def distance(a: Floats, b: Floats, scale: float, scalar: bool) -> float:
    """Distance between two sets; see the module's docstring."""
    if not scalar:
        return 0.5 * float(np.abs(a.mean(axis=0) - b.mean(axis=0)).sum())
    points = np.linspace(0, 1, 101)
    return float(np.abs(np.quantile(a, points) - np.quantile(b, points)).mean()) / scale


def compare(real: Floats, made: Floats, scalar: bool, rng: np.random.Generator) -> dict[str, object] | None:
    """Distance with its interval, the ceiling, and the medians; None where either side is too small."""
    if len(real) < 6 or len(made) < 5:
        return None
    scale = max(float(real.std()), 1e-6) if scalar else 1.0
    boot, split = [], []
    for _ in range(SAMPLES):
        one = real[rng.integers(0, len(real), len(real))]
        two = made[rng.integers(0, len(made), len(made))]
        boot.append(distance(one, two, scale, scalar))
        order = rng.permutation(len(real))
        half = len(real) // 2
        split.append(distance(real[order[:half]], real[order[half:]], scale, scalar))
    low, high = np.quantile(boot, [0.025, 0.975])
    middle, top = np.quantile(split, [0.5, 0.95])
    row: dict[str, object] = {
        "distance": round(distance(real, made, scale, scalar), 3), "interval": [round(float(low), 3), round(float(high), 3)],
        "ceiling": [round(float(middle), 3), round(float(top), 3)],
    }  # fmt: skip
    if scalar:
        row["real"] = [round(float(q), 3) for q in np.quantile(real, [0.25, 0.5, 0.75])]
        row["made"] = [round(float(q), 3) for q in np.quantile(made, [0.25, 0.5, 0.75])]
    else:
        row["real"] = [round(float(v), 3) for v in real.mean(axis=0)]
        row["made"] = [round(float(v), 3) for v in made.mean(axis=0)]
    return row


def main() -> None:
    """Measures, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="directory with the collections")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--cap", type=int, default=80, help="real pieces of a kind at most")
    parser.add_argument("--styles", nargs="*", default=list(KINDS))
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    known = profiles()
    results: dict[str, dict[str, object]] = {}
    for number, style in enumerate(s for s in options.styles if s in known):
        rng = np.random.default_rng(number)
        real = real_features(options.data, options.cache, style, options.cap)
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        made = [extract(Reading(excerpt(compose(style, seed), BARS)), own_chords=False) for seed in seeds]
        rows = {}
        for feature in FEATURES:
            row = compare(values(real, feature.name), values(made, feature.name), feature.kind == "scalar", rng)
            if row is not None:
                rows[feature.name] = row
        results[style] = {"real_pieces": len(real), "made_pieces": len(made), "features": rows}
    print(table(results))
    if not options.dry:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page = HERE / "README.md"
        if page.exists():
            text = page.read_text(encoding="utf-8")
            begin, end = text.index("<!-- table -->"), text.index("<!-- end -->")
            page.write_text(text[:begin] + "<!-- table -->\n" + table(results) + "\n" + text[end:], encoding="utf-8")


def table(results: dict[str, dict[str, object]]) -> str:
    """Distances by feature and style as Markdown; in bold where beyond what real music differs from itself."""
    styles = list(results)
    lines = ["| feature | " + " | ".join(s.replace("_", " ") for s in styles) + " |", "| --- |" + " ---: |" * len(styles)]
    lines.append(
        "| pieces, real / ours | " + " | ".join(f"{r['real_pieces']} / {r['made_pieces']}" for r in results.values()) + " |"
    )
    for feature in FEATURES:
        cells = []
        for style in styles:
            row = results[style]["features"].get(feature.name)  # type: ignore[attr-defined]
            if row is None:
                cells.append("")
                continue
            text = f"{row['distance']:.2f} ({row['ceiling'][1]:.2f})"
            cells.append(f"**{text}**" if row["interval"][0] > row["ceiling"][1] else text)
        lines.append(f"| {feature.name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    within = []
    for style in styles:
        rows = results[style]["features"].values()  # type: ignore[attr-defined]
        within.append(f"{sum(r['interval'][0] <= r['ceiling'][1] for r in rows)} of {len(rows)}")
    lines.append("| not beyond real music | " + " | ".join(within) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
