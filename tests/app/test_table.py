"""The table never lies: what it says is what independent readers find in the exported MIDI, over styles and seeds."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import music21
import numpy as np
import pretty_midi
import pytest

from ripieno.agents.state import Overrides
from ripieno.app.project import Turn
from ripieno.app.studio import Studio
from ripieno.memory.table import AttributeTable, derive_table
from ripieno.score.chords import Chord
from ripieno.score.formats.midi import write_midi
from ripieno.score.keys import Key
from ripieno.tools.toolbox import profiles

STYLES = sorted(profiles())
REQUESTS = (
    "a tune in F# minor at 97 bpm, 20 bars, crescendo to the end, ritardando at the end",
    "something in 7/8, E phrygian, flute, harp and upright bass, 18 bars",
    "verse 8 bars, chorus 8 bars, verse 8 bars, chorus 8 bars; the tempo doubles at the chorus; guitar, bass, drums",
    "12-bar blues in Bb, tenor sax, piano, upright bass, brushes, 24 bars, swung",
    "string quartet in D minor, 3/4, slow, 24 bars, chords Dm - Gm6 - A7 - Dm/F",
    "theme in 5/4 for marimba and vibraphone, A lydian, 16 bars, quantised",
)


@lru_cache(maxsize=1)
def studio() -> Studio:
    return Studio()


def turn(folder: Path, text: str, seed: int, style: str | None = None) -> Turn:
    with studio().open(folder, new=True) as project:
        made = project.say(text, seed=seed, candidates=1, overrides=Overrides(style=style), may_ask=False)
    assert isinstance(made, Turn)
    return made


def check_against_pretty_midi(table: AttributeTable, data: bytes) -> None:
    midi = pretty_midi.PrettyMIDI(BytesIO(data))
    times, tempos = midi.get_tempo_changes()
    assert tempos == pytest.approx([t.bpm for t in table.tempos], rel=1e-4)
    assert [midi.time_to_tick(t) for t in times] == pytest.approx([t.tick for t in table.tempos], abs=1)
    found = [f"{s.numerator}/{s.denominator}" for s in midi.time_signature_changes]
    assert found == [m.metre for m in table.metres]
    assert midi.get_end_time() <= table.seconds * 1.25 + 8
    sounding = [t for t in table.tracks if t.notes]
    for part in midi.instruments:  # our names are UTF-8, which pretty_midi reads as Latin-1
        part.name = part.name.encode("latin-1").decode()
    assert sorted((i.name, i.program, i.is_drum, len(i.notes)) for i in midi.instruments if i.notes) == sorted(
        (t.name, t.program, t.percussion, t.notes) for t in sounding
    )
    by_name = {i.name: i for i in midi.instruments}
    if len(by_name) == len(midi.instruments):
        for row in sounding:
            pitches = [n.pitch for n in by_name[row.name].notes]
            assert (min(pitches), max(pitches)) == (row.low, row.high)
            assert np.mean([n.velocity for n in by_name[row.name].notes]) == pytest.approx(row.mean_velocity, abs=0.01)


@pytest.mark.parametrize("style", STYLES)
def test_every_style(style: str, tmp_path: Path) -> None:
    made = turn(tmp_path, f"a piece, style {style}", STYLES.index(style), style)
    check_against_pretty_midi(made.report.table, write_midi(made.piece))
    assert made.report.table == derive_table(made.piece, made.report.table.intent)


@pytest.mark.parametrize("text", REQUESTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_stated_is_delivered_or_reported(text: str, seed: int, tmp_path: Path) -> None:
    made = turn(tmp_path, text, seed)
    table = made.report.table
    check_against_pretty_midi(table, write_midi(made.piece))
    assert not [d for d in made.report.unmet if not d.reason], "an unmet wish has its reason"
    assert table.bars == made.report.table.intent.bars.value  # type: ignore[union-attr]


@pytest.mark.parametrize("text", REQUESTS[:4])
def test_keys_sections_and_chords_are_in_the_file(text: str, tmp_path: Path) -> None:
    made = turn(tmp_path, text, 5)
    table, piece = made.report.table, made.piece
    score = music21.converter.parseData(write_midi(piece), format="midi")
    assert isinstance(score, music21.stream.Score)
    signatures = [k.sharps for k in score.parts[0].flatten().getElementsByClass(music21.key.KeySignature)]
    assert signatures[0] == Key(table.keys[0].key, table.keys[0].mode).signature
    metres = [m.ratioString for m in score.parts[0].flatten().getElementsByClass(music21.meter.TimeSignature)]
    assert metres[: len(table.metres)] == [m.metre for m in table.metres]
    midi = pretty_midi.PrettyMIDI(BytesIO(write_midi(piece)))
    texts = {t.text for t in midi.text_events}
    # A chord of the table sounds: most of the pitched notes in its span belong to it.
    inside = total = 0
    for span in piece.chords:
        tones = set(Chord.parse(span.chord.symbol).pitch_classes)
        for track in piece.tracks:
            if not track.is_drum:
                notes = track.notes[(track.notes["start"] >= span.start) & (track.notes["start"] < span.end)]
                inside += int(notes["duration"][np.isin(notes["pitch"] % 12, list(tones))].sum())
                total += int(notes["duration"].sum())
    assert inside / total > 0.6
    assert len(texts) >= 1 or not piece.chords


def test_a_given_progression_is_used_exactly(tmp_path: Path) -> None:
    made = turn(tmp_path, "pop song, 16 bars, chords Am - F - C - G, piano, bass and drums", 4)
    symbols = [c.chord for c in made.report.table.chords]
    assert symbols == ["Am", "F", "C", "G"] * 4
