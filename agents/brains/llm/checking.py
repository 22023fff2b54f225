"""What an answer of the right form must also keep: only what exists is named, and only what the person said is called said.

Text from files (names of tracks and sections) may hold anything, sentences to the model too. So every ask quotes the person's
own words, and nothing is read out of anything else.
"""

import re
from collections.abc import Iterable, Mapping

from ripieno.agents.brains.llm.answers import CLOSED, Conception, Reading
from ripieno.agents.brains.llm.vocabulary import faults_of
from ripieno.agents.defaults import complete
from ripieno.agents.length_defaults import metre_of
from ripieno.agents.overrides import parse_metre
from ripieno.agents.understanding import Ask, TurnContext
from ripieno.llm.client import Faulty
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.errors import RipienoError
from ripieno.score.instruments import Role, instruments
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Section, Track
from ripieno.score.styles import StyleProfile
from ripieno.score.time import MetreChange, Tempo, Timeline
from ripieno.tools.base import Instruction
from ripieno.tools.registry import family
from ripieno.tools.turns import GoToVersion, SwitchBranch

MOST_PARTS, MOST_SECTIONS = 24, 40
_SHORTEST = 3  # letters of a quotation that asks for something


def check_conception(answer: Conception, text: str, profiles: Mapping[str, StyleProfile]) -> None:
    """Raises Faulty with everything that is wrong."""
    faults = [*_brief_faults(answer.brief, text, profiles)]
    faults += [f for ask in answer.asks for f in _ask_faults(ask, (text,), None)]
    _tell(faults)


def check_reading(answer: Reading, text: str, context: TurnContext, profiles: Mapping[str, StyleProfile]) -> None:
    """Raises Faulty with everything that is wrong."""
    assert context.table is not None
    faults: list[str] = []
    options = answer.question.options if answer.question else ()
    if answer.new_piece is not None:
        if answer.asks or answer.question:
            faults.append("new_piece stands alone: give no asks and no question beside it")
        faults += _brief_faults(answer.new_piece, text, profiles)
    elif not answer.asks and answer.question is None:
        faults.append("nothing is asked for: give asks, or a question that says what is unclear")
    said = [text]
    if context.asked is not None:
        said += [context.asked[0], *(option.label for option in context.asked[1].options)]
    piece = shadow(context.table)
    for ask in (*answer.asks, *(a for option in options for a in option.asks)):
        faults += _ask_faults(ask, said, piece)
        faults += _version_faults(ask.instruction, context)
    _tell(faults)


def shadow(table: AttributeTable) -> Piece:
    """A piece with the frame of the one that `table` describes and its tracks without notes: enough to resolve scopes on."""
    ids = {row.name: row.id for row in instruments().values()}
    return Piece(
        table.title,
        Timeline(
            tempos=tuple(Tempo(t.tick, t.bpm) for t in table.tempos),
            metres=tuple(MetreChange(m.bar - 1, metre_of(m.metre)) for m in table.metres),
        ),
        table.bars,
        tuple(KeyChange(k.bar - 1, Key(k.key, k.mode)) for k in table.keys),
        tuple(Section(s.name, s.first_bar - 1, s.last_bar - s.first_bar + 1, s.energy, s.label) for s in table.sections),
        (),
        tuple(Track(t.id, t.name, Role(t.role), ids[t.instrument]) for t in table.tracks),
    )  # fmt: skip


def quoted(words: str, said: Iterable[str], shortest: int = 1) -> bool:
    """Whether `words` stand in what was said as whole words, whatever the case, the spaces and the kind of quotation marks;
    less than `shortest` characters only where they are all that was said."""
    wanted, texts = _plain(words), [_plain(text) for text in said]
    if not wanted or (len(wanted) < shortest and wanted not in texts):
        return False
    edges = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    return any(edges.search(text) for text in texts)


