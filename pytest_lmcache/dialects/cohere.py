"""Cohere chat, in its first version (a message and a history) and its second (messages), and embed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import before, json_object, request_of, said
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {
    "prompt_tokens": (("tokens", "input_tokens"), ("billed_units", "input_tokens")),
    "completion_tokens": (("tokens", "output_tokens"), ("billed_units", "output_tokens")),
    "cached_tokens": (("cached_tokens",),),
}


class CohereChat:
    """`POST /v2/chat` with a model and `messages`; `POST /v1/chat` with a `message`, and a model or `stream`."""

    name = "cohere-chat"
    tails = frozenset({"chat"})

    def recognise(self, wire: Wire) -> Request | None:
        second = before(wire.url, "/v2/chat") is not None
        if not second and before(wire.url, "/v1/chat") is None:
            return None
        body = json_object(wire.body)
        if body is None:
            return None
        if second:
            conversation: tuple[str, ...] = ("messages",)
            asked = said(body.get("messages")) and isinstance(body.get("model"), str)
        else:
            # An application's own chat has a message, too, but not how Cohere is to answer it.
            conversation = ("preamble", "chat_history", "conversation_id", "message", "tool_results")
            asked = isinstance(body.get("message"), str) and (
                isinstance(body.get("model"), str) or isinstance(body.get("stream"), bool)
            )
        return request_of(self.name, "chat", body, conversation) if asked else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        return _streamed(payloads(answer)) if is_events(answer, stream=request.stream) else _whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(
            at(data, "type") == "message-end" or at(data, "event_type") == "stream-end" for data in payloads(events)
        )


class CohereEmbed:
    """`POST /v1/embed` and `/v2/embed` with a model and `texts`, `images` or `inputs`."""

    name = "cohere-embed"
    tails = frozenset({"embed"})

    def recognise(self, wire: Wire) -> Request | None:
        if before(wire.url, "/v2/embed") is None and before(wire.url, "/v1/embed") is None:
            return None
        body = json_object(wire.body)
        if body is None or not any(isinstance(body.get(name), list) for name in ("texts", "images", "inputs")):
            return None
        found = request_of(self.name, "embedding", body, ("texts", "images", "inputs"), stream=False)
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading(usage=counted(at(answer, "meta"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


def _whole(answer: Any) -> Reading:
    calls = [
        tool_call(at(call, "function", "name"), at(call, "function", "arguments"), at(call, "id"))
        for call in objects_at(answer, "message", "tool_calls")
    ]
    calls += [tool_call(at(call, "name"), at(call, "parameters")) for call in objects_at(answer, "tool_calls")]
    text = text_at(answer, "message", "content") or text_at(answer, "text")
    usage = counted(at(answer, "usage") or at(answer, "meta"), USAGE)
    return Reading(text, tuple(calls), text_at(answer, "finish_reason"), usage)


def _streamed(events: list[dict[str, Any]]) -> Reading:
    if any("event_type" in data for data in events):
        end = next((data for data in events if at(data, "event_type") == "stream-end"), {})
        reading = _whole(at(end, "response"))
        text = "".join(text_at(data, "text") for data in events if at(data, "event_type") == "text-generation")
        return Reading(reading.text or text, reading.tool_calls, text_at(end, "finish_reason"), reading.usage)
    text, reason = "", ""
    usage: dict[str, int] = {}
    calls: dict[Any, dict[str, Any]] = {}
    for data in events:
        delta, index = at(data, "delta"), str(at(data, "index"))
        call = at(delta, "message", "tool_calls")
        if at(data, "type") == "content-delta":
            text += text_at(delta, "message", "content", "text")
        elif at(data, "type") == "tool-call-start":
            said_so_far = text_at(call, "function", "arguments")
            calls[index] = {"name": at(call, "function", "name"), "id": at(call, "id"), "said": said_so_far}
        elif at(data, "type") == "tool-call-delta" and index in calls:
            calls[index]["said"] += text_at(call, "function", "arguments")
        elif at(data, "type") == "message-end":
            reason, usage = text_at(delta, "finish_reason"), counted(at(delta, "usage"), USAGE)
    return Reading(text, tuple(tool_call(c["name"], c["said"], c["id"]) for c in calls.values()), reason, usage)
