"""Other people's music: what a round trip loses, whether ABC is read right, and how well what files do not say is found.

    python -P benchmarks/importing/run.py --data DIR [--files 120] [--only exact,abc,key,metre,chords,roles]

- exact: MIDI read and written again, both files read by mido and compared as heard (`tests/score/heard.py`).
- abc: the notes of the Open Hymnal's ABC files against the MIDI files that another program made of them.
- key: signature and mode taken away; the truth is in the titles of Mutopia's pieces ("in A minor"; of suites only the first
  movement is sure to be meant, which counts against us) and, for signatures alone, in the files of three collections.
- metre: time signatures taken away from scores that have one; every other file was used to fit the finder's weights, the
  others are measured.
- chords: roots at each quarter note of songs against an independent analysis (AugmentedNet's, itself automatic).
- roles: game and film music whose track names say who leads or plays the bass, names taken away.

Writes `result.json`; the tables in `README.md` are made from it by hand.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from ripieno.generators.lm.data.sources import TRAINING, unpack  # noqa: E402
from ripieno.score.analysis.chord_finding import find_chords  # noqa: E402
from ripieno.score.analysis.key_finding import find_key  # noqa: E402
from ripieno.score.analysis.metre_finding import find_metre  # noqa: E402
from ripieno.score.analysis.reading import Reading  # noqa: E402
from ripieno.score.analysis.roles import assign_roles  # noqa: E402
from ripieno.score.analysis.understanding import understand  # noqa: E402
from ripieno.score.chords import parse_roman  # noqa: E402
from ripieno.score.errors import RipienoError  # noqa: E402
from ripieno.score.formats.abc import load_abc  # noqa: E402
from ripieno.score.formats.midi import load_midi, write_midi  # noqa: E402
from ripieno.score.formats.musicxml_read import load_musicxml  # noqa: E402
from ripieno.score.instruments import Role  # noqa: E402
from ripieno.score.keys import Key  # noqa: E402
from ripieno.score.piece import KeyChange, Piece  # noqa: E402
from ripieno.score.pitch import name_at_fifths  # noqa: E402
from ripieno.score.time import Metre, MetreChange  # noqa: E402
from tests.score.heard import KINDS, heard, lost  # noqa: E402

COMPOUND = re.compile(r"(6|9|12)/(8|16)")


class Corpus:
    """The collections, unpacked once."""

    def __init__(self, data: Path, cache: Path, files: int) -> None:
        self.data, self.cache, self.files = data, cache, files

    def folder(self, name: str) -> Path:
        """The unpacked folder of a collection."""
        return unpack(self.data, self.cache, TRAINING[name])

    def paths(self, name: str, pattern: str, limit: int | None = None) -> list[Path]:
        """Some of its files, evenly spread."""
        found = sorted(self.folder(name).glob(pattern))
        return found[:: max(1, len(found) // (limit or self.files))]

    def index(self, name: str) -> Iterator[tuple[dict[str, Any], Path]]:
        """Rows of its index with the MIDI files."""
        root = self.folder(name)
        for line in (root / "index.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if (root / row["mid"]).exists():
                yield row, root / row["mid"]


def exact(corpus: Corpus) -> dict[str, Any]:
    """File against file, by kind of event."""
    out: dict[str, Any] = {}
    for name in ("game", "fantasy", "film", "mutopia", "grooves"):
        paths = corpus.paths(name, "**/*.mid")
        rows = {kind: Counter[str]() for kind in KINDS}
        files: Counter[str] = Counter()
        for path in paths:
            data = path.read_bytes()
            try:
                before = heard(data)
            except (OSError, ValueError, EOFError, IndexError, KeyError, mido.KeySignatureError):
                files["unreadable to mido"] += 1
                continue
            try:
                after = heard(write_midi(load_midi(data).piece))
            except RipienoError:
                files["refused"] += 1
                continue
            changed = lost(before, after)
            files["read"] += 1
            files["identical"] += not changed
            for kind in KINDS:
                rows[kind]["files with it"] += bool(before[kind])
                rows[kind]["events"] += before[kind].total()
                if kind in changed:
                    rows[kind]["files that differ"] += 1
                    rows[kind]["missing"] += changed[kind][1]
                    rows[kind]["new"] += changed[kind][2]
        out[name] = {"files": dict(files), "kinds": {k: dict(v) for k, v in rows.items()}}
    return out


def abc(corpus: Corpus) -> dict[str, Any]:
    """Hymns: notes of the ABC against another program's MIDI."""
    counts: Counter[str] = Counter()
    root = corpus.folder("hymns")
    for path in sorted((root / "midi").rglob("*.mid")):
        source = root / "abc" / path.relative_to(root / "midi").with_suffix(".abc")
        if not source.exists():
            continue
        ours = _notes(load_abc(source.read_bytes().decode("utf-8", "replace")).piece)
        theirs = _notes(load_midi(path.read_bytes()).piece)
        counts.update({"files": 1, "identical": ours == theirs, "notes": theirs.total(), "same": (ours & theirs).total()})
    return dict(counts)


