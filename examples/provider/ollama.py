"""Ollama's own API: chat and generate, which stream unless told not to, and embeddings."""

from __future__ import annotations

from typing import Any

from provider.answers import answer
from provider.chat import tool_of
from provider.conversation import Answer, Asked, Reader, count_tokens, pieces
from provider.vectors import numbered
from provider.wire import Object, Received, Reply, Turn, as_json, as_lines

_BEGAN = "2026-01-01T00:00:00Z"


def chat(received: Received, turn: Turn) -> Reply:
    """POST /api/chat."""
    body = received.body
    reader = Reader()
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        if role == "system":
            reader.system.append(reader.text_of(content))
        elif role == "user":
            reader.said(content)
        elif role == "tool":
            reader.results.append(reader.text_of(content))
        else:
            reader.text_of(content)
            reader.called += [call["function"]["name"] for call in message.get("tool_calls") or ()]
    tools = tuple(tool_of(tool["function"]) for tool in body.get("tools") or ())
    asked = reader.asked(tools=tools, choice="auto", parallel=True, schema=_schema(body))
    made = answer(asked, turn.mark)
    calls = [{"function": {"name": call.name, "arguments": call.arguments}} for call in made.calls]
    head: Object = {"model": received.model, "created_at": _BEGAN}

    def line(content: str, **more: Any) -> Object:
        return {**head, "message": {"role": "assistant", "content": content, **more}, "done": False}

    if body.get("stream") is False:
        called = {"tool_calls": calls} if calls else {}
        return as_json({**line(made.text, **called), **_ending(asked, made)})
    lines = [line(piece) for piece in pieces(made.text)] + [line("", tool_calls=[call]) for call in calls]
    return as_lines([*lines, {**line(""), **_ending(asked, made)}])


def generate(received: Received, turn: Turn) -> Reply:
    """POST /api/generate."""
    body = received.body
    reader = Reader()
    reader.said(body.get("prompt"))
    asked = reader.asked(tools=(), choice="none", parallel=True, schema=_schema(body))
    made = answer(asked, turn.mark)
    head: Object = {"model": received.model, "created_at": _BEGAN, "done": False}
    if body.get("stream") is False:
        return as_json({**head, "response": made.text, **_ending(asked, made)})
    lines = [{**head, "response": piece} for piece in pieces(made.text)]
    return as_lines([*lines, {**head, "response": "", **_ending(asked, made)}])


def embed(received: Received, turn: Turn) -> Reply:
    """POST /api/embed."""
    given = received.body["input"]
    texts = given if isinstance(given, list) else [given]
    counts = {"total_duration": 9, "load_duration": 1, "prompt_eval_count": count_tokens(*texts)}
    return as_json({"model": received.model, "embeddings": [numbered(text, turn) for text in texts], **counts})


def _schema(body: Object) -> Object | None:
    form = body.get("format")
    return form if isinstance(form, dict) else None


def _ending(asked: Asked, made: Answer) -> Object:
    counts = {"prompt_eval_count": asked.tokens, "eval_count": made.tokens, "total_duration": 9}
    return {"done": True, "done_reason": "stop", **counts}
