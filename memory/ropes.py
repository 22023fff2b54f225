"""How stored bytes are cut into parts and written down. Pure functions; nothing here knows of a database.

A document (a piece's frame, a track, a table, a trace) is filed under the SHA-256 of its bytes. Large stretches that are
likely to be the same in the next version (a list of chords, a track's notes) are parts with a hash of their own; the document
is a rope: its other bytes, with the parts named by hash. What is left, and a part too, may be written as what differs from an
older document of its kind, its base (deflate with the base as the dictionary: RFC 1950, preset dictionaries). A base may have a
base, a dozen deep at most. A version in which one track was muted then costs some hundred bytes. The hash of the document
checks everything that it was put together from.

A row of the database is a letter and what follows it:

    r  the bytes as they are                    n  deflated: notes, column by column
    z  deflated bytes                           m  like n, against a base
    p  a rope: names and deflated bytes         d  like p (with or without names), against a base
"""

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ripieno.score.piece import NOTE_DTYPE

LEAST = 1200  # bytes: a smaller stretch costs less written again, against a base, than named by hash
DEEPEST = 12  # bases of bases
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
# A note as rows of kind n and m know it, whatever else becomes of NOTE_DTYPE: a start, and six bytes more.
_NOTE = np.dtype([("start", "<i4"), ("rest", "u1", (6,))])
_ALIKE = 0.7  # of its own size: what does not become smaller than that against a base is not like it
_WINDOW = 32_768  # bytes: deflate sees no further back
_RAW = -15  # deflate without a heading: the hash of the whole is the check


class BrokenRope(ValueError):
    """Stored bytes that cannot be read back."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of a document that is a part of its own, with the cuts inside it."""

    start: int
    end: int
    inner: tuple["Cut", ...] = ()
    notes: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row taken apart: what it is written against (`base`, `depth` bases deep), the parts it names, its payload."""

    kind: bytes
    base: str | None
    depth: int
    names: tuple[str, ...]
    payload: bytes

    @property
    def links(self) -> tuple[str, ...]:
        """All other rows that are needed to read it."""
        return self.names if self.base is None else (*self.names, self.base)


def json_cuts(data: bytes) -> tuple[Cut, ...]:
    """Where to cut a JSON text: around its large lists and objects, those inside them too. Invalid text gives no cuts."""
    open_: list[tuple[int, list[Cut]]] = [(0, [])]
    for token in _TOKEN.finditer(data):
        mark = data[token.start()]
        if mark in b"[{":
            open_.append((token.start(), []))
        elif mark in b"]}":
            start, inner = open_.pop()
            if not open_:
                return ()
            if token.end() - start >= LEAST:
                open_[-1][1].append(Cut(start, token.end(), tuple(inner)))
    outermost = open_[0][1]
    if len(open_) != 1 or len(outermost) != 1:
        return ()
    return outermost[0].inner  # the text itself is the document


def track_cuts(data: bytes) -> tuple[Cut, ...]:
    """Where to cut the bytes of a track (`Track.encoded`): its heading stays, notes and the rest are parts."""
    line = data.find(b"\n") + 1
    notes = line + json.loads(data[:line])["notes"] * NOTE_DTYPE.itemsize
    cuts = (Cut(line, notes, notes=NOTE_DTYPE.itemsize == _NOTE.itemsize), Cut(notes, len(data)))
    return tuple(c for c in cuts if c.end - c.start >= LEAST and c.end <= len(data))


def hash_of(data: bytes) -> str:
    """SHA-256 as hexadecimal digits: the address of these bytes."""
    return hashlib.sha256(data).hexdigest()


# --- writing -------------------------------------------------------------------------------------------------------------


def text_of(data: bytes, cuts: tuple[Cut, ...] = (), notes: bool = False) -> tuple[tuple[str, ...], bytes]:
    """The names of a document's parts, and the text that is left: what `written` deflates."""
    if notes:
        return (), _columns(data)
    at, between, names = 0, [], []
    for cut in cuts:
        between.append(data[at : cut.start])
        names.append(hash_of(data[cut.start : cut.end]))
        at = cut.end
    between.append(data[at:])
    lengths = b"".join(struct.pack("<I", len(b)) for b in between[:-1])  # the last goes to the end
    return tuple(names), lengths + b"".join(between)


