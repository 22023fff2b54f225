"""A file of a collection as a sheet to learn from: read, settled, with chords and sections found, and its fingerprints."""

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from ripieno.generators.lm.data.labels import style_of
from ripieno.generators.lm.data.settle import settle
from ripieno.generators.lm.data.sources import Source, index_chords, index_labels, one_of_each_work
from ripieno.generators.lm.sheet import Loss, Sheet, sheet_of
from ripieno.score.analysis.bars import bar_codes
from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.copies import Short, tune_codes, winnow
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.sections import find_sections
from ripieno.score.analysis.skyline import skyline
from ripieno.score.chords import Chord
from ripieno.score.errors import RipienoError
from ripieno.score.formats.midi import read_midi
from ripieno.score.piece import ChordSpan, Piece, make_notes

MIN_BARS, MAX_BARS = 2, 1500
# The Roland TD-11's map where it leaves General MIDI: rims, bells, edges of the hi-hat (Gillick et al., 2019, table 6).
_TD11 = {22: 42, 26: 46, 40: 38, 58: 43, 50: 48, 47: 45, 55: 49, 52: 49, 59: 51, 53: 51}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A piece to learn from.

    Attributes:
        source, path: where it comes from.
        work: editions and copies of one work share it, so that they land in one split.
        split: the collection's own split ('train', 'validation', 'test'), or '' where it has none.
        codes: winnowed codes of its tunes, in any key (drums: of its bars).
        seconds: its length at its own tempo.
    """

    source: str
    path: str
    work: str
    split: str
    sheet: Sheet
    loss: Loss
    codes: Short
    seconds: float


def files_of(source: Source, root: Path) -> list[Path]:
    """The files of an unpacked source that are read, in order."""
    return one_of_each_work(source, sorted(root.glob(source.pattern)))


def prepare(source: Source, root: Path, path: Path) -> Prepared | str:
    """The piece in a file, or why it is left out."""
    relative = str(path.relative_to(root))
    labels = index_labels(root).get(relative, {})
    try:
        piece = read_midi(path.read_bytes())
    except RipienoError as error:
        return error.rule
    drums = source.name == "grooves"
    settled = _drums_only(piece) if drums else settle(piece, source)
    if settled is None:
        return "fewer than 32 notes, or a part copied out of an ensemble"
    if not MIN_BARS <= settled.bars <= MAX_BARS:
        return f"shorter than {MIN_BARS} or longer than {MAX_BARS} bars"
    reading = Reading(settled)
    chords = () if drums else written_chords(settled, index_chords(root).get(relative, ())) or find_chords(reading)
    settled = replace(settled, chords=chords, sections=find_sections(settled))
    sheet, loss = sheet_of(settled, style_of(source.name, relative, labels))
    if drums:
        codes = np.unique((bar_codes(reading, reading.drums[0]).exact >> np.uint64(32)).astype(np.uint32))
    else:
        tunes = [c[winnow(c)][~p[winnow(c)]] for c, p in (tune_codes(skyline(line)) for line in reading.lines) if len(c)]
        codes = np.unique(np.concatenate(tunes)) if tunes else np.zeros(0, dtype=np.uint32)
    return Prepared(source.name, relative, _work(source, relative, labels), _own_split(root, relative), sheet, loss,
                    codes.astype(np.uint32), settled.seconds)  # fmt: skip


def written_chords(piece: Piece, symbols: tuple[tuple[float, str], ...]) -> tuple[ChordSpan, ...]:
    """Chord symbols at quarter notes as spans, each up to the next; those that cannot be read leave a gap."""
    starts = [min(round(at * piece.timeline.ppq), piece.ticks) for at, _ in symbols]
    spans = []
    for start, end, (_, symbol) in zip(starts, (*starts[1:], piece.ticks), symbols, strict=False):
        if end > start and symbol[:1] in "ABCDEFG":
            try:
                spans.append(ChordSpan(start, end, Chord.parse(symbol)))
            except RipienoError:
                continue
    return tuple(spans)


def _drums_only(piece: Piece) -> Piece | None:
    """A take of drums with the kit's own keys written in General MIDI's."""
    tracks = []
    for track in piece.tracks:
        if track.is_drum and len(track.notes):
            notes = track.notes.copy()
            notes["pitch"] = [_TD11.get(p, p) for p in notes["pitch"].tolist()]
            tracks.append(track.with_notes(make_notes(notes)))
    if sum(len(t.notes) for t in tracks) < 8:
        return None
    return replace(piece, tracks=tuple(tracks), sections=(), chords=())


def _work(source: Source, relative: str, labels: dict[str, str]) -> str:
    """What editions and movements of one work have in common in their paths."""
    name = Path(relative)
    if source.name == "chopin":
        return "chopin " + "-".join(name.name.split("-")[:2])
    if source.name in ("mutopia", "lieder", "lead sheets", "quartets", "orchestra", "hymns"):
        return f"{source.name} {name.parent}"
    if source.name == "grooves":
        return f"grooves {name.parent} {re.sub(r'_(beat|fill)_.*', '', name.stem)}"
    return f"{source.name} {name.stem}"


def _own_split(root: Path, relative: str) -> str:
    """The split that a table beside the files gives, as that of the Groove MIDI Dataset does."""
    return _table_of_splits(root).get(relative, "")


@cache
def _table_of_splits(root: Path) -> dict[str, str]:
    table = root / "info.csv"
    if not table.exists():
        return {}
    with table.open(encoding="utf-8", newline="") as rows:
        return {row["midi_filename"]: row["split"] for row in csv.DictReader(rows)}
