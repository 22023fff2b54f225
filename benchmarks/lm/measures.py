"""The measurements: held-out loss, obedience, infilling, copying. Each gives plain numbers."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from ngram import NGram

from ripieno.generators.lm.data.splits import pieces_of
from ripieno.generators.lm.decoder import Decoder
from ripieno.generators.lm.fill import fill, fill_places
from ripieno.generators.lm.playing import Ability, onsets_of
from ripieno.generators.lm.sampling import Sampling
from ripieno.generators.lm.sheet import Part, Rows, Sheet
from ripieno.generators.lm.train.draw import Pool, draw, pool_of, random_window
from ripieno.generators.lm.vocabulary import DRUM, METRES, PITCH, QUALITIES, SIZE, SLOTS
from ripieno.generators.lm.window import NO_ROWS, Window, encode, head_of
from ripieno.score.analysis.copies import TuneIndex
from ripieno.score.chords import QUALITIES as ALL_QUALITIES

LIMIT = 640  # tokens of a window, as in training
USUAL = Sampling()


def interval(values: list[float], seed: int = 0) -> list[float]:
    """Mean, and the bounds of its 95 % interval by resampling."""
    array, rng = np.array(values), np.random.default_rng(seed)
    means = [float(rng.choice(array, len(array)).mean()) for _ in range(400)]
    return [round(float(array.mean()), 4), *(round(float(v), 4) for v in np.percentile(means, [2.5, 97.5]))]


def pool(shards: Path, split: str) -> Pool:
    """The sheets of a split."""
    return pool_of([(p.source, p.sheet) for p in pieces_of(shards, split)])


def losses(model: Decoder, shards: Path, windows: int, learnt: int) -> dict[str, object]:
    """Nats a token and a note on test windows, of the model and of n-grams learnt from `learnt` training windows."""
    rng = np.random.default_rng(1)
    test = [draw(held, rng, LIMIT) for held in [pool(shards, "test")] for _ in range(windows)]
    training = pool(shards, "train")
    seen = [draw(training, rng, LIMIT)[2] for _ in range(learnt)]
    tokens = [t for _, _, t in test]
    own = [_nats(model, t) for t in tokens]
    rows: dict[str, object] = {"windows": windows, "tokens": sum(map(len, tokens)), "learnt_by_ngram": sum(map(len, seen))}
    systems = {"model": own, **{f"{n}-gram": [x[1:] for x in NGram(seen, n, SIZE).nats(tokens)] for n in (1, 3, 4, 5, 6)}}
    for name, nats in systems.items():
        whole = [float(x.mean()) for x in nats]
        filled, music = [], []
        by_source: dict[str, list[float]] = defaultdict(list)
        for (source, _, t), x in zip(test, nats, strict=True):
            ids = np.array(t[1:])
            inside = fill_places(t)[1:]
            pitched, struck = ((ids >= k.first) & (ids < k.end) for k in (PITCH, DRUM))
            notes = int((inside & (pitched | struck)).sum())
            if notes:
                filled.append(float(x[inside].sum()) / notes)
                by_source[source].append(filled[-1])
            music.append(float(x.sum()))
        rows[name] = {
            "nats a token": round(sum(music) / sum(len(x) for x in nats), 4),
            "mean of windows": interval(whole),
            "nats a filled note": interval(filled),
            "by source": {k: round(float(np.mean(v)), 3) for k, v in sorted(by_source.items())},
        }
    return rows


def _nats(model: Decoder, tokens: list[int]) -> np.ndarray:
    scores = model.feed(model.cache(), np.array([tokens[:-1]]), every=True)[0].astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    return np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), tokens[1:]]


def obedience(model: Decoder, shards: Path, windows: int) -> dict[str, object]:
    """Windows filled from their controls alone: asked against measured, and the same of the true music where it can differ.

    Sampled under grammar and players' bounds, as the generator does.
    """
    rng, held = np.random.default_rng(2), pool(shards, "test")
    hits: dict[str, list[float]] = defaultdict(list)
    done = 0
    while done < windows:
        source = int(rng.choice(len(held.sources), p=held.weights))
        group = held.sheets[source]
        sheet = group[int(rng.integers(len(group)))]
        drawn = random_window(sheet, rng, LIMIT)
        if drawn is None:
            continue
        window = _stated(drawn[0])
        if window is None or len(encode(window)) > LIMIT:
            continue
        abilities = [Ability(voices=16, least=onsets_of(h.density)[0], most=onsets_of(h.density)[1]) for h in window.heads]
        made = fill(model, window, abilities, (done,), USUAL)[0].window
        done += 1
        for track, asked in enumerate(window.heads):
            rows = _of_track(made, track)
            if not len(rows):
                hits["plays at all"].append(0.0)
                continue
            hits["plays at all"].append(1.0)
            slots = np.array([METRES[b.metre][0] * SLOTS * 4 // METRES[b.metre][1] for b in made.plan])
            got = head_of(Part("", asked.group, asked.role, asked.drum, rows), rows, slots, 0)
            for name, exact in (("density", False), ("register", False), ("polyphony", True)):
                a, b = getattr(asked, name), getattr(got, name)
                if a:
                    hits[f"{name}, same class"].append(float(a == b))
                    hits[f"{name}, at most the class" if exact else f"{name}, within one class"].append(
                        float(b <= a if exact else abs(a - b) <= 1))
        real, share = _chord_share(window), _chord_share(made)
        if real is not None and share is not None:
            hits["notes of the chord"].append(share)
            hits["notes of the chord, true music"].append(real)
            hits["notes of another bar's chord"].append(_chord_share(made, shifted=True) or 0.0)
    certain = {"instruments": 1.0, "bars": 1.0, "metre": 1.0, "key": 1.0}  # written into the frame, not sampled
    return {"windows": done, "certain": certain, **{k: interval(v) for k, v in sorted(hits.items())}}


def _stated(window: Window) -> Window | None:
    """The window with all cells wanted and its true heads and chords stated; None where some were left open."""
    if any(h.density == 0 for h in window.heads) or any(b.chords == (0, 0) for b in window.plan):
        return None
    every = frozenset((b, t) for b in range(len(window.plan)) for t in range(len(window.heads)))
    return replace(window, wanted=every)


def _of_track(window: Window, track: int) -> Rows:
    cells = [window.cells[b, t] for b, t in sorted(window.cells) if t == track]
    return np.concatenate(cells) if cells else NO_ROWS


def _chord_share(window: Window, shifted: bool = False) -> float | None:
    """Share of sounding time whose pitch class is in the chord stated for its half of the bar; `shifted`: of the next bar's."""
    inside = total = 0.0
    for (b, t), rows in window.cells.items():
        if window.heads[t].drum:
            continue
        bar = window.plan[(b + 1) % len(window.plan) if shifted else b]
        top, bottom = METRES[window.plan[b].metre]
        for _, place, pitch, duration, _ in rows.tolist():
            value = bar.chords[int(2 * place >= top * SLOTS * 4 // bottom)]
            if value:
                root, quality = divmod(value - 1, len(QUALITIES))
                inside += duration * ((pitch - root) % 12 in ALL_QUALITIES[QUALITIES[quality]])
                total += duration
    return inside / total if total else None


def infilling(model: Decoder, shards: Path, windows: int) -> dict[str, object]:
    """Two bars of one track filled: agreement (F1) with the true bars, against a copy of the bars before and after."""
    rng, held = np.random.default_rng(3), pool(shards, "test")
    score: dict[str, list[float]] = defaultdict(list)
    done = 0
    while done < windows:
        source = int(rng.choice(len(held.sources), p=held.weights))
        group: tuple[Sheet, ...] = held.sheets[source]
        drawn = random_window(group[int(rng.integers(len(group)))], rng, LIMIT)
        if drawn is None or len(drawn[0].plan) != 8:
            continue
        window = drawn[0]
        tracks = [t for t in range(len(window.heads)) if all((b, t) in window.cells for b in range(1, 7))]
        if not tracks:
            continue
        track = int(rng.choice(tracks))
        window = replace(window, wanted=frozenset({(3, track), (4, track)}))
        if len(encode(window)) > LIMIT:
            continue
        able = [Ability()] * len(window.heads)
        greedy = fill(model, window, able, (0,), replace(USUAL, temperature=0.0))[0].window
        four = [f.window for f in fill(model, window, able, tuple(range(4)), USUAL)]
        for name, made in (("model, likeliest", [greedy]), ("model, sampled", four)):
            for kind in KINDS:
                score[f"{name}: {kind}"].append(float(np.mean([_agreement(window, m, track, kind, 0) for m in made])))
        for kind in KINDS:
            score[f"copy of the two bars before: {kind}"].append(_agreement(window, window, track, kind, -2))
            score[f"copy of the two bars after: {kind}"].append(_agreement(window, window, track, kind, 2))
        done += 1
    return {"windows": done, **{k: interval(v) for k, v in sorted(score.items())}}


KINDS = ("onsets", "onsets and pitches", "pitch classes of a beat")


def _agreement(true: Window, made: Window, track: int, kind: str, shift: int) -> float:
    """F1 of what stands in bars 3 and 4 of the true window and in the made one, `shift` bars away."""
    a, b = (_events(w, track, kind, s) for w, s in ((true, 0), (made, shift)))
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def _events(window: Window, track: int, kind: str, shift: int) -> set[tuple[int, ...]]:
    out: set[tuple[int, ...]] = set()
    for bar in (3, 4):
        for _, place, pitch, _, _ in window.cells.get((bar + shift, track), NO_ROWS).tolist():
            if kind == "onsets":
                out.add((bar, place))
            elif kind == "onsets and pitches":
                out.add((bar, place, pitch))
            else:
                out.add((bar, place // SLOTS, pitch if window.heads[track].drum else pitch % 12))
    return out


def train_index(shards: Path) -> TuneIndex:
    """Codes of the tunes of all training pieces, in any key."""
    codes = [p.codes for p in pieces_of(shards, "train") if p.source != "grooves"]
    return TuneIndex(np.unique(np.concatenate(codes)), len(codes))

