"""httpx and its fork httpx2 at their network transports; transports that stay in the process are not touched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


def blocking(module: ModuleType, gate: Gate, original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What runs in place of `HTTPTransport.handle_request`."""
    return _Seam(Library(module), gate).blocking(original)


def awaited(
    module: ModuleType, gate: Gate, original: Callable[[Any, Any], Awaitable[Any]]
) -> Callable[[Any, Any], Awaitable[Any]]:
    """What runs in place of `AsyncHTTPTransport.handle_async_request`."""
    return _Seam(Library(module), gate).awaited(original)


class _Seam:
    """What runs in place of a transport's own method."""

    def __init__(self, library: Library, gate: Gate) -> None:
        self._library = library
        self._gate = gate

    def blocking(self, original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def handle_request(transport: Any, request: Any) -> Any:
            if _answered_below(transport, "handle_request"):
                return original(transport, request)
            target = _target(request)

            def call() -> Any:
                self._stop(request, target)
                with inside():
                    return original(transport, request)

            if leaks.is_telemetry(target):
                return self._unsent() if self._gate.replays() else call()
            recorder = self._recorder(request.method, target)
            if recorder is not None:
                request.read()
                exchange, arguments = self._exchange(transport, request, target, recorder, awaited=False)
                if exchange is not None:
                    return recorder.perform(exchange, "", arguments, credential_of(request.headers.raw), call)
            self._stop(request, target)
            return original(transport, request)

        return handle_request

    def awaited(self, original: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            if _answered_below(transport, "handle_async_request"):
                return await original(transport, request)
            target = _target(request)

            async def call() -> Any:
                self._stop(request, target)
                with inside():
                    return await original(transport, request)

            if leaks.is_telemetry(target):
                return self._unsent() if self._gate.replays() else await call()
            recorder = self._recorder(request.method, target)
            if recorder is not None:
                await request.aread()
                exchange, arguments = self._exchange(transport, request, target, recorder, awaited=True)
                if exchange is not None:
                    return await recorder.aperform(exchange, "", arguments, credential_of(request.headers.raw), call)
            self._stop(request, target)
            return await original(transport, request)

        return handle_async_request

    def _recorder(self, method: str, target: str) -> Recorder | None:
        """Who performs the request, if it may be one to a model."""
        recorder = None if INSIDE.get() else self._gate()
        return recorder if recorder is not None and plausible(method, target) else None

    def _exchange(
        self, transport: Any, request: Any, target: str, recorder: Recorder, *, awaited: bool
    ) -> tuple[_Exchange | None, tuple[str, str, str, bytes]]:
        arguments = (request.method, target_of(target), request.headers.get("content-type", ""), request.content)
        question = asked(*arguments)
        if question is None:
            return None, arguments
        made = _Exchange(question, self._library, transport, takes=recorder.takes, awaited=awaited)
        return made, arguments

    def _unsent(self) -> Any:
        """The answer to what is not sent: a replay is offline, and telemetry is no reason to fail a test."""
        return self._library.response(204)

    def _stop(self, request: Any, target: str) -> None:
        leaks.stop(self._gate, request.method, target, request.headers.raw)


def _target(request: Any) -> str:
    """Path and query, as they are sent."""
    target: str = request.url.raw_path.decode("ascii")
    return target


def _answered_below(transport: Any, method: str) -> bool:
    """Whether somebody has put a method in the place of the connection pool's own, as respx does: what it answers does
    not come from a connection, and is left alone.
    """
    pool = type(getattr(transport, "_pool", None))
    for cls in pool.__mro__:
        if method in cls.__dict__:
            own = cls.__module__.partition(".")[0]
            return own.startswith("httpcore") and cls.__dict__[method].__module__.partition(".")[0] != own
    return False


class Library:
    """The classes of one of the two modules, and ours derived from them."""

    def __init__(self, module: ModuleType) -> None:
        self.response: Any = module.Response
        self.read_timeout: Any = module.ReadTimeout
        self.remote_protocol_error: Any = module.RemoteProtocolError
        self.teed: Any = type("Teed", (_Teed, module.SyncByteStream), {})
        self.async_teed: Any = type("AsyncTeed", (_AsyncTeed, module.AsyncByteStream), {})
        self.played: Any = type("Played", (_Played, module.SyncByteStream, module.AsyncByteStream), {})


class _Exchange(Exchange):
    def __init__(self, request: Request, library: Library, transport: Any, *, takes: Takes, awaited: bool) -> None:
        super().__init__(request, takes=takes)
        self._library = library
        self._transport = transport
        self._awaited = awaited

    def status(self, result: Any) -> int:
        return int(result.status_code)

    def tee(self, stream: Any, pending: Pending) -> object:
        """The same response, with a stream that we follow in place of its own."""
        response, live = stream, stream.stream
        head = answers.Head(response.status_code, response.headers.multi_items())
        if self._awaited:
            body = self.body(live.__aiter__(), head, pending, close=live.aclose, awaited=True, owner=self._transport)
            response.stream = self._library.async_teed(body)
        else:
            body = self.body(iter(live), head, pending, close=live.close, awaited=False, owner=self._transport)
            response.stream = self._library.teed(body)
        return response

    def made(self, replay: Replay) -> object:
        return self._library.response(
            replay.status,
            headers=replay.headers,
            stream=self._library.played(replay.pieces),
            extensions={"http_version": b"HTTP/1.1"},
        )

    def late(self) -> Exception:
        error: Exception = self._library.read_timeout("the read operation timed out (injected by lmcache)")
        return error

    def broken(self) -> Exception:
        text = "peer closed connection without sending complete message body (injected by lmcache)"
        error: Exception = self._library.remote_protocol_error(text)
        return error


class _Teed(Pieces):
    """The stream of a blocking response that is being recorded."""

    def close(self) -> None:
        self.body.left()


class _AsyncTeed(AsyncPieces):
    """The stream of an asynchronous response that is being recorded."""

    async def aclose(self) -> None:
        await self.body.aleft()


class _Played:
    """A recorded stream: what the provider sent, event by event."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
