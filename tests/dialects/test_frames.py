"""Streams cut into frames and frames as events, byte for byte."""

from __future__ import annotations

import json
import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_lmcache.dialects import BrokenFrame, decode, encode, splitter

FRAMINGS = ("sse", "ndjson", "json-array", "aws-event-stream")
FEWER = settings(max_examples=60)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSONS, max_size=4)


def message(headers: list[tuple[str, int, bytes]], payload: bytes) -> bytes:
    head = b"".join(bytes([len(name)]) + name.encode() + bytes([kind]) + value for name, kind, value in headers)
    lengths = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    frame = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return frame + struct.pack(">I", zlib.crc32(frame))


def text_header(name: str, value: str) -> tuple[str, int, bytes]:
    return name, 7, struct.pack(">H", len(value)) + value.encode()


def usual(kind: str) -> list[tuple[str, int, bytes]]:
    return [
        text_header(":event-type", kind),
        text_header(":content-type", "application/json"),
        text_header(":message-type", "event"),
    ]


STREAMS = {
    "sse": [b"event: a\ndata: {}\n\n", b": ping\r\n\r\n", b"data: 1\r\r", b"data: [DONE]\n\n"],
    "ndjson": [b'{"a": 1}\n', b'{"b":"\\n"}\r\n', b"\n", b'{"done":true}\n'],
    "json-array": [b'[{"a": [1, {}]}', b'\n,\r\n{"b": "}]\\"\\\\"}', b',{"c":{}}', b"\n]"],
    "aws-event-stream": [message(usual("a"), b'{"n":1}'), message([], b""), message(usual("b"), b"{}")],
}


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("framing", FRAMINGS)
@FEWER
@given(cuts=st.lists(st.integers(0, 10**6), max_size=40))
def test_frames_are_the_same_however_the_bytes_come(framing: str, cuts: list[int]):
    stream = splitter(framing)

    assert [f for data in pieces(b"".join(STREAMS[framing]), cuts) for f in stream.feed(data)] == STREAMS[framing]
    assert stream.rest == b""


@pytest.mark.parametrize("framing", FRAMINGS)
def test_what_is_not_complete_is_the_rest(framing: str):
    stream = splitter(framing)
    *whole, last = STREAMS[framing]

    assert stream.feed(b"".join(whole) + last[:-1]) == whole
    assert stream.rest == last[:-1]
    assert stream.feed(last[-1:]) == [last]


@pytest.mark.parametrize("framing", FRAMINGS[:3])
@FEWER
@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 10**6), max_size=9))
def test_frames_and_rest_are_the_bytes_again(framing: str, data: bytes, cuts: list[int]):
    whole, cut = splitter(framing), splitter(framing)
    frames = whole.feed(data)

    assert b"".join(frames) + whole.rest == data
    assert [frame for piece in pieces(data, cuts) for frame in cut.feed(piece)] == frames
    assert cut.rest == whole.rest


@FEWER
@given(st.text('[]{}",: \\a\n', max_size=40).map(str.encode), st.lists(st.integers(0, 10**6), max_size=9))
def test_pieces_of_an_array_are_the_same_however_the_bytes_come(data: bytes, cuts: list[int]):
    whole, cut = splitter("json-array"), splitter("json-array")
    frames = whole.feed(b"[" + data)

    assert b"".join(frames) + whole.rest == b"[" + data
    assert [frame for piece in pieces(b"[" + data, cuts) for frame in cut.feed(piece)] == frames


@pytest.mark.parametrize("place", [0, 5, 9, 20, -2])
def test_a_message_with_a_wrong_checksum_is_refused(place: int):
    broken = bytearray(message(usual("a"), b'{"n":1}'))
    broken[place] ^= 1

    with pytest.raises(BrokenFrame):
        splitter("aws-event-stream").feed(bytes(broken) + bytes(64))


