"""What real providers were asked and what they answered, where the recordings of it are at hand."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import Reading, Wire, decode, encode, ended, framing, reading, recognise, splitter
from pytest_lmcache.dialects.bedrock_invoke import chunk
from pytest_lmcache.dialects.telling import payloads
from pytest_lmcache.folding import fold, unfold
from pytest_lmcache.keys import KeyRule, key_of

TRAFFIC = Path(__file__).parents[3] / "shared" / "traffic"
yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason="no recorded traffic beside the project")

EXPECTED = {
    # provider and dialect: calls, of them streams, answers with text, tool calls, answers with usage
    "anthropic.com anthropic-count-tokens": (3, 0, 3, 0, 0),
    "anthropic.com anthropic-messages": (99, 94, 63, 42, 99),
    "amazonaws.com bedrock-invoke": (23, 20, 14, 10, 23),
    "azure.com openai-responses": (2, 2, 2, 0, 2),
    "azuredatabricks.net openai-chat": (20, 17, 20, 4, 20),
    "cloudflare.com openai-chat": (9, 6, 9, 0, 6),
    "deepseek.com openai-chat": (12, 12, 9, 3, 12),
    "googleapis.com gemini": (43, 40, 31, 13, 43),
    "googleapis.com gemini-count-tokens": (1, 0, 1, 0, 0),
    "googleapis.com openai-chat": (8, 8, 2, 6, 8),
    "huggingface.co openai-chat": (13, 10, 13, 0, 13),
    "localhost:11434 ollama-chat": (2, 2, 2, 0, 2),
    "localhost:11434 openai-chat": (6, 6, 2, 4, 0),
    "mistral.ai openai-chat": (27, 24, 14, 15, 27),
    "openai.com openai-chat": (106, 103, 56, 55, 87),
    "openai.com openai-input-tokens": (3, 0, 3, 0, 0),
    "openai.com openai-responses": (172, 75, 116, 62, 172),
    "openrouter.ai openai-chat": (29, 26, 20, 11, 29),
    "x.ai openai-chat": (9, 9, 3, 6, 9),
}
REFUSED = {"openai.com openai-responses": 7, "amazonaws.com bedrock-invoke": 1}
"""Calls that were answered with a status of 400 and above."""

UNTOUCHED = 54
STREAMS = {"sse": 432, "aws-event-stream": 20, "ndjson": 2}
"""Streams of calls; three more streams of events are answers of a tool server."""


@dataclass(frozen=True)
class Exchange:
    where: str
    provider: str
    wire: Wire
    status: int
    content_type: str
    answer: bytes


@lru_cache(maxsize=1)
def exchanges() -> list[Exchange]:
    return [each for path in sorted(TRAFFIC.rglob("*.yaml")) for each in _in_file(path)]


def calls() -> Iterator[tuple[Exchange, Request]]:
    for exchange in exchanges():
        request = recognise(exchange.wire)
        if request is not None and exchange.status < 400:
            yield exchange, request


@lru_cache(maxsize=1)
def streams() -> list[tuple[str, bytes]]:
    found = [(framing(each.content_type, request), each.answer) for each, request in calls()]
    return [(cut, answer) for cut, answer in found if cut]


def _in_file(path: Path) -> Iterator[Exchange]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open("rb") as file:
        recorded = yaml.load(file, loader)
    for interaction in recorded["interactions"]:
        asked, answered = interaction["request"], interaction["response"]
        content = _bytes(answered["body"]["string"])
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        host = urlsplit(asked["uri"]).netloc
        yield Exchange(
            str(path.relative_to(TRAFFIC)),
            ".".join(host.rsplit(".", 2)[-2:]),
            Wire(asked["method"], asked["uri"], _header(asked, "content-type"), _bytes(asked["body"])),
            answered["status"]["code"],
            _header(answered, "content-type"),
            content,
        )


def _header(message: dict[str, Any], name: str) -> str:
    values = {key.lower(): value for key, value in message["headers"].items()}.get(name, [""])
    return _bytes(values[0]).decode()


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _parsed(exchange: Exchange, request: Request) -> Any:
    cut = framing(exchange.content_type, request)
    if cut is None:
        return json.loads(exchange.answer)
    return [decode(cut, frame) for frame in splitter(cut).feed(exchange.answer)]


def test_every_call_is_recognised_and_nothing_else():
    touched = Counter(
        f"{each.provider} {request.adapter.removeprefix('http/')}"
        for each in exchanges()
        if (request := recognise(each.wire))
    )

    assert touched == {name: row[0] + REFUSED.get(name, 0) for name, row in EXPECTED.items()}
    assert len(exchanges()) - touched.total() == UNTOUCHED
    left = [urlsplit(each.wire.url).path for each in exchanges() if recognise(each.wire) is None]
    asking = ("completions", "/responses", "/messages", "generateContent", "GenerateContent?", "/invoke", "/chat")
    assert not [path for path in left if path.endswith(asking)]


def test_every_call_has_model_conversation_and_key():
    for exchange, request in calls():
        assert request.model, exchange.where
        assert any(name in request.body for name in request.conversation), exchange.where
        assert key_of(request, KeyRule()).slug, exchange.where
        assert key_of(request, KeyRule("messages")).slug, exchange.where


def test_equal_keys_are_equal_bodies():
    bodies: dict[str, Any] = {}
    for _, request in calls():
        document = {"stream": request.stream, "adapter": request.adapter, **request.body}
        assert bodies.setdefault(key_of(request, KeyRule()).digest, document) == document


def test_every_answer_is_read():
    found: dict[str, list[int]] = {}
    for exchange, request in calls():
        said = reading(request, _parsed(exchange, request))
        row = found.setdefault(f"{exchange.provider} {request.adapter.removeprefix('http/')}", [0] * 5)
        counts = (1, request.stream, bool(said.text), len(said.tool_calls), bool(said.usage))
        row[:] = [before + int(more) for before, more in zip(row, counts, strict=True)]
        assert said.finish_reason or request.operation == "count-tokens", exchange.where
        assert said.text or said.tool_calls or "empty_response" in exchange.where, exchange.where
        assert all(call.name and isinstance(call.arguments, dict) for call in said.tool_calls), exchange.where

    assert {name: tuple(row) for name, row in found.items()} == EXPECTED


def test_no_usage_and_no_call_of_a_tool_in_an_answer_goes_unread():
    for exchange, request in calls():
        answer = _parsed(exchange, request)
        said = reading(request, answer)
        objects = [each for data in _told(request, answer) for each in _objects(data)]
        counted = [
            value
            for each in objects
            for name, value in each.items()
            if name.endswith(("_tokens", "TokenCount", "eval_count"))
        ]
        spent = request.operation != "count-tokens" and any(isinstance(n, int) and n > 0 for n in counted)
        assert bool(said.usage) == spent, exchange.where
        called = {each["name"] for each in objects if each.keys() & {"arguments", "input", "args"} and each.get("name")}
        ours = {each["name"] for each in objects if each.get("type") == "server_tool_use"}
        assert {call.name for call in said.tool_calls} == called - ours, exchange.where


def _told(request: Request, answer: Any) -> list[Any]:
    """The JSON of an answer, of each event of a stream."""
    if not request.stream:
        return [answer]
    return [chunk(event) for event in answer] if request.adapter == "http/bedrock-invoke" else payloads(answer)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)


def test_every_stream_has_ended_and_without_its_last_events_it_has_not():
    for exchange, request in calls():
        cut = framing(exchange.content_type, request)
        if cut:
            events = _parsed(exchange, request)
            assert ended(cut, request, events), exchange.where
            # A short stream may say why it ended in its first event.
            assert len(events) < 4 or not ended(cut, request, events[: len(events) // 2]), exchange.where


def test_every_stream_is_split_and_rebuilt_byte_for_byte():
    chance = random.Random(7)
    assert Counter(cut for cut, _ in streams()) == STREAMS
    for cut, answer in streams():
        stream, again = splitter(cut), splitter(cut)
        frames = stream.feed(answer)
        assert b"".join(frames) == answer
        assert stream.rest == b""
        places = sorted({0, len(answer), *(chance.randrange(len(answer)) for _ in range(20))})
        assert frames == [f for start, end in pairwise(places) for f in again.feed(answer[start:end])]
        events = [decode(cut, frame) for frame in frames]
        assert [encode(cut, json.loads(json.dumps(event))) for event in events] == frames


def test_every_stream_is_folded_and_rebuilt_byte_for_byte():
    for cut, answer in streams():
        events = [decode(cut, frame) for frame in splitter(cut).feed(answer)]
        shared, own = json.loads(json.dumps(fold(events)))
        assert b"".join(encode(cut, unfold(shared, item)) for item in own) == answer


def test_every_event_is_parsed():
    for cut, answer in streams():
        for frame in splitter(cut).feed(answer):
            event = decode(cut, frame)
            assert "comment" in event or event["data"] == "[DONE]" or isinstance(event["data"], dict), event


@given(data=st.data())
def test_a_stream_in_any_pieces_has_the_same_frames(data: st.DataObject):
    cut, answer = data.draw(st.sampled_from(streams()))
    answer = answer[:4000]
    places = sorted({0, len(answer), *data.draw(st.lists(st.integers(0, len(answer)), max_size=60))})
    whole, stream = splitter(cut), splitter(cut)

    assert whole.feed(answer) == [frame for start, end in pairwise(places) for frame in stream.feed(answer[start:end])]
    assert whole.rest == stream.rest


def test_a_reading_without_an_answer_is_empty():
    assert all(reading(request, None) == Reading() for _, request in calls())
