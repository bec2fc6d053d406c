"""urllib3 at its connection pools, and with it requests and botocore."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from http.client import HTTPMessage, IncompleteRead
from http.client import HTTPResponse as ClientResponse
from types import ModuleType
from typing import Any

from pytest_lmcache.adapters.http import answers, leaks, retrying
from pytest_lmcache.adapters.http.answers import Replay
from pytest_lmcache.adapters.http.exchange import Exchange, Takes, asked
from pytest_lmcache.adapters.http.targets import credential_of, target_of
from pytest_lmcache.adapters.nesting import INSIDE, inside
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.dialects import plausible
from pytest_lmcache.seam import Gate, Pending
from pytest_lmcache.whatif import Fault

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

# The arguments that may be given by position, `self`, `method` and `url` not counted.
_NAMES = (
    "body",
    "headers",
    "retries",
    "redirect",
    "assert_same_host",
    "timeout",
    "pool_timeout",
    "release_conn",
    "chunked",
    "body_pos",
    "preload_content",
    "decode_content",
)


def blocking(module: ModuleType, gate: Gate, original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `HTTPConnectionPool.urlopen`, which calls itself for retries and redirects."""

    def urlopen(pool: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        def stop() -> None:
            leaks.stop(gate, method, url, _headers(pool, args, options).items())

        def call() -> Any:
            stop()
            with inside():
                return original(pool, method, url, *args, **options)

        def again(result: Any) -> Any:
            return retrying.tried(pool, method, url, {**dict(zip(_NAMES, args, strict=False)), **options}, result)

        recorder = None if INSIDE.get() else gate()
        if recorder is not None and plausible(method, url):
            args, options = _with_bytes(args, options)
            arguments = _arguments(method, url, pool, args, options)
            if arguments is not None and (question := asked(*arguments)) is not None:
                exchange = _Exchange(
                    question,
                    takes=recorder.takes,
                    pool=pool,
                    url=url,
                    preload=bool(_option("preload_content", args, options, default=True)),
                    decode=bool(_option("decode_content", args, options, default=True)),
                )
                credential = credential_of(_headers(pool, args, options).items())
                response = recorder.perform(exchange, "", arguments, credential, call, again)
                return again(response) if response is exchange.injected else response
        stop()
        return original(pool, method, url, *args, **options)

    return urlopen


class _Exchange(Exchange):
    def __init__(self, request: Request, *, takes: Takes, pool: Any, url: str, preload: bool, decode: bool) -> None:
        super().__init__(request, takes=takes)
        self._pool = pool
        self.injected: object = None
        self._url = url
        self._preload = preload
        self._decode = decode

    def status(self, result: Any) -> int:
        return int(result.status)

    def tee(self, stream: Any, pending: Pending) -> object:
        """A response like the live one, that reads it as it is read; the live one itself when it has been read."""
        live = stream
        preloaded = self._preload or live._fp is None
        head = answers.Head(live.status, list(live.headers.items()), decoded=preloaded and self._decode)
        if preloaded:
            self.body(iter([live.data]), head, pending, close=live.release_conn, awaited=False).drain()
            return live
        body = self.body(_pieces(live), head, pending, close=lambda: _free(live), awaited=False)
        chunked = "chunked" in live.headers.get("transfer-encoding", "").lower()
        return self._response(live.status, live.reason, live.headers, _Wire(body.pull, body.left, chunked=chunked))

    def made(self, replay: Replay) -> object:
        headers = dict(replay.headers)
        if replay.streamed:
            headers["transfer-encoding"] = "chunked"
        wire = _Wire(replay.pieces.__next__, lambda: None, chunked=replay.streamed)
        return self._response(replay.status, replay.reason, headers, wire)

    def inject(self, fault: Fault, request: Request, response: dict[str, JSON] | None) -> object:
        self.injected = super().inject(fault, request, response)
        return self.injected

    def late(self) -> Exception:
        from urllib3.exceptions import ReadTimeoutError

        late: Exception = ReadTimeoutError(self._pool, self._url, "Read timed out. (injected by lmcache)")
        return late

    def broken(self) -> Exception:
        return IncompleteRead(b"")

    def _response(self, status: int, reason: str, headers: Any, wire: _Wire) -> Any:
        from urllib3.response import HTTPResponse

        client = _client_response(status, reason, headers, wire)
        return HTTPResponse(
            body=client,
            headers=headers,
            status=status,
            version=11,
            reason=reason,
            preload_content=self._preload,
            decode_content=self._decode,
            original_response=client,
            request_method="POST",
            request_url=self._url,
        )


class _Wire(io.RawIOBase):
    """The bytes of a body as a connection would carry them, each piece in a chunk of its own when it is `chunked`."""

    def __init__(self, pull: Callable[[], bytes], left: Callable[[], None], *, chunked: bool) -> None:
        self._pull = pull
        self._left = left
        self._chunked = chunked
        self._waiting = memoryview(b"")
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._waiting and not self._over:
            try:
                piece = self._pull()
            except StopIteration:
                self._over = True
                piece = b""
            if self._chunked and (piece or self._over):
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            self._waiting = memoryview(piece)
        size = min(len(buffer), len(self._waiting))
        buffer[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._left()


class _Connection:
    """Stands for the socket that a response of the standard library reads from."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def makefile(self, mode: str) -> Any:
        return io.BufferedReader(self._wire, 2**16)


def _client_response(status: int, reason: str, headers: Any, wire: _Wire) -> Any:
    """The response of the standard library that urllib3 wants below its own, its head already read."""
    response: Any = ClientResponse(_Connection(wire), method="POST")  # type: ignore[arg-type]
    response.headers = response.msg = HTTPMessage()
    for name, value in headers.items():
        response.msg.add_header(name, value)
    response.status = response.code = status
    response.version, response.reason = 11, reason
    response.chunked, response.chunk_left, response.length = wire._chunked, None, None
    response.will_close = False
    return response


def _pieces(live: Any) -> Iterator[bytes]:
    if "chunked" in live.headers.get("transfer-encoding", "").lower() or not hasattr(live, "read1"):
        yield from live.stream(2**16, decode_content=False)
        return
    while piece := live.read1(2**16, decode_content=False):
        yield piece


def _free(live: Any) -> None:
    if not live.closed:
        live.close()
    live.release_conn()


def _option(name: str, args: tuple[Any, ...], options: dict[str, Any], *, default: Any = None) -> Any:
    position = _NAMES.index(name)
    return args[position] if len(args) > position else options.get(name, default)


def _headers(pool: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    given = _option("headers", args, options)
    return pool.headers if given is None else given


def _with_bytes(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with the body as bytes, since a file or an iterator can be read once only."""
    body = _option("body", args, options)
    if body is None or isinstance(body, bytes):
        return args, options
    if hasattr(body, "read"):
        body = body.read()
    body = _bytes(body) if isinstance(body, str) or _is_buffer(body) else b"".join(map(_bytes, body))
    return ((body, *args[1:]), options) if args else ((), {**options, "body": body})


def _is_buffer(body: Any) -> bool:
    try:
        memoryview(body)
    except TypeError:
        return False
    return True


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _arguments(
    method: str, url: str, pool: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[str, str, str, bytes] | None:
    """Method, target, content type and body of a request, None for one without a body."""
    body = _option("body", args, options)
    if not isinstance(body, bytes):
        return None
    kind = ""
    for name, value in _headers(pool, args, options).items():
        if name.lower() in ("content-type", b"content-type"):
            kind = value.decode("latin-1") if isinstance(value, bytes) else value
    return method.upper(), target_of(url), kind, body
