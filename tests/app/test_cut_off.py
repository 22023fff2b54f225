"""A turn whose process is killed is done once and whole when it is taken up again, or cleanly gone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("cutting.py")


def run(*words: object) -> Any:
    """Runs the program; its findings."""
    command = [sys.executable, "-P", str(PROGRAM), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_turns_are_taken_up_again_or_cleanly_gone(tmp_path: Path) -> None:
    found = run(tmp_path, 18, 5)
    assert found["taken up again"] >= 6 and found.get("not killed", 0) <= 6 and found["versions"] >= 4, found


def test_a_full_disk_is_said_and_the_turn_is_taken_once_there_is_room(tmp_path: Path) -> None:
    found = run("full", tmp_path)
    assert len(found["refused"]) >= 2 and all("free some space" in message for message in found["refused"])
