"""A user's own style, from a folder, without touching the code."""

import json
import os
import subprocess
import sys
from pathlib import Path

RIPIENO = str(Path(sys.executable).parent / "ripieno")
STYLES = Path(__file__).resolve().parents[2] / "generators" / "theory" / "styles"


def ripieno(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RIPIENO_STYLES": str(folder)}
    return subprocess.run([RIPIENO, *words], capture_output=True, text=True, env=environment)


def test_a_style_in_my_folder_is_composed_by_its_name(tmp_path: Path) -> None:
    mine = tmp_path / "styles"
    mine.mkdir()
    text = (STYLES / "waltz.toml").read_text(encoding="utf-8")
    lines = text.replace('id = "waltz"', 'id = "laendler"').replace('name = "Waltz"', 'name = "Laendler"').splitlines()
    kept = [('aliases = ["laendler", "alpine dance"]' if line.startswith("aliases") else line) for line in lines]
    (mine / "laendler.toml").write_text("\n".join(kept), encoding="utf-8")
    listed = json.loads(ripieno(mine, "styles", "--json").stdout)
    assert "laendler" in {s["id"] for s in listed}
    done = ripieno(mine, "compose", "a laendler in G, 16 bars", "--out", str(tmp_path), "--formats", "midi", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["report"]["style"] == "laendler"


def test_a_mistake_in_my_style_is_explained(tmp_path: Path) -> None:
    text = (STYLES / "waltz.toml").read_text(encoding="utf-8")
    (tmp_path / "bad.toml").write_text(text.replace("[harmony]", "[harmony]\ngramar = 3"), encoding="utf-8")
    done = ripieno(tmp_path, "styles", "--json")
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 2 and "bad.toml" in error["value"] and "gramar" in error["cause"]


def test_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    done = ripieno(tmp_path / "nowhere", "styles")
    assert done.returncode == 2 and "RIPIENO_STYLES" in done.stderr
