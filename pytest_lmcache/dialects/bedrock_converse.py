"""Bedrock converse and converse-stream: one shape for the models of all makers, the model in the path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import json_object, path_of, request_of, said
from pytest_lmcache.dialects.telling import at, is_events, objects_at, payload, text_at, tool_call
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

STREAMED = frozenset({"converse-stream", "invoke-with-response-stream"})


class BedrockConverse:
    """`POST /model/<id>/converse` and `/model/<id>/converse-stream` with `messages`."""

    name = "bedrock-converse"
    tails = frozenset({"converse", "converse-stream"})

    def recognise(self, wire: Wire) -> Request | None:
        model, verb = called(wire.url)
        body = json_object(wire.body) if model else None
        if body is None or not (said(body.get("messages")) or "promptVariables" in body):
            return None
        return request_of(
            self.name,
            "chat",
            body,
            ("system", "messages", "promptVariables"),
            model=model,
            stream=verb in STREAMED,
            labels={"requestMetadata"},
        )

    def reading(self, request: Request, answer: Answer) -> Reading:
        return streamed(events_of(answer)) if is_events(answer, stream=request.stream) else whole(answer)

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return finished(events_of(events))


def called(url: str) -> tuple[str, str]:
    """The model of a path and what is done with it; no model where the path is another one."""
    resource, _, verb = path_of(url).rpartition("/")
    _, found, model = resource.rpartition("/model/")
    return unquote(model) if found else "", verb


def events_of(events: Any) -> list[dict[str, Any]]:
    """The events of a stream as `{type: payload}`, as Amazon's own models nest them also within `invoke`."""
    return [{str(at(event, "event")): payload(event)} for event in events]


def whole(answer: Any) -> Reading:
    """What an answer in one piece says."""
    parts = objects_at(answer, "output", "message", "content")
    uses = [part["toolUse"] for part in parts if "toolUse" in part]
    calls = tuple(tool_call(at(use, "name"), at(use, "input"), at(use, "toolUseId")) for use in uses)
    text = "".join(text_at(part, "text") for part in parts)
    return Reading(text, calls, text_at(answer, "stopReason"), counts(at(answer, "usage")))


def streamed(events: list[dict[str, Any]]) -> Reading:
    """What the events of a stream say together."""
    text, reason = "", ""
    usage: dict[str, int] = {}
    calls: dict[Any, dict[str, Any]] = {}
    for event in events:
        index = str(at(event, "contentBlockStart", "contentBlockIndex"))
        if use := at(event, "contentBlockStart", "start", "toolUse"):
            calls[index] = {"name": at(use, "name"), "id": at(use, "toolUseId"), "said": ""}
        delta = at(event, "contentBlockDelta", "delta")
        text += text_at(delta, "text")
        known = calls.get(str(at(event, "contentBlockDelta", "contentBlockIndex")))
        if known is not None:
            known["said"] += text_at(delta, "toolUse", "input")
        reason = text_at(event, "messageStop", "stopReason") or reason
        usage = counts(at(event, "metadata", "usage")) or usage
    return Reading(text, tuple(tool_call(c["name"], c["said"], c["id"]) for c in calls.values()), reason, usage)


def finished(events: list[dict[str, Any]]) -> bool:
    """Whether the message is complete and what it took is told."""
    return any("messageStop" in event for event in events) and any("metadata" in event for event in events)


def counts(usage: Any) -> dict[str, int]:
    """Token counts by our names: what comes from the provider's cache is counted apart."""

    def number(name: str) -> int:
        value = at(usage, name) or at(usage, f"{name.removesuffix('Tokens')}TokenCount")
        return value if isinstance(value, int) and value > 0 else 0

    cached, created = number("cacheReadInputTokens"), number("cacheWriteInputTokens")
    found = {
        "prompt_tokens": number("inputTokens") + cached + created,
        "completion_tokens": number("outputTokens"),
        "cached_tokens": cached,
        "cache_creation_tokens": created,
    }
    return {name: value for name, value in found.items() if value}
