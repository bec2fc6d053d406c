"""Mistral's conversations, which the server keeps: their first turns and the later ones, whole and streamed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, json_object, path_of, request_of
from pytest_lmcache.dialects.openai_chat import USAGE
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

DONE = "conversation.response.done"
CONVERSATION = ("instructions", "$conversation", "from_entry_id", "inputs", "tool_confirmations")

_PATH = re.compile(r"(?:\A|/)conversations(?:/([^/]+)(?:/restart)?)?\Z")
_SENT = frozenset({"stream", "store", "handoff_execution", "completion_args", "tool_confirmations"})
"""What Mistral's SDK sends along with a later turn: servers of other kinds have conversations, too."""


class MistralConversations:
    """`POST .../conversations` with a model or an agent, and `inputs`; later turns at `.../conversations/<id>` and
    `.../conversations/<id>/restart`.

    A later turn names no model, and what was said before is known to the server alone: the conversation's name stands
    for it, and is `$conversation` here.
    """

    name = "mistral-conversations"
    tails = frozenset({"conversations", "conversations/*", "restart"})

    def recognise(self, wire: Wire) -> Request | None:
        named = _named(path_of(wire.url))
        body = None if named is None else json_object(wire.body)
        if named is None or body is None or not _asks(body, named):
            return None
        asked = text_at(body, "model") or text_at(body, "agent_id")
        if named:
            body = {**body, "$conversation": named}
        return request_of(self.name, "chat", body, CONVERSATION, model=asked, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        if is_events(answer, stream=request.stream):
            return _streamed(payloads(answer))
        outputs = objects_at(answer, "outputs")
        calls = [_call(each) for each in outputs if each.get("type") == "function.call"]
        text = "".join(text_at(each, "content") for each in outputs if each.get("type") == "message.output")
        return Reading(text, tuple(calls), usage=counted(at(answer, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") == DONE for data in payloads(events))


def _named(path: str) -> str | None:
    """The name of the conversation in a path: empty where it is a new one, None where the path is another."""
    found = _PATH.search(path)
    return None if found is None else found[1] or ""


def _asks(body: dict[str, Any], named: str) -> bool:
    if not isinstance(body.get("inputs"), str | list):
        return bool(named) and isinstance(body.get("tool_confirmations"), list)
    if named:
        return named.startswith("conv_") or not _SENT.isdisjoint(body)
    return bool(text_at(body, "model") or text_at(body, "agent_id"))


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
