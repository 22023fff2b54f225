"""What a turn teaches of a person's taste: what they changed, said, locked, kept and took back. Never what Ripieno did itself.

Counted are changes that could be made again in another piece: how loud a player is, how much reverb he has, whether he plays
at all, which instrument takes the place of another, the pace and the density of the whole. A change of some bars is about
these bars, a change of everybody at once about the listener's loudspeakers: neither teaches anything.
"""

import re
from collections.abc import Iterator

from ripieno.agents.habits import subject
from ripieno.agents.plan import Step
from ripieno.agents.reporting import carried_out
from ripieno.agents.state import TurnState
from ripieno.memory.preferences import Observation
from ripieno.memory.store import Store
from ripieno.memory.user import FAULTS, UserMemory
from ripieno.score.brief import Brief, Origin
from ripieno.score.errors import Retryable
from ripieno.score.instruments import instrument, instruments
from ripieno.score.piece import Piece, Track
from ripieno.tools.dynamics import ScaleVelocities
from ripieno.tools.make import AddTrack
from ripieno.tools.registry import family
from ripieno.tools.tempo import ChangeTempo
from ripieno.tools.tracks import ChangeInstrument, RemoveTrack, SetMix
from ripieno.tools.turns import Keep

# Words by which a person speaks of all their pieces, not of this one.
_GENERAL = re.compile(
    r"\b(?:always|usually|generally|normally|in general|as a rule|never|from now on|every time|in future|"
    r"i (?:hate|prefer|love))\b",
    re.IGNORECASE,
)
_LEVEL = 70  # steps of a track's volume that a change of its velocities by all of their size would be
_HAND = 50  # turns that are looked back for what undo took back
_DENSITY = {"make_busier": "busier", "simplify": "sparser", "thin_out": "sparser"}


def learn(state: TurnState, user: UserMemory, store: Store, before: Piece | None) -> str:
    """Writes down what the turn teaches, once it is committed; gives a sentence where that failed, else ''.

    `before` is the music that the turn's instructions were carried out on.
    """
    try:
        _learn(state, user, store, before)
    except FAULTS as error:
        return f"What this turn says of your taste could not be written down: {getattr(error, 'message', error)}"
    return ""


def _learn(state: TurnState, user: UserMemory, store: Store, before: Piece | None) -> None:
    snapshot, turn = state["snapshot"], state["request"].turn
    if not state.get("agreed", True):
        return
    steps, seen = carried_out(state), tuple(lessons(state, before))
    if not seen and not user.has_taste:
        return
    project = store.version(1).id[:32]  # stays the same wherever the project is moved to
    move = snapshot.move
    if move is not None and move.kind in ("undo", "redo") and snapshot.head and snapshot.version:
        newer, older = (snapshot.head, snapshot.version) if move.kind == "undo" else (snapshot.version, snapshot.head)
        turns = _turns_between(store, newer, older)
        if move.kind == "undo":
            user.take_back(project, turns, disliked=not any(family(s.instruction.kind) != "turn" for s in steps))
        else:
            user.bring_back(project, turns)
    locked = {
        name
        for step in steps
        if isinstance(step.instruction, Keep) and before is not None and step.instruction.scope.whole
        for name in _subjects(step, before)
    }
    stayed = move is None and state["understanding"].intent == "edit"
    user.learn(project, turn, seen, stayed=stayed, locked=locked)


def _turns_between(store: Store, newer: str, older: str) -> list[str]:
    """The turns that led from one version to a later one; none where they are not of one line."""
    turns: list[str] = []
    version = store.version(newer)
    while version.id != older:
        turns.append(version.turn)
        if version.parent is None or len(turns) >= _HAND:
            return []
        version = store.version(version.parent)
    return turns


