"""The title of the piece: said outright, quoted after a naming word, or standing before a colon at the start."""

import re

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin

_LABELLED = re.compile(r"(?:^|[\n.;,]\s*)(?:title|name)\s*[:=]\s*[\"“”']?([^\n\"“”]{1,80}?)[\"“”']?\s*(?=[\n.;,]|$)", re.I)
_QUOTED = re.compile(
    r"\b(?:called|titled|entitled|named|title(?:d)?(?: it)?(?: is)?(?: of)?|name it|call it)\s*:?\s*"
    r"[\"“‘']([^\"“”\n]{1,80}?)[\"”’'](?![^\W\d_])",
    re.I,
)
_BARE = re.compile(
    r"\b(?:called|titled|entitled|named)\s+((?:[A-ZÀ-Þ][^\s,.;:!?\"]*)(?:\s+(?:of|the|a|an|in|on|at|to|and|for|de|la|[A-ZÀ-Þ0-9]"
    r"[^\s,.;:!?\"]*)){0,7})"
)
_HEADING = re.compile(r"^\s*[\"“]?([A-ZÀ-Þ][^:\n\"“”.!?]{2,70})[\"”]?\s*:\s+(?=\S)")
_QUOTED_FIRST = re.compile(r"^\s*[\"“]([^\"“”\n]{2,80})[\"”]")


def read_title(words: Words) -> Reading:
    """Finds a title. Its words are taken out of play, so that 'Flamenco Fury' says nothing of mood by itself."""
    reading = Reading()
    text = words.text[:2000]  # a title stands early
    for pattern in (_LABELLED, _QUOTED, _BARE, _QUOTED_FIRST, _HEADING):
        match = pattern.search(text)
        if not match:
            continue
        title = match[1].strip(" -–—'\"")
        first, last = words.covering(match.start(1), match.end(1))
        inside = words.low[first:last]
        if not title or not inside or title.lower() in ("unspecified", "untitled", "none", "n/a"):
            continue
        if pattern is _HEADING and (
            inside[-1] in word_set("title", "no_title")
            or inside[0] in word_set("title", "verbs")
            or not _capitals(words, first, last)
        ):
            continue
        reading.values["title"] = Attribute[str](value=title, origin=Origin.STATED, words=match[0].strip(" \n.;,"))
        start, end = words.covering(match.start(), match.end())
        reading.use(start, end)
        break
    return reading


def _capitals(words: Words, first: int, last: int) -> bool:
    """Whether a heading is written as titles are: most words with a capital."""
    capitals = sum(w[0].isupper() or w[0].isdigit() for w in words.raw[first:last])
    return last - first <= 9 and capitals * 2 >= last - first and last - first >= 1
