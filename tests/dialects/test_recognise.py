"""Which requests are calls of a model, and what they ask."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_examples import EXAMPLES, NAMES
from wire_pieces import BOUNDARY, CHAT, CONTENTS, GEMINI, SAID, Example, form, post

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import Event, Reading, Wire, recognise, register, unregister
from pytest_lmcache.keys import KeyRule, key_of, material_of

FEWER = settings(max_examples=60)
PATHS = sorted({example.wire.url.removeprefix("https://models.example") for example in EXAMPLES})


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_call_is_recognised_with_what_it_asks(example: Example):
    request = recognise(example.wire)

    assert request is not None
    assert request.adapter == f"http/{example.adapter}"
    assert (request.operation, request.model, request.stream) == (example.operation, example.model, example.stream)
    assert material_of(request, KeyRule("messages")) == example.conversation
    assert request.body.get("model", "") == request.model
    assert "stream" not in request.body


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_host_and_prefix_are_in_no_key(example: Example):
    elsewhere = example.wire.url.replace("https://models.example/", "http://localhost:8080/gateway/tenant-7/")
    request, moved = recognise(example.wire), recognise(replace(example.wire, url=elsewhere))

    assert request is not None
    assert request == moved


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_another_method_or_body_is_no_call(example: Example):
    assert recognise(replace(example.wire, method="GET")) is None
    assert recognise(replace(example.wire, method="post")) == recognise(example.wire)
    for body in (b"", b"{}", b"[]", b'{"query": "{ me { id } }"}', example.wire.body[:-4]):
        assert recognise(replace(example.wire, body=body)) is None


@pytest.mark.parametrize(
    "wire",
    [
        post("/graphql", {"query": "{ me { id } }"}),
        post("/v1/messages/count_tokens", {"messages": SAID}),
        post("/v1/messages/batches", {"requests": []}),
        post("/v1/threads/1/messages", {"role": "user", "content": "hi"}),
        post("/api/messages", {"messages": SAID, "channel": "general"}),
        post("/api/messages", {"messages": [{"from": "me", "text": "hi"}], "model": "m", "max_tokens": 1}),
        post("/api/chat", {"messages": SAID, "id": "chat-1"}),
        post("/api/chat", {"message": "hi", "model": "m"}),
        post("/v1/chat", {"message": "hi", "thread": 7}),
        post("/v2/chat", {"messages": SAID}),
        post("/chat", {"model": "m", "messages": SAID}),
        post("/responses", {"survey": 3, "input": "very good"}),
        post("/api/interactions", {"type": 2, "input": "neither model nor agent"}),
        post("/embeddings", {"input": "no model"}),
        post("/multimodalembeddings", {"inputs": ["no model"]}),
        post("/rerank", {"query": "q", "documents": ["no model"]}),
        post("/api/show", {"model": "llama"}),
        post("/embed", {"inputs": ["a"], "url": "https://example.invalid"}),
        post("/embed", {"inputs": {"title": "a video"}}),
        post("/rerank", {"query": "q", "texts": ["a"], "page": 2}),
        post("/v1/models/my-own:predict", {"instances": [{"content": "a"}]}),
        post("/v1/models/my-own:predict", {"instances": [[1.0, 2.0]]}),
        post("/endpoints/my-own/invocations", {"messages": SAID}),
        post("/conversations", {"inputs": "neither model nor agent"}),
        post("/ocr", {"model": "m", "document": "not an object"}),
        form("/v1/images/variations", [("name", "", b"no image")]),
        post("/conversations/7", {"inputs": "nothing that Mistral sends along"}),
        post("/v1/conversations/conv_1/history", {"inputs": "hi", "store": True}),
        post("/v1/conversations/conv_1/items", {"items": SAID}),
        post("/jobs/7/restart", {"inputs": "hi", "stream": False}),
        post("/v1/responses/compact", {"input": "no model"}),
        post("/v1/responses/input_tokens", {"survey": 3, "input": "very good"}),
        post(f"{GEMINI}:countTokens", {"text": "no contents"}),
        post(f"{GEMINI}:countTokens", {"model": "models/another", "contents": CONTENTS}),
        post("/model/m/count-tokens", {"input": "no request"}),
        post(f"{GEMINI}:batchGenerateContent", {"batch": {}}),
        post(f"{GEMINI}:generateContent?alt=proto", {"contents": CONTENTS}),
        post("/model/m/invoke", {"payload": 1}),
        post("/model/m/invoke", {"anthropic_version": "1", "prompt_id": 1}),
        post("/v1/models", {}),
        post("/token", {"grant_type": "refresh_token"}),
        post("/v1/chat/completions", {"model": "m", "messages": []}),
        post("/v1/chat/completions", {"model": "m", "messages": SAID, "stream": "yes"}),
        post("/v1/chat/completions", {"model": 7, "messages": SAID}),
        post("/v1/audio/transcriptions", {"model": "m", "file": "a"}),
        post("/search?next=/v1/chat/completions", CHAT),
    ],
    ids=lambda wire: wire.url.removeprefix("https://models.example") if isinstance(wire, Wire) else None,
)
def test_what_only_looks_like_a_call_passes(wire: Wire):
    assert recognise(wire) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "m", "messages": [{"role": "user", "content": "a", "content": "b"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "a"}], "temperature": NaN}',
        b'{"model": "m", "messages": [{"role": "user", "content": "a"}], "temperature": 1e999}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\\ud83d"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\xff"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "\xed\xa0\x80"}]}',
        b'{"model": "m", "messages": [{"role": "user", "content": "a"}], "$path": "x"}',
        b'{"model": "m", "messages": [{"role": "user", "content": ' + b"[" * 300 + b"]" * 300 + b"}]}",
        b'{"model": "m", "messages": [{"role": "user", "content": ' + b"[" * 9999 + b"]" * 9999 + b"}]}",
        b'{"model": "m", "messages": [{"role": "user", "content": "a"}], "seed": ' + b"9" * 9999 + b"}",
    ],
    ids=[
        "key twice",
        "NaN",
        "infinite",
        "half a pair",
        "no UTF-8",
        "encoded half",
        "our name",
        "deep",
        "abyss",
        "long",
    ],
)
def test_a_body_that_is_no_plain_json_is_no_call(body: bytes):
    assert recognise(Wire("POST", "https://models.example/v1/chat/completions", "application/json", body)) is None


def test_credentials_and_labels_are_in_no_request():
    asked = recognise(post("/v1/chat/completions", CHAT))
    labels = {"user": "u", "metadata": {"run": "1"}, "store": True, "prompt_cache_key": "k", "safety_identifier": "s"}
    tool = {"type": "mcp", "server_label": "docs"}
    secret = {**tool, "authorization": "fake-token", "headers": {"Authorization": "fake-token"}}

    assert recognise(post("/v1/chat/completions", {**CHAT, **labels, "api_key": "fake-key"})) == asked
    assert recognise(post("/v1/chat/completions", {**CHAT, "tools": [secret]})) == recognise(
        post("/v1/chat/completions", {**CHAT, "tools": [tool]})
    )


def test_stream_absent_null_and_false_are_one():
    asked = recognise(post("/v1/chat/completions", CHAT))

    assert asked == recognise(post("/v1/chat/completions", {**CHAT, "stream": False}))
    assert asked == recognise(post("/v1/chat/completions", {**CHAT, "stream": None}))
    assert asked != recognise(post("/v1/chat/completions", {**CHAT, "stream": True}))


def test_a_deployment_that_is_not_the_model_stays_in_the_key():
    one = recognise(post("/openai/deployments/a/chat/completions", CHAT))
    other = recognise(post("/openai/deployments/b/chat/completions", CHAT))
    same = recognise(post("/openai/deployments/small-1/chat/completions", CHAT))

    assert one is not None
    assert other is not None
    assert same is not None
    assert one.model == other.model == same.model == "small-1"
    assert len({key_of(request, KeyRule()).digest for request in (one, other, same)}) == 3
    assert same == recognise(post("/v1/chat/completions", CHAT))


def test_the_form_of_a_gemini_stream_is_part_of_every_key():
    events = recognise(post(f"{GEMINI}:streamGenerateContent?alt=sse", {"contents": CONTENTS}))
    array = recognise(post(f"{GEMINI}:streamGenerateContent", {"contents": CONTENTS}))

    assert events is not None
    assert array is not None
    for strategy in ("request", "messages"):
        assert key_of(events, KeyRule(strategy)) != key_of(array, KeyRule(strategy))


def test_a_count_is_no_answer_to_the_request_it_counts():
    asked = recognise(post("/v1/messages", {"model": "claude-1", "messages": SAID, "max_tokens": 9}))
    counted = recognise(post("/v1/messages/count_tokens", {"model": "claude-1", "messages": SAID}))

    assert asked is not None
    assert counted is not None
    assert key_of(asked, KeyRule("messages")) != key_of(counted, KeyRule("messages"))


def test_what_a_count_on_bedrock_hides_in_base64_is_read_and_loses_its_tokens():
    held = {"messages": SAID, "mcp_servers": [{"url": "https://a.example", "authorization_token": "fake"}]}
    body = base64.b64encode(json.dumps(held).encode()).decode()
    request = recognise(post("/model/m/count-tokens", {"input": {"invokeModel": {"body": body}}}))
    bytes_of_another_kind = {"input": {"invokeModel": {"body": "bm8ganNvbg=="}}}
    other = recognise(post("/model/m/count-tokens", bytes_of_another_kind))

    assert request is not None
    assert request.body["mcp_servers"] == [{"url": "https://a.example"}]
    assert request.body["messages"] == SAID
    assert other is not None
    assert other.body["body"] == bytes_of_another_kind["input"]["invokeModel"]["body"]


def test_what_an_interaction_hands_on_to_other_servers_is_in_no_request():
    server = {"type": "mcp_server", "name": "a", "url": "https://a.example", "headers": {"authorization": "fake"}}
    request = recognise(post("/v1beta/interactions", {"model": "m", "input": "hi", "tools": [server]}))

    assert request is not None
    assert request.body["tools"] == [{"type": "mcp_server", "name": "a", "url": "https://a.example"}]


def test_a_form_is_the_same_with_any_boundary_and_file_name():
    parts = [("model", "", b"audio-1"), ("file", "speech.wav", b"\x00\r\n--not-the-end")]
    renamed = [parts[0], ("file", "tmp8f3k2.wav", parts[1][2])]
    other = [parts[0], ("file", "speech.wav", b"\x01")]
    path = "/v1/audio/transcriptions"

    assert recognise(form(path, parts)) == recognise(form(path, parts, "another"))
    assert recognise(form(path, parts)) == recognise(form(path, renamed))
    assert recognise(form(path, parts)) != recognise(form(path, other))


def test_a_broken_form_is_no_call():
    wire = form("/v1/audio/transcriptions", [("model", "", b"audio-1"), ("file", "a.wav", b"a")])

    assert recognise(replace(wire, content_type="multipart/form-data")) is None
    assert recognise(replace(wire, body=wire.body[:-8])) is None
    assert recognise(replace(wire, body=b"preamble\r\n" + wire.body)) is None
    assert recognise(replace(wire, body=wire.body.replace(b"; name", b"; title"))) is None


def test_a_project_adds_a_dialect_by_one_object():
    class Parrot:
        name = "parrot"
        tails = frozenset({"squawk"})

        def recognise(self, wire: Wire) -> Request | None:
            return Request("http/parrot", "chat", "polly", {"say": wire.body.decode()}, ("say",))

        def reading(self, request: Request, answer: object) -> Reading:
            return Reading(str(answer))

        def ended(self, request: Request, events: Sequence[Event]) -> bool:
            return bool(events)

    wire = Wire("POST", "https://birds.example/v1/squawk", "text/plain", b"hello")
    assert recognise(wire) is None
    register(Parrot())
    try:
        request = recognise(wire)
        assert request is not None
        assert request.body == {"say": "hello"}
    finally:
        unregister("parrot")
    assert recognise(wire) is None


@FEWER
@given(
    st.sampled_from(PATHS) | st.text(),
    st.sampled_from(["application/json", f"multipart/form-data; boundary={BOUNDARY}"]) | st.text(),
    st.binary(max_size=80)
    | st.builds(lambda body: b"--b0undary\r\n" + body + b"\r\n--b0undary--", st.binary(max_size=80)),
)
def test_no_bytes_whatever_raise(path: str, content_type: str, body: bytes):
    recognise(Wire("POST", f"https://models.example{path}", content_type, body))


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("model", "messages", "input", "prompt", "contents", "content", "requests", "query", "documents", "max_tokens"),
    *("message", "stream", "texts", "tools", "system", "anthropic_version", "mcp_servers", "data_sources", "prompt"),
]


@FEWER
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(FIELDS), JSONS | st.just(SAID) | st.just("m")))
def test_no_json_whatever_raises_and_all_of_it_makes_keys(path: str, body: dict[str, object]):
    request = recognise(post(path, body))
    if request is not None:
        assert key_of(request, KeyRule()).digest
        assert material_of(request, KeyRule("messages"))
        assert json.loads(json.dumps(request.body)) == request.body


@FEWER
@given(
    example=st.sampled_from(
        [
            example
            for example in EXAMPLES
            # Those of text-embeddings-inference are told by having no other field; see the test below.
            if example.wire.content_type == "application/json" and not example.adapter.startswith("tei-")
        ]
    ),
    name=st.text(min_size=1, max_size=9).map("x_{}".format),
    value=JSONS,
)
def test_a_field_nobody_has_heard_of_moves_the_key(example: Example, name: str, value: object):
    body = json.loads(example.wire.body)
    request = recognise(example.wire)
    changed = recognise(replace(example.wire, body=json.dumps({**body, name: value}).encode()))

    assert request is not None
    assert changed is not None
    assert changed.body[name] == value
    assert key_of(request, KeyRule()).digest != key_of(changed, KeyRule()).digest


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.adapter.startswith("tei-")], ids=str)
def test_a_server_without_models_is_told_by_its_fields_alone(example: Example):
    body = json.loads(example.wire.body)
    request, changed, foreign = (
        recognise(replace(example.wire, body=json.dumps({**body, **more}).encode()))
        for more in ({}, {"truncate": True}, {"page": 2})
    )

    assert request is not None
    assert changed is not None
    assert key_of(request, KeyRule()).digest != key_of(changed, KeyRule()).digest
    assert foreign is None


def test_names_that_frameworks_give_to_calls_of_gemini_are_in_no_key():
    def asked(first: str, second: str) -> Wire:
        calls = [{"functionCall": {"id": name, "name": "weather", "args": {}}} for name in (first, second)]
        results = [{"functionResponse": {"id": name, "name": "weather", "response": {}}} for name in (second, first)]
        said = [*CONTENTS, {"role": "model", "parts": calls}, {"role": "user", "parts": results}]
        return post(f"{GEMINI}:generateContent", {"contents": said})

    one, other, crossed = asked("a", "b"), asked("c", "d"), asked("a", "a")
    assert recognise(one) == recognise(other)
    assert recognise(one) != recognise(crossed)
