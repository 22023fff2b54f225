"""Instructions about tempo."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ripieno.score.piece import Piece
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Tempo
from ripieno.tools.base import NOTHING, Instruction, Tool, exact


class ChangeTempo(Instruction):
    """Sets the tempo of the bars in scope to `bpm` quarter notes a minute, or to `factor` times what it is there.

    Afterwards the old tempo returns, unless the scope ends the piece. `gradual` moves in even steps, one each beat, from
    the tempo before the scope to the target at its end. Notes keep their places in bars and beats.
    """

    kind: Literal["change_tempo"] = "change_tempo"
    bpm: float | None = Field(default=None, ge=MIN_TEMPO, le=MAX_TEMPO)
    factor: float | None = Field(default=None, ge=0.1, le=10)
    gradual: bool = False
    frame: ClassVar[frozenset[str]] = frozenset({"tempos"})
    music: ClassVar[frozenset[str]] = NOTHING

    @model_validator(mode="after")
    def _one_target(self) -> "ChangeTempo":
        if (self.bpm is None) == (self.factor is None):
            raise ValueError("give either bpm or factor")
        return self


def _change_tempo(instruction: ChangeTempo, piece: Piece) -> Piece:
    timeline = piece.timeline
    tempos = {t.tick: t.bpm for t in timeline.tempos}
    for first_bar, end_bar in instruction.scope.spans(piece):
        first, end = timeline.bar_start(first_bar), timeline.bar_start(end_bar)
        after = timeline.tempo_at(end)

        def target(bpm: float) -> float:
            wanted = instruction.bpm if instruction.bpm is not None else bpm * (instruction.factor or 1.0)
            return round(min(MAX_TEMPO, max(MIN_TEMPO, wanted)), 3)

        if instruction.gradual:
            start = timeline.tempo_at(first)
            goal = target(start)
            tempos = {tick: bpm for tick, bpm in tempos.items() if not first < tick < end}
            beats = [
                timeline.bar_start(bar) + offset
                for bar in range(first_bar, end_bar)
                for offset, _ in timeline.metre_at(bar).beats(timeline.ppq)
            ]
            for i, tick in enumerate(beats):
                tempos[tick] = round(start + (goal - start) * (i + 1) / len(beats), 3)
        else:
            inner = {tick: bpm for tick, bpm in tempos.items() if first < tick < end}
            tempos[first] = target(timeline.tempo_at(first))
            tempos.update({tick: target(bpm) for tick, bpm in inner.items()})
        if end_bar < piece.bars:
            tempos[end] = after
    kept: list[Tempo] = []
    for tick in sorted(tempos):
        if not kept or kept[-1].bpm != tempos[tick]:
            kept.append(Tempo(tick, tempos[tick]))
    return replace(piece, timeline=replace(timeline, tempos=tuple(kept)))


TOOLS: tuple[Tool, ...] = (Tool(ChangeTempo, exact(_change_tempo)),)
