"""The music model as a generator: it writes what is asked for into a frame, bar by bar, hearing the other tracks.

Form, chords, players and where each of them plays come from the theory engine (for a new piece or a new part) or from the
piece itself; the notes are the model's. A new piece keeps the last bar that the theory engine wrote, because the model does
not know that a piece is about to end. Notes lie on the model's grid: no swing but triplets, no delays of a performance.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ripieno.generators.base import Candidate, GenerationRequest, Generator
from ripieno.generators.lm.decoder import Decoder
from ripieno.generators.lm.fill import fill
from ripieno.generators.lm.playing import Ability, onsets_of
from ripieno.generators.lm.sampling import Sampling
from ripieno.generators.lm.sheet import ROW_DTYPE, UNKNOWN_METRE, Part, Rows, Sheet, sheet_of, ticks_of
from ripieno.generators.lm.stretches import expected_tokens, in_turns, next_run, stretch_at
from ripieno.generators.lm.styles import learnt_style
from ripieno.generators.lm.vocabulary import METRES
from ripieno.generators.lm.window import NO_ROWS, Cell, Head, Window, head_of
from ripieno.generators.theory.playable import SLUR, within_hands
from ripieno.generators.theory.types import random_stream
from ripieno.score.brief import Brief
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Instrument
from ripieno.score.piece import Notes, Piece, Track, make_notes
from ripieno.score.time import PPQ


class MusicModel:
    """See `generators.base.Generator`.

    Args:
        frame: lays out new pieces and parts.
        model: the decoder.
        sampling: how daring to be.
        relief: whether `frame` writes what the model cannot (metres that it did not learn), and the trail says so, instead
            of an error.
    """

    name = "lm"

    def __init__(
        self, frame: Generator, model: Decoder, sampling: Sampling | None = None, relief: bool = False
    ) -> None:
        self._frame, self._model, self._relief = frame, model, relief
        self._sampling = sampling or Sampling(same_bars=4)

    def generate(self, request: GenerationRequest) -> Candidate:
        """A new piece, or the piece of the request with parts added or stretches written anew.

        Raises:
            BadRequest: what is asked cannot be composed: a metre that the model does not know, bars outside the piece.
        """
        try:
            return self._generate(request)
        except BadRequest as error:
            if not self._relief:
                raise
            relief = self._frame.generate(request)
            return Candidate(relief.piece, self.name, request.seed, (f"left to the theory engine: {error.rule}", *relief.trail))

    def _generate(self, request: GenerationRequest) -> Candidate:
        piece, wanted = self._wishes(request)
        done = self._filled(piece, wanted, request)
        names = ", ".join(t.name for i, t in enumerate(done.tracks) if any(p == i for _, p in wanted)) or "nothing"
        return Candidate(done, self.name, request.seed, (f"{names} written by the music model",))

    def _wishes(self, request: GenerationRequest) -> tuple[Piece, frozenset[Cell]]:
        """The frame, and the cells (bar and index of track) that the model writes."""
        piece = request.piece
        if piece is None:
            frame = self._frame.generate(request).piece
            return frame, frozenset(c for i in range(len(frame.tracks)) for c in _playing(frame, i) if c[0] < frame.bars - 1)
        first, end = request.bars or (0, piece.bars)
        if not 0 <= first < end <= piece.bars:
            raise BadRequest("Bars to write lie inside the piece", value=f"{first + 1} to {end}",
                             cure=f"the piece has bars 1 to {piece.bars}")  # fmt: skip
        there = [t.id for t in piece.tracks]
        if request.tracks and all(t in there for t in request.tracks):
            named = {there.index(t) for t in request.tracks}
            return piece, frozenset((b, i) for i in named for b in range(first, end))
        frame = self._frame.generate(request).piece
        added = [i for i, t in enumerate(frame.tracks) if t.id not in there]
        if not added:
            return piece, frozenset((b, i) for i in range(len(there)) for b in range(first, end))
        return frame, frozenset(c for i in added for c in _playing(frame, i) if first <= c[0] < end)

    def _filled(self, piece: Piece, wanted: frozenset[Cell], request: GenerationRequest) -> Piece:
        sheet, _ = sheet_of(piece, learnt_style(request.brief.style.value if request.brief.style else None))
        if any(sheet.metre[b] == UNKNOWN_METRE for b, _ in wanted):
            shown = ", ".join(f"{n}/{d}" for n, d in METRES)
            raise BadRequest("The music model writes in metres that it learnt", value=piece.timeline.metre_at(min(wanted)[0]),
                             cure=f"let the theory engine write it, or use one of {shown}")  # fmt: skip
        expected = expected_tokens(sheet)
        heads = {p: _wished_head(sheet, p, wanted, request.brief) for p in {p for _, p in wanted}}
        sheet = replace(sheet, parts=tuple(_emptied(part, p, wanted) for p, part in enumerate(sheet.parts)))
        for group in in_turns(sheet, wanted):
            sheet = self._group(piece, sheet, group, heads, expected, request.seed)
        tracks = list(piece.tracks)
        for p in sorted({p for _, p in wanted}):
            tracks[p] = _written(piece, tracks[p], sheet.parts[p].rows, [b for b, q in wanted if q == p])
        return replace(piece, tracks=tuple(tracks))

    def _group(
        self, piece: Piece, sheet: Sheet, wanted: frozenset[Cell], heads: dict[int, Head], expected: dict[int, int], seed: int
    ) -> Sheet:  # fmt: skip
        """The sheet with some tracks' wanted cells filled, window by window."""
        done = 0
        while (run := next_run(wanted, done)) is not None:
            stretch, done = stretch_at(sheet, wanted, *run, self._model.config.context, expected)
            shift = int(sheet.shift[run[0]])
            window = _told(stretch.window, {t: heads[p] for t, p in enumerate(stretch.parts) if p in heads}, shift)
            abilities = [_ability(piece.tracks[p], sheet.parts[p], heads.get(p), shift) for p in stretch.parts]
            own = int(random_stream(seed, "lm", run[0], *stretch.parts).integers(2**62))
            made = fill(self._model, window, abilities, (own,), self._sampling)[0].window
            fresh = {(b + stretch.first, stretch.parts[t]): made.cells.get((b, t), NO_ROWS) for b, t in window.wanted}
            sheet = replace(sheet, parts=tuple(_with_cells(part, p, fresh, shift) for p, part in enumerate(sheet.parts)))
        return sheet


