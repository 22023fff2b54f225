"""Which models there are, where they are served, and what a turn may spend on them."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from ripieno.llm.errors import ModelError

PREFIX = "RIPIENO_LLM_"
Form = Literal["schema", "tool", "json"]
_KEYS = re.compile(r"\b(?:sk|pk|rk|hf|gsk|xai|nvapi|AIza|ghp|key)[-_][A-Za-z0-9_\-]{12,}|\bBearer\s+[A-Za-z0-9._\-]{8,}")


class BadSettings(ModelError):
    """The settings are incomplete or contradict each other."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(_Frozen):
    """What one turn may spend. Money counts only where prices are set; None: no bound.

    `seconds` bounds the whole turn's waiting for models, `call_seconds` one call with its retries.
    """

    seconds: float = Field(default=180, gt=0, le=86_400)
    call_seconds: float = Field(default=90, gt=0, le=86_400)
    calls: int = Field(default=40, ge=0, le=10_000)
    tokens: int = Field(default=200_000, ge=0)
    money: float | None = Field(default=None, ge=0)


class Prices(_Frozen):
    """Money for a million tokens: of the prompt, of that part of it that the server had cached, and of the answer."""

    prompt: float = Field(default=0, ge=0)
    cached: float = Field(default=0, ge=0)
    answer: float = Field(default=0, ge=0)


class Settings(_Frozen):
    """How to reach the models.

    Attributes:
        base_url: such as http://127.0.0.1:8000/v1; it holds no name or password.
        model: for every role that has none of its own.
        roles: models by role ('expert', 'juror', 'writer'...).
        api_key: only from the environment. Local servers want none.
        form: how structured answers are asked for; None: found out by trying.
        tries: how often a call that failed in passing is sent in all.
        answer_tokens: the most that one answer may have; `answer_chars` what of it is read.
        temperature: of structured answers; writers of music have their own.
        seed: sent where the server takes it.
        record, replay: a cassette to write, or to answer from instead of a server.
    """

    base_url: str
    model: str = Field(min_length=1)
    roles: Mapping[str, str] = {}
    api_key: SecretStr | None = None
    form: Form | None = None
    tries: int = Field(default=3, ge=1, le=10)
    answer_tokens: int = Field(default=4_000, ge=16)
    answer_chars: int = Field(default=100_000, ge=64)
    temperature: float = Field(default=0.2, ge=0, le=2)
    seed: int = 0
    record: Path | None = None
    replay: Path | None = None
    budget: Budget = Budget()
    prices: Prices = Prices()

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address begins with http:// or https:// and names a host")
        if parts.username or parts.password or parts.query:
            raise ValueError(f"an address holds no key; set {PREFIX}API_KEY instead")
        return url.rstrip("/")

    def model_of(self, role: str) -> str:
        """The model that plays a role: its own, that of its kind ('writer' for 'writer_bass'), or the usual one."""
        return self.roles.get(role) or self.roles.get(role.partition("_")[0], self.model)

    def redact(self, text: str) -> str:
        """`text` without the key, and without what looks like one."""
        if self.api_key is not None and self.api_key.get_secret_value():
            text = text.replace(self.api_key.get_secret_value(), "[key]")
        return _KEYS.sub("[key]", text)

    def holds_secret(self, text: str) -> bool:
        """Whether `text` holds the key, or what looks like one."""
        return self.redact(text) != text


def read_settings(environment: Mapping[str, str]) -> Settings | None:
    """Settings from the environment, else the file named by `RIPIENO_LLM_CONFIG`; None: no model.

    Of the environment: `RIPIENO_LLM_BASE_URL`, `_MODEL`, `_API_KEY`, `_MODEL_EXPERT` and the like for roles, `_FORM`, `_SEED`,
    `_SECONDS`, `_CALL_SECONDS`, `_CALLS`, `_TOKENS`, `_MONEY`, `_RECORD`, `_REPLAY`. The file is TOML with the fields of
    `Settings`, but no key.

    Raises:
        BadSettings: incomplete, wrong, or a key where none belongs.
    """
    named = {k.removeprefix(PREFIX).lower(): v.strip() for k, v in environment.items() if k.startswith(PREFIX) and v.strip()}
    table = _file(Path(named["config"]).expanduser()) if "config" in named else {}
    roles: dict[str, Any] = {
        **table.pop("roles", {}),
        **{k.removeprefix("model_"): v for k, v in named.items() if k.startswith("model_")},
    }
    budget: dict[str, Any] = {**table.pop("budget", {}), **{k: named[k] for k in Budget.model_fields if k in named}}
    plain: dict[str, Any] = {
        k: named[k] for k in ("base_url", "model", "api_key", "form", "seed", "record", "replay") if k in named
    }
    found = {**table, **plain}
    if not found.keys() & {"base_url", "model"}:
        return None
    for needed in ("base_url", "model"):
        if needed not in found:
            raise BadSettings(
                "A language model has an address and a name",
                value=f"no {PREFIX}{needed.upper()}",
                cause="only one of the two is set",
                cure=f"set {PREFIX}{needed.upper()}, or clear the other",
            )
    try:
        return Settings.model_validate({**found, "roles": roles, "budget": budget})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(
            "Settings of the language model are sound",
            value=name,
            cause=first["msg"],
            cure=f"mend {PREFIX}{name.upper().replace('BUDGET.', '')}, the flag or the file",
        ) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings("The file of settings is readable TOML", value=str(path), cause=str(error),
                          cure=f"mend it, or clear {PREFIX}CONFIG") from None  # fmt: skip
    if "api_key" in table:
        raise BadSettings("A key stands in the environment only", value=f"api_key in {path}",
                          cure=f"take it out of the file and set {PREFIX}API_KEY")  # fmt: skip
    return table
