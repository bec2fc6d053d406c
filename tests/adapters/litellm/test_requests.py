"""What is asked of a model, and what is only about the client."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("litellm")

from pytest_lmcache.adapters.litellm.requests import describe

MESSAGES = [{"role": "user", "content": "hi"}]
ASKED = {"model": "openai/gpt-4o", "messages": MESSAGES}


def body(**kwargs: Any) -> dict[str, Any]:
    request = describe("chat", (), {**ASKED, **kwargs})
    assert request is not None
    return request.body


def test_arguments_by_place_and_by_name_are_the_same_request() -> None:
    assert describe("chat", ("openai/gpt-4o", MESSAGES), {}) == describe("chat", (), ASKED)


def test_an_argument_given_as_none_is_one_not_given() -> None:
    assert body(temperature=None, tools=None, num_ctx=None) == ASKED


@pytest.mark.parametrize(
    "option",
    [
        {"api_key": "sk-1"},
        {"api_base": "x"},
        {"aws_secret_access_key": "s"},
        {"vertex_credentials": "{}"},
        {"azure_ad_token": "t"},
        {"some_vendor_api_key": "k"},
        {"extra_headers": {"a": "b"}},
        {"timeout": 3},
        {"num_retries": 2},
        {"metadata": {"run": 1}},
        {"litellm_call_id": "1"},
        {"cache": {"no-cache": True}},
        {"self": object()},
        {"client": object()},
    ],
    ids=lambda option: next(iter(option)),
)
def test_client_options_are_no_part_of_a_request(option: dict[str, Any]) -> None:
    assert body(**option) == ASKED


@pytest.mark.parametrize("option", [{"temperature": 0}, {"num_ctx": 9}, {"user": "u"}, {"extra_body": {"a": 1}}])
def test_everything_else_is_part_of_a_request(option: dict[str, Any]) -> None:
    assert body(**option) == {**ASKED, **option}


def test_credentials_inside_fallbacks_are_left_out() -> None:
    fallbacks = [{"model": "other", "api_key": "sk-1", "temperature": 1}, "third"]
    assert body(fallbacks=fallbacks)["fallbacks"] == [{"model": "other", "temperature": 1}, "third"]


def test_streaming_is_told_beside_the_body() -> None:
    request = describe("chat", (), {**ASKED, "stream": True})
    assert request is not None
    assert request.stream
    assert request.body == ASKED
    assert request.conversation == ("messages",)


@pytest.mark.parametrize("mock", ["mock_response", "mock_tool_calls", "mock_timeout"])
def test_a_mocked_call_is_not_ours(mock: str) -> None:
    assert describe("chat", (), {**ASKED, mock: "yes"}) is None
