"""MIDI: exact round trips, what independent readers find in our files, foreign and damaged files."""

import io
import struct
from dataclasses import replace

import mido
import music21
import pretty_midi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.score.errors import BadFile
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.midi import load_midi, read_midi, write_midi
from ripieno.score.formats.midi_marks import microseconds, plain_bpm
from ripieno.score.instruments import Role, instruments
from ripieno.score.piece import Mix, Piece, Track, make_controls, make_notes
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO, Metre, MetreChange, Tempo, Timeline
from tests.score.pieces import pieces, waltz

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(pieces())
def test_round_trip_is_exact(piece: Piece) -> None:
    data = write_midi(piece)
    again = read_midi(data)
    assert again == piece
    assert write_midi(again) == data


@given(st.floats(MIN_TEMPO, MAX_TEMPO))
def test_a_stored_tempo_is_read_as_its_shortest_name(bpm: float) -> None:
    us = microseconds(bpm)
    assert microseconds(plain_bpm(us)) == us
    assert plain_bpm(microseconds(round(bpm))) == round(bpm)


def test_nested_notes_of_one_pitch_keep_their_starts_and_ends() -> None:
    """MIDI cannot tell which note-off ends which note; the bytes still survive."""
    nested = waltz().tracks[0].with_notes([(0, 900, 60, 80), (100, 200, 60, 70)])
    piece = replace(waltz(), tracks=(nested,))
    again = read_midi(write_midi(piece))
    assert again.tracks[0].notes.tolist() == [(0, 300, 60, 80), (100, 800, 60, 70)]
    assert write_midi(again) == write_midi(piece)


def test_pretty_midi_reads_what_the_piece_says() -> None:
    piece = waltz()
    other = pretty_midi.PrettyMIDI(io.BytesIO(write_midi(piece)))
    times, tempos = other.get_tempo_changes()
    assert [round(t, 3) for t in tempos] == [138.0, 112.0]
    assert times[1] == pytest.approx(piece.timeline.seconds(21 * 480), abs=1e-4)
    assert [(m.numerator, m.denominator) for m in other.time_signature_changes] == [(3, 4)]
    (key,) = other.key_signature_changes
    assert pretty_midi.key_number_to_key_name(key.key_number) == "B minor"
    assert [i.program for i in other.instruments] == [t.midi_program for t in piece.tracks]
    assert [i.is_drum for i in other.instruments] == [False, False, False, True]
    assert [i.name for i in other.instruments] == [t.name for t in piece.tracks]
    for track, instrument in zip(piece.tracks, other.instruments, strict=True):
        found = sorted((n.start, n.pitch, n.velocity) for n in instrument.notes)
        notes = track.notes.tolist()
        wanted = sorted((piece.timeline.seconds(s), p, v) for s, _, p, v in notes)
        assert [n[1:] for n in found] == [n[1:] for n in wanted]
        assert [n[0] for n in found] == pytest.approx([n[0] for n in wanted], abs=2e-3)


def test_music21_reads_what_the_piece_says() -> None:
    piece = waltz()
    score = music21.converter.parseData(write_midi(piece), format="midi", quantizePost=False)
    assert isinstance(score, music21.stream.Score)
    assert len(score.parts) == len(piece.tracks)
    assert {t.ratioString for t in score.recurse().getElementsByClass("TimeSignature")} == {"3/4"}
    assert {k.sharps for k in score.recurse().getElementsByClass("KeySignature")} == {2}
    marks = sorted({round(m.number) for m in score.recurse().getElementsByClass("MetronomeMark")})
    assert marks == [112, 138]
    flute = sorted(int(p.midi) for n in score.parts[0].recurse().notes for p in n.pitches)
    assert flute[0] == 70 and flute[-1] == 79  # A#4 .. G5


def parsed(piece: Piece) -> mido.MidiFile:
    """Our file as mido reads it."""
    return mido.MidiFile(file=io.BytesIO(write_midi(piece)))


def test_every_instrument_sounds_with_its_program_and_channel() -> None:
    for row in instruments().values():
        track = Track("x", "x", Role.LEAD, row.id, make_notes([(0, 480, row.low, 90)]))
        piece = replace(waltz(), tracks=(track,))
        messages = [m for t in parsed(piece).tracks for m in t if not m.is_meta]
        assert {m.channel == 9 for m in messages} == {row.is_drum}, row.id
        assert [m.program for m in messages if m.type == "program_change"] == [row.program]
        assert read_midi(write_midi(piece)) == piece


def band(count: int) -> Piece:
    """A piece with `count` melodic tracks of as many programs, and a kit."""
    rows = [r for r in instruments().values() if not r.is_drum and not r.nearest]
    melodic = tuple(
        Track(f"t{i}", f"Part {i}", Role.LEAD, rows[i].id, make_notes([(i * 10, 400, 60, 80)]))
        for i in range(count)
    )
    return replace(waltz(), tracks=(*melodic, waltz().tracks[3]))


