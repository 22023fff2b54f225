"""Genres, and the one style that comes nearest among those that can be composed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated, usage
from ripieno.agents.brains.embedded.instrument_names import name_table
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.words import Words, folded
from ripieno.score.brief import Attribute, Origin
from ripieno.score.styles import StyleProfile

_EXACT = 0.95  # from here on a word is the style's own name
_KIN = 0.4  # confidence in a style that only stands in for another


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
class _Said:
    """A genre said, in the words `first` to `last` (exclusive)."""

    genre: Genre
    first: int
    last: int
    weight: float


class StyleReader:
    """Finds genres and style.

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
        self._kin = {row.split()[0]: row.split()[1:] for row in data["kin"]["rows"].strip().split("\n")}
        self.table: PhraseTable[Genre] = PhraseTable()
        plainest: dict[str, Genre] = {}  # of each style, the row that fits it best

        def name_styles(profiles: Iterable[StyleProfile]) -> None:
            for profile in profiles:
                kind = plainest[profile.id].genre if profile.id in plainest else profile.family
                for alias in (profile.name.lower(), profile.id.replace("_", " "), *profile.aliases):
                    # 'piano' asks for a piano and 'peaceful' for a mood, whatever a style file says
                    if alias == profile.name.lower() or (name_table().get(alias) is None and alias not in other):
                        self.table.add(alias, Genre(kind, profile.id, (), 1.0, folded(alias) in everyday, False))

        ours = {row["style"] for row in data["genre"]}
        name_styles(s for s in styles if s.id not in ours)  # a person's own style wins over what the lexicon makes of its name
        for row in data["genre"]:
            heads = set(phrases(row.get("head_words", "")))
            also, sure, hides = tuple(phrases(row.get("also", ""))), row.get("sure", 1.0), row.get("hides", False)
            for name in phrases(row["names"]):
                genre = Genre(row["genre"], row["style"], also, sure, name in heads, hides)
                self.table.add(name, genre)
                if genre.style not in plainest or genre.sure > plainest[genre.style].sure:
                    plainest[genre.style] = genre
        name_styles(s for s in styles if s.id in ours)

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self.table,)

    def read(self, words: Words) -> tuple[Reading, list[tuple[int, int]]]:
        """The reading, and the words that hide instruments (drum and bass)."""
        reading = Reading()
        said: list[_Said] = []
        hides: list[tuple[int, int]] = []
        denied: Hit[Genre] | None = None  # the last genre that is denied: 'unlike rap and new age'
        for hit in self.table.find(words):
            if not self._is_genre(words, hit):
                continue
            reading.use(hit.first, hit.last)
            if hit.value.hides:
                hides.append((hit.first, hit.last))
            if negated(words, hit.first, 12) or (denied is not None and _chained(words, denied.last, hit.first)):
                denied = hit
                continue
            weight = hit.value.sure * (0.1 if hypothetical(words, hit.first) else 0.3 if usage(words, hit.first) else 1.0)
            said.append(_Said(hit.value, hit.first, hit.last, weight * (1.2 if self._headed(words, hit.last) else 1.0)))
        if said:
            self._take(words, said, reading)
        return reading, hides

    def style_of(self, genre: Genre) -> tuple[str, float] | None:
        """The id nearest to a genre among the styles that can be composed, and how sure."""
        if genre.style in self.profiles:
            return genre.style, genre.sure
        for other in genre.also:
            if other in self.profiles:
                return other, genre.sure * 0.7
        return self.nearest(genre.style)

    def nearest(self, style: str) -> tuple[str, float] | None:
        """A style that can be composed in the place of `style`, and how sure."""
        if style in self.profiles:
            return style, 0.7
        return next(((other, _KIN) for other in self._kin.get(style, ()) if other in self.profiles), None)

    def _is_genre(self, words: Words, hit: Hit[Genre]) -> bool:
        """Whether a phrase means music here: 'drum and bass' may be two instruments, 'march' a month, 'house' a house."""
        first, last = hit.first, hit.last
        phrase, before = words.low[first:last], words.at(first - 1)
        if phrase == ["drum", "and", "bass"] and "&" not in words.text[words.start[first] : words.end[last - 1]]:
            listed = (first > 0 and words.gap[first] == ",") or before in word_set("style", "introducing")
            return self._headed(words, last) or not (listed or words.at(last) in ("are", "is", "should", "add", "play"))
        if phrase == ["march"] and (words.at(last)[:1].isdigit() or before in ("to", "in", "last", "next", "they", "we")):
            return before not in ("they", "we", "to") and self._headed(words, last)
        if phrase == ["ambient"] and words.at(last) in ("sounds", "noise", "noises", "street", "crowd"):
            return False
        if not hit.value.needs_head or len(words) <= 3:
            return True
        if first == 0 and (words.at(last) == "with" or words.clause[last] != words.clause[0]):  # 'House, 128 bars'
            return True
        return self._headed(words, last) or self._introduced(words, first)

    def _headed(self, words: Words, last: int) -> bool:
        """Whether a word such as 'music' follows, at once or after further genres: 'country and pop style'."""
        k = last
        skipped = False  # one unknown word may stand between: 'jazz lounge music'
        while k < min(last + 7, len(words)) and words.sentence[k] == words.sentence[last - 1]:
            word = words.low[k]
            if word in self._heads:
                return True
            hit = self.table.match(words, k)
            if hit is not None:
                if words.low[hit.last - 1] in self._heads:
                    return True
                k = hit.last
            elif word in ("and", "or"):
                k += 1
            elif skipped or word in word_set("style", "links") or words.clause[k] != words.clause[last - 1]:
                return False
            else:
                skipped = True
                k += 1
        return False

    def _introduced(self, words: Words, first: int) -> bool:
        """Whether 'genre:', 'the style of' or 'influenced by' stands before."""
        before, earlier = words.at(first - 1), words.at(first - 2)
        if before == "by":
            return earlier in ("influenced", "inspired")
        return before in self._before or (
            before in ("of", "a", "an") and earlier in ("genre", "style", "sound", "conventions", "features")
        )

    def _take(self, words: Words, said: list[_Said], reading: Reading) -> None:
        live = [s for s in said if s.weight >= 0.2] or said
        text = ", ".join(dict.fromkeys(words.written(s.first, s.last) for s in live))
        reading.values["genres"] = Attribute[tuple[str, ...]](
            value=tuple(dict.fromkeys(s.genre.genre for s in live)), words=text
        )
        placed = [(near[0], near[1] * s.weight / s.genre.sure, s) for s in live if (near := self.style_of(s.genre)) is not None]
        if not placed:
            reading.notice("style", f"No style that can be composed comes near to {text}.")
            return
        style, sure, best = max(placed, key=lambda p: (p[1], -p[2].first))
        own = words.written(best.first, best.last)
        exact = best.genre.style == style and best.genre.sure >= _EXACT
        name = self.profiles[style].name
        reading.values["style"] = Attribute[str](
            value=style,
            words=own,
            origin=Origin.STATED if exact else Origin.INFERRED,
            confidence=1.0 if exact else round(min(1.0, sure), 2),
        )
        if not exact and sure < 0.9:
            reading.notice("style", f"'{own}' is composed as {name}, the nearest of the styles that are there.")
        rivals = [p[2] for p in placed if p[0] != style and p[1] >= _EXACT and p[2].genre.genre != best.genre.genre]
        if rivals:
            others = ", ".join(dict.fromkeys(words.written(r.first, r.last) for r in rivals))
            reading.notice("style", f"Several styles are named; {name} was taken, {others} does not change the composition.")


def _chained(words: Words, last: int, first: int) -> bool:
    """Whether only 'and' or 'or' stands between the words before `last` and from `first`."""
    between = words.low[last:first]
    return words.sentence[first] == words.sentence[last - 1] and all(w in ("and", "or", "nor") for w in between)
