"""The form: by name ('AABA', 'rondo'), by letters ('A-B-A-C-A'), or through the sections that are listed or mentioned."""

import re
from dataclasses import dataclass
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.places import section_names
from ripieno.agents.brains.embedded.sections import Listed, read_sections
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, FormRequest, Origin, SectionRequest
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_BARS

_LETTERS = re.compile(r"(?<![\w#])([A-D](?:['’]?(?:\s?[-–]\s?|\s(?=[A-D]\b)|,\s?)?[A-D]['’]?){2,15})(?![\w#])")
_BAROQUE = ("trio", "church", "chamber")  # sonatas that are no sonata form
_SONATA = "recapitulation"  # no other form has one
_FORM_NOUNS = frozenset(("form", "structure", "sections", "section", "song", "layout", "scheme"))


@dataclass(frozen=True, slots=True)
class _Lettered:
    """A form in letters, in the words `first` to `last` (exclusive)."""

    labels: tuple[str, ...]
    first: int
    last: int


class FormReader:
    """Finds the form."""

    def __init__(self) -> None:
        self._named: PhraseTable[str] = PhraseTable(
            (name, row["form"]) for row in lexicon("forms")["form"] for name in phrases(row["names"])
        )

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._named, section_names())

    def read(self, words: Words) -> Reading:
        """The form and its sections, as far as they are said.

        Raises:
            BadRequest: sections without bars, or with more in all than a piece can have.
        """
        reading = Reading()
        listed = read_sections(words)
        named = [hit for hit in self._named.find(words)
                 if not negated(words, hit.first, 4) and words.at(hit.first - 1) not in _BAROQUE
                 and not _in_a_list(words, hit.first, hit.last, listed)]  # fmt: skip
        for hit in named:
            reading.use(hit.first, hit.last)
        listed = [s for s in listed if s.bars or not any(hit.first <= s.first < hit.last for hit in named)]
        name = named[0].value if named else ""
        said = words.written(named[0].first, named[0].last) if named else ""
        letters = _lettered(words)
        if not name and not any(s.bars for s in listed) and any(s.name == _SONATA for s in listed):
            name, said, listed = "sonata", words.written(listed[0].first, listed[-1].last), []
        if _is_list(listed):
            self._from_list(words, listed, name, reading)
            return reading
        if letters is not None:
            text = "".join(letters.labels)
            parts = tuple(SectionRequest(name=label, label=label) for label in letters.labels)
            reading.use(letters.first, letters.last)
            name, said = self._named.get(text) or text, words.written(letters.first, letters.last)
            form = FormRequest(name=name, sections=parts)
            if _held(listed):
                form = form.model_copy(update={"sections": (), "holds": _held(listed)})
        elif name:
            form = FormRequest(name=name, holds=_held(listed))
        elif listed:
            self._mentioned(words, listed, reading)
            return reading
        else:
            return reading
        for section in listed:
            reading.use(section.first, section.last)
        reading.values["form"] = Attribute[FormRequest](value=form, words=said)
        rivals = sorted({hit.value for hit in named} - {name})
        if rivals:
            reading.notice("form", f"The request names the forms {name} and {', '.join(rivals)}; {name} was taken.")
        return reading

    @staticmethod
    def _from_list(words: Words, listed: list[Listed], name: str, reading: Reading) -> None:
        sections = _requests(listed)
        said = words.written(min(s.first for s in listed), max(s.last for s in listed))
        form = FormRequest(name=name or ("verse-chorus" if {"verse", "chorus"} <= {s.name for s in listed} else ""),
                           sections=sections)  # fmt: skip
        reading.values["form"] = Attribute[FormRequest](value=form, words=said)
        for section in listed:
            reading.use(section.first, section.last)
        total = sum(s.bars or 0 for s in sections)
        if total > MAX_BARS:
            raise BadRequest(f"A piece has 1 to {MAX_BARS} bars", value=f"{total} bars in all", cure="ask for shorter sections")
        if all(s.bars for s in sections):
            reading.values["bars"] = Attribute[int](value=total, origin=Origin.INFERRED, words=said)

    @staticmethod
    def _mentioned(words: Words, listed: list[Listed], reading: Reading) -> None:
        """'With an intro and a bridge': the style's own form, with these in it; a verse or chorus makes it a song's."""
        names = {s.name for s in listed}
        said = words.written(min(s.first for s in listed), max(s.last for s in listed))
        form = FormRequest(name="verse-chorus" if names & {"verse", "chorus"} else "", holds=_held(listed))
        reading.values["form"] = Attribute[FormRequest](value=form, words=said, origin=Origin.INFERRED, confidence=0.6)
        for section in listed:
            reading.use(section.first, section.last)


def _is_list(listed: list[Listed]) -> bool:
    """Whether the sections said are all that there are: several, of which one can carry a piece; an intro alone cannot."""
    several = sum(s.times for s in listed) >= 3 or (len(listed) > 1 and any(s.bars for s in listed))
    return several and any(s.name not in word_set("sections", "around") for s in listed)


def _in_a_list(words: Words, first: int, last: int, listed: list[Listed]) -> bool:
    """Whether words that could name a form stand in a list of sections: 'intro verse chorus verse chorus outro'."""
    near = [s for s in listed if words.clause[s.first] == words.clause[first]]
    return len(near) >= 3 and any(s.last == first or s.first == last for s in near)


def _held(listed: list[Listed]) -> tuple[SectionRequest, ...]:
    """The sections that a form can have beside its own."""
    return _requests([s for s in listed if s.name in word_set("sections", "beside")])


def _requests(listed: list[Listed]) -> tuple[SectionRequest, ...]:
    return tuple(SectionRequest(name=s.name, bars=s.bars, size=s.size) for s in listed for _ in range(s.times))


def _lettered(words: Words) -> _Lettered | None:
    """'AABA', 'A-B-A-C-A': letters from A on, written solid or beside a word such as 'form'."""
    for match in _LETTERS.finditer(words.text):
        first, last = words.covering(match.start(), match.end())
        if first >= last or words.masked[first]:
            continue
        labels = tuple(c for c in match[1] if c in "ABCD")
        near = words.low[max(0, first - 3) : first] + words.low[last : last + 2]
        if labels[0] != "A" or "B" not in labels or len(labels) < 3:
            continue
        if match[1].isalpha() or any(w in _FORM_NOUNS for w in near):
            return _Lettered(labels, first, last)
    return None
