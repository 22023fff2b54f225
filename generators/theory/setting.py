"""The tune of a variation set anew: in another octave, doubled at an interval, detached (`data/ways.toml`).

Running notes and the other mode are written into the tune itself; this is what can be done to it when it is there.
"""

import numpy as np

from ripieno.generators.theory.forms import Way, ways
from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.second_voice import beside
from ripieno.generators.theory.types import Context, Part
from ripieno.score.instruments import Instrument
from ripieno.score.piece import Notes, make_notes
from ripieno.score.time import PPQ

_DETACHED = PPQ // 8  # ticks that a detached note sounds at least


def set_anew(part: Part, tune: Notes, context: Context) -> Notes:
    """The tune of a leading part with each variation's section set in its way; the rest as it is."""
    timeline = context.form.timeline
    moments = Moments(context.chords, context.form)
    out: list[Notes] = []
    kept = np.ones(len(tune), bool)
    for plan in context.form.sections:
        way = ways()[plan.way] if plan.way else None
        if way is None or not (way.octave or way.beside or way.sounding < 1):
            continue
        first, end = timeline.bar_start(plan.section.first_bar), timeline.bar_start(plan.section.end_bar)
        inside = (tune["start"] >= first) & (tune["start"] < end)
        if not inside.any():
            continue
        kept &= ~inside
        line = _moved(make_notes(tune[inside]), way, part.instrument)
        out.append(line)
        if way.beside and part.instrument.voices >= 2:
            voice = beside(line, way.beside, above=False, moments=moments, timeline=timeline, player=part.instrument)
            out.append(voice[voice["pitch"] != line["pitch"]])
    return make_notes(np.concatenate([tune[kept], *out])) if out else tune


def _moved(line: Notes, way: Way, player: Instrument) -> Notes:
    """The line an octave away, up or down as the way says or else as the player can reach it, and as long as the way says."""
    line = line.copy()
    for octave in (way.octave, -way.octave) if way.octave else ():
        pitches = line["pitch"].astype(int) + 12 * octave
        if player.low <= pitches.min() and pitches.max() <= player.high:
            line["pitch"] = pitches
            break
    if way.sounding < 1:
        shorter = np.maximum(_DETACHED, np.round(line["duration"] * way.sounding)).astype(np.int64)
        line["duration"] = np.minimum(line["duration"], shorter)
    return make_notes(line)
