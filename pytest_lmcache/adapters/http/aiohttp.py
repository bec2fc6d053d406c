"""aiohttp at the one method that every request of a session goes through."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

from pytest_lmcache.adapters.http import answers, leaks, reader
from pytest_lmcache.adapters.http.answers import Replay
from pytest_lmcache.adapters.http.exchange import Exchange, Takes, asked
from pytest_lmcache.adapters.http.targets import credential_of, target_of
from pytest_lmcache.adapters.nesting import INSIDE, inside
from pytest_lmcache.call import Request
from pytest_lmcache.dialects import plausible
from pytest_lmcache.seam import Gate, Pending

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

_REQUEST = Callable[..., Awaitable[Any]]


def awaited(module: ModuleType, gate: Gate, original: _REQUEST) -> _REQUEST:
    """What runs in place of `ClientSession._request`."""

    async def _request(session: Any, method: str, str_or_url: Any, **options: Any) -> Any:
        def headers() -> list[tuple[Any, Any]]:
            given: Any = options.get("headers") or ()
            return [*(given.items() if hasattr(given, "items") else given), *session._default_headers.items()]

        def stop() -> None:
            leaks.stop(gate, method, f"{str_or_url}?{options.get('params')}", headers())

        async def call() -> Any:
            stop()
            with inside():
                return await original(session, method, str_or_url, **options)

        recorder = None if INSIDE.get() else gate()
        if recorder is not None and plausible(method, str(str_or_url)):
            arguments = await _arguments(module, session, method, str_or_url, options)
            if arguments is not None and (question := asked(*arguments)) is not None:
                exchange = _Exchange(question, takes=recorder.takes, session=session, url=str_or_url, options=options)
                response = await recorder.aperform(exchange, "", arguments, credential_of(headers()), call)
                await exchange.check(response)
                return response
        stop()
        return await original(session, method, str_or_url, **options)

    return _request


class _Exchange(Exchange):
    def __init__(self, request: Request, *, takes: Takes, session: Any, url: Any, options: dict[str, Any]) -> None:
        super().__init__(request, takes=takes)
        self._session = session
        self._url = url
        self._options = options
        self._replayed: Any = None

    def status(self, result: Any) -> int:
        return int(result.status)

    def tee(self, stream: Any, pending: Pending) -> object:
        """The same response, with a reader that we follow in place of its own, and its connection in our hands."""
        response, live = stream, stream.content
        connection, response._connection = response._connection, None
        if connection is not None:
            live.on_eof(connection.release)

        async def close() -> None:
            if connection is not None:
                connection.close()

        decompressed = self._options.get("auto_decompress")
        if decompressed is None:
            decompressed = self._session._auto_decompress
        head = answers.Head(response.status, list(response.headers.items()), decoded=decompressed)
        body = self.body(_pieces(live), head, pending, close=close, awaited=True, owner=self._session)
        response.content = reader.made(type(live), body, limit=live.get_read_buffer_limits()[0], loop=response._loop)
        return response

    def made(self, replay: Replay) -> object:
        import aiohttp
        from multidict import CIMultiDict, CIMultiDictProxy

        session = self._session
        url = session._build_url(self._url)
        if self._options.get("params"):
            url = url.update_query(self._options["params"])
        asked_with = CIMultiDictProxy(session._prepare_headers(self._options.get("headers")))
        cls = session._response_class
        made = cls("POST", url, **_known(cls, session, aiohttp.RequestInfo(url, "POST", asked_with, url)))
        made.version, made.status, made.reason = aiohttp.HttpVersion11, replay.status, replay.reason
        made._headers = CIMultiDictProxy(CIMultiDict(replay.headers))
        made._raw_headers = tuple((name.encode(), value.encode()) for name, value in replay.headers)
        made._closed = False
        made.content = reader.made(aiohttp.StreamReader, _Played(replay.pieces), limit=2**30, loop=session._loop)
        self._replayed = made
        return made

    def late(self) -> Exception:
        import aiohttp

        late: Exception = aiohttp.ServerTimeoutError("Timeout on reading data from socket (injected by lmcache)")
        return late

    def broken(self) -> Exception:
        import aiohttp

        broken: Exception = aiohttp.ClientPayloadError("Response payload is not completed (injected by lmcache)")
        return broken

    async def check(self, response: Any) -> None:
        """Do for a replayed response what the session does for a live one: tell its traces that a request began and
        ended, and raise for its status, if it is to.
        """
        if response is not self._replayed:
            return
        told = "POST", response.url, response.request_info.headers
        traces = [self._trace(config) for config in self._session._trace_configs]
        for trace in traces:
            await trace.send_request_start(*told)
        try:
            await self._raise_for_status(response)
        except BaseException as error:
            for trace in traces:
                await trace.send_request_exception(*told, error)
            raise
        for trace in traces:
            await trace.send_request_end(*told, response)

    def _trace(self, config: Any) -> Any:
        from aiohttp.tracing import Trace

        context = config.trace_config_ctx(trace_request_ctx=self._options.get("trace_request_ctx"))
        return Trace(self._session, config, context)

    async def _raise_for_status(self, response: Any) -> None:
        wish = self._options.get("raise_for_status")
        if wish is None:
            wish = self._session._raise_for_status
        if callable(wish):
            await wish(response)
        elif wish:
            response.raise_for_status()


class _Played:
    """A recorded body, as a source of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def apull(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration

    def leave(self) -> None:
        """Nobody reads the rest of what is recorded."""


async def _pieces(live: Any) -> AsyncIterator[bytes]:
    while piece := await live.readany():
        yield piece


def _known(cls: type[Any], session: Any, info: Any) -> dict[str, Any]:
    """The arguments that a release's response class wants, of all that any release has wanted."""
    from types import SimpleNamespace

    from aiohttp.helpers import TimerNoop

    arguments = {
        "writer": None,
        "continue100": None,
        "timer": TimerNoop(),
        "request_info": info,
        "traces": [],
        "loop": session._loop,
        "session": session,
        "stream_writer": SimpleNamespace(output_size=0),
    }
    wanted = inspect.signature(cls.__init__).parameters
    return {name: value for name, value in arguments.items() if name in wanted}


async def _arguments(
    module: ModuleType, session: Any, method: str, url: Any, options: dict[str, Any]
) -> tuple[str, str, str, bytes] | None:
    """Method, target, content type and body of a request, None for a body that cannot be sent twice.

    A body that can be read once only is put back into `options` as the bytes it was.
    """
    headers = session._prepare_headers(options.get("headers"))
    data: Any = options.get("data")
    if isinstance(data, module.FormData):
        payload = data()
        data = options["data"] = await payload.as_bytes()
        headers["Content-Type"] = payload.headers.get("Content-Type") or payload.content_type
        options["headers"] = headers
    elif hasattr(data, "__aiter__") and not isinstance(data, module.Payload):
        data = options["data"] = b"".join([piece async for piece in data])
    if options.get("json") is not None:
        text = session._json_serialize(options["json"])
        data, kind = text.encode() if isinstance(text, str) else text, "application/json"
    else:
        kind = headers.get("Content-Type", "")
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes | bytearray):
        return None
    try:
        target = session._build_url(url)
    except ValueError:
        return None
    if options.get("params"):
        target = target.update_query(options["params"])
    return method.upper(), target_of(target.raw_path_qs), headers.get("Content-Type", kind), bytes(data)
