"""Anthropic's messages API, whole and streamed, with the prompt cache that `cache_control` asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from provider.answers import answer
from provider.conversation import Answer, Asked, Reader, Tool, count_tokens, pieces
from provider.wire import Object, Received, Reply, Turn, as_events, as_json


def message(received: Received, turn: Turn) -> Reply:
    """POST /v1/messages."""
    body = received.body
    asked = _read(body)
    thinking = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive") or "reason" in received.model
    made = answer(asked, turn.mark, reasons=thinking, limit=body.get("max_tokens"))
    whole = {
        "id": f"msg_{turn.mark}",
        "type": "message",
        "role": "assistant",
        "model": received.model,
        "content": _blocks(made, turn),
        "stop_reason": "tool_use" if made.calls else "max_tokens" if made.cut else "end_turn",
        "stop_sequence": None,
        "usage": _usage(body, asked, made, turn),
    }
    if body.get("stream"):
        return as_events(_events(whole), named=True)
    return as_json(whole, headers={"request-id": f"req_{turn.mark}"})


def count_tokens_of(received: Received, turn: Turn) -> Reply:
    """POST /v1/messages/count_tokens, on Vertex AI .../models/count-tokens:rawPredict."""
    headers = {"request-id": f"req_{turn.mark}"}
    return as_json({"input_tokens": _read(received.body).tokens}, headers=headers)


def _read(body: Object) -> Asked:
    reader = Reader()
    if body.get("system"):
        reader.system.append(reader.text_of(body["system"]))
    for each in body.get("messages", ()):
        content = each["content"]
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        said = [block for block in blocks if block["type"] not in ("tool_use", "tool_result", "thinking")]
        if each["role"] == "user" and said:
            reader.said(said)
        elif said:
            reader.text_of(said)
        reader.called += [block["name"] for block in blocks if block["type"] == "tool_use"]
        reader.results += [reader.text_of(block.get("content")) for block in blocks if block["type"] == "tool_result"]
    choice = body.get("tool_choice") or {"type": "auto"}
    kinds = {"auto": "auto", "any": "required", "none": "none"}
    return reader.asked(
        tools=tuple(
            Tool(tool["name"], tool.get("description") or "", tool["input_schema"])
            for tool in body.get("tools") or ()
            if "input_schema" in tool
        ),
        choice=kinds.get(choice["type"]) or choice["name"],
        parallel=not choice.get("disable_parallel_tool_use"),
        schema=(body.get("output_format") or (body.get("output_config") or {}).get("format") or {}).get("schema"),
    )


def _usage(body: Object, asked: Asked, made: Answer, turn: Turn) -> Object:
    """The token counts. What is marked by `cache_control` is written to the cache once, and read from it later."""
    prefix, marked = [], 0
    for block in _prefix(body):
        prefix.append(json.dumps(block, sort_keys=True))
        if isinstance(block, dict) and "cache_control" in block:
            marked = len(prefix)
    cacheable = count_tokens(*prefix[:marked])
    digest = hashlib.sha256("\n".join([str(body.get("model")), *prefix[:marked]]).encode()).hexdigest()
    known = digest in turn.remembered
    if marked:
        turn.remembered.add(digest)
    return {
        "input_tokens": max(asked.tokens - cacheable, 1),
        "cache_creation_input_tokens": 0 if known else cacheable,
        "cache_read_input_tokens": cacheable if known else 0,
        "output_tokens": made.tokens,
        "service_tier": "standard",
    }


def _prefix(body: Object) -> Iterator[Any]:
    """Every block of the prompt in the order Anthropic caches them: tools, system, messages."""
    yield from body.get("tools") or ()
    for content in (body.get("system"), *(each["content"] for each in body.get("messages", ()))):
        yield from content if isinstance(content, list) else [content]


def _blocks(made: Answer, turn: Turn) -> list[Object]:
    blocks: list[Object] = []
    if made.reasoning:
        blocks.append({"type": "thinking", "thinking": made.reasoning, "signature": f"signed-{turn.mark}"})
    if made.text:
        blocks.append({"type": "text", "text": made.text})
    for index, call in enumerate(made.calls):
        tool_use = {"type": "tool_use", "id": f"toolu_{turn.mark}_{index}", "name": call.name}
        blocks.append({**tool_use, "input": call.arguments})
    return blocks


def _events(whole: Object) -> Iterator[Object]:
    begun = {**whole["usage"], "output_tokens": 1}
    yield {
        "type": "message_start",
        "message": {**whole, "content": [], "stop_reason": None, "usage": begun},
    }
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        empty, deltas = _opened(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def _opened(block: Object) -> tuple[Object, list[Object]]:
    """A block as it starts, and the deltas that make it what it is."""
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [*deltas, signed]
    written = ["", *pieces(json.dumps(block["input"], ensure_ascii=False))]
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in written]
