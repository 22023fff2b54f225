"""The model on numpy: a Llama decoder with its cache of keys and values in one shared buffer, for one or many sequences.

Rows of a cache are sequences of their own length, so the candidates of a turn are decoded as one batch though their notes
differ. Arithmetic is float32 and follows Hugging Face's Llama; tests compare its scores with theirs.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ripieno.generators.lm import vocabulary
from ripieno.generators.lm.config import Config
from ripieno.generators.lm.weights import Floats, read_tensors
from ripieno.score.errors import BadFile, BadRequest

Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Layer:
    """One layer: its matrices transposed and joined so that each is one product, norms and scale multiplied into them."""

    qkv: Floats  # (size, 3 * size)
    out: Floats
    gate_up: Floats  # (size, 2 * inner)
    down: Floats


@dataclass(eq=False)
class Cache:
    """Keys and values of some sequences; shape (layers, rows, heads, context, head size); `lengths` are tokens seen."""

    keys: Floats
    values: Floats
    lengths: Tokens

    def repeated(self, rows: int) -> "Cache":
        """The cache of one sequence as the common beginning of many."""
        return Cache(np.repeat(self.keys, rows, axis=1), np.repeat(self.values, rows, axis=1), np.repeat(self.lengths, rows))


class Decoder:
    """Scores of next tokens. Knows nothing of music.

    Raises:
        BadFile: weights are missing, of another shape than the config says, or not finite.
    """

    def __init__(self, config: Config, weights: dict[str, Floats]) -> None:
        for name, shape in config.shapes().items():
            if name not in weights or weights[name].shape != shape:
                raise BadFile("The weights have the shapes that config.json says", cause="they belong to another model",
                              value=f"{name}: {weights[name].shape if name in weights else 'missing'}, expected {shape}",
                              cure="keep config.json and model.safetensors of one training run together")  # fmt: skip
        if not all(np.isfinite(w).all() for w in weights.values()):
            raise BadFile("Weights are finite numbers", cause="the file is damaged, or training diverged",
                          cure="take an earlier checkpoint")  # fmt: skip
        self.config = config
        self.table = weights["model.embed_tokens.weight"]
        self._unembed = np.ascontiguousarray((self.table * weights["model.norm.weight"]).T)
        self._layers = [_layer(weights, f"model.layers.{i}.", config) for i in range(config.layers)]
        half = config.head_size // 2
        rates = config.rope_theta ** (-np.arange(half, dtype=np.float64) / half)
        angles = np.arange(config.context)[:, None] * rates
        self._cos, self._sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def cache(self, rows: int = 1) -> Cache:
        """An empty cache."""
        c = self.config
        shape = (c.layers, rows, c.heads, c.context, c.head_size)
        return Cache(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(rows, np.int64))

    def feed(self, cache: Cache, tokens: Tokens, row: int | None = None, every: bool = False) -> Floats:
        """Takes the next tokens of all rows (or of one `row`) and scores what comes after.

        Args:
            cache: grows by the tokens.
            tokens: (rows, count), or (1, count) with `row`.
            row: None for all rows.
            every: whether to score after each token and not only after the last.

        Returns:
            Scores (rows, vocabulary), with `every` (rows, count, vocabulary).

        Raises:
            BadRequest: a sequence grows beyond the model's context, or an id lies beyond its vocabulary.
        """
        c, count = self.config, tokens.shape[1]
        rows = slice(None) if row is None else slice(row, row + 1)
        at = cache.lengths[rows]
        longest = int(at.max()) + count
        if longest > c.context:
            raise BadRequest(f"A sequence has at most {c.context} tokens", value=longest, cure="take fewer bars or tracks")
        if tokens.min() < 0 or tokens.max() >= c.vocabulary:
            raise BadRequest(f"A token is a number below {c.vocabulary}", value=int(tokens.max()))
        place = at[:, None] + np.arange(count)
        cos, sin = self._cos[place][:, :, None], self._sin[place][:, :, None]
        # What a token may look at: everything up to itself. Alone and in step, that is the whole view.
        plain = count == 1 and bool((at == at[0]).all())
        hidden = None if plain else (np.arange(longest) > place[:, :, None])[:, None]
        index = np.arange(len(at))[:, None]
        x = self.table[tokens.ravel()]  # (rows * count, size): one product for all rows
        for i, layer in enumerate(self._layers):
            h = (_normed(x, c.eps) @ layer.qkv).reshape(len(at), count, 3 * c.heads, c.head_size)
            turned = _turned(h[:, :, : 2 * c.heads], cos, sin)
            q, k, v = turned[:, :, : c.heads], turned[:, :, c.heads :], h[:, :, 2 * c.heads :]
            keys, values = cache.keys[i, rows], cache.values[i, rows]
            if plain:
                keys[:, :, longest - 1], values[:, :, longest - 1] = k[:, 0], v[:, 0]
            else:
                keys[index, :, place], values[index, :, place] = k, v
            scores: Floats = q.transpose(0, 2, 1, 3) @ keys[:, :, :longest].transpose(0, 1, 3, 2)
            if hidden is not None:
                scores = np.asarray(np.where(hidden, np.float32(-np.inf), scores), dtype=np.float32)
            scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
            np.exp(scores, out=scores)
            total: Floats = scores.sum(axis=-1, keepdims=True)
            mixed = np.asarray((scores @ values[:, :, :longest]) / total, dtype=np.float32)
            x = x + mixed.transpose(0, 2, 1, 3).reshape(len(x), c.size) @ layer.out
            h = _normed(x, c.eps) @ layer.gate_up
            gate, up = h[:, : c.inner], h[:, c.inner :]
            x = x + (gate / (1.0 + np.exp(-gate)) * up) @ layer.down
        cache.lengths[rows] += count
        if every:
            return (_normed(x, c.eps) @ self._unembed).reshape(len(at), count, c.vocabulary)
        return np.asarray(_normed(x.reshape(len(at), count, c.size)[:, -1], c.eps) @ self._unembed)


def _layer(weights: dict[str, Floats], at: str, config: Config) -> _Layer:
    def joined(norm: str, *names: str) -> Floats:
        scale = weights[f"{at}{norm}_layernorm.weight"]
        return np.ascontiguousarray(np.concatenate([weights[f"{at}{n}_proj.weight"] * scale for n in names]).T)

    def alone(name: str) -> Floats:
        return np.ascontiguousarray(weights[f"{at}{name}_proj.weight"].T)

    qkv = joined("input", "self_attn.q", "self_attn.k", "self_attn.v")
    qkv[:, : config.size] *= np.float32(config.head_size**-0.5)
    return _Layer(qkv, alone("self_attn.o"), joined("post_attention", "mlp.gate", "mlp.up"), alone("mlp.down"))


def _normed(x: Floats, eps: float) -> Floats:
    """Divided by the root of the mean square; the norm's weight is in the matrix that follows."""
    mean = np.add.reduce(x * x, axis=-1, keepdims=True) * np.float32(1.0 / x.shape[-1])
    return np.asarray(x / np.sqrt(mean + np.float32(eps)))


