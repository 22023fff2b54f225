"""Trains the model: `python -P -m ripieno.generators.lm.train.run SHARDS OUT --minutes 60`.

Needs the extra `train`. bfloat16 arithmetic over float32 master weights; Muon (K. Jordan, 2024) for the matrices and Adam for
embeddings and norms; the rate rises for `WARM` steps, stays, and falls to nothing over the last `COOL` of the time. The clock
that counts is time spent training, so that a run that was cut off goes on where its last checkpoint was. Checkpoints are
safetensors and JSON; every line of `log.jsonl` is one look at the losses.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from ripieno.generators.lm import vocabulary
from ripieno.generators.lm.config import Config
from ripieno.generators.lm.data.splits import pieces_of
from ripieno.generators.lm.train.draw import Pool, batches, draw, pool_of
from ripieno.generators.lm.train.features import features
from ripieno.generators.lm.train.llama import Weights, initial, loss

WARM, COOL = 40, 0.5
EMBED, SHARED = "model.embed_tokens.weight", "shared"


@dataclass(frozen=True)
class Plan:
    """How to train. Rates are those at full height; `features` whether embeddings share what tokens have in common."""

    minutes: float = 60.0
    tokens: int = 6144  # a step
    limit: int = 640  # a window
    matrix_rate: float = 0.02
    table_rate: float = 0.004
    norm_rate: float = 0.01
    decay: float = 0.02
    features: bool = True
    seed: int = 1
    save_seconds: float = 300.0


def table(weights: Weights, shared: Any) -> Any:
    """The embedding table of weights that may hold a shared part."""
    own = weights[EMBED]
    return own if SHARED not in weights else own + shared @ weights[SHARED]


def plain(weights: Weights, shared: Any) -> Weights:
    """The weights of an ordinary Llama: the shared part added up."""
    return {**{k: v for k, v in weights.items() if k != SHARED}, EMBED: table(weights, shared)}


def held_out(weights: Weights, config: Config, windows: list[np.ndarray]) -> float:
    """Loss in nats a token over batches that are not learnt from."""
    total = count = 0.0
    with torch.no_grad():
        light = {k: v.bfloat16() for k, v in weights.items()}
        for batch in windows:
            n = int((batch[:, 1:] != 0).sum())
            total += float(loss(light, config, torch.from_numpy(batch))) * n
            count += n
    return total / count


def height(progress: float, step: int) -> float:
    """The rate's share of its full height after a share 0..1 of the time."""
    return min(1.0, (step + 1) / WARM, max(0.0, (1.0 - progress) / COOL))


