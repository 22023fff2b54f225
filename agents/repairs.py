"""Which instruction may mend which finding, and whether a repaired candidate is better than before.

Round 1 takes the exact repairs, which cannot make anything else worse by much; round 2 writes anew what is left.
"""

from collections.abc import Iterable

from ripieno.agents.judges.craft import COSTS
from ripieno.agents.plan import Plan
from ripieno.agents.state import CandidateRecord, Repair
from ripieno.score.brief import Brief, Frozen
from ripieno.score.checks.finding import Finding
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from ripieno.tools.base import Instruction
from ripieno.tools.dynamics import ScaleVelocities
from ripieno.tools.make import Regenerate
from ripieno.tools.notes import LimitVoices, RangeFit, ThinOut
from ripieno.tools.registry import TOOLS
from ripieno.tools.scope import Scope

MAX_REPAIRS = 3  # per candidate and round: a bound on time, and on how far a repair may drift from the candidate
_MIN_BARS = 2  # a stretch written anew is long enough to be a thought

EXACT: dict[str, Instruction] = {
    "range.outside": RangeFit(),
    "playability.voices": LimitVoices(),
    "playability.speed": ThinOut(share=0.35),
    "register.masked_lead": ScaleVelocities(factor=0.82),
}
ANEW = frozenset(
    {
        "cadence.final_note",
        "clash.semitone",
        "groove.adrift",
        "melody.dissonance",
        "melody.leapy",
        "melody.no_climax",
        "melody.no_rest",
        "melody.off_key",
        "melody.one_note",
        "melody.static",
        "melody.stray_note",
        "melody.wide",
        "playability.hands",
        "playability.limbs",
        "repetition.pasted",
        "repetition.tune",
        "silence.bars",
        "silence.track",
        "voice.bass_above_tune",
        "voice.crossing",
        "voice.leading_note",
        "voice.leap",
        "voice.parallel_fifths",
        "voice.parallel_octaves",
    }
)


def weight(findings: Iterable[Finding]) -> float:
    """How much there is to find fault with; less is better."""
    return sum(COSTS[f.severity] for f in findings)


class Field(Frozen):
    """Where repairs may act: the tracks by id, each in these stretches of bars (first bar, bar after the last)."""

    spans: dict[str, tuple[tuple[int, int], ...]]

    def holds(self, scope: Scope) -> bool:
        """Whether a repair's scope, which names tracks and bars, lies within."""
        if scope.bars is None:
            return False
        first, end = scope.bars
        return all(any(a <= first and end <= b for a, b in self.spans.get(t, ())) for t in scope.tracks)


def written_anew(plan: Plan, before: Piece | None, after: Piece) -> Field | None:
    """What the inventive steps of an edit wrote, in the bars of `after`; None for a new piece, where all may be mended.

    Exact steps do what the person said and are never repaired. Tracks that came anew may be mended whole; where bars were
    moved or added only new tracks are.
    """
    inventive = [s.instruction for s in plan.steps if TOOLS[s.instruction.kind].generative]
    if before is None or any(i.kind == "compose" for i in inventive):
        return None
    old, now = {t.id for t in before.tracks}, {t.id: t.hash for t in after.tracks}
    spans: dict[str, tuple[tuple[int, int], ...]] = {
        t.id: ((0, after.bars),) for t in after.tracks if inventive and t.id not in old
    }
    for instruction in inventive:
        if instruction.moves_bars or instruction.new_tracks or instruction.removes_tracks or instruction.anew:
            continue
        for id_ in instruction.scope.track_ids(before):
            if id_ not in now or now[id_] == before.track(id_).hash:
                continue  # in scope, and left as it was: not for a repair to touch
            spans[id_] = (*spans.get(id_, ()), *instruction.scope.spans(before))
    return Field(spans=spans)


def repairs_for(
    record: CandidateRecord, brief: Brief, piece: Piece, round_: int, field: Field | None = None
) -> tuple[Repair, ...]:
    """The repairs of one round for one candidate within `field`, worst findings first, none that was tried before."""
    tried = {(r.rule, r.instruction.scope) for r in record.repairs}
    found: list[Repair] = []
    for finding in record.findings:
        scope = _scope(finding, piece, widen=round_ > 1)
        if (
            scope is None
            or (field is not None and not field.holds(scope))
            or (finding.rule, scope) in tried
            or any(r.instruction.scope == scope for r in found)
        ):
            continue
        instruction = _instruction(finding, scope, brief, round_, len(found))
        if instruction is not None:
            found.append(Repair.model_validate({"rule": finding.rule, "instruction": instruction}))
        if len(found) == MAX_REPAIRS:
            break
    return tuple(found)


def _instruction(finding: Finding, scope: Scope, brief: Brief, round_: int, attempt: int) -> Instruction | None:
    if round_ == 1 and finding.rule in EXACT:
        return EXACT[finding.rule].model_copy(update={"scope": scope})
    if round_ > 1 and finding.rule in ANEW and finding.severity != "advice":
        return Regenerate(scope=scope, brief=brief, attempt=attempt)
    return None


def _scope(finding: Finding, piece: Piece, *, widen: bool) -> Scope | None:
    """The finding's tracks and bars, held within the piece; widened to a stretch worth writing anew."""
    leads = {t.id for t in piece.tracks if t.role is Role.LEAD}
    known = {t.id for t in piece.tracks}
    tracks = tuple(t for t in finding.tracks if t in known)
    if len(tracks) > 1:  # between parts the tune stays and the other one yields
        tracks = tuple(t for t in tracks if t not in leads)[:1] or tracks[:1]
    first, end = max(0, finding.bars[0]), min(piece.bars, finding.bars[1])
    if not tracks or first >= end:
        return None
    if widen and end - first < _MIN_BARS:
        first = max(0, min(first, piece.bars - _MIN_BARS))
        end = min(piece.bars, first + _MIN_BARS)
    return Scope(tracks=tracks, bars=(first, end))
