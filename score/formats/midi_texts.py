"""Words and messages to devices in a MIDI file: which of them a piece keeps as its texts, and how they are written again."""

from collections.abc import Iterable, Iterator

from ripieno.score.formats import smf
from ripieno.score.formats.midi_marks import CHORD_PREFIX, MARK_PREFIX, decode
from ripieno.score.piece import Text, make_texts
from ripieno.score.time import Timeline

KINDS = {smf.TEXT: "text", smf.COPYRIGHT: "copyright", smf.LYRIC: "lyric", smf.MARKER: "marker", smf.CUE: "cue",
         smf.SYSEX: "sysex"}  # fmt: skip
_TYPES = {kind: type_ for type_, kind in KINDS.items()}
_LONGEST = 8192  # bytes of one text
_MOST = 2**20  # bytes of all


def section_bar(timeline: Timeline, tick: int) -> int | None:
    """The bar whose line a marker names, being at most an eighth note away; None for markers inside a bar."""
    bar, inside = timeline.position(tick)
    near = timeline.ppq // 2
    if inside <= near:
        return bar
    return bar + 1 if timeline.bar_ticks(bar) - inside <= near else None


def read_texts(metas: Iterable[tuple[int, int, bytes, str]], timeline: Timeline, remarks: list[str]) -> tuple[Text, ...]:
    """The texts of a piece from (tick, type, data, track id) rows; the markers that name sections are not among them."""
    found: list[Text] = []
    left_out = size = 0
    sections: dict[int, Text] = {}  # of several markers at a bar line the last names the section
    for tick, type_, data, track in metas:
        kind = KINDS.get(type_)
        if kind is None or (type_ == smf.TEXT and data.startswith((MARK_PREFIX.encode(), CHORD_PREFIX.encode()))):
            continue
        size += len(data)
        if len(data) > _LONGEST or size > _MOST:
            left_out += 1
            continue
        text = Text(tick, kind, data[:-1].hex() if kind == "sysex" else plain(data), "" if kind == "marker" else track)
        bar = section_bar(timeline, tick) if kind == "marker" and decode(data) else None
        if bar is not None:
            found += [sections[bar]] if bar in sections else []
            sections[bar] = text
        elif text.data:
            found.append(text)
    if left_out:
        remarks.append(f"{left_out} texts or messages to devices are too long and left out")
    return make_texts(found)


def plain(data: bytes) -> str:
    """Text as it stands, line breaks of a song's words included: UTF-8, or Latin-1 where it is not."""
    try:
        return data.decode().replace("\0", "")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\0", "")


def write_texts(texts: Iterable[Text]) -> Iterator[tuple[int, bytes]]:
    """(tick, message) of each text."""
    for text in texts:
        if text.kind == "sysex":
            yield text.tick, smf.sysex(bytes.fromhex(text.data) + b"\xf7")
        else:
            yield text.tick, smf.meta(_TYPES[text.kind], text.data.encode())
