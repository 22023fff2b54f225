"""The embedded reader of language: free English in, a `Brief` out.

It knows words, not meanings: what is no phrase of a lexicon and no pattern of a family is placed near a known word
(see nearness.py) or listed in `Brief.unused`. The request is data; nothing in it is ever obeyed as an instruction to the
program. Same text, same brief.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from ripieno.agents.brains.embedded.form import FormReader
from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.headcount import read_headcount
from ripieno.agents.brains.embedded.implied import imply
from ripieno.agents.brains.embedded.instrument_names import name_table
from ripieno.agents.brains.embedded.key import KeyReader
from ripieno.agents.brains.embedded.leftover import common_words, nearness_to, place_unknown, read_leftover, small_words
from ripieno.agents.brains.embedded.length import read_length
from ripieno.agents.brains.embedded.levels import read_levels
from ripieno.agents.brains.embedded.lexicon import PhraseTable, singular
from ripieno.agents.brains.embedded.metre import MetreReader
from ripieno.agents.brains.embedded.mood import MoodReader
from ripieno.agents.brains.embedded.parts import read_parts, suited
from ripieno.agents.brains.embedded.pitch_range import read_range
from ripieno.agents.brains.embedded.places import section_names
from ripieno.agents.brains.embedded.playing import PlayingReader
from ripieno.agents.brains.embedded.progression import ProgressionReader
from ripieno.agents.brains.embedded.references import ReferenceReader
from ripieno.agents.brains.embedded.rhythm import read_rhythm
from ripieno.agents.brains.embedded.style import StyleReader
from ripieno.agents.brains.embedded.tempo import TempoReader
from ripieno.agents.brains.embedded.tempo_changes import TempoChangeReader
from ripieno.agents.brains.embedded.title import read_title
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Brief, Notice, Origin, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.styles import StyleProfile

MAX_TEXT = 20_000  # characters


class _Family(Protocol):
    def tables(self) -> tuple[PhraseTable[Any], ...]: ...


class Reader:
    """Reads requests.

    Args:
        styles: the styles that can be composed, for their names and aliases.
    """

    def __init__(self, styles: Sequence[StyleProfile]) -> None:
        self._key = KeyReader()
        self._metre = MetreReader()
        self._tempo = TempoReader()
        self._changes = TempoChangeReader()
        self._form = FormReader()
        self._progression = ProgressionReader()
        self._mood = MoodReader()
        moods = frozenset(word for word, _ in self._mood.table.singles())
        self._styles = StyleReader(styles, common_words(), moods | small_words() | frozenset(section_names().words()))
        self._playing = PlayingReader()
        self._references = ReferenceReader()
        families: tuple[_Family, ...] = (
            self._styles,
            self._key,
            self._metre,
            self._tempo,
            self._form,
            self._progression,
            self._playing,
        )
        tables: list[PhraseTable[Any]] = [self._mood.table, self._changes.table, self._references.table]
        tables += [table for family in families for table in family.tables()]
        self._nearness = nearness_to(tables, self._mood.table, name_table())
        self._instrument_words = frozenset(name_table().words())

    def read(self, text: str) -> Brief:
        """What a request says and implies; nothing is filled in.

        Raises:
            BadRequest: the text is empty or longer than `MAX_TEXT`, or asks for a value that cannot be.
        """
        if not text.strip():
            raise BadRequest(
                "A request says in words what music is wanted",
                value=text,
                cause="the text is empty",
                cure='write something like "a wistful waltz in B minor, piano and cello, 32 bars"',
            )
        if len(text) > MAX_TEXT:
            raise BadRequest(
                f"A request has at most {MAX_TEXT} characters",
                value=f"{len(text)} characters",
                cause="a whole document was pasted",
                cure="say in a few sentences what music is wanted",
            )
        words = Words(text)
        values: dict[str, Any] = {"text": text}
        notices: list[Notice] = []
        used = bytearray(len(words))

        def take(reading: Reading, *, mask: bool = False) -> None:
            for name, value in reading.values.items():
                known = values.get(name)
                surer = isinstance(value, Attribute) and value.origin is Origin.STATED
                if known is None or (surer and isinstance(known, Attribute) and known.origin is not Origin.STATED):
                    values[name] = value
            notices.extend(reading.notices)
            for first, last in reading.spans:
                used[first:last] = b"\1" * (last - first)
            if mask:
                words.mask(reading.spans)

        take(read_title(words), mask=True)
        place_unknown(words, self._nearness)
        progression, chords = self._progression.read(words)
        take(progression)
        words.mask(chords)
        levels = read_levels(words)
        changes = self._changes.read(words)
        take(self._tempo.read(words, levels, changes))
        take(changes)
        take(read_rhythm(words, levels))
        take(self._metre.read(words))
        form = self._form.read(words)
        take(form)
        told = "form" in form.values and any(s.bars for s in form.values["form"].value.sections)
        take(read_length(words, form.spans if told else ()))
        take(read_range(words))
        take(read_headcount(words))
        take(self._key.read(words))
        reference, references = self._references.read(words, self._styles.tables())
        take(reference)
        words.mask(reference.spans)
        style, hides = self._styles.read(words)
        take(style)
        # Words that qualified a tempo or a rhythm, or belong to an instrument's name, say less of the mood.
        spent = bytearray(used)
        self._parts(words, hides, values, notices, used)
        for i, word in enumerate(words.low):
            spent[i] |= used[i] and singular(word) in self._instrument_words and not _describes(words, i)
        take(self._mood.read(words, spent))
        take(self._playing.read(words, spent))
        imply(words, values, notices, self._styles, self._mood, references)
        take(read_leftover(words, used))
        _own_up(words, values)
        values["unused"] = tuple(values.get("unused", ()))
        values["notices"] = tuple(dict.fromkeys(notices))
        if not any(k for k in values if k not in ("text", "unused", "notices")):
            values["notices"] += (
                Notice(
                    about="request",
                    message="Nothing in the request could be read as music; the piece follows the house's defaults.",
                ),
            )
        return Brief(**values)

    def _parts(
        self, words: Words, hides: list[tuple[int, int]], values: dict[str, Any], notices: list[Notice], used: bytearray
    ) -> None:
        """Instruments, read without titles, chords and names of genres that only look like instruments."""
        words.mask(hides)
        parts = read_parts(words)
        if parts.parts:
            profile = self._styles.profiles.get(values["style"].value) if "style" in values else None
            usual = [player.instrument for player in profile.ensemble] if profile is not None else []
            values["parts"] = suited(parts.parts, usual)
        if parts.excluded:
            values["excluded"] = Attribute[tuple[str, ...]](value=parts.excluded, words=", ".join(parts.without))
        if parts.closed:
            values["ensemble_closed"] = True
        notices.extend(parts.notices)
        for start, end in parts.spans:
            first, last = words.covering(start, end)
            used[first:last] = b"\1" * (last - first)


def _describes(words: Words, i: int) -> bool:
    """Whether word `i` only describes the instrument after it ('eerie harpsichord') and is no part of its name ('warm pad')."""
    names = name_table()
    for length in (3, 2, 1):
        if i + 1 + length <= len(words):
            name = " ".join(words.low[i + 1 : i + 1 + length])
            if any(names.get(n) is not None for n in (name, singular(name))):
                whole = f"{words.low[i]} {name}"
                return all(names.get(n) is None for n in (whole, singular(whole)))
    return False


def _own_up(words: Words, values: dict[str, Any]) -> None:
    """What was read through a word that was only placed near a known one is inferred, with that confidence."""
    placed = {words.raw[i]: sure for i, sure in words.placed.items()}
    if not placed:
        return
    for name, value in values.items():
        if isinstance(value, Attribute):
            sure = min((placed[w] for w in Words(value.words).raw if w in placed), default=1.0)
            if sure < 1.0:
                values[name] = value.model_copy(
                    update={"origin": Origin.INFERRED, "confidence": round(min(value.confidence, sure), 2)}
                )
    values["parts"] = tuple(_surely(part, placed) for part in values.get("parts", ()))


def _surely(part: PartRequest, placed: dict[str, float]) -> PartRequest:
    sure = min((placed[w] for w in Words(part.asked).raw if w in placed), default=1.0)
    if sure == 1.0:
        return part
    return part.model_copy(update={"origin": Origin.INFERRED, "confidence": round(min(part.confidence, sure), 2)})
