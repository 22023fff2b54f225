"""Habits: what is known of a person's taste, and what it does to a new piece where the request leaves it open.

A preference acts as a habit where it is sure enough and was seen in several projects, or was said. It touches only what nobody
stated and nothing implied: the default tempo, the players of the style, the place of a track in the mix, and, with a small
weight, the vote. Whatever acts is named in the report.
"""

import re
from collections.abc import Iterable, Mapping

from ripieno.agents.choices import default, revised, with_notice
from ripieno.agents.defaults import complete
from ripieno.agents.plan import Plan, Step
from ripieno.memory.preferences import Preference
from ripieno.score.brief import Brief, Frozen, Origin, PartRequest
from ripieno.score.instruments import Role, instrument, instruments
from ripieno.score.piece import Track
from ripieno.score.styles import StyleProfile
from ripieno.tools.scope import Scope
from ripieno.tools.tracks import SetMix

ACTS_FROM = 0.5  # weight
ACTS_IN = 3  # projects, unless it was said
_MOST_IN_MIX = 24  # of 127: a habit moves a level no further
_MOST_IN_TEMPO = 0.2  # and a tempo by no more than this share
# Words about loudness: where a request has any, it says itself how loud the players are to be.
_LOUDNESS = re.compile(
    r"\b(?:loud|quiet|soft|gentl|heav|pound|thunder|driv|boom|prominent|upfront|up front|front|back|subtl|faint|whisper|bold|"
    r"big(?! band)|huge|massive|powerful|punch|hard|light|delicate|volume|level|mix|balance|forte|dynamic)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\b(?:reverb|dry|wet|echo|hall|cathedral|spac|room|distant|close)", re.IGNORECASE)


class Habit(Frozen):
    """A preference that acts; the fields are those of `Preference`."""

    id: int
    about: str
    value: str
    statement: str
    weight: float
    times: int
    projects: int
    amount: float | None = None

    @property
    def subject(self) -> str:
        """Whom it is about: the part of the matter before the dot."""
        return self.about.partition(".")[0]

    @property
    def matter(self) -> str:
        """What it is about of the subject: the part after the dot."""
        return self.about.partition(".")[2]

    @property
    def because(self) -> str:
        """The preference and where it comes from, as the second half of a sentence."""
        times = "once" if self.times == 1 else f"{self.times} times"
        where = f" in {self.projects} projects" if self.projects > 1 else ""
        statement = self.statement[:1].lower() + self.statement[1:].rstrip(".")
        return f"{statement} (seen {times}{where}; `ripieno memory list` shows it as number {self.id})"


def habits(preferences: Iterable[Preference]) -> tuple[Habit, ...]:
    """The preferences that act, the surest first, one for each matter."""
    found: dict[str, Habit] = {}
    for row in preferences:
        said = any(e.how == "said" for e in row.evidence) or not row.evidence
        if row.weight >= ACTS_FROM and (row.projects >= ACTS_IN or said) and row.about not in found:
            fields = {name: getattr(row, name) for name in Habit.model_fields}
            found[row.about] = Habit(**fields)
    return tuple(found.values())


def subject(track: Track) -> str:
    """What a person calls a player: 'drums', 'bass', else the instrument's id."""
    return _subject(track.instrument_id, track.role)


def _subject(instrument_id: str, role: Role | None) -> str:
    if instrument(instrument_id).is_drum:
        return "drums"
    return "bass" if role is Role.BASS else instrument_id


# --- the brief -----------------------------------------------------------------------------------------------------------


def complete_by_habit(
    brief: Brief, known: Iterable[Habit], profiles: Mapping[str, StyleProfile], seed: int
) -> Brief:  # fmt: skip
    """`defaults.complete`, with habits where nobody said anything; each that acts leaves a notice.

    Raises:
        BadRequest: see `defaults.complete`.
    """
    made = complete(brief, profiles, seed)
    assert made.style is not None
    profile = profiles[made.style.value]
    rows = {habit.about: habit for habit in known}
    changed = brief
    if (slower := rows.get("tempo")) is not None:
        changed = _tempo(changed, made, slower, profile)
    if changed is not brief:
        made = complete(changed, profiles, seed)
    return _players(made, rows)


