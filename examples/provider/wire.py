"""What goes over the wire: a received request, a reply, and the encodings of both."""

from __future__ import annotations

import email.message
import email.parser
import email.policy
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
# Gemini and Vertex AI, Azure, Databricks; Bedrock, whose names may have slashes of their own.
_IN_PATH = re.compile(r"/(?:models|deployments|serving-endpoints)/([^/]+?)(?:[:/]\w+)+$|/model/(.+)/[\w-]+$")


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came. `body` is parsed JSON, the fields of a form, or None; header names are lower-case.

    `path` is what stands before the question mark, unquoted, and `query` what follows it.
    """

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    raw: bytes = field(default=b"", repr=False)
    query: str = ""

    @property
    def model(self) -> str:
        """The model asked for, in the body or in the path, or an empty string."""
        named = self.body.get("model") if isinstance(self.body, dict) else None
        if isinstance(named, str) and named:
            return named
        found = _IN_PATH.search(self.path)
        return (found[1] or found[2]) if found else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. With `events` it is a stream, sent one chunk an event; else `body` is sent whole."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    events: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What tells one answer from all others: a serial number, a mark to write into texts, the time, the server's URL.

    `remembered` holds the prompt prefixes that were cached by earlier requests.
    """

    serial: int
    mark: str
    now: int
    url: str
    remembered: set[str]


def as_json(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON reply."""
    return Reply(status, json.dumps(data, ensure_ascii=False).encode(), headers=headers or {})


def as_events(events: Iterable[Any], *, named: bool = False, done: bool = False) -> Reply:
    """A stream of server-sent events. `named` writes each event's `type` as its name; `done` ends with [DONE]."""
    lines = []
    for data in events:
        name = f"event: {data['type']}\n" if named else ""
        lines.append(f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
    if done:
        lines.append(b"data: [DONE]\n\n")
    return Reply(content_type="text/event-stream; charset=utf-8", events=tuple(lines))


def as_lines(events: Iterable[Any]) -> Reply:
    """A stream of JSON, one object a line."""
    lines = tuple(json.dumps(data, ensure_ascii=False).encode() + b"\n" for data in events)
    return Reply(content_type="application/x-ndjson", events=lines)


def parse_body(content_type: str, raw: bytes) -> Any:
    """The body of a request: JSON, the fields of a multipart form, or None. Raises ValueError for broken JSON.

    A file of a form becomes `{"filename": ..., "content": bytes}`; a field given twice becomes a list.
    """
    if not raw:
        return None
    if not content_type.startswith("multipart/"):
        return json.loads(raw)
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + raw)
    fields: Object = {}
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        value = _part_value(part)
        if name in fields:
            earlier = fields[name] if isinstance(fields[name], list) else [fields[name]]
            fields[name] = [*earlier, value]
        else:
            fields[name] = value
    return fields


def _part_value(part: email.message.Message) -> Any:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    filename = part.get_filename()
    return data.decode() if filename is None else {"filename": filename, "content": data}
