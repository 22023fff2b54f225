"""Questions of theory about a piece, answered from its notes and its table: a small grammar, honest about where it ends.

A question names a fact (key, chords, range...), and perhaps a place ('in bar 12', 'of the second chorus') and a part ('of the
violin'). What it names wins over the scope that the caller gives.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.reading import read
from ripieno.score.checks.finding import bar_list, list_words
from ripieno.score.checks.voice_leading import CHECKS as VOICE_CHECKS
from ripieno.score.chords import Chord
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.instruments import instruments
from ripieno.score.piece import ChordSpan, Notes, Piece, Track
from ripieno.score.pitch import pitch_name
from ripieno.tools.functions import cadences
from ripieno.tools.scope import Scope, section_words

Fact = tuple[str, dict[str, Any]]
_Finder = Callable[[str, Scope, Piece], "Fact | None"]
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "last": -1, "final": -1}
_ORDINALS |= {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6}
_LOUD = ((32, "very soft"), (56, "soft"), (72, "moderately soft"), (88, "moderately loud"), (104, "loud"), (128, "very loud"))
_SECTIONS = ("intro", "verse", "pre-chorus", "chorus", "refrain", "bridge", "outro", "coda", "breakdown", "drop", "solo")
_PLAIN_WORDS = frozenset({"keys", "key", "voice", "voices", "lead", "pad", "bell", "saw", "band", "triangle", "scale"})
_CAN = (
    "its key, tempo, metre, length, form, chords and cadences, the range, the notes or the number of notes of a part, the "
    "longest note, when a part comes in, how loud it is, parallel fifths, notes outside the scale, or who plays"
)


class NoSuchQuestion(Retryable):
    """The question is not about this piece's data."""


def answered(question: str, scope: Scope, piece: Piece) -> Fact:
    """The answer in words and as data.

    Raises:
        NoSuchQuestion: the question is none of those that the piece's data answer; the cure says which are.
        Retryable: it is about a place or a part that the piece does not have.
    """
    plain = " ".join(question.lower().replace("’", "'").split()).rstrip("?!. ")
    _known(plain, question, piece)
    place = scope_in(plain, piece, scope)
    for pattern, fact in _FACTS:
        if re.search(pattern, plain):
            found = fact(plain, place, piece)
            if found is not None:
                return found
    raise NoSuchQuestion("A question is about what stands in the piece", value=question, cure=f"ask for {_CAN}")


def _known(plain: str, question: str, piece: Piece) -> None:
    """Refuses what is asked about a section or a player that the piece does not have."""
    have = {w for s in piece.sections for w in section_words(s)}
    missing = [w for w in _SECTIONS if re.search(rf"\b{w}\b", plain) and not any(w in name for name in have)]
    if missing:
        form = ", ".join(dict.fromkeys(s.name for s in piece.sections)) or "not divided into sections"
        raise Retryable(
            "A section is one that the piece has", value=question, cause=f"the form of this piece is {form}",
            cure="name one of these, or give bars",
        )  # fmt: skip
    if _parts_in(plain, piece):
        return
    for match in re.finditer(r"\b(?:the|a|an) ([a-z]+(?: [a-z]+)?)\b", plain):
        words = match[1].split()
        for name in (match[1], words[0]):
            if name in _PLAIN_WORDS:
                break
            if any(name in row.names for row in instruments().values()):
                players = ", ".join(t.name for t in piece.tracks)
                raise Retryable(
                    "A part is one that the piece has", value=question, cause=f"it has {players}", cure="name one of these"
                )


