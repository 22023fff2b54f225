"""One part of a MusicXML score, read bar by bar (`printed.Bar`). What is damaged is passed over.

Read: notes in any number of voices and staves, chords, ties, grace notes, tuplets (through their durations), transposing
instruments, unpitched notes, staccato and accents, dynamics, words to sing, key, metre, tempo, chord symbols, rehearsal marks,
repeats, endings, jumps. Passed over: slurs, hairpins, ornaments, small (cue) notes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree import ElementTree as ET

from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.errors import RipienoError, shorten
from ripieno.score.formats.harmony_xml import KINDS
from ripieno.score.formats.percussion import by_place
from ripieno.score.formats.printed import DEFAULT_VELOCITY, Bar, Event, Head
from ripieno.score.keys import MODE_NAMES, MODES, Key
from ripieno.score.pitch import STEP_PC, name_at_fifths
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Metre

_DYNAMICS = {"pppp": 16, "ppp": 28, "pp": 40, "p": 54, "mp": 68, "mf": 80, "f": 96, "ff": 110, "fff": 120, "ffff": 127,
             "sf": 110, "sfz": 110, "fz": 110, "fp": 54, "sfp": 54, "rf": 96, "rfz": 96}  # fmt: skip
_VALUES = {"long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}  # quarters
_KIND_QUALITY = {kind: quality for quality, kind in KINDS.items()} | {"dominant-seventh": "7", "augmented": "aug"}
_FULL = Fraction(90)  # the velocity that MusicXML's percentages of loudness count from
_ACCENT = 14
_MOST_DIVISIONS = 1_000_000
_LONGEST_BAR = Fraction(64)


@dataclass
class PartReader:
    """The state of a part from bar to bar; `drums` gives the key number of each percussion instrument's id."""

    drums: dict[str, int] = field(default_factory=dict)
    unpitched: bool = False
    divisions: int = 1
    metre: Metre | None = field(default_factory=Metre)
    key: Key | None = None
    transpose: int = 0
    velocity: int = DEFAULT_VELOCITY
    ending: frozenset[int] = frozenset()
    at: Fraction = Fraction(0)
    bar: Bar = field(default_factory=Bar)
    latest: dict[str, Event] = field(default_factory=dict)  # by voice: the event that a chord's next note joins
    graces: dict[str, list[int]] = field(default_factory=dict)
    loudness: list[tuple[Fraction, int]] = field(default_factory=list)

    def read(self, measure: ET.Element) -> Bar:
        """The next bar."""
        self.at, self.bar = Fraction(0), Bar(self.metre, self.key, endings=self.ending)
        self.latest, self.loudness = {}, [(Fraction(0), self.velocity)]
        sounding: list[Event] = []
        for element in measure:
            reader = _READERS.get(element.tag)
            if reader is not None:
                reader(self, element)
        self.loudness.sort(key=lambda x: x[0])
        for event in sorted(self.bar.events, key=lambda e: e.onset):
            if event.heads:
                said = [v for at, v in self.loudness if at <= event.onset][-1]
                event.velocity = min(127, max(1, event.velocity + said))  # what the note adds to what holds
                sounding.append(event)
        self.velocity = self.loudness[-1][1]
        self.bar.events = sounding
        return self.bar

    # --- time -----------------------------------------------------------------------------------------------------------------

    def length(self, element: ET.Element) -> Fraction:
        """The element's duration in whole notes, 0 where it has none."""
        number = number_of(element.findtext("duration"), 0.0)
        if not 0 < number < _MOST_DIVISIONS:
            return Fraction(0)
        return min(_LONGEST_BAR, Fraction(number).limit_denominator(1000) / (4 * self.divisions))

    def move(self, by: Fraction) -> None:
        """Goes on in the bar, or back."""
        self.at = max(Fraction(0), min(self.at + by, _LONGEST_BAR))
        self.bar.length = max(self.bar.length, self.at)

    def attributes(self, element: ET.Element) -> None:
        """Divisions, key, metre, transposition."""
        self.divisions = int(min(_MOST_DIVISIONS, max(1, number_of(element.findtext("divisions"), self.divisions))))
        key = element.find("key")
        if key is not None:
            self.key = _key(key) or self.key
            if not self.bar.events:
                self.bar.key = self.key
        time = element.find("time")
        if time is not None:
            self.metre = None if time.find("senza-misura") is not None else _metre(time) or self.metre
            if not self.bar.events:
                self.bar.metre = self.metre
        move = element.find("transpose")
        if move is not None:
            octaves = number_of(move.findtext("octave-change"), 0)
            self.transpose = int(number_of(move.findtext("chromatic"), 0) + 12 * octaves)

    # --- notes ----------------------------------------------------------------------------------------------------------------

    def note(self, element: ET.Element) -> None:
        """A note, a rest, a grace note, or one more note of a chord."""
        length = self.length(element)
        voice = element.findtext("voice", "1")
        if element.find("cue") is not None or element.find("rest") is not None:
            if element.find("chord") is None:
                self.move(length)
            return
        pitch = self._pitch(element)
        if element.find("grace") is not None:
            self.graces.setdefault(voice, []).extend([] if pitch is None else [pitch])
            return
        joins = element.find("chord") is not None and voice in self.latest
        if pitch is not None and length:
            head = Head(pitch, length, any(t.get("type") == "start" for t in element.findall("tie")))
            if joins:
                self.latest[voice].heads.append(head)
            else:
                self._place(element, voice, Event(self.at, length, [head]))
        if not joins:
            self.move(length)

    def _place(self, element: ET.Element, voice: str, event: Event) -> None:
        event.velocity = 0  # see `read`
        event.graces = self.graces.pop(voice, [])
        own = number_of(element.get("dynamics"), 0)
        if own > 0:
            event.velocity = round(own * float(_FULL) / 100) - self._loud_at(event.onset)
        for signs in element.iterfind("notations/articulations"):
            event.staccato = event.staccato or any(s.tag in ("staccato", "staccatissimo") for s in signs)
            event.velocity += _ACCENT * any(s.tag in ("accent", "strong-accent") for s in signs)
        for lyric in element.findall("lyric"):
            self._word(lyric, event)
        self.latest[voice] = event
        self.bar.events.append(event)

    def _loud_at(self, at: Fraction) -> int:
        return [v for place, v in self.loudness if place <= at][-1]

    def _word(self, lyric: ET.Element, event: Event) -> None:
        text = "".join(t.text or "" for t in lyric if t.tag in ("text", "elision"))
        if not text.strip():
            return
        if lyric.findtext("syllabic") in ("begin", "middle"):
            text += "-"
        number = lyric.get("number", "1")
        verse = int(number) if number.isdecimal() and 1 <= int(number) <= 16 else len(event.words) + 1
        event.words += [""] * (verse - len(event.words))
        event.words[verse - 1] = shorten(text, 80)

    def _pitch(self, element: ET.Element) -> int | None:
        unpitched = element.find("unpitched")
        if unpitched is not None:
            self.unpitched = True
            instrument = element.find("instrument")
            known = self.drums.get(instrument.get("id", "")) if instrument is not None else None
            place = unpitched.findtext("display-step", "") + unpitched.findtext("display-octave", "")
            head = element.findtext("notehead", "normal").strip()
            return known if known is not None else by_place(place, head)
        pitch = element.find("pitch")
        step = pitch.findtext("step", "").strip() if pitch is not None else ""
        if pitch is None or step not in STEP_PC or not step:
            return None
        alter = round(number_of(pitch.findtext("alter"), 0))
        number = 12 * (int(number_of(pitch.findtext("octave"), 4)) + 1) + STEP_PC[step] + alter + self.transpose
        return number if 0 <= number <= 127 else None

    # --- what stands beside the notes -----------------------------------------------------------------------------------------

    def direction(self, element: ET.Element) -> None:
        """Tempo, dynamics, rehearsal marks, signs of jumps."""
        at = max(Fraction(0), self.at + self._offset(element))
        bpm = 0.0
        for row in element.findall("direction-type"):
            for what in row:
                if what.tag == "dynamics":
                    self.loudness += [(at, _DYNAMICS[d.tag]) for d in what if d.tag in _DYNAMICS]
                elif what.tag == "metronome":
                    bpm = _metronome(what)
                elif what.tag == "rehearsal":
                    self.bar.part = shorten(what.text or "", 60) or self.bar.part
                elif what.tag in ("segno", "coda"):
                    setattr(self.bar, what.tag, True)
        sound = element.find("sound")
        if sound is not None:
            bpm = number_of(sound.get("tempo"), bpm)
            self.sound(sound, at)
        if MIN_TEMPO <= bpm <= MAX_TEMPO:
            self.bar.tempos.append((at, bpm))

    def sound(self, element: ET.Element, at: Fraction | None = None) -> None:
        """Jumps and loudness for players; a tempo where it stands alone."""
        if at is None and MIN_TEMPO <= (bpm := number_of(element.get("tempo"), 0)) <= MAX_TEMPO:
            self.bar.tempos.append((self.at, bpm))
        loud = number_of(element.get("dynamics"), 0)
        if loud > 0:
            self.loudness.append((self.at if at is None else at, min(127, round(loud * float(_FULL) / 100))))
        for name in ("segno", "coda"):
            if element.get(name):
                setattr(self.bar, name, True)
        self.bar.fine = self.bar.fine or bool(element.get("fine"))
        self.bar.to_coda = self.bar.to_coda or bool(element.get("tocoda"))
        if element.get("dacapo") == "yes":
            self.bar.back = "capo"
        elif element.get("dalsegno"):
            self.bar.back = "segno"

    def _offset(self, element: ET.Element) -> Fraction:
        offset = number_of(element.findtext("offset"), 0)
        return Fraction(offset).limit_denominator(1000) / (4 * self.divisions) if abs(offset) < _MOST_DIVISIONS else Fraction(0)

    def harmony(self, element: ET.Element) -> None:
        """A chord symbol."""
        at = max(Fraction(0), self.at + self._offset(element))
        try:
            self.bar.chords.append((at, _chord(element)))
        except (RipienoError, ValueError):
            return

    def barline(self, element: ET.Element) -> None:
        """Repeats and endings."""
        repeat, ending = element.find("repeat"), element.find("ending")
        if ending is not None:
            numbers = frozenset(int(n) for n in re.findall(r"\d{1,2}", ending.get("number", "")) if int(n))
            if ending.get("type") == "start":
                self.ending = self.bar.endings = numbers or frozenset({1})
            else:
                self.ending = frozenset()
        if repeat is not None and repeat.get("direction") == "forward":
            self.bar.opens = True
        elif repeat is not None:
            self.bar.times = int(min(16, max(2, number_of(repeat.get("times"), 2))))


