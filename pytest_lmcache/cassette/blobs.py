"""Long base64, cut out of a recording into a file of its own: pictures and sound belong in no text diff."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

THRESHOLD = 1024
NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}")

_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_MAGIC = (
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"%PDF", "pdf"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
)


@dataclass(frozen=True, slots=True)
class Blob:
    """Binary content found in a string: `prefix` stands before its base64 there (`data:image/png;base64,`)."""

    name: str
    data: bytes
    prefix: str


def cut(text: str) -> Blob | None:
    """The blob a string is, when it is base64 of more than 1 kB that would be rebuilt exactly; else None."""
    if len(text) <= THRESHOLD:
        return None
    url = _DATA_URL.match(text)
    prefix = url.group() if url else ""
    payload = text[len(prefix) :]
    if not _BASE64.fullmatch(payload) or not (prefix or _looks_binary(payload)):
        return None
    try:
        data = base64.b64decode(payload, validate=True)
    except binascii.Error:
        return None
    if joined(prefix, data) != text:
        return None
    return Blob(f"{hashlib.sha256(data).hexdigest()}.{_extension(data)}", data, prefix)


def joined(prefix: str, data: bytes) -> str:
    """The string a blob was cut from."""
    return prefix + base64.b64encode(data).decode("ascii")


def intact(name: str, data: bytes) -> bool:
    """Whether a blob's content is what its name says."""
    return hashlib.sha256(data).hexdigest() == name.partition(".")[0]


def _looks_binary(payload: str) -> bool:
    """Base64 of anything has capitals, small letters and digits; a long word or a hexadecimal dump does not."""
    head = payload[:THRESHOLD]
    return any(map(str.isupper, head)) and any(map(str.islower, head)) and any(map(str.isdigit, head))


def _extension(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(data[8:12], "bin")
    return next((extension for magic, extension in _MAGIC if data.startswith(magic)), "bin")
