"""Hand percussion: each instrument's own pattern for the style's feel, on its own keys.

Patterns come from the style's `[[rhythm.percussion]]` or from the house table `data/percussion.toml`, which has for each
instrument the figures that its players bring to a straight, swung, Latin, ternary or marching tune.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import numpy as np

from ripieno.generators.theory.bass import Harmony
from ripieno.generators.theory.drums import shortened, stroke_rows
from ripieno.generators.theory.grids import Stroke
from ripieno.generators.theory.groove import Groove, at_home, choose, groove_of, line_bar, section_key
from ripieno.generators.theory.rhythm_style import KEYS, STEADY, PercussionPattern, RhythmStyle
from ripieno.generators.theory.touch import touch
from ripieno.generators.theory.types import Context, Part
from ripieno.score.piece import Notes, make_notes

# Hand drums that General MIDI lacks borrow the strokes of a relative: low, middle and high stroke -> line names.
KIN: dict[str, str] = {
    "udu": "djembe", "frame_drum": "bodhran", "dhol": "dhol", "melodic_tom": "toms", "synth_drum": "toms",
    "taiko": "taiko", "gong": "gong", "anvil": "anvil", "percussion": "congas",
}  # fmt: skip
ANY = "any"


@lru_cache(maxsize=1)
def house_percussion() -> Mapping[str, tuple[tuple[str, PercussionPattern], ...]]:
    """(feel, pattern) pairs by instrument id."""
    path = resources.files("ripieno.generators.theory").joinpath("data/percussion.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    out: dict[str, tuple[tuple[str, PercussionPattern], ...]] = {}
    for player, rows in tables.items():
        pairs: list[tuple[str, PercussionPattern]] = []
        for row in rows:
            feels = row.pop("feel")
            pattern = PercussionPattern.model_validate({**row, "player": player})
            pairs.extend((feel, pattern) for feel in feels)
        out[player] = tuple(pairs)
    return out


def write_percussion(part: Part, context: Context) -> Notes:
    """The percussion part over the whole form: GM keys, or for pitched drums notes of the key within the register."""
    groove, timeline = groove_of(context), context.form.timeline
    rows: list[tuple[int, int, int, int]] = []
    for index, plan in enumerate(context.form.sections):
        if not part.plays(index):
            continue
        pattern, source = percussion_pattern(part, context, groove, index)
        for bar in range(plan.section.first_bar, plan.section.end_bar):
            here, metre = groove.bars[bar], timeline.metre_at(bar)
            rng = context.rng("percussion", part.id, bar)
            place = bar - plan.section.first_bar
            lines: dict[str, tuple[Stroke, ...]] = {}
            if here.stop or here.last:
                first = sorted(pattern.lines)[0]
                lines = {first: (Stroke(0, timeline.ppq, "X", False),)}
            else:
                for name, texts in pattern.lines.items():
                    lines[name] = line_bar(
                        texts, here.variant, place, source.cell_of(pattern), source.metre_of(pattern), metre,
                        steady=name in STEADY or len(pattern.lines) > 1, ppq=timeline.ppq,
                    )  # fmt: skip
            hands = touch(groove.rhythm.drummer, metre, timeline.ppq)
            energy = float(np.clip(here.energy + 0.4 * (part.density - 0.5), 0.0, 1.0))
            for name in sorted(lines):
                kept = [s for s in lines[name] if s.symbol != "?" or rng.random() < 0.2 + 0.5 * energy]
                rows.extend(stroke_rows(name, kept, timeline.bar_start(bar), hands, energy * 0.9, rng, timeline.ppq))
    if part.instrument.key is None and not part.instrument.is_drum:
        return make_notes(_pitched(rows, part, context))
    return make_notes(shortened(_within(rows, part)))


def percussion_pattern(part: Part, context: Context, groove: Groove, section: int) -> tuple[PercussionPattern, RhythmStyle]:
    """The figure for a section, and the tables whose metre and cell it is written in."""
    plan = context.form.sections[section]
    metre = context.form.timeline.metre_at(plan.section.first_bar)
    energy = float(np.clip(groove.sections[section].energy + 0.5 * (part.density - 0.5), 0.0, 1.0))
    rhythm, player = groove.rhythm, part.instrument.id
    own = [p for p in rhythm.percussion if p.player == player]
    tables = rhythm
    if not own:
        pairs = house_percussion().get(KIN.get(player, player)) or house_percussion()[ANY]
        feel = "ternary" if metre.compound else rhythm.feel
        own = [p for f, p in pairs if f == feel] or [p for f, p in pairs if f == "straight"] or [p for _, p in pairs]
        tables = RhythmStyle(metre="4/4", cell="16")
    fitting = at_home(own, energy, plan.kind, metre, tables)
    return choose(fitting, context.rng("percussion pattern", section_key(plan), part.id)), tables


def _within(rows: list[tuple[int, int, int, int]], part: Part) -> list[tuple[int, int, int, int]]:
    """Keys that the instrument has not are played on its nearest."""
    low, high = part.instrument.low, part.instrument.high
    return [(s, d, min(max(k, low), high), v) for s, d, k, v in rows]


def _pitched(rows: list[tuple[int, int, int, int]], part: Part, context: Context) -> list[tuple[int, int, int, int]]:
    """Drums with a pitch (timpani, taiko, tuned toms): the low stroke on the root, the others on fifth and octave."""
    harmony = Harmony.of(context)
    ranks = {key: i for i, key in enumerate(sorted({r[2] for r in rows}))}
    out = []
    for start, length, key, velocity in sorted(rows):
        chord = harmony.chords[harmony.index(start)]
        interval = (0, 7, 12)[min(ranks[key], 2)]
        pitch = part.low + (chord.root_pc - part.low) % 12 + interval
        while pitch > part.high and pitch - 12 >= part.low:
            pitch -= 12
        out.append((start, length, min(max(pitch, part.low), part.high), velocity))
    return shortened(out)


def keys_of(pattern: PercussionPattern) -> frozenset[int]:
    """The GM keys that a figure uses."""
    return frozenset(KEYS[name] for name in pattern.lines)