def _tempo(brief: Brief, made: Brief, habit: Habit, profile: StyleProfile) -> Brief:
    """The default tempo leant towards the habit, inside the style's own range; anything said about pace or time stands."""
    if made.tempo is None or made.tempo.origin is not Origin.DEFAULT or brief.duration or brief.duration_range:
        return brief
    factor = max(1 - _MOST_IN_TEMPO, min(1 + _MOST_IN_TEMPO, habit.amount or (0.9 if habit.value == "slower" else 1.1)))
    assert made.arousal is not None
    if made.arousal.origin is not Origin.DEFAULT and (made.arousal.value > 0) == (habit.value == "slower"):
        return brief  # "an energetic piece" says something about pace, too
    low, _, high = profile.tempo
    value = float(round(min(max(made.tempo.value * factor, low), high)))
    if (value < made.tempo.value) != (habit.value == "slower") or value == made.tempo.value:
        return brief
    leant = revised(brief, {"tempo": default(value, habit.because)})
    message = f"The tempo is {value:g} instead of {made.tempo.value:g}, because {habit.because}."
    return with_notice(leant, "preferences", message)


def _players(brief: Brief, rows: Mapping[str, Habit]) -> Brief:
    """Players that came from the style alone: another instrument in their place, or nobody, where a habit says so."""
    parts = list(brief.parts)
    for part in brief.parts:
        if part.origin is not Origin.DEFAULT:
            continue
        swap = rows.get(f"{part.instrument}.instrument")
        if swap is not None and _can_stand_in(part, swap.value, parts):
            parts[parts.index(part)] = part.model_copy(update={"instrument": swap.value})
            message = f"{_name(swap.value)} plays instead of {_name(part.instrument)}, because {swap.because}."
            brief = with_notice(brief, "preferences", message)
            continue
        out = rows.get(f"{_subject(part.instrument, part.role)}.presence")
        left = [p for p in parts if p is not part]
        if out is not None and out.value == "out" and part.role is not Role.LEAD and len(left) > 1:
            parts = left
            message = f"{_name(part.instrument)} is left out, because {out.because}."
            brief = with_notice(brief, "preferences", message)
    return revised(brief, {"parts": tuple(parts)}) if tuple(parts) != brief.parts else brief


def _can_stand_in(part: PartRequest, id_: str, parts: Iterable[PartRequest]) -> bool:
    row = instruments().get(id_)
    if row is None or any(p.instrument == id_ for p in parts):
        return False
    return row.is_drum == instrument(part.instrument).is_drum and part.role in row.roles


def _name(id_: str) -> str:
    return instrument(id_).name


# --- the plan ------------------------------------------------------------------------------------------------------------


def plan_by_habit(brief: Brief, known: Iterable[Habit], plan: Plan) -> Plan:
    """The plan of a new piece with the mix as this person usually has it.

    Nothing is added where the request says anything about loudness (or space), and no player alone is moved.
    """
    if not any(s.id == "compose" for s in plan.steps) or len(brief.parts) < 2:
        return plan
    steps = list(plan.steps)
    for habit in known:
        parts = [p for p in brief.parts if _subject(p.instrument, p.role) == habit.subject]
        if habit.matter not in ("volume", "reverb") or not parts or len(parts) == len(brief.parts):
            continue
        if _spoken_of(brief, habit.matter):
            continue
        by = max(-_MOST_IN_MIX, min(_MOST_IN_MIX, round(habit.amount or 0)))
        by = by or (-12 if habit.value in ("lower", "less") else 12)
        scope = Scope(tracks=tuple(dict.fromkeys(p.instrument for p in parts)))
        instruction = SetMix.model_validate({"scope": scope, f"{habit.matter}_by": by})
        steps.append(Step(id=f"habit{habit.id}", instruction=instruction, after=("compose",), why=habit.because, by="memory"))
    return Plan(steps=tuple(steps))


def _spoken_of(brief: Brief, matter: str) -> bool:
    if matter == "reverb":
        return bool(_SPACE.search(brief.text))
    stated = brief.dynamics is not None and brief.dynamics.origin is Origin.STATED
    return stated or bool(brief.dynamics_shape) or bool(_LOUDNESS.search(brief.text))
