"""The engraved score: pages as SVG by verovio, from the same notation as the other formats, and SVG as PNG by resvg."""

import re
from dataclasses import dataclass
from pathlib import Path

from ripieno.score.errors import BadRequest
from ripieno.score.formats.musicxml import write_musicxml
from ripieno.score.piece import Piece

_PAGE = (2100, 2970)  # A4 in tenths of a millimetre
_SEED = 7  # of the ids inside the SVG, so that the same piece gives the same bytes
# signs that verovio sets in its own music font, as characters that text fonts have
_SIGNS = {"\uE260": "♭", "\uE261": "♮", "\uE262": "♯", "\uECA5": "♩", "\uECB7": ".", "\uE870": "°", "\uE871": "ø",
          "\uE872": "+", "\uE873": "Δ", "\uEA64": "♭", "\uEA65": "♮", "\uEA66": "♯"}  # fmt: skip
_MUSIC_SPAN = re.compile(r'<tspan font-family="Leipzig" font-size="(\d+)px">([^<]*)</tspan>')
# verovio spells out degrees that the symbol's own text already says, although they are marked as not printed
_DEGREES = re.compile(r"<degree .*?</degree>", re.DOTALL)
_KIND = re.compile(r'<kind text="[^"]*"')
# a label inside a text would be counted as text by other readers of SVG, and move what follows
_LABEL = re.compile(r'\s*<title class="labelAttr">[^<]*</title>')
_DOTTED = re.compile(r"♩\s+\.")  # verovio sets the dot far from its note
_KEY_CHANGE = re.compile(r"<scoreDef[^>]*>\s*(<keySig[^>]*/>)\s*(<meterSig[^>]*/>)?\s*</scoreDef>")
_TEXT_SIZE = 0.5625  # of a letter beside a sign of verovio's music font: 405 to 720
_FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta", "DejaVuSans", "DejaVuSans-Bold")


@dataclass(frozen=True)
class Engraving:
    """The pages of a score, each a whole SVG document without outside references."""

    pages_svg: tuple[str, ...]


def engrave(piece: Piece) -> Engraving:
    """The score of a piece, A4 pages (the last one cut to its music); the same piece gives the same bytes."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    staves = sum(2 if t.instrument.clef == "grand" else 1 for t in piece.tracks)
    toolkit.setOptions({
        "pageWidth": _PAGE[0], "pageHeight": _PAGE[1], "adjustPageHeight": True,
        "pageMarginTop": 100, "pageMarginBottom": 100, "pageMarginLeft": 120, "pageMarginRight": 100,
        "unit": 8.0 if staves <= 6 else 6.5 if staves <= 12 else 5.0, "spacingSystem": 8, "spacingStaff": 9,
        "header": "auto", "footer": "none", "breaks": "auto", "svgViewBox": True, "smuflTextFont": "none",
        "xmlIdSeed": _SEED, "justifyVertically": False, "mnumInterval": 0, "systemDivider": "none",
    })  # fmt: skip
    music = _KIND.sub(_signed, _DEGREES.sub("", write_musicxml(piece).decode()))
    if not toolkit.loadData(music):
        raise BadRequest("A piece can be engraved once it has bars", value=piece.title, cure="add music to it")
    if len(piece.keys) > 1 and any(t.is_drum for t in piece.tracks):
        toolkit.loadData(_keys_off_drums(toolkit.getMEI()))
    pages = range(1, toolkit.getPageCount() + 1)
    return Engraving(tuple(_plain_text(toolkit.renderToSVG(page)) for page in pages))


def _keys_off_drums(mei: str) -> str:
    """Changes of key for the pitched staves alone: verovio writes them for all staves, percussion included."""
    staves = re.findall(r'<staffDef [^>]*\bn="(\d+)"(.*?)</staffDef>', mei[: mei.index("</scoreDef>")], re.DOTALL)
    pitched = [n for n, inside in staves if 'shape="perc"' not in inside]

    def replace(match: re.Match[str]) -> str:
        defined = "".join(f'<staffDef n="{n}" lines="5">{match[1]}</staffDef>' for n in pitched)
        return f"<scoreDef>{match[2] or ''}<staffGrp>{defined}</staffGrp></scoreDef>"

    return _KEY_CHANGE.sub(replace, mei)


def _signed(kind: re.Match[str]) -> str:
    """The alterations in the text of a chord symbol with real signs: 7b9 as 7♭9."""
    return re.sub(r"#(?=\d)", "♯", re.sub(r"b(?=\d)", "♭", kind[0]))


def _plain_text(svg: str) -> str:
    """Signs within texts as ordinary characters, so that no music font is needed to read them."""

    def replace(match: re.Match[str]) -> str:
        size = round(int(match[1]) * _TEXT_SIZE)
        text = _DOTTED.sub("♩.", "".join(_SIGNS.get(c, c) for c in match[2]))
        return f'<tspan font-size="{size}px">{text}</tspan>'

    bare = _LABEL.sub("", _MUSIC_SPAN.sub(replace, svg))
    return bare.translate({ord(sign): text for sign, text in _SIGNS.items()})


def svg_to_png(svg: str, width: int = 1600) -> bytes:
    """An SVG page as PNG on white, `width` pixels wide; texts in the fonts that matplotlib carries."""
    import matplotlib
    import resvg_py

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, width=width, background="#ffffff", skip_system_fonts=True,
            font_files=[str(fonts / f"{name}.ttf") for name in _FONTS],
            font_family="STIXGeneral", serif_family="STIXGeneral", sans_serif_family="DejaVu Sans",
        )
    )  # fmt: skip
