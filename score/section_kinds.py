"""Kinds of section: what a name such as 'Verse 2' or 'coda' means, from the words in `data/section_kinds.toml`."""

import re
import tomllib
from functools import lru_cache
from importlib import resources


def section_kind(name: str) -> str:
    """The kind of section that a name means; 'theme' where no word tells."""
    return _kind(name.lower())


@lru_cache(maxsize=512)
def _kind(low: str) -> str:
    for kind, pattern in _patterns():
        if pattern.search(low):
            return kind
    return "theme"


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = tomllib.loads(resources.files("ripieno.score").joinpath("data/section_kinds.toml").read_text(encoding="utf-8"))
    return tuple((kind, re.compile("|".join(rf"\b{re.escape(w)}\b" for w in words))) for kind, words in table.items())
