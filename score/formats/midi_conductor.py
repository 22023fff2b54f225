"""What a MIDI file says about the whole piece: tempo, metre, keys, sections, chords, title."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from ripieno.score.chords import Chord
from ripieno.score.errors import BadFile, RipienoError, shorten
from ripieno.score.formats import smf
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.metres import metre_of
from ripieno.score.formats.midi_marks import (
    CHORD_PREFIX,
    NO_CHORD,
    decode,
    microseconds,
    plain_bpm,
    read_mark,
)
from ripieno.score.formats.midi_texts import section_bar
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, KeyChange, Piece, Section, Text, Track
from ripieno.score.pitch import name_at_fifths
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Metre, MetreChange, Tempo, Timeline

_LAST_TICK = 2**31 - 2**20
_SHORT_TITLE = 200  # characters


@dataclass(frozen=True)
class Conductor:
    """The file's frame; `marked_bars` is the length that Ripieno wrote, None in other files."""

    title: str
    timeline: Timeline
    keys: tuple[KeyChange, ...]
    markers: tuple[tuple[int, str, dict[str, object]], ...]  # bar, name, refinement
    chords: tuple[tuple[int, Chord | None], ...]
    marked_bars: int | None

    def piece(self, tracks: tuple[Track, ...], texts: tuple[Text, ...], limits: Limits) -> Piece:
        """The piece in this frame; it is as long as marked, and at least up to the bar of its last note.

        Raises:
            BadFile: it is longer than the limits allow.
        """
        bars = max(self._bars(tracks), 1)
        limits.check("bars", bars)
        limits.check("seconds", self.timeline.seconds(self.timeline.bar_start(bars)))
        end = self.timeline.bar_start(bars)
        return Piece(
            title=self.title, timeline=self.timeline, bars=bars,
            keys=tuple(k for k in self.keys if k.bar < bars),
            sections=_sections(self.markers, bars), chords=_chords(self.chords, end), tracks=tracks, texts=texts,
        )  # fmt: skip

    def _bars(self, tracks: tuple[Track, ...]) -> int:
        sounding = [t.notes for t in tracks if len(t.notes)]
        starts = max((int(n["start"].max()) for n in sounding), default=-1)
        ends = max((int((n["start"].astype("i8") + n["duration"]).max()) for n in sounding), default=0)
        if ends > _LAST_TICK:
            raise BadFile(f"A piece ends before tick {_LAST_TICK:,}", value=f"{ends:,}",
                          cause="a damaged delta time", cure="export the file again")
        by_start = self.timeline.bar_at(starts) + 1 if starts >= 0 else 0
        if self.marked_bars is not None:
            return max(self.marked_bars, by_start)
        slack = self.timeline.ppq // 4  # a release that hangs over the bar line by less makes no bar
        return max(by_start, self.timeline.bar_at(max(0, ends - slack - 1)) + 1)


def read_conductor(chunks: list[smf.Chunk], ppq: int, *, framed: bool, remarks: list[str]) -> Conductor:
    """Gathers the frame from the meta events of all chunks; `framed` files (SMPTE) have no tempo."""
    metas = sorted((m for chunk in chunks for m in chunk.metas), key=lambda m: m[0])
    marks: dict[int, dict[str, object]] = {}
    texts: list[tuple[int, str]] = []
    for tick, type_, data in metas:
        if type_ == smf.TEXT:
            text = decode(data)
            texts.append((tick, text))
            for name, value in read_mark(text).items():
                marks.setdefault(tick, {}).setdefault(name, value)
    metres = _metres(metas, marks, ppq, remarks)
    tempos = (Tempo(0, 120.0),) if framed else _tempos(metas, marks, remarks)
    timeline = Timeline(ppq, tempos, metres)
    bars = marks.get(0, {}).get("bars")
    own = isinstance(bars, int) and bars > 0
    return Conductor(
        title=_title(chunks, own), timeline=timeline, keys=_keys(metas, marks, timeline),
        markers=_markers(metas, marks, timeline), chords=tuple(_chord_texts(texts)),
        marked_bars=bars if isinstance(bars, int) and bars > 0 else None,
    )  # fmt: skip


def _title(chunks: list[smf.Chunk], own: bool) -> str:
    """Name of the first chunk, where that is no part's."""
    first = chunks[0]
    names = [decode(data) for _, type_, data in first.metas if type_ == smf.TRACK_NAME]
    if names and (own or len(chunks) == 1 or not first.events):
        return names[0] if own else shorten(names[0], _SHORT_TITLE)
    return "Untitled"


def _tempos(
    metas: Iterable[tuple[int, int, bytes]], marks: dict[int, dict[str, object]], remarks: list[str]
) -> tuple[Tempo, ...]:
    found = {0: 120.0}
    for tick, type_, data in metas:
        if type_ != smf.TEMPO or len(data) != 3:
            continue
        us = int.from_bytes(data, "big")
        if us == 0:
            continue
        bpm = plain_bpm(us)
        exact = marks.get(tick, {}).get("bpm")
        if isinstance(exact, int | float) and MIN_TEMPO <= exact <= MAX_TEMPO and microseconds(exact) == us:
            bpm = float(exact)
        if not MIN_TEMPO <= bpm <= MAX_TEMPO:
            remarks.append(f"a tempo of {bpm:g} is brought into {MIN_TEMPO:g} to {MAX_TEMPO:g}")
            bpm = min(MAX_TEMPO, max(MIN_TEMPO, bpm))
        found[tick] = bpm
    return tuple(Tempo(tick, bpm) for tick, bpm in sorted(found.items()))


