"""Calls of models as other tools write them down: the shapes of their files, made by hand from what they document."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import yaml

URI = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is the capital of France?"}]}
STREAM = (
    'data: {"id":"c-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Paris"},'
    '"finish_reason":null}]}\n\n'
    'data: {"id":"c-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
)


def asking(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **fields}


def answer(text: str = "Paris.") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "c-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    }


def interaction(body: Any = None, answered: Any = None, **changes: Any) -> dict[str, Any]:
    """One as vcrpy has it. Changes: `uri`, `method`, `status`, `asked_headers`, `headers`."""
    body = BODY if body is None else body
    answered = answer() if answered is None else answered
    return {
        "request": {
            "method": changes.get("method", "POST"),
            "uri": changes.get("uri", URI),
            "body": body if isinstance(body, str | bytes) else json.dumps(body),
            "headers": {"Content-Type": ["application/json"], **changes.get("asked_headers", {})},
        },
        "response": {
            "status": {"code": changes.get("status", 200), "message": "OK"},
            "headers": {
                "Content-Type": ["application/json"],
                "Date": ["Wed, 31 Dec 2025 20:40:37 GMT"],
                **changes.get("headers", {}),
            },
            "body": {"string": answered if isinstance(answered, str | bytes) else json.dumps(answered)},
        },
    }


def vcr(*interactions: dict[str, Any]) -> bytes:
    return yaml.safe_dump({"interactions": list(interactions), "version": 1}).encode()


def shaped() -> dict[str, bytes]:
    """The same call in each shape, by the name of its file."""
    plain = interaction()
    asked, answered = json.dumps(BODY), json.dumps(answer())
    parsed = interaction()
    del parsed["request"]["body"], parsed["response"]["body"]
    parsed["request"]["parsed_body"], parsed["response"]["parsed_body"] = BODY, answer()
    lists = {"requests": [plain["request"]], "responses": [plain["response"]]}
    redacted = interaction(uri="**REDACTED**", asked_headers={"Content-Type": ["**REDACTED**"]})
    redacted["response"]["headers"] = {"Content-Type": ["**REDACTED**"], "Content-Encoding": ["**REDACTED**"]}
    redacted["response"]["body"] = {"string": gzip.compress(answered.encode())}
    old = interaction()
    old["response"] = {"status_code": 200, "headers": plain["response"]["headers"], "content": answered.encode()}
    encoded = interaction()
    encoded["response"]["body"] = {"base64_string": base64.b64encode(answered.encode()).decode(), "encoding": ""}
    bare = {"uri": URI, "headers": {"content-type": ["application/json"]}}
    cassetter = [
        {
            "request": {"method": "POST", **bare, "body": {"type": "json", "content": BODY}},
            "response": {"status": 200, "headers": bare["headers"], "body": {"type": "json", "content": answer()}},
            "recorded_at": "2025-12-31T20:40:37+00:00",
        }
    ]
    toml = f"""version = 1
[[interactions]]
recorded_at = "2025-12-31T20:40:37+00:00"
[interactions.request]
method = "POST"
uri = "{URI}"
body_type = "json"
body_content = '{asked}'
[interactions.request.headers]
content-type = ["application/json"]
[interactions.response]
status = 200
body_type = "json"
body_content = '{answered}'
[interactions.response.headers]
content-type = ["application/json"]
"""
    return {
        "vcr.yaml": vcr(plain),
        "vcr.json": json.dumps({"interactions": [plain], "version": 1}).encode(),
        "bytes.yaml": vcr(interaction(asked.encode(), answered.encode())),
        "gzip.yaml": vcr(
            interaction(answered=gzip.compress(answered.encode()), headers={"Content-Encoding": ["gzip"]})
        ),
        "unzipped.yaml": vcr(interaction(headers={"Content-Encoding": ["gzip"]})),
        "brotli-taken-off.yaml": vcr(interaction(headers={"content-encoding": ["br"]})),
        "parsed.yaml": vcr(parsed),
        "lists.yaml": yaml.safe_dump(lists).encode(),
        "lists.yaml.gz": gzip.compress(yaml.safe_dump(lists).encode()),
        "redacted.yaml": vcr(redacted),
        "old-httpx.yaml": vcr(old),
        "base64.yaml": vcr(encoded),
        "cassetter.yaml": yaml.safe_dump({"version": 1, "interactions": cassetter}, sort_keys=False).encode(),
        "cassetter.toml": toml.encode(),
    }
