"""Reading what is left of a live stream on behalf of the recording, from whatever thread or event loop asks for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import wait

from pytest_lmcache.recorder.loops import in_thread, running
from pytest_lmcache.seam import Unread

DRAIN_SECONDS = 10.0
"""How long a stream is read on at most, once its caller has left it."""


def finish(rest: Unread) -> bool:
    """Read a stream to its end, for a bounded time; False when its event loop does not let us."""
    if not rest.awaited:
        rest.drain()
        return True
    loop = rest.loop
    if loop is None or loop.is_closed() or loop is running():
        return False
    if loop.is_running():
        wait([asyncio.run_coroutine_threadsafe(rest.adrain(), loop)], DRAIN_SECONDS)
    else:
        loop.run_until_complete(rest.adrain())
    return True


async def afinish(rest: Unread) -> bool:
    """The same from a task, whose own loop goes on meanwhile."""
    if rest.awaited:
        if rest.loop is None or not rest.loop.is_running():
            return False
        if rest.loop is running():
            await rest.adrain()
            return True
    return await in_thread(lambda: finish(rest))
