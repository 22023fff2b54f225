"""Vectors for recall: of words, and of how music is made. Deterministic, and nothing is downloaded.

A vector has three parts: hashed word stems, hashed character n-grams (so that a typo or another ending still counts), and
musical features by aspect. Stored vectors have each part they have at length 1; a query divides its weight among the parts it
has, so that the inner product is a likeness between 0 and 1. Hashing is BLAKE2 (Weinberger et al., "Feature hashing for large
scale multitask learning", 2009; signs as there), never Python's own, which differs between processes.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.features import DISTRIBUTIONS, Features, extract
from ripieno.score.analysis.reading import read
from ripieno.score.piece import Piece

FORM = 2  # of vectors and data: an index of another form is made anew
WORDS, GRAMS = 384, 256
_TEXT_GRAMS = 0.35  # what n-grams count for beside whole words
_BEATS = ("2", "3", "4", "compound", "other")
Vector = npt.NDArray[np.float32]
_TOKEN = re.compile(r"[a-z0-9#♭♯]+")


@dataclass(frozen=True, eq=False)
class MusicVector:
    """A piece's features by aspect, each of length 1 (or 0 where nothing applies)."""

    aspects: Mapping[str, Vector]

    @property
    def joined(self) -> Vector:
        """All aspects weighted, of length 1 where every aspect applies."""
        weights = _table().weights
        return np.concatenate([np.float32(weights[name] ** 0.5) * self.aspects[name] for name in weights])

    @staticmethod
    def split(joined: Vector) -> "MusicVector":
        """The aspects out of `joined`."""
        table, at, aspects = _table(), 0, {}
        for name, size in table.sizes.items():
            aspects[name] = joined[at : at + size] / np.float32(table.weights[name] ** 0.5)
            at += size
        return MusicVector(aspects)

    def likeness(self, other: "MusicVector") -> dict[str, float]:
        """How alike two pieces are in each aspect, 0..1."""
        return {name: float(mine @ other.aspects[name]) for name, mine in self.aspects.items()}


@dataclass(frozen=True, slots=True)
class _Table:
    weights: dict[str, float]
    features: dict[str, tuple[str, ...]]
    ranges: dict[str, tuple[float, float]]
    sizes: dict[str, int]
    dull: frozenset[str]
    endings: tuple[str, ...]


@lru_cache(maxsize=1)
def _table() -> _Table:
    data: dict[str, Any] = tomllib.loads((files("ripieno.memory") / "data" / "likeness.toml").read_text(encoding="utf-8"))
    features = {name: tuple(row["features"]) for name, row in data["aspects"].items()}
    widths = {"beats": len(_BEATS), **dict(zip(DISTRIBUTIONS, _WIDTHS, strict=True))}
    return _Table(
        {name: float(row["weight"]) for name, row in data["aspects"].items()},
        features,
        {name: (float(low), float(high)) for name, (low, high) in data["range"].items()},
        {name: sum(widths.get(feature, 2) for feature in row) for name, row in features.items()},
        frozenset(data["words"]["dull"].split()),
        tuple(data["words"]["endings"].split()),
    )


_WIDTHS = (12, 25, 8, 16, 16, 12, 12)  # bins of the distributions, in their order
MUSIC = sum(_WIDTHS) + len(_BEATS) + 2 * 26
SIZE = WORDS + GRAMS + MUSIC


def music_vector(piece: Piece) -> MusicVector:
    """How a piece is made. Key and instruments don't count (words tell them); tempo, metre and mode do."""
    return _of_features(extract(read(piece)), _frame(piece))


