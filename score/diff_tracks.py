"""What changed in one track: its name, instrument, role and mix, its notes bar by bar, its controllers."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from ripieno.score.diff_bars import Matching, bars_of, stretched, window
from ripieno.score.diff_frame import Change, runs
from ripieno.score.piece import NOTE_DTYPE, Controls, Mix, Notes, Piece, Track
from ripieno.score.pitch import pitch_name

_INTERVALS = ("unison", "semitone", "tone", "minor third", "third", "fourth", "tritone", "fifth", "minor sixth", "sixth",
              "minor seventh", "seventh", "octave")  # fmt: skip
# semitones of diatonic intervals, where notes move by the smaller and the larger of them
_STEPS = {"a step": {1, 2}, "a third": {3, 4}, "a fourth": {5, 6}, "a fifth": {6, 7}, "a sixth": {8, 9}, "a seventh": {10, 11}}
_SLIGHT = 60  # ticks: an eighth of a quarter note
_NAMED = {1: "modulation", 7: "volume", 10: "pan", 11: "expression", 64: "sustain pedal", 66: "sostenuto pedal",
          67: "soft pedal", 91: "reverb", 93: "chorus"}  # fmt: skip
_KINDS = {1: "pitch bend", 2: "pressure", 3: "key pressure"}


def head_changes(old: Track, new: Track) -> Iterable[Change]:
    """Changes of everything but the music."""
    name = new.name
    if old.name != new.name:
        yield Change(name, None, f"called so instead of {old.name}")
    if (old.instrument_id, old.program) != (new.instrument_id, new.program):
        if old.instrument_id != new.instrument_id:
            yield Change(name, None, f"played by {new.instrument.name.lower()} instead of {old.instrument.name.lower()}")
        else:
            yield Change(name, None, f"sound (program) {new.midi_program + 1} instead of {old.midi_program + 1}")
    if old.role != new.role:
        yield Change(name, None, f"has the part of {new.role} instead of {old.role}")
    if old.mix.muted != new.mix.muted:
        yield Change(name, None, "muted" if new.mix.muted else "heard again")
    for part in Mix.__slots__:
        a, b = getattr(old.mix, part), getattr(new.mix, part)
        if part != "muted" and a != b:
            yield Change(name, None, f"{part} {b} instead of {a}")


def music_changes(old: Track, new: Track, before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    """Changes of the notes, then of the controllers."""
    said = list(_notes(old, new, before, after, matching))
    yield from said
    yield from _controllers(old, new, before, after, matching, told=bool(said))


def _notes(old: Track, new: Track, before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    if old.notes.tobytes() == new.notes.tobytes() and matching.plain:
        return
    was, now = bars_of(old, before), bars_of(new, after)
    back = {b: a for a, b in matching.pairs if was[a].tobytes() != now[b].tobytes()}
    silent = {b for a, b in matching.pairs if not len(was[a]) and not len(now[b])}
    for first, end in _over_rests(runs(sorted(back)), silent):
        there = [b for b in range(first, end) if b in back]
        a = _joined([was[back[b]] for b in there])
        b = _joined([now[bar] for bar in there])
        whole = len(there) == after.bars or (len(a) == len(old.notes) and len(b) == len(new.notes) and len(back) > 1)
        yield Change(new.name, None if whole else (first, end), _words(a, b))
    for old_span, new_span, ratio in matching.stretched:
        a, b = window(old, before, old_span), window(new, after, new_span)
        if not stretched(a, b, ratio):
            yield Change(new.name, new_span, f"written anew: {_count(len(b))} instead of {len(a)}" if len(b) else "silent now")


def _over_rests(spans: list[tuple[int, int]], silent: set[int]) -> list[tuple[int, int]]:
    """Stretches with nothing but rests between them made one."""
    found: list[tuple[int, int]] = []
    for first, end in spans:
        if found and all(bar in silent for bar in range(found[-1][1], first)):
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


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
    if len(a) == len(b) and (a["start"] == b["start"]).all():
        return _same_rhythm(a, b)
    if len(a) == len(b) and sorted(a["pitch"].tolist()) == sorted(b["pitch"].tolist()):
        apart = float(np.median(np.abs(np.sort(a["start"]) - np.sort(b["start"]))))
        return f"the same notes, {'moved slightly' if apart <= _SLIGHT else 'moved'} in time"
    if len(a) == len(b) and np.abs(a["start"] - b["start"]).max() <= _SLIGHT:
        return f"{_same_rhythm(a, b)}, slightly moved in time"
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
        sizes = set(np.abs(moved).tolist())
        direction = "higher" if np.median(moved) > 0 else "lower"
        if len({*np.sign(moved).tolist()}) > 1:
            parts.append(f"rhythm kept, {_count(len(moved))} changed in pitch")
        elif len(sizes) == 1 and len(moved) == len(shift):
            parts.append(f"{_interval(sizes.pop())} {direction}")
        else:
            step = next((name for name, members in _STEPS.items() if sizes <= members), None) if len(sizes) > 1 else None
            typical = step or _interval(int(abs(np.median(moved))))
            mostly = "mostly " if len(sizes) > 1 and step is None else ""
            parts.append(f"rhythm kept, {_count(len(moved))} {mostly}{typical} {direction}")
    length = b["duration"].astype(float) / np.maximum(1, a["duration"])
    if (a["duration"] != b["duration"]).any():
        middle = float(np.median(length))
        parts.append("held longer" if middle > 1.02 else "held shorter" if middle < 0.98 else "lengths changed")
    loud = b["velocity"].astype(float) - a["velocity"]
    if loud.any():
        mean = float(loud.mean())
        parts.append(f"{'louder' if mean > 0 else 'softer'} by {abs(mean):.0f}" if abs(mean) >= 0.5 else "loudness shaped anew")
    return ", ".join(parts) or "the same notes, in another order"


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


def _controllers(
    old: Track, new: Track, before: Piece, after: Piece, matching: Matching, *, told: bool
) -> Iterable[Change]:
    """The controllers that move otherwise, by name; nothing of those that only moved along with their bars."""
    if old.controls.tobytes() == new.controls.tobytes():
        return
    was, now = _by_bar(old.controls, before), _by_bar(new.controls, after)
    names: dict[str, list[int]] = {}
    for a, b in matching.pairs:
        for name in sorted(was[a].keys() | now[b].keys()):
            if was[a].get(name) != now[b].get(name):
                names.setdefault(name, []).append(b)
    for name, bars in names.items():
        gone = all(name not in now[b] for b in range(after.bars))
        came = all(name not in was[a] for a in range(before.bars))
        words = f"{name} {'taken out' if gone else 'added' if came else 'changed'}"
        whole = len(bars) == after.bars or gone or came
        spans = [None] if whole else runs(bars)
        yield from (Change(new.name, span, words) for span in spans)
    if not names and matching.plain and not told:
        yield Change(new.name, None, "controllers in another order")


def _by_bar(controls: Controls, piece: Piece) -> list[dict[str, list[tuple[int, int]]]]:
    """For each bar the moves of each controller, as (ticks into the bar, value)."""
    rows: list[dict[str, list[tuple[int, int]]]] = [{} for _ in range(piece.bars)]
    for tick, kind, number, value in controls.tolist():
        bar = min(piece.bars - 1, piece.timeline.bar_at(tick))
        name = _NAMED.get(number, f"controller {number}") if kind == 0 else _KINDS[kind]
        value = value if kind != 3 else value + 128 * number
        rows[bar].setdefault(name, []).append((tick - piece.timeline.bar_start(bar), value))
    return rows


def described(track: Track) -> str:
    """A new track in a few words."""
    notes = track.notes
    if not len(notes):
        return f"{track.instrument.name.lower()}, no notes yet"
    pitches = "" if track.is_drum else f", {pitch_name(int(notes['pitch'].min()))} to {pitch_name(int(notes['pitch'].max()))}"
    return f"{track.instrument.name.lower()}, {_count(len(notes))}{pitches}"


def _count(number: int) -> str:
    return "1 note" if number == 1 else f"{number} notes"
