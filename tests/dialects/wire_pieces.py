"""What the examples of the dialects are made of: an example, and the pieces that several of them share."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from pytest_lmcache.dialects import Reading, ToolCall, Wire

SAID = [{"role": "user", "content": "What is the capital of France?"}]
BOUNDARY = "b0undary"
WEATHER = ToolCall("weather", {"city": "Paris"}, "call_1")
PARIS = {"text": "Paris", "finish_reason": "stop", "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


def post(path: str, body: Any, *, host: str = "https://models.example") -> Wire:
    return Wire("POST", f"{host}{path}", "application/json", json.dumps(body).encode())


def form(path: str, parts: list[tuple[str, str, bytes]], boundary: str = BOUNDARY) -> Wire:
    """A form of parts, each with its name, the name of its file (or none), and its content."""
    lines = b""
    for name, filename, content in parts:
        lines += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if filename:
            lines += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'.encode()
        lines += b"\r\n\r\n" + content + b"\r\n"
    kind = f"multipart/form-data; boundary={boundary}"
    return Wire("POST", f"https://models.example{path}", kind, lines + f"--{boundary}--\r\n".encode())


def events(*data: Any) -> list[dict[str, Any]]:
    return [{"data": each} for each in data]


def typed(**data: Any) -> dict[str, Any]:
    ((kind, value),) = data.items()
    return {"event": kind, "data": value}


NOTHING = Reading()


@dataclass(frozen=True)
class Example:
    adapter: str
    operation: str
    model: str
    conversation: dict[str, Any]
    wire: Wire
    stream: bool = False
    answer: Any = field(default_factory=dict)
    says: Reading = NOTHING


def delta(index: int = 0, reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": reason}]}


CHAT = {"model": "small-1", "messages": SAID}
CHAT_USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
CLAUDE = {"model": "claude-1", "max_tokens": 9, "system": "Be brief.", "messages": SAID}
CLAUDE_SAID = {"system": "Be brief.", "messages": SAID}
CLAUDE_EVENTS = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 4, "cache_read_input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Par"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "is"}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "call_1", "name": "weather"},
    },
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city":'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Paris"}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
CLAUDE_SAYS = Reading("Paris", (WEATHER,), "tool_use", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3})
CONTENTS = [{"role": "user", "parts": [{"text": "Capital of France?"}]}]
CANDIDATE = {
    "candidates": [
        {
            "content": {"parts": [{"text": "hm", "thought": True}, {"text": "Paris"}], "role": "model"},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 1, "thoughtsTokenCount": 1},
}
CANDIDATE_SAYS = Reading("Paris", (), "STOP", {"prompt_tokens": 7, "completion_tokens": 2})
CONVERSE = {"messages": [{"role": "user", "content": [{"text": "Capital?"}]}], "system": [{"text": "Be brief."}]}
GEMINI = "/v1beta/models/gemini-1"
PUBLISHED = "/v1/projects/p/locations/us-central1/publishers/google/models"
BEDROCK = "/model/maker.model-1%3A0"


def chunk(data: Any) -> dict[str, Any]:
    return {"event": "chunk", "data": {"bytes": base64.b64encode(json.dumps(data).encode()).decode()}}
