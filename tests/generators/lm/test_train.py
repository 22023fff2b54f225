"""Training, where its extra is installed: cut off and taken up it gives the same; what is exported is what was trained."""

from pathlib import Path

import numpy as np
import pytest

from ripieno.generators.lm import vocabulary as v
from ripieno.generators.lm.data.prepare import Prepared
from ripieno.generators.lm.data.shards import write_shard
from ripieno.generators.lm.data.splits import write_splits
from ripieno.generators.lm.sheet import sheet_of
from ripieno.generators.lm.train.draw import batches, draw, pool_of
from ripieno.generators.lm.train.features import features
from ripieno.generators.theory.engine import TheoryEngine

from .test_generator import CASES


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of pieces that the theory engine wrote, in all three splits."""
    from ripieno.generators.base import GenerationRequest

    out = tmp_path_factory.mktemp("learn")
    (out / "shards").mkdir()
    made = []
    for i, split in enumerate(("train", "train", "train", "validation", "test")):
        brief = list(CASES.values())[i % 3]
        sheet, loss = sheet_of(TheoryEngine().generate(GenerationRequest(brief, i)).piece, "game")
        made.append(Prepared("game", f"{i}.mid", f"w{i}", split, sheet, loss, np.zeros(0, dtype=np.uint32), 10.0))
    write_shard(out / "shards" / "game-0000.npz", made, {})
    write_splits(out)
    return out


def test_windows_drawn_fit_and_are_repeatable(shards: Path) -> None:
    from ripieno.generators.lm.data.splits import pieces_of

    pool = pool_of([(p.source, p.sheet) for p in pieces_of(shards, "train")])
    rng = np.random.default_rng(0)
    for _ in range(40):
        _, window, tokens = draw(pool, rng, 400)
        assert len(tokens) <= 400 and window.wanted
    first = [b for b, _ in zip(batches(pool, 5, 0, 1200, 400, 12), range(6), strict=False)]
    later = next(batches(pool, 5, 4, 1200, 400, 12))
    assert (later == first[4]).all() and all(b.size <= 1200 or len(b) == 1 for b in first)


def test_features_say_what_tokens_have_in_common() -> None:
    table = features()
    assert table.shape[0] == v.SIZE and table.min() >= 0 and table.max() == 1
    c4, c5, d4 = (table[v.PITCH.first + p] for p in (60, 72, 62))
    assert c4 @ c5 > c4 @ d4
    assert len(np.unique(table[v.PITCH.first : v.PITCH.end], axis=0)) == v.PITCH.size
    assert len(np.unique(table[v.CHORD.first + 1 : v.CHORD.end], axis=0)) == v.CHORD.size - 1


def test_a_run_that_is_cut_off_goes_on_as_if_it_had_not(shards: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from dataclasses import replace

    from ripieno.generators.lm.config import Config
    from ripieno.generators.lm.train.export import export
    from ripieno.generators.lm.train.run import Plan, Run, load_pool, train

    config = replace(Config(32, 2, 2, 48), fingerprint=v.fingerprint())
    plan = Plan(tokens=1500, limit=300, minutes=1e6)
    pool = load_pool(shards, "train")
    steady, cut = Run(tmp_path / "a", config, plan), Run(tmp_path / "b", config, plan)
    (tmp_path / "b").mkdir()
    taken = [b for b, _ in zip(batches(pool, 1, 0, 1500, 300), range(6), strict=False)]
    values = [steady.one(b) for b in taken]
    for b in taken[:3]:
        cut.one(b)
    cut.save()
    again = Run(tmp_path / "b", config, plan)
    assert again.resume() and again.step == 3
    rest = [again.one(b) for b, _ in zip(batches(pool, 1, 3, 1500, 300), range(3), strict=False)]
    assert np.allclose(rest, values[3:], atol=1e-5) and values[-1] < values[0]
    train(shards, tmp_path / "c", config, replace(plan, minutes=0.02))
    apart = export(tmp_path / "c", tmp_path / "model")
    assert apart["rounded"] < 0.05
