"""Short names of parts, for the systems of a score; the table is `score/data/abbreviations.toml`."""

import re
import tomllib
from functools import lru_cache
from importlib import resources

_WHOLE = 6  # names up to this length need no abbreviation


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], dict[str, str]]:
    text = resources.files("ripieno.score").joinpath("data/abbreviations.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return table["names"], table["words"]


def short_name(name: str) -> str:
    """The abbreviation that players know, with the number of the player: 'Violin 2' gives 'Vln. 2'.

    What stands in brackets counts last; a name without any known word keeps its first letters.
    """
    names, words = _table()
    match = re.fullmatch(r"(.*?)\s*(\d+)?", name.strip(), re.DOTALL)
    assert match is not None  # both groups are optional
    plain, number = match[1], f" {match[2]}" if match[2] else ""
    if plain.lower() in names:
        return names[plain.lower()] + number
    outside = re.sub(r"\(.*?\)", " ", plain)
    for part in (outside, plain):
        for word in reversed(re.findall(r"\w+", part.lower())):
            if word in words:
                return words[word] + number
    if len(plain) <= _WHOLE:
        return plain + number
    first = plain.split()[0]
    return (first if len(first) <= _WHOLE else first[:4] + ".") + number
