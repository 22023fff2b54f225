"""The rooms of the house: who may import whom, which library lives where, and that packaging knows every room."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
ROOMS = {p.removeprefix("ripieno."): f for p, f in TABLE["package-dir"].items() if p.count(".") == 1}

# Which room may import which of ours; anything not listed is forbidden.
MAY_IMPORT: dict[str, set[str]] = {
    "score": set(),
    "prompts": set(),
    "llm": set(),
    "memory": {"score"},
    "generators": {"score", "prompts", "llm"},
    "tools": {"score", "generators"},
    "agents": {"score", "tools", "memory", "prompts", "llm"},
    "app": {"score", "prompts", "llm", "memory", "generators", "tools", "agents"},
}
# Which room a library lives in. Folders are matched from the start of the path.
LIVES_IN: dict[str, tuple[str, ...]] = {
    "langgraph": ("agents",),
    "openai": ("llm",),
    "sqlalchemy": ("memory",),
    "psycopg": ("memory",),
    "chromadb": ("memory",),
    "torch": ("generators",),
    "music21": ("score/formats",),
    "mido": ("score/formats",),
    "verovio": ("score/formats",),
    "resvg_py": ("score/formats",),
    "matplotlib": ("score/formats",),
    "soundfile": ("generators/audio",),
    "typer": ("app",),
    "rich": ("app",),
}
FILES = sorted(
    path for folder in {*ROOMS.values()} for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts
)


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at any depth, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; name the package"
            yield str(node.module), node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_respect_the_rooms(path: Path) -> None:
    relative = path.relative_to(ROOT)
    room = relative.parts[0]
    for module, line in imported(path):
        parts = module.split(".")
        if parts[0] == "ripieno" and len(parts) > 1:
            assert parts[1] == room or parts[1] in MAY_IMPORT[room], f"{relative}:{line} imports {module}"
        homes = LIVES_IN.get(parts[0])
        if homes is not None:
            assert any(str(relative).startswith(h) for h in homes), f"{relative}:{line}: {parts[0]} lives in {homes}"
        assert parts[0] != "pickle", f"{relative}:{line}: no pickle"


def test_packaging_lists_every_room() -> None:
    on_disk = {
        "ripieno." + str(p.parent.relative_to(ROOT)).replace("/", ".")
        for folder in ROOMS.values()
        for p in (ROOT / folder).rglob("__init__.py")
    }
    assert set(TABLE["packages"]) - {"ripieno"} == on_disk
    orphans = {p for p in FILES if not (p.parent / "__init__.py").exists()}
    assert not orphans


def test_package_data_lists_every_data_file() -> None:
    """A data file that no glob matches would be missing from the wheel."""
    listed: set[Path] = set()
    for package, globs in TABLE["package-data"].items():
        folder = (
            ROOT / "src" / "ripieno"
            if package == "ripieno"
            else ROOT / package.removeprefix("ripieno.").replace(".", "/")
        )
        for pattern in globs:
            listed.update(folder.glob(pattern))
    data = {
        p for folder in ROOMS.values() for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix not in {".py", ".pyc"}
    }  # fmt: skip
    assert data <= listed, sorted(str(p.relative_to(ROOT)) for p in data - listed)


def test_no_file_is_too_long() -> None:
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 600}
    assert not long


def test_nothing_shadows_the_import_name() -> None:
    assert not (ROOT / "ripieno").exists()
    assert not (ROOT / "conftest.py").exists()
