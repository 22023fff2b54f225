"""What carries out the inventive instructions that add parts, voices and fills to a piece."""

from dataclasses import replace

import numpy as np

from ripieno.generators.base import Candidate
from ripieno.generators.theory.fills import filled
from ripieno.generators.theory.mend import without_parallels
from ripieno.generators.theory.second_voice import beside, chorale
from ripieno.generators.theory.strokes import GRID
from ripieno.generators.theory.types import Context, Part
from ripieno.score.brief import Attribute, PartRequest
from ripieno.score.checks.finding import bar_list
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Instrument, Role, instrument, instruments
from ripieno.score.piece import Mix, Notes, Piece, Track, make_notes
from ripieno.tools.base import Workbench
from ripieno.tools.ground import Ground, stand_on
from ripieno.tools.make import AddFill, AddTrack, Countermelody, Harmonise
from ripieno.tools.make_bars import bars_of, empty_bars
from ripieno.tools.scope import Scope

# Who plays a second line well, by whether it lies below or above the tune; the first that is not there yet.
_BELOW = ("cello", "viola", "clarinet", "french_horn", "tenor_sax", "trombone", "bassoon")
_MOVING = 0.7  # density of a countermelody: it moves within the bar
_ABOVE = ("violin", "flute", "oboe", "clarinet", "soprano_sax")


def add_track(instruction: AddTrack, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `AddTrack`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench, instruction.brief), instruction.scope
    part = instruction.part.model_copy(update={"section": "", "enters": "", "rests": ""})
    time = instruction.place(piece)
    if part.of is not None:
        partner = ground.named(part.of)
        part = part.model_copy(update={"of": partner.id})
        if not part.doubles:
            ground = _led_by(ground, partner)
    track = ground.joined(part, time.spans(piece), bench.seed)
    after = ground.added(track, time)
    where = "" if scope.timeless and time.timeless else f" in {bar_list(bars_of(time, piece))}"
    return Candidate(after, bench.generator, bench.seed, (f"{track.name} added as {track.role}{where}",))


def _led_by(ground: Ground, leader: Track) -> Ground:
    """The ground with one track in the lead, so that second lines listen to it."""
    tracks = tuple(
        replace(t, role=Role.LEAD) if t.id == leader.id else replace(t, role=Role.RIFF) if t.role is Role.LEAD else t
        for t in ground.piece.tracks
    )
    return Ground(ground.original, replace(ground.piece, tracks=tracks), ground.brief, ground.style, ground.bench)


def countermelody(instruction: Countermelody, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Countermelody`."""
    assert piece is not None
    ground = stand_on(piece, bench)
    leader = ground.named(instruction.of)
    if leader.is_drum or not len(leader.notes):
        raise Retryable("A countermelody goes with a tune", value=leader.name, cure="name a pitched track that has notes")
    ground = replace(_led_by(ground, leader), brief=ground.brief.model_copy(update={"density": Attribute(value=_MOVING)}))
    middle = float(np.median(leader.notes["pitch"]))
    below = middle >= 62
    player = instrument(instruction.instrument) if instruction.instrument else _second_player(ground, below=below)
    part = PartRequest(
        instrument=player.id, role=Role.COUNTERMELODY, of=leader.id, register_name="low" if below else "high"
    )
    time = instruction.scope.time
    track = ground.joined(part, time.spans(piece), bench.seed)
    low, high = int(track.notes["pitch"].min()), int(track.notes["pitch"].max())
    seat = Part(track.id, track.name, Role.COUNTERMELODY, player, max(player.low, low - 5), min(player.high, high + 5))
    notes = track.notes.copy()
    basses = [t.notes for t in ground.piece.tracks if t.role is Role.BASS and len(t.notes)]
    for other in (*basses[:1], leader.notes):
        notes["pitch"] = without_parallels(seat, _on_grid(notes), _on_grid(other), ground.moments)["pitch"]
    after = ground.added(track.with_notes(notes), time)
    return Candidate(after, bench.generator, bench.seed, (f"{track.name} plays a countermelody to {leader.name}",))


def _on_grid(notes: Notes) -> Notes:
    """The notes with their starts on the nearest 32nd, in the same order: who plays together strikes together."""
    out = notes.copy()
    out["start"] = (notes["start"] + GRID // 4) // (GRID // 2) * (GRID // 2)
    return out


def _second_player(ground: Ground, *, below: bool) -> Instrument:
    """Somebody of the style's players, or of those who do it well, who is not there yet."""
    there = {t.instrument_id for t in ground.piece.tracks}
    usual = [p.instrument for p in ground.style.profile.ensemble if p.role in (Role.ANSWER, Role.COUNTERMELODY)]
    able = [i for i in (*usual, *(_BELOW if below else _ABOVE)) if i in instruments() and i not in there]
    return instrument(able[0] if able else ("cello" if below else "violin"))


# -- voices set to a tune ------------------------------------------------------------------------------------------------


def harmonise(instruction: Harmonise, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Harmonise`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench), instruction.scope
    named = [ground.piece.track(i) for i in scope.track_ids(piece)] if scope.tracks or scope.but_tracks else [ground.tune]
    tunes = [t for t in named if not t.is_drum and scope.note_mask(ground.piece, t).any()]
    if not tunes:
        raise Retryable("A tune is set in several voices", cause="no pitched track in scope plays there", cure="name another")
    after, words = piece, []
    for track in tunes:
        step = Ground(after, ground.piece, ground.brief, ground.style, bench)
        tune = _top(track.notes[scope.note_mask(ground.piece, track)])
        room = track.instrument.voices >= (4 if instruction.interval == "chorale" else 2)
        player = instrument(instruction.instrument) if instruction.instrument else track.instrument
        into = instruction.instrument is None and room
        if instruction.interval == "chorale" and not into and instruction.instrument is None:
            player = instrument("choir" if "choir" in instruments() else "strings")
        voices = _voices(instruction, step, track, tune, player)
        if into:
            joined = make_notes(np.concatenate([track.notes, *(_missing(v, track.notes) for v in voices)]))
            after = step.stitched({track.id: joined}, Scope(tracks=(track.id,), **_time(scope)))
            words.append(f"{track.name} plays {instruction.interval} with itself")
            continue
        rows = [make_notes(np.concatenate(voices))] if player.voices >= len(voices) else list(voices)
        for notes in rows:
            role = Role.CHORDS if instruction.interval == "chorale" else Role.COUNTERMELODY
            new = Track("", player.name, role, player.id, notes, mix=Mix(max(1, track.mix.volume - 8), 64, track.mix.reverb))
            step = Ground(after, replace(ground.piece, tracks=after.tracks), ground.brief, ground.style, bench)
            new = step.fresh(new)
            after = step.added(new, scope)
            words.append(f"{new.name} plays {instruction.interval} with {track.name}")
    return Candidate(after, bench.generator, bench.seed, tuple(words))


