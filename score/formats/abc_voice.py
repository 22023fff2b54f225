"""The music code of one ABC voice, read note by note into bars; what is wrong is noted with its bar, and reading goes on.

Lengths are exact fractions of a whole note. Pitches are MIDI numbers as sounding, accidentals, key and transposition applied.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from ripieno.score.chords import Chord
from ripieno.score.errors import RipienoError, shorten
from ripieno.score.formats.abc_fields import (
    SHIFT,
    KeyField,
    default_unit,
    read_key,
    read_metre,
    read_tempo,
    read_unit,
    semitones,
)
from ripieno.score.formats.printed import DEFAULT_VELOCITY, Bar, Event, Head
from ripieno.score.pitch import STEP_PC
from ripieno.score.time import Metre

_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)")
_LENGTH = re.compile(r"(\d{0,5})(/*)(\d{0,5})")
_BAR = re.compile(r"\.?(:*)(\[\|+\]?|\|+\]?|)(:*)")
_ENDING = re.compile(r"\s*\[?\s*(\d{1,2}(?:[-,]\d{1,2})*)\.?(?=[\s\[(\"A-Ga-gzxZ{!^_=|]|$)")
_NAMED_ENDING = re.compile(r'\s*\["(\d{1,2}(?:[-,]\d{1,2})*)\.?"')
_TUPLET = re.compile(r"\((\d)(?::(\d*))?(?::(\d*))?")
_QUOTED = re.compile(r'"([^"]*)"')
_DECORATION = re.compile(r"!([^!|\s][^!|]*)!|\+([a-z][^+|\s]*)\+")
_INLINE = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
_REST = re.compile(r"[zxZX]")
_SHORTHAND = "~HMOPSTuvJR"
_DYNAMICS = {"pppp": 16, "ppp": 28, "pp": 40, "p": 54, "mp": 68, "mf": 80, "f": 96, "ff": 110, "fff": 120, "ffff": 127}
_JUMPS = {"D.C.": "capo", "dacapo": "capo", "D.S.": "segno", "dalsegno": "segno"}
_ACCENT, _LONGEST = 14, Fraction(64)
_MOST_RESTS = 999


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file: the voice, the bar (from 1; 0 before the first), what it is, and the text there."""

    voice: str
    bar: int
    words: str
    text: str = ""

    def __str__(self) -> str:
        place = f"voice {self.voice}, bar {self.bar}: " if self.bar else f"voice {self.voice}: " if self.voice else ""
        return place + self.words + (f" ({self.text})" if self.text else "")


