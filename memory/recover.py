"""Copies what is whole out of a damaged database into an empty one, and says what had to be left behind.

A version is kept where its piece reads back with the right hash. What else is missing is made good: a lost table is derived
from the notes anew, a lost turn becomes an empty one, a version whose parent is lost begins a tree of its own. Numbers and
ids stay as they were; an id that can no longer be recomputed is marked as taken over.
"""

from dataclasses import dataclass, field
from itertools import count as count_from
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from ripieno.memory import blobs, head, turns, versions
from ripieno.memory.blobs import Assembly, Document
from ripieno.memory.database import Database
from ripieno.memory.ropes import hash_of, json_cuts
from ripieno.memory.salvage import Salvaged, rows_of
from ripieno.memory.schema import BRANCHES, HISTORY, OBSERVATIONS, PREFERENCES, PROJECTS, TURNS, VERSIONS
from ripieno.memory.table import derive_table
from ripieno.memory.verify import Damage, id_is_right, problem_of, table_problem
from ripieno.memory.versions import TAKEN_OVER, NewVersion, locks_of
from ripieno.score.brief import Brief
from ripieno.score.codec import decode_piece, decode_track
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.piece import Piece

FOUND = "found"  # the branch of pieces whose versions are lost
DEFAULT = "default"  # the project in a folder
_MAIN = "main"
_BATCH = 200
_LOST = ""  # the time of what nobody knows any more


def recover(where: Database | Path, into: Database) -> tuple[Damage, ...]:
    """Copies every project's whole versions; gives what was lost, () where nothing was.

    Args:
        where: the damaged database; for SQLite the file will do, even where it cannot be opened as a database any more.
        into: an empty database.

    Raises:
        BadRequest: the other database is not empty.
        BadFile: no music can be read.
    """
    found = rows_of(where)
    if found.torn and not found.rows["blobs"]:
        raise BadFile(
            "A damaged database still holds some music", value=where if isinstance(where, Path) else where.url.database,
            cause="its heading or most of it is destroyed, or it is no database of Ripieno's",
            cure="restore the project from a copy",
        )  # fmt: skip
    with into.write() as connection:
        if connection.scalar(select(func.count()).select_from(PROJECTS)):
            raise BadRequest("Projects are recovered into an empty database", value=into.url.database, cure="name a new file")
        return tuple(_Recovery(found, connection).run())


