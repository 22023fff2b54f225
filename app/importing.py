"""Takes a file in as music of a project: a piece from elsewhere, or one of the project's own files that was changed by hand."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ripieno.agents.state import unwatched
from ripieno.agents.understanding import Ask
from ripieno.app.manifest import Manifest
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.session import Watcher
from ripieno.score.analysis.understanding import understand
from ripieno.score.brief import Attribute, Brief, Origin, PartRequest
from ripieno.score.errors import BadFile
from ripieno.score.formats.abc_read import load_abc
from ripieno.score.formats.midi_read import load_midi
from ripieno.score.formats.musicxml_read import load_musicxml
from ripieno.score.formats.reading import Reading
from ripieno.score.matching import matched
from ripieno.score.piece import Piece
from ripieno.tools.turns import Adopt

MAX_BYTES = 50 << 20
_MIDI, _XML = (".mid", ".midi", ".rmi", ".kar", ".smf"), (".xml", ".musicxml", ".mxl")
_ABC = (".abc",)


@dataclass(frozen=True)
class Imported:
    """A piece from a file, what was found out about it and is no word of the file, and what could not be read."""

    piece: Piece
    intent: Brief
    remarks: tuple[str, ...]


def read_file(file: Path) -> Imported:
    """Reads a MIDI, MusicXML or ABC file, and finds metre, key, roles, chords and sections where it does not say them.

    Raises:
        BadFile: it is none of them, cannot be read, or exceeds the limits.
    """
    read = _sounding(file)
    known = understand(read.piece, read.unsaid)
    return Imported(known.piece, _intent(known.piece), (*read.remarks, *_told(known.found)))


def _told(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"Found: {f}." for f in found)


def _sounding(file: Path) -> Reading:
    read = _read(file)
    piece = read.piece
    if not any(len(t.notes) for t in piece.tracks):
        raise BadFile("An imported file holds notes", value=file, cause="no track of it has any", cure="check the file")
    if not piece.title.strip() or piece.title == "Untitled":
        title = file.stem.replace("_", " ").replace("-", " ").strip() or "Imported"
        read = replace(read, piece=replace(piece, title=title))
    return read


def _read(file: Path) -> Reading:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadFile(f"A file has at most {MAX_BYTES >> 20} MB", value=file, cure="split it")
        data = file.read_bytes()
    except OSError as error:
        raise BadFile("The file can be read", value=file, cause=error.strerror or str(error), cure="check the path") from error
    ending = file.suffix.lower()
    if ending in _MIDI or data[:4] in (b"MThd", b"RIFF"):
        return load_midi(data)
    if ending in _XML or data[:2] == b"PK" or data.lstrip()[:1] == b"<":
        return load_musicxml(data)
    if ending in _ABC or re.search(rb"^X:\s*\d", data[:65536], re.MULTILINE):
        return load_abc(_text(data))
    raise BadFile("A file to import is MIDI, MusicXML or ABC", value=file.name, cause=f"the ending {ending or 'is missing'}",
                  cure="export it as .mid, .musicxml, .mxl or .abc")  # fmt: skip


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _intent(piece: Piece) -> Brief:
    """What is known of the piece as a brief; everything is inferred, nothing was asked for."""

    def found(value: object) -> dict[str, object]:
        return {"value": value, "origin": Origin.INFERRED, "words": "heard in the file"}

    parts = tuple(
        PartRequest(instrument=t.instrument_id, asked=t.name, role=t.role, origin=Origin.INFERRED) for t in piece.tracks
    )
    return Brief(
        title=Attribute[str].model_validate(found(piece.title)),
        tonic=Attribute[str].model_validate(found(piece.key.tonic)),
        mode=Attribute[str].model_validate(found(piece.key.mode)),
        tempo=Attribute[float].model_validate(found(piece.timeline.tempo_at(0))),
        metre=Attribute[str].model_validate(found(str(piece.timeline.metre_at(0)))),
        bars=Attribute[int].model_validate(found(piece.bars)),
        parts=parts,
        ensemble_closed=True,
    )


def take_in(project: Project, file: Path, *, watch: Watcher = unwatched) -> tuple[Turn | Asked, tuple[str, ...]]:
    """Makes the file's music the project's next version; gives the turn and what was said in reading.

    In a project with music the tracks are matched with those that are there, so that what was not touched stays identical and
    the difference is told. A project's own file, changed by hand, is taken in against the version that it was written from.

    Raises:
        BadFile: it cannot be read.
    """
    words = f"import {file.name}"
    head = project.head
    if head is None:
        new = read_file(file)
        piece, intent, remarks = new.piece, new.intent, new.remarks
    else:
        folder = project.place.folder
        own = Manifest(folder).version_of(file) if folder and _inside(file, folder) else None
        read = _sounding(file)
        base = project.piece(project.version(own)) if own else project.piece()
        known = understand(matched(base, read.piece), frozenset())
        piece, remarks = known.piece, (*read.remarks, *_told(known.found))
        words = f"{file.name}, changed by hand" if own else words
        intent = head.table.intent
    project.keep_aside(piece)
    turn = project.do(Ask(instruction=Adopt(piece=piece.hash, intent=intent)), text=words, watch=watch)
    folder = project.place.folder
    if folder and isinstance(turn, Turn) and _inside(file, folder):
        Manifest(folder).record([file], turn.version.id)  # it is this version now; the next export may replace it
    return turn, remarks


def _inside(file: Path, folder: Path) -> bool:
    return folder.resolve() in file.resolve().parents