def scope_in(question: str, piece: Piece, scope: Scope) -> Scope:
    """The scope that a question names; where it names no place or no part, those of `scope`."""
    told: dict[str, object] = {}
    bars = re.search(r"\b(?:bars?|measures?) (\d+)(?: ?(?:to|-|and|until|through) ?(\d+))?", question)
    edge = re.search(r"\b(first|last) (\d+) (?:bars|measures)", question)
    if bars:
        first, last = int(bars[1]), int(bars[2] or bars[1])
        told["bars"] = (first - 1, last)
    elif edge:
        told[f"{edge[1]}_bars"] = int(edge[2])
    else:
        names = sorted({w for s in piece.sections for w in section_words(s)}, key=len, reverse=True)
        for name in names:
            said = rf"\b{re.escape(name)}\b" if len(name) > 1 else rf"\b(?:section {name}|(?:the )?{name} (?:section|part))\b"
            match = re.search(rf"(?:\b({'|'.join(_ORDINALS)}) )?" + said + r"(?: (\d)\b)?", question)
            if match:
                told["sections"] = (name,)
                groups = [g for g in match.groups() if g]
                if groups:
                    told["nth"] = _ORDINALS.get(groups[0]) or int(groups[0])
                break
    parts = _parts_in(question, piece)
    if parts:
        told["tracks"] = parts
    if not told:
        return scope
    timely = {"bars", "first_bars", "last_bars", "sections"} & told.keys()
    kept = scope.model_dump(include={"tracks", "but_tracks", "drums"} if timely else None, exclude_defaults=True)
    if parts:
        kept.pop("tracks", None)
    return Scope(**{**kept, **told})


def _parts_in(question: str, piece: Piece) -> tuple[str, ...]:
    """Ids of the tracks whose name, instrument or role a question says, the longest name first."""
    for words in (_names, _roles):
        found: list[str] = []
        for track in piece.tracks:
            if any(re.search(rf"\b{re.escape(w)}s?\b", question) for w in words(track)):
                found.append(track.id)
        if found:
            return tuple(found)
    return ()


def _names(track: Track) -> set[str]:
    own = {track.name.lower(), track.instrument_id.replace("_", " "), track.instrument.name.lower(), *track.instrument.names}
    return {w for w in own if len(w) > 2}


def _roles(track: Track) -> set[str]:
    more = {"lead": {"melody", "tune"}, "chords": set(), "drums": {"drum"}, "bass": {"bassist"}}
    return ({str(track.role)} if track.role not in ("chords", "lead") else set()) | more.get(str(track.role), set())


# --- words ----------------------------------------------------------------------------------------------------------------


def chords_of(piece: Piece) -> tuple[ChordSpan, ...]:
    """The piece's chords; heard in the notes where none are written."""
    return piece.chords or find_chords(read(piece))


def chord_words(piece: Piece, first: int, end: int) -> str:
    """The chords of some bars, such as 'Dm | Gm A7 | %', with '%' for a bar in which the chord before goes on."""
    rows: Mapping[int, list[str]] = _by_bar(piece)
    opening = [c.chord.symbol for c in chords_of(piece) if piece.timeline.bar_at(c.start) < first]
    told = []
    for bar in range(first, end):
        alone = opening[-1] if opening and bar == first else "%"
        told.append(" ".join(rows.get(bar, [alone])))
    return " | ".join(told)


def _by_bar(piece: Piece) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    for span in chords_of(piece):
        rows.setdefault(piece.timeline.bar_at(span.start), []).append(span.chord.symbol)
    return rows


def bars_named(first: int, end: int) -> str:
    """'Bar 5' or 'Bars 5 to 8'."""
    return f"Bar {end}" if end == first + 1 else f"Bars {first + 1} to {end}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first(scope: Scope, piece: Piece) -> int:
    return scope.spans(piece)[0][0]


def _place(scope: Scope, piece: Piece) -> str:
    if scope.timeless:
        return "the piece"
    spans = scope.spans(piece)
    if scope.sections:
        name = scope.sections_meant(piece)[0].name
        called = f"the {name.lower()}" if len(name) > 2 else f"section {name}"
        return f"{called} ({bars_named(spans[0][0], spans[0][1]).lower()})" if len(spans) == 1 else called
    return bars_named(spans[0][0], spans[-1][1]).lower()


def _spelled(pitch: int, bar: int, piece: Piece) -> str:
    return pitch_name(pitch, piece.key_at(bar).spell(pitch % 12))


def _pitched(scope: Scope, piece: Piece) -> list[tuple[Track, Notes]]:
    tracks = [piece.track(i) for i in scope.track_ids(piece)]
    rows = [(t, t.notes[scope.note_mask(piece, t)]) for t in tracks if not t.is_drum]
    return [(t, n) for t, n in rows if len(n)]


