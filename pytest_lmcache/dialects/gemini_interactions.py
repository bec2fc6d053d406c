"""Gemini's interactions: a model or an agent is asked, what was said before may be known to the server, and steps are
the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import before, json_object, request_of, without_tokens
from pytest_lmcache.dialects.telling import at, counted_apart, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

CONVERSATION = ("system_instruction", "previous_interaction_id", "input")
LABELS = frozenset({"labels", "store", "webhook_config"})
LAST = ("interaction.completed", "interaction.complete")
"""The last event, as it is named now and as it was before there were steps."""

USAGE = {
    "prompt_tokens": (("total_input_tokens",),),
    "completion_tokens": (("total_output_tokens",),),
    "cached_tokens": (("total_cached_tokens",),),
}
# Thoughts, and the results of Google's own tools.
APART = {"completion_tokens": "total_thought_tokens", "prompt_tokens": "total_tool_use_tokens"}


class GeminiInteractions:
    """`POST .../interactions` with a model or an agent, and `input`."""

    name = "gemini-interactions"
    tails = frozenset({"interactions"})

    def recognise(self, wire: Wire) -> Request | None:
        body = None if before(wire.url, "/interactions") is None else json_object(wire.body)
        if body is None or not isinstance(body.get("input"), str | list | dict):
            return None
        asked = text_at(body, "model") or text_at(body, "agent")
        if not asked:
            return None
        return request_of(self.name, "interactions", without_tokens(body), CONVERSATION, model=asked, labels=LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        return _streamed(payloads(answer)) if is_events(answer, stream=request.stream) else _whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "event_type") in LAST for data in payloads(events))


def _whole(interaction: Any) -> Reading:
    steps = [*objects_at(interaction, "steps"), *objects_at(interaction, "outputs")]
    text = "".join(text_at(step, "content") for step in steps if step.get("type") == "model_output")
    text += "".join(text_at(step, "text") for step in steps if step.get("type") == "text")
    calls = [
        tool_call(at(step, "name"), at(step, "arguments"), at(step, "id"))
        for step in steps
        if step.get("type") == "function_call"
    ]
    return Reading(
        text, tuple(calls), text_at(interaction, "status"), counted_apart(at(interaction, "usage"), USAGE, APART)
    )


def _streamed(events: list[dict[str, Any]]) -> Reading:
    text = ""
    calls: dict[str, dict[str, Any]] = {}
    for data in events:
        step, delta, index = at(data, "step"), at(data, "delta"), str(at(data, "index"))
        if at(step, "type") == "function_call":
            calls[index] = {"name": at(step, "name"), "id": at(step, "id"), "whole": at(step, "arguments"), "said": ""}
        kind = at(delta, "type")
        if kind == "text":
            text += text_at(delta, "text")
        elif kind == "arguments_delta" and index in calls:
            calls[index]["said"] += text_at(delta, "arguments")
        elif kind == "function_call":
            calls[index] = {
                "name": at(delta, "name"),
                "id": at(delta, "id"),
                "whole": at(delta, "arguments"),
                "said": "",
            }
    last = next((at(data, "interaction") for data in reversed(events) if at(data, "event_type") in LAST), None)
    told = tuple(tool_call(call["name"], call["said"] or call["whole"], call["id"]) for call in calls.values())
    return Reading(text, told, text_at(last, "status"), counted_apart(at(last, "usage"), USAGE, APART))
