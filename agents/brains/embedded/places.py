"""Where in the piece something is to happen: 'in the bridge', 'at the second chorus', 'towards the end'."""

from functools import lru_cache

from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases
from ripieno.agents.brains.embedded.words import Words

_REACH = 7  # words between what happens and its place
_ENDS = ("end", "close", "finish", "finale")
_POINTING = (
    "the", "each", "every", "into", "a", "in", "at", "for", "its", "final", "last", "second", "first", "third", "both",
    "during",
)  # fmt: skip


@lru_cache(maxsize=1)
def section_names() -> PhraseTable[str]:
    """Names of sections as said ('refrain') -> as the piece calls them ('chorus')."""
    return PhraseTable((w, name) for name, names in lexicon("forms")["words"].items() for w in phrases(names))


def place_after(words: Words, i: int) -> str:
    """The section named soon after word `i` in its clause, 'end' for the end of the piece, '' for none.

    'Until the end' is the whole piece.
    """
    if i <= 0:
        return ""
    for k in range(i, min(i + _REACH, len(words))):
        if words.clause[k] != words.clause[i - 1]:
            return ""
        before = words.at(k - 1)
        if words.low[k] in _ENDS and before in ("the", "its"):
            return "" if words.at(k - 2) in ("until", "till", "to") else "end"
        hit = section_names().match(words, k)
        if hit is not None and before in _POINTING:
            return hit.value
    return ""
