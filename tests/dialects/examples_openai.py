"""Examples of what OpenAI speaks, and its likes with it."""

from __future__ import annotations

from wire_pieces import CALL, CHAT, CHAT_USAGE, SAID, WEATHER, Example, delta, events, form, post

from pytest_lmcache.dialects import Reading

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
            *events(delta(role="assistant", content="Par"), delta(content="is")),
            *events(delta(tool_calls=[{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": ""}}])),
            *events(delta(tool_calls=[{"index": 0, "function": {"arguments": '{"city": "Paris"}'}}])),
            *events(delta(reason="tool_calls"), {"choices": [], "usage": CHAT_USAGE}, "[DONE]"),
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
        "openai-compactions",
        "responses",
        "small-1",
        {"input": SAID},
        post("/v1/responses/compact", {"model": "small-1", "input": SAID}),
        answer={"output": [{"type": "compaction", "encrypted_content": "abc"}], "usage": {"input_tokens": 7}},
        says=Reading(usage={"prompt_tokens": 7}),
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
]
