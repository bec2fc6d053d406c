"""Bedrock invoke and invoke-with-response-stream: the model in the path, the body in the shape of its maker."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import anthropic, bedrock_converse, openai_chat
from pytest_lmcache.dialects.asking import json_object, request_of, without_tokens
from pytest_lmcache.dialects.bedrock_converse import STREAMED, called
from pytest_lmcache.dialects.telling import at, counted, is_events, payload, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

SHAPES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("anthropic_version", "messages", ("system", "messages")),
    ("messages", "chat", ("system", "messages")),
    ("prompt", "text", ("prompt",)),
    ("texts", "embedding", ("texts", "images")),
    ("message", "chat", ("preamble", "chat_history", "message")),
    ("documents", "rerank", ("query", "documents")),
    ("textGenerationConfig", "text", ("inputText",)),
    ("inputText", "embedding", ("inputText", "inputImage")),
    ("taskType", "image", ("textToImageParams", "inPaintingParams", "outPaintingParams", "imageVariationParams")),
    ("text_prompts", "image", ("text_prompts",)),
)
"""A field that tells the shape, the operation, and the fields that are the conversation; the first that fits."""

METRICS = "amazon-bedrock-invocationMetrics"
PROMPT = (("inputTokenCount",), ("prompt_token_count",), ("inputTextTokenCount",))
COMPLETION = (("outputTokenCount",), ("generation_token_count",), ("totalOutputTextTokenCount",), ("tokenCount",))
USAGE = {"prompt_tokens": PROMPT, "completion_tokens": COMPLETION}
TEXTS: tuple[tuple[str | int, ...], ...] = (
    ("generation",),
    ("outputText",),
    ("results", 0, "outputText"),
    ("outputs", 0, "text"),
    ("generations", 0, "text"),
    ("text",),
    ("completion",),
)
REASONS = ("stop_reason", "completionReason", "finish_reason")


class BedrockInvoke:
    """`POST /model/<id>/invoke` and `/model/<id>/invoke-with-response-stream` in a shape that a known maker reads."""

    name = "bedrock-invoke"
    tails = frozenset({"invoke", "invoke-with-response-stream"})

    def recognise(self, wire: Wire) -> Request | None:
        model, verb = called(wire.url)
        body = json_object(wire.body) if model else None
        if body is None:
            return None
        shape = next((each for each in SHAPES if each[0] in body and body.keys() & each[2]), None)
        if shape is None:
            return None
        _, operation, conversation = shape
        labels = {"metadata"} if "anthropic_version" in body else set()
        return request_of(
            self.name,
            operation,
            without_tokens(body),
            conversation,
            model=model,
            stream=verb in STREAMED,
            labels=labels,
        )

    def reading(self, request: Request, answer: Answer) -> Reading:
        if not is_events(answer, stream=request.stream):
            return _whole(answer)
        chunks = [chunk(event) for event in answer]
        if any("contentBlockDelta" in each or "messageStop" in each for each in chunks):
            return bedrock_converse.streamed(chunks)
        if any(at(each, "type") == "message_start" for each in chunks):
            return anthropic.streamed(chunks)
        if any("choices" in each for each in chunks):
            return openai_chat.streamed(chunks)
        readings = [_whole(each) for each in chunks]
        usage = {name: count for reading in readings for name, count in reading.usage.items()}
        reason = next((reading.finish_reason for reading in reversed(readings) if reading.finish_reason), "")
        return Reading("".join(reading.text for reading in readings), (), reason, usage)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(METRICS in data or at(data, "type") == "message_stop" for data in map(chunk, events))


def chunk(event: Event) -> dict[str, Any]:
    """What the model's maker put into an event."""
    found = at(event, "chunk")
    if isinstance(found, dict):
        return found
    data = payload(event)
    try:
        held = base64.b64decode(text_at(data, "bytes")).decode()
    except ValueError:
        return data
    return payload({"data": held}) or data


def _whole(answer: Any) -> Reading:
    if at(answer, "type") == "message":
        return anthropic.whole(answer)
    if at(answer, "output", "message") is not None:
        return bedrock_converse.whole(answer)
    if at(answer, "choices") is not None:
        return openai_chat.whole(answer)
    text = next(filter(None, (text_at(answer, *place) for place in TEXTS)), "")
    holders = (answer, at(answer, "results", 0), at(answer, "outputs", 0), at(answer, "generations", 0))
    reasons = (text_at(holder, name) for holder in holders for name in REASONS)
    usage = {name: n for holder in (*holders, at(answer, METRICS)) for name, n in counted(holder, USAGE).items()}
    return Reading(text, (), next(filter(None, reasons), ""), usage)
