"""Instructions about turns and versions: undo, redo, going to a version, branches, keeping and releasing, adopting.

These change what lies under the hand, not notes; Memory carries them out, so they have no tool.
"""

from typing import Literal

from pydantic import Field

from ripieno.score.brief import Brief
from ripieno.tools.base import Instruction, Tool


class Undo(Instruction):
    """Takes back the last `turns` turns that changed something."""

    kind: Literal["undo"] = "undo"
    turns: int = Field(default=1, ge=1, le=10_000)


class Redo(Instruction):
    """Does `turns` turns again that were taken back."""

    kind: Literal["redo"] = "redo"
    turns: int = Field(default=1, ge=1, le=10_000)


class GoToVersion(Instruction):
    """Puts a version under the hand, by its number or id. All others stay."""

    kind: Literal["go_to_version"] = "go_to_version"
    version: str = Field(min_length=1, max_length=64)


class MakeBranch(Instruction):
    """Begins a branch of this name at the version under the hand; what follows happens there."""

    kind: Literal["make_branch"] = "make_branch"
    name: str = Field(min_length=1, max_length=80)


class SwitchBranch(Instruction):
    """Goes to the version on which a branch stands; what follows happens there."""

    kind: Literal["switch_branch"] = "switch_branch"
    name: str = Field(min_length=1, max_length=80)


class Keep(Instruction):
    """Locks the tracks and bars in scope: no later turn changes them until they are released."""

    kind: Literal["keep"] = "keep"


class Release(Instruction):
    """Unlocks what was kept and overlaps the scope; with an empty scope everything."""

    kind: Literal["release"] = "release"


class Adopt(Instruction):
    """Takes a piece from elsewhere, by its hash in the store, as the music under the hand: an import, or a hand edit.

    `intent` is what was found out about it, as a brief.
    """

    kind: Literal["adopt"] = "adopt"
    piece: str = Field(pattern=r"^[0-9a-f]{64}$")
    intent: Brief = Brief()


TOOLS: tuple[Tool, ...] = tuple(
    Tool(model, None) for model in (Undo, Redo, GoToVersion, MakeBranch, SwitchBranch, Keep, Release, Adopt)
)
