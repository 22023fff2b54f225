"""Rhythmic intensity: 0 serene, 1 moderate, 2 intense (the scale of MuseCoco's templates)."""

from dataclasses import dataclass

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.levels import Level, tables
from ripieno.agents.brains.embedded.lexicon import word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin

_SCALE = {"serene": 0, "moderate": 1, "intense": 2}
_FROM_TEMPO = {"slow_like": 0, "moderate_like": 1, "fast_like": 2}  # 'an intense tempo' speaks of the rhythm as much


def read_rhythm(words: Words, levels: list[Level]) -> Reading:
    """The intensity of the rhythm; `levels` come from `read_levels`."""
    reading = Reading()
    votes: list[_Vote] = []
    for anchor in dict.fromkeys(level.anchor for level in levels):
        votes += _vote(words, [level for level in levels if level.anchor == anchor])
    votes = votes or _of_the_piece(words)
    for vote in votes:
        reading.use(vote.first, vote.last)
    if not votes:
        return reading
    strong = [v for v in votes if v.weight >= 0.5] or votes
    rhythmic = [v for v in strong if v.rhythmic]
    if rhythmic:  # 'a gentle pace with a steady rhythm': the pace says nothing against the rhythm
        strong = [v for v in strong if v.rhythmic or v.value == 2]
    best = next((v for v in strong if v.value != 1), strong[0])  # whoever says 'intense' somewhere means it
    best = max((v for v in strong if v.value == best.value), key=lambda v: v.weight)
    reading.values["rhythm_intensity"] = Attribute[int](
        value=best.value,
        words=words.written(best.first, best.last),
        origin=Origin.STATED if best.weight >= 0.8 else Origin.INFERRED,
        confidence=round(min(1.0, best.weight), 2),
    )
    return reading


@dataclass(frozen=True, slots=True)
class _Vote:
    value: int
    weight: float
    first: int
    last: int
    rhythmic: bool = True


def _vote(words: Words, levels: list[Level]) -> list[_Vote]:
    """What one noun's qualifiers say together: 'calm and moderate' is moderate, 'calm and lively' counts as lively."""
    said: list[_Vote] = []
    for level in levels:
        if level.family == "rhythm":
            said.append(_Vote(_SCALE[level.kind], level.weight, level.first, level.last))
        elif level.kind in _FROM_TEMPO:
            said.append(_Vote(_FROM_TEMPO[level.kind], level.weight * 0.8, level.first, level.last, False))
        elif level.noun in ("tempo", "tempi") and "paced" in words.low[level.first : level.last]:
            said.append(_Vote(2 if level.kind == "fast" else 0, level.weight * 0.8, level.first, level.last, False))
        elif level.kind == "moderate" and level.noun in ("tempo", "tempi"):
            said.append(_Vote(1, level.weight * 0.4, level.first, level.last, False))
    if not said:
        return []
    strongest = max(v.weight for v in said)
    said = [v for v in said if v.weight >= strongest * 0.7]
    values = {v.value for v in said}
    value = 1 if 1 in values else 2 if 2 in values else 0
    return [max((v for v in said if v.value == value), key=lambda v: v.weight)]


def _of_the_piece(words: Words) -> list[_Vote]:
    """Where no rhythm is spoken of: what the piece itself is called ('a calm and moderate piece', 'this energetic song')."""
    votes = []
    for hit in tables().rhythm.find(words):
        after = [w for w in words.low[hit.last : hit.last + 4] if w not in ("and", "of")]
        if (
            after
            and not negated(words, hit.first, 4)
            and not hypothetical(words, hit.first)
            and (after[0] in word_set("rhythm", "pieces") or (len(after) > 1 and after[1] in word_set("rhythm", "pieces")))
        ):
            votes.append(_Vote(_SCALE[hit.value], 0.4, hit.first, hit.last))
    moderate = [v for v in votes if v.value == 1]
    return moderate or votes