def _brief_faults(brief: Brief, text: str, profiles: Mapping[str, StyleProfile]) -> list[str]:
    faults: list[str] = []
    for name in Brief.model_fields:
        value = getattr(brief, name)
        if not isinstance(value, Attribute):
            continue
        if value.origin is Origin.DEFAULT:
            faults.append(f"brief.{name}: leave out what the person neither says nor implies; origin is never 'default'")
        if value.origin is Origin.STATED and not quoted(value.words, (text,)):
            faults.append(f"brief.{name}: {value.words!r} does not stand in the request: quote it, or say origin 'inferred'")
    if brief.style is not None and brief.style.value not in profiles:
        faults.append(f"brief.style: there is no style {brief.style.value!r}; there are: {', '.join(sorted(profiles))}")
    for name, sort in (("tonic", "note"), ("mode", "mode"), ("metre", "metre")):
        value = getattr(brief, name)
        if value is not None:
            faults += _spelled(f"brief.{name}", sort, value.value)
    for part in brief.parts:
        names = [part.instrument] if part.instrument else []
        faults += [f for n in [*names, *([part.of] if part.of else [])] for f in _instrument_faults("brief.parts", n)]
    families = {row.family for row in instruments().values()} | {"percussion", "drum kit"}
    for name in brief.excluded.value if brief.excluded else ():
        if name not in families:
            faults += _instrument_faults("brief.excluded", name)
    if len(brief.parts) > MOST_PARTS:
        faults.append(f"brief.parts: at most {MOST_PARTS}")
    if brief.form is not None and len(brief.form.value.sections) > MOST_SECTIONS:
        faults.append(f"brief.form: at most {MOST_SECTIONS} sections")
    faults += faults_of(brief)
    if not faults:
        try:
            complete(brief, profiles, seed=0)
        except RipienoError as error:
            faults.append(f"brief: {error.message}")
    return faults


def _ask_faults(ask: Ask, said: Iterable[str], piece: Piece | None) -> list[str]:
    """Faults of an ask; `piece` None: nothing is composed yet, and scopes are not looked at."""
    instruction, faults = ask.instruction, list[str]()
    where = f"ask {instruction.kind}"
    if instruction.kind in CLOSED or getattr(instruction, "brief", None) is not None:
        return [f"{where}: is not yours to give"]
    if not quoted(ask.words, said, _SHORTEST):
        faults.append(f"{where}: words {ask.words!r} do not stand in what the person said; do only what they ask for")
    for name in ("instrument", "part"):
        value = getattr(instruction, name, None)
        value = getattr(value, "instrument", value)
        if isinstance(value, str):
            faults += _instrument_faults(f"{where}.{name}", value)
    if isinstance(key := getattr(instruction, "key", None), str):
        tonic, _, mode = key.partition(" ")
        faults += [*_spelled(f"{where}.key", "note", tonic), *(_spelled(f"{where}.key", "mode", mode) if mode else ())]
    for name in ("mode", "metre"):
        if isinstance(given := getattr(instruction, name, None), str):
            faults += _spelled(f"{where}.{name}", name, given)
    if piece is None:
        if family(instruction.kind) in ("turn", "ask"):
            faults.append(f"{where}: makes no sense before there is a piece")
        return faults
    if family(instruction.kind) != "turn" or instruction.kind in ("keep", "release"):
        try:
            scope = instruction.place(piece)
            scope.track_ids(piece)
            scope.spans(piece)
        except RipienoError as error:
            faults.append(f"{where}: {error.message}")
    return faults


def _version_faults(instruction: Instruction, context: TurnContext) -> list[str]:
    if isinstance(instruction, SwitchBranch) and instruction.name not in context.branches:
        return [f"there is no branch {instruction.name!r}; there are: {', '.join(context.branches)}"]
    if isinstance(instruction, GoToVersion):
        known = {name for v in context.versions for name in (v.id, str(v.number))}
        if instruction.version not in known:
            numbers = ", ".join(str(v.number) for v in context.versions)
            return [f"there is no version {instruction.version!r}; there are: {numbers}"]
    return []


def _instrument_faults(where: str, name: str) -> list[str]:
    if name in instruments():
        return []
    near = [row.id for row in instruments().values() if name.lower().replace("_", " ") in row.names]
    return [f"{where}: there is no instrument {name!r}" + (f"; you mean {near[0]!r}" if near else "; use an id of the list")]


def _spelled(where: str, sort: str, value: str) -> list[str]:
    try:
        if sort == "note":
            Key(value, "major")
        elif sort == "metre":
            parse_metre(value)
        else:
            Key("C", value)
    except RipienoError as error:
        return [f"{where}: {error.message}"]
    return []


def _plain(text: str) -> str:
    return " ".join(text.casefold().translate({ord(c): None for c in "\"'“”‘’"}).split())


def _tell(faults: list[str]) -> None:
    if faults:
        raise Faulty("\n".join(f"- {fault}" for fault in faults[:12]))
