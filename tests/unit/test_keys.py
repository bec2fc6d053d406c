"""Key strategies, golden vectors, slugs and paths."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.call import Request
from pytest_lmcache.errors import BadKeyStrategy, BadOption
from pytest_lmcache.keys import KeyRule, canonical, check_ignore, check_normalize, key_of, material_of, slug

CHAT = Request(
    adapter="litellm",
    operation="chat",
    model="openai/gpt-4o-mini",
    body={
        "model": "openai/gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Answer in one word."},
            {"role": "user", "content": "What is the capital of France?"},
        ],
        "temperature": 0.2,
        "tools": [{"type": "function", "function": {"name": "f", "description": "Does f."}}],
    },
    conversation=("messages",),
)
EMBEDDING = Request("litellm", "embedding", "m", {"model": "m", "input": ["héllo", 1.5, None, True]}, ("input",))


def with_body(**fields):
    return replace(CHAT, body={**CHAT.body, **fields})


def test_golden_vectors_never_change():
    """A key is an address in thousands of repositories: these digests hold for ever."""
    assert key_of(CHAT, KeyRule()).digest == GOLDEN["request"]
    assert key_of(CHAT, KeyRule("messages")).digest == GOLDEN["messages"]
    assert key_of(EMBEDDING, KeyRule()).digest == GOLDEN["embedding"]
    assert key_of(replace(CHAT, stream=True), KeyRule()).digest == GOLDEN["stream"]
    assert key_of(CHAT, KeyRule(lambda asked: asked["messages"][-1])).digest == GOLDEN["callable"]
    assert canonical({"b": [1.0, 1e-07, 2**70], "a": "é/\u2028\x00"}) == GOLDEN["text"]


def test_same_messages_different_temperature_share_a_messages_key():
    assert key_of(with_body(temperature=1.0), KeyRule("messages")) == key_of(CHAT, KeyRule("messages"))
    assert key_of(with_body(model="anthropic/claude"), KeyRule("messages")) == key_of(CHAT, KeyRule("messages"))


@pytest.mark.parametrize(
    "change",
    [{"temperature": 1}, {"model": "x"}, {"unheard_of": None}, {"messages": []}, {"tools": []}],
    ids=str,
)
def test_every_field_moves_the_request_key(change):
    assert key_of(with_body(**change), KeyRule()).digest != key_of(CHAT, KeyRule()).digest


def test_streaming_operation_and_adapter_are_part_of_every_key():
    for rule in (KeyRule(), KeyRule("messages"), KeyRule(lambda asked: 1)):
        others = [replace(CHAT, stream=True), replace(CHAT, operation="text"), replace(CHAT, adapter="http")]
        assert len({key_of(request, rule).digest for request in [CHAT, *others]}) == 4


def test_order_of_fields_does_not_matter():
    shuffled = replace(CHAT, body=dict(reversed(CHAT.body.items())))
    assert key_of(shuffled, KeyRule()) == key_of(CHAT, KeyRule())


def test_ignored_fields_and_paths_are_left_out():
    rule = KeyRule(ignore=("temperature", "tools[*].function.description", "messages[?@.role=='system']"))
    assert material_of(CHAT, rule) == {
        "model": "openai/gpt-4o-mini",
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    assert len(CHAT.body["messages"]) == 2, "what is stored keeps everything"


def test_several_elements_of_one_list_can_be_left_out():
    messages = [{"role": "system", "content": str(n)} for n in range(11)]
    rule = KeyRule(ignore=("messages[?@.role=='system']",))
    assert material_of(with_body(messages=[*messages, {"role": "user", "content": "u"}]), rule)["messages"] == [
        {"role": "user", "content": "u"}
    ]


def test_overlapping_paths_are_left_out_once():
    rule = KeyRule(ignore=("tools[*]", "tools[0].function", "tools"))
    assert "tools" not in material_of(CHAT, rule)


@pytest.mark.parametrize(
    ("names", "one", "other"),
    [
        (("uuid",), "id 123e4567-e89b-12d3-a456-426614174000!", "id 00000000-0000-4000-8000-000000000000!"),
        (("timestamp",), "at 2026-11-23T10:11:12Z", "at 2025-01-02 03:04:05.678"),
        (("timestamp",), "epoch 1763892672", "epoch 1763892673.25"),
        (("date",), "today is 2026-11-23.", "today is 2027-01-01."),
        (
            ("tmp_path",),
            "read /tmp/pytest-of-me/pytest-12/test_a0/f.txt",
            "read /var/x/pytest-of-you/pytest-7/popen-gw1/test_b1/f.txt",
        ),
        ((r"build \d+",), "build 17 failed", "build 18 failed"),
    ],
    ids=str,
)
def test_normalized_text_makes_one_key(names, one, other):
    def asked(text):
        return with_body(messages=[{"role": "user", "content": text}])

    assert key_of(asked(one), KeyRule(normalize=names)) == key_of(asked(other), KeyRule(normalize=names))
    assert key_of(asked(one), KeyRule()) != key_of(asked(other), KeyRule())


def test_a_callable_sees_a_copy_and_may_return_any_json():
    def last_word(asked):
        asked["messages"].clear()
        return (asked["operation"], 1)

    key = key_of(CHAT, KeyRule(last_word))
    assert CHAT.body["messages"]
    assert key.strategy.endswith("last_word")


def test_a_callable_that_fails_is_named_with_what_it_was_given():
    def by_user(asked):
        return asked["user"]

    with pytest.raises(BadKeyStrategy, match=r"by_user failed on a chat request: KeyError: 'user'.*fields operation"):
        key_of(CHAT, KeyRule(by_user))


def test_a_callable_that_returns_no_json_is_named_with_the_place():
    with pytest.raises(BadKeyStrategy, match=r"must return JSON, but its result\.a is of type builtins\.object"):
        key_of(CHAT, KeyRule(lambda asked: {"a": object()}))


def test_bad_ignore_and_normalize_are_refused():
    with pytest.raises(BadOption, match=r"ignore='a\[' is neither"):
        check_ignore("a[")
    with pytest.raises(BadOption, match=r"normalize='\(' is neither one of uuid"):
        check_normalize("(")


def test_slugs_are_the_last_words_of_the_user():
    assert slug(CHAT.body) == "what-is-the-capital-of-france"
    assert slug({"input": ["Ünïcode and more"]}) == "unicode-and-more"
    assert slug({"messages": [{"role": "user", "content": [{"type": "text", "text": "Look!"}]}]}) == "look"
    assert slug({"messages": [{"role": "user", "content": "你好"}]}) == ""
    assert slug({"n": 1}) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_paths_are_short_ascii_and_portable(text):
    request = replace(CHAT, operation="transcription", body={"prompt": text}, conversation=("prompt",))
    path = key_of(request, KeyRule()).path
    assert len(path) <= 80
    assert re.fullmatch(r"transcription/(?:[a-z0-9][a-z0-9-]*-)?[0-9a-f]{20}\.json", path)


GOLDEN = {
    "request": "ea25d1a4b9c428d0b1d0ea76d7b4ca5db29fa921d6955cc4b3154f085b0638d2",
    "messages": "ce55b79cdb835c7478d07f56dbf632f1438520cc75b20f658bd267d3b933abf3",
    "embedding": "b794afbe4d7c60681d13208478160979fc1f264a88964cb661eccc67b729c775",
    "stream": "6746bd82fc082130f9da4872f31cdea8b2ce965a271dffab80cd25b47ab9c21e",
    "callable": "2b352c60d6870364b59b24524c0e634862c4ec2395274df9df046d63e1816095",
    "text": '{"a":"\\u00e9/\\u2028\\u0000","b":[1.0,1e-7,1180591620717411303424]}',
}
