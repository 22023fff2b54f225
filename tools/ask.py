"""Instructions that ask about the piece: describe, explain, analyse, compare, answer. They change nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.reading import Reading
from ripieno.score.brief import Frozen
from ripieno.score.diff import compare_pieces
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Role
from ripieno.score.piece import ChordSpan, Piece, Track
from ripieno.score.pitch import pitch_name
from ripieno.tools.base import Instruction, Tool
from ripieno.tools.functions import cadences, function_words, romans
from ripieno.tools.motifs import motif_table, opening_idea
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


def chords_of(piece: Piece) -> tuple[ChordSpan, ...]:
    """The piece's chords; heard in the notes where none are written."""
    return piece.chords or find_chords(Reading(piece))


def _describe(scope: Scope, piece: Piece) -> Answer:
    spans = scope.spans(piece)
    if not scope.timeless:
        first, end = spans[0][0], spans[-1][1]
        rows = {t.name: int(scope.note_mask(piece, t).sum()) for t in piece.tracks}
        playing = ", ".join(f"{name} ({n} notes)" for name, n in rows.items() if n) or "nobody"
        chords = _chord_words(piece, first, end)
        text = f"{_bars(first, end)} in {piece.key_at(first)}, {piece.timeline.metre_at(first)}: {playing}. Chords: {chords}."
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
        return Answer(text=f"No chords can be heard in {_bars(first, end).lower()}.")
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


# --- questions ----------------------------------------------------------------------------------------------------------------

_Fact = Callable[[str, Scope, Piece], "Answer | None"]


def _answer(instruction: AnswerQuestion, piece: Piece) -> Answer:
    question = " ".join(instruction.question.lower().split()).rstrip("?!. ")
    for pattern, fact in _FACTS:
        if re.search(pattern, question):
            found = fact(question, instruction.scope, piece)
            if found is not None:
                return found
    raise Retryable(
        "A question is about what stands in the piece", value=instruction.question,
        cure="ask for its key, tempo, metre, length, form, chords, cadences, the range or number of notes of a part, notes "
        "outside the scale, or who plays",
    )  # fmt: skip


def _first(scope: Scope, piece: Piece) -> int:
    return scope.spans(piece)[0][0]


def _place(scope: Scope, piece: Piece) -> str:
    if scope.timeless:
        return "the piece"
    spans = scope.spans(piece)
    return "/".join(scope.sections) if scope.sections else _bars(spans[0][0], spans[-1][1]).lower()


def _key(question: str, scope: Scope, piece: Piece) -> Answer:
    key = piece.key_at(_first(scope, piece))
    more = [k for k in piece.keys if k.bar] if scope.timeless else []
    then = "".join(f", from bar {k.bar + 1} {k.key}" for k in more)
    return Answer(text=f"{_capital(_place(scope, piece))} is in {key}{then}.", data={"key": str(key)})


def _tempo(question: str, scope: Scope, piece: Piece) -> Answer:
    bpm = piece.timeline.tempo_at(piece.timeline.bar_start(_first(scope, piece)))
    return Answer(text=f"{_capital(_place(scope, piece))} goes at {bpm:g} quarter notes a minute.", data={"bpm": bpm})


def _metre(question: str, scope: Scope, piece: Piece) -> Answer:
    metre = str(piece.timeline.metre_at(_first(scope, piece)))
    return Answer(text=f"{_capital(_place(scope, piece))} is in {metre}.", data={"metre": metre})


def _length(question: str, scope: Scope, piece: Piece) -> Answer:
    spans = scope.spans(piece)
    bars = sum(b - a for a, b in spans)
    line = piece.timeline
    seconds = sum(line.seconds(line.bar_start(b)) - line.seconds(line.bar_start(a)) for a, b in spans)
    text = f"{_capital(_place(scope, piece))} has {bars} bars and lasts {seconds:.0f} seconds."
    return Answer(text=text, data={"bars": bars, "seconds": round(seconds, 2)})


def _chords(question: str, scope: Scope, piece: Piece) -> Answer:
    first, end = scope.spans(piece)[0][0], scope.spans(piece)[-1][1]
    words = _chord_words(piece, first, end)
    return Answer(text=f"The chords of {_place(scope, piece)}: {words}.", data={"chords": words})


def _extreme(question: str, scope: Scope, piece: Piece) -> Answer | None:
    tracks = [piece.track(i) for i in scope.track_ids(piece) if not piece.track(i).is_drum]
    rows = []
    for track in tracks:
        inside = track.notes[scope.note_mask(piece, track)]
        rows += [(track, int(n["pitch"]), int(n["start"])) for n in inside]
    if not rows:
        return None
    high = re.search(r"high|top|upper", question) is not None
    track, pitch, start = (max if high else min)(rows, key=lambda r: r[1])
    bar = piece.timeline.bar_at(start) + 1
    name = pitch_name(pitch, piece.key_at(bar - 1).spell(pitch % 12))
    which = "highest" if high else "lowest"
    return Answer(
        text=f"The {which} note is {name}, {track.name}, bar {bar}.", data={"pitch": pitch, "track": track.id, "bar": bar}
    )


