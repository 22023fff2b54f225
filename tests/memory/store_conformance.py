"""What every store keeps, whatever database is under it. A subclass says where the database is by the fixture `where`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.memory.database import Database
from ripieno.memory.store import Store, StoreBusy, StoreConflict, projects
from ripieno.memory.table import derive_table
from ripieno.score.brief import Brief
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.piece import Piece
from tests.memory.samples import louder, turn
from tests.score.pieces import pieces, waltz

Where = Path | str
_FEW = settings(
    max_examples=15, deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,  # each example takes a project or a matter of its own
        HealthCheck.differing_executors,  # one suite, several databases: that is the point of it
    ],
)  # fmt: skip


class StoreConformance:
    """The suite."""

    @pytest.fixture
    def store(self, where: Where) -> Iterator[Store]:
        with closing(Store(where)) as opened:
            yield opened

    # --- music and versions ---------------------------------------------------------------------------------------------

    @_FEW
    @given(piece=pieces())
    def test_any_piece_reads_back_identical(self, where: Where, piece: Piece) -> None:
        with closing(Store(where)) as first:
            first.put(piece)
        with closing(Store(where)) as again:
            found = again.piece(piece.hash)
        assert found == piece and found.tracks == piece.tracks and found.encoded == piece.encoded

    def test_an_empty_project_has_nothing(self, store: Store) -> None:
        assert store.head is None and store.log() == () and store.conversation() == () and store.branches() == {}
        assert store.branch == "main"
        with pytest.raises(BadRequest, match="version"):
            store.version(1)
        with pytest.raises(BadRequest, match="taken back"):
            store.undo_target()

    def test_a_version_reads_back_by_another(self, where: Where) -> None:
        with closing(Store(where)) as first:
            made = first.commit(turn("a", locks=('{"tracks": ["flute"]}',), seed=7))
        with closing(Store(where)) as again:
            assert again.head == made and made.number == 1 and made.parent is None
            assert made.locks == ('{"tracks": ["flute"]}',) and made.seed == 7
            assert again.version(1) == again.version(made.id) == again.version(made.id[:8]) == made
            assert again.piece(made.piece) == waltz()
            found = again.version(1).table
            assert found == derive_table(waltz(), Brief(text="do a")) == made.table
            assert again.trace("a") == '{"turn": "a"}'

    def test_the_log_is_newest_first_and_pages(self, store: Store) -> None:
        parent = None
        for i in range(7):
            parent = store.commit(turn(f"t{i}", louder(waltz(), i), parent)).id
        rows = store.log(3)
        assert [r.number for r in rows] == [7, 6, 5] and rows[0].branches == ("main",) and rows[1].branches == ()
        assert rows[0].parent == rows[1].id and rows[0].text == "do t6" and rows[0].summary == "t6 done"
        assert [r.number for r in store.log(3, before=rows[-1].number)] == [4, 3, 2]
        assert [r.number for r in store.log(9, before=3)] == [2, 1]

    def test_a_version_is_found_by_nothing_but_its_names(self, store: Store) -> None:
        id_ = store.commit(turn("a")).id
        for wrong in ("", "v2", "2", "abc", id_[:3], "zzzz", id_[:-1] + ("0" if id_[-1] != "0" else "1"), "' or 1=1", "-1"):
            with pytest.raises(BadRequest, match="version"):
                store.version(wrong)
        assert store.version("v1").id == store.version(id_[:5].upper()).id == id_

    # --- one turn, one version -------------------------------------------------------------------------------------------

    def test_a_turn_commits_onto_the_head_that_it_saw(self, where: Where, store: Store) -> None:
        first = store.commit(turn("a"))
        with closing(Store(where)) as other:
            other.commit(turn("b", louder(waltz(), 1), first.id))
        with pytest.raises(StoreConflict, match="meanwhile"):
            store.commit(turn("c", louder(waltz(), 2), first.id))
        assert [r.turn for r in store.log()] == ["b", "a"] and [t.id for t in store.conversation()] == ["a", "b"]
        with pytest.raises(StoreConflict):
            store.commit(turn("d"))  # as if the project were empty

    def test_a_second_commit_of_one_turn_is_refused_whole(self, store: Store) -> None:
        first = store.commit(turn("a"))
        with pytest.raises(BadRequest, match="once"):
            store.commit(turn("a", louder(waltz(), 3), first.id))
        assert len(store.log()) == 1 and store.head == first
        for n in range(20):
            first = store.commit(turn(f"b{n}", louder(waltz(), 3 + n), first.id))
        assert store.verify() == () and store.piece(store.version(3).piece) == louder(waltz(), 4)

    def test_a_turn_that_was_cut_off_after_its_commit_may_commit_again(self, where: Where, store: Store) -> None:
        first = store.commit(turn("a"))
        second = store.commit(turn("b", louder(waltz(), 1), first.id))
        store.record_turn("q", "why?", "Because.")
        back = store.undo("u", "undo", "")
        with closing(Store(where)) as again:
            assert again.commit(turn("b", louder(waltz(), 1), first.id)) == second
            assert again.undo("u", "undo", "") == back == again.head
            again.record_turn("q", "why?", "Because.")
            assert [t.id for t in again.conversation()] == ["a", "b", "q", "u"] and len(again.log()) == 2
            for wrong in (lambda: again.redo("u", "redo", ""), lambda: again.move_head("q", "", "", to_version=1),
                          lambda: again.record_turn("a", "", ""), lambda: again.commit(turn("q"))):  # fmt: skip
                with pytest.raises(BadRequest, match="once"):
                    wrong()

    def test_a_turn_may_build_on_an_earlier_version(self, store: Store) -> None:
        first = store.commit(turn("a"))
        second = store.commit(turn("b", louder(waltz(), 1), first.id))
        third = store.commit(turn("c", louder(waltz(), 2), first.id, seen=second.id))
        assert third.parent == first.id and store.head == third
        assert store.undo("u", "undo", "").id == second.id, "undo takes back the turn, not the step in the tree"

    def test_a_commit_may_make_a_branch(self, store: Store) -> None:
        first = store.commit(turn("a"))
        dark = store.commit(turn("b", louder(waltz(), 1), first.id, branch="dark"))
        assert store.branch == "dark" and store.branches() == {"dark": dark.id, "main": first.id}
        store.move_head("m", "back to main", "", branch="main")
        with pytest.raises(BadRequest, match="branch"):
            store.commit(turn("c", louder(waltz(), 2), first.id, branch="dark"))

    # --- undo, redo, branches --------------------------------------------------------------------------------------------

    @_FEW
    @given(steps=st.lists(st.tuples(st.sampled_from("ccuurrgbs"), st.integers(1, 3)), max_size=14))
    def test_undo_and_redo_restore_everything_in_any_interleaving(
        self, where: Where, steps: list[tuple[str, int]]
    ) -> None:
        """Against the plainest model: a list of all states and a finger on the present one."""
        with closing(Store(where, uuid4().hex)) as store:
            states = [(store.commit(turn("t")).id, store.branch, store.branches())]
            at, made = 0, 1
            for i, (what, count) in enumerate(steps):
                name, head = f"t{i}", states[at][0]
                if what in "ur":
                    to = at - count if what == "u" else at + count
                    walk, target = (store.undo, store.undo_target) if what == "u" else (store.redo, store.redo_target)
                    if 0 <= to < len(states):
                        assert target(count).id == states[to][0]
                        walk(name, "", "", count)
                        at = to
                    else:
                        with pytest.raises(BadRequest):
                            target(count)
                        with pytest.raises(BadRequest):
                            walk(name, "", "", count)
                else:
                    if what == "c":
                        made += 1
                        store.commit(turn(name, louder(waltz(), made), head))
                    elif what == "g":
                        store.move_head(name, "", "", to_version=min(count, made))
                    elif what == "b":
                        store.move_head(name, "", "", branch=f"b{i}")
                    else:
                        store.move_head(name, "", "", branch=sorted(states[at][2])[count % len(states[at][2])])
                    now = store.head
                    assert now is not None
                    del states[at + 1 :]
                    states.append((now.id, store.branch, store.branches()))
                    at += 1
                now = store.head
                assert now is not None and (now.id, store.branch, store.branches()) == states[at]
            assert len(store.log(100)) == made, "no version is ever lost"

    def test_moves_are_turns_of_the_conversation(self, store: Store) -> None:
        first = store.commit(turn("a"))
        second = store.commit(turn("b", louder(waltz(), 1), first.id))
        store.record_turn("q", "which key?", "B minor", trace='{"x": 1}')
        store.undo("u", "undo that", "Undone.")
        store.move_head("g", "version 2 again", "There.", to_version=2, kind="go_to_version")
        told = store.conversation()
        assert [(t.id, t.kind) for t in told] == [
            ("a", "edit"), ("b", "edit"), ("q", "ask"), ("u", "undo"), ("g", "go_to_version"),
        ]  # fmt: skip
        assert [t.number for t in told] == [1, 2, 3, 4, 5] and told[2].reply == "B minor"
        assert (told[2].before, told[2].after) == (second.id, second.id)
        assert (told[3].before, told[3].after) == (second.id, first.id) and told[0].before is None
        assert store.conversation(2) == told[-2:] and store.trace("q") == '{"x": 1}'
        for none in ("u", "nobody"):
            with pytest.raises(BadRequest, match="turn"):
                store.trace(none)

    def test_names_are_checked(self, where: Where, store: Store) -> None:
        store.commit(turn("a"))
        for wrong in ("", " x", "a\nb", "x" * 201):
            with pytest.raises(BadRequest, match="printable"):
                store.move_head("b", "", "", branch=wrong)
            with pytest.raises(BadRequest, match="printable"):
                Store(where, wrong)
        assert store.move_head("b", "", "", branch="größer 2 – 'x'; drop table") == store.head

    # --- several projects, several programs ------------------------------------------------------------------------------

    def test_projects_in_one_database_know_nothing_of_each_other(self, where: Where) -> None:
        with closing(Database(where)) as database:
            one, two = Store(database, "one"), Store(database, "two")
            a = one.commit(turn("a"))
            assert two.head is None and two.log() == ()
            b = two.commit(turn("a", louder(waltz(), 9)))
            assert one.head == a and two.head == b and projects(database) == ("one", "two")
            with pytest.raises(BadRequest):
                two.version(a.id)

    def test_one_turn_at_a_time(self, where: Where, store: Store) -> None:
        with closing(Store(where)) as other:
            with store.lock():
                with pytest.raises(StoreBusy, match="process"), other.lock():
                    pass
                with Store(other.database, "another").lock():
                    pass  # another project is free
            with other.lock(), pytest.raises(StoreBusy), store.lock(wait=0.1):
                pass
            with store.lock():
                pass

    def test_missing_music_is_a_clear_error(self, store: Store) -> None:
        with pytest.raises(BadFile, match="missing"):
            store.piece("0" * 64)
