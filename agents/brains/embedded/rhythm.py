"""Rhythmic intensity: 0 serene, 1 moderate, 2 intense (the scale of MuseCoco's templates)."""

from ripieno.agents.brains.embedded.found import Reading
from ripieno.agents.brains.embedded.levels import Level
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin

_SCALE = {"serene": 0, "moderate": 1, "intense": 2}
_FROM_TEMPO = {"slow_like": 0, "moderate_like": 1, "fast_like": 2}  # 'an intense tempo' speaks of the rhythm as much


def read_rhythm(words: Words, levels: list[Level]) -> Reading:
    """The intensity of the rhythm; `levels` come from `read_levels`."""
    reading = Reading()
    votes: list[tuple[int, float, int, int]] = []
    for level in levels:
        if level.family == "rhythm":
            votes.append((_SCALE[level.kind], level.weight, level.first, level.last))
        elif level.kind in _FROM_TEMPO:
            votes.append((_FROM_TEMPO[level.kind], level.weight * 0.6, level.first, level.last))
    moderate_tempo = [level for level in levels if level.family == "tempo" and level.kind == "moderate"]
    for value, _, first, last in votes:
        reading.use(first, last)
        del value
    if not votes:
        return reading
    if moderate_tempo and not any(v[1] >= 0.8 for v in votes):
        votes += [(1, 0.7, m.first, m.last) for m in moderate_tempo if m.noun == "tempo"]
    strongest = max(v[1] for v in votes)
    kept = [v for v in votes if v[1] >= strongest - 0.15]
    values = [v[0] for v in kept]
    best = 1 if 1 in values and (2 not in values or values.count(1) >= values.count(2)) and strongest < 2 else max(
        set(values), key=lambda x: (values.count(x), -values.index(x)))
    chosen = next(v for v in kept if v[0] == best)
    stated = strongest >= 0.5
    reading.values["rhythm_intensity"] = Attribute[int](
        value=best, words=words.written(chosen[2], chosen[3]), origin=Origin.STATED if stated else Origin.INFERRED,
        confidence=round(min(1.0, strongest), 2))
    return reading
