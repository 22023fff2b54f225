"""Import then export of foreign MIDI files loses nothing that a player would hear; mido reads both files (`heard`)."""

import io
import random
import struct

import mido
import pytest

from ripieno.score.errors import BadFile
from ripieno.score.formats.midi import load_midi, read_midi, write_midi
from ripieno.score.piece import Text
from tests.score.heard import heard, lost

WORDS = ("Glo-", "ri-", "a", "été", "日本", "\rNew line")


def foreign(seed: int, kind: int = 1, ppq: int = 480) -> bytes:
    """A file as other programs write them: everything that MIDI has, on any channel, in any order."""
    rng = random.Random(seed)
    file = mido.MidiFile(type=kind, ticks_per_beat=ppq, charset="utf-8")
    rows: list[list[tuple[int, mido.Message | mido.MetaMessage]]] = [[]]
    bar, end = ppq * 4, ppq * 4 * 8
    rows[0] += [(0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
                (0, mido.MetaMessage("key_signature", key=rng.choice(["Bb", "F#m", "C", "Am"]))),
                (0, mido.Message("sysex", data=(0x7E, 0x7F, 9, 1))),
                (4 * bar, mido.MetaMessage("key_signature", key="Eb")),
                (0, mido.MetaMessage("copyright", text="© nobody"))]  # fmt: skip
    rows[0] += [(rng.randrange(end), mido.MetaMessage("set_tempo", tempo=rng.randrange(200_000, 2_000_000))) for _ in range(4)]
    rows[0] += [(n * bar, mido.MetaMessage("marker", text=f"Part {n}")) for n in (0, 2, 5)]
    rows[0] += [(3 * bar + ppq * 2, mido.MetaMessage("marker", text="inside")), (0, mido.MetaMessage("marker", text="first"))]
    for channel in rng.sample(range(16), rng.randrange(1, 6)):
        rows.append([(t, m) for t, m in _part(rng, channel, end)])
        if rng.random() < 0.6:
            rows[-1].append((0, mido.MetaMessage("track_name", name=f"Part {channel}")))
        if rng.random() < 0.5:
            rows[-1] += [(rng.randrange(end), mido.MetaMessage("lyrics", text=rng.choice(WORDS))) for _ in range(5)]
            rows[-1] += [(rng.randrange(end), mido.Message("sysex", data=tuple(rng.randrange(128) for _ in range(9))))]
    rows[1].append((end, mido.Message("note_on", channel=0, note=100, velocity=90)))  # all else lies before it
    rows[1].append((end + ppq, mido.Message("note_off", channel=0, note=100)))
    if kind == 0:
        rows = [[r for row in rows for r in row]]
    for row in rows:
        track = mido.MidiTrack()
        now = 0
        for tick, message in sorted(row, key=lambda r: r[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _part(rng: random.Random, channel: int, end: int) -> list[tuple[int, mido.Message]]:
    """One channel: notes of each pitch after each other, and moves of everything that moves."""
    rows: list[tuple[int, mido.Message]] = []
    for _ in range(rng.randrange(1, 4)):  # programs, with and without a bank
        tick = rng.choice([0, rng.randrange(end)])
        if rng.random() < 0.5:
            rows += [(tick, _move(channel, c, rng.randrange(4))) for c in (0, 32)]
        rows.append((tick, mido.Message("program_change", channel=channel, program=rng.randrange(128))))
    for pitch in rng.sample(range(30, 90), rng.randrange(1, 5)):
        tick = rng.randrange(end // 2)
        for _ in range(rng.randrange(1, 6)):
            length = rng.randrange(1, end // 6)
            rows.append((tick, mido.Message("note_on", channel=channel, note=pitch, velocity=rng.randrange(1, 128))))
            tick += length
            rows.append((tick, mido.Message("note_off", channel=channel, note=pitch)))
            tick += rng.randrange(1, end // 8)
        rows += [(rng.randrange(end), mido.Message("polytouch", channel=channel, note=pitch, value=rng.randrange(128)))]
    for _ in range(12):
        number = rng.choice([1, 7, 10, 11, 64, 71, 74, 91, 93])
        rows.append((rng.choice([0, rng.randrange(end)]), _move(channel, number, rng.randrange(128))))
    for _ in range(4):
        rows.append((rng.randrange(end), mido.Message("pitchwheel", channel=channel, pitch=rng.randrange(-8192, 8192))))
    rows += [(rng.randrange(end), mido.Message("aftertouch", channel=channel, value=rng.randrange(128))) for _ in range(3)]
    rows += [(0, _move(channel, c, v)) for c, v in ((101, 0), (100, 0), (6, 12))]
    return rows


def _move(channel: int, control: int, value: int) -> mido.Message:
    return mido.Message("control_change", channel=channel, control=control, value=value)


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("ppq", [480, 96, 89, 1000])
def test_nothing_that_is_heard_is_lost(kind: int, ppq: int) -> None:
    for seed in range(8):
        data = foreign(seed, kind, ppq)
        before = heard(data)
        assert all(before[k] for k in ("notes", "controllers", "tempo", "key", "markers", "texts", "sysex"))
        reading = load_midi(data)
        assert lost(before, heard(write_midi(reading.piece))) == {}, seed
        assert read_midi(write_midi(reading.piece)) == reading.piece


def test_in_riff_it_is_the_same() -> None:
    data = foreign(1)
    riff = b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data)) + data
    assert lost(heard(data), heard(write_midi(read_midi(riff)))) == {}


def test_words_belong_to_their_track_and_markers_inside_bars_stay_where_they_are() -> None:
    piece = read_midi(foreign(3))
    ids = {t.id for t in piece.tracks}
    assert {t.track for t in piece.texts if t.kind == "lyric"} <= ids | {""}
    markers = [t for t in piece.texts if t.kind == "marker"]
    assert markers == [Text(0, "marker", "Part 0"), Text(3 * 1920 + 960, "marker", "inside")]
    assert [(s.name, s.first_bar) for s in piece.sections] == [("first", 0), ("Part 2", 2), ("Part 5", 5)]


def test_endless_texts_are_cut_and_said() -> None:
    chunk = b"".join(b"\x00\xff\x05" + bytes((0x80 | 70, 0)) + b"x" * (70 << 7) for _ in range(3)) + b"\x00\x90\x3c\x50"
    data = b"MThd" + struct.pack(">IHHh", 6, 1, 1, 96) + b"MTrk" + struct.pack(">I", len(chunk)) + chunk
    reading = load_midi(data)
    assert not reading.piece.texts and any("3 texts" in r for r in reading.remarks)


def test_a_division_of_nothing_is_refused() -> None:
    with pytest.raises(BadFile):
        load_midi(foreign(1)[:12] + b"\x00\x00" + foreign(1)[14:])
