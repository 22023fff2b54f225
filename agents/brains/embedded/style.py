"""Genres, the one style that comes nearest among those that can be composed, and references to people, films and games."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.instrument_names import name_table
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.words import Words, folded
from ripieno.score.brief import Attribute, Origin
from ripieno.score.styles import StyleProfile

_LIKE = re.compile(
    r"\b(?:in the (?:style|vein|spirit|manner|fashion|tradition) of|in the footsteps of|à la|a la|"
    r"reminiscent of|inspired by|sounds? like|"
    r"something like|similar to|like something by|as if (?:written )?by|homage to|tribute to|influenced by|think)\s+"
    r"((?:[A-ZÀ-Þ][\w.'’&/-]*)(?:\s+(?:[A-ZÀ-Þ][\w.'’&/-]*|and|of|the|de|von|van|da)){0,5})"
)
_TRAILING = re.compile(r"\s+(?:and|of|the|de|von|van|da)$")


@dataclass(frozen=True, slots=True)
class Genre:
    """A row of the lexicon: see lexicons/genres.toml."""

    genre: str
    style: str
    also: tuple[str, ...]
    sure: float
    needs_head: bool
    hides: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A line of lexicons/references.toml; `bare` where the name alone suffices."""

    name: str
    styles: tuple[str, ...]
    genre: str
    tempo: str
    mood: str
    bare: bool


