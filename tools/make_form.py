"""What carries out the inventive instructions that make a piece longer: new sections, and going on from the end."""

from collections import Counter
from dataclasses import replace

from ripieno.generators.base import Candidate
from ripieno.generators.theory.harmony import QUIET, plan_harmony
from ripieno.generators.theory.reading import form_of
from ripieno.generators.theory.style import data_table
from ripieno.generators.theory.types import random_stream
from ripieno.score.checks.finding import bar_words
from ripieno.score.chords import Chord
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, Piece, Section, make_notes
from ripieno.score.section_kinds import section_kind
from ripieno.score.time import Tempo
from ripieno.tools.base import Workbench
from ripieno.tools.ground import Ground, at_house_ticks, stand_on, stitched_track
from ripieno.tools.make import AddSection, Extend
from ripieno.tools.make_bars import varied_piece
from ripieno.tools.scope import Scope
from ripieno.tools.splice import Stretch, splice

_AGAIN, _ONWARD = 0.2, 0.45  # how far the tune of a section that comes again, or goes on, is varied
_RESTS: dict[str, frozenset[Role]] = {  # who is silent in a kind of section, where others are left
    "intro": frozenset({Role.LEAD, Role.ANSWER, Role.COUNTERMELODY}),
    "break": frozenset({Role.DRUMS, Role.PERCUSSION, Role.BASS}),
}


