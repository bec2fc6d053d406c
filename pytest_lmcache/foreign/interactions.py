"""Requests and answers as other tools write them down, in all their shapes: pure functions over plain data.

vcrpy keeps `interactions`, each with a `request` and a `response`; serialisers of some projects keep the two in lists
of their own, or a JSON body parsed (`parsed_body`); cassetter names the kind of each body, in TOML in two fields.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import zip_longest
from typing import Any, TypeAlias

from pytest_lmcache.errors import UnreadableCassette

Headers: TypeAlias = tuple[tuple[str, str], ...]

_KINDS = frozenset({"json", "text", "binary", "none"})
_OTHERS = {"grpc_interactions": "gRPC", "ws_interactions": "websocket"}


@dataclass(frozen=True, slots=True)
class Message:
    """The headers and the body of a request or an answer. `rewritten` says that its JSON was kept parsed."""

    headers: Headers
    body: bytes
    rewritten: bool

    def header(self, name: str) -> str:
        """The value of a header, by its name in small letters; empty when there is none."""
        return next((value for own, value in self.headers if own.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request and its answer. `recorded_at` is UTC, ISO 8601, in seconds, or empty where nothing tells."""

    number: int
    method: str
    uri: str
    asked: Message
    status: int
    answered: Message
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry of a cassette that is no request with its answer, and why."""

    number: int
    reason: str


class _Odd(Exception):
    """What is no part of an interaction; the text says why."""


def interactions(document: Any) -> Iterator[Interaction | Broken]:
    """The interactions of a document, numbered from 1. Raises UnreadableCassette for a document that has none."""
    for number, (asked, answered, when) in enumerate(_pairs(document), start=1):
        try:
            yield _interaction(number, asked, answered, when)
        except _Odd as odd:
            yield Broken(number, str(odd))


def elsewhere(document: Any) -> dict[str, int]:
    """How many calls a document holds that were not made over HTTP, by the protocol's name."""
    if not isinstance(document, dict):
        return {}
    found = {protocol: document.get(name) for name, protocol in _OTHERS.items()}
    return {protocol: len(calls) for protocol, calls in found.items() if isinstance(calls, list) and calls}


def _pairs(document: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(document, dict):
        for name in ("interactions", "http_interactions"):
            if name in document:
                return _of_list(document[name], name)
        if "requests" in document and "responses" in document:
            requests, responses = document["requests"], document["responses"]
            if isinstance(requests, list) and isinstance(responses, list):
                return ((asked, answered, None) for asked, answered in zip_longest(requests, responses))
        if elsewhere(document):
            return iter(())
    elif isinstance(document, list) and document and isinstance(document[0], dict) and "request" in document[0]:
        return _of_list(document, "it")
    raise UnreadableCassette("it is no cassette: it has neither a list of interactions nor requests and responses")


def _of_list(entries: Any, name: str) -> Iterator[tuple[Any, Any, Any]]:
    # An empty list is written as nothing by some.
    if entries is None:
        return iter(())
    if not isinstance(entries, list):
        raise UnreadableCassette(f"it is no cassette: {name} is no list")
    return (
        (entry.get("request"), entry.get("response"), entry.get("recorded_at"))
        if isinstance(entry, dict)
        else (entry, None, None)
        for entry in entries
    )


def _interaction(number: int, asked: Any, answered: Any, when: Any) -> Interaction:
    if not isinstance(asked, dict):
        raise _Odd("it has no request")
    if not isinstance(answered, dict):
        raise _Odd("its request has no answer")
    method, uri = asked.get("method"), asked.get("uri", asked.get("url"))
    if not isinstance(method, str) or not isinstance(uri, str):
        raise _Odd("its request has no method or no uri")
    answer = _message(answered, "answer")
    return Interaction(
        number=number,
        method=method.upper(),
        uri=uri,
        asked=_message(asked, "request"),
        status=_status(answered),
        answered=answer,
        recorded_at=_moment(when) or _moment(answer.header("date")),
    )


def _message(holder: dict[Any, Any], name: str) -> Message:
    body, rewritten = _body(holder, name)
    return Message(tuple(_headers(holder.get("headers"))), body, rewritten)


def _status(answered: dict[Any, Any]) -> int:
    status = answered.get("status", answered.get("status_code"))
    if isinstance(status, dict):
        status = status.get("code")
    if isinstance(status, str) and status.isdecimal() and len(status) == 3:
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise _Odd("its answer has no status")
    return status


def _headers(headers: Any) -> Iterator[tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, dict) else headers if isinstance(headers, list) else ()
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            continue
        name, values = pair
        for value in values if isinstance(values, list) else [values]:
            if isinstance(name, str | bytes) and isinstance(value, str | bytes | int | float):
                yield _text(name), _text(value)


def _text(value: str | bytes | float) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(holder: dict[Any, Any], name: str) -> tuple[bytes, bool]:
    """The bytes of a body, and whether they were made of parsed JSON here."""
    if holder.get("parsed_body") is not None:
        return _json(holder["parsed_body"], name), True
    if "body_type" in holder:
        return _of_kind(holder["body_type"], holder.get("body_content"), name)
    body = holder.get("body", holder.get("content"))
    if not isinstance(body, dict):
        return _raw(body, name), False
    kind = body.get("type")
    if body.keys() <= {"type", "content"} and isinstance(kind, str) and kind in _KINDS:
        return _of_kind(kind, body.get("content"), name)
    if "base64_string" in body:
        return _decoded(base64.b64decode, body["base64_string"], name), False
    if "string" in body:
        return _raw(body["string"], name), False
    if not body:
        return b"", False
    return _json(body, name), True


def _of_kind(kind: Any, content: Any, name: str) -> tuple[bytes, bool]:
    """A body of cassetter. In TOML its JSON is a text."""
    if content is None or kind == "none":
        return b"", False
    if kind == "json":
        return (_raw(content, name) if isinstance(content, str) else _json(content, name)), True
    if kind == "binary":
        return _decoded(bytes.fromhex, content, name), False
    if kind != "text":
        raise _Odd(f"the body of its {name} is of an unknown kind")
    return _raw(content, name), False


def _raw(body: Any, name: str) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError:
            raise _Odd(f"the body of its {name} is no UTF-8") from None
    raise _Odd(f"the body of its {name} is neither text nor bytes")


def _json(value: Any, name: str) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise _Odd(f"the body of its {name} is no JSON") from None


def _decoded(decode: Any, content: Any, name: str) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return bytes(decode("".join(content.split())))
    except (AttributeError, ValueError, binascii.Error):
        raise _Odd(f"the body of its {name} cannot be decoded") from None


def _moment(value: Any) -> str:
    """A time as `Recording.recorded_at` has it, from ISO 8601 or a header; empty for anything else."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif not isinstance(value, str):
            return ""
        else:
            moment = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