@pytest.mark.parametrize("framing", FRAMINGS)
@FEWER
@given(frame=st.binary(max_size=80))
def test_any_bytes_whatever_have_an_event(framing: str, frame: bytes):
    event = decode(framing, frame)

    assert encode(framing, json.loads(json.dumps(event))) == frame


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (",", ": ")])
@pytest.mark.parametrize("ascii_only", [True, False])
@FEWER
@given(data=OBJECTS)
def test_json_of_every_usual_way_of_writing_is_parsed(separators: tuple[str, str], ascii_only: bool, data: object):
    text = json.dumps(data, separators=separators, ensure_ascii=ascii_only)
    event = decode("sse", f"event: a\nid: 7\ndata: {text}\n\n".encode())

    assert event["data"] == data
    assert encode("sse", event) == f"event: a\nid: 7\ndata: {text}\n\n".encode()


@pytest.mark.parametrize(
    ("framing", "frame", "event"),
    [
        ("sse", b'data: {"a":1}\n\n', {"data": {"a": 1}}),
        ("sse", b'data:{"a":1}\r\n\r\n', {"data": {"a": 1}, "gap": "", "end": "\r\n"}),
        ("sse", b'data: {"a": 1}   \n\n', {"data": '{"a": 1}   '}),
        ("sse", b'data: {"a":{"b":1}   }\n\n', {"data": {"a": {"b": 1}}, "pad": 3}),
        ("sse", b'data: {"a": 0.00001}\n\n', {"data": {"a": 1e-5}, "style": "colon fixed"}),
        ("sse", b'data: {"a":0.00001,"b":1e-7}\n\n', {"data": {"a": 1e-5, "b": 1e-7}, "style": "js"}),
        ("sse", b'data: {"a": "\\u003cb\\u003e"}\n\n', {"data": {"a": "<b>"}, "style": "colon html"}),
        ("sse", b"event: ping\ndata: a\ndata: b\nid: 1\n\n", {"raw": "event: ping\ndata: a\ndata: b\nid: 1\n\n"}),
        ("sse", b"data: a\ndata: b\n\n", {"data": "a\nb"}),
        ("sse", b"data: [DONE]\n\n", {"data": "[DONE]"}),
        ("sse", b": keep alive\n\n", {"comment": "keep alive"}),
        ("sse", b"retry: 10\n\n", {"retry": "10"}),
        ("sse", b'data: {"a":1,"a":2}\n\n', {"data": '{"a":1,"a":2}'}),
        ("sse", b"data: cut", {"raw": "data: cut"}),
        ("sse", b"data: \xff\n\n", {"base64": "ZGF0YTog/woK"}),
        ("ndjson", b'{"a":1}\n', {"data": {"a": 1}}),
        ("ndjson", b'{"a":1}', {"data": {"a": 1}, "end": ""}),
        ("json-array", b'[{\n  "a": []\n}', {"before": "[", "data": {"a": []}, "style": "indent"}),
        ("json-array", b"\n]", {"raw": "\n]"}),
        ("aws-event-stream", message(usual("stop"), b'{"p":"ab"}'), {"event": "stop", "data": {"p": "ab"}}),
        (
            "aws-event-stream",
            message(usual("chunk"), b'{"bytes":"eyJhIjoxfQ==","p":"ab"}'),
            {"event": "chunk", "chunk": {"a": 1}, "data": {"p": "ab"}},
        ),
        (
            "aws-event-stream",
            message([("n", 4, b"\0\0\0\7"), ("b", 6, b"\0\1\0"), ("t", 0, b"")], b"{}"),
            {"headers": [["n", 4, 7], ["b", 6, "AA=="], ["t", 0, ""]], "data": {}},
        ),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_an_event_is_as_short_as_its_bytes_allow(framing: str, frame: bytes, event: dict[str, object]):
    assert decode(framing, frame) == event
    assert encode(framing, event) == frame


def test_an_event_edited_by_hand_makes_a_frame():
    event = decode("aws-event-stream", message(usual("a"), b'{"n":1}'))
    event["data"]["n"] = "two"

    assert encode("aws-event-stream", event) == message(usual("a"), b'{"n":"two"}')


@pytest.mark.parametrize("framing", FRAMINGS[1:])
@pytest.mark.parametrize(
    "event", [{}, {"data": object()}, {"raw": 7}, {"base64": "?"}, {"headers": [[1]], "data": object()}]
)
def test_what_is_no_event_is_refused(framing: str, event: dict[str, object]):
    with pytest.raises(ValueError, match=r"event|base64"):
        encode(framing, event)
