"""What an inventive tool stands on: the piece read for what it is, with a brief and a style, composed or imported.

A piece from elsewhere may lack chords, sections, a brief, and may count in other ticks. Here they are heard or built, for the
tool's eyes alone: what a tool gives back is stitched into the piece as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.generators.theory.orchestration import track_ids
from ripieno.generators.theory.reading import chords_of, form_of
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.style import Style, builtin_styles
from ripieno.generators.theory.types import Form
from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.reading import read
from ripieno.score.analysis.sections import find_sections
from ripieno.score.brief import Attribute, Brief, Origin, PartRequest
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Role
from ripieno.score.piece import ChordSpan, Controls, Notes, Piece, Track, make_controls, make_notes
from ripieno.score.resolution import at_resolution, scaled_notes
from ripieno.score.styles import StyleProfile
from ripieno.score.time import PPQ
from ripieno.tools.base import Workbench
from ripieno.tools.scope import OPEN, Scope, inside, joined, tracks_named
from ripieno.tools.splice import Stretch, resting, splice, standing

SLUR = PPQ // 8  # ticks that a legato note may sound into the next
FOUR_NOTES = ("sevenths", "extended")  # colours of styles whose chords have sevenths


@dataclass(frozen=True)
class Ground:
    """A piece in the house's ticks with everything that composing needs; `bench` is the workbench that it was made on."""

    original: Piece
    piece: Piece
    brief: Brief
    style: Style
    bench: Workbench

    @cached_property
    def form(self) -> Form:
        """The plan of the piece as it stands."""
        return form_of(self.piece, self.style, self.brief)

    @cached_property
    def moments(self) -> Moments:
        """Chord and scale at every tick, without gaps."""
        return Moments(chords_of(self.piece, self.form), self.form)

    @property
    def tune(self) -> Track:
        """The track that carries the tune.

        Raises:
            Retryable: nothing pitched sounds.
        """
        reading = read(self.piece)
        line = reading.lead
        if line is None:
            raise Retryable("A tune is needed", cause="no pitched track of the piece has notes", cure="add a lead first")
        if self.choral:  # all sing: the tune is on top
            line = max(reading.with_role(Role.LEAD), key=lambda row: float(row.pitch.mean()))
        return line.track

    @property
    def choral(self) -> bool:
        """Whether three tracks or more lead at once, as in a choir whose voices a file does not tell apart."""
        return sum(t.role is Role.LEAD and len(t.notes) > 0 for t in self.piece.tracks) >= 3

    def named(self, word: str | None) -> Track:
        """The one track that a word names; the tune where there is no word.

        Raises:
            Retryable: the piece has no such track.
        """
        return self.tune if word is None else self.piece.track(tracks_named(word, self.piece)[0])

    def written(self, tracks: tuple[str, ...], spans: tuple[tuple[int, int], ...], seed: int) -> Piece:
        """The piece with some tracks written anew over all the bars from the first span to the last.

        Where these are few, the generator sees their sections alone with a little of what follows: that is all it looks at.
        """
        hull = (min(a for a, _ in spans), max(b for _, b in spans))
        first, end = self._window(hull)
        if (first, end) == (0, self.piece.bars):
            return self.bench.chosen.generate(GenerationRequest(self.brief, seed, self.piece, tracks, hull)).piece
        window = splice(self.piece, (Stretch(first, end),))
        request = GenerationRequest(self.brief, seed, window, tracks, (hull[0] - first, hull[1] - first))
        made = self.bench.chosen.generate(request).piece
        shift = self.piece.timeline.bar_start(first)
        whole = self.piece
        for id_ in tracks:
            track, old = made.track(id_), self.piece.track(id_)
            notes, moves = track.notes.copy(), track.controls.copy()
            notes["start"] += shift
            moves["tick"] += shift
            whole = whole.with_track(replace(old, notes=make_notes(notes), controls=make_controls(moves)))
        return whole

    def _window(self, hull: tuple[int, int]) -> tuple[int, int]:
        """The bars of the sections that a stretch touches, with up to four bars of the next; all where that saves little."""
        touched = [s for s in self.piece.sections if s.first_bar < hull[1] and s.end_bar > hull[0]]
        first, end = touched[0].first_bar, min(self.piece.bars, touched[-1].end_bar + 4)
        return (first, end) if end - first <= 0.6 * self.piece.bars else (0, self.piece.bars)

    def joined(self, part: PartRequest, spans: tuple[tuple[int, int], ...], seed: int) -> Track:
        """A new part over all the bars from the first span to the last, with an id and a name of its own.

        Raises:
            Retryable: the part has nothing to play there.
        """
        hull = (min(a for a, _ in spans), max(b for _, b in spans))
        there = {t.id for t in self.piece.tracks}
        brief = self.brief.model_copy(update={"parts": (*self.brief.parts, part)})
        made = self.bench.chosen.generate(GenerationRequest(brief, seed, self.piece, (), hull)).piece
        new = next((t for t in made.tracks if t.id not in there), None)
        if new is None or not len(new.notes):
            raise Retryable(
                "A new part has something to play", value=part.instrument, cause="there is no room for this role there",
                cure="give it another role, such as chords or countermelody",
            )  # fmt: skip
        return self.fresh(new)

    def fresh(self, track: Track) -> Track:
        """A track with an id and a name that the piece does not have."""
        names = {t.name for t in self.piece.tracks}
        name, n = track.name, 2
        while name in names:
            name, n = f"{track.name} {n}", n + 1
        id_ = track_ids([track.instrument_id], [t.id for t in self.piece.tracks])[0]
        return replace(track, id=id_, name=name)

    def home(self, notes: Notes) -> Notes:
        """Notes from the house's ticks to those of the original piece."""
        return scaled_notes(notes, PPQ, self.original.timeline.ppq)

    def stitched(self, made: Mapping[str, Notes | Track], scope: Scope) -> Piece:
        """The original piece with new notes for some tracks inside the scope; all that lies outside stays as it was."""
        piece = self.original
        for id_ in scope.track_ids(piece):
            if id_ in made:
                new = made[id_]
                piece = piece.with_track(self._stitch(piece.track(id_), new, scope))
        return piece

    def _stitch(self, old: Track, new: Notes | Track, scope: Scope) -> Track:
        fresh = self.home(new.notes if isinstance(new, Track) else new)
        track = stitched_track(self.original, old, fresh, scope)
        if track is not old and isinstance(new, Track) and not (scope.beats or scope.drums):
            track = replace(track, controls=self._controls(old, new, scope))
        return track

    def _controls(self, old: Track, new: Track, scope: Scope) -> Controls:
        moves = new.controls.copy()
        moves["tick"] = np.rint(moves["tick"] * (self.original.timeline.ppq / PPQ))
        spans = list(joined(scope.tick_spans(self.original)))
        rows = old.controls[~inside(old.controls["tick"], spans)]
        for span in spans:
            rows = make_controls(np.concatenate([rows, moves[inside(moves["tick"], [span])]]))
            if span[1] != OPEN:  # what stands otherwise then is put back on the last tick: what follows sounds as it did
                last = span[1] - 1
                was, now = standing(old.controls, last), standing(rows, last)
                moved = [p for p in sorted(was.keys() | now.keys()) if was.get(p) != now.get(p)]
                back = make_controls((last, *p, was.get(p, resting(*p))) for p in moved)
                rows = make_controls(np.concatenate([rows, back]))
        return rows

    def added(self, track: Track, scope: Scope) -> Piece:
        """The original piece with a new track, of which only what lies in the scope's time stays.

        Raises:
            Retryable: nothing of it does.
        """
        notes = self.home(track.notes)
        time = scope.time
        notes = notes[time.note_mask(self.original, track.with_notes(notes))]
        if not len(notes):
            raise Retryable(
                "A new part has something to play in the bars asked for", value=track.name,
                cause="it has none in this role there", cure="give it other bars or another role",
            )  # fmt: skip
        rescaled = replace(track, controls=self._controls(replace(track, controls=make_controls()), track, time))
        return self.original.with_track(rescaled.with_notes(notes))


