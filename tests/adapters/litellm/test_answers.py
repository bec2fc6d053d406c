"""A rebuilt answer is litellm's own object, equal to the first in every field and every class."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("litellm")

from litellm.types.utils import Embedding, EmbeddingResponse, ModelResponse, TextCompletionResponse

from pytest_lmcache.adapters.litellm.adapter import LiteLLM
from pytest_lmcache.errors import LMCacheError, UnstorableResponse

USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 7,
    "total_tokens": 27,
    "prompt_tokens_details": {"cached_tokens": 5, "cache_creation_tokens": 2},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"city": "Graz"}'}}
MESSAGES: dict[str, dict[str, Any]] = {
    "text": {"role": "assistant", "content": "Grüße\nzwei Zeilen"},
    "tool call": {"role": "assistant", "content": None, "tool_calls": [CALL]},
    "reasoning": {"role": "assistant", "content": "7", "reasoning_content": "six and one"},
    "provider fields": {"role": "assistant", "content": "7", "provider_specific_fields": {"refusal": None, "x": [1]}},
}
LOGPROBS = {"content": [{"token": "a", "logprob": -0.12, "bytes": [97], "top_logprobs": []}], "refusal": None}


def chat(message: dict[str, Any], **choice: Any) -> Any:
    choices = [{"index": 0, "finish_reason": "stop", "message": message, **choice}]
    return ModelResponse(id="chatcmpl-1", created=1, model="gpt-4o", choices=choices, usage=USAGE)


def again(value: Any) -> Any:
    return LiteLLM().build(json.loads(json.dumps(LiteLLM().dump(value).response)))


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_chat_answer_comes_back_equal(message: dict[str, Any]) -> None:
    answer = chat(message, logprobs=LOGPROBS)
    rebuilt = again(answer)
    assert type(rebuilt) is type(answer)
    assert rebuilt.model_dump() == answer.model_dump()
    assert type(rebuilt.choices[0].message) is type(answer.choices[0].message)
    assert type(rebuilt.usage) is type(answer.usage)


def test_tokens_of_the_provider_s_prompt_cache_are_counted() -> None:
    usage = LiteLLM().dump(chat(MESSAGES["text"])).usage
    assert usage["prompt_tokens"] == 20
    assert usage["cached_tokens"] == 5


def test_the_cost_comes_back_and_the_endpoint_does_not() -> None:
    answer = chat(MESSAGES["text"])
    answer._hidden_params = {"response_cost": 0.25, "api_base": "secret", "custom_llm_provider": "openai"}
    dumped = LiteLLM().dump(answer)
    assert dumped.cost == 0.25
    assert "secret" not in json.dumps(dumped.response)
    assert again(answer)._hidden_params == {"response_cost": 0.25, "custom_llm_provider": "openai"}


@pytest.mark.parametrize("make", [dict, lambda **fields: Embedding(**fields)], ids=["dicts", "objects"])
def test_embeddings_keep_the_class_of_their_items(make: Any) -> None:
    data = [make(embedding=[0.1, -2.5e-08], index=index, object="embedding") for index in range(3)]
    answer = EmbeddingResponse(model="e", data=data, object="list", usage={"prompt_tokens": 1, "total_tokens": 1})
    rebuilt = again(answer)
    assert rebuilt.model_dump() == answer.model_dump()
    assert [type(item) for item in rebuilt.data] == [type(item) for item in answer.data]


def test_a_text_answer_comes_back_equal() -> None:
    choices = [{"text": "t", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    answer = TextCompletionResponse(id="1", created=1, model="m", object="text_completion", choices=choices)
    assert again(answer).model_dump() == answer.model_dump()


def test_a_plain_dictionary_comes_back_equal() -> None:
    answer = {"id": "msg_1", "content": [{"type": "text", "text": "x"}], "usage": {"input_tokens": 3}}
    assert again(answer) == answer
    assert LiteLLM().dump(answer).usage == {"prompt_tokens": 3}


def test_what_cannot_be_rebuilt_is_refused_by_name() -> None:
    with pytest.raises(UnstorableResponse, match="set"):
        LiteLLM().dump({1, 2})
    with pytest.raises(UnstorableResponse, match="ModelResponse"):
        LiteLLM().dump(chat({"role": "assistant", "content": "x", "provider_specific_fields": {"x": object()}}))


@pytest.mark.parametrize("name", ["os", "system", "Path", "BaseModel.__init__", "litellm.main.completion"])
def test_a_recording_cannot_name_what_is_no_class_of_the_sdk(name: str) -> None:
    with pytest.raises(LMCacheError):
        LiteLLM().build({"type": name, "data": {}})


def test_none_values_the_class_fills_in_are_left_out() -> None:
    text = json.dumps(LiteLLM().dump(chat(MESSAGES["text"])).response)
    assert '"function_call": null' not in text