def _turned(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Rotary positions: each head's first half turned against its second, as Hugging Face lays them out."""
    half = x.shape[-1] // 2
    a, b, out = x[..., :half], x[..., half:], np.empty_like(x)
    np.subtract(a * cos, b * sin, out=out[..., :half])
    np.add(b * cos, a * sin, out=out[..., half:])
    return out


def load_decoder(folder: Path) -> Decoder:
    """The model in a folder: `config.json` and `model.safetensors`.

    Raises:
        BadFile: a file is missing or damaged, the two do not fit, or they were trained on another vocabulary.
    """
    path = folder / "config.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile("A model's folder holds config.json", value=path, cause=str(error),
                      cure="point to a folder with config.json and model.safetensors") from None  # fmt: skip
    config = Config.from_dict(data if isinstance(data, dict) else {})
    if config.vocabulary != vocabulary.SIZE or config.fingerprint != vocabulary.fingerprint():
        raise BadFile("A model was trained on the vocabulary that this version writes",
                      value=f"{config.vocabulary} tokens, fingerprint {config.fingerprint[:12] or 'none'}",
                      cause=f"this version writes {vocabulary.SIZE} tokens, fingerprint {vocabulary.fingerprint()[:12]}",
                      cure="use the weights that came with this version, or train them anew")  # fmt: skip
    return Decoder(config, read_tensors(folder / "model.safetensors"))


@lru_cache(maxsize=1)
def shipped() -> Decoder:
    """The model that comes with Ripieno."""
    with resources.as_file(resources.files("ripieno.generators.lm").joinpath("weights")) as folder:
        return load_decoder(folder)
