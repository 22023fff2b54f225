"""What the environment says. It is read here, when a session begins, and nowhere else."""

import os
from pathlib import Path


def own_styles() -> Path | None:
    """The folder of the user's own style files: `RIPIENO_STYLES`, or None."""
    named = os.environ.get("RIPIENO_STYLES", "").strip()
    return Path(named).expanduser() if named else None
