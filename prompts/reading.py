"""How the text files of this room are cut: a head of `name: value` lines, an empty line, the text."""

from importlib.resources.abc import Traversable


class BadText(ValueError):
    """A file of this room, or what was to be put into it, breaks the rules. A mistake of ours, not of the person."""


def cut(file: Traversable, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """The head, which has exactly these names, and the text.

    Raises:
        BadText: the file is not of that form.
    """
    head, gap, text = file.read_text(encoding="utf-8").partition("\n\n")
    rows = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if not gap or not text.strip() or tuple(rows) != names:
        raise BadText(f"{file.name} begins with {', '.join(names)}, then an empty line, then text; it has {list(rows)}")
    return rows, text.strip()
