"""Requests in the shapes of all providers, as a person reads them."""

from __future__ import annotations

import base64
import json

import pytest

from pytest_lmcache.call import Recording, Request, Take
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.review.script import script
from pytest_lmcache.review.structure import structured

DATA = base64.b64encode(b"%PDF-1.7" + bytes(1500)).decode()
CALL = {"city": "Oslo"}
OPENAI = [
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps(CALL)}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
]  # fmt: skip
RESPONSES = [
    {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": json.dumps(CALL)},
    {"type": "function_call_output", "call_id": "c1", "output": "rain"},
]
ANTHROPIC = [
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": CALL}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain"}]},
]
GEMINI = [
    {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "weather", "args": CALL}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "c1", "response": "rain"}}]},
]
BEDROCK = [
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "weather", "input": CALL}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "rain"}]}}]},
]


def recorded(field, value, adapter="http/openai-chat", answer=None, **body):
    request = Request(adapter, "chat", "m", {field: value, **body}, (field, "system"))
    take = Take(json.dumps({"type": "http", "status": 200, "headers": {}, "body": answer or {}}), 0.1)
    return Recording(key_of(request, KeyRule()), request, (take,), "2026-11-23T10:00:00Z", "t.py::t")


def lines(field, value, adapter="http/openai-chat", **body):
    return [f"{' ' * line.indent}{line.text}" for line in script(recorded(field, value, adapter, **body))]


@pytest.mark.parametrize(
    ("field", "messages"),
    [
        ("messages", OPENAI),
        ("input", RESPONSES),
        ("messages", ANTHROPIC),
        ("contents", GEMINI),
        ("messages", BEDROCK),
    ],
    ids=["openai", "responses", "anthropic", "gemini", "bedrock"],
)
def test_a_tool_call_and_its_result_read_the_same_for_every_provider(field, messages):
    told = lines(field, messages)
    assert '  calls weather (c1) {"city": "Oslo"}' in told
    assert "assistant" in told
    assert any(line.startswith("  result") and line.endswith("rain") for line in told), told


@pytest.mark.parametrize(
    "part",
    [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{DATA}"}},
        {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{DATA}"},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": DATA}},
        {"inlineData": {"mimeType": "application/pdf", "data": DATA}},
        {"document": {"format": "pdf", "name": "a", "source": {"bytes": DATA}}},
    ],
    ids=["openai", "responses", "anthropic", "gemini", "bedrock"],
)
def test_a_file_is_its_kind_and_size(part):
    (line,) = (line for line in lines("messages", [{"role": "user", "content": [part]}]) if "PDF" in line)
    assert "PDF, 1.5 kB, " in line
    assert DATA[:40] not in line


def test_what_is_not_known_is_shown_as_json():
    told = lines("messages", [{"role": "user", "content": [{"type": "hologram", "depth": 3}]}])
    assert '  {"type": "hologram", "depth": 3}' in told


def test_the_system_message_comes_first_wherever_it_stands():
    told = lines("messages", [{"role": "user", "content": "Hello"}], system="Be kind.")
    assert told.index("  Be kind.") < told.index("  Hello")


def test_texts_to_embed_are_numbered():
    assert lines("input", ["one", "two"])[-6:-2] == ["input", "  1. one", "  2. two", ""]


@pytest.mark.parametrize("value", [None, 7, "", [], {}, [[]], [None], [{"role": 3}], [{"content": {"a": 1}}], True])
def test_odd_requests_raise_nothing(value):
    assert lines("messages", value)


@pytest.mark.parametrize("depth", [300, 100_000])
def test_brackets_without_end_are_text(depth):
    deep = "[" * depth + "]" * depth
    calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": deep}}]
    said = {"role": "assistant", "content": deep, "tool_calls": calls}
    messages = [said, {"role": "tool", "tool_call_id": "c1", "content": deep}]
    answer = {"object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop", "message": said}]}
    recording = recorded("messages", messages, answer=answer)
    assert sum(deep[:50] in line.text for line in script(recording)) == 5
    assert structured(recording)["takes"][0]["text"] == deep
