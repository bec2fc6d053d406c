"""The body of an aiohttp response that comes from elsewhere than its connection: a real StreamReader, fed on demand."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any


def made(cls: type[Any], source: Any, *, limit: int, loop: Any) -> Any:
    """A reader of the library's class whose pieces `source.apull` gives; told to `source.leave` when it is dropped."""
    base = next(base for base in cls.__mro__ if base.__name__ == "StreamReader")
    return _derived(base)(source, limit=limit, loop=loop)


class _Fed:
    """What a reader of ours does otherwise: it waits for its source, and not for a connection."""

    _source: Any = None

    def __init__(self, source: Any, *, limit: int, loop: Any) -> None:
        # Stands for the connection, which is asked to go slower and faster.
        quiet = SimpleNamespace(connected=True, _reading_paused=False, pause_reading=_nothing, resume_reading=_nothing)
        super().__init__(quiet, limit, loop=loop)  # type: ignore[call-arg]
        self._source = source

    async def _wait(self, func_name: str) -> None:
        fed: Any = self
        try:
            piece = await self._source.apull()
        except StopAsyncIteration:
            fed.feed_eof()
        else:
            fed.feed_data(piece)

    def set_exception(self, *error: Any) -> None:
        """The response was closed."""
        super().set_exception(*error)  # type: ignore[misc]
        self._source.leave()

    def __del__(self) -> None:
        if self._source is not None:
            self._source.leave()


@lru_cache
def _derived(base: type[Any]) -> type[Any]:
    return type("StreamReader", (_Fed, base), {})


def _nothing(*args: Any, **named: Any) -> None:
    pass
