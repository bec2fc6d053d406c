"""Amazon Bedrock: converse, and invoke in the shape of a maker, whole and as frames of the event stream."""

from __future__ import annotations

import base64
import dataclasses
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from provider import anthropic
from provider.answers import answer
from provider.conversation import Answer, Asked, Reader, Tool, count_tokens, pieces
from provider.vectors import numbered
from provider.wire import Object, Received, Reply, Turn, as_json


def converse(received: Received, turn: Turn) -> Reply:
    """POST /model/<model>/converse and /converse-stream."""
    asked = _read(received.body)
    made = answer(asked, turn.mark, limit=(received.body.get("inferenceConfig") or {}).get("maxTokens"))
    ending = {"usage": _usage(asked, made), "metrics": {"latencyMs": turn.serial}}
    if received.path.endswith("-stream"):
        return _frames(_events(made, turn, ending))
    message = {"role": "assistant", "content": _blocks(made, turn)}
    return as_json({"output": {"message": message}, "stopReason": _reason(made), **ending})


def invoke(received: Received, turn: Turn) -> Reply:
    """POST /model/<model>/invoke and /invoke-with-response-stream: Anthropic's messages, other makers' vectors."""
    body = received.body
    if "inputText" in body:
        text = body["inputText"]
        return as_json({"embedding": numbered(text, turn), "inputTextTokenCount": count_tokens(text)})
    if "texts" in body:
        vectors = [numbered(text, turn) for text in body["texts"]]
        return as_json(
            {"id": turn.mark, "embeddings": vectors, "texts": body["texts"], "response_type": "embeddings_floats"}
        )
    streamed = received.path.endswith("-stream")
    named = {**body, "model": received.model, "stream": streamed}
    reply = anthropic.message(dataclasses.replace(received, body=named), turn)
    if not streamed:
        return reply
    return _frames(("chunk", _chunk(event)) for event in reply.events)


def count_tokens_of(received: Received, turn: Turn) -> Reply:
    """POST /model/<model>/count-tokens, of what converse or invoke would be asked."""
    asked = received.body["input"]
    if "converse" in asked:
        return as_json({"inputTokens": _read(asked["converse"]).tokens})
    body = json.loads(base64.b64decode(asked["invokeModel"]["body"]))
    counted = json.loads(anthropic.count_tokens_of(dataclasses.replace(received, body=body), turn).body)
    return as_json({"inputTokens": counted["input_tokens"]})


def _chunk(event: bytes) -> Object:
    """An event of Anthropic's stream, as Bedrock wraps it."""
    return {"bytes": base64.b64encode(event.partition(b"data: ")[2].strip()).decode()}


def _read(body: Object) -> Asked:
    reader = Reader()
    for block in body.get("system") or ():
        reader.system.append(reader.text_of([block] if "text" in block else ""))
    for message in body["messages"]:
        blocks = message["content"]
        said = [block for block in blocks if "text" in block or "image" in block]
        if message["role"] == "user" and said:
            reader.said(said)
        elif said:
            reader.text_of(said)
        reader.called += [block["toolUse"]["name"] for block in blocks if "toolUse" in block]
        reader.results += [_result(block["toolResult"]) for block in blocks if "toolResult" in block]
    config = body.get("toolConfig") or {}
    choice = config.get("toolChoice") or {"auto": {}}
    named = choice.get("tool", {}).get("name")
    return reader.asked(
        tools=tuple(_tool(each["toolSpec"]) for each in config.get("tools") or () if "toolSpec" in each),
        choice=named or ("required" if "any" in choice else "auto"),
        parallel=True,
        schema=None,
    )


def _tool(spec: Object) -> Tool:
    return Tool(spec["name"], spec.get("description") or "", spec["inputSchema"]["json"])


def _result(result: Object) -> str:
    parts = result.get("content") or []
    return " ".join(part["text"] if "text" in part else json.dumps(part.get("json")) for part in parts)


def _blocks(made: Answer, turn: Turn) -> list[Object]:
    if not made.calls:
        return [{"text": made.text}]
    return [
        {"toolUse": {"toolUseId": f"tooluse_{turn.mark}_{index}", "name": call.name, "input": call.arguments}}
        for index, call in enumerate(made.calls)
    ]


def _events(made: Answer, turn: Turn, ending: Object) -> Iterator[tuple[str, Object]]:
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(_blocks(made, turn)):
        place = {"contentBlockIndex": index}
        if "text" in block:
            deltas: list[Any] = [{"text": piece} for piece in pieces(block["text"])]
        else:
            use = dict(block["toolUse"])
            written = json.dumps(use.pop("input"), ensure_ascii=False)
            yield "contentBlockStart", {"start": {"toolUse": use}, **place}
            deltas = [{"toolUse": {"input": piece}} for piece in pieces(written)]
        for delta in deltas:
            yield "contentBlockDelta", {"delta": delta, **place}
        yield "contentBlockStop", place
    yield "messageStop", {"stopReason": _reason(made)}
    yield "metadata", ending


def _reason(made: Answer) -> str:
    return "tool_use" if made.calls else "max_tokens" if made.cut else "end_turn"


def _usage(asked: Asked, made: Answer) -> Object:
    counts = {"inputTokens": asked.tokens, "outputTokens": made.tokens}
    return {**counts, "totalTokens": asked.tokens + made.tokens}


def _frames(events: Iterable[tuple[str, Object]]) -> Reply:
    frames = tuple(_frame(kind, json.dumps(data, ensure_ascii=False).encode()) for kind, data in events)
    return Reply(content_type="application/vnd.amazon.eventstream", events=frames)


def _frame(kind: str, payload: bytes) -> bytes:
    """One message: its lengths and their checksum, the headers, the payload, the checksum of it all."""
    headers = b""
    for name, value in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")):
        headers += struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
    head = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = head + struct.pack(">I", zlib.crc32(head)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))
