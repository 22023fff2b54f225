"""Errors for people: each names the rule, the value, the likely cause and the cure.

Every room raises these (or a subclass); the front doors print them without a traceback. An error is never returned as
content. `Retryable` marks the kind that the caller may correct and try again within a turn; the rest are final.
"""


class RipienoError(Exception):
    """A mistake that a person can understand and mend.

    Args:
        rule: what must hold, as a sentence.
        value: what was given instead, shown shortened.
        cause: the likely reason.
        cure: what to do now.
    """

    def __init__(self, rule: str, *, value: object = None, cause: str = "", cure: str = "") -> None:
        self.rule = rule
        self.value = None if value is None else shorten(str(value))
        self.cause = cause
        self.cure = cure
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """All parts as one paragraph."""
        parts = [self.rule.rstrip(".") + "."]
        if self.value is not None:
            parts.append(f"Given: {self.value}.")
        if self.cause:
            parts.append(f"Likely cause: {self.cause.rstrip('.')}.")
        if self.cure:
            parts.append(f"What to do: {self.cure.rstrip('.')}.")
        return " ".join(parts)

    def as_dict(self) -> dict[str, str | None]:
        """The parts by name, for `--json` and for services."""
        return {"rule": self.rule, "value": self.value, "cause": self.cause, "cure": self.cure}


class BadRequest(RipienoError):
    """The person asked for something impossible or unreadable."""


class BadFile(RipienoError):
    """A file from outside cannot be read, or not within the limits."""


class Retryable(RipienoError):
    """The caller (a planner, a writer of notation) may correct its call and try again."""


class MissingPart(RipienoError):
    """An optional part is not installed; the cure holds the exact install line."""


def shorten(text: str, limit: int = 80) -> str:
    """`text` on one line, cut to `limit` characters: at the end, or of a path, whose end says most, at the beginning."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    return "…" + flat[1 - limit :] if "/" in flat and " " not in flat else flat[: limit - 1] + "…"
