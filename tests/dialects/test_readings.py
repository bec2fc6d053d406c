"""What answers say, and when a stream has ended."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_examples import EXAMPLES, NAMES
from wire_pieces import Example, events, post, typed

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import Reading, ended, framing, reading, recognise

STREAMS = [example for example in EXAMPLES if example.stream]
FEWER = settings(max_examples=60)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "message", "delta", "content", "text", "tool_calls", "function", "name", "arguments"),
                    *(
                        "id",
                        "index",
                        "type",
                        "usage",
                        "output",
                        "response",
                        "item",
                        "candidates",
                        "parts",
                        "functionCall",
                    ),
                    *("finish_reason", "toolUse", "input", "content_block", "categories", "results", "data", "event"),
                    *("contentBlockDelta", "contentBlockStart", "contentBlockIndex", "start", "chunk", "meta", "raw"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def asked(example: Example) -> Request:
    request = recognise(example.wire)
    assert request is not None
    return request


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_answer_is_read(example: Example):
    assert reading(asked(example), example.answer) == example.says


@pytest.mark.parametrize("example", STREAMS, ids=lambda example: example.adapter)
def test_a_stream_without_its_last_event_has_not_ended(example: Example):
    request = asked(example)

    assert ended("sse", request, example.answer)
    assert not ended("sse", request, [])
    cut = 3 if example.adapter == "openai-chat" else 1
    assert not ended("sse", request, example.answer[:-cut])


def test_a_chat_without_done_ends_with_the_last_finish_reason():
    request = recognise(post("/v1/chat/completions", {"messages": [{"role": "user"}], "stream": True, "n": 2}))
    assert request is not None
    first, second = ({"choices": [{"index": index, "finish_reason": "stop"}]} for index in (0, 1))

    assert not ended("sse", request, events(first))
    assert ended("sse", request, events(first, second))


def test_a_chat_that_promises_usage_has_not_ended_before_it():
    options = {"stream": True, "stream_options": {"include_usage": True}}
    request = recognise(post("/v1/chat/completions", {"messages": [{"role": "user"}], **options}))
    assert request is not None
    last = {"choices": [{"index": 0, "finish_reason": "stop"}]}

    assert not ended("sse", request, events(last))
    assert ended("sse", request, events(last, {"choices": [], "usage": {"prompt_tokens": 1}}))
    assert ended("sse", request, events(last, "[DONE]"))


def test_a_stream_that_ends_in_an_error_has_not_ended_by_itself():
    claude = next(example for example in STREAMS if example.adapter == "anthropic-messages")
    converse = next(example for example in STREAMS if example.adapter == "bedrock-converse")

    assert not ended("sse", asked(claude), [*claude.answer[:3], typed(error={"type": "error", "error": {}})])
    assert not ended("aws-event-stream", asked(converse), [*converse.answer[:-1], {"data": {"message": "slow down"}}])


def test_a_gemini_array_ends_with_its_bracket():
    gemini = next(example for example in STREAMS if example.adapter == "gemini")

    assert ended("json-array", asked(gemini), [*gemini.answer[:1], {"raw": "\n]"}])


@pytest.mark.parametrize(
    ("content_type", "adapter", "expected"),
    [
        ("text/event-stream", "openai-chat", "sse"),
        ("text/event-stream; charset=utf-8", "gemini", "sse"),
        ("application/x-ndjson", "ollama-chat", "ndjson"),
        ("application/stream+json", "cohere-chat", "ndjson"),
        ("application/vnd.amazon.eventstream", "bedrock-converse", "aws-event-stream"),
        ("application/json; charset=UTF-8", "gemini", "json-array"),
        ("application/json", "openai-chat", None),
        ("", "openai-chat", None),
    ],
)
def test_the_content_type_says_how_an_answer_is_cut(content_type: str, adapter: str, expected: str | None):
    assert framing(content_type, Request(f"http/{adapter}", "chat", "m", {}, (), stream=True)) == expected


def test_an_array_that_was_asked_for_in_one_piece_is_no_stream():
    assert framing("application/json", Request("http/gemini", "generate", "m", {}, ())) is None


def test_tool_calls_that_all_have_the_index_zero_are_told_apart():
    calls = [{"index": 0, "id": str(n), "function": {"name": "f", "arguments": f'{{"n": {n}}}'}} for n in (1, 2)]
    request = recognise(post("/v1/chat/completions", {"messages": [{"role": "user"}], "stream": True}))
    assert request is not None
    read = reading(request, events(*({"choices": [{"delta": {"tool_calls": [call]}}]} for call in calls)))

    assert [call.arguments for call in read.tool_calls] == [{"n": 1}, {"n": 2}]


def test_a_whole_answer_to_a_request_for_a_stream_is_read():
    example = EXAMPLES[0]
    request = recognise(post("/v1/chat/completions", {"messages": [{"role": "user"}], "stream": True}))
    assert request is not None

    assert reading(request, example.answer) == example.says


def test_a_request_of_an_unknown_dialect_has_an_empty_reading():
    assert reading(Request("litellm", "chat", "m", {}, ()), {"choices": []}) == Reading()


@FEWER
@given(st.sampled_from(EXAMPLES), st.lists(st.dictionaries(st.sampled_from(["data", "event", "raw", "chunk"]), JSONS)))
def test_no_events_whatever_raise(example: Example, answer: list[dict[str, object]]):
    request = asked(example)
    reading(request, answer)
    ended("sse", request, answer)


@FEWER
@given(st.sampled_from(EXAMPLES), JSONS)
def test_no_answer_whatever_raises(example: Example, answer: object):
    reading(asked(example), answer)
