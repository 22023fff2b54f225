"""Writes `reference/`: a tiny model and what transformers makes of it.

Needs the extra `train`; to be run again after a change of vocabulary:

    python -P tests/generators/lm/make_reference.py
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from ripieno.generators.lm import vocabulary
from ripieno.generators.lm.config import Config
from ripieno.generators.lm.weights import write_tensors

FOLDER = Path(__file__).parent / "reference"


def main() -> None:
    config = replace(Config(size=16, layers=2, heads=2, inner=24, context=768), fingerprint=vocabulary.fingerprint())
    rng = np.random.default_rng(11)
    weights = {name: (rng.standard_normal(shape) * (0.4 if len(shape) > 1 else 0.1) + (len(shape) == 1)).astype(np.float16)
               for name, shape in config.shapes().items()}  # fmt: skip
    write_tensors(FOLDER / "model.safetensors", weights, {"format": "pt"})
    (FOLDER / "config.json").write_text(json.dumps(config.as_dict("float16"), indent=1) + "\n", encoding="utf-8")
    model = LlamaForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    tokens = rng.integers(0, config.vocabulary, (2, 40))
    with torch.no_grad():
        scores = model(torch.from_numpy(tokens)).logits.numpy()
        start = torch.from_numpy(tokens[:1, :8])
        greedy = model.generate(start, max_new_tokens=64, do_sample=False, eos_token_id=None, pad_token_id=0)
    np.savez_compressed(FOLDER / "scores.npz", tokens=tokens, scores=scores[:, ::3, ::7], greedy=greedy.numpy())


if __name__ == "__main__":
    main()
