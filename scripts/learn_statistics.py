"""Learns what real music of a kind is like: writes `agents/judges/data/statistics.json` for the judge of style.

    python scripts/learn_statistics.py --data DIR

For each kind the features of `score.analysis.features` are measured on the first 64 bars of many pieces; kept are, for
each scalar, the quantiles 5, 25, 50, 75, 95 %, and for each distribution the mean and the quantiles 50 and 90 % of the
pieces' distances from it. No notes are kept. Only every second file of a collection is read here: the others are left for
the benchmarks, which compare with music that nothing was learnt from.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
from corpus import SOURCES, RealPiece, excerpt, load  # noqa: E402

from ripieno.score.analysis.features import DISTRIBUTIONS, SCALARS, Features, extract  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402

BARS = 64
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TUNE_ONLY = ("melodic_interval", "duration", "tune_onset_place", "pitch_class", "step_share", "leap_share", "repeat_share",
             "tune_range", "turns", "arch", "tune_density", "syncopation", "rhythm_entropy", "self_similarity",
             "phrase_length", "in_scale")  # fmt: skip
LOUDNESS = ("dynamics_mean", "dynamics_spread")


def _labelled(word: str, *fields: str) -> Callable[[RealPiece], bool]:
    return lambda real: any(word in real.labels.get(field, "").lower() for field in fields)


def _always(_: RealPiece) -> bool:
    return True


# kind -> (source, most files, which of its pieces)
KINDS: dict[str, tuple[tuple[str, int, Callable[[RealPiece], bool]], ...]] = {
    "chorale": (("hymns", 143, _always),),
    "string quartet": (("quartets", 61, _always),),
    "song": (("lieder", 150, _always), ("lead sheets", 80, _always)),
    "piano": (("mutopia", 450, _labelled("piano", "instrument")), ("chopin", 80, _always)),
    "guitar": (("mutopia", 998, _labelled("guitar", "instrument")),),
    "baroque": (("mutopia", 450, _labelled("baroque", "style")),),
    "folk": (("mutopia", 998, _labelled("folk", "style")), ("lead sheets", 80, _always)),
    "orchestra": (("orchestra", 48, _always),),
    "band": (("game", 110, _always), ("film", 44, _always)),
}
# Which kind a style is measured by; styles without real music of their kind are measured by none ("", the judge abstains
# from harmony and rhythm that it knows nothing of).
STYLES: dict[str, tuple[str, ...]] = {
    "chorale": ("chorale", "gospel", "hymn"),
    "string quartet": ("string_quartet",),
    "song": ("chanson", "ballad", "lullaby", "music_box", "celtic_air", "country", "bolero"),
    "piano": ("nocturne", "waltz", "ragtime", "new_age", "minuet", "tango"),
    "guitar": ("flamenco",),
    "baroque": ("baroque",),
    "folk": ("reel", "jig", "polka", "bluegrass", "klezmer"),
    "orchestra": ("march", "cinematic", "orchestral"),
    "band": ("rock", "punk", "metal", "indie", "synthwave", "ambient", "chiptune", "techno", "trance", "house",
             "drum_and_bass", "fusion", "trap", "lofi", "lo_fi"),
}  # fmt: skip


def pieces(data: Path, cache: Path, kind: str) -> Iterator[tuple[RealPiece, Features]]:
    """Every piece of a kind with its features; what the source cannot tell is left out."""
    for name, limit, chosen in KINDS[kind]:
        source = SOURCES[name]
        for real in load(data, cache, name, limit, half=0):
            if not chosen(real):
                continue
            found = extract(Reading(excerpt(real.piece, BARS)))
            hidden = set() if source.dynamics else set(LOUDNESS)
            if name == "lead sheets":
                hidden |= {f for f in (*DISTRIBUTIONS, *SCALARS) if f not in TUNE_ONLY}
            yield (
                real,
                Features(
                    {k: v for k, v in found.distributions.items() if k not in hidden},
                    {k: v for k, v in found.scalars.items() if k not in hidden},
                ),
            )


def summarise(measured: list[Features]) -> dict[str, object]:
    """Quantiles of scalars; mean and spread of distributions."""
    scalars = {}
    for name in SCALARS:
        values = np.array([m.scalars[name] for m in measured if name in m.scalars])
        values = values[~np.isnan(values)]
        if len(values) >= 8:
            scalars[name] = [round(float(q), 4) for q in np.quantile(values, QUANTILES)]
    distributions = {}
    for name in DISTRIBUTIONS:
        rows = np.array([m.distributions[name] for m in measured if name in m.distributions])
        rows = rows[rows.sum(axis=1) > 0] if len(rows) else rows
        if len(rows) >= 8:
            mean = rows.mean(axis=0)
            away = 0.5 * np.abs(rows - mean).sum(axis=1)
            distributions[name] = {
                "mean": [round(float(v), 4) for v in mean],
                "distance": [round(float(q), 4) for q in np.quantile(away, (0.5, 0.9))],
            }
    return {"scalars": scalars, "distributions": distributions}


def main() -> None:
    """Measures every kind and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="directory with the collections")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"), help="where to unpack them")
    options = parser.parse_args()
    out: dict[str, object] = {}
    used: set[str] = set()
    for kind, rows in KINDS.items():
        measured = [features for _, features in pieces(options.data, options.cache, kind)]
        names = [name for name, _, _ in rows]
        used.update(names)
        out[kind] = {"pieces": len(measured), "sources": names, **summarise(measured)}
        print(f"{kind}: {len(measured)} pieces")
    document = {
        "about": "Statistics of real music by kind, made by scripts/learn_statistics.py from the collections named below "
                 "(every second file, first 64 bars). Scalars: quantiles 5, 25, 50, 75, 95 %. Distributions: mean, and the "
                 "quantiles 50 and 90 % of the pieces' total variation distance from it.",
        "sources": {name: SOURCES[name].terms for name in sorted(used)},
        "styles": {style: kind for kind, styles in STYLES.items() for style in styles},
        "kinds": out,
    }  # fmt: skip
    target = ROOT / "agents" / "judges" / "data" / "statistics.json"
    text = json.dumps(document, indent=1, ensure_ascii=False)
    target.write_text(compact(text) + "\n", encoding="utf-8")


def compact(text: str) -> str:
    """Number lists on one line each."""
    return re.sub(r"\[\s+([-0-9.e,\s]+?)\s+\]", lambda m: "[" + " ".join(m[1].split()) + "]", text)


if __name__ == "__main__":
    main()
