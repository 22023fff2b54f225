"""How stored bytes are cut into parts and written down. Pure functions; nothing here knows of a database.

A document (a piece's frame, a track, a table, a trace) is filed under the SHA-256 of its bytes. Where stretches of it are
likely to be the same in the next version, they are parts with a hash of their own, and the document is a rope: its other
bytes, with the parts named by hash. A version in which one track was muted then costs the one row that changed and a few
lists of hashes. Joining a rope gives back the very bytes, so the hash of the document checks everything in it.

A row in the database is one letter and a payload: `r` bytes as they are, `z` deflated bytes, `n` deflated bytes of numbers
whose columns lie together, `p` a rope.
"""

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ripieno.score.piece import NOTE_DTYPE

_LEAST = 160  # bytes: a smaller part would cost more than it can save
_WHOLE = 1024  # bytes: a document or part below this is not cut
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_STEP = NOTE_DTYPE.itemsize


class BrokenRope(ValueError):
    """Stored bytes that cannot be read back."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of a document that is a part of its own, with the cuts inside it."""

    start: int
    end: int
    inner: tuple["Cut", ...] = ()
    notes: bool = False


def json_cuts(data: bytes) -> tuple[Cut, ...]:
    """Where to cut a JSON text: around its larger lists and objects, those inside them too. Invalid text gives no cuts."""
    open_: list[tuple[int, list[Cut]]] = [(0, [])]
    for token in _TOKEN.finditer(data):
        mark = data[token.start()]
        if mark in b"[{":
            open_.append((token.start(), []))
        elif mark in b"]}":
            start, inner = open_.pop()
            if not open_:
                return ()
            if token.end() - start >= _LEAST:
                cut = Cut(start, token.end(), tuple(inner) if token.end() - start >= _WHOLE else ())
                open_[-1][1].append(cut)
    outermost = open_[0][1]
    if len(open_) != 1 or len(outermost) != 1:
        return ()
    return outermost[0].inner  # the text itself is the document


def track_cuts(data: bytes) -> tuple[Cut, ...]:
    """Where to cut the bytes of a track (`Track.encoded`): its heading stays, notes and the rest are parts."""
    line = data.find(b"\n") + 1
    notes = line + json.loads(data[:line])["notes"] * _STEP
    cuts = (Cut(line, notes, notes=True), Cut(notes, len(data)))
    return tuple(c for c in cuts if c.end - c.start >= _LEAST and c.end <= len(data))


def hash_of(data: bytes) -> str:
    """SHA-256 as hexadecimal digits: the address of these bytes."""
    return hashlib.sha256(data).hexdigest()


def parts_of(data: bytes, cuts: tuple[Cut, ...]) -> dict[str, tuple[bytes, tuple[Cut, ...], bool]]:
    """The document and all its parts by hash, each with its own cuts (counted from its start); see `written`."""
    found: dict[str, tuple[bytes, tuple[Cut, ...], bool]] = {hash_of(data): (data, cuts, False)}
    for cut in cuts:
        inner = tuple(_moved(c, -cut.start) for c in cut.inner)
        found |= parts_of(data[cut.start : cut.end], inner)
        if cut.notes:
            piece = data[cut.start : cut.end]
            found[hash_of(piece)] = (piece, (), True)
    return found


def _moved(cut: Cut, by: int) -> Cut:
    return Cut(cut.start + by, cut.end + by, tuple(_moved(c, by) for c in cut.inner), cut.notes)


def written(data: bytes, cuts: tuple[Cut, ...] = (), notes: bool = False) -> bytes:
    """The row for a document or part."""
    if cuts:
        return _rope(data, cuts)
    forms = [b"r" + data, b"z" + zlib.compress(data, 9)]
    if notes and len(data) % _STEP == 0:
        forms.append(b"n" + zlib.compress(_columns(data), 9))
    return min(forms, key=len)


def _rope(data: bytes, cuts: tuple[Cut, ...]) -> bytes:
    at, between, names = 0, [], []
    for cut in cuts:
        between.append(data[at : cut.start])
        names.append(hashlib.sha256(data[cut.start : cut.end]).digest())
        at = cut.end
    between.append(data[at:])
    lengths = b"".join(struct.pack("<I", len(b)) for b in between)
    return b"p" + struct.pack("<I", len(names)) + b"".join(names) + zlib.compress(lengths + b"".join(between), 9)


def named(row: bytes) -> tuple[str, ...]:
    """The hashes of the parts that a row names, in order.

    Raises:
        BrokenRope: the row is damaged.
    """
    if row[:1] != b"p":
        return ()
    try:
        (count,) = struct.unpack_from("<I", row, 1)
    except struct.error as error:
        raise BrokenRope("a rope without its count") from error
    if len(row) < 5 + 32 * count:
        raise BrokenRope("a rope shorter than its list of parts")
    return tuple(row[5 + 32 * i : 37 + 32 * i].hex() for i in range(count))


def joined(row: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The bytes of a row; `parts` holds those that it names.

    Raises:
        BrokenRope: the row is damaged, or a part is not there.
    """
    kind, payload = row[:1], row[1:]
    try:
        if kind == b"r":
            return payload
        if kind == b"z":
            return zlib.decompress(payload)
        if kind == b"n":
            return _records(zlib.decompress(payload))
        if kind == b"p":
            names = named(row)
            text = zlib.decompress(row[5 + 32 * len(names) :])
            at, pieces = 4 * (len(names) + 1), []
            for i, length in enumerate(struct.unpack_from(f"<{len(names) + 1}I", text)):
                pieces.append(text[at : at + length])
                at += length
                if i < len(names):
                    pieces.append(parts[names[i]])
            return b"".join(pieces)
    except (zlib.error, struct.error, ValueError) as error:
        raise BrokenRope(str(error)) from error
    except KeyError as error:
        raise BrokenRope(f"part {error.args[0]} is missing") from error
    raise BrokenRope(f"unknown kind of row {kind!r}")


def _columns(data: bytes) -> bytes:
    """Notes with each byte of the record in a row of its own, and starts as steps from note to note."""
    notes = np.frombuffer(data, NOTE_DTYPE).copy()
    notes["start"][1:] = np.diff(notes["start"])
    return np.frombuffer(notes.tobytes(), np.uint8).reshape(-1, _STEP).T.tobytes()


def _records(columns: bytes) -> bytes:
    """What `_columns` was given."""
    flat = np.frombuffer(columns, np.uint8).reshape(_STEP, -1).T
    notes = np.frombuffer(flat.tobytes(), NOTE_DTYPE).copy()
    notes["start"] = np.cumsum(notes["start"], dtype=np.int32)
    return notes.tobytes()
