"""The lines of an ABC file sorted: which field means what, which music belongs to which voice, which words to which notes."""

import re
from dataclasses import dataclass, field
from fractions import Fraction

from ripieno.score.errors import shorten
from ripieno.score.formats.abc_fields import KeyField, options_of, read_key, read_metre, read_tempo, read_unit
from ripieno.score.formats.abc_voice import Fault, Voice
from ripieno.score.formats.limits import Limits
from ripieno.score.keys import Key
from ripieno.score.time import Metre

_FIELD = re.compile(r"([A-Za-z+]):(?![|:])\s*(.*)$")
_SWITCH = re.compile(r"\[V:\s*([^\]]*)\]")
_COMMENT = re.compile(r"(?<!\\)%.*$")
_BLOCKS = ("begintext", "beginps", "beginsvg", "beginml")
_IN_MUSIC = "KMLQP"
_SYLLABLE = re.compile(r"[-_*|]|(?:\\-|[^\s\-_*|])+")
_VERSE = re.compile(r"^\d+\.\s*")
_NUMBER = re.compile(r"-?\d{1,3}")


@dataclass
class Tune:
    """One tune: header, voices in order of appearance, what was wrong in it."""

    titles: list[str] = field(default_factory=list)
    metre: Metre | None = None
    unit: Fraction | None = None
    tempo: float | None = None
    key: KeyField | None = None
    order: str = ""
    score: str = ""
    voices: dict[str, Voice] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    further: int = 0


