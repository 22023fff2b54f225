"""What a musician would say changed between two pieces: 'violin bars 9 to 12: rhythm kept, 7 notes a third higher'.

Bars are matched first (`diff_bars`), so that bars which were cut, inserted, moved or repeated do not make all that follows
look new; then the frame is compared (`diff_frame`) and each track bar by bar (`diff_tracks`). Neighbouring changed bars are
told together, and equal things said of several tracks are said once. Whatever a piece holds is compared: the difference is
empty only where the pieces are equal.
"""

from dataclasses import dataclass

from ripieno.score.diff_bars import match_bars
from ripieno.score.diff_frame import Change, frame_changes, span_of
from ripieno.score.diff_tracks import described, head_changes, music_changes
from ripieno.score.piece import Piece

__all__ = ["Change", "Difference", "compare_pieces"]
_VERBS = ("muted", "removed", "heard again", "silent now", "moved here")


@dataclass(frozen=True)
class Difference:
    """All changes, the piece's own first. `lines` are for people; empty where nothing differs."""

    changes: tuple[Change, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each change, equal ones of several tracks together."""
        grouped: dict[tuple[str, tuple[int, int] | None], list[str]] = {}
        for change in self.changes:
            grouped.setdefault((change.words, change.bars), []).append(change.track)
        return tuple(_line(", ".join(t for t in names if t), bars, words) for (words, bars), names in grouped.items())


def compare_pieces(before: Piece, after: Piece) -> Difference:
    """The difference between two pieces."""
    if before.hash == after.hash:
        return Difference(())
    matching = match_bars(before, after)
    changes = list(frame_changes(before, after, matching))
    old = {t.id: t for t in before.tracks}
    new = {t.id: t for t in after.tracks}
    changes += [Change(t.name, None, "removed") for t in before.tracks if t.id not in new]
    for track in after.tracks:
        if track.id not in old:
            changes.append(Change(track.name, None, f"added: {described(track)}"))
        elif track.hash != old[track.id].hash:
            changes += head_changes(old[track.id], track)
            changes += music_changes(old[track.id], track, before, after, matching)
    if [t.id for t in before.tracks if t.id in new] != [t.id for t in after.tracks if t.id in old]:
        changes.append(Change("", None, "the tracks stand in another order"))
    return Difference(tuple(changes))


def _line(names: str, bars: tuple[int, int] | None, words: str) -> str:
    place = " ".join(x for x in (names, span_of(*bars) if bars else "") if x)
    if not place:
        return words
    return f"{place} {words}" if words.startswith(_VERBS) else f"{place}: {words}"
