"""Builds the toolbox of a session, and tells what its generators can do. The agents reach generators only through here."""

from pathlib import Path

from ripieno.generators.lm.decoder import load_decoder, shipped
from ripieno.generators.lm.generator import MusicModel
from ripieno.generators.theory.engine import TheoryEngine, style_profiles
from ripieno.generators.theory.style import builtin_styles, load_styles
from ripieno.score.errors import BadFile
from ripieno.score.styles import StyleProfile
from ripieno.tools.base import Toolbox


def build_toolbox(folder: Path | None = None, model: str = "") -> Toolbox:
    """The embedded generators, ready to use.

    Args:
        folder: style files of the user's own, which win over ours.
        model: with 'on' the music model writes every other candidate; a folder holds weights to take in place of ours.

    Raises:
        BadFile: the folder is none, a file in it breaks the schema, or the weights cannot be used.
    """
    engine = TheoryEngine() if folder is None else TheoryEngine({**builtin_styles(), **load_styles(_checked(folder))})
    if not model:
        return Toolbox({engine.name: engine})
    decoder = shipped() if model == "on" else load_decoder(Path(model).expanduser())
    return Toolbox({engine.name: engine, MusicModel.name: MusicModel(engine, decoder, relief=True)})


def profiles(folder: Path | None = None) -> dict[str, StyleProfile]:
    """Every style that can be composed, by id; `folder` as in `build_toolbox`.

    Raises:
        BadFile: the folder is none, or a file in it breaks the schema.
    """
    known = {p.id: p for p in style_profiles()}
    if folder is not None:
        known |= {id_: style.profile for id_, style in load_styles(_checked(folder)).items()}
    return known


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        raise BadFile("The folder of your own styles is there", value=folder, cause="RIPIENO_STYLES names it",
                      cure="make the folder, or clear RIPIENO_STYLES")  # fmt: skip
    return folder
