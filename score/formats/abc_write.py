"""ABC 2.1: the same notation as the other formats, as text that fits in a mail.

One ABC voice for each staff, and one more where a staff has second voices. Pitches are as sounding. Percussion stands on
General MIDI's keys, with `%%MIDI channel 10`. Modes that ABC has no name for are written with the signature's major key and
accidentals.
"""

import re
from collections.abc import Iterator

from ripieno.score.formats.grid import UNITS
from ripieno.score.formats.notation import notate
from ripieno.score.formats.paper import Event, Head, Measure, Notated, Part, Staff, Voice
from ripieno.score.keys import Key
from ripieno.score.piece import Piece
from ripieno.score.pitch import name_at_fifths, pitch_name

_EIGHTH = UNITS // 2  # ABC's unit length here, L:1/8
_BARS_A_LINE = 4
_MODES = {"major": "", "minor": "m", "dorian": "Dor", "phrygian": "Phr", "lydian": "Lyd", "mixolydian": "Mix", "locrian": "Loc"}
_CLEFS = {"percussion": "perc", "grand": "treble"}


def write_abc(piece: Piece) -> str:
    """A piece as ABC. Dynamics and the exact timing of a performance are not in it."""
    notated = notate(piece)
    first = notated.measures[0]
    assert first.metre is not None and first.key is not None  # every piece starts with both
    lines = ["X:1", f"T:{_plain(piece.title)}", f"M:{first.metre}", "L:1/8"]
    lines += [f"Q:1/4={_number(mark.bpm)}" for mark in first.tempos[:1]]
    voices = list(_voices(notated))
    lines.append("%%score " + _score_line(notated))
    lines += [f"V:{name} {head}" for name, head, *_ in voices]
    lines.append(f"K:{_key(first.key)}")
    for i, (name, _, part, staff, second) in enumerate(voices):
        lines.append(f"V:{name}")
        lines += [f"%%MIDI channel {10}"] if part.is_drum else [f"%%MIDI program {part.track.midi_program}"]
        if i:
            lines += _start(notated)
        lines += _music(notated, part, staff, second, leading=i == 0)
    return "\n".join(lines) + "\n"


def _voices(notated: Notated) -> Iterator[tuple[str, str, Part, Staff, bool]]:
    """(name, heading, part, staff, whether it is the staff's second voice) of each ABC voice."""
    for p, part in enumerate(notated.parts, 1):
        for s, staff in enumerate(part.staves):
            name = f"{p}{'abc'[s] if len(part.staves) > 1 else ''}"
            clef = _CLEFS.get(staff.clef, staff.clef)
            label = f' name="{_plain(part.name)}"' if s == 0 else ""
            yield name, f"clef={clef}{label}", part, staff, False
            if any(len(bar) > 1 for bar in staff.bars):
                yield f"{name}x", f"clef={clef}", part, staff, True


def _score_line(notated: Notated) -> str:
    """Which voices share a staff, and which staves a player reads together."""
    groups: dict[int, list[str]] = {}
    for name, _, part, _, second in _voices(notated):
        members = groups.setdefault(id(part), [])
        if second:
            members[-1] = f"({members[-1]} {name})"
        else:
            members.append(name)
    return " ".join("{" + " | ".join(m) + "}" if len(m) > 1 else m[0] for m in groups.values())


def _music(notated: Notated, part: Part, staff: Staff, second: bool, *, leading: bool) -> Iterator[str]:
    """Lines of bars. Sections and chord symbols stand in the leading voice, changes of metre and key in all."""
    row: list[str] = []
    words: list[str] = []
    key = notated.measures[0].key
    for measure, bar in zip(notated.measures, staff.bars, strict=True):
        key = measure.key or key
        assert key is not None
        fields = list(_fields(measure, leading))
        if row and (fields or len(row) == _BARS_A_LINE):
            yield from _line(row, words)
            row, words = [], []
        yield from fields
        row.append(_bar(measure, key, bar, part, second, leading))
        words += [] if second else [_syllable(e) for e in bar[0] if e.heads]
    yield from _line(row, words)


def _line(row: list[str], words: list[str]) -> Iterator[str]:
    """A line of bars, and the words under it, if any."""
    yield " ".join(row)
    if any(word != "*" for word in words):
        yield "w: " + " ".join(words)


def _syllable(event: Event) -> str:
    """What stands under a note: its syllable, with a hyphen where its word goes on, or a star."""
    if event.word is None:
        return "*"
    text = re.sub(r"[*_|~]", "", event.word.text).replace("-", "\\-").replace(" ", "~")
    return (_plain(text) or "*") + ("-" if event.word.goes_on else "")


def _start(notated: Notated) -> Iterator[str]:
    """The first metre and key again where they change later, for some readers keep those that the voice before ended in."""
    first, *later = notated.measures
    if any(m.metre is not None for m in later):
        yield f"M:{first.metre}"
    if first.key is not None and any(m.key is not None for m in later):
        yield f"K:{_key(first.key)}"


