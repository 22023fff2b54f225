"""The shape of the model, and its `config.json` in the layout of Hugging Face's Llama."""

from dataclasses import dataclass

from ripieno.generators.lm import vocabulary
from ripieno.score.errors import BadFile


@dataclass(frozen=True)
class Config:
    """A Llama decoder with tied embeddings and as many key heads as heads.

    Attributes:
        size, layers, heads, inner: width, depth, heads of attention, width of the feed-forward part.
        context: the most tokens in a sequence.
        fingerprint: of the vocabulary that it was trained on.
    """

    size: int = 256
    layers: int = 6
    heads: int = 4
    inner: int = 704
    vocabulary: int = vocabulary.SIZE
    context: int = 768
    rope_theta: float = 10000.0
    eps: float = 1e-5
    fingerprint: str = ""

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.size // self.heads

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every weight by its Hugging Face name, with its shape."""
        out: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, self.size)}
        for i in range(self.layers):
            at = f"model.layers.{i}."
            out |= {f"{at}self_attn.{n}_proj.weight": (self.size, self.size) for n in "qkvo"}
            out |= {f"{at}mlp.{n}_proj.weight": (self.inner, self.size) for n in ("gate", "up")}
            out[f"{at}mlp.down_proj.weight"] = (self.size, self.inner)
            out |= {f"{at}{n}_layernorm.weight": (self.size,) for n in ("input", "post_attention")}
        return out | {"model.norm.weight": (self.size,)}

    def as_dict(self, dtype: str = "float32") -> dict[str, object]:
        """What `config.json` holds."""
        return {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": self.vocabulary,
            "hidden_size": self.size, "intermediate_size": self.inner, "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads, "num_key_value_heads": self.heads, "head_dim": self.head_size,
            "max_position_embeddings": self.context, "rope_theta": self.rope_theta, "rms_norm_eps": self.eps,
            "hidden_act": "silu", "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False,
            "bos_token_id": vocabulary.BOS.first, "eos_token_id": vocabulary.EOS.first, "pad_token_id": vocabulary.PAD.first,
            "dtype": dtype, "ripieno_vocabulary": self.fingerprint,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> "Config":
        """The config that `config.json` holds.

        Raises:
            BadFile: it is not a Llama of the kind that is run here.
        """
        try:
            numbers = {k: int(str(data[k])) for k in ("hidden_size", "num_hidden_layers", "num_attention_heads",
                       "intermediate_size", "vocab_size", "max_position_embeddings")}  # fmt: skip
            theta, eps = float(str(data["rope_theta"])), float(str(data["rms_norm_eps"]))
            heads = int(str(data["num_key_value_heads"]))
        except (KeyError, ValueError) as error:
            raise BadFile("config.json describes a Llama decoder", value=str(error), cause="a key is missing or no number",
                          cure="take the folder that `ripieno.generators.lm.train.export` wrote") from None  # fmt: skip
        size, n = numbers["hidden_size"], numbers["num_attention_heads"]
        if data.get("model_type") != "llama" or not data.get("tie_word_embeddings") or heads != n or n < 1 or size % (2 * n):
            raise BadFile("config.json describes a Llama decoder with tied embeddings and as many key heads as heads",
                          value=data.get("model_type"), cure="train or export the model with Ripieno's own script")  # fmt: skip
        return cls(size, numbers["num_hidden_layers"], n, numbers["intermediate_size"], numbers["vocab_size"],
                   numbers["max_position_embeddings"], theta, eps, str(data.get("ripieno_vocabulary", "")))  # fmt: skip
