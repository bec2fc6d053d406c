"""What a payload is, told from its first bytes: the kind and dimensions of a picture, the kind of anything else."""

from __future__ import annotations

import hashlib
import re
import struct

from pytest_lmcache.review import amounts

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_KINDS = (
    (b"%PDF", "PDF"),
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"PK\x03\x04", "ZIP"),
)


def described(data: bytes, kind: str = "") -> str:
    """`PNG 640 x 480, 12 kB, 3f9c2a7b`: what data is, its size, and the beginning of its SHA-256.

    `kind` is what it was said to be, a MIME type, for what the bytes do not tell.
    """
    name = _kind(data) or re.sub(r"^\w+/(?:x-)?", "", kind).upper() or "binary"
    dimensions = size_of(data)
    shown = f"{name} {dimensions[0]} x {dimensions[1]}" if dimensions else name
    return f"{shown}, {amounts.size(len(data))}, {hashlib.sha256(data).hexdigest()[:8]}"


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP; None for anything else, and for a broken header."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            return struct.unpack(">II", data[16:24])
        if data.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack("<HH", data[6:10])
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except struct.error:
        pass
    return None


def _kind(data: bytes) -> str:
    if data.startswith(b"RIFF"):
        return {b"WAVE": "WAV", b"WEBP": "WebP"}.get(data[8:12], "")
    for magic, name in ((b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"\xff\xd8", "JPEG"), *_KINDS):
        if data.startswith(magic):
            return name
    return ""


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """The size in the first frame header: segments are a marker and a length, until the one that says it."""
    place = 2
    while place + 9 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        else:
            place += 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and data[20:21] == b"\x2f":
        bits = struct.unpack("<I", data[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        if len(data) < 30:
            return None
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None
