"""Do embeddings that share what tokens have in common learn faster?

`python benchmarks/lm/ablation.py SHARDS`, with the extra `train`.

Two small models, the same first weights otherwise, the same windows in the same order, the same number of steps.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from ripieno.generators.lm import vocabulary
from ripieno.generators.lm.config import Config
from ripieno.generators.lm.train.draw import batches
from ripieno.generators.lm.train.run import Plan, Run, held_out, load_pool, plain, validation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--steps", type=int, default=160)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = replace(Config(128, 2, 2, 352), fingerprint=vocabulary.fingerprint())
    plan = Plan(tokens=3072, limit=400, minutes=1e9)
    pool, judged = load_pool(args.shards, "train"), validation(load_pool(args.shards, "validation"), 150, plan.limit)
    runs = {name: Run(Path(), config, replace(plan, features=shared)) for name, shared in (("shared", True), ("plain", False))}
    for step, batch in zip(range(1, args.steps + 1), batches(pool, 3, 0, plan.tokens, plan.limit), strict=False):
        for run in runs.values():
            run.one(batch)
        if step % (args.steps // 4) == 0:
            values = {n: round(held_out(plain(r.weights, r.shared), config, judged), 4) for n, r in runs.items()}
            print(json.dumps({"step": step, "tokens": runs["plain"].seen, **values}), flush=True)


if __name__ == "__main__":
    main()
