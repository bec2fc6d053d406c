"""The file format: what is written, what is read, and what each broken file is told."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from dataclasses import replace

import pytest
import ujson
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache import cassette
from pytest_lmcache.call import Recording, Request, Take
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.keys import KeyRule, key_of

PICTURE = base64.b64encode(b"\x89PNG" + bytes(range(256)) * 8).decode()


def recording(body=None, answers=({"type": "x", "text": "hi"},)):
    request = Request("litellm", "chat", "m", body or {"model": "m", "messages": []}, ("messages",))
    takes = tuple(Take(ujson.dumps(answer), 0.25, {"prompt_tokens": 3}, 0.001) for answer in answers)
    return Recording(key_of(request, KeyRule()), request, takes, "2026-11-23T10:00:00Z", "tests/test_a.py::test_b")


def roundtrip(one):
    text, blobs = cassette.dumps(one)
    other = cassette.loads(text.encode(), "cassettes/x.json", blobs.__getitem__)
    return text, blobs, replace(other, key=replace(other.key, slug=one.key.slug))


FOLDS = ["$lines", "$blob", "$plain"]
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(FOLDS), inner, max_size=4),
    max_leaves=15,
)


@given(trees, trees)
def test_what_is_written_is_read(asked, answered):
    one = recording({"messages": asked}, ({"answer": answered},))
    _, _, other = roundtrip(one)
    assert other.request == one.request
    assert [json.loads(take.response) for take in other.takes] == [{"answer": answered}]


def test_a_file_is_laid_out_for_a_reviewer():
    messages = [{"role": "system", "content": "Be kind.\nBe brief.\n"}, {"role": "user", "content": "Say hi"}]
    text, _, _ = roundtrip(recording({"model": "m", "temperature": 0, "messages": messages}))
    assert text == EXPECTED


def test_equal_recordings_make_equal_bytes():
    one = recording({"b": 1, "a": {"d": 1, "c": 2}})
    other = recording({"a": {"c": 2, "d": 1}, "b": 1})
    assert cassette.dumps(one) == cassette.dumps(other)


def test_long_base64_stands_in_a_file_of_its_own():
    one = recording({"messages": [{"image_url": f"data:image/png;base64,{PICTURE}"}]}, ({"b64_json": PICTURE},))
    text, blobs, other = roundtrip(one)
    assert other.request == one.request
    assert json.loads(other.takes[0].response) == {"b64_json": PICTURE}
    assert PICTURE not in text
    assert [name.rpartition(".")[2] for name in blobs] == ["png"]


@pytest.mark.parametrize(
    "text", ["a" * 5000, "word " * 500, "0123456789abcdef" * 100, PICTURE + "=", "A1b" * 400 + "A"]
)
def test_text_that_is_no_base64_stays_in_the_file(text):
    _, blobs, other = roundtrip(recording({"messages": text}))
    assert other.request.body == {"messages": text}
    assert not blobs


def test_chunks_of_a_stream_take_a_line_each():
    chunks = [{"delta": {"content": f"word {n}\n"}, "index": n} for n in range(500)]
    text, _, other = roundtrip(recording(answers=({"type": "stream", "chunks": chunks},)))
    assert text.count("\n") < 1.1 * len(chunks)
    assert json.loads(other.takes[0].response)["chunks"] == chunks


def test_windows_line_ends_change_nothing():
    one = recording({"messages": "a\nb"})
    text, blobs = cassette.dumps(one)
    other = cassette.loads(text.replace("\n", "\r\n").encode(), "x", blobs.__getitem__)
    assert other.request == one.request


GOOD, _ = cassette.dumps(recording({"messages": "a\nb"}))


def edited(**fields):
    return json.dumps({**json.loads(GOOD), **fields}).encode()


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (GOOD.encode()[: len(GOOD) // 2], "cut short"),
        (GOOD.encode()[:-3], "cut short"),
        (GOOD.encode() + GOOD.encode(), "no JSON"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "no JSON"),
        (GOOD.encode("utf-16"), "is not UTF-8"),
        (GOOD.encode().replace(b"litellm", b"lite\xffllm"), "is not UTF-8"),
        (b"\x00" * 100, "no JSON"),
        (b"null", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"<<<<<<< HEAD\n" + GOOD.encode() + b"=======\n{}\n>>>>>>> other\n", "merge conflict"),
        (GOOD.replace('"stream"', '"key": "twice",\n  "stream"').encode(), "same key twice"),
        (edited(format=2), "has format 2, and this version reads format 1"),
        (edited(format=None), "'format'"),
        (edited(key=7), "'key'"),
        (edited(request=[]), "'request'"),
        (edited(responses=[]), "holds no response"),
        (edited(responses=[{}]), "no 'answer'"),
        (edited(responses=[{"answer": {}, "latency_s": "slow"}]), "'latency_s'"),
        (edited(request={"a": {"$lines": "no list"}}), "malformed '$lines'"),
        (edited(request={"a": {"$plain": [1]}}), "malformed '$plain'"),
        (GOOD.replace("0.25", "NaN").encode(), "NaN is no JSON number"),
        (GOOD.replace('"hi"', "1e999").encode(), "number out of range"),
        (GOOD.replace('"hi"', "9" * 5000).encode(), "no strict JSON"),
        (GOOD.replace("0.25", "00.25").encode(), "no JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_broken_file_is_one_error_with_file_cause_and_remedy(data, cause):
    with pytest.raises(BadRecording) as caught:
        cassette.loads(data, "cassettes/chat/x.json", {}.__getitem__)
    assert caught.value.path == "cassettes/chat/x.json"
    assert cause in caught.value.cause
    assert str(caught.value).startswith("cassettes/chat/x.json: ")
    assert any(word in caught.value.remedy for word in ("Restore", "Upgrade", "git lfs pull", "Keep one side"))


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_random_damage_is_a_clear_error_or_a_readable_recording(noise, place, removed):
    data = GOOD.encode()
    data = data[:place] + noise + data[place + removed :]
    with contextlib.suppress(BadRecording):
        assert cassette.loads(data, "x", {}.__getitem__).takes


def test_half_a_surrogate_pair_survives():
    one = recording(answers=({"delta": "\ud83d"},))
    _, _, other = roundtrip(one)
    assert json.loads(other.takes[0].response) == {"delta": "\ud83d"}


def test_random_bytes_as_base64_come_back(tmp_path):
    for size in (900, 1100, 4096, 4097, 4098):
        payload = base64.b64encode(os.urandom(size)).decode()
        _, _, other = roundtrip(recording({"messages": payload}))
        assert other.request.body == {"messages": payload}


EXPECTED = """\
{
  "format": 1, "key": "1f04eb6de1571fcb8749b672c8e8c939d4671fb0a0800e8953d9dd5a11ce5f35", "strategy": "request",
  "adapter": "litellm", "operation": "chat", "model": "m", "stream": false, "recorded_at": "2026-11-23T10:00:00Z",
  "recorded_by": "tests/test_a.py::test_b", "conversation": ["messages"],
  "request": {
    "messages": [
      {
        "content": {"$lines": [
          "Be kind.",
          "Be brief.",
          ""
        ]},
        "role": "system"
      },
      {"content": "Say hi", "role": "user"}
    ],
    "model": "m",
    "temperature": 0
  },
  "responses": [{
    "answer": {"type": "x", "text": "hi"}, "cost_usd": 0.001, "latency_s": 0.25, "tokens": {"prompt_tokens": 3}
  }]
}
"""


ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1795466191,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello! How can I assist you today?",
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 9,
        "total_tokens": 18,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
    "service_tier": "default",
    "system_fingerprint": "fp_0123456789",
}
HEADERS = {
    "content-type": "application/json",
    "openai-processing-ms": "412",
    "openai-version": "2020-10-01",
    **{
        f"x-ratelimit-{what}-{of}": "10000" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")
    },
    "x-request-id": "req_0123456789abcdef0123456789abcdef",
}


def test_a_hello_call_takes_forty_lines_at_most():
    answer = {"type": "http", "status": 200, "headers": HEADERS, "body": ANSWER, "written": {"style": "comma colon"}}
    asked = {"messages": [{"role": "user", "content": "Say hello"}], "model": "gpt-4o-mini"}
    text, _, _ = roundtrip(recording(asked, answers=(answer,)))
    assert len(text.splitlines()) <= 40


def test_a_stream_takes_little_more_than_a_line_a_chunk():
    chunks = [{"data": {"choices": [{"delta": {"content": f"word {i} "}}]}} for i in range(500)]
    text, _, _ = roundtrip(recording(answers=({"type": "http-stream", "shared": {"data": {}}, "chunks": chunks},)))
    assert len(text.splitlines()) <= 550
