"""Streams on their way from the provider to the caller: followed chunk by chunk, and read to their end if left alone.

The caller holds a wrapper, the recorder a `Source`. The wrapper can be dropped at any time; the source then reads what
is left, so that a caller who breaks off does not pay for half an answer.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator
from typing import Any

from litellm import CustomStreamWrapper
from pydantic import BaseModel

from pytest_lmcache.adapters.litellm import usage
from pytest_lmcache.adapters.litellm.chunks import fold
from pytest_lmcache.adapters.litellm.hooks import inside
from pytest_lmcache.adapters.litellm.objects import encode, hidden_params
from pytest_lmcache.call import JSON
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.seam import Answer, Pending

DRAIN_SECONDS = 10.0
_NO_STREAMS = (BaseModel, dict, list, tuple, str, bytes)


def is_stream(result: object) -> bool:
    """Whether the result is still to be read, in either way of reading."""
    return not isinstance(result, _NO_STREAMS) and (hasattr(result, "__next__") or hasattr(result, "__anext__"))


def tee(stream: Any, pending: Pending, *, awaited: bool) -> Any:
    """The stream for the caller, an instance of its own class where Python allows, that reports to `pending`."""
    asynchronous = hasattr(stream, "__anext__") and (awaited or not hasattr(stream, "__next__"))
    source = Source(stream, pending, _running_loop() if asynchronous else None)
    wrapper_class = _wrapper_class(type(stream), asynchronous)
    if wrapper_class is None:
        return _AsyncProxy(source) if asynchronous else _Proxy(source)
    wrapper = wrapper_class.__new__(wrapper_class)
    wrapper.__dict__ = stream.__dict__
    wrapper._source = source
    return wrapper


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Source:
    """A live stream, what came of it so far, and whom to tell how it ended."""

    def __init__(self, stream: Any, pending: Pending, loop: asyncio.AbstractEventLoop | None) -> None:
        self.stream = stream
        self.pending = pending
        self.loop = loop
        self.chunks: list[Any] = []
        self.records: list[dict[str, JSON]] = []
        self.unstorable = ""
        self.ended = False
        self.reader: _Reader | None = None
        self._turn = threading.Lock()

    def pull(self) -> Any:
        with self._turn:
            try:
                with inside():
                    chunk = next(self.stream)
            except StopIteration:
                self._finish()
                raise
            except BaseException as error:
                self._fail(error)
                raise
            self._note(chunk)
            return chunk

    async def apull(self) -> Any:
        try:
            with inside():
                chunk = await self.stream.__anext__()
        except StopAsyncIteration:
            self._finish()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._note(chunk)
        return chunk

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
        timer = self.reader.get_loop().call_later(seconds, self.reader.stop)
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
        timer = self.loop.call_later(DRAIN_SECONDS, self.reader.stop)
        self.reader.add_done_callback(lambda _: (timer.cancel(), self._give_up(DRAIN_SECONDS)))

    def _read(self, deadline: float) -> None:
        try:
            while time.monotonic() < deadline:
                self.pull()
        except Exception:  # the end, or a failure: either is reported by now
            return

    async def _aread(self) -> None:
        try:
            while True:
                await self.apull()
        except (Exception, asyncio.CancelledError):  # the end, or a failure: either is reported by now
            return

    def _give_up(self, seconds: float) -> None:
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the caller left the stream, and its rest took more than {seconds:g} s")

    def _note(self, chunk: Any) -> None:
        if self.ended or self.unstorable:
            return
        try:
            self.records.append(encode(chunk, compact=False))
        except UnstorableResponse as error:
            self.unstorable = str(error)
        self.chunks.append(chunk)

    def _fail(self, error: BaseException) -> None:
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the stream broke off ({type(error).__name__})")

    def _finish(self) -> None:
        if self.ended:
            return
        self.ended = True
        if self.unstorable:
            self.pending.abandon(self.unstorable)
            return
        model = getattr(self.stream, "model", None)
        found, cost = usage.of_stream(self.chunks, model if isinstance(model, str) else None)
        self.pending.complete(Answer(_response(self.stream, self.records), found, cost))


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
    that was paid for; `stop` is for the one who set the time limit."""

    def cancel(self, msg: Any | None = None) -> bool:
        return False

    def stop(self) -> None:
        super().cancel()


_wrapper_classes: dict[tuple[type, bool], type[Any] | None] = {}


def _wrapper_class(cls: type[Any], asynchronous: bool) -> type[Any] | None:
    """A subclass of the stream's class that shares the stream's attributes and reads through its source."""
    if (cls, asynchronous) not in _wrapper_classes:
        mixin = _AsyncWrapper if asynchronous else _Wrapper
        try:
            made = type(cls.__name__, (mixin, cls), {"__slots__": ("_source",), "__module__": cls.__module__})
            shares = "__dict__" in dir(made.__new__(made))
        except TypeError:
            made, shares = None, False
        _wrapper_classes[cls, asynchronous] = made if shares else None
    return _wrapper_classes[cls, asynchronous]


class _Wrapper:
    """Reading a stream through its source, blocking. A chat stream can be read either way, whoever made it."""

    __slots__ = ()
    _source: Source

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self._source.pull()

    def drain(self, seconds: float) -> None:
        self._source.drain(seconds)

    def close(self) -> None:
        """Leaves the connection open: the recorder reads the rest when the test has ended."""

    def __del__(self) -> None:
        pass


class _AsyncWrapper:
    """Reading a stream through its source, awaiting."""

    __slots__ = ()
    _source: Source

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        return await self._source.apull()

    async def drain(self, seconds: float) -> None:
        await self._source.adrain(seconds)

    async def aclose(self) -> None:
        self._source.leave()

    def __del__(self) -> None:
        source = getattr(self, "_source", None)
        if source is not None:
            source.leave()


class _Proxy(_Wrapper, Generator[Any, None, None]):
    """A blocking stream whose class cannot be derived from, a generator mostly."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source.stream, name)

    def send(self, value: Any) -> Any:
        return self._source.pull()

    def throw(self, *error: Any) -> Any:
        raise error[0]


class _AsyncProxy(_AsyncWrapper, AsyncGenerator[Any, None]):
    """An asynchronous stream whose class cannot be derived from, a generator mostly."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source.stream, name)

    async def asend(self, value: Any) -> Any:
        return await self._source.apull()

    async def athrow(self, *error: Any) -> Any:
        raise error[0]
