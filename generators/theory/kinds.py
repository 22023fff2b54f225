"""Kinds of section: what a name means, from the words in `data/sections.toml`."""

import re

from ripieno.generators.theory.style import data_table


def section_kind(name: str) -> str:
    """The kind of section that a name means; 'theme' where no word tells."""
    low = name.lower()
    for kind, row in data_table("sections").items():
        if any(re.search(rf"\b{re.escape(word)}\b", low) for word in row["words"]):
            return kind
    return "theme"
