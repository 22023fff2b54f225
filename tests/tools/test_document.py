"""The page of instructions says what the models say."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "document_instructions.py"))
    assert (ROOT / "docs" / "instructions.md").read_text(encoding="utf-8") == script["page"](), (
        "run: python -P scripts/document_instructions.py"
    )
