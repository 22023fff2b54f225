"""Requested versus delivered: loudness and its course, density, rhythm, swing, exactness, articulation, texture."""

from collections.abc import Iterator

import numpy as np

from ripieno.score.analysis.reading import GRID, Floats, Reading
from ripieno.score.analysis.skyline import melody
from ripieno.score.brief import Brief, DynamicsShape, Origin
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.checks.request_time import sections_named

# Mean velocity that a mark stands for, as notation programs play it; a neighbour's mark still counts as met.
DYNAMICS = {"ppp": 24, "pp": 36, "p": 50, "mp": 64, "mf": 80, "f": 96, "ff": 110, "fff": 120}
DYNAMICS_TOLERANCE = 17
# Attacks of the busiest part per quarter note that count as intense, moderate, serene: (least, most)
INTENSITY = ((0.0, 2.2), (0.6, 4.0), (1.4, 99.0))


def measure_dynamics(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Mean loudness of all notes, and its course over the piece or a section."""
    if not reading.all_lines:
        return
    mean = float(np.mean(np.concatenate([line.velocity for line in reading.all_lines])))
    if brief.dynamics is not None and brief.dynamics.value in DYNAMICS:
        nearest = min(DYNAMICS, key=lambda mark: abs(DYNAMICS[mark] - mean))
        ok = abs(DYNAMICS[brief.dynamics.value] - mean) <= DYNAMICS_TOLERANCE
        words = f"{nearest} on average (velocity {mean:.0f})"
        yield Delivered("dynamics", brief.dynamics.value, words, brief.dynamics.origin, ok, mean)
    for shape in brief.dynamics_shape:
        yield from _course(reading, shape)


def loudness(reading: Reading) -> Floats:
    """Loudness of each bar: velocities weighted by how many parts play, 0 where none; shape (bars,)."""
    bar = np.concatenate([line.bar for line in reading.all_lines])
    velocity = np.concatenate([line.velocity for line in reading.all_lines]).astype(np.float64)
    total = np.bincount(bar, velocity, minlength=reading.bars)
    count = np.bincount(bar, minlength=reading.bars)
    parts = np.zeros(reading.bars)
    for line in reading.all_lines:
        parts[np.unique(line.bar)] += 1
    mean = total / np.maximum(count, 1)
    return np.asarray(mean + 4.0 * np.log2(np.maximum(parts, 1)) * (count > 0))


def _course(reading: Reading, shape: DynamicsShape) -> Iterator[Delivered]:
    if shape.section in ("", "all"):
        places = [(0, reading.bars)]
    elif shape.section == "end":  # 'a crescendo to the end' may take the last bars or the whole piece
        places = [(max(0, reading.bars - 8), reading.bars), (0, reading.bars)]
    else:
        places = [(s.first_bar, s.end_bar) for s in sections_named(reading, shape.section)]
    requested = shape.shape + (f" in the {shape.section}" if shape.section else "")
    curve = loudness(reading)
    rows = [_shaped(curve[first:end], shape.shape) for first, end in places if end - first >= 2]
    if shape.section == "end":
        rows = [max(rows, key=lambda row: row[0])] if rows else []
    for ok, rise, words in rows:
        yield Delivered("dynamics_shape", requested, words, Origin.STATED, ok, rise)


def _shaped(bars: Floats, name: str) -> tuple[bool, float, str]:
    """Whether the loudness of some bars has the shape; how far it rises from their first third to the last; in words."""
    third = max(1, len(bars) // 3)
    begin, close = float(bars[:third].mean()), float(bars[-third:].mean())
    middle = float(bars[third:-third].mean()) if len(bars) > 2 * third else (begin + close) / 2
    rise = close - begin
    if name in ("crescendo", "build"):
        ok = rise > 3
    elif name in ("diminuendo", "decrescendo", "fade"):
        ok = rise < -3 or float(bars[-1] - bars[:-1].max()) < -8
    elif name == "swell":
        ok = middle > min(begin, close) + 2
    else:
        ok = float(bars.max() - bars.min()) > 6
    return ok, rise, f"velocity {begin:.0f} at first, {middle:.0f} in the middle, {close:.0f} at last"


def attacks_per_quarter(reading: Reading) -> float:
    """Distinct attacks of the busiest part, drums included, per quarter note of the bars in which it plays."""
    best = 0.0
    for line in reading.all_lines:
        slots = np.diff(reading.bar_slots)[np.unique(line.bar)].sum()
        best = max(best, len(line.onsets) * GRID / max(1, int(slots)))
    return best


def measure_rhythm(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """How busy the rhythm is, how swung, how exact."""
    if not reading.all_lines:
        return
    if brief.rhythm_intensity is not None:
        rate = attacks_per_quarter(reading)
        level = brief.rhythm_intensity.value
        low, high = INTENSITY[max(0, min(2, level))]
        names = ("serene", "moderate", "intense")
        words = f"{rate:.1f} attacks to the quarter in the busiest part"
        ok = low <= rate <= high
        yield Delivered("rhythm_intensity", names[max(0, min(2, level))], words, brief.rhythm_intensity.origin, ok, rate)
    if brief.swing is not None:
        yield from _swing(reading, brief.swing.value, brief.swing.origin)
    if brief.quantised is not None and brief.quantised.value:
        off = off_grid_share(reading)
        yield Delivered(
            "quantised",
            "exactly on the grid",
            f"{1 - off:.0%} of the notes on the grid",
            brief.quantised.origin,
            off == 0.0,
            off,
        )


def swing_ratio(reading: Reading) -> tuple[float, int] | None:
    """Where the off-beat quaver lies between two beats, 0.5 straight to 0.75, and from how many notes; None for too few.

    Only beats divided in two count: with an attack on the beat and exactly one between it and the next.
    """
    ppq = reading.piece.timeline.ppq
    places: list[Floats] = []
    for line in reading.all_lines:
        tick = np.unique(line.tick)
        beat, inside = tick // ppq, (tick % ppq) / ppq
        middle = (inside > 0.4) & (inside < 0.8)
        between = (inside > 0.1) & (inside < 0.9)
        counts = np.bincount(beat[between]) if between.any() else np.zeros(1, dtype=np.int64)
        alone = middle & (counts[np.minimum(beat, len(counts) - 1)] == 1)
        places.append(inside[alone])
    joined = np.concatenate(places) if places else np.zeros(0)
    if len(joined) < 8:
        return None
    return float(np.median(joined)), len(joined)


def _swing(reading: Reading, wanted: float, origin: Origin) -> Iterator[Delivered]:
    metre = reading.piece.timeline.metres[0].metre
    found = swing_ratio(reading)
    if metre.compound or found is None:
        return  # nothing swings, or can be told to
    ratio, _ = found
    requested = "straight" if wanted <= 0.52 else f"swung, the off-beat at {wanted:.0%} of the beat"
    yield Delivered(
        "swing", requested, f"the off-beat quaver lies at {ratio:.0%} of the beat", origin, abs(ratio - wanted) <= 0.06, ratio
    )


def off_grid_share(reading: Reading) -> float:
    """Share of attacks that lie on no 64th, nor on a triplet of semiquavers."""
    ppq = reading.piece.timeline.ppq
    tick = np.concatenate([line.tick for line in reading.all_lines])
    on = (tick * 16 % ppq == 0) | (tick * 12 % ppq == 0)
    return float(1.0 - np.mean(on))


def measure_touch(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Articulation of the tune, and the density of the texture."""
    tune = melody(reading)
    lead = reading.lead
    if brief.articulation is not None and lead is not None and len(tune) > 4:
        wanted = brief.articulation.value.lower()
        at = lead.onsets
        gap = np.diff(lead.tick[at])
        held = (lead.tick_end[at] - lead.tick[at])[:-1]
        gate = float(np.median(held / np.maximum(gap, 1)))
        bounds = {"staccato": (0.0, 0.65), "legato": (0.9, 9.0), "tenuto": (0.85, 9.0), "detached": (0.0, 0.85)}
        if wanted in bounds:
            low, high = bounds[wanted]
            words = f"notes of the tune sound for {gate:.0%} of their time"
            yield Delivered("articulation", wanted, words, brief.articulation.origin, low <= gate <= high, gate)
    if brief.texture is not None and reading.lines:
        yield from _texture(reading, brief)
    if brief.density is not None and reading.all_lines:
        notes = sum(len(line.onsets) for line in reading.all_lines) * GRID / max(1, reading.slots)
        parts = len(reading.all_lines)
        value = brief.density.value
        per_part = notes / parts
        ok = per_part <= 2.0 if value <= 0.33 else per_part >= 0.6 if value >= 0.67 else 0.15 <= per_part <= 4.0
        words = f"{per_part:.1f} attacks to the quarter in each part"
        yield Delivered("density", f"{value:.0%}", words, brief.density.origin, ok, per_part)


def _texture(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    assert brief.texture is not None
    wanted = brief.texture.value
    sounding = reading.pitch_classes.sum(axis=1)
    playing = sounding[sounding > 0]
    voices = float(playing.mean()) if len(playing) else 0.0
    attacks: list[set[int]] = [set(line.start.tolist()) for line in reading.lines]
    shared = [len(a & b) / max(1, min(len(a), len(b))) for i, a in enumerate(attacks) for b in attacks[:i]]
    together = float(np.mean(shared)) if shared else 1.0
    if wanted == "monophonic":
        ok = voices < 1.2
    elif wanted == "polyphonic":
        ok = sum(line.monophonic for line in reading.lines) >= 2 and together < 0.9
    elif wanted == "homophonic":
        ok = voices >= 2.0
    elif wanted == "sparse":
        ok = voices < 5.0
    else:
        ok = len(reading.all_lines) >= 3
    words = f"{voices:.1f} notes at once on average, {together:.0%} of the attacks shared between parts"
    yield Delivered("texture", wanted, words, brief.texture.origin, ok, voices)


MEASURES: tuple[Measure, ...] = (measure_dynamics, measure_rhythm, measure_touch)
