"""Streams of every family of litellm that a provider breaks off: whatever litellm makes of it, nothing is recorded."""

from __future__ import annotations

import contextlib

import litellm
import pytest
from call_forms import CHAT, CLAUDE, Form, forms, router
from test_litellm_contract import bench, provider, pytestmark, result_of

__all__ = ["bench", "provider", "pytestmark"]

INSTRUCT = "text-completion-openai/gpt-3.5-turbo-instruct"


def streams(fault: str) -> list[Form]:
    """One streamed call of every family, with a fault asked for in its text."""
    text = f"Tell me of the sea [error {fault}]"
    messages = [{"role": "user", "content": text}]
    asked = {"model": "group", "messages": messages, "stream": True}
    return [
        *forms(
            "openai", litellm.completion, litellm.acompletion, model=CHAT, messages=messages, stream=True, max_retries=0
        ),
        *forms("anthropic", litellm.completion, litellm.acompletion, model=CLAUDE, messages=messages, stream=True),
        *forms(
            "text",
            litellm.text_completion,
            litellm.atext_completion,
            model=INSTRUCT,
            prompt=text,
            stream=True,
            max_retries=0,
        ),
        *forms("responses", litellm.responses, litellm.aresponses, model=CHAT, input=text, stream=True, max_retries=0),
        *forms("bridged", litellm.responses, litellm.aresponses, model=CLAUDE, input=text, stream=True, max_retries=0),
        *forms("messages", None, litellm.anthropic_messages, model=CHAT, messages=messages, max_tokens=99, stream=True),
        Form("router", lambda: router().completion(**asked)),
        Form("router, awaited", lambda: router().acompletion(**asked), awaited=True),
    ]


NAMES = [form.name for form in streams("cut")]


@pytest.mark.parametrize("fault", ["cut", "reset", "short", "midstream", "html"])
@pytest.mark.parametrize("name", NAMES)
def test_a_stream_that_was_broken_off_is_not_recorded(bench, name, fault):
    [form] = [form for form in streams(fault) if form.name == name]

    def read() -> None:
        with contextlib.suppress(Exception):
            result_of(form)

    bench.record(read)
    assert bench.provider.count() >= 1
    assert not list(bench._folder.glob("cassettes/*/*.json"))
    assert not {call.outcome for call in bench.scope.calls} - {"live"}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_stream_unbroken_is_recorded(bench, name):
    [form] = [form for form in streams("none, thank you") if form.name == name]
    bench.record(lambda: result_of(form))
    assert [call.outcome for call in bench.scope.calls] == ["recorded"]
