"""Damage for files: seeded mutations of whole ones, of bytes for any format and of words and numbers for texts."""

import random
import re
from collections.abc import Callable

_NUMBERS = (b"0", b"-1", b"1", b"127", b"128", b"255", b"65536", b"99999999", b"1e9", b"NaN", b"0.333333", b"-0")


def damaged(data: bytes, rng: random.Random, *, text: bool) -> bytes:
    """`data` with one to four wounds."""
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice(_TEXT_WOUNDS if text and rng.random() < 0.6 else _WOUNDS)
        data = kind(data, rng) if data else b"\0"
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _fill(data: bytes, rng: random.Random) -> bytes:
    at, size = rng.randrange(len(data)), rng.randint(1, 6)
    return data[:at] + bytes([rng.choice((0, 0x7F, 0x80, 0xFF))]) * size + data[at + size :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _lose(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, max(1, len(data) // 4)) :]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    piece = data[at : at + rng.randint(1, max(1, len(data) // 4))]
    return data[:at] + piece * rng.randint(2, 4) + data[at:]


def _swap(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    size = rng.randint(1, 64)
    return data[:a] + data[b : b + size] + data[a + size : b] + data[a : a + size] + data[b + size :]


def _noise(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]


def _number(data: bytes, rng: random.Random) -> bytes:
    places = [m.span() for m in re.finditer(rb"\d+", data)]
    if not places:
        return data
    first, end = rng.choice(places)
    return data[:first] + rng.choice(_NUMBERS) + data[end:]


def _sign(data: bytes, rng: random.Random) -> bytes:
    places = [m.start() for m in re.finditer(rb"[\[\](){}|:<>\"/=&^_',-]", data)]
    if not places:
        return data
    at = rng.choice(places)
    return data[:at] + bytes([rng.choice(b"[](){}|:<>\"/=&^_',-%!")]) * rng.randint(0, 3) + data[at + 1 :]


def _line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    lines[at : at + 1] = rng.choice(([], [lines[at]] * 3, [rng.choice(lines)], [lines[at][::-1]]))
    return b"\n".join(lines)


_WOUNDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _fill, _cut, _lose, _repeat, _swap, _noise)
_TEXT_WOUNDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_number, _sign, _line)
