"""Damaged files end in a piece or in a clear error, whatever the damage; `benchmarks/importing/fuzz.py` does it at length."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable

import pytest

from ripieno.score.errors import RipienoError
from ripieno.score.formats.abc import load_abc, read_abc, write_abc
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.midi import load_midi, write_midi
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.musicxml_read import load_musicxml
from ripieno.score.piece import Piece
from tests.score.fuzzing import damaged
from tests.score.pieces import waltz
from tests.score.test_formats_midi_lossless import foreign

LIMITS = Limits(size=1 << 20, bars=512, notes=20_000)
ABC = (
    "X:1\nT:T\nM:3/4\nL:1/8\nQ:1/4=90\nP:AB\n%%score {1 2}\nV:1\nV:2 clef=bass\nK:Em\n"
    'P:A\n[V:1]|:"Em"E2{f}(3G/A/B/ [Be]2-|[Be]6:|\nw:la- la_ *|\n[V:2]|:E,>F, z4|1 Z:|2 E,6|]\n'
    "P:B\n[V:1][K:D]!f!.a4 & f4|[M:2/4]b4!D.C.!|]\n[V:2]x6|z4|]\n"
)


def _zipped(xml: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", xml)
    return out.getvalue()


def _abc(data: bytes) -> Piece:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(RipienoError):
        read_abc(text, limits=LIMITS)
    return load_abc(text, limits=LIMITS).piece


def _midi(data: bytes) -> Piece:
    return load_midi(data, limits=LIMITS).piece


def _xml(data: bytes) -> Piece:
    return load_musicxml(data, limits=LIMITS).piece


@pytest.mark.parametrize(
    ("read", "whole", "text"),
    [
        (_midi, [foreign(1), foreign(2, kind=0, ppq=89), write_midi(waltz())], False),
        (_abc, [ABC.encode(), write_abc(waltz()).encode()], True),
        (_xml, [write_musicxml(waltz())[:30_000]], True),
        (lambda data: _xml(_zipped(data)), [write_musicxml(waltz())[:30_000]], True),
        (_xml, [_zipped(write_musicxml(waltz()))], False),
    ],
    ids=["midi", "abc", "musicxml", "zipped", "zip"],
)
def test_damage_never_ends_in_a_traceback(read: Callable[[bytes], Piece], whole: list[bytes], text: bool) -> None:
    pieces = 0
    for number in range(80):
        rng = random.Random(number)
        data = damaged(rng.choice(whole), rng, text=text)
        try:
            again = read(data)
        except RipienoError as error:
            assert error.rule and error.message
            continue
        pieces += 1
        assert again.bars >= 1 and write_midi(again)
    assert pieces > 20 or whole[0][:2] == b"PK"  # an archive's own sums refuse what is damaged in it
