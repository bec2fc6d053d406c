"""One request of ours and its answer, as the recorder sees them: what the libraries share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from pytest_lmcache import dialects
from pytest_lmcache.adapters.http import answers, owners
from pytest_lmcache.adapters.http.answers import Head, Replay
from pytest_lmcache.adapters.source import Source
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.seam import Answer, Pending
from pytest_lmcache.whatif import Fault

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

Takes: TypeAlias = Callable[[int], bool]
"""Whether an answer with a status is one to be read for the recorder."""


@lru_cache(maxsize=64)
def asked(method: str, target: str, content_type: str, body: bytes) -> Request | None:
    """The request to a model that an HTTP request is, or None for one that is none of ours."""
    return dialects.recognise(dialects.Wire(method, target, content_type, body))


class Exchange:
    """The adapter for one HTTP request. A library's own class says how its responses are read and made.

    The body of every answer counts as a stream, also of one that is none to its caller: at the transport it is still on
    its way, and the caller reads it as it comes.
    """

    name = "http"

    def __init__(self, request: Request, *, takes: Takes) -> None:
        self.request = request
        self._takes = takes

    def status(self, result: Any) -> int:
        """The status of a response of the library."""
        raise NotImplementedError

    def tee(self, stream: Any, pending: Pending) -> object:
        raise NotImplementedError

    def made(self, replay: Replay) -> object:
        """The library's own response."""
        raise NotImplementedError

    def late(self) -> Exception:
        """What the library raises when no answer comes in time."""
        raise NotImplementedError

    def broken(self) -> Exception:
        """What the library raises when the connection breaks within a body."""
        raise NotImplementedError

    def build(self, response: dict[str, JSON]) -> object:
        return self.made(answers.replay(response))

    def inject(self, fault: Fault, request: Request, response: dict[str, JSON] | None) -> object:
        if fault.kind == "timeout":
            return self.late()
        if fault.kind != "cut":
            return self.made(answers.replay(answers.failure(request, fault)))
        if response is None:
            return self.broken()
        return self.made(answers.cut(answers.replay(response), fault.after_chunks, self.broken))

    def describe(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        return self.request

    def is_stream(self, result: object) -> bool:
        return self._takes(self.status(result))

    def dump(self, result: object) -> Answer | None:
        """Nothing: a redirect, or an error that is not to be recorded, is no answer."""
        return None

    def dump_error(self, error: Exception) -> Answer | None:
        return None

    def body(
        self, stream: Any, head: Head, pending: Pending, *, close: Any, awaited: bool, owner: object = None
    ) -> Body:
        """The body of a live answer, followed; see `Body`. `owner` closes its connection, if that is to wait."""
        body = Body(stream, pending, head=head, request=self.request, close=close, awaited=awaited)
        if owner is not None:
            owners.own(owner, body)
        pending.follow(body)
        return body


class Body(Source):
    """The body of a live answer, on its way to the caller piece by piece.

    `stream` gives it as it comes over the wire, `close` (awaited when the stream is) frees the connection.
    """

    def __init__(
        self, stream: Any, pending: Pending, *, head: Head, request: Request, close: Callable[[], Any], awaited: bool
    ) -> None:
        super().__init__(stream, pending, awaited=awaited)
        self._head = head
        self._request = request
        self._close = close

    def whole(self) -> Answer:
        return answers.dump(self._head, b"".join(self.chunks), self._request)

    def release(self) -> None:
        self._close()

    async def arelease(self) -> None:
        await self._close()

    def left(self) -> None:
        """The caller closes a blocking answer: its rest is read behind the caller's back, then the connection freed."""
        if self._enough():
            self._close()
        else:
            self.read_on()

    async def aleft(self) -> None:
        """The same for an asynchronous answer; where there is no asyncio, the caller waits."""
        if self._enough():
            await self._close()
        elif self.loop is None:
            await self.adrain()
        else:
            self.read_on()

    def leave(self) -> None:
        """The caller has dropped an asynchronous answer, and nobody can wait here."""
        if self.ended or not self._enough():
            super().leave()
        elif self.loop is not None and self.loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close(), self.loop)

    def _enough(self) -> bool:
        """Whether what came is the answer; then it is told, without a wait for the connection to say so."""
        if not self.ended and answers.is_whole(self._head, b"".join(self.chunks), self._request):
            self.finish()
        return self.ended


class Pieces:
    """The pieces of a blocking answer that is being recorded, for its caller."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                piece = self.body.pull()
            except StopIteration:
                return
            yield piece


class AsyncPieces:
    """The same of an asynchronous one. A caller who drops it has left: what is iterated keeps it alive."""

    def __init__(self, body: Body) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                piece = await self.body.apull()
            except StopAsyncIteration:
                return
            yield piece

    def __del__(self) -> None:
        self.body.leave()
