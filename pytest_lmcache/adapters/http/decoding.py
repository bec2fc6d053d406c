"""Content codings taken off a body: gzip, deflate, brotli and zstd, also off one that is cut short."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

from pytest_lmcache.errors import UnstorableResponse

LARGEST = 64 * 1024 * 1024
"""Bytes that a body may have. What is larger could not be read again from a recording."""

# Between pieces of this size it is seen how much came out: a few bytes can stand for megabytes.
_PIECE = 256


class Decoder(Protocol):
    """What takes a coding off, piece by piece."""

    def decode(self, piece: bytes) -> bytes: ...

    @property
    def ended(self) -> bool:
        """Whether the coded body is over; what follows is none of it."""
        ...


def decoded(body: bytes, coding: str) -> bytes:
    """A body without its `content-encoding`, as far as it goes. Raises UnstorableResponse for one that is not known
    here, when the body is not coded so, or when it is larger than LARGEST.
    """
    for name in reversed(coding.replace(" ", "").lower().split(",")):
        if name in ("", "identity") or not body:
            continue
        if name not in CODINGS:
            raise UnstorableResponse(f"the answer has the content-encoding {name}, which is not known here")
        try:
            body = _inflated(body, CODINGS[name](body))
        except UnstorableResponse:
            raise
        except ImportError as error:
            raise UnstorableResponse(f"the answer has the content-encoding {name}, which needs {error.name}") from None
        except Exception as error:
            # Each of the libraries has an exception of its own.
            raise UnstorableResponse(f"the answer has the content-encoding {name}, and is none") from error
    return body


def _inflated(body: bytes, decoder: Decoder) -> bytes:
    pieces: list[bytes] = []
    room = LARGEST
    for start in range(0, len(body), _PIECE):
        pieces.append(decoder.decode(body[start : start + _PIECE]))
        room -= len(pieces[-1])
        if room < 0:
            raise UnstorableResponse(f"the answer is larger than {LARGEST // 2**20} MiB")
        if decoder.ended:
            break
    return b"".join(pieces)


class _Decompressor:
    """A decompressor as zlib and the libraries of zstd have it."""

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor
        self.decode = decompressor.decompress

    @property
    def ended(self) -> bool:
        return bool(self._decompressor.eof)


class _Brotli:
    def __init__(self, body: bytes) -> None:
        try:
            import brotli
        except ImportError:
            import brotlicffi as brotli
        decoder: Any = brotli.Decompressor()
        # The two packages of this name call it differently.
        decode: Callable[[bytes], bytes] = decoder.decompress if hasattr(decoder, "decompress") else decoder.process
        self.decode = decode
        self._decoder = decoder

    @property
    def ended(self) -> bool:
        return bool(self._decoder.is_finished())


def _gzip(body: bytes) -> Decoder:
    return _Decompressor(zlib.decompressobj(zlib.MAX_WBITS | 16))


def _deflate(body: bytes) -> Decoder:
    try:
        zlib.decompressobj().decompress(body[:2])
    except zlib.error:
        return _Decompressor(zlib.decompressobj(-zlib.MAX_WBITS))
    return _Decompressor(zlib.decompressobj())


def _zstd(body: bytes) -> Decoder:
    # httpx reads it by zstandard, the others by what Python 3.14 has itself, which older ones get as a backport.
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return _Decompressor(import_module(name).ZstdDecompressor())
    import zstandard

    return _Decompressor(zstandard.ZstdDecompressor().decompressobj())


CODINGS: dict[str, Callable[[bytes], Decoder]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _Brotli,
    "zstd": _zstd,
}
"""Name -> what makes a decoder for a body."""
