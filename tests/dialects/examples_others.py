"""Examples of the dialects of Mistral, Cohere, Ollama, Voyage, and of servers of one's own."""

from __future__ import annotations

from wire_pieces import CALL, CHAT_USAGE, PARIS, SAID, WEATHER, Example, events, post, typed

from pytest_lmcache.dialects import Reading

EXAMPLES = [
    Example(
        "mistral-chat-moderations",
        "moderation",
        "m",
        {"input": SAID},
        post("/v1/chat/moderations", {"input": SAID, "model": "m"}),
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
