"""The calls that are measured: what is asked, and what a provider answers. Nothing here varies from run to run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MODEL = "openai/gpt-4o-mini"
CHUNKS = 500
VECTORS, DIMENSIONS = 32, 1536

_SENTENCE = "a ticket was opened after the second invoice arrived with a wrong total and the customer wanted a refund"
_WORDS = _SENTENCE.split()


def agent_turn(number: int = 0) -> dict[str, Any]:
    """The arguments of `litellm.completion` for one turn of an agent: 8 kB in 20 messages, with tools.

    Turns of different numbers differ at the end of the conversation only, as those of an agent do.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": _text(220)}]
    for step in range(6):
        messages.append({"role": "user", "content": _text(42 + step)})
        messages.append({"role": "assistant", "content": None, "tool_calls": [_tool_call(f"call_{step}")]})
        messages.append({"role": "tool", "tool_call_id": f"call_{step}", "content": json.dumps({"found": _text(60)})})
    messages.append({"role": "user", "content": f"Step {number}: {_text(40)}\nAnswer in one paragraph."})
    return {"model": MODEL, "messages": messages, "tools": _tools(), "tool_choice": "auto", "temperature": 0}


def picture() -> dict[str, Any]:
    """The arguments for a turn of 200 kB with an image, and the same tools."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'iVBORw0KGgo' * 17_500}"}}
    words = {"type": "text", "text": "What is this?"}
    return {**agent_turn(), "messages": [{"role": "user", "content": [words, image]}]}


def streamed(number: int = 0) -> dict[str, Any]:
    """The arguments for an answer in chunks; of different numbers, different questions."""
    messages = [{"role": "user", "content": f"{_text(60)} {number}"}]
    return {"model": MODEL, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}


def embedded() -> dict[str, Any]:
    """The arguments of `litellm.embedding` for a batch of texts."""
    return {"model": "openai/text-embedding-3-small", "input": [f"{number}: {_text(20)}" for number in range(VECTORS)]}


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """What the provider says to a chat request: 2 kB for an agent's turn, a word for anything else."""
    message: dict[str, Any] = {"role": "assistant", "content": "Paris."}
    if "tools" in body:
        message = {"role": "assistant", "content": _text(310)}
    return {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(),
        "system_fingerprint": "fp_benchmark",
    }


def chunks() -> Iterator[dict[str, Any]]:
    """What the provider says to a chat request, in `CHUNKS` pieces; the last of them carries the usage."""
    head = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "system_fingerprint": "fp_benchmark",
    }
    for number in range(CHUNKS - 2):
        delta = {"content": f"{_WORDS[number % len(_WORDS)]} "}
        if not number:
            delta["role"] = "assistant"
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    yield {**head, "choices": [], "usage": _usage()}


def events() -> str:
    """The chunks as they go over the wire."""
    return "".join(f"data: {event}\n\n" for event in [*map(json.dumps, chunks()), "[DONE]"])


def vectors() -> dict[str, Any]:
    """What the provider says to an embedding request, as numbers."""
    data = [
        {"object": "embedding", "index": row, "embedding": [_number(row, column) for column in range(DIMENSIONS)]}
        for row in range(VECTORS)
    ]
    usage = {"prompt_tokens": 640, "total_tokens": 640}
    return {"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage}


def _text(words: int) -> str:
    return " ".join(_WORDS[number % len(_WORDS)] for number in range(words))


def _number(row: int, column: int) -> float:
    return round(((row * 7919 + column * 104_729) % 200_003) / 1_000_015 - 0.1, 9)


def _tool_call(name: str) -> dict[str, Any]:
    arguments = json.dumps({"query": "refund for a wrong invoice", "limit": 5})
    return {"id": name, "type": "function", "function": {"name": "search_tickets", "arguments": arguments}}


def _tools() -> list[dict[str, Any]]:
    properties = {
        "query": {"type": "string", "description": "What to look for."},
        "limit": {"type": "integer", "description": "How many at most."},
        "labels": {"type": "array", "items": {"type": "string"}, "description": "Only tickets with these labels."},
    }
    names = ("search_tickets", "search_invoices", "search_customers")
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": f"{name.replace('_', ' ')} by words and labels, newest first.",
                "parameters": {"type": "object", "properties": properties, "required": ["query"]},
            },
        }
        for name in names
    ]


def _usage() -> dict[str, Any]:
    return {
        "prompt_tokens": 2000,
        "completion_tokens": 500,
        "total_tokens": 2500,
        "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
