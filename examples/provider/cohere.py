"""Cohere's second version: chat, whole and streamed, and embeddings. Its reranking is in `vectors`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from provider.answers import answer
from provider.chat import read
from provider.conversation import Answer, Asked, count_tokens, pieces
from provider.vectors import numbered
from provider.wire import Object, Received, Reply, Turn, as_events, as_json


def chat(received: Received, turn: Turn) -> Reply:
    """POST /v2/chat."""
    asked = read(received.body)
    made = answer(asked, turn.mark)
    if received.body.get("stream"):
        return as_events(_events(asked, made, turn), named=True)
    message: Object = {"role": "assistant"}
    if made.calls:
        message["tool_calls"] = _calls(made, turn)
    else:
        message["content"] = [{"type": "text", "text": made.text}]
    ending = {"finish_reason": _reason(made), "usage": _usage(asked, made)}
    return as_json({"id": f"c-{turn.mark}", "message": message, **ending})


def embed(received: Received, turn: Turn) -> Reply:
    """POST /v2/embed."""
    body = received.body
    texts = body["texts"]
    kinds = body.get("embedding_types") or ["float"]
    vectors = {kind: [numbered(text, turn) for text in texts] for kind in kinds if kind == "float"}
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": count_tokens(*texts)}}
    head = {"id": f"e-{turn.mark}", "response_type": "embeddings_by_type"}
    return as_json({**head, "embeddings": vectors, "texts": texts, "meta": meta})


def _events(asked: Asked, made: Answer, turn: Turn) -> Iterator[Object]:
    yield {"type": "message-start", "id": f"c-{turn.mark}", "delta": {"message": {"role": "assistant"}}}
    if made.text:
        opened = {"message": {"content": {"type": "text", "text": ""}}}
        yield {"type": "content-start", "index": 0, "delta": opened}
        for piece in pieces(made.text):
            yield {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": piece}}}}
        yield {"type": "content-end", "index": 0}
    for index, call in enumerate(_calls(made, turn)):
        empty = {**call, "function": {**call["function"], "arguments": ""}}
        yield {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": empty}}}
        for piece in pieces(call["function"]["arguments"]):
            more = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
            yield {"type": "tool-call-delta", "index": index, "delta": more}
        yield {"type": "tool-call-end", "index": index}
    yield {"type": "message-end", "delta": {"finish_reason": _reason(made), "usage": _usage(asked, made)}}


def _calls(made: Answer, turn: Turn) -> list[Object]:
    return [
        {
            "id": f"{call.name}_{turn.mark}_{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
        }
        for index, call in enumerate(made.calls)
    ]


def _reason(made: Answer) -> str:
    return "TOOL_CALL" if made.calls else "COMPLETE"


def _usage(asked: Asked, made: Answer) -> Object:
    counts = {"input_tokens": asked.tokens, "output_tokens": made.tokens}
    return {"billed_units": counts, "tokens": counts}