def _fields(measure: Measure, leading: bool) -> Iterator[str]:
    """What changes at a bar, as lines of their own, for not every reader minds fields inside a line."""
    if leading and measure.section:
        yield f"P:{_plain(measure.section)}"
    if measure.number > 1:
        if measure.metre is not None:
            yield f"M:{measure.metre}"
        if measure.key is not None:
            yield f"K:{_key(measure.key)}"
        if leading and measure.tempos:
            yield f"Q:1/4={_number(measure.tempos[0].bpm)}"


def _bar(measure: Measure, key: Key, bar: tuple[Voice, ...], part: Part, second: bool, leading: bool) -> str:
    if second and len(bar) < 2:
        return f"z{_length(measure.bar.length)} |"
    events = bar[1] if second else bar[0]
    symbols = _symbols(measure, events) if leading else {}
    text = ""
    signs = _Signs(key)
    for i, event in enumerate(events):
        if (i and not event.beams) or (event.beams and event.beams[0] == "begin"):
            text += " "
        text += symbols.get(i, "") + _tuplet(events, i) + _event(event, part, signs)
    return f"{text.strip()} |"


def _symbols(measure: Measure, events: tuple[Event, ...]) -> dict[int, str]:
    """Chord symbols by the index of the event that they stand over: the first that does not start before them."""
    found: dict[int, str] = {}
    for unit, chord in measure.chords:
        if chord is not None:
            index = next((i for i, e in enumerate(events) if e.start >= unit), len(events) - 1)
            found[index] = f'"{chord.symbol}"'
    return found


def _tuplet(events: tuple[Event, ...], i: int) -> str:
    if events[i].bracket not in ("start", "both"):
        return ""
    count = next((j for j, e in enumerate(events[i:]) if e.bracket in ("stop", "both")), 0) + 1
    return f"(3:2:{count}"


def _event(event: Event, part: Part, signs: "_Signs") -> str:
    length = _length(event.length * 3 // 2 if event.triplet else event.length)
    if not event.heads:
        return "z" + length  # not the invisible "x": some readers drop it, and with it its time
    ties = [h.tie_out and not part.is_drum for h in event.heads]
    tie = "-" if all(ties) else ""
    dot = "." if event.staccato else ""
    graces = "".join(_head(h, part.is_drum, signs) for h in event.graces)
    heads = [
        _head(h, part.is_drum, signs) + ("-" if tied and not tie else "")
        for h, tied in zip(event.heads, ties, strict=True)
    ]
    return (f"{{/{graces}}}" if graces else "") + dot + (f"[{''.join(heads)}]" if len(heads) > 1 else heads[0]) + length + tie


class _Signs:
    """Which accidentals are in force in a bar of one ABC voice. Unlike on paper, two voices of a staff count apart."""

    def __init__(self, key: Key) -> None:
        names = (name_at_fifths(place) for place in range(key.signature - 1, key.signature + 6))
        self._signature = {name[0]: name.count("#") - name.count("b") for name in names}
        self._in_force: dict[tuple[str, int], int] = {}

    def before(self, head: Head) -> str:
        """The sign that the note needs here; foreign to the key, it is repeated, as not every reader remembers it."""
        place, usual = (head.name[0], head.octave), self._signature[head.name[0]]
        if head.alter == usual and self._in_force.get(place, usual) == usual:
            return ""
        self._in_force[place] = head.alter
        return "^" * head.alter or "_" * -head.alter or "="


def _head(head: Head, percussion: bool, signs: _Signs) -> str:
    if percussion:
        name = pitch_name(head.pitch)
        letter, sign, octave = name[0], "^" if name[1] == "#" else "=", head.pitch // 12 - 1
    else:
        letter, sign, octave = head.name[0], signs.before(head), head.octave
    if octave >= 5:
        return sign + letter.lower() + "'" * (octave - 5)
    return sign + letter + "," * (4 - octave)


def _length(units: int) -> str:
    """A length as ABC writes it after a note, in eighths: '', '2', '3/2', '/2'."""
    whole, rest = divmod(units, _EIGHTH)
    if rest == 0:
        return "" if whole == 1 else str(whole)
    top, bottom = units, _EIGHTH
    while top % 2 == 0 and bottom % 2 == 0:
        top, bottom = top // 2, bottom // 2
    if top % 3 == 0 and bottom % 3 == 0:
        top, bottom = top // 3, bottom // 3
    return f"{'' if top == 1 else top}/{bottom}"


def _key(key: Key) -> str:
    if key.mode in _MODES:
        return key.tonic + _MODES[key.mode]
    return name_at_fifths(key.signature)


def _number(value: float) -> str:
    return f"{round(value)}"


def _plain(text: str) -> str:
    """Text without what would end a field or a quotation."""
    return " ".join(text.replace('"', "'").replace("%", "").split())
