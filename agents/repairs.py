"""Which instruction may mend which finding, and whether a repaired candidate is better than before.

Round 1 takes the exact repairs, which cannot make anything else worse by much; round 2 writes anew what is left.
"""

from collections.abc import Iterable

from ripieno.agents.judges.craft import COSTS
from ripieno.agents.state import CandidateRecord, Repair
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from ripieno.tools.base import Instruction, Scope
from ripieno.tools.dynamics import ScaleVelocities
from ripieno.tools.make import Regenerate
from ripieno.tools.notes import LimitVoices, RangeFit, ThinOut

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
        "cadence.final_note", "clash.semitone", "groove.adrift", "melody.dissonance", "melody.leapy",
        "melody.no_climax", "melody.no_rest", "melody.off_key", "melody.one_note", "melody.static",
        "melody.stray_note", "melody.wide", "playability.hands", "playability.limbs", "repetition.pasted",
        "repetition.tune", "silence.bars", "silence.track", "voice.bass_above_tune", "voice.crossing",
        "voice.leading_note", "voice.leap", "voice.parallel_fifths", "voice.parallel_octaves",
    }
)  # fmt: skip


def weight(findings: Iterable[Finding]) -> float:
    """How much there is to find fault with; less is better."""
    return sum(COSTS[f.severity] for f in findings)


def repairs_for(record: CandidateRecord, brief: Brief, piece: Piece, round_: int) -> tuple[Repair, ...]:
    """The repairs of one round for one candidate, worst findings first, none that was tried before."""
    tried = {(r.rule, r.instruction.scope) for r in record.repairs}
    found: list[Repair] = []
    for finding in record.findings:
        scope = _scope(finding, piece, widen=round_ > 1)
        if scope is None or (finding.rule, scope) in tried or any(r.instruction.scope == scope for r in found):
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
