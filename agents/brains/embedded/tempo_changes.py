"""Changes of tempo along the piece: 'half-time in the bridge', 'gets faster towards the end', 'from 80 to 160 bpm'."""

from ripieno.agents.brains.embedded.found import Reading, negated
from ripieno.agents.brains.embedded.lexicon import PhraseTable, lexicon
from ripieno.agents.brains.embedded.places import place_after, section_names
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin, TempoChange

_AMBIGUOUS = (["doubling"], ["doubles"])  # of the tempo, or of a voice
_COMPARED = {"faster": 1.25, "quicker": 1.25, "slower": 0.8}
_TEMPO_WORDS = ("tempo", "speed", "pace")


class TempoChangeReader:
    """Finds changes of tempo."""

    def __init__(self) -> None:
        self.table: PhraseTable[tuple[float, bool, str]] = PhraseTable(
            (name, (float(row[0]), bool(row[1]), str(row[2]))) for name, row in lexicon("tempo")["changes"].items()
        )

    def read(self, words: Words) -> Reading:
        """The changes, in the order said."""
        reading = Reading()
        changes: list[TempoChange] = []
        for hit in self.table.find(words):
            factor, gradual, usual_place = hit.value
            if negated(words, hit.first, 4) or not _of_tempo(words, hit.first, hit.last):
                continue
            place = place_after(words, hit.last) or usual_place
            reading.use(hit.first, hit.last)
            if place or gradual:
                changes.append(TempoChange(section=place or "all", factor=factor, gradual=gradual))
            else:
                _whole(reading, factor, words.written(hit.first, hit.last))
        used = {i for first, last in reading.spans for i in range(first, last)}
        for i, word in enumerate(words.low):  # 'a faster chorus', 'slower in the bridge'
            if word in _COMPARED and i not in used and not words.masked[i] and not negated(words, i, 4):
                section = section_names().match(words, i + 1) if i + 1 < len(words) else None
                place = section.value if section is not None else place_after(words, i + 1)
                if place:
                    changes.append(TempoChange(section=place, factor=_COMPARED[word]))
                    reading.use(i, i + 1)
        if changes:
            reading.values["tempo_changes"] = tuple(changes)
        return reading


def _of_tempo(words: Words, first: int, last: int) -> bool:
    """'Doubling the melody' is no change of tempo; 'doubling at the chorus' and 'doubling the tempo' are."""
    if words.low[first:last] not in _AMBIGUOUS:
        return True
    near = words.low[max(0, first - 5) : last + 5]
    return any(w in _TEMPO_WORDS for w in near) or words.at(last) in ("at", "in")


def _whole(reading: Reading, factor: float, said: str) -> None:
    """Half-time or double-time for the whole piece: a feel, which leaves a stated tempo as it is."""
    reading.values.setdefault(
        "tempo_class",
        Attribute[str](value="slow" if factor < 1 else "fast", origin=Origin.INFERRED, words=said, confidence=0.5),
    )
    reading.notice("tempo", f"'{said}' for the whole piece was taken as a feel; it does not change a tempo that is stated.")
