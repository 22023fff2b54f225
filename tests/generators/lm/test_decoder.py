"""The decoder on numpy against transformers, and what broken weights get."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.lm.decoder import load_decoder
from ripieno.generators.lm.weights import read_tensors, write_tensors
from ripieno.score.errors import BadFile, BadRequest

from .models import FOLDER, tiny


def test_scores_and_greedy_tokens_are_those_of_transformers() -> None:
    stored = np.load(FOLDER / "scores.npz", allow_pickle=False)
    model = tiny()
    scores = model.feed(model.cache(2), stored["tokens"], every=True)
    assert np.abs(scores[:, ::3, ::7] - stored["scores"]).max() < 1e-4
    cache, tokens = model.cache(), stored["greedy"][:, :8].astype(np.int64)
    made = tokens.tolist()[0]
    while len(made) < stored["greedy"].shape[1]:
        tokens = model.feed(cache, tokens).argmax(axis=1)[:, None]
        made.append(int(tokens[0, 0]))
    assert made == stored["greedy"][0].tolist()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 862), min_size=1, max_size=12), min_size=1, max_size=4), st.integers(0, 99))
def test_a_batch_of_unequal_sequences_scores_as_each_alone(sequences: list[list[int]], last: int) -> None:
    model = tiny()
    together = model.cache(len(sequences))
    for i, tokens in enumerate(sequences):
        model.feed(together, np.array([tokens]), row=i)
    scores = model.feed(together, np.full((len(sequences), 1), last))
    for i, tokens in enumerate(sequences):
        alone = model.feed(model.cache(), np.array([[*tokens, last]]))
        assert np.abs(scores[i] - alone[0]).max() < 1e-4


def test_what_is_too_long_or_no_token_is_refused() -> None:
    model = tiny()
    with pytest.raises(BadRequest, match="768"):
        model.feed(model.cache(), np.zeros((1, 769), dtype=np.int64))
    with pytest.raises(BadRequest, match="863"):
        model.feed(model.cache(), np.array([[863]]))


@pytest.mark.parametrize("share", [0.0, 0.00002, 0.01, 0.5, 0.999])
def test_weights_cut_off_are_refused(tmp_path: Path, share: float) -> None:
    data = (FOLDER / "model.safetensors").read_bytes()
    shutil.copy(FOLDER / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadFile, match="What to do"):
        load_decoder(tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_weights_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "model.safetensors"
    path.write_bytes(data)
    try:
        read_tensors(path)
    except BadFile:
        return


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    tensors = read_tensors(FOLDER / "model.safetensors")

    def write(changed: dict[str, object], kept: dict[str, np.ndarray]) -> None:
        (tmp_path / "config.json").write_text(json.dumps(config | changed), encoding="utf-8")
        write_tensors(tmp_path / "model.safetensors", kept, {})

    write({}, tensors)
    load_decoder(tmp_path)
    write({"ripieno_vocabulary": "0" * 64}, tensors)
    with pytest.raises(BadFile, match="vocabulary"):
        load_decoder(tmp_path)
    write({"hidden_size": 32}, tensors)
    with pytest.raises(BadFile, match="shapes"):
        load_decoder(tmp_path)
    write({"num_attention_heads": "many"}, tensors)
    with pytest.raises(BadFile, match="Llama"):
        load_decoder(tmp_path)
    write({}, {k: v for k, v in tensors.items() if "norm" not in k})
    with pytest.raises(BadFile, match="missing"):
        load_decoder(tmp_path)
    write({}, {k: v * np.nan for k, v in tensors.items()})
    with pytest.raises(BadFile, match="finite"):
        load_decoder(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(BadFile, match=r"config\.json"):
        load_decoder(tmp_path)


def test_tensors_come_back_as_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wide = {"b": rng.standard_normal((3, 5)).astype(np.float32), "a": np.zeros((0, 2), dtype=np.float32)}
    write_tensors(tmp_path / "x", wide, {"made": "here"})
    back = read_tensors(tmp_path / "x")
    assert back.keys() == wide.keys() and all((back[k] == wide[k]).all() for k in wide)
