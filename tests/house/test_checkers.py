"""The static checkers pass on the whole house."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_ruff() -> None:
    done = subprocess.run([sys.executable, "-P", "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_strict() -> None:
    subprocess.run([sys.executable, "-P", str(ROOT / "scripts" / "link_packages.py")], check=True)
    done = subprocess.run([sys.executable, "-P", "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
