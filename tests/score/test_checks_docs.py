"""The page on the critic names every rule and every judge, and no other."""

import re
from pathlib import Path

from ripieno.agents.judges.registry import build_judges

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = "range|playability|cadence|silence|form|repetition|harmony|clash|melody|voice|register|groove|dynamics"


def test_every_rule_is_explained() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "score" / "checks").glob("*.py"))
    written = set(re.findall(rf'"((?:{FAMILIES})\.[a-z_]+)"', code))
    written |= {f"voice.parallel_{name}" for name in re.findall(r'\(\d+, "(octaves|fifths)"\)', code)}
    page = (ROOT / "docs" / "critic.md").read_text(encoding="utf-8")
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| ") and "." in line)
    explained = set(re.findall(rf"(?:{FAMILIES})\.[a-z_]+", rows))
    assert explained == written


def test_every_judge_is_named_with_its_weight() -> None:
    page = (ROOT / "docs" / "critic.md").read_text(encoding="utf-8")
    for judge in build_judges():
        assert f"| {judge.name} | {judge.weight:.1f} |" in page