@pytest.mark.parametrize("count", [15, 16, 24, 40])
def test_more_tracks_than_channels(count: int) -> None:
    piece = band(count)
    data = write_midi(piece)
    assert read_midi(data) == piece
    places = []
    for chunk in parsed(piece).tracks[1:]:
        port = next((m.port for m in chunk if m.type == "midi_port"), 0)
        places.append((port, next(m.channel for m in chunk if m.type == "note_on")))
    assert len(set(places)) == count + 1
    assert all((port, channel) != (0, 9) for port, channel in places[:-1]) and places[-1] == (0, 9)


def test_tracks_of_one_sound_share_a_channel_only_where_channels_run_out() -> None:
    few = replace(band(0), tracks=tuple(replace(waltz().tracks[0], id=f"f{i}") for i in range(15)))
    many = replace(few, tracks=tuple(replace(waltz().tracks[0], id=f"f{i}") for i in range(20)))
    for piece, channels in ((few, 15), (many, 1)):
        chunks = parsed(piece).tracks[1:]
        assert len({m.channel for c in chunks for m in c if m.type == "note_on"}) == channels
        assert read_midi(write_midi(piece)) == piece


def test_a_muted_track_is_kept_and_silent() -> None:
    flute, *rest = waltz().tracks
    piece = replace(waltz(), tracks=(replace(flute, mix=Mix(volume=93, muted=True)), *rest))
    chunk = parsed(piece).tracks[1]
    assert [m.value for m in chunk if m.type == "control_change" and m.control == 7] == [0]
    assert read_midi(write_midi(piece)).tracks[0].mix == Mix(volume=93, muted=True)


def test_a_muted_shaker_does_not_silence_the_kit() -> None:
    shaker = next(r for r in instruments().values() if r.key is not None)
    hit = make_notes([(0, 60, 70, 80)])
    muted = Track("s", "Shaker", Role.PERCUSSION, shaker.id, hit, mix=Mix(muted=True))
    piece = replace(waltz(), tracks=(muted, waltz().tracks[3]))
    by_channel: dict[int, list[int]] = {}
    for chunk in parsed(piece).tracks:
        for m in chunk:
            if m.type == "control_change" and m.control == 7:
                by_channel.setdefault(m.channel, []).append(m.value)
    assert by_channel[9] == [100] and [0] in by_channel.values()
    assert read_midi(write_midi(piece)) == piece


def test_bank_selects_stand_before_the_program_change() -> None:
    flute = replace(waltz().tracks[0], controls=make_controls([(0, 0, 0, 3), (0, 0, 32, 1), (0, 0, 64, 127)]))
    chunk = parsed(replace(waltz(), tracks=(flute,))).tracks[1]
    order = [m.control if m.type == "control_change" else "program" for m in chunk if not m.is_meta][:8]
    assert order == [7, 10, 91, 93, 0, 32, "program", 64]


def chunk(*events: bytes) -> bytes:
    """A track chunk of raw events (delta time included)."""
    body = b"".join(events) + b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def midi(*chunks: bytes, kind: int = 1, division: int = 96) -> bytes:
    """A file of raw chunks."""
    return b"MThd" + struct.pack(">IHHh", 6, kind, len(chunks), division) + b"".join(chunks)


SCALE = chunk(
    b"\x00\xc0\x18",  # nylon guitar
    b"\x00\x90\x3c\x50", b"\x60\x3c\x00",  # running status; velocity 0 ends the note
    b"\x00\x3e\x51", b"\x60\x80\x3e\x00",
)  # fmt: skip


def test_running_status_and_an_unusual_ppq() -> None:
    piece = read_midi(midi(SCALE, division=96))
    assert piece.timeline.ppq == 96
    (track,) = piece.tracks
    assert track.midi_program == 24 and not track.instrument.nearest
    assert track.notes.tolist() == [(0, 96, 60, 80), (96, 96, 62, 81)]


@pytest.mark.parametrize("kind", [0, 1])
def test_riff_is_unwrapped(kind: int) -> None:
    plain = midi(SCALE, kind=kind)
    riff = b"RIFF" + struct.pack("<I", len(plain) + 12) + b"RMIDdata" + struct.pack("<I", len(plain)) + plain
    assert read_midi(riff) == read_midi(plain)


def test_format_0_splits_into_channels() -> None:
    both = chunk(b"\x00\xc0\x18", b"\x00\x90\x3c\x50", b"\x00\x99\x24\x60",
                 b"\x60\x80\x3c\x00", b"\x00\x89\x24\x00")  # fmt: skip
    guitar, kit = read_midi(midi(both, kind=0)).tracks
    assert (guitar.is_drum, kit.is_drum, kit.role) == (False, True, Role.DRUMS)
    assert kit.notes.tolist() == [(0, 96, 36, 96)]


def test_format_2_patterns_follow_each_other() -> None:
    starts = [int(t.notes["start"][0]) for t in read_midi(midi(SCALE, SCALE, kind=2)).tracks]
    assert starts == [0, 192]