def _playing(piece: Piece, index: int) -> list[Cell]:
    """The bars in which a track of a frame begins notes."""
    line = piece.timeline
    return [(b, index) for b in sorted({line.bar_at(int(t)) for t in piece.tracks[index].notes["start"]})]


def _wished_head(sheet: Sheet, part: int, wanted: frozenset[Cell], brief: Brief) -> Head:
    """What a part shall be, with real pitches: as it was where it is written anew, else as it is elsewhere."""
    rows, bars = sheet.parts[part].rows, [b for b, p in wanted if p == part]
    here = rows[np.isin(rows["bar"], bars)]
    head = head_of(sheet.parts[part], here if len(here) else rows, sheet.slots, 0)
    if len(here) or brief.density is None:
        return head
    return replace(head, density=1 + round(float(brief.density.value) * 7))


def _told(window: Window, heads: dict[int, Head], shift: int) -> Window:
    """The window with the wished heads in place of those measured on what is given."""
    told = []
    for t, head in enumerate(window.heads):
        wish = heads.get(t)
        if wish is None:
            told.append(head)
        else:
            moved = round((wish.register - 1) - shift / 6) + 1 if wish.register else 0
            told.append(replace(wish, register=min(max(moved, 1), 12) if wish.register else 0))
    return replace(window, heads=tuple(told))


