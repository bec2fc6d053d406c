"""Clients that are closed while an answer is on its way over one of their connections: closed once it has been read.

The owner of a body is what closes its connection: a transport of httpx, a session of aiohttp. Its caller goes on at
once, as without us, also where the caller is the garbage collector. So nothing is imported while an owner is closed
but what the recording of its bodies has imported before.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from pytest_lmcache.adapters.source import Source

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

_bodies: WeakKeyDictionary[Any, WeakSet[Source]] = WeakKeyDictionary()
# Reentrant, since the garbage collector closes clients wherever it runs.
_lock = threading.RLock()


def own(owner: Any, body: Source) -> None:
    """Note that a body comes over a connection of `owner`."""
    with _lock:
        _bodies.setdefault(owner, WeakSet()).add(body)


def closing(original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of a method that closes an owner, or leaves its `with` block."""

    def close(owner: Any, *error: Any) -> Any:
        bodies = _open(owner)
        if not bodies:
            return original(owner, *error)

        def read_and_close() -> None:
            for body in bodies:
                body.drain()
            original(owner, *_no_error(error))

        for body in bodies:
            body.read_on()
        threading.Thread(target=read_and_close, daemon=True).start()
        return None

    return close


def aclosing(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same for a method that is awaited."""

    async def close(owner: Any, *error: Any) -> Any:
        bodies, loop = _open(owner), None
        if bodies:
            from pytest_lmcache.adapters.loopend import Lasting
            from pytest_lmcache.recorder.loops import running

            # Another loop's answer can be read there alone.
            loop = running()
            bodies = [body for body in bodies if body.loop is loop]
        if not bodies:
            return await original(owner, *error)

        async def read_and_close() -> None:
            for body in bodies:
                await body.adrain()
            await original(owner, *_no_error(error))

        for body in bodies:
            body.read_on()
        if loop is not None:
            Lasting(read_and_close(), loop=loop)
            return None
        return await read_and_close()

    return close


def _open(owner: Any) -> list[Source]:
    with _lock:
        return [body for body in _bodies.get(owner, ()) if not body.ended]


def _no_error(error: tuple[Any, ...]) -> tuple[None, ...]:
    """What a `with` block is left by, kept no longer than its frames are."""
    return (None,) * len(error)
