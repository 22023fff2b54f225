"""Real music as pieces, for the benchmarks and for what is learnt: reads the free collections, makes them comparable.

The folders are those of a data directory given by the caller (each with `*.tar.zst` and, mostly, `index.jsonl.zst`); they
are unpacked once into a cache. What the files leave open is settled here, and only here:

- keys: a key signature says how many sharps, not which mode: major or relative minor is chosen from the notes of its
  stretch; without a signature the key is found in the notes;
- upbeats: scores converted without their incomplete first bar are moved so that long notes fall on downbeats;
- roles: who leads, who is the bass, who fills, from instrument, register and texture;
- a hand of a keyboard, or a voice, of several is a track of its own.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from ripieno.score.analysis.key_finding import rank_keys
from ripieno.score.analysis.reading import GRID, Reading, weight_table
from ripieno.score.errors import RipienoError
from ripieno.score.formats.midi import read_midi
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Track, make_notes

SUNG = ("voice", "gesang", "singst", "sopran", "alto", "tenor", "chant", "canto", "cantus", "głos", "vox")


@dataclass(frozen=True)
class Source:
    """A collection: its folder, which of its files count, and what its files leave open.

    Attributes:
        folder: name in the data directory.
        pattern: glob of the MIDI files.
        terms: licence and attribution.
        aligned: whether bar lines are where they should be.
        voices: whether each track is one voice of an ensemble (roles then follow the order of pitch).
        dynamics: whether loudness was played or written (scores say little of it).
        players: whether each track is one player with the instrument that its program names. Not so where hymns are
            played on a piano, where a track is a section of an orchestra, or where a program is only a sound.
        ends: whether pieces end. Music for games goes round.
    """

    name: str
    folder: str
    pattern: str
    terms: str
    aligned: bool = True
    voices: bool = False
    dynamics: bool = False
    players: bool = True
    ends: bool = True


SOURCES: dict[str, Source] = {
    s.name: s
    for s in (
        Source("quartets", "openscore_quartets", "scores/*/*/*.mid", "OpenScore String Quartets, CC0", voices=True),
        Source("hymns", "open_hymnal", "midi/Complete/*/*.mid", "Open Hymnal Project, public domain", aligned=False,
               voices=True, players=False),
        Source("lieder", "openscore_lieder", "scores/*/*/*/*.mid", "OpenScore Lieder Corpus, CC0"),
        Source("mutopia", "mutopia_pd_by", "**/*.mid",
               "Mutopia Project, public domain or CC BY (per piece: ATTRIBUTION.csv)", aligned=False),
        Source("orchestra", "openscore_orchestra", "data/**/*.mid", "OpenScore Orchestra, CC0", players=False),
        Source("chopin", "nifc_chopin_first_editions", "kern/*.mid", "The Fryderyk Chopin Institute, CC BY 4.0"),
        Source("polish", "nifc_polish_scores", "*/kern/*.mid",
               "Polish Music Heritage in Open Access, The Fryderyk Chopin Institute, CC BY 4.0", players=False),
        Source("lead sheets", "openewld_strict_pd", "dataset/*/*/*.mid", "OpenEWLD, Federico Simonetta, MIT"),
        Source("game", "freedoom_music", "current/**/*.mid", "Contributors to the Freedoom project, BSD-3", dynamics=True,
               players=False, ends=False),
        Source("film", "tannerhelland_free_music", "*.mid", "music by Tanner Helland, CC BY 4.0", dynamics=True, players=False,
               ends=False),
    )
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RealPiece:
    """A piece with where it comes from: source name, path within its folder, and the collection's own labels."""

    source: str
    path: str
    piece: Piece
    labels: dict[str, str]


def unpack(data: Path, cache: Path, source: Source) -> Path:
    """The folder with the files of a source, unpacked on first use."""
    target = cache / source.folder
    if not target.exists():
        partial = cache / (source.folder + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        for archive in sorted((data / source.folder).glob("*.tar.zst")):
            unzip = subprocess.Popen(["zstd", "-dc", "--long=27", archive], stdout=subprocess.PIPE)
            subprocess.run(["tar", "x", "-C", partial], stdin=unzip.stdout, check=True)
            unzip.wait()
        index = data / source.folder / "index.jsonl.zst"
        if index.exists():
            with (partial / "index.jsonl").open("wb") as out:
                subprocess.run(["zstd", "-dc", "--long=27", index], stdout=out, check=True)
        partial.rename(target)
    return target


def load(
    data: Path, cache: Path, name: str, limit: int | None = None, half: int | None = None,
    titles: str = "", max_bars: int = 1200,
) -> Iterator[RealPiece]:  # fmt: skip
    """Pieces of a source, evenly spread over it, in order of path.

    Args:
        data, cache: the data directory, and where to unpack.
        name: a key of `SOURCES`.
        limit: how many files at most (None: all).
        half: 0 takes the first, third, fifth file and so on (those that may be learnt from), 1 the others (those that
            benchmarks compare with), None all.
        titles: a regular expression that a piece's path or label must match, without regard to case.
        max_bars: longer pieces are left out.
    """
    source = SOURCES[name]
    root = unpack(data, cache, source)
    paths = sorted(root.glob(source.pattern))
    if name == "chopin":  # several editions of one work: the first of each opus and number
        paths = list({p.name.split("-")[0] + p.name.split("-")[1][:2]: p for p in reversed(paths)}.values())[::-1]
    labels = index_labels(root)
    if half is not None:
        paths = paths[half::2]
    if titles:
        wanted = re.compile(titles, re.IGNORECASE)
        paths = [p for p in paths if wanted.search(" ".join((str(p), *labels.get(str(p.relative_to(root)), {}).values())))]
    step = max(1, len(paths) // limit) if limit else 1
    for path in paths[::step][:limit]:
        try:
            piece = read_midi(path.read_bytes())
        except RipienoError:
            continue
        piece = settle(piece, source)
        if piece is not None and 8 <= piece.bars <= max_bars:
            relative = str(path.relative_to(root))
            yield RealPiece(name, relative, piece, labels.get(relative, {}))


def excerpt(piece: Piece, bars: int) -> Piece:
    """The first bars of a piece, notes cut at the end, so that pieces of different length can be compared."""
    if piece.bars <= bars:
        return piece
    end = piece.timeline.bar_start(bars)
    tracks = []
    for track in piece.tracks:
        notes = track.notes[track.notes["start"] < end].copy()
        notes["duration"] = np.minimum(notes["duration"], end - notes["start"])
        if len(notes):
            tracks.append(replace(track, notes=make_notes(notes)))
    keys = tuple(k for k in piece.keys if k.bar < bars)
    return replace(piece, bars=bars, tracks=tuple(tracks), keys=keys)


@cache
def index_labels(root: Path) -> dict[str, dict[str, str]]:
    """The collection's own labels by MIDI path: style, composer, title, instrument, as far as its index has them."""
    index = root / "index.jsonl"
    if not index.exists():
        return {}
    out = {}
    for line in index.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        meta = row.get("meta") or {}
        flat = {
            **{k: str(v) for k, v in meta.items() if isinstance(v, str | list)},
            **{k: str(row[k]) for k in ("style", "composer", "title", "instrument") if row.get(k)},
        }
        out[row["mid"]] = flat
    return out


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
