"""A server on the loopback that speaks the OpenAI chat protocol over real sockets, and misbehaves on purpose.

Each request is answered by the next act of a script, or by a function of the request. An act writes to the socket itself, so
that it can cut a connection, stay silent, or never come to an end.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler", dict[str, Any]], None]
Mind = Callable[[dict[str, Any]], str]  # an answer's text from the request
PIECE = 24  # characters of an answer in one chunk


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as servers that stream have it
    server: "FakeServer"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """The list of models."""
        self.whole(200, {"object": "list", "data": [{"id": n, "object": "model"} for n in self.server.models]})

    def do_POST(self) -> None:
        """A chat completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(request)
            self.server.headers_seen.append({k.lower(): v for k, v in self.headers.items()})
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
            act = self.server.script.pop(0) if self.server.script else self.server.otherwise
        begun = time.perf_counter()
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                act(self, request)
        finally:
            with self.server.lock:
                self.server.at_once -= 1
                self.server.seconds += time.perf_counter() - begun

    # --- what acts are made of ------------------------------------------------------------------------------------------------

    def whole(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        """A response that is no stream."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        """The head of a stream of events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        """One chunk of the body."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def event(self, delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, Any] | None = None) -> None:
        """One event of the stream."""
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices, "usage": usage}
        self.raw(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def end(self) -> None:
        """The end of the stream."""
        self.raw(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


class FakeServer(ThreadingHTTPServer):
    """The server; `base_url` is its address. Requests and what was seen of them are kept."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script: Sequence[Act] = (), otherwise: Act | None = None, models: Sequence[str] = ("m",)) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.models = list(script), tuple(models)
        self.otherwise = otherwise or status(500, "the script is at its end")
        self.requests: list[dict[str, Any]] = []
        self.headers_seen: list[dict[str, str]] = []
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0
        self.seconds = 0.0  # spent in acts
        self.over = threading.Event()
        self.prompts: set[str] = set()

    @property
    def base_url(self) -> str:
        """Where clients go."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def known(self, prompt: str) -> int:
        """How many characters of a prompt an earlier one began with."""
        with self.lock:
            longest = max((_alike(prompt, other) for other in self.prompts), default=0)
            self.prompts.add(prompt)
        return longest

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


def _alike(a: str, b: str) -> int:
    """The length of what two texts begin with alike."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


@contextlib.contextmanager
def serving(*script: Act, otherwise: Act | None = None, models: Sequence[str] = ("m",)) -> Iterator[FakeServer]:
    """A server that runs for the length of a `with`."""
    server = FakeServer(script, otherwise, models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


# --- acts ------------------------------------------------------------------------------------------------------------


def says(text: str, *, finish: str = "stop", counted: bool = True, pause: float = 0.0) -> Act:
    """Answers in full, in the form that was asked for."""
    return thinks(lambda _: text, finish=finish, counted=counted, pause=pause)


def thinks(mind: Mind, *, finish: str = "stop", counted: bool = True, pause: float = 0.0, pace: float = 0.0) -> Act:
    """Answers what a mind makes of the request; `pause` seconds pass before the first word, `pace` after each piece.

    Tokens are counted as four characters each; as cached count blocks of 16 that an earlier prompt began with alike.
    """

    def act(to: Handler, request: dict[str, Any]) -> None:
        text = mind(request)
        time.sleep(pause)
        to.begin()
        tool = request.get("tools")
        for i in range(0, len(text), PIECE):
            piece = text[i : i + PIECE]
            if tool:
                function = {"name": tool[0]["function"]["name"] if not i else None, "arguments": piece}
                to.event({"tool_calls": [{"index": 0, "id": "t", "type": "function", "function": function}]})
            else:
                to.event({"role": "assistant", "content": piece})
            time.sleep(pace)
        to.event({}, finish)
        if counted:
            prompt = "".join(m["content"] for m in request["messages"])
            asked, said = len(prompt) // 4, len(text) // 4
            known = {"cached_tokens": to.server.known(prompt) // 64 * 16}
            usage = {
                "prompt_tokens": asked,
                "completion_tokens": said,
                "total_tokens": asked + said,
                "prompt_tokens_details": known,
            }
            to.event(None, usage=usage)
        to.end()

    return act


def status(code: int, message: str, headers: dict[str, str] | None = None) -> Act:
    """Fails in the protocol's own words."""
    return lambda to, _: to.whole(code, {"error": {"message": message, "type": "x", "code": code}}, headers)


def silent(to: Handler, request: dict[str, Any]) -> None:
    """Takes the request and says nothing."""
    to.server.over.wait(30)


def cut(to: Handler, request: dict[str, Any]) -> None:
    """Cuts the connection in the middle of an answer."""
    to.begin()
    to.event({"role": "assistant", "content": '{"name": "half'})
    to.close_connection = True
    to.connection.shutdown(2)


def stopped(to: Handler, request: dict[str, Any]) -> None:
    """Ends the stream in good form, but without the end of the answer."""
    to.begin()
    to.event({"role": "assistant", "content": '{"name": "half'})
    to.end()


def endless(to: Handler, request: dict[str, Any]) -> None:
    """Never comes to an end, word by word."""
    to.begin()
    while not to.server.over.is_set():
        to.event({"role": "assistant", "content": " and"})
        time.sleep(0.01)


def enormous(to: Handler, request: dict[str, Any]) -> None:
    """Says far too much, fast."""
    to.begin()
    for _ in range(2_000):
        to.event({"role": "assistant", "content": "x" * 1_000})
    to.event({}, "stop")
    to.end()


def babble(to: Handler, request: dict[str, Any]) -> None:
    """Sends events that are no JSON."""
    to.begin()
    to.raw(b"data: {not json\n\n")
    to.end()


def page(to: Handler, request: dict[str, Any]) -> None:
    """Answers with a web page, as a proxy does."""
    to.whole(200, b"<html><body>Welcome!</body></html>", {"Content-Type": "text/html"})


def refuses(to: Handler, request: dict[str, Any]) -> None:
    """Declines in the protocol's own form."""
    to.begin()
    to.event({"role": "assistant", "refusal": "I cannot help with waltzes."})
    to.event({}, "stop")
    to.end()


def without(*features: str, mind: Mind) -> Act:
    """A server that rejects requests with these parameters, and answers others."""
    well = thinks(mind)

    def act(to: Handler, request: dict[str, Any]) -> None:
        for name in features:
            if name in request:
                status(400, f"Unsupported parameter: {name!r}")(to, request)
                return
        well(to, request)

    return act
