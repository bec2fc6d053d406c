"""Streams cut into frames, as the bytes come in: the frames and what is left of the last one are the bytes again."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Protocol

MAX_MESSAGE = 32 * 1024 * 1024

_BLANK_LINE = re.compile(rb"\n\r?\n|\r\r")
_JSON_MARKS = re.compile(rb'["\\{}\[\]]')


class BrokenFrame(ValueError):
    """Bytes that are no frame of the stream they stand in."""


class Splitter(Protocol):
    """One stream on its way. `rest` is the frame that is not complete yet; at the end of a stream that was not cut it
    is empty, or the last line without its end.
    """

    @property
    def rest(self) -> bytes: ...

    def feed(self, data: bytes) -> list[bytes]:
        """The frames these bytes complete. However the bytes are cut, the frames are the same."""
        ...


def splitter(framing: str) -> Splitter:
    """A new splitter for a framing."""
    return _SPLITTERS[framing]()


class ServerSentEvents:
    """Events with the blank line that ends each, comments that keep the connection open among them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0

    @property
    def rest(self) -> bytes:
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        frames = []
        start = 0
        for blank in _BLANK_LINE.finditer(self._buffer, self._seen):
            frames.append(bytes(self._buffer[start : blank.end()]))
            start = blank.end()
        del self._buffer[:start]
        # A blank line may have begun in the last two bytes.
        self._seen = max(0, len(self._buffer) - 2)
        return frames


class Lines:
    """JSON values, one a line."""

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def rest(self) -> bytes:
        return self._buffer

    def feed(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [line + b"\n" for line in lines]


class ArrayPieces:
    """A JSON array in pieces: each element with what stands before it, and the bracket that closes the array."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0
        self._depth = 0
        self._in_string = False
        self._is_array: bool | None = None

    @property
    def rest(self) -> bytes:
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        if self._is_array is None and (start := bytes(self._buffer).lstrip()):
            self._is_array = start.startswith(b"[")
        if not self._is_array:
            return []
        pieces = []
        cut = 0
        while mark := _JSON_MARKS.search(self._buffer, self._seen):
            self._seen = mark.end()
            if self._completes(mark[0]):
                pieces.append(bytes(self._buffer[cut : self._seen]))
                cut = self._seen
            if self._in_string and mark[0] == b"\\":
                self._seen += 1
        self._seen = max(self._seen, len(self._buffer)) - cut
        del self._buffer[:cut]
        return pieces

    def _completes(self, mark: bytes) -> bool:
        if mark == b'"':
            self._in_string = not self._in_string
        if self._in_string or mark in b'"\\':
            return False
        self._depth += 1 if mark in b"{[" else -1
        return mark in b"}]" and self._depth in (0, 1)


class Messages:
    """Messages of Amazon's event stream: lengths, headers and payload, with a checksum over the lengths and one over
    all. Raises BrokenFrame where one does not fit.
    """

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def rest(self) -> bytes:
        return self._buffer

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        frames = []
        while (length := self._length()) is not None:
            frame, self._buffer = self._buffer[:length], self._buffer[length:]
            if zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
                raise BrokenFrame("the checksum of a message does not fit")
            frames.append(frame)
        return frames

    def _length(self) -> int | None:
        """How long the first message is, None while it is not complete."""
        if len(self._buffer) < 12:
            return None
        length, headers, checksum = struct.unpack_from(">III", self._buffer)
        if zlib.crc32(self._buffer[:8]) != checksum:
            raise BrokenFrame("the checksum of a message's lengths does not fit")
        if not 16 + headers <= length <= MAX_MESSAGE:
            raise BrokenFrame(f"a message of {length} bytes with {headers} bytes of headers")
        return int(length) if len(self._buffer) >= length else None


_SPLITTERS: dict[str, type[Splitter]] = {
    "sse": ServerSentEvents,
    "ndjson": Lines,
    "json-array": ArrayPieces,
    "aws-event-stream": Messages,
}
