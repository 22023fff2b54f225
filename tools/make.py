"""Instructions that invent: what each means. `makers.TOOLS` says what carries each out.

The piece's own brief (style, mood) is taken where an instruction gives none; a piece without one, such as an imported file,
is read for what it is. Every instruction works inside its scope alone, whatever it says below.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ripieno.score.brief import Brief, PartRequest, Unit
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools.base import FRAME, MAX_TRACKS, MUSIC, NOTHING, Instruction, Kept
from ripieno.tools.scope import Scope, section_words
from ripieno.tools.splice import Stretch, kept_by

Bars = Annotated[int, Field(ge=1, le=512)]
Interval = Literal["thirds", "sixths", "octaves", "chorale"]


class Compose(Instruction):
    """Composes a new piece from a complete brief: form, harmony, and every part."""

    kind: Literal["compose"] = "compose"
    brief: Brief
    anew: ClassVar[bool] = True


class AddTrack(Instruction):
    """Adds one part that fits the piece as it stands: its chords, form and the parts already there.

    `part` says the instrument, what it does and whom it answers or doubles; the part plays in the bars in scope only.
    """

    kind: Literal["add_track"] = "add_track"
    part: PartRequest
    brief: Brief | None = None
    music: ClassVar[frozenset[str]] = NOTHING
    new_tracks: ClassVar[int] = 1

    def place(self, piece: Piece) -> Scope:
        """See `Instruction.place`: when the part plays, in the time of the scope, else in the sections that the part names."""
        scope, part = self.scope, self.part
        if scope.timeless and part.section:
            return Scope(sections=tuple(w.strip() for w in part.section.split(",")))
        if scope.timeless and part.enters:
            first = Scope(sections=(part.enters.split(",")[0].strip(),)).spans(piece)[0][0]
            return Scope(bars=(first, piece.bars))
        return scope.time


class Regenerate(Instruction):
    """Writes the tracks in scope anew in the bars in scope, over the same chords and form; `attempt` varies the outcome.

    With `keep_rhythm` every onset and length stays and only the pitches are new (percussion: only the accents).
    """

    kind: Literal["regenerate"] = "regenerate"
    music: ClassVar[frozenset[str]] = MUSIC
    brief: Brief | None = None
    attempt: int = 0
    keep_rhythm: bool = False


class Infill(Instruction):
    """Fills the empty bars of the tracks in scope with music that leads from what is before to what comes after.

    Where a track has no empty bar in scope and the scope names bars, those are written anew.
    """

    kind: Literal["infill"] = "infill"
    music: ClassVar[frozenset[str]] = MUSIC
    brief: Brief | None = None


class Vary(Instruction):
    """Varies the tracks in scope: 0 leaves them as they are, 1 leaves hardly a bar recognisable.

    Below 0.5 the tune keeps its skeleton and its contour and gains passing notes, turns and other rhythms; from 0.5 on more
    and more of its bars are written anew. Accompaniment and drums change bar by bar.
    """

    kind: Literal["vary"] = "vary"
    music: ClassVar[frozenset[str]] = MUSIC
    strength: Unit = 0.4


class Extend(Instruction):
    """Goes on from the end for `bars` bars: form, chords and every part continue; what was there stays."""

    kind: Literal["extend"] = "extend"
    bars: Bars = 8
    frame: ClassVar[frozenset[str]] = FRAME
    moves_bars: ClassVar[bool] = True
    fills_bars: ClassVar[bool] = True

    def kept(self, piece: Piece) -> tuple[Kept, ...]:
        """See `Instruction.kept`."""
        return (Kept(0, piece.bars, 0),)

    def bars_after(self, piece: Piece) -> int:
        """See `Instruction.bars_after`."""
        return piece.bars + self.bars


class AddSection(Instruction):
    """Adds a section of a kind (intro, verse, chorus, bridge, solo, breakdown, outro...) of `bars` bars with its own chords.

    `at` is 'start', 'end', 'before NAME' or 'after NAME' of a section that the piece has ('after Chorus 2'). All tracks play
    in it as the style does in such a section. The bars that were there move and stay as they are. `key` ('Eb', 'F# minor')
    and `energy` (0 calm to 1 loud) default to what is usual for the kind.
    """

    kind: Literal["add_section"] = "add_section"
    section: str = Field(min_length=1, max_length=40)
    bars: Bars | None = None
    at: str = Field(default="end", pattern=r"^(start|end|(before|after) .+)$")
    key: str | None = None
    energy: Unit | None = None
    frame: ClassVar[frozenset[str]] = FRAME
    moves_bars: ClassVar[bool] = True
    fills_bars: ClassVar[bool] = True

    def line(self, piece: Piece) -> int:
        """The bar of `piece` in front of which the section comes.

        Raises:
            Retryable: the piece has no section of that name.
        """
        if self.at in ("start", "end"):
            return 0 if self.at == "start" else piece.bars
        where, _, name = self.at.partition(" ")
        found = [s for s in piece.sections if name.lower().strip() in section_words(s)]
        word, _, number = name.rpartition(" ")
        if not found and number.isdigit():  # 'Chorus 2' where both are called Chorus
            found = [s for s in piece.sections if word.lower().strip() in section_words(s)][int(number) - 1 :][:1]
        if not found:
            have = ", ".join(dict.fromkeys(s.name for s in piece.sections)) or "not divided into sections"
            raise Retryable(
                "A section is one that the piece has", value=name, cause=f"the form of this piece is {have}", cure="name one"
            )
        return found[0].first_bar if where == "before" else found[-1].end_bar

    def kept(self, piece: Piece) -> tuple[Kept, ...]:
        """See `Instruction.kept`."""
        at, bars = self.line(piece), self.length(piece)
        return kept_by((Stretch(0, at), Stretch(None, bars), Stretch(at, piece.bars)))

    def bars_after(self, piece: Piece) -> int:
        """See `Instruction.bars_after`."""
        return piece.bars + self.length(piece)

    def length(self, piece: Piece) -> int:
        """How many bars it has: as stated, else four for introductions and codas and eight for others."""
        if self.bars is not None:
            return self.bars
        return 4 if any(w in self.section.lower() for w in ("intro", "outro", "coda", "break", "ending")) else 8


class AddFill(Instruction):
    """Lets the drums in scope play a fill: in the bars in scope where some are named, else before every new section.

    `beats` is its length, counted back from the bar line (default: what the style likes).
    """

    kind: Literal["add_fill"] = "add_fill"
    music: ClassVar[frozenset[str]] = MUSIC
    beats: float | None = Field(default=None, gt=0, le=16)


class Countermelody(Instruction):
    """Adds an independent line against a tune, in another register and mostly in contrary motion, without parallel fifths.

    `of` is the id or name of the track with the tune (default: the lead); `instrument` an instrument id for the new track
    (default: one that suits the register and is not there yet).
    """

    kind: Literal["countermelody"] = "countermelody"
    of: str | None = None
    instrument: str | None = None
    music: ClassVar[frozenset[str]] = NOTHING
    new_tracks: ClassVar[int] = 1


class Harmonise(Instruction):
    """Sets further voices to the tune of the tracks in scope (default: the lead).

    'thirds' and 'sixths' run in the scale of the key, bent to the chords; 'octaves' double exactly; 'chorale' puts three
    voices under the tune in four-part writing. They go into the same track, or, where `instrument` is given or the player
    has one voice only, into a new track.
    """

    kind: Literal["harmonise"] = "harmonise"
    interval: Interval = "thirds"
    direction: Literal["above", "below"] = "below"
    instrument: str | None = None
    new_tracks: ClassVar[int] = MAX_TRACKS  # three for each tune named


class Reharmonise(Instruction):
    """Puts other chords under the tune: those given, used exactly and in order, or invented ones that fit it.

    `chords` are symbols ('Fmaj7', 'C/E') or, with `roman`, numerals in the key ('ii7'); each lasts `bars_each` bars (default:
    as fits the bars in scope), over and over. Accompaniment and bass follow in their own figures; tune and drums stay byte
    for byte. `spice` (0 plain to 1 rich) is how far invented chords may go from the key.
    """

    kind: Literal["reharmonise"] = "reharmonise"
    music: ClassVar[frozenset[str]] = MUSIC
    chords: tuple[str, ...] | None = Field(default=None, max_length=512)
    roman: bool = False
    bars_each: float | None = Field(default=None, gt=0, le=64)
    spice: Unit = 0.4
    frame: ClassVar[frozenset[str]] = frozenset({"chords"})


class Restyle(Instruction):
    """Sets the whole piece in another style: the tune stays note for note, fitted to the style's metre and feel.

    Ensemble, accompaniment, tempo and swing come from the style `style` (an id or a name); chords stay, coloured as the
    style does.
    """

    kind: Literal["restyle"] = "restyle"
    style: str
    anew: ClassVar[bool] = True


class Simplify(Instruction):
    """Takes ornaments, passing notes and weak strokes out of the tracks in scope and evens the rhythm.

    At 1 hardly more than the beats and the tones of the chords are left; the first note of each bar stays.
    """

    kind: Literal["simplify"] = "simplify"
    music: ClassVar[frozenset[str]] = MUSIC
    amount: Unit = 0.5


class MakeBusier(Instruction):
    """Adds notes between those of the tracks in scope: passing and neighbour notes, repeated chords, more strokes.

    At 1 every gap that the players can fill at this tempo is filled. Every note that was there stays.
    """

    kind: Literal["make_busier"] = "make_busier"
    music: ClassVar[frozenset[str]] = MUSIC
    amount: Unit = 0.5