def _frame(piece: Piece) -> dict[str, float]:
    """What the features leave out: see the data file. `beats` is an index into `_BEATS`."""
    ends = [*(k.bar for k in piece.keys[1:]), piece.bars]
    in_minor = sum(e - k.bar for k, e in zip(piece.keys, ends, strict=True) if k.key.is_minor)
    metre = piece.timeline.metres[0].metre
    compound = metre.denominator >= 8 and metre.numerator % 3 == 0 and metre.numerator > 3
    named = {2: 0, 3: 1, 4: 2}.get(metre.numerator, 4)
    quarters = piece.ticks / piece.timeline.ppq
    bpm = 60 * quarters / piece.seconds if piece.seconds else 120.0
    return {
        "minor": in_minor / max(1, piece.bars), "tempo": float(np.log2(max(bpm, 1) / 60)), "beats": 3 if compound else named,
        "drums": float(any(t.is_drum and len(t.notes) for t in piece.tracks)),
    }  # fmt: skip


def _of_features(features: Features, frame: Mapping[str, float]) -> MusicVector:
    table, aspects = _table(), {}
    for name, members in table.features.items():
        parts = [_unit(feature, features, frame, table.ranges) for feature in members]
        aspects[name] = (np.concatenate(parts) / np.sqrt(len(parts))).astype(np.float32)
    return MusicVector(aspects)


def _unit(
    name: str, features: Features, frame: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]
) -> npt.NDArray[np.float64]:  # fmt: skip
    """One feature as a vector of length 1 whose product with another's is 1 where they agree: the square roots of a
    distribution (Bhattacharyya's coefficient), a point on the quarter circle for a scalar; 0 where it does not apply."""
    if name == "beats":
        return np.asarray(np.eye(len(_BEATS))[int(frame["beats"])], np.float64)
    if name in features.distributions:
        return np.asarray(np.sqrt(features.distributions[name]))
    value, (low, high) = frame.get(name, features.scalars.get(name, np.nan)), ranges[name]
    if np.isnan(value):
        return np.zeros(2)
    angle = np.clip((value - low) / (high - low), 0, 1) * np.pi / 2
    return np.array([np.cos(angle), np.sin(angle)])


def stem(word: str) -> str:
    """A word without its ending, roughly: 'strings' and 'string', 'darker' and 'dark', 'happily' and 'happy' agree."""
    for ending in _table().endings:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "slz" else word


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words in order, without those that say nothing."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return tuple(stem(word) for word in _TOKEN.findall(plain) if word not in _table().dull)


def text_vector(text: str) -> tuple[Vector, Vector]:
    """A text's hashed words and hashed character n-grams (3 to 5), each of length 1; zeros for a text that says nothing."""
    words = sorted(set(stems(text)))
    grams = [f"_{w}_"[i : i + n] for w in words for n in (3, 4, 5) for i in range(len(w) + 3 - n)]
    return _hashed(words, WORDS, "word"), _hashed(grams, GRAMS, "gram")


def stored(text: str, music: MusicVector | None) -> Vector:
    """The vector under which something is kept."""
    words, grams = text_vector(text)
    return np.concatenate([words, grams, np.zeros(MUSIC, np.float32) if music is None else music.joined])


def query(text: str, music: MusicVector | None, share: float = 0.5) -> Vector:
    """The vector to look for; `share` (0..1) is what music counts for where there are words and music."""
    words, grams = text_vector(text)
    has_text = bool(words.any() or grams.any())
    for_music = 0.0 if music is None else share if has_text else 1.0
    for_text = 1 - for_music
    made = np.zeros(MUSIC, np.float32) if music is None else music.joined
    return np.concatenate(
        [
            np.float32(for_text * (1 - _TEXT_GRAMS)) * words,
            np.float32(for_text * _TEXT_GRAMS) * grams,
            np.float32(for_music) * made,
        ]
    )


def music_of(vector: Vector) -> MusicVector | None:
    """The musical part of a stored vector, if it has one."""
    part = vector[WORDS + GRAMS :]
    return MusicVector.split(part) if part.any() else None


def _hashed(tokens: list[str], size: int, space: str) -> Vector:
    found = np.zeros(size, np.float32)
    for token in tokens:
        digest = int.from_bytes(blake2b(token.encode(), digest_size=8, person=space.encode()).digest(), "little")
        found[(digest >> 1) % size] += 1.0 if digest & 1 else -1.0
    length = float(np.linalg.norm(found))
    return found / np.float32(length) if length else found
