"""What the label of a case and the brief of its text say, attribute by attribute, in comparable form.

Each check takes the labels of a row, its text and the brief, and returns (wanted, given, stated): None as `wanted` where
the row has no label that its text states, None as `given` where the brief has nothing. `same` compares the two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instrument_labels import labels_of_exclusion, labels_of_parts

from ripieno.agents.brains.embedded.pace import tempo_class
from ripieno.agents.brains.embedded.parts import read_parts
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.keys import Key

Answer = tuple[Any, Any, bool]  # wanted, given, whether the brief calls it stated


@dataclass(frozen=True, slots=True)
class Check:
    """One attribute of a set."""

    name: str
    answer: Callable[[dict[str, Any], str, Brief], Answer]
    same: Callable[[Any, Any], bool] = lambda wanted, given: bool(wanted == given)
    as_set: bool = False  # wanted and given are sets, counted item by item


def _stated(attribute: Attribute[Any] | None) -> bool:
    return attribute is not None and attribute.origin is Origin.STATED


def _value(attribute: Attribute[Any] | None) -> Any:
    return None if attribute is None else attribute.value


def _mode(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    mode = _value(brief.mode)
    given = None if mode is None else "minor" if Key("C", mode).is_minor else "major"
    return labels.get("key_mode"), given, _stated(brief.mode)


def _metre(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    wanted = labels.get("time_signature")
    usual = ("4/4", "3/4", "2/4", "6/8", "3/8", "2/2", "12/8", "9/8")
    given = _value(brief.metre)
    if given is not None and given not in usual:
        given = "other"
    return f"{wanted[0]}/{wanted[1]}" if isinstance(wanted, list) else wanted, given, _stated(brief.metre)


def _tempo(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    return labels.get("tempo_class"), brief_tempo_class(brief), _stated(brief.tempo_class)


def brief_tempo_class(brief: Brief) -> str | None:
    """The class of a brief's tempo, also where only a number is known."""
    if brief.tempo_class is not None:
        return brief.tempo_class.value
    return None if brief.tempo is None else tempo_class(brief.tempo.value)


