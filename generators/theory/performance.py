"""From the grid to a performance: loudness by section and phrase, swing, micro-timing, articulation, the pedal.

Works on whole arrays of notes. With `brief.quantised` every note stays exactly on the grid.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.pulse import beside, sway
from ripieno.generators.theory.rhythm_style import KIT
from ripieno.generators.theory.types import Context, Form, Part
from ripieno.score.brief import Brief, Origin
from ripieno.score.instruments import Role
from ripieno.score.piece import Controls, Notes, Track, make_controls, make_notes
from ripieno.score.time import PPQ

LEVELS = {"ppp": 24, "pp": 36, "p": 50, "mp": 64, "mf": 80, "f": 96, "ff": 110, "fff": 120}  # as notation programs play them
_BALANCE = {
    Role.LEAD: 1.08, Role.ANSWER: 1.0, Role.COUNTERMELODY: 0.94, Role.CHORDS: 0.92, Role.ARPEGGIO: 0.9, Role.PAD: 0.9,
    Role.RIFF: 0.97, Role.BASS: 0.93, Role.DRONE: 0.85, Role.DRUMS: 1.0, Role.PERCUSSION: 0.9,
}  # fmt: skip
_KICKS, _SNARES = (KIT["kick"], KIT["soft_kick"]), (KIT["snare"], KIT["snare_two"], KIT["rim"], KIT["clap"])
FARTHEST = PPQ / 16  # ticks beside its place beyond which a note would be heard at another; it matters in fast tempi
GRID = PPQ // 8  # accents are told apart down to 32nds
_SOUNDING = {"staccato": 0.45, "pizzicato": 0.5, "spiccato": 0.45, "marcato": 0.85, "detached": 0.75, "palm mute": 0.5,
             "muted": 0.6}  # fmt: skip
_LEVEL, _WIDER = 0.54, 0.8  # the energy of an ordinary section; how much wider loudness goes with contrast
Float = npt.NDArray[np.float64]


def loudness(form: Form, brief: Brief, usual: str, *, contrast: float = 0.5, fades: bool = False) -> Float:
    """Wished velocity of an ordinary note for each bar: the dynamic asked for, shaped by energy and by asked-for curves.

    `contrast`, 0..1: how far sections differ; from a half on quiet and loud ones lie wider apart.
    """
    level = LEVELS.get(brief.dynamics.value if brief.dynamics else usual, 80)
    bars = np.empty(form.bars)
    for plan in form.sections:
        inner = np.linspace(-0.02, 0.03, plan.section.bars)
        louder = (0.26 + _WIDER * max(0.0, contrast - 0.5)) * (plan.section.energy - _LEVEL)
        bars[plan.section.first_bar:plan.section.end_bar] = level * (1.0 + louder + inner)
    for shape in brief.dynamics_shape:
        for first, end in _stretches(form, shape.section):
            x = np.linspace(0, 1, max(1, end - first))
            curve = {
                "crescendo": 0.6 + 0.6 * x, "build": 0.6 + 0.6 * x, "diminuendo": 1.15 - 0.6 * x, "decrescendo": 1.15 - 0.6 * x,
                "fade": 1.05 - 0.7 * x, "swell": 0.7 + 0.5 * np.sin(np.pi * x),
                "terraced": np.where((np.arange(end - first) // 4) % 2 == 0, 1.12, 0.78),
            }.get(shape.shape, np.ones_like(x))  # fmt: skip
            bars[first:end] = level * curve
    if fades:
        last = form.sections[-1].section
        bars[last.first_bar:last.end_bar] *= np.linspace(1.0, 0.55, last.bars)
    return np.asarray(bars, dtype=np.float64)


def _stretches(form: Form, section: str) -> list[tuple[int, int]]:
    wanted = section.lower().strip()
    if wanted in ("", "all"):
        return [(0, form.bars)]
    if wanted == "end":
        last = form.sections[-1].section
        return [(last.first_bar, last.end_bar)]
    found = []
    for plan in form.sections:
        name = plan.section.name.lower()
        if wanted in (name, name.rstrip(" 0123456789"), plan.kind, plan.section.label.lower()):
            found.append((plan.section.first_bar, plan.section.end_bar))
    return found


def perform(part: Part, notes: Notes, context: Context) -> Notes:
    """A part's notes as played."""
    if not len(notes):
        return notes
    style, brief, form = context.style.performance, context.brief, context.form
    timeline = form.timeline
    starts = notes["start"].astype(np.float64)
    ends = starts + notes["duration"]
    bar_lines = np.array([timeline.bar_start(b) for b in range(form.bars + 1)])
    bars = np.clip(np.searchsorted(bar_lines, notes["start"], side="right") - 1, 0, form.bars - 1)
    ending = context.style.form.ending
    fades = ending == "fade" and form.bars >= 8
    curve = loudness(form, brief, style.loudness, contrast=context.style.form.contrast, fades=fades)
    balance = _BALANCE[part.role]
    velocity = notes["velocity"].astype(np.float64)
    struck = part.role in (Role.DRUMS, Role.PERCUSSION)
    if not struck:  # drummers have accents of their own
        velocity += 30 * style.accent * (_weights(context, notes["start"] - bar_lines[bars], bars) - 0.45)
    velocity = velocity * (0.6 + 0.4 * curve[bars] / 80.0 if struck else curve[bars] / 80.0) * balance
    if part.role in (Role.LEAD, Role.COUNTERMELODY, Role.ANSWER):
        velocity += style.phrasing * _phrase_arc(form, bars)
    quantised = bool(brief.quantised.value) if brief.quantised else False
    rng = context.rng("performance", part.id)
    if not quantised:
        velocity += rng.normal(0.0, 2.5, len(notes))
    swing = brief.swing.value if brief.swing else context.style.profile.swing
    asked = brief.swing is not None and brief.swing.origin is Origin.STATED
    if quantised:  # exactly on the grid: straight, or on triplets where a swing is asked for
        swing = 2 / 3 if asked and swing > 0.56 else 0.5
    if abs(swing - 0.5) > 0.01 and _swings(form):
        unit = PPQ if style.swing_unit == 8 or asked else PPQ // 2
        starts, ends = _swung(starts, unit, swing), _swung(ends, unit, swing)
    ends = _articulated(part, starts, ends)
    if ending == "short":
        beat = timeline.metre_at(form.bars - 1).beats(PPQ)[0][1]
        ends = np.where(notes["start"] >= bar_lines[-2], np.minimum(ends, starts + beat), ends)
    if not quantised:
        per_ms = timeline.tempos[0].bpm * PPQ / 60_000.0
        if part.role is Role.DRUMS:
            shift = beside(notes, context, rng)
        else:
            shift = rng.normal(0.0, style.human_ms * 0.6, len(notes)).clip(-20, 20)
        shift = shift + _place(part, notes, context)
        if part.role in (Role.CHORDS, Role.PAD, Role.ARPEGGIO):  # a chord is struck by one hand: one displacement an onset
            _, where = np.unique(notes["start"], return_inverse=True)
            shift = shift[where]
        on_line = np.isin(notes["start"], bar_lines)  # what opens a bar stays in its bar
        shift[on_line] = np.abs(shift[on_line])
        move = (shift + sway(context, notes["start"].astype(np.float64))) * per_ms
        move = np.clip(move, -FARTHEST, FARTHEST)
        starts, ends = starts + move, ends + move
    return _sound(notes, starts, ends, velocity, timeline.bar_start(form.bars))


