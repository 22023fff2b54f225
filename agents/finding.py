"""Which earlier piece words describe: by the words that it shares, and by what they mean to the embedded reader.

"The Jamaican groove with organ" shares no word with a reggae but means one. So a piece is held against the words themselves,
each counted by how rare it is among the pieces, and against style, players, mood, key and metre as the reader understands them;
what the words say nothing about does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from pydantic import ValidationError

from ripieno.agents.brains.embedded.reader import Reader
from ripieno.memory.embedding import stems
from ripieno.memory.recall import Hit, Item
from ripieno.score.brief import Brief, PartRequest
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import instrument, instruments
from ripieno.score.styles import StyleProfile

# What each kind of evidence counts for beside the words themselves (1).
_WEIGHTS = {"style": 0.8, "players": 0.6, "mood": 0.3, "key": 0.4, "metre": 0.3, "pace": 0.2}
_KIN = 0.4  # a style of the same family, an instrument of the same family
_ASKED = 0.5  # what the words count for that stood in the piece's first request, beside all that is known of it
_UNHEARD = 0.5  # what a word counts for that no piece has, beside one that a single piece has
# Words that stand for a piece and say nothing of it.
_VAGUE = frozenset(stems("one thing number something old nice little kind sort style bit lot stuff beat groove sound sounding"))
_LIKE_WORD = 5  # letters at the beginning that two words share to be forms of one
LEAST = 0.12  # below this nothing is found


@dataclass(frozen=True)
class Shelf:
    """Pieces to be looked through, with the words of each and how much a word tells."""

    items: tuple[Item, ...]
    words: Mapping[str, frozenset[str]]
    rarity: Mapping[str, float]

    @staticmethod
    def of(items: Sequence[Item]) -> "Shelf":
        """The shelf of some pieces."""
        words = {item.id: _words(item.text) for item in items}
        counts: dict[str, int] = {}
        for each in words.values():
            for word in each:
                counts[word] = counts.get(word, 0) + 1
        return Shelf(tuple(items), words, {w: log(1 + len(items) / n) for w, n in counts.items()})


def described(words: str, shelf: Shelf, profiles: Mapping[str, StyleProfile], limit: int) -> tuple[Hit, ...]:
    """The pieces that the words describe, the best first, the later first among equals; none below `LEAST`."""
    wanted = tuple(dict.fromkeys(s for s in stems(words) if s not in _VAGUE))
    if not wanted:
        return ()
    meant = _meant(words, tuple(profiles.values()))
    rows = []
    for item in shelf.items:
        score, why = _score(item, wanted, meant, shelf, profiles)
        if score >= LEAST:
            rows.append(Hit(item, round(score, 4), why))
    rows.sort(key=lambda hit: (hit.item.data["created"], hit.item.id), reverse=True)
    rows.sort(key=lambda hit: -hit.score)
    return tuple(rows[:limit])


def coverage(words: str, item: Item) -> float:
    """The share of words that are about the piece."""
    wanted = set(stems(words)) - _VAGUE
    have = _words(item.text)
    return sum(_shared(w, have) is not None for w in wanted) / len(wanted) if wanted else 1.0


def _score(
    item: Item, wanted: Sequence[str], meant: Brief, shelf: Shelf, profiles: Mapping[str, StyleProfile]
) -> tuple[float, str]:  # fmt: skip
    have, unheard = shelf.words[item.id], _UNHEARD * log(1 + len(shelf.items))
    told = {w: shelf.rarity.get(w, unheard) for w in wanted}
    shared = [w for w in wanted if _shared(w, have) is not None]
    asked = _words(item.data["request"])
    first = sum(told[w] for w in wanted if _shared(w, asked) is not None)
    total, weight = (sum(told[w] for w in shared) + _ASKED * first) / sum(told.values()), 1.0 + _ASKED
    reasons = ["it says " + ", ".join(shared[:6])] if shared else []
    for name, likeness in _likenesses(meant, remembered_brief(item.data["brief"]), profiles).items():
        total += _WEIGHTS[name] * likeness
        weight += _WEIGHTS[name]
        if likeness > _KIN:
            reasons.append(f"its {name}")
    return total / weight, "; ".join(reasons)


@lru_cache(maxsize=4096)
def remembered_brief(brief: str) -> Brief:
    """What is remembered of a piece; nothing where another version of Ripieno wrote it and it cannot be read."""
    try:
        found = Brief.model_validate_json(brief)
    except ValidationError:
        return Brief()
    return found.model_copy(update={"parts": tuple(p for p in found.parts if p.instrument in instruments())})


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(stems(text))


def _shared(word: str, have: frozenset[str]) -> str | None:
    """The piece's word that is this one, or a form of it."""
    if word in have:
        return word
    if len(word) <= _LIKE_WORD:
        return None
    return next((h for h in have if h[:_LIKE_WORD] == word[:_LIKE_WORD] and len(h) > _LIKE_WORD), None)


def _likenesses(meant: Brief, piece: Brief, profiles: Mapping[str, StyleProfile]) -> dict[str, float]:
    """How well the piece is what the words mean, 0..1, for each thing that they mean anything of."""
    found: dict[str, float] = {}
    if meant.style is not None:
        mine, theirs = meant.style.value, piece.style.value if piece.style else ""
        kin = mine in profiles and theirs in profiles and profiles[mine].family == profiles[theirs].family
        found["style"] = 1.0 if mine == theirs else _KIN / 2 if kin else 0.0
    if meant.parts:
        found["players"] = sum(_plays(part, piece.parts) for part in meant.parts) / len(meant.parts)
    if meant.valence is not None and piece.valence is not None:
        found["mood"] = max(0.0, 1 - abs(meant.valence.value - piece.valence.value))
    if meant.tonic is not None and piece.tonic is not None:
        same_mode = meant.mode is None or piece.mode is None or meant.mode.value == piece.mode.value
        found["key"] = float(meant.tonic.value == piece.tonic.value) * (1.0 if same_mode else 0.5)
    if meant.metre is not None and piece.metre is not None:
        found["metre"] = float(meant.metre.value == piece.metre.value)
    if meant.tempo_class is not None and piece.tempo is not None:
        slow, fast = piece.tempo.value < 84, piece.tempo.value > 116
        found["pace"] = float({"slow": slow, "fast": fast}.get(meant.tempo_class.value, not slow and not fast))
    return found


def _plays(part: PartRequest, players: Sequence[PartRequest]) -> float:
    row = instrument(part.instrument)
    if any(p.instrument == part.instrument for p in players):
        return 1.0
    return _KIN if any(instrument(p.instrument).family == row.family for p in players) else 0.0


def _meant(words: str, styles: tuple[StyleProfile, ...]) -> Brief:
    """What the embedded reader makes of the words."""
    try:
        return _reader(styles).read(words)
    except BadRequest:
        return Brief()  # the words name something impossible, and still may be about a piece


@lru_cache(maxsize=2)
def _reader(styles: tuple[StyleProfile, ...]) -> Reader:
    return Reader(styles)
