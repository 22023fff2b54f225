"""Settings: where they come from, what is refused, and that keys stay out of sight."""

from pathlib import Path

import pytest

from ripieno.llm.schema import lean
from ripieno.llm.settings import BadSettings, Settings, read_settings

URL = "http://127.0.0.1:8000/v1"


def test_nothing_set_is_no_model() -> None:
    assert read_settings({}) is None
    assert read_settings({"RIPIENO_LLM_API_KEY": "x", "PATH": "/bin"}) is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "llm.toml"
    file.write_text(f'base_url = "{URL}"\nmodel = "a"\ntries = 2\n[roles]\njuror = "j"\nexpert = "e"\n[budget]\ncalls = 7\n')
    env = {
        "RIPIENO_LLM_CONFIG": str(file),
        "RIPIENO_LLM_MODEL": "b",
        "RIPIENO_LLM_MODEL_EXPERT": "x",
        "RIPIENO_LLM_SECONDS": "9",
    }
    found = read_settings(env)
    assert found is not None
    assert (found.model, found.tries, found.model_of("juror"), found.model_of("expert")) == ("b", 2, "j", "x")
    assert (found.budget.calls, found.budget.seconds) == (7, 9)


@pytest.mark.parametrize(
    "env",
    [
        {"RIPIENO_LLM_MODEL": "m"},
        {"RIPIENO_LLM_BASE_URL": URL},
        {"RIPIENO_LLM_BASE_URL": "localhost:8000", "RIPIENO_LLM_MODEL": "m"},
        {"RIPIENO_LLM_BASE_URL": "ftp://x/v1", "RIPIENO_LLM_MODEL": "m"},
        {"RIPIENO_LLM_BASE_URL": "http://me:sesame99@host/v1", "RIPIENO_LLM_MODEL": "m"},
        {"RIPIENO_LLM_BASE_URL": URL, "RIPIENO_LLM_MODEL": "m", "RIPIENO_LLM_SECONDS": "-1"},
        {"RIPIENO_LLM_BASE_URL": URL, "RIPIENO_LLM_MODEL": "m", "RIPIENO_LLM_FORM": "xml"},
        {"RIPIENO_LLM_CONFIG": "/nowhere.toml"},
    ],
)
def test_bad_settings_are_refused_with_a_cure(env: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings(env)
    assert caught.value.cure and "sesame99" not in str(caught.value)


def test_a_key_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "llm.toml"
    file.write_text(f'base_url = "{URL}"\nmodel = "a"\napi_key = "sk-secretsecretsecret"\n')
    with pytest.raises(BadSettings) as caught:
        read_settings({"RIPIENO_LLM_CONFIG": str(file)})
    assert "secretsecret" not in str(caught.value)


def test_keys_are_taken_out_of_texts() -> None:
    settings = Settings(base_url=URL, model="m", api_key="plain-looking-key-1")
    for secret in ("plain-looking-key-1", "sk-abcdefghijkl123456", "Bearer abc.def.ghi12", "hf_abcdefghijklmnop"):
        assert secret not in settings.redact(f"failed with {secret}!") and settings.holds_secret(f"x {secret}")
    assert not settings.holds_secret("a key change to E flat; the task is to score the bass")


def test_schemas_lose_prose_but_no_field_whatever_it_is_called() -> None:
    schema = {
        "type": "object", "title": "X", "description": "long",
        "properties": {"title": {"type": "string", "title": "Title", "default": ""}, "default": {"const": "a"}},
        "$defs": {"description": {"oneOf": [{"type": "null", "title": "n"}], "discriminator": {}}},
        "prefixItems": [{"type": "integer"}, {"type": "integer"}],
    }  # fmt: skip
    assert lean(schema) == {
        "type": "object",
        "properties": {"title": {"type": "string"}, "default": {"enum": ["a"]}},
        "$defs": {"description": {"anyOf": [{"type": "null"}]}},
        "items": {"type": "integer"},
    }
