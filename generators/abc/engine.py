"""The generator in which a language model writes the notes, as ABC, voice by voice.

It writes new pieces of moderate size; a voice that the model cannot write validly is played by the embedded engine over the
same chords, and a piece without a sketch or a tune is the embedded engine's altogether. The trail says which.
"""

from collections.abc import Callable
from dataclasses import replace

from ripieno.generators.abc.notation import Frame, read_voice, without_overlaps
from ripieno.generators.abc.sheets import Sketch, chords_of
from ripieno.generators.abc.writers import Desk, Ensemble
from ripieno.generators.base import Candidate, GenerationRequest, Generator
from ripieno.llm.client import Talk
from ripieno.llm.errors import Cancelled, ModelError
from ripieno.score.brief import Brief
from ripieno.score.checks.finding import Finding
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role, instrument
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, KeyChange, Notes, Piece, Section, Track, make_notes
from ripieno.score.time import Metre, MetreChange, Tempo, Timeline

MOST_BARS, MOST_PARTS = 64, 10
_SHOWN = 12  # findings that a reviewer is shown
_WEIGHTS = {"error": 6.0, "warning": 2.0, "advice": 0.5}
# How loud a role plays at energy 0.5, what a beat of weight 1 adds, what a unit of energy adds.
_LEVELS = {Role.LEAD: 88, Role.ANSWER: 82, Role.COUNTERMELODY: 76, Role.BASS: 80, Role.DRUMS: 80, Role.PERCUSSION: 70}
_ELSE, _ACCENT, _ENERGY = 66, 10, 30


class AbcGenerator:
    """A `Generator` for one turn. `fallback` writes what the model could not; `single`: one agent writes everything.

    `knowledge` gives what is known about a wish in words, for those who plan; nothing by default.
    """

    name = "abc"

    def __init__(
        self, talk: Talk, fallback: Generator, *, single: bool = False, knowledge: Callable[[str], str] = lambda _: ""
    ) -> None:
        self._talk, self._fallback, self._single, self._knowledge = talk, fallback, single, knowledge

    def generate(self, request: GenerationRequest) -> Candidate:
        """See `Generator.generate`; changes of a piece are the embedded engine's.

        Raises:
            BadRequest: the request cannot be composed.
        """
        brief = request.brief
        assert brief.bars is not None
        if request.piece is not None:
            return self._fallback.generate(request)
        if brief.bars.value > MOST_BARS or len(brief.parts) > MOST_PARTS or brief.progressions:
            return self._stand_in(request, "the piece is larger than what the language model writes, or its chords are given")
        ensemble = Ensemble(self._talk, brief, _frame(brief), _desks(brief), self._knowledge(_wish(brief)))
        try:
            sketch = ensemble.write_alone() if self._single else ensemble.write()
        except Cancelled:
            raise KeyboardInterrupt from None
        except ModelError as error:
            return self._stand_in(request, error.message)
        return self._finished(request, ensemble, sketch)

    def _stand_in(self, request: GenerationRequest, why: str) -> Candidate:
        made = self._fallback.generate(request)
        return replace(made, trail=(f"the embedded engine wrote it: {why}", *made.trail))

    def _finished(self, request: GenerationRequest, ensemble: Ensemble, sketch: Sketch) -> Candidate:
        piece = _piece(request.brief, ensemble, sketch, ensemble.voices)
        trail = [
            f"a language model wrote {len(ensemble.voices)} voices; motif: {' '.join(sketch.motif.split()) or 'none named'}"
        ]
        if ensemble.silent:
            piece = self._fallback.generate(replace(request, piece=piece)).piece
            trail += [f"the embedded engine plays {id_}: {why}" for id_, why in ensemble.silent.items()]
        if not self._single:
            piece, said = self._reviewed(request.brief, ensemble, sketch, piece)
            trail.append(said)
        return Candidate(piece, self.name, request.seed, tuple(trail))

    def _reviewed(self, brief: Brief, ensemble: Ensemble, sketch: Sketch, piece: Piece) -> tuple[Piece, str]:
        """The piece after one review, if measurement says that it is better."""
        findings = run_checks(piece, brief)
        marked = [
            f"{f.message} ({f.advice})" for f in findings if f.severity != "advice" and set(f.tracks) <= set(ensemble.voices)
        ]
        if not marked:
            return piece, "the checks found nothing for the reviewer"
        try:
            mended = ensemble.review(sketch, marked[:_SHOWN])
        except Cancelled:
            raise KeyboardInterrupt from None
        except ModelError as error:
            return piece, f"no review: {error.rule}"
        better = piece
        for track in _piece(brief, ensemble, sketch, mended).tracks:
            better = better.with_track(track)
        if _weight(run_checks(better, brief)) < _weight(findings):
            return better, f"a review of {len(marked)} findings was kept"
        return piece, f"a review of {len(marked)} findings made nothing better and was taken back"


