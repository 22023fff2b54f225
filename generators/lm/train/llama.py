"""The model in torch: a Llama decoder as functions over named weights, in the names and the arithmetic of Hugging Face.

Written as functions because training on a CPU wants other things than a library's module: weights cast to bfloat16 once a
step, attention over the lengths at hand. `export.py` checks the stored result against transformers.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F

from ripieno.generators.lm.config import Config

Tensor = Any  # torch ships its types, but is not installed where types are checked
Weights = dict[str, Tensor]


def initial(config: Config, seed: int) -> Weights:
    """Fresh weights: normal, scaled by depth where a branch joins the residual stream (Radford et al., 2019)."""
    rng = torch.Generator().manual_seed(seed)
    out: Weights = {}
    for name, shape in config.shapes().items():
        if name.endswith("norm.weight"):
            out[name] = torch.ones(shape)
        else:
            joins = name.endswith(("o_proj.weight", "down_proj.weight"))
            std = 0.02 if "embed" in name else (1.0 / shape[1] ** 0.5) * (1.0 / (2 * config.layers) ** 0.5 if joins else 1.0)
            out[name] = torch.randn(shape, generator=rng) * std
    return out


def rotation(config: Config, length: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions, each (length, head size / 2)."""
    half = config.head_size // 2
    rates = config.rope_theta ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.arange(length, dtype=torch.float32)[:, None] * rates
    return angles.cos(), angles.sin()


def logits(weights: Mapping[str, Tensor], config: Config, tokens: Tensor) -> Tensor:
    """Scores of the token after each place; tokens (windows, length), result (windows, length, vocabulary)."""
    table = weights["model.embed_tokens.weight"]
    count, length = tokens.shape
    x = table[tokens]
    cos, sin = (t.to(x.dtype) for t in rotation(config, length))
    hidden = torch.full((length, length), float("-inf"), dtype=x.dtype).triu(1)
    for i in range(config.layers):
        at = f"model.layers.{i}."
        h = normed(x, weights[at + "input_layernorm.weight"], config.eps)
        apart = (count, length, config.heads, config.head_size)
        q, k, v = ((h @ weights[f"{at}self_attn.{n}_proj.weight"].T).view(apart).transpose(1, 2) for n in "qkv")
        scores = turned(q, cos, sin) @ turned(k, cos, sin).transpose(-1, -2) * config.head_size**-0.5 + hidden
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(count, length, config.size)
        x = x + mixed @ weights[at + "self_attn.o_proj.weight"].T
        h = normed(x, weights[at + "post_attention_layernorm.weight"], config.eps)
        gate = F.silu(h @ weights[at + "mlp.gate_proj.weight"].T)
        x = x + (gate * (h @ weights[at + "mlp.up_proj.weight"].T)) @ weights[at + "mlp.down_proj.weight"].T
    return normed(x, weights["model.norm.weight"], config.eps) @ table.T


def normed(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Root-mean-square norm over the last axis; the mean in float32."""
    scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + eps).to(x.dtype)
    return x * scale * weight


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: each head's first half turned against its second (the layout of Hugging Face)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


def loss(weights: Mapping[str, Tensor], config: Config, tokens: Tensor) -> Tensor:
    """Cross-entropy in nats of every token but the first of each window; padding (0) does not count."""
    scores = logits(weights, config, tokens[:, :-1])
    return F.cross_entropy(scores.reshape(-1, config.vocabulary).float(), tokens[:, 1:].reshape(-1), ignore_index=0)
