"""What a piece from elsewhere is, as far as its file does not say: metre, key and mode, roles, chords, sections."""

from dataclasses import dataclass, replace

from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.key_finding import find_keys
from ripieno.score.analysis.metre_finding import find_metre
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.roles import assign_roles
from ripieno.score.analysis.sections import find_sections
from ripieno.score.formats.metres import metre_of
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece
from ripieno.score.time import Metre, MetreChange

_MARGIN = 0.15  # by how much the relative minor must suit the notes better than the major of a signature without a mode
_PHRASE = 8  # bars from which sections are looked for


@dataclass(frozen=True)
class Understood:
    """A piece with everything filled in, and what was found out, as sentences."""

    piece: Piece
    found: tuple[str, ...]


def understand(piece: Piece, unsaid: frozenset[str]) -> Understood:
    """Fills in what `unsaid` names (see `formats.reading.Reading`), and chords and sections where there are none."""
    found: list[str] = []
    pitched = any(not t.is_drum and len(t.notes) for t in piece.tracks)
    if "metre" in unsaid:
        metre, upbeat = find_metre(piece)
        if (metre, upbeat) != (Metre(4, 4), 0):
            piece = with_metre(piece, metre, upbeat)
            found.append(f"metre {metre}{' after an upbeat' if upbeat else ''}, by accents and repetition")
    if pitched and unsaid & {"key", "mode"}:
        piece, word = _with_key(piece, signed="mode" in unsaid)
        found += [word] if word else []
    if "roles" in unsaid:
        piece = replace(piece, tracks=assign_roles(piece.tracks, piece.timeline.ppq))
        found.append("roles of the tracks, by name, register and texture")
    if pitched and not piece.chords:
        piece = replace(piece, chords=find_chords(Reading(piece), piece.key))
        found.append(f"{len(piece.chords)} chords, heard in the notes")
    if not piece.sections and piece.bars >= _PHRASE:
        piece = replace(piece, sections=find_sections(piece))
        found.append("sections " + " ".join(s.label for s in piece.sections) + ", by what returns")
    return Understood(piece, tuple(found))


def _with_key(piece: Piece, *, signed: bool) -> tuple[Piece, str]:
    """The key heard in the notes; where the file has signatures, only whether each means its major or its minor key."""
    guesses = find_keys(Reading(piece))
    if not guesses:
        return piece, ""
    if not signed:
        key = guesses[0].key
        return replace(piece, keys=(KeyChange(0, key),)), f"key {key}, heard in the notes"
    if len(piece.keys) > 1:
        return piece, ""
    scores = {g.key: g.score for g in guesses if g.key.signature % 12 == piece.key.signature % 12}
    minor = next((k for k in scores if k.is_minor), None)
    major = next((k for k in scores if not k.is_minor), None)
    if minor is None or major is None or scores[minor] - scores[major] <= _MARGIN or piece.key.is_minor:
        return piece, ""
    key = Key(piece.key.relative().tonic, "minor")
    return replace(piece, keys=(KeyChange(0, key),)), f"key {key} and not {piece.key}, which has the same signature"


def with_metre(piece: Piece, metre: Metre, upbeat: int) -> Piece:
    """The same music barred anew from the start: a bar of `upbeat` ticks if there is one, then bars of `metre`.

    Keys and sections stay at the bar line nearest to where they were; an upbeat that is no metre of its own is left out.
    """
    old = piece.timeline
    short = metre_of(upbeat, old.ppq) if upbeat else None
    metres = (MetreChange(0, short), MetreChange(1, metre)) if short else (MetreChange(0, metre),)
    timeline = replace(old, metres=metres)
    ends = [int((t.notes["start"].astype("i8") + t.notes["duration"]).max()) for t in piece.tracks if len(t.notes)]
    end = max(ends, default=piece.ticks)
    bars = max(1, timeline.bar_at(max(0, end - old.ppq // 4 - 1)) + 1)

    def moved(bar: int) -> int:
        tick = old.bar_start(bar)
        near = timeline.bar_at(tick)
        return near + (2 * (tick - timeline.bar_start(near)) >= timeline.bar_ticks(near))

    keys = {moved(k.bar): k.key for k in piece.keys}
    starts = {moved(s.first_bar): s for s in piece.sections}
    ordered = sorted(bar for bar in starts if bar < bars)
    sections = tuple(
        replace(starts[bar], first_bar=bar, bars=until - bar) for bar, until in zip(ordered, [*ordered, bars][1:], strict=True)
    )
    return replace(
        piece, timeline=timeline, bars=bars, sections=sections,
        keys=tuple(KeyChange(bar, key) for bar, key in sorted(keys.items()) if bar < bars),
    )  # fmt: skip
