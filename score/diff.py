"""What a musician would say changed between two pieces: 'violin bars 9 to 12: rhythm kept, 7 notes a third higher'.

Bars are matched first, so that bars which were cut, inserted or repeated do not make all that follows look new; then each track
is compared bar by bar, neighbouring changed bars are told together, and equal things said of several tracks are said once.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from ripieno.score.piece import NOTE_DTYPE, Mix, Notes, Piece, Track
from ripieno.score.pitch import pitch_name

_INTERVALS = ("unison", "semitone", "tone", "minor third", "third", "fourth", "tritone", "fifth", "minor sixth", "sixth",
              "minor seventh", "seventh", "octave")  # fmt: skip
_SLIGHT = 60  # ticks: an eighth of a quarter note
_SMALL_GAP = 1  # unchanged bars between changed ones that are still told as one stretch


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: the track's name ('' for the piece), bars as counted in the new piece (None: all), in words."""

    track: str
    bars: tuple[int, int] | None
    words: str


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
    pairs, moved = _matched_bars(before, after)
    changes = [*_frame(before, after, structural=bool(moved)), *moved]
    old = {t.id: t for t in before.tracks}
    new = {t.id: t for t in after.tracks}
    changes += [Change(t.name, None, "removed") for t in before.tracks if t.id not in new]
    for track in after.tracks:
        if track.id not in old:
            changes.append(Change(track.name, None, f"added: {_described(track)}"))
        elif track.hash != old[track.id].hash:
            changes += _head(old[track.id], track)
            changes += _music(old[track.id], track, before, after, pairs)
    if [t.id for t in before.tracks if t.id in new] != [t.id for t in after.tracks if t.id in old]:
        changes.append(Change("", None, "the tracks stand in another order"))
    return Difference(tuple(changes))


# --- bars ---------------------------------------------------------------------------------------------------------------------


def _matched_bars(before: Piece, after: Piece) -> tuple[list[tuple[int, int]], list[Change]]:
    """Pairs of bars to compare (old, new), and what was cut or put in."""
    if before.bars == after.bars:
        return [(bar, bar) for bar in range(after.bars)], []
    common = {t.id for t in before.tracks} & {t.id for t in after.tracks}
    old, new = (_signatures(p, common) for p in (before, after))
    pairs: list[tuple[int, int]] = []
    changes: list[Change] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        shared = min(b - a, d - c)
        pairs += [(a + i, c + i) for i in range(shared)]
        if kind == "equal" or (kind == "replace" and b - a == d - c):
            continue
        if b - a > shared:
            changes.append(Change("", None, f"{_bars(a + shared, b)} cut"))
        if d - c > shared:
            source = _copied(new[c + shared : d], old)
            what = f"a copy of {_bars(*source)}" if source else "new"
            changes.append(Change("", (c + shared, d), f"put in ({what})"))
    return pairs, changes


def _signatures(piece: Piece, ids: set[str]) -> list[bytes]:
    tracks = [t for t in sorted(piece.tracks, key=lambda t: t.id) if t.id in ids]
    bars = [_bars_of(t, piece) for t in tracks]
    return [b"|".join(rows[bar].tobytes() for rows in bars) for bar in range(piece.bars)]


def _copied(bars: list[bytes], old: list[bytes]) -> tuple[int, int] | None:
    if not any(b.strip(b"|") for b in bars):
        return None
    return next(((i, i + len(bars)) for i in range(len(old) - len(bars) + 1) if old[i : i + len(bars)] == bars), None)


def _bars_of(track: Track, piece: Piece) -> list[Notes]:
    """The notes of each bar, with starts counted from the bar line; what starts after the last bar goes with it."""
    lines = np.array([piece.timeline.bar_start(bar) for bar in range(piece.bars)], np.int64)
    cuts = np.searchsorted(track.notes["start"], lines[1:])
    rows = []
    for bar, notes in enumerate(np.split(track.notes, cuts)):
        moved = notes.copy()
        moved["start"] -= lines[bar]
        rows.append(moved)
    return rows


# --- the frame ----------------------------------------------------------------------------------------------------------------


