"""The language model of a session, if one is set: by the environment, or the file that it names."""

import os
from dataclasses import dataclass
from typing import Literal, get_args

from ripieno.llm.errors import ModelError
from ripieno.llm.settings import Settings, read_settings
from ripieno.score.errors import BadRequest

EnsembleKind = Literal["full", "single"]


@dataclass(frozen=True)
class Language:
    """Which models, and how many agents they play: 'full' all roles, 'single' one agent that reads, and one that writes."""

    settings: Settings | None = None
    ensemble: EnsembleKind = "full"


def language() -> Language:
    """What is set: `RIPIENO_LLM_...` (see `ripieno.llm.settings`) and `RIPIENO_ENSEMBLE`, full or single.

    Raises:
        BadRequest: the settings are incomplete or wrong.
    """
    kind = os.environ.get("RIPIENO_ENSEMBLE", "").strip() or "full"
    if kind not in get_args(EnsembleKind):
        raise BadRequest("An ensemble of language models is full or single", value=kind, cure="give one of the two")
    try:
        settings = read_settings(os.environ)
    except ModelError as error:
        raise BadRequest(error.rule, value=error.value or None, cause=error.cause, cure=error.cure) from None
    return Language(settings, "single" if kind == "single" else "full")
