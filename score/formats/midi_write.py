"""Writes a piece as a Standard MIDI File, format 1. See `write_midi`."""

from dataclasses import dataclass

from ripieno.score.formats import smf
from ripieno.score.formats.midi_marks import CHORD_PREFIX, NO_CHORD, mark, microseconds, plain_bpm
from ripieno.score.formats.midi_texts import write_texts
from ripieno.score.keys import Key
from ripieno.score.piece import Mix, Piece, Text, Track

DRUM_CHANNEL = 9
MELODIC = tuple(c for c in range(16) if c != DRUM_CHANNEL)
VOLUME, PAN, REVERB, CHORUS = 7, 10, 91, 93
BANK = (0, 32)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a track sounds. `owns`: it sets the channel's program and mix, as one track of a channel does."""

    port: int
    channel: int
    owns: bool = True


def write_midi(piece: Piece) -> bytes:
    """The piece as MIDI, format 1, at its own ppq: a conductor track, then one track for each `Track`.

    The conductor carries the title (as its track name), tempo, metre, key signatures, sections as markers, chords as
    texts (`midi_marks` describes the texts), and the piece's own texts. A track carries its name, program change,
    volume, pan, reverb and chorus (controllers 7, 10, 91, 93), then its texts (words to sing, messages to devices),
    controls and notes. At one tick note-offs come first, then controls, then note-ons. A muted track is kept and has
    volume 0; its own volume comes back on reading.

    Drum tracks sound on channel 10 (index 9), the others on the remaining fifteen in order. Where there are
    more melodic tracks than channels, tracks of one program and mix without controls share one; those still
    left over go to the next MIDI port (meta event 0x21), which sequencers follow and some players ignore. All
    drum tracks share channel 10, because General MIDI has one; the first kit sets its program and mix, and a
    kit of another program plays on channel 10 of the next port. A muted drum track beside a sounding one is
    parked on a melodic channel of volume 0, so that it silences nobody else.

    `read_midi(write_midi(piece)) == piece` for a piece whose tracks have no note inside a longer one of the
    same pitch (MIDI cannot say which of two note-offs ends which note), and writing that again gives the same
    bytes.
    """
    slots = allocate(piece.tracks)
    chunks = [_conductor(piece)]
    for track, slot in zip(piece.tracks, slots, strict=True):
        texts = [t for t in piece.texts if t.track == track.id]
        chunks.append(_track(track, slot, texts, piece.ticks))
    return smf.file_bytes(piece.timeline.ppq, chunks)