class Voice:
    """One voice under reading: feed it lines of music code, then `close` it."""

    def __init__(self, name: str, key: KeyField, metre: Metre | None, unit: Fraction | None, faults: list[Fault]) -> None:
        self.name, self.faults = name, faults
        self.options: dict[str, str] = {}
        self.shorthand = set(_SHORTHAND)  # letters that stand for decorations
        self._shift = 0
        self.program: int | None = None
        self.channel: int | None = None
        self.bars: list[Bar] = []
        self.line_events: list[Event] = []  # the notes of the last line, for its words
        self.line_verses = 0
        self.count = 0  # events so far
        self._key, self._metre = key, metre
        self._unit = unit
        self._bar: Bar | None = None
        self._at = Fraction(0)
        self._signs: dict[tuple[str, int], int] = {}  # accidentals of this bar
        self._last: Event | None = None
        self._places: dict[tuple[str, int], int] = {}  # where the last event stands -> its sounding pitches
        self._ties: dict[tuple[str, int], int] = {}  # those of them that are tied on
        self._broken = Fraction(1)
        self._tuplet: tuple[int, Fraction] = (0, Fraction(1))
        self._graces: list[int] = []
        self._velocity = DEFAULT_VELOCITY
        self._accent = self._dot = False
        self._ending: frozenset[int] = frozenset()
        self._opens, self._part, self._loose = False, "", True
        self._segno = self._coda = False
        self._tempos: list[float] = []
        self._symbols: list[Chord] = []

    def start(self, key: KeyField, metre: Metre | None, unit: Fraction | None) -> None:
        """What holds where the music begins; the header may name a voice before it names the key."""
        self._key, self._metre, self._unit = key, metre, unit
        self.configure({**key.options, **self.options})

    def begin_line(self) -> None:
        """A new line of music: words below it are its own."""
        self.line_events, self.line_verses = [], 0

    @property
    def unit(self) -> Fraction:
        """The unit length, in whole notes."""
        return self._unit or default_unit(self._metre)

    @property
    def at_bar(self) -> int:
        """The number of the bar under reading, from 1."""
        return len(self.bars) + 1

    def fault(self, words: str, text: str = "") -> None:
        """Notes what is wrong at the present bar."""
        self.faults.append(Fault(self.name, self.at_bar, words, shorten(text, 40)))

    # --- fields ---------------------------------------------------------------------------------------------------------------

    def configure(self, options: dict[str, str]) -> None:
        """Takes the options of a `V:` or `K:` field: name, clef, transposition."""
        self.options.update(options)
        try:
            self._shift = semitones(self.options)
        except ValueError as error:
            self.fault(str(error))

    def set_field(self, name: str, value: str) -> None:
        """A field inside the music: it holds from here on."""
        try:
            if name == "K":
                key = read_key(value)
                self._key = key if key.named else self._key
                self.configure(key.options)
                if self._bar is not None and not self._bar.events:
                    self._bar.key = self._key.key
            elif name == "M":
                self._metre = read_metre(value)
                if self._bar is not None and not self._bar.events:
                    self._bar.metre = self._metre
            elif name == "L":
                self._unit = read_unit(value)
            elif name == "Q":
                bpm = read_tempo(value, self.unit)
                if bpm is not None:
                    self._tempos.append(bpm)
            elif name == "P":
                self._part = shorten(value, 60)
        except ValueError as error:
            self.fault(str(error))

    # --- music ----------------------------------------------------------------------------------------------------------------

    def read(self, text: str) -> None:
        """Reads a line, or a part of one."""
        place = 0
        while place < len(text):
            place = self._token(text, place)

    def _token(self, text: str, i: int) -> int:
        """Reads what stands at `i`; returns the place behind it."""
        c = text[i]
        if c in " \t`$y":
            return i + 1
        if c in "|:" or text.startswith(("[|", ".|"), i):
            return self._bar_line(text, i)
        if c == "[":
            return self._bracket(text, i)
        if c in "^_=ABCDEFGabcdefg":
            return self._note(text, i)
        if _REST.match(c):
            return self._rest(text, i)
        if c in "<>":
            return self._break(text, i)
        if c == "(":
            return self._open(text, i)
        if c == '"':
            return self._quoted(text, i)
        if c in "!+":
            return self._decorated(text, i)
        if c == "{":
            return self._grace(text, i)
        if c == "-":
            self._tie_all()
        elif c == ".":
            self._dot = not text.startswith(("-", "(", ")"), i + 1)  # a tie or a slur that is drawn dotted is one like others
        elif c == "&":
            self._overlay()
        elif c == "L":
            self._accent = True
        elif c not in "*)\\" and c not in self.shorthand:
            self.fault("this sign has no meaning here", text[i : i + 12])
        return i + 1

    def _open_bar(self) -> Bar:
        if self._bar is None:
            self._bar = Bar(self._metre, self._key.key, part=self._part, loose=self._loose, opens=self._opens,
                            endings=self._ending, segno=self._segno, coda=self._coda)  # fmt: skip
            self._opens = self._loose = self._segno = self._coda = False
            self._part = ""
        return self._bar

    def _place(self, event: Event) -> None:
        """Puts an event at the present place of the bar."""
        bar = self._open_bar()
        count, factor = self._tuplet
        scale = self._broken * (factor if count else 1)
        self._broken = Fraction(1)
        if count:
            self._tuplet = (count - 1, factor)
        event.onset = self._at
        event.length *= scale
        for head in event.heads:
            head.length *= scale
        bar.tempos += [(self._at, bpm) for bpm in self._tempos]
        bar.chords += [(self._at, chord) for chord in self._symbols[-1:]]
        self._tempos, self._symbols = [], []
        if event.heads:
            event.graces, self._graces = self._graces, []
            event.velocity = min(127, self._velocity + _ACCENT * self._accent)
            event.staccato = self._dot
            self._accent = self._dot = False
            self.line_events.append(event)
        event.bar = len(self.bars)
        self.count += 1
        bar.events.append(event)
        self._last = event
        self._at += event.length

    def _length(self, text: str, i: int) -> tuple[Fraction, int]:
        """A multiplier such as '2', '/', '3/2', '//', and the place behind it."""
        match = _LENGTH.match(text, i)
        assert match is not None  # every part may be empty
        top = int(match[1]) if match[1] else 1
        bottom = int(match[3]) if match[2] and match[3] else 2 ** min(len(match[2]), 8)
        end = match.end() if match[2] or not match[3] else match.end(1)
        if not top or not bottom or Fraction(top, bottom) * self.unit > _LONGEST:
            self.fault("this length cannot be", match[0])
            return Fraction(1), end
        return Fraction(top, bottom), end

    def _pitch(self, match: re.Match[str]) -> tuple[int, tuple[str, int]]:
        sign, letter, marks = match.groups()
        octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
        name = letter.upper()
        place = (name, octave)
        if sign:
            self._signs[place] = SHIFT[sign]
        if not sign and place in self._ties:
            return self._ties[place], place
        shift = self._signs.get(place, self._key.signs.get(name, 0))
        pitch = 12 * (octave + 1) + STEP_PC[name] + shift + self._shift
        if not 0 <= pitch <= 127:
            self.fault("this pitch lies outside what can be played", match[0])
            pitch = min(127, max(0, pitch))
        return pitch, place

    def _note(self, text: str, i: int) -> int:
        match = _NOTE.match(text, i)
        if not match:
            self.fault("an accidental without a note", text[i : i + 8])
            return i + 1
        pitch, place = self._pitch(match)
        length, end = self._length(text, match.end())
        length *= self.unit
        tied = text.startswith("-", end)
        self._settle_ties({place})
        self._place(Event(Fraction(0), length, [Head(pitch, length, tied)]))
        self._places = {place: pitch}
        if tied:
            self._ties[place] = pitch
        return end + tied

    def _settle_ties(self, places: set[tuple[str, int]]) -> None:
        """The ties that are open end at these places of the next event; any other led nowhere."""
        if any(place not in places for place in self._ties):
            self.fault("a tie leads to no note of the same pitch")
        self._ties = {}

    def _tie_all(self) -> None:
        """A tie behind a chord, or parted from its note: it holds for all heads of the last event."""
        if self._last is None or not self._last.heads:
            self.fault("a tie without a note before it")
            return
        for head in self._last.heads:
            head.tied = True
        self._ties = dict(self._places)

    def _rest(self, text: str, i: int) -> int:
        c = text[i]
        length, end = self._length(text, i + 1)
        self._ties = {}
        if c in "zx":
            self._place(Event(Fraction(0), length * self.unit))
            return end
        if self._metre is None or length.denominator != 1 or length > _MOST_RESTS or self._at:
            self.fault("rests of whole bars stand alone in a bar, where there is a metre", text[i:end])
            return end
        for number in range(int(length)):
            if number:
                self._end_bar()
            self._place(Event(Fraction(0), Fraction(self._metre.numerator, self._metre.denominator)))
        return end

    def _bracket(self, text: str, i: int) -> int:
        """What begins with '[': a chord, a field, an ending."""
        inline = _INLINE.match(text, i)
        if inline:
            self.set_field(inline[1], inline[2])
            return inline.end()
        ending = _ENDING.match(text, i) or _NAMED_ENDING.match(text, i)
        if ending:
            self._begin_ending(ending[1])
            return ending.end()
        close = text.find("]", i)
        line = text.find("|", i)
        if close < 0 or 0 <= line < close:
            self.fault("a chord that is not closed", text[i : i + 20])
            return line if line >= 0 else len(text)
        heads: list[Head] = []
        places: dict[tuple[str, int], int] = {}
        ties: dict[tuple[str, int], int] = {}
        j = i + 1
        while j < close:
            match = _NOTE.match(text, j)
            if not match:
                decoration = _DECORATION.match(text, j)
                if decoration:
                    j = decoration.end()
                    continue
                if text[j] not in " .(),-" and text[j] not in self.shorthand:
                    self.fault("no note of a chord", text[i : close + 1])
                j += 1
                continue
            pitch, place = self._pitch(match)
            length, j = self._length(text, match.end())
            tied = text.startswith("-", j)
            j += tied
            heads.append(Head(pitch, length * self.unit, tied))
            places[place] = pitch
            if tied:
                ties[place] = pitch
        outer, end = self._length(text, close + 1)
        if not heads:
            self.fault("a chord without notes", text[i : close + 1])
            return end
        for head in heads:
            head.length *= outer
        self._settle_ties(set(places))
        self._place(Event(Fraction(0), heads[0].length, heads))
        self._places, self._ties = places, ties
        return end

    def _break(self, text: str, i: int) -> int:
        """Broken rhythm: a dot for one neighbour, half the length (or less) for the other."""
        end = i
        while end < len(text) and text[end] == text[i]:
            end += 1
        short = Fraction(1, 2 ** min(end - i, 4))
        if self._last is None or self._bar is None:
            self.fault("a broken rhythm without a note before it", text[i:end])
            return end
        before = 2 - short if text[i] == ">" else short
        self._at += self._last.length * (before - 1)
        self._last.length *= before
        for head in self._last.heads:
            head.length *= before
        self._broken = 2 - before
        return end

    def _open(self, text: str, i: int) -> int:
        match = _TUPLET.match(text, i)
        if not match:
            return i + 1 + text.startswith((",", "'"), i + 1)  # a slur, maybe with the side on which it is drawn
        p = int(match[1])
        compound = self._metre is not None and self._metre.compound
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        q = int(match[2]) if match[2] else usual
        r = int(match[3]) if match[3] else p
        if p < 2 or not 0 < q < 100 or not 0 < r < 100:
            self.fault("no tuplet", match[0])
        else:
            self._tuplet = (r, Fraction(q, p))
        return match.end()

    def _quoted(self, text: str, i: int) -> int:
        match = _QUOTED.match(text, i)
        if not match:
            self.fault("a quotation that is not closed", text[i : i + 20])
            return len(text)
        words = match[1].strip()
        if words and words[0] not in "^_<>@":
            try:
                self._symbols.append(Chord.parse(re.sub(r"[();].*$", "", words.lstrip("(")) or words))
            except RipienoError:
                if words.upper() not in ("N.C.", "NC", "FINE", "D.C.", "D.S."):
                    self.fault("this is no chord symbol; words begin with ^ or _", match[0])
        return match.end()

    def _decorated(self, text: str, i: int) -> int:
        match = _DECORATION.match(text, i)
        if not match:
            return i + 1  # a line break of the old kind
        name = match[1] or match[2]
        if name in _DYNAMICS:
            self._velocity = _DYNAMICS[name]
        elif name in (">", "accent", "emphasis", "marcato", "^", "sfz"):
            self._accent = True
        elif name in ("staccato", "wedge"):
            self._dot = True
        elif name in ("segno", "coda"):
            if self._bar is not None:
                setattr(self._bar, name, True)
            elif name == "segno":
                self._segno = True
            else:
                self._coda = True
        elif name in _JUMPS:
            self._open_bar().back = _JUMPS[name]
        elif name in ("fine", "dacoda"):
            setattr(self._open_bar(), "fine" if name == "fine" else "to_coda", True)
        return match.end()

    def _grace(self, text: str, i: int) -> int:
        close = text.find("}", i)
        if close < 0:
            self.fault("grace notes that are not closed", text[i : i + 20])
            return len(text)
        held, self._ties = self._ties, {}
        self._graces = [self._pitch(m)[0] for m in _NOTE.finditer(text, i, close)]
        self._ties = held
        return close + 1

    def _overlay(self) -> None:
        """The bar once more, for a further layer of the voice."""
        bar = self._open_bar()
        bar.length = max(bar.length, self._at)
        self._at, self._last, self._ties = Fraction(0), None, {}

    def _bar_line(self, text: str, i: int) -> int:
        match = _BAR.match(text, i)
        assert match is not None  # every part may be empty
        close, line, opening = (match[1], match[2], match[3])
        if not line and len(close) < 2:
            self.fault("this sign has no meaning here", text[i : i + 8])
            return max(match.end(), i + 1)
        if not line:
            close, opening = close[1:], ":"
        strong = bool(close or opening) or len(line) > 1
        self._end_bar()
        if close and self.bars:
            self.bars[-1].times = max(self.bars[-1].times, len(close) + 1)
        if strong:
            self._loose = True
            if self.bars:
                self.bars[-1].loose = True
            if not opening or close:
                self._ending = frozenset()
        if opening:
            self._opens, self._ending = True, frozenset()
        ending = _ENDING.match(text, match.end()) or _NAMED_ENDING.match(text, match.end())
        if ending and (text[match.end()].isdigit() or "[" in ending[0]):
            self._begin_ending(ending[1])
            return ending.end()
        return match.end()

    def _begin_ending(self, numbers: str) -> None:
        found: set[int] = set()
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
        self._ending = frozenset(found)
        self._loose = True
        if self._bar is not None:
            self._bar.endings = self._ending
        if self.bars:
            self.bars[-1].loose = True

    def _end_bar(self) -> None:
        """Closes the bar under reading, if it holds anything."""
        if self._broken != 1:
            self.fault("a broken rhythm without a note behind it")
            self._broken = Fraction(1)
        if self._tuplet[0]:
            self.fault(f"a tuplet lacks {self._tuplet[0]} of its notes at the bar line")
            self._tuplet = (0, Fraction(1))
        bar = self._bar
        self._signs, self._last, self._at, at = {}, None, Fraction(0), self._at
        if bar is None:
            return
        bar.length = max(bar.length, at)
        self.bars.append(bar)
        self._bar = None

    def close(self) -> None:
        """Ends the voice. What still hangs (a tie, a tuplet) is a fault."""
        if self._ties:
            self.fault("a tie leads to no note")
        if self._graces:
            self.fault("grace notes without a note behind them")
        self._end_bar()
        if self.bars:
            self.bars[-1].loose = True
