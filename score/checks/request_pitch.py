"""Requested versus delivered: key and mode, given chords, range and register."""

from collections.abc import Iterator, Sequence

import numpy as np

from ripieno.score.analysis.chord_finding import find_chords
from ripieno.score.analysis.key_finding import key_profile, rank_keys, scale_share
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.skyline import melody
from ripieno.score.brief import Brief, ProgressionRequest
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.checks.request_time import sections_named
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.score.keys import MODE_NAMES, Key
from ripieno.score.pitch import pitch_class, pitch_name

IN_SCALE = 0.7  # least share of sounding time in the scale for a key to count as heard
# Bounds of the mean pitch of the tune, for 'low', 'middle', 'high' (MIDI numbers; they overlap on purpose).
REGISTERS = {"low": (0, 57), "middle": (52, 74), "high": (67, 127)}
NEAREST = 0.3  # share of an instrument's range that is its own low, or high, register
REACHED = 12  # semitones of a band that an instrument needs to sing in it


def measure_key(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Tonic and mode: as the piece names them, confirmed by its notes."""
    if brief.tonic is None and brief.mode is None:
        return
    key = reading.piece.key
    profile = reading.pitch_classes.sum(axis=0)
    share = scale_share(profile, key)
    pitched = float(profile.sum()) > 0
    modulates = len(reading.piece.keys) > 1
    heard = modulates or not pitched or share >= IN_SCALE or key.mode == "chromatic"
    reason = "" if heard else f"only {share:.0%} of the notes lie in the scale"
    words = f"{key} ({share:.0%} of the sounding time in its scale)" if pitched else f"{key} (nothing pitched sounds)"
    if brief.tonic is not None:
        ok = heard and pitch_class(brief.tonic.value) == key.tonic_pc
        tonic_reason = reason
        if ok and pitched and not modulates:
            rank = _rank(reading, key)
            if rank > 3:
                tonic_reason = f"the notes themselves rather suggest {_best(reading)}"
        yield Delivered("tonic", brief.tonic.value, key.tonic, brief.tonic.origin, ok, share, tonic_reason)
    if brief.mode is not None:
        mode = MODE_NAMES.get(brief.mode.value.lower(), brief.mode.value)
        third = Key("C", mode).is_minor == key.is_minor
        ok = heard and (mode == key.mode or (third and {mode, key.mode} <= {"minor", "harmonic minor", "melodic minor"}))
        yield Delivered("mode", mode, words, brief.mode.origin, ok, share, reason)


def _rank(reading: Reading, key: Key) -> int:
    """Place 0.. of a tonic among the keys that the notes suggest, the modes of one scale counted once."""
    guesses = rank_keys(key_profile(reading), tuple(dict.fromkeys(("major", "minor", key.mode))))
    order = list(dict.fromkeys(g.key.tonic_pc for g in guesses))
    return order.index(key.tonic_pc)


def _best(reading: Reading) -> Key:
    return rank_keys(key_profile(reading))[0].key


def measure_progressions(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Given chords, in order and repeated as often as the place has room, played by the notes."""
    if brief.progressions is None:
        return
    for row in brief.progressions.value:
        chords, reason = wanted_chords(row, reading.piece.key), ""
        places = (
            [(s.first_bar, s.end_bar) for s in sections_named(reading, row.section)] if row.section else [(0, reading.bars)]
        )
        requested = " ".join(row.chords) + (f" in the {row.section}" if row.section else "")
        if not places:
            yield Delivered(
                "progressions", requested, "nothing", brief.progressions.origin, False, None, f"there is no {row.section}"
            )
            continue
        shown: list[str] = []
        matched = total = 0
        for first, end in places:
            have = played_chords(reading, first, end)
            shown = shown or [c.symbol for c in have[: len(chords)]]
            hit, count = _follow(chords, have)
            matched, total = matched + hit, total + count
        share = matched / max(1, total)
        # Endings and turnarounds may depart from the row; its own round must come first and prevail.
        ok = share >= 0.75 and total > 0
        if not ok:
            reason = f"{share:.0%} of the chords follow the row"
        yield Delivered("progressions", requested, " ".join(shown) or "no chords", brief.progressions.origin, ok, share, reason)


def wanted_chords(row: ProgressionRequest, key: Key) -> list[Chord]:
    """The chords of a request as values; what cannot be read is left out (the reader of language reports it)."""
    chords = []
    for symbol in row.chords:
        try:
            chords.append(parse_roman(symbol, key) if row.roman else Chord.parse(symbol))
        except BadRequest:
            continue
    return chords


def played_chords(reading: Reading, first: int, end: int) -> list[Chord]:
    """The chords that begin, or hold on, in bars first..end; of the piece's own spans, or found in the notes."""
    timeline = reading.piece.timeline
    begin, finish = timeline.bar_start(first), timeline.bar_start(end)
    spans = reading.piece.chords or find_chords(reading)
    return [s.chord for s in spans if s.start < finish and s.end > begin]


def _follow(row: Sequence[Chord], have: Sequence[Chord]) -> tuple[int, int]:
    """(chords that follow the row, chords): the row is taken up again from its start whenever it is done.

    Chords that two spans share (a bar line between them) count once.
    """
    if not row:
        return 0, 0
    played = [c for i, c in enumerate(have) if i == 0 or not _same(c, have[i - 1])]
    wanted = [c for i, c in enumerate(row) if i == 0 or not _same(c, row[i - 1])]
    if len(wanted) > 1 and _same(wanted[0], wanted[-1]):
        cycle = wanted[:-1]  # the row meets itself: its last chord and its first are one
        best = max(_count(wanted, played), _count(cycle, played))
    else:
        best = _count(wanted, played)
    return best, max(len(played), min(len(wanted), 1))


def _count(wanted: Sequence[Chord], played: Sequence[Chord]) -> int:
    place = hits = 0
    for chord in played:
        if _same(chord, wanted[place % len(wanted)]):
            hits += 1
            place += 1
        elif _same(chord, wanted[0]):
            hits += 1
            place = 1
    return hits


def _same(a: Chord, b: Chord) -> bool:
    """Whether two symbols mean one chord: same root, third, fifth and seventh; added tones may be written or not."""
    if a.root_pc != b.root_pc:
        return False
    core = {3, 4, 6, 7, 8, 10, 11}
    one, two = ({i for i in c.intervals if i in core} for c in (a, b))
    return one == two or set(a.intervals) <= set(b.intervals) or set(b.intervals) <= set(a.intervals)


def measure_range(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Pitch range in notes and in octaves, over all pitched parts, and the register of the tune."""
    pitches = np.concatenate([line.pitch for line in reading.lines]) if reading.lines else np.zeros(0, dtype=np.int64)
    if not len(pitches):
        return
    low, high = int(pitches.min()), int(pitches.max())
    words = f"{pitch_name(low)} to {pitch_name(high)}"
    if brief.pitch_range is not None:
        bottom, top = brief.pitch_range.value
        lead = melody(reading).pitch
        whole = low >= bottom and high <= top
        sung = bool(len(lead)) and bool(lead.min() >= bottom) and bool(lead.max() <= top)
        reason = "the tune keeps to it, the accompaniment goes beyond" if sung and not whole else ""
        requested = f"{pitch_name(bottom)} to {pitch_name(top)}"
        yield Delivered("pitch_range", requested, words, brief.pitch_range.origin, whole or sung, float(high - low), reason)
    if brief.pitch_range_octaves is not None:
        octaves = (high - low) / 12
        wanted = brief.pitch_range_octaves.value
        yield Delivered(
            "pitch_range_octaves", f"{wanted} octaves", f"{octaves:.1f} octaves ({words})", brief.pitch_range_octaves.origin,
            octaves <= wanted + 0.01 and octaves > wanted - 1.5, octaves,
        )  # fmt: skip
    if brief.register_name is not None:
        bottom, top = REGISTERS.get(brief.register_name.value, (0, 127))
        tune = melody(reading)
        mean = float(np.average(tune.pitch, weights=tune.end - tune.start)) if len(tune) else float(pitches.mean())
        reason = "" if bottom <= mean <= top else _as_far_as_it_goes(reading, brief.register_name.value, mean)
        yield Delivered(
            "register_name", brief.register_name.value, f"the tune lies around {pitch_name(round(mean))}",
            brief.register_name.origin, bottom <= mean <= top or bool(reason), mean, reason,
        )  # fmt: skip


def _as_far_as_it_goes(reading: Reading, wish: str, mean: float) -> str:
    """Why a register counts as met though the notes lie outside its usual band; '' where it does not.

    A flute has no low notes as a cello has: where the leader cannot go well into the band, the nearest `NEAREST` of its
    range is its low, or its high, register.
    """
    bottom, top = REGISTERS.get(wish, (0, 127))
    for line in reading.with_role(Role.LEAD):
        row = line.track.instrument
        reach = NEAREST * (row.high - row.low)
        name = row.name.lower()
        if wish == "low" and row.low + REACHED > top and mean <= row.low + reach:
            return f"the {name} goes no lower than {pitch_name(row.low)}; this is its low register"
        if wish == "high" and row.high - REACHED < bottom and mean >= row.high - reach:
            return f"the {name} goes no higher than {pitch_name(row.high)}; this is its high register"
    return ""


MEASURES: tuple[Measure, ...] = (measure_key, measure_progressions, measure_range)
