"""What the headers of a recorded message no longer tell, told by its body: content coding and content type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from pytest_lmcache.adapters.http.decoding import CODINGS, decoded
from pytest_lmcache.errors import UnstorableResponse

REDACTED = re.compile(r"\*{2,}|redacted|filtered|scrubbed|^<[\w -]+>$|^\[[\w -]+\]$|^$", re.IGNORECASE)
"""What recorders are told to write in place of a value, and nothing."""

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_EVENTS = re.compile(rb"\s*(?::[^\n]*\n\s*)*(?:data|event|id|retry):")


def plain(body: bytes, coding: str) -> bytes:
    """A body without its content coding. Recorders take the coding off and leave the header, or redact the header, so
    that a body which is not coded as it says counts as plain text when it is text. Raises UnstorableResponse.
    """
    told = coding.lower().replace(" ", "")
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return decoded(body, told if name in told else name)
    if not told or body.lstrip()[:1] in (b"", b"{", b"[") or _EVENTS.match(body):
        return body
    if REDACTED.search(told):
        return body if _is_text(body) else next(filter(_is_text, _decoded_somehow(body)), body)
    return _decoded(body, told)


def _decoded(body: bytes, told: str) -> bytes:
    if not set(told.split(",")) <= CODINGS.keys() | {"", "identity"}:
        return body
    try:
        return decoded(body, told)
    except UnstorableResponse:
        if _is_text(body):
            return body
        raise


def _decoded_somehow(body: bytes) -> Iterator[bytes]:
    for name in ("br", "deflate"):
        with suppress(UnstorableResponse):
            yield decoded(body, name)


def kind_of(body: bytes, kind: str) -> str:
    """The content type of a body: the header's `kind`, or what the body looks like when the header was taken out."""
    if not REDACTED.search(kind):
        return kind
    start = body[:64].lstrip()
    if _EVENTS.match(body):
        return "text/event-stream"
    if start[:1] in (b"{", b"["):
        lines = body.split(b"\n", 2)
        first_is_whole = lines[0].rstrip().endswith(b"}") and len(lines) > 1 and lines[1].lstrip()[:1] == b"{"
        return "application/x-ndjson" if first_is_whole else "application/json"
    if body[8:12] and len(body) >= 16 and not _is_text(body[:12]) and b":event-type" in body[:200]:
        return "application/vnd.amazon.eventstream"
    return "text/plain" if _is_text(body) else "application/octet-stream"


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
