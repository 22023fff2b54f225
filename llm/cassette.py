"""Conversations with models as files, for bug reports and tests: recorded once, replayed without a server, byte for byte.

A cassette is JSON lines: first its format, then each call with its reply or failure. Lines are added as calls come back; when
the session ends they are put in order, for calls that run at once come back in any. Nothing that looks like a key is written.
"""

import json
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ripieno.llm import errors
from ripieno.llm.errors import ModelError, NoRecording, SecretFound
from ripieno.llm.messages import Call, OnText, Reply, Transport
from ripieno.llm.settings import Settings

FORMAT = {"cassette": 1}
_MOST = 256 * 2**20  # bytes of a cassette that is read


class Recorder:
    """A transport that writes down what passes through it. An existing file is replaced."""

    live = True

    def __init__(self, transport: Transport, path: Path, settings: Settings) -> None:
        self._transport, self._path, self._settings = transport, path, settings
        self.live = transport.live
        self._lines: list[tuple[str, str]] = []  # (call, line)

    def prepare(self) -> None:
        """See `Transport.prepare`."""
        self._transport.prepare()

    async def send(self, call: Call, on_text: OnText) -> Reply:
        """See `Transport.send`.

        Raises:
            SecretFound: call or reply hold a key; neither is written.
        """
        row: dict[str, Any] = {"call": call.model_dump()}
        try:
            reply = await self._transport.send(call, on_text)
            row["reply"] = reply.model_dump()
            return reply
        except ModelError as error:
            fields = {name: getattr(error, name) for name in ("rule", "value", "cause", "cure", "wait")}
            row["error"] = {"kind": type(error).__name__, **fields}
            raise
        finally:
            if len(row) > 1:  # else it was broken off
                self._keep(call, row)

    async def close(self) -> None:
        """See `Transport.close`."""
        await self._transport.close()
        if self._lines:
            by_call = sorted(self._lines, key=lambda row: row[0])  # equal calls stay in their order
            self._write([line for _, line in by_call], "w")

    def _keep(self, call: Call, row: dict[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False, sort_keys=True)
        if self._settings.holds_secret(line):
            raise SecretFound("A cassette holds no key", value="a call or its reply holds what looks like one",
                              cure="take it out of the request, the file or the model's answer")  # fmt: skip
        self._write([line], "a" if self._lines else "w")
        self._lines.append((call.canonical, line))

    def _write(self, lines: list[str], mode: str) -> None:
        head = [json.dumps(FORMAT)] if mode == "w" else []
        with self._path.open(mode, encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in [*head, *lines])


class Player:
    """A transport that answers from a cassette: equal calls in the order in which they were recorded."""

    live = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, deque[dict[str, Any]]] | None = None

    def prepare(self) -> None:
        """See `Transport.prepare`."""
        self._rows = self._rows or self._read()

    async def send(self, call: Call, on_text: OnText) -> Reply:
        """See `Transport.send`.

        Raises:
            NoRecording: the cassette does not hold this call, or no more of it.
        """
        self.prepare()
        assert self._rows is not None
        rows = self._rows[call.canonical]
        if not rows:
            raise NoRecording("A cassette holds every call that is made", value=call.messages[-1].content,
                              cause="the request, the seed, the settings or Ripieno differ from when it was recorded",
                              cure="record it anew")  # fmt: skip
        row = rows.popleft()
        if "error" in row:
            raise _error(row["error"])
        reply = Reply.model_validate(row["reply"])
        if reply.text:
            on_text(reply.text)
        return reply

    async def close(self) -> None:
        """See `Transport.close`."""

    def _read(self) -> dict[str, deque[dict[str, Any]]]:
        found: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        try:
            if self._path.stat().st_size > _MOST:
                raise ValueError(f"it is larger than {_MOST} bytes")
            head, *lines = self._path.read_text(encoding="utf-8").splitlines()
            if json.loads(head) != FORMAT:
                raise ValueError("its first line is no cassette's")
            for line in lines:
                row = json.loads(line)
                found[Call.model_validate(row["call"]).canonical].append(row)
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise NoRecording("A cassette is whole", value=str(self._path), cause=str(error), cure="record it anew") from None
        return found


def _error(row: dict[str, Any]) -> ModelError:
    kind = getattr(errors, str(row.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, ModelError)):
        raise NoRecording("A cassette is whole", value=str(row.get("kind")), cause="it holds an unknown failure")
    return kind(row["rule"], value=row["value"], cause=row["cause"], cure=row["cure"], wait=row["wait"])
