"""Gemini's interactions, whole and streamed: steps in place of candidates. What was said before is not remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from provider.answers import answer
from provider.conversation import Answer, Asked, Reader, Tool, pieces
from provider.wire import Object, Received, Reply, Turn, as_events, as_json


def interact(received: Received, turn: Turn) -> Reply:
    """POST .../interactions."""
    asked = _read(received.body)
    made = answer(asked, turn.mark, limit=(received.body.get("generation_config") or {}).get("max_output_tokens"))
    when = "2026-01-01T00:00:00Z"
    whole = {
        "id": f"v1_{turn.mark}",
        "object": "interaction",
        "status": "requires_action" if made.calls else "incomplete" if made.cut else "completed",
        "model": received.model,
        "created": when,
        "updated": when,
        "steps": _steps(made, turn),
        "usage": _usage(asked, made),
    }
    if received.body.get("stream"):
        return as_events(_events(whole), done=True)
    return as_json(whole)


def _read(body: Object) -> Asked:
    reader = Reader()
    if body.get("system_instruction"):
        reader.system.append(reader.text_of(body["system_instruction"]))
    given = body["input"]
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, dict) and each.get("type") == "function_call":
            reader.called.append(each["name"])
        elif isinstance(each, dict) and each.get("type") == "function_result":
            reader.results.append(json.dumps(each["result"]))
        else:
            reader.said(_content(each))
    tools = (tool for tool in body.get("tools") or () if tool.get("type") == "function")
    return reader.asked(
        tools=tuple(Tool(tool["name"], tool.get("description") or "", tool["parameters"]) for tool in tools),
        choice="auto",
        parallel=True,
        schema=None,
    )


def _content(given: Any) -> Any:
    return given.get("content", [given]) if isinstance(given, dict) else given


def _steps(made: Answer, turn: Turn) -> list[Object]:
    if not made.calls:
        return [{"type": "model_output", "content": [{"type": "text", "text": made.text}]}]
    return [
        {"type": "function_call", "id": f"call_{turn.mark}_{index}", "name": call.name, "arguments": call.arguments}
        for index, call in enumerate(made.calls)
    ]


def _usage(asked: Asked, made: Answer) -> Object:
    counts = {"total_input_tokens": asked.tokens, "total_output_tokens": made.tokens, "total_thought_tokens": 0}
    return {**counts, "total_tokens": asked.tokens + made.tokens}


def _events(whole: Object) -> Iterator[Object]:
    head = {name: whole[name] for name in ("id", "object", "model", "created", "updated")}
    yield {"event_type": "interaction.created", "interaction": {**head, "status": "in_progress"}}
    for index, step in enumerate(whole["steps"]):
        place = {"index": index}
        if step["type"] == "function_call":
            yield {"event_type": "step.start", **place, "step": {**step, "arguments": {}}}
            deltas = [
                {"type": "arguments_delta", "arguments": piece} for piece in pieces(json.dumps(step["arguments"]))
            ]
        else:
            yield {"event_type": "step.start", **place, "step": {"type": "model_output"}}
            deltas = [{"type": "text", "text": piece} for piece in pieces(step["content"][0]["text"])]
        for delta in deltas:
            yield {"event_type": "step.delta", **place, "delta": delta}
        yield {"event_type": "step.stop", **place}
    ended = {**head, "status": whole["status"], "usage": whole["usage"]}
    yield {"event_type": "interaction.completed", "interaction": ended}
