"""Calls that fail in passing are tried again: after what the server asks for, else after a pause that doubles, with jitter.

"Full jitter" as in Brooker, "Exponential backoff and jitter" (AWS, 2015): a pause is drawn evenly up to its bound, so that
callers who failed together don't come back together.
"""

import asyncio
import random
import time
from collections.abc import Callable

from ripieno.llm.errors import ModelError, Spent, Unreachable
from ripieno.llm.messages import Call, OnText, Reply, Transport
from ripieno.llm.spending import Meter

FIRST, MOST = 0.5, 20.0  # seconds: the bound of the first pause, and of any


async def send(transport: Transport, call: Call, on_text: OnText, meter: Meter, tries: int, begin: Callable[[], None]) -> Reply:
    """The reply, within the meter's budget. `begin` is called before each try: what `on_text` was given before is void.

    Raises:
        ModelError: the last failure, or `Spent`.
    """
    transport.prepare()
    for n in range(1, tries + 1):
        seconds = meter.open_call()
        begun = time.monotonic()
        reply: Reply | None = None
        begin()
        try:
            async with asyncio.timeout(seconds):
                reply = await transport.send(call, on_text)
                return reply
        except TimeoutError:
            if meter.left() <= 0:
                raise meter.out_of_time() from None
            raise Unreachable("A call to a language model comes back in time", value=f"{seconds:.0f} s",
                              cause="the server is slow, or the answer has no end",
                              cure="raise RIPIENO_LLM_CALL_SECONDS, or use a smaller model") from None  # fmt: skip
        except ModelError as error:
            if not error.passing or n == tries:
                raise
            pause = error.wait if error.wait is not None else random.random() * min(MOST, FIRST * 2 ** (n - 1))
        finally:
            meter.close_call(reply, time.monotonic() - begun)
        if not transport.live:
            continue
        if pause > meter.left():
            raise Spent("A turn waits no longer than its budget allows", value=f"{pause:.0f} s asked by the server",
                        cause="the server limits how often it is asked",
                        cure="try later, or raise RIPIENO_LLM_SECONDS")  # fmt: skip
        await asyncio.sleep(pause)
    raise AssertionError("a call is tried at least once")
