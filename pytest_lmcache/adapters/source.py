"""A live stream read for whoever wants it: the caller first, and when the caller leaves, the recording."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import AbstractContextManager
from typing import Any

from pytest_lmcache.adapters.loopend import Lasting, outlast
from pytest_lmcache.adapters.nesting import inside
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.recorder.loops import running
from pytest_lmcache.seam import Answer, Pending

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


class Source:
    """A live stream, what came of it so far, and whom to tell how it ended.

    `stream` is an iterator, an asynchronous one when the stream is `awaited`. An adapter derives from this class to say
    what answer the chunks make.
    """

    def __init__(self, stream: Any, pending: Pending, *, awaited: bool) -> None:
        self.stream = stream
        self.pending = pending
        self.awaited = awaited
        self.loop = running() if awaited else None
        self.chunks: list[Any] = []
        self.ended = False
        self.reader: Lasting | threading.Thread | None = None
        self._deadline = 0.0
        self._read_through = threading.Event()
        self._given = 0
        self._outcome: Exception | None = None
        self._turn = threading.Lock()
        self._beginning = threading.RLock()
        self._awaited_turn = asyncio.Lock()
        if self.loop is not None:
            outlast(self.loop, self)

    def note(self, chunk: Any) -> None:
        """A chunk came, and it is one of `chunks` by now."""

    def whole(self) -> Answer:
        """The answer that the chunks make, now that the provider has ended the stream. Raises UnstorableResponse."""
        raise NotImplementedError

    def reading(self) -> AbstractContextManager[None]:
        """The span of reading one chunk."""
        return inside()

    def release(self) -> None:
        """A blocking stream was read to its end here, or given up: free what it holds."""

    async def arelease(self) -> None:
        """The same for an asynchronous stream."""

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

    def read_on(self) -> None:
        """Read the rest without the caller, from now on and for a bounded time: an asynchronous stream in a task
        of its loop, which runs here; a blocking one in a thread, since a blocking read cannot be told to give up.
        """
        thread = None if self.awaited else threading.Thread(target=self._read, daemon=True)
        with self._beginning:
            if self.ended or self.reader is not None:
                return
            if thread is not None:
                self._deadline = time.monotonic() + self.pending.patience
                self.reader = thread
            elif self.loop is not None:
                self.reader = Lasting(self._aread(), loop=self.loop)
                timer = self.loop.call_later(self.pending.patience, self.stop)
                self.reader.add_done_callback(lambda _: timer.cancel())
                self.reader.add_done_callback(lambda _: self._give_up())
        # Without the lock: whoever starts a thread waits for its first step, and in that the garbage collector may run
        # and close this very stream.
        if thread is not None:
            thread.start()

    def drain(self) -> None:
        """Read the rest of a blocking stream, and wait for it: no longer than who asked first would."""
        self.read_on()
        if isinstance(self.reader, threading.Thread):
            # It may be about to start only, and such a thread cannot be joined.
            self._read_through.wait(max(0.0, self._deadline - time.monotonic()))
            self._give_up()

    async def adrain(self) -> None:
        """The same for an asynchronous stream, in a task that goes on when its loop is being shut down."""
        self.read_on()
        if isinstance(self.reader, Lasting):
            await asyncio.wait([self.reader])
        elif not self.ended:
            await self._read_here()

    def leave(self) -> None:
        """The caller is done with an asynchronous stream: read the rest while its loop runs. From any thread."""
        if self.ended or self.reader is not None or self.loop is None or not self.loop.is_running():
            return
        self.loop.call_soon_threadsafe(self.read_on)

    def finish(self) -> None:
        """The provider has ended the stream: tell the recorder what it made."""
        if self.ended:
            return
        self.ended = True
        try:
            answer = self.whole()
        except UnstorableResponse as error:
            self.pending.abandon(str(error))
        else:
            self.pending.complete(answer)

    def _next(self) -> Any:
        self._given += 1
        return self.chunks[self._given - 1]

    def _receive(self) -> None:
        if self._outcome is not None:
            raise self._outcome
        try:
            with self.reading():
                chunk = next(self.stream)
        except StopIteration as end:
            self._outcome = end
            self.finish()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._take(chunk)

    async def _areceive(self) -> None:
        if self._outcome is not None:
            raise self._outcome
        try:
            with self.reading():
                chunk = await self.stream.__anext__()
        except StopAsyncIteration as end:
            self._outcome = end
            self.finish()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._take(chunk)

    def _take(self, chunk: Any) -> None:
        self.chunks.append(chunk)
        if not self.ended:
            self.note(chunk)

    def _read(self) -> None:
        try:
            while time.monotonic() < self._deadline:
                with self._turn:
                    self._receive()
        except Exception:  # noqa: BLE001 - the end, or a failure: either is reported by now
            self.release()
        finally:
            self._read_through.set()

    async def _aread(self) -> None:
        try:
            while True:
                async with self._awaited_turn:
                    await self._areceive()
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - the end, or a failure: either is reported by now
            await self.arelease()

    async def _read_here(self) -> None:
        """Read the rest where nothing can be read behind the caller's back: under trio, which httpx runs on as well."""
        import anyio

        with anyio.move_on_after(self.pending.patience):
            await self._aread()

    def stop(self) -> None:
        """Read no more of it. In the loop of an asynchronous stream."""
        self._give_up()
        if isinstance(self.reader, Lasting):
            self.reader.stop()

    def _give_up(self) -> None:
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the caller left the stream, and its rest took more than {self.pending.patience:g} s")

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._outcome = error
        if not self.ended:
            self.ended = True
            self.pending.abandon(f"the stream broke off ({type(error).__name__})")
