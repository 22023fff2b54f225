"""Writes a trained model as a folder that transformers, vLLM and the embedded decoder load.

`python -P -m ripieno.generators.lm.train.export RUN OUT --attribution DATA SHARDS`

`config.json` and `model.safetensors` in float16, shared features added up. What was written is read back and its scores are
compared with those of the checkpoint and, where it is installed, of transformers.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from ripieno.generators.lm import vocabulary
from ripieno.generators.lm.config import Config
from ripieno.generators.lm.data.card import write_attribution
from ripieno.generators.lm.decoder import load_decoder
from ripieno.generators.lm.train.llama import Weights, logits
from ripieno.generators.lm.train.run import Plan, Run, plain
from ripieno.generators.lm.weights import write_tensors

ROUNDED, SAME = 0.05, 2e-4  # how far scores may lie apart: float16 against float32, and two programs on the same numbers


def export(run: Path, out: Path) -> dict[str, float]:
    """Writes the folder and says how far the scores lie apart: 'rounded', and 'transformers' where that is installed."""
    config, weights = trained(run)
    out.mkdir(parents=True, exist_ok=True)
    halves = {k: v.detach().numpy().astype(np.float16) for k, v in weights.items()}
    write_tensors(out / "model.safetensors", halves, {"format": "pt"})
    (out / "config.json").write_text(json.dumps(config.as_dict("float16"), indent=1) + "\n", encoding="utf-8")
    tokens = np.random.default_rng(0).integers(0, vocabulary.SIZE, (2, 64))
    decoder = load_decoder(out)
    ours = decoder.feed(decoder.cache(2), tokens, every=True)
    with torch.no_grad():
        exact = logits(weights, config, torch.from_numpy(tokens)).numpy()
    apart = {"rounded": float(np.abs(ours - exact).max())}
    assert apart["rounded"] < ROUNDED, apart
    theirs = of_transformers(out, tokens)
    if theirs is not None:
        apart["transformers"] = float(np.abs(ours - theirs).max())
        assert apart["transformers"] < SAME, apart
    return apart


def trained(run: Path) -> tuple[Config, Weights]:
    """The shape and the plain weights of a run's checkpoint."""
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    config = Config.from_dict(rows[0]["config"])
    made = Run(run, config, Plan(**rows[0]["plan"]))
    made.resume()
    return config, {k: v.detach() for k, v in plain(made.weights, made.shared).items()}


def of_transformers(folder: Path, tokens: np.ndarray) -> np.ndarray | None:
    """Scores (rows, tokens, vocabulary) of the same folder in transformers; None where it is not installed."""
    try:
        from transformers import LlamaForCausalLM
    except ImportError:
        return None
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        return np.asarray(model(torch.from_numpy(tokens)).logits.numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a folder of `ripieno.generators.lm.train.run`")
    parser.add_argument("out", type=Path)
    parser.add_argument("--attribution", nargs=2, type=Path, metavar=("DATA", "SHARDS"), help="adds terms and credits")
    args = parser.parse_args()
    print(export(args.run, args.out))
    if args.attribution:
        data, shards = args.attribution
        write_attribution(data, shards, args.out)


if __name__ == "__main__":
    main()