def _ability(track: Track, part: Part, head: Head | None, shift: int) -> Ability:
    """What a player may play: where it sounds well, and wherever the part went already; as many onsets as the head says."""
    row: Instrument = track.instrument
    least, most = onsets_of(head.density) if head is not None else (0.0, 24.0)
    if track.is_drum:
        return Ability(keys=(row.key,) if row.key is not None else (), least=least, most=most)
    low, high = row.comfort_low, row.comfort_high
    if len(part.rows):
        low, high = min(low, int(part.rows["pitch"].min())), max(high, int(part.rows["pitch"].max()))
    return Ability(max(low, row.low) - shift, min(high, row.high) - shift, max(1, row.voices), (), least, most)


def _emptied(part: Part, index: int, wanted: frozenset[Cell]) -> Part:
    bars = [b for b, p in wanted if p == index]
    return replace(part, rows=part.rows[~np.isin(part.rows["bar"], bars)])


def _with_cells(part: Part, index: int, fresh: dict[Cell, Rows], shift: int) -> Part:
    """A part with cells of a window put in."""
    bars = sorted(b for b, p in fresh if p == index)
    if not bars:
        return part
    rows = [part.rows[~np.isin(part.rows["bar"], bars)]]
    for bar in bars:
        new = fresh[bar, index].copy()
        new["bar"] = bar
        if not part.drum:
            new["pitch"] += shift
        rows.append(new)
    joined = np.concatenate(rows).astype(ROW_DTYPE)
    return replace(part, rows=joined[np.lexsort((joined["pitch"], joined["place"], joined["bar"]))])


def _written(piece: Piece, track: Track, rows: Rows, bars: Sequence[int]) -> Track:
    """A track with what was filled in some bars; all its other notes stay as they are."""
    line = piece.timeline
    old_bars = np.array([line.bar_at(int(t)) for t in track.notes["start"]], dtype=np.int64)
    around = track.notes[~np.isin(old_bars, bars)]
    fresh = within_hands(ticks_of(rows[np.isin(rows["bar"], bars)], line, track.is_drum, piece.ticks), track.instrument)
    fitted = _fitted(fresh, around, track, SLUR * line.ppq // PPQ)
    return track.with_notes(np.concatenate([around, fitted]))


def _fitted(fresh: Notes, around: Notes, track: Track, slur: int) -> Notes:
    """New notes that do not meet the old ones: those lie off the model's grid, so a few ticks may be too long.

    No pitch is struck while it sounds, and no more notes sound at once than the player can hold. Only new notes give way.
    """
    if not len(fresh) or not len(around):
        return fresh
    most = len(fresh) + len(around) if track.is_drum else max(1, track.instrument.voices)
    starts, ends = around["start"].astype(np.int64), around["start"].astype(np.int64) + around["duration"]
    kept: list[list[int]] = []  # start, end, pitch, velocity
    for start, duration, pitch, velocity in fresh.tolist():
        same = around["pitch"] == pitch
        held = int(((starts <= start) & (ends - slur > start)).sum()) + sum(k[1] - slur > start for k in kept if k[0] <= start)
        if held < most and not (same & (starts <= start) & (ends > start)).any():
            later = starts[same & (starts > start)]
            kept.append([start, min(start + duration, int(later.min()) if len(later) else start + duration), pitch, velocity])
    for tick in np.unique(starts[(starts > kept[0][0]) & (starts < max(k[1] for k in kept))]).tolist() if kept else ():
        sounding = [k for k in kept if k[0] <= tick < k[1] - slur]
        excess = len(sounding) + int(((starts <= tick) & (ends - slur > tick)).sum()) - most
        for note in sorted(sounding)[: max(0, excess)]:
            note[1] = max(note[0] + 1, tick)
    return make_notes((start, end - start, pitch, velocity) for start, end, pitch, velocity in kept)
