"""One small request of every dialect, with what it asks and what its answers say."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from pytest_lmcache.dialects import Reading, ToolCall, Wire

SAID = [{"role": "user", "content": "What is the capital of France?"}]
BOUNDARY = "b0undary"
WEATHER = ToolCall("weather", {"city": "Paris"}, "call_1")
PARIS = {"text": "Paris", "finish_reason": "stop", "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


def post(path: str, body: Any, *, host: str = "https://models.example") -> Wire:
    return Wire("POST", f"{host}{path}", "application/json", json.dumps(body).encode())


def form(path: str, parts: list[tuple[str, str, bytes]], boundary: str = BOUNDARY) -> Wire:
    """A form of parts, each with its name, the name of its file (or none), and its content."""
    lines = b""
    for name, filename, content in parts:
        lines += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if filename:
            lines += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'.encode()
        lines += b"\r\n\r\n" + content + b"\r\n"
    kind = f"multipart/form-data; boundary={boundary}"
    return Wire("POST", f"https://models.example{path}", kind, lines + f"--{boundary}--\r\n".encode())


def events(*data: Any) -> list[dict[str, Any]]:
    return [{"data": each} for each in data]


def typed(**data: Any) -> dict[str, Any]:
    ((kind, value),) = data.items()
    return {"event": kind, "data": value}


NOTHING = Reading()


@dataclass(frozen=True)
class Example:
    adapter: str
    operation: str
    model: str
    conversation: dict[str, Any]
    wire: Wire
    stream: bool = False
    answer: Any = field(default_factory=dict)
    says: Reading = NOTHING


def _delta(index: int = 0, reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": reason}]}


CHAT = {"model": "small-1", "messages": SAID}
CHAT_USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
CLAUDE = {"model": "claude-1", "max_tokens": 9, "system": "Be brief.", "messages": SAID}
CLAUDE_SAID = {"system": "Be brief.", "messages": SAID}
CLAUDE_EVENTS = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 4, "cache_read_input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Par"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "is"}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "call_1", "name": "weather"},
    },
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city":'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Paris"}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
CLAUDE_SAYS = Reading("Paris", (WEATHER,), "tool_use", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3})
CONTENTS = [{"role": "user", "parts": [{"text": "Capital of France?"}]}]
CANDIDATE = {
    "candidates": [
        {
            "content": {"parts": [{"text": "hm", "thought": True}, {"text": "Paris"}], "role": "model"},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 1, "thoughtsTokenCount": 1},
}
CANDIDATE_SAYS = Reading("Paris", (), "STOP", {"prompt_tokens": 7, "completion_tokens": 2})
CONVERSE = {"messages": [{"role": "user", "content": [{"text": "Capital?"}]}], "system": [{"text": "Be brief."}]}
GEMINI = "/v1beta/models/gemini-1"
PUBLISHED = "/v1/projects/p/locations/us-central1/publishers/google/models"
BEDROCK = "/model/maker.model-1%3A0"


def chunk(data: Any) -> dict[str, Any]:
    return {"event": "chunk", "data": {"bytes": base64.b64encode(json.dumps(data).encode()).decode()}}


EXAMPLES = [
    Example(
        "openai-chat",
        "chat",
        "small-1",
        {"messages": SAID},
        post("/v1/chat/completions", {**CHAT, "user": "me"}),
        answer={
            "choices": [{"message": {"content": "Paris", "tool_calls": [CALL]}, "finish_reason": "tool_calls"}],
            "usage": CHAT_USAGE,
        },
        says=Reading(
            "Paris", (WEATHER,), "tool_calls", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}
        ),
    ),
    Example(
        "openai-chat",
        "chat",
        "small-1",
        {"messages": SAID},
        post("/openai/deployments/small-1/chat/completions?api-version=1", {"messages": SAID, "stream": True}),
        stream=True,
        answer=[
            *events(_delta(role="assistant", content="Par"), _delta(content="is")),
            *events(
                _delta(tool_calls=[{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": ""}}])
            ),
            *events(_delta(tool_calls=[{"index": 0, "function": {"arguments": '{"city": "Paris"}'}}])),
            *events(_delta(reason="tool_calls"), {"choices": [], "usage": CHAT_USAGE}, "[DONE]"),
        ],
        says=Reading(
            "Paris", (WEATHER,), "tool_calls", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}
        ),
    ),
    Example(
        "openai-responses",
        "responses",
        "small-1",
        {"input": "Capital?", "instructions": "Be brief."},
        post("/v1/responses", {"model": "small-1", "input": "Capital?", "instructions": "Be brief.", "store": False}),
        answer={
            "status": "completed",
            "output": [
                {"type": "message", "content": [{"type": "output_text", "text": "Paris"}]},
                {"type": "function_call", "name": "weather", "arguments": '{"city":"Paris"}', "call_id": "call_1"},
            ],
            "usage": {"input_tokens": 7, "output_tokens": 2},
        },
        says=Reading("Paris", (WEATHER,), "completed", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "openai-responses",
        "responses",
        "small-1",
        {"input": SAID},
        post("/openai/responses", {"model": "small-1", "input": SAID, "stream": True}),
        stream=True,
        answer=events(
            {"type": "response.output_text.delta", "delta": "Paris"},
            {"type": "response.completed", "response": {"status": "completed", "usage": {"output_tokens": 2}}},
        ),
        says=Reading("Paris", (), "completed", {"completion_tokens": 2}),
    ),
    Example(
        "openai-completions",
        "text",
        "small-1",
        {"prompt": "Once"},
        post("/v1/completions", {"model": "small-1", "prompt": "Once"}),
        answer={"choices": [{"text": " upon", "finish_reason": "length"}], "usage": {"completion_tokens": 1}},
        says=Reading(" upon", (), "length", {"completion_tokens": 1}),
    ),
    Example(
        "openai-embeddings",
        "embedding",
        "embed-1",
        {"input": ["a", "b"]},
        post("/v1/embeddings", {"model": "embed-1", "input": ["a", "b"]}),
        answer={"data": [], "usage": {"prompt_tokens": 2, "total_tokens": 2}},
        says=Reading(usage={"prompt_tokens": 2}),
    ),
    Example(
        "openai-moderations",
        "moderation",
        "",
        {"input": "hi"},
        post("/v1/moderations", {"input": "hi"}),
        answer={"results": [{"categories": {"hate": False, "violence": True}}]},
        says=Reading("flagged: violence"),
    ),
    Example(
        "mistral-chat-moderations",
        "moderation",
        "m",
        {"input": SAID},
        post("/v1/chat/moderations", {"input": SAID, "model": "m"}),
    ),
    Example(
        "openai-images",
        "image",
        "image-1",
        {"prompt": "a cat"},
        post("/v1/images/generations", {"model": "image-1", "prompt": "a cat"}),
        answer={"data": [{"b64_json": "", "revised_prompt": "a fat cat"}], "usage": {"input_tokens": 2}},
        says=Reading("a fat cat", usage={"prompt_tokens": 2}),
    ),
    Example(
        "openai-image-edits",
        "image-edit",
        "image-1",
        {
            "prompt": "a hat",
            "image[]": [
                {
                    "$bytes": {
                        "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                        "size": 1,
                        "suffix": ".png",
                    }
                },
                {
                    "$bytes": {
                        "sha256": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
                        "size": 1,
                        "suffix": ".png",
                    }
                },
            ],
        },
        form(
            "/v1/images/edits",
            [
                ("model", "", b"image-1"),
                ("prompt", "", b"a hat"),
                ("image[]", "1.png", b"a"),
                ("image[]", "2.png", b"b"),
            ],
        ),
    ),
    Example(
        "openai-transcriptions",
        "transcription",
        "audio-1",
        {
            "file": {
                "$bytes": {
                    "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                    "size": 1,
                    "suffix": ".wav",
                }
            }
        },
        form("/v1/audio/transcriptions", [("model", "", b"audio-1"), ("file", "a.wav", b"a")]),
        answer={"text": "Hello."},
        says=Reading("Hello."),
    ),
    Example(
        "openai-translations",
        "transcription",
        "audio-1",
        {
            "file": {
                "$bytes": {
                    "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                    "size": 1,
                    "suffix": ".wav",
                }
            }
        },
        form("/v1/audio/translations", [("model", "", b"audio-1"), ("file", "a.wav", b"a")]),
        answer="Hello.",
        says=Reading("Hello."),
    ),
    Example(
        "openai-speech",
        "speech",
        "voice-1",
        {"input": "Hello."},
        post("/v1/audio/speech", {"model": "voice-1", "input": "Hello.", "voice": "low"}),
    ),
    Example(
        "mistral-fim",
        "text",
        "code-1",
        {"prompt": "def f(", "suffix": "return"},
        post("/v1/fim/completions", {"model": "code-1", "prompt": "def f(", "suffix": "return"}),
        answer={"choices": [{"message": {"content": "x):"}, "finish_reason": "stop"}]},
        says=Reading("x):", (), "stop"),
    ),
    Example(
        "mistral-agents",
        "chat",
        "ag-1",
        {"messages": SAID},
        post("/v1/agents/completions", {"agent_id": "ag-1", "messages": SAID}),
        answer={"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]},
        says=Reading("Hi", (), "stop"),
    ),
    Example(
        "anthropic-messages",
        "messages",
        "claude-1",
        CLAUDE_SAID,
        post("/v1/messages?beta=true", CLAUDE),
        answer={
            "type": "message",
            "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "text", "text": "Paris"},
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 4, "cache_read_input_tokens": 3, "output_tokens": 2},
        },
        says=CLAUDE_SAYS,
    ),
    Example(
        "anthropic-messages",
        "messages",
        "claude-1@2",
        CLAUDE_SAID,
        post(
            "/v1/projects/p/locations/l/publishers/anthropic/models/claude-1@2:streamRawPredict",
            {**CLAUDE_SAID, "anthropic_version": "vertex-1", "max_tokens": 9, "stream": True},
        ),
        stream=True,
        answer=events(*CLAUDE_EVENTS),
        says=CLAUDE_SAYS,
    ),
    Example(
        "gemini",
        "generate",
        "gemini-1",
        {"contents": CONTENTS},
        post(f"{GEMINI}:generateContent", {"contents": CONTENTS}),
        answer=CANDIDATE,
        says=CANDIDATE_SAYS,
    ),
    Example(
        "gemini",
        "generate",
        "gemini-1",
        {"contents": CONTENTS},
        post(f"{GEMINI}:streamGenerateContent?alt=sse", {"contents": CONTENTS}),
        stream=True,
        answer=events(
            {
                "candidates": [
                    {"content": {"parts": [{"functionCall": {"name": "weather", "args": {"city": "Paris"}}}]}}
                ]
            },
            CANDIDATE,
        ),
        says=Reading("Paris", (ToolCall("weather", {"city": "Paris"}),), "STOP", CANDIDATE_SAYS.usage),
    ),
    Example(
        "gemini-embeddings",
        "embedding",
        "gemini-1",
        {"requests": [{"content": {"parts": [{"text": "a"}]}}]},
        post(
            f"{GEMINI}:batchEmbedContents",
            {"requests": [{"model": "models/gemini-1", "content": {"parts": [{"text": "a"}]}}]},
        ),
    ),
    Example(
        "gemini-embeddings",
        "embedding",
        "gemini-1",
        {"content": {"parts": [{"text": "a"}]}},
        post(f"{GEMINI}:embedContent", {"model": "models/gemini-1", "content": {"parts": [{"text": "a"}]}}),
    ),
    Example(
        "bedrock-converse",
        "chat",
        "maker.model-1:0",
        CONVERSE,
        post(f"{BEDROCK}/converse", CONVERSE),
        answer={
            "output": {"message": {"content": [{"text": "Paris"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 4, "cacheReadInputTokens": 3, "outputTokens": 2},
        },
        says=Reading("Paris", (), "end_turn", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}),
    ),
    Example(
        "bedrock-converse",
        "chat",
        "maker.model-1:0",
        CONVERSE,
        post(f"{BEDROCK}/converse-stream", CONVERSE),
        stream=True,
        answer=[
            typed(messageStart={"role": "assistant"}),
            typed(contentBlockDelta={"contentBlockIndex": 0, "delta": {"text": "Paris"}}),
            typed(
                contentBlockStart={
                    "contentBlockIndex": 1,
                    "start": {"toolUse": {"name": "weather", "toolUseId": "call_1"}},
                }
            ),
            typed(contentBlockDelta={"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"city": "Paris"}'}}}),
            typed(messageStop={"stopReason": "tool_use"}),
            typed(metadata={"usage": {"inputTokens": 7, "outputTokens": 2}}),
        ],
        says=Reading("Paris", (WEATHER,), "tool_use", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "bedrock-invoke",
        "messages",
        "maker.model-1:0",
        CLAUDE_SAID,
        post(
            f"{BEDROCK}/invoke-with-response-stream", {**CLAUDE_SAID, "anthropic_version": "bedrock-1", "max_tokens": 9}
        ),
        stream=True,
        answer=[chunk(data) for data in CLAUDE_EVENTS],
        says=CLAUDE_SAYS,
    ),
    Example(
        "bedrock-invoke",
        "text",
        "maker.model-1:0",
        {"prompt": "Once"},
        post(f"{BEDROCK}/invoke", {"prompt": "Once"}),
        answer={"generation": " upon", "prompt_token_count": 1, "generation_token_count": 1, "stop_reason": "stop"},
        says=Reading(" upon", (), "stop", {"prompt_tokens": 1, "completion_tokens": 1}),
    ),
    Example(
        "ollama-chat",
        "chat",
        "llama",
        {"messages": SAID},
        post("/api/chat", {"model": "llama", "messages": SAID}),
        stream=True,
        answer=events(
            {"message": {"content": "Par"}, "done": False},
            {
                "message": {"content": "is"},
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": 7,
                "eval_count": 2,
            },
        ),
        says=Reading(**PARIS),
    ),
    Example(
        "ollama-generate",
        "text",
        "llama",
        {"prompt": "Capital?"},
        post("/api/generate", {"model": "llama", "prompt": "Capital?", "stream": False, "keep_alive": "5m"}),
        answer={"response": "Paris", "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2},
        says=Reading(**PARIS),
    ),
    Example(
        "ollama-embed",
        "embedding",
        "llama",
        {"input": ["a"]},
        post("/api/embed", {"model": "llama", "input": ["a"]}),
        answer={"embeddings": [[0.5]], "prompt_eval_count": 1},
        says=Reading(usage={"prompt_tokens": 1}),
    ),
    Example(
        "ollama-embeddings",
        "embedding",
        "llama",
        {"prompt": "a"},
        post("/api/embeddings", {"model": "llama", "prompt": "a"}),
    ),
    Example(
        "cohere-chat",
        "chat",
        "command",
        {"messages": SAID},
        post("/v2/chat", {"model": "command", "messages": SAID}),
        answer={
            "message": {"content": [{"type": "text", "text": "Paris"}], "tool_calls": [CALL]},
            "finish_reason": "COMPLETE",
            "usage": {"tokens": {"input_tokens": 7.0, "output_tokens": 2.0}},
        },
        says=Reading("Paris", (WEATHER,), "COMPLETE", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "cohere-chat",
        "chat",
        "command",
        {"messages": SAID},
        post("/v2/chat", {"model": "command", "messages": SAID, "stream": True}),
        stream=True,
        answer=events(
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Paris"}}}},
            {
                "type": "tool-call-start",
                "index": 0,
                "delta": {
                    "message": {"tool_calls": {"id": "call_1", "function": {"name": "weather", "arguments": ""}}}
                },
            },
            {
                "type": "tool-call-delta",
                "index": 0,
                "delta": {"message": {"tool_calls": {"function": {"arguments": '{"city": "Paris"}'}}}},
            },
            {
                "type": "message-end",
                "delta": {"finish_reason": "TOOL_CALL", "usage": {"tokens": {"input_tokens": 7, "output_tokens": 2}}},
            },
        ),
        says=Reading("Paris", (WEATHER,), "TOOL_CALL", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "cohere-chat",
        "chat",
        "",
        {"message": "Capital?"},
        post("/v1/chat", {"message": "Capital?", "stream": True}),
        stream=True,
        answer=events(
            {"event_type": "text-generation", "text": "Paris"},
            {
                "event_type": "stream-end",
                "finish_reason": "COMPLETE",
                "response": {"text": "Paris", "meta": {"tokens": {"input_tokens": 7, "output_tokens": 2}}},
            },
        ),
        says=Reading("Paris", (), "COMPLETE", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "cohere-embed",
        "embedding",
        "embed",
        {"texts": ["a"]},
        post("/v2/embed", {"model": "embed", "texts": ["a"], "input_type": "search_query"}),
        answer={"meta": {"billed_units": {"input_tokens": 1}}},
        says=Reading(usage={"prompt_tokens": 1}),
    ),
    Example(
        "rerank",
        "rerank",
        "rank-1",
        {"query": "capital", "documents": ["Paris", "a"]},
        post("/v1/rerank", {"model": "rank-1", "query": "capital", "documents": ["Paris", "a"]}),
        answer={"results": [{"index": 0, "relevance_score": 0.9}], "usage": {"total_tokens": 5}},
        says=Reading("0: 0.9", usage={"prompt_tokens": 5}),
    ),
    Example(
        "openai-chat",
        "chat",
        "served-1",
        {"messages": SAID},
        post("/serving-endpoints/served-1/invocations", {"messages": SAID}),
        answer={"choices": [{"message": {"content": "Paris"}, "finish_reason": "stop"}], "usage": CHAT_USAGE},
        says=Reading("Paris", (), "stop", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}),
    ),
    Example(
        "openai-embeddings",
        "embedding",
        "served-2",
        {"input": ["a"]},
        post("/serving-endpoints/served-2/invocations", {"input": ["a"]}),
        answer={"data": [], "usage": {"prompt_tokens": 1}},
        says=Reading(usage={"prompt_tokens": 1}),
    ),
    Example(
        "openai-image-edits",
        "image-edit",
        "image-1",
        {"prompt": "a hat", "images": [{"image_url": "https://example.invalid/cat.png"}]},
        post(
            "/v1/images/edits",
            {"model": "image-1", "prompt": "a hat", "images": [{"image_url": "https://example.invalid/cat.png"}]},
        ),
        answer={"data": [{"revised_prompt": "a red hat"}], "usage": {"input_tokens": 7, "output_tokens": 2}},
        says=Reading("a red hat", usage={"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "openai-image-variations",
        "image-variation",
        "image-1",
        {
            "image": {
                "$bytes": {
                    "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                    "size": 1,
                    "suffix": ".png",
                }
            }
        },
        form("/v1/images/variations", [("image", "cat.png", b"a"), ("model", "", b"image-1"), ("n", "", b"2")]),
        answer={"data": [{"url": "https://example.invalid/other.png"}]},
    ),
    Example(
        "vertex-predict",
        "embedding",
        "text-embedding-1",
        {"instances": [{"content": "a"}, {"content": "b"}]},
        post(f"{PUBLISHED}/text-embedding-1:predict", {"instances": [{"content": "a"}, {"content": "b"}]}),
        answer={"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 1}}}] * 2},
        says=Reading(usage={"prompt_tokens": 2}),
    ),
    Example(
        "vertex-predict",
        "image",
        "imagen-1",
        {"instances": [{"prompt": "a cat"}]},
        post("/v1beta/models/imagen-1:predict", {"instances": [{"prompt": "a cat"}], "parameters": {"sampleCount": 1}}),
        answer={"predictions": [{"bytesBase64Encoded": "AA==", "prompt": "a grey cat"}]},
        says=Reading("a grey cat"),
    ),
    Example(
        "mistral-conversations",
        "chat",
        "small-1",
        {"inputs": "Capital?", "instructions": "Be brief."},
        post("/v1/conversations", {"model": "small-1", "inputs": "Capital?", "instructions": "Be brief."}),
        answer={
            "outputs": [
                {
                    "type": "message.output",
                    "content": [{"type": "text", "text": "Par"}, {"type": "text", "text": "is"}],
                },
                {
                    "type": "function.call",
                    "name": "weather",
                    "arguments": '{"city": "Paris"}',
                    "tool_call_id": "call_1",
                },
            ],
            "usage": CHAT_USAGE,
        },
        says=Reading("Paris", (WEATHER,), "", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}),
    ),
    Example(
        "mistral-conversations",
        "chat",
        "ag_1",
        {"inputs": SAID},
        post("/v1/conversations", {"agent_id": "ag_1", "inputs": SAID, "stream": True}),
        stream=True,
        answer=[
            typed(**{"conversation.response.started": {"type": "conversation.response.started"}}),
            *events({"type": "message.output.delta", "content": "Par"}),
            *events({"type": "message.output.delta", "content": {"type": "text", "text": "is"}}),
            *events(
                {"type": "function.call.delta", "name": "weather", "tool_call_id": "call_1", "arguments": '{"city":'}
            ),
            *events(
                {"type": "function.call.delta", "name": "weather", "tool_call_id": "call_1", "arguments": '"Paris"}'}
            ),
            *events({"type": "conversation.response.done", "usage": CHAT_USAGE}),
        ],
        says=Reading("Paris", (WEATHER,), "", {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3}),
    ),
    Example(
        "mistral-conversations",
        "chat",
        "",
        {"inputs": "And Italy?", "$conversation": "conv_1"},
        post("/v1/conversations/conv_1", {"inputs": "And Italy?", "store": True}),
        answer={"outputs": [{"type": "message.output", "content": "Rome"}], "usage": {"prompt_tokens": 9}},
        says=Reading("Rome", usage={"prompt_tokens": 9}),
    ),
    Example(
        "mistral-conversations",
        "chat",
        "",
        {"inputs": SAID, "$conversation": "conv_1", "from_entry_id": "msg_1"},
        post("/v1/conversations/conv_1/restart", {"inputs": SAID, "from_entry_id": "msg_1", "stream": True}),
        stream=True,
        answer=events(
            {"type": "message.output.delta", "content": "Rome"},
            {"type": "conversation.response.done", "usage": {"prompt_tokens": 9}},
        ),
        says=Reading("Rome", usage={"prompt_tokens": 9}),
    ),
    Example(
        "voyage-embeddings",
        "embedding",
        "embed-1",
        {"inputs": [["a", "b"]], "encoding_format": "base64"},
        post(
            "/v1/contextualizedembeddings",
            {"model": "embed-1", "inputs": [["a", "b"]], "encoding_format": "base64", "input_type": None},
        ),
        answer={"data": [], "usage": {"total_tokens": 2}},
        says=Reading(usage={"prompt_tokens": 2}),
    ),
    Example(
        "voyage-embeddings",
        "embedding",
        "embed-1",
        {"inputs": [{"content": [{"type": "text", "text": "a"}]}]},
        post(
            "/v1/multimodalembeddings",
            {"model": "embed-1", "inputs": [{"content": [{"type": "text", "text": "a"}]}]},
        ),
    ),
    Example(
        "anthropic-count-tokens",
        "count-tokens",
        "claude-1",
        CLAUDE_SAID,
        post("/v1/messages/count_tokens?beta=true", {**CLAUDE_SAID, "model": "claude-1"}),
        answer={"input_tokens": 1403},
        says=Reading("1,403 tokens"),
    ),
    Example(
        "anthropic-count-tokens",
        "count-tokens",
        "claude-1",
        CLAUDE_SAID,
        post(
            "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
            {**CLAUDE_SAID, "model": "claude-1"},
        ),
        answer={"input_tokens": 1},
        says=Reading("1 token"),
    ),
    Example(
        "openai-input-tokens",
        "count-tokens",
        "small-1",
        {"input": "Capital?", "instructions": "Be brief."},
        post("/v1/responses/input_tokens", {"model": "small-1", "input": "Capital?", "instructions": "Be brief."}),
        answer={"object": "response.input_tokens", "input_tokens": 11},
        says=Reading("11 tokens"),
    ),
    Example(
        "gemini-count-tokens",
        "count-tokens",
        "gemini-1",
        {"contents": CONTENTS},
        post(f"{GEMINI}:countTokens", {"contents": CONTENTS}),
        answer={"totalTokens": 5, "cachedContentTokenCount": 2},
        says=Reading("5 tokens"),
    ),
    Example(
        "gemini-count-tokens",
        "count-tokens",
        "gemini-1",
        {"contents": CONTENTS, "$of": "generateContentRequest"},
        post(f"{GEMINI}:countTokens", {"generateContentRequest": {"model": "models/gemini-1", "contents": CONTENTS}}),
        answer={"totalTokens": 5},
        says=Reading("5 tokens"),
    ),
    Example(
        "gemini-compute-tokens",
        "count-tokens",
        "gemini-1",
        {"contents": CONTENTS},
        post(f"{PUBLISHED}/gemini-1:computeTokens", {"contents": CONTENTS}),
        answer={"tokensInfo": [{"tokens": ["SGk="], "tokenIds": ["7"], "role": "user"}]},
    ),
    Example(
        "bedrock-count-tokens",
        "count-tokens",
        "maker.model-1:0",
        {**CONVERSE, "$of": "converse"},
        post(f"{BEDROCK}/count-tokens", {"input": {"converse": CONVERSE}}),
        answer={"inputTokens": 6},
        says=Reading("6 tokens"),
    ),
    Example(
        "bedrock-count-tokens",
        "count-tokens",
        "maker.model-1:0",
        {**CLAUDE_SAID, "$of": "invokeModel"},
        post(
            f"{BEDROCK}/count-tokens",
            {"input": {"invokeModel": {"body": base64.b64encode(json.dumps(CLAUDE_SAID).encode()).decode()}}},
        ),
        answer={"inputTokens": 6},
        says=Reading("6 tokens"),
    ),
    Example(
        "mistral-ocr",
        "ocr",
        "ocr-1",
        {"document": {"type": "document_url", "document_url": "https://example.invalid/a.pdf"}},
        post(
            "/v1/ocr",
            {
                "model": "ocr-1",
                "document": {"type": "document_url", "document_url": "https://example.invalid/a.pdf"},
            },
        ),
        answer={"pages": [{"markdown": "# One"}, {"markdown": "# Two"}], "usage_info": {"pages_processed": 2}},
        says=Reading("# One\n\n# Two"),
    ),
    Example(
        "tei-embed",
        "embedding",
        "",
        {"inputs": ["a", "b"]},
        post("/embed", {"inputs": ["a", "b"], "normalize": True}),
        answer=[[0.5], [0.25]],
    ),
    Example(
        "tei-rerank",
        "rerank",
        "",
        {"query": "capital", "texts": ["Paris"]},
        post("/rerank", {"query": "capital", "texts": ["Paris"], "raw_scores": False}),
        answer=[{"index": 0, "score": 0.9}],
        says=Reading("0: 0.9"),
    ),
    Example(
        "feature-extraction",
        "embedding",
        "maker/model-1",
        {"inputs": "a"},
        post("/hf-inference/models/maker/model-1/pipeline/feature-extraction", {"inputs": "a"}),
        answer=[0.5],
    ),
]

NAMES = [f"{example.adapter}{'-stream' * example.stream}-{number}" for number, example in enumerate(EXAMPLES)]
