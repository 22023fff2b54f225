"""Prompts: text files in `templates/` with `{{variables}}`, rendered strictly.

A head says the version and the variables. A variable that is not given, given and not declared, declared and not used, or used
and not declared is an error: a prompt with a hole in it is never sent.
"""

import re
from functools import lru_cache
from importlib.resources import files

from ripieno.prompts.reading import BadText, cut

_VARIABLE = re.compile(r"\{\{([a-z_]+)\}\}")


def names() -> tuple[str, ...]:
    """The names of all prompts."""
    folder = files("ripieno.prompts").joinpath("templates")
    return tuple(sorted(f.name.removesuffix(".md") for f in folder.iterdir() if f.name.endswith(".md")))


@lru_cache(maxsize=64)
def _template(name: str) -> tuple[int, frozenset[str], str]:
    file = files("ripieno.prompts").joinpath("templates", f"{name}.md")
    if not file.is_file():
        raise BadText(f"there is no prompt {name!r}; there are: {', '.join(names())}")
    head, text = cut(file, ("version", "variables"))
    declared = frozenset(v.strip() for v in head["variables"].split(",")) - {"none"}
    used = frozenset(_VARIABLE.findall(text))
    if declared != used:
        raise BadText(f"{name}: declares {sorted(declared)} and uses {sorted(used)}")
    if "{{" in _VARIABLE.sub("", text) or "}}" in _VARIABLE.sub("", text):
        raise BadText(f"{name}: a variable is lower case letters between double braces")
    return int(head["version"]), declared, text


def version(name: str) -> int:
    """A prompt's version, raised whenever its meaning changes; the trace of a turn holds it."""
    return _template(name)[0]


def render(name: str, **variables: str) -> str:
    """The prompt with its variables put in. What is put in is not looked at again, whatever it holds.

    Raises:
        BadText: variables are missing or unknown, or the file breaks the form.
    """
    _, declared, text = _template(name)
    if set(variables) != declared:
        missing, unknown = sorted(declared - set(variables)), sorted(set(variables) - declared)
        raise BadText(f"{name}: missing {missing}, unknown {unknown}")
    return _VARIABLE.sub(lambda match: variables[match.group(1)], text)
