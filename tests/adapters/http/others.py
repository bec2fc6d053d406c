"""Protocols the provider of the examples does not speak, answered from templates, and the SDKs that speak them."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

from calls import KEY, Row, all_from, all_of, awaited, dumped

from pytest_lmcache import dialects

OTHERS: list[Row] = []
WORDS = ("The capital ", "of France ", "is Paris ")


def row(name: str, *modules: str) -> Any:
    return lambda call: OTHERS.append(Row(name, modules, call))


class Templates:
    """A server on loopback whose answers are never the same twice."""

    def __init__(self) -> None:
        self.received = 0
        self.serial = itertools.count(1)
        self.url = ""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[str, list[bytes]]:
        """The content type and the pieces of an answer."""
        self.received += 1
        words = (*WORDS, f"({next(self.serial)}).")
        tail = path.rpartition("/")[2].rpartition(":")[2]
        if tail in ("generateContent", "streamGenerateContent"):
            chunks = [_gemini(word, last=word is words[-1]) for word in words]
            if tail == "generateContent":
                return "application/json; charset=UTF-8", [json.dumps(_gemini("".join(words), last=True)).encode()]
            return "text/event-stream", [f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks]
        if path == "/api/chat":
            if body.get("stream") is False:
                return "application/json", [json.dumps(_ollama("".join(words), done=True)).encode()]
            lines = [*(_ollama(word, done=False) for word in words), _ollama("", done=True)]
            return "application/x-ndjson", [json.dumps(line).encode() + b"\n" for line in lines]
        if path == "/v2/chat":
            if not body.get("stream"):
                return "application/json", [json.dumps(_cohere("".join(words))).encode()]
            return "text/event-stream", [
                f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in _cohere_events(words)
            ]
        if tail == "converse":
            return "application/json", [json.dumps(_bedrock("".join(words))).encode()]
        if tail == "converse-stream":
            frames = [dialects.encode("aws-event-stream", event) for event in _bedrock_events(words)]
            return "application/vnd.amazon.eventstream", frames
        return "application/json", [b"{}"]


@contextmanager
def templates() -> Iterator[Templates]:
    made = Templates()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            kind, pieces = made.answer(self.path.partition("?")[0].replace("%3A", ":"), body)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in [*pieces, b""]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _gemini(text: str, *, last: bool) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12}
    ending = {"finishReason": "STOP"} if last else {}
    return {"candidates": [{**candidate, **ending}], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


def _ollama(text: str, *, done: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    counts = {"done_reason": "stop", "total_duration": 9, "prompt_eval_count": 7, "eval_count": 5} if done else {}
    return {"model": "llama3", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": done, **counts}


_COHERE_USAGE = {"tokens": {"input_tokens": 7, "output_tokens": 5}}


def _cohere(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
    return {"id": "c-1", "finish_reason": "COMPLETE", "message": message, "usage": _COHERE_USAGE}


def _cohere_events(words: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    yield {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant"}}}
    yield {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}
    for word in words:
        yield {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": word}}}}
    yield {"type": "content-end", "index": 0}
    yield {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": _COHERE_USAGE}}


_BEDROCK_USAGE = {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12}


def _bedrock(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": text}]}
    return {
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": _BEDROCK_USAGE,
        "metrics": {"latencyMs": 1},
    }


def _bedrock_events(words: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    yield {"event": "messageStart", "data": {"role": "assistant"}}
    for word in words:
        yield {"event": "contentBlockDelta", "data": {"delta": {"text": word}, "contentBlockIndex": 0}}
    yield {"event": "contentBlockStop", "data": {"contentBlockIndex": 0}}
    yield {"event": "messageStop", "data": {"stopReason": "end_turn"}}
    yield {"event": "metadata", "data": {"usage": _BEDROCK_USAGE, "metrics": {"latencyMs": 1}}}


QUESTION = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": QUESTION}]
GEMINI = {"model": "gemini-2.5-flash", "contents": QUESTION}


def _genai(url: str) -> Any:
    return import_module("google.genai").Client(api_key=KEY, http_options={"base_url": url})


def _told(response: Any) -> Any:
    return response.text, dumped(response.usage_metadata)


@row("google-genai sync", "google.genai")
def _gemini_sync(url: str) -> Any:
    client = _genai(url)
    return _told(client.models.generate_content(**GEMINI))


@row("google-genai sync stream", "google.genai")
def _gemini_stream(url: str) -> Any:
    client = _genai(url)
    return [_told(chunk) for chunk in client.models.generate_content_stream(**GEMINI)]


@row("google-genai async", "google.genai")
@awaited
async def _gemini_async(url: str) -> Any:
    client = _genai(url)
    return _told(await client.aio.models.generate_content(**GEMINI))


@row("google-genai async stream", "google.genai")
@awaited
async def _gemini_async_stream(url: str) -> Any:
    client = _genai(url)
    return [_told(chunk) async for chunk in await client.aio.models.generate_content_stream(**GEMINI)]


@row("ollama sync", "ollama")
def _ollama_sync(url: str) -> Any:
    return dumped(import_module("ollama").Client(host=url).chat(model="llama3", messages=MESSAGES))


@row("ollama sync stream", "ollama")
def _ollama_stream(url: str) -> Any:
    return all_of(import_module("ollama").Client(host=url).chat(model="llama3", messages=MESSAGES, stream=True))


@row("ollama async", "ollama")
@awaited
async def _ollama_async(url: str) -> Any:
    return dumped(await import_module("ollama").AsyncClient(host=url).chat(model="llama3", messages=MESSAGES))


@row("ollama async stream", "ollama")
@awaited
async def _ollama_async_stream(url: str) -> Any:
    client = import_module("ollama").AsyncClient(host=url)
    return await all_from(await client.chat(model="llama3", messages=MESSAGES, stream=True))


@row("cohere sync", "cohere")
def _cohere_sync(url: str) -> Any:
    client = import_module("cohere").ClientV2(api_key=KEY, base_url=url)
    return dumped(client.chat(model="command-a-03-2025", messages=MESSAGES))


@row("cohere sync stream", "cohere")
def _cohere_stream(url: str) -> Any:
    client = import_module("cohere").ClientV2(api_key=KEY, base_url=url)
    return all_of(client.chat_stream(model="command-a-03-2025", messages=MESSAGES))


@row("cohere async", "cohere")
@awaited
async def _cohere_async(url: str) -> Any:
    client = import_module("cohere").AsyncClientV2(api_key=KEY, base_url=url)
    return dumped(await client.chat(model="command-a-03-2025", messages=MESSAGES))


@row("cohere async stream", "cohere")
@awaited
async def _cohere_async_stream(url: str) -> Any:
    client = import_module("cohere").AsyncClientV2(api_key=KEY, base_url=url)
    return await all_from(client.chat_stream(model="command-a-03-2025", messages=MESSAGES))


def _runtime(url: str) -> Any:
    return import_module("boto3").client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="fake-access-key",
        aws_secret_access_key="fake-secret-key",
    )


CONVERSE = {"modelId": "anthropic.claude", "messages": [{"role": "user", "content": [{"text": QUESTION}]}]}


@row("boto3 converse", "boto3")
def _converse(url: str) -> Any:
    answer = _runtime(url).converse(**CONVERSE)
    return answer["output"], answer["usage"], answer["ResponseMetadata"]["HTTPStatusCode"]


@row("boto3 converse stream", "boto3")
def _converse_stream(url: str) -> Any:
    return list(_runtime(url).converse_stream(**CONVERSE)["stream"])