def _notes(piece: Piece) -> Counter[tuple[int, int]]:
    return Counter(
        (round(int(n["start"]) * 24 / piece.timeline.ppq), int(n["pitch"])) for t in piece.tracks for n in t.notes
    )


def key(corpus: Corpus) -> dict[str, Any]:
    """The key of unsigned files, and the mode of files whose signature is known."""
    out: dict[str, Counter[str]] = {"unsigned": Counter(), "signature known": Counter(), "signature": Counter()}
    for row, path in corpus.index("mutopia"):
        said = re.search(r"\bin ([A-G])[ -]?(flat|sharp)?[ -]?(major|minor)\b", str(row.get("title")), re.IGNORECASE)
        piece = _read(path)
        if not said or piece is None:
            continue
        true = Key(said[1].upper() + {"flat": "b", "sharp": "#"}.get((said[2] or "").lower(), ""), said[3].lower())
        bare = replace(piece, keys=(KeyChange(0, Key("C")),), chords=())
        out["unsigned"][_relation(understand(bare, frozenset({"key"})).piece.key, true)] += 1
        signed = replace(bare, keys=(KeyChange(0, Key(name_at_fifths(true.signature))),))
        out["signature known"][_relation(understand(signed, frozenset({"mode"})).piece.key, true)] += 1
    for name in ("chopin", "polish", "lieder", "lead sheets"):
        rows = [(r, p) for r, p in corpus.index(name) if len(r.get("key") or ()) == 1]
        for row, path in rows[:: max(1, len(rows) // corpus.files)]:
            piece = _read(path)
            if piece is not None:
                found = find_key(Reading(piece)).signature
                apart = (found - row["key"][0][1] + 6) % 12 - 6
                out["signature"]["right" if apart == 0 else "a fifth off" if abs(apart) == 1 else "wrong"] += 1
    return {k: dict(v) for k, v in out.items()}


def _read(path: Path) -> Piece | None:
    try:
        return load_midi(path.read_bytes()).piece
    except RipienoError:
        return None


def _relation(found: Key, true: Key) -> str:
    same = found.is_minor == true.is_minor
    if found.tonic_pc == true.tonic_pc:
        return "right" if same else "parallel"
    if found.signature % 12 == true.signature % 12:
        return "relative"
    return "a fifth off" if same and (found.tonic_pc - true.tonic_pc) % 12 in (5, 7) else "wrong"


def metre(corpus: Corpus) -> dict[str, Any]:
    """The metre without a signature, on files that did not help to fit it."""
    out: dict[str, Counter[str]] = {}
    for name in ("lieder", "polish", "lead sheets", "chopin"):
        rows = [(r, p) for r, p in corpus.index(name) if len({(n, d) for _, n, d in r["ts"]}) == 1][1::2]
        counts = out[name] = Counter()
        for row, path in rows[:: max(1, len(rows) // corpus.files)]:
            piece = _read(path)
            if piece is None:
                continue
            _, n, d = row["ts"][0]
            bare = replace(piece, timeline=replace(piece.timeline, metres=(MetreChange(0, Metre()),)))
            found, _ = find_metre(bare)
            ratio = (n / d) / (found.numerator / found.denominator)
            alike = bool(COMPOUND.fullmatch(f"{n}/{d}")) == found.compound and (n == 3) == (found.numerator == 3)
            if (n, d) == (found.numerator, found.denominator):
                counts["right"] += 1
            else:
                counts["half, double or other unit" if alike and ratio in (0.5, 1, 2) else "wrong"] += 1
            counts["would be right as 4/4"] += (n, d) == (4, 4)
    return {k: dict(v) for k, v in out.items()}


def chords(corpus: Corpus) -> dict[str, Any]:
    """Agreement of roots with another analyser, quarter by quarter."""
    counts: Counter[str] = Counter()
    for path in corpus.paths("lieder", "scores/**/analysis_automatic.rntxt", max(20, corpus.files // 2)):
        score = next(path.parent.glob("*.musicxml"), None)
        if score is None:
            continue
        try:
            reading = load_musicxml(score.read_bytes())
        except RipienoError:
            continue
        piece = reading.piece
        if reading.remarks or any(m.metre.denominator != 4 for m in piece.timeline.metres):
            continue
        theirs = _roman(path.read_text(encoding="utf-8"), piece)
        spans = find_chords(Reading(piece), piece.key)
        ours = {t: s.chord.root_pc for s in spans for t in range(-(-s.start // 480) * 480, s.end, 480)}
        both = [(theirs[t], ours[t]) for t in theirs if t in ours]
        counts.update({"songs": 1, "quarters": len(both), "same root": sum(a == b for a, b in both)})
    return dict(counts)


def _roman(text: str, piece: Piece) -> dict[int, int]:
    """Root pitch class at each quarter note of a Roman-numeral analysis."""
    marks: dict[int, int] = {}
    tonic = Key("C")
    first = 0 if re.search(r"^m0\s", text, re.MULTILINE) else 1  # an upbeat is bar 0 there
    for line in text.splitlines():
        bar = re.match(r"m(\d+)\s+(.*)$", line)
        if not bar or int(bar[1]) - first >= piece.bars:
            continue
        beat = 1.0
        for word in bar[2].split():
            place = re.fullmatch(r"b(\d+(?:\.\d+)?)", word)
            named = re.fullmatch(r"([A-Ga-g])([#b-]?):", word)
            if place:
                beat = float(place[1])
            elif named:
                minor = named[1].islower()
                tonic = Key(named[1].upper() + named[2].replace("-", "b"), "minor" if minor else "major")
            else:
                try:
                    root = parse_roman(word, tonic).root_pc
                except (RipienoError, ValueError, KeyError, IndexError):
                    continue
                marks[piece.timeline.bar_start(int(bar[1]) - first) + round((beat - 1) * 480)] = root
    out: dict[int, int] = {}
    ticks = sorted(marks)
    for a, b in zip(ticks, [*ticks, piece.ticks][1:], strict=True):
        out.update(dict.fromkeys(range(-(-a // 480) * 480, b, 480), marks[a]))
    return out


def roles(corpus: Corpus) -> dict[str, Any]:
    """Who leads and who is the bass, where names say it, without the names."""
    counts: Counter[str] = Counter()
    seen: set[tuple[int, ...]] = set()
    for path in [*corpus.paths("game", "**/*.mid", 999), *corpus.paths("film", "**/*.mid", 999)]:
        piece = _read(path)
        if piece is None or (mark := tuple(sorted(len(t.notes) for t in piece.tracks))) in seen:
            continue
        seen.add(mark)
        sounding = [t for t in piece.tracks if len(t.notes) > 8 and not t.is_drum]
        found = {t.id: t.role for t in assign_roles(tuple(replace(t, name="") for t in piece.tracks), piece.timeline.ppq)}
        basses = [t for t in sounding if re.search(r"\bbass", t.name.lower())]
        leads = {t.id for t in sounding if re.search(r"\b(lead|melody|solo|vocal)", t.name.lower())}
        counts.update({"basses named": len(basses), "basses found": sum(found[t.id] is Role.BASS for t in basses)})
        if leads and len(leads) < len(sounding) - len(basses):
            chosen = [id_ for id_, role in found.items() if role is Role.LEAD]
            counts.update({"pieces with named leads": 1, "leads found": bool(chosen) and chosen[0] in leads})
    return dict(counts)


PARTS: dict[str, Callable[[Corpus], dict[str, Any]]] = {
    "exact": exact, "abc": abc, "key": key, "metre": metre, "chords": chords, "roles": roles,
}  # fmt: skip


def main() -> None:
    """Measures and writes; see above."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/ripieno-corpus"))
    parser.add_argument("--files", type=int, default=120, help="about how many files of a collection")
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args()
    file = HERE / "result.json"
    result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for name in options.only.split(","):
        result[name] = PARTS[name](Corpus(options.data, options.cache, options.files))
        print(name, json.dumps(result[name], indent=1), flush=True)
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
