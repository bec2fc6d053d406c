"""Errors on demand: what a request can ask to go wrong, and how each dialect words it.

A fault is asked for by the model's name (`error-429`), by text anywhere in the request (`[error 429]`), or by the
header `x-provider-fault: 429`. With `-once` behind it (`error-429-once`, `[error 429 once]`) only the first request
with the same body fails, so that a retry succeeds.

    400 401 403 404 429 500 503 529    that status; 400 is context_length_exceeded, 429 and 529 say retry-after
    timeout      nothing is answered for `Provider.stall` seconds, then the connection closes
    reset        the connection is reset: in the middle of a stream, else before anything is answered
    cut          a stream ends early but neatly, without its last events; a whole answer ends half-way
    short        the body ends before its announced length; a stream without its last chunk
    midstream    an error event in the middle of a stream that began with status 200 (a whole answer: status 500)
    html         status 200 with a page of HTML
    307 308      a redirect to the same URL, so with -once behind it to the answer
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from provider.wire import Object, Received, Reply, Turn, as_json

_ASKED = re.compile(r"error-(\w+?)(-once)?$")
_WRITTEN = re.compile(rb"\[error (\w+)( once)?\]")

_STATUSES: dict[str, tuple[str, str | None, str]] = {
    "400": ("invalid_request_error", "context_length_exceeded", "This model's maximum context length is 128000 tokens"),
    "401": ("authentication_error", "invalid_api_key", "Incorrect API key provided"),
    "403": ("permission_error", None, "This project may not use this model"),
    "404": ("not_found_error", "model_not_found", "The model does not exist"),
    "429": ("rate_limit_error", "rate_limit_exceeded", "Rate limit reached"),
    "500": ("api_error", None, "The server had an error while processing the request"),
    "503": ("api_error", None, "The service is unavailable"),
    "529": ("overloaded_error", None, "Overloaded"),
}
_BREAKS = ("timeout", "reset", "cut", "short", "midstream", "html")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request."""

    name: str
    anthropic: bool

    def reply(self, received: Received, turn: Turn) -> Reply | None:
        """The reply of a fault that replaces the whole answer, or None when the answer itself is to be broken."""
        name = self.name
        if name == "html":
            page = f"<html><body>Bad gateway ({turn.mark})</body></html>"
            return Reply(body=page.encode(), content_type="text/html")
        if name in ("307", "308"):
            moved = {"location": f"{turn.url}{received.path}"}
            return as_json({"message": "moved"}, status=int(name), headers=moved)
        if name == "midstream" and not (isinstance(received.body, dict) and received.body.get("stream")):
            name = "500"
        if name in _BREAKS:
            return None
        if name not in _STATUSES:
            legal = ", ".join((*_STATUSES, *_BREAKS))
            return as_json({"error": {"message": f"no fault is called {name!r}; there are {legal}"}}, status=400)
        retry = {"retry-after": "1"} if name in ("429", "529") else {}
        return as_json(self._error(name, turn.mark), status=int(name), headers={"x-request-id": turn.mark, **retry})

    def spoil(self, events: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The events of a stream that are still sent."""
        half = events[: max(1, len(events) // 2)]
        if self.name == "midstream":
            name = b"event: error\n" if self.anthropic else b""
            return (*half, name + b"data: " + json.dumps(self._error("529", "midstream")).encode() + b"\n\n")
        return half if self.name in _BREAKS else events

    def _error(self, name: str, mark: str) -> Object:
        kind, code, message = _STATUSES[name]
        if self.anthropic:
            return {"type": "error", "error": {"type": kind, "message": f"{message} ({mark})"}, "request_id": mark}
        return {"error": {"message": f"{message} ({mark})", "type": kind, "param": None, "code": code}}


class Faults:
    """The memory of which faults that come once have come. Not safe for threads by itself."""

    def __init__(self) -> None:
        self._had: set[str] = set()

    def asked_for(self, received: Received) -> Fault | None:
        """The fault a request asks for, if it is still due."""
        header = received.headers.get("x-provider-fault", "")
        named = _ASKED.search(f"error-{header}" if header else received.model)
        if named is not None:
            name, once = named[1], named[2]
        elif (written := _WRITTEN.search(received.raw)) is not None:
            name, once = written[1].decode(), written[2]
        else:
            return None
        if once:
            digest = hashlib.sha256(received.path.encode() + received.raw).hexdigest()
            if digest in self._had:
                return None
            self._had.add(digest)
        return Fault(name, anthropic="/messages" in received.path)

    def reset(self) -> None:
        """Let every fault come once more."""
        self._had.clear()
