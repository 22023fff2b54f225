"""Windows at random, for the laws that hold of all of them."""

import numpy as np
from hypothesis import strategies as st

from ripieno.generators.lm import vocabulary as v
from ripieno.generators.lm.sheet import ROW_DTYPE
from ripieno.generators.lm.window import BarPlan, Cell, Head, Window


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any window that can be written: metres, controls, drums and others, given and wanted cells."""
    bars, tracks = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    plan, metre = [], int(rng.integers(len(v.METRES)))
    for _ in range(bars):
        metre = int(rng.integers(len(v.METRES))) if rng.random() < 0.3 else metre
        chords = rng.integers(0, v.CHORD.size, 2).tolist()
        plan.append(BarPlan(metre, int(rng.integers(9)), int(rng.integers(16)), int(rng.integers(9)), (chords[0], chords[1])))
    heads, cells = [], {}
    for t in range(tracks):
        drum = rng.random() < 0.3
        group = v.DRUMS if drum else int(rng.integers(v.DRUMS))
        shape = (0, 0) if drum else (int(rng.integers(13)), int(rng.integers(7)))
        heads.append(Head(group, int(rng.integers(len(v.ROLES))), drum, int(rng.integers(9)), *shape, int(rng.integers(16))))
        for b, bar in enumerate(plan):
            top, bottom = v.METRES[bar.metre]
            found = {}
            for _ in range(int(rng.integers(0, 6))):
                pitch = int(rng.integers(v.DRUM_LOW, v.DRUM_HIGH + 1)) if drum else int(rng.integers(128))
                length = 6 if drum else int(rng.choice(v.DURATIONS))
                place = int(rng.integers(top * 96 // bottom))
                found[place, pitch] = (b, place, pitch, length, int(rng.integers(16)))
            if found:
                cells[b, t] = np.array([found[k] for k in sorted(found)], dtype=ROW_DTYPE)
    every: list[Cell] = [(b, t) for b in range(bars) for t in range(tracks)]
    wanted = frozenset(c for c in every if rng.random() < 0.5)
    return Window(int(rng.integers(len(v.STYLES))), int(rng.integers(2)), int(rng.integers(v.TEMPO.size)), tuple(plan),
                  tuple(heads), cells, wanted)  # fmt: skip


def same(a: Window, b: Window) -> bool:
    frame = (a.style, a.minor, a.tempo, a.plan, a.heads, a.wanted) == (b.style, b.minor, b.tempo, b.plan, b.heads, b.wanted)
    return frame and a.cells.keys() == b.cells.keys() and all((a.cells[c] == b.cells[c]).all() for c in a.cells)
