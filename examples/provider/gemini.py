"""Gemini's generateContent, whole and streamed, and its embeddings, on the Gemini API and on Vertex AI."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from provider.answers import answer
from provider.conversation import Answer, Asked, Reader, Tool, count_tokens, pieces
from provider.vectors import numbered
from provider.wire import Object, Received, Reply, Turn, as_json


def generate(received: Received, turn: Turn) -> Reply:
    """POST .../models/<model>:generateContent, and :streamGenerateContent as events or as a JSON array in pieces."""
    asked = _read(received.body)
    limit = (received.body.get("generationConfig") or {}).get("maxOutputTokens")
    made = answer(asked, turn.mark, limit=limit)
    head = {"modelVersion": received.model, "responseId": f"resp-{turn.mark}"}
    if received.path.endswith(":generateContent"):
        return as_json({**_response(_parts(made), made), "usageMetadata": _usage(asked, made), **head})
    chunks = [{**chunk, **head} for chunk in _chunks(asked, made)]
    if parse_qs(received.query).get("alt") == ["sse"]:
        events = (f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n".encode() for chunk in chunks)
        return Reply(content_type="text/event-stream", events=tuple(events))
    pieces_of = [b"," * bool(number) + b"\r\n" * bool(number) + _pretty(chunk) for number, chunk in enumerate(chunks)]
    array = (b"[" + pieces_of[0], *pieces_of[1:], b"\r\n]\r\n")
    return Reply(content_type="application/json; charset=UTF-8", events=array)


def embed(received: Received, turn: Turn) -> Reply:
    """POST .../models/<model>:embedContent and :batchEmbedContents."""
    body = received.body
    asked = body.get("requests", [body])
    vectors = [{"values": numbered(_text(each["content"]), turn)} for each in asked]
    return as_json({"embeddings": vectors} if "requests" in body else {"embedding": vectors[0]})


def count_tokens_of(received: Received, turn: Turn) -> Reply:
    """POST .../models/<model>:countTokens, of contents or of a whole request to generate."""
    total = _read(received.body.get("generateContentRequest") or received.body).tokens
    return as_json({"totalTokens": total, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": total}]})


def compute_tokens_of(received: Received, turn: Turn) -> Reply:
    """POST .../models/<model>:computeTokens on Vertex AI: each word is a token, of this turn's number."""
    made = []
    for content in received.body["contents"]:
        words = _text(content).split()
        tokens = [base64.b64encode(word.encode()).decode() for word in words]
        made.append(
            {"tokens": tokens, "tokenIds": [str(turn.serial)] * len(words), "role": content.get("role", "user")}
        )
    return as_json({"tokensInfo": made})


def predict(received: Received, turn: Turn) -> Reply:
    """POST .../models/<model>:predict on Vertex AI: embeddings of `instances`."""
    made = []
    for each in received.body["instances"]:
        text = each["content"]
        counts = {"token_count": count_tokens(text), "truncated": False}
        made.append({"embeddings": {"values": numbered(text, turn), "statistics": counts}})
    return as_json({"predictions": made, "metadata": {"billableCharacterCount": 1}})


def _read(body: Object) -> Asked:
    reader = Reader()
    system = body.get("systemInstruction") or body.get("system_instruction")
    if system:
        reader.system.append(reader.text_of(_contents(system)["parts"]))
    given = body["contents"]
    for content in given if isinstance(given, list) else [given]:
        parts = _contents(content)["parts"]
        said = [part for part in parts if not {"functionCall", "functionResponse"} & part.keys()]
        if said and _contents(content).get("role") != "model":
            reader.said(said)
        elif said:
            reader.text_of(said)
        reader.called += [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        reader.results += [json.dumps(p["functionResponse"]["response"]) for p in parts if "functionResponse" in p]
    config = body.get("generationConfig") or {}
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    modes = {"ANY": "required", "NONE": "none"}
    allowed = calling.get("allowedFunctionNames") or []
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return reader.asked(
        tools=tuple(_tool(each) for tool in body.get("tools") or () for each in tool.get("functionDeclarations", ())),
        choice=allowed[0] if len(allowed) == 1 else modes.get(calling.get("mode", ""), "auto"),
        parallel=True,
        schema=_plain(schema) if schema else None,
    )


def _tool(declared: Object) -> Tool:
    schema = (
        declared.get("parametersJsonSchema")
        or declared.get("parameters_json_schema")
        or declared.get("parameters")
        or {"type": "object"}
    )
    return Tool(declared["name"], declared.get("description") or "", _plain(schema))


def _contents(content: Any) -> Object:
    return content if isinstance(content, dict) else {"parts": [{"text": str(content)}]}


def _text(content: Any) -> str:
    return " ".join(part.get("text", "") for part in _contents(content)["parts"])


def _plain(schema: Any) -> Any:
    """A schema with the names of types in small letters, as JSON schema has them."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else _plain(value)
        for name, value in schema.items()
    }


def _parts(made: Answer) -> list[Object]:
    if made.calls:
        return [{"functionCall": {"name": call.name, "args": call.arguments}} for call in made.calls]
    return [{"text": made.text}]


def _response(parts: list[Object], made: Answer | None) -> Object:
    candidate: Object = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if made is not None:
        candidate["finishReason"] = "MAX_TOKENS" if made.cut else "STOP"
    return {"candidates": [candidate]}


def _chunks(asked: Asked, made: Answer) -> Iterator[Object]:
    parts = _parts(made) if made.calls else [{"text": piece} for piece in pieces(made.text)]
    for part in parts[:-1]:
        yield {**_response([part], None), "usageMetadata": {"promptTokenCount": asked.tokens}}
    yield {**_response(parts[-1:], made), "usageMetadata": _usage(asked, made)}


def _usage(asked: Asked, made: Answer) -> Object:
    counts = {"promptTokenCount": asked.tokens, "candidatesTokenCount": made.tokens}
    return {**counts, "totalTokenCount": asked.tokens + made.tokens}


def _pretty(chunk: Object) -> bytes:
    return json.dumps(chunk, indent=2, ensure_ascii=False).encode()