def test_a_program_change_inside_a_track_makes_two_tracks() -> None:
    two = chunk(b"\x00\xc0\x18", b"\x00\x90\x3c\x50", b"\x60\x80\x3c\x00",
                b"\x00\xc0\x49", b"\x00\x90\x3e\x50", b"\x60\x80\x3e\x00")  # fmt: skip
    assert [t.midi_program for t in read_midi(midi(two)).tracks] == [24, 73]


def test_a_pedal_on_a_shared_channel_reaches_both_hands() -> None:
    right = chunk(b"\x00\x90\x3c\x50", b"\x00\xb0\x40\x7f", b"\x60\x80\x3c\x00")
    left = chunk(b"\x00\x90\x30\x50", b"\x60\x80\x30\x00")
    assert [t.controls.tolist() for t in read_midi(midi(right, left)).tracks] == [[(0, 0, 64, 127)]] * 2


def test_a_metre_inside_a_bar_shortens_the_bar() -> None:
    head = chunk(b"\x00\xff\x58\x04\x04\x02\x18\x08", b"\x60\xff\x58\x04\x03\x02\x18\x08")
    timeline = read_midi(midi(head, SCALE)).timeline
    assert timeline.metres == (MetreChange(0, Metre(1, 4)), MetreChange(1, Metre(3, 4)))


def test_a_ppq_too_coarse_for_its_metre_is_refined() -> None:
    head = chunk(b"\x00\xff\x58\x04\x05\x04\x18\x08")  # 5/16 at 10 ticks a quarter
    piece = read_midi(midi(head, SCALE, division=10))
    assert piece.timeline.ppq == 20 and piece.timeline.bar_ticks(0) == 25
    assert piece.tracks[0].notes["duration"].tolist() == [192, 192]


def test_smpte_time_is_read_in_seconds() -> None:
    frames = struct.unpack(">h", bytes((256 - 25, 40)))[0]  # 25 frames of 40 ticks: 1000 a second
    piece = read_midi(midi(SCALE, division=frames))
    notes = piece.tracks[0].notes
    assert piece.timeline.seconds(int(notes["start"][1])) == pytest.approx(0.096, abs=2e-3)


def test_tempos_outside_the_range_are_mended_and_said() -> None:
    head = chunk(b"\x00\xff\x51\x03\x7f\xff\xff")
    reading = load_midi(midi(head, SCALE))
    assert reading.piece.timeline.tempos == (Tempo(0, MIN_TEMPO),)
    assert any("tempo" in r for r in reading.remarks)


def test_a_cut_off_file_is_read_as_far_as_it_goes() -> None:
    whole = write_midi(waltz())
    for size in range(len(whole) // 4, len(whole), 97):
        reading = load_midi(whole[:size])
        assert reading.remarks or len(reading.piece.tracks) < 4
        assert {t.id for t in reading.piece.tracks} <= {t.id for t in waltz().tracks}


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFF", b"MThd", b"not a midi file at all", midi(kind=7), midi(SCALE, division=0), midi(),
     b"RIFF\0\0\0\0RMIDxxxx\0\0\0\0"],
    ids=["empty", "riff", "header", "text", "format", "division", "no tracks", "riff without data"],
)  # fmt: skip
def test_what_is_no_midi_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        read_midi(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_give_a_piece_or_a_clear_error(data: st.DataObject) -> None:
    raw = bytearray(write_midi(waltz()))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        piece = read_midi(bytes(raw))
    except BadFile:
        return
    assert read_midi(write_midi(piece)) == piece


@pytest.mark.parametrize(
    "limits",
    [Limits(size=99), Limits(tracks=2), Limits(notes=9), Limits(events=9), Limits(bars=4), Limits(seconds=2)],
)
def test_limits_are_kept(limits: Limits) -> None:
    with pytest.raises(BadFile, match="at most"):
        read_midi(write_midi(waltz()), limits=limits)


def test_a_name_changed_in_a_sequencer_wins_over_the_mark() -> None:
    data = write_midi(waltz()).replace(b"\xff\x06\x05Theme", b"\xff\x06\x05Verse")
    assert read_midi(data).sections[0].name == "Verse"


def test_notes_added_behind_the_end_lengthen_the_piece() -> None:
    longer = waltz().tracks[0].with_notes([(40 * 480, 480, 72, 80)])
    assert read_midi(write_midi(waltz().with_track(longer))).bars == 14
    assert read_midi(write_midi(replace(waltz(), tracks=()))).bars == 8


def test_cost_is_linear_in_bars() -> None:
    """Bytes per bar stay the same from 8 to 512 bars."""
    notes = [(bar * 1920 + i * 240, 200, 60, 80) for bar in range(512) for i in range(8)]
    sizes = []
    for bars in (64, 512):
        track = waltz().tracks[0].with_notes(notes[: bars * 8])
        piece = Piece("x", Timeline(), bars, waltz().keys, tracks=(track,))
        sizes.append(len(write_midi(piece)) / bars)
        assert read_midi(write_midi(piece)) == piece
    assert sizes[1] <= sizes[0]
