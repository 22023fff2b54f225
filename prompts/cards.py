"""Knowledge cards: short texts on music theory and practice, one file each in `cards/`, for prompts and explanations.

To add one: a file with a title, topics (words by which it is found, commas between) and at most 200 words.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ripieno.prompts.reading import cut


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `id` is the name of its file; `topics` are words and short phrases in lower case."""

    id: str
    title: str
    topics: tuple[str, ...]
    text: str

    @property
    def words(self) -> str:
        """Everything by which it may be found."""
        return " ".join((self.title, *self.topics, self.text))


@lru_cache(maxsize=1)
def cards() -> tuple[Card, ...]:
    """All cards, by id.

    Raises:
        BadText: a file breaks the form.
    """
    found = []
    for file in sorted(files("ripieno.prompts").joinpath("cards").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".md"):
            head, text = cut(file, ("title", "topics"))
            topics = tuple(t.strip().lower() for t in head["topics"].split(","))
            found.append(Card(file.name.removesuffix(".md"), head["title"], topics, text))
    return tuple(found)