# --- facts ----------------------------------------------------------------------------------------------------------------


def _key(question: str, scope: Scope, piece: Piece) -> Fact:
    key = piece.key_at(_first(scope, piece))
    more = [k for k in piece.keys if k.bar] if scope.timeless else []
    then = "".join(f", from bar {k.bar + 1} {k.key}" for k in more)
    return f"{_capital(_place(scope, piece))} is in {key}{then}.", {"key": str(key)}


def _tempo(question: str, scope: Scope, piece: Piece) -> Fact:
    bpm = piece.timeline.tempo_at(piece.timeline.bar_start(_first(scope, piece)))
    return f"{_capital(_place(scope, piece))} goes at {bpm:g} quarter notes a minute.", {"bpm": bpm}


def _metre(question: str, scope: Scope, piece: Piece) -> Fact:
    metre = str(piece.timeline.metre_at(_first(scope, piece)))
    asked = re.search(r"\b(\d{1,2}/\d{1,2})\b", question)
    answer = "" if asked is None else "Yes: " if asked[1] == metre else "No: "
    where = _place(scope, piece)
    return f"{answer or ''}{where if answer else _capital(where)} is in {metre}.", {"metre": metre}


def _length(question: str, scope: Scope, piece: Piece) -> Fact:
    spans = scope.spans(piece)
    bars = sum(b - a for a, b in spans)
    line = piece.timeline
    seconds = sum(line.seconds(line.bar_start(b)) - line.seconds(line.bar_start(a)) for a, b in spans)
    each = f", {len(spans)} times {spans[0][1] - spans[0][0]}" if len({b - a for a, b in spans}) == 1 and len(spans) > 1 else ""
    text = f"{_capital(_place(scope, piece))} has {bars} bars{each} and lasts {seconds:.0f} seconds."
    return text, {"bars": bars, "seconds": round(seconds, 2)}


def _times(question: str, scope: Scope, piece: Piece) -> Fact | None:
    if not scope.sections:
        return None
    found = scope.sections_meant(piece)
    where = "; ".join(bars_named(s.first_bar, s.end_bar).lower() for s in found)
    count = {1: "once", 2: "twice"}.get(len(found), f"{len(found)} times")
    return f"{_capital(found[0].name)} comes {count}: {where}.", {"times": len(found), "bars": [s.first_bar + 1 for s in found]}


def _chords(question: str, scope: Scope, piece: Piece) -> Fact:
    first, end = scope.spans(piece)[0][0], scope.spans(piece)[-1][1]
    words = chord_words(piece, first, end)
    return f"The chords of {_place(scope, piece)}: {words}.", {"chords": words}


def _nth_chord(question: str, scope: Scope, piece: Piece) -> Fact | None:
    match = re.search(rf"\b({'|'.join(_ORDINALS)}) chord\b", question)
    if not match:
        return None
    a = piece.timeline.bar_start(scope.spans(piece)[0][0])
    b = piece.timeline.bar_start(scope.spans(piece)[-1][1])
    here = [c for c in chords_of(piece) if c.start < b and c.end > a]
    place = _ORDINALS[match[1]]
    if not here or place > len(here):
        return f"There are {len(here)} chords in {_place(scope, piece)}.", {"chords": len(here)}
    span = here[place - 1 if place > 0 else -1]
    bar = piece.timeline.bar_at(span.start) + 1
    numeral = span.chord.roman(piece.key_at(bar - 1))
    return f"The {match[1]} chord of {_place(scope, piece)} is {span.chord.symbol} ({numeral}), in bar {bar}.", {
        "chord": span.chord.symbol, "roman": numeral, "bar": bar,
    }  # fmt: skip


def _count_chords(question: str, scope: Scope, piece: Piece) -> Fact:
    a, b = piece.timeline.bar_start(_first(scope, piece)), piece.timeline.bar_start(scope.spans(piece)[-1][1])
    here = [c.chord.symbol for c in chords_of(piece) if c.start < b and c.end > a]
    kinds = list(dict.fromkeys(here))
    text = f"{_capital(_place(scope, piece))} has {len(here)} chords, {len(kinds)} different ones: {', '.join(kinds)}."
    return text, {"chords": len(here), "different": kinds}


