"""Streams on their way from the provider to the caller: followed chunk by chunk, and read to their end if left alone.

The caller holds a wrapper, the recorder a `Source`. The wrapper can be dropped at any time; the source then reads what
is left, so that a caller who breaks off does not pay for half an answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

from pydantic import BaseModel

from pytest_lmcache.adapters.litellm.source import Source
from pytest_lmcache.seam import Pending

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

_NO_STREAMS = (BaseModel, dict, list, tuple, str, bytes)


def is_stream(result: object) -> bool:
    """Whether the result is still to be read, in either way of reading."""
    return not isinstance(result, _NO_STREAMS) and (hasattr(result, "__next__") or hasattr(result, "__anext__"))


def tee(stream: Any, pending: Pending, *, awaited: bool) -> Any:
    """The stream for the caller, an instance of its own class where Python allows, that reports to `pending`."""
    asynchronous = hasattr(stream, "__anext__") and (awaited or not hasattr(stream, "__next__"))
    source = Source(stream, pending, awaited=asynchronous)
    pending.follow(source)
    wrapper_class = _wrapper_class(type(stream), asynchronous)
    if wrapper_class is None:
        return _AsyncProxy(source) if asynchronous else _Proxy(source)
    wrapper: Any = object.__new__(wrapper_class)
    wrapper.__dict__ = stream.__dict__
    wrapper._source = source
    return wrapper


_wrapper_classes: dict[tuple[type, bool], type[Any] | None] = {}


def _wrapper_class(cls: type[Any], asynchronous: bool) -> type[Any] | None:
    """A subclass of the stream's class that shares the stream's attributes and reads through its source."""
    if (cls, asynchronous) not in _wrapper_classes:
        mixin = _AsyncWrapper if asynchronous else _Wrapper
        try:
            made = type(cls.__name__, (mixin, cls), {"__slots__": ("_source",), "__module__": cls.__module__})
            shares = "__dict__" in dir(object.__new__(made))
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
