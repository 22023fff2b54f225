"""Shards: files of prepared pieces, and their reading. `.npz` without pickles; a JSON table inside says what is where."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ripieno.generators.lm.data.prepare import Prepared
from ripieno.generators.lm.sheet import ROW_DTYPE, Loss, Part, Rows, Sheet
from ripieno.generators.lm.vocabulary import STYLES
from ripieno.score.errors import BadFile

_BAR_FIELDS = ("minor", "shift", "metre", "slots", "section", "phrase", "energy")
FORMAT = 1


def write_shard(path: Path, pieces: Sequence[Prepared], left_out: dict[str, str]) -> None:
    """Writes pieces, and the reasons for those left out, whole or not at all."""
    table: list[dict[str, object]] = []
    bars, chords, rows, codes = [], [], list[Rows](), []
    for p in pieces:
        s = p.sheet
        table.append({
            "source": p.source, "path": p.path, "work": p.work, "split": p.split, "style": STYLES[s.style], "tempo": s.tempo,
            "seconds": p.seconds, "bars": s.bars, "codes": len(p.codes),
            "loss": [p.loss.notes, p.loss.moved, p.loss.dropped, p.loss.length],
            "parts": [[q.id, q.group, q.role, int(q.drum), len(q.rows)] for q in s.parts],
        })  # fmt: skip
        bars.append(np.array([getattr(s, f) for f in _BAR_FIELDS], dtype=np.int16).T)
        chords.append(s.chords.astype(np.int16))
        rows.extend(q.rows for q in s.parts)
        codes.append(p.codes)
    head = json.dumps({"format": FORMAT, "pieces": table, "left_out": left_out}, ensure_ascii=False)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        np.savez_compressed(
            out, head=np.frombuffer(head.encode(), dtype=np.uint8),
            bars=np.concatenate(bars or [np.zeros((0, len(_BAR_FIELDS)), dtype=np.int16)]),
            chords=np.concatenate(chords or [np.zeros((0, 2), dtype=np.int16)]),
            rows=np.concatenate(rows or [np.zeros(0, dtype=ROW_DTYPE)]),
            codes=np.concatenate(codes or [np.zeros(0, dtype=np.uint32)]),
        )  # fmt: skip
    partial.replace(path)


def read_head(path: Path) -> dict[str, object]:
    """The table of a shard: its pieces and what was left out.

    Raises:
        BadFile: the file is no shard, or is damaged.
    """
    return _read(path)[0]


def read_shard(path: Path) -> Iterator[Prepared]:
    """The pieces of a shard, in order.

    Raises:
        BadFile: the file is no shard, or is damaged.
    """
    head, arrays = _read(path)
    bar = row = code = 0
    pieces = head["pieces"]
    assert isinstance(pieces, list)
    for p in pieces:
        n = int(p["bars"])
        fields = arrays["bars"][bar : bar + n].astype(np.int64).T
        named = dict(zip(_BAR_FIELDS, fields, strict=True))
        parts = []
        for id_, group, role, drum, count in p["parts"]:
            parts.append(Part(id_, group, role, bool(drum), arrays["rows"][row : row + count]))
            row += count
        sheet = Sheet(style=STYLES.index(p["style"]), tempo=float(p["tempo"]), parts=tuple(parts),
                      chords=arrays["chords"][bar : bar + n].astype(np.int64), **named)  # fmt: skip
        yield Prepared(p["source"], p["path"], p["work"], p["split"], sheet, Loss(*p["loss"]),
                       arrays["codes"][code : code + int(p["codes"])], float(p["seconds"]))  # fmt: skip
        bar, code = bar + n, code + int(p["codes"])


def _read(path: Path) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ("head", "bars", "chords", "rows", "codes")}
        head = json.loads(arrays["head"].tobytes())
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise BadFile("A shard is a file that `ripieno.generators.lm.data.build` wrote", value=path, cause=str(error),
                      cure="delete it and run the build again: it makes what is missing") from None  # fmt: skip
    if head.get("format") != FORMAT:
        raise BadFile(f"A shard has format {FORMAT}", value=head.get("format"), cause="it comes from another version",
                      cure="delete the shards and build them again")  # fmt: skip
    return head, arrays
