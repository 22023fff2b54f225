"""One thread with an event loop, in which all calls to models run: a wait there can be bounded and broken off at any moment."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from ripieno.llm.errors import Cancelled

T = TypeVar("T")


class Loop:
    """Runs coroutines for callers that are not asynchronous. Its thread begins with the first and keeps no process alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._running: set[Future[Any]] = set()

    def run(self, work: Coroutine[Any, Any, T], meanwhile: Callable[[], None] = lambda: None) -> T:
        """Waits for `work`. Ctrl-C, or `cancel` from another thread, ends it at once. `meanwhile` is done beside it.

        Raises:
            Cancelled: it was called off.
        """
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._started())
        self._running.add(future)
        try:
            meanwhile()
            return future.result()
        except CancelledError:
            raise Cancelled("A turn goes on until it is called off", cause="somebody called it off") from None
        except BaseException:
            future.cancel()
            raise
        finally:
            self._running.discard(future)

    def cancel(self) -> None:
        """Calls everything off that is running."""
        for future in tuple(self._running):
            future.cancel()

    def close(self) -> None:
        """Ends the thread. What still runs is called off."""
        self.cancel()
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="ripieno-llm", daemon=True)
                self._thread.start()
            return self._loop
