"""Do the critic and the judges notice when music is damaged?

    python benchmarks/craft/damage.py --data DIR

Each piece, real or ours, is set against a copy of itself with one kind of damage; the verdict's rule decides between the
two. Shown is how often the sound piece wins, in per cent of pieces, by damage: for the craft judge, the judge of style and
the verdict of both. Half is chance; a tie counts half. Writes the table in `README.md`.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from corpus import excerpt, load  # noqa: E402
from generate import compose, profiles  # noqa: E402

from ripieno.agents.judges.base import JudgedCandidate  # noqa: E402
from ripieno.agents.judges.craft import CraftJudge  # noqa: E402
from ripieno.agents.judges.style_fit import StyleFitJudge  # noqa: E402
from ripieno.agents.judges.verdict import decide  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402
from ripieno.score.brief import Attribute, Brief  # noqa: E402
from ripieno.score.checks.registry import run_checks  # noqa: E402
from ripieno.score.piece import Piece, Track, make_notes  # noqa: E402

BARS = 48
Damage = Callable[[Piece, np.random.Generator], Piece]
REAL = {"quartets": "string_quartet", "hymns": "chorale", "lieder": "lullaby", "game": "rock"}


def _each(piece: Piece, change: Callable[[Track], Track], chosen: Callable[[Track], bool]) -> Piece:
    return replace(piece, tracks=tuple(change(t) if chosen(t) else t for t in piece.tracks))


def _pitched(track: Track) -> bool:
    return not track.is_drum


def wrong_notes(piece: Piece, rng: np.random.Generator) -> Piece:
    """One note in ten a semitone off."""

    def change(track: Track) -> Track:
        notes = track.notes.copy()
        off = rng.random(len(notes)) < 0.1
        moved = notes["pitch"].astype(np.int64) + np.where(off, rng.choice([-1, 1], len(notes)), 0)
        notes["pitch"] = np.clip(moved, 0, 127)
        return track.with_notes(notes)

    return _each(piece, change, _pitched)


def shuffled_bars(piece: Piece, rng: np.random.Generator) -> Piece:
    """All bars in another order."""
    order = rng.permutation(piece.bars)
    line = piece.timeline.bar_start

    def change(track: Track) -> Track:
        notes = track.notes.copy()
        bar = np.array([piece.timeline.bar_at(int(s)) for s in notes["start"]])
        keep = bar < piece.bars
        notes, bar = notes[keep], bar[keep]
        notes["start"] += np.array([line(int(order[b])) - line(int(b)) for b in bar], dtype=np.int64).astype("<i4")
        return track.with_notes(notes)

    return _each(piece, change, lambda _: True)


def late_bass(piece: Piece, rng: np.random.Generator) -> Piece:
    """The lowest part three semiquavers late."""
    pitched = [t for t in piece.tracks if _pitched(t)]
    lowest = min(pitched, key=lambda t: float(t.notes["pitch"].mean()))

    def change(track: Track) -> Track:
        notes = track.notes.copy()
        notes["start"] += piece.timeline.ppq * 3 // 4
        return track.with_notes(notes[notes["start"] < piece.ticks])

    return _each(piece, change, lambda t: t is lowest)


def other_key(piece: Piece, rng: np.random.Generator) -> Piece:
    """The lead a semitone higher than the rest."""
    lead = Reading(piece).lead
    assert lead is not None

    def change(track: Track) -> Track:
        notes = track.notes.copy()
        notes["pitch"] = np.clip(notes["pitch"].astype(np.int64) + 1, 0, 127)
        return track.with_notes(notes)

    return _each(piece, change, lambda t: t.id == lead.track.id)


def scattered_tune(piece: Piece, rng: np.random.Generator) -> Piece:
    """The lead's notes thrown into other octaves."""
    lead = Reading(piece).lead
    assert lead is not None

    def change(track: Track) -> Track:
        notes = track.notes.copy()
        thrown = notes["pitch"].astype(np.int64) + 12 * rng.integers(-1, 2, len(notes))
        notes["pitch"] = np.clip(thrown, 0, 127)
        return track.with_notes(notes)

    return _each(piece, change, lambda t: t.id == lead.track.id)


def one_bar(piece: Piece, rng: np.random.Generator) -> Piece:
    """The fifth bar, over and over."""
    source = min(4, piece.bars - 1)
    begin, length = piece.timeline.bar_start(source), piece.timeline.bar_ticks(source)

    def change(track: Track) -> Track:
        bar = track.notes[(track.notes["start"] >= begin) & (track.notes["start"] < begin + length)]
        copies = []
        for number in range(piece.bars):
            again = bar.copy()
            again["start"] += piece.timeline.bar_start(number) - begin
            copies.append(again)
        return replace(track, notes=make_notes(np.concatenate(copies)))

    pasted = _each(piece, change, lambda _: True)
    return replace(pasted, tracks=tuple(t for t in pasted.tracks if len(t.notes)))


def cut_short(piece: Piece, rng: np.random.Generator) -> Piece:
    """Broken off a bar and a half before the end."""
    end = piece.timeline.bar_start(piece.bars - 2) + piece.timeline.bar_ticks(piece.bars - 2) * 5 // 8

    def change(track: Track) -> Track:
        return track.with_notes(track.notes[track.notes["start"] < end])

    return _each(piece, change, lambda _: True)


DAMAGES: tuple[Damage, ...] = (wrong_notes, other_key, late_bass, scattered_tune, shuffled_bars, one_bar, cut_short)


def contest(piece: Piece, hurt: Piece, style: str) -> tuple[float, float, float]:
    """1 where the sound piece wins, 0.5 for a tie: craft, style, verdict."""
    brief = Brief(style=Attribute(value=style))
    shown = [JudgedCandidate(id_, p, run_checks(p), (), k) for k, (id_, p) in enumerate((("hurt", hurt), ("sound", piece)))]
    ballots = [judge.vote(shown, brief, ()) for judge in (CraftJudge(), StyleFitJudge())]
    won = [0.5 if len(b.ranking) == 1 else float(b.ranking[0] == ("sound",)) for b in ballots]
    return won[0], won[1], float(decide(shown, ballots).winner == "sound")


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--pieces", type=int, default=24, help="real pieces of each collection")
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    groups: dict[str, list[tuple[Piece, str]]] = {}
    for name, style in REAL.items():
        rows = load(options.data, options.cache, name, options.pieces, half=1)
        groups[name] = [(excerpt(real.piece, BARS), style) for real in rows]
    groups["ours"] = [(compose(style, 5000), style) for style in sorted(profiles())]
    lines = ["| damage | " + " | ".join(groups) + " |", "| --- |" + " ---: |" * len(groups)]
    for damage in DAMAGES:
        cells = []
        for rows in groups.values():
            rng = np.random.default_rng(7)
            whole = [(p, style) for p, style in rows if damage is not cut_short or p.bars < BARS]  # excerpts are cut already
            found = np.array([contest(p, damage(p, rng), style) for p, style in whole])
            if len(found) < 5:
                cells.append("")
                continue
            craft, style_, both = 100 * found.mean(axis=0)
            cells.append(f"{craft:.0f} / {style_:.0f} / **{both:.0f}**")
        lines.append(f"| {damage.__name__.replace('_', ' ')} | " + " | ".join(cells) + " |")
    page = "\n".join(lines)
    print(page)
    if not options.dry:
        target = HERE / "README.md"
        text = target.read_text(encoding="utf-8")
        begin, end = text.index("<!-- damage -->"), text.index("<!-- end damage -->")
        target.write_text(text[:begin] + "<!-- damage -->\n" + page + "\n" + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
