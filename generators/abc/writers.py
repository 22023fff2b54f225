"""The role agents: a leader sketches, a writer of the tune and an arranger work from the sketch, then harmony, bass and rhythm
write to the tune at once, and a reviewer mends what was measured. Each sees what it needs and no more.

After ComposerX (Deng et al., 2024: leader, melody, harmony, instrument, reviewer agents over ABC) and ByteComposer (Liang et
al., 2024: conception, draft, self-evaluation, aesthetic selection). What differs: notation is read strictly, bar by bar, while
it is written, findings are measured instead of asked for, and voices that don't depend on each other are written at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from ripieno.generators.abc.notation import Frame
from ripieno.generators.abc.sheets import (
    Arrangement,
    Review,
    Sketch,
    Voice,
    WholeScore,
    check_names,
    check_sketch,
    check_voice,
)
from ripieno.llm.client import Answered, Faulty, Question, Talk
from ripieno.llm.errors import ModelError
from ripieno.llm.messages import Message
from ripieno.prompts.library import render
from ripieno.score.brief import Brief
from ripieno.score.formats.percussion import drum
from ripieno.score.instruments import Instrument, Role
from ripieno.score.pitch import pitch_name

T = TypeVar("T", bound=BaseModel)
TUNE = frozenset({Role.LEAD})
_WRITERS = {
    Role.LEAD: "melody", Role.ANSWER: "melody", Role.COUNTERMELODY: "melody", Role.RIFF: "harmony", Role.CHORDS: "harmony",
    Role.ARPEGGIO: "harmony", Role.PAD: "harmony", Role.DRONE: "harmony", Role.BASS: "bass", Role.DRUMS: "rhythm",
    Role.PERCUSSION: "rhythm",
}  # fmt: skip
_KIT = (36, 38, 37, 42, 46, 44, 49, 51, 41, 45, 48, 39, 54, 56, 70)  # the keys of a kit that are told, General MIDI
_HEAT = 0.7  # temperature of those who invent


@dataclass(frozen=True)
class Desk:
    """A part to be written: its id, who plays, what it does."""

    id: str
    player: Instrument
    role: Role
    wish: str = ""

    @property
    def line(self) -> str:
        """The part in a line."""
        span = (
            "" if self.player.is_drum else f", {pitch_name(self.player.comfort_low)} to {pitch_name(self.player.comfort_high)}"
        )
        voices = f", up to {self.player.voices} notes at once" if self.player.voices > 1 and not self.player.is_drum else ""
        return f"{self.id}: {self.player.name}, {self.role}{span}{voices}{', ' + self.wish if self.wish else ''}"


@dataclass
class Ensemble:
    """The agents at work on one piece. `voices` are written bars by part, `silent` the parts that nobody could write."""

    talk: Talk
    brief: Brief
    frame: Frame
    desks: tuple[Desk, ...]
    knowledge: str = ""  # for those who plan

    def __post_init__(self) -> None:
        self.voices: dict[str, tuple[str, ...]] = {}
        self.silent: dict[str, str] = {}

    def write(self) -> Sketch:
        """All voices, by role.

        Raises:
            ModelError: there is no sketch, or no tune.
        """
        sketch = self.talk.ask(
            self._question("leader", Sketch, self._known(), lambda s: check_sketch(s, self.frame.bars))
        ).value
        first = [d for d in self.desks if d.role in TUNE] or list(self.desks[:1])
        rest = [d for d in self.desks if d not in first]
        arranger = self._question("arranger", Arrangement, f"{self._sketched(sketch)}\n{self._known()}", self._named)
        tune = [self._voice(d, sketch, "", ()) for d in first]
        asked: list[Question[Any]] = [*tune, *([arranger] if rest else [])]
        answers = self.talk.together(asked)
        lines, words = answers[: len(tune)], _directions(answers[len(tune) :])
        self._take(first, lines)
        for failed in lines:
            if isinstance(failed, ModelError):
                raise failed
        self._take(rest, self.talk.together([self._voice(d, sketch, words.get(d.id, ""), first) for d in rest]))
        return sketch

    def write_alone(self) -> Sketch:
        """All voices from one hand.

        Raises:
            ModelError: there is no valid score.
        """
        whole = self.talk.ask(self._question("single", WholeScore, self._known(), self._whole)).value
        self.voices = {part.part: part.bars for part in whole.parts}
        return whole.sketch

    def review(self, sketch: Sketch, findings: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The voices with the reviewer's corrections; they are read as strictly as the first writing.

        Raises:
            ModelError: there is no valid review.
        """
        marked = "\n".join(f"- {finding}" for finding in findings)
        music = "\n".join(self._shown(d) for d in self.desks if d.id in self.voices)
        user = f"{self._sketched(sketch)}\n{self._parts()}\nThe music, bar by bar:\n{music}\n\nMeasured faults:\n{marked}"
        answer = self.talk.ask(self._question("reviewer", Review, user, self._check_review)).value
        return self._mended(answer)

    # --- questions ------------------------------------------------------------------------------------------------------------

    def _question(self, role: str, answer: type[T], user: str, check: Callable[[T], None]) -> Question[T]:
        system = render("abc_rules", kit=kit_keys()) + "\n\n" + render(f"writer_{role}")
        messages = Message(role="system", content=system), Message(role="user", content=f"{self._wanted()}\n{user}")
        return Question(f"writer_{role}", messages, answer, check, temperature=_HEAT)

    def _voice(self, desk: Desk, sketch: Sketch, words: str, heard: Sequence[Desk]) -> Question[Voice]:
        lines = [self._sketched(sketch), f"Your part is {desk.line}.", f"The arranger says: {words}" if words else ""]
        lines += ["What you play to:", *(self._shown(d) for d in heard)] if heard else []
        lines.append(f"Write {self.frame.bars} bars.")
        user = "\n".join(line for line in lines if line)
        return self._question(_WRITERS[desk.role], Voice, user, lambda v: check_voice(v, desk.player, self.frame))

    def _wanted(self) -> str:
        brief = self.brief
        moods = f", {', '.join(brief.moods.value)}" if brief.moods else ""
        style = brief.style.value if brief.style else "free"
        tempo = f"{brief.tempo.value:g}" if brief.tempo else "120"
        form = f", form {brief.form.value.name}" if brief.form else ""
        return (
            f"The piece: style {style}{moods}, {self.frame.key.tonic} {self.frame.key.mode} (written with the signature of "
            f"{self.frame.signature} major), {self.frame.metre}, {tempo} quarter notes a minute, {self.frame.bars} bars{form}."
        )

    def _known(self) -> str:
        """The parts, after what is known about such music."""
        return f"What is known about such music:\n{self.knowledge}\n\n{self._parts()}" if self.knowledge else self._parts()

    def _parts(self) -> str:
        return "Parts:\n" + "\n".join(d.line for d in self.desks)

    def _sketched(self, sketch: Sketch) -> str:
        sections = ", ".join(f"{s.name} ({s.label or s.name}) {s.bars} bars energy {s.energy:.2g}" for s in sketch.sections)
        bars = " | ".join(sketch.chords)
        return f"Form: {sections}.\nChords: {bars}\nMotif: {sketch.motif}\nDirection: {sketch.direction}"

    def _shown(self, desk: Desk) -> str:
        return f"{desk.id}: " + " | ".join(f"{n}. {bar}" for n, bar in enumerate(self.voices[desk.id], 1))

    # --- answers --------------------------------------------------------------------------------------------------------------

    def _take(self, desks: Sequence[Desk], answers: Sequence[Answered[Voice] | ModelError]) -> None:
        for desk, answer in zip(desks, answers, strict=True):
            if isinstance(answer, ModelError):
                self.silent[desk.id] = answer.rule
            else:
                self.voices[desk.id] = answer.value.bars

    def _named(self, arrangement: Arrangement) -> None:
        check_names([d.part for d in arrangement.parts], [d.id for d in self.desks])

    def _whole(self, whole: WholeScore) -> None:
        check_sketch(whole.sketch, self.frame.bars)
        known = [d.id for d in self.desks]
        check_names([p.part for p in whole.parts], known)
        bars = {p.part: p.bars for p in whole.parts}
        if missing := [id_ for id_ in known if id_ not in bars]:
            raise Faulty(f"these parts are missing: {', '.join(missing)}")
        for desk in self.desks:
            check_voice(Voice(bars=bars[desk.id]), desk.player, self.frame)

    def _check_review(self, review: Review) -> None:
        self._mended(review)

    def _mended(self, review: Review) -> dict[str, tuple[str, ...]]:
        """Raises Faulty where a correction names what is not there or breaks a voice."""
        check_names([c.part for c in review.corrections], list(self.voices))
        changed = {id_: list(bars) for id_, bars in self.voices.items()}
        for correction in review.corrections:
            if correction.bar > self.frame.bars:
                raise Faulty(f"there is no bar {correction.bar}; the piece has {self.frame.bars}")
            changed[correction.part][correction.bar - 1] = correction.abc
        for desk in self.desks:
            if desk.id in changed:
                check_voice(Voice(bars=tuple(changed[desk.id])), desk.player, self.frame)
        return {id_: tuple(bars) for id_, bars in changed.items()}


def kit_keys() -> str:
    """How the pieces of a kit are written in ABC without a signature."""
    return "; ".join(f"{abc_pitch(key)} is {drum(key).name.lower()}" for key in _KIT)


def abc_pitch(pitch: int) -> str:
    """A pitch as ABC writes it without a signature: 60 is C, 72 c, 36 C,, with ^ for sharps."""
    name = pitch_name(pitch)
    octave = pitch // 12 - 1
    sign = "^" if name[1] == "#" else "_" if name[1] == "b" else ""
    return sign + (name[0].lower() + "'" * (octave - 5) if octave >= 5 else name[0] + "," * (4 - octave))


def _directions(answers: Sequence[Answered[Arrangement] | ModelError]) -> dict[str, str]:
    """The arranger's words by part; none where there was no arranger."""
    return {d.part: d.what for answer in answers if not isinstance(answer, ModelError) for d in answer.value.parts}
