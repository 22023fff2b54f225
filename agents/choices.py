"""How a choice that nobody made is made and marked."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ripieno.score.brief import Attribute, Brief, Notice, Origin

T = TypeVar("T")


def choose(seed: int, name: str, options: Sequence[T]) -> T:
    """One of `options`, decided by the seed and the name of the choice."""
    digest = hashlib.sha256(f"{seed}\x1f{name}".encode()).digest()
    return options[int.from_bytes(digest[:8], "little") % len(options)]


def default(value: T, words: str) -> Attribute[T]:
    """An attribute that nobody asked for; `words` says why it is so."""
    return Attribute(value=value, origin=Origin.DEFAULT, words=words)


def inferred(value: T, words: str, confidence: float = 0.8) -> Attribute[T]:
    """An attribute that something in the request implies."""
    return Attribute(value=value, origin=Origin.INFERRED, words=words, confidence=confidence)


def with_notice(brief: Brief, about: str, message: str) -> Brief:
    """The brief with one more thing that the person should know."""
    return revised(brief, {"notices": (*brief.notices, Notice(about=about, message=message))})


def revised(brief: Brief, update: Mapping[str, object]) -> Brief:
    """The brief with some fields replaced, validated anew.

    Raises:
        pydantic.ValidationError: a value does not fit its field.
    """
    fields = {name: getattr(brief, name) for name in Brief.model_fields}
    plain = {k: v.model_dump() if isinstance(v, Attribute) else v for k, v in update.items()}
    return Brief.model_validate(fields | plain)