def stand_on(piece: Piece, bench: Workbench, brief: Brief | None = None) -> Ground:
    """The ground of a piece; `brief` wins over the workbench's."""
    whole = at_house_ticks(piece)
    if not whole.chords:
        whole = replace(whole, chords=_heard(whole))
    if not whole.sections:
        whole = replace(whole, sections=find_sections(whole))
    wished = brief or bench.brief or Brief()
    style = style_of(wished, whole, bench)
    parts = tuple(PartRequest(instrument=t.instrument_id, role=t.role) for t in whole.tracks)
    told: dict[str, object] = {
        "style": Attribute(value=style.profile.id, origin=Origin.INFERRED), "parts": parts, "progressions": None, "form": None,
        "tonic": Attribute(value=whole.key.tonic, origin=Origin.INFERRED),
        "mode": Attribute(value=whole.key.mode, origin=Origin.INFERRED),
        "bars": Attribute(value=whole.bars, origin=Origin.INFERRED), "ensemble_closed": False, "excluded": None,
        "dynamics_shape": (), "tempo_changes": (),
    }  # fmt: skip
    return Ground(piece, whole, wished.model_copy(update=told), style, bench)


def _heard(piece: Piece) -> tuple[ChordSpan, ...]:
    return find_chords(read(piece)) if any(len(t.notes) and not t.is_drum for t in piece.tracks) else ()