class StyleReader:
    """Finds genres, style and references.

    Args:
        styles: the styles that can be composed; their names and aliases are added to the lexicon.
        everyday: words that name a style only beside a word such as 'music' ('island').
        other: words that never name a style ('peaceful').
    """

    def __init__(
        self,
        styles: Sequence[StyleProfile],
        everyday: frozenset[str] = frozenset(),
        other: frozenset[str] = frozenset(),
    ) -> None:
        self.profiles = {s.id: s for s in styles}
        data = lexicon("genres")
        self._heads = frozenset(phrases(data["heads"]["nouns"]))
        self._before = frozenset(phrases(data["heads"]["before"]))
        self.table: PhraseTable[Genre] = PhraseTable()
        plainest: dict[str, Genre] = {}  # of each style, the row that fits it best
        for row in data["genre"]:
            heads = set(phrases(row.get("head_words", "")))
            also, sure, hides = tuple(phrases(row.get("also", ""))), row.get("sure", 1.0), row.get("hides", False)
            for name in phrases(row["names"]):
                genre = Genre(row["genre"], row["style"], also, sure, name in heads, hides)
                self.table.add(name, genre)
                if genre.style not in plainest or genre.sure > plainest[genre.style].sure:
                    plainest[genre.style] = genre
        for profile in styles:
            kind = plainest[profile.id].genre if profile.id in plainest else profile.family
            for alias in (profile.name.lower(), profile.id.replace("_", " "), *profile.aliases):
                # 'piano' asks for a piano and 'peaceful' for a mood, whatever a style file says
                if alias == profile.name.lower() or (name_table().get(alias) is None and alias not in other):
                    self.table.add(alias, Genre(kind, profile.id, (), 1.0, folded(alias) in everyday, False))
        self.references: PhraseTable[Reference] = PhraseTable()
        for line in lexicon("references")["rows"].strip().split("\n"):
            name, nearest, genre_name, tempo, mood, others = (part.strip() for part in line.split("|"))
            reference = Reference(name.rstrip("*"), tuple(phrases(nearest)), genre_name, tempo, mood, not name.endswith("*"))
            for known in (reference.name, *phrases(others)):
                self.references.add(known, reference)

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self.table, self.references)

    def read(self, words: Words) -> tuple[Reading, list[tuple[int, int]], list[Reference]]:
        """The reading, the words that hide instruments (drum and bass), and the references found."""
        reading = Reading()
        references = self._references(words, reading)
        inside = {i for a, b in reading.spans for i in range(a, b)}
        hits: list[tuple[Genre, int, int, float]] = []
        hides: list[tuple[int, int]] = []
        denied = -1  # the word after the last genre that is denied: 'unlike rap and new age'
        for hit in self.table.find(words):
            if hit.first in inside or not self._is_genre(words, hit):
                continue
            chained = (
                denied >= 0
                and all(w in ("and", "or", "nor") for w in words.low[denied : hit.first])
                and (words.sentence[hit.first] == words.sentence[denied - 1])
            )
            if chained or negated(words, hit.first, 12):
                denied = hit.last
                reading.use(hit.first, hit.last)
                if hit.value.hides:
                    hides.append((hit.first, hit.last))
                continue
            weight = hit.value.sure * (0.1 if hypothetical(words, hit.first) else 1.0)
            weight *= 1.2 if self._headed(words, hit.last) else 1.0
            hits.append((hit.value, hit.first, hit.last, weight))
            reading.use(hit.first, hit.last)
            if hit.value.hides:
                hides.append((hit.first, hit.last))
        if hits:
            self._take(words, hits, reading)
        elif references:
            self._from_references(references, reading)
        return reading, hides, references

    def style_of(self, genre: Genre) -> tuple[str, float] | None:
        """The id nearest to a genre among the styles that can be composed, and how sure."""
        if genre.style in self.profiles:
            return genre.style, genre.sure
        for other in genre.also:
            if other in self.profiles:
                return other, genre.sure * 0.7
        return self._kin(genre.style)

    def _kin(self, style: str) -> tuple[str, float] | None:
        """The nearest of kin that can be composed, for a style that cannot."""
        for row in lexicon("genres")["kin"]["rows"].split("\n"):
            first, *others = row.split() or [""]
            if first == style:
                return next(((other, 0.4) for other in others if other in self.profiles), None)
        return None

    def _is_genre(self, words: Words, hit: Hit[Genre]) -> bool:
        first, last = hit.first, hit.last
        phrase = words.low[first:last]
        if phrase == ["drum", "and", "bass"] and "&" not in words.text[words.start[first] : words.end[last - 1]]:
            listed = (first > 0 and words.gap[first] == ",") or words.at(first - 1) in (
                "with",
                "of",
                "feature",
                "include",
                "including",
                "featuring",
                "and",
                "features",
                "uses",
                "using",
            )
            return self._headed(words, last) or not (listed or words.at(last) in ("are", "is", "should", "add", "play"))
        if phrase == ["march"] and (
            words.at(last)[:1].isdigit() or words.at(first - 1) in ("to", "in", "last", "next", "they", "we")
        ):
            return self._headed(words, last) and words.at(first - 1) not in ("they", "we", "to")
        if not hit.value.needs_head:
            return True
        if len(words) <= 3:
            return True
        return self._headed(words, last) or self._listed_head(words, first, last)

    def _headed(self, words: Words, last: int) -> bool:
        """Whether a word such as 'music' follows: 'jazz music', 'country and pop style', 'soul-inspired'."""
        k = last
        for _ in range(7):
            word = words.at(k)
            if not word or words.sentence[k] != words.sentence[last - 1]:
                return False
            if word in self._heads:
                return True
            if word in word_set("style", "links"):
                return False
            if (
                word not in ("and", "or")
                and self.table.match(words, k) is None
                and words.at(k - 1) not in ("and",)
                and k > last + 1
            ):
                return False
            hit = self.table.match(words, k)
            if word not in ("and", "or") and hit is None and words.clause[k] != words.clause[last - 1]:
                return False
            if hit is not None and words.at(hit.last - 1) in self._heads:
                return True
            k = hit.last if hit is not None else k + 1
            if hit is None and word not in ("and", "or"):
                return words.at(k) in self._heads and words.joined(k)
        return False

    def _listed_head(self, words: Words, first: int, last: int) -> bool:
        before = words.at(first - 1)
        if before == "by" and words.at(first - 2) in ("influenced", "inspired"):
            return True
        return (
            before in self._before
            or (first > 0 and ":" in words.gap[first] and before in ("genre", "style"))
            or (before in ("of", "a", "an") and words.at(first - 2) in ("genre", "style", "sound", "conventions", "features"))
        )

    def _take(self, words: Words, hits: list[tuple[Genre, int, int, float]], reading: Reading) -> None:
        live = [h for h in hits if h[3] >= 0.2] or hits
        genres = tuple(dict.fromkeys(h[0].genre for h in live))
        said = ", ".join(dict.fromkeys(words.written(h[1], h[2]) for h in live))
        reading.values["genres"] = Attribute[tuple[str, ...]](value=genres, words=said)
        choices = [(self.style_of(h[0]), h) for h in live]
        placed = [(c[0], c[1] * (h[3] / h[0].sure), h) for c, h in choices if c is not None]
        if not placed:
            reading.notice("style", f"No style that can be composed comes near to {said}.")
            return
        style, sure, hit = max(placed, key=lambda p: (p[1], -p[2][1]))
        text = words.written(hit[1], hit[2])
        exact = hit[0].style == style and hit[0].sure >= 0.95
        reading.values["style"] = Attribute[str](
            value=style,
            words=text,
            origin=Origin.STATED if exact else Origin.INFERRED,
            confidence=round(min(1.0, sure), 2) if not exact else 1.0,
        )
        if not exact and sure < 0.9:
            name = self.profiles[style].name
            reading.notice("style", f"'{text}' is composed as {name}, the nearest of the styles that are there.")
        rivals = [p for p in placed if p[0] != style and p[1] >= 0.95 and p[2][0].genre != hit[0].genre]
        if rivals:
            others = ", ".join(dict.fromkeys(words.written(p[2][1], p[2][2]) for p in rivals))
            reading.notice("style", f"Several styles are named; {self.profiles[style].name} leads, {others} only colours it.")

    def _references(self, words: Words, reading: Reading) -> list[Reference]:
        found: list[Reference] = []
        names: list[str] = []
        for hit in self.references.find(words):
            raw = words.raw[hit.first]
            near = words.low[max(0, hit.first - 4) : hit.first]
            mimic = any(w in word_set("style", "mimic") for w in near) or words.at(hit.last) in (
                "style",
                "like",
                "esque",
                "inspired",
                "vibe",
                "vibes",
                "s",
            )
            if negated(words, hit.first, 5) or (not hit.value.bare and not mimic):
                continue
            if not raw[0].isupper() and not mimic and not raw[0].isdigit() and hit.last - hit.first < 2:
                continue
            found.append(hit.value)
            names.append(hit.value.name)
            reading.use(hit.first, hit.last)
        for match in _LIKE.finditer(words.text):
            name = _TRAILING.sub("", match[1]).rstrip(".")
            first, last = words.covering(match.start(1), match.start(1) + len(name))
            if first >= len(words) or words.masked[first] or any(first < b and a < last for a, b in reading.spans):
                continue
            if self.table.match(words, first) is not None:
                continue
            names.append(name)
            reading.use(first, last)
            reading.notice("references", f"'{name}' is not known here; nothing was taken from it.")
        if names:
            reading.values["references"] = tuple(dict.fromkeys(names))
        for reference in dict.fromkeys(found):
            styles = [self.profiles[s].name for s in reference.styles if s in self.profiles]
            hint = f" through the style {styles[0]}" if styles else ""
            mood = f", {reference.mood}" if reference.mood else ""
            reading.notice("references", f"{reference.name} can only be approximated{hint}{mood}.")
        return found

    def _from_references(self, references: list[Reference], reading: Reading) -> None:
        reference = references[0]
        reading.values["genres"] = Attribute[tuple[str, ...]](
            value=(reference.genre,), words=reference.name, origin=Origin.INFERRED, confidence=0.7
        )
        for style in reference.styles:
            choice = (style, 0.7) if style in self.profiles else self._kin(style)
            if choice is not None:
                reading.values["style"] = Attribute[str](
                    value=choice[0], words=reference.name, origin=Origin.INFERRED, confidence=choice[1]
                )
                return
