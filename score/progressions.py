"""The key that a row of chords is in."""

from collections.abc import Sequence

from ripieno.score.chords import Chord
from ripieno.score.keys import Key, simplest_tonic
from ripieno.score.pitch import fifths_of


def key_of(chords: Sequence[Chord], mode: str | None = None) -> Key:
    """The key that fits `chords` best, of the given mode where there is one, else major or minor.

    Counts the chord tones outside the scale (for minor the raised seventh counts as inside, as in its dominant chord),
    and prefers the key whose tonic chord opens or closes the row, then the one whose dominant occurs.

    Raises:
        ValueError: there are no chords.
    """
    if not chords:
        raise ValueError("no chords, no key")

    def cost(key: Key) -> float:
        scale = set(key.scale) | ({(key.tonic_pc + 11) % 12} if key.is_minor else set())
        outside = sum(pc not in scale for c in chords for pc in c.pitch_classes) / len(chords)

        def home(c: Chord) -> bool:
            return c.root_pc == key.tonic_pc and c.is_minor == key.is_minor and 6 not in c.intervals

        dominant = any(c.root_pc == (key.tonic_pc + 7) % 12 and not c.is_minor for c in chords)
        return outside - 0.5 * home(chords[0]) - 0.35 * home(chords[-1]) - 0.15 * dominant

    roots = {c.root_pc: c.root for c in reversed(chords)}
    modes = [mode] if mode else ["major", "minor"]
    best = min(
        (Key(roots.get(pc, simplest_tonic(pc, m)), m) for m in modes for pc in range(12)),
        key=lambda k: (round(cost(k), 6), abs(fifths_of(k.tonic))),
    )
    return best if -7 <= fifths_of(best.tonic) <= 11 else Key(simplest_tonic(best.tonic_pc, best.mode), best.mode)
