"""What the environment says. It is read here, when a session begins, and nowhere else."""

import os
from pathlib import Path

from ripieno.score.errors import BadRequest


def own_styles() -> Path | None:
    """The folder of the user's own style files: `RIPIENO_STYLES`, or None."""
    named = os.environ.get("RIPIENO_STYLES", "").strip()
    return Path(named).expanduser() if named else None


def music_model() -> str:
    """Whether the music model writes candidates too: `RIPIENO_MUSIC_MODEL`, 'on' or a folder with weights; '' for no."""
    named = os.environ.get("RIPIENO_MUSIC_MODEL", "").strip()
    if named.lower() in ("off", "no", "0", "false"):
        return ""
    return "on" if named.lower() in ("on", "yes", "1", "true") else named


def home() -> Path:
    """The folder of what is remembered over all projects: `RIPIENO_HOME`, or `.ripieno` in the user's home folder."""
    named = os.environ.get("RIPIENO_HOME", "").strip()
    return Path(named).expanduser() if named else Path.home() / ".ripieno"


def stem_bytes() -> int:
    """How many bytes of rendered stems to keep in `home()/stems`: `RIPIENO_STEMS_MB`, 1,024 MB without it; 0 keeps none.

    Raises:
        BadRequest: it is no number of megabytes.
    """
    named = os.environ.get("RIPIENO_STEMS_MB", "").strip() or "1024"
    if not named.isdecimal():
        raise BadRequest("RIPIENO_STEMS_MB is a number of megabytes", value=named, cure="set it like 2048; 0 keeps none")
    return int(named) << 20


def remembers() -> bool:
    """Whether taste and pieces are remembered over projects: not with `RIPIENO_MEMORY=off`."""
    return os.environ.get("RIPIENO_MEMORY", "").strip().lower() not in ("off", "no", "0", "false")


def recall_index() -> str:
    """Where pieces are looked up: `RIPIENO_RECALL`, 'own' (usual) or 'chroma' (`pip install "ripieno[recall]"`)."""
    return os.environ.get("RIPIENO_RECALL", "").strip().lower() or "own"
