"""What a brain is shown of the project when it reads the words of a turn."""

import json
from collections.abc import Sequence

from ripieno.agents.state import Consulted, Snapshot
from ripieno.agents.understanding import PastTurn, TurnContext, Understanding, VersionNote
from ripieno.memory.store import PastTurn as Row
from ripieno.memory.store import Store

DIALOGUE, VERSIONS = 2, 20  # how far back words may point


def turn_context(store: Store, snapshot: Snapshot, text: str, consulted: Sequence[Consulted]) -> TurnContext:
    """The context of a turn; `text` are its first words, `consulted` the questions that were answered since."""
    undo, redo = store.reach()
    return TurnContext(
        table=store.version(snapshot.version).table if snapshot.version else None,
        dialogue=tuple(_past_turn(store, row) for row in store.conversation(DIALOGUE)),
        versions=tuple(
            VersionNote(id=v.id, number=v.number, parent=v.parent, text=v.text, summary=v.summary)
            for v in reversed(store.log(VERSIONS))
        ),
        locks=snapshot.locks,
        branch=snapshot.branch,
        branches=tuple(store.branches()),
        can_undo=undo,
        can_redo=redo,
        preferences=tuple(habit.statement for habit in snapshot.habits),
        asked=(text, consulted[-1].question) if consulted else None,
    )


def _past_turn(store: Store, row: Row) -> PastTurn:
    understood = json.loads(store.trace(row.id)).get("understanding")
    asks = Understanding.model_validate(understood).asks if understood else ()
    made = row.after if row.after != row.before else None
    return PastTurn(turn=row.id, text=row.text, reply=row.reply, asks=asks, version=made)
