"""Gets at the score inside a MusicXML file, plain or compressed, under limits; a damaged one as far as it goes.

Entities are refused, so nothing outside the file is ever opened and nothing can grow without end.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as ET

from ripieno.score.errors import BadFile, shorten
from ripieno.score.formats.limits import Limits


def open_score(data: bytes, limits: Limits, remarks: list[str]) -> ET.Element:
    """The root of the score. Where the text breaks off or is damaged, the bars before that place.

    Raises:
        BadFile: it is no MusicXML, holds nothing that can be read, or exceeds the limits.
    """
    limits.check("size", len(data))
    if data[:2] == b"PK":
        data = _unzip(data, limits)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    text = text.lstrip().replace("\0", "")
    if "<!ENTITY" in text:
        raise unreadable("it declares entities")
    limits.check("events", text.count("<") // 2)
    text = re.sub(r"^<\?xml[^>]*\?>", "", text)  # it may name an encoding that is no longer true
    return _parsed(text, remarks)


def unreadable(why: str) -> BadFile:
    """The error for a file that is none."""
    return BadFile("A score is a MusicXML file, plain or compressed", value=why, cause="the file is damaged or of another kind",
                   cure="export it again as MusicXML from a notation program")  # fmt: skip


def _parsed(text: str, remarks: list[str]) -> ET.Element:
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    part: ET.Element | None = None
    unfinished: ET.Element | None = None
    broken = ""
    try:
        parser.feed(text)
        parser.close()
    except ET.ParseError as error:
        broken = str(error)
    try:
        for event, element in cast("Iterator[tuple[str, ET.Element]]", parser.read_events()):
            if event == "start":
                root = element if root is None else root
                part = element if element.tag == "part" else part
                unfinished = element if element.tag == "measure" else unfinished
            elif element.tag == "measure":
                unfinished = None
    except ET.ParseError as error:
        broken = str(error)
    if root is None or root.tag not in ("score-partwise", "score-timewise"):
        raise unreadable(broken or shorten(text, 40) or "empty")
    if broken:
        if unfinished is not None and part is not None and unfinished in list(part):
            part.remove(unfinished)
        remarks.append(f"the file is damaged ({broken}); what stands before that place is read")
    return root if root.tag == "score-partwise" else _by_parts(root)


def _by_parts(root: ET.Element) -> ET.Element:
    """A score that is written bar by bar, turned into one that is written part by part."""
    parts: dict[str, ET.Element] = {}
    for number, measure in enumerate(root.findall("measure")):
        for row in measure.findall("part"):
            part = parts.setdefault(row.get("id", ""), ET.Element("part", {"id": row.get("id", "")}))
            part.extend(ET.Element("measure") for _ in range(number - len(part)))
            bar = ET.SubElement(part, "measure", dict(measure.attrib))
            bar.extend(list(row))
        root.remove(measure)
    root.extend(parts.values())
    return root


def _unzip(data: bytes, limits: Limits) -> bytes:
    """The score inside a compressed file: the one that the container names, else the first."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and not n.startswith("META-INF")]
            wanted = names[0] if names else ""
            if "META-INF/container.xml" in archive.namelist():
                # searched and not parsed: containers with broken attributes are common, their scores are sound
                container = _member(archive, "META-INF/container.xml", limits).decode(errors="replace")
                paths = re.findall(r'full-path\s*=\s*"([^"]*)"', container)
                wanted = next((p for p in paths if p in archive.namelist()), wanted)
            if not wanted:
                raise unreadable("an archive without a score")
            return _member(archive, wanted, limits)
    # zipfile raises RuntimeError for a password and NotImplementedError for a packing that it does not know; all is told
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise unreadable(str(error)) from error


def _member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """A file of the archive, never more of it than the limit, whatever its header says."""
    with archive.open(name) as file:
        content = file.read(limits.size + 1)
    limits.check("size", len(content))
    return content
