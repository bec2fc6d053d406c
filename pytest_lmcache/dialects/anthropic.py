"""Anthropic messages, also on Vertex AI, where the path names the model and says whether to stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import CREDENTIALS, before, json_object, request_of, said, without_tokens
from pytest_lmcache.dialects.telling import at, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

CONVERSATION = ("system", "messages")
LABELS = CREDENTIALS | {"metadata"}


class AnthropicMessages:
    """`POST .../messages` with `messages`, a model and `max_tokens`; on Vertex `.../models/<model>:rawPredict`."""

    name = "anthropic-messages"
    tails = frozenset({"messages", "rawPredict", "streamRawPredict"})

    def recognise(self, wire: Wire) -> Request | None:
        model: str | None = None
        stream: bool | None = None
        if before(wire.url, "/messages") is None:
            for verb in ("rawPredict", "streamRawPredict"):
                head = before(wire.url, f":{verb}")
                if head is not None:
                    model, stream = unquote(head.rpartition("/")[2]), verb == "streamRawPredict"
            if not model:
                return None
        body = json_object(wire.body) if b'"max_tokens"' in wire.body else None
        if body is None or not asks(body) or not (isinstance(body.get("model"), str) or model):
            return None
        if stream is not None and body.pop("stream", stream) is not stream:
            return None
        return request_of(
            self.name, "messages", without_tokens(body), CONVERSATION, model=model, stream=stream, labels=LABELS
        )

    def reading(self, request: Request, answer: Answer) -> Reading:
        return streamed(payloads(answer)) if is_events(answer, stream=request.stream) else whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return finished(payloads(events))


def asks(body: dict[str, Any]) -> bool:
    """Whether a body is a request for a message."""
    return said(body.get("messages")) and isinstance(body.get("max_tokens"), int)


def whole(message: Any) -> Reading:
    """What a message in one piece says. Tools that the provider itself runs are no calls."""
    blocks = objects_at(message, "content")
    calls = [tool_call(at(b, "name"), at(b, "input"), at(b, "id")) for b in blocks if b.get("type") == "tool_use"]
    text = "".join(text_at(block, "text") for block in blocks if block.get("type") == "text")
    return Reading(text, tuple(calls), text_at(message, "stop_reason"), counts(at(message, "usage")))


def streamed(events: list[dict[str, Any]]) -> Reading:
    """What the events of a stream say together."""
    blocks: dict[Any, dict[str, Any]] = {}
    usage: dict[str, Any] = {}
    reason = ""
    for data in events:
        kind = at(data, "type")
        for found in (at(data, "usage"), at(data, "message", "usage")):
            if isinstance(found, dict):
                usage |= {name: value for name, value in found.items() if value is not None}
        if kind == "content_block_start":
            block = at(data, "content_block")
            blocks[str(at(data, "index"))] = {**(block if isinstance(block, dict) else {}), "said": ""}
        elif kind == "content_block_delta" and (known := blocks.get(str(at(data, "index")))) is not None:
            known["said"] += text_at(data, "delta", "text") + text_at(data, "delta", "partial_json")
        elif kind == "message_delta":
            reason = text_at(data, "delta", "stop_reason") or reason
    text = "".join(text_at(b, "text") + b["said"] for b in blocks.values() if b.get("type") == "text")
    calls = [
        tool_call(b.get("name"), b["said"] or b.get("input") or {}, b.get("id"))
        for b in blocks.values()
        if b.get("type") == "tool_use"
    ]
    return Reading(text, tuple(calls), reason, counts(usage))


def finished(events: list[dict[str, Any]]) -> bool:
    """Whether the message is complete. A stream that ends in an error is not."""
    return any(at(data, "type") == "message_stop" for data in events)


def counts(usage: Any) -> dict[str, int]:
    """Token counts by our names: Anthropic counts what comes from its cache apart."""

    def number(name: str) -> int:
        value = at(usage, name)
        return value if isinstance(value, int) and value > 0 else 0

    cached, created = number("cache_read_input_tokens"), number("cache_creation_input_tokens")
    found = {
        "prompt_tokens": number("input_tokens") + cached + created,
        "completion_tokens": number("output_tokens"),
        "cached_tokens": cached,
        "cache_creation_tokens": created,
    }
    return {name: value for name, value in found.items() if value}
