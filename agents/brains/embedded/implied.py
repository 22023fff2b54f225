"""What follows from what was said, across attributes: marked inferred, or a notice where two of them disagree.

a title's style, a reference's mood and tempo, a tonic's usual mode, choruses of a blues; a form against a length,
a style against its metre
"""

from typing import Any

from ripieno.agents.brains.embedded.mood import MoodReader
from ripieno.agents.brains.embedded.references import Reference
from ripieno.agents.brains.embedded.sections import BAR_WORDS
from ripieno.agents.brains.embedded.style import StyleReader
from ripieno.agents.brains.embedded.words import Words, number_at
from ripieno.score.brief import Attribute, Notice, Origin, Signed
from ripieno.score.instruments import instruments
from ripieno.score.styles import StyleProfile

_CHORUS_BARS = {"12-bar blues": 12, "8-bar blues": 8, "16-bar blues": 16, "AABA": 32}
_SAD = -0.3  # valence below which a bare tonic says nothing of the mode


def imply(
    words: Words, values: dict[str, Any], notices: list[Notice], styles: StyleReader, moods: MoodReader, found: list[Reference]
) -> None:
    """Adds to the fields of a brief (by name) what they imply; `found` are the references."""
    _references(values, notices, styles, moods, found)
    _title_style(values, styles)
    profile = styles.profiles.get(values["style"].value) if "style" in values else None
    _mode(values, profile)
    _choruses(words, values, profile)
    _asked_and_excluded(values, notices)
    _disagreements(values, notices, profile)


def _title_style(values: dict[str, Any], styles: StyleReader) -> None:
    """'Moonlight Waltz' without another word of style is a waltz."""
    if "title" not in values or "style" in values:
        return
    style = styles.read(Words(values["title"].value))[0].values.get("style")
    if style is not None:
        sure = round(style.confidence * 0.7, 2)
        values["style"] = style.model_copy(update={"origin": Origin.INFERRED, "confidence": sure})


def _references(
    values: dict[str, Any], notices: list[Notice], styles: StyleReader, moods: MoodReader, found: list[Reference]
) -> None:
    """What the first reference adds where nothing else was said; each is reported as an approximation."""
    for reference in found:
        taken = []
        if "style" not in values:
            nearest = next((near for s in reference.styles if (near := styles.nearest(s)) is not None), None)
            values.setdefault(
                "genres",
                Attribute[tuple[str, ...]](
                    value=(reference.genre,), words=reference.name, origin=Origin.INFERRED, confidence=0.7
                ),
            )
            if nearest is not None:
                values["style"] = Attribute[str](
                    value=nearest[0], words=reference.name, origin=Origin.INFERRED, confidence=nearest[1]
                )
                taken.append(f"the style {styles.profiles[nearest[0]].name}")
        if reference.tempo and "tempo" not in values and "tempo_class" not in values:
            values["tempo_class"] = Attribute[str](
                value=reference.tempo, origin=Origin.INFERRED, words=reference.name, confidence=0.5
            )
            taken.append(f"a {reference.tempo} tempo")
        mood = moods.table.get(reference.mood) if reference.mood and "valence" not in values else None
        if mood is not None:
            said = {"words": reference.name, "origin": Origin.INFERRED, "confidence": 0.5}
            values["moods"] = Attribute[tuple[str, ...]](value=(mood.name,), **said)
            values["valence"] = Attribute[Signed](value=mood.valence, **said)
            values["arousal"] = Attribute[Signed](value=mood.arousal, **said)
            taken.append(f"a {mood.name} mood")
        how = f" It gave {', '.join(taken)}." if taken else " What else was asked for leaves nothing to it."
        notices.append(Notice(about="references", message=f"{reference.name} can only be approximated.{how}"))


def _mode(values: dict[str, Any], profile: StyleProfile | None) -> None:
    """'In D' is D major by custom, unless the style, the mood or given chords say otherwise."""
    if "tonic" not in values or "mode" in values or "progressions" in values:
        return
    sad = "valence" in values and values["valence"].value < _SAD
    if not sad and (profile is None or profile.modes[0] == "major"):
        values["mode"] = Attribute[str](value="major", origin=Origin.INFERRED, words=values["tonic"].words, confidence=0.7)


def _choruses(words: Words, values: dict[str, Any], profile: StyleProfile | None) -> None:
    """'Blues in Bb, 3 choruses' lasts 36 bars."""
    form = values["form"].value.name if "form" in values else "12-bar blues" if profile and profile.id == "blues" else ""
    if "bars" in values or "duration" in values or form not in _CHORUS_BARS:
        return
    for i, word in enumerate(words.low):
        number = number_at(words, i - 1) if word in ("chorus", "choruses") and i > 0 else None
        if number is not None and number[1] == i and 1 <= number[0] <= 64 and words.at(i + 1) not in BAR_WORDS:
            values["bars"] = Attribute[int](
                value=int(number[0]) * _CHORUS_BARS[form],
                origin=Origin.INFERRED,
                words=words.written(i - 1, i + 1),
                confidence=0.8,
            )
            return


def _asked_and_excluded(values: dict[str, Any], notices: list[Notice]) -> None:
    """'No strings, but a violin': what is asked for by name stays, the rest of its kind stays out."""
    if "excluded" not in values or "parts" not in values:
        return
    table = instruments()
    asked = {part.instrument for part in values["parts"]}
    out: list[str] = []
    kept: list[str] = []
    for name in values["excluded"].value:
        members = [name] if name in table else [row.id for row in table.values() if row.family == name]
        if asked.isdisjoint(members):
            out.append(name)
            continue
        kept += [table[m].name for m in members if m in asked]
        out += [m for m in members if m not in asked]
    if kept:
        values["excluded"] = values["excluded"].model_copy(update={"value": tuple(dict.fromkeys(out))})
        message = f"Both asked for and ruled out: {', '.join(dict.fromkeys(kept))}. It plays; the rest of its kind stays out."
        notices.append(Notice(about="excluded", message=message))


def _disagreements(values: dict[str, Any], notices: list[Notice], profile: StyleProfile | None) -> None:
    """A form that does not add up to the bars; a style in a metre that it never has."""
    if "form" in values and "bars" in values and values["bars"].origin is Origin.STATED:
        parts = values["form"].value.sections
        total = sum(s.bars or 0 for s in parts)
        bars = values["bars"].value
        if (total and all(s.bars for s in parts) and total != bars) or total > bars:
            message = f"The sections add up to {total} bars, not to the {bars} that are asked for."
            notices.append(Notice(about="bars", message=message))
    stated = "metre" in values and values["metre"].origin is Origin.STATED
    if stated and profile is not None and "style" in values and values["style"].origin is Origin.STATED:
        metre = values["metre"].value
        if "4/4" not in profile.metres and metre not in profile.metres:
            usual = " or ".join(profile.metres)
            message = f"{profile.name} is usually in {usual}; {metre} was taken, as asked."
            notices.append(Notice(about="metre", message=message))
