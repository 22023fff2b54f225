"""The words of the music language model: an ordered list of ranges, from which ids, masks, names and sizes derive.

Ids follow the order of `RANGES`; the weights depend on it, so their folder names the vocabulary's fingerprint. What the
values of a range mean stands beside it. Everything pitched is written in the home key: C major or A minor (`sheet.Sheet`).
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from ripieno.score.instruments import Instrument, Role

SLOTS = 24  # places in a quarter note: semiquavers, demisemiquavers, triplets
BARS = 16  # bars in a window
TRACKS = 16  # tracks in a window
DRUM_LOW, DRUM_HIGH = 27, 87  # General MIDI percussion keys
VELOCITY_STEP = 8

STYLES = (
    "any", "hymn", "sacred", "art_song", "string_quartet", "orchestral", "chamber", "renaissance", "baroque", "classical",
    "romantic", "romantic_piano", "dance", "march", "folk", "ragtime", "lead_sheet", "game", "film", "rock", "pop", "funk",
    "jazz", "latin", "hiphop", "reggae", "country", "afro",
)  # fmt: skip
METRES = (
    (2, 2), (3, 2), (4, 2), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (6, 4), (7, 4), (8, 4), (2, 8), (3, 8), (4, 8), (5, 8),
    (6, 8), (7, 8), (8, 8), (9, 8), (10, 8), (11, 8), (12, 8), (3, 16), (6, 16), (9, 16), (12, 16),
)  # fmt: skip
# Lower edges of the tempo classes, quarter notes a minute; class 0 is 'any', class 1 below the first edge.
TEMPO_EDGES = (45, 55, 63, 70, 77, 84, 91, 98, 105, 112, 120, 128, 137, 147, 158, 170, 185, 205, 230)
QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "m7b5", "dim7", "sus4", "aug", "5", "6", "m6")
ROLES = tuple(Role)
# Lengths of notes in slots; others are written as the nearest, long ones thus coarsely.
DURATIONS = (
    *range(1, 25), 28, 30, 32, 36, 40, 42, 44, 48, 54, 60, 64, 66, 72, 80, 84, 90, 96, 108, 120, 128, 132, 144, 160, 168, 192,
    240, 288, 384,
)  # fmt: skip
# Instruments as the model tells them apart: General MIDI programs (0-based) of each group.
GROUPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("piano", (0, 1, 2, 3)), ("electric_piano", (4, 5)), ("harpsichord", (6, 7)), ("mallets", tuple(range(8, 16))),
    ("organ", (16, 17, 18, 19, 20)), ("accordion", (21, 22, 23)), ("acoustic_guitar", (24, 25)),
    ("clean_guitar", (26, 27, 28, 31)), ("distorted_guitar", (29, 30)), ("acoustic_bass", (32,)),
    ("electric_bass", (33, 34, 35, 36, 37)), ("synth_bass", (38, 39)), ("violin", (40,)), ("viola", (41,)), ("cello", (42,)),
    ("contrabass", (43,)), ("strings", (44, 45, 48, 49, 50, 51)), ("harp", (46,)), ("timpani", (47,)), ("choir", (52, 53, 54)),
    ("hit", (55,)), ("trumpet", (56, 59)), ("trombone", (57,)), ("tuba", (58,)), ("horn", (60,)), ("brass", (61, 62, 63)),
    ("saxophone", (64, 65, 66, 67)), ("oboe", (68, 69)), ("bassoon", (70,)), ("clarinet", (71,)),
    ("flute", (72, 73, 74, 75, 76, 77, 78, 79)), ("synth_lead", tuple(range(80, 88))), ("synth_pad", tuple(range(88, 96))),
    ("synth_effect", tuple(range(96, 104))), ("plucked", (104, 105, 106, 107)), ("folk", (108, 109, 110, 111)),
    ("struck", tuple(range(112, 120))), ("noise", tuple(range(120, 128))), ("drums", ()),
)  # fmt: skip
DRUMS = len(GROUPS) - 1


@dataclass(frozen=True, slots=True)
class Range:
    """A kind of token: name, first id, how many values (0 to size - 1), and what a value means."""

    name: str
    first: int
    size: int
    meaning: str

    @property
    def end(self) -> int:
        """The id after the last."""
        return self.first + self.size


_SPEC: tuple[tuple[str, int, str], ...] = (
    ("PAD", 1, "nothing; fills batches in training"),
    ("BOS", 1, "a window begins"),
    ("EOS", 1, "a window ends"),
    ("STYLE", len(STYLES), "index in STYLES, 0 any"),
    ("MODE", 2, "0 major (written in C), 1 minor (written in A)"),
    ("TEMPO", len(TEMPO_EDGES) + 2, "0 any, then classes between TEMPO_EDGES"),
    ("BAR", BARS, "the plan of a bar begins; its number in the window"),
    ("METRE", len(METRES), "index in METRES, from this bar on"),
    ("SECTION", 9, "0 any, then letters A to H, from this bar on"),
    ("PHRASE", 16, "bars since the section began, modulo 16"),
    ("ENERGY", 9, "0 any, 1 calm to 8 loud"),
    ("CHORD", 1 + 12 * len(QUALITIES), "0 any, then root (0 is C of the home key) times qualities plus index in QUALITIES"),
    ("TRACK", TRACKS, "in the head: a track is described; in a block: its notes in this bar follow"),
    ("GROUP", len(GROUPS), "index in GROUPS"),
    ("ROLE", len(ROLES), "index in ROLES"),
    ("DENSITY", 9, "0 any, then onsets a quarter note: classes between DENSITY_EDGES"),
    ("REGISTER", 13, "0 any, then the mean pitch in steps of six semitones from 24"),
    ("POLYPHONY", 7, "0 any, then the most notes that sound at once, 6 standing for more"),
    ("CONTEXT", BARS, "bar of the window whose given notes follow"),
    ("FILL", BARS, "bar of the window whose wanted notes follow"),
    ("POSITION", 192, "slots into the bar"),
    ("VELOCITY", 16, "MIDI velocity in steps of eight; in the head: the track's usual one"),
    ("PITCH", 128, "MIDI pitch in the home key"),
    ("DURATION", len(DURATIONS), "index in DURATIONS"),
    ("DRUM", DRUM_HIGH - DRUM_LOW + 1, "percussion key from DRUM_LOW"),
)
_STARTS = (0, *accumulate(size for _, size, _ in _SPEC))
RANGES: tuple[Range, ...] = tuple(Range(n, s, size, m) for (n, size, m), s in zip(_SPEC, _STARTS, strict=False))
SIZE = _STARTS[-1]
DENSITY_EDGES = (0.25, 0.5, 0.8, 1.2, 1.8, 2.6, 3.6)  # lower edges of classes 2 to 8

(PAD, BOS, EOS, STYLE, MODE, TEMPO, BAR, METRE, SECTION, PHRASE, ENERGY, CHORD, TRACK, GROUP, ROLE, DENSITY, REGISTER,
 POLYPHONY, CONTEXT, FILL, POSITION, VELOCITY, PITCH, DURATION, DRUM) = RANGES  # fmt: skip


def kind_of(token: int) -> Range:
    """The range that a token belongs to.

    Raises:
        IndexError: there is no such token.
    """
    if not 0 <= token < SIZE:
        raise IndexError(token)
    return RANGES[bisect_right(_STARTS, token) - 1]


def name_of(token: int) -> str:
    """A token as people read it: 'PITCH_60', 'METRE_3/4', 'CHORD_G7'."""
    kind = kind_of(token)
    value = token - kind.first
    if kind is METRE:
        return f"METRE_{METRES[value][0]}/{METRES[value][1]}"
    if kind is STYLE:
        return f"STYLE_{STYLES[value]}"
    if kind is GROUP:
        return f"GROUP_{GROUPS[value][0]}"
    if kind is ROLE:
        return f"ROLE_{ROLES[value]}"
    if kind is DURATION:
        return f"DURATION_{DURATIONS[value]}"
    if kind is CHORD and value:
        root, quality = divmod(value - 1, len(QUALITIES))
        return f"CHORD_{('C', 'Db', 'D', 'Eb', 'E', 'F', 'Gb', 'G', 'Ab', 'A', 'Bb', 'B')[root]}{QUALITIES[quality]}"
    return f"{kind.name}_{value}" if kind.size > 1 else kind.name


@cache
def fingerprint() -> str:
    """SHA-256 over the names of all tokens in order: weights fit a vocabulary with the fingerprint they were trained on."""
    return hashlib.sha256("\n".join(map(name_of, range(SIZE))).encode()).hexdigest()


@cache
def _group_of_program() -> dict[int, int]:
    return {program: i for i, (_, programs) in enumerate(GROUPS) for program in programs}


def group_of(row: Instrument, program: int) -> int:
    """The group of an instrument that plays with a General MIDI program."""
    return DRUMS if row.is_drum else _group_of_program()[program]


def tempo_class(bpm: float) -> int:
    """The value of TEMPO for a tempo in quarter notes a minute; never 0."""
    return 1 + bisect_right(TEMPO_EDGES, bpm)


def density_class(onsets_per_quarter: float) -> int:
    """The value of DENSITY for onsets in a quarter note; never 0."""
    return 1 + bisect_right(DENSITY_EDGES, onsets_per_quarter)


def register_class(mean_pitch: float) -> int:
    """The value of REGISTER for a mean pitch; never 0."""
    return 1 + min(max(round((mean_pitch - 24) / 6), 0), REGISTER.size - 2)


def duration_index(slots: int) -> int:
    """The index in DURATIONS nearest to a length in slots (the shorter of two as near)."""
    i = bisect_right(DURATIONS, slots) - 1
    if i < 0:
        return 0
    if i + 1 < len(DURATIONS) and DURATIONS[i + 1] - slots < slots - DURATIONS[i]:
        return i + 1
    return i
