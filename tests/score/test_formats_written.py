"""What is written for people: MusicXML and ABC say the same notes to independent readers; the pictures show them."""

import io
import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from tempfile import TemporaryDirectory

import matplotlib.image
import music21
import numpy as np
import pytest
import verovio

from ripieno.app.project import Turn
from ripieno.app.studio import Studio
from ripieno.score.formats.abc import write_abc
from ripieno.score.formats.engrave import engrave, svg_to_png
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.formats.notation import notate
from ripieno.score.formats.pianoroll import COLOURS, draw_piano_roll
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece
from ripieno.score.time import Metre, MetreChange
from tests.score.pieces import waltz

REQUESTS = (
    "a waltz in B minor, piano and cello, 16 bars",
    "swing in Eb for alto sax, piano, upright bass and drums, 16 bars",
    "something in 7/8, F# minor, violin, harp and frame drum, 12 bars",
    "string quartet in D minor, 12 bars",
    "bossa nova in A minor, flute, nylon guitar, bass, 12/8, 8 bars, chords Am7 - D7b9 - Gmaj7#11 - E7alt",
)


@lru_cache(maxsize=1)
def studio() -> Studio:
    return Studio()


def compose(text: str) -> Piece:
    """The piece that a request gives, with one candidate."""
    with TemporaryDirectory() as folder, studio().open(folder, new=True) as project:
        made = project.say(text, candidates=1, may_ask=False)
    assert isinstance(made, Turn)
    return made.piece


@lru_cache(maxsize=8)
def piece(text: str) -> Piece:
    return compose(text)


def heard(of: Piece, track: int) -> list[int]:
    """Pitches of a part as it stands on paper, tied notes once."""
    part = next(p for p in notate(of).parts if p.track == of.tracks[track])
    return sorted(
        h.pitch for staff in part.staves for bar in staff.bars for voice in bar for e in voice
        for h in e.graces + e.heads if not h.tie_in
    )


def music21_pitches(part: music21.stream.Part) -> list[int]:
    found = []
    for element in part.recurse().notes:
        if isinstance(element, music21.harmony.ChordSymbol):
            continue
        for note in element.notes if isinstance(element, music21.chord.Chord) else [element]:
            if hasattr(note, "pitch") and not (note.tie and note.tie.type in ("stop", "continue")):
                found.append(note.pitch.midi)
    return sorted(found)


@pytest.mark.parametrize("text", REQUESTS)
def test_paper_loses_no_note(text: str) -> None:
    """Every note of the piece stands on paper, but ornaments too short for the grid, which merge with their neighbour."""
    made = piece(text)
    for i, track in enumerate(made.tracks):
        lost = Counter(track.notes["pitch"].tolist())
        lost.subtract(heard(made, i))
        assert sum(abs(n) for n in lost.values()) <= 0.03 * len(track.notes) + 1, track.name


@pytest.mark.parametrize("text", REQUESTS)
def test_music21_reads_the_musicxml(text: str) -> None:
    made = piece(text)
    score = music21.converter.parseData(write_musicxml(made).decode(), format="musicxml")
    assert isinstance(score, music21.stream.Score)
    assert score.metadata.title == made.title or score.metadata.movementName == made.title
    by_name: dict[str, list[int]] = {}
    for part in score.parts:
        by_name.setdefault(str(part.partName), []).extend(music21_pitches(part))
        assert len(part.getElementsByClass(music21.stream.Measure)) == made.bars
    for i, track in enumerate(made.tracks):
        if not track.is_drum and sum(t.name == track.name for t in made.tracks) == 1:
            assert sorted(by_name[track.name]) == heard(made, i)
    first = score.parts[0].getElementsByClass(music21.stream.Measure)[0]
    assert first.timeSignature is not None and first.keySignature is not None
    assert first.timeSignature.ratioString == str(made.timeline.metre_at(0))
    assert first.keySignature.sharps == made.key.signature
    harmony = score.parts[0].recurse().getElementsByClass(music21.harmony.ChordSymbol)
    symbols = [s for s in harmony if not isinstance(s, music21.harmony.NoChord)]
    written = [c for m in notate(made).measures for _, c in m.chords if c is not None]
    assert len(symbols) == len(written)
    assert [s.root().pitchClass for s in symbols] == [c.root_pc for c in written]


def changing() -> Piece:
    """The waltz with another key from bar 5 and another metre from bar 7."""
    made = waltz()
    metres = (MetreChange(0, Metre(3, 4)), MetreChange(6, Metre(6, 8)))
    return replace(made, keys=(*made.keys, KeyChange(4, Key("Eb"))), timeline=replace(made.timeline, metres=metres))