def _metres(
    metas: Iterable[tuple[int, int, bytes]], marks: dict[int, dict[str, object]], ppq: int, remarks: list[str]
) -> tuple[MetreChange, ...]:
    """The metre map. A signature inside a bar ends that bar early, as a bar of what has passed of it."""
    changes: dict[int, Metre] = {0: Metre()}
    bar, start, metre = 0, 0, Metre()
    for tick, type_, data in metas:
        if type_ != smf.METRE or len(data) < 2:
            continue
        if not 1 <= data[0] <= 32 or data[1] > 5:
            remarks.append(f"a metre of {data[0]}/2^{data[1]} is left out")
            continue
        length = metre.bar_ticks(ppq)
        passed, inside = divmod(tick - start, length)
        bar, start = bar + passed, start + passed * length
        if inside:
            short = metre_of(inside, ppq)
            if short is None:
                remarks.append("a metre that starts inside a bar is moved to the next bar line")
                bar, start = bar + 1, start + length
            else:
                changes[bar] = short
                bar, start = bar + 1, start + inside
        metre = Metre(data[0], 2 ** data[1], _groups(marks.get(tick, {}).get("groups"), data[0]))
        changes[bar] = metre
    ordered = sorted(changes.items())
    return tuple(MetreChange(b, m) for b, m in ordered)


def _groups(value: object, numerator: int) -> tuple[int, ...]:
    whole = isinstance(value, list) and all(isinstance(g, int) and g > 0 for g in value)
    return tuple(value) if isinstance(value, list) and whole and sum(value) == numerator else ()


def _nearest_bar(timeline: Timeline, tick: int) -> int:
    bar, inside = timeline.position(tick)
    return bar + (2 * inside >= timeline.bar_ticks(bar))


def _keys(
    metas: Iterable[tuple[int, int, bytes]], marks: dict[int, dict[str, object]], timeline: Timeline
) -> tuple[KeyChange, ...]:
    found: dict[int, Key] = {}
    for tick, type_, data in metas:
        if type_ != smf.KEY or len(data) != 2:
            continue
        signature, minor = int.from_bytes(data[:1], "big", signed=True), data[1] == 1
        if not -7 <= signature <= 7:
            continue
        key = Key(name_at_fifths(signature + 3 if minor else signature), "minor" if minor else "major")
        exact = _key_of(marks.get(tick, {}).get("key"))
        if exact is not None and exact.signature == signature and exact.is_minor == minor:
            key = exact
        found[_nearest_bar(timeline, tick)] = key
    if 0 not in found:
        found[0] = Key("C")
    return tuple(KeyChange(bar, key) for bar, key in sorted(found.items()))


def _key_of(value: object) -> Key | None:
    if not isinstance(value, str) or " " not in value:
        return None
    try:
        return Key(*value.split(" ", 1))
    except RipienoError:
        return None


def _markers(
    metas: Iterable[tuple[int, int, bytes]], marks: dict[int, dict[str, object]], timeline: Timeline
) -> tuple[tuple[int, str, dict[str, object]], ...]:
    found: dict[int, tuple[str, dict[str, object]]] = {}
    for tick, type_, data in metas:
        bar = section_bar(timeline, tick) if type_ == smf.MARKER else None
        if bar is None or not (name := decode(data)):
            continue
        more = marks.get(tick, {}).get("section")
        found[bar] = (name, more if isinstance(more, dict) else {})
    return tuple((bar, name, more) for bar, (name, more) in sorted(found.items()))


def _sections(markers: tuple[tuple[int, str, dict[str, object]], ...], bars: int) -> tuple[Section, ...]:
    """Sections from marker to marker; music before the first marker becomes a section called 'Start'."""
    inside = [m for m in markers if m[0] < bars]
    if inside and inside[0][0] > 0:
        inside.insert(0, (0, "Start", {}))
    sections = []
    for i, (bar, name, more) in enumerate(inside):
        end = inside[i + 1][0] if i + 1 < len(inside) else bars
        energy, label = more.get("energy"), more.get("label")
        sections.append(Section(
            name, bar, end - bar,
            float(energy) if isinstance(energy, int | float) and 0 <= energy <= 1 else 0.5,
            label if isinstance(label, str) else "",
        ))  # fmt: skip
    return tuple(sections)


def _chord_texts(texts: Iterable[tuple[int, str]]) -> Iterable[tuple[int, Chord | None]]:
    """(tick, chord) of the chord texts; None where no chord sounds. What is no chord symbol is left out."""
    for tick, text in texts:
        if not text.startswith(CHORD_PREFIX):
            continue
        symbol = text[len(CHORD_PREFIX) :]
        if symbol == NO_CHORD:
            yield tick, None
            continue
        try:
            yield tick, Chord.parse(symbol)
        except RipienoError:
            continue


def _chords(found: tuple[tuple[int, Chord | None], ...], end: int) -> tuple[ChordSpan, ...]:
    ticks = [tick for tick, _ in found]
    spans = []
    for i, (tick, chord) in enumerate(found):
        following = bisect_left(ticks, tick + 1, i)
        until = min(end, ticks[following]) if following < len(ticks) else end
        if chord is not None and until > tick and following == i + 1:  # the last of several at one tick
            spans.append(ChordSpan(tick, until, chord))
    return tuple(spans)
