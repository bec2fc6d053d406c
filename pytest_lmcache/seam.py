"""What an adapter is: the few things the recorder needs to know of an SDK, and what passes while a stream runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.errors import Refusal
from pytest_lmcache.whatif import Fault

UNSENT: ContextVar[dict[str, JSON] | None] = ContextVar("lmcache_unsent", default=None)
"""What the SDK further out asks of the call that runs now and does not send: fields added to its request, so that two
calls which differ in nothing else are two requests. They are in the keys of all named strategies.
"""


ON_BEHALF: ContextVar[Recorder | None] = ContextVar("lmcache_on_behalf", default=None)
"""Who performs the calls of this thread, whichever test runs by then: set where an SDK hands work to its threads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer as plain JSON, with its token counts (see `Take.usage`) and its cost in US dollars.

    `error` says that the provider refused or failed, so that another try may bring another answer.
    """

    response: dict[str, JSON]
    usage: dict[str, int] = field(default_factory=dict)
    cost: float | None = None
    error: bool = False


class Unread(Protocol):
    """A live stream whose rest can be read without the caller, in one of two ways.

    `awaited` says which: `drain` for a blocking stream, `adrain` on `loop` for an asynchronous one. Either takes a
    bounded time, and has reported how the stream ended when it returns. The caller still gets what it read.
    """

    awaited: bool
    loop: asyncio.AbstractEventLoop | None

    def drain(self) -> None: ...

    async def adrain(self) -> None: ...

    def stop(self) -> None:
        """Read no more of it."""


class Pending(Protocol):
    """A stream on its way to the caller. The adapter's tee reports its end exactly once; later reports are ignored.

    `patience` is how many seconds the rest of it is read at most, once its caller has left it.
    """

    @property
    def patience(self) -> float: ...

    def follow(self, rest: Unread) -> None:
        """What is to be read when the caller leaves the stream unread. It must not keep the caller's own object alive:
        that an asynchronous stream is dropped is how one learns that its caller has left.
        """

    def complete(self, answer: Answer) -> None:
        """The provider ended the stream by itself: this is all of it."""

    def abandon(self, reason: str) -> None:
        """The stream broke off, and what came of it is not an answer. `reason` completes 'not recorded: ...'."""


class Adapter(Protocol):
    """One SDK, as the recorder sees it. Everything but `tee` is a pure function of its arguments."""

    name: str

    def describe(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        """The request a call makes, or None for a call that is not ours (a mocked answer, say).

        Raises UnkeyableRequest for an argument with no faithful JSON form.
        """

    def is_stream(self, result: object) -> bool:
        """Whether what the SDK returned is a stream that is still to be read."""

    def dump(self, result: object) -> Answer | None:
        """A whole result as JSON, None for one that is no answer (a redirect, a status that the SDK will retry).

        Raises UnstorableResponse when it would not be rebuilt as it was.
        """

    def dump_error(self, error: Exception) -> Answer | None:
        """A provider's error as JSON, or None when it did not come from the provider."""

    def build(self, response: dict[str, JSON]) -> object:
        """The SDK's own object, or stream, from what `dump`, `dump_error` or `tee` made; raises a recorded error.

        `response` is the caller's to keep: it was parsed for this call alone.
        """

    def inject(self, fault: Fault, request: Request, response: dict[str, JSON] | None) -> object:
        """What the SDK gives its caller when the provider behaves so; an exception is what it is to meet.

        `response` is the recorded answer that a `cut` breaks off, where there is one.
        """

    def tee(self, stream: object, pending: Pending) -> object:
        """The same stream for the caller, that tells `pending` how to read its rest, and how it ended."""


class Recorder(Protocol):
    """Performs one call for the current test: replays it, records it, or refuses it."""

    def takes(self, status: int) -> bool: ...

    @property
    def injects(self) -> bool: ...

    def perform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Any],
        meet: Callable[[Exception], Any] = ...,
    ) -> Any: ...

    async def aperform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Awaitable[Any]],
        meet: Callable[[Exception], Awaitable[Any]] = ...,
    ) -> Any: ...


@dataclass(frozen=True, eq=False)
class Owner:
    """A test, a fixture of wider scope, or the collection, whose calls those of a moment are.

    What a `lasting` one sets up is meant for the tests after it: it is no test. `recorder` is None for one whose calls
    pass untouched.
    """

    recorder: Recorder | None
    lasting: bool


Follower: TypeAlias = Callable[[tuple[Owner, ...]], None]
"""Told the owners at work whenever they change: the calls belong to the last one, which the others wait for."""


class Gate(Protocol):
    """The recorder for the calls of this moment, or None where calls pass untouched."""

    def __call__(self) -> Recorder | None: ...

    def follow(self, follower: Follower) -> None:
        """Tell `follower` the owners now, and at every change."""

    def unfollow(self, follower: Follower) -> None:
        """Tell it no more, and that there are no owners."""

    def refused(self, refusal: Refusal) -> Refusal:
        """Remember a refusal for the test that runs, which fails though something swallows it; returns it."""

    def replays(self) -> bool:
        """Whether the calls of this moment are replayed, so that nothing may leave the process."""

    def guards(self, host: str, port: int | None) -> bool:
        """Whether a provider answers there, and the test that runs is one that may not reach it unnoticed."""

    def connects(self, host: str, port: int | None, site: str) -> None:
        """A connection that `guards` knows is about to be opened from a call site, empty when that is not known.

        Raises LiveCall where calls are replayed, and notes it where they are recorded.
        """
