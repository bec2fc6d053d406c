"""Examples of Anthropic's dialect, and of those of the clouds of Google and Amazon."""

from __future__ import annotations

from wire_pieces import (
    BEDROCK,
    CANDIDATE,
    CANDIDATE_SAYS,
    CLAUDE,
    CLAUDE_EVENTS,
    CLAUDE_SAID,
    CLAUDE_SAYS,
    CONTENTS,
    CONVERSE,
    GEMINI,
    PUBLISHED,
    SAID,
    WEATHER,
    Example,
    chunk,
    events,
    post,
    typed,
)

from pytest_lmcache.dialects import Reading, ToolCall

EXAMPLES = [
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
        "gemini-interactions",
        "interactions",
        "gemini-1",
        {"input": "Capital?", "system_instruction": "Be brief.", "previous_interaction_id": "v1_1"},
        post(
            "/v1beta/interactions",
            {
                "model": "gemini-1",
                "input": "Capital?",
                "system_instruction": "Be brief.",
                "previous_interaction_id": "v1_1",
                "store": True,
                "labels": {"team": "a"},
            },
        ),
        answer={
            "status": "requires_action",
            "steps": [
                {"type": "user_input", "content": [{"type": "text", "text": "Capital?"}]},
                {"type": "thought", "summary": [{"type": "text", "text": "hm"}]},
                {"type": "model_output", "content": [{"type": "text", "text": "Paris"}]},
                {"type": "function_call", "id": "call_1", "name": "weather", "arguments": {"city": "Paris"}},
            ],
            "usage": {"total_input_tokens": 7, "total_output_tokens": 1, "total_thought_tokens": 1},
        },
        says=Reading("Paris", (WEATHER,), "requires_action", {"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    Example(
        "gemini-interactions",
        "interactions",
        "researcher",
        {"input": SAID},
        post("/v1beta/interactions", {"agent": "researcher", "input": SAID, "stream": True}),
        stream=True,
        answer=events(
            {"event_type": "interaction.created", "interaction": {"status": "in_progress"}},
            {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
            {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "Par"}},
            {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "is"}},
            {
                "event_type": "step.start",
                "index": 1,
                "step": {"type": "function_call", "id": "call_1", "name": "weather", "arguments": {}},
            },
            {"event_type": "step.delta", "index": 1, "delta": {"type": "arguments_delta", "arguments": '{"city": '}},
            {"event_type": "step.delta", "index": 1, "delta": {"type": "arguments_delta", "arguments": '"Paris"}'}},
            {
                "event_type": "interaction.completed",
                "interaction": {"status": "completed", "usage": {"total_input_tokens": 7, "total_output_tokens": 2}},
            },
        ),
        says=Reading("Paris", (WEATHER,), "completed", {"prompt_tokens": 7, "completion_tokens": 2}),
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
]