def _where_chord(question: str, scope: Scope, piece: Piece) -> Fact | None:
    wanted = None
    if re.search(r"\btonic chord\b", question):
        wanted = piece.key.tonic_pc
        name = "the tonic chord"
    else:
        match = re.search(r"\b(?:chord |is (?:an? |the )?|use (?:an? )?)([a-g][#b]?\S*)(?: chord)?\b", question)
        if match is None or "chord" not in question:
            return None
        try:
            chord = Chord.parse(match[1][:1].upper() + match[1][1:])
        except BadRequest:
            return None
        name = chord.symbol
    found = [
        piece.timeline.bar_at(c.start) for c in chords_of(piece)
        if (c.chord.root_pc == wanted if wanted is not None else c.chord.symbol == name)
    ]  # fmt: skip
    if not found:
        return f"{_capital(name)} does not occur.", {"bars": []}
    return f"{_capital(name)} begins in {bar_list(found, 12)}.", {"bars": [b + 1 for b in found]}


def _cadence(question: str, scope: Scope, piece: Piece) -> Fact:
    spans = scope.spans(piece)
    ends = [(bar, kind) for bar, kind in cadences(piece, chords_of(piece)) if any(a <= bar < b for a, b in spans)]
    if re.search(r"\bends?\b|\blast\b|\bfinal\b|\bclos", question):
        ends = ends[-1:]
    told = "; ".join(f"{kind} in bar {bar + 1}" for bar, kind in ends) or "no cadence at the ends of its sections"
    return f"{_capital(_place(scope, piece))}: {told}.", {"cadences": [[bar + 1, kind] for bar, kind in ends]}


def _extreme(question: str, scope: Scope, piece: Piece) -> Fact | None:
    rows = [(t, int(n["pitch"]), int(n["start"])) for t, notes in _pitched(scope, piece) for n in notes]
    if not rows:
        return None
    high = re.search(r"high|top|upper", question) is not None
    track, pitch, start = (max if high else min)(rows, key=lambda r: r[1])
    bar = piece.timeline.bar_at(start) + 1
    which = "highest" if high else "lowest"
    text = f"The {which} note is {_spelled(pitch, bar - 1, piece)}, {track.name}, bar {bar}."
    return text, {"pitch": pitch, "track": track.id, "bar": bar}


def _extent(question: str, scope: Scope, piece: Piece) -> Fact | None:
    rows = [(int(n["duration"]), t, int(n["pitch"]), int(n["start"])) for t, notes in _pitched(scope, piece) for n in notes]
    if not rows:
        return None
    longest = "long" in question
    length, track, pitch, start = (max if longest else min)(rows, key=lambda r: r[0])
    bar, quarters = piece.timeline.bar_at(start) + 1, length / piece.timeline.ppq
    text = (f"The {'longest' if longest else 'shortest'} note is {_spelled(pitch, bar - 1, piece)}, {track.name}, bar {bar}: "
            f"{quarters:.2g} quarter notes.")  # fmt: skip
    return text, {"pitch": pitch, "track": track.id, "bar": bar, "quarters": round(quarters, 3)}


def _range(question: str, scope: Scope, piece: Piece) -> Fact:
    rows = {t.name: (int(n["pitch"].min()), int(n["pitch"].max())) for t, n in _pitched(scope, piece)}
    text = "; ".join(f"{name} from {pitch_name(a)} to {pitch_name(b)}" for name, (a, b) in rows.items()) or "no pitched notes"
    return f"{_capital(text)}.", {"ranges": {n: list(r) for n, r in rows.items()}}


def _number(question: str, scope: Scope, piece: Piece) -> Fact:
    rows = {piece.track(i).name: int(scope.note_mask(piece, piece.track(i)).sum()) for i in scope.track_ids(piece)}
    text = ", ".join(f"{name} {n}" for name, n in rows.items())
    total = f"; {sum(rows.values())} in all" if len(rows) > 1 else ""
    return f"Notes in {_place(scope, piece)}: {text}{total}.", {"notes": rows}


