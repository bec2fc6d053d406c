"""Counts of the tokens of a prompt: what a model is asked that costs nothing and says nothing but a number."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import anthropic, bedrock_converse, gemini, openai_responses
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of, said, without_tokens
from pytest_lmcache.dialects.bedrock_invoke import SHAPES
from pytest_lmcache.dialects.telling import at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire
from pytest_lmcache.wording import many

OPERATION = "count-tokens"
COUNTS = ("input_tokens", "totalTokens", "inputTokens")
"""Where an answer has its number: at Anthropic and OpenAI, at Gemini, on Bedrock."""

OF = "$of"
"""What says in which field of the body the request stood whose tokens are counted."""

BEDROCK = tuple(dict.fromkeys(("promptVariables", *(name for shape in SHAPES for name in shape[2]), "body")))
"""The fields that may be the conversation, in a request to `converse` or in one to `invoke`."""


class _Counts:
    """What all of them answer. The number is the answer, and no usage: nobody pays for these tokens."""

    def reading(self, request: Request, answer: Answer) -> Reading:
        found = next((count for name in COUNTS if isinstance(count := at(answer, name), int)), None)
        return Reading() if found is None else Reading(many(found, "token"))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


class AnthropicCounts(_Counts):
    """`POST .../messages/count_tokens` with a model and `messages`; on Vertex `.../models/count-tokens:rawPredict`."""

    name = "anthropic-count-tokens"
    tails = frozenset({"count_tokens", "rawPredict"})

    def recognise(self, wire: Wire) -> Request | None:
        if before(wire.url, "/messages/count_tokens") is None and before(wire.url, "/count-tokens:rawPredict") is None:
            return None
        body = json_object(wire.body)
        if body is None or not said(body.get("messages")) or not isinstance(body.get("model"), str):
            return None
        conversation, labels = anthropic.CONVERSATION, anthropic.LABELS
        return request_of(self.name, OPERATION, without_tokens(body), conversation, stream=False, labels=labels)


class OpenAICounts(_Counts):
    """`POST .../responses/input_tokens` with what `.../responses` would be asked."""

    name = "openai-input-tokens"
    tails = frozenset({"input_tokens"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/responses/input_tokens")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not openai_responses.asks(body, head):
            return None
        conversation = openai_responses.CONVERSATION
        return request_of(
            self.name, OPERATION, without_tokens(body), conversation, head=head, stream=False, labels=OPENAI_LABELS
        )


@dataclass(frozen=True)
class GeminiCounts(_Counts):
    """`POST .../models/<model>:<verb>` with `contents`, with a whole request to generate, or with `instances`."""

    name: str
    verb: str

    @property
    def tails(self) -> frozenset[str]:
        return frozenset({self.verb})

    def recognise(self, wire: Wire) -> Request | None:
        model, _ = gemini.model_called(wire.url)
        body = json_object(wire.body) if model else None
        form = gemini.form_of(wire.url, usual="json")
        if body is None or form is None or not gemini.same_model(body, model):
            return None
        whole = body.get("generateContentRequest")
        if isinstance(whole, dict):
            if not gemini.same_model(whole, model):
                return None
            body = _lifted(body, "generateContentRequest", whole)
        contents = body.get("contents") or body.get("instances")
        if not isinstance(contents, list | dict | str):
            return None
        gemini.number_calls(contents)
        conversation = (*gemini.CONVERSATION, "instances", OF)
        return request_of(self.name, OPERATION, {**body, **form}, conversation, model=model, stream=False)


class BedrockCounts(_Counts):
    """`POST /model/<id>/count-tokens` with the `input` of `converse` or of `invoke`."""

    name = "bedrock-count-tokens"
    tails = frozenset({"count-tokens"})

    def recognise(self, wire: Wire) -> Request | None:
        model, _ = bedrock_converse.called(wire.url)
        body = json_object(wire.body) if model else None
        asked = None if body is None else body.get("input")
        if body is None or not isinstance(asked, dict) or len(asked) != 1:
            return None
        ((of, whole),) = asked.items()
        if not isinstance(whole, dict) or of not in ("converse", "invokeModel"):
            return None
        told = _lifted(body, "input", _opened(whole) if of == "invokeModel" else whole)
        if not any(name in told for name in BEDROCK):
            return None
        return request_of(self.name, OPERATION, {**told, OF: of}, (*BEDROCK, OF), model=model, stream=False)


def _lifted(body: dict[str, Any], name: str, whole: dict[str, Any]) -> dict[str, Any]:
    """The request that stands in a field of a body, as the body, so that it is keyed and read like the request it
    is.
    """
    return {**{other: value for other, value in body.items() if other != name}, **whole, OF: name}


def _opened(asked: dict[str, Any]) -> dict[str, Any]:
    """The body of `invoke` as the JSON it is, so that it can be read, and no secret hides in base64."""
    held = asked.get("body")
    try:
        body = json_object(base64.b64decode(held, validate=True)) if isinstance(held, str) else None
    except ValueError:
        body = None
    return asked if body is None else without_tokens(body)


ALL = (
    AnthropicCounts(),
    OpenAICounts(),
    GeminiCounts("gemini-count-tokens", "countTokens"),
    GeminiCounts("gemini-compute-tokens", "computeTokens"),
    BedrockCounts(),
)
