"""Folders that appear whole or not at all: written beside their place under a hidden name, then renamed."""

import errno
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ripieno.score.errors import BadRequest


def slug(title: str) -> str:
    """A file name from a title: lower case, letters, digits and hyphens, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", title.replace("♭", "b").replace("♯", "#").replace("#", " sharp"))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    return "-".join(words)[:60].strip("-") or "piece"


@contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder inside `parent` to work in; gone at the end unless `settle` moved it.

    Raises:
        BadRequest: `parent` cannot be written, or the disk is full.
    """
    work: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".ripieno-", dir=parent))
        work.chmod(0o755)
        yield work
    except OSError as error:
        raise _explained(error, parent) from error
    finally:
        if work is not None and work.exists():
            shutil.rmtree(work, ignore_errors=True)


def settle(work: Path, parent: Path, name: str) -> Path:
    """Renames `work` to `parent/name`, or `name-2`, `name-3` where that is taken; gives the final path."""
    for number in range(1, 10_000):
        final = parent / (name if number == 1 else f"{name}-{number}")
        if final.exists():
            continue
        try:
            work.rename(final)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                continue  # somebody else took the name in between
            raise
        return final
    raise BadRequest("A folder for the piece can be named", value=parent / name, cure="choose another folder with --out")


def _explained(error: OSError, parent: Path) -> BadRequest:
    causes = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your disk quota is used up",
        errno.EACCES: "you may not write there",
        errno.EPERM: "you may not write there",
        errno.EROFS: "the file system is read-only",
        errno.ENOTDIR: "a part of the path is a file",
        errno.EEXIST: "a file of that name is in the way",
        errno.ENAMETOOLONG: "the path is too long",
    }
    return BadRequest(
        "The folder for the piece can be written",
        value=error.filename or parent,
        cause=causes.get(error.errno or 0, error.strerror or str(error)),
        cure="choose another folder with --out, or free some space; nothing was left behind",
    )