def _notes(question: str, scope: Scope, piece: Piece) -> Fact | None:
    told: dict[str, list[str]] = {}
    for track, notes in _pitched(scope, piece):
        starts = notes["start"].tolist()
        told[track.name] = [_spelled(int(p), piece.timeline.bar_at(s), piece)
                            for s, p in zip(starts, notes["pitch"], strict=True)]  # fmt: skip
    if not told:
        return f"No pitched part plays in {_place(scope, piece)}.", {"notes": {}}
    if sum(map(len, told.values())) > 120:
        return None
    text = "; ".join(f"{name} plays {' '.join(row)}" for name, row in told.items())
    return f"In {_place(scope, piece)} {text}.", {"notes": told}


def _enters(question: str, scope: Scope, piece: Piece) -> Fact:
    rows: dict[str, int] = {}
    for id_ in scope.track_ids(piece):
        notes = piece.track(id_).notes[scope.note_mask(piece, piece.track(id_))]
        if len(notes):
            rows[piece.track(id_).name] = piece.timeline.bar_at(int(notes["start"][0])) + 1
    text = "; ".join(f"{name} comes in in bar {bar}" for name, bar in rows.items()) or "it does not play"
    return f"{_capital(text)}.", {"bars": rows}


def _plays(question: str, scope: Scope, piece: Piece) -> Fact | None:
    if not scope.tracks:
        return None
    rows = {piece.track(i).name: int(scope.note_mask(piece, piece.track(i)).sum()) for i in scope.track_ids(piece)}
    where = f" in {_place(scope, piece)}"
    words = [f"{name} plays{where} ({n} notes)" if n else f"{name} is silent{where}" for name, n in rows.items()]
    yes = "Yes" if all(rows.values()) else "No" if not any(rows.values()) else "In part"
    return f"{yes}: {'; '.join(words)}.", {"plays": {n: bool(k) for n, k in rows.items()}}


def _busiest(question: str, scope: Scope, piece: Piece) -> Fact | None:
    counts = np.zeros(piece.bars, int)
    for id_ in scope.track_ids(piece):
        track = piece.track(id_)
        for start in track.notes["start"][scope.note_mask(piece, track)].tolist():
            counts[min(piece.bars - 1, piece.timeline.bar_at(start))] += 1
    inside = [b for a, e in scope.spans(piece) for b in range(a, e)]
    fewest = re.search(r"fewest|least|emptiest|quietest", question) is not None
    bar = (min if fewest else max)(inside, key=lambda b: (counts[b], -b if not fewest else b))
    which, count = "fewest" if fewest else "most", int(counts[bar])
    return f"Bar {bar + 1} has the {which} notes: {count}.", {"bar": bar + 1, "notes": count}


def _loud(question: str, scope: Scope, piece: Piece) -> Fact | None:
    rows = [t.notes["velocity"][scope.note_mask(piece, t)] for t in map(piece.track, scope.track_ids(piece))]
    joined = np.concatenate(rows) if rows else np.zeros(0)
    if not len(joined):
        return None
    mean = float(joined.mean())
    word = next(w for limit, w in _LOUD if mean < limit)
    return f"{_capital(_place(scope, piece))} is {word}: velocity {mean:.0f} of 127 on average.", {"velocity": round(mean, 1)}


def _players(question: str, scope: Scope, piece: Piece) -> Fact:
    rows = {}
    for id_ in scope.track_ids(piece):
        track = piece.track(id_)
        if scope.note_mask(piece, track).any():
            rows[track.name] = track.instrument.name
    text = ", ".join(n if n.lower() == i.lower() else f"{n} ({i.lower()})" for n, i in rows.items()) or "nobody"
    many = f" ({len(rows)})" if "how many" in question else ""
    return f"In {_place(scope, piece)} play{many}: {text}.", {"players": rows}