def _bars(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    return labels.get("bars_bin_upper"), _value(brief.bars_range) or _value(brief.bars), _stated(brief.bars)


def _same_bars(upper: int, given: int | tuple[int, int]) -> bool:
    """Labels are the upper end of a bin of four, or, in some templates, any number of the bin that the text names."""
    if isinstance(given, tuple):
        return given[0] <= upper <= given[1]
    return upper - 3 <= given <= upper


def _duration(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    given = _value(brief.duration_range) or _value(brief.duration)
    return labels.get("duration_s_of_reference"), given, _stated(brief.duration)


def _same_duration(wanted: float, given: Any) -> bool:
    """The label is the length of the reference: within the range, or 10 seconds of a round number."""
    low, high = given if isinstance(given, tuple) else (given - 10, given + 10)
    return bool(low - 1.5 <= wanted <= high + 1.5)


_GENRES = {
    "Pop_Rock": {"pop", "rock", "indie", "punk", "metal"}, "Jazz": {"jazz"}, "Country": {"country"}, "Classical": {"classical"},
    "Electronic": {"electronic"}, "Rap": {"hip hop"}, "Easy_Listening": {"easy listening"}, "Vocal": {"vocal"},
    "New Age": {"new age"}, "RnB": {"rnb"}, "International": {"international"}, "Latin": {"latin"}, "Symphony": {"symphony"},
    "Children": {"children"}, "Religious": {"religious"}, "Reggae": {"reggae"}, "Comedy_Spoken": {"comedy"}, "Stage": {"stage"},
    "Holiday": {"holiday"}, "Blues": {"blues"}, "Folk": {"folk"},
}  # fmt: skip


def _genres(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    said = _value(brief.genres) or () if _stated(brief.genres) else ()
    given = {next((name for name, ours in _GENRES.items() if g in ours), g) for g in said}
    wanted = labels.get("genres")
    return (None if wanted is None else set(wanted)), given, True


def _quadrant(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    given = None
    if brief.valence is not None and brief.arousal is not None:
        happy, excited = brief.valence.value >= 0, brief.arousal.value >= 0
        given = ("Q1" if happy else "Q2") if excited else ("Q4" if happy else "Q3")
    return labels.get("emotion_quadrant"), given, _stated(brief.valence)


def _octaves(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    return labels.get("pitch_range_octaves"), _value(brief.pitch_range_octaves), _stated(brief.pitch_range_octaves)


def _intensity(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    return labels.get("rhythm_intensity"), _value(brief.rhythm_intensity), _stated(brief.rhythm_intensity)


def _artist(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    given = {plain(r) for r in brief.references}
    wanted = labels.get("artist")
    return (None if wanted is None else {plain(wanted.split("-")[0])}), given, True


def plain(name: str) -> str:
    """A name for comparison: lower case, without the marks that labels lack."""
    return name.lower().translate(str.maketrans("áéíóöřüàèâêçñ", "aeiooruaeaecn"))


def _instruments(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    wanted = labels.get("instruments")
    return (None if wanted is None else set(wanted)), labels_of_parts(p.instrument for p in brief.parts), True


def _absent(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    """Only exclusions of what is labelled can be compared: 'no wind instruments' rules out more than one label."""
    wanted = labels.get("instruments_absent")
    given = labels_of_exclusion(brief.excluded.value) if brief.excluded is not None else set()
    return (None if wanted is None else set(wanted)), given, True


MUSECOCO = (
    Check("key mode", _mode), Check("metre", _metre), Check("tempo class", _tempo), Check("bars", _bars, _same_bars),
    Check("duration", _duration, _same_duration), Check("octaves", _octaves), Check("rhythm intensity", _intensity),
    Check("emotion quadrant", _quadrant), Check("genres", _genres, as_set=True), Check("artist", _artist, as_set=True),
    Check("instruments", _instruments, as_set=True), Check("instruments absent", _absent, as_set=True),
)  # fmt: skip


def _x_title(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    wanted = labels.get("title")
    return (wanted if wanted and wanted in text else None), _value(brief.title), True


def _x_key(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    """The key label, where the text says it in words; labels guessed from the chords are no statement of the text."""
    match = re.search(r"\b([A-G][#b]?) (major|minor)\b", str(labels.get("key", "")))
    said = match is not None and re.search(re.escape(match[0]), text, re.IGNORECASE) is not None
    given = f"{brief.tonic.value} {_value(brief.mode)}" if brief.tonic is not None else None
    return (match[0] if match is not None and said else None), given, _stated(brief.tonic)


def _x_chords(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    chords = labels.get("chord_progression") or []
    chords = [c.strip() for c in (chords.split(",") if isinstance(chords, str) else chords)]
    said = len(chords) > 1 and re.search(r"[-–,\s]+(?:and\s+)?".join(re.escape(c) for c in chords), text) is not None
    given = brief.progressions.value[0].chords if brief.progressions is not None else None
    return (tuple(chords) if said else None), given, True


def _x_bars(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    number = re.search(r"\d+", str(labels.get("bars", "")))
    said = number is not None and re.search(rf"\b{number[0]}[- ](?:bar|measure)", text) is not None
    return (int(number[0]) if number is not None and said else None), _value(brief.bars), _stated(brief.bars)


_SPEEDS = (
    ("slow", r"\b(?:slow|adagio|largo|lento|grave)"), ("moderate", r"\b(?:moderat|medium|andante|allegretto)"),
    ("fast", r"\b(?:fast|allegro|vivace|presto|brisk|rapid|quick|swift)"),
)  # fmt: skip


def _x_tempo(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    words = str(labels.get("tempo", "")).lower()
    kinds = {kind for kind, pattern in _SPEEDS if re.search(pattern, words) and re.search(pattern, text.lower())}
    return (kinds.pop() if len(kinds) == 1 else None), brief_tempo_class(brief), _stated(brief.tempo_class)


def _x_metre(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    said = re.search(r"\b\d{1,2}/(?:4|8|2)\b", text)
    return (said[0] if said is not None else None), _value(brief.metre), _stated(brief.metre)


def _x_instruments(labels: dict[str, Any], text: str, brief: Brief) -> Answer:
    """The instruments of the labels that the text names, by kind (a bass is a bass); sounds that no table has are left out."""
    listed = labels.get("instruments") or []
    items = listed if isinstance(listed, list) else str(listed).split(",")
    said = [item for item in items if item.lower().rstrip("s") in text.lower()]
    wanted = labels_of_parts(p.instrument for item in said for p in read_parts(str(item)).parts)
    return (wanted or None), labels_of_parts(p.instrument for p in brief.parts), True


COMPOSERX = (
    Check("title", _x_title), Check("key", _x_key), Check("chords", _x_chords), Check("bars", _x_bars),
    Check("metre", _x_metre), Check("tempo class", _x_tempo), Check("instruments", _x_instruments, as_set=True),
)  # fmt: skip
