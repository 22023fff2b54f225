"""A `Plan`: atomic instructions and which of them must come before which."""

from typing import Literal

from pydantic import model_validator

from ripieno.score.brief import Frozen
from ripieno.tools.registry import AnyInstruction


class Step(Frozen):
    """One instruction of a plan, carried out after the steps named in `after`. `why` says what in the request asks for it.

    `by`: 'memory' where no request asks for it but what is known of this person's taste.
    """

    id: str
    instruction: AnyInstruction
    after: tuple[str, ...] = ()
    why: str = ""
    by: Literal["request", "memory"] = "request"


class Plan(Frozen):
    """Steps whose dependencies form no circle."""

    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> "Plan":
        ids = [s.id for s in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError("the ids of steps are unique")
        for step in self.steps:
            for before in step.after:
                if before not in ids:
                    raise ValueError(f"step {step.id!r} waits for {before!r}, which is not in the plan")
        self.ordered()
        return self

    def ordered(self) -> tuple[Step, ...]:
        """The steps in an order that respects `after`, otherwise as listed.

        Raises:
            ValueError: the dependencies form a circle.
        """
        done: list[Step] = []
        waiting = list(self.steps)
        while waiting:
            names = {s.id for s in done}
            ready = next((s for s in waiting if names.issuperset(s.after)), None)
            if ready is None:
                raise ValueError("steps wait for each other in a circle: " + ", ".join(s.id for s in waiting))
            done.append(ready)
            waiting.remove(ready)
        return tuple(done)
