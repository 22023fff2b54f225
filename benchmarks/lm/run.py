"""Measures the music model on music that it has not learnt: `python benchmarks/lm/run.py SHARDS [--model FOLDER]`.

SHARDS is what `ripieno.generators.lm.data.build` wrote. Results go to `results.json` beside this file, what they mean to
README.md. `--share 0.1` takes a tenth of the material.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from compare import compare, faults
from excerpts import excerpts
from measures import infilling, interval, losses, obedience, train_index

from ripieno.generators.base import GenerationRequest
from ripieno.generators.lm.decoder import Decoder, load_decoder, shipped
from ripieno.generators.lm.generator import MusicModel
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.score.analysis.copies import SURE, longest_copy
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.skyline import skyline
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece

RESULTS = Path(__file__).parent / "results.json"


def copying(model: Decoder, shards: Path, count: int) -> dict[str, object]:
    """How long a run of notes of a written lead lies in the training music, in any key; the true test leads beside it."""
    index, engine = train_index(shards), TheoryEngine()
    generator = MusicModel(engine, model)
    rows: dict[str, list[float]] = {"model": [], "true": [], "theory": []}
    for n, (_, piece) in enumerate(excerpts(shards, count, seed=9)):
        lead = next((t for t in piece.tracks if str(t.role) == "lead"), None)
        if lead is None:
            continue
        request = GenerationRequest(Brief(), n, piece, (lead.id,), (0, piece.bars))
        made = {"model": generator.generate(request).piece, "true": piece, "theory": engine.generate(request).piece}
        for name, whole in made.items():
            rows[name].append(float(longest_copy(skyline(_line(whole, lead.id)), index)[0]))
    return {"pieces": len(rows["true"]), "tunes in the index": index.tunes, "surely found from": SURE + 1, **{
        name: {"mean": interval(v), "longest": max(v), "over 15 notes": sum(x > 15 for x in v)} for name, v in rows.items()}}


def _line(piece: Piece, id_: str):  # type: ignore[no-untyped-def]
    return next(line for line in Reading(piece).lines if line.track.id == id_)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", type=Path)
    parser.add_argument("--model", type=Path, help="a folder with config.json and model.safetensors; default: the shipped one")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the material to take; below 1 nothing is written")
    parser.add_argument("--write", action="store_true", help="write results of a share, too")
    parser.add_argument("--only", nargs="*", default=(), choices=("loss", "controls", "infill", "copying", "compare", "faults"))
    args = parser.parse_args()
    model = load_decoder(args.model) if args.model else shipped()

    def of(count: int) -> int:
        return max(1, round(count * args.share))

    jobs = {
        "loss": lambda: losses(model, args.shards, of(300), of(8000)),
        "controls": lambda: obedience(model, args.shards, of(80)),
        "infill": lambda: infilling(model, args.shards, of(80)),
        "copying": lambda: copying(model, args.shards, of(60)),
        "compare": lambda: compare(model, args.shards, of(60)),
        "faults": lambda: faults(model, 1),
    }
    for name, job in jobs.items():
        if args.only and name not in args.only:
            continue
        began = time.process_time()
        row = job()
        row["cpu seconds"] = round(time.process_time() - began)
        print(name, json.dumps(row, indent=1, default=float), flush=True)
        if args.share >= 1 or args.write:
            results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
            results[name] = row
            RESULTS.write_text(json.dumps(results, indent=1, default=lambda v: v.item() if isinstance(v, np.generic) else v)
                               + "\n", encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
