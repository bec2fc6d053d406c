"""The calls whose recordings are frozen beside this file. Each prints what it was answered; nothing here may change."""

from __future__ import annotations

import base64
import json
import os
import random

import litellm
import pytest
import urllib3

BASE = os.environ.get("OPENAI_API_BASE", "https://api.openai.com/v1")
OTHERS = os.environ.get("OTHERS_BASE", "https://api.example.org")
HEADERS = {"authorization": "Bearer fake-key-for-tests", "content-type": "application/json"}
QUESTION = [
    {"role": "system", "content": "Answer briefly.\nBe kind.\n\nMind Zürich and 東京."},
    {"role": "user", "content": "What is the capital of France?"},
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
CHAT = "openai/gpt-4o-mini"
CLAUDE = "anthropic/claude-opus-4-1"


def tell(name: str, value: object) -> None:
    print(f"\nGOLDEN {json.dumps([name, value])}")


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def post(path: str, body: dict[str, object], base: str = BASE) -> str:
    with urllib3.PoolManager() as pool:
        return pool.request("POST", base + path, body=json.dumps(body), headers=HEADERS).data.decode("latin-1")


def test_chat():
    response = litellm.completion(CHAT, QUESTION, temperature=0.2)
    tell("chat", [response.choices[0].message.content, response.usage.total_tokens, response.model])


@pytest.mark.lmcache(key="messages")
def test_chat_by_its_conversation():
    response = litellm.completion("openai/gpt-4o", said("What is the capital of Spain?"))
    tell("messages", response.choices[0].message.content)


def test_stream():
    chunks = litellm.completion(CHAT, QUESTION, stream=True, stream_options={"include_usage": True})
    tell("stream", [chunk.choices[0].delta.content for chunk in chunks if chunk.choices])


def test_tools():
    message = litellm.completion(CHAT, said("What is the weather in Paris?"), tools=TOOLS).choices[0].message
    tell("tools", [[call.function.name, json.loads(call.function.arguments)] for call in message.tool_calls])


def test_anthropic():
    response = litellm.completion(CLAUDE, QUESTION, max_tokens=100)
    tell("anthropic", [response.choices[0].message.content, response.choices[0].finish_reason])


def test_embedding():
    response = litellm.embedding("openai/text-embedding-3-small", ["a lamp", "a chair"], dimensions=8)
    tell("embedding", [item["embedding"] for item in response.data])


def test_image():
    response = litellm.image_generation("a red lamp", model="gpt-image-1", size="1024x1024")
    tell("image", len(response.data[0].b64_json))


def test_picture_in_a_prompt():
    picture = base64.b64encode(random.Random(1).randbytes(3_000)).decode()
    content = [
        {"type": "text", "text": "What is in the picture?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
    ]
    response = litellm.completion(CHAT, [{"role": "user", "content": content}])
    tell("picture", response.choices[0].message.content)


def test_text():
    tell("text", litellm.text_completion(model="openai/gpt-3.5-turbo-instruct", prompt="Once").choices[0].text)


def test_responses():
    response = litellm.responses("What is the capital of Italy?", CHAT)
    tell("responses", response.output[0].content[0].text)


def test_moderation():
    tell("moderation", litellm.moderation("hello", model="omni-moderation-latest").results[0].flagged)


@pytest.mark.lmcache(record_errors=True)
def test_error():
    with pytest.raises(litellm.RateLimitError) as found:
        litellm.completion("openai/error-429", said("Too much?"), num_retries=0, max_retries=0)
    tell("error", [found.value.status_code, found.value.llm_provider])


@pytest.mark.lmcache(repeat="next")
def test_takes():
    tell("takes", [litellm.completion(CHAT, said("Roll!")).choices[0].message.content for _ in range(3)])


def test_http():
    answer = json.loads(post("/chat/completions", {"model": "gpt-4o-mini", "messages": QUESTION}))
    tell("http", [answer["choices"][0]["message"]["content"], answer["usage"]["total_tokens"]])


def test_http_stream():
    tell("http stream", post("/chat/completions", {"model": "gpt-4o-mini", "messages": QUESTION, "stream": True}))


def test_http_events_with_names():
    asked = {"model": "claude", "max_tokens": 9, "messages": QUESTION[1:], "stream": True}
    tell("http named events", post("/messages", asked))


def test_http_lines():
    asked = {"model": "llama3", "messages": QUESTION[1:], "stream": True}
    tell("http lines", post("/api/chat", asked, OTHERS))


def test_http_event_stream():
    asked = {"messages": [{"role": "user", "content": [{"text": "What is the capital of France?"}]}]}
    tell("http event stream", post("/model/maker.model-1%3A0/converse-stream", asked, OTHERS))


def test_http_gemini():
    asked = {"contents": [{"role": "user", "parts": [{"text": "What is the capital of France?"}]}]}
    answer = post("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", asked, OTHERS)
    tell("http gemini", answer)


def test_http_embedding():
    answer = post("/embeddings", {"model": "text-embedding-3-small", "input": ["a"], "encoding_format": "base64"})
    tell("http embedding", json.loads(answer)["data"][0]["embedding"])


@pytest.mark.lmcache(record_errors=True)
def test_http_error():
    tell(
        "http error",
        json.loads(post("/chat/completions", {"model": "error-400", "messages": QUESTION}))["error"]["code"],
    )
