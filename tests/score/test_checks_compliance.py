"""Requested versus delivered: each attribute on music that meets it and on music that does not."""

import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.score.analysis.reading import read
from ripieno.score.brief import (
    Attribute,
    Brief,
    DynamicsShape,
    FormRequest,
    Origin,
    PartRequest,
    ProgressionRequest,
    SectionRequest,
    TempoChange,
)
from ripieno.score.checks.compliance import check_compliance, check_request
from ripieno.score.checks.delivered import Delivered
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from tests.score.makers import drums, notes, piece, track
from tests.score.pieces import pieces


def music(velocity: int = 80, kit: bool = False, bars: int = 8) -> Piece:
    """C F G C, a tune on the flute over a piano, 120 to the minute."""
    tune = notes("E5:1 D5:1 C5:2 A4:1 C5:1 F5:2 D5:1 B4:1 G4:2 E5:1 D5:1 C5:2 ", velocity, times=bars // 4)
    piano = notes("C3+G3+E4:4 F3+A3+C4:4 G3+B3+D4:4 C3+G3+C4:4 ", velocity, times=bars // 4)
    tracks = [track("flute", Role.LEAD, "flute", tune), track("piano", Role.CHORDS, "piano", piano)]
    if kit:
        tracks.append(track("kit", Role.DRUMS, "drums", drums("k:1 s:1 k:1 s:1 ", velocity, times=bars)))
    half = bars // 2
    return piece(*tracks, bars=bars, chords="C F G C", sections=(("verse", half, "A"), ("chorus", half, "B")))


def rows(wanted: Brief, content: Piece | None = None) -> list[Delivered]:
    return list(check_compliance(content or music(), wanted))


# attribute -> (met by `music()`, not met by it)
CASES: dict[str, tuple[Brief, Brief]] = {
    "tempo": (Brief(tempo=Attribute(value=120.0)), Brief(tempo=Attribute(value=140.0))),
    "tempo_range": (Brief(tempo_range=Attribute(value=(110.0, 130.0))), Brief(tempo_range=Attribute(value=(60.0, 80.0)))),
    "tempo_class": (Brief(tempo_class=Attribute(value="fast")), Brief(tempo_class=Attribute(value="slow"))),
    "tempo_changes": (
        Brief(tempo_changes=(TempoChange(section="chorus", bpm=120.0),)),
        Brief(tempo_changes=(TempoChange(section="chorus", factor=2.0),)),
    ),
    "metre": (Brief(metre=Attribute(value="4/4")), Brief(metre=Attribute(value="3/4"))),
    "bars": (Brief(bars=Attribute(value=8)), Brief(bars=Attribute(value=16))),
    "bars_range": (Brief(bars_range=Attribute(value=(6, 10))), Brief(bars_range=Attribute(value=(12, 20)))),
    "duration": (Brief(duration=Attribute(value=16.0)), Brief(duration=Attribute(value=30.0))),
    "duration_range": (
        Brief(duration_range=Attribute(value=(10.0, 20.0))),
        Brief(duration_range=Attribute(value=(40.0, 60.0))),
    ),
    "form": (
        Brief(
            form=Attribute(
                value=FormRequest(name="song", sections=(SectionRequest(name="verse", bars=4), SectionRequest(name="chorus")))
            )
        ),
        Brief(
            form=Attribute(
                value=FormRequest(name="song", sections=(SectionRequest(name="chorus"), SectionRequest(name="verse")))
            )
        ),
    ),
    "tonic": (Brief(tonic=Attribute(value="C")), Brief(tonic=Attribute(value="D"))),
    "mode": (Brief(mode=Attribute(value="major")), Brief(mode=Attribute(value="minor"))),
    "progressions": (
        Brief(progressions=Attribute(value=(ProgressionRequest(chords=("C", "F", "G", "C")),))),
        Brief(progressions=Attribute(value=(ProgressionRequest(chords=("Am", "Dm", "E7")),))),
    ),
    "pitch_range": (Brief(pitch_range=Attribute(value=(48, 77))), Brief(pitch_range=Attribute(value=(72, 84)))),
    "pitch_range_octaves": (Brief(pitch_range_octaves=Attribute(value=3)), Brief(pitch_range_octaves=Attribute(value=1))),
    "register_name": (Brief(register_name=Attribute(value="high")), Brief(register_name=Attribute(value="low"))),
    "parts: flute": (
        Brief(parts=(PartRequest(instrument="flute", role=Role.LEAD),)),
        Brief(parts=(PartRequest(instrument="flute", role=Role.BASS),)),
    ),
    "lead": (
        Brief(parts=(PartRequest(instrument="flute", role=Role.LEAD),)),
        Brief(parts=(PartRequest(instrument="piano", role=Role.LEAD),)),
    ),
    "excluded": (Brief(excluded=Attribute(value=("drum kit",))), Brief(excluded=Attribute(value=("piano",)))),
    "ensemble_closed": (
        Brief(parts=(PartRequest(instrument="flute"), PartRequest(instrument="piano")), ensemble_closed=True),
        Brief(parts=(PartRequest(instrument="flute"),), ensemble_closed=True),
    ),
    "dynamics": (Brief(dynamics=Attribute(value="mf")), Brief(dynamics=Attribute(value="pp"))),
    "rhythm_intensity": (Brief(rhythm_intensity=Attribute(value=0)), Brief(rhythm_intensity=Attribute(value=2))),
    "density": (Brief(density=Attribute(value=0.2)), Brief(density=Attribute(value=0.9))),
    "quantised": (Brief(quantised=Attribute(value=True)), Brief()),
    "articulation": (Brief(articulation=Attribute(value="legato")), Brief(articulation=Attribute(value="staccato"))),
    "texture": (Brief(texture=Attribute(value="homophonic")), Brief(texture=Attribute(value="monophonic"))),
}


@pytest.mark.parametrize("attribute", sorted(CASES))
def test_an_attribute_is_met_or_not(attribute: str) -> None:
    met, missed = CASES[attribute]
    (good,) = [row for row in rows(met) if row.attribute == attribute]
    assert good.ok and good.requested and good.delivered, good
    if missed != Brief():
        (bad,) = [row for row in rows(missed) if row.attribute == attribute]
        assert not bad.ok and bad.origin is Origin.STATED, bad


def test_severity_follows_the_origin() -> None:
    def severities(origin: Origin) -> list[str]:
        wanted = Brief(tempo=Attribute(value=90.0, origin=origin))
        return [f.severity for f in check_request(read(music()), wanted)]

    assert severities(Origin.STATED) == ["error"]
    assert severities(Origin.INFERRED) == ["warning"]
    assert severities(Origin.DEFAULT) == []


@pytest.mark.parametrize(("shape", "velocities", "ok"), [
    ("crescendo", (50, 90), True), ("crescendo", (90, 50), False),
    ("diminuendo", (90, 50), True), ("fade", (90, 50), True), ("diminuendo", (50, 90), False),
])  # fmt: skip
def test_the_course_of_loudness(shape: str, velocities: tuple[int, int], ok: bool) -> None:
    first, last = velocities
    rows_ = [*notes("C5:1", first, 16).tolist(), *notes("C5:1", last, 16, start=16).tolist()]
    swelling = piece(track("flute", Role.LEAD, "flute", notes("r:1")).with_notes(rows_), bars=8)
    (row,) = rows(Brief(dynamics_shape=(DynamicsShape(shape=shape),)), swelling)
    assert row.ok is ok


@pytest.mark.parametrize(
    ("ratio", "wanted", "ok"), [(0.5, 0.5, True), (2 / 3, 0.66, True), (0.5, 0.66, False), (2 / 3, 0.5, False)]
)
def test_swing_is_measured_on_the_notes(ratio: float, wanted: float, ok: bool) -> None:
    text = f"C5:{ratio} D5:{1 - ratio} " * 16
    swung = piece(track("sax", Role.LEAD, "flute", notes(text)), bars=4)
    (row,) = rows(Brief(swing=Attribute(value=wanted)), swung)
    assert row.ok is ok and row.measured == pytest.approx(ratio, abs=0.01)


def test_two_parts_of_one_instrument_need_two_tracks() -> None:
    wanted = Brief(parts=(PartRequest(instrument="flute"), PartRequest(instrument="flute")))
    assert [row.ok for row in rows(wanted)] == [True, True]  # one track may serve when it is the only one
    two = music().with_track(track("flute2", Role.COUNTERMELODY, "flute", notes("G4:4", times=8)))
    measured = [row.measured for row in rows(wanted, two)]
    assert len(set(measured)) == 2


def test_a_part_for_one_section_must_keep_to_it() -> None:
    wanted = Brief(parts=(PartRequest(instrument="flute", section="chorus"),))
    (row,) = rows(wanted)
    assert not row.ok and "outside" in row.reason


def test_a_progression_in_a_named_section_is_looked_for_there() -> None:
    row = ProgressionRequest(chords=("C", "F", "G", "C"), section="chorus")
    (found,) = rows(Brief(progressions=Attribute(value=(row,))))
    assert found.ok
    missing = ProgressionRequest(chords=("C", "F"), section="bridge")
    (found,) = rows(Brief(progressions=Attribute(value=(missing,))))
    assert not found.ok and "no bridge" in found.reason


def test_roman_numerals_are_read_in_the_key_of_the_piece() -> None:
    row = ProgressionRequest(chords=("I", "IV", "V", "I"), roman=True)
    (found,) = rows(Brief(progressions=Attribute(value=(row,))))
    assert found.ok and found.measured == 1.0


def test_music_that_stops_early_does_not_count_as_long() -> None:
    short = piece(track("flute", Role.LEAD, "flute", notes("C5:4", times=2)), bars=8)
    (row,) = rows(Brief(bars=Attribute(value=8)), short)
    assert not row.ok and "stops after bar 2" in row.reason


def test_a_brief_without_wishes_asks_nothing() -> None:
    assert rows(Brief()) == []
    assert list(check_request(read(music()), None)) == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_any_piece_can_be_measured_against_every_wish(any_piece: Piece) -> None:
    for met, _ in CASES.values():
        for row in check_compliance(any_piece, met):
            assert row.requested and row.delivered
