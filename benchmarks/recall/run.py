"""Recall: whether pieces find their like, by how they are made and by words, and what adding and searching cost.

    python -P benchmarks/recall/run.py

Writes result.json beside itself. The pieces are the engine's: every style, three seeds, 16 bars. Chroma is measured where it is
installed.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks.generate import brief_for, compose, profiles
from ripieno.memory.embedding import music_vector
from ripieno.memory.recall import Index, Item, Recall, describe
from ripieno.memory.recall_index import FileIndex
from ripieno.memory.table import derive_table

SEEDS, BARS = (1, 2, 3), 16
SIZES = (1_000, 10_000)


def items() -> tuple[list[Item], float]:
    """The pieces, and CPU milliseconds for the musical vector of one."""
    made, spent = [], 0.0
    for style in sorted(profiles()):
        for seed in SEEDS:
            piece = compose(style, seed, BARS)
            before = time.process_time()
            music = music_vector(piece)
            spent += time.process_time() - before
            text = describe(derive_table(piece, brief_for(style, seed, BARS)))
            made.append(Item(f"{style}#{seed}", "piece", text, music, {"style": style}))
    return made, 1000 * spent / len(made)


def quality(recall: Recall, made: list[Item]) -> dict[str, float]:
    """Shares of pieces whose likest other piece, or one of the three likest, is of their style; and of styles found by name."""
    families = {id_: profile.family for id_, profile in profiles().items()}
    first = among = family = 0
    for item in made:
        others = [h.item for h in recall.search(music=item.music, limit=4) if h.item.id != item.id][:3]
        style = item.data["style"]
        first += others[0].data["style"] == style
        among += any(o.data["style"] == style for o in others)
        family += families[others[0].data["style"]] == families[style]
    named = 0
    for style in sorted(profiles()):
        hits = recall.search(style.replace("_", " "), limit=len(SEEDS))
        named += sum(h.item.data["style"] == style for h in hits)
    count = len(made)
    return {
        "likest is of the style": round(first / count, 3), "one of three likest is": round(among / count, 3),
        "likest is of the family": round(family / count, 3), "chance of the style": round((len(SEEDS) - 1) / (count - 1), 3),
        "found by the style's name": round(named / (len(SEEDS) * len(profiles())), 3),
    }  # fmt: skip


def costs(opened: Callable[[Path], Index], made: list[Item], size: int) -> dict[str, float]:
    """CPU milliseconds at a size: adding one item in a batch of all, one alone, a search by words and one by music."""
    chance = random.Random(3)
    many = [Item(f"{i}", "piece", " ".join(chance.sample(a.text.split(), k=min(8, len(a.text.split())))), a.music, a.data)
            for i, a in ((i, chance.choice(made)) for i in range(size))]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, closing(opened(Path(folder))) as index:
        recall = Recall(index)
        before = time.process_time()
        recall.add(many)
        batch = 1000 * (time.process_time() - before) / size
        alone = cpu(lambda: recall.add([made[0]]))
        recall.search("waltz")
        words = cpu(lambda: recall.search("slow waltz for cello"))
        music = cpu(lambda: recall.search(music=made[5].music))
    return {"add, in one batch": round(batch, 2), "add one": alone, "search by words": words, "search by music": music}


def cpu(action: Callable[[], object], times: int = 15) -> float:
    """Median CPU milliseconds."""
    spent = []
    for _ in range(times):
        before = time.process_time()
        action()
        spent.append(1000 * (time.process_time() - before))
    return round(median(spent), 2)


def main() -> None:
    """Runs and writes the result."""
    made, vector = items()
    result: dict[str, Any] = {"pieces": len(made), "musical vector, CPU ms": round(vector, 2)}
    indexes: dict[str, Callable[[Path], Index]] = {"own": FileIndex}
    if find_spec("chromadb"):
        from ripieno.memory.recall_chroma import ChromaIndex

        indexes["Chroma"] = ChromaIndex
    for name, opened in indexes.items():
        with tempfile.TemporaryDirectory() as folder, closing(opened(Path(folder))) as index:
            recall = Recall(index)
            recall.add(made)
            result[name] = {"quality": quality(recall, made), "CPU ms": {}}
        for size in SIZES:
            result[name]["CPU ms"][str(size)] = costs(opened, made, size)
        print(name, result[name], flush=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    Path(__file__).with_name("result.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
