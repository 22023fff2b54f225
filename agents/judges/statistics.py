"""The statistics of real music, by kind, that `scripts/learn_statistics.py` wrote, as values."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from ripieno.score.analysis.reading import Floats


@dataclass(frozen=True, eq=False)
class Kind:
    """What pieces of a kind are like.

    Attributes:
        name: such as 'string quartet'.
        pieces: how many were measured.
        scalars: by feature the quantiles 5, 25, 50, 75, 95 %.
        means: by feature the mean distribution.
        distances: by feature the quantiles 50 and 90 % of the pieces' distances from that mean.
    """

    name: str
    pieces: int
    scalars: dict[str, tuple[float, float, float, float, float]]
    means: dict[str, Floats]
    distances: dict[str, tuple[float, float]]


@lru_cache(maxsize=1)
def _document() -> tuple[dict[str, Kind], dict[str, str]]:
    text = resources.files("ripieno.agents.judges").joinpath("data/statistics.json").read_text(encoding="utf-8")
    document = json.loads(text)
    kinds = {
        name: Kind(
            name, row["pieces"], {k: tuple(v) for k, v in row["scalars"].items()},
            {k: np.array(v["mean"]) for k, v in row["distributions"].items()},
            {k: tuple(v["distance"]) for k, v in row["distributions"].items()},
        )
        for name, row in document["kinds"].items()
    }  # fmt: skip
    return kinds, document["styles"]


def kinds() -> dict[str, Kind]:
    """All kinds by name."""
    return _document()[0]


def kind_of(style: str) -> Kind | None:
    """The kind of real music that a style is measured by; None where there is none of its kind."""
    name = _document()[1].get(style)
    return kinds()[name] if name else None