def _frame(before: Piece, after: Piece, *, structural: bool) -> Iterable[Change]:
    if before.title != after.title:
        yield Change("", None, f"called “{after.title}” instead of “{before.title}”")
    if before.bars != after.bars:
        apart = after.bars - before.bars
        yield Change(
            "", None, f"{abs(apart)} bars {'longer' if apart > 0 else 'shorter'}: {after.bars} instead of {before.bars}"
        )
    yield from _tempo(before, after)
    metres = [str(m.metre) for m in before.timeline.metres], [str(m.metre) for m in after.timeline.metres]
    if metres[0] != metres[1]:
        yield Change("", None, f"metre {', '.join(metres[1])} instead of {', '.join(metres[0])}")
    keys = [str(k.key) for k in before.keys], [str(k.key) for k in after.keys]
    if keys[0] != keys[1]:
        yield Change("", None, f"key {', '.join(keys[1])} instead of {', '.join(keys[0])}")
    names = [s.name for s in before.sections], [s.name for s in after.sections]
    if names[0] != names[1]:
        yield Change("", None, f"form {', '.join(names[1]) or 'open'} instead of {', '.join(names[0]) or 'open'}")
    if not structural and keys[0] == keys[1]:
        yield from _chords(before, after)


def _tempo(before: Piece, after: Piece) -> Iterable[Change]:
    old, new = before.timeline.tempos, after.timeline.tempos
    if [t.bpm for t in old] == [t.bpm for t in new]:
        return
    if len(old) == len(new) == 1:
        yield Change("", None, f"tempo {new[0].bpm:g} instead of {old[0].bpm:g}")
        return
    bars = [b for b in range(min(before.bars, after.bars)) if _bar_tempos(before, b) != _bar_tempos(after, b)]
    for first, end in _runs(bars):
        a, b = _bar_tempos(after, first)[0], _bar_tempos(after, end - 1)[-1]
        goal = f"{a:.0f}" if abs(a - b) < 1 else f"from {a:.0f} to {b:.0f}"
        yield Change("", (first, end), f"tempo {goal} (it was {_bar_tempos(before, first)[0]:.0f})")


def _bar_tempos(piece: Piece, bar: int) -> list[float]:
    timeline = piece.timeline
    start, end = timeline.bar_start(bar), timeline.bar_start(bar + 1)
    return [timeline.tempo_at(start), *(t.bpm for t in timeline.tempos if start < t.tick < end)]