@pytest.mark.parametrize("text", [*REQUESTS, "changing"])
def test_music21_and_verovio_read_the_abc(text: str) -> None:
    """music21 finds every notehead of every voice in its bar and at its place there."""
    made = changing() if text == "changing" else piece(text)
    abc = write_abc(made)
    score = music21.converter.parseData(abc, format="abc")
    assert isinstance(score, music21.stream.Score)
    found = [measures for part in score.parts if (measures := list(part.getElementsByClass(music21.stream.Measure)))]
    voices = [
        (part, staff, layer) for part in notate(made).parts for staff in part.staves for layer in (0, 1)
        if layer == 0 or any(len(bar) > 1 for bar in staff.bars)
    ]  # fmt: skip
    assert len(found) == len(voices)
    for (part, staff, layer), measures in zip(voices, found, strict=True):
        assert len(measures) == made.bars
        for bar, measure in zip(staff.bars, measures, strict=True):
            events = bar[layer] if layer < len(bar) else ()
            written = sorted((round(e.start / 24, 3), h.pitch) for e in events for h in e.graces + e.heads)
            read = sorted(
                (round(float(e.getOffsetInHierarchy(measure)), 3), p.midi) for e in measure.recurse().notes
                if not isinstance(e, music21.harmony.ChordSymbol) for p in e.pitches
            )  # fmt: skip
            assert read == written or part.is_drum
    toolkit = verovio.toolkit()
    assert toolkit.loadData(abc) and toolkit.getPageCount() >= 1


def test_abc_bars_are_full() -> None:
    """Each bar of each voice lasts exactly its metre, counted from the text."""
    made = piece(REQUESTS[2])
    metre = made.timeline.metre_at(0)
    eighths = metre.numerator * 8 / metre.denominator
    for line in write_abc(made).splitlines():
        if not line.endswith("|"):
            continue
        for bar in line.split("|")[:-1]:
            bare = re.sub(r'"[^"]*"|\[[A-Z]:[^\]]*\]', "", bar)
            total, triplet = 0.0, 0
            for match in re.finditer(r"\(3:2:(\d+)|(\[[^\]]*\]|[_^=]*[A-Ga-gxz][,']*)(\d*)(?:/(\d+))?", bare):
                if match[1]:
                    triplet = int(match[1])
                    continue
                length = float(match[3] or 1) / float(match[4] or 1)
                total += length * 2 / 3 if triplet else length
                triplet = max(0, triplet - 1)
            assert total == pytest.approx(eighths), bar


def test_the_score_shows_title_chords_and_every_page() -> None:
    made = piece(REQUESTS[1])
    pages = engrave(made).pages_svg
    text = re.sub(r"<[^>]+>", " ", "".join(pages))
    assert made.title in " ".join(text.split())
    assert not [c for c in text if "\ue000" <= c <= "\uf8ff"], "no sign that only a music font has"
    assert engrave(made).pages_svg == pages, "the same piece gives the same bytes"
    png = matplotlib.image.imread(io.BytesIO(svg_to_png(pages[0], 800)))
    assert png.shape[1] == 800
    assert 0.01 < (png[..., 0] < 0.5).mean() < 0.4, "ink on paper"


@pytest.mark.parametrize("made", [waltz(), piece(REQUESTS[1])], ids=["waltz", "swing"])
def test_the_piano_roll_shows_every_track_in_its_colour(made: Piece) -> None:
    data = draw_piano_roll(made)
    assert data == draw_piano_roll(made)
    picture = (matplotlib.image.imread(io.BytesIO(data))[..., :3] * 255).round()
    for i, track in enumerate(made.tracks):
        colour = np.array([int(COLOURS[i][k : k + 2], 16) for k in (1, 3, 5)])
        near = (np.abs(picture - colour).sum(axis=-1) < 30).sum()
        assert near > 150, track.name  # the legend alone has about a hundred such points


@pytest.mark.parametrize("bars", [1, 512])
def test_short_and_long_pieces_can_be_drawn(bars: int) -> None:
    made = compose(f"a reel for fiddle, {bars} bars")
    assert made.bars == bars
    assert draw_piano_roll(made)[:4] == b"\x89PNG"
    assert write_abc(made).count("|") >= bars


def test_drums_have_no_key() -> None:
    """Two sharps for four staves, then three flats for them at the change and on the next system; the fifth has drums."""
    pages = engrave(changing()).pages_svg
    assert sum(page.count('class="keyAccid') for page in pages) == 4 * 2 + 2 * 4 * 3