def add_section(instruction: AddSection, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `AddSection`."""
    assert piece is not None
    if instruction.scope != Scope():
        raise Retryable("A section is added for all tracks", cure="say where with `at` and leave the scope empty")
    ground = stand_on(piece, bench)
    at, bars, kind = instruction.line(piece), instruction.length(piece), section_kind(instruction.section)
    source = _source(ground.piece, instruction.section, kind)
    home = ground.piece.key_at(max(0, at - 1) if at == piece.bars else at)
    key = _key(instruction.key, home) if instruction.key else home
    name = instruction.section[:1].upper() + instruction.section[1:]
    again = source is not None and section_kind(source.name) == kind
    label = source.label if again and source else _label(name, kind, ground.piece)
    usual = source.energy if again and source else float(data_table("sections")[kind]["energy"])
    energy = instruction.energy if instruction.energy is not None else usual
    section = Section(source.name if again and source else name, 0, bars, round(energy, 3), label)
    return _grown(ground, section, at, key, source, _AGAIN if again else None)


def extend(instruction: Extend, piece: Piece | None, bench: Workbench) -> Candidate:
    """See `Extend`."""
    assert piece is not None
    if instruction.scope != Scope():
        raise Retryable("A piece is extended as a whole", cure="leave the scope empty")
    ground = stand_on(piece, bench)
    themes = [s for s in ground.piece.sections if section_kind(s.name) not in (*QUIET, "bridge")]
    themes = themes or list(ground.piece.sections)
    source = themes[-1]
    section = replace(source, bars=instruction.bars, first_bar=0)
    return _grown(ground, section, piece.bars, ground.piece.key_at(piece.bars - 1), source, _ONWARD)


def _source(piece: Piece, name: str, kind: str) -> Section | None:
    """The section whose chords a new one takes: one of its kind; for introductions, solos and the like the main one."""
    low = name.lower().rstrip(" 0123456789")
    named = [s for s in piece.sections if s.name.lower().rstrip(" 0123456789") == low]
    alike = named or [s for s in piece.sections if section_kind(s.name) == kind and kind not in ("theme", *QUIET)]
    if alike:
        return alike[-1]
    if kind not in QUIET:
        return None
    themes = [s for s in piece.sections if section_kind(s.name) not in (*QUIET, "bridge")] or list(piece.sections)
    common = Counter(s.label for s in themes).most_common(1)[0][0]
    return next(s for s in themes if s.label == common)


def _label(name: str, kind: str, piece: Piece) -> str:
    if kind in ("intro", "outro"):
        return kind
    used = {s.label for s in piece.sections}
    letters: tuple[str, ...] = (*"ABCDEFGHJKLMNOPQRSTUVWXYZ", name.lower())
    return next((c for c in letters if c not in used), kind)


def _key(words: str, home: Key) -> Key:
    tonic, _, mode = words.strip().partition(" ")
    try:
        return Key(tonic, mode or home.mode)
    except (BadRequest, ValueError) as error:
        raise Retryable("A key is a tonic and a mode", value=words, cure="write it like Eb, F# minor or D dorian") from error


def _grown(
    ground: Ground, section: Section, at: int, key: Key, source: Section | None, again: float | None
) -> Candidate:
    """The original piece with a section in front of bar `at`.

    Where it is a section that comes again (`again` says how varied), its music is that of `source`, moved to the key; else
    every track is written for it, over the chords of `source` or new ones.
    """
    piece, bench, bars = ground.original, ground.bench, section.bars
    metre = piece.timeline.metre_at(min(at, piece.bars - 1))
    rows = (section,) if piece.sections else None
    grown = splice(piece, (Stretch(0, at), Stretch(None, bars, rows, metre, key), Stretch(at, piece.bars)))
    grown = _at_tempo(grown, piece, at, bars, source)
    standing = stand_on(grown, bench)
    if not piece.sections:  # heard sections, with the new one among them
        standing = replace(standing, piece=replace(standing.piece, sections=_with(ground.piece.sections, section, at)))
    last = at == piece.bars
    chords, words = _chords(ground, standing, section, at, key, source, last=last)
    whole = replace(standing.piece, chords=_merged(standing.piece.chords, chords))
    grown = replace(grown, chords=_merged(grown.chords, _home(chords, standing))) if piece.chords else grown
    standing = Ground(grown, whole, standing.brief, standing.style, bench)
    new = Scope(bars=(at, at + bars))
    kind = section_kind(section.name)
    tail = 0
    if again is not None and source is not None:
        copied = _copied(ground, standing, source, section, at, key)
        tail = min(2, bars) if last else 0  # a new end needs its own cadence
        leads = tuple(t.id for t in copied.tracks if t.role is Role.LEAD) or (ground.tune.id,)
        tracks = at_house_ticks(copied).tracks
        standing = Ground(copied, replace(whole, tracks=tracks), standing.brief, standing.style, bench)
        grown = varied_piece(standing, Scope(tracks=leads, bars=(at, at + bars)), again, bench.seed)
        new = Scope(bars=(at + bars - tail, at + bars)) if tail else new
        how = "from the music that was there, varied"
    else:
        how = "written for all players"
    if again is None or tail:
        ids = _players(standing.piece, kind)
        made = standing.written(ids, new.spans(grown), bench.seed)
        step = Ground(grown, standing.piece, standing.brief, standing.style, bench)
        grown = step.stitched({i: made.track(i) for i in ids}, new.model_copy(update={"tracks": ids}))
    told = f"{section.name} added as {bar_words((at, at + bars))} in {key}, {how}"
    return Candidate(grown, bench.generator, bench.seed, (told, words))


def _players(piece: Piece, kind: str) -> tuple[str, ...]:
    """Who plays in a kind of section: all, but for those who rest in it, if at least two are left."""
    playing = [t for t in piece.tracks if len(t.notes)]
    chosen = [t for t in playing if t.role not in _RESTS.get(kind, frozenset())]
    return tuple(t.id for t in (chosen if len(chosen) >= 2 else playing))


def _at_tempo(grown: Piece, piece: Piece, at: int, bars: int, source: Section | None) -> Piece:
    """The new bars in the tempo of the section they come from, or that the piece begins with: a ritardando ends before them."""
    timeline = grown.timeline
    where = source.first_bar if source is not None else 0
    wished = piece.timeline.tempo_at(piece.timeline.bar_start(where))
    start, end = timeline.bar_start(at), timeline.bar_start(at + bars)
    tempos = {t.tick: t.bpm for t in timeline.tempos}
    after = timeline.tempo_at(end)
    if timeline.tempo_at(start) == wished:
        return grown
    tempos[start] = wished
    if at < piece.bars:
        tempos.setdefault(end, after)
    rows = [Tempo(t, b) for t, b in sorted(tempos.items())]
    kept = tuple(r for i, r in enumerate(rows) if i == 0 or r.bpm != rows[i - 1].bpm)
    return replace(grown, timeline=replace(timeline, tempos=kept))


def _with(sections: tuple[Section, ...], new: Section, at: int) -> tuple[Section, ...]:
    rows: list[Section] = []
    placed = False
    for s in sections:
        if s.end_bar <= at:
            rows.append(s)
            continue
        if s.first_bar < at:
            rows.append(replace(s, bars=at - s.first_bar))
            s = replace(s, first_bar=at, bars=s.end_bar - at)
        if not placed:
            rows.append(replace(new, first_bar=at))
            placed = True
        rows.append(replace(s, first_bar=s.first_bar + new.bars))
    return tuple(rows) if placed else (*rows, replace(new, first_bar=at))


def _chords(
    ground: Ground, standing: Ground, section: Section, at: int, key: Key, source: Section | None, *, last: bool
) -> tuple[tuple[ChordSpan, ...], str]:
    """Chords of the new bars in the house's ticks, and in words where they come from."""
    timeline = standing.piece.timeline
    start, end = timeline.bar_start(at), timeline.bar_start(at + section.bars)
    if source is None:
        form = form_of(standing.piece, standing.style, standing.brief)
        seed = ground.bench.seed
        plan = plan_harmony(standing.style, standing.brief, form, lambda *names: random_stream(seed, *names))
        inner = [c for c in plan.chords if c.start < end and c.end > start]
        spans = [ChordSpan(max(c.start, start), min(c.end, end), c.chord) for c in inner]
        return tuple(spans), "with chords of its own: " + _symbols(spans)
    old = ground.piece.timeline
    shift = (key.tonic_pc - ground.piece.key_at(source.first_bar).tonic_pc) % 12
    a, b = old.bar_start(source.first_bar), old.bar_start(source.end_bar)
    if section_kind(section.name) == "intro" and source.bars > section.bars:  # the end of it leads into the beginning
        a = old.bar_start(source.end_bar - section.bars)
    own = [c for c in ground.moments.chords if c.start < b and c.end > a]
    spans = []
    for turn in range(-(-(end - start) // (b - a))):
        for c in own:
            first, stop = start + turn * (b - a) + max(0, c.start - a), start + turn * (b - a) + min(c.end, b) - a
            if first < end:
                chord = c.chord if not shift else c.chord.transposed(shift, key)
                spans.append(ChordSpan(first, min(stop, end), chord))
    if last and spans:
        spans = _closed(spans, timeline.bar_start(at + section.bars - 1), end, key)
    return tuple(spans), f"over the chords of {source.name}: " + _symbols(spans)


def _closed(spans: list[ChordSpan], line: int, end: int, key: Key) -> list[ChordSpan]:
    """The chords with the tonic in the last bar."""
    home = next((c.chord for c in spans if c.chord.root_pc == key.tonic_pc and c.chord.bass is None), None)
    home = home or Chord(key.tonic, (0, 3, 7) if key.is_minor else (0, 4, 7))
    kept = [ChordSpan(c.start, min(c.end, line), c.chord) for c in spans if c.start < line]
    return [*kept, ChordSpan(line, end, home)]


def _symbols(spans: list[ChordSpan]) -> str:
    symbols = [c.chord.symbol for c in spans]
    return " ".join(s for i, s in enumerate(symbols[:16]) if i == 0 or s != symbols[i - 1])


def _merged(old: tuple[ChordSpan, ...], new: tuple[ChordSpan, ...]) -> tuple[ChordSpan, ...]:
    """Old chords with the new ones in place of what was between their first tick and their last."""
    if not new:
        return old
    a, b = new[0].start, new[-1].end
    left = [ChordSpan(c.start, min(c.end, a), c.chord) for c in old if c.start < a]
    right = [ChordSpan(max(c.start, b), c.end, c.chord) for c in old if c.end > b]
    return (*left, *new, *right)


def _home(chords: tuple[ChordSpan, ...], ground: Ground) -> tuple[ChordSpan, ...]:
    """Chords from the house's ticks to the original's."""
    scale = ground.original.timeline.ppq / ground.piece.timeline.ppq
    return tuple(ChordSpan(round(c.start * scale), round(c.end * scale), c.chord) for c in chords)


def _copied(ground: Ground, standing: Ground, source: Section, section: Section, at: int, key: Key) -> Piece:
    """The grown piece with the music of the source, over and over, in the new bars, in their key."""
    old, new = ground.original.timeline, standing.original.timeline
    a, b = old.bar_start(source.first_bar), old.bar_start(source.end_bar)
    start, end = new.bar_start(at), new.bar_start(at + section.bars)
    shift = (key.tonic_pc - ground.piece.key_at(source.first_bar).tonic_pc + 6) % 12 - 6
    piece = standing.original
    for track in ground.original.tracks:
        rows = []
        inner = track.notes[(track.notes["start"] >= a) & (track.notes["start"] < b)].tolist()
        for turn in range(-(-(end - start) // (b - a))):
            for s, n, p, v in inner:
                tick = s - a + start + turn * (b - a)
                pitch = p if track.is_drum else p + shift
                if tick < end:
                    rows.append((tick, min(n, max(1, end - tick)) if pitch != p else n, pitch, v))
        if rows:
            old_track = piece.track(track.id)
            scope = Scope(tracks=(track.id,), bars=(at, at + section.bars))
            piece = piece.with_track(stitched_track(piece, old_track, make_notes(rows), scope))
    return piece
