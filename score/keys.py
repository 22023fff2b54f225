"""Keys and modes: the one table of scales, and the spelling of pitch classes within a key."""

from dataclasses import dataclass
from functools import lru_cache

from ripieno.score.errors import BadRequest
from ripieno.score.pitch import fifths_of, name_at_fifths, normal_name, pitch_class

# name -> (intervals in semitones from the tonic, key-signature offset on the line of fifths, its other names)
MODES: dict[str, tuple[tuple[int, ...], int, tuple[str, ...]]] = {
    "major": ((0, 2, 4, 5, 7, 9, 11), 0, ("ionian", "dur")),
    "minor": ((0, 2, 3, 5, 7, 8, 10), -3, ("aeolian", "natural minor", "moll")),
    "harmonic minor": ((0, 2, 3, 5, 7, 8, 11), -3, ()),
    "melodic minor": ((0, 2, 3, 5, 7, 9, 11), -3, ("jazz minor",)),
    "dorian": ((0, 2, 3, 5, 7, 9, 10), -2, ()),
    "phrygian": ((0, 1, 3, 5, 7, 8, 10), -4, ()),
    "lydian": ((0, 2, 4, 6, 7, 9, 11), 1, ()),
    "mixolydian": ((0, 2, 4, 5, 7, 9, 10), -1, ()),
    "locrian": ((0, 1, 3, 5, 6, 8, 10), -5, ()),
    "phrygian dominant": ((0, 1, 4, 5, 7, 8, 10), -4, ("spanish phrygian", "freygish", "hijaz")),
    "double harmonic": ((0, 1, 4, 5, 7, 8, 11), 0, ("byzantine", "arabic", "gypsy major", "middle eastern")),
    "hungarian minor": ((0, 2, 3, 6, 7, 8, 11), -3, ("gypsy minor", "gypsy")),
    "lydian dominant": ((0, 2, 4, 6, 7, 9, 10), 0, ("acoustic", "overtone")),
    "altered": ((0, 1, 3, 4, 6, 8, 10), -5, ("super locrian",)),
    "major pentatonic": ((0, 2, 4, 7, 9), 0, ("pentatonic", "pentatonic major")),
    "minor pentatonic": ((0, 3, 5, 7, 10), -3, ("pentatonic minor",)),
    "blues": ((0, 3, 5, 6, 7, 10), -3, ("minor blues", "blues scale", "blues minor")),
    "major blues": ((0, 2, 3, 4, 7, 9), 0, ("blues major",)),
    "hirajoshi": ((0, 2, 3, 7, 8), -3, ("japanese",)),
    "in sen": ((0, 1, 5, 7, 10), -4, ("insen", "in scale")),
    "whole tone": ((0, 2, 4, 6, 8, 10), 0, ("whole-tone",)),
    "octatonic": ((0, 2, 3, 5, 6, 8, 9, 11), -3, ("diminished scale", "half-whole", "whole-half")),
    "chromatic": (tuple(range(12)), 0, ()),
}
MODE_NAMES: dict[str, str] = {
    **{name: name for name in MODES},
    **{other: name for name, row in MODES.items() for other in row[2]},
}


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (spelled, such as 'F#') and a mode (a name in `MODES`)."""

    tonic: str
    mode: str = "major"

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "tonic", normal_name(self.tonic))
        except ValueError:
            raise BadRequest(
                "A key's tonic is a note name from A to G with sharps or flats",
                value=self.tonic,
                cure="write it like 'F# minor' or 'Bb major'",
            ) from None
        if self.mode not in MODES:
            mode = MODE_NAMES.get(self.mode.lower().strip())
            if mode is None:
                raise BadRequest(
                    "A mode is one that Ripieno knows", value=self.mode, cure="use one of: " + ", ".join(MODES)
                )
            object.__setattr__(self, "mode", mode)

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"

    @property
    def tonic_pc(self) -> int:
        """Pitch class of the tonic."""
        return pitch_class(self.tonic)

    @property
    def intervals(self) -> tuple[int, ...]:
        """Scale steps in semitones above the tonic, ascending from 0."""
        return MODES[self.mode][0]

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the scale, from the tonic upwards."""
        return tuple((self.tonic_pc + i) % 12 for i in self.intervals)

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor (scales without a third count as major)."""
        return 3 in self.intervals and 4 not in self.intervals

    @property
    def signature(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, -7..7."""
        raw = fifths_of(self.tonic) + MODES[self.mode][1]
        return (raw + 6) % 12 - 6 if not -7 <= raw <= 7 else raw

    def spell(self, pc: int) -> str:
        """Spelling of a pitch class in this key: scale tones as in the scale, others near the tonic on the line of fifths."""
        return _spelling(self)[pc % 12]

    def degree(self, pc: int) -> int | None:
        """Scale degree 0.. of a pitch class, or None where it is not in the scale."""
        interval = (pc - self.tonic_pc) % 12
        return self.intervals.index(interval) if interval in self.intervals else None

    def relative(self) -> "Key":
        """The major or minor key with the same signature."""
        place = fifths_of(self.tonic)
        if self.is_minor:
            return Key(name_at_fifths(place - 3), "major")
        return Key(name_at_fifths(place + 3), "minor")

    def parallel(self) -> "Key":
        """The key on the same tonic with the other third."""
        return Key(self.tonic, "major" if self.is_minor else "minor")

    def transposed(self, semitones: int) -> "Key":
        """The same mode on another tonic, spelled with the fewest accidentals."""
        pc = (self.tonic_pc + semitones) % 12
        return Key(simplest_tonic(pc, self.mode), self.mode)


@lru_cache(maxsize=256)
def _spelling(key: Key) -> tuple[str, ...]:
    tonic = fifths_of(key.tonic)
    centre = tonic + (2 if not key.is_minor else -1)  # middle of the scale on the line of fifths
    places: dict[int, int] = {}
    for place in sorted(range(centre - 20, centre + 21), key=lambda p: (abs(p - centre), p)):
        places.setdefault((place * 7) % 12, place)
    if len(key.intervals) == 7:  # one letter for each degree
        letters = "CDEFGAB"
        start = letters.index(key.tonic[0])
        for i, interval in enumerate(key.intervals):
            pc = (key.tonic_pc + interval) % 12
            for place in range(tonic - 14, tonic + 15):
                if (place * 7) % 12 == pc and name_at_fifths(place)[0] == letters[(start + i) % 7]:
                    places[pc] = place
    if key.is_minor:  # raised sixth and seventh are spelled upwards
        for interval, steps in ((11, 5), (9, 3)):
            places[(key.tonic_pc + interval) % 12] = tonic + steps
    return tuple(name_at_fifths(places[pc]) for pc in range(12))


def simplest_tonic(pc: int, mode: str) -> str:
    """The spelling of a tonic whose key signature has the fewest signs (flats win a tie in major, sharps in minor)."""
    offset = MODES[MODE_NAMES[mode]][1]
    options = [p for p in range(-8, 13) if (p * 7) % 12 == pc % 12]
    sharp_wins = offset < 0
    best = min(options, key=lambda p: (abs(p + offset), (p + offset < 0) == sharp_wins))
    return name_at_fifths(best)
