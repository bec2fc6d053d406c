"""Content codings taken off a body: gzip, deflate, brotli and zstd, also off one that is cut short."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from pytest_lmcache.errors import UnstorableResponse


def decoded(body: bytes, coding: str) -> bytes:
    """A body without its `content-encoding`, as far as it goes. Raises UnstorableResponse for one that is not known
    here, or when the body is not coded so.
    """
    for name in reversed(coding.replace(" ", "").lower().split(",")):
        if name in ("", "identity") or not body:
            continue
        if name not in _DECODERS:
            raise UnstorableResponse(f"the answer has the content-encoding {name}, which is not known here")
        try:
            body = _DECODERS[name](body)
        except ImportError as error:
            raise UnstorableResponse(f"the answer has the content-encoding {name}, which needs {error.name}") from None
        except Exception as error:
            # Each of the libraries has an exception of its own.
            raise UnstorableResponse(f"the answer has the content-encoding {name}, and is none") from error
    return body


def _gzip(body: bytes) -> bytes:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body)


def _deflate(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body)


def _brotli(body: bytes) -> bytes:
    try:
        import brotli
    except ImportError:
        import brotlicffi as brotli
    decoder: Any = brotli.Decompressor()
    # The two packages of this name call it differently.
    found: bytes = (decoder.decompress if hasattr(decoder, "decompress") else decoder.process)(body)
    return found


def _zstd(body: bytes) -> bytes:
    decompressor: Any
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]

        decompressor = zstd.ZstdDecompressor()
    except ImportError:
        import zstandard

        decompressor = zstandard.ZstdDecompressor().decompressobj()
    found: bytes = decompressor.decompress(body)
    return found


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