def _leads(question: str, scope: Scope, piece: Piece) -> Fact | None:
    line = read(piece).lead
    if line is None:
        return None
    return f"{line.track.name} has the tune.", {"track": line.track.id}


def _outside(question: str, scope: Scope, piece: Piece) -> Fact:
    if re.search(r"\b(melody|tune|lead)\b", question) and not scope.tracks and read(piece).lead is not None:
        line = read(piece).lead
        scope = scope.model_copy(update={"tracks": (line.track.id,) if line else ()})
    rows: dict[tuple[str, int, str], int] = {}
    for track, notes in _pitched(scope, piece):
        for note in notes:
            bar = piece.timeline.bar_at(int(note["start"]))
            if piece.key_at(bar).degree(int(note["pitch"]) % 12) is None:
                place = (track.name, bar + 1, _spelled(int(note["pitch"]), bar, piece))
                rows[place] = rows.get(place, 0) + 1
    told = "; ".join(f"{pitch} in bar {bar} ({name})" for name, bar, pitch in list(rows)[:12])
    more = f" and {len(rows) - 12} more" if len(rows) > 12 else ""
    return f"Outside the scale: {told}{more}." if rows else "All notes lie in the scale.", {"outside": [list(r) for r in rows]}


def _parallels(question: str, scope: Scope, piece: Piece) -> Fact:
    reading = read(piece)
    found = [f for check in VOICE_CHECKS for f in check(reading, None) if "parallel" in f.rule]
    told = list_words([f.message for f in found], 6) if found else "There are none"
    return f"{told}.", {"findings": [f.message for f in found]}


def _form(question: str, scope: Scope, piece: Piece) -> Fact:
    rows = [(s.name, s.first_bar + 1, s.end_bar) for s in piece.sections]
    text = ", ".join(f"{name} (bars {a} to {b})" for name, a, b in rows) or f"one stretch of {piece.bars} bars"
    return f"The form: {text}.", {"form": rows}


_FACTS: tuple[tuple[str, _Finder], ...] = (
    (r"outside (of )?(the )?(scale|key)|off key|chromatic|accidental|not in (the )?(scale|key)", _outside),
    (r"parallel", _parallels),
    (r"cadence|how does .* end\b", _cadence),
    (r"(longest|shortest)( \w+)? note|longest held", _extent),
    (r"highest|lowest|top note|bottom note", _extreme),
    (r"(most|fewest|least) notes|busiest|emptiest", _busiest),
    (r"\brange\b|how (high|low)|tessitura|compass|ambitus", _range),
    (r"how many notes|number of notes", _number),
    (r"how many( different)? chords", _count_chords),
    (r"\b(first|second|third|fourth|fifth|sixth|last|final|\dst|\dnd|\drd|\dth) chord\b", _nth_chord),
    (r"where .*chord|which bars? .*chord|(is|are) there .*chord", _where_chord),
    (r"\bchords?\b|progression|harmony|\bchanges\b", _chords),
    (r"\b(time signature|metre|meter)\b|how many beats|\b\d{1,2}/\d{1,2}\b", _metre),
    (r"\b(tempo|bpm|how fast|how slow|speed)\b", _tempo),
    (r"\bkeys?\b|\bmode\b|major or minor|(in|is it|it's) (a )?(major|minor)|scale", _key),
    (r"how many times|how often", _times),
    (r"(when|where|which bar) .*(enter|come in|comes in|start|begin)", _enters),
    (r"how (long|many (bars|measures|seconds|minutes))|(longer|shorter) than|\b(length|duration)\b|bars (are|is|has)", _length),
    (r"how (loud|soft|quiet)|dynamics?\b|loudness", _loud),
    (r"(who|which \w+|what \w+) (has|have|plays?|carr\w+|leads?|sings?).*\b(melody|tune|lead)|who leads", _leads),
    (r"\b(form|structure|sections?)\b", _form),
    (r"^(does|do|is|are) .*(play|silent|there)", _plays),
    (r"(which|what) notes|what (does|do) .* play", _notes),
    (r"\b(who|which|what) (instruments?|tracks?|parts?|players?|plays?)|how many (tracks|instruments|parts|players)", _players),
)  # fmt: skip
