"""The turn family: undo, redo, go to a version, branches, keep and release, adopt. They change what lies under the hand; Memory
writes it down when the turn is committed."""

from dataclasses import dataclass

from ripieno.agents.state import Move, Snapshot
from ripieno.memory.store import Store, Version
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece
from ripieno.tools import turns
from ripieno.tools.base import Instruction
from ripieno.tools.locking import meet, pinned
from ripieno.tools.scope import Scope


@dataclass(frozen=True)
class Hand:
    """The store with what lies under the hand."""

    store: Store
    snapshot: Snapshot

    def take(self, instruction: Instruction) -> "Hand":
        """The hand after one instruction of the turn family.

        Raises:
            BadRequest: there is no such version or branch, or nothing to undo or to release.
        """
        match instruction:
            case turns.Undo(turns=count):
                return self._on(self.store.undo_target(count), Move(kind="undo", count=count))
            case turns.Redo(turns=count):
                return self._on(self.store.redo_target(count), Move(kind="redo", count=count))
            case turns.GoToVersion(version=name):
                version = self.store.version(name)
                return self._on(version, Move(kind="checkout", version=version.id))
            case turns.SwitchBranch(name=name):
                return self._on(self.store.version(self._branch(name)), Move(kind="switch", branch=name))
            case turns.MakeBranch(name=name):
                return self._fresh_branch(name)
            case turns.Keep():
                return self._locked((*self.snapshot.locks, pinned(instruction.scope, self._piece())))
            case turns.Release():
                return self._released(instruction.scope)
            case turns.Adopt(piece=piece):
                return self._with({"piece": piece})
            case _:
                raise TypeError(f"{instruction.kind!r} is none of the turn family")

    def _on(self, version: Version, move: Move) -> "Hand":
        locks = tuple(Scope.model_validate_json(lock) for lock in version.locks)
        return self._with({"version": version.id, "piece": version.piece, "locks": locks, "move": move})

    def _branch(self, name: str) -> str:
        branches = self.store.branches()
        if name not in branches:
            raise BadRequest(
                "A branch is one that the project has", value=name, cure="switch to one of: " + ", ".join(branches)
            )
        return branches[name]

    def _fresh_branch(self, name: str) -> "Hand":
        if name in self.store.branches():
            raise BadRequest(
                "A new branch has a new name",
                value=name,
                cause="a branch of that name is there",
                cure="choose another name, or switch to it",
            )
        return self._with({"branch": name, "move": Move(kind="branch", branch=name, version=self.snapshot.version)})

    def _locked(self, locks: tuple[Scope, ...]) -> "Hand":
        return self._with({"locks": tuple(dict.fromkeys(locks)), "relocked": True})

    def _released(self, scope: Scope) -> "Hand":
        locks = self.snapshot.locks
        if not locks:
            raise BadRequest(
                "Only what is kept can be released",
                cause="nothing of this piece is locked",
                cure="lock a track or section first: 'keep the melody as it is'",
            )
        if scope == Scope():
            return self._locked(())
        piece = self._piece()
        left = tuple(lock for lock in locks if not meet(scope, lock, piece))
        if len(left) == len(locks):
            raise BadRequest(
                "Only what is kept can be released",
                value=", ".join(scope.tracks + scope.sections),
                cause="that is not locked",
                cure="say 'unlock everything', or name what is locked",
            )
        return self._locked(left)

    def _piece(self) -> Piece:
        assert self.snapshot.piece is not None
        return self.store.piece(self.snapshot.piece)

    def _with(self, update: dict[str, object]) -> "Hand":
        return Hand(self.store, self.snapshot.model_copy(update=update))