def _range(question: str, scope: Scope, piece: Piece) -> Answer:
    rows = {}
    for id_ in scope.track_ids(piece):
        track = piece.track(id_)
        pitch = track.notes["pitch"][scope.note_mask(piece, track)]
        if len(pitch) and not track.is_drum:
            rows[track.name] = (int(pitch.min()), int(pitch.max()))
    text = "; ".join(f"{name} from {pitch_name(a)} to {pitch_name(b)}" for name, (a, b) in rows.items()) or "no pitched notes"
    return Answer(text=f"{_capital(text)}.", data={"ranges": {n: list(r) for n, r in rows.items()}})


def _number(question: str, scope: Scope, piece: Piece) -> Answer:
    rows = {piece.track(i).name: int(scope.note_mask(piece, piece.track(i)).sum()) for i in scope.track_ids(piece)}
    text = ", ".join(f"{name} {n}" for name, n in rows.items())
    return Answer(text=f"Notes in {_place(scope, piece)}: {text}; {sum(rows.values())} in all.", data={"notes": rows})


def _players(question: str, scope: Scope, piece: Piece) -> Answer:
    rows = {t.name: t.instrument.name for t in piece.tracks if scope.note_mask(piece, t).any()}
    text = ", ".join(n if n.lower() == i.lower() else f"{n} ({i.lower()})" for n, i in rows.items()) or "nobody"
    return Answer(text=f"In {_place(scope, piece)} play: {text}.", data={"players": rows})


def _outside(question: str, scope: Scope, piece: Piece) -> Answer:
    rows = []
    for id_ in scope.track_ids(piece):
        track = piece.track(id_)
        for note in track.notes[scope.note_mask(piece, track)] if not track.is_drum else ():
            bar = piece.timeline.bar_at(int(note["start"]))
            key = piece.key_at(bar)
            if key.degree(int(note["pitch"]) % 12) is None:
                rows.append((track.name, bar + 1, pitch_name(int(note["pitch"]), key.spell(int(note["pitch"]) % 12))))
    told = "; ".join(f"{pitch} in bar {bar} ({name})" for name, bar, pitch in rows[:12])
    more = f" and {len(rows) - 12} more" if len(rows) > 12 else ""
    return Answer(text=f"Outside the scale: {told}{more}." if rows else "All notes lie in the scale.", data={"outside": rows})


def _form(question: str, scope: Scope, piece: Piece) -> Answer:
    rows = [(s.name, s.first_bar + 1, s.end_bar) for s in piece.sections]
    text = ", ".join(f"{name} (bars {a} to {b})" for name, a, b in rows) or f"one stretch of {piece.bars} bars"
    return Answer(text=f"The form: {text}.", data={"form": rows})


_FACTS: tuple[tuple[str, _Fact], ...] = (
    (r"outside (the )?(scale|key)|off key|chromatic|accidental|not in (the )?(scale|key)", _outside),
    (r"highest|lowest|top note|bottom note", _extreme),
    (r"\brange\b|how (high|low)|tessitura|compass", _range),
    (r"how many notes|number of notes", _number),
    (r"\bchords?\b|progression|harmony|changes", _chords),
    (r"\b(time signature|metre|meter)\b", _metre),
    (r"\b(tempo|bpm|how fast|speed)\b", _tempo),
    (r"\bkeys?\b|\bmode\b|major or minor|scale", _key),
    (r"how (long|many (bars|measures|seconds|minutes))|\b(length|duration)\b|bars (are|is|has)", _length),
    (r"\b(form|structure|sections?)\b", _form),
    (r"\b(who|which|what) (instruments?|tracks?|parts?|players?|plays?)|how many (tracks|instruments|parts)", _players),
)  # fmt: skip


def _chord_words(piece: Piece, first: int, end: int) -> str:
    rows: Mapping[int, list[str]] = _by_bar(piece)
    return " | ".join(" ".join(rows.get(bar, ["-"])) for bar in range(first, end))


def _by_bar(piece: Piece) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    for span in chords_of(piece):
        rows.setdefault(piece.timeline.bar_at(span.start), []).append(span.chord.symbol)
    return rows


def _bars(first: int, end: int) -> str:
    return f"Bar {end}" if end == first + 1 else f"Bars {first + 1} to {end}"


def _span(values: list[float]) -> str:
    return f"{min(values):g} and {max(values):g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


TOOLS: tuple[Tool, ...] = tuple(Tool(model, None) for model in (Describe, Explain, Analyse, Compare, AnswerQuestion))
