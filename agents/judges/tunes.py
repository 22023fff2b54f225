"""The index of known tunes that `scripts/learn_tunes.py` wrote."""

import json
from functools import lru_cache
from importlib import resources

from ripieno.score.analysis.copies import TuneIndex


@lru_cache(maxsize=1)
def known_tunes() -> TuneIndex:
    """Runs of some two thousand real tunes."""
    text = resources.files("ripieno.agents.judges").joinpath("data/tunes.json").read_text(encoding="utf-8")
    document = json.loads(text)
    return TuneIndex.decoded(document["codes"], document["tunes"])
