"""Reading what is left of a live stream on behalf of the recording, from whatever thread or event loop asks for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import wait

from pytest_lmcache.seam import Unread

DRAIN_SECONDS = 10.0


def finish(rest: Unread) -> bool:
    """Read a stream to its end, for a bounded time; False when its event loop does not let us."""
    if not rest.awaited:
        rest.drain(DRAIN_SECONDS)
        return True
    loop = rest.loop
    if loop is None or loop.is_closed() or loop is _loop_here():
        return False
    if loop.is_running():
        wait([asyncio.run_coroutine_threadsafe(rest.adrain(DRAIN_SECONDS), loop)], DRAIN_SECONDS)
    else:
        loop.run_until_complete(rest.adrain(DRAIN_SECONDS))
    return True


async def afinish(rest: Unread) -> bool:
    """The same from a task, whose own loop goes on meanwhile."""
    if not rest.awaited:
        await asyncio.to_thread(rest.drain, DRAIN_SECONDS)
        return True
    if rest.loop is asyncio.get_running_loop():
        await rest.adrain(DRAIN_SECONDS)
        return True
    if rest.loop is None or not rest.loop.is_running():
        return False
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(rest.adrain(DRAIN_SECONDS), rest.loop))
    return True


def _loop_here() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
