"""Instructions that ask about the piece: describe, explain, analyse, compare, answer. They change nothing."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from ripieno.score.brief import Frozen
from ripieno.score.diff import compare_pieces
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece, Track
from ripieno.score.pitch import pitch_name
from ripieno.tools.base import Instruction, Tool
from ripieno.tools.functions import cadences, function_words, romans
from ripieno.tools.motifs import motif_table, opening_idea
from ripieno.tools.questions import answered, bars_named, chord_words, chords_of
from ripieno.tools.scope import Scope


class Answer(Frozen):
    """An answer: in words for a musician, and as plain data for programs."""

    text: str
    data: dict[str, Any] = Field(default_factory=dict)


class Describe(Instruction):
    """Says in a few sentences what the music in scope is: form, key, tempo, players, how it moves."""

    kind: Literal["describe"] = "describe"


class Explain(Instruction):
    """Says why: 'chords' what each chord does in its key, 'choices' why this candidate was chosen and how it was made."""

    kind: Literal["explain"] = "explain"
    what: Literal["chords", "choices"] = "chords"


class Analyse(Instruction):
    """Analyses the bars in scope: form, harmony, motifs, or all.

    'form' tells sections and lengths, 'harmony' Roman numerals for each bar and cadences, 'motifs' where the opening idea comes
    back and how it is changed.
    """

    kind: Literal["analyse"] = "analyse"
    what: Literal["form", "harmony", "motifs", "all"] = "all"


class Compare(Instruction):
    """Says what changed between another version and this one; without a version, the one before."""

    kind: Literal["compare"] = "compare"
    version: str | None = None


class AnswerQuestion(Instruction):
    """Answers a question about this piece from its notes: key, tempo, metre, length, chords, ranges, notes, players."""

    kind: Literal["answer"] = "answer"
    question: str = Field(min_length=1, max_length=500)


@dataclass(frozen=True)
class Subject:
    """What is asked about: the piece, another version to compare with (and what it is called), and how the piece was made."""

    piece: Piece
    other: Piece | None = None
    other_name: str = ""
    trail: tuple[str, ...] = ()


def answer_about(instruction: Instruction, subject: Subject) -> Answer:
    """The answer to an instruction of this family.

    Raises:
        Retryable: it is about something that the piece does not have.
    """
    match instruction:
        case Describe():
            return _describe(instruction.scope, subject.piece)
        case Explain(what="choices"):
            lines = subject.trail or ("Nothing is known of how this version was made; it may come from elsewhere.",)
            return Answer(text=" ".join(f"{line.rstrip('.')}." for line in lines), data={"trail": list(subject.trail)})
        case Explain():
            return _explain(instruction.scope, subject.piece)
        case Analyse():
            return _analyse(instruction, subject.piece)
        case Compare():
            return _compare(subject)
        case AnswerQuestion():
            return _answer(instruction, subject.piece)
        case _:
            raise TypeError(f"{instruction.kind!r} asks nothing")


def _describe(scope: Scope, piece: Piece) -> Answer:
    spans = scope.spans(piece)
    if not scope.timeless:
        first, end = spans[0][0], spans[-1][1]
        rows = {t.name: int(scope.note_mask(piece, t).sum()) for t in piece.tracks}
        playing = ", ".join(f"{name} ({n} notes)" for name, n in rows.items() if n) or "nobody"
        chords = chord_words(piece, first, end)
        place = f"{bars_named(first, end)} in {piece.key_at(first)}, {piece.timeline.metre_at(first)}"
        text = f"{place}: {playing}. Chords: {chords}."
        return Answer(text=text, data={"bars": [first + 1, end], "notes": rows})
    minutes, seconds = divmod(round(piece.seconds), 60)
    tempos = piece.timeline.tempos
    pace = f"at {tempos[0].bpm:g}" + (f", moving between {_span([t.bpm for t in tempos])}" if len(tempos) > 1 else "")
    form = ", ".join(f"{s.name} ({s.bars})" for s in piece.sections) or "one stretch"
    players = "; ".join(f"{t.name} {_player(t)}" for t in piece.tracks)
    keys = ", then ".join(str(k.key) for k in piece.keys)
    loud = _loudest(piece)
    text = (
        f"“{piece.title}” is {piece.bars} bars of {piece.timeline.metre_at(0)} in {keys}, {pace}, "
        f"{minutes}:{seconds:02d} long. "
        f"Form: {form}. Players: {players}." + (f" It is fullest in {loud}." if loud else "")
    )
    data = {"bars": piece.bars, "seconds": round(piece.seconds, 2), "form": [s.name for s in piece.sections]}
    return Answer(text=text, data=data)


def _player(track: Track) -> str:
    if not len(track.notes):
        return "is silent"
    muted = " (muted)" if track.mix.muted else ""
    if track.is_drum:
        return f"keeps time with {len(track.notes)} strokes{muted}"
    low, high = pitch_name(int(track.notes["pitch"].min())), pitch_name(int(track.notes["pitch"].max()))
    does = {Role.LEAD: "leads", Role.BASS: "is the bass", Role.PAD: "holds the harmony", Role.CHORDS: "plays the chords",
            Role.ARPEGGIO: "breaks the chords", Role.ANSWER: "answers", Role.COUNTERMELODY: "plays a second line",
            Role.RIFF: "plays a riff", Role.DRONE: "holds a drone"}.get(track.role, "plays")  # fmt: skip
    return f"{does} from {low} to {high}{muted}"


def _loudest(piece: Piece) -> str:
    best, name = 0.0, ""
    for section in piece.sections if len(piece.sections) > 1 else ():
        a, b = piece.timeline.bar_start(section.first_bar), piece.timeline.bar_start(section.end_bar)
        weight = sum(float(t.notes["velocity"][(t.notes["start"] >= a) & (t.notes["start"] < b)].sum()) for t in piece.tracks)
        if weight / section.bars > best:
            best, name = weight / section.bars, f"{section.name} (bar {section.first_bar + 1})"
    return name


def _explain(scope: Scope, piece: Piece) -> Answer:
    first, end = scope.spans(piece)[0][0], scope.spans(piece)[-1][1]
    a, b = piece.timeline.bar_start(first), piece.timeline.bar_start(end)
    spans = [c for c in chords_of(piece) if c.start < b and c.end > a]
    if not spans:
        return Answer(text=f"No chords can be heard in {bars_named(first, end).lower()}.")
    rows: dict[str, str] = {}
    for i, span in enumerate(spans):
        key = piece.key_at(piece.timeline.bar_at(span.start))
        following = spans[i + 1].chord if i + 1 < len(spans) else None
        words = function_words(span.chord, following, key)
        rows.setdefault(span.chord.symbol, words)
    key = piece.key_at(first)
    ends = cadences(piece, spans)
    text = f"In {key}: " + "; ".join(f"{symbol} {words}" for symbol, words in rows.items()) + "."
    if ends:
        text += " Cadences: " + "; ".join(f"{kind} in bar {bar + 1}" for bar, kind in ends) + "."
    return Answer(text=text, data={"chords": rows, "cadences": [[bar + 1, kind] for bar, kind in ends]})


def _analyse(instruction: Analyse, piece: Piece) -> Answer:
    parts: list[str] = []
    data: dict[str, Any] = {}
    first, end = instruction.scope.spans(piece)[0][0], instruction.scope.spans(piece)[-1][1]
    if instruction.what in ("form", "all"):
        rows = [[s.name, s.label, s.first_bar + 1, s.end_bar] for s in piece.sections]
        data["form"] = rows
        labels = " ".join(s.label or "?" for s in piece.sections)
        sizes = ", ".join(f"{s.name} bars {s.first_bar + 1} to {s.end_bar}" for s in piece.sections)
        parts.append(f"Form {labels}: {sizes}." if rows else f"The piece is one stretch of {piece.bars} bars.")
    if instruction.what in ("harmony", "all"):
        bars = romans(piece, chords_of(piece))
        data["harmony"] = {bar + 1: bars.get(bar, []) for bar in range(first, end)}
        parts.append("Harmony: " + " | ".join(" ".join(bars.get(bar, ["-"])) for bar in range(first, end)) + ".")
        ends = [(bar, kind) for bar, kind in cadences(piece, chords_of(piece)) if first <= bar < end]
        data["cadences"] = [[bar + 1, kind] for bar, kind in ends]
        if ends:
            parts.append("Cadences: " + "; ".join(f"{kind} in bar {bar + 1}" for bar, kind in ends) + ".")
    if instruction.what in ("motifs", "all"):
        idea = opening_idea(piece)
        rows_ = motif_table(piece) if idea else []
        data["motifs"] = [[bar + 1, how] for bar, how in rows_]
        if rows_:
            told = "; ".join(f"bar {bar + 1} {how}" for bar, how in rows_[:24])
            parts.append(f"The opening idea ({idea}) comes back: {told}.")
        else:
            parts.append("The opening idea does not come back." if idea else "There is no tune to find an idea in.")
    return Answer(text=" ".join(parts), data=data)


def _compare(subject: Subject) -> Answer:
    if subject.other is None:
        raise Retryable("Versions are compared with one another", cause="there is no version before this one",
                        cure="change something first, or name a version")  # fmt: skip
    lines = compare_pieces(subject.other, subject.piece).lines
    text = f"Against {subject.other_name}: " + ("; ".join(lines) if lines else "no difference") + "."
    return Answer(text=text, data={"changes": list(lines)})


def _answer(instruction: AnswerQuestion, piece: Piece) -> Answer:
    text, data = answered(instruction.question, instruction.scope, piece)
    return Answer(text=text, data=data)


def _span(values: list[float]) -> str:
    return f"{min(values):g} and {max(values):g}"


TOOLS: tuple[Tool, ...] = tuple(Tool(model, None) for model in (Describe, Explain, Analyse, Compare, AnswerQuestion))
