"""Examples of counting tokens."""

from __future__ import annotations

import base64
import json

from wire_pieces import BEDROCK, CLAUDE_SAID, CONTENTS, CONVERSE, GEMINI, PUBLISHED, Example, post

from pytest_lmcache.dialects import Reading

EXAMPLES = [
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
]
