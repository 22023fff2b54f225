"""Which piece is learnt from, which is kept for validation and test: by tune, so that no tune is on two sides.

Two pieces share a tune where their winnowed codes of short runs (`score.analysis.copies`, in any key and tempo) overlap:
from `SAME` of the smaller piece's codes on, the smaller is a duplicate and left out; from `KIN` on, both go to one split, as
do pieces of one work. Codes that many pieces share are commonplaces and do not count.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ripieno.generators.lm.data.prepare import Prepared
from ripieno.generators.lm.data.shards import read_shard
from ripieno.score.analysis.copies import Short

SPLITS = ("train", "validation", "test")
SAME, KIN = 0.6, 0.2
FEWEST = 6  # codes that a piece must have to be compared
COMMON = 40  # pieces from which on a code is a commonplace
HELD_OUT = 0.05  # share of validation and of test


@dataclass(frozen=True)
class Entry:
    """What of a piece decides its split; `key` names it."""

    key: str
    work: str
    split: str
    codes: Short


def key_of(piece: Prepared) -> str:
    """The name of a piece in the table of splits."""
    return f"{piece.source}/{piece.path}"


def assign(entries: Iterable[Entry]) -> dict[str, str]:
    """The split of each piece by key: 'train', 'validation', 'test', or 'duplicate of KEY'."""
    ordered = sorted(entries, key=lambda e: e.key)
    where: dict[int, list[int]] = defaultdict(list)
    for i, entry in enumerate(ordered):
        for code in entry.codes.tolist():
            where[code].append(i)
    shared: Counter[tuple[int, int]] = Counter()
    for places in where.values():
        if 1 < len(places) <= COMMON:
            shared.update((a, b) for n, a in enumerate(places) for b in places[n + 1 :])
    leader = list(range(len(ordered)))

    def head(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    doubled: dict[int, int] = {}
    for (a, b), count in sorted(shared.items()):
        sizes = len(ordered[a].codes), len(ordered[b].codes)
        if min(sizes) < FEWEST or count < KIN * min(sizes):
            continue
        leader[head(b)] = head(a)
        if count >= SAME * min(sizes):
            small, large = (a, b) if sizes[0] < sizes[1] else (b, a)
            doubled.setdefault(small, large)
    first_of: dict[str, int] = {}
    for i, entry in enumerate(ordered):
        leader[head(i)] = head(first_of.setdefault(entry.work, i))
    members: dict[int, list[int]] = defaultdict(list)
    for i in range(len(ordered)):
        members[head(i)].append(i)
    out: dict[str, str] = {}
    for group in members.values():
        own = {ordered[i].split for i in group} & set(SPLITS)
        # A group that the collections' own tables put on several sides is learnt from: nothing of it is then held out.
        split = own.pop() if len(own) == 1 else "train" if own else _drawn(ordered[group[0]].work)
        for i in group:
            out[ordered[i].key] = f"duplicate of {ordered[doubled[i]].key}" if i in doubled else split
    return out


def _drawn(work: str) -> str:
    """A split by the hash of a name: it does not change when other pieces come."""
    share = int.from_bytes(hashlib.sha256(work.encode()).digest()[:4], "big") / 2**32
    return "test" if share < HELD_OUT else "validation" if share < 2 * HELD_OUT else "train"


def write_splits(out: Path) -> None:
    """Reads all shards in a directory and writes `splits.json` there."""
    entries = [Entry(key_of(p), p.work, p.split, np.unique(p.codes)) for p in all_pieces(out)]
    text = json.dumps(assign(entries), ensure_ascii=False, indent=0, sort_keys=True)
    (out / "splits.json").write_text(text + "\n", encoding="utf-8")


def all_pieces(out: Path) -> Iterator[Prepared]:
    """Every piece in a directory's shards."""
    for path in sorted((out / "shards").glob("*.npz")):
        yield from read_shard(path)


def pieces_of(out: Path, split: str) -> Iterator[Prepared]:
    """The pieces of one split, duplicates left out."""
    table = json.loads((out / "splits.json").read_text(encoding="utf-8"))
    return (p for p in all_pieces(out) if table.get(key_of(p)) == split)
