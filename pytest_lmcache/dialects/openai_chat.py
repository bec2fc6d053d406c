"""OpenAI chat completions, and everyone who speaks like them: Azure, vLLM, Groq, Mistral, Databricks, OpenRouter ..."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import (
    OPENAI_LABELS,
    before,
    json_object,
    request_of,
    said,
    served,
    without_tokens,
)
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {
    "prompt_tokens": (("prompt_tokens",), ("input_tokens",)),
    "completion_tokens": (("completion_tokens",), ("output_tokens",)),
    "cached_tokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("prompt_cache_hit_tokens",),
    ),
    "cache_creation_tokens": (
        ("prompt_tokens_details", "cache_creation_tokens"),
        ("prompt_tokens_details", "cache_write_tokens"),
    ),
}


class OpenAIChat:
    """`POST .../chat/completions` with `messages`; a stream ends with `[DONE]`, or with the last `finish_reason`.

    Databricks has `/serving-endpoints/<model>/invocations` for it, too.
    """

    name = "openai-chat"
    tails = frozenset({"completions", "invocations"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/chat/completions")
        if head is None:
            head = served(wire.url)
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not said(body.get("messages")):
            return None
        return request_of(self.name, "chat", without_tokens(body), ("messages",), head=head, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        return streamed(payloads(answer)) if is_events(answer, stream=request.stream) else whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        chunks = payloads(events)
        if at(request.body, "stream_options", "include_usage") is True and not streamed(chunks).usage:
            return False
        return finished(chunks, at(request.body, "n"))


def whole(answer: Any) -> Reading:
    """What an answer in one piece says: its first choice."""
    choice = at(answer, "choices", 0)
    message = at(choice, "message")
    calls = [
        tool_call(at(call, "function", "name"), at(call, "function", "arguments"), at(call, "id"))
        for call in objects_at(message, "tool_calls")
    ]
    if function := at(message, "function_call"):
        calls.append(tool_call(at(function, "name"), at(function, "arguments")))
    text = _said(message)
    reason = text_at(choice, "finish_reason")
    return Reading(text, tuple(calls), reason, counted(at(answer, "usage"), USAGE))


def streamed(chunks: list[dict[str, Any]]) -> Reading:
    """What the chunks of a stream say together: the first choice of each, and the last usage."""
    text, reason = "", ""
    usage: dict[str, int] = {}
    calls: list[dict[str, Any]] = []
    for chunk in chunks:
        usage = counted(at(chunk, "usage"), USAGE) or counted(at(chunk, "x_groq", "usage"), USAGE) or usage
        for choice in objects_at(chunk, "choices"):
            if choice.get("index", 0) != 0:
                continue
            delta = at(choice, "delta")
            text += _said(delta)
            reason = text_at(choice, "finish_reason") or reason
            for piece in objects_at(delta, "tool_calls"):
                _joined(calls, piece)
            if function := at(delta, "function_call"):
                _joined(calls, {"function": function})
    return Reading(text, tuple(tool_call(call["name"], call["said"], call["id"]) for call in calls), reason, usage)


def finished(chunks: list[dict[str, Any]], count: Any) -> bool:
    """Whether each of `count` choices (None for one) has its finish reason."""
    reasons = {
        str(choice.get("index", 0))
        for chunk in chunks
        for choice in objects_at(chunk, "choices")
        if text_at(choice, "finish_reason")
    }
    return len(reasons) >= (count if isinstance(count, int) else 1)


def _said(message: Any) -> str:
    """The text of a message. Cloudflare parses what was to be JSON."""
    content = at(message, "content")
    if isinstance(content, dict):
        return json.dumps(content, ensure_ascii=False)
    return text_at(message, "content") or text_at(message, "refusal") or text_at(message, "audio", "transcript")


def _joined(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    """Add a piece of a tool call to the call it continues. Some servers give every call the index 0 or none."""
    index, identity = piece.get("index"), text_at(piece, "id")
    name, said_so_far = text_at(piece, "function", "name"), at(piece, "function", "arguments")
    known = next((call for call in reversed(calls) if call["index"] == index), None)
    if known is None or (identity and known["id"] and identity != known["id"]) or (name and known["said"]):
        known = {"index": index, "id": identity, "name": "", "said": ""}
        calls.append(known)
    known["id"] = known["id"] or identity
    known["name"] = known["name"] or name
    if isinstance(said_so_far, str) and isinstance(known["said"], str):
        known["said"] += said_so_far
    else:
        known["said"] = said_so_far or known["said"]
