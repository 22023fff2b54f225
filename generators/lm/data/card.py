"""The data card: what the model learnt from, counted, with the terms of every source and what was left out."""

import json
from collections import Counter, defaultdict
from pathlib import Path

from ripieno.generators.lm.data.prepare import Prepared
from ripieno.generators.lm.data.shards import read_head
from ripieno.generators.lm.data.sources import LEFT_OUT, TRAINING, terms_of
from ripieno.generators.lm.data.splits import SPLITS, all_pieces, key_of
from ripieno.generators.lm.vocabulary import STYLES

_CREDITS = ("CREDITS-MUSIC", "CREDITS.md")  # files of collections that name who wrote what
TOKENS_A_NOTE = 3.6  # about: position and velocity are written only where they change; `benchmarks/lm` measures it


def write_card(data: Path, out: Path) -> None:
    """Writes `card.json` and `CARD.md` for the shards and splits in `out`."""
    card = _count(out)
    (out / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "CARD.md").write_text(_page(card, data), encoding="utf-8")


def write_attribution(data: Path, out: Path, folder: Path) -> None:
    """Writes into `folder` what weights trained on the shards in `out` must carry: terms, licences, credits of every source."""
    sources = sorted({p.source for p in all_pieces(out)}, key=list(TRAINING).index)
    lines = ["# Attribution", "", "The weights were trained on MIDI made from these collections, settled, quantised and "
             "transposed by Ripieno.", ""]  # fmt: skip
    for name in dict.fromkeys(TRAINING[s].folder for s in sources):
        terms = terms_of(data / name)
        lines += [f"## {name}", "", f"Licence: {terms.licence}", "", f"To carry: {terms.attribution}", ""]
        if "CC0" not in terms.licence:
            lines += ["```", _text(data / name / "LICENSE.txt"), "```", ""]
        for credits in sorted(p for n in _CREDITS for p in (out / "files" / name).glob(n)):
            lines += [f"{credits.name}:", "", "```", _text(credits), "```", ""]
        for table in sorted((data / name).glob("ATTRIBUTION.csv")):
            (folder / f"ATTRIBUTION-{name}.csv").write_bytes(table.read_bytes())
            lines += [f"Piece by piece: ATTRIBUTION-{name}.csv", ""]
    (folder / "ATTRIBUTION.md").write_text("\n".join(lines), encoding="utf-8")


def _text(path: Path) -> str:
    """A text that may be older than UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8").rstrip()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace").rstrip()


def _count(out: Path) -> dict[str, object]:
    table = json.loads((out / "splits.json").read_text(encoding="utf-8"))
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    styles: Counter[str] = Counter()
    loss: Counter[str] = Counter()
    for p in all_pieces(out):
        row, split = sources[p.source], table[key_of(p)]
        row["files"] += 1
        if split.startswith("duplicate"):
            row["duplicates"] += 1
            continue
        notes = _notes(p)
        row.update({split: 1, "notes": notes, "seconds": round(p.seconds), "bars": p.sheet.bars})
        styles[STYLES[p.sheet.style]] += notes
        loss.update({"notes": p.loss.notes, "moved": p.loss.moved, "dropped": p.loss.dropped, "length": p.loss.length})
    reasons: Counter[str] = Counter()
    for path in sorted((out / "shards").glob("*.npz")):
        head = read_head(path)["left_out"]
        assert isinstance(head, dict)
        reasons.update(head.values())
    return {"sources": {k: dict(v) for k, v in sources.items()}, "styles": dict(styles.most_common()), "loss": dict(loss),
            "left_out": dict(reasons.most_common())}  # fmt: skip


def _notes(piece: Prepared) -> int:
    return sum(len(q.rows) for q in piece.sheet.parts)


def _page(card: dict[str, object], data: Path) -> str:
    sources, styles, loss, reasons = (card[k] for k in ("sources", "styles", "loss", "left_out"))
    assert isinstance(sources, dict) and isinstance(styles, dict) and isinstance(loss, dict) and isinstance(reasons, dict)
    head = ("source", "files", "duplicates", *SPLITS, "notes", "hours", "tokens, about")
    lines = ["# Data card", "", "| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for name, row in sources.items():
        notes = row.get("notes", 0)
        cells = (name, *(row.get(k, 0) for k in ("files", "duplicates", *SPLITS)), f"{notes:,}",
                 f"{row.get('seconds', 0) / 3600:.1f}", f"{round(notes * TOKENS_A_NOTE, -3):,.0f}")  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "Notes by style: " + ", ".join(f"{k} {v:,}" for k, v in styles.items()) + ".", ""]
    total = max(1, loss.get("notes", 0))
    lines += [
        f"The grid moves {loss.get('moved', 0) / total:.2%} of the notes by more than a 96th, changes the length of "
        f"{loss.get('length', 0) / total:.2%} by more than a tenth and drops {loss.get('dropped', 0) / total:.2%} "
        "(two of one pitch at once, percussion outside the map).",
        "", "## Terms", "",
    ]  # fmt: skip
    for folder in dict.fromkeys(TRAINING[s].folder for s in sources):
        terms = terms_of(data / folder)
        lines.append(f"- `{folder}`: {terms.licence}. To carry: {terms.attribution}")
    lines += ["", "## Left out", "", *(f"- {n} files: {reason}" for reason, n in reasons.items()),
              *(f"- `{folder}`: {why}" for folder, why in LEFT_OUT.items()), ""]  # fmt: skip
    return "\n".join(lines)
