"""Ollama's own dialect; it streams unless it is told not to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import before, json_object, request_of, said
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {"prompt_tokens": (("prompt_eval_count",),), "completion_tokens": (("eval_count",),)}


@dataclass(frozen=True)
class Ollama:
    """`POST /api/<tail>` with a model and what `conversation` begins with: messages, a prompt, texts to embed."""

    name: str
    tail: str
    operation: str
    conversation: tuple[str, ...]

    @property
    def tails(self) -> frozenset[str]:
        return frozenset({self.tail})

    def recognise(self, wire: Wire) -> Request | None:
        body = None if before(wire.url, f"/api/{self.tail}") is None else json_object(wire.body)
        if body is None or not isinstance(body.get("model"), str):
            return None
        asked = body.get(self.conversation[0])
        if not (said(asked) if self.operation == "chat" else isinstance(asked, str | list)):
            return None
        stream = body.pop("stream", True) if self.operation in ("chat", "text") else False
        if not isinstance(stream, bool):
            return None
        return request_of(self.name, self.operation, body, self.conversation, stream=stream, labels={"keep_alive"})

    def reading(self, request: Request, answer: Answer) -> Reading:
        parts: list[Any] = payloads(answer) if is_events(answer, stream=request.stream) else [answer]
        text = "".join(text_at(part, "message", "content") + text_at(part, "response") for part in parts)
        calls = tuple(
            tool_call(at(call, "function", "name"), at(call, "function", "arguments"), at(call, "id"))
            for part in parts
            for call in objects_at(part, "message", "tool_calls")
        )
        last = parts[-1] if parts else None
        return Reading(text, calls, text_at(last, "done_reason"), counted(last, USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "done") is True for data in payloads(events))


ALL = (
    Ollama("ollama-chat", "chat", "chat", ("messages",)),
    Ollama("ollama-generate", "generate", "text", ("prompt", "system", "suffix", "images", "context")),
    Ollama("ollama-embed", "embed", "embedding", ("input",)),
    Ollama("ollama-embeddings", "embeddings", "embedding", ("prompt",)),
)