def allocate(tracks: tuple[Track, ...]) -> list[Slot]:
    """A place for each track; see `write_midi` for the rule."""
    slots: dict[int, Slot] = {}
    drums = [i for i, t in enumerate(tracks) if t.is_drum]
    sounding = [i for i in drums if not tracks[i].mix.muted] or drums
    kits: dict[tuple[int, tuple[int, ...]], int] = {}  # (program, bank) -> port, for each kit that is played
    for i in sounding:
        if tracks[i].instrument.key is None:
            sound = (tracks[i].midi_program, _bank(tracks[i]))
            slots[i] = _kit_slot(kits, sound)
    for i in sounding:
        if i not in slots:
            slots[i] = Slot(0, DRUM_CHANNEL, owns=not kits and i == sounding[0])
    melodic = [i for i in range(len(tracks)) if i not in slots]
    shared: dict[tuple[int, Mix], int] = {}  # (program, mix) -> the track that owns the channel
    must_share = len(melodic) > len(MELODIC)
    used = 0
    for i in melodic:
        track = tracks[i]
        sharable = must_share and len(track.controls) == 0 and not track.is_drum
        owner = shared.get((track.midi_program, track.mix)) if sharable else None
        if owner is not None:
            slots[i] = Slot(slots[owner].port, slots[owner].channel, owns=False)
            continue
        slots[i] = Slot(used // len(MELODIC), MELODIC[used % len(MELODIC)])
        used += 1
        if sharable:
            shared[track.midi_program, track.mix] = i
    return [slots[i] for i in range(len(tracks))]


def _kit_slot(kits: dict[tuple[int, tuple[int, ...]], int], sound: tuple[int, tuple[int, ...]]) -> Slot:
    """Channel 10 of the port of a kit; who comes first with a kit owns it."""
    new = sound not in kits
    return Slot(kits.setdefault(sound, len(kits)), DRUM_CHANNEL, owns=new)


def _bank(track: Track) -> tuple[int, ...]:
    """The bank that a track's sound is called from at the start."""
    first = {number: value for tick, kind, number, value in track.controls.tolist() if tick == 0 and kind == 0}
    return tuple(first.get(number, 0) for number in BANK)


def _conductor(piece: Piece) -> bytes:
    timeline = piece.timeline
    events: list[tuple[int, bytes]] = [
        (0, smf.meta(smf.TRACK_NAME, piece.title.encode())),
        (0, smf.meta(smf.TEXT, mark(bars=piece.bars))),
    ]
    for metre_change in timeline.metres:
        metre = metre_change.metre
        tick = timeline.bar_start(metre_change.bar)
        clocks = 24 * 4 // metre.denominator * (3 if metre.compound else 1)
        data = bytes((metre.numerator, metre.denominator.bit_length() - 1, max(1, clocks), 8))
        events.append((tick, smf.meta(smf.METRE, data)))
        if metre.groups:
            events.append((tick, smf.meta(smf.TEXT, mark(groups=metre.groups))))
    for tempo in timeline.tempos:
        us = microseconds(tempo.bpm)
        events.append((tempo.tick, smf.meta(smf.TEMPO, us.to_bytes(3, "big"))))
        if plain_bpm(us) != tempo.bpm:
            events.append((tempo.tick, smf.meta(smf.TEXT, mark(bpm=tempo.bpm))))
    events += write_texts(t for t in piece.texts if not t.track)
    for change in piece.keys:
        tick = timeline.bar_start(change.bar)
        events.append((tick, smf.meta(smf.KEY, key_data(change.key))))
        events.append((tick, smf.meta(smf.TEXT, mark(key=str(change.key)))))
    for section in piece.sections:
        tick = timeline.bar_start(section.first_bar)
        events.append((tick, smf.meta(smf.MARKER, section.name.encode())))
        more = {"bars": section.bars, "energy": section.energy, "label": section.label}
        events.append((tick, smf.meta(smf.TEXT, mark(section=more))))
    for i, span in enumerate(piece.chords):
        events.append((span.start, smf.meta(smf.TEXT, (CHORD_PREFIX + span.chord.symbol).encode())))
        following = piece.chords[i + 1].start if i + 1 < len(piece.chords) else piece.ticks
        if span.end != following:
            events.append((span.end, smf.meta(smf.TEXT, (CHORD_PREFIX + NO_CHORD).encode())))
    events.sort(key=lambda e: e[0])
    return smf.track_chunk(events, piece.ticks)


def key_data(key: Key) -> bytes:
    """A key signature's data: sharps or flats, and 1 for modes with a minor third."""
    return bytes((key.signature & 0xFF, int(key.is_minor)))


def _track(track: Track, slot: Slot, texts: list[Text], end: int) -> bytes:
    channel, mix = slot.channel, track.mix
    more = {
        "id": track.id, "role": track.role.value, "instrument": track.instrument_id, "program": track.program,
        "mix": [mix.volume, mix.pan, mix.reverb, mix.chorus], "muted": mix.muted, "shares": not slot.owns,
    }  # fmt: skip
    head: list[bytes] = [smf.meta(smf.TRACK_NAME, track.name.encode()), smf.meta(smf.TEXT, mark(track=more))]
    if slot.port:
        head.append(smf.meta(smf.PORT, bytes((slot.port,))))
    controls = track.controls.tolist()
    early = 0  # controls up to the last bank select of tick 0 precede the program change it belongs to
    if slot.owns:
        volume = 0 if mix.muted else mix.volume
        levels = ((VOLUME, volume), (PAN, mix.pan), (REVERB, mix.reverb), (CHORUS, mix.chorus))
        head += [bytes((smf.CONTROL | channel, number, value)) for number, value in levels]
        for i, (tick, kind, number, _) in enumerate(controls):
            if tick == 0 and kind == 0 and number in BANK:
                early = i + 1
        head += [_control(channel, *row[1:]) for row in controls[:early]]
        head.append(bytes((smf.PROGRAM | channel, track.midi_program)))
    # (tick, order at that tick, message); the sort is stable, so notes and controls keep their own order
    body: list[tuple[int, int, bytes]] = [(tick, 0, message) for tick, message in write_texts(texts)]
    body += [(row[0], 1, _control(channel, *row[1:])) for row in controls[early:]]
    off, on = smf.NOTE_OFF | channel, smf.NOTE_ON | channel
    for start, duration, pitch, velocity in track.notes.tolist():
        body.append((start, 2, bytes((on, pitch, min(127, max(1, velocity))))))
        body.append((start + max(1, duration), 0, bytes((off, pitch, 64))))
    body.sort(key=lambda e: (e[0], e[1]))
    return smf.track_chunk([*((0, m) for m in head), *((tick, m) for tick, _, m in body)], end)


def _control(channel: int, kind: int, number: int, value: int) -> bytes:
    """The message for a row of `Track.controls`."""
    if kind == 0:
        return bytes((smf.CONTROL | channel, number, value))
    if kind == 1:
        bend = value + 8192
        return bytes((smf.BEND | channel, bend & 0x7F, bend >> 7))
    if kind == 2:
        return bytes((smf.PRESSURE | channel, value))
    return bytes((smf.KEY_PRESSURE | channel, number, value))
