"""The dimensions of pictures, from the first bytes of each format."""

from __future__ import annotations

import struct

import pytest

from pytest_lmcache.review.pictures import described, size_of

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 640, 480) + bytes(5)
GIF = b"GIF89a" + struct.pack("<HH", 20, 10) + bytes(3)
FRAME = b"\xff\xff\xc2\x00\x11\x08" + struct.pack(">HH", 480, 641) + bytes(9)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + FRAME
VP8 = b"RIFF\0\0\0\0WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + struct.pack("<HH", 550, 368)
VP8L = b"RIFF\0\0\0\0WEBPVP8L" + bytes(4) + b"\x2f" + struct.pack("<I", (386 - 1) | (395 - 1) << 14)
VP8X = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (399).to_bytes(3, "little") + (300).to_bytes(3, "little")
PICTURES = [(PNG, 640, 480), (GIF, 20, 10), (JPEG, 641, 480), (VP8, 550, 368), (VP8L, 386, 395), (VP8X, 400, 301)]


@pytest.mark.parametrize(("data", "width", "height"), PICTURES, ids=["png", "gif", "jpeg", "vp8", "vp8l", "vp8x"])
def test_the_header_says_the_size(data, width, height):
    assert size_of(data) == (width, height)
    assert f" {width} x {height}, " in described(data)


@pytest.mark.parametrize(("data", "width", "height"), PICTURES, ids=["png", "gif", "jpeg", "vp8", "vp8l", "vp8x"])
def test_a_header_that_is_cut_short_says_nothing_and_raises_nothing(data, width, height):
    for length in range(len(data)):
        assert size_of(data[:length]) in (None, (width, height))


def test_other_kinds_are_named_and_counted():
    assert described(b"%PDF-1.7").startswith("PDF, 8 B, ")
    assert described(b"\0" * 2000, "audio/x-wav").startswith("WAV, 2.0 kB, ")
    assert described(b"").startswith("binary, 0 B, ")
