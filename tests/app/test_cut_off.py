"""A turn whose process is killed is done once and whole when it is taken up again, or cleanly gone."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("cutting.py")


def test_killed_turns_are_taken_up_again_or_cleanly_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-P", str(PROGRAM), str(tmp_path), "18", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["taken up again"] >= 6 and found.get("not killed", 0) <= 6 and found["versions"] >= 4, found
