"""The event loop that runs here, asyncio's or trio's: what differs between the two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def running() -> asyncio.AbstractEventLoop | None:
    """The loop of asyncio that runs in this thread; None where none does, or another kind."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def task() -> object:
    """The task that runs here."""
    if running() is not None:
        return asyncio.current_task()
    import trio

    return trio.lowlevel.current_task()


async def pause(seconds: float) -> None:
    """Let time pass for this task alone."""
    if running() is not None:
        await asyncio.sleep(seconds)
        return
    import trio

    await trio.sleep(seconds)


async def in_thread(act: Callable[[], T]) -> T:
    """What `act` gives, which may block."""
    if running() is not None:
        return await asyncio.to_thread(act)
    import trio

    return await trio.to_thread.run_sync(act)