def _chords(before: Piece, after: Piece) -> Iterable[Change]:
    def by_bar(piece: Piece) -> list[str]:
        rows = [""] * piece.bars
        for span in piece.chords:
            bar = piece.timeline.bar_at(span.start)
            if bar < piece.bars:
                rows[bar] += f" {span.chord.symbol}"
        return rows

    old, new = by_bar(before), by_bar(after)
    changed = [bar for bar, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    for first, end in _runs(changed):
        now, was = (" |".join(rows[first : min(end, first + 4)]).strip() for rows in (new, old))
        more = " ..." if end - first > 4 else ""
        yield Change("", (first, end), f"chords {now or 'none'}{more} instead of {was or 'none'}{more}")


# --- tracks -------------------------------------------------------------------------------------------------------------------


def _head(old: Track, new: Track) -> Iterable[Change]:
    name = new.name
    if old.name != new.name:
        yield Change(name, None, f"called so instead of {old.name}")
    if (old.instrument_id, old.midi_program) != (new.instrument_id, new.midi_program):
        yield Change(name, None, f"played by {new.instrument.name.lower()} instead of {old.instrument.name.lower()}")
    if old.mix.muted != new.mix.muted:
        yield Change(name, None, "muted" if new.mix.muted else "heard again")
    for part in Mix.__slots__:
        a, b = getattr(old.mix, part), getattr(new.mix, part)
        if part != "muted" and a != b:
            yield Change(name, None, f"{part} {b} instead of {a}")


def _music(old: Track, new: Track, before: Piece, after: Piece, pairs: list[tuple[int, int]]) -> Iterable[Change]:
    if old.controls.tobytes() != new.controls.tobytes() and old.notes.tobytes() == new.notes.tobytes():
        yield Change(new.name, None, "controllers changed")
        return
    if old.notes.tobytes() == new.notes.tobytes():
        return
    was, now = _bars_of(old, before), _bars_of(new, after)
    changed = [(a, b) for a, b in pairs if was[a].tobytes() != now[b].tobytes()]
    back = {b: a for a, b in changed}
    for first, end in _runs([b for _, b in changed]):
        there = [b for b in range(first, end) if b in back]
        a = _joined([was[back[b]] for b in there])
        b = _joined([now[b] for b in there])
        whole = len(there) == after.bars or (len(a) == len(old.notes) and len(b) == len(new.notes) and len(changed) > 1)
        yield Change(new.name, None if whole else (first, end), _words(a, b))


def _joined(bars: list[Notes]) -> Notes:
    """Bars in a row; each is set far from the next, so that places within bars stay comparable."""
    rows = []
    for i, notes in enumerate(bars):
        moved = notes.copy()
        moved["start"] += i * 100_000
        rows.append(moved)
    return np.concatenate(rows) if rows else np.zeros(0, NOTE_DTYPE)


def _words(a: Notes, b: Notes) -> str:
    """What happened to the notes of some bars."""
    if not len(a) or not len(b):
        return f"plays now ({_count(len(b))})" if len(b) else "silent now"
    same_onsets = len(a) == len(b) and (a["start"] == b["start"]).all()
    if same_onsets:
        return _same_rhythm(a, b)
    if len(a) == len(b) and sorted(a["pitch"].tolist()) == sorted(b["pitch"].tolist()):
        apart = float(np.median(np.abs(np.sort(a["start"]) - np.sort(b["start"]))))
        return f"the same notes, {'moved slightly' if apart <= _SLIGHT else 'moved'} in time"
    rows_a, rows_b = _multiset(a), _multiset(b)
    gone, came = sum((rows_a - rows_b).values()), sum((rows_b - rows_a).values())
    if not came:
        return f"{_count(gone)} taken out, {len(b)} left"
    if not gone:
        return f"{_count(came)} added to {len(a)}"
    kept = len(a) - gone
    if kept >= 0.5 * max(len(a), len(b)):
        return f"{_count(gone)} of {len(a)} replaced by {came}"
    return f"written anew: {_count(len(b))} instead of {len(a)}"


def _same_rhythm(a: Notes, b: Notes) -> str:
    parts = []
    shift = b["pitch"].astype(int) - a["pitch"].astype(int)
    if shift.any():
        moved = shift[shift != 0]
        direction = "higher" if np.median(moved) > 0 else "lower"
        typical = int(abs(np.median(moved)))
        if len(moved) == len(shift) and len(set(moved.tolist())) == 1:
            parts.append(f"{_interval(typical)} {direction}")
        else:
            amount = f"{_interval(typical)} {direction}" if len({*np.sign(moved).tolist()}) == 1 else "changed in pitch"
            mostly = "mostly " if len(set(moved.tolist())) > 1 and amount != "changed in pitch" else ""
            parts.append(f"rhythm kept, {_count(len(moved))} {mostly}{amount}")
    length = b["duration"].astype(float) / np.maximum(1, a["duration"])
    if (a["duration"] != b["duration"]).any():
        middle = float(np.median(length))
        parts.append("held longer" if middle > 1.02 else "held shorter" if middle < 0.98 else "lengths changed")
    loud = b["velocity"].astype(float) - a["velocity"]
    if loud.any():
        mean = float(loud.mean())
        parts.append(f"{'louder' if mean > 0 else 'softer'} by {abs(mean):.0f}" if abs(mean) >= 0.5 else "loudness shaped anew")
    return ", ".join(parts)


def _interval(semitones: int) -> str:
    octaves, rest = divmod(semitones, 12)
    if not rest and octaves:
        return "an octave" if octaves == 1 else f"{octaves} octaves"
    if octaves:
        return f"{semitones} semitones"
    name = _INTERVALS[rest]
    return f"an {name}" if name[0] in "aeiou" and name != "unison" else f"a {name}"


def _multiset(notes: Notes) -> Counter[tuple[int, int]]:
    return Counter(zip(notes["start"].tolist(), notes["pitch"].tolist(), strict=True))


def _runs(bars: list[int]) -> list[tuple[int, int]]:
    """Stretches of bars, those apart by no more than a small gap joined."""
    runs: list[tuple[int, int]] = []
    for bar in bars:
        if runs and bar - runs[-1][1] <= _SMALL_GAP:
            runs[-1] = (runs[-1][0], bar + 1)
        else:
            runs.append((bar, bar + 1))
    return runs


def _described(track: Track) -> str:
    notes = track.notes
    if not len(notes):
        return f"{track.instrument.name.lower()}, no notes yet"
    pitches = "" if track.is_drum else f", {pitch_name(int(notes['pitch'].min()))} to {pitch_name(int(notes['pitch'].max()))}"
    return f"{track.instrument.name.lower()}, {_count(len(notes))}{pitches}"


def _count(number: int) -> str:
    return "1 note" if number == 1 else f"{number} notes"


def _bars(first: int, end: int) -> str:
    return f"bar {end}" if end == first + 1 else f"bars {first + 1} to {end}"


def _line(names: str, bars: tuple[int, int] | None, words: str) -> str:
    place = " ".join(x for x in (names, _bars(*bars) if bars else "") if x)
    if not place:
        return words
    return f"{place} {words}" if words in ("muted", "removed", "heard again", "silent now") else f"{place}: {words}"