class _Reader:
    """The state between lines."""

    def __init__(self, limits: Limits) -> None:
        self.tune = Tune()
        self.limits = limits
        self.voice: Voice | None = None
        self.body = False
        self.block = ""
        self.shorthand: set[str] = set()
        self.program: int | None = None
        self.channels: dict[int, int] = {}  # channel -> program, both as the directives count
        self.started: set[str] = set()
        self.gap = False  # whether an empty line came: what follows may be no music

    def line(self, raw: str) -> bool:
        """Reads a line; False where the tune ends."""
        text = raw.rstrip()
        if self.block:
            self.block = "" if text.startswith(("%%end" + self.block, "%%end")) else self.block
            return True
        if text.startswith("%%"):
            self._directive(text[2:].strip())
            return True
        text = _COMMENT.sub("", text).rstrip()
        if not text.strip():
            self.gap = self.gap or self.body
            return True
        found = _FIELD.match(text)
        if found and found[1] == "X" and (self.tune.key is not None or self.tune.titles):
            return False
        if found:
            self._field(found[1], found[2].strip())
        elif self.body and (not self.gap or "|" in text):
            self._music(text)
        elif not self.body and self.tune.titles:
            self._fault("music stands behind the field K:, which ends the header", text)
        return True

    def _fault(self, words: str, text: str = "") -> None:
        if self.voice is not None and self.body:
            self.voice.fault(words, text)
        else:
            self.tune.faults.append(Fault("", 0, words, shorten(text, 40)))

    # --- fields ---------------------------------------------------------------------------------------------------------------

    def _field(self, name: str, value: str) -> None:
        if name == "V":
            self._switch(value)
        elif name == "w":
            self._words(value)
        elif name == "U":
            self.shorthand |= set(value.partition("=")[0].strip()[:1])
        elif name == "I" and value.lower().startswith(("midi", "score", "staves")):
            self._directive(value)
        elif name == "m":
            self._fault("macros are not read", value)
        elif self.body and name in _IN_MUSIC:
            self._current().set_field(name, value)
        elif not self.body:
            self._header(name, value)

    def _header(self, name: str, value: str) -> None:
        tune = self.tune
        try:
            if name == "T":
                tune.titles.append(value)
            elif name == "M":
                tune.metre = read_metre(value)
            elif name == "L":
                tune.unit = read_unit(value)
            elif name == "Q":
                tune.tempo = read_tempo(value, tune.unit or Fraction(1, 4)) or tune.tempo
            elif name == "P":
                tune.order = value
            elif name == "K":
                self.body, tune.key = True, KeyField(Key("C"), {})
                tune.key = read_key(value)
        except ValueError as error:
            self._fault(str(error))

    def _directive(self, text: str) -> None:
        words = text.split()
        if not words:
            return
        name = words[0].lower()
        if name in _BLOCKS:
            self.block = name.removeprefix("begin")
        elif name in ("score", "staves"):
            self.tune.score = self.tune.score or text.partition(" ")[2]
        elif name == "midi" and len(words) > 2:
            self._midi(words[1].lower(), [int(w) for w in words[2:] if _NUMBER.fullmatch(w)])

    def _midi(self, what: str, numbers: list[int]) -> None:
        if what == "program" and numbers:
            program = min(127, max(0, numbers[min(1, len(numbers) - 1)]))
            if len(numbers) > 1:
                self.channels[numbers[0]] = program
            elif self.body and self.voice is not None:
                self.voice.program = program
            else:
                self.program = program
        elif what == "channel" and numbers and self.body:
            self._current().channel = numbers[0]
        elif what == "transpose" and numbers and self.body:
            self._current().configure({"transpose": str(numbers[0])})

    # --- voices ---------------------------------------------------------------------------------------------------------------

    def _switch(self, value: str) -> None:
        name, _, rest = value.strip().partition(" ")
        if not name:
            self._fault("a voice has a name, as in V:1")
            return
        voice = self._voice(shorten(name, 30))
        options = options_of(rest)
        if options:
            voice.configure(options)
        self.voice = voice

    def _voice(self, name: str) -> Voice:
        tune = self.tune
        if name not in tune.voices:
            self.limits.check("tracks", len(tune.voices) + 1)
            tune.voices[name] = Voice(name, tune.key or KeyField(Key("C"), {}), tune.metre, tune.unit, tune.faults)
            tune.voices[name].shorthand |= self.shorthand
        voice = tune.voices[name]
        if self.body and name not in self.started and tune.key is not None:
            self.started.add(name)
            voice.start(tune.key, tune.metre, tune.unit)
        return voice

    def _current(self) -> Voice:
        """The voice under hand; the first one, where the music begins without a name."""
        if self.voice is None or self.voice.name not in self.started:
            self.voice = self._voice(next(iter(self.tune.voices), "1"))
        return self.voice

    def _music(self, text: str) -> None:
        self.gap = False
        pieces = _SWITCH.split(text.rstrip("\\"))
        first = True
        for i, part in enumerate(pieces):
            if i % 2:
                self._switch(part)
                first = True
            elif part.strip():
                voice = self._current()
                if first:
                    voice.begin_line()
                voice.read(part)
                self.limits.check("bars", len(voice.bars))
                first = False
        self.limits.check("notes", sum(v.count for v in self.tune.voices.values()))

    # --- words ----------------------------------------------------------------------------------------------------------------

    def _words(self, text: str) -> None:
        """A verse below the last line of music: a syllable for each note."""
        if self.voice is None:
            return
        voice = self.voice
        voice.line_verses += 1
        for event, syllable in zip(voice.line_events, _syllables(text, [e.bar for e in voice.line_events]), strict=False):
            event.words += [""] * (voice.line_verses - 1 - len(event.words))
            event.words.append(syllable)


def _syllables(text: str, bars: list[int]) -> list[str]:
    """One syllable for each note ('' for none); `bars` is the bar of each. A hyphen behind a syllable stays with it."""
    out: list[str] = []
    for token in _SYLLABLE.findall(text):
        if token == "-":
            if out and out[-1] and not out[-1].endswith("-"):
                out[-1] += "-"
            else:
                out.append("")
        elif token in "_*":
            out.append("")
        elif token == "|":
            here = bars[len(out) - 1] if 0 < len(out) <= len(bars) else -1
            out += [""] * sum(1 for b in bars[len(out) :] if b == here)
        else:
            out.append(_VERSE.sub("", token.replace("~", " ").replace("\\-", "-")).strip())
    return out


def read_tune(text: str, limits: Limits) -> Tune:
    """The first tune of a file; how many follow is counted, for they are pieces of their own.

    Raises:
        BadFile: it exceeds the limits.
    """
    limits.check("size", len(text))
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader = _Reader(limits)
    for number, line in enumerate(lines):
        if not reader.line(line):
            reader.tune.further = sum(1 for rest in lines[number:] if re.match(r"X:", rest))
            break
    tune = reader.tune
    for index, voice in enumerate(tune.voices.values(), 1):
        voice.close()
        if voice.program is None:
            voice.program = reader.channels.get(voice.channel or index, reader.program)
    return tune
