"""A live stream read for whoever wants its chunks: the caller first, and when the caller leaves, the recording."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from pytest_lmcache.adapters.litellm import usage
from pytest_lmcache.adapters.litellm.chunks import fold
from pytest_lmcache.adapters.litellm.endings import lacking, noticing
from pytest_lmcache.adapters.litellm.hooks import inside
from pytest_lmcache.adapters.litellm.objects import encode, hidden_params
from pytest_lmcache.call import JSON
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.seam import Answer, Pending

DRAIN_SECONDS = 10.0


class Source:
    """A live stream, what came of it so far, and whom to tell how it ended."""

    def __init__(self, stream: Any, pending: Pending, *, awaited: bool) -> None:
        self.stream = stream
        self.pending = pending
        self.awaited = awaited
        self.loop = _running_loop() if awaited else None
        self.chunks: list[Any] = []
        self.records: list[dict[str, JSON]] = []
        self.unstorable = ""
        self.ended = False
        self.reader: _Reader | None = None
        self._given = 0
        self._invented: list[str] = []
        self._outcome: Exception | None = None
        self._turn = threading.Lock()
        self._awaited_turn = asyncio.Lock()

    def pull(self) -> Any:
        """The caller's next chunk: one that was read ahead of the caller, or the provider's next."""
        with self._turn:
            if self._given == len(self.chunks):
                self._receive()
            return self._next()

    async def apull(self) -> Any:
        """The same, awaiting."""
        async with self._awaited_turn:
            if self._given == len(self.chunks):
                await self._areceive()
            return self._next()

    def _next(self) -> Any:
        self._given += 1
        return self.chunks[self._given - 1]

    def _receive(self) -> None:
        if self._outcome is not None:
            raise self._outcome
        try:
            with inside(), noticing(self._invented):
                chunk = next(self.stream)
        except StopIteration as end:
            self._outcome = end
            self._finish()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._note(chunk)

    async def _areceive(self) -> None:
        if self._outcome is not None:
            raise self._outcome
        try:
            with inside(), noticing(self._invented):
                chunk = await self.stream.__anext__()
        except StopAsyncIteration as end:
            self._outcome = end
            self._finish()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._note(chunk)

    def drain(self, seconds: float) -> None:
        """Read the rest, in a thread of its own since a blocking read cannot be told to give up."""
        if self.ended:
            return
        reader = threading.Thread(target=self._read, args=(time.monotonic() + seconds,), daemon=True)
        reader.start()
        reader.join(seconds)
        self._give_up(seconds)

    async def adrain(self, seconds: float) -> None:
        """Read the rest in a task that goes on when its loop is being shut down."""
        if self.ended:
            return
        if self.reader is None:
            self.reader = _Reader(self._aread(), loop=asyncio.get_running_loop())
        timer = self.reader.get_loop().call_later(seconds, self._stop_reading, seconds)
        try:
            await asyncio.wait([self.reader])
        finally:
            if self.reader.done():
                timer.cancel()
                self._give_up(seconds)

    def leave(self) -> None:
        """The caller is done with an asynchronous stream: read the rest while its loop runs. From any thread."""
        if self.ended or self.reader is not None or self.loop is None or not self.loop.is_running():
            return
        self.loop.call_soon_threadsafe(self._start_reader)

    def _start_reader(self) -> None:
        if self.ended or self.reader is not None or self.loop is None:
            return
        self.reader = _Reader(self._aread(), loop=self.loop)
        timer = self.loop.call_later(DRAIN_SECONDS, self._stop_reading, DRAIN_SECONDS)
        self.reader.add_done_callback(lambda _: timer.cancel())
        self.reader.add_done_callback(lambda _: self._give_up(DRAIN_SECONDS))

    def _read(self, deadline: float) -> None:
        try:
            while time.monotonic() < deadline:
                with self._turn:
                    self._receive()
        except Exception:  # noqa: BLE001 - the end, or a failure: either is reported by now
            return

    async def _aread(self) -> None:
        try:
            while True:
                async with self._awaited_turn:
                    await self._areceive()
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - the end, or a failure: either is reported by now
            return

    def _stop_reading(self, seconds: float) -> None:
        self._give_up(seconds)
        if self.reader is not None:
            self.reader.stop()

    def _give_up(self, seconds: float) -> None:
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the caller left the stream, and its rest took more than {seconds:g} s")

    def _note(self, chunk: Any) -> None:
        self.chunks.append(chunk)
        if self.ended or self.unstorable:
            return
        try:
            self.records.append(encode(chunk, compact=False))
        except UnstorableResponse as error:
            self.unstorable = str(error)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._outcome = error
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the stream broke off ({type(error).__name__})")

    def _finish(self) -> None:
        if self.ended:
            return
        self.ended = True
        lacks = "".join(self._invented[:1]) or lacking(self.chunks)
        if self.unstorable or lacks:
            self.pending.abandon(self.unstorable or f"the provider ended the stream without {lacks}")
            return
        for chunk, record in zip(self.chunks, self.records, strict=True):
            # litellm corrects the usage it put here when the stream has ended.
            hidden = hidden_params(chunk)
            if hidden:
                record["hidden_params"] = hidden
        model = getattr(self.stream, "model", None)
        found, cost = usage.of_stream(self.chunks, model if isinstance(model, str) else None)
        self.pending.complete(Answer(_response(self.stream, self.records), found, cost))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _response(stream: Any, records: list[dict[str, JSON]]) -> dict[str, JSON]:
    shared, own = fold(records)
    response: dict[str, JSON] = {"type": "stream", "of": _family(stream)}
    for name in ("model", "custom_llm_provider"):
        value = getattr(stream, name, None)
        if isinstance(value, str):
            response[name] = value
    hidden = hidden_params(stream)
    # Before the end litellm writes the cost of a stream as 0.0 here.
    hidden.pop("response_cost", None)
    if hidden:
        response["hidden_params"] = hidden
    return {**response, "shared": shared, "chunks": list(own)}


def _family(stream: Any) -> str:
    """The stream class that a replayed stream derives from; `iterator` when its class is of no interest."""
    for base in type(stream).__mro__:
        if base.__name__ in ("CustomStreamWrapper", "TextCompletionStreamWrapper", "BaseResponsesAPIStreamingIterator"):
            return base.__name__
    return "iterator"


class _Reader(asyncio.Task[None]):
    """A task that reads a stream to its end. Cancelling it has no effect, so that asyncio.run waits for the answer
    that was paid for; `stop` is for the one who set the time limit.
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False

    def stop(self) -> None:
        super().cancel()