def written(
    data: bytes, names: tuple[str, ...], text: bytes, notes: bool = False, bases: Iterable[tuple[str, int, bytes]] = ()
) -> bytes:  # fmt: skip
    """The row for a document or part.

    Args:
        data: its bytes.
        names, text: what `text_of` made of it.
        notes: whether the bytes are notes, whole records.
        bases: rows that it may be written against, as (hash, depth, text), the likest first.
    """
    listed = struct.pack("<I", len(names)) + b"".join(bytes.fromhex(n) for n in names)
    whole = (b"n" if notes else b"p" + listed if names else b"z") + _deflated(text, b"")
    best = whole if names or notes or len(whole) <= len(data) else b"r" + data
    forms = []
    for base, depth, base_text in bases:
        if depth < DEEPEST:
            head = (b"m" if notes else b"d") + bytes([depth + 1]) + bytes.fromhex(base) + (b"" if notes else listed)
            forms.append((depth, head + _deflated(text, base_text)))
    if not forms:
        return best
    least = min(len(form) for _, form in forms)
    if least > _ALIKE * len(best):
        return best
    return min((depth, form) for depth, form in forms if len(form) <= 1.25 * least + 16)[1]  # shallow is quick to read


def _deflated(text: bytes, base: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW, zdict=base[-_WINDOW:])
    return packer.compress(text) + packer.flush()


# --- reading -------------------------------------------------------------------------------------------------------------


def parsed(row: bytes) -> Row:
    """A row taken apart.

    Raises:
        BrokenRope: it is damaged.
    """
    kind, at, base, depth, count = row[:1], 1, None, 0, 0
    if kind not in (b"r", b"z", b"n", b"m", b"p", b"d"):
        raise BrokenRope(f"unknown kind of row {kind!r}")
    if kind in b"md":
        if len(row) < 34:
            raise BrokenRope("a row shorter than the name of its base")
        depth, base, at = row[1], row[2:34].hex(), 34
    if kind in b"pd":
        if len(row) < at + 4:
            raise BrokenRope("a rope without its count")
        (count,) = struct.unpack_from("<I", row, at)
        at += 4
        if len(row) < at + 32 * count:
            raise BrokenRope("a rope shorter than its list of parts")
    names = tuple(row[at + 32 * i : at + 32 * i + 32].hex() for i in range(count))
    return Row(kind, base, depth, names, row[at + 32 * count :])


def inflated(row: Row, base: bytes | None) -> bytes:
    """The text of a row; `base` is the text of the row that it is written against.

    Raises:
        BrokenRope: it is damaged, or the base is not there.
    """
    if row.base is not None and base is None:
        raise BrokenRope(f"its base {row.base[:12]} is missing")
    if row.kind == b"r":
        return row.payload
    try:
        reader = zlib.decompressobj(_RAW, zdict=(base or b"")[-_WINDOW:])
        text = reader.decompress(row.payload) + reader.flush()
    except zlib.error as error:
        raise BrokenRope(str(error)) from error
    if not reader.eof:
        raise BrokenRope("it is cut off")
    return text


def joined(row: Row, text: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The bytes of a document from its row, its text, and the parts that it names.

    Raises:
        BrokenRope: the row is damaged, or a part is not there.
    """
    try:
        if row.kind in (b"n", b"m"):
            return _records(text)
        count = len(row.names)
        at, pieces = 4 * count, []
        for name, length in zip(row.names, struct.unpack_from(f"<{count}I", text), strict=True):
            pieces += [text[at : at + length], parts[name]]
            at += length
        return b"".join([*pieces, text[at:]])
    except (struct.error, ValueError) as error:
        raise BrokenRope(str(error)) from error
    except KeyError as error:
        raise BrokenRope(f"part {str(error.args[0])[:12]} is missing") from error


def _columns(data: bytes) -> bytes:
    """Notes with each byte of the record in a row of its own, and starts as steps from note to note."""
    notes = np.frombuffer(data, _NOTE).copy()
    notes["start"][1:] = np.diff(notes["start"])
    return np.frombuffer(notes.tobytes(), np.uint8).reshape(-1, _NOTE.itemsize).T.tobytes()


def _records(columns: bytes) -> bytes:
    """What `_columns` was given."""
    flat = np.frombuffer(columns, np.uint8).reshape(_NOTE.itemsize, -1).T
    notes = np.frombuffer(flat.tobytes(), _NOTE).copy()
    notes["start"] = np.cumsum(notes["start"], dtype=np.int32)
    return notes.tobytes()
