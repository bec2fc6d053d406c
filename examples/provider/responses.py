"""OpenAI's responses API, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from provider.answers import answer
from provider.chat import choice_of, tool_of, usage
from provider.conversation import Answer, Asked, Reader, pieces
from provider.wire import Object, Received, Reply, Turn, as_events, as_json

_ECHOED: Object = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def respond(received: Received, turn: Turn) -> Reply:
    """POST /v1/responses."""
    body = received.body
    asked = _read(body)
    made = answer(asked, turn.mark, reasons="reason" in received.model, limit=body.get("max_output_tokens"))
    output = _output(made, turn)
    echoed = {name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
    whole = {
        "id": f"resp_{turn.mark}",
        "object": "response",
        "created_at": turn.now,
        "status": "incomplete" if made.cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if made.cut else None,
        "model": received.model,
        "output": output,
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        **echoed,
        "usage": _usage(asked.tokens, made),
    }
    if body.get("stream"):
        return as_events(_events(whole, output), named=True)
    return as_json(whole, headers={"x-request-id": f"req_{turn.mark}"})


def count_tokens_of(received: Received, turn: Turn) -> Reply:
    """POST /v1/responses/input_tokens."""
    counted = {"object": "response.input_tokens", "input_tokens": _read(received.body).tokens}
    return as_json(counted, headers={"x-request-id": f"req_{turn.mark}"})


def compact(received: Received, turn: Turn) -> Reply:
    """POST /v1/responses/compact: what a person said, and one item in the place of all else."""
    asked = _read(received.body)
    said = {"type": "message", "id": f"msg_{turn.mark}", "role": "user", "status": "completed"}
    content = [{"type": "input_text", "text": asked.user}]
    kept = {"type": "compaction", "id": f"cmp_{turn.mark}", "encrypted_content": f"compacted {turn.mark}"}
    head = {"id": f"resp_{turn.mark}", "object": "response.compaction", "created_at": turn.now}
    usage = _usage(asked.tokens, Answer(text=asked.user))
    return as_json({**head, "output": [{**said, "content": content}, kept], "usage": usage})


def _read(body: Object) -> Asked:
    reader = Reader()
    if body.get("instructions"):
        reader.system.append(reader.text_of(body["instructions"]))
    given = body.get("input") or ""
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        if item.get("type") == "function_call":
            reader.called.append(item["name"])
        elif item.get("type") == "function_call_output":
            reader.results.append(reader.text_of(item.get("output")))
        elif item.get("role") in ("system", "developer"):
            reader.system.append(reader.text_of(item.get("content")))
        elif item.get("role") == "user":
            reader.said(item.get("content"))
        elif item.get("role") == "assistant":
            reader.text_of(item.get("content"))
    return reader.asked(
        tools=tuple(tool_of(tool) for tool in body.get("tools") or () if tool.get("type") == "function"),
        choice=choice_of(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=((body.get("text") or {}).get("format") or {}).get("schema"),
    )


def _usage(prompt_tokens: int, made: Answer) -> Object:
    counts = usage(prompt_tokens, [made])
    return {
        "input_tokens": prompt_tokens,
        "input_tokens_details": {"cached_tokens": counts["prompt_tokens_details"]["cached_tokens"]},
        "output_tokens": counts["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": counts["completion_tokens_details"]["reasoning_tokens"]},
        "total_tokens": counts["total_tokens"],
    }


def _output(made: Answer, turn: Turn) -> list[Object]:
    output: list[Object] = []
    if made.reasoning:
        summary = [{"type": "summary_text", "text": made.reasoning}]
        output.append({"id": f"rs_{turn.mark}", "type": "reasoning", "summary": summary})
    for index, call in enumerate(made.calls):
        output.append(
            {
                "id": f"fc_{turn.mark}_{index}",
                "type": "function_call",
                "status": "completed",
                "arguments": json.dumps(call.arguments, ensure_ascii=False),
                "call_id": f"call_{turn.mark}_{index}",
                "name": call.name,
            }
        )
    if made.text:
        content = [{"type": "output_text", "annotations": [], "logprobs": [], "text": made.text}]
        status = "incomplete" if made.cut else "completed"
        message = {"id": f"msg_{turn.mark}", "type": "message", "status": status, "content": content}
        output.append({**message, "role": "assistant"})
    return output


def _events(whole: Object, output: list[Object]) -> Iterator[Object]:
    started = {**whole, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    ended = f"response.{whole['status']}"
    events: list[Object] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
    ]
    for index, item in enumerate(output):
        events += _item_events(item, index)
    events.append({"type": ended, "response": whole})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _item_events(item: Object, index: int) -> list[Object]:
    """The events of one output item, from the moment it is added until it is done."""
    place: Object = {"item_id": item["id"], "output_index": index}
    events: list[Object] = []
    if item["type"] == "function_call":
        empty = {**item, "status": "in_progress", "arguments": ""}
        name = "response.function_call_arguments"
        for piece in pieces(item["arguments"]):
            events.append({"type": f"{name}.delta", **place, "delta": piece})
        events.append({"type": f"{name}.done", **place, "arguments": item["arguments"]})
    elif item["type"] == "reasoning":
        empty = {**item, "summary": []}
        place["summary_index"] = 0
        part = item["summary"][0]
        events.append({"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}})
        for piece in pieces(part["text"]):
            events.append({"type": "response.reasoning_summary_text.delta", **place, "delta": piece})
        events.append({"type": "response.reasoning_summary_text.done", **place, "text": part["text"]})
        events.append({"type": "response.reasoning_summary_part.done", **place, "part": part})
    else:
        empty = {**item, "status": "in_progress", "content": []}
        place["content_index"] = 0
        part = item["content"][0]
        events.append({"type": "response.content_part.added", **place, "part": {**part, "text": ""}})
        for piece in pieces(part["text"]):
            events.append({"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []})
        events.append({"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []})
        events.append({"type": "response.content_part.done", **place, "part": part})
    added = {"type": "response.output_item.added", "output_index": index, "item": empty}
    return [added, *events, {"type": "response.output_item.done", "output_index": index, "item": item}]
