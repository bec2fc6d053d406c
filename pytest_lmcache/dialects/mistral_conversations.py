"""Mistral's conversations, which the server keeps: the first turn of one, whole and streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.openai_chat import USAGE
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

DONE = "conversation.response.done"


class MistralConversations:
    """`POST .../conversations` with a model or an agent, and `inputs`."""

    name = "mistral-conversations"
    tails = frozenset({"conversations"})

    def recognise(self, wire: Wire) -> Request | None:
        body = None if before(wire.url, "/conversations") is None else json_object(wire.body)
        if body is None or not isinstance(body.get("inputs"), str | list):
            return None
        asked = text_at(body, "model") or text_at(body, "agent_id")
        if not asked:
            return None
        return request_of(self.name, "chat", body, ("instructions", "inputs"), model=asked, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        if is_events(answer, stream=request.stream):
            return _streamed(payloads(answer))
        outputs = objects_at(answer, "outputs")
        calls = [_call(each) for each in outputs if each.get("type") == "function.call"]
        text = "".join(text_at(each, "content") for each in outputs if each.get("type") == "message.output")
        return Reading(text, tuple(calls), usage=counted(at(answer, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") == DONE for data in payloads(events))


def _streamed(events: list[dict[str, Any]]) -> Reading:
    text = ""
    usage: dict[str, int] = {}
    calls: dict[str, dict[str, Any]] = {}
    for data in events:
        kind = at(data, "type")
        if kind == "message.output.delta":
            text += text_at(data, "content") or text_at(data, "content", "text")
        elif kind == "function.call.delta":
            identity = text_at(data, "tool_call_id")
            known = calls.setdefault(identity, {"tool_call_id": identity, "name": "", "arguments": ""})
            known["name"] = known["name"] or text_at(data, "name")
            known["arguments"] += text_at(data, "arguments")
        elif kind == DONE:
            usage = counted(at(data, "usage"), USAGE)
    return Reading(text, tuple(map(_call, calls.values())), usage=usage)


def _call(data: dict[str, Any]) -> Any:
    return tool_call(data.get("name"), data.get("arguments"), data.get("tool_call_id"))
