"""OpenAI responses, also on Azure, and the compaction of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of, without_tokens
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {
    "prompt_tokens": (("input_tokens",),),
    "completion_tokens": (("output_tokens",),),
    "cached_tokens": (("input_tokens_details", "cached_tokens"),),
}
CONVERSATION = ("input", "instructions", "previous_response_id", "conversation", "prompt")
LAST = ("response.completed", "response.failed", "response.incomplete")


class OpenAIResponses:
    """`POST .../responses` with a model and `input`, or with a stored prompt."""

    name = "openai-responses"
    tails = frozenset({"responses"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/responses")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not asks(body, head):
            return None
        return request_of(self.name, "responses", without_tokens(body), CONVERSATION, head=head, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        return _streamed(payloads(answer)) if is_events(answer, stream=request.stream) else _whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") in LAST for data in payloads(events))


class OpenAICompactions:
    """`POST .../responses/compact`: what was said is made shorter, for the requests to come. Nothing of it is for
    people.
    """

    name = "openai-compactions"
    tails = frozenset({"compact"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/responses/compact")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not isinstance(body.get("model"), str):
            return None
        return request_of(self.name, "responses", body, CONVERSATION, head=head, stream=False, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading(usage=counted(at(answer, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


def asks(body: dict[str, Any], head: str) -> bool:
    """Whether a body is a request for a response."""
    if isinstance(at(body, "prompt", "id"), str):
        return True
    asked = isinstance(body.get("input"), str | list) or isinstance(body.get("instructions"), str)
    return asked and (isinstance(body.get("model"), str) or "/deployments/" in head)


def _whole(response: Any) -> Reading:
    text = "".join(
        text_at(part, "text") or text_at(part, "refusal")
        for item in objects_at(response, "output")
        if item.get("type") == "message"
        for part in objects_at(item, "content")
    )
    calls = tuple(filter(None, map(_call, objects_at(response, "output"))))
    reason = text_at(response, "incomplete_details", "reason") or text_at(response, "status")
    return Reading(text, calls, reason, counted(at(response, "usage"), USAGE))


def _streamed(events: list[dict[str, Any]]) -> Reading:
    response = next((at(data, "response") for data in reversed(events) if at(data, "type") in LAST), None)
    reading = _whole(response)
    if objects_at(response, "output"):
        return reading
    text = "".join(
        text_at(data, "delta")
        for data in events
        if at(data, "type") in ("response.output_text.delta", "response.refusal.delta")
    )
    done = [at(data, "item") for data in events if at(data, "type") == "response.output_item.done"]
    return Reading(text, tuple(filter(None, map(_call, done))), reading.finish_reason, reading.usage)


def _call(item: Any) -> Any:
    kind = at(item, "type")
    if kind == "function_call":
        return tool_call(at(item, "name"), at(item, "arguments"), at(item, "call_id"))
    if kind == "custom_tool_call":
        return tool_call(at(item, "name"), at(item, "input"), at(item, "call_id"))
    return None