def styles_of(bench: Workbench) -> Mapping[str, Style]:
    """The styles of the session, one's own included."""
    engine = bench.toolbox.generators.get("theory")
    return engine.styles if isinstance(engine, TheoryEngine) else builtin_styles()


def style_of(brief: Brief, piece: Piece, bench: Workbench) -> Style:
    """The style that the brief names, else the one whose players, metre and tempo are nearest to the piece's."""
    styles = styles_of(bench)
    if brief.style is not None and brief.style.value in styles:
        return styles[brief.style.value]
    players = {t.instrument_id for t in piece.tracks}
    metre, bpm = str(piece.timeline.metre_at(0)), piece.timeline.tempo_at(0)

    def distance(profile: StyleProfile) -> float:
        own = {p.instrument for p in profile.ensemble}
        apart = 0.0 if metre in profile.metres else 1.5
        apart += 0.0 if profile.tempo[0] <= bpm <= profile.tempo[2] else 0.5
        drums = {"drums"} if any(t.is_drum for t in piece.tracks) else set()
        apart += 0.6 * (bool(drums) != any(p.role is Role.DRUMS for p in profile.ensemble))
        return apart - 1.5 * len(own & players) / max(1, len(own | players))

    return min(styles.values(), key=lambda s: (round(distance(s.profile), 6), s.profile.id != "pop", s.profile.id))


def at_house_ticks(piece: Piece) -> Piece:
    """The piece counted in 480 ticks to the quarter note, every time rounded to the nearest."""
    return at_resolution(piece, PPQ)


def top_line(track: Track) -> Notes:
    """The highest note of each onset of a track."""
    order = np.lexsort((-track.notes["pitch"].astype(int), track.notes["start"]))
    rows = track.notes[order]
    return make_notes(rows[np.append(True, np.diff(rows["start"]) > 0)]) if len(rows) else track.notes


def stitched_track(piece: Piece, old: Track, fresh: Notes, scope: Scope) -> Track:
    """A track of a piece with its notes inside a scope replaced by those of `fresh` (in the piece's ticks) that lie in it."""
    if np.array_equal(fresh, old.notes):
        return old
    outside = ~scope.note_mask(piece, old)
    inner = fresh[scope.note_mask(piece, old.with_notes(fresh))]
    single = old.instrument.voices == 1 and not old.is_drum
    kept = fitted_between(inner, old.notes[outside], single=single, slur=SLUR * piece.timeline.ppq // PPQ)
    return old.with_notes(np.concatenate([old.notes[outside], kept]))


def fitted_between(fresh: Notes, around: Notes, *, single: bool, slur: int) -> Notes:
    """New notes so cut that they and the notes around them do not sound into each other.

    On one pitch two notes never overlap; where the player has a single voice, no two notes overlap by more than a slur.
    """
    if not len(fresh) or not len(around):
        return fresh
    clash: Callable[[int], np.ndarray] = (
        (lambda i: np.ones(len(around), bool)) if single else (lambda i: around["pitch"] == fresh["pitch"][i])
    )
    out = fresh.copy()
    keep = np.ones(len(out), bool)
    ends = around["start"].astype(np.int64) + around["duration"]
    for i in range(len(out)):
        start, same = int(out["start"][i]), clash(i)
        sounding = same & (around["start"] <= start) & (ends - (slur if single else 0) > start)
        if sounding.any():
            keep[i] = False
            continue
        later = around["start"][same & (around["start"] > start)]
        if len(later):
            out["duration"][i] = max(1, min(int(out["duration"][i]), int(later.min()) - start))
    return out[keep]
