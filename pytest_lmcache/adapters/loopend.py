"""The end of an event loop, put off until what was left open on it is read."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Protocol
from weakref import WeakSet

from pytest_lmcache.recorder import unread
from pytest_lmcache.recorder.loops import running

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


class Lasting(asyncio.Task[None]):
    """A task on which cancelling has no effect, so that asyncio.run waits for the answer that was paid for; `stop` is
    for the one who set the time limit.
    """

    def cancel(self, msg: Any | None = None) -> bool:
        return False

    def stop(self) -> None:
        super().cancel()


class Open(Protocol):
    """An asynchronous stream that may still be open when its loop ends."""

    ended: bool

    def read_on(self) -> None: ...

    async def adrain(self) -> None: ...


def outlast(loop: asyncio.AbstractEventLoop, stream: Open) -> None:
    """Have the loop read a stream, for a bounded time, before it closes generators or itself."""
    own: dict[str, Any] = getattr(loop, "__dict__", {})
    ending = getattr(own.get("close"), "__self__", None)
    if not isinstance(ending, _Ending):
        ending = _Ending(loop)
        own.update(shutdown_asyncgens=ending.shutdown_asyncgens, close=ending.close)
    ending.streams.add(stream)


class _Ending:
    """What runs in place of the two methods of one loop that end it, until the second has run.

    asyncio.run calls the first, and with it the generators that a stream is read through are closed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.streams: WeakSet[Open] = WeakSet()
        self._loop = loop
        self._shutdown, self._close = loop.shutdown_asyncgens, loop.close

    async def shutdown_asyncgens(self) -> None:
        await self._read()
        await self._shutdown()

    def close(self) -> None:
        if not self._loop.is_closed() and running() is None and (self._open() or self._lasting()):
            self._loop.run_until_complete(self._read())
        for name in ("shutdown_asyncgens", "close"):
            vars(self._loop).pop(name, None)
        self._close()

    async def _read(self) -> None:
        if isinstance(sys.exception(), KeyboardInterrupt):
            return
        streams = self._open()
        for stream in streams:
            stream.read_on()
        for stream in streams:
            await stream.adrain()
        lasting = self._lasting()
        if lasting:
            await asyncio.wait(lasting, timeout=unread.DRAIN_SECONDS)

    def _open(self) -> list[Open]:
        return [stream for stream in self.streams if not stream.ended]

    def _lasting(self) -> list[Lasting]:
        return [task for task in asyncio.all_tasks(self._loop) if isinstance(task, Lasting)]
