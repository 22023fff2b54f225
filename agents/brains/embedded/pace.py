"""Slow, moderate or fast, as said of the tempo ('at a rapid pace'), of the piece ('a slow ballad'), or only implied."""

from dataclasses import dataclass

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.levels import Level, tables
from ripieno.agents.brains.embedded.lexicon import Hit, word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin

_MOVING = ("moves", "flows", "moving", "flowing", "proceeds", "unfolds", "unfolding")
_PACES = ("pace", "speed", "rate")  # said of nothing but the tempo; 'tempo' itself is used for rhythm too
_MODERATE_UP_TO, _SLOW_UP_TO = 120.0, 76.0  # beats per minute, the bounds of MuseCoco's templates


def tempo_class(bpm: float) -> str:
    """'slow' up to 76 beats per minute, 'moderate' up to 120, 'fast' beyond."""
    return "slow" if bpm <= _SLOW_UP_TO else "moderate" if bpm <= _MODERATE_UP_TO else "fast"


@dataclass(frozen=True, slots=True)
class _Said:
    """A class of tempo in the words `first` to `last` (exclusive); `stated` unless it is only implied."""

    kind: str
    weight: float
    first: int
    last: int
    stated: bool


def read_pace(words: Words, levels: list[Level], used: set[int], reading: Reading) -> None:
    """Adds `tempo_class` to a reading that may hold a tempo in numbers or terms, or a notice where they disagree.

    Args:
        levels: from `read_levels`.
        used: words that mean a change of tempo.
    """
    said = [_of_tempo(level) for level in levels if level.family == "tempo"]
    said = [s for s in said if not any(i in used for i in range(s.first, s.last))]
    said += _of_piece(words, used | {i for level in levels for i in range(level.first, level.last)})
    if not said:  # 'a fast beat' implies a fast tempo
        rhythms = [(level, _in_rhythm(words, level)) for level in levels if level.family == "rhythm"]
        said = [_Said(kind, 0.4, level.first, level.last, False) for level, kind in rhythms if kind is not None]
    for s in said:
        reading.use(s.first, s.last)
    if said:
        _decide(words, said, reading)


def _of_tempo(level: Level) -> _Said:
    """What qualifies 'tempo', 'pace' and the like; words of character ('a lively tempo') only imply a speed."""
    implied = level.kind.endswith("_like")
    weight = level.weight * (0.5 if implied else 1.0)
    if not implied:
        weight += (0.2 if level.noun in _PACES else 0.0) + (0.05 if level.kind != "moderate" else 0.0)
    return _Said(level.kind.removesuffix("_like"), weight, level.first, level.last, not implied)


def _of_piece(words: Words, used: set[int]) -> list[_Said]:
    """Speed words without the noun: 'a slow ballad', 'moves swiftly', 'fast-paced', 'uptempo'."""
    found: list[_Said] = []
    for hit in tables().tempo.find(words):
        phrase = words.low[hit.first : hit.last]
        before = words.at(hit.first - 1)
        if any(i in used for i in range(hit.first, hit.last)):
            continue
        if hit.value.endswith("_like"):
            if before in _MOVING or phrase in (["upbeat"], ["up", "beat"]):
                found.append(_Said(hit.value.removesuffix("_like"), 0.45, hit.first, hit.last, False))
            continue
        weight = _loose_weight(words, hit, phrase, before)
        if weight > 0:
            found.append(_Said(hit.value, weight, hit.first, hit.last, weight >= 0.5))
    return found


def _loose_weight(words: Words, hit: Hit[str], phrase: list[str], before: str) -> float:
    """How plainly a speed word without a noun speaks of the tempo; 0 where it speaks of something else."""
    after = words.low[hit.last : hit.last + 3]
    verb = before in tables().tempo_verbs or before in ("performed", "played")
    compound = any("tempo" in w or w in ("paced", "speed", "speedy") for w in phrase)
    if negated(words, hit.first, 3) and hit.value != "moderate":
        return 0.0
    if phrase[0] in word_set("tempo", "vague") and not (compound or verb):
        return 0.0
    things = word_set("tempo", "fast_things")
    if phrase == ["double", "time"] or (after and (after[0] in tables().rhythm_nouns or any(w in things for w in after))):
        return 0.0
    if hypothetical(words, hit.first):
        return 0.08
    if phrase[0] in word_set("tempo", "adverbs") and not verb and not any(w in _MOVING for w in after):
        return 0.35  # 'rising slowly': an adverb of something else, as often as not
    return 1.1 if verb else 0.95 if compound else 0.65


def _in_rhythm(words: Words, level: Level) -> str | None:
    """The tempo that a rhythm's qualifier implies: 'a fast beat', 'a moderate rhythm'."""
    for hit in tables().tempo.find(words, level.first, level.last):
        if hit.value in ("slow", "moderate", "fast"):
            return hit.value
    return "moderate" if level.kind == "moderate" else None


def _decide(words: Words, said: list[_Said], reading: Reading) -> None:
    best = max(said, key=lambda s: (s.weight, -s.first))
    text = words.written(best.first, best.last)
    known = reading.values.get("tempo_class") or reading.values.get("tempo")
    if known is not None:
        kind = known.value if isinstance(known.value, str) else tempo_class(known.value)
        if best.stated and {kind, best.kind} == {"slow", "fast"}:
            taken = "the term" if isinstance(known.value, str) else "the number"
            reading.notice("tempo", f"'{text}' and '{known.words}' contradict each other; {taken} was taken.")
        return
    reading.values["tempo_class"] = Attribute[str](
        value=best.kind,
        origin=Origin.STATED if best.stated else Origin.INFERRED,
        words=text,
        confidence=round(min(1.0, best.weight), 2),
    )
    rivals = sorted({s.kind for s in said if s.stated and s.weight >= 0.7} - {best.kind})
    if rivals and best.stated:
        reading.notice("tempo", f"The tempo is called {best.kind} and {', '.join(rivals)}; {best.kind} was taken.")