def _weight(findings: tuple[Finding, ...]) -> float:
    return sum(_WEIGHTS[f.severity] for f in findings)


def _wish(brief: Brief) -> str:
    """What is wanted, in words to look knowledge up by."""
    said = [*(brief.genres.value if brief.genres else ()), *(brief.moods.value if brief.moods else ())]
    style = brief.style.value.replace("_", " ") if brief.style else ""
    players = [instrument(part.instrument).name for part in brief.parts]
    return " ".join([brief.text, style, *said, *players])


def _frame(brief: Brief) -> Frame:
    assert brief.tonic is not None and brief.mode is not None and brief.metre is not None and brief.bars is not None
    numerator, _, denominator = brief.metre.value.partition("/")
    return Frame(Key(brief.tonic.value, brief.mode.value), Metre(int(numerator), int(denominator)), brief.bars.value)


def _desks(brief: Brief) -> tuple[Desk, ...]:
    """The parts with ids of their own, the tune first, kits last."""
    found: list[Desk] = []
    for part in brief.parts:
        player = instrument(part.instrument)
        role = part.role or (Role.DRUMS if player.is_drum else player.roles[0])
        count = sum(d.player.id == player.id for d in found)
        wish = ", ".join(w for w in (part.register_name and f"{part.register_name} register", part.articulation) if w)
        where = f"only in {part.section}" if part.section else f"rests in {part.rests}" if part.rests else ""
        found.append(
            Desk(f"{player.id}_{count + 1}" if count else player.id, player, role, ", ".join(w for w in (wish, where) if w))
        )
    return tuple(sorted(found, key=lambda d: (d.role is not Role.LEAD, d.player.is_drum)))


def _piece(brief: Brief, ensemble: Ensemble, sketch: Sketch, voices: dict[str, tuple[str, ...]]) -> Piece:
    frame = ensemble.frame
    assert brief.title is not None and brief.tempo is not None
    timeline = Timeline(tempos=(Tempo(0, brief.tempo.value),), metres=(MetreChange(0, frame.metre),))
    sections, bar = [], 0
    for row in sketch.sections:
        sections.append(Section(row.name, bar, row.bars, row.energy, row.label))
        bar += row.bars
    tracks = []
    for desk in ensemble.desks:
        if desk.id in voices:
            notes = without_overlaps(read_voice(voices[desk.id], desk.player, frame), timeline.bar_start(frame.bars))
            name = desk.player.name + (f" {desk.id.rpartition('_')[2]}" if desk.id != desk.player.id else "")
            tracks.append(Track(desk.id, name, desk.role, desk.player.id, _played(notes, desk.role, timeline, sections)))
    return Piece(
        brief.title.value, timeline, frame.bars, (KeyChange(0, frame.key),), tuple(sections), _chords(sketch, timeline),
        tuple(tracks),
    )  # fmt: skip


def _chords(sketch: Sketch, timeline: Timeline) -> tuple[ChordSpan, ...]:
    """Chord spans; bars with several are divided evenly, and what goes on is one span."""
    spans: list[ChordSpan] = []
    for bar, symbols in enumerate(chords_of(sketch)):
        start, length = timeline.bar_start(bar), timeline.bar_ticks(bar)
        for i, chord in enumerate(symbols):
            since, until = start + length * i // len(symbols), start + length * (i + 1) // len(symbols)
            if spans and spans[-1].chord == chord and spans[-1].end == since:
                spans[-1] = ChordSpan(spans[-1].start, until, chord)
            else:
                spans.append(ChordSpan(since, until, chord))
    return tuple(spans)


def _played(notes: Notes, role: Role, timeline: Timeline, sections: list[Section]) -> Notes:
    """The notes with the loudness of their role, their section and their beat: ABC as it is read says nothing of it."""
    rows = []
    for start, duration, pitch, _ in (tuple(map(int, n)) for n in notes):
        bar, offset = timeline.position(start)
        energy = next((s.energy for s in sections if s.first_bar <= bar < s.end_bar), 0.5)
        accent = _ACCENT * (timeline.metre_at(bar).weight(offset, timeline.ppq) - 0.5)
        loud = _LEVELS.get(role, _ELSE) + accent + _ENERGY * (energy - 0.5)
        rows.append((start, duration, pitch, max(1, min(127, round(loud)))))
    return make_notes(rows)
