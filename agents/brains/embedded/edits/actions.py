"""What clauses ask for: the patterns of `lexicons/edit_actions.toml` with the functions that make instructions of them."""

import re
from collections.abc import Callable
from functools import lru_cache

from ripieno.agents.brains.embedded.edits import asking, making, pitching, shaping, timing
from ripieno.agents.brains.embedded.edits.clause import Clause, Data
from ripieno.agents.brains.embedded.lexicon import lexicon

Action = Callable[[Clause], "list[Data] | None"]
_ROOMS = {"asking": asking, "making": making, "shaping": shaping, "timing": timing, "pitching": pitching}


@lru_cache(maxsize=1)
def compiled_actions() -> tuple[tuple[re.Pattern[str], Action], ...]:
    """Patterns and actions in their order. An action that gives None lets the next one try."""
    found = []
    for row in lexicon("edit_actions")["action"]:
        room, _, name = row["does"].partition(".")
        found.append((re.compile(row["says"]), getattr(_ROOMS[room], name)))
    return tuple(found)
