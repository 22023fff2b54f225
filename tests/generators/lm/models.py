"""The tiny model of `reference/`: an ordinary model, only small."""

from functools import cache
from pathlib import Path

from ripieno.generators.lm.decoder import Decoder, load_decoder

FOLDER = Path(__file__).parent / "reference"


@cache
def tiny() -> Decoder:
    """Its decoder."""
    return load_decoder(FOLDER)
