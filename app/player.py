"""Plays a sound file with what the system has: a player command, or Windows' own. No library is needed for it."""

import shutil
import subprocess
import sys
from pathlib import Path

from ripieno.score.errors import MissingPart

# Each takes a WAV file as its last argument and ends with it.
PLAYERS: tuple[tuple[str, ...], ...] = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"),
    ("play", "-q"),
)


def player() -> tuple[str, ...] | None:
    """The command line of the first player found; None where there is none."""
    return next((p for p in PLAYERS if shutil.which(p[0])), None)


def play(file: Path) -> None:
    """Plays a WAV file to its end; Ctrl-C stops it.

    Raises:
        MissingPart: nothing here can play, or no audio device answers.
    """
    command = player()
    if command is None and sys.platform == "win32":
        import winsound

        winsound.PlaySound(str(file), winsound.SND_FILENAME)
        return
    if command is None:
        raise MissingPart(
            "Playing needs a player",
            cause="none of " + ", ".join(p[0] for p in PLAYERS) + " is installed",
            cure=f"install one, or open {file} yourself",
        )
    try:
        done = subprocess.run([*command, str(file)], check=False, capture_output=True, text=True)
    except KeyboardInterrupt:
        return
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise MissingPart(
            "Playing needs an audio device",
            value=command[0],
            cause=said[-1] if said else "the player failed",
            cure=f"open {file} yourself",
        )
