"""Content codings: what puts one on an answer, piece by piece, so that each piece can be read when it arrives."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from provider.wire import Reply


class Encoder(Protocol):
    """What puts a coding on. `encode` gives bytes that hold all of the piece, `end` the last bytes."""

    def encode(self, piece: bytes) -> bytes: ...

    def end(self) -> bytes: ...


def encoded(reply: Reply, coding: str) -> Reply:
    """A reply with `gzip`, `deflate`, `br` or `zstd` put on. The last two need the packages brotli and zstandard."""
    encoder = _ENCODERS[coding]()
    headers = {**reply.headers, "content-encoding": coding}
    if reply.events:
        return replace(reply, headers=headers, events=(*map(encoder.encode, reply.events), encoder.end()))
    return replace(reply, headers=headers, body=encoder.encode(reply.body) + encoder.end())


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._made = zlib.compressobj(wbits=wbits)

    def encode(self, piece: bytes) -> bytes:
        return self._made.compress(piece) + self._made.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._made.flush()


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._made: Any = brotli.Compressor()

    def encode(self, piece: bytes) -> bytes:
        return bytes(self._made.process(piece) + self._made.flush())

    def end(self) -> bytes:
        return bytes(self._made.finish())


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._made: Any = zstandard.ZstdCompressor().compressobj()
        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def encode(self, piece: bytes) -> bytes:
        return bytes(self._made.compress(piece) + self._made.flush(self._block))

    def end(self) -> bytes:
        return bytes(self._made.flush())


_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
