"""Each rule of the craft on the smallest music that breaks it, and on the same music mended."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.score.checks.finding import SEVERITIES, bar_list, bar_words, list_words
from ripieno.score.checks.playability import guitar_shape
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from tests.score.makers import drums, notes, piece, shifted, track
from tests.score.pieces import pieces

SCALE = "C4:1 D4:1 E4:1 F4:1 G4:1 F4:1 E4:1 D4:1 "


def solo(text: str, instrument: str = "flute", bars: int = 8, times: int = 1, chords: str = "", bpm: float = 120.0) -> Piece:
    return piece(track("solo", Role.LEAD, instrument, notes(text, times=times)), bars=bars, chords=chords, bpm=bpm)


def duet(upper: str, lower: str, bars: int, roles: tuple[Role, Role] = (Role.LEAD, Role.BASS), chords: str = "") -> Piece:
    return piece(
        track("violin", roles[0], "violin", notes(upper)), track("cello", roles[1], "cello", notes(lower)),
        bars=bars, chords=chords,
    )  # fmt: skip


def band(bass: str, kit: str, bars: int = 8) -> Piece:
    return piece(
        track("lead", Role.LEAD, "flute", notes("C5:2 E5:2 G5:2 E5:2", times=bars // 2)),
        track("bass", Role.BASS, "electric_bass", notes(bass, times=bars)),
        track("kit", Role.DRUMS, "drums", drums(kit, times=bars)), bars=bars,
    )  # fmt: skip


def block(upper: str) -> Piece:
    return piece(
        track("a", Role.LEAD, "flute", notes(f"{upper}:4", times=4)),
        track("b", Role.PAD, "strings", notes("C3+E3+G3:4", times=4)), bars=4, chords="C",
    )  # fmt: skip


def flat(level: int) -> Piece:
    def shaped(content: Piece) -> Piece:
        changed = content.tracks[0].notes.copy()
        changed["velocity"][::3] += level
        return content.with_track(content.tracks[0].with_notes(changed))

    return shaped(solo(SCALE, bars=16, times=8))


def choir(*voices: str) -> Piece:
    names = ("soprano", "alto", "tenor", "bass")
    roles = (Role.LEAD, Role.COUNTERMELODY, Role.COUNTERMELODY, Role.BASS)
    return piece(
        *(track(n, r, "voice", notes(text, times=6)) for n, r, text in zip(names, roles, voices, strict=True)), bars=6
    )


def crowd(*above: int) -> Piece:
    tune = notes("C4:4", times=8)
    tracks = [track("lead", Role.LEAD, "piano", tune)]
    for i, interval in enumerate(above):
        other = tune.copy()
        other["pitch"] = tune["pitch"].astype(int) + interval
        tracks.append(track(f"p{i}", Role.PAD, "piano", other))
    return piece(*tracks, bars=8)


def form(contrast: bool) -> Piece:
    first = notes(SCALE, times=4)
    second = notes("C5:2 A4:2 G4:3 E4:1", times=4, start=32.0) if contrast else notes(SCALE, times=4, start=32.0)
    both = [*first.tolist(), *second.tolist()]
    return piece(track("flute", Role.LEAD, "flute", notes("r:1")).with_notes(both), bars=16,
                 sections=(("verse", 8, "A"), ("chorus", 8, "B")))  # fmt: skip


def returning(faithful: bool) -> Piece:
    a = notes("C4:1 E4:1 G4:2 E4:1 D4:1 C4:2 " * 2)
    again = a if faithful else notes("F#4:.5 G#4:1 A#4:.5 C#5:1.5 r:.5 " * 4)
    chords = notes("C3+E3+G3:4", times=4)
    other = chords if faithful else notes("F#3+A#3+C#4:2 D#3+G3+A#3:2", times=4)
    rows = [*a.tolist(), *((s + 16 * 480, d, p, v) for s, d, p, v in again.tolist())]
    fill = [*chords.tolist(), *((s + 16 * 480, d, p, v) for s, d, p, v in other.tolist())]
    return piece(track("flute", Role.LEAD, "flute", notes("r:1")).with_notes(rows),
                 track("piano", Role.CHORDS, "piano", notes("r:1")).with_notes(fill), bars=8,
                 sections=(("theme", 4, "A"), ("theme", 4, "A")))  # fmt: skip


# rule -> (music that breaks it, the same mended)
CASES: dict[str, tuple[Callable[[], Piece], Callable[[], Piece]]] = {
    "range.outside": (lambda: solo("C3:4 C5:4", bars=2), lambda: solo("C4:4 C5:4", bars=2)),
    "range.strained": (lambda: solo("C7:1 D7:1 " * 8, bars=4), lambda: solo("C5:1 B5:1 " * 8, bars=4)),
    "playability.voices": (lambda: solo("C5+E5:2 C5:2", bars=1), lambda: solo("C5:2 E5:2", bars=1)),
    "playability.hands": (
        lambda: solo("C2+C3+C4+C5+C6:4", "piano", bars=1),
        lambda: solo("C2+E2+C3+G4+C5+E5:4", "piano", bars=1),
    ),
    "playability.breath": (
        lambda: solo("C5:.5 D5:.5 E5:.5 F5:.5 " * 24, bars=12, bpm=100.0),
        lambda: solo("C5:.5 D5:.5 E5:.5 F5:.25 r:.25 " * 24, bars=12, bpm=100.0),
    ),
    "playability.speed": (lambda: solo("C5:.125 " * 32, bars=1), lambda: solo("C5:.25 " * 16, bars=1)),
    "playability.limbs": (lambda: band("C2:4", "k+h+s+c:1 h:1 s:1 h:1"), lambda: band("C2:4", "k+h+s:1 h:1 s:1 h:1")),
    "cadence.final_chord": (
        lambda: duet("E5:2 D5:2 B4:4", "C3:2 G3:2 G3:4", 2, chords="C G"),
        lambda: duet("E5:2 D5:2 C5:4", "C3:2 G3:2 C3:4", 2, chords="C C"),
    ),
    "cadence.final_note": (
        lambda: solo(SCALE + "C4:1 E4:1 D4:2", bars=3, chords="C"),
        lambda: solo(SCALE + "C4:1 E4:1 C4:2", bars=3, chords="C"),
    ),
    "cadence.abrupt": (lambda: solo(SCALE * 2 + "C4:.75 E4:.25", bars=5), lambda: solo(SCALE * 2 + "E4:1 C4:2", bars=5)),
    "form.overrun": (lambda: solo("C5:4 C5:4", bars=1), lambda: solo("C5:4 C5:4", bars=2)),
    "silence.track": (lambda: solo("r:4", bars=1), lambda: solo("C5:4", bars=1)),
    "silence.bars": (lambda: solo("C5:4 r:8 C5:4", bars=4), lambda: solo("C5:4 C5:8 C5:4", bars=4)),
    "clash.semitone": (lambda: block("F4"), lambda: block("C4")),
    "melody.dissonance": (
        lambda: solo("F5:2 C5:2 E5:2 C5:2", bars=2, chords="C"),
        lambda: solo("F5:2 E5:2 E5:2 C5:2", bars=2, chords="C"),
    ),
    "melody.off_key": (
        lambda: solo("C#5:1 D#5:1 F#5:1 C5:1 " * 6, bars=6, chords="C"),
        lambda: solo("C5:1 D5:1 F5:1 C5:1 " * 6, bars=6, chords="C"),
    ),
    "melody.stray_note": (
        lambda: solo("C5:1 D5:1 C3:1 D5:1", "piano", bars=1),
        lambda: solo("C5:1 D5:1 C5:1 D5:1", "piano", bars=1),
    ),
    "melody.static": (
        lambda: solo("C5:1 D5:1 C5:.5 D5:.5 C5:1 " * 4, bars=4),
        lambda: solo("C5:1 D5:1 G5:.5 E5:.5 C5:1 " * 4, bars=4),
    ),
    "melody.one_note": (lambda: solo("C5:1 C5:1 C5:1 G5:1 " * 4, bars=4), lambda: solo("C5:1 E5:1 C5:1 G5:1 " * 4, bars=4)),
    "melody.wide": (
        lambda: solo("C4:1 C5:1 C6:1 C7:1 D7:1 C6:1 C5:1 C4:1 " * 2, "violin", bars=4).with_track(
            track("solo", Role.LEAD, "violin", notes("G3:1 G4:1 G5:1 G6:1 A6:1 G5:1 G4:1 G3:1 " * 2))
        ),
        lambda: solo("C4:1 C5:1 C6:1 B5:1 G5:1 C5:1 B4:1 C4:1 " * 2, "violin", bars=4),
    ),
    "melody.leapy": (lambda: solo("C4:1 G4:1 C4:1 A4:1 D4:1 B4:1 E4:1 C5:1 " * 2, bars=4), lambda: solo(SCALE * 2, bars=4)),
    "melody.no_climax": (
        lambda: solo("C5:1 E5:1 G5:1 E5:1 " * 12, bars=12),
        lambda: solo("C5:1 E5:1 F5:1 E5:1 " * 11 + "C5:1 E5:1 G5:1 E5:1", bars=12),
    ),
    "melody.no_rest": (
        lambda: solo(SCALE * 16, bars=32, bpm=80.0),
        lambda: solo((SCALE + "C4:3 r:1 ") * 10, bars=30, bpm=80.0),
    ),
    "voice.leap": (
        lambda: solo("C4:1 D5:1 G5:1 E5:1", bars=1, chords="F"),
        lambda: solo("C4:1 D5:1 C5:1 B4:1", bars=1, chords="F"),
    ),
    "voice.leading_note": (
        lambda: duet("D5:2 B4:2 E5:4", "G2:4 C3:4", 2, chords="G C"),
        lambda: duet("D5:2 B4:2 C5:4", "G2:4 C3:4", 2, chords="G C"),
    ),
    "voice.parallel_octaves": (
        lambda: duet("E5:1 G5:1 F5:1 G5:1 C5:1 E5:1", "C3:1 B2:1 D3:1 E3:1 A2:1 C3:1".replace("D3:1 E3:1", "F3:1 G3:1"), 2),
        lambda: duet("E5:1 G5:1 F5:1 G5:1 C5:1 E5:1", "C3:1 B2:1 D3:1 B2:1 A2:1 C3:1", 2),
    ),
    "voice.parallel_fifths": (
        lambda: duet("E5:1 G5:1 A5:1 G5:1 C5:1 E5:1", "G3:1 C3:1 D3:1 B2:1 A2:1 C3:1", 2),
        lambda: duet("E5:1 G5:1 A5:1 G5:1 C5:1 E5:1", "G3:1 C3:1 F2:1 B2:1 A2:1 C3:1", 2),
    ),
    "voice.bass_above_tune": (lambda: duet("C4:4 E4:4", "G4:4 C3:4", 2), lambda: duet("C4:4 E4:4", "G3:4 C3:4", 2)),
    "register.mud": (lambda: duet("C5:4 " * 8, "C2+D#2:4 " * 8, 8), lambda: duet("C5:4 " * 8, "C2+G2:4 " * 8, 8)),
    "groove.bass_off_drums": (
        lambda: band("r:.25 C2:.5 r:.5 C2:.5 r:.5 C2:.5 r:1.25", "k:1 s:1 k:1 s:1"),
        lambda: band("C2:1 C2:1 C2:1 C2:1", "k:1 s:1 k:1 s:1"),
    ),
    "groove.adrift": (
        lambda: duet("E5:1 F5:1 E5:1 D5:1 " * 8, "r:.75 " + "C3:1 D3:1 C3:1 B2:1 " * 7 + "C3:1", 8),
        lambda: duet("E5:1 F5:1 E5:1 D5:1 " * 8, "r:.5 " + "C3:1 D3:1 C3:1 B2:1 " * 7 + "C3:1", 8),
    ),
    "cadence.missing": (
        lambda: solo("E4:1 F4:1 A4:1 F4:1 " * 24, bars=24, chords="F"),
        lambda: solo(("E4:1 F4:1 A4:1 F4:1 " * 3 + "D4:1 D4:1 C4:2 ") * 6, bars=24, chords="C"),
    ),
    "voice.spacing": (lambda: choir("C5:4", "E3:4", "C3:4", "C2:4"), lambda: choir("C5:4", "E4:4", "G3:4", "C2:4")),
    "register.crowded": (lambda: crowd(4, 5, 7, 9), lambda: crowd(-12, -5, 7, 16)),
    "playability.pedals": (
        lambda: solo("C4:.25 C#4:.25 D4:.25 D#4:.25 E4:.25 F4:.25 F#4:.25 G4:.25 " * 4, "harp", bars=2, bpm=120.0),
        lambda: solo("C4:.25 D4:.25 E4:.25 F4:.25 G4:.25 A4:.25 B4:.25 C5:.25 " * 4, "harp", bars=2, bpm=120.0),
    ),
    "dynamics.flat": (lambda: flat(0), lambda: flat(15)),
    "form.no_contrast": (lambda: form(False), lambda: form(True)),
    "form.no_return": (lambda: returning(False), lambda: returning(True)),
    "repetition.pasted": (lambda: solo("C5:1 E5:1 G5:1 E5:1 " * 12, bars=12), lambda: solo(SCALE * 6, bars=12)),
    "repetition.tune": (lambda: solo("C5:1 E5:1 G5:1 E5:1 " * 8 + SCALE * 2, bars=12), lambda: solo(SCALE * 6, bars=12)),
    "harmony.chord_not_played": (
        lambda: solo("C#4+F#4+A#4:4", "piano", bars=1, chords="C"),
        lambda: solo("C4+E4+G4:4", "piano", bars=1, chords="C"),
    ),
    "harmony.key_not_heard": (
        lambda: solo("C#4+F#4+A#4:4 " * 12, "piano", bars=12),
        lambda: solo("C4+E4+G4:4 " * 12, "piano", bars=12),
    ),
}


def rules(music: Piece) -> set[str]:
    return {f.rule for f in run_checks(music)}


@pytest.mark.parametrize("rule", sorted(CASES))
def test_a_rule_is_found_where_it_is_broken_and_nowhere_else(rule: str) -> None:
    broken, mended = CASES[rule]
    found = [f for f in run_checks(broken()) if f.rule == rule]
    assert found, f"not found: {sorted(rules(broken()))}"
    for finding in found:
        assert finding.severity in SEVERITIES
        assert 0 <= finding.bars[0] < finding.bars[1] <= broken().bars
        assert {t.id for t in broken().tracks} >= set(finding.tracks)
        assert finding.message and finding.advice and finding.message[0].isalnum()
    assert rule not in rules(mended())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_checks_accept_any_piece_and_are_deterministic(any_piece: Piece) -> None:
    found = run_checks(any_piece)
    assert found == run_checks(replace(any_piece))
    order = [(SEVERITIES.index(f.severity), f.bars) for f in found]
    assert order == sorted(order)
    assert all(0 <= f.bars[0] <= f.bars[1] <= max(1, any_piece.bars) for f in found)


def test_doubling_in_octaves_is_no_fault() -> None:
    line = "C5:1 D5:1 E5:1 F5:1 G5:1 F5:1 E5:1 D5:1"
    music = duet(line, line.replace("5", "3"), 2)
    assert "voice.parallel_octaves" not in rules(music)


def test_drums_suspend_the_rules_of_counterpoint() -> None:
    music = CASES["voice.parallel_fifths"][0]()
    with_kit = music.with_track(track("kit", Role.DRUMS, "drums", drums("k:1 s:1 k:1 s:1", times=2)))
    assert "voice.parallel_fifths" not in rules(with_kit)


def test_a_suspension_and_an_appoggiatura_are_no_clash() -> None:
    suspended = piece(
        track("a", Role.LEAD, "flute", notes("F5:4 E5:4")), track("b", Role.PAD, "strings", notes("A3+C4+F4:3 C4+E4+G4:5")),
        bars=2, chords="F C",
    )  # fmt: skip
    assert "clash.semitone" not in rules(suspended)
    leaning = piece(
        track("a", Role.LEAD, "flute", notes("F5:2 E5:2")), track("b", Role.PAD, "strings", notes("C4+E4+G4:4")),
        bars=1, chords="C",
    )  # fmt: skip
    assert not rules(leaning) & {"clash.semitone", "melody.dissonance"}


@pytest.mark.parametrize(("shape", "playable"), [
    ((40, 47, 52, 56, 59, 64), True),  # E major, open
    ((41, 48, 53, 57, 60, 65), True),  # F major, barred
    ((40, 47, 52), True),  # power chord
    ((48, 49, 50, 51, 52), False),  # a cluster
    ((40, 41), False),  # two notes that only the lowest string has
    ((45, 52, 57, 60, 64), True),  # A minor
])  # fmt: skip
def test_guitar_shapes(shape: tuple[int, ...], playable: bool) -> None:
    assert guitar_shape(shape) is playable


def test_transposition_keeps_findings_that_are_not_about_range() -> None:
    music = CASES["voice.parallel_fifths"][0]()
    moved = replace(music, keys=(replace(music.keys[0], key=music.key.transposed(2)),),
                    tracks=tuple(t.with_notes(shifted(t.notes, 2)) for t in music.tracks))  # fmt: skip
    assert {r for r in rules(music) if r.startswith("voice.")} == {r for r in rules(moved) if r.startswith("voice.")}


def test_words() -> None:
    assert bar_words((4, 5)) == "bar 5" and bar_words((4, 8)) == "bars 5 to 8"
    assert list_words(["a", "b", "c"]) == "a, b and c" and list_words("abcdef") == "a, b, c, d and 2 more"
    assert bar_list([3]) == "bar 4" and bar_list([0, 2]) == "bars 1 and 3"