class _Recovery:
    """One run."""

    def __init__(self, found: Salvaged, connection: Connection) -> None:
        self._rows, self._connection = found.rows, connection
        self._torn, self._kept = found.torn, set[str]()
        self._lost = [Damage(f"table {name}", "not all of its rows can be read") for name in sorted(found.torn)]
        self._documents = self._readable()
        self._whole = Assembly(self._documents)

    def run(self) -> list[Damage]:
        """Copies everything."""
        items = [{"hash": h, "data": d} for h, d in self._documents.items()]
        for i in range(0, len(items), _BATCH):
            blobs.insert_new(self._connection, items[i : i + _BATCH])
        for table in (PREFERENCES, OBSERVATIONS):
            if self._rows[table.name]:
                self._connection.execute(insert(table), self._rows[table.name])
        known = {row["id"]: row for row in self._rows["projects"]}
        for id_ in sorted({row["project"] for row in self._rows["versions"]} | known.keys()):
            if id_ not in known:
                self._lost.append(Damage(f"project {id_}", "its name is lost"))
            self._project(id_, known.get(id_, {"name": self._name(id_, known), "branch": _MAIN, "place": 0, "versions": 0,
                                               "turns": 0, "created": _LOST}))  # fmt: skip
        if "versions" in self._torn:
            self._find()
        return self._lost

    def _find(self) -> None:
        """Where versions are lost without a trace, the pieces that no version names become a branch of the first project, in
        the order in which they were stored. Candidates that were never chosen are among them."""
        names = list(self._connection.scalars(select(PROJECTS.c.name).order_by(PROJECTS.c.id)))
        project = names[0] if names else DEFAULT
        before = head.begin(self._connection, project)
        taken = versions.branches(self._connection, before.project)
        branch = next(n for i in count_from(1) if (n := FOUND if i == 1 else f"{FOUND}-{i}") not in taken)
        parent: str | None = None
        last: int | None = None
        found = 0
        for hash_ in self._documents:
            frame = self._whole.document(hash_)
            piece = self._piece(hash_) if hash_ not in self._kept and frame.startswith(b"{") and b'"tracks"' in frame else None
            if piece is None or piece.hash != hash_:
                continue
            found += 1
            table = derive_table(piece, Brief(text=""))
            new = NewVersion(f"{branch}-{found}", "", piece, table, "{}", summary=piece.title, parent=parent, kind=FOUND)
            encoded = table.model_dump_json().encode()
            blobs.put(self._connection, [Document(encoded, json_cuts(encoded))])
            move = head.begin(self._connection, project)
            number = move.versions + 1
            self._turn(move, new.turn, branch, number)
            parent = versions.add(
                self._connection, move.project, number, new, turn=move.turns + 1, parent=last, table=hash_of(encoded),
                created=_LOST,
            )  # fmt: skip
            move.forward(self._connection, branch, number, versions=number)
            last = number
        if found:
            self._lost.append(Damage(f"project {project}", f"{found} pieces whose versions are lost became branch {branch}"))
        if found and before.number is not None:
            move = head.begin(self._connection, project)
            self._turn(move, f"{branch}-end", before.branch, before.number)
            move.forward(self._connection, before.branch, before.number)

    def _turn(self, move: head.Move, id_: str, branch: str, after: int) -> None:
        turns.add(
            self._connection, move.project, move.turns + 1, id_, kind=FOUND, text="", reply="", trace=None, branch=branch,
            before=move.number, after=after, created=_LOST,
        )  # fmt: skip

    @staticmethod
    def _name(id_: int, known: dict[int, dict[str, Any]]) -> str:
        """A name for a project whose own is lost; that of a folder's only project where nobody has it."""
        return DEFAULT if DEFAULT not in {row["name"] for row in known.values()} and id_ == 1 else f"recovered-{id_}"

    def _readable(self) -> dict[str, bytes]:
        """The rows of documents that read back with their hash, their parts among them."""
        rows = {row["hash"]: row["data"] for row in self._rows["blobs"]}
        good, assembly = {}, Assembly(rows)
        for hash_, data in rows.items():
            if problem := problem_of(hash_, assembly):
                self._lost.append(Damage(f"document {hash_[:12]}", problem))
            else:
                good[hash_] = data
        return good

    def _piece(self, hash_: str) -> Piece | None:
        try:
            frame = self._whole.document(hash_)
            return decode_piece(frame, lambda name: decode_track(self._whole.document(name)))
        except (ValueError, BadFile):
            return None

    def _project(self, id_: int, row: dict[str, Any]) -> None:
        copy = _Copy(row["name"])
        for turn in self._of("turns", id_):
            copy.turns[turn["number"]] = turn
        for version in self._of("versions", id_):
            self._version(version, copy)
        lost = len(copy.versions) < row["versions"]
        if lost:
            gone = sorted(set(range(1, row["versions"] + 1)) - copy.versions.keys())
            self._lost += [Damage(f"project {copy.name}, version {n}", "it is lost") for n in gone]
        count = max([row["turns"], *copy.turns])
        for number in set(range(1, count + 1)) - copy.turns.keys():
            self._lost.append(Damage(f"project {copy.name}, turn {number}", "it is lost"))
            copy.turns[number] = {
                "number": number, "id": f"lost-{number}", "kind": "lost", "text": "", "reply": "", "trace": None,
                "branch": row["branch"], "before": None, "after": None, "created": _LOST,
            }  # fmt: skip
        self._turns(copy)
        standing, steps, place = self._places(id_, row, copy)
        made = self._connection.execute(
            insert(PROJECTS).values(
                name=row["name"], branch=steps[place - 1]["branch"] if place else row["branch"], place=place,
                versions=max([0, *copy.versions]), turns=count, created=row["created"],
            )
        )
        project = made.inserted_primary_key[0]  # type: ignore[index]  # there is one after an insert
        branches = [{"name": name, "version": version} for name, version in standing.items()]
        kept, told = list(copy.versions.values()), list(copy.turns.values())
        for table, found in ((VERSIONS, kept), (TURNS, told), (HISTORY, steps), (BRANCHES, branches)):
            if found:
                self._connection.execute(insert(table), [{**r, "project": project} for r in found])

    def _of(self, table: str, project: int) -> list[dict[str, Any]]:
        key = {"versions": "number", "turns": "number", "history": "place", "branches": "name"}[table]
        return sorted((r for r in self._rows[table] if r["project"] == project), key=lambda r: r[key])

    def _version(self, row: dict[str, Any], copy: "_Copy") -> None:
        what = f"project {copy.name}, version {row['number']}"
        piece = self._piece(row["piece"])
        if piece is None:
            self._lost.append(Damage(what, "its music is lost"))
            copy.gone[row["number"]] = row["parent"]
            return
        row, turn = dict(row), copy.turns.get(row["turn"])
        if row["parent"] is not None and row["parent"] not in copy.versions:
            self._lost.append(Damage(what, f"its parent, version {row['parent']}, is lost"))
            row |= {"parent": None, "form": TAKEN_OVER}
        try:
            problem = table_problem(self._whole.document(row["table"]), piece)
        except ValueError:
            problem = "its table is lost"
        if problem:
            self._lost.append(Damage(what, problem + "; a new one was derived from the notes"))
            table = derive_table(piece, Brief(text=turn["text"] if turn else "")).model_dump_json().encode()
            blobs.put(self._connection, [Document(table, json_cuts(table))])
            row |= {"table": hash_of(table), "form": TAKEN_OVER}
        if turn is None:
            row["form"] = TAKEN_OVER
        elif row["form"] != TAKEN_OVER:
            parent = None if row["parent"] is None else copy.versions[row["parent"]]["id"]
            if not id_is_right(row, parent, turn):
                self._lost.append(Damage(what, "its id is not the hash of what it holds"))
                row["form"] = TAKEN_OVER
        try:
            locks_of(row["locks"])
        except BadFile:
            row |= {"locks": "[]", "form": TAKEN_OVER}
        copy.versions[row["number"]] = row
        self._kept.add(row["piece"])

    def _turns(self, copy: "_Copy") -> None:
        for number, turn in copy.turns.items():
            changed = {end: None for end in ("before", "after") if turn[end] not in copy.versions}
            if turn["trace"] is not None and turn["trace"] not in self._documents:
                self._lost.append(Damage(f"project {copy.name}, turn {number}", "its trace is lost"))
                changed["trace"] = None
            copy.turns[number] = {**turn, **changed}

    def _places(
        self, id_: int, row: dict[str, Any], copy: "_Copy"
    ) -> tuple[dict[str, int], list[dict[str, Any]], int]:  # fmt: skip
        """Branches, history and the place of the head among what is left."""
        old = self._of("history", id_)
        branches = {r["name"]: r["version"] for r in self._of("branches", id_)}
        whole = [r["place"] for r in old] == list(range(1, len(old) + 1)) and len(old) >= row["place"]
        whole = whole and all(v in copy.versions for v in (*branches.values(), *(r["version"] for r in old)))
        if whole and row["place"]:
            at = old[row["place"] - 1]
            whole = at["branch"] == row["branch"] and branches.get(at["branch"]) == at["version"]
        if whole and (row["place"] or not copy.versions):
            steps = [{k: v for k, v in r.items() if k != "project"} for r in old]
            return branches, steps, row["place"]
        standing = {n: kept for n, v in branches.items() if (kept := copy.nearest(v)) is not None}
        steps, was = [], dict[str, int]()
        for step in (r for r in old if r["place"] <= row["place"] and r["version"] in copy.versions):
            steps.append({"place": len(steps) + 1, "branch": step["branch"], "version": step["version"],
                          "was": was.get(step["branch"]), "turn": step["turn"]})  # fmt: skip
            was[step["branch"]] = step["version"]
        if not copy.versions:
            return {}, [], 0
        branch = row["branch"]
        top = standing.get(branch) or was.get(branch) or max(copy.versions)
        if not steps or (steps[-1]["branch"], steps[-1]["version"]) != (branch, top):
            steps.append({"place": len(steps) + 1, "branch": branch, "version": top, "was": was.get(branch),
                          "turn": copy.versions[top]["turn"]})  # fmt: skip
            self._lost.append(Damage(f"project {copy.name}", f"its head may have moved: it is at version {top} now"))
        return {**was, **standing, branch: top}, steps, len(steps)


@dataclass
class _Copy:
    """A project as it is copied: rows by number, and the parents of versions that are gone."""

    name: str
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    turns: dict[int, dict[str, Any]] = field(default_factory=dict)
    gone: dict[int, int | None] = field(default_factory=dict)

    def nearest(self, number: int | None) -> int | None:
        """The version itself or its nearest ancestor that is left."""
        while number is not None and number not in self.versions:
            number = self.gone.get(number)
        return number
