"""Laws of the reader of edits: said otherwise it means the same, what is not there is refused, what was not asked for stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ripieno.agents.context import turn_context
from ripieno.agents.state import Snapshot
from ripieno.agents.understanding import TurnContext, Understanding
from ripieno.app.project import Project
from ripieno.app.studio import Studio
from ripieno.score.errors import BadRequest
from ripieno.tools.base import Instruction
from ripieno.tools.registry import family

REQUEST = (
    "a pop song in C, vocals, piano, electric guitar, strings, bass and drums, form: intro, verse, chorus, verse, chorus, outro"
)


class Talk:
    """A piece and somebody who reads turns on it, without carrying them out."""

    def __init__(self, project: Project) -> None:
        self._session = project._session
        head = project.head
        assert head is not None
        snapshot = Snapshot(version=head.id, head=head.id, piece=head.piece)
        self.context: TurnContext = turn_context(project._store, snapshot, "", [])

    def read(self, text: str) -> Understanding:
        """What the words are taken to ask for."""
        return self._session._brain.conceive(text, self.context, self._session._profiles)

    def asks(self, text: str) -> list[Instruction]:
        """The instructions."""
        return [a.instruction for a in self.read(text).asks]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """A pop song."""
    folder: Path = tmp_path_factory.mktemp("talk")
    with Studio().open(folder / "song", new=True) as project:
        project.say(REQUEST, seed=1, candidates=1, may_ask=False)
        yield Talk(project)


WISHES = (
    "mute the drums",
    "make the piano softer in the second verse",
    "transpose the strings up an octave",
    "slow it down by 10%",
    "repeat the chorus",
    "add a flute",
    "pan the guitar left",
    "take the bass out of the intro",
)


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(
    "said",
    ["please {}", "could you {}?", "{}, please", "ok, now {}", "can we {}?", "let's {}", "I'd like you to {}", "nah, {}"],
)
def test_manners_change_nothing(talk: Talk, wish: str, said: str) -> None:
    assert talk.asks(said.format(wish)) == talk.asks(wish)


@pytest.mark.parametrize("one", WISHES[:4])
@pytest.mark.parametrize("two", WISHES[4:])
def test_the_order_of_wishes_changes_only_their_order(talk: Talk, one: str, two: str) -> None:
    both = {a.model_dump_json() for a in talk.asks(f"{one}, and {two}")}
    assert both == {a.model_dump_json() for a in talk.asks(f"{two}. {one}")}
    assert both == {a.model_dump_json() for w in (one, two) for a in talk.asks(w)}


@pytest.mark.parametrize(
    ("plain", "otherwise"),
    [
        ("make the piano softer", "I want that the piano is more quiet"),
        ("make the piano louder", "make the piano less quiet"),
        ("make it faster", "make it more fast"),
        ("make the drums softer", "don't play the drums so loud"),
        ("make the drums softer", "the drums are drowning everyone out"),
        ("make the drums softer", "the drums are loud"),
        ("mute the drums", "drums off"),
        ("no drums in the intro", "don't let the drums play in the intro"),
        ("mute the drums", "mute the durms"),
        ("take the piano out of the second verse", "take the piano out of the second vers"),
        ("everything but the drums softer", "make everything softer except the drums"),
        ("make everything but the drums softer", "leave the drums alone, but make everything else softer"),
        ("louder piano in the verses", "make the piano louder, but only in the verses"),
        ("bring the bass and drums down", "bring the drums and bass down"),
    ],
)  # fmt: skip
def test_said_otherwise_it_is_the_same(talk: Talk, plain: str, otherwise: str) -> None:
    table = talk.context.table
    assert table is not None

    def effect(text: str) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for asked in talk.asks(text):
            scope = asked.scope
            but = set(scope.but_tracks)
            ids = frozenset(t.id for t in table.tracks if (not scope.tracks or t.id in scope.tracks) and t.id not in but)
            rest = asked.model_dump(exclude={"scope"})
            rows.append((ids, scope.time, tuple(sorted((k, str(v)) for k, v in rest.items()))))
        return rows

    assert effect(plain) == effect(otherwise)


@pytest.mark.parametrize(
    "text",
    [
        "everybody except the strings softer in the bridge",
        "make everyone except the harp quieter",
        "I'd like the oboe to come in an octave higher",
        "transpose the trumpet up",
        "make the piano louder in the solo section of the bridge",
        "repeat the bridge",
        "add a flute that doubles the violin",
        "make them louder",
        "leave out the piano in section C",
        "add 200 choirs",
        "pan the piano left in the chorus",
        "save a note: this project is in C minor",
        "don't make it louder",
        "don't transpose the strings",
    ],
)
def test_what_is_not_there_or_not_wanted_is_refused(talk: Talk, text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        talk.read(text)
    assert refused.value.rule and (refused.value.cause or refused.value.cure)


@pytest.mark.parametrize(
    "text",
    [
        "is the piano too loud in the chorus?",
        "why is the bass so low?",
        "what key is it in?",
        "does the guitar play in the intro?",
        "is the song in 4/4?",
        "which instrument has the melody?",
        "are the drums muted?",
        "how fast is it?",
    ],
)
def test_a_question_changes_nothing(talk: Talk, text: str) -> None:
    try:
        asked = talk.asks(text)
    except BadRequest:
        return
    assert all(family(a.kind) == "ask" for a in asked)


def test_another_instrument_for_some_bars_leaves_the_others(talk: Talk) -> None:
    kinds = [a.kind for a in talk.asks("swap the piano for an organ in the chorus")]
    assert kinds[0] == "duplicate_track" and set(kinds[1:]) == {"silence"}


def test_names_are_kept_as_written(talk: Talk) -> None:
    (branch,) = talk.asks("call this version B-side demo")
    assert branch.model_dump()["name"] == "B-side demo"
    (draft,) = talk.asks("""name this draft "Campfire" """)
    assert draft.model_dump()["name"] == "Campfire"
    (title,) = talk.asks('call the song "Goodnight Ida"')
    assert title.model_dump()["title"] == "Goodnight Ida"


def test_a_time_of_the_clock_is_a_place_and_no_length(talk: Talk) -> None:
    table = talk.context.table
    assert table is not None
    (asked,) = talk.asks("make it louder at 0:45")
    assert asked.kind in ("scale_velocities", "set_mix") and asked.scope.seconds == (45.0, table.seconds)


def test_an_octave_higher_in_a_place_silences_nobody(talk: Talk) -> None:
    (asked,) = talk.asks("I'd like the strings to come in an octave higher in the second chorus")
    assert asked.kind == "transpose" and asked.model_dump()["octaves"] == 1
    assert asked.scope.tracks == ("strings",) and asked.scope.nth == 2


def test_not_before_a_section_takes_out_what_is_before_it(talk: Talk) -> None:
    table = talk.context.table
    assert table is not None
    first = next(s.first_bar for s in table.sections if s.name.startswith("Chorus"))
    (asked,) = talk.asks("no strings until the chorus")
    assert asked.kind == "silence" and asked.scope.bars == (0, first - 1)
