"""Sections listed without signs, and with a solo among them."""

import pytest

from ripieno.agents.brains.embedded.reader import Reader
from ripieno.tools.toolbox import profiles

SONG = ["intro", "verse", "chorus", "verse", "chorus", "outro"]
SOLO = ["verse", "chorus", "solo", "chorus"]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a pop song, intro verse chorus verse chorus outro, 40 bars", SONG),
        ("a pop song, intro, verse, chorus, verse, chorus, outro, 40 bars", SONG),
        ("a pop song: intro - verse - chorus - verse - chorus - outro", SONG),
        ("a metal track, verse, chorus, solo, chorus", SOLO),
        ("a metal track, verse chorus solo chorus", SOLO),
        ("a metal track, verse, chorus, solo guitar and drums", None),
        ("a verse chorus song with solo piano", []),
    ],
)
def test_a_list_is_read_as_it_stands(text: str, sections: list[str] | None) -> None:
    brief = Reader(tuple(profiles(None).values())).read(text)
    told = [s.name for s in brief.form.value.sections] if brief.form else []
    if sections is None:
        assert "solo" not in told
    else:
        assert told == sections
