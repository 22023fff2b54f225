"""Tokens a second of the embedded decoder: `OMP_NUM_THREADS=1 python benchmarks/lm/speed.py [--model FOLDER]`.

One thread. Where the extra `train` is installed, `transformers.generate` runs on the same folder in the same minutes, in turns
with ours, so that a busy machine disturbs both alike. CPU seconds are counted beside seconds on the clock.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np

from ripieno.generators.lm.decoder import Decoder, load_decoder

PROMPT, NEW, ROUNDS = 16, 192, 3


def ours(model: Decoder, rows: int, new: int) -> None:
    """A prompt and then `new` tokens, the likeliest each time."""
    cache = model.cache(rows)
    tokens = np.ones((rows, PROMPT), dtype=np.int64)
    for _ in range(new):
        tokens = model.feed(cache, tokens).argmax(axis=1)[:, None]


def bandwidth() -> float:
    """GB a second at which this machine reads memory, one thread, from an array far beyond the caches."""
    array = np.ones(64 * 2**20, dtype=np.float32)
    array.sum()
    began = time.process_time()
    array.sum()
    return array.nbytes / (time.process_time() - began) / 1e9


def timed(job: Callable[[], None], tokens: int) -> dict[str, float]:
    """Tokens a second by the clock and by CPU time; the best of the rounds."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {"by the clock": round(tokens / min(walls)), "by CPU time": round(tokens / min(cpus))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path(str(resources.files("ripieno.generators.lm").joinpath("weights"))))
    folder = parser.parse_args().model
    model = load_decoder(folder)
    results: dict[str, object] = {}
    for rows in (1, 8):
        results[f"numpy, batch {rows}"] = timed(lambda rows=rows: ours(model, rows, NEW), NEW * rows)  # type: ignore[misc]
    long = model.config.context - PROMPT
    results[f"numpy, batch 1, {long} tokens"] = timed(lambda: ours(model, 1, long), long)
    size = sum(int(np.prod(s)) for s in model.config.shapes().values())
    rate = bandwidth()
    floor = {"GB a second": round(rate, 1), "tokens a second": round(rate * 1e9 / (4 * size))}
    results["floor of memory bandwidth, batch 1"] = floor
    try:
        import torch
        from transformers import LlamaForCausalLM
    except ImportError:
        results["transformers"] = "not installed"
    else:
        torch.set_num_threads(1)
        theirs = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        for rows in (1, 8):
            start = torch.ones((rows, PROMPT), dtype=torch.long)

            def job(start: object = start) -> None:
                theirs.generate(start, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, pad_token_id=0)

            results[f"transformers.generate, batch {rows}"] = timed(job, NEW * rows)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
