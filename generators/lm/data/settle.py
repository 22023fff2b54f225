"""What the files of the collections leave open is settled here, and only here.

- keys: a key signature says how many sharps, not which mode: major or relative minor is chosen from the notes of its
  stretch; without a signature the key is found in the notes;
- upbeats: scores converted without their incomplete first bar are moved so that long notes fall on downbeats;
- roles: who leads, who is the bass, who fills, from instrument, register and texture;
- a hand of a keyboard, or a voice, of several is a track of its own.
"""

from dataclasses import replace

import numpy as np

from ripieno.generators.lm.data.sources import Source
from ripieno.score.analysis.key_finding import rank_keys
from ripieno.score.analysis.reading import GRID, Reading, weight_table
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Track, make_notes

SUNG = ("voice", "gesang", "singst", "sopran", "alto", "tenor", "chant", "canto", "cantus", "głos", "vox")


def settle(piece: Piece, source: Source) -> Piece | None:
    """The piece with bar lines, keys and roles settled; None where fewer than 32 pitched notes remain."""
    tracks = tuple(t for t in piece.tracks if len(t.notes))
    if sum(len(t.notes) for t in tracks if not t.is_drum) < 32:
        return None
    if source.name == "mutopia" and len(tracks) == 1 and is_single(tracks[0]):
        return None  # a part copied out of an ensemble
    piece = replace(piece, tracks=tuple(map(name_voice, tracks)))
    if not source.aligned:
        piece = _align(piece)
    piece = replace(piece, tracks=assign_roles(piece.tracks, source), sections=(), chords=())
    return replace(piece, keys=_keys(piece))


def is_single(track: Track) -> bool:
    """Whether a track is a line of single notes."""
    return len(track.notes) <= 1.15 * len(np.unique(track.notes["start"]))


def name_voice(track: Track) -> Track:
    """Sung parts, whose programs differ from file to file, as the voice that their notes suit best."""
    words = track.name.lower()
    if track.midi_program not in (52, 53, 54) and not any(word in words for word in SUNG):
        return track
    pitch = track.notes["pitch"].astype(np.int64)
    if not is_single(track):
        return replace(track, instrument_id="choir", program=None)
    voices = ("soprano", "alto", "tenor", "bass_voice")
    outside = [int(((pitch < instrument(v).low) | (pitch > instrument(v).high)).sum()) for v in voices]
    return replace(track, instrument_id=voices[int(np.argmin(outside))], program=None)


def _align(piece: Piece) -> Piece:
    """Moves the notes by whole beats so that long and common attacks fall on strong places."""
    metre = piece.timeline.metres[0].metre
    if len(piece.timeline.metres) > 1:
        return piece
    ppq = piece.timeline.ppq
    beats = len(metre.beats(ppq))
    bar = metre.bar_ticks(ppq)
    start = np.concatenate([t.notes["start"] for t in piece.tracks if not t.is_drum]).astype(np.int64)
    length = np.concatenate([t.notes["duration"] for t in piece.tracks if not t.is_drum]).astype(np.float64)
    table = weight_table(metre)
    best, chosen = -1.0, 0
    for beat in range(beats):
        shift = metre.beats(ppq)[beat][0]
        place = np.rint(((start + shift) % bar) * GRID / ppq).astype(np.int64) % len(table)
        score = float((table[place] * np.minimum(length, bar)).sum())
        if score > best * 1.02:
            best, chosen = score, shift
    if not chosen:
        return piece
    moved = []
    for track in piece.tracks:
        notes = track.notes.copy()
        notes["start"] += chosen
        moved.append(replace(track, notes=make_notes(notes)))
    end = max(int((t.notes["start"].astype(np.int64) + t.notes["duration"]).max()) for t in moved)
    return replace(piece, tracks=tuple(moved), bars=-(-end // bar))


def _keys(piece: Piece) -> tuple[KeyChange, ...]:
    """Major or relative minor for each signature; without one the best of all keys."""
    reading = Reading(piece)
    signed = len(piece.keys) > 1 or piece.keys[0].key != Key("C")
    table = reading.bar_pitch_classes
    out: list[KeyChange] = []
    changes = [k for k in piece.keys if k.bar < piece.bars]
    for i, change in enumerate(changes):
        end = changes[i + 1].bar if i + 1 < len(changes) else piece.bars
        profile = table[change.bar : end].sum(axis=0)
        if profile.sum() <= 0:
            out.append(change)
            continue
        place = reading.bar_slots[change.bar], reading.bar_slots[end]
        bass = reading.bass[place[0] : place[1]]
        sounding = bass[bass >= 0]
        profile = profile / profile.sum()
        if len(sounding):
            profile[int(sounding[-1]) % 12] += 0.2
        guesses = rank_keys(profile)
        if signed or change.key.signature:
            guesses = tuple(g for g in guesses if g.key.signature % 12 == change.key.signature % 12)
        out.append(KeyChange(change.bar, guesses[0].key))
    return tuple(out)


def assign_roles(tracks: tuple[Track, ...], source: Source) -> tuple[Track, ...]:
    """Roles by register and texture: the top line leads, the lowest single line is the bass, the rest fill."""
    pitched = [t for t in tracks if not t.is_drum]
    height = {t.id: float(np.average(t.notes["pitch"], weights=t.notes["duration"])) for t in pitched}
    single = {t.id: is_single(t) for t in pitched}
    busiest = max((len(t.notes) for t in pitched), default=0)
    sung = [t for t in pitched if t.instrument.family == "choir" and single[t.id]]
    basses = [t for t in pitched if 32 <= t.midi_program <= 39]
    able = [t for t in pitched if len(t.notes) >= 0.25 * busiest and t not in basses]
    lead = max(sung or [t for t in able if single[t.id]] or able or pitched, key=lambda t: height[t.id])
    if not basses and len(pitched) > 1:
        lowest = min((t for t in pitched if t is not lead), key=lambda t: height[t.id])
        if single[lowest.id] and (source.voices or height[lowest.id] < 52):
            basses = [lowest]
    out = []
    for track in tracks:
        if track.is_drum:
            role = Role.DRUMS if track.instrument.family == "drum kit" else Role.PERCUSSION
        elif track is lead:
            role = Role.LEAD
        elif track in basses:
            role = Role.BASS
        elif single[track.id]:
            role = Role.COUNTERMELODY
        else:
            role = Role.PAD if track.instrument.family in ("synth pad", "strings", "choir") else Role.CHORDS
        out.append(replace(track, role=role))
    return tuple(out)