_READERS: dict[str, Callable[[PartReader, ET.Element], None]] = {
    "note": PartReader.note,
    "attributes": PartReader.attributes,
    "direction": PartReader.direction,
    "sound": PartReader.sound,
    "harmony": PartReader.harmony,
    "barline": PartReader.barline,
    "backup": lambda reader, element: reader.move(-reader.length(element)),
    "forward": lambda reader, element: reader.move(reader.length(element)),
}


def number_of(text: str | None, otherwise: float) -> float:
    """A finite number; `otherwise` where the text is none."""
    if text is None or not re.fullmatch(r"\s*[+-]?\d{1,9}(\.\d{0,12})?\s*", text):
        return otherwise
    return float(text)


def _key(element: ET.Element) -> Key | None:
    fifths = round(number_of(element.findtext("fifths"), 99))
    if not -7 <= fifths <= 7:
        return None
    mode = MODE_NAMES.get(element.findtext("mode", "major").strip().lower(), "major")
    return Key(name_at_fifths(fifths - MODES[mode][1]), mode)


def _metre(element: ET.Element) -> Metre | None:
    """The metre of a `time` element; (3+2)/8 keeps its groups."""
    groups = [int(n) for n in re.findall(r"\d{1,2}", element.findtext("beats", ""))]
    try:
        return Metre(sum(groups), int(number_of(element.findtext("beat-type"), 0)), tuple(groups) if len(groups) > 1 else ())
    except RipienoError:
        return None


