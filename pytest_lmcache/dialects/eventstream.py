"""Messages of Amazon's event stream (`application/vnd.amazon.eventstream`) as JSON for files, and back.

On the wire: total length, length of the headers, CRC-32 of these eight bytes (big-endian, four bytes each); headers;
payload; CRC-32 of all before it. Here: `event` is the header `:event-type`; `headers` are left out where they are the
usual three of a JSON event; `chunk` is the JSON that a payload holds in base64 under `bytes`.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Any

from pytest_lmcache.dialects.jsontext import parsed, written
from pytest_lmcache.dialects.wire import Event

TEXT = 7
_NUMBERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}
_NO_NUMBER = {0: 0, 1: 0, 9: 16}


def decoded(frame: bytes) -> Event | None:
    """The event of a message whose checksums fit; None where the payload is no JSON object."""
    length = int.from_bytes(frame[4:8], "big")
    headers = _headers(frame[12 : 12 + length])
    value = parsed(frame[12 + length : -4].decode())
    if value is None or not isinstance(value[0], dict):
        return None
    kind = next((text for name, number, text in headers if name == ":event-type" and number == TEXT), None)
    event: Event = {}
    if kind is not None and headers == _usual(kind):
        event["event"] = kind
    else:
        event["headers"] = headers
    data, marks = dict(value[0]), value[1]
    if not marks and next(iter(data), "") == "bytes" and (inner := _inner(data["bytes"])) is not None:
        del data["bytes"]
        event["chunk"] = inner[0]
        marks = inner[1]
    return {**event, "data": data, **marks}


def encoded(event: Event) -> bytes:
    """The message of an event, with its checksums."""
    if "chunk" in event:
        chunk = base64.b64encode(written(event["chunk"], event).encode()).decode("ascii")
        payload = written({"bytes": chunk, **event["data"]}, {}).encode()
    else:
        payload = written(event["data"], event).encode()
    headers = b"".join(_header(*each) for each in event.get("headers") or _usual(event["event"]))
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _usual(kind: str) -> list[list[Any]]:
    return [
        [":event-type", TEXT, kind],
        [":content-type", TEXT, "application/json"],
        [":message-type", TEXT, "event"],
    ]


def _inner(text: Any) -> tuple[Any, dict[str, Any]] | None:
    if not isinstance(text, str):
        return None
    try:
        return parsed(base64.b64decode(text, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None


def _headers(data: bytes) -> list[list[Any]]:
    """The headers as name, number of the type, and value: text, a number, or base64."""
    found: list[list[Any]] = []
    try:
        while data:
            size = data[0]
            name, kind, data = data[1 : 1 + size].decode(), data[1 + size], data[2 + size :]
            if kind in _NUMBERS:
                size = struct.calcsize(_NUMBERS[kind])
                value: Any = struct.unpack_from(_NUMBERS[kind], data)[0]
            else:
                start = 0 if kind in _NO_NUMBER else 2
                size = start + (_NO_NUMBER[kind] if kind in _NO_NUMBER else int.from_bytes(data[:2], "big"))
                held = data[start:size]
                value = held.decode() if kind == TEXT else base64.b64encode(held).decode("ascii")
            found.append([name, kind, value])
            data = data[size:]
    except (IndexError, struct.error):
        raise ValueError("headers that end before they are complete") from None
    return found


def _header(name: str, kind: int, value: Any) -> bytes:
    encoded_name = name.encode()
    head = bytes([len(encoded_name)]) + encoded_name + bytes([kind])
    if kind in _NUMBERS:
        return head + struct.pack(_NUMBERS[kind], value)
    held = value.encode() if kind == TEXT else base64.b64decode(value)
    return head + (b"" if kind in _NO_NUMBER else struct.pack(">H", len(held))) + held