def _time(scope: Scope) -> dict[str, object]:
    return scope.model_dump(exclude={"tracks", "but_tracks", "drums"}, exclude_defaults=True)


def _top(notes: Notes) -> Notes:
    """The highest note of each onset, each up to the next."""
    order = np.lexsort((-notes["pitch"].astype(int), notes["start"]))
    ordered = notes[order]
    first = np.append(True, np.diff(ordered["start"]) > 0)
    out = ordered[first].copy()
    out["duration"][:-1] = np.minimum(out["duration"][:-1], np.diff(out["start"]))
    return make_notes(out)


def _missing(notes: Notes, there: Notes) -> Notes:
    """The notes of which the track has not already one of the pitch sounding then."""
    starts = there["start"].astype(np.int64)
    ends = starts + there["duration"]

    def sounds(start: int, length: int, pitch: int) -> bool:
        return bool(((there["pitch"] == pitch) & (starts < start + length) & (ends > start)).any())

    keep = [not sounds(*row[:3]) for row in notes.tolist()]
    return make_notes(notes[np.array(keep, bool)])


def _voices(instruction: Harmonise, ground: Ground, track: Track, tune: Notes, player: Instrument) -> tuple[Notes, ...]:
    timeline = ground.piece.timeline
    if instruction.interval != "chorale":
        above = instruction.direction == "above"
        line = beside(tune, instruction.interval, above=above, moments=ground.moments, timeline=timeline, player=player)
        return (line,)
    form, chords = ground.form, tuple(ground.moments.chords)
    lead = Part(track.id, track.name, Role.LEAD, track.instrument, int(tune["pitch"].min()), int(tune["pitch"].max()))
    context = Context(ground.style, ground.brief, form, (lead,), chords, ground.bench.seed)
    return chorale(tune, lead, (player, player, player), context)


# -- fills ---------------------------------------------------------------------------------------------------------------


def add_fill(instruction: AddFill, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `AddFill`."""
    assert piece is not None
    ground, scope = stand_on(piece, bench), instruction.scope
    kits = [t for t in (ground.piece.track(i) for i in scope.track_ids(piece)) if t.instrument.family == "drum kit"]
    if not kits:
        have = ", ".join(t.name for t in piece.tracks)
        raise Retryable("A fill is played on a drum kit", cause=f"the scope holds {have}", cure="add drums first, or name them")
    bars = [s.first_bar - 1 for s in ground.piece.sections if s.first_bar] if scope.timeless else bars_of(scope, piece)
    made: dict[str, Notes | Track] = {}
    told: list[int] = []
    for kit in kits:
        playing = bars if not scope.timeless else [b for b in bars if b not in empty_bars(ground.piece, kit, [b])]
        if not playing:
            raise Retryable(
                "A fill comes before a new section", cause="the drums play before none", cure="name the bars of the fill"
            )
        part = Part(kit.id, kit.name, Role.DRUMS, kit.instrument, kit.instrument.low, kit.instrument.high)
        context = Context(ground.style, ground.brief, ground.form, (part,), tuple(ground.moments.chords), bench.seed)
        made[kit.id] = filled(kit.notes, playing, instruction.beats, context)
        told = playing
    after = ground.stitched(made, scope)
    return Candidate(after, bench.generator, bench.seed, (f"the drums play a fill in {bar_list(told)}",))
