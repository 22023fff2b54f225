"""What can go wrong between us and a model server. Each says the rule, the value, the likely cause and the cure.

This room knows nothing of the others, so these are not the errors of `score`; the agents decide what becomes of them.
"""


class ModelError(Exception):
    """A language model gave no usable answer.

    Args:
        rule: what must hold, as a sentence.
        value: what was met instead.
        cause: the likely reason.
        cure: what to do now.
        wait: seconds after which the server asks to be tried again; None: it did not say.
    """

    passing = False  # whether another try may help
    lasting = False  # whether it will be the same for every call of the turn

    def __init__(self, rule: str, *, value: str = "", cause: str = "", cure: str = "", wait: float | None = None) -> None:
        self.rule, self.value, self.cause, self.cure, self.wait = rule, _short(value), cause, cure, wait
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """All parts as one paragraph."""
        parts = [self.rule]
        if self.value:
            parts.append(f"Given: {self.value}")
        if self.cause:
            parts.append(f"Likely cause: {self.cause}")
        if self.cure:
            parts.append(f"What to do: {self.cure}")
        return " ".join(part.rstrip(".") + "." for part in parts)


class Unreachable(ModelError):
    """No connection, or none that lasted: refused, timed out, cut off."""

    passing = True
    lasting = True


class Busy(ModelError):
    """The server is overloaded, or limits how often it is asked (429, 503, 529)."""

    passing = True
    lasting = True


class ServerFault(ModelError):
    """The server failed (500 and the like), or spoke what is no answer."""

    passing = True
    lasting = True


class NotAllowed(ModelError):
    """The key is missing or wrong, or does not open this model (401, 403)."""

    lasting = True


class UnknownModel(ModelError):
    """The server has no such model, or no such address (404)."""

    lasting = True


class Rejected(ModelError):
    """The server does not take the request as it is (400, 413, 422): a feature that it lacks, or too long a prompt."""


class Refused(ModelError):
    """The model, or a filter in front of it, declined to answer."""


class TooLong(ModelError):
    """An answer beyond the size that is read."""


class Invalid(ModelError):
    """An answer that stayed invalid after it was sent back."""


class Spent(ModelError):
    """The turn's budget of time, calls, tokens or money is used up."""

    lasting = True


class Cancelled(ModelError):
    """The person called the turn off."""

    lasting = True


class SecretFound(ModelError):
    """Something that looks like a key would have been written down."""


class NoRecording(ModelError):
    """A cassette does not hold the call that it was asked for, or is damaged."""


class MissingClient(ModelError):
    """The client library is not installed."""

    lasting = True


def _short(text: str, limit: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
