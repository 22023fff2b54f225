"""Chords taken to another key: the same degrees, in the quality that the other mode gives them."""

from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.keys import Key

_TRIADS = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}
_SEVENTHS = {("", 11): "maj7", ("", 10): "7", ("m", 10): "m7", ("dim", 10): "m7b5", ("dim", 9): "dim7"}


def moved(chord: Chord, home: Key, goal: Key) -> Chord:
    """A chord of `home` as the chord on the same degree of `goal`.

    Between keys of one mode it is transposed. Into the other mode chords of the scale take the quality that they have there;
    the dominant stays major; chords from outside the scale are transposed as they are.
    """
    by = (goal.tonic_pc - home.tonic_pc) % 12
    degree = home.degree(chord.root_pc)
    if home.is_minor == goal.is_minor or len(home.scale) != 7 or len(goal.scale) != 7 or degree is None:
        return chord.transposed(by, goal)
    seventh = len(chord.intervals) > 3 and chord.intervals[3] in (9, 10, 11)
    bass = home.degree(chord.bass_pc) if chord.bass is not None else None
    if (chord.root_pc - home.tonic_pc) % 12 == 7:  # the dominant, whatever the scale makes of it
        quality = "7" if seventh else ""
    elif any(pc not in home.scale for pc in chord.pitch_classes):
        return chord.transposed(by, goal)
    else:
        steps = [(goal.scale[(degree + k) % 7] - goal.scale[degree]) % 12 for k in (2, 4, 6)]
        quality = _TRIADS.get((steps[0], steps[1]), "")
        quality = _SEVENTHS.get((quality, steps[2]), quality) if seventh else quality
    return Chord(goal.spell(goal.scale[degree]), QUALITIES[quality], None if bass is None else goal.spell(goal.scale[bass]))
