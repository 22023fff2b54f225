"""Writes `.links/ripieno/`, a folder of symlinks that shows type checkers the import name of the top-level folders.

An editable install maps `agents/` to `ripieno.agents` through an import hook that mypy and pyright cannot see
(setuptools #3518). The links are written from the same table in pyproject.toml that the build uses.
"""

import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders: dict[str, str] = table["tool"]["setuptools"]["package-dir"]
    face = ROOT / ".links" / "ripieno"
    shutil.rmtree(face, ignore_errors=True)
    face.mkdir(parents=True)
    for item in (ROOT / folders[""] / "ripieno").iterdir():
        if item.name != "__pycache__":
            (face / item.name).symlink_to(item)
    for package, folder in folders.items():
        if package.count(".") == 1:
            (face / package.split(".")[1]).symlink_to(ROOT / folder)


if __name__ == "__main__":
    main()
