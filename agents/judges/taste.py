"""The judge of taste: which candidate is more like what this person usually asks for. A small voice, and only where it knows
something: without a habit about how full the music is it is not asked."""

from collections.abc import Iterable, Sequence

from ripieno.agents.habits import Habit
from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.score.brief import Brief, Origin
from ripieno.score.piece import Piece

_APART = 0.05  # shares of notes a bar by which candidates differ audibly


class TasteJudge:
    """Scores by notes a bar: 1 for the fullest, or for the sparsest, by `habit`; all alike where they hardly differ."""

    name = "taste"
    weight = 0.2

    def __init__(self, habit: Habit) -> None:
        self._habit = habit

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        counts = {c.id: sum(len(t.notes) for t in c.piece.tracks) / max(1, c.piece.bars) for c in candidates}
        low, high = min(counts.values()), max(counts.values())
        apart = high - low > _APART * max(high, 1)
        scores: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for id_, count in counts.items():
            place = (count - low) / (high - low) if apart else 0.5
            scores[id_] = place if self._habit.value == "busier" else 1 - place
            heard = f"{count:.0f} notes a bar"
            reasons[id_] = f"{heard}, where {self._habit.because}" if apart else f"{heard}, as the others"
        return ballot(self, scores, reasons)


def taste_judges(known: Iterable[Habit], brief: Brief) -> tuple[TasteJudge, ...]:
    """The judge, where there is a habit to go by and the request says nothing of density or rhythm."""
    stated = (brief.density, brief.rhythm_intensity, brief.texture)
    if any(each is not None and each.origin is not Origin.DEFAULT for each in stated):
        return ()
    return tuple(TasteJudge(habit) for habit in known if habit.about == "density" and habit.value in ("busier", "sparser"))
