"""A provider on loopback that gives the answers of `work`, so that every tool records the very same thing."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks import work

PAUSE = 0.05
"""Seconds between the first event of a stream and the others."""


@contextmanager
def provider() -> Iterator[Callable[[], None]]:
    """litellm is pointed at the provider by environment, in this process and those it starts, while the block runs.

    The block is given what stops the provider: a tool that asks it afterwards, instead of replaying, fails.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    asked = {"OPENAI_API_BASE": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "not-a-real-key"}
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)

    def stop() -> None:
        server.shutdown()
        server.server_close()

    try:
        yield stop
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/embeddings"):
            self._send("application/json", json.dumps(work.vectors()))
        elif body.get("stream"):
            self._send("text/event-stream", work.events(), pause=PAUSE)
        else:
            self._send("application/json", json.dumps(work.answer(body)))

    def log_message(self, *args: Any) -> None:
        """Nothing: the table is the output."""

    def _send(self, content_type: str, text: str, *, pause: float = 0.0) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if pause:
            first, data = data[: data.index(b"\n\n") + 2], data[data.index(b"\n\n") + 2 :]
            self.wfile.write(first)
            time.sleep(pause)
        self.wfile.write(data)
