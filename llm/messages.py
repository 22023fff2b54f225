"""What is sent to a model and what comes back, as values with one canonical form."""

import json
from collections.abc import Callable
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

OnText = Callable[[str], None]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(_Frozen):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Call(_Frozen):
    """One request to a model. `form` 'text' wants prose; the others an answer that fits `schema_text`, a JSON schema."""

    model: str
    messages: tuple[Message, ...]
    form: Literal["text", "schema", "tool", "json"] = "text"
    name: str = "answer"
    schema_text: str = ""
    max_tokens: int
    temperature: float
    seed: int

    @property
    def canonical(self) -> str:
        """One line of JSON: equal calls have equal lines."""
        return json.dumps(self.model_dump(), ensure_ascii=False, sort_keys=True)


class Reply(_Frozen):
    """An answer in full. Tokens as the server counts them; `guessed`: it does not, and they are estimated."""

    text: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    guessed: bool = False
    cut: bool = False  # the server stopped it at its limit of tokens


class Transport(Protocol):
    """Sends calls: to a server, or into and out of a cassette. `live`: whether a pause before another try makes sense."""

    live: bool

    def prepare(self) -> None:
        """Loads what it needs, before a call's time begins to count.

        Raises:
            MissingClient: a library is not installed.
        """
        ...

    async def send(self, call: Call, on_text: OnText) -> Reply:
        """The reply; `on_text` is given each piece as it arrives.

        Raises:
            ModelError: there is none.
        """
        ...

    async def close(self) -> None:
        """Lets go of connections and files."""
        ...
