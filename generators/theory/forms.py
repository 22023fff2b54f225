"""Forms as data: `data/forms.toml`, checked. A form is a row of sections and the blocks by which it grows.

Knows nothing of a piece's length; `lengths` fits a form to it.
"""

import re
from functools import lru_cache

from pydantic import Field, ValidationError, field_validator, model_validator

from ripieno.generators.theory.style import data_table
from ripieno.score.brief import Frozen, Unit
from ripieno.score.errors import BadFile, BadRequest

KEPT = 9  # sections this dear stay while there are four bars for each
ASKED = KEPT + 1  # those that the request names: the others leave before them
_LETTERS = re.compile(r"^(?:[A-H]['′’]*[\s,-]*){1,24}$")
_NUMERAL = re.compile(r"^[b#]?(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)$")


class Row(Frozen):
    """A section of a form.

    Attributes:
        name: what the piece calls it; its words tell its kind (`data/sections.toml`).
        bars: usual length.
        dear: where there is little room the lowest leave together, then the next; 9 always stays.
        label: the material it carries; "": by its name.
        key: its key as a degree of the home key, for a major and for a minor home; lower case is minor. (): drawn.
        energy: 0..1; None: by its kind. Two figures (from, to) where a long section is divided into blocks that rise or fall.
        of: labels whose ideas its phrases take up, in turn; (): its own.
        way: how a variation varies, a table in `data/ways.toml`.
        chords: a progression in Roman numerals that it stands on, as in a style's schemes; "": invented.
        most: bars beyond which it does not grow with the form.
        block: bars of the blocks that it is divided into where it is long; 0: it stays whole.
    """

    name: str
    bars: int = Field(default=8, ge=1)
    dear: int = Field(default=KEPT, ge=1, le=KEPT)
    label: str = ""
    key: tuple[str, ...] = ()
    energy: tuple[Unit, ...] = ()
    of: tuple[str, ...] = ()
    way: str = ""
    chords: str = ""
    most: int = 0
    block: int = 0

    @field_validator("key")
    @classmethod
    def _numerals(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        if key and (len(key) != 2 or not all(_NUMERAL.match(k) for k in key)):
            raise ValueError("a key is two degrees, for a major and a minor home, such as ['V', 'III']")
        return key

    @field_validator("energy")
    @classmethod
    def _ends(cls, energy: tuple[float, ...]) -> tuple[float, ...]:
        if len(energy) > 2:
            raise ValueError("an energy is one figure, or two: from and to")
        return energy

    @field_validator("way")
    @classmethod
    def _known_way(cls, way: str) -> str:
        if way and way not in ways():
            raise ValueError("a way is a table of data/ways.toml: " + ", ".join(ways()))
        return way


class Block(Frozen):
    """Sections that come into a long piece, before the base form's section with index `at`."""

    at: int = Field(ge=0)
    sections: tuple[Row, ...]


class FormData(Frozen):
    """A form.

    Attributes:
        aliases: other names for it, in lower case.
        sections: the base form.
        cycle: the stretch (first, end) that comes again and again where there is much room; None: it does not.
        grow: blocks that come in one after the other where there is room; such a form also grows by longer sections.
        unit: bars of a chorus that all lengths are wholes of; 0: none.
    """

    aliases: tuple[str, ...] = ()
    sections: tuple[Row, ...]
    cycle: tuple[int, int] | None = None
    grow: tuple[Block, ...] = ()
    unit: int = 0

    @model_validator(mode="after")
    def _inside(self) -> "FormData":
        count = len(self.sections)
        if any(b.at > count for b in self.grow) or (self.cycle and not 0 <= self.cycle[0] < self.cycle[1] <= count):
            raise ValueError("cycle and grow name places in the sections")
        return self


class Way(Frozen):
    """How a variation varies its theme.

    Attributes:
        words: said in the trail, beside the doubling.
        tempo: factor of the piece's tempo.
        energy: added to the section's energy.
        parallel: whether it turns to the other mode.
        running: whether the tune is dissolved into even short notes.
        octave: 1 or -1: the octave that the tune is moved to, the other one where the player cannot reach that.
        beside: 'thirds', 'sixths' or 'octaves': the interval in which the tune is doubled, where the player can.
        sounding: share of a note's length that sounds, 1: as usual.
    """

    words: str = ""
    tempo: float = Field(default=1.0, ge=0.4, le=2.0)
    energy: float = Field(default=0.0, ge=-0.5, le=0.5)
    parallel: bool = False
    running: bool = False
    octave: int = Field(default=0, ge=-1, le=1)
    beside: str = ""
    sounding: float = Field(default=1.0, gt=0.1, le=1.0)


    @property
    def only_doubles(self) -> bool:
        """Whether there is nothing in it for a player of one voice."""
        return self == Way(words=self.words, energy=self.energy, beside=self.beside)

    def told(self, *, doubles: bool) -> str:
        """What it does, in words; `doubles`: whether the player can."""
        return ", ".join(x for x in (self.words, f"the tune in {self.beside}" if self.beside and doubles else "") if x)


@lru_cache(maxsize=1)
def ways() -> dict[str, Way]:
    """All ways of varying a theme, by name."""
    return {name: Way.model_validate(row) for name, row in data_table("ways").items()}


@lru_cache(maxsize=1)
def forms() -> dict[str, FormData]:
    """All forms by name.

    Raises:
        BadFile: the table breaks the schema.
    """
    found = {}
    for name, row in data_table("forms").items():
        try:
            found[name] = FormData.model_validate(row)
        except ValidationError as error:
            raise BadFile("A form follows the schema", value=f"forms.toml: {name}", cause=str(error.errors()[0]["msg"]),
                          cure="correct the row; generators/theory/forms.py says what each key may be") from None
    return found


def is_form(name: str) -> bool:
    """Whether a form of the table is called that."""
    low = " ".join(name.lower().split())
    return any(low == own or low in data.aliases for own, data in forms().items())


def form_named(name: str) -> FormData:
    """A form by its name, one of its aliases, or its letters ('AABA', 'A-B-A-C-A').

    Raises:
        BadRequest: no form is called that.
    """
    low = " ".join(name.lower().replace("–", "-").split())
    for own, data in forms().items():
        if low == own or low in data.aliases:
            return data
    letters = re.findall(r"[A-H]['′’]*", name) if _LETTERS.match(name) else []
    if not letters:
        raise BadRequest("A form is one that Ripieno knows, or letters", value=name,
                         cure="use letters such as AABA, list the sections, or name one of: " + ", ".join(forms()))
    rows = tuple(Row(name=c, label=c.rstrip("'′’")) for c in letters)
    return FormData(sections=rows, cycle=(0, len(rows)))