def lessons(state: TurnState, before: Piece | None) -> Iterator[Observation]:
    """What the person's own words of this turn say of their taste."""
    request = state["request"]
    how = "said" if _GENERAL.search(request.text) else "edited"
    if state["understanding"].intent == "compose":
        if how == "said":
            yield from _excluded(state["brief"], request.text)
        return
    for step in carried_out(state):
        if before is not None and step.by == "request":
            try:
                yield from _lesson(step, before, how)
            except Retryable:
                continue  # about a track that the same turn had just made


def _excluded(brief: Brief, words: str) -> Iterator[Observation]:
    if brief.excluded is None or brief.excluded.origin is not Origin.STATED:
        return
    for name in brief.excluded.value:
        if name in instruments():
            yield _presence(_player(name), "out", "said", words)


def _lesson(step: Step, before: Piece, how: str) -> Iterator[Observation]:
    instruction, scope, words = step.instruction, step.instruction.scope, step.why
    if not scope.whole or scope.drums:
        return
    match instruction:
        case ChangeTempo(gradual=False):
            factor = instruction.factor or (instruction.bpm or 0) / before.timeline.tempo_at(0)
            if abs(factor - 1) > 0.01:
                value = "slower" if factor < 1 else "faster"
                yield Observation("tempo", value, f"You usually want it {value}.", how, words, round(factor, 3))
        case AddTrack():
            yield _presence(_player(instruction.part.instrument), "in", how, words)
        case RemoveTrack():
            for name in _subjects(step, before):
                yield _presence(name, "out", how, words)
        case ChangeInstrument():
            for track in _tracks(step, before):
                old, new = (instrument(i).name.lower() for i in (track.instrument_id, instruction.instrument))
                if old != new:
                    said = f"You usually put a {new} in the place of a {old}."
                    yield Observation(f"{track.instrument_id}.instrument", instruction.instrument, said, how, words)
        case SetMix() | ScaleVelocities():
            yield from _mix(step, instruction, before, how)
        case _ if instruction.kind in _DENSITY and not scope.tracks:
            value = _DENSITY[instruction.kind]
            yield Observation("density", value, f"You usually want it {value}.", how, words)


def _mix(step: Step, instruction: SetMix | ScaleVelocities, before: Piece, how: str) -> Iterator[Observation]:
    tracks = _tracks(step, before)
    if len(tracks) == len(before.tracks):
        return
    amounts: dict[tuple[str, str], int] = {}
    for track in tracks:
        if isinstance(instruction, ScaleVelocities):
            amounts[subject(track), "volume"] = round(_LEVEL * (instruction.factor - 1))
            continue
        for matter, at, by, now in (("volume", instruction.volume, instruction.volume_by, track.mix.volume),
                                    ("reverb", instruction.reverb, instruction.reverb_by, track.mix.reverb)):  # fmt: skip
            amounts[subject(track), matter] = by if by is not None else at - now if at is not None else 0
    for (name, matter), by in amounts.items():
        if by:
            yield _level(name, matter, by, how, step.why)


def _level(name: str, matter: str, by: int, how: str, words: str) -> Observation:
    if matter == "volume":
        value = "lower" if by < 0 else "higher"
        said = f"You usually turn {_the(name)} {'down' if by < 0 else 'up'}."
    else:
        value = "less" if by < 0 else "more"
        said = f"You usually give {_the(name)} {value} reverb."
    return Observation(f"{name}.{matter}", value, said, how, words, by)


def _presence(name: str, value: str, how: str, words: str) -> Observation:
    said = f"You usually leave {_the(name)} out." if value == "out" else f"You usually add {_the(name)}."
    return Observation(f"{name}.presence", value, said, how, words)


def _player(id_: str) -> str:
    return "drums" if instrument(id_).is_drum else id_


def _the(name: str) -> str:
    return "the " + (name if name in ("drums", "bass") else instrument(name).name.lower())


def _tracks(step: Step, piece: Piece) -> list[Track]:
    wanted = set(step.instruction.scope.track_ids(piece))
    return [t for t in piece.tracks if t.id in wanted]


def _subjects(step: Step, piece: Piece) -> list[str]:
    return list(dict.fromkeys(subject(track) for track in _tracks(step, piece)))
