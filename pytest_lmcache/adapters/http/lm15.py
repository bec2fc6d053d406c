"""lm15 at its transports: the HTTP of DSPy's own engine (in a copy that DSPy carries), and of the lm15 package."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from types import ModuleType
from typing import Any

from pytest_lmcache.adapters.http import answers, leaks
from pytest_lmcache.adapters.http.answers import Replay
from pytest_lmcache.adapters.http.exchange import AsyncPieces, Exchange, Pieces, Takes, asked
from pytest_lmcache.adapters.http.targets import credential_of, target_of
from pytest_lmcache.adapters.nesting import INSIDE, inside
from pytest_lmcache.call import Request
from pytest_lmcache.dialects import plausible
from pytest_lmcache.seam import Gate, Pending, Recorder

_Arguments = tuple[str, str, str, bytes]


def blocking(module: ModuleType, gate: Gate, original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What runs in place of `StdlibTransport.stream`."""

    def stream(transport: Any, request: Any) -> Any:
        def call() -> Any:
            _stop(gate, request)
            with inside():
                return original(transport, request)

        recorder = _recorder(gate, request)
        if recorder is not None:
            exchange, arguments = _exchange(module, request, recorder, awaited=False)
            if exchange is not None:
                return recorder.perform(exchange, "", arguments, credential_of(request.headers), call)
        _stop(gate, request)
        return original(transport, request)

    return stream


def awaited(module: ModuleType, gate: Gate, original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What runs in place of `StdlibAsyncTransport.stream`, which can be awaited and entered alike."""

    async def opened(transport: Any, request: Any) -> Any:
        async def call() -> Any:
            _stop(gate, request)
            with inside():
                return await original(transport, request)

        recorder = _recorder(gate, request)
        if recorder is not None:
            exchange, arguments = _exchange(module, request, recorder, awaited=True)
            if exchange is not None:
                return await recorder.aperform(exchange, "", arguments, credential_of(request.headers), call)
        _stop(gate, request)
        return await original(transport, request)

    return lambda transport, request: _Opening(lambda: opened(transport, request))


class _Opening:
    """A response to be awaited, or entered and then closed."""

    def __init__(self, opened: Callable[[], Awaitable[Any]]) -> None:
        self._opened = opened
        self._response: Any = None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._opened().__await__()

    async def __aenter__(self) -> Any:
        self._response = await self._opened()
        return self._response

    async def __aexit__(self, *error: object) -> None:
        if self._response is not None:
            await self._response.aclose()


class _Exchange(Exchange):
    def __init__(self, request: Request, module: ModuleType, *, takes: Takes, awaited: bool) -> None:
        super().__init__(request, takes=takes)
        self._module = module
        self._awaited = awaited

    def status(self, result: Any) -> int:
        return int(result.status)

    def tee(self, stream: Any, pending: Pending) -> object:
        """The same answer, in a response that follows the live one as it is read."""
        live = stream
        head = answers.Head(live.status, live.headers, decoded=True)
        if self._awaited:
            body = self.body(live.__aiter__(), head, pending, close=live.aclose, awaited=True)
            return self._response(live.status, live.reason, live.headers, AsyncPieces(body), _awaiting(body.aleft))
        body = self.body(iter(live), head, pending, close=live.close, awaited=False)
        return self._response(live.status, live.reason, live.headers, iter(Pieces(body)), lambda _: body.left())

    def made(self, replay: Replay) -> object:
        if self._awaited:
            return self._response(
                replay.status, replay.reason, replay.headers, _played(replay.pieces), _awaiting(_nothing)
            )
        return self._response(replay.status, replay.reason, replay.headers, replay.pieces, lambda _: None)

    def late(self) -> Exception:
        error: Exception = self._module.ReadTimeout("read timed out (injected by lmcache)")
        return error

    def broken(self) -> Exception:
        error: Exception = self._module.ReadError("server closed connection within the body (injected by lmcache)")
        return error

    def _response(self, status: int, reason: str, headers: Any, chunks: Any, release: Any) -> Any:
        kind = self._module.AsyncTransportResponse if self._awaited else self._module.TransportResponse
        return kind(
            status=status, reason=reason, headers=headers, http_version="HTTP/1.1", chunks=chunks, release=release
        )


async def _played(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _awaiting(act: Callable[[], Awaitable[None]]) -> Callable[[bool], Awaitable[None]]:
    """A release that does not ask whether the body was read to its end."""
    return lambda _: act()


async def _nothing() -> None:
    pass


def _recorder(gate: Gate, request: Any) -> Recorder | None:
    """Who performs the request, if it may be one to a model."""
    recorder = None if INSIDE.get() else gate()
    return recorder if recorder is not None and plausible(request.method, request.url) else None


def _exchange(
    module: ModuleType, request: Any, recorder: Recorder, *, awaited: bool
) -> tuple[_Exchange | None, _Arguments]:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    arguments = (request.method.upper(), target_of(request.url), kind, bytes(request.body))
    question = asked(*arguments)
    if question is None:
        return None, arguments
    return _Exchange(question, module, takes=recorder.takes, awaited=awaited), arguments


def _stop(gate: Gate, request: Any) -> None:
    leaks.stop(gate, request.method, request.url, request.headers)
