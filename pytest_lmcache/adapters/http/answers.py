"""Answers on the wire as JSON for files, and the answers again: pure functions.

    {"type": "http", "status": 200, "headers": {"content-type": "application/json"}, "body": {...}}
    {"type": "http-stream", "status": 200, "headers": {...}, "framing": "sse", "shared": {...}, "chunks": [{...}, ...]}

`body` is the parsed answer and `written` how its JSON was spaced; what is no JSON stands as `text` or `base64`. Chunks
are the events of `dialects.decode`, what they share written once. Headers are those of the allow-list below.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

from pytest_lmcache import dialects
from pytest_lmcache.adapters.http.decoding import decoded
from pytest_lmcache.adapters.prices import cost
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.dialects import jsontext
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.folding import fold, unfold
from pytest_lmcache.seam import Answer
from pytest_lmcache.whatif import Fault

_HEADERS = frozenset(
    {
        "content-type",
        "openai-processing-ms",
        "openai-version",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "x-request-id",
        "x-should-retry",
    }
)
_HEADER_FAMILIES = ("anthropic-ratelimit-", "x-amzn-", "x-ratelimit-")
# Between the reason why a stream ended and its last event, these may tell the usage.
_USAGE_LAST = frozenset({"http/openai-chat", "http/openai-completions"})
# The encoder of the standard library is slow when it indents.
_LONGEST_INDENTED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a live body. `decoded` says that the library takes the content coding off before we read."""

    status: int
    headers: Iterable[tuple[str, str]]
    decoded: bool = False

    def get(self, name: str) -> str:
        """The value of a header, by its name in small letters; empty when there is none."""
        return next((value for own, value in self.headers if own.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer to be given again: its body in pieces, one an event when it is `streamed`."""

    status: int
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]
    streamed: bool

    @property
    def reason(self) -> str:
        """The words that go with the status."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return ""


def dump(head: Head, raw: bytes, request: Request) -> Answer:
    """A body that the provider has ended, as JSON. Raises UnstorableResponse when it is no answer, or not all of it."""
    body = raw if head.decoded else decoded(raw, head.get("content-encoding"))
    kind = head.get("content-type")
    kept: dict[str, JSON] = {name.lower(): value for name, value in sorted(head.headers) if _is_kept(name.lower())}
    record: dict[str, JSON] = {"type": "http", "status": head.status, "headers": kept}
    if not 200 <= head.status < 300:
        return Answer(record | _content(body, kind), error=True)
    framing = dialects.framing(kind, request)
    if framing is not None:
        events = _events(framing, body, request)
        shared, own = fold(events)
        usage = dialects.reading(request, events).usage
        record |= {"type": "http-stream", "framing": framing, "shared": shared, "chunks": list(own)}
        return Answer(record, usage, cost(request.model, usage))
    if "text/html" in kind:
        raise UnstorableResponse("the provider answered with a page of HTML")
    content = _content(body, kind)
    usage = dialects.reading(request, content.get("body", content.get("text", ""))).usage
    return Answer(record | content, usage, cost(request.model, usage))


def is_whole(head: Head, raw: bytes, request: Request) -> bool:
    """Whether what came of a body is all of it, as far as its content tells: nothing can follow that matters."""
    kind = head.get("content-type")
    framing = dialects.framing(kind, request)
    if head.status >= 400 or (framing is None and not _is_json(kind)):
        return False
    if framing is not None and request.adapter in _USAGE_LAST and b"[DONE]" not in raw:
        return False
    try:
        dump(head, raw, request)
    except UnstorableResponse:
        return False
    return True


def replay(response: dict[str, Any]) -> Replay:
    """The answer that `dump` wrote down."""
    status = response["status"]
    if type(status) is not int or not (200 <= status < 300 or 400 <= status < 600):
        raise ValueError("a status that is never recorded")
    # Neither a redirect nor a coding that the library would undo: only what `dump` writes is given.
    headers = [(name, str(value)) for name, value in response["headers"].items() if _is_kept(name.lower())]
    if response["type"] == "http-stream":
        framing, shared = response["framing"], response["shared"]
        if type(shared) is not dict or type(response["chunks"]) is not list:
            raise TypeError("a stream without chunks")
        pieces = [dialects.encode(framing, unfold(shared, own)) for own in response["chunks"]]
        return Replay(status, headers, iter(pieces), streamed=True)
    if "body" in response:
        body = jsontext.written(response["body"], response.get("written", {})).encode()
    elif "text" in response:
        body = response["text"].encode()
    else:
        body = base64.b64decode(response["base64"], validate=True)
    return Replay(status, headers, iter((body,)), streamed=False)


def failure(request: Request, fault: Fault) -> dict[str, JSON]:
    """The answer of a provider that behaves so, in the dialect of the request, as `dump` would write it down."""
    refusal = dialects.filtered(request) if fault.kind == "filtered" else dialects.failed(request, fault.status)
    headers: dict[str, JSON] = {**refusal.headers}
    if fault.retry_after is not None:
        headers["retry-after"] = f"{fault.retry_after:g}"
    record: dict[str, JSON] = {"status": refusal.status, "headers": headers}
    if refusal.framing is None:
        return record | {"type": "http", "body": refusal.body}
    return record | {
        "type": "http-stream",
        "framing": refusal.framing,
        "shared": {},
        "chunks": [{"data": refusal.body}],
    }


def cut(replay: Replay, after_chunks: int, broken: Callable[[], Exception]) -> Replay:
    """The answer of which so many events come before the connection breaks; half of one that is no stream."""
    return dataclasses.replace(replay, pieces=_cut(replay, after_chunks, broken))


def _cut(replay: Replay, after_chunks: int, broken: Callable[[], Exception]) -> Iterator[bytes]:
    if replay.streamed:
        yield from islice(replay.pieces, after_chunks)
    else:
        whole = b"".join(replay.pieces)
        yield whole[: len(whole) // 2]
    raise broken()


def _is_kept(name: str) -> bool:
    return name in _HEADERS or name.startswith(_HEADER_FAMILIES)


def _is_json(kind: str) -> bool:
    kind = kind.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _content(body: bytes, kind: str) -> dict[str, JSON]:
    """A whole body under the name that says what it is. Raises UnstorableResponse for JSON that is cut short."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}
    found = jsontext.parsed(text)
    if found is not None:
        value, marks = found
        if "indent" in str(marks.get("style", "")) and len(text) > _LONGEST_INDENTED:
            marks = {}
        return {"body": value, "written": marks} if marks else {"body": value}
    if not _is_json(kind):
        return {"text": text}
    try:
        return {"body": jsontext.strict(text)}
    except ValueError:
        pass
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise UnstorableResponse("the provider's answer is cut short, or no JSON though it says so") from None
    return {"text": text}


def _events(framing: str, body: bytes, request: Request) -> list[dict[str, Any]]:
    """The events of a stream that ended by itself and not with an error."""
    splitter = dialects.splitter(framing)
    try:
        frames = splitter.feed(body)
    except dialects.BrokenFrame as error:
        raise UnstorableResponse(f"the stream is broken: {error}") from None
    if splitter.rest:
        frames.append(splitter.rest)
    events = [dialects.decode(framing, frame) for frame in frames]
    if any(_is_error(event) for event in events):
        raise UnstorableResponse("the provider broke off the stream with an error")
    if not dialects.ended(framing, request, events):
        raise UnstorableResponse("the provider ended the stream before it was whole")
    return events


def _is_error(event: dict[str, Any]) -> bool:
    data = event.get("data")
    return event.get("event") == "error" or (isinstance(data, dict) and bool(data.get("error")))
