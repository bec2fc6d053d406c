"""Frames of a stream as JSON for files, and back, byte for byte.

An event is the shortest of these that gives its bytes again:
`{"data": {...}}` with what else was said (`event`, `id`, `retry`, `comment`) and the marks of how it was written,
where that was not the usual way (see `jsontext.written`; `gap`, `end`, `before`, `headers`, `chunk`); `data` as text
where it is no JSON; `{"raw": "..."}`, its whole text; `{"base64": "..."}`, its bytes. The order of keys in `data`
means something.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from pytest_lmcache.dialects import eventstream
from pytest_lmcache.dialects.jsontext import parsed, written
from pytest_lmcache.dialects.wire import Event

_FIELDS = {"event": "event", "id": "id", "retry": "retry", "": "comment", "data": "data"}
"""The fields of a server-sent event as they stand on the wire, in the usual order, and as we call them."""

_PIECE = re.compile(r"([\s,\[]*)(.*)\Z", re.DOTALL)


def decode(framing: str, frame: bytes) -> Event:
    """A frame as an event. Any bytes whatever have one."""
    decoder, encoder = _CODECS[framing]
    try:
        event = decoder(frame)
        if event is not None and encoder(event) == frame:
            return event
    except ValueError:
        pass
    try:
        return {"raw": frame.decode()} if framing != "aws-event-stream" else {"base64": _base64(frame)}
    except UnicodeDecodeError:
        return {"base64": _base64(frame)}


def encode(framing: str, event: Event) -> bytes:
    """The frame of an event. Raises ValueError for what is no event."""
    try:
        if "raw" in event:
            return bytes(event["raw"].encode())
        if "base64" in event:
            return base64.b64decode(event["base64"], validate=True)
        return _CODECS[framing][1](event)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"no event of a {framing} stream: {event!r:.200} ({error})") from None


def _sse_decoded(frame: bytes) -> Event | None:
    text = frame.decode()
    end = "\r\n" if text.endswith("\r\n") else text[-1:]
    if end not in ("\n", "\r\n", "\r") or not text.endswith(end * 2):
        return None
    found: dict[str, list[str]] = {}
    gap = None
    for line in text[: -2 * len(end)].split(end):
        name, colon, value = line.partition(":")
        if not colon or name not in _FIELDS:
            return None
        if gap is None:
            gap = " " if value.startswith(" ") else ""
        found.setdefault(name, []).append(value.removeprefix(gap))
    event: Event = {_FIELDS[name]: "\n".join(found[name]) for name in _FIELDS if name in found}
    if (json := parsed(event.get("data", ""))) is not None:
        event["data"], marks = json
        event |= marks
    if gap == "":
        event["gap"] = gap
    if end != "\n":
        event["end"] = end
    return event


def _sse_encoded(event: Event) -> bytes:
    end, gap = event.get("end", "\n"), event.get("gap", " ")
    lines = []
    for name, ours in _FIELDS.items():
        if ours in event:
            value = event[ours]
            text = written(value, event) if isinstance(value, dict | list) else str(value)
            lines += [f"{name}:{gap}{line}" for line in text.split("\n")]
    return bytes((end.join(lines) + end * 2).encode())


def _line_decoded(frame: bytes) -> Event | None:
    text = frame.decode()
    line = text.rstrip("\r\n")
    value = parsed(line)
    if value is None:
        return None
    event: Event = {"data": value[0], **value[1]}
    if text != f"{line}\n":
        event["end"] = text[len(line) :]
    return event


def _line_encoded(event: Event) -> bytes:
    text: str = written(event["data"], event) + event.get("end", "\n")
    return text.encode()


def _piece_decoded(frame: bytes) -> Event | None:
    found = _PIECE.match(frame.decode())
    value = parsed(found[2]) if found else None
    if found is None or value is None:
        return None
    return {"before": found[1], "data": value[0], **value[1]}


def _piece_encoded(event: Event) -> bytes:
    text: str = event.get("before", "") + written(event["data"], event)
    return text.encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_CODECS: dict[str, tuple[Callable[[bytes], Event | None], Callable[[Event], bytes]]] = {
    "sse": (_sse_decoded, _sse_encoded),
    "ndjson": (_line_decoded, _line_encoded),
    "json-array": (_piece_decoded, _piece_encoded),
    "aws-event-stream": (eventstream.decoded, eventstream.encoded),
}