class Run:
    """A training run: weights, optimisers and clock, with its checkpoint folder."""

    def __init__(self, out: Path, config: Config, plan: Plan) -> None:
        self.out, self.config, self.plan = out, config, plan
        self.shared = torch.from_numpy(features())
        self.weights = initial(config, plan.seed)
        if plan.features:
            self.weights[SHARED] = torch.zeros(self.shared.shape[1], config.size)
        for tensor in self.weights.values():
            tensor.requires_grad_(True)
        matrices = [v for k, v in self.weights.items() if v.ndim == 2 and k not in (EMBED, SHARED)]
        tables = [self.weights[k] for k in (EMBED, SHARED) if k in self.weights]
        norms = [v for v in self.weights.values() if v.ndim == 1]
        self.optimisers = [
            torch.optim.Muon(matrices, lr=plan.matrix_rate, weight_decay=plan.decay),
            torch.optim.AdamW(
                [{"params": tables, "lr": plan.table_rate}, {"params": norms, "lr": plan.norm_rate}],
                betas=(0.8, 0.95), eps=1e-10, weight_decay=0.0,
            ),
        ]  # fmt: skip
        self.heights = [[g["lr"] for g in o.param_groups] for o in self.optimisers]
        self.step, self.spent, self.seen = 0, 0.0, 0

    def one(self, batch: np.ndarray) -> float:
        """One step; the loss in nats a token before it."""
        began = time.monotonic()
        share = height(self.spent / (60 * self.plan.minutes), self.step)
        for optimiser, rates in zip(self.optimisers, self.heights, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * share
        light = {k: v.bfloat16() for k, v in plain(self.weights, self.shared).items()}
        value = loss(light, self.config, torch.from_numpy(batch))
        value.backward()
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.seen += int((batch != 0).sum())
        self.spent += time.monotonic() - began
        return float(value.detach())

    def save(self) -> None:
        """Writes the checkpoint, whole or not at all."""
        tensors = {f"weight {k}": v.detach().contiguous() for k, v in self.weights.items()}
        for i, optimiser in enumerate(self.optimisers):
            for j, state in optimiser.state_dict()["state"].items():
                tensors |= {f"state {i} {j} {k}": torch.as_tensor(v).contiguous() for k, v in state.items()}
        clock = {"step": str(self.step), "spent": repr(self.spent), "seen": str(self.seen)}
        save_file(tensors, self.out / "checkpoint.partial", metadata=clock)
        (self.out / "checkpoint.partial").replace(self.out / "checkpoint.safetensors")
        clock_file = self.out / "clock.json"
        clock_file.write_text(json.dumps(clock) + "\n", encoding="utf-8")

    def resume(self) -> bool:
        """Takes up the checkpoint, if there is one."""
        path = self.out / "checkpoint.safetensors"
        if not path.exists():
            return False
        stored = load_file(path)
        with torch.no_grad():
            for name, tensor in self.weights.items():
                tensor.copy_(stored[f"weight {name}"])
        for i, optimiser in enumerate(self.optimisers):
            whole = optimiser.state_dict()
            states: dict[int, dict[str, Any]] = {}
            for name, tensor in stored.items():
                if name.startswith(f"state {i} "):
                    _, _, j, key = name.split(" ", 3)
                    states.setdefault(int(j), {})[key] = tensor
            optimiser.load_state_dict({**whole, "state": states})
        clock = json.loads((self.out / "clock.json").read_text(encoding="utf-8"))
        self.step, self.spent, self.seen = int(clock["step"]), float(clock["spent"]), int(clock["seen"])
        return True


def validation(pool: Pool, windows: int, limit: int) -> list[np.ndarray]:
    """Windows that every run is judged by, each a batch of its own."""
    rng = np.random.default_rng(20261127)
    return [np.array([draw(pool, rng, limit)[2]]) for _ in range(windows)]


def load_pool(shards: Path, split: str) -> Pool:
    """The sheets of a split."""
    return pool_of([(p.source, p.sheet) for p in pieces_of(shards, split)])


def train(shards: Path, out: Path, config: Config, plan: Plan) -> None:
    """Trains for the plan's minutes, from the checkpoint in `out` if there is one."""
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    pool, judged = load_pool(shards, "train"), validation(load_pool(shards, "validation"), 120, plan.limit)
    run = Run(out, config, plan)
    _log(out, {"resumed" if run.resume() else "began": run.step, "config": config.as_dict(), "plan": vars(plan)})
    saved, recent = run.spent, []
    for batch in batches(pool, plan.seed, run.step, plan.tokens, plan.limit):
        recent.append(run.one(batch))
        ended = run.spent >= 60 * plan.minutes
        if ended or run.spent - saved >= plan.save_seconds:
            saved = run.spent
            run.save()
            value = held_out(plain(run.weights, run.shared), config, judged)
            row = {"step": run.step, "seconds": round(run.spent), "tokens": run.seen}
            _log(out, {**row, "train": round(float(np.mean(recent)), 4), "validation": round(value, 4)})
            recent = []
        if ended:
            return


def _log(out: Path, row: Mapping[str, object]) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path, help="what `ripieno.generators.lm.data.build` wrote")
    parser.add_argument("out", type=Path, help="checkpoints and log; a run that was cut off goes on from here")
    for name, kind in (("size", int), ("layers", int), ("heads", int), ("inner", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Config, name))
    plan = Plan()
    for name, value in vars(plan).items():
        if not isinstance(value, bool):
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--plain", action="store_true", help="embeddings without shared features")
    args = parser.parse_args()
    config = replace(Config(args.size, args.layers, args.heads, args.inner), fingerprint=vocabulary.fingerprint())
    chosen = {name: getattr(args, name) for name, value in vars(plan).items() if not isinstance(value, bool)}
    train(args.shards, args.out, config, Plan(**chosen, features=not args.plain))


if __name__ == "__main__":
    main()