def _weights(context: Context, offsets: npt.NDArray[np.int64], bars: npt.NDArray[np.int64]) -> Float:
    """Metrical weight 0..1 of each note's place in its bar; where the style leans on the backbeat, 2 and 4 are strong."""
    timeline, backbeat = context.form.timeline, context.style.performance.backbeat
    out = np.empty(len(offsets))
    for change in timeline.metres:
        metre = change.metre
        beats = [s for s, _ in metre.beats(timeline.ppq)]
        table = np.array([metre.weight(o, timeline.ppq) for o in range(0, metre.bar_ticks(timeline.ppq), GRID)])
        if backbeat and len(beats) == 4:
            table[[beats[1] // GRID, beats[3] // GRID]] = 0.85
        chosen = bars >= change.bar
        out[chosen] = table[np.clip(offsets[chosen] // GRID, 0, len(table) - 1)]
    return out


def _place(part: Part, notes: Notes, context: Context) -> float | Float:
    """Where the player sits against the beat, in milliseconds: late is positive."""
    timing = context.style.rhythm.timing
    if part.role is Role.LEAD:
        return context.style.performance.lay_back_ms
    if part.role is Role.BASS:
        return timing.bass
    if part.role is Role.PERCUSSION:
        return timing.percussion
    if part.role is Role.DRUMS:
        pitch = notes["pitch"]
        where = np.where(np.isin(pitch, _KICKS), timing.kick, np.where(np.isin(pitch, _SNARES), timing.snare, timing.cymbals))
        return np.asarray(where, dtype=np.float64)
    return timing.comp if part.role in (Role.CHORDS, Role.ARPEGGIO) else 0.0


def _phrase_arc(form: Form, bars: npt.NDArray[np.int64]) -> Float:
    """Rise and fall over each phrase, about -4..+8."""
    arc = np.zeros(form.bars)
    for plan in form.sections:
        for phrase in plan.phrases:
            x = np.linspace(0, 1, phrase.bars + 1)[:-1] + 0.5 / phrase.bars
            arc[phrase.first_bar:phrase.first_bar + phrase.bars] = 12 * np.sin(np.pi * np.clip(x * 0.9 + 0.1, 0, 1)) - 4
    return np.asarray(arc[bars], dtype=np.float64)


def _swings(form: Form) -> bool:
    """Swing is for bars of simple, even beats."""
    metre = form.timeline.metres[0].metre
    return not metre.compound and metre.denominator <= 4


def _swung(ticks: Float, unit: int, swing: float) -> Float:
    """Moves the second half of each unit late: 0.5 straight, 2/3 triplets."""
    base = np.floor(ticks / unit) * unit
    x = (ticks - base) / unit
    warped = np.where(x < 0.5, x * 2 * swing, swing + (x - 0.5) * 2 * (1 - swing))
    return np.asarray(base + warped * unit, dtype=np.float64)


def _articulated(part: Part, starts: Float, ends: Float) -> Float:
    """Lengths as the wished articulation has them."""
    factor = _SOUNDING.get((part.articulation or "").lower(), 1.0)
    return np.asarray(starts + np.maximum(PPQ // 16, (ends - starts) * factor), dtype=np.float64)


def _sound(notes: Notes, starts: Float, ends: Float, velocity: Float, end: int) -> Notes:
    """Rounds, keeps inside the piece, and lets no pitch overlap itself."""
    out = notes.copy()
    out["start"] = np.clip(np.round(starts), 0, end - 1)
    out["duration"] = np.maximum(1, np.minimum(np.round(ends), end) - out["start"])
    out["velocity"] = np.clip(np.round(velocity), 1, 127)
    order = np.lexsort((out["start"], out["pitch"]))
    out = out[order]
    same = (out["pitch"][1:] == out["pitch"][:-1])
    gap = out["start"][1:] - out["start"][:-1]
    keep = np.ones(len(out), dtype=bool)
    keep[1:] = ~(same & (gap <= 0))
    room = np.where(same & (gap > 0), gap, np.iinfo(np.int32).max)
    out["duration"][:-1] = np.minimum(out["duration"][:-1], room)
    return make_notes(out[keep])


def controls(part: Part, context: Context) -> Controls:
    """The sustaining pedal, changed with the harmony, where style and instrument use one."""
    if not context.style.performance.pedal or part.instrument.family != "keys":
        return make_controls()
    rows: list[tuple[int, int, int, int]] = []
    for span in context.chords:
        if part.plays(context.form.section_at(context.form.timeline.bar_at(span.start))):
            rows.append((span.start + PPQ // 24, 0, 64, 100))
            rows.append((max(span.start + PPQ // 12, span.end - PPQ // 24), 0, 64, 0))
    return make_controls(rows)


def levelled(tracks: Sequence[Track], brief: Brief, usual: str) -> tuple[Track, ...]:
    """The tracks moved together in loudness until the mean velocity of all notes lies at the dynamic asked for."""
    counts = sum(len(t.notes) for t in tracks)
    if not counts:
        return tuple(tracks)
    mean = sum(float(t.notes["velocity"].sum()) for t in tracks) / counts
    goal = LEVELS.get(brief.dynamics.value if brief.dynamics else usual, 80)
    shift = float(np.clip(goal - mean, -40, 40)) * (0.9 if brief.dynamics else 0.6)
    out = []
    for track in tracks:
        notes = track.notes.copy()
        notes["velocity"] = np.clip(np.round(notes["velocity"] + shift), 1, 127)
        out.append(track.with_notes(notes))
    return tuple(out)
