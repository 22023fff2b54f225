"""What chords do in their key, in a musician's words: functions, secondary dominants, borrowed chords, cadences.

The vocabulary is that of common practice (E. Aldwell and C. Schachter, *Harmony and Voice Leading*).
"""

from collections.abc import Sequence

from ripieno.score.chords import Chord
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Piece

_ROLES = {
    0: "is home, the tonic", 1: "prepares the dominant", 2: "stands in for the tonic", 3: "leads away, the subdominant",
    4: "is the dominant, which wants to go home", 5: "stands in for the tonic, softer",
    6: "leans on the tonic like the dominant",
}  # fmt: skip


def function_words(chord: Chord, following: Chord | None, key: Key) -> str:
    """What a chord does, such as '(ii7) prepares the dominant'."""
    roman = chord.roman(key)
    degree = key.degree(chord.root_pc) if len(key.intervals) == 7 else None
    applied = _applied(chord, following, key)
    if applied:
        return f"({roman}) is {applied}"
    foreign = [pc for pc in chord.pitch_classes if key.degree(pc) is None]
    if foreign and degree in (4, 6) and set(foreign) <= {(key.tonic_pc - 1) % 12} and key.is_minor:
        return f"({roman}) {_ROLES[degree]}, with the raised leading note"
    if foreign and _borrowed(chord, key):
        return f"({roman}) is borrowed from {key.parallel()}"
    if degree is None:
        return f"({roman}) is chromatic, a colour outside the key"
    colour = ", coloured by a note outside the key" if foreign else ""
    return f"({roman}) {_ROLES[degree]}{colour}"


def _applied(chord: Chord, following: Chord | None, key: Key) -> str:
    """'the dominant of ii' and the like, where it resolves so or can only be that."""
    if not (4 in chord.intervals and 7 in chord.intervals) or key.degree(chord.root_pc) == 4:
        return ""
    target = (chord.root_pc + 5) % 12
    third = (chord.root_pc + 4) % 12
    if target == key.tonic_pc or key.degree(target) is None or (key.degree(third) is not None and not chord.is_dominant):
        return ""
    if following is None or following.root_pc != target:
        return ""
    return f"the dominant of {following.roman(key)}, a secondary dominant"


def _borrowed(chord: Chord, key: Key) -> bool:
    return all(key.parallel().degree(pc) is not None for pc in chord.pitch_classes)


def cadences(piece: Piece, chords: Sequence[ChordSpan]) -> list[tuple[int, str]]:
    """(bar, kind) of the cadences at the ends of sections, or of the piece where it has none."""
    ends = [s.end_bar for s in piece.sections] or [piece.bars]
    found = []
    for end in ends:
        until = piece.timeline.bar_start(end)
        inside = [c for c in chords if c.start < until]
        if len(inside) < 2:
            continue
        last, before = inside[-1], inside[-2]
        bar = piece.timeline.bar_at(last.start)
        if bar < end - 2:
            continue
        kind = _cadence(before.chord, last.chord, piece.key_at(bar))
        if kind:
            found.append((bar, kind))
    return found


def _cadence(before: Chord, last: Chord, key: Key) -> str:
    dominant, tonic, fourth = (key.tonic_pc + 7) % 12, key.tonic_pc, (key.tonic_pc + 5) % 12
    if last.root_pc == tonic and before.root_pc in (dominant, (tonic - 1) % 12):
        return "authentic cadence"
    if last.root_pc == tonic and before.root_pc == fourth:
        return "plagal cadence"
    if last.root_pc == dominant:
        return "half cadence"
    if before.root_pc == dominant and last.root_pc != dominant:
        return "deceptive cadence"
    return ""


def romans(piece: Piece, chords: Sequence[ChordSpan]) -> dict[int, list[str]]:
    """Roman numerals by bar."""
    rows: dict[int, list[str]] = {}
    for span in chords:
        bar = piece.timeline.bar_at(span.start)
        rows.setdefault(bar, []).append(span.chord.roman(piece.key_at(bar)))
    return rows
