"""The HTTP server: connections, what was received, and the sending of replies, whole or broken on demand."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import secrets
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from provider.codings import encoded
from provider.faults import Fault, Faults
from provider.routes import answer_to
from provider.wire import Received, Reply, Turn, as_json, parse_body


class Provider:
    """A provider on 127.0.0.1, running while its `with` block does. Safe to use from many threads.

    `latency` is the seconds before every answer, `chunk_latency` those before every event of a stream, `stall` how
    long a request that asks for a timeout is kept waiting. All three may be set while it runs, and so may `coding`, the
    content coding of answers to those who accept it. While `gate` is clear, every stream stops after its third event,
    for at most `stall` seconds. While there is a `mark`, it stands in every answer in place of one that is never the
    same twice; what `edit` makes of a reply is sent in its place.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        chunk_latency: float = 0.0,
        stall: float = 30.0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.latency = latency
        self.chunk_latency = chunk_latency
        self.stall = stall
        self.coding = ""
        self.mark = ""
        self.edit: Callable[[Reply], Reply] | None = None
        self.cookie = secrets.token_hex(16)
        self.stopped = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self._log = log
        self._lock = threading.Lock()
        self._serial = itertools.count(1)
        self._requests: list[Received] = []
        self._faults = Faults()
        self._remembered: set[str] = set()
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True, name="provider")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, without a path: a base URL of either protocol, with or without `/v1` behind it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Received]:
        """Everything received so far, in order of arrival, failed requests included. The list is the caller's own."""
        with self._lock:
            return list(self._requests)

    def count(self, path_part: str = "") -> int:
        """How many requests came whose path contains `path_part`."""
        return sum(path_part in received.path for received in self.requests)

    def reset(self) -> None:
        """Forget what was received, which faults have had their turn, and the cached prompts. Answer as at first."""
        with self._lock:
            self.mark, self.edit = "", None
            self._requests.clear()
            self._faults.reset()
            self._remembered.clear()

    def receive(self, received: Received) -> tuple[Reply, Fault | None]:
        """Note one request and decide the reply, with what is to go wrong while it is sent."""
        if received.path == "/count":
            return as_json({"count": self.count()}), None
        with self._lock:
            self._requests.append(received)
            serial = next(self._serial)
            fault = self._faults.asked_for(received)
        if self._log is not None:
            self._log(f"{serial:>5}  {received.method} {received.path}  {received.model}")
        mark = self.mark or f"{serial}-{secrets.token_hex(2)}"
        turn = Turn(serial, mark, int(time.time()), self.url, self._remembered)
        reply = fault.reply(received, turn) if fault is not None else None
        reply = reply or answer_to(received, turn)
        return self.edit(reply) if self.edit is not None else reply, fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, provider: Provider, port: int) -> None:
        self.provider = provider
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        # The inherited method asks the resolver for the host's name, which can take seconds.
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the connections that clients keep alive, too: a stopped provider answers nobody."""
        super().server_close()
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        provider = self.server.provider
        raw = self._read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        received = Received(self.command, unquote(path), None, headers, raw, query)
        with contextlib.suppress(ValueError):
            received = dataclasses.replace(received, body=parse_body(headers.get("content-type", ""), raw))
        reply, fault = provider.receive(received)
        if provider.latency:
            provider.stopped.wait(provider.latency)
        if fault is not None and fault.name == "timeout":
            provider.stopped.wait(provider.stall)
            self.close_connection = True
            return
        if fault is not None and fault.name == "reset" and not reply.events:
            self._reset()
            return
        coding = provider.coding
        if coding and coding in headers.get("accept-encoding", ""):
            reply = encoded(reply, coding)
        self._send(reply, fault)

    def _send(self, reply: Reply, fault: Fault | None) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Set-Cookie", f"__session={self.server.provider.cookie}; Path=/; HttpOnly")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.events:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._send_events(reply.events, fault)
            return
        broken = fault is not None and fault.name in ("short", "cut")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if broken else reply.body)
        self.close_connection = self.close_connection or broken

    def _send_events(self, events: tuple[bytes, ...], fault: Fault | None) -> None:
        provider = self.server.provider
        for number, event in enumerate(fault.spoil(events) if fault is not None else events):
            if number == 3:
                provider.gate.wait(provider.stall)
            if provider.chunk_latency:
                provider.stopped.wait(provider.chunk_latency)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
        if fault is not None and fault.name == "reset":
            # What was sent must have arrived, or the client would see a connection that never answered.
            time.sleep(0.05)
            self._reset()
        elif fault is not None and fault.name == "short":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The connection is only closed, and so reset, when the files made of it are.
        self.wfile.close()
        self.rfile.close()
        self.connection.close()
        self.wfile = self.rfile = io.BytesIO()

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the class it overrides
        """Nothing: the provider has its own log."""
