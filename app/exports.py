"""The files of a piece: which there are, and who writes each. Heavy libraries load only when their file is wanted."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ripieno.agents.report import Report
from ripieno.app.report_text import report_markdown
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece

_PNG_PAGES = 8  # of a long score only the first pages are drawn as PNG, half a second each; the SVG pages are all there
AUDIO_KINDS = ("wav", "flac", "ogg", "opus", "mp3")


@dataclass(frozen=True)
class ExportOrder:
    """What to write. `formats` are names of `EXPORTS`; `audio` are endings such as 'wav', 'flac'."""

    formats: tuple[str, ...] = ("midi", "musicxml", "abc", "pianoroll", "score", "table", "report", "audio")
    audio: tuple[str, ...] = ("wav", "flac")
    stems: bool = False
    rate: int = 44_100
    soundfont: Path | None = None
    engine: str = "embedded"


@dataclass(frozen=True)
class ExportJob:
    """One export under way."""

    piece: Piece
    report: Report
    folder: Path
    name: str
    order: ExportOrder
    watch: Callable[[str], None] = field(default=lambda message: None)

    def path(self, ending: str) -> Path:
        """The file of this piece with an ending such as '.mid'."""
        return self.folder / f"{self.name}{ending}"


def _midi(job: ExportJob) -> None:
    from ripieno.score.formats.midi import write_midi

    job.path(".mid").write_bytes(write_midi(job.piece))


def _musicxml(job: ExportJob) -> None:
    from ripieno.score.formats.musicxml import write_musicxml

    job.path(".musicxml").write_bytes(write_musicxml(job.piece))


def _abc(job: ExportJob) -> None:
    from ripieno.score.formats.abc import write_abc

    job.path(".abc").write_text(write_abc(job.piece), encoding="utf-8")


def _pianoroll(job: ExportJob) -> None:
    from ripieno.score.formats.pianoroll import draw_piano_roll

    job.path("-pianoroll.png").write_bytes(draw_piano_roll(job.piece))


def _score(job: ExportJob) -> None:
    from ripieno.score.formats.engrave import engrave, svg_to_png

    pages = engrave(job.piece).pages_svg
    for number, page in enumerate(pages, 1):
        ending = "-score" if len(pages) == 1 else f"-score-{number:02d}"
        job.path(f"{ending}.svg").write_text(page, encoding="utf-8")
        if number <= _PNG_PAGES:
            job.path(f"{ending}.png").write_bytes(svg_to_png(page))


def _table(job: ExportJob) -> None:
    job.path("-table.json").write_text(job.report.table.model_dump_json(indent=1), encoding="utf-8")


def _report(job: ExportJob) -> None:
    job.path("-report.md").write_text(report_markdown(job.report), encoding="utf-8")
    job.path("-report.json").write_text(job.report.model_dump_json(indent=1, exclude={"table"}), encoding="utf-8")


def _audio(job: ExportJob) -> None:
    from ripieno.app.audio import write_mix

    write_mix(job)


EXPORTS: dict[str, Callable[[ExportJob], None]] = {
    "midi": _midi,
    "table": _table,
    "report": _report,
    "abc": _abc,
    "musicxml": _musicxml,
    "pianoroll": _pianoroll,
    "score": _score,
    "audio": _audio,
}


def check_order(order: ExportOrder) -> None:
    """Refuses an order that cannot be fulfilled, before anything is composed.

    Raises:
        BadRequest: a format or a kind of audio file is unknown.
    """
    for what, given, known in (("format", order.formats, tuple(EXPORTS)), ("kind of audio file", order.audio, AUDIO_KINDS)):
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise BadRequest(f"A {what} is one that Ripieno writes", value=", ".join(unknown),
                             cure="use some of: " + ", ".join(known))  # fmt: skip


def export(job: ExportJob) -> tuple[Path, ...]:
    """Writes the files ordered; gives their paths, sorted."""
    before = set(job.folder.rglob("*"))
    for name, write in EXPORTS.items():
        if name in job.order.formats:
            job.watch(name)
            write(job)
    return tuple(sorted(p for p in job.folder.rglob("*") if p.is_file() and p not in before))


def summary_json(folder: Path, files: tuple[Path, ...], report: Report, version: str, turn: str) -> str:
    """What `--json` prints: where everything is, and the report."""
    return json.dumps(
        {
            "folder": str(folder), "version": version, "turn": turn, "files": [str(f) for f in files],
            "report": report.model_dump(mode="json"),
        },
        ensure_ascii=False,
    )  # fmt: skip
