"""The one place that speaks to a server: calls to the OpenAI chat protocol, always streamed, failures as `ModelError`.

Streaming bounds what is read and lets a call be broken off between two words. Parameters that a server does not know are left
out after it has said so, and stay out for that model.
"""

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from ripieno.llm.errors import (
    Busy,
    MissingClient,
    ModelError,
    NotAllowed,
    Refused,
    Rejected,
    ServerFault,
    TooLong,
    UnknownModel,
    Unreachable,
)
from ripieno.llm.messages import Call, OnText, Reply
from ripieno.llm.settings import Settings

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk

_CHARS_A_TOKEN = 3.5  # where the server does not count
# Parameters that some servers refuse, and what is sent instead (None: nothing).
_DISPENSABLE: dict[str, str | None] = {
    "stream_options": None, "max_tokens": "max_completion_tokens", "temperature": None, "seed": None,
}  # fmt: skip
_CONNECT = 10.0  # seconds to wait for a connection; the rest is bounded by the caller


class Wire:
    """A `Transport` over HTTP."""

    live = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: openai.AsyncOpenAI | None = None
        self._left_out: dict[str, set[str]] = {}

    def prepare(self) -> None:
        """See `Transport.prepare`."""
        _libraries()

    async def send(self, call: Call, on_text: OnText) -> Reply:
        """See `Transport.send`."""
        openai, httpx2 = _libraries()
        while True:
            try:
                stream = await self._connected().chat.completions.create(**self._arguments(call))
                async with stream:
                    return await self._read(stream, call, on_text)
            except openai.BadRequestError as error:
                if not self._leave_out(call.model, str(error)):
                    raise self._told(error) from None
            except openai.OpenAIError as error:
                raise self._told(error) from None
            except httpx2.TimeoutException:
                raise self._unreachable("the server was silent for too long") from None
            except httpx2.HTTPError as error:
                raise self._unreachable(f"the connection was cut off ({type(error).__name__})") from None
            except (json.JSONDecodeError, UnicodeDecodeError, AttributeError, TypeError, ValueError) as error:
                # The client hands on what it cannot make sense of as whatever it stumbled over.
                raise ServerFault("A server answers in the OpenAI protocol", value=self._settings.redact(str(error)),
                                  cause="it sent something else", cure="check the address") from None  # fmt: skip

    async def models(self) -> tuple[str, ...]:
        """The names of the models that the server offers.

        Raises:
            ModelError: it does not tell.
        """
        openai, httpx2 = _libraries()
        try:
            page = await self._connected().models.list()
            return tuple(model.id for model in page.data)
        except openai.OpenAIError as error:
            raise self._told(error) from None
        except httpx2.HTTPError as error:
            raise self._unreachable(type(error).__name__) from None
        except (AttributeError, TypeError, ValueError):
            raise ServerFault("A server lists its models", value=self._settings.base_url) from None

    async def close(self) -> None:
        """See `Transport.close`."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _connected(self) -> "openai.AsyncOpenAI":
        if self._client is None:
            openai, httpx2 = _libraries()
            key = self._settings.api_key
            unsaid = {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}  # else taken from the environment
            self._client = openai.AsyncOpenAI(
                base_url=self._settings.base_url,
                api_key=key.get_secret_value() if key else "none",
                timeout=httpx2.Timeout(self._settings.budget.call_seconds, connect=_CONNECT),
                max_retries=0,  # `retry` does that, within the turn's budget
                default_headers=unsaid,
            )
        return self._client

    def _arguments(self, call: Call) -> dict[str, Any]:
        out: dict[str, Any] = {
            "model": call.model, "messages": [m.model_dump() for m in call.messages], "stream": True,
            "stream_options": {"include_usage": True}, "max_tokens": call.max_tokens, "temperature": call.temperature,
            "seed": call.seed,
        }  # fmt: skip
        schema = json.loads(call.schema_text) if call.schema_text else None
        if call.form == "schema":
            out["response_format"] = {"type": "json_schema", "json_schema": {"name": call.name, "schema": schema}}
        elif call.form == "tool":
            function = {"name": call.name, "parameters": schema, "strict": True}
            out |= {
                "tools": [{"type": "function", "function": function}],
                "tool_choice": {"type": "function", "function": {"name": call.name}},
            }
        for name in self._left_out.get(call.model, ()):
            value, instead = out.pop(name), _DISPENSABLE[name]
            if instead is not None:
                out[instead] = value
        return out

    def _leave_out(self, model: str, said: str) -> bool:
        """Whether there is a parameter that the server complains of and that can be left out from now on."""
        gone = self._left_out.setdefault(model, set())
        named = next((name for name in _DISPENSABLE if name in said and name not in gone), None)
        if named is None:
            return False
        gone.add(named)
        return True

    async def _read(self, stream: "AsyncIterator[ChatCompletionChunk]", call: Call, on_text: OnText) -> Reply:
        pieces: list[str] = []
        refusal = finish = ""
        size, usage = 0, None
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices[:1]:
                delta = choice.delta
                tools = delta.tool_calls or ()
                text = (delta.content or "") + "".join(t.function.arguments or "" for t in tools if t.function)
                refusal += delta.refusal or ""
                finish = choice.finish_reason or finish
                if text:
                    size += len(text)
                    if size + len(refusal) > self._settings.answer_chars:
                        raise TooLong(f"An answer has at most {self._settings.answer_chars} characters",
                                      cause="the model does not come to an end", cure="ask for less at once")  # fmt: skip
                    pieces.append(text)
                    on_text(text)
        if refusal or finish == "content_filter":
            raise Refused("The model answers", value=refusal, cause="it, or a filter before it, declined",
                          cure="say it in other words, or use another model")  # fmt: skip
        if not finish:
            raise self._unreachable("the answer was cut off in the middle")
        text = "".join(pieces)
        cut = finish == "length"
        if usage is None:
            asked = sum(len(m.content) for m in call.messages) + len(call.schema_text)
            counts = (round(asked / _CHARS_A_TOKEN), round(size / _CHARS_A_TOKEN))
            return Reply(text=text, prompt_tokens=counts[0], answer_tokens=counts[1], guessed=True, cut=cut)
        details = usage.prompt_tokens_details
        cached = (details.cached_tokens if details else 0) or 0
        return Reply(text=text, prompt_tokens=usage.prompt_tokens, cached_tokens=min(cached, usage.prompt_tokens),
                     answer_tokens=usage.completion_tokens, cut=cut)  # fmt: skip

    def _unreachable(self, cause: str) -> Unreachable:
        return Unreachable("The language model's server answers", value=self._settings.base_url, cause=cause,
                           cure="see that it runs (`ripieno doctor`), or unset RIPIENO_LLM_BASE_URL")  # fmt: skip

    def _told(self, error: "openai.OpenAIError") -> ModelError:
        """What a failure means. Nothing of the request, and no key, is in it."""
        openai, _ = _libraries()
        if isinstance(error, openai.APITimeoutError):
            return self._unreachable("the server was silent for too long")
        if isinstance(error, openai.APIConnectionError):
            return self._unreachable("no connection could be made, or it broke")
        said = self._settings.redact(str(error))
        if not isinstance(error, openai.APIStatusError):
            return ServerFault("A server answers in the OpenAI protocol", value=said, cause="it reported a failure",
                               cure="try again later")  # fmt: skip
        status, wait = error.status_code, _wait(error.response.headers.get("retry-after"))
        if status in (401, 403):
            return NotAllowed("The server lets us in", value=f"status {status}",
                              cause="RIPIENO_LLM_API_KEY is missing or wrong", cure="set the right key")  # fmt: skip
        if status == 404:
            return UnknownModel("The server has the model", value=said, cause="its name or the address is wrong",
                                cure="`ripieno doctor` lists what the server offers")  # fmt: skip
        if status in (429, 503, 529):
            return Busy("The server has time for us", value=f"status {status}", cause="it limits how often it is asked",
                        cure="wait a while, or use another server", wait=wait)  # fmt: skip
        if status >= 500 or status in (408, 409):
            return ServerFault("The server can answer", value=f"status {status}: {said}", cause="it failed",
                               cure="look into its log", wait=wait)  # fmt: skip
        return Rejected("The server takes the request", value=f"status {status}: {said}",
                        cause="a feature that it lacks, or a prompt too long for the model",
                        cure="use a model with a longer context, or set RIPIENO_LLM_FORM=json")  # fmt: skip


def _wait(header: str | None) -> float | None:
    """The seconds of a Retry-After header (a date is not minded)."""
    try:
        return min(max(float(header), 0.0), 3600.0) if header else None
    except ValueError:
        return None


def _libraries() -> tuple[Any, Any]:
    try:
        import httpx2
        import openai
    except ImportError:
        raise MissingClient("A language model needs its client", value="openai", cause="it is not installed",
                            cure='pip install "ripieno[llm]"') from None  # fmt: skip
    return openai, httpx2