def _metronome(element: ET.Element) -> float:
    """Quarter notes a minute of a metronome mark; 0 where it compares two notes."""
    unit = _VALUES.get(element.findtext("beat-unit", ""), 0) * (1.5 if element.find("beat-unit-dot") is not None else 1)
    number = re.search(r"\d{1,4}(\.\d+)?", element.findtext("per-minute", ""))
    return float(number[0]) * unit if number else 0.0


def _chord(element: ET.Element) -> Chord | None:
    """The chord of a symbol: its kind with its degrees where MusicXML knows it, else its text; None for 'no chord'."""
    kind = element.find("kind")
    root = element.find("root")
    if kind is None or (kind.text or "").strip() == "none":
        return None
    if root is None:
        raise ValueError("a symbol without a root")
    name, text = _name(root, "root"), kind.get("text", "")
    bass = element.find("bass")
    low = _name(bass, "bass") if bass is not None else None
    quality = _KIND_QUALITY.get((kind.text or "").strip())
    intervals = set(QUALITIES[quality]) if quality is not None else set()
    if quality is None:
        intervals = set(Chord.parse(name + text).intervals) if text else {0, 4, 7}
    for degree in element.findall("degree"):
        _alter(intervals, degree)
    return Chord(name, tuple(sorted(intervals | {0})), None if low == name else low)


def _alter(intervals: set[int], degree: ET.Element) -> None:
    """Adds, alters or takes away one degree of a chord."""
    value = int(number_of(degree.findtext("degree-value"), 0))
    if not 1 <= value <= 13:
        return
    plain = (0, 2, 4, 5, 7, 9, 11)[(value - 1) % 7] + 12 * ((value - 1) // 7) - (value == 7)
    semitones = plain + int(number_of(degree.findtext("degree-alter"), 0))
    what = degree.findtext("degree-type", "add").strip()
    if what in ("subtract", "alter"):
        intervals -= {plain, plain - 1, plain + 1} if value == 3 else {plain}
    if what in ("add", "alter"):
        intervals.add(semitones)


def _name(element: ET.Element, tag: str) -> str:
    step = element.findtext(f"{tag}-step", "").strip()
    alter = int(number_of(element.findtext(f"{tag}-alter"), 0))
    if step not in STEP_PC or not step or abs(alter) > 2:
        raise ValueError(f"no {tag}")
    return step + ("#" * alter if alter > 0 else "b" * -alter)
